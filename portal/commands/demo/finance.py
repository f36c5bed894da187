"""What finance says of the demo's points: what one costs, which share will be redeemed, and a budget that is nearly used up."""

from datetime import datetime, timedelta
from decimal import Decimal

from portal.bank.actions.finance import assume, plan
from portal.bank.queries.budgets import reached_on
from portal.bank.queries.finance import currency_of
from portal.bank.rules.budgets import Counts, Measure, Period, Planned
from portal.bank.rules.finance import Assumed
from portal.commands.demo.cast import Cast
from portal.commands.demo.story import Story
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone

BEGAN, AGAIN = 330, 150
"""So many days ago finance first said what a point costs, and then anew."""
NEARLY = 87
"""So many percent of the quarter's budget are used."""


class Finance:
    """Says what is assumed, twice as far as the cost goes, and plans two budgets, one of them in money."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast

    def begin(self) -> None:
        """Put it on the agenda."""
        cost, share = Assumed.COST, Assumed.EXPECTED
        self.story.plan(self.story.ago(BEGAN), self._assume, cost, "0.028", "Catalogue of rewards, with postage")
        self.story.plan(self.story.ago(BEGAN), self._assume, share, "70", "First guess, before anything was redeemed")
        self.story.plan(self.story.ago(AGAIN), self._assume, cost, "0.0265", "New catalogue, more vouchers and fewer parcels")
        self.story.plan(
            self.story.end - timedelta(hours=3), self._plan, Counts.ISSUED, Period.QUARTER, Measure.POINTS, NEARLY, "The year’s plan, by quarter"
        )
        self.story.plan(
            self.story.end - timedelta(hours=3), self._plan, Counts.REDEEMED, Period.YEAR, Measure.MONEY, 45, "What the rewards may come to this year"
        )

    def _assume(self, kind: Assumed, value: str, reason: str, at: datetime) -> None:
        assume(self.story.session, self.story.acting(self.cast.reviewers[0]), kind=kind, value=Decimal(value), reason=reason, now=at)

    def _plan(self, counts: Counts, period: Period, measure: Measure, percent: int, reason: str, at: datetime) -> None:
        """Plan what makes ``percent`` of it used by now, in round hundreds."""
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[0])
        currency = currency_of(session) if measure is Measure.MONEY else ""
        asked = Planned(0, counts, period, 1, reason, None, at, 1, currency)
        reached = reached_on(session, [asked], local_date(at, programme_zone(session)))[0]
        used = reached.cents // 100 if currency else reached.points
        amount = max(100, used * 100 // percent // 100 * 100)
        plan(session, actor, counts=counts, period=period, measure=measure, amount=amount, reason=reason, now=at)

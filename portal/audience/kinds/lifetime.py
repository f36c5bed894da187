"""Points earned in all, which spending never lowers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, not_, select, true
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.contract import Control, Labels, Moment, Options, Phrase, Test
from portal.audience.kinds.numbers import AT_LEAST, COMPARISONS, comparison, whole
from portal.audience.rules import MAX_NUMBER
from portal.kernel.text import N_
from portal.ledger.models import account
from portal.ledger.rules import POINTS, AccountKind
from portal.people.models import Person


class EarnedInAll:
    """The member's lifetime points are at least, or at most, a number."""

    key = "lifetime"
    name = N_("Points earned in all")
    hint = N_("All points ever earned; spending does not lower them.")
    icon = "trophy"
    group = N_("What they did")

    def controls(self, session: Session) -> dict[str, Control]:
        """Return the comparison and the number."""
        return {
            "choice": Control("choice", N_("How many"), choices=COMPARISONS, is_ours=True, default=AT_LEAST),
            "number": Control("number", N_("Points")),
        }

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return both. Refuses what is no whole number (``NumberMissing``)."""
        return {"choice": comparison(given.get("choice")), "number": whole(given.get("number"), 0, MAX_NUMBER)}

    def shown(self, session: Session, options: Options) -> Options:
        """Return both."""
        return options

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Numbers are their own names."""
        return {}

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “Points earned in all: at least 500”."""
        least = options["choice"] == AT_LEAST
        text = N_("Points earned in all: at least %(number)s") if least else N_("Points earned in all: at most %(number)s")
        return Phrase(text, {"number": options["number"]})

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Tell the threshold."""
        if options["choice"] == AT_LEAST:
            return Phrase(N_("you have earned %(number)s points or more in all"), {"number": options["number"]})
        return Phrase(N_("you are at the beginning: %(number)s points or fewer in all"), {"number": options["number"]})

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the account; who has none has earned 0."""
        least = options["number"] + (options["choice"] != AT_LEAST)
        mine = (account.c.unit == POINTS, account.c.kind == AccountKind.AVAILABLE.value, account.c.lifetime >= least)
        reached = Person.id.in_(select(account.c.owner_id).where(*mine)) if least > 0 else true()
        return reached if options["choice"] == AT_LEAST else not_(reached)

    def test(self, options: Options) -> Test:
        """Compare the member's own."""
        number = options["number"]
        if options["choice"] == AT_LEAST:
            return lambda facts: facts.me.lifetime >= number
        return lambda facts: facts.me.lifetime <= number

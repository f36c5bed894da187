"""A level reached."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import from_micros
from portal.kernel.text import N_
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.recognition.badges.contract import LIFETIME, Case, Facts, Holder, Options, Rule
from portal.recognition.models import Level, PeriodScore
from portal.recognition.rules.badges import Progress
from portal.recognition.rules.boards import ALL


class LevelReached(Rule):
    """Lifetime points at a level's threshold, wherever that lies now."""

    kind, title = "level", N_("A level reached")
    asks, needs = ("level_id",), (LIFETIME,)

    def progress(self, case: Case, facts: Facts) -> Progress | None:
        """Count points. A level that is gone can be reached by nobody, and is lost by nobody."""
        threshold = facts.levels.get(case.options["level_id"])
        return Progress(facts.lifetime, threshold) if threshold is not None else None

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """Everybody with that many points, since the last time they earned some: when the threshold was passed is not asked."""
        there = (PeriodScore.period == ALL, Person.state != PersonState.DEACTIVATED, Level.id == options["level_id"])
        rich = select(PeriodScore.member_id, PeriodScore.first_neg).join(Person, Person.id == PeriodScore.member_id)
        rich = rich.join(Level, (PeriodScore.score >= Level.threshold) & (PeriodScore.score > 0)).where(*there)
        for row in session.execute(rich.order_by(PeriodScore.first_neg.desc(), PeriodScore.member_id), execution_options={"yield_per": 2_000}):
            yield row.member_id, from_micros(-row.first_neg)

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """The level."""
        return N_("The level “%(level)s” reached"), {"level": options["level_id"]}

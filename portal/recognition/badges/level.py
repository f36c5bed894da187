"""A level reached."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.text import N_
from portal.ledger.models import account, entry, transfer
from portal.recognition.badges.contract import LIFETIME, Case, Facts, Holder, Options, Rule
from portal.recognition.badges.counting import eligible, stream
from portal.recognition.models import Level
from portal.recognition.rules.badges import Progress
from portal.recognition.rules.boards import UNIT


class LevelReached(Rule):
    """Lifetime points at a level's threshold, wherever that lies now."""

    kind, title = "level", N_("A level reached")
    asks, needs = ("level_id",), (LIFETIME,)

    def progress(self, case: Case, facts: Facts) -> Progress | None:
        """Count points. A level that is gone can be reached by nobody, and is lost by nobody."""
        threshold = facts.levels.get(case.options["level_id"])
        return Progress(facts.lifetime, threshold) if threshold is not None else None

    def holders(self, session: Session, options: Options) -> Iterator[Holder]:
        """Everybody with that many points, since the last time they earned some: when the threshold was passed is not asked."""
        last = (
            select(func.max(transfer.c.effective_at))
            .join(entry, entry.c.transfer_id == transfer.c.id)
            .where(entry.c.account_id == account.c.id, transfer.c.earned > 0)
            .scalar_subquery()
        )
        there = (account.c.unit == UNIT, account.c.kind == "available", account.c.lifetime > 0)
        rich = select(account.c.owner_id.label("person_id"), last.label("at")).join(Level, account.c.lifetime >= Level.threshold)
        return stream(session, eligible(rich.where(Level.id == options["level_id"], *there)))

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """The level."""
        return N_("The level “%(level)s” reached"), {"level": options["level_id"]}

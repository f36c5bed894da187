"""What the rules of badges may know of a person: gathered in one query a subject, whatever the number of badges."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, bindparam, func, select, true
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import UNREWARDED
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person
from portal.recognition.badges.contract import ACTS, CHALLENGES, LIFETIME, TAKEN, WEEKS, ChallengeFacts, Facts
from portal.recognition.models import BadgeHolding
from portal.recognition.queries.levels import list_levels
from portal.recognition.queries.weeks import weeks_of, zone_of
from portal.recognition.rules.streaks import week_of
from portal.web.paging import AnySelect

_ACT: Any = Act.__table__
_HOLDING: Any = BadgeHolding.__table__
_ACTS = (
    select(_ACT.c.kind, _ACT.c.track, func.count().label("number"))
    .where(_ACT.c.person_id == bindparam("person", type_=BigInteger), _ACT.c.reversed_at.is_(None), _ACT.c.kind != UNREWARDED)
    .group_by(_ACT.c.kind, _ACT.c.track)
)
_HOLDERS = (
    select(_HOLDING.c.badge_id, func.count().label("number"))
    .where(_HOLDING.c.revoked_at.is_(None), _HOLDING.c.badge_id.in_(bindparam("badges", expanding=True)))
    .group_by(_HOLDING.c.badge_id)
)


class NoChallenges:
    """Stands in where no room of challenges was handed over."""

    def names(self, session: Session) -> Sequence[tuple[int, str]]:
        """None."""
        return ()

    def done_by(self, session: Session, person_id: int) -> frozenset[int]:
        """None."""
        return frozenset()

    def done(self, challenge_id: int) -> AnySelect:
        """Nobody."""
        return select(Person.id.label("person_id"), Person.created_at.label("at")).where(~true())


def challenge_facts(session: Session) -> ChallengeFacts:
    """Return what this installation tells badges of challenges."""
    return cast(ChallengeFacts, session.info.get("challenge_facts") or NoChallenges())


def count_holders(session: Session, badge_ids: Collection[int]) -> dict[int, int]:
    """Return how many people hold each of ``badge_ids``."""
    return {row.badge_id: row.number for row in session.connection().execute(_HOLDERS, {"badges": list(badge_ids)})}


def gather(
    session: Session, person_id: int, needs: Collection[str], now: datetime, *, limited: Collection[int] = (), is_whole: bool = False
) -> Facts:
    """Return the facts in ``needs`` about a person, and how many hold each of the ``limited`` badges; what is not needed is not asked.

    Weeks are those of the last three years, or, where ``is_whole``, all that ever were.
    """
    found: dict[str, Any] = {}
    if ACTS in needs:
        rows = session.connection().execute(_ACTS, {"person": person_id})
        found["acts"] = {(row.kind, row.track): row.number for row in rows}
    if CHALLENGES in needs:
        found["challenges"] = challenge_facts(session).done_by(session, person_id)
    if LIFETIME in needs:
        found["lifetime"] = balance_of(session, person_id).lifetime
        found["levels"] = {level.id: level.threshold for level in list_levels(session)}
    if WEEKS in needs:
        zone = zone_of(session, person_id)
        found["weeks"], found["this_week"] = weeks_of(session, person_id, zone, now, is_whole=is_whole), week_of(now, zone)
    if TAKEN in needs and limited:
        found["taken"] = count_holders(session, limited)
    return Facts(**found)

"""What a person is to be congratulated on: asked on every page, so one small statement, and nothing more where there is nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from portal.kernel.schema import UTCDateTime
from portal.ledger.queries.balances import balance_of
from portal.recognition.models import Badge, BadgeHolding, Celebration, Season, SeasonStanding
from portal.recognition.queries.levels import list_levels
from portal.recognition.rules.badges import SHOWN_FOR, Cause, Way
from portal.recognition.rules.levels import rung_of

_CELEBRATION: Any = Celebration.__table__
_OPEN = (
    select(_CELEBRATION.c.id, _CELEBRATION.c.cause, _CELEBRATION.c.subject_id)
    .where(
        _CELEBRATION.c.person_id == bindparam("person", type_=BigInteger),
        _CELEBRATION.c.closed_at.is_(None),
        _CELEBRATION.c.made_at >= bindparam("since", type_=UTCDateTime),
    )
    .order_by(_CELEBRATION.c.id.desc())
    .limit(3)
)


@dataclass(frozen=True)
class Occasion:
    """One thing to congratulate on. ``how`` is the sentence of a badge, or why an admin gave it.

    ``name`` is the level's, badge's or season's; ``number`` the level's, or the place in the season."""

    id: int
    cause: Cause
    subject_id: int
    name: str
    number: int = 0
    how: str = ""
    art: str = ""
    tone: str = ""
    next_name: str | None = None
    next_at: int | None = None


def occasions_for(session: Session, person_id: int, now: datetime) -> list[Occasion]:
    """Return what a person has not been congratulated on yet, the latest first, three at most; what is two weeks old is left in peace."""
    rows = session.connection().execute(_OPEN, {"person": person_id, "since": now - SHOWN_FOR}).all()
    found = (_occasion(session, person_id, row) for row in rows)
    return [occasion for occasion in found if occasion]


def _occasion(session: Session, person_id: int, row: Any) -> Occasion | None:
    cause = Cause(row.cause)
    if cause is Cause.LEVEL:
        levels = list_levels(session)
        level = next((level for level in levels if level.id == row.subject_id), None)
        # What was taken back before it was seen is no level any more.
        if level is None or balance_of(session, person_id).lifetime < level.threshold:
            return None
        rung = rung_of(levels, level.threshold)
        return Occasion(row.id, cause, level.id, rung.name, rung.number, next_name=rung.next_name, next_at=rung.next_at)
    if cause is Cause.BADGE:
        badge = session.get(Badge, row.subject_id)
        if badge is None:
            return None
        own = (BadgeHolding.badge_id == badge.id, BadgeHolding.person_id == person_id, BadgeHolding.revoked_at.is_(None))
        said = session.scalar(select(BadgeHolding.reason).where(*own, BadgeHolding.way == Way.HAND))
        return Occasion(row.id, cause, badge.id, badge.name, how=said or badge.how, art=badge.art, tone=badge.tone)
    season, standing = session.get(Season, row.subject_id), session.get(SeasonStanding, (row.subject_id, person_id))
    return Occasion(row.id, cause, season.id, season.name, standing.place) if season and standing else None

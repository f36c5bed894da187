"""What people put aside: whether one challenge is, how many did so for which reason, and what they wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, select
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Dismissal
from portal.challenges.queries.standing import STANDING
from portal.challenges.rules.dismissing import PUT_ASIDE, Why
from portal.kernel.schema import BigId

MOST_WORDS = 5
_MINE = select(Dismissal.challenge_id).where(Dismissal.person_id == bindparam("me", type_=BigId))
ASIDE: ColumnElement[bool] = and_(Challenge.id.in_(_MINE), STANDING.in_([standing.value for standing in PUT_ASIDE]))
"""The condition that a person has put a challenge aside, for statements that join ``MINE``; what they have begun meanwhile is not."""


@dataclass(frozen=True)
class Aside:
    """How many people put a challenge aside, by reason, the most frequent first; and the newest words, without names."""

    number: int
    reasons: Sequence[tuple[Why, int]]
    words: Sequence[str]


def dismissal_of(session: Session, person_id: int, challenge_id: int) -> Dismissal | None:
    """Return that the person put this challenge aside, or None."""
    return session.get(Dismissal, (person_id, challenge_id))


def put_aside(session: Session, person_id: int, challenge_id: int) -> Row[int, str, str] | None:
    """Return id, title and reason of a challenge that the person put aside, or None."""
    wanted = select(Challenge.id, Challenge.title, Dismissal.reason).join(Dismissal, Dismissal.challenge_id == Challenge.id)
    return session.execute(wanted.where(Dismissal.person_id == person_id, Challenge.id == challenge_id)).first()


def dismissals_of(session: Session, person_id: int, challenge_ids: Sequence[int]) -> dict[int, Dismissal]:
    """Return what the person put aside among some challenges, by challenge."""
    wanted = select(Dismissal).where(Dismissal.person_id == person_id, Dismissal.challenge_id.in_(challenge_ids))
    return {found.challenge_id: found for found in session.scalars(wanted)}


def aside_of(session: Session, challenge_id: int) -> Aside:
    """Return how many people put a challenge aside, and why."""
    here = Dismissal.challenge_id == challenge_id
    counted = session.execute(select(Dismissal.reason, func.count().label("number")).where(here).group_by(Dismissal.reason))
    reasons = sorted(((Why(row.reason), row.number) for row in counted), key=lambda pair: (-pair[1], list(Why).index(pair[0])))
    newest = select(Dismissal.words).where(here, Dismissal.words != "").order_by(Dismissal.dismissed_at.desc(), Dismissal.person_id).limit(MOST_WORDS)
    return Aside(sum(number for _, number in reasons), reasons, session.scalars(newest).all())

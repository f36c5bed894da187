"""Finding challenges by the words that a member reads: what they began with may say something else than what is offered now.

Texts are folded below, since neither database folds accents by itself: one more read gives the few that say something else to
this member, however long the list is, and the list is then filtered by their ids.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge, ChallengeVersion
from portal.challenges.models.taking import Submission
from portal.challenges.queries.standing import IS_OWN, MINE, OWN, SHOWN
from portal.kernel.schema import BigId
from portal.kernel.text import fold, like_pattern

_OFFERED = (
    select(Challenge.id, OWN.title, OWN.summary)
    .join(MINE, MINE.c.challenge_id == Challenge.id)
    .join(OWN, IS_OWN)
    .where(SHOWN, or_(OWN.title != Challenge.title, OWN.summary != Challenge.summary))
)
_BEGUN = (
    select(Submission.id, ChallengeVersion.title, ChallengeVersion.summary)
    .join(Challenge, Challenge.id == Submission.challenge_id)
    .join(ChallengeVersion, and_(ChallengeVersion.challenge_id == Submission.challenge_id, ChallengeVersion.number == Submission.version))
    .where(Submission.person_id == bindparam("person", type_=BigId))
    .where(or_(ChallengeVersion.title != Challenge.title, ChallengeVersion.summary != Challenge.summary))
)


def offered_called(session: Session, q: str, values: Mapping[str, Any]) -> ColumnElement[bool]:
    """Return the condition that title or summary, as they hold for the member whom ``values`` of ``moment_values`` name, have every word of ``q``."""
    return _called(Challenge.id, session.execute(_OFFERED, dict(values)).all(), fold(q).split())


def begun_called(session: Session, q: str, person_id: int) -> ColumnElement[bool]:
    """Return the condition that title or summary, as the member's own submission was begun with them, have every word of ``q``."""
    return _called(Submission.id, session.execute(_BEGUN, {"person": person_id}).all(), fold(q).split())


def _called(row_id: Any, otherwise: Sequence[Row[int, str, str]], words: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition for rows of which those in ``otherwise`` say something else than their challenge does now."""
    said = {row.id for row in otherwise if all(word in fold(f"{row.title} {row.summary}") for word in words)}
    now = and_(*(Challenge.search_key.like(like_pattern(word), escape="\\") for word in words))
    return or_(row_id.in_(said), and_(row_id.not_in({row.id for row in otherwise}), now))

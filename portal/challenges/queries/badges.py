"""What badges are told of challenges: handed to recognition, which stands below, in ``app.py``."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import UNREWARDED
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.rules.states import ChallengeState, SubmissionState
from portal.web.paging import AnySelect


class ChallengesDone:
    """Which challenges there are, and who has an approved submission of one. Reviews that may not be rewarded earn no badge either."""

    def names(self, session: Session) -> Sequence[tuple[int, str]]:
        """Return id and title of each challenge that is, or was, published, by title."""
        found = select(Challenge.id, Challenge.title).where(Challenge.state != ChallengeState.DRAFT).order_by(Challenge.title, Challenge.id)
        return [(row.id, row.title) for row in session.execute(found)]

    def done_by(self, session: Session, person_id: int) -> frozenset[int]:
        """Return the challenges that the person has done."""
        return frozenset(session.connection().execute(_DONE_BY, {"person": person_id}).scalars())

    def done(self, challenge_id: int) -> AnySelect:
        """Return who did the challenge, and when first: their submission has not changed since it was approved."""
        first = func.min(Submission.changed_at).label("at")
        return select(Submission.person_id, first).where(Submission.challenge_id == challenge_id, *_APPROVED).group_by(Submission.person_id)


_UNREWARDED = (
    select(Act.id)
    .where(Act.source_type == "submission", Act.source_id == Submission.id, Act.kind == UNREWARDED, Act.reversed_at.is_(None))
    .correlate(Submission)
    .exists()
)
_APPROVED = (Submission.state == SubmissionState.APPROVED, Submission.dropped_at.is_(None), ~_UNREWARDED)
_SUBMISSION: Any = Submission.__table__
_DONE_BY = (
    select(_SUBMISSION.c.challenge_id)
    .where(
        _SUBMISSION.c.person_id == bindparam("person", type_=BigInteger),
        _SUBMISSION.c.state == SubmissionState.APPROVED,
        _SUBMISSION.c.dropped_at.is_(None),
        ~_UNREWARDED,
    )
    .distinct()
)

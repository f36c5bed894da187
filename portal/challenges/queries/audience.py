"""Which of today's challenges are meant for a person, decided once for all of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists, not_, or_, select
from sqlalchemy.orm import Session

from portal.audience.models import Audience
from portal.audience.queries.admission import Stamps, admitted, is_admitted
from portal.challenges.models.offering import Challenge, ChallengeAudience
from portal.challenges.models.taking import Submission
from portal.challenges.queries.standing import OFFERED, STANDING, today_values
from portal.challenges.rules.standing import Standing
from portal.challenges.rules.states import ChallengeState
from portal.kernel.schema import BigId

_STAMPS = (
    select(Audience.id, Audience.stamp)
    .join(ChallengeAudience, ChallengeAudience.audience_id == Audience.id)
    .join(Challenge, Challenge.id == ChallengeAudience.challenge_id)
    .where(OFFERED)
)
_OF_ONE = select(ChallengeAudience.audience_id).where(ChallengeAudience.challenge_id == bindparam("of_challenge", type_=BigId))


def _seen() -> ColumnElement[bool]:
    admits = bindparam("admitted", type_=BigId, expanding=True)
    barred = select(ChallengeAudience.challenge_id).where(ChallengeAudience.audience_id.not_in(admits))
    return or_(Challenge.id.not_in(barred), not_(STANDING.in_([Standing.OPEN.value, Standing.SHUT.value])))


SEEN = _seen()
"""The condition that a person sees a challenge, for statements that join ``MINE``: it is meant for them, or they have begun or done it.

Run with ``admitted_today``. An audience that nobody tried admits nobody.
"""


def admitted_today(session: Session, person_id: int, now: datetime) -> frozenset[int]:
    """Return the audiences of today's challenges that admit the person."""
    stamps: Stamps = session.execute(_STAMPS, today_values(session, now)).all()  # type: ignore[assignment]
    return admitted(session, person_id, stamps, now)


def audience_of(session: Session, challenge_id: int) -> int | None:
    """Return a challenge's audience, None where it is meant for everybody."""
    return session.scalar(_OF_ONE, {"of_challenge": challenge_id})


def is_meant_for(session: Session, person_id: int, challenge_id: int, now: datetime) -> bool:
    """Tell whether the live rules of a challenge admit the person."""
    return is_admitted(session, person_id, audience_of(session, challenge_id), now)


def openable(session: Session, person_id: int, challenge_ids: Sequence[int], now: datetime) -> frozenset[int]:
    """Return which of the challenges have a page for the person, as ``challenge_page`` decides for one, in one read."""
    took_part = exists().where(Submission.challenge_id == Challenge.id, Submission.person_id == person_id).correlate(Challenge)
    is_gone = or_(Challenge.is_record_only, Challenge.state == ChallengeState.ARCHIVED)
    wanted = select(Challenge.id, Audience.id.label("audience_id"), Audience.stamp, took_part.label("took_part"), is_gone.label("is_gone"))
    wanted = wanted.outerjoin(ChallengeAudience, ChallengeAudience.challenge_id == Challenge.id)
    wanted = wanted.outerjoin(Audience, Audience.id == ChallengeAudience.audience_id)
    rows = session.execute(wanted.where(Challenge.id.in_(challenge_ids), Challenge.state != ChallengeState.DRAFT)).all()
    admits = admitted(session, person_id, [(row.audience_id, row.stamp) for row in rows if row.audience_id is not None], now)
    return frozenset(row.id for row in rows if row.took_part or not (row.is_gone or (row.audience_id is not None and row.audience_id not in admits)))

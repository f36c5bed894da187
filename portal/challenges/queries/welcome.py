"""The challenge that new members are offered first: whether it still is what they are promised, and where one of them stands with it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, exists, func, not_, select
from sqlalchemy.orm import Session

from portal.audience.models import Audience
from portal.audience.queries.admission import Stamps, admitted
from portal.challenges.models.offering import Challenge, ChallengeAudience, ChallengeVersion, Stage
from portal.challenges.models.taking import StagePayment, Submission
from portal.challenges.queries.audience import SEEN
from portal.challenges.queries.dismissals import ASIDE
from portal.challenges.queries.policy import points_at_once
from portal.challenges.queries.prerequisites import prerequisites_of
from portal.challenges.queries.stages import stages_of
from portal.challenges.queries.standing import MINE, OFFERED, STANDING, moment_values
from portal.challenges.rules.lifecycle import lifecycle
from portal.challenges.rules.standing import Standing
from portal.challenges.rules.states import SubmissionState
from portal.challenges.rules.welcome import FirstStep, first_points, why_not_first
from portal.challenges.stages.contract import Step
from portal.challenges.stages.registry import stage_kind
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.schema import BigId


@dataclass(frozen=True)
class FirstMark:
    """What the editor says of it: whether new members are offered this one first, why not if not, and which other one is marked now."""

    is_marked: bool
    problem: Refusal | None
    other: Challenge | None


@dataclass(frozen=True)
class FirstOffer:
    """The challenge for a new member. ``at_once`` is what its first step pays; ``is_done`` once it has paid, or all of it is approved.

    ``points`` and ``minutes`` are those of the version that holds for the member.
    """

    challenge: Challenge
    points: int
    minutes: int | None
    at_once: int
    is_begun: bool
    is_done: bool


def find_first(session: Session) -> Challenge | None:
    """Return the challenge that is marked as the first one, whether or not it can be offered now."""
    return session.scalar(select(Challenge).where(Challenge.welcome_at.is_not(None)))


def mark_of(session: Session, challenge: Challenge, now: datetime) -> FirstMark:
    """Return what the editor says about offering a challenge first."""
    marked = find_first(session)
    problem = problem_of(session, challenge, now)
    return FirstMark(challenge.welcome_at is not None, problem, marked if marked is not None and marked.id != challenge.id else None)


def problem_of(session: Session, challenge: Challenge, now: datetime) -> Refusal | None:
    """Return why a challenge cannot be offered first as it stands now, or None."""
    life = lifecycle(challenge.state, challenge.opens_on, challenge.closes_on, local_date(now, programme_zone(session)))
    return why_not_first(
        life,
        _first_step(stages_of(session, challenge.id, challenge.version)),
        limit=points_at_once(session),
        needs_others=bool(prerequisites_of(session, challenge.id, challenge.version)),
        total_limit=challenge.total_limit,
        taken=challenge.taken,
    )


def _first_step(stages: Sequence[Stage]) -> FirstStep | None:
    if not stages:
        return None
    kind = stage_kind(stages[0].kind)
    return FirstStep(stages[0].points, kind.needs_check, is_filled_in=bool(kind.controls(Step.of(stages[0]))))


def _row() -> Select[*tuple[Any, ...]]:
    """Return the statement of the marked challenge and one person: where they stand, whether they can go to it, and the version that holds.

    ``is_spent``: points of its steps were paid to them. Where it is not done all the same they were taken back, and are paid at once no more.
    """
    is_paid = case((Submission.state == SubmissionState.APPROVED, 1), (Submission.paid > 0, 1), else_=0)
    here = (Submission.challenge_id == Challenge.id, Submission.person_id == bindparam("me", type_=BigId), Submission.dropped_at.is_(None))
    spent = (StagePayment.submission_id == Submission.id, *here)
    columns = (
        STANDING.label("standing"),
        and_(OFFERED, SEEN, not_(ASIDE)).label("is_shown"),
        func.coalesce(MINE.c.active_version, Challenge.version).label("version"),
        select(func.max(is_paid)).where(*here).correlate(Challenge).scalar_subquery().label("is_done"),
        exists().where(*spent).correlate(Challenge).label("is_spent"),
        ChallengeVersion.points.label("points"),
        ChallengeVersion.minutes.label("minutes"),
    )
    holds = (ChallengeVersion.challenge_id == Challenge.id, ChallengeVersion.number == func.coalesce(MINE.c.active_version, Challenge.version))
    found = select(Challenge, *columns).outerjoin(MINE, MINE.c.challenge_id == Challenge.id)
    return found.join(ChallengeVersion, and_(*holds)).where(Challenge.welcome_at.is_not(None))


_ROW = _row()
_STAMPS = (
    select(Audience.id, Audience.stamp)
    .join(ChallengeAudience, ChallengeAudience.audience_id == Audience.id)
    .join(Challenge, Challenge.id == ChallengeAudience.challenge_id)
    .where(Challenge.welcome_at.is_not(None))
)


def first_for(session: Session, person_id: int, now: datetime, *, nevers: Collection[str] = ()) -> FirstOffer | None:
    """Return the challenge that a new member is offered first, or None where none is marked, they do not see it, or it pays later by now.

    Nothing that touches what they never want (``nevers``), unless they have begun it. What they have done stays,
    whatever became of the challenge.
    """
    stamps: Stamps = session.execute(_STAMPS).all()  # type: ignore[assignment]
    admits = sorted(admitted(session, person_id, stamps, now))
    row = session.execute(_ROW, moment_values(session, person_id, now) | {"admitted": admits}).first()
    if row is None:
        return None
    is_begun, is_open = row.standing == Standing.UNDER_WAY, row.standing == Standing.OPEN
    if not row.is_done and (row.is_spent or not (row.is_shown and (is_begun or is_open))):
        return None
    if is_open and not row.is_done and not set(row.Challenge.interests).isdisjoint(nevers):
        return None
    at_once = first_points(_first_step(stages_of(session, row.Challenge.id, row.version)), points_at_once(session))
    return FirstOffer(row.Challenge, row.points, row.minutes, at_once, is_begun, bool(row.is_done)) if at_once or row.is_done else None

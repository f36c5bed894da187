"""The versions of a challenge: the current one, the draft, the one a submission belongs to, and how two of them differ."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.models.taking import Submission
from portal.challenges.queries.prerequisites import prerequisites_of
from portal.challenges.queries.stages import get_challenge, stage_for, stages_of
from portal.challenges.rules.comparing import FIELD_NAMES, REQUIRES, Asked, Change, Terms, compare
from portal.challenges.rules.lifecycle import last_day
from portal.challenges.rules.refusals import AlreadyApproved, AnswerWaits, NoAttemptsLeft, SubmissionWithdrawn, VersionUnknown
from portal.challenges.rules.standing import availability, is_active, why_not_answer
from portal.challenges.rules.states import SubmissionState
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal


def get_version(session: Session, challenge_id: int, number: int) -> ChallengeVersion:
    """Return a version. Raises ``VersionUnknown``."""
    found = session.get(ChallengeVersion, (challenge_id, number))
    if found is None:
        raise VersionUnknown()
    return found


def current_version(session: Session, challenge: Challenge) -> ChallengeVersion:
    """Return the version published last, or the draft of a challenge that never was."""
    return get_version(session, challenge.id, challenge.version)


def find_draft(session: Session, challenge_id: int) -> ChallengeVersion | None:
    """Return the version that is not published yet, or None."""
    return session.scalar(select(ChallengeVersion).where(ChallengeVersion.challenge_id == challenge_id, ChallengeVersion.published_at.is_(None)))


def edited_version(session: Session, challenge: Challenge) -> ChallengeVersion:
    """Return what the editor shows: the draft, or the current version while nobody has changed it."""
    return find_draft(session, challenge.id) or current_version(session, challenge)


def root_of(stage: Stage) -> int:
    """Return what a step and all its copies have in common."""
    return stage.origin_id or stage.id


def edited_stage(session: Session, challenge_id: int, stage_id: int) -> Stage:
    """Return what the editor shows of a step: its copy in the draft, or the step itself while there is none. Raises ``NotFound``."""
    asked, draft = stage_for(session, challenge_id, stage_id), find_draft(session, challenge_id)
    copies = stages_of(session, challenge_id, draft.number) if draft else []
    return next((stage for stage in copies if root_of(stage) == root_of(asked)), asked)


def version_of(session: Session, submission: Submission) -> ChallengeVersion:
    """Return the version a submission was begun with, which holds for it."""
    return get_version(session, submission.challenge_id, submission.version)


def why_not_enter(submission: Submission, version: ChallengeVersion) -> Refusal | None:
    """Return why nothing can be entered into a submission, and nothing of it be sent or accepted, or None; ``version`` is its own."""
    if submission.dropped_at is not None:
        return SubmissionWithdrawn()
    if submission.state == SubmissionState.WAITING:
        return AnswerWaits()
    if submission.state == SubmissionState.APPROVED:
        return AlreadyApproved()
    is_open = is_active(submission.state, submission.declines, version.max_attempts)
    return None if is_open else NoAttemptsLeft(allowed=version.max_attempts)


def why_not_go_on(session: Session, submission: Submission, now: datetime) -> Refusal | None:
    """Return why what was begun can no longer be sent, or None.

    An opening day that an edit moved, or a closing day that it moved forward, stops nobody who has begun.
    """
    challenge, version = get_challenge(session, submission.challenge_id), version_of(session, submission)
    closes_on = last_day(version.closes_on, challenge.closes_on)
    found = availability(challenge.state, None, closes_on, local_date(now, programme_zone(session)))
    return why_not_answer(found, submission.state, None, closes_on)


def versions_of(session: Session, challenge_id: int) -> Sequence[ChallengeVersion]:
    """Return all versions, the newest first."""
    wanted = select(ChallengeVersion).where(ChallengeVersion.challenge_id == challenge_id)
    return session.scalars(wanted.order_by(ChallengeVersion.number.desc())).all()


def submissions_by_version(session: Session, challenge_id: int) -> dict[int, int]:
    """Return how many submissions were begun with each version, without withdrawn ones."""
    here = (Submission.challenge_id == challenge_id, Submission.dropped_at.is_(None))
    counted = session.execute(select(Submission.version, func.count().label("number")).where(*here).group_by(Submission.version))
    return {row.version: row.number for row in counted}


def differences(session: Session, before: ChallengeVersion, after: ChallengeVersion) -> list[Change]:
    """Return what differs between two versions of one challenge."""
    return [] if before is after else compare(_terms(session, before), _terms(session, after))


def _terms(session: Session, version: ChallengeVersion) -> Terms:
    steps = [
        Asked(stage.origin_id or stage.id, stage.title, stage.text, stage.points, stage.options)
        for stage in stages_of(session, version.challenge_id, version.number)
    ]
    needed = ", ".join(row.title for row in prerequisites_of(session, version.challenge_id, version.number))
    return Terms({name: getattr(version, name) for name in FIELD_NAMES if name != REQUIRES} | {REQUIRES: needed or None}, steps)

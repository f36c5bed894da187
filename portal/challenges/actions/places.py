"""Places of a challenge for the first so many: taken at the start, so that nobody works in vain, by one guarded UPDATE.

Freed by a withdrawal, the undoing of an import, and a decline that leaves no attempt. An approval
that is taken back keeps its place, since it may be given again.
"""

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge, ChallengeVersion
from portal.challenges.models.taking import Submission
from portal.challenges.queries.versions import version_of
from portal.challenges.rules.refusals import AllPlacesTaken
from portal.challenges.rules.standing import is_active
from portal.challenges.rules.states import SubmissionState


def take_place(session: Session, submission: Submission, *, is_bounded: bool) -> None:
    """Let a new submission hold a place, if places are counted. Refuses with ``AllPlacesTaken``; an import (not ``is_bounded``) is only counted.

    The limit is read after the submission was inserted: whoever publishes another one waits for that insert or is seen by this.
    """
    here = Challenge.id == submission.challenge_id
    limit = session.scalar(select(Challenge.total_limit).where(here))
    if limit is None:
        return
    free = [Challenge.taken < Challenge.total_limit] if is_bounded else []
    took = update(Challenge).where(here, *free).values(taken=Challenge.taken + 1).returning(Challenge.id)
    if session.scalar(took.execution_options(synchronize_session=False)) is None:
        raise AllPlacesTaken(limit=limit)
    submission.has_place = True
    session.flush()


def free_place(session: Session, submission: Submission) -> None:
    """Give the place of a submission back, if it holds one. The submission's row is locked."""
    if not submission.has_place:
        return
    here = Challenge.id == submission.challenge_id
    session.execute(update(Challenge).where(here).values(taken=Challenge.taken - 1).execution_options(synchronize_session=False))
    submission.has_place = False
    session.flush()


def free_place_if_over(session: Session, submission: Submission) -> None:
    """Give the place back where a decline left no attempt."""
    allowed = version_of(session, submission).max_attempts
    if submission.state == SubmissionState.DECLINED and not is_active(submission.state, submission.declines, allowed):
        free_place(session, submission)


def count_places(session: Session, challenge: Challenge) -> None:
    """Count who holds a place, now that a version with a limit is published. The challenge's row is locked, so nobody starts meanwhile."""
    if challenge.total_limit is None:
        return
    here = (Submission.challenge_id == challenge.id, Submission.dropped_at.is_(None))
    own = (ChallengeVersion.challenge_id == Submission.challenge_id, ChallengeVersion.number == Submission.version)
    allowed = select(ChallengeVersion.max_attempts).where(*own).scalar_subquery()
    is_over = and_(Submission.state == SubmissionState.DECLINED, allowed.is_not(None), Submission.declines >= allowed)
    session.execute(update(Submission).where(*here).values(has_place=~is_over).execution_options(synchronize_session="fetch"))
    challenge.taken = session.scalar(select(func.count()).where(*here, Submission.has_place)) or 0
    session.flush()

"""One challenge, its stages, and what a person has entered so far."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.models import Answer, Challenge, Stage, Submission
from portal.kernel.errors import NotFound


def get_challenge(session: Session, challenge_id: int) -> Challenge:
    """Return the challenge. Raises ``NotFound``."""
    found = session.get(Challenge, challenge_id)
    if found is None:
        raise NotFound()
    return found


def get_submission(session: Session, submission_id: int) -> Submission:
    """Return the submission, withdrawn or not. Raises ``NotFound``."""
    found = session.get(Submission, submission_id)
    if found is None:
        raise NotFound()
    return found


def stages_of(session: Session, challenge_id: int) -> list[Stage]:
    """Return the stages of a challenge in order, without those that were removed."""
    wanted = select(Stage).where(Stage.challenge_id == challenge_id, Stage.removed_at.is_(None))
    return list(session.scalars(wanted.order_by(Stage.position, Stage.id)))


def stage_for(session: Session, challenge_id: int, stage_id: int) -> Stage:
    """Return a stage that belongs to the challenge. Raises ``NotFound``, for a removed one too."""
    found = session.get(Stage, stage_id)
    if found is None or found.challenge_id != challenge_id or found.removed_at is not None:
        raise NotFound()
    return found


def answers_of(session: Session, submission_id: int) -> dict[int, Answer]:
    """Return what was entered so far, by stage."""
    return {answer.stage_id: answer for answer in session.scalars(select(Answer).where(Answer.submission_id == submission_id))}

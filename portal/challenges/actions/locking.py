"""The one way into a submission: its row first, its attempts next, the ledger last. Before it the person's turn, where one is needed.

On PostgreSQL the row is locked and read anew; on SQLite the unit of work holds the write lock
already. Every change of state is then a guarded UPDATE all the same, so that a path that forgot
the lock could not pay twice.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.refusals import ChallengeChanged
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.kernel import db
from portal.kernel.errors import NotFound


def take_turn(session: Session, person_id: int) -> None:
    """Wait until nobody else begins or puts aside a challenge for this person, or hears an event of theirs, until the end of the unit of work.

    Taken before any submission, and never by who pays: it is no lock of the person's row, which whoever pays needs shared, so
    that a payment under a submission and a turn never wait for each other.
    """
    db.take_turn(session, f"challenges:person:{person_id}")


def lock_submission(session: Session, submission_id: int) -> Submission:
    """Return the submission as it stands now, its row locked until the end of the unit of work."""
    locked = select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(locked)
    if found is None:
        raise NotFound()
    return found


def move_submission(session: Session, submission: Submission, **values: Any) -> None:
    """Change a submission if it still is in the state that was read and not dropped; refuses with ``ChallengeChanged`` otherwise.

    Whoever gives it a state ends what was tried again, unless they say since when it is.
    """
    if "state" in values:
        values = {"again_at": None} | values
    as_read = (Submission.id == submission.id, Submission.state == submission.state, Submission.decisions == submission.decisions)
    changed = update(Submission).where(*as_read, Submission.dropped_at.is_(None)).values(**values).returning(Submission.id)
    if session.scalar(changed.execution_options(synchronize_session=False)) is None:
        raise ChallengeChanged()
    session.refresh(submission)


def mark_entered(submission: Submission, now: datetime) -> None:
    """Keep that something was entered into a submission, which is locked and can be answered."""
    submission.changed_at = now
    if submission.state == SubmissionState.DECLINED:
        submission.again_at = now


def move_attempt(session: Session, attempt: Attempt, before: tuple[AttemptState, ...], state: AttemptState) -> bool:
    """Give an attempt its state if it is in one of ``before``; tells whether it was."""
    as_read = (Attempt.id == attempt.id, Attempt.state.in_(before))
    changed = session.scalar(update(Attempt).where(*as_read).values(state=state).returning(Attempt.id).execution_options(synchronize_session=False))
    session.refresh(attempt)
    return changed is not None


def resting_state(session: Session, submission_id: int, otherwise: SubmissionState) -> SubmissionState:
    """Return ``waiting`` while any attempt waits, ``otherwise`` if none does."""
    waits = select(Attempt.id).where(Attempt.submission_id == submission_id, Attempt.state == AttemptState.WAITING).limit(1)
    return SubmissionState.WAITING if session.scalar(waits) is not None else otherwise

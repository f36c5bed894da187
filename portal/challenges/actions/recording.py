"""What only imports do: keep a record of challenges that happened elsewhere, and take an imported attempt back as if it had never been."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.answering import drop_submission
from portal.challenges.actions.editing import create_challenge
from portal.challenges.actions.locking import lock_submission, move_submission
from portal.challenges.actions.referring import settle_peers, take_back_peers
from portal.challenges.actions.review import reverse_approval
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import answers_of
from portal.challenges.rules.offer import Offer
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.tracks import Track

_STANDS = {
    AttemptState.APPROVED: SubmissionState.APPROVED,
    AttemptState.WAITING: SubmissionState.WAITING,
    AttemptState.MORE_WANTED: SubmissionState.MORE_WANTED,
    AttemptState.DECLINED: SubmissionState.DECLINED,
    AttemptState.REVERSED: SubmissionState.DECLINED,
}


def add_record_challenge(session: Session, actor: Actor, *, title: str, track: Track | str, points: int, now: datetime) -> Challenge:
    """Create a challenge that only keeps a record: closed, never offered, done once a person, attempts without limit."""
    offer = Offer(track=Track(track), title=title, points=points)
    return create_challenge(session, actor, offer=offer, now=now, is_record_only=True)


def undo_attempt(session: Session, actor: Actor, *, attempt_id: int, reason: str, now: datetime) -> None:
    """Take an attempt back: an approval is reversed first, the submission stands as its other attempts say.

    Attempts that this approval had closed wait again. A submission without any other attempt is
    dropped, unless its person withdrew it before, which frees its slot, so that importing again pays again. One in which its
    member, or an outside event, has answered a step was theirs before: it is open again. Points of its steps that an approval
    had made part of its own come again with the next one. An attempt that was taken
    back already stays as it is. Sends nothing.
    """
    attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        raise NotFound()
    submission = lock_submission(session, attempt.submission_id)
    session.refresh(attempt)
    if attempt.state == AttemptState.WITHDRAWN:
        return
    if attempt.state == AttemptState.APPROVED:
        reverse_approval(session, actor, submission_id=submission.id, reason=reason, now=now, tell=False)
        closed = (Attempt.submission_id == submission.id, Attempt.state == AttemptState.CLOSED)
        session.execute(update(Attempt).where(*closed).values(state=AttemptState.WAITING))
    was_declined = attempt.state == AttemptState.DECLINED
    session.execute(update(Attempt).where(Attempt.id == attempt_id).values(state=AttemptState.WITHDRAWN))
    if submission.dropped_at is None:
        take_back_peers(session, actor, attempt, now)
        _settle(session, actor, submission, declines=submission.declines - was_declined, now=now)
    record(session, actor, "submission.undone", "submission", submission.id, now=now, attempt_id=attempt_id, reason=reason)


def _settle(session: Session, actor: Actor, submission: Submission, *, declines: int, now: datetime) -> None:
    """Put a submission into the state that its remaining attempts give it, or drop it if there are none, nor an answer."""
    left = (Attempt.submission_id == submission.id, Attempt.state != AttemptState.WITHDRAWN)
    states = list(session.scalars(select(Attempt.state).where(*left).order_by(Attempt.number.desc())))
    if not states and not answers_of(session, submission.id):
        move_submission(session, submission, declines=0)
        drop_submission(session, actor, submission, now)
        return
    state = next((_STANDS[found] for found in _STANDS if found in states), SubmissionState.OPEN)
    move_submission(session, submission, state=state, declines=declines)
    settle_peers(session, actor, submission, now)

"""Taking back that an admin matched an outside event by hand: the step is open again, and the event can be matched to somebody else."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.early import put_back
from portal.challenges.actions.events import sent_by
from portal.challenges.actions.locking import lock_submission
from portal.challenges.actions.verdicts import KIND, case_of
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.own import payments_of
from portal.challenges.queries.stages import answers_of, get_challenge, own_stage
from portal.challenges.rules.refusals import MatchDecided, MatchGone, MatchPaid, OwnSubmission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, Refusal
from portal.notifications.actions import notify
from portal.outside.actions import lock_event, release_event
from portal.outside.models import EventUse
from portal.outside.queries import use_of
from portal.people.queries.persons import recipient
from portal.review.actions.pairs import forget_first


def why_not_unmatch(session: Session, use: EventUse | None) -> Refusal | None:
    """Return why a match cannot be taken back, or None: it was made by hand, paid nothing, and its answer is not sent or went off by it alone."""
    if use is None or use.used_by_id is None:
        return MatchGone()
    submission = session.get_one(Submission, use.submission_id)
    if submission.dropped_at is not None:
        return MatchGone()
    if submission.state == SubmissionState.APPROVED:
        return MatchDecided()
    if submission.state == SubmissionState.WAITING and _gone_off(session, use) is None:
        return MatchDecided()
    return MatchPaid() if use.stage_id in payments_of(session, submission.id) else None


def unmatch_event(session: Session, actor: Actor, *, event_id: int, now: datetime) -> None:
    """Take a match by hand back. An answer that went off by it alone is withdrawn with it, and no attempt of the member's is used; they are told.

    Refuses who is no admin, anybody's own (``OwnSubmission``), and what ``why_not_unmatch`` says (``MatchGone``, ``MatchDecided``, ``MatchPaid``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    found = use_of(session, event_id)
    if found is None:
        raise MatchGone()
    submission = lock_submission(session, found.submission_id)
    lock_event(session, event_id)
    use = use_of(session, event_id)
    if use is None or use.submission_id != submission.id:
        raise MatchGone()
    if actor.id is not None and actor.id == submission.person_id:
        raise OwnSubmission()
    if refusal := why_not_unmatch(session, use):
        raise refusal
    stage = own_stage(session, submission, use.stage_id)
    attempt = _gone_off(session, use)
    if attempt is not None:
        put_back(session, actor, case_of(session, attempt, submission), now)
        forget_first(session, kind=KIND, item_id=attempt.id)
    answer = answers_of(session, submission.id).get(stage.id)
    if answer is not None:
        session.delete(answer)
    release_event(session, event_id=event_id, now=now)
    submission.changed_at = now
    session.flush()
    record(
        session, actor, "submission.event_unmatched", "submission", submission.id, now=now, event_id=event_id, stage_id=stage.id, title=stage.title
    )
    data = {"challenge": get_challenge(session, submission.challenge_id).title, "step": stage.title}
    link, to = f"/challenges/{submission.challenge_id}", recipient(session, submission.person_id)
    notify(session, to=to, kind="event_taken_back", data=data, key=f"event:{event_id}:{use.id}:back", link=link, now=now)


def _gone_off(session: Session, use: EventUse) -> Attempt | None:
    """Return the attempt that waits because the event made the answer whole, or None."""
    waiting = select(Attempt).where(Attempt.submission_id == use.submission_id, Attempt.state == AttemptState.WAITING)
    found = session.scalars(waiting.execution_options(populate_existing=True)).all()
    return next((attempt for attempt in found if sent_by(use.event_id, attempt.key)), None)

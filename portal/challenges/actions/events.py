"""Outside events complete steps: as they arrive, when somebody begins what they waited for, or matched by an admin.

Whoever starts and whoever brings an event takes the person's turn first (``take_turn``), so that of an
event and a start at the same moment the later sees the earlier. Each event completes one step: the unique key decides.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.answering import send_heard
from portal.challenges.actions.locking import lock_submission, mark_entered, take_turn
from portal.challenges.actions.paying import pay_stages
from portal.challenges.models.offering import Stage
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.queries.events import ends_at, event_codes, waiting_places
from portal.challenges.queries.stages import answers_of, get_challenge, own_stage, own_stages
from portal.challenges.queries.versions import version_of, why_not_go_on
from portal.challenges.rules.refusals import ChallengeEnded, OwnSubmission, StepDone
from portal.challenges.rules.standing import is_active
from portal.challenges.stages.contract import Step
from portal.challenges.stages.event import OutsideEventHeard, code_of, days_before
from portal.challenges.stages.registry import stage_kind
from portal.kernel.actor import Actor, system
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.notifications.actions import notify
from portal.outside.actions import keep_event, lock_event, use_event
from portal.outside.models import OutsideEvent
from portal.outside.queries import events_for, get_event, owner_of, use_of
from portal.outside.rules import EventDropped, EventUsed, Heard, Outcome, counts
from portal.people.queries.persons import get_person, recipient

BY_EVENT = system("api")


def hear_event(
    session: Session, actor: Actor, *, source: str, heard: Heard, token_id: int | None = None, now: datetime, tell: bool = True
) -> OutsideEvent:
    """Keep an event, and complete with it the step that waits for it: of what its member began first. The same event again changes nothing.

    Without such a step it waits for its member to begin; ``unmatched`` is one of nobody we know, or with a code that
    no step asks for. Refuses who is neither admin nor the portal, and what ``keep_event`` refuses.
    """
    if not actor.is_admin:
        raise NotAllowed()
    event, is_new = keep_event(session, source=source, heard=heard, token_id=token_id, now=now)
    person = owner_of(session, event) if is_new else None
    if person is None:
        return event
    take_turn(session, person.id)
    event.outcome = Outcome.WAITING if event.code in event_codes(session) else Outcome.UNMATCHED
    for place in waiting_places(session, person.id):
        if code_of(place.stage.options) == event.code and _complete(session, place.submission.id, place.stage, event, now, tell=tell):
            event.outcome = Outcome.MATCHED
            break
    session.flush()
    return event


def apply_waiting(session: Session, submission: Submission, now: datetime) -> None:
    """Complete the steps of what somebody has just begun with the events that came early, the earliest first."""
    steps = [stage for stage in own_stages(session, submission) if stage.kind == OutsideEventHeard.key]
    if not steps:
        return
    events = events_for(session, get_person(session, submission.person_id), {code_of(stage.options) for stage in steps})
    for stage in steps:
        fitting = (event for event in events if event.code == code_of(stage.options))
        any(_complete(session, submission.id, stage, event, now, tell=False) for event in fitting)


def match_event(session: Session, actor: Actor, *, event_id: int, submission_id: int, stage_id: int, now: datetime) -> None:
    """Let an admin complete a step with an event, whatever its code, day and address.

    The event's row is locked after the submission's, so that of this and an undone import at the same moment one is told.
    Refuses who is no admin, anybody's own (``OwnSubmission``), a used event (``EventUsed``), one that counts no more
    (``EventDropped``), and a step that waits for none (``StepDone``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    get_event(session, event_id)
    submission = lock_submission(session, submission_id)
    event = lock_event(session, event_id)
    if event.dropped_at is not None:
        raise EventDropped()
    if use_of(session, event_id) is not None:
        raise EventUsed()
    if actor.id is not None and actor.id == submission.person_id:
        raise OwnSubmission()
    stage = own_stage(session, submission, stage_id)
    if stage.kind != OutsideEventHeard.key:
        raise NotFound()
    if not _complete(session, submission_id, stage, event, now, by_hand=actor):
        raise EventUsed() if use_of(session, event_id) is not None else StepDone()


def _complete(
    session: Session, submission_id: int, stage: Stage, event: OutsideEvent, now: datetime, *, by_hand: Actor | None = None, tell: bool = True
) -> bool:
    """Complete a step with an event; tells whether it counts for it. Small points are paid at once; what is whole by that is sent."""
    submission = lock_submission(session, submission_id)
    answer = answers_of(session, submission_id).get(stage.id)
    if not _is_running(session, submission) or (answer is not None and answer.value.get("event_id")):
        return False
    if by_hand is None and not _counts(session, submission, stage, event, now):
        return False
    if not use_event(session, event_id=event.id, submission_id=submission_id, stage_id=stage.id, now=now, used_by_id=by_hand.id if by_hand else None):
        return False
    answer = answer or Answer(submission_id=submission_id, stage_id=stage.id)
    answer.value = {"event_id": event.id, "code": event.code, "happened_at": event.happened_at.isoformat()}
    answer.saved_at = now
    mark_entered(submission, now)
    session.add(answer)
    session.flush()
    name = "submission.event_matched" if by_hand else "submission.event_heard"
    record(session, by_hand or BY_EVENT, name, "submission", submission_id, now=now, event_id=event.id, stage_id=stage.id, title=stage.title)
    pay_stages(session, submission, now)
    is_sent = _send_if_whole(session, submission, stage, event, now)
    if tell:
        _tell(session, submission, stage, event, is_sent=is_sent, now=now)
    return True


def _is_running(session: Session, submission: Submission) -> bool:
    return submission.dropped_at is None and is_active(submission.state, submission.declines, version_of(session, submission).max_attempts)


def _counts(session: Session, submission: Submission, stage: Stage, event: OutsideEvent, now: datetime) -> bool:
    """Tell whether an event happened in time. It may reach us after the closing day, but completes nothing that was closed by hand."""
    stopped = why_not_go_on(session, submission, now)
    if stopped is not None and not isinstance(stopped, ChallengeEnded):
        return False
    return counts(event.happened_at, submission.started_at, days_before(stage.options), ends_at(session, submission))


def _send_if_whole(session: Session, submission: Submission, stage: Stage, event: OutsideEvent, now: datetime) -> bool:
    """Send what an event has made whole, if its step is the last one, or the member can send no more because the closing day is over.

    Otherwise the member sends. Nobody has decided anything: it waits for approval as if they had sent it.
    """
    stages, answers = own_stages(session, submission), answers_of(session, submission.id)
    values = {one.id: answers[one.id].value if one.id in answers else {} for one in stages}
    is_whole = all(stage_kind(one.kind).problem(Step.of(one), values[one.id]) is None for one in stages)
    is_over = isinstance(why_not_go_on(session, submission, now), ChallengeEnded)
    if not is_whole or not (stages[-1].id == stage.id or is_over):
        return False
    try:
        with session.begin_nested():
            send_heard(session, BY_EVENT, submission, key=_key(event.id, submission.attempts + 1), now=now)
    except Refusal:
        # A peer whom somebody else was faster to refer, say: the member reads why when they send it.
        return False
    return True


def _key(event_id: int, number: int) -> str:
    return f"event:{event_id}:{number}"


def sent_by(event_id: int, key: str) -> bool:
    """Tell whether an attempt of this key went off by itself, because the event made it whole."""
    return key == f"event:{event_id}" or key.startswith(f"event:{event_id}:")


def _tell(session: Session, submission: Submission, stage: Stage, event: OutsideEvent, *, is_sent: bool, now: datetime) -> None:
    data = {"challenge": get_challenge(session, submission.challenge_id).title, "step": stage.title, "is_sent": is_sent}
    link, to = f"/challenges/{submission.challenge_id}", recipient(session, submission.person_id)
    notify(session, to=to, kind="event_heard", data=data, key=f"event:{event.id}:{submission.id}", link=link, now=now)

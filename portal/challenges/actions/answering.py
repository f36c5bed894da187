"""What an advocate does: save, send, withdraw. Each takes the submission's row first, so that they queue up behind each other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.links import ask_for_links
from portal.challenges.actions.locking import lock_submission, mark_entered, move_submission
from portal.challenges.actions.paying import BY_RULE, pay_stages, take_back_stages
from portal.challenges.actions.places import free_place
from portal.challenges.actions.referring import send_peers, settle_peers
from portal.challenges.models.offering import ChallengeVersion
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.queries.stages import answers_of, own_stages
from portal.challenges.queries.versions import version_of, why_not_enter, why_not_go_on
from portal.challenges.rules import refusals, standing
from portal.challenges.rules.early import early_key, key_of_form
from portal.challenges.rules.privilege import is_import
from portal.challenges.rules.revising import Seen
from portal.challenges.rules.saying import is_empty
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.stages.contract import Step
from portal.challenges.stages.registry import stage_kind
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.outside.actions import release_events


def save_answers(
    session: Session, actor: Actor, *, submission_id: int, values: Mapping[int, Mapping[str, Any]], now: datetime, seen: Seen | None = None
) -> Submission:
    """Keep what was entered so far, by stage; finished or not. Nothing is judged until it is sent.

    ``seen`` is what of these stages stood on the page; what was saved elsewhere since and differs is not written over
    (``ChangedElsewhere``). Without it the last one holds.

    Refuses somebody else's submission (``NotFound``), one that waits for its verdict, is approved,
    or has no attempt left, and stages of other challenges.
    """
    submission = _own(session, actor, submission_id)
    version = version_of(session, submission)
    _require_answerable(submission, version)
    _require_open(session, submission, now)
    _store(session, actor, submission, values, now, seen)
    return submission


def _store(session: Session, actor: Actor, submission: Submission, values: Mapping[int, Mapping[str, Any]], now: datetime, seen: Seen | None) -> None:
    """Write the values that differ from what is there."""
    known = {stage.id for stage in own_stages(session, submission)}
    if not set(values) <= known:
        raise NotFound()
    before = answers_of(session, submission.id)
    changed = [stage_id for stage_id, value in values.items() if stage_id not in before or before[stage_id].value != value]
    if seen and any(seen.is_stale(before[stage_id].saved_at) for stage_id in changed if stage_id in before):
        raise refusals.ChangedElsewhere()
    for stage_id in changed:
        answer = before.get(stage_id) or Answer(submission_id=submission.id, stage_id=stage_id)
        answer.value, answer.saved_at = dict(values[stage_id]), now
        session.add(answer)
    if changed:
        mark_entered(submission, now)
        session.flush()
        record(session, actor, "submission.saved", "submission", submission.id, now=now, stages=changed)
        if not is_import(actor):
            pay_stages(session, submission, now)


def submit_attempt(
    session: Session,
    actor: Actor,
    *,
    submission_id: int,
    key: str,
    now: datetime,
    values: Mapping[int, Mapping[str, Any]] | None = None,
    seen: Seen | None = None,
    submitted_at: datetime | None = None,
    points: int | None = None,
) -> Attempt:
    """Send what was entered as one attempt, with the points of the version it was begun with, and let it wait for a verdict.

    ``values`` are saved before, as by ``save_answers`` with ``seen``. The same ``key`` a second time returns the
    first attempt. After an approval an attempt is recorded with the answers that were approved and changes nothing,
    neither them nor a peer they name: ``values`` are not kept. ``submitted_at`` in
    the past and ``points`` are the privilege of imports, which also send without answers and while
    an earlier attempt waits. Refuses unfinished steps by the kind of the step, a challenge that is
    over, a peer who cannot be referred, and a submission that cannot be answered.
    """
    submission, key = _own(session, actor, submission_id), key_of_form(key)
    replayed = session.scalar(select(Attempt).where(Attempt.submission_id == submission_id, Attempt.key == key))
    if replayed is not None:
        return replayed
    version = version_of(session, submission)
    if not is_import(actor) and submission.state != SubmissionState.APPROVED:
        _require_answerable(submission, version)
        _require_open(session, submission, now)
    if submission.dropped_at is not None:
        raise refusals.SubmissionWithdrawn()
    is_late = submission.state == SubmissionState.APPROVED
    if values and not is_late:
        _store(session, actor, submission, values, now, seen)
    at = submitted_at if submitted_at and is_import(actor) else now
    offered = points if points is not None and is_import(actor) else version.points
    answers = _snapshot(session, submission, check=not is_import(actor) and not is_late)
    attempt = _add_attempt(session, submission, key=key, points=offered, answers=answers, at=at, now=now)
    if not is_late:
        _hand_over(session, actor, submission, answers, now, looks=not is_import(actor))
    _record_sent(session, actor, attempt, now)
    return attempt


def send_heard(session: Session, actor: Actor, submission: Submission, *, key: str, now: datetime) -> Attempt:
    """Send for its member what an outside event has made whole, as if they had sent it, even after the closing day. The submission is locked.

    Refuses as ``submit_attempt`` refuses a member, but for the day.
    """
    version = version_of(session, submission)
    _require_answerable(submission, version)
    answers = _snapshot(session, submission, check=True)
    attempt = _add_attempt(session, submission, key=key, points=version.points, answers=answers, at=now, now=now)
    _hand_over(session, actor, submission, answers, now)
    _record_sent(session, actor, attempt, now)
    return attempt


def send_unfinished(session: Session, actor: Actor, submission: Submission, *, now: datetime) -> Attempt:
    """Make an attempt of what was entered so far, finished or not, because a reviewer accepts it as it is. The submission is locked.

    Refuses where nothing was entered (``NothingEntered``), and a submission that cannot be answered.
    """
    version = version_of(session, submission)
    _require_answerable(submission, version)
    answers = _snapshot(session, submission, check=False)
    if not answers:
        raise refusals.NothingEntered()
    key = early_key(submission.attempts + 1)
    attempt = _add_attempt(session, submission, key=key, points=version.points, answers=answers, at=now, now=now)
    _hand_over(session, actor, submission, answers, now)
    record(session, actor, "submission.accepted_early", "submission", submission.id, now=now, attempt_id=attempt.id)
    return attempt


def _add_attempt(
    session: Session, submission: Submission, *, key: str, points: int, answers: list[dict[str, Any]], at: datetime, now: datetime
) -> Attempt:
    """Write an attempt that waits, and its submission with it; a closed one where that is approved, which stays as it is."""
    is_late, number = submission.state == SubmissionState.APPROVED, submission.attempts + 1
    state = AttemptState.CLOSED if is_late else AttemptState.WAITING
    facts = {"number": number, "key": key, "points": points, "answers": answers, "state": state}
    attempt = Attempt(submission_id=submission.id, **facts, submitted_at=at, recorded_at=now)
    moved = {} if is_late else {"state": SubmissionState.WAITING, "changed_at": at}
    move_submission(session, submission, attempts=number, **moved)
    session.add(attempt)
    session.flush()
    return attempt


def _hand_over(
    session: Session, actor: Actor, submission: Submission, answers: Sequence[Mapping[str, Any]], now: datetime, *, looks: bool = True
) -> None:
    """Pass on what an attempt asks of others: a look at its links, and its peers."""
    if looks:
        ask_for_links(session, submission.id, answers, now)
    send_peers(session, actor, submission, answers, now)


def _record_sent(session: Session, actor: Actor, attempt: Attempt, now: datetime) -> None:
    facts = {"attempt_id": attempt.id, "number": attempt.number, "points": attempt.points}
    record(session, actor, "submission.sent", "submission", attempt.submission_id, now=now, **facts)


def withdraw_submission(session: Session, actor: Actor, *, submission_id: int, now: datetime) -> Submission:
    """Take a submission back before it has its last verdict. Its slot is free again; what it was declined counts on.

    What its steps were paid at once is taken back, so that starting anew wins nothing.

    Refuses somebody else's (``NotFound``), and one that is approved or finally declined (``WithdrawalTooLate``).
    """
    submission = _own(session, actor, submission_id)
    is_open = standing.is_active(submission.state, submission.declines, version_of(session, submission).max_attempts)
    if submission.dropped_at is not None:
        raise refusals.SubmissionWithdrawn()
    if not is_open and submission.state != SubmissionState.WAITING:
        raise refusals.WithdrawalTooLate()
    drop_submission(session, actor, submission, now)
    record(session, actor, "submission.withdrawn", "submission", submission_id, now=now, challenge_id=submission.challenge_id)
    return submission


def drop_submission(session: Session, actor: Actor, submission: Submission, now: datetime) -> None:
    """Let a submission count no more: payments of steps, place, waiting attempts, peers and events are given back. It is locked."""
    take_back_stages(session, BY_RULE, submission.id, now)
    move_submission(session, submission, dropped_at=now, changed_at=now, paid=None)
    free_place(session, submission)
    waiting = (Attempt.submission_id == submission.id, Attempt.state == AttemptState.WAITING)
    session.execute(update(Attempt).where(*waiting).values(state=AttemptState.WITHDRAWN))
    settle_peers(session, actor, submission, now)
    release_events(session, submission_id=submission.id, now=now)


def _own(session: Session, actor: Actor, submission_id: int) -> Submission:
    submission = lock_submission(session, submission_id)
    if not is_import(actor) and submission.person_id != actor.id:
        raise NotFound()
    return submission


def _require_answerable(submission: Submission, version: ChallengeVersion) -> None:
    if refusal := why_not_enter(submission, version):
        raise refusal


def _require_open(session: Session, submission: Submission, now: datetime) -> None:
    if refusal := why_not_go_on(session, submission, now):
        raise refusal


def _snapshot(session: Session, submission: Submission, *, check: bool) -> list[dict[str, Any]]:
    """Return stages and values as they are now; refuses the first unfinished step, or leaves out what cannot go unfinished."""
    answers = answers_of(session, submission.id)
    copied: list[dict[str, Any]] = []
    for stage in own_stages(session, submission):
        value = answers[stage.id].value if stage.id in answers else {}
        kind, step = stage_kind(stage.kind), Step.of(stage)
        if check and (refusal := kind.problem(step, value)):
            raise refusal
        value = value if check else kind.unfinished(step, value)
        copied.append({"stage_id": stage.id, "kind": stage.kind, "title": stage.title, "options": stage.options, "value": value})
    has_something = any(not is_empty(entry["value"], stage_kind(entry["kind"]).held_in) for entry in copied)
    return copied if check or has_something else []

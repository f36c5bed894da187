"""What a reviewer does: approve, ask for more, decline, take an approval back.

Approval pays once, whoever clicks first: the submission's row is locked, its state changed by a
guarded UPDATE, and the ledger's key names the decision (``submission:<id>:decision:<n>``). So
approving, taking back and approving again pays, reverses and pays.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.acts.actions import record_act, reverse_act
from portal.audit.actions import record
from portal.challenges.actions.locking import lock_submission, move_attempt, move_submission, resting_state
from portal.challenges.models import Attempt, Challenge, Submission, Verdict
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules import refusals
from portal.challenges.rules.privilege import is_import
from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, NotFound
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.people.queries.persons import get_person, recipient
from portal.recognition import actions as recognition

SOURCE = "submission"
REASON_LENGTH = 2_000


class _Case(NamedTuple):
    """What is decided: the attempt, its submission (locked) and the challenge."""

    attempt: Attempt
    submission: Submission
    challenge: Challenge


def approve_attempt(
    session: Session, actor: Actor, *, attempt_id: int, now: datetime, decided_at: datetime | None = None, note: str = "", tell: bool = True
) -> Verdict:
    """Approve an attempt: pay what was offered when it was sent, write one act, close the other waiting attempts unpaid.

    ``decided_at`` in the past is the privilege of imports, and ``tell=False`` sends nothing.
    Refuses what is not waiting (``AlreadyDecided``, ``AlreadyApproved``, ``SubmissionWithdrawn``),
    and anybody's own (``OwnSubmission``). An approval that was taken back can be given again.
    """
    case = _to_decide(session, actor, attempt_id)
    attempt, submission = case.attempt, case.submission
    if submission.state == SubmissionState.APPROVED:
        raise refusals.AlreadyApproved()
    if not move_attempt(session, attempt, (AttemptState.WAITING, AttemptState.REVERSED), AttemptState.APPROVED):
        raise refusals.AlreadyDecided()
    at, number = _moment(actor, decided_at, now), submission.decisions + 1
    move_submission(session, submission, state=SubmissionState.APPROVED, decisions=number, paid=attempt.points, changed_at=at)
    others = (Attempt.submission_id == submission.id, Attempt.state == AttemptState.WAITING)
    session.execute(update(Attempt).where(*others).values(state=AttemptState.CLOSED))
    transfer_id = _pay(session, actor, submission, attempt, at, now)
    company_id = get_person(session, submission.person_id).company_id
    record_act(
        session,
        actor,
        person_id=submission.person_id,
        company_id=company_id,
        kind="challenge",
        track=case.challenge.track,
        source_type=SOURCE,
        source_id=submission.id,
        points=attempt.points,
        happened_at=at,
        now=now,
    )
    return _conclude(session, actor, case, Outcome.APPROVED, note, at=at, now=now, tell=tell, points=attempt.points, transfer_id=transfer_id)


def ask_for_more(session: Session, actor: Actor, *, attempt_id: int, reason: str, now: datetime, tell: bool = True) -> Verdict:
    """Ask the advocate for something more; costs them no attempt. Refuses an empty reason and what is not waiting."""
    case = _to_decide(session, actor, attempt_id)
    attempt, submission = case.attempt, case.submission
    reason = _reason(reason)
    if not move_attempt(session, attempt, (AttemptState.WAITING,), AttemptState.MORE_WANTED):
        raise refusals.AlreadyDecided()
    state = resting_state(session, submission.id, SubmissionState.MORE_WANTED)
    move_submission(session, submission, state=state, decisions=submission.decisions + 1, changed_at=now)
    return _conclude(session, actor, case, Outcome.MORE_WANTED, reason, at=now, now=now, tell=tell)


def decline_attempt(
    session: Session, actor: Actor, *, attempt_id: int, reason: str, now: datetime, decided_at: datetime | None = None, tell: bool = True
) -> Verdict:
    """Decline an attempt with a reason the advocate reads. The submission stays open while the challenge allows another attempt.

    An import may also decline an attempt that was sent after the approval: the verdict is recorded
    and changes nothing else. Refuses an empty reason and what is not waiting.
    """
    case = _to_decide(session, actor, attempt_id)
    attempt, submission = case.attempt, case.submission
    reason, at = _reason(reason), _moment(actor, decided_at, now)
    before = (AttemptState.WAITING, AttemptState.CLOSED) if is_import(actor) else (AttemptState.WAITING,)
    if not move_attempt(session, attempt, before, AttemptState.DECLINED):
        raise refusals.AlreadyDecided()
    values: dict[str, object] = {"decisions": submission.decisions + 1}
    if submission.state != SubmissionState.APPROVED:
        state = resting_state(session, submission.id, SubmissionState.DECLINED)
        values |= {"state": state, "declines": submission.declines + 1, "changed_at": at}
    move_submission(session, submission, **values)
    return _conclude(session, actor, case, Outcome.DECLINED, reason, at=at, now=now, tell=tell)


def reverse_approval(session: Session, actor: Actor, *, submission_id: int, reason: str, now: datetime, tell: bool = True) -> Verdict:
    """Take an approval back: the points are reversed, the act is marked, the submission stands as declined and may be approved again.

    Refuses an empty reason, a submission that is not approved (``NotApproved``), and anybody's own.
    """
    submission = lock_submission(session, submission_id)
    _require_reviewer(actor, submission)
    reason = _reason(reason)
    if submission.state != SubmissionState.APPROVED or submission.dropped_at is not None:
        raise refusals.NotApproved()
    paid = session.scalars(
        select(Verdict).where(Verdict.submission_id == submission_id, Verdict.outcome == Outcome.APPROVED).order_by(Verdict.number.desc()).limit(1)
    ).one()
    attempt = session.get_one(Attempt, paid.attempt_id)
    if not move_attempt(session, attempt, (AttemptState.APPROVED,), AttemptState.REVERSED):
        raise refusals.NotApproved()
    move_submission(session, submission, state=SubmissionState.DECLINED, decisions=submission.decisions + 1, paid=None, changed_at=now)
    transfer_id = None
    if paid.transfer_id is not None:
        key = _ledger_key(submission)
        transfer_id = recognition.reverse(session, actor, transfer_id=paid.transfer_id, key=key, reason="submission_reversed", now=now).id
    reverse_act(session, actor, source_type=SOURCE, source_id=submission_id, now=now)
    case = _Case(attempt, submission, get_challenge(session, submission.challenge_id))
    return _conclude(session, actor, case, Outcome.REVERSED, reason, at=now, now=now, tell=tell, points=-paid.points, transfer_id=transfer_id)


def _to_decide(session: Session, actor: Actor, attempt_id: int) -> _Case:
    """Return what is to be decided, the submission's row locked before the attempt is read."""
    submission_id = session.scalar(select(Attempt.submission_id).where(Attempt.id == attempt_id))
    if submission_id is None:
        raise NotFound()
    submission = lock_submission(session, submission_id)
    _require_reviewer(actor, submission)
    if submission.dropped_at is not None:
        raise refusals.SubmissionWithdrawn()
    attempt = session.get_one(Attempt, attempt_id, populate_existing=True)
    return _Case(attempt, submission, get_challenge(session, submission.challenge_id))


def _require_reviewer(actor: Actor, submission: Submission) -> None:
    if not actor.may_decide("attempt"):
        raise NotAllowed()
    if actor.id is not None and actor.id == submission.person_id:
        raise refusals.OwnSubmission()


def _reason(given: str) -> str:
    reason = clean(given)[:REASON_LENGTH]
    if not reason:
        raise refusals.ReasonMissing()
    return reason


def _moment(actor: Actor, decided_at: datetime | None, now: datetime) -> datetime:
    return decided_at if decided_at is not None and is_import(actor) else now


def _ledger_key(submission: Submission) -> str:
    return f"submission:{submission.id}:decision:{submission.decisions}"


def _pay(session: Session, actor: Actor, submission: Submission, attempt: Attempt, at: datetime, now: datetime) -> int | None:
    """Pay through recognition, which keeps the boards; a challenge worth nothing writes no line."""
    if attempt.points == 0:
        return None
    return recognition.award(
        session,
        actor,
        person_id=submission.person_id,
        points=attempt.points,
        key=_ledger_key(submission),
        reason="submission_approved",
        source_type=SOURCE,
        source_id=submission.id,
        effective_at=at,
        now=now,
    ).id


def _conclude(
    session: Session,
    actor: Actor,
    case: _Case,
    outcome: Outcome,
    reason: str,
    *,
    at: datetime,
    now: datetime,
    tell: bool,
    points: int = 0,
    transfer_id: int | None = None,
) -> Verdict:
    """Write the verdict and its audit line, and tell the advocate."""
    verdict = Verdict(
        submission_id=case.submission.id,
        attempt_id=case.attempt.id,
        number=case.submission.decisions,
        outcome=outcome,
        reason=clean(reason)[:REASON_LENGTH],
        points=points,
        transfer_id=transfer_id,
        decided_by_id=actor.id,
        decided_at=at,
        recorded_at=now,
    )
    session.add(verdict)
    session.flush()
    facts = {"attempt_id": case.attempt.id, "points": points, "reason": verdict.reason}
    record(session, actor, f"submission.{outcome}", SOURCE, case.submission.id, now=now, **facts)
    if tell:
        _tell(session, case, verdict, now)
    return verdict


def _tell(session: Session, case: _Case, verdict: Verdict, now: datetime) -> None:
    allowed = case.challenge.max_attempts
    left = allowed - case.submission.declines if allowed is not None else None
    data = {"challenge": case.challenge.title, "points": abs(verdict.points), "reason": verdict.reason, "attempts_left": left}
    to, key = recipient(session, case.submission.person_id), f"submission:{case.submission.id}:decision:{verdict.number}"
    notify(session, to=to, kind=f"submission.{verdict.outcome}", data=data, key=key, link=f"/challenges/mine/{case.submission.id}", now=now)

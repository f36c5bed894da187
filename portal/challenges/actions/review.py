"""What a reviewer does: approve (whole, in part, early), ask for more, decline, give feedback, take an approval back.

Approval pays once, whoever clicks first: the submission's row is locked, its state changed by a
guarded UPDATE, and the ledger's key names the decision (``submission:<id>:decision:<n>``). So
approving, taking back and approving again pays, reverses and pays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.acts.actions.acts import record_act, reverse_act
from portal.challenges.actions.answering import send_unfinished
from portal.challenges.actions.locking import lock_submission, move_attempt, move_submission, resting_state
from portal.challenges.actions.paying import paid_at_once, take_back_stages
from portal.challenges.actions.places import free_place_if_over, take_place
from portal.challenges.actions.repaying import take_back_differences
from portal.challenges.actions.verdicts import (
    KIND,
    SOURCE,
    Case,
    case_of,
    conclude,
    ledger_key,
    moment_of,
    pay,
    reason_of,
    require_present,
    require_reviewer,
    to_decide,
)
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import act_kind_of, changeable_stages, own_stage, own_stages
from portal.challenges.queries.versions import version_of
from portal.challenges.rules import refusals
from portal.challenges.rules.early import waits_early
from portal.challenges.rules.paying import rest_of
from portal.challenges.rules.privilege import is_import
from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.challenges.rules.verdicts import require_category, require_points
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.people.queries.persons import get_person
from portal.recognition.actions import scores as recognition
from portal.recognition.queries.standing import lost_since, standing_of
from portal.review.actions.pairs import look
from portal.review.queries.terms import terms_of
from portal.review.rules.refusals import SecondApproverNeeded

APPROVABLE = (AttemptState.WAITING, AttemptState.REVERSED)


def approve_attempt(
    session: Session,
    actor: Actor,
    *,
    attempt_id: int,
    now: datetime,
    decided_at: datetime | None = None,
    note: str = "",
    points: int | None = None,
    rule_id: int | None = None,
    tell: bool = True,
) -> Verdict:
    """Approve an attempt: pay what is left of what was offered, write one act, close the other waiting attempts unpaid.

    ``points`` pays a part of it, no less than steps were paid at once, with the reason in ``note``. ``decided_at`` in the past is the
    privilege of imports, and ``tell=False`` sends nothing. Refuses what is not waiting
    (``AlreadyDecided``, ``AlreadyApproved``, ``SubmissionWithdrawn``), anybody's own
    (``OwnSubmission``), and the first approval where two are needed (``SecondApproverNeeded``). An
    approval that was taken back can be given again.
    """
    case = to_decide(session, actor, attempt_id)
    verdict = approve_case(session, actor, case, note=note, points=points, at=moment_of(actor, decided_at, now), now=now, tell=tell, rule_id=rule_id)
    if verdict is None:
        raise SecondApproverNeeded(limit=terms_of(session).four_eyes_above)
    return verdict


def give_approval(session: Session, actor: Actor, *, attempt_id: int, note: str = "", points: int | None = None, now: datetime) -> Verdict | None:
    """Approve as ``approve_attempt`` does; where two people are needed, the first one's approval is kept and None returned."""
    return approve_case(session, actor, to_decide(session, actor, attempt_id), note=note, points=points, at=now, now=now)


def accept_early(session: Session, actor: Actor, *, submission_id: int, reason: str, points: int | None = None, now: datetime) -> Verdict | None:
    """Approve what was entered so far although later steps are unfinished, with a reason; None where a second approval is needed.

    Undone, the attempt that this made is withdrawn and the member goes on where they were.

    Refuses an empty reason, anybody's own, where nothing was entered, a submission that waits, is approved or withdrawn, or has no attempt
    left, and one of a deactivated member (``PersonDeactivated``): nobody is paid for what they did not send and can read nothing of.
    """
    submission = lock_submission(session, submission_id)
    require_reviewer(actor, submission)
    require_present(session, submission.person_id)
    said = reason_of(reason)
    stood: dict[str, Any] = {"submission": submission.state, "changed_at": submission.changed_at.isoformat(), "attempt": AttemptState.WITHDRAWN}
    stood["again_at"] = submission.again_at.isoformat() if submission.again_at else None
    case = case_of(session, send_unfinished(session, actor, submission, now=now), submission)
    case.before |= stood
    return approve_case(session, actor, case, note=said, points=points, at=now, now=now)


def approve_case(
    session: Session,
    actor: Actor,
    case: Case,
    *,
    note: str,
    points: int | None,
    at: datetime,
    now: datetime,
    tell: bool = True,
    rule_id: int | None = None,
    states: Sequence[AttemptState] = APPROVABLE,
) -> Verdict | None:
    """Approve what is locked already, from one of ``states``; None where this was the first of two approvals."""
    attempt, submission = case.attempt, case.submission
    if submission.state == SubmissionState.APPROVED:
        raise refusals.AlreadyApproved()
    if attempt.state not in states:
        raise refusals.AlreadyDecided()
    if waits_early(attempt):
        require_present(session, submission.person_id)
    paid_before = paid_at_once(session, submission.id)
    total = require_points(points, attempt.points, note, paid=paid_before)
    about = {"kind": KIND, "item_id": attempt.id, "points": total, "member_id": submission.person_id, "subject": (SOURCE, submission.id)}
    eyes = look(session, actor, **about, note=note, now=now)  # type: ignore[arg-type]
    if not eyes.is_complete:
        return None
    if not move_attempt(session, attempt, tuple(states), AttemptState.APPROVED):
        raise refusals.AlreadyDecided()
    if case.challenge.total_limit is not None and not submission.has_place:
        take_place(session, submission, is_bounded=False)
    paid = max(total, submission.paid or 0)
    move_submission(session, submission, state=SubmissionState.APPROVED, decisions=submission.decisions + 1, paid=paid, changed_at=at)
    others = update(Attempt).where(Attempt.submission_id == submission.id, Attempt.state == AttemptState.WAITING)
    closed = others.values(state=AttemptState.CLOSED).returning(Attempt.id).execution_options(synchronize_session=False)
    case.before["closed"] = sorted(session.scalars(closed))
    rest = rest_of(total, paid_before)
    transfer_id = pay(session, actor, submission, rest, at, now)
    _write_act(session, actor, case, paid, at, now)
    facts: dict[str, Any] = {"points": rest, "transfer_id": transfer_id, "first_by_id": eyes.first_by_id, "rule_id": rule_id}
    return conclude(session, actor, case, Outcome.APPROVED, note, at=at, now=now, tell=tell, **facts)


def _write_act(session: Session, actor: Actor, case: Case, points: int, at: datetime, now: datetime) -> None:
    person_id = case.submission.person_id
    record_act(
        session,
        actor,
        person_id=person_id,
        company_id=get_person(session, person_id).company_id,
        kind=act_kind_of(own_stages(session, case.submission)),
        track=version_of(session, case.submission).track,
        source_type=SOURCE,
        source_id=case.submission.id,
        points=points,
        happened_at=at,
        now=now,
    )


def ask_for_more(
    session: Session, actor: Actor, *, attempt_id: int, reason: str, stage_id: int | None = None, now: datetime, tell: bool = True
) -> Verdict:
    """Ask the advocate for something more, at ``stage_id`` if one is named; costs them no attempt.

    Refuses an empty reason, what is not waiting, a step of another challenge (``StepUnknown``), and one in
    which nothing can be entered any more (``StepSettled``).
    """
    case = to_decide(session, actor, attempt_id)
    attempt, submission = case.attempt, case.submission
    reason = reason_of(reason)
    if stage_id is not None:
        _require_stage(session, submission, stage_id)
    if not move_attempt(session, attempt, (AttemptState.WAITING,), AttemptState.MORE_WANTED):
        raise refusals.AlreadyDecided()
    state = resting_state(session, submission.id, SubmissionState.MORE_WANTED)
    move_submission(session, submission, state=state, decisions=submission.decisions + 1, changed_at=now)
    return conclude(session, actor, case, Outcome.MORE_WANTED, reason, at=now, now=now, tell=tell, stage_id=stage_id)


def _require_stage(session: Session, submission: Submission, stage_id: int) -> None:
    try:
        stage = own_stage(session, submission, stage_id)
    except NotFound:
        raise refusals.StepUnknown() from None
    if stage not in changeable_stages(session, submission):
        raise refusals.StepSettled(step=stage.title)


def decline_attempt(
    session: Session,
    actor: Actor,
    *,
    attempt_id: int,
    reason: str,
    category: str | None = None,
    now: datetime,
    decided_at: datetime | None = None,
    tell: bool = True,
) -> Verdict:
    """Decline an attempt with a reason the advocate reads. The submission stays open while the challenge allows another attempt.

    ``category`` sorts it for the statistics. An import may also decline an attempt that was sent
    after the approval: the verdict is recorded and changes nothing else. Refuses an empty reason,
    an unknown category and what is not waiting.
    """
    case = to_decide(session, actor, attempt_id)
    attempt, submission = case.attempt, case.submission
    reason, sort, at = reason_of(reason), require_category(category), moment_of(actor, decided_at, now)
    before = (AttemptState.WAITING, AttemptState.CLOSED) if is_import(actor) else (AttemptState.WAITING,)
    if not move_attempt(session, attempt, before, AttemptState.DECLINED):
        raise refusals.AlreadyDecided()
    values: dict[str, object] = {"decisions": submission.decisions + 1}
    if submission.state != SubmissionState.APPROVED:
        state = resting_state(session, submission.id, SubmissionState.DECLINED)
        values |= {"state": state, "declines": submission.declines + 1, "changed_at": at}
    move_submission(session, submission, **values)
    free_place_if_over(session, submission)
    return conclude(session, actor, case, Outcome.DECLINED, reason, at=at, now=now, tell=tell, category=sort)


def give_feedback(session: Session, actor: Actor, *, attempt_id: int, reason: str, now: datetime) -> Verdict:
    """Say something to the advocate and decide nothing: it is kept and told, and the answer stays as it is. Refuses empty words."""
    case = to_decide(session, actor, attempt_id)
    words = reason_of(reason)
    move_submission(session, case.submission, decisions=case.submission.decisions + 1)
    return conclude(session, actor, case, Outcome.FEEDBACK, words, at=now, now=now, tell=True)


def reverse_approval(session: Session, actor: Actor, *, submission_id: int, reason: str, now: datetime, tell: bool = True) -> Verdict:
    """Take an approval back: all points are reversed, those of single steps and of later changes of the price too, and the act is marked.

    The submission stands as declined and may be approved again. The member reads which badges went with it. Refuses an empty reason, a submission
    that is not approved (``NotApproved``), and anybody's own.
    """
    submission = lock_submission(session, submission_id)
    require_reviewer(actor, submission)
    reason = reason_of(reason)
    if submission.state != SubmissionState.APPROVED or submission.dropped_at is not None:
        raise refusals.NotApproved()
    paid = last_approval(session, submission_id)
    attempt = session.get_one(Attempt, paid.attempt_id, populate_existing=True)
    case, stood = case_of(session, attempt, submission), standing_of(session, submission.person_id)
    if not move_attempt(session, attempt, (AttemptState.APPROVED,), AttemptState.REVERSED):
        raise refusals.NotApproved()
    move_submission(session, submission, state=SubmissionState.DECLINED, decisions=submission.decisions + 1, paid=None, changed_at=now)
    transfer_id = None
    if paid.transfer_id is not None:
        key = ledger_key(submission)
        transfer_id = recognition.reverse(session, actor, transfer_id=paid.transfer_id, key=key, reason="submission_reversed", now=now).id
    points = -paid.points - take_back_stages(session, actor, submission_id, now) - take_back_differences(session, actor, submission_id, now)
    reverse_act(session, actor, source_type=SOURCE, source_id=submission_id, now=now)
    lost = lost_since(session, stood).badges
    return conclude(session, actor, case, Outcome.REVERSED, reason, at=now, now=now, tell=tell, lost=lost, points=points, transfer_id=transfer_id)


def last_approval(session: Session, submission_id: int) -> Verdict:
    """Return the approval by which an approved submission was paid."""
    approvals = select(Verdict).where(Verdict.submission_id == submission_id, Verdict.outcome == Outcome.APPROVED)
    return session.scalars(approvals.order_by(Verdict.number.desc()).limit(1)).one()

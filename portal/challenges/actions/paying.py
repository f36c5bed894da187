"""Points of single steps: paid at once where the step needs no person to check it, and taken back with everything else.

Nobody decides on their own: at once it is the portal that pays, by the rule of the version. The
ledger's key names the step (``submission:<id>:stage:<stage>``), and one row a step is held by a
unique key, so that a box ticked twice, on two devices, or after an approval was taken back pays once.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.models.offering import Stage
from portal.challenges.models.taking import StagePayment, Submission
from portal.challenges.queries.policy import points_at_once
from portal.challenges.queries.stages import answers_of, own_stages
from portal.challenges.rules.paying import pays_at_once
from portal.challenges.stages.contract import Step
from portal.challenges.stages.registry import stage_kind
from portal.kernel.actor import Actor, system
from portal.recognition.actions import scores as recognition

SOURCE = "submission"
BY_RULE = system("rule")


def pay_stages(session: Session, submission: Submission, now: datetime) -> None:
    """Pay each completed step that pays at once and has not yet. The submission's row is locked by the caller."""
    limit, stages = points_at_once(session), own_stages(session, submission)
    due = [stage for stage in stages if pays_at_once(stage.points, limit, needs_check=stage_kind(stage.kind).needs_check)]
    if not due:
        return
    answers = answers_of(session, submission.id)
    paid = set(session.scalars(select(StagePayment.stage_id).where(StagePayment.submission_id == submission.id)))
    for stage in due:
        answer = answers.get(stage.id)
        if answer and stage.id not in paid and stage_kind(stage.kind).problem(Step.of(stage), answer.value) is None:
            _pay(session, submission, stage, now)


def _pay(session: Session, submission: Submission, stage: Stage, now: datetime) -> None:
    transfer = recognition.award(
        session,
        BY_RULE,
        person_id=submission.person_id,
        points=stage.points,
        key=f"submission:{submission.id}:stage:{stage.id}",
        reason="stage_completed",
        source_type=SOURCE,
        source_id=submission.id,
        effective_at=now,
        now=now,
    )
    session.add(StagePayment(submission_id=submission.id, stage_id=stage.id, points=stage.points, transfer_id=transfer.id, paid_at=now))
    submission.paid = (submission.paid or 0) + stage.points
    session.flush()
    record(session, BY_RULE, "submission.stage_paid", SOURCE, submission.id, now=now, stage_id=stage.id, points=stage.points, title=stage.title)


def paid_at_once(session: Session, submission_id: int) -> int:
    """Return the points that steps of a submission were paid at once and that still stand."""
    standing = (StagePayment.submission_id == submission_id, StagePayment.taken_back_at.is_(None))
    return session.scalar(select(func.coalesce(func.sum(StagePayment.points), 0)).where(*standing)) or 0


def take_back_stages(session: Session, actor: Actor, submission_id: int, now: datetime) -> int:
    """Take back what steps of a submission were paid at once; returns how many points. A second time there is nothing left."""
    standing = (StagePayment.submission_id == submission_id, StagePayment.taken_back_at.is_(None))
    payments = session.scalars(select(StagePayment).where(*standing).order_by(StagePayment.id)).all()
    for payment in payments:
        key = f"submission:{submission_id}:stage:{payment.stage_id}:back"
        recognition.reverse(session, actor, transfer_id=payment.transfer_id, key=key, reason="submission_reversed", now=now)
        payment.taken_back_at = now
    session.flush()
    return sum(payment.points for payment in payments)

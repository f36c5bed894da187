"""What of a withdrawn answer holds when the same person starts anew, so that starting anew wins no tries."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.paying import pay_stages
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.queries.stages import answers_of, own_stages
from portal.challenges.queries.versions import root_of
from portal.challenges.stages.contract import Step
from portal.challenges.stages.registry import stage_kind


def carry_over(session: Session, made: Submission, now: datetime) -> None:
    """Give a submission that was just begun what the steps of the last withdrawn one in its slot carry over, and pay what that completes."""
    slot = {"person_id": made.person_id, "challenge_id": made.challenge_id, "period_key": made.period_key, "nth": made.nth}
    dropped = select(Submission).filter_by(**slot).where(Submission.id != made.id, Submission.dropped_at.is_not(None))
    last = session.scalar(dropped.order_by(Submission.id.desc()).limit(1))
    if last is None:
        return
    answers = answers_of(session, last.id)
    before = {root_of(stage): (stage, answers[stage.id].value) for stage in own_stages(session, last) if stage.id in answers}
    for stage in own_stages(session, made):
        if root_of(stage) in before:
            old, value = before[root_of(stage)]
            if kept := stage_kind(stage.kind).carried(value, was=Step.of(old), step=Step.of(stage)):
                session.add(Answer(submission_id=made.id, stage_id=stage.id, value=kept, saved_at=now))
    session.flush()
    pay_stages(session, made, now)

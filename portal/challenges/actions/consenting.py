"""Consents given in a step: kept when the answer is approved, ended when that is taken back.

Like referrals they follow from how things stand, so that approving early or by a rule, taking back and undoing need no more.
A consent counts from when the member sent it; an answer that nobody approved gives none.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.stages.consent import ConsentGiven, agreed_in
from portal.challenges.stages.contract import Step
from portal.consents.actions import Origin, end_consents, give_consent
from portal.kernel.actor import Actor

SOURCE = "submission"
_CONSENT = ConsentGiven()


def settle_consents(session: Session, actor: Actor, submission: Submission, attempt: Attempt, now: datetime) -> None:
    """Let the consents of a submission stand as it does. Steps that were left unfinished give none, even where the rest was approved."""
    if submission.state != SubmissionState.APPROVED or submission.dropped_at is not None:
        end_consents(session, actor, source_type=SOURCE, source_id=submission.id, now=now)
        return
    if attempt.state != AttemptState.APPROVED:
        return
    for entry in attempt.answers:
        if entry["kind"] == ConsentGiven.key and _CONSENT.problem(Step(entry["title"], entry["options"]), entry["value"]) is None:
            origin = Origin(SOURCE, submission.id, entry["stage_id"], attempt.id, submission.version)
            facts: dict[str, Any] = {"person_id": submission.person_id, "agreed": agreed_in(entry["options"], entry["value"]), "origin": origin}
            give_consent(session, actor, **facts, given_at=attempt.submitted_at, now=now)

"""Consents that members give in a step: kept when the answer is sent, in force once it is approved, withdrawn by the member alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.challenges.models import Submission
from portal.challenges.rules.states import SubmissionState
from portal.challenges.stages.consent import ConsentRecorded
from portal.challenges.stages.contract import Step
from portal.consents.actions import Agreed, give_consent, settle_consents
from portal.consents.rules import State, What, until_of
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone

SOURCE = "submission"
_CONSENTS = ConsentRecorded()
STATES = {SubmissionState.APPROVED: State.STANDS, SubmissionState.DECLINED: State.VOID}


def give_consents(session: Session, actor: Actor, submission: Submission, answers: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Keep the consents of what is being sent, with the exact text of the step as it was begun."""
    for entry in answers:
        value, options = entry["value"], entry["options"]
        if entry["kind"] == ConsentRecorded.key and _CONSENTS.problem(Step(entry["title"], options), value) is None:
            agreed = Agreed(
                what=options.get("what", What.QUOTE.value),
                text=options["text"],
                quoted=value.get("quote", ""),
                scopes=value["scopes"],
                until=until_of(local_date(now, programme_zone(session)), options.get("months")),
                version=submission.version,
                language=str(value.get("language") or ""),
            )
            source = (SOURCE, submission.id, entry["stage_id"])
            give_consent(session, actor, person_id=submission.person_id, source=source, agreed=agreed, now=now)


def settle_given(session: Session, actor: Actor, submission: Submission, now: datetime) -> None:
    """Let the consents of a submission stand as it does."""
    state = State.VOID if submission.dropped_at is not None else STATES.get(SubmissionState(submission.state), State.SENT)
    settle_consents(session, actor, source_type=SOURCE, source_id=submission.id, state=state, now=now)

"""What a member answers where they were told that their account owner reads it too: passed on while the answer is approved, and no longer."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts.actions.insights import end_insights, pass_on
from portal.accounts.rules.insights import InsightKind
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.stages import asking
from portal.challenges.stages.answer import WrittenAnswer
from portal.challenges.stages.nps import NpsQuestion, score_of
from portal.challenges.stages.questions import Questions
from portal.challenges.stages.reading import is_for_owner

SOURCE = "submission"


def settle_insights(session: Session, submission: Submission, attempt: Attempt, now: datetime) -> None:
    """Let what account owners read of a submission stand as it does: nothing of one that is not approved, or of another attempt."""
    if submission.state != SubmissionState.APPROVED or submission.dropped_at is not None:
        end_insights(session, source_type=SOURCE, source_id=submission.id, now=now)
        return
    if attempt.state != AttemptState.APPROVED:
        return
    for entry in attempt.answers:
        for kind, said, score in said_in(entry) if is_for_owner(entry["options"]) else ():
            source = (SOURCE, submission.id, entry["stage_id"])
            facts: dict[str, Any] = {"kind": kind, "question": question_of(entry), "said": said, "score": score}
            pass_on(session, person_id=submission.person_id, source=source, **facts, said_at=attempt.submitted_at, now=now)


def said_in(entry: Mapping[str, Any]) -> Iterator[tuple[InsightKind, str, int | None]]:
    """Yield what one step of an answer says: its words, a score with its reason, or several questions with what was said to each, in lines."""
    value = entry["value"]
    if entry["kind"] == WrittenAnswer.key:
        yield InsightKind.ANSWER, value.get("text") or "", None
    elif entry["kind"] == NpsQuestion.key:
        yield InsightKind.SCORE, value.get("why") or "", score_of(value)
    elif entry["kind"] == Questions.key:
        answers = value.get("answers") or {}
        pairs = ((question.ask, _written(answers.get(question.id))) for question in asking.questions_of(entry["options"]))
        yield InsightKind.ANSWER, "\n\n".join(f"{ask}\n{said}" for ask, said in pairs if said), None


def question_of(entry: Mapping[str, Any]) -> str:
    """Return what was asked, as far as the step says it in words of its own."""
    return str(entry["options"].get("label") or entry["title"])


def _written(answer: Any) -> str:
    parts = answer if isinstance(answer, list) else [answer]
    return ", ".join(str(part) for part in parts if part is not None and part != "")

"""Answers given to a step of a challenge."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.contract import Control, Labels, Moment, Options, Phrase, Test
from portal.audience.rules import MAX_VALUES
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.rules.states import ChallengeState, SubmissionState
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line
from portal.people.models import Person

_SENT = (Submission.dropped_at.is_(None), Submission.state.in_((SubmissionState.WAITING.value, SubmissionState.APPROVED.value)))
TEXT = "text"


class StepUnknown(Refusal):
    """A step that is not on the list."""

    message = N_("Please choose a step from the list.")
    field = "option_stage"


class TooManyAnswers(Refusal):
    """More answers than a rule holds."""

    message = N_("Write at most %(limit)s answers, one on each line.")
    field = "option_answers"


def load_answers(session: Session, person_id: int) -> dict[int, set[str | None]]:
    """Return the texts a person sent, by step; None for an answer without a text."""
    mine = select(Answer.stage_id, Answer.value).join(Submission, Submission.id == Answer.submission_id)
    found: dict[int, set[str | None]] = {}
    for stage_id, value in session.execute(mine.where(Submission.person_id == person_id, *_SENT)):
        text = value.get(TEXT)
        found.setdefault(stage_id, set()).add(text if isinstance(text, str) else None)
    return found


class HasAnswered:
    """The member sent an answer to a step; if texts are given, exactly one of those. What was sent back or withdrawn does not count."""

    key = "answered"
    name = N_("Answer given")
    hint = N_("Members who answered a step of a challenge, in any way or with certain words.")
    icon = "message-square-text"
    group = N_("What they did")

    def controls(self, session: Session) -> dict[str, Control]:
        """Return the step and the answers."""
        rows = session.execute(
            select(Stage.id, Stage.title, Challenge.title.label("challenge"))
            .join(Challenge, Challenge.id == Stage.challenge_id)
            .where(Stage.removed_at.is_(None), Challenge.state != ChallengeState.DRAFT)
            .order_by(Challenge.title, Challenge.id, Stage.position)
        )
        steps = [(str(row.id), f"{row.challenge} › {row.title}") for row in rows]
        help = N_("One on each line, exactly as they would write it. Empty takes any answer.")
        return {"stage": Control("choice", N_("Step"), choices=steps), "answers": Control("lines", N_("Answers"), help)}

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return the step and the answers. Refuses a step that is not there (``StepUnknown``) and more than 100 answers."""
        stage_id = str(given.get("stage") or "")
        if not stage_id.isdigit() or session.get(Stage, int(stage_id)) is None:
            raise StepUnknown()
        answers = sorted({line for raw in str(given.get("answers") or "").splitlines() if (line := clean_line(raw))})
        if len(answers) > MAX_VALUES:
            raise TooManyAnswers(limit=MAX_VALUES)
        return {"stage": int(stage_id), "answers": answers}

    def shown(self, session: Session, options: Options) -> dict[str, Any]:
        """Return both."""
        return {"stage": str(options["stage"]), "answers": "\n".join(options["answers"])}

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the titles of the steps."""
        ids = {options["stage"] for options in every}
        return {row.id: row.title for row in session.execute(select(Stage.id, Stage.title).where(Stage.id.in_(ids)))}

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “Answered “Which team?” with “Sales” or “Support””."""
        facts = {"step": labels.get(options["stage"], ""), "answers": [f"“{answer}”" for answer in options["answers"]]}
        return Phrase(N_("Answered “%(step)s” with %(answers)s") if options["answers"] else N_("Answered “%(step)s”"), facts)

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Remind the member of the step."""
        return Phrase(N_("you answered “%(step)s”"), {"step": labels.get(options["stage"], "")})

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition on answers sent."""
        sent = select(Submission.person_id).join(Answer, Answer.submission_id == Submission.id).where(Answer.stage_id == options["stage"], *_SENT)
        if options["answers"]:
            sent = sent.where(Answer.value[TEXT].as_string().in_(options["answers"]))
        return Person.id.in_(sent)

    def test(self, options: Options) -> Test:
        """Compare the member's own."""
        stage_id, wanted = options["stage"], frozenset(options["answers"])
        if not wanted:
            return lambda facts: stage_id in facts.of(load_answers)
        return lambda facts: not wanted.isdisjoint(facts.of(load_answers).get(stage_id, ()))

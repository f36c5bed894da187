"""Several questions in one step: text, choices, scales."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.acts.rules.acts import ActKind
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.rules.saying import ANSWERS
from portal.challenges.stages import asking
from portal.challenges.stages.contract import Asked, Control, Given, Keep, StageKind, Step, Value
from portal.challenges.stages.reading import READ_BY, READERS
from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class Questions(StageKind):
    """Done when every question that needs an answer has one. Answers are stored by the id of their question."""

    key: ClassVar = "questions"
    name: ClassVar = N_("Answer several questions")
    icon: ClassVar = "list-checks"
    hint: ClassVar = N_("Text, choices and scales, as many as you need.")
    counts_as: ClassVar = ActKind.SURVEY
    options: ClassVar[Mapping[str, Control]] = {"questions": Control("questions", N_("Questions")), READ_BY: READERS}
    asked_by: ClassVar = "challenges/stages/_read_by.html"
    held_in: ClassVar = ((ANSWERS,),)
    shown_by: ClassVar = "challenges/stages/_questions.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return one control for each question."""
        return {question.control_name: asking.control_for(question) for question in asking.questions_of(step.options)}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return the answers so far."""
        return asking.shown_for(value.get("answers") or {})

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the answers by question, none of them a choice that is not offered."""
        return {"answers": asking.answers_to(asking.questions_of(step.options), given)}

    def asks(self, step: Step) -> Mapping[str, Asked]:
        """Return each question with its choices."""
        return asking.asked_in(asking.questions_of(step.options))

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse questions left open, each beside its field."""
        if "answers" not in value:
            return StepMissing(step=step.title)
        still_open = asking.open_questions(asking.questions_of(step.options), value["answers"])
        return asking.QuestionsUnanswered(step, still_open) if still_open else None

    def flaw(self, step: Step) -> Refusal | None:
        """Refuse no questions, and those that nobody could answer."""
        return asking.why_not_ask(asking.questions_of(step.options), is_quiz=False)

"""Answer a question in one's own words."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.rules.saying import TEXT
from portal.challenges.stages.contract import ANSWER, Asked, Control, Given, Keep, StageKind, Step, Value
from portal.challenges.stages.reading import READ_BY, READERS
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean

MAX_LENGTH = 10_000


class AnswerTooShort(Refusal):
    """The admin asked for more than a word."""

    message = N_("Please write a little more: at least %(needed)s characters, this has %(given)s.")
    field = "answer"


class AnswerTooLong(Refusal):
    """Longer than anybody will read."""

    message = N_("Please shorten this to %(limit)s characters or fewer.")
    field = "answer"


class WrittenAnswer(StageKind):
    """Done when there is text, as long as the admin asks for."""

    key: ClassVar = "answer"
    name: ClassVar = N_("Answer a question")
    icon: ClassVar = "message-square-text"
    hint: ClassVar = N_("A question, answered in their own words.")
    options: ClassVar[Mapping[str, Control]] = {
        "label": Control("text", N_("Question"), N_("Stands above the field. The title of the step if empty."), max_length=200),
        "min_length": Control("number", N_("At least this many characters"), N_("Leave empty for any length."), max_length=2_000),
        READ_BY: READERS,
    }
    asked_by: ClassVar = "challenges/stages/_read_by.html"
    held_in: ClassVar = ((TEXT,),)
    shown_by: ClassVar = "challenges/stages/_answer.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a field of several lines."""
        return {ANSWER: Control("textarea", step.options.get("label") or step.title, max_length=MAX_LENGTH)}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return the text so far."""
        return {ANSWER: value.get("text", "")}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the cleaned text, never more than one character over the limit."""
        return {"text": clean(str(given.get(ANSWER) or "")).replace("\r\n", "\n")[: MAX_LENGTH + 1]}

    def asks(self, step: Step) -> Mapping[str, Asked]:
        """Return the one question, answered in own words."""
        return {"": Asked()}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse no text, too short and too long a text."""
        text = value.get("text") or ""
        needed = step.options.get("min_length") or 0
        if not text:
            return StepMissing(step=step.title)
        if len(text) < needed:
            return AnswerTooShort(needed=needed, given=len(text))
        return AnswerTooLong(limit=MAX_LENGTH) if len(text) > MAX_LENGTH else None

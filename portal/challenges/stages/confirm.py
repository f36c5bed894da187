"""Read and confirm: a text, and a box to tick."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import ANSWER, Control, Given, Keep, StageKind, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class Confirm(StageKind):
    """Done when the box is ticked."""

    key: ClassVar = "confirm"
    name: ClassVar = N_("Read and confirm")
    icon: ClassVar = "book-open-check"
    hint: ClassVar = N_("A text to read, and a box to tick.")
    options: ClassVar[Mapping[str, Control]] = {
        "sentence": Control("text", N_("Sentence beside the box"), N_("“I have read this” if empty."), max_length=200)
    }
    needs_check: ClassVar = False
    held_in: ClassVar = (("is_confirmed",),)
    shown_by: ClassVar = "challenges/stages/_confirm.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a box with the sentence beside it."""
        return {ANSWER: Control("checkbox", step.options.get("sentence") or N_("I have read this"))}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return whether the box is ticked."""
        return {ANSWER: bool(value.get("is_confirmed"))}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return whether it was ticked."""
        return {"is_confirmed": bool(given.get(ANSWER))}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse an empty box."""
        return None if value.get("is_confirmed") is True else StepMissing(step=step.title)

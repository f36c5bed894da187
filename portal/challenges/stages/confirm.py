"""Read and confirm: a text, and a box to tick."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import Control, Keep, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class Confirm:
    """Done when the box is ticked."""

    key: ClassVar = "confirm"
    name: ClassVar = N_("Read and confirm")
    icon: ClassVar = "book-open-check"
    hint: ClassVar = N_("A text to read, and a box to tick.")
    options: ClassVar[Mapping[str, Control]] = {
        "sentence": Control("text", N_("Sentence beside the box"), N_("“I have read this” if empty."), max_length=200)
    }
    has_autosave: ClassVar = True
    needs_check: ClassVar = False
    shown_by: ClassVar = "challenges/stages/_confirm.html"

    def control(self, step: Step) -> Control:
        """Return a box with the sentence beside it."""
        return Control("checkbox", step.options.get("sentence") or N_("I have read this"))

    def shown(self, value: Value) -> Any:
        """Return whether the box is ticked."""
        return bool(value.get("is_confirmed"))

    def read(self, step: Step, given: Any, before: Value, keep: Keep) -> Value:
        """Return whether it was ticked."""
        return {"is_confirmed": bool(given)}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse an empty box."""
        return None if value.get("is_confirmed") is True else StepMissing(step=step.title)

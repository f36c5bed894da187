"""An admin confirms: nothing to fill in but a note; people look and decide."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import Control, Given, Keep, StageKind, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean

NOTE_LENGTH = 2_000


class CheckedByAdmin(StageKind):
    """Done when the member says so. What is then looked at stands in the step, for reviewers alone."""

    key: ClassVar = "checked"
    name: ClassVar = N_("We check it ourselves")
    icon: ClassVar = "user-check"
    hint: ClassVar = N_("They say it is done, and you look. Nothing to fill in but a note.")
    options: ClassVar[Mapping[str, Control]] = {
        "check": Control("textarea", N_("What to check"), N_("Only reviewers read it, beside the answer."), max_length=1_000),
        "sentence": Control(
            "textarea",
            N_("What members read while you check"),
            N_("“We are checking this, and tell you here and by mail.” if empty."),
            max_length=500,
        ),
    }
    has_autosave: ClassVar = False
    asked_by: ClassVar = "challenges/stages/_checked_asked.html"
    shown_by: ClassVar = "challenges/stages/_checked.html"
    waits_by: ClassVar = "challenges/stages/_checked_waits.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a field for a note."""
        return {"note": Control("textarea", N_("A note for us, if you like"), max_length=NOTE_LENGTH)}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return the note so far."""
        return {"note": value.get("note", "")}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the cleaned note; saving it for later says nothing yet."""
        note = clean(str(given.get("note") or "")).replace("\r\n", "\n")[:NOTE_LENGTH]
        return {"note": note, "is_said": bool(before.get("is_said"))}

    def finish(self, step: Step, value: Value, before: Value) -> Value:
        """Return that the member says it is done."""
        return {**value, "is_said": True}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse as long as the member did not say so."""
        return None if value.get("is_said") is True else StepMissing(step=step.title)

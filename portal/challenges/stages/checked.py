"""An admin confirms: there is nothing to prove here, the team knows whether it happened."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import Control, Given, Keep, StageKind, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean

NOTE_LENGTH = 2_000


class TeamConfirms(StageKind):
    """Done as soon as the member says so; whether it is true somebody of the team checks, and the member reads meanwhile what is going on."""

    key: ClassVar = "checked"
    name: ClassVar = N_("The team confirms")
    icon: ClassVar = "clipboard-check"
    hint: ClassVar = N_("Nothing to fill in. You check by yourselves whether it happened.")
    options: ClassVar[Mapping[str, Control]] = {
        "checking": Control(
            "textarea", N_("What they read while you check"), N_("“We are checking this, and you need not do anything” if empty."), max_length=1_000
        ),
        "check": Control("textarea", N_("What to check"), N_("Only reviewers read this. For example where to look it up."), max_length=1_000),
    }
    needs_person: ClassVar = True
    asked_by: ClassVar = "challenges/stages/_checked_asked.html"
    waits_by: ClassVar = "challenges/stages/_checked_waits.html"
    held_in: ClassVar = (("is_said",), ("note",))
    shown_by: ClassVar = "challenges/stages/_checked.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a field for a note, which may stay empty."""
        return {"note": Control("textarea", N_("A note for the team, if you like"), max_length=NOTE_LENGTH)}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return the note so far."""
        return {"note": value.get("note", "")}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the note. Saving for later says nothing about whether it is done."""
        return {"note": clean(str(given.get("note") or "")).replace("\r\n", "\n")[:NOTE_LENGTH], "is_said": before.get("is_said") is True}

    def finish(self, step: Step, value: Value, before: Value) -> Value:
        """Return that the member says so."""
        return value | {"is_said": True}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse as long as nobody said that it is done."""
        return None if value.get("is_said") is True else StepMissing(step=step.title)

"""Go to a link and confirm: a button to a page, and a box to tick afterwards."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.addresses import StepLinkInvalid
from portal.challenges.stages.contract import ANSWER, Control, Given, Keep, StageKind, Step, Value
from portal.kernel.addresses import is_address
from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class StepLinkMissing(Refusal):
    """There is nowhere to go."""

    message = N_("Please enter where the button leads.")
    field = "option_link"


class Visit(StageKind):
    """Done when the box is ticked. Nobody watches whether the page was opened."""

    key: ClassVar = "visit"
    name: ClassVar = N_("Go to a link and confirm")
    icon: ClassVar = "external-link"
    hint: ClassVar = N_("A button to a page elsewhere, and a box to tick.")
    options: ClassVar[Mapping[str, Control]] = {
        "link": Control("url", N_("Where the button leads"), N_("The whole address. It opens in a new tab."), max_length=500),
        "button": Control("text", N_("Words on the button"), N_("“Open the page” if empty."), max_length=60),
        "sentence": Control("text", N_("Sentence beside the box"), N_("“I have been there” if empty."), max_length=200),
    }
    needs_check: ClassVar = False
    asked_by: ClassVar = "challenges/stages/_visit_asked.html"
    held_in: ClassVar = (("is_confirmed",),)
    shown_by: ClassVar = "challenges/stages/_visit.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a box with the sentence beside it."""
        return {ANSWER: Control("checkbox", step.options.get("sentence") or N_("I have been there"))}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return whether the box is ticked."""
        return {ANSWER: bool(value.get("is_confirmed"))}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return whether it was ticked."""
        return {"is_confirmed": bool(given.get(ANSWER))}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse an empty box."""
        return None if value.get("is_confirmed") is True else StepMissing(step=step.title)

    def flaw(self, step: Step) -> Refusal | None:
        """Refuse a button that leads nowhere, or to anything but a page."""
        link = str(step.options.get("link") or "")
        if not link:
            return StepLinkMissing()
        return None if is_address(link) else StepLinkInvalid()

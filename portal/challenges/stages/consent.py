"""Record consent: the exact text, what it is about, where it may be shown."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import Control, Given, Keep, StageKind, Step, Value
from portal.consents.rules import MOST_MONTHS, QUOTE_LENGTH, SCOPE_NAMES, TEXT_LENGTH, WHAT_NAMES, Scope, What
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean


class ConsentTextMissing(Refusal):
    """Nobody agrees to nothing."""

    message = N_("Please write the text that members agree to, word by word.")
    field = "option_text"


class ConsentScopeMissing(Refusal):
    """Nowhere to show it."""

    message = N_("Please choose where it may be shown.")
    field = "option_scopes"


class ScopeNotChosen(Refusal):
    """The member did not say where."""

    message = N_("Please choose where we may show it.")
    field = "scopes"


class QuoteMissing(Refusal):
    """A quote without words."""

    message = N_("Please write the words we may quote.")
    field = "quote"


class ConsentNotGiven(Refusal):
    """The box is what counts."""

    message = N_("Please tick that you agree. If you do not, withdraw your answer: nothing is shown then.")
    field = "agreed"


def scopes_of(options: Mapping[str, Any]) -> list[str]:
    """Return where the admin wants to show it, of what there is."""
    wanted = options.get("scopes") or []
    return [scope for scope in SCOPE_NAMES if scope in wanted]


class ConsentRecorded(StageKind):
    """Done when the box is ticked, and it is said where. Kept as a consent of its own once it is sent; it can be withdrawn at any time."""

    key: ClassVar = "consent"
    name: ClassVar = N_("Record a consent")
    icon: ClassVar = "badge-check"
    hint: ClassVar = N_("For a quote, a logo, a name, a photo or a case study.")
    options: ClassVar[Mapping[str, Control]] = {
        "what": Control("choice", N_("What it is about"), choices=tuple(WHAT_NAMES.items()), default=What.QUOTE.value),
        "text": Control("textarea", N_("The text they agree to"), N_("Kept word by word with each consent."), max_length=TEXT_LENGTH),
        "scopes": Control(
            "many",
            N_("Where you want to show it"),
            N_("Members may agree to some of these only."),
            choices=tuple(SCOPE_NAMES.items()),
            default=[Scope.WEBSITE.value],
        ),
        "months": Control("number", N_("For how many months"), N_("Until it is withdrawn if empty."), max_length=MOST_MONTHS),
    }
    asked_by: ClassVar = "challenges/stages/_consent_asked.html"
    shown_by: ClassVar = "challenges/stages/_consent.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a field for the words of a quote, the places, and the box."""
        asked = {}
        if step.options.get("what", What.QUOTE) == What.QUOTE:
            asked["quote"] = Control("textarea", N_("The words we may quote"), max_length=QUOTE_LENGTH)
        choices = tuple((scope, SCOPE_NAMES[scope]) for scope in scopes_of(step.options))
        asked["scopes"] = Control("many", N_("Where we may show it"), choices=choices)
        asked["agreed"] = Control("checkbox", N_("I agree to this"))
        return asked

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return what was entered so far."""
        told = {"scopes": value.get("scopes") or [], "agreed": bool(value.get("is_agreed"))}
        return (told | {"quote": value["quote"]} if "quote" in value else told) if value else {}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return words, places and the box, with the language in which the text was read."""
        chosen = given.get("scopes") or ()
        value = {"scopes": [scope for scope in scopes_of(step.options) if scope in chosen], "is_agreed": bool(given.get("agreed"))}
        if "quote" in self.controls(step):
            value["quote"] = clean(str(given.get("quote") or "")).replace("\r\n", "\n")[:QUOTE_LENGTH]
        return value | {"language": step.language}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse an empty step, a quote without words, no place, and no agreement."""
        if not value:
            return StepMissing(step=step.title)
        if "quote" in self.controls(step) and not value.get("quote"):
            return QuoteMissing()
        if not value.get("scopes"):
            return ScopeNotChosen()
        return None if value.get("is_agreed") is True else ConsentNotGiven()

    def flaw(self, step: Step) -> Refusal | None:
        """Refuse no text, and nowhere to show it."""
        if not step.options.get("text"):
            return ConsentTextMissing()
        return None if scopes_of(step.options) else ConsentScopeMissing()

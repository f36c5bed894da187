"""Record consent for a quote, a logo, a name, a photo or a case study: the exact words, where it may be used, until when."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from portal.acts.rules.acts import ActKind
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import Control, Given, Keep, StageKind, Step, Value
from portal.consents.rules import ITEM_NAMES, MOST_MONTHS, OF_CHALLENGES, QUOTE_LENGTH, SCOPE_NAMES, WORDS_LENGTH, Agreed, Item, Scope
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean


class ConsentMissing(Refusal):
    """Everything is there but the agreement."""

    message = N_("Please tick that you agree. You need not: what you entered is kept, but without this step it cannot be sent.")
    field = "agreed"


class QuoteMissing(Refusal):
    """A quote without words."""

    message = N_("Please write the quote as we may print it.")
    field = "quote"


class PlaceMissing(Refusal):
    """Allowed nowhere."""

    message = N_("Please tick at least one place where we may use it.")
    field = "scope"


class ConsentWordsMissing(Refusal):
    """Nobody agrees to nothing."""

    message = N_("Please write the exact text to which they agree.")
    field = "option_words"


class ConsentPlacesMissing(Refusal):
    """Nothing could be used anywhere."""

    message = N_("Please tick at least one place.")
    field = "option_scopes"


def item_of(options: Mapping[str, Any]) -> Item:
    """Return what a step asks for."""
    given = options.get("item")
    return Item(given) if given in OF_CHALLENGES else Item.QUOTE


def places_of(options: Mapping[str, Any]) -> Sequence[Scope]:
    """Return where a step asks to use it, in the order of all places; everywhere where nothing was chosen."""
    given = options.get("scopes")
    return [place for place in Scope if given is None or place.value in given]


def agreed_in(options: Mapping[str, Any], value: Value) -> Agreed:
    """Return what was agreed to in a stored value of this kind."""
    months = options.get("months")
    places = [place for place in places_of(options) if place.value in (value.get("scope") or ())]
    facts: dict[str, Any] = {"quote": str(value.get("quote") or ""), "months": months if isinstance(months, int) else None}
    return Agreed(item_of(options), str(options.get("words") or ""), places, **facts)


class ConsentGiven(StageKind):
    """Done when the member agreed, with at least one place left, and with the words where it is a quote. It counts with the approval."""

    key: ClassVar = "consent"
    name: ClassVar = N_("Record consent")
    icon: ClassVar = "signature"
    hint: ClassVar = N_("For a quote, logo, name, photo or case study: exact words, where, until when. They can withdraw it at any time.")
    counts_as: ClassVar = ActKind.CONSENT
    options: ClassVar[Mapping[str, Control]] = {
        "item": Control(
            "choice", N_("Consent for"), choices=tuple((item.value, ITEM_NAMES[item]) for item in OF_CHALLENGES), default=Item.QUOTE.value
        ),
        "words": Control(
            "textarea", N_("Exact text they agree to"), N_("For example “You may print this quote with my name and title.”"), max_length=WORDS_LENGTH
        ),
        "quote": Control(
            "textarea", N_("Quote you propose"), N_("Only for a quote. They can correct it, or write it if this is empty."), max_length=QUOTE_LENGTH
        ),
        "scopes": Control(
            "many",
            N_("Where you want to use it"),
            N_("They tick those they agree to; nothing is ticked before."),
            choices=tuple((place.value, name) for place, name in SCOPE_NAMES.items()),
            default=[place.value for place in Scope],
        ),
        "months": Control(
            "number", N_("For so many months"), N_("Counted from the day they send it. Until they withdraw it if empty."), max_length=MOST_MONTHS
        ),
    }
    asked_by: ClassVar = "challenges/stages/_consent_asked.html"
    held_in: ClassVar = (("is_agreed",),)
    shown_by: ClassVar = "challenges/stages/_consent.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return the quote where it is one, the places, and the box of the agreement."""
        places = places_of(step.options)
        choices = tuple((place.value, SCOPE_NAMES[place]) for place in places)
        asked = {}
        if item_of(step.options) is Item.QUOTE:
            help = N_("As it may be printed. Change it until it is what you would say.")
            asked["quote"] = Control("textarea", N_("The quote"), help, default=step.options.get("quote") or "", max_length=QUOTE_LENGTH)
        return {
            **asked,
            "scope": Control("many", N_("Where we may use it"), N_("Tick only the places you like."), choices=choices),
            "agreed": Control("checkbox", N_("I agree to exactly this text, in the places ticked")),
        }

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return what was entered; before that nothing, so that what the admin proposes stands there."""
        if not value:
            return {}
        words = {"quote": value["quote"]} if "quote" in value else {}
        return {**words, "scope": value.get("scope") or [], "agreed": bool(value.get("is_agreed"))}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the agreement, the places that are left, and the quote where it is one."""
        ticked = given.get("scope") or ()
        value = {"is_agreed": bool(given.get("agreed")), "scope": [place.value for place in places_of(step.options) if place.value in ticked]}
        if item_of(step.options) is Item.QUOTE:
            value["quote"] = clean(str(given.get("quote") or "")).replace("\r\n", "\n")[:QUOTE_LENGTH]
        return value

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse an empty step, a quote without words, no place, and no agreement."""
        if not value:
            return StepMissing(step=step.title)
        agreed = agreed_in(step.options, value)
        if agreed.item is Item.QUOTE and not agreed.quote:
            return QuoteMissing()
        if not agreed.scope:
            return PlaceMissing()
        return None if value.get("is_agreed") is True else ConsentMissing()

    def flaw(self, step: Step) -> Refusal | None:
        """Refuse a step without the text to agree to, and one for no place."""
        if not str(step.options.get("words") or "").strip():
            return ConsentWordsMissing()
        return None if places_of(step.options) else ConsentPlacesMissing()

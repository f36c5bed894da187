"""Completed by an outside event: another system tells us, matched by a code. There is nothing to fill in."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.acts.rules import ActKind
from portal.challenges.stages.addresses import StepLinkInvalid
from portal.challenges.stages.contract import Control, Given, Keep, StageKind, Step, Value
from portal.kernel.addresses import is_address
from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.outside.rules import CODE_LENGTH, DAYS_BEFORE, MOST_DAYS_BEFORE, CodeInvalid, normal_code, require_code


class NotHeardYet(Refusal):
    """The other system has not told us."""

    message = N_("We have not heard of “%(step)s” yet. It completes by itself, and you hear of it.")
    status = 409


class CodeMissing(CodeInvalid):
    """Without a code no event could be meant, and one of another shape is never sent."""

    field = "option_code"


def code_of(options: Mapping[str, Any]) -> str:
    """Return the code a step waits for."""
    return normal_code(str(options.get("code") or ""))


def days_before(options: Mapping[str, Any]) -> int:
    """Return how many days before the start an event may have happened."""
    given = options.get("days_before")
    return given if isinstance(given, int) else DAYS_BEFORE


class OutsideEventHeard(StageKind):
    """Done when an event with the step's code has come. Only the portal itself writes the value: what a member sends changes nothing."""

    key: ClassVar = "event"
    name: ClassVar = N_("Completed by an outside event")
    icon: ClassVar = "zap"
    hint: ClassVar = N_("Another system tells us, such as that of your webinars. Nothing to fill in.")
    counts_as: ClassVar = ActKind.EVENT
    options: ClassVar[Mapping[str, Control]] = {
        "code": Control(
            "text", N_("Code of the event"), N_("For example webinar-2026-03. The other system sends it, or an import."), max_length=CODE_LENGTH
        ),
        "link": Control("url", N_("Where it happens"), N_("The page where they register or take part. May be empty."), max_length=500),
        "within": Control(
            "text", N_("How long it usually takes"), N_("For example “two days”. The member reads “usually within two days”."), max_length=60
        ),
        "days_before": Control(
            "number",
            N_("Days before the start"),
            N_("An event counts that happened up to so many days before somebody began."),
            default=DAYS_BEFORE,
            max_length=MOST_DAYS_BEFORE,
        ),
    }
    has_autosave: ClassVar = False
    needs_check: ClassVar = False
    ends_itself: ClassVar = True
    asked_by: ClassVar = "challenges/stages/_event_asked.html"
    held_in: ClassVar = (("event_id",),)
    shown_by: ClassVar = "challenges/stages/_event.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return nothing to fill in."""
        return {}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return nothing."""
        return {}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return what was heard so far: nobody completes this step by a form."""
        return before

    def rehearsed(self, step: Step, value: Value) -> Value:
        """Return that an event has come, of no number and day."""
        return {"event_id": -1, "code": code_of(step.options)}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse as long as nothing was heard."""
        return None if value.get("event_id") else NotHeardYet(step=step.title)

    def flaw(self, step: Step) -> Refusal | None:
        """Refuse no code or one of another shape, and half a link."""
        try:
            require_code(str(step.options.get("code") or ""))
        except CodeInvalid:
            return CodeMissing(most=CODE_LENGTH)
        link = str(step.options.get("link") or "")
        return StepLinkInvalid() if link and not is_address(link) else None

"""Share a link to something public: a review, a post, a talk."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from portal.acts.rules import ActKind
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import ANSWER, Control, Given, Keep, StageKind, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line

MAX_LENGTH = 500


class LinkInvalid(Refusal):
    """Not the address of a public page."""

    message = N_("This is not a complete web address. It should look like https://example.com/your-review.")
    field = "answer"


class LinkElsewhere(Refusal):
    """The admin asked for a page on one site."""

    message = N_("Please share a link on %(host)s.")
    field = "answer"


def host_of(address: str) -> str:
    """Return the host of a whole web address, or nothing for what is none, however it was typed."""
    try:
        found = urlsplit(address)
        port_is_fine = found.port is None or found.port > 0
    except ValueError:
        return ""
    plain = found.scheme in ("http", "https") and not found.username and port_is_fine
    return (found.hostname or "").rstrip(".") if plain else ""


def whole_link(given: Any) -> str:
    """Return the address that was typed; ``https://`` is put before one without a scheme. Never more than one character over the limit."""
    address = clean_line(str(given or "")).replace(" ", "")
    if address and "://" not in address and not address.lower().startswith(("javascript:", "data:", "mailto:")):
        address = f"https://{address}"
    return address[: MAX_LENGTH + 1]


def link_flaw(address: str, hosts: Iterable[str] = ()) -> str:
    """Return ``form`` for what is no whole web address, ``elsewhere`` for one on none of ``hosts`` (any, if there are none), else nothing."""
    host = host_of(address).casefold()
    if "." not in host or len(address) > MAX_LENGTH:
        return "form"
    wanted = [one.casefold().removeprefix("www.") for one in hosts if one]
    return "elsewhere" if wanted and not any(host == one or host.endswith(f".{one}") for one in wanted) else ""


class SharedLink(StageKind):
    """Done when there is a whole http(s) address, on the right site where one is named. Whether the page is there the worker looks, later."""

    key: ClassVar = "link"
    name: ClassVar = N_("Share a link")
    icon: ClassVar = "link"
    hint: ClassVar = N_("The address of a public page, such as a review.")
    counts_as: ClassVar = ActKind.SHARE
    options: ClassVar[Mapping[str, Control]] = {
        "label": Control("text", N_("Label of the field"), N_("“Link” if empty."), max_length=120),
        "host": Control("text", N_("Only on this site"), N_("For example g2.com. Leave empty for any site."), max_length=120),
    }
    held_in: ClassVar = (("url",),)
    shown_by: ClassVar = "challenges/stages/_link.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return a field for one address."""
        label = step.options.get("label") or N_("Link")
        return {ANSWER: Control("url", label, N_("The public page, so that we can see it is live."), max_length=MAX_LENGTH)}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return the address so far."""
        return {ANSWER: value.get("url", "")}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the address."""
        return {"url": whole_link(given.get(ANSWER))}

    def links(self, value: Value) -> tuple[str, ...]:
        """Return the link."""
        return (value["url"],) if value.get("url") else ()

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse no address, half an address, and one on another site."""
        address, wanted = value.get("url") or "", str(step.options.get("host") or "")
        if not address:
            return StepMissing(step=step.title)
        flaw = link_flaw(address, (wanted,))
        return LinkElsewhere(host=wanted.casefold().removeprefix("www.")) if flaw == "elsewhere" else LinkInvalid() if flaw else None

"""Whether a page that was shared as proof is there: what an answer of it means, and how that is said. It never stops anybody from sending."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.fetching.addresses import WHY_SAID, Why
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

URL_LENGTH, HOST_LENGTH = 600, 255
GONE = (404, 410)
TURNS_AWAY = (401, 403, 405, 406, 407, 418, 429, 451)


class LinkState(StrEnum):
    """What was found. ``closed``: the site answers, but shows the page to no program."""

    WAITING = "waiting"
    LIVE = "live"
    GONE = "gone"
    CLOSED = "closed"
    FAILING = "failing"
    UNREACHED = "unreached"


LINK_SAID = {
    LinkState.WAITING: N_("Being looked at"),
    LinkState.LIVE: N_("The page is there"),
    LinkState.GONE: N_("There is no such page"),
    LinkState.CLOSED: N_("The site shows this page to people only: please open it"),
    LinkState.FAILING: N_("The site had a fault when we looked"),
    LinkState.UNREACHED: N_("Could not be looked at"),
}
LOOKS = {
    LinkState.WAITING: "waiting",
    LinkState.LIVE: "good",
    LinkState.GONE: "bad",
    LinkState.CLOSED: "warn",
    LinkState.FAILING: "warn",
    LinkState.UNREACHED: "bad",
}
NOT_LOOKED = N_("Not looked at yet")
SWITCHED_OFF = N_("Not checked: looking at links is switched off")
WENT_AWAY = N_("It leads on to %(host)s.")


class LinkChecksOff(Refusal):
    """The operator lets the portal ask no page outside."""

    message = N_("Looking at links is switched off here, so please open the page yourself.")
    status = 409


@dataclass(frozen=True)
class Liveness:
    """How a link stands, as a reviewer reads it. ``went_to`` is another site than the link names, ``why`` the reason in words."""

    look: str
    said: str
    status: int | None = None
    why: str = ""
    went_to: str = ""
    checked_at: datetime | None = None
    can_look: bool = True


def state_for(status: int) -> LinkState:
    """Return what a status means for somebody who asks whether the page is there."""
    if 200 <= status < 300:
        return LinkState.LIVE
    if status in GONE:
        return LinkState.GONE
    return LinkState.CLOSED if status in TURNS_AWAY else LinkState.FAILING


def reason_said(why: str | None) -> str:
    """Return the sentence for why a page was not asked; empty where there is none."""
    return WHY_SAID[Why(why)] if why in set(Why) else ""


def is_same_site(link_host: str, host: str) -> bool:
    """Tell whether two hosts are one site: equal but for ``www``, or one below the other."""
    one, other = link_host.casefold().removeprefix("www."), host.casefold().removeprefix("www.")
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")

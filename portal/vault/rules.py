"""What a code is, where it stands, and why something is not done with it. No sentence here ever holds a code."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_

MOST_CODES, MOST_BYTES = 5_000, 2_000_000
MOST_CHARACTERS = {"code": 200, "pin": 60, "link": 500}
STAGED_HOURS = 24
"""So long an import waits to be confirmed, then it is gone."""
SAME_CLICK = timedelta(seconds=60)
"""So long the form that showed a code shows it again: a second click, or a page that is loaded anew, is the same look."""
FAULTS_KEPT = 200
NEVER = date(9999, 12, 31)
"""The last day of a code that does not lapse."""
SOON_DAYS = 30
"""Codes whose last day is no further away lapse soon."""
_LAST_DAYS = ("expires_on", "expires", "expiry")
_GUARD = re.compile(r"^'(?=[=+@-])")
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}")
"""As spreadsheets write a number that is too long for them."""


class CodeState(StrEnum):
    """Where a code stands. Staged: its import is not confirmed; taken: set aside for somebody; ready: theirs, not looked at yet.

    Lapsed: its last day went by before anybody got it, and nobody will.
    """

    STAGED = "staged"
    FREE = "free"
    TAKEN = "taken"
    READY = "ready"
    SHOWN = "shown"
    LAPSED = "lapsed"


class Back(StrEnum):
    """Where a code is that was taken back: on its own shelf, among the spare ones, gone for good since somebody saw it or its import was taken
    out; or there was none.
    """

    SHELF = "shelf"
    SPARE = "spare"
    GONE = "gone"
    NONE = "none"


class Fault(StrEnum):
    """Why a line of a list was left out."""

    BROKEN = "broken"
    EMPTY = "empty"
    LONG = "long"
    LINK = "link"
    DAY = "day"
    LATE = "late"
    ROUNDED = "rounded"
    TWICE = "twice"
    KNOWN = "known"


FAULT_NAMES = {
    Fault.BROKEN: N_("The line has another number of cells than the first one."),
    Fault.EMPTY: N_("There is neither a code nor a link in it."),
    Fault.LONG: N_("Something in it is longer than is kept."),
    Fault.LINK: N_("The link is not a complete address of the web that begins with https://."),
    Fault.DAY: N_("The last day is none of the calendar. It is written as 2027-03-31."),
    Fault.LATE: N_("Its last day has gone by already."),
    Fault.ROUNDED: N_("It looks like a number that a spreadsheet has rounded. Save the list with its codes as text."),
    Fault.TWICE: N_("The same code stands further up in this list."),
    Fault.KNOWN: N_("This code is in the vault already."),
}


class KeyMissing(Conflict):
    """The key that sealed it is not among those of the installation."""

    message = N_("This code was sealed with a key that the portal does not have at the moment. Nothing is lost; please tell the people who run it.")


class NoCodeColumn(Refusal):
    """The list has no column of codes."""

    message = N_("The first line must name a column “code” or “link”; “pin” and “expires_on” may follow. Nothing was kept.")
    field = "upload"


class ListTooLarge(Refusal):
    """More codes than one list may have."""

    message = N_("One list may have %(most)s codes. Please split it; nothing was kept.")
    field = "upload"


class FileTooLarge(Refusal):
    """More bytes than a list may have."""

    message = N_("This file is larger than %(most)s MB. Please split it; nothing was kept.")
    field = "upload"


class BatchGone(Conflict):
    """The import was put aside, or was confirmed already."""

    message = N_("This import was confirmed or put aside already. Nothing was done twice.")


class OtherList(Conflict):
    """The same form came with another list."""

    message = N_("This form brought another list already. Nothing of this one was kept; please load the page again and choose it once more.")
    field = "upload"


class NoCodeLeft(Conflict):
    """The last free code is gone."""

    message = N_("There is no code left in the vault. Import more, then try again.")


class NoCodeYet(Conflict):
    """Nothing is there to be shown."""

    message = N_("There is no code to show here yet.")


class ShownAlready(Conflict):
    """It is shown once."""

    message = N_("This code was shown on %(at)s. It is shown once; if you could not keep it, ask us to show it again.")


class NotShownYet(Conflict):
    """It was not looked at, so nothing is to be allowed."""

    message = N_("This code was not looked at yet; they can open it themselves.")


class CodeTwice(Conflict):
    """Another holder has this very code."""

    message = N_("This very code is in the vault already.")


@dataclass(frozen=True)
class Card:
    """What somebody gets: a code, its PIN where it has one, the link under which it is used. One of code and link is there.

    ``expires_on`` is the last day on which it can be used, as far as a list said so; it is no secret, and not sealed.
    """

    code: str
    pin: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    expires_on: date = field(default=NEVER, repr=False, compare=False)

    def __repr__(self) -> str:
        return "Card(…)"


@dataclass(frozen=True)
class Look:
    """How a code stands for its holder; never the code."""

    state: CodeState
    taken_at: datetime
    shown_at: datetime | None
    times_shown: int
    asked_at: datetime | None
    expires_on: date = NEVER

    @property
    def last_day(self) -> date | None:
        """The last day on which it can be used, None where it does not lapse."""
        return None if self.expires_on == NEVER else self.expires_on

    def is_late(self, today: date) -> bool:
        """Tell whether it lapsed before it was handed over: another one follows it, or it waits for one."""
        return self.state == CodeState.TAKEN and self.expires_on < today

    @property
    def is_ready(self) -> bool:
        return self.state == CodeState.READY

    @property
    def was_shown(self) -> bool:
        return self.state == CodeState.SHOWN


@dataclass(frozen=True)
class Read:
    """A list, read: what can be kept, with its line, and which lines cannot."""

    cards: list[tuple[int, Card]]
    faults: list[tuple[int, Fault]]


def read_cards(header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], broken: Iterable[int] = (), *, today: date) -> Read:
    """Return the cards of a list; a code whose last day lies before ``today`` is none. Refuses: NoCodeColumn, ListTooLarge."""
    names = [name.strip().casefold() for name in header]
    if not {"code", "link"} & set(names):
        raise NoCodeColumn()
    cards: list[tuple[int, Card]] = []
    faults = [(line, Fault.BROKEN) for line in broken]
    for line, cells in rows:
        # A spreadsheet that guards its cells writes a quote before what looks like a formula.
        said = {name: _GUARD.sub("", cell.strip()) for name, cell in zip(names, cells, strict=False)}
        last = _last_day(said)
        fault = _fault(said) or (Fault.DAY if last is None else Fault.LATE if last < today else None)
        if fault is None and last is not None:
            cards.append((line, Card(said.get("code", ""), said.get("pin", ""), said.get("link", ""), last)))
        elif fault is not None:
            faults.append((line, fault))
    if len(cards) > MOST_CODES:
        raise ListTooLarge(most=MOST_CODES)
    return Read(cards, sorted(faults))


def _fault(said: Mapping[str, str]) -> Fault | None:
    if not said.get("code") and not said.get("link"):
        return Fault.EMPTY
    if any(len(said.get(name, "")) > most for name, most in MOST_CHARACTERS.items()):
        return Fault.LONG
    if any(_ROUNDED.fullmatch(said.get(name, "")) for name in ("code", "pin")):
        return Fault.ROUNDED
    return Fault.LINK if said.get("link") and not is_link(said["link"]) else None


def _last_day(said: Mapping[str, str]) -> date | None:
    """Return the last day that a line names, ``NEVER`` where it names none, None where it is no day."""
    named = next((said[name] for name in _LAST_DAYS if said.get(name)), "")
    try:
        return date.fromisoformat(named) if named else NEVER
    except ValueError:
        return None


def is_link(link: str) -> bool:
    """Tell whether this is an address under which a card may be used."""
    try:
        found = urlsplit(link)
        return found.scheme == "https" and "." in (found.hostname or "") and not found.username
    except ValueError:
        return False

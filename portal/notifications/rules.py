"""What is decided about jobs, mails and notices: leases, retries, who receives, what a header may hold."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_

LEASE = timedelta(seconds=60)
RENEW_AFTER = timedelta(seconds=20)
MAX_TRIES = 10
FIRST_WAIT, WAIT_FACTOR, LONGEST_WAIT = timedelta(seconds=5), 3, timedelta(hours=6)
SPREAD = 0.2
LAG_NOTED = timedelta(seconds=60)
LAG_FAILING = timedelta(minutes=5)
ERROR_LENGTH = 2000
MAIL_TOPIC = "mail.send"


class HeaderRefused(Refusal):
    """A name or address holds a line break: somebody tries to write mail headers of their own."""

    message = N_("A name or an e-mail address may not contain line breaks.")


class NotADeadLetter(Conflict):
    """The job is not dead any more, so there is nothing to retry."""

    message = N_("This job is already being tried again, or has been done since.")


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help. The job becomes a dead letter at once."""


class Recorder(Protocol):
    """Keeps record of what an admin did. The audit room stands beside this one, so ``app.py`` hands its ``record`` in."""

    def __call__(self, session: Any, actor: Actor, name: str, subject_type: str, subject_id: int | None, *, now: datetime, **data: Any) -> None: ...


@dataclass(frozen=True)
class Recipient:
    """Who is told: a person's inbox (``person_id``), an address (``email``), or both. ``language`` None is the programme's."""

    person_id: int | None
    email: str | None
    name: str
    language: str | None


@dataclass(frozen=True)
class Entry:
    """An entry for a calendar, as an invitation by mail carries it. ``uid`` names it for ever; each change has a higher ``sequence``.

    ``zone`` is where the clock is read, ``attendees`` are (name, address), ``is_cancelled`` takes it out of the calendar again.
    """

    uid: str
    sequence: int
    starts_at: datetime
    minutes: int
    zone: str
    attendees: tuple[tuple[str, str], ...]
    place: str = ""
    is_cancelled: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as the outbox keeps it."""
        return asdict(self) | {"starts_at": self.starts_at.isoformat(), "attendees": [list(one) for one in self.attendees]}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Entry":
        """Return it as ``to_json`` wrote it."""
        attendees = tuple((name, email) for name, email in kept["attendees"])
        return cls(**kept | {"starts_at": datetime.fromisoformat(kept["starts_at"]), "attendees": attendees})


def wait_after(tries: int, spread: float) -> timedelta:
    """Return how long to wait after the ``tries``-th failure: 5 s, 15 s, 45 s … at most 6 h.

    ``spread`` between -1 and 1 moves it by up to a fifth, so that what failed together does not come back together.
    """
    plain: timedelta = min(FIRST_WAIT * WAIT_FACTOR ** min(tries - 1, 20), LONGEST_WAIT)
    return plain * (1 + SPREAD * spread)


def is_spent(tries: int) -> bool:
    """Tell whether a job that was tried ``tries`` times is a dead letter."""
    return tries >= MAX_TRIES


def require_header_safe(*texts: str | None) -> None:
    """Refuse text that would break out of a mail header."""
    if any(character in "\r\n\0\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029" for text in texts for character in text or ""):
        raise HeaderRefused()


def require_path(link: str | None) -> None:
    """Links are paths of the portal itself; anything else is a programming error."""
    if link is not None and (not link.startswith("/") or link[1:2] in ("/", "\\")):
        raise ValueError(f"a link is a path, not {link!r}")


def message_id(outbox_id: int, stamp: datetime, host: str) -> str:
    """Return the Message-ID of a promised mail: a repeat carries the same one, so that the reader's side can drop it.

    The second of the promise is part of it, because ids start anew when a programme is reset.
    """
    return f"<{stamp:%Y%m%dT%H%M%S}.{outbox_id}@{host}>"


def text_on(color: str) -> str:
    """Return the text colour that is readable on ``color`` (#rrggbb): white or near black, by WCAG's relative luminance."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.18 else "#1c2530"


def mail_key(key: str, to: Recipient) -> str:
    """Return the outbox key of the mail for ``key`` to this recipient. Never longer than 200 characters, and holds no address."""
    who = f"person:{to.person_id}" if to.person_id is not None else f"address:{(to.email or '').casefold()}"
    return f"mail:{hashlib.sha256(f'{key}|{who}'.encode()).hexdigest()}"

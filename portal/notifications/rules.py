"""What is decided about jobs, mails and notices: leases, retries, who receives, what a header may hold."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

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

    message = N_("This job is already being tried again.")


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help. The job becomes a dead letter at once."""


@dataclass(frozen=True)
class Recipient:
    """Who is told: a person's inbox (``person_id``), an address (``email``), or both. ``language`` None is the programme's."""

    person_id: int | None
    email: str | None
    name: str
    language: str | None


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
    if link is not None and (not link.startswith("/") or link.startswith("//")):
        raise ValueError(f"a link is a path, not {link!r}")


def mail_key(key: str, to: Recipient) -> str:
    """Return the outbox key of the mail for ``key`` to this recipient. Never longer than 200 characters, and holds no address."""
    who = f"person:{to.person_id}" if to.person_id is not None else f"address:{(to.email or '').casefold()}"
    return f"mail:{hashlib.sha256(f'{key}|{who}'.encode()).hexdigest()}"

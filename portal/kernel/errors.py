"""Refusals: a rule said no, with its facts and a sentence for the person.

Each room's ``rules.py`` declares its own subclasses. ``message`` is marked with ``N_`` and
translated at the door; ``%(name)s`` in it is filled from the facts given to the constructor.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from portal.kernel.text import N_


class Sentences(tuple[str, ...]):
    """Sentences as a fact of a refusal, marked for translation: told one after another in the reader's language."""

    def __str__(self) -> str:
        return " ".join(self)


class Refusal(Exception):
    """A rule said no. Rolls the unit of work back and is shown as a sentence.

    ``status`` is the HTTP status a door answers with, ``field`` the form field it belongs to, ``parts`` what is
    refused field by field where one sentence is not enough.
    """

    message: ClassVar[str] = N_("That is not possible.")
    status: ClassVar[int] = 422
    field: str | None = None
    parts: "tuple[Refusal, ...]" = ()

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(facts)

    @property
    def name(self) -> str:
        return type(self).__name__

    def __str__(self) -> str:
        return self.message % self.facts


def refuse_all(wrong: Sequence[Refusal]) -> None:
    """Raise what is wrong, if anything is: the first, with all of them as its parts, so that a form marks every field at once."""
    if not wrong:
        return
    first = wrong[0]
    first.parts = tuple(wrong) if len(wrong) > 1 else first.parts
    raise first


class NotFound(Refusal):
    """There is no such thing, or the actor may not know of it: one answer for both."""

    message = N_("We could not find that. It may have been removed, or the link may be incomplete.")
    status = 404


class NotAllowed(Refusal):
    """The actor may know of the thing, but not do this to it."""

    message = N_("You do not have permission to do that.")
    status = 403


class Conflict(Refusal):
    """Somebody else was faster, or the thing is no longer in the state that was shown."""

    message = N_("This changed while you were looking at it. Nothing was done; here is how it stands now.")
    status = 409


class Unreachable(Exception):
    """The database is away: stopped, starting, cut off, its file not to be opened. No refusal, since no rule said it.

    Whether a unit of work that was just being committed is kept cannot be known; what was committed before is safe.
    """

    message: ClassVar[str] = N_(
        "What was saved is safe. Please try again in a moment; if you were just sending something, look whether it arrived before you send it again."
    )

    def __str__(self) -> str:
        return "The database cannot be reached."


class Busy(Refusal):
    """The database could not give a lock in time. Safe to try again."""

    message = N_("The portal is busy at this moment. Nothing was changed; please try again.")
    status = 503

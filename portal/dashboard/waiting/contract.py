"""The contract of what waits on an admin. A new kind of thing that waits is one more class like these, listed in ``app.py``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.text import like_pattern
from portal.web.paging import AnySelect

APPROVE, MORE = "approve", "more"


@dataclass(frozen=True)
class Wanted:
    """What the queue is filtered by. ``q`` and ``company`` are folded; ``until`` leaves out what came later.

    ``owner`` is ``none`` or a person's id; ``overdue`` holds for each kind the moment since when what
    waits is overdue, and leaves out the rest; ``challenge`` leaves only answers to that one.
    """

    q: str = ""
    track: str = ""
    until: datetime | None = None
    company: str = ""
    challenge: int | None = None
    owner: str = ""
    overdue: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True)
class Given:
    """What an admin entered with a verdict."""

    reason: str = ""
    company: str = ""
    first_id: int = 0
    points: int = 0
    category: str = ""
    stage_id: int | None = None
    agreed: int = 0
    """What somebody would owe, as it was shown."""


Decide = Callable[[Session, Actor, int, Given, datetime], object]


@dataclass(frozen=True)
class Verdict:
    """One way to decide. ``decide`` calls the room's own action, which knows who may and what is refused."""

    decide: Decide
    done: str
    """The sentence for the reviewer afterwards, marked with ``N_``. Where the act returned None, the approval was the first of two."""
    told: Callable[[Any], str] | None = None
    """The sentence by what the act returned, where it depends on it; ``done`` otherwise."""
    stays: bool = False
    """Whether the thing waits on afterwards."""
    among_many: Decide | None = None
    """How it is decided with many others that nobody opens, where that refuses more."""


@dataclass(frozen=True)
class Shown:
    """One thing in the side panel. ``detail`` is what the room gives for deciding; ``is_own`` bars the reader from it."""

    detail: Any
    waits: bool
    is_own: bool
    waiting_since: datetime
    barred: frozenset[int] = frozenset()
    """Those whose own it is."""
    kept_with: tuple[str, int] | None = None
    """Kind and id of the thing with which a first approval is kept, where that is another one."""


class WaitingSource(Protocol):
    """One kind of thing that waits.

    ``verdicts`` by the word in their address; those named ``approve`` and ``more`` are offered in bulk.
    ``look`` is icon and colour of its lines, ``panel`` the template in which one thing is shown and
    decided, ``words`` what it needs of the room besides.
    """

    kind: ClassVar[str]
    name: ClassVar[str]
    look: ClassVar[tuple[str, str]]
    panel: ClassVar[str]
    words: ClassVar[Mapping[str, Any]]
    verdicts: ClassVar[Mapping[str, Verdict]]

    def waiting(self, wanted: Wanted) -> AnySelect:
        """Return a select of what waits, with the columns of ``COLUMNS`` under those names."""

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        """Return what the audit log calls the thing: type and id."""

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        """Return all that helps ``actor`` to decide; raises ``NotFound``."""


COLUMNS = ("kind", "id", "waiting_since", "person_id", "person", "company", "title", "track", "points")


def each_word(q: str, *columns: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that every word of a folded search stands in one of ``columns``."""
    return [or_(*(column.like(like_pattern(word), escape="\\") for column in columns)) for word in q.split()]

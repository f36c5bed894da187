"""The contract of what waits on an admin. A new kind of thing that waits is one more class like these, listed in ``app.py``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy import ColumnElement, case, literal, or_, select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal
from portal.kernel.text import like_pattern
from portal.review.models import ReviewDecision
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
    owned: Callable[[datetime], object] | None = None
    """What the room does once somebody has it, where it does something."""
    kept_with: tuple[str, int] | None = None
    """Kind and id of the thing with which a first approval is kept, where that is another one."""


@dataclass(frozen=True)
class Undoing:
    """How decisions of a kind are undone within the minute by whoever gave them.

    ``kind`` is the source's word in the address, ``said`` names what was decided, by its word. ``decided`` returns a select with the columns
    of ``DECIDED`` of what somebody decided since a moment and nobody undid: with ``final``, a word of ``stays``, or ``SINCE``,
    for why it cannot be undone.
    ``undo`` calls the room's own action and returns the item that waits again.
    """

    kind: str
    said: Mapping[Any, str]
    decided: Callable[[int, datetime], AnySelect]
    undo: Callable[[Session, Actor, int, datetime], int]
    stays: Mapping[str, type[Refusal]] = field(default_factory=dict)


class WaitingSource(Protocol):
    """One kind of thing that waits.

    ``verdicts`` by the word in their address; those named ``approve`` and ``more`` are offered in bulk.
    ``look`` is icon and colour of its lines, ``panel`` the template in which one thing is shown and
    decided, ``words`` what it needs of the room besides. ``undoing`` may be another source's, where the decisions are that one's.
    """

    kind: ClassVar[str]
    name: ClassVar[str]
    look: ClassVar[tuple[str, str]]
    panel: ClassVar[str]
    words: ClassVar[Mapping[str, Any]]
    verdicts: ClassVar[Mapping[str, Verdict]]
    undoing: ClassVar[Undoing]

    def waiting(self, wanted: Wanted) -> AnySelect:
        """Return a select of what waits, with the columns of ``COLUMNS`` under those names."""

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        """Return what the audit log calls the thing: type and id."""

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        """Return all that helps ``actor`` to decide; raises ``NotFound``."""


COLUMNS = ("kind", "id", "waiting_since", "person_id", "person", "company", "title", "track", "points")
SINCE = "since"
"""The word for something that happened since, where a room has none of its own."""
DECIDED = ("kind", "id", "verdict", "final", "at", "title", "person")


def kept(kind: str, person_id: int, since: datetime, title: Any, thing: type[Any], person: Any, moved: Any = None) -> AnySelect:
    """Return what ``person_id`` decided of a kind whose decisions ``review`` keeps, about ``thing``; its id and ``person``, whom it concerns.

    ``moved`` is an expression for the word of what happened to the thing since, by which the decision stands, empty where nothing did.
    """
    final = ReviewDecision.final if moved is None else case((ReviewDecision.final != "", ReviewDecision.final), else_=moved).label("final")
    mine = (ReviewDecision.decided_by_id == person_id, ReviewDecision.at > since, ReviewDecision.kind == kind, ReviewDecision.undone_at.is_(None))
    columns = (literal(kind).label("kind"), ReviewDecision.id, ReviewDecision.verdict, final, ReviewDecision.at)
    return select(*columns, title.label("title"), person.label("person")).join(thing, thing.id == ReviewDecision.item_id).where(*mine)


def each_word(q: str, *columns: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that every word of a folded search stands in one of ``columns``."""
    return [or_(*(column.like(like_pattern(word), escape="\\") for column in columns)) for word in q.split()]

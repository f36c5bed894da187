"""The contract of a kind of rule: how an admin fills it in, what it says, whom it means as SQL and for one member.

The two meanings are one: a property test holds ``condition`` and ``test`` to each other and to a
slow plain reading. A higher room adds a kind by a class like these, listed in ``app.py``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from portal.audience.facts import Facts

Options = Mapping[str, Any]
"""What is stored of a rule: JSON, in the normal form that ``read`` returns."""
Labels = Mapping[Any, str]
"""What things named by number in options are called."""
Test = Callable[[Facts], bool]


@dataclass(frozen=True)
class Control:
    """A form control: ``kind`` is many, choice, search (typed, ``choices`` are suggestions), number, day or lines.
    Label and help are marked with ``N_``.

    ``choices`` are (value, words); ``is_ours`` where the words are the portal's and are translated.
    """

    kind: str
    label: str
    help: str = ""
    choices: Sequence[tuple[str, str]] = ()
    is_ours: bool = False
    default: Any = None


@dataclass(frozen=True)
class Moment:
    """When and where a condition is asked: now, the programme's time zone and language."""

    now: datetime
    zone: str
    language: str


@dataclass(frozen=True)
class Word:
    """A word of the portal's own inside a phrase, marked with ``N_``."""

    text: str


@dataclass(frozen=True)
class Phrase:
    """A sentence marked with ``N_`` and what it is filled from: text, numbers, days, words, or a list of them, read as “a, b or c”."""

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class RuleKind(Protocol):
    """One kind of rule. ``key`` is stored and never changes; ``icon`` is a Lucide name; ``group`` puts like to like in the editor."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def hint(self) -> str: ...
    @property
    def icon(self) -> str: ...
    @property
    def group(self) -> str: ...

    def controls(self, session: Session) -> Mapping[str, Control]:
        """Return what the editor asks for, by name of the option, with today's choices."""

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return what to store for what was given; refuses by name, on the field, what means nothing."""

    def shown(self, session: Session, options: Options) -> Mapping[str, Any]:
        """Return what the controls hold when a rule is opened again."""

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return what the things are called that these rules name by number, in one query or none."""

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return the rule as a sentence for admins, such as “Industry is Retail or Transport”."""

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Return to a member, of whom the rule holds, why; says nothing that is not theirs to know."""

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the rule over ``Person``: true or false of everybody, never NULL."""

    def test(self, options: Options) -> Test:
        """Return the rule for one member. Built once and kept, so it reads the time from the facts."""

"""The contract of a kind of stage: what is asked, what is stored, what is refused, how a reviewer sees it.

Pure: no forms and no tables here. The doors make the form field from ``Control``; the stored value is JSON.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from portal.files.receiving import Received
from portal.kernel.errors import Refusal

Value = dict[str, Any]


@dataclass(frozen=True)
class Control:
    """A form control: ``kind`` is checkbox, text, textarea, url, number, choice or file.

    Label and help are the portal's words, marked with ``N_``, or what an admin wrote. ``purpose`` says
    what a file is for, and with that which ones are accepted: ``image`` or ``document``.
    """

    kind: str
    label: str
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: Any = None
    max_length: int | None = None
    accept: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class Step:
    """A stage as its kind sees it."""

    title: str
    options: Mapping[str, Any] = field(default_factory=dict)


class Stored(Protocol):
    """A file that has its row."""

    @property
    def id(self) -> int: ...
    @property
    def filename(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def is_image(self) -> bool: ...


Keep = Callable[[Received], Stored]
"""Write the row of a file that was received. The door received it, checked, before the unit of work, since the step's control is a file."""


class StageKind(Protocol):
    """One kind of stage. ``key`` is stored with stages and attempts and never changes."""

    key: ClassVar[str]
    name: ClassVar[str]
    icon: ClassVar[str]
    hint: ClassVar[str]
    options: ClassVar[Mapping[str, Control]]
    """What the editor asks for besides title and text, by name of the option."""
    has_autosave: ClassVar[bool]
    needs_check: ClassVar[bool]
    """Whether a person has to look before the step can be paid. Where not, small points are paid at once."""
    shown_by: ClassVar[str]
    """The template in which advocate and reviewer see a stored value."""

    def control(self, step: Step) -> Control:
        """Return the form control with which the advocate answers."""

    def shown(self, value: Value) -> Any:
        """Return what the control holds when the page is opened again."""

    def read(self, step: Step, given: Any, before: Value, keep: Keep) -> Value:
        """Return the value to store for what was given; an unfinished one is kept too. ``given`` of a file is a ``Received`` or None."""

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Return why ``value`` does not complete the step, or None."""

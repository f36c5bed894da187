"""The contract of a kind of stage: what is asked, what is stored, what is refused, how a reviewer sees it.

Pure: no forms and no tables here. The doors make the form's fields from ``Control``; the stored value is JSON.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from portal.acts.rules import ActKind
from portal.files.receiving import Received
from portal.kernel.errors import Refusal
from portal.people.rules.throttle import Limit

Value = dict[str, Any]
Given = Mapping[str, Any]
"""What was entered, by name of the control. A file is a ``Received``, or None where none was chosen."""

ANSWER = "answer"
"""What a kind calls its control if it has only one."""


@dataclass(frozen=True)
class Control:
    """A form control: ``kind`` is checkbox, text, textarea, url, email, number, choice, one, many, scale, file, questions or quiz.

    ``choice`` is a list that opens, ``one`` and ``many`` show every choice, ``scale`` is a row of choices with words
    at its two ``ends``. Label and help are the portal's words, marked with ``N_``, or what an admin wrote. ``words`` fill
    the gaps of the label; an empty one is the name of the portal. ``purpose`` says what a file is for, and with that which ones are
    accepted: ``image`` or ``document``. Only the editor asks with ``questions`` and ``quiz``, a list of questions that grows.
    """

    kind: str
    label: str
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: Any = None
    max_length: int | None = None
    accept: str = ""
    purpose: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    ends: tuple[str, str] = ("", "")


class _Asked(Protocol):
    """A stage, or one step of what was sent."""

    @property
    def title(self) -> str: ...
    @property
    def options(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Step:
    """A stage as its kind sees it. ``language`` is the reader's, empty where nobody reads."""

    title: str
    options: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""

    @classmethod
    def of(cls, stage: _Asked, language: str = "") -> "Step":
        """Return a stage as its kind sees it."""
        return cls(stage.title, stage.options, language)


@dataclass(frozen=True)
class Asked:
    """A question whose answers can be compared: its words, empty where the step is the question, and what may be chosen, None for own words."""

    words: str = ""
    choices: tuple[str, ...] | None = None


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
"""Write the row of a file that was received. The door received it, checked, before the unit of work, since the step has a file control."""


class StageKind(Protocol):
    """One kind of stage. ``key`` is stored with stages and attempts and never changes."""

    key: ClassVar[str]
    name: ClassVar[str]
    icon: ClassVar[str]
    hint: ClassVar[str]
    options: ClassVar[Mapping[str, Control]] = {}
    """What the editor asks for besides title and text, by name of the option."""
    has_autosave: ClassVar[bool] = True
    counts_as: ClassVar[ActKind] = ActKind.CHALLENGE
    """Which kind of act a challenge with such a step is, unless another step goes before (``rules/acting.py``)."""
    needs_check: ClassVar[bool] = True
    """Whether a person has to look before the step can be paid. Where not, small points are paid at once."""
    needs_person: ClassVar[bool] = False
    """Whether only a person may approve an answer with such a step: no rule that approves by itself ever covers it."""
    ends_itself: ClassVar[bool] = False
    """Whether others complete the step. Where it is the last, what is whole is then sent without the member."""
    keeps_tries: ClassVar[bool] = False
    """Whether an answer that does not complete the step is kept all the same, with what ``finish`` made of it; not one with a mistake in a field."""
    done_label: ClassVar[str] = ""
    """What the button says instead of "Save and continue". The step is then looked at before anything is sent."""
    tries: ClassVar[Limit | None] = None
    """How often somebody may say that they are done, where the answer tells them something about others. Without limit if None."""
    asked_by: ClassVar[str] = ""
    """A template between the text of the step and its controls; it reads ``stage`` and ``value``. None if empty."""
    held_in: ClassVar[tuple[tuple[str, ...], ...]]
    """Where in a stored value something stands that answers the step: one of these sets of names, each of them with something in it.

    A value without that is empty (``rules/saying.py``), whatever else is kept in it: nothing was entered, or nothing that may be used.
    """
    shown_by: ClassVar[str]
    """The template in which advocate and reviewer see a stored value; it reads ``value`` and the step's ``options``."""
    waits_by: ClassVar[str] = ""
    """A template that the member reads about this step while the answer waits; it reads ``options`` and ``value``. None if empty."""

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return the form controls with which the advocate answers, by name; at most one is a file. None where there is nothing to fill in."""

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return what the controls hold when the page is opened again, by name."""

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the value to store for what was given; an unfinished one is kept too."""

    def finish(self, step: Step, value: Value, before: Value) -> Value:
        """Return what follows when somebody says that they are done, not only saving for later: a quiz is checked."""
        return value

    def is_settled(self, step: Step, value: Value) -> bool:
        """Tell whether nothing more can be entered, however it ended."""
        return False

    def carried(self, value: Value, *, was: Step, step: Step) -> Value:
        """Return what of an answer that was withdrawn holds for who starts anew, where the step ``was`` is now ``step``. Mostly nothing."""
        return {}

    def rehearsed(self, step: Step, value: Value) -> Value:
        """Return what a test run takes for what was entered: where nothing is, as if what completes the step had happened."""
        return value

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Return why ``value`` does not complete the step, or None. The refusal's field is a control's name."""

    def unfinished(self, step: Step, value: Value) -> Value:
        """Return what of a value that may be unfinished goes with an answer that is taken as it is: mostly all."""
        return value

    def asks(self, step: Step) -> Mapping[str, Asked]:
        """Return the questions whose answers can be compared, by id, the only one by an empty id. What was said to each ``rules/saying.py`` reads."""
        return {}

    def links(self, value: Value) -> tuple[str, ...]:
        """Return the public pages that a value points at; once it is sent, the worker looks whether they are there."""
        return ()

    def flaw(self, step: Step) -> Refusal | None:
        """Return why an admin cannot ask this, or None. The refusal's field is ``option_`` and the option's name."""
        return None


def file_control(kind: StageKind, step: Step) -> tuple[str, Control] | None:
    """Return name and control of the file a step asks for, if it does."""
    return next(((name, control) for name, control in kind.controls(step).items() if control.kind == "file"), None)

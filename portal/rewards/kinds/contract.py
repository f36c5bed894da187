"""The contract of a kind of reward: what the editor asks, what the member is asked, which steps it takes, what is read at each.

Pure: no forms and no tables here. The doors make the form's fields from ``Control``; stored values are JSON, all of them text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from portal.kernel.addresses import is_address
from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.rewards.kinds.checks import (
    AnswerUnknown,
    DayInvalid,
    FieldMissing,
    LinkInvalid,
    TextTooLong,
    is_day,
    lines_of,
)
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.states import SPENT, STATE_NAMES, STEP_NAMES, State

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Control:
    """A form control: ``kind`` is text, url, day, lines (one entry a line) or one (of ``choices``). Label and help are marked with ``N_``.

    ``names`` are what the choices are called, marked too, where they are words of ours; what an admin wrote is its own name.
    """

    kind: str
    label: str
    help: str = ""
    choices: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    max_length: int = 200
    is_required: bool = False


@dataclass(frozen=True)
class Fact:
    """Something to read about one redemption: ``kind`` is text, link, day or code. The label is marked with ``N_``."""

    label: str
    value: str
    kind: str = "text"

    @property
    def day(self) -> date:
        return date.fromisoformat(self.value)


class Comes(StrEnum):
    """In what a kind comes: as it is, in variants such as sizes, or on dates with seats."""

    AS_IT_IS = "as_it_is"
    VARIANTS = "variants"
    DATES = "dates"


class RewardKind(Protocol):
    """One kind of reward. ``key`` is stored with rewards and never changes."""

    key: ClassVar[Kind]
    look: ClassVar[tuple[str, str]]
    """Colour and icon."""
    hint: ClassVar[str]
    """What an admin reads about how it goes."""
    options: ClassVar[Mapping[str, Control]] = {}
    """What the editor asks for besides, by name."""
    gives: ClassVar[Mapping[str, Control]] = {}
    """What the desk fills in when it is sent or handed over, by name."""
    comes: ClassVar[Comes] = Comes.AS_IT_IS
    needs_address: ClassVar[bool] = False
    is_ordered: ClassVar[bool] = False
    """Whether it is ordered from somebody before it is sent."""
    is_at_once: ClassVar[bool] = False
    """Whether it is theirs as soon as it is approved; nobody sends anything."""
    is_shown: ClassVar[bool] = False
    """Whether it is a ticket, which is received by being shown at a door; the member cannot say so themselves."""
    words: ClassVar[Mapping[State, str]] = {State.APPROVED: N_("Approved, to be handed over")}
    """Names of states where this kind has its own."""
    told: ClassVar[Mapping[State, str]] = {}
    """What the member reads at a step, besides its name."""
    has_it: ClassVar[tuple[str, str]] = (
        N_("I have it"),
        N_("After %(days)s days it counts as received by itself. If it does not arrive, write to us before."),
    )
    """What the member's button says once it was sent, and what happens if nobody presses it."""
    called_off: ClassVar[str] = N_("Somebody may be seeing to it already; we tell them at once.")
    """What a member reads before they cancel what was approved."""
    send: ClassVar[tuple[str, str]] = (N_("Hand over"), N_("Handed over. The held points are spent."))
    """What the desk's button says, and what was done then."""

    def asks(self, options: Values) -> Mapping[str, Control]:
        """Return what the member is asked when redeeming, by name."""
        return {}

    def day(self, options: Values) -> date | None:
        """Return the day on which it takes place, where the reward has one for all."""
        return None

    def tidied(self, options: Values) -> dict[str, str]:
        """Return what was entered as it is kept, where it is plain what is meant."""
        return dict(options)

    def flaw(self, options: Values) -> Refusal | None:
        """Return why it cannot be offered like this, or None. The refusal's field is ``option_`` and the option's name."""
        return mistake(self.options, options, "option_")

    def problem(self, options: Values, answers: Values) -> Refusal | None:
        """Return why ``answers`` do not suffice, or None. The refusal's field is ``ask_`` and the name."""
        return mistake(self.asks(options), answers, "ask_")

    def shortfall(self, handed: Values) -> Refusal | None:
        """Return why ``handed`` does not suffice to hand it over, or None. The refusal's field is ``give_`` and the name."""
        return mistake(self.gives, handed, "give_")

    def facts(self, options: Values, answers: Values, handed: Values, state: State) -> list[Fact]:
        """Return what member and desk read about one redemption."""
        return []

    def state_name(self, state: State | str) -> str:
        """Return what ``state`` is called for this kind, marked for translation."""
        found = State(state)
        return self.words.get(found, STATE_NAMES[found])

    def step_name(self, state: State | str) -> str:
        """Return what it is called, marked for translation, that ``state`` was reached: among the things that happened, not as what comes next."""
        found = State(state)
        return self.words.get(found, STEP_NAMES[found]) if found in SPENT else STEP_NAMES[found]


def is_theirs(state: State | str) -> bool:
    """Tell whether it is in the member's hands, or on the way to them."""
    return state in SPENT


def read(controls: Mapping[str, Control], given: Values) -> dict[str, str]:
    """Return what of ``given`` belongs to ``controls``, as text, empty ones left out."""
    return {name: said for name in controls if (said := str(given.get(name) or "").strip())}


def mistake(controls: Mapping[str, Control], values: Values, prefix: str) -> Refusal | None:
    """Return the first reason why ``values`` do not fit ``controls``, or None. Its field is the name behind ``prefix``."""
    for name, control in controls.items():
        refusal = _mistake(control, str(values.get(name) or ""))
        if refusal is not None:
            refusal.field = prefix + name
            return refusal
    return None


def _mistake(control: Control, said: str) -> Refusal | None:
    if not said:
        return FieldMissing() if control.is_required else None
    if len(said) > control.max_length:
        return TextTooLong(most=control.max_length)
    if control.kind == "url" and not is_address(said):
        return LinkInvalid()
    if control.kind == "day" and not is_day(said):
        return DayInvalid()
    if control.kind == "one" and said not in control.choices:
        return AnswerUnknown()
    if control.kind == "lines" and len(lines_of(said)) > 50:
        return TextTooLong(most=50)
    return None

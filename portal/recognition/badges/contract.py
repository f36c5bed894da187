"""What a kind of rule is, what it may know of a person, and what this room needs of those above it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, ClassVar, Protocol

from sqlalchemy.orm import Session

from portal.recognition.rules.badges import MOST_NUMBER, Progress, RuleIncomplete
from portal.recognition.rules.streaks import MOST_WEEKS, StreakTooLong
from portal.web.paging import AnySelect

Options = Mapping[str, Any]
Holder = tuple[int, datetime]
ACTS, CHALLENGES, LIFETIME, WEEKS, TAKEN = "acts", "challenges", "lifetime", "weeks", "taken"


class ChallengeFacts(Protocol):
    """What badges need to know of challenges, which stand above: handed over in ``app.py``, carried by every session."""

    def names(self, session: Session) -> Sequence[tuple[int, str]]:
        """Return id and title of each challenge that is, or was, published."""

    def done_by(self, session: Session, person_id: int) -> frozenset[int]:
        """Return the challenges of which the person has an approved submission."""

    def done(self, challenge_id: int) -> AnySelect:
        """Return a select of ``person_id`` and ``at``, when the challenge was first done, a row for each person who has."""


@dataclass(frozen=True)
class Facts:
    """What the rules may know of one person: live acts by kind and track, challenges done, lifetime points and thresholds, active weeks.

    ``taken`` is how many people hold a badge that only the first may have.
    """

    acts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    challenges: frozenset[int] = frozenset()
    lifetime: int = 0
    levels: Mapping[int, int] = field(default_factory=dict)
    weeks: Sequence[date] = ()
    this_week: date = date.min
    taken: Mapping[int, int] = field(default_factory=dict)

    def count(self, *, kind: str = "", track: str = "") -> int:
        """Return how many acts there are, of one kind or track if given."""
        return sum(number for (k, t), number in self.acts.items() if (not kind or k == kind) and (not track or t == track))

    def after(self, *, challenge_id: int, track: str, act_kind: str) -> "Facts":
        """Return the facts as they will be once this challenge is approved, this week, as an act of its track and kind.

        Its points are left aside: a level has its own ring.
        """
        acts = {**self.acts, (act_kind, track): self.acts.get((act_kind, track), 0) + 1}
        weeks = sorted({*self.weeks, self.this_week})
        return replace(self, acts=acts, challenges=self.challenges | {challenge_id}, weeks=weeks)


@dataclass(frozen=True)
class Case:
    """A badge as a rule sees it for one person."""

    badge_id: int
    options: Options
    is_held: bool


class Rule:
    """A kind of rule.

    ``asks`` are the facts it wants of an admin, by the names of the form's fields; ``needs`` what it
    reads of a person. ``follows`` tells that the badge goes again when the rule no longer holds, as
    after a reversal. A rule that ``is_limited`` is decided with the badge's row locked.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    asks: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    follows: ClassVar[bool] = True
    is_limited: ClassVar[bool] = False

    def read(self, given: Options) -> dict[str, Any]:
        """Return what is stored of what an admin chose. Refuses what is missing (``RuleIncomplete``)."""
        return {name: _READERS[name](given.get(name), name) for name in self.asks}

    def progress(self, case: Case, facts: Facts) -> Progress | None:
        """Return how far the person is; None where there is nothing to count."""
        raise NotImplementedError

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """Yield who meets the rule ``now`` and since when, in order of time; nobody who is deactivated."""
        raise NotImplementedError

    def some_holders(self, session: Session, options: Options, now: datetime, most: int) -> list[Holder]:
        """Return at most so many of ``holders``, for a page that cannot wait for all."""
        return list(islice(self.holders(session, options, now), most))

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """Return the rule as a sentence (``N_``) and what fills it; ``track``, ``level`` and ``challenge`` in it are named by the page."""
        raise NotImplementedError


def _number(value: Any, name: str) -> int:
    if not isinstance(value, int) or not 1 <= value <= MOST_NUMBER:
        raise RuleIncomplete(field=name)
    return value


def _weeks(value: Any, name: str) -> int:
    if _number(value, name) > MOST_WEEKS:
        raise StreakTooLong(most=MOST_WEEKS)
    return int(value)


def _some(value: Any, name: str) -> Any:
    if not value:
        raise RuleIncomplete(field=name)
    return value


def _perhaps(value: Any, _name: str) -> Any:
    return value or None


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "number": _number,
    "places": _number,
    "weeks": _weeks,
    "track": _some,
    "any_track": _perhaps,
    "challenge_id": _some,
    "any_challenge_id": _perhaps,
    "level_id": _some,
    "act_kind": _perhaps,
}

"""Levels: where lifetime points put somebody, and what a list of levels must look like. A level is always derived, never stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

NAME_LENGTH = 40
MOST_LEVELS = 12
MOST_THRESHOLD = 1_000_000_000


class LevelLine(Protocol):
    """A level as the rules see it: a row of the table, or a line of a form."""

    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...
    @property
    def threshold(self) -> int: ...


@dataclass(frozen=True)
class Wanted:
    """A level as an admin typed it; ``id`` is None for a new one."""

    id: int | None
    name: str
    threshold: int


@dataclass(frozen=True)
class Rung:
    """Where somebody stands. ``number`` counts from 1, 0 without levels; ``next_name`` and ``next_at`` are None on the highest.

    ``done`` and ``span`` tell how far the next level is, for a ring: points since this level began, and
    points between the two.
    """

    number: int
    name: str
    threshold: int
    lifetime: int
    next_name: str | None = None
    next_at: int | None = None

    @property
    def missing(self) -> int:
        """Points that the next level still needs; 0 on the highest."""
        return max(0, self.next_at - self.lifetime) if self.next_at is not None else 0

    @property
    def span(self) -> int:
        return self.next_at - self.threshold if self.next_at is not None else 1

    @property
    def done(self) -> int:
        return self.lifetime - self.threshold if self.next_at is not None else 1

    @property
    def percent(self) -> int:
        """Whole per cent of the way to the next level, never 100 before it is reached."""
        return min(100, max(0, self.done * 100 // max(1, self.span)))


class LevelNameMissing(Refusal):
    """A level without a name."""

    message = N_("Level %(number)s needs a name.")


class LevelsNotAscending(Refusal):
    """Each level asks for more than the one before."""

    message = N_("“%(name)s” must ask for more than the level before it, which asks for %(before)s.")


class FirstLevelAboveZero(Refusal):
    """Everybody has a level from the first day on."""

    message = N_("The first level must begin at 0 points, so that everybody has one.")


class TooManyLevels(Refusal):
    """More levels than anybody can tell apart."""

    message = N_("%(most)s levels are the most.")


class LevelsMissing(Refusal):
    """At least one level is needed."""

    message = N_("Keep at least one level.")


class LevelNameTaken(Refusal):
    """Two levels of one name could not be told apart."""

    message = N_("Two levels are called “%(name)s”.")


class LevelInUse(Refusal):
    """A badge is given for reaching the level."""

    message = N_("The badge “%(badge)s” is given for reaching “%(level)s”. Change or retire the badge first.")


class LevelNeededFor(Refusal):
    """Something is only for those who reached the level."""

    message = N_("“%(thing)s” is only for members from “%(level)s” on. Change that first.")


class LevelOfBadgeAtZero(Refusal):
    """A badge for a level that everybody has from the first day on could be reached by nobody."""

    message = N_("“%(level)s” cannot begin at 0 points: the badge “%(badge)s” is given for reaching it. Change or retire the badge first.")


def level_at(levels: Sequence[LevelLine], lifetime: int) -> LevelLine | None:
    """Return the highest of ``levels``, which ascend, that ``lifetime`` points reach; None without levels."""
    return next((level for level in reversed(levels) if level.threshold <= lifetime), None)


def rung_of(levels: Sequence[LevelLine], lifetime: int) -> Rung:
    """Return where ``lifetime`` points put somebody on ``levels``, which ascend."""
    reached = [level for level in levels if level.threshold <= lifetime]
    if not reached:
        return Rung(0, "", 0, lifetime)
    level, above = reached[-1], levels[len(reached)] if len(reached) < len(levels) else None
    return Rung(
        len(reached), level.name, level.threshold, lifetime, next_name=above.name if above else None, next_at=above.threshold if above else None
    )


def crossed(levels: Sequence[LevelLine], before: int, after: int) -> list[LevelLine]:
    """Return the levels that a lifetime passes on its way up from ``before`` to ``after``, lowest first; none on the way down."""
    return [level for level in levels if before < level.threshold <= after]


def require_levels(wanted: Sequence[Wanted]) -> Sequence[Wanted]:
    """Return ``wanted`` if it is a list of levels.

    Refuses none, too many, one without a name or with another's, a first one above zero, and thresholds that do not ascend.
    """
    if not wanted:
        raise LevelsMissing()
    if len(wanted) > MOST_LEVELS:
        raise TooManyLevels(most=MOST_LEVELS)
    names: set[str] = set()
    for number, level in enumerate(wanted, start=1):
        if not level.name:
            raise LevelNameMissing(number=number)
        if level.name.casefold() in names:
            raise LevelNameTaken(name=level.name)
        names.add(level.name.casefold())
    if wanted[0].threshold != 0:
        raise FirstLevelAboveZero()
    for before, level in pairwise(wanted):
        if level.threshold <= before.threshold:
            raise LevelsNotAscending(name=level.name, before=before.threshold)
    return wanted

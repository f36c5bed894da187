"""What a reviewer may say: categories of a decline, partial points, and who decides on an appeal."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

from portal.challenges.rules import refusals
from portal.challenges.rules.states import Outcome
from portal.kernel.text import N_

WORDS_LENGTH = 2_000


class Category(StrEnum):
    """Why an answer was declined, for the statistics. The advocate reads the reviewer's own words."""

    NOT_FOUND = "not_found"
    INCOMPLETE = "incomplete"
    OTHER_TASK = "other_task"
    UNDISCLOSED = "undisclosed"
    REPEATED = "repeated"
    NOT_OWN = "not_own"
    OTHER = "other"


CATEGORY_NAMES = {
    Category.NOT_FOUND: N_("The proof cannot be opened or found"),
    Category.INCOMPLETE: N_("Something is missing"),
    Category.OTHER_TASK: N_("It answers something else"),
    Category.UNDISCLOSED: N_("The disclosure is missing"),
    Category.REPEATED: N_("It was sent before"),
    Category.NOT_OWN: N_("It is not their own work"),
    Category.OTHER: N_("Another reason"),
}


class AppealState(StrEnum):
    """An appeal waits, then the answer is approved after all, or the decline is upheld. ``dropped``: there was nothing left to decide."""

    WAITING = "waiting"
    GRANTED = "granted"
    UPHELD = "upheld"
    DROPPED = "dropped"


class Said(Protocol):
    """What is asked of a verdict here."""

    @property
    def outcome(self) -> str: ...


V = TypeVar("V", bound=Said)


def require_category(category: str | None) -> Category:
    """Return the category of a decline; without one it is another reason. Refuses one that does not exist (``CategoryUnknown``)."""
    try:
        return Category(category or Category.OTHER)
    except ValueError:
        raise refusals.CategoryUnknown() from None


def least_part(paid: int) -> int:
    """Return the fewest points that a part of them can be: what steps were ``paid`` at once stays paid."""
    return max(paid, 1)


def require_points(points: int | None, offered: int, reason: str, *, paid: int = 0) -> int:
    """Return what the whole is worth: what was offered, or fewer points with a reason, but no fewer than are ``paid`` already.

    Refuses 0, as much as offered or more, and less than is paid (``PartialPoints``), and any part where there is none (``NoPartLeft``).
    """
    if points is None:
        return offered
    least, most = least_part(paid), offered - 1
    if most < least:
        raise refusals.NoPartLeft(offered=offered, paid=paid)
    if not least <= points <= most:
        raise refusals.PartialPoints(least=least, most=most)
    if not reason.strip():
        raise refusals.ReasonMissing()
    return points


def standing_verdict(verdicts: Sequence[V]) -> V | None:
    """Return the verdict that holds, of all of a submission, newest first: feedback decides nothing, and what was undone is as if never said."""
    return next((verdict for verdict in _standing(verdicts) if verdict.outcome != Outcome.FEEDBACK), None)


def declining_verdict(verdicts: Sequence[V]) -> V | None:
    """Return the verdict by which a submission stands declined, of all of it, newest first: where an appeal upheld one, that one."""
    return next((verdict for verdict in _standing(verdicts) if verdict.outcome in (Outcome.DECLINED, Outcome.REVERSED)), None)


def _standing(verdicts: Sequence[V]) -> Iterator[V]:
    """Yield the verdicts that were not undone; each that undoes takes the one before it away."""
    undone = 0
    for verdict in verdicts:
        if verdict.outcome == Outcome.RECALLED:
            undone += 1
        elif undone:
            undone -= 1
        else:
            yield verdict


def require_another_reviewer(actor_id: int | None, declined_by_id: int | None, *, has_others: bool) -> None:
    """Refuse who declined to decide on the appeal (``AppealGoesToAnother``), unless there is nobody else who may."""
    if actor_id is not None and actor_id == declined_by_id and has_others:
        raise refusals.AppealGoesToAnother()

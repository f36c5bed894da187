"""Picked for you: which few challenges to suggest to somebody, and why. The reasons shown are the terms that made the score.

Pure. ``queries/picking.py`` orders by the same weights, so that it need read only a few; a test holds the two together.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from portal.kernel.text import N_
from portal.people.rules.interest import Interest

MOST_PICKS = 3
SOON = timedelta(days=6)
"""How far off a closing day hurries; less than a week, so that the name of the day is enough."""
NEW_FOR = timedelta(days=14)
QUICK_MINUTES, FEW_PLACES = 10, 5


class Reason(StrEnum):
    """What speaks for a challenge."""

    BEGUN = "begun"
    LIKED = "liked"
    CLOSING = "closing"
    FEW_LEFT = "few_left"
    QUICK = "quick"
    NEW = "new"
    WORTH = "worth"


WEIGHTS = {
    Reason.BEGUN: 200,
    Reason.LIKED: 40,
    Reason.CLOSING: 30,
    Reason.FEW_LEFT: 25,
    Reason.QUICK: 20,
    Reason.NEW: 10,
    Reason.WORTH: 5,
}
"""How much each reason counts; the score is their sum. What was begun comes before all that was not."""
LIKED_NAMES = {
    Interest.CALLS: N_("You like calls with other customers"),
    Interest.WRITING: N_("You like writing"),
    Interest.SPEAKING: N_("You like speaking in public"),
    Interest.TESTING: N_("You like testing what is new"),
    Interest.SOCIAL: N_("You like posting on social media"),
    Interest.EVENTS: N_("You like meeting at events"),
}


@dataclass(frozen=True)
class Candidate:
    """A challenge that somebody could begin or go on with. ``places`` are those left, None without a limit; days are the programme's."""

    id: int
    is_begun: bool = False
    is_returned: bool = False
    interests: tuple[str, ...] = ()
    closes_on: date | None = None
    places: int | None = None
    minutes: int | None = None
    is_new: bool = False
    points: int = 0


@dataclass(frozen=True)
class Term:
    """One part of a score: the reason, what it counts, and what its sentence is filled from."""

    reason: Reason
    fact: Any = None

    @property
    def weight(self) -> int:
        return WEIGHTS[self.reason]


@dataclass(frozen=True)
class Pick:
    """A challenge that is suggested, and the terms that speak for it, the heaviest first. Their sum is its score."""

    id: int
    terms: tuple[Term, ...]

    @property
    def score(self) -> int:
        return sum(term.weight for term in self.terms)


def terms_of(candidate: Candidate, likes: Collection[str], today: date) -> tuple[Term, ...]:
    """Return what speaks for a challenge, the heaviest first."""
    liked = tuple(interest for interest in candidate.interests if interest in likes)
    found = {
        Reason.BEGUN: candidate.is_begun and ("returned" if candidate.is_returned else "open"),
        Reason.LIKED: liked,
        Reason.CLOSING: candidate.closes_on if candidate.closes_on and candidate.closes_on - today <= SOON else None,
        Reason.FEW_LEFT: candidate.places if candidate.places is not None and candidate.places <= FEW_PLACES and not candidate.is_begun else None,
        Reason.QUICK: candidate.minutes if candidate.minutes and candidate.minutes <= QUICK_MINUTES else None,
        Reason.NEW: candidate.is_new and not candidate.is_begun,
        Reason.WORTH: candidate.points,
    }
    return tuple(Term(reason, found[reason]) for reason in WEIGHTS if found[reason])


def pick(candidates: Iterable[Candidate], likes: Collection[str], nevers: Collection[str], today: date) -> list[Pick]:
    """Return at most three suggestions, the best first.

    Nothing that touches what somebody never wants, whatever else speaks for it, and nothing for which
    nothing speaks. Equal scores stand by what was made last.
    """
    allowed = [candidate for candidate in candidates if not set(candidate.interests) & set(nevers)]
    picks = [Pick(candidate.id, terms_of(candidate, likes, today)) for candidate in allowed]
    picks = [found for found in picks if found.terms]
    return sorted(picks, key=lambda found: (-found.score, -found.id))[:MOST_PICKS]

"""Consents: what may be asked for, where it may be used, for how long it holds. Pure decisions."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.kernel.errors import Conflict
from portal.kernel.text import N_

WORDS_LENGTH, QUOTE_LENGTH, REASON_LENGTH = 4_000, 1_000, 1_000
MOST_MONTHS = 120


class Item(StrEnum):
    """What somebody allows us to use."""

    QUOTE = "quote"
    LOGO = "logo"
    NAME = "name"
    PHOTO = "photo"
    CASE_STUDY = "case_study"
    REFERENCE = "reference"


ITEM_NAMES = {
    Item.QUOTE: N_("Quote"),
    Item.LOGO: N_("Logo"),
    Item.NAME: N_("Name"),
    Item.PHOTO: N_("Photo"),
    Item.CASE_STUDY: N_("Case study"),
    Item.REFERENCE: N_("To be asked as a reference"),
}
OF_CHALLENGES = tuple(item for item in Item if item is not Item.REFERENCE)
"""What is used of somebody, which a step of a challenge may ask for. Who is to be asked as a reference says so by the link of a nomination."""


class Scope(StrEnum):
    """Where it may be used."""

    WEBSITE = "website"
    SLIDES = "slides"
    PRESS = "press"
    SOCIAL = "social"


SCOPE_NAMES = {
    Scope.WEBSITE: N_("Website"),
    Scope.SLIDES: N_("Slides"),
    Scope.PRESS: N_("Press"),
    Scope.SOCIAL: N_("Social media"),
}


class End(StrEnum):
    """Why a consent ended before its time."""

    WITHDRAWN = "withdrawn"
    TAKEN_BACK = "taken_back"


class State(StrEnum):
    """How a consent stands on a day."""

    HOLDS = "holds"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    TAKEN_BACK = "taken_back"


STATE_NAMES = {
    State.HOLDS: N_("Holds"),
    State.EXPIRED: N_("Expired"),
    State.WITHDRAWN: N_("Withdrawn"),
    State.TAKEN_BACK: N_("Answer taken back"),
}


class ConsentEnded(Conflict):
    """Withdrawn already, here or in another window."""

    message = N_("This consent has ended already. Nothing was changed.")


@dataclass(frozen=True)
class Agreed:
    """What somebody agreed to: the exact ``words``, for a quote the quote itself, where it may be used, for how many months (None: no end).

    ``until`` is the last day itself, where that was agreed instead.
    """

    item: Item
    words: str
    scope: Sequence[Scope]
    quote: str = ""
    months: int | None = None
    until: date | None = None


def last_day(given_on: date, months: int | None) -> date | None:
    """Return the last day on which a consent holds, None without an end: the same day so many months later, or the last of that month."""
    if not months:
        return None
    count = given_on.year * 12 + given_on.month - 1 + min(months, MOST_MONTHS)
    year, month = divmod(count, 12)
    return date(year, month + 1, min(given_on.day, monthrange(year, month + 1)[1]))


def state_of(ended_as: str | None, expires_on: date | None, today: date) -> State:
    """Return how a consent stands on ``today``: ended says more than expired, and on its last day it still holds."""
    if ended_as is not None:
        return State(ended_as)
    return State.EXPIRED if expires_on is not None and expires_on < today else State.HOLDS


def may_be_given_again(ended_as: Sequence[str | None]) -> bool:
    """Tell whether an answer that is approved gives its consent (anew), by how those it gave before ended.

    One that stands is enough, and what the member took back no verdict brings back: that needs a new answer.
    """
    return all(end == End.TAKEN_BACK for end in ended_as)

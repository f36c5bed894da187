"""What a challenge offers and asks, as an admin enters it, and what is refused about it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from portal.challenges.rules.refusals import (
    AttemptsOutOfRange,
    LimitOutOfRange,
    MinutesOutOfRange,
    OutOfRange,
    PointsOutOfRange,
    TimesOutOfRange,
    TitleMissing,
    WrongDates,
)
from portal.challenges.rules.states import MAX_ATTEMPTS, MAX_MINUTES, MAX_PER_PERIOD, MAX_PLACES, MAX_POINTS, Period
from portal.kernel.text import clean, clean_line
from portal.kernel.tracks import Track
from portal.people.rules.interest import Interest

TITLE_LENGTH, SUMMARY_LENGTH, TEXT_LENGTH = 120, 240, 20_000


@dataclass(frozen=True)
class Offer:
    """The fields of a challenge. Points are whole; ``minutes``, ``max_attempts`` and ``total_limit`` may be unknown and without limit.

    ``interests`` are what it asks of people, for suggestions and the never-list.
    """

    track: Track
    title: str
    summary: str = ""
    text: str = ""
    points: int = 0
    minutes: int | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    period: Period = Period.ONCE
    per_period: int = 1
    max_attempts: int | None = None
    total_limit: int | None = None
    interests: tuple[str, ...] = ()


def require_offer(offer: Offer) -> Offer:
    """Return the offer with its text cleaned. Refuses no title, numbers out of range and a closing day before the opening day."""
    title = clean_line(offer.title)[:TITLE_LENGTH]
    if not title:
        raise TitleMissing()
    _require_within(PointsOutOfRange, offer.points, 0, MAX_POINTS)
    _require_within(MinutesOutOfRange, offer.minutes, 1, MAX_MINUTES)
    _require_within(TimesOutOfRange, offer.per_period, 1, MAX_PER_PERIOD)
    _require_within(AttemptsOutOfRange, offer.max_attempts, 1, MAX_ATTEMPTS)
    _require_within(LimitOutOfRange, offer.total_limit, 1, MAX_PLACES)
    if offer.opens_on and offer.closes_on and offer.closes_on < offer.opens_on:
        raise WrongDates()
    summary, text = clean_line(offer.summary)[:SUMMARY_LENGTH], clean(offer.text)[:TEXT_LENGTH]
    interests = tuple(interest.value for interest in Interest if interest in offer.interests)
    kinds: dict[str, Any] = {"track": Track(offer.track), "period": Period(offer.period), "interests": interests}
    return replace(offer, title=title, summary=summary, text=text, **kinds)


def copy_title(title: str, suffix: str) -> str:
    """Return the title of a copy, which keeps its ``suffix`` however long the original's is."""
    return f"{title[: TITLE_LENGTH - len(suffix) - 1].rstrip()} {suffix}"


def _require_within(refusal: type[OutOfRange], value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise refusal(least=least, most=most)

"""Conditions of a reward: on sale from and to, where a limit counts, the level it takes, the countries it is offered in.

Days and periods are those of the programme's zone. The same objection is read on the page and refused by the act.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from portal.kernel.countries import Countries, country_code
from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.reach import Reach, Standing
from portal.rewards.rules.refusals.editing import CountriesUnknown, LimitCounts, PeriodWithoutLimit, SaleEndsBeforeItBegins
from portal.rewards.rules.refusals.offering import (
    AgainNextMonth,
    AgainNextQuarter,
    AgainNextYear,
    CountryNotKnown,
    LevelNeeded,
    LimitReached,
    NotDeliveredThere,
    NotInCountry,
    NotOnSaleYet,
    RewardNotOffered,
    SaleIsOver,
)

MOST_COUNTRIES_TYPED = 4_000


class Period(StrEnum):
    """Where the limit for one person counts: for all time, or anew in each calendar month, quarter or year."""

    ONCE = "once"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


PERIOD_NAMES = {
    Period.ONCE: N_("For all time"),
    Period.MONTH: N_("In each month"),
    Period.QUARTER: N_("In each quarter"),
    Period.YEAR: N_("In each year"),
}
_AGAIN: dict[Period, type[LimitReached]] = {Period.MONTH: AgainNextMonth, Period.QUARTER: AgainNextQuarter, Period.YEAR: AgainNextYear}


class Sale(StrEnum):
    """Whether today lies before, in or after the days a reward is on sale."""

    SOON = "soon"
    ON = "on"
    OVER = "over"


class Shelf(StrEnum):
    """How a reward stands for admins: its state, and of what is published whether its days have come."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    ON_SALE = "on_sale"
    PAUSED = "paused"
    OVER = "over"


SHELF_NAMES = {
    Shelf.DRAFT: N_("Draft"),
    Shelf.SCHEDULED: N_("Scheduled"),
    Shelf.ON_SALE: N_("On sale"),
    Shelf.PAUSED: N_("Paused"),
    Shelf.OVER: N_("Over"),
}


@dataclass(frozen=True)
class Need:
    """The level a reward takes: its name, and the lifetime points it begins at."""

    level_id: int
    name: str
    threshold: int


@dataclass(frozen=True)
class Conditions:
    """What a reward asks for besides its price. ``sale_from`` and ``sale_to`` are both days of sale; no country is every country."""

    sale_from: date | None = None
    sale_to: date | None = None
    is_shown_before: bool = True
    period: Period = Period.ONCE
    need: Need | None = None
    countries: tuple[str, ...] = ()


FREE = Conditions()


@dataclass(frozen=True)
class Buyer:
    """What conditions ask of a person. ``country`` is the code we know, or empty."""

    lifetime: int
    country: str


def sale_of(conditions: Conditions, today: date) -> Sale:
    """Return whether ``today`` lies before, in or after the days of sale."""
    if conditions.sale_to is not None and conditions.sale_to < today:
        return Sale.OVER
    return Sale.SOON if conditions.sale_from is not None and conditions.sale_from > today else Sale.ON


def offer_state(state: RewardState | str, conditions: Conditions, today: date) -> Shelf:
    """Return how a reward stands for admins."""
    if state != RewardState.LIVE:
        return Shelf.DRAFT if state == RewardState.DRAFT else Shelf.PAUSED
    return {Sale.SOON: Shelf.SCHEDULED, Sale.ON: Shelf.ON_SALE, Sale.OVER: Shelf.OVER}[sale_of(conditions, today)]


def sale_objection(reward: str, conditions: Conditions, today: date) -> Refusal | None:
    """Return why it cannot be had on this day, or None. What is not shown before its day is told of as not offered."""
    sale = sale_of(conditions, today)
    if sale is Sale.SOON:
        return NotOnSaleYet(reward=reward, day=conditions.sale_from) if conditions.is_shown_before else RewardNotOffered()
    return SaleIsOver(reward=reward, day=conditions.sale_to) if sale is Sale.OVER else None


def own_objection(reward: str, conditions: Conditions, buyer: Buyer, *, ships: bool) -> Refusal | None:
    """Return why this person cannot have it, or None: LevelNeeded, CountryNotKnown, NotInCountry.

    Of what goes by post (``ships``) the country of the address counts, by ``require_delivered``.
    """
    need, countries = conditions.need, Countries(conditions.countries)
    if need is not None and buyer.lifetime < need.threshold:
        return LevelNeeded(reward=reward, level=need.name, missing=need.threshold - buyer.lifetime)
    if not countries or ships or buyer.country in countries:
        return None
    if not buyer.country:
        return CountryNotKnown(reward=reward, countries=countries)
    return NotInCountry(reward=reward, country=Countries((buyer.country,)), countries=countries)


def require_delivered(conditions: Conditions, country: str) -> None:
    """Refuses: NotDeliveredThere, for an address in a country that is not among those of the reward."""
    if conditions.countries and country not in conditions.countries:
        raise NotDeliveredThere(country=Countries((country,)), countries=Countries(conditions.countries))


def stand(plain: Standing, conditions: Conditions, today: date, objection: Refusal | None) -> Standing:
    """Return how a reward stands with its conditions: the day first, then stock and limit, then what the person lacks."""
    sale = sale_of(conditions, today)
    if sale is not Sale.ON:
        return replace(plain, reach=Reach.OVER if sale is Sale.OVER else Reach.SOON)
    if objection is None or plain.reach in (Reach.LIMIT, Reach.OUT):
        return plain
    return replace(plain, reach=Reach.LEVEL if isinstance(objection, LevelNeeded) else Reach.COUNTRY)


def first_day(period: Period, day: date) -> date | None:
    """Return the first day of the period that holds ``day``; None for all time."""
    if period is Period.ONCE:
        return None
    months = {Period.MONTH: day.month, Period.QUARTER: day.month - (day.month - 1) % 3, Period.YEAR: 1}
    return day.replace(month=months[period], day=1)


def next_day(period: Period, day: date) -> date | None:
    """Return the first day of the period after the one that holds ``day``; None for all time."""
    first = first_day(period, day)
    if first is None:
        return None
    length = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period]
    for _month in range(length):
        first = (first + timedelta(days=31)).replace(day=1)
    return first


def period_key(period: Period, day: date) -> str:
    """Return ``once``, ``2026-11``, ``2026-Q4`` or ``2026``."""
    if period is Period.ONCE:
        return "once"
    if period is Period.YEAR:
        return f"{day.year:04d}"
    return f"{day.year:04d}-{day.month:02d}" if period is Period.MONTH else f"{day.year:04d}-Q{(day.month + 2) // 3}"


def again_on(conditions: Conditions, today: date) -> date | None:
    """Return from which day somebody at the limit may have it again; None where that day never comes, or not before the sale is over."""
    day = next_day(conditions.period, today)
    return day if day is not None and (conditions.sale_to is None or day <= conditions.sale_to) else None


def limit_refusal(reward: str, limit: int, conditions: Conditions, today: date) -> LimitReached:
    """Return what somebody at the limit reads: when they may have it again, where that day comes."""
    day = again_on(conditions, today)
    return LimitReached(reward=reward, limit=limit) if day is None else _AGAIN[conditions.period](reward=reward, limit=limit, day=day)


def require_days(sale_from: date | None, sale_to: date | None) -> None:
    """Refuses: SaleEndsBeforeItBegins."""
    if sale_from is not None and sale_to is not None and sale_to < sale_from:
        raise SaleEndsBeforeItBegins()


def require_period(period: Period, limit: int | None) -> None:
    """Refuses: PeriodWithoutLimit, since without a limit there is nothing to count."""
    if period is not Period.ONCE and limit is None:
        raise PeriodWithoutLimit()


def require_limit(period: Period, limit: int | None) -> None:
    """Refuses: LimitCounts, since a limit that counts anew by month, quarter or year is needed for that."""
    if period is not Period.ONCE and limit is None:
        raise LimitCounts()


def read_countries(typed: str) -> tuple[str, ...]:
    """Return the codes of what was typed, names or codes with commas or line breaks between them, sorted. Refuses: CountriesUnknown."""
    words = [" ".join(word.split()) for word in typed.replace(";", ",").replace("\n", ",").split(",")]
    codes = {word: country_code(word) for word in words if word}
    if unknown := [word for word, code in codes.items() if not code]:
        raise CountriesUnknown(unknown=_listed(unknown))
    return tuple(sorted(set(codes.values())))


def _listed(words: Iterable[str]) -> str:
    some = [word[:60] for word in words]
    return ", ".join(some[:5]) + (", …" if len(some) > 5 else "")

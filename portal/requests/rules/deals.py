"""Deals, as their requests tell of them, and how many were won with a reference and without. Pure; specification A7."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt

from portal.finding.rules.needs import key_of
from portal.requests.rules.figures import Share
from portal.requests.rules.states import DealOutcome

LEAST_DEALS = 20
"""Fewer deals than this on either side say nothing about a win rate."""
CERTAIN = 1.96
"""Standard errors: beyond them a difference is more than chance in 19 of 20 comparisons."""
DEAL_BANDS: Sequence[tuple[str, int | None]] = (("under_10k", 10_000), ("under_50k", 50_000), ("under_250k", 250_000), ("more", None))


@dataclass(frozen=True)
class Told:
    """What one request tells of its deal. ``value`` is in whole units of ``currency``; ``is_done``: somebody spoke for us."""

    request_id: int
    ref: str
    name: str
    prospect: str
    stage: str | None
    value: int | None
    currency: str
    outcome: str | None
    closed_on: date | None
    is_done: bool


@dataclass(frozen=True)
class Deal:
    """A closed deal. ``is_helped``: at least one of its requests was completed."""

    stage: str | None
    value: int | None
    currency: str
    is_won: bool
    closed_on: date
    is_helped: bool


@dataclass(frozen=True)
class DealLine:
    """Deals of one stage and size band: how many were won with a completed reference, and without, and what that says."""

    stage: str
    band: str
    with_reference: Share
    without: Share

    @property
    def comparison(self) -> "Comparison":
        return compared(self.with_reference, self.without)


@dataclass(frozen=True)
class Deals:
    """The lines, the one with most deals first, and how many closed deals stand in none: ``unplaced`` without stage or value, and
    ``other_currencies``.
    """

    lines: tuple[DealLine, ...]
    unplaced: int
    other_currencies: int


def deals_of(told: Iterable[Told]) -> list[Deal]:
    """Return the closed deals of which requests tell, each once.

    Requests with one reference of the sales system are one deal; so are those without that have the same name and prospect, however they
    are written, and they join the deal with a reference that is called so, where only one is. Who names neither tells of a deal of its own.
    Where requests of a deal differ, stage and value are what the first of them said, and the outcome is what was noted last.
    """
    listed = [((key_of(one.name), key_of(one.prospect)), one) for one in sorted(told, key=lambda one: one.request_id)]
    refs: dict[tuple[str, str], set[str]] = {}
    for called, one in listed:
        if one.ref:
            refs.setdefault(called, set()).add(one.ref)
    by_deal: dict[object, list[Told]] = {}
    for called, one in listed:
        alike = refs.get(called, set())
        key: object = one.ref or (next(iter(alike)) if len(alike) == 1 and any(called) else called if any(called) else one.request_id)
        by_deal.setdefault(key, []).append(one)
    return [deal for some in by_deal.values() if (deal := _deal(some)) is not None]


def _deal(told: Sequence[Told]) -> Deal | None:
    """Return the deal of which some requests tell, in order of their ids; None while it is open."""
    ends = [(one.closed_on, one.request_id, one.outcome == DealOutcome.WON) for one in told if one.outcome and one.closed_on]
    if not ends:
        return None
    closed_on, _, is_won = max(ends)
    stage = next((one.stage for one in told if one.stage), None)
    value, currency = next(((one.value, one.currency) for one in told if one.value is not None), (None, ""))
    return Deal(stage, value, currency, is_won, closed_on, any(one.is_done for one in told))


def won(deals: Iterable[Deal], currency: str) -> Deals:
    """Return how many deals were won, by stage and size band, with a completed reference and without; only those in ``currency``."""
    counted: dict[tuple[str, str], list[list[int]]] = {}
    unplaced = others = 0
    for deal in deals:
        band = deal_band(deal.value)
        if deal.stage is None or band is None:
            unplaced += 1
        elif deal.currency != currency:
            others += 1
        else:
            sides = counted.setdefault((deal.stage, band), [[0, 0], [0, 0]])
            sides[deal.is_helped][0] += deal.is_won
            sides[deal.is_helped][1] += 1
    lines = [DealLine(stage, band, Share(*sides[True]), Share(*sides[False])) for (stage, band), sides in counted.items()]
    lines.sort(key=lambda line: (-(line.with_reference.of + line.without.of), line.stage, line.band))
    return Deals(tuple(lines), unplaced, others)


def deal_band(value: int | None) -> str | None:
    """Return the size band of a deal in whole units of money; None where no value is known."""
    if value is None:
        return None
    return next(name for name, below in DEAL_BANDS if below is None or value < below)


class Comparison(StrEnum):
    """What two win rates say. Never that one caused the other: deals for which a reference is found may have been better ones before."""

    TOO_FEW = "too_few"
    CHANCE = "chance"
    MORE = "more"
    FEWER = "fewer"


def compared(with_reference: Share, without: Share) -> Comparison:
    """Compare two win rates: too few to say below 20 deals on either side, else by the two-proportion z-test at 1.96."""
    if min(with_reference.of, without.of) < LEAST_DEALS:
        return Comparison.TOO_FEW
    one, other = with_reference.number / with_reference.of, without.number / without.of
    pooled = (with_reference.number + without.number) / (with_reference.of + without.of)
    error = sqrt(pooled * (1 - pooled) * (1 / with_reference.of + 1 / without.of))
    if error == 0 or abs(one - other) <= CERTAIN * error:
        return Comparison.CHANCE
    return Comparison.MORE if one > other else Comparison.FEWER

"""From which value in a calendar year a tax form has to be on file: a dated table by country. Not tax advice.

A new line is added when a country announces another amount; what was given before stays under the older one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.kernel.text import N_

NEAR_PERCENT = 80


@dataclass(frozen=True)
class Threshold:
    """An amount in cents that holds in ``country`` from a day on, and where it is written."""

    country: str
    since: date
    cents: int
    source: str


THRESHOLDS: tuple[Threshold, ...] = (
    Threshold("US", date(1954, 1, 1), 60_000, N_("26 USC 6041(a), Form 1099-MISC: 600 US dollars up to and including 2025.")),
    Threshold("US", date(2026, 1, 1), 200_000, N_("Public Law 119-21, section 70433: 2,000 US dollars from 2026; from 2027 it follows inflation.")),
)


class FormKind(StrEnum):
    """Which form is on file. Its numbers are not kept here."""

    W9 = "w9"
    W8BEN = "w8ben"
    OTHER = "other"


FORM_NAMES = {FormKind.W9: N_("Form W-9"), FormKind.W8BEN: N_("Form W-8BEN"), FormKind.OTHER: N_("Another form")}


def threshold_on(country: str, year: int) -> Threshold | None:
    """Return the threshold that holds in the calendar year, None where the country has none on the table.

    Where nobody knows the country (empty), the lowest of all counts, until somebody enters it.
    """
    standing: dict[str, Threshold] = {}
    for line in sorted(THRESHOLDS, key=lambda line: line.since):
        if line.since <= date(year, 12, 31):
            standing[line.country] = line
    if country:
        return standing.get(country)
    return min(standing.values(), key=lambda line: line.cents, default=None)


def strictest(countries: Iterable[str], year: int) -> str:
    """Return whichever of ``countries`` has the lowest threshold in the year; one without a threshold counts only where all have none."""

    def strictness(country: str) -> tuple[float, bool, str]:
        line = threshold_on(country, year)
        return line.cents if line else float("inf"), not country, country

    return min(countries, key=strictness, default="")


def needs_form(*, before: int, cents: int, limit: int | None, has_form: bool) -> bool:
    """Tell whether ``cents`` more, after ``before`` in the year, reach the limit while no form is on file. What is worth nothing never does."""
    return limit is not None and not has_form and cents > 0 and before + cents >= limit

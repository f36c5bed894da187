"""The page for finance in one piece: points by lot month and what they come to, as they stand or as they stood at the end of a month."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.bank.queries.finance import Compared, Flow, began_at, compared, currency_of, history, months_back, sums_by_month, total_of
from portal.bank.queries.kept import flows_by_month, sums_at
from portal.bank.rules.finance import Assumed, Observed, Standing, Sums, cost_of, liability, observed, standing_on
from portal.bank.rules.forecast import HORIZONS, KEPT, Forecast, forecast
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.ledger.lots import end_of_month
from portal.ledger.rules import POINTS

MOST_MONTHS_BACK = 36
"""So many ends of months can be asked for."""


@dataclass(frozen=True)
class Row:
    """The lots of one month, and what their outstanding points come to in hundredths of the currency: None where cost or expectation is missing."""

    sums: Sums
    owed: int | None


@dataclass(frozen=True)
class Likely:
    """A forecast, with its ends in money (hundredths) where the cost of a point is known."""

    forecast: Forecast
    money: tuple[int, int] | None


@dataclass(frozen=True)
class Figures:
    """What the page tells. ``as_of`` is the day at whose end the figures hold, None for now; ``day`` the one whose assumptions they use.

    ``total`` and ``owed`` are of the rows shown; ``agreed`` holds all lots, shown or not, against the ledger's accounts, and is empty for the past.
    """

    as_of: date | None
    day: date
    unit: str
    currency: str
    rows: list[Row]
    total: Sums
    owed: int | None
    cost: Standing | None
    expected: Standing | None
    observed: Observed
    agreed: list[Compared]
    moved: list[tuple[date, Flow]]
    likely: list[Likely]
    has_any: bool


def month_ends(session: Session, today: date) -> list[date]:
    """Return the ends of months that can be asked for, the last first: from the month on in which the ledger began."""
    began = began_at(session)
    first = local_date(began, programme_zone(session)).replace(day=1) if began else today
    return [end_of_month(month, 0) for month in reversed(months_back(today, MOST_MONTHS_BACK)) if month >= first]


def figures(
    session: Session, *, unit: str = POINTS, since: date | None = None, until: date | None = None, as_of: date | None = None, now: datetime
) -> Figures:
    """Return the figures for lots of the months from ``since`` to ``until``. With ``as_of``, a day gone by, those that its end left.

    The past is told by what was recorded until then, with the cost and the expectation of that day; so nothing that comes later changes it.
    """
    zone = programme_zone(session)
    today = local_date(now, zone)
    as_of = as_of if as_of is not None and as_of < today else None
    day, currency, told = as_of or today, currency_of(session), history(session)
    cost, expected = standing_on(told, Assumed.COST, day, None if as_of else currency), standing_on(told, Assumed.EXPECTED, day)
    if as_of and cost:
        # What was told then stays in the currency it was told in.
        currency = cost.currency
    months = sums_at(session, as_of, unit=unit) if as_of else sums_by_month(session, unit=unit)
    shown = [sums for sums in months if (since is None or sums.month >= since.replace(day=1)) and (until is None or sums.month <= until)]
    known = (expected.value, cost.value) if cost and expected else None
    rows = [Row(sums, liability(sums.open, sums.held, *known) if known else None) for sums in shown]
    moved = flows_by_month(session, day + timedelta(days=1) if as_of else today, KEPT, unit=unit)
    likely = [forecast([flow.redeemed for _first, flow in moved], horizon) for horizon in HORIZONS]
    return Figures(
        as_of=as_of,
        day=day,
        unit=unit,
        currency=currency,
        rows=rows,
        total=total_of(shown),
        # The sum of what is shown, so that the column adds up to the cent.
        owed=sum(row.owed or 0 for row in rows) if known else None,
        cost=cost,
        expected=expected,
        observed=observed(months, day),
        agreed=[] if as_of else compared(session, months, unit=unit),
        moved=moved,
        likely=[
            Likely(one, (cost_of(one.range.low, cost.value), cost_of(one.range.high, cost.value)) if cost and one.range else None) for one in likely
        ],
        has_any=bool(months),
    )

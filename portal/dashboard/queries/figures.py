"""The programme in figures, for the front page and the overview: counted at once while it is small, by the worker once it is large.

Counting reads every act of a year. That takes milliseconds for 20,000 acts and seconds for ten
million, so a large programme's pages show what the worker counted last, and say from when it is.
"""

from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.dashboard.models import KeptFigures
from portal.dashboard.queries.overview import Month, PointsTotals, active_advocates, acts_by_month, acts_in, points_totals
from portal.dashboard.queries.reviewing import Times, decided_lately, declines_by_reason, review_times
from portal.dashboard.rules import month_so_far, month_starts
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone

SMALL = 20_000


@dataclass(frozen=True)
class Figures:
    """Acts of this year and from how many people; acts by track of this month and of the same days before; of each charted month.

    ``active`` of ``joined`` advocates; everybody's points; how answers were decided in the last 30 days: how fast, why
    declined, and how many by whom. ``counted_at`` is set where the worker counted.
    """

    year_acts: int
    year_people: int
    acts: dict[str, int]
    acts_before: dict[str, int]
    months: list[Month]
    active: int
    joined: int
    points: PointsTotals
    times: Times | None
    declines: list[tuple[str, int]]
    decided: dict[int, int]
    counted_at: datetime | None = None


KEPT = {found.name for found in fields(Figures)} - {"counted_at"}
"""What a row of kept figures holds; one that an older portal wrote, without some of it, is counted anew."""


def is_large(session: Session, *, beyond: int = SMALL) -> bool:
    """Tell whether there are more acts than a page should count."""
    return session.scalar(select(Act.id).limit(1).offset(beyond)) is not None


def find_kept(session: Session, now: datetime) -> KeptFigures | None:
    """Return what the worker counted for the present month, or None."""
    kept = session.get(KeptFigures, _month_of(session, now))
    return kept if kept is not None and set(kept.figures) == KEPT else None


def programme_figures(session: Session, now: datetime) -> Figures:
    """Return the figures: those that were kept for this month, or else counted now."""
    kept = find_kept(session, now)
    return _unpacked(kept) if kept else count_figures(session, now)


def count_figures(session: Session, now: datetime) -> Figures:
    """Count everything now."""
    zone = programme_zone(session)
    acts, before = acts_in(session, *month_so_far(now, zone))
    active, joined = active_advocates(session, now)
    year_acts, year_people = _this_year(session, now)
    months = acts_by_month(session, month_starts(now, zone), zone, now)
    points, times = points_totals(session), review_times(session, now)
    declines, decided = declines_by_reason(session, now), decided_lately(session, now)
    return Figures(year_acts, year_people, acts, before, months, active, joined, points, times, declines, decided)


def year_figures(session: Session, now: datetime) -> tuple[int, int]:
    """Return the acts of this year and from how many people they came, for the front page."""
    kept = find_kept(session, now)
    return (kept.figures["year_acts"], kept.figures["year_people"]) if kept else _this_year(session, now)


def packed(session: Session, figures: Figures, now: datetime, took: timedelta) -> dict[str, Any]:
    """Return the row in which figures are kept."""
    values = asdict(figures)
    values["months"] = [{"first": found.first.isoformat(), "acts": found.acts} for found in figures.months]
    values["times"] = _seconds(figures.times) if figures.times else None
    values["decided"] = sorted(figures.decided.items())
    del values["counted_at"]
    return {"month": _month_of(session, now), "figures": values, "counted_at": now, "seconds": round(took.total_seconds())}


def _unpacked(kept: KeptFigures) -> Figures:
    values = dict(kept.figures)
    values["months"] = [Month(date.fromisoformat(found["first"]), found["acts"]) for found in values["months"]]
    values["points"] = PointsTotals(**values["points"])
    values["times"] = _times(*values["times"]) if values["times"] else None
    values["declines"] = [(name, count) for name, count in values["declines"]]
    values["decided"] = dict(values["decided"])
    return Figures(**values, counted_at=kept.counted_at)


def _seconds(times: Times) -> list[float]:
    return [times.median.total_seconds(), times.ninetieth.total_seconds(), times.number]


def _times(median: float, ninetieth: float, number: int) -> Times:
    return Times(timedelta(seconds=median), timedelta(seconds=ninetieth), number)


def _month_of(session: Session, now: datetime) -> str:
    return local_date(now, programme_zone(session)).isoformat()[:7]


def _this_year(session: Session, now: datetime) -> tuple[int, int]:
    zone = programme_zone(session)
    since = start_of_day(date(local_date(now, zone).year, 1, 1), zone)
    counted = select(func.count(), func.count(distinct(Act.person_id)))
    row = session.execute(counted.where(Act.happened_at >= since, Act.happened_at < now, Act.reversed_at.is_(None))).one()
    return row[0], row[1]

"""What admins corrected by hand in a week: its sums and its largest corrections."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from portal.bank.models import Adjustment, CorrectionsWeek
from portal.bank.queries.adjusting import iter_adjustments, moved_within
from portal.bank.rules.adjusting import CATEGORY_NAMES, STATE_NAMES, Category, State
from portal.bank.rules.weekly import MOST_LINES, end_of_week
from portal.kernel.clock import end_of_day, start_of_day
from portal.kernel.db import programme_zone

_REASON = 160


@dataclass(frozen=True)
class WeekOfCorrections:
    """What was asked for or decided in a week, as it stands now. ``given`` and ``taken`` are what was booked of it, ``lines`` its largest."""

    count: int
    given: int
    taken: int
    waiting: int
    lines: list[Mapping[str, Any]]


def span_of(session: Session, first: date, until: date) -> tuple[datetime, datetime]:
    """Return when the days from ``first`` to ``until`` begin, and end, in the programme's zone."""
    zone = programme_zone(session)
    return start_of_day(first, zone), end_of_day(until, zone)


def week_of_corrections(session: Session, first: date) -> WeekOfCorrections:
    """Return the corrections that were asked for or decided in the week from ``first``, those of an import too. Two statements.

    What was given and taken is what was booked in that week, so that no two weeks tell the same points; what waits is what was asked for
    in it and not decided by its end.
    """
    since, until = span_of(session, first, end_of_week(first))
    is_booked = and_(Adjustment.state == State.BOOKED, Adjustment.settled_at >= since, Adjustment.settled_at < until)
    waits = and_(Adjustment.asked_at >= since, or_(Adjustment.settled_at.is_(None), Adjustment.settled_at >= until))
    given, taken = ((is_booked & (Adjustment.points > 0), Adjustment.points), (is_booked & (Adjustment.points < 0), -Adjustment.points))
    sums = [func.coalesce(func.sum(case(part, else_=0)), 0) for part in (given, taken, (waits, 1))]
    row = session.execute(select(func.count(), *sums).select_from(Adjustment).where(moved_within(since, until))).one()
    found = iter_adjustments(session, since=since, until=until, largest=MOST_LINES)
    count, given_sum, taken_sum, waiting = (int(part) for part in row)
    return WeekOfCorrections(count, given_sum, taken_sum, waiting, [_line(one) for one in found])


def last_told(session: Session) -> date | None:
    """Return the Monday of the last week that was told or had nothing to tell, None before the first."""
    return session.scalar(select(func.max(CorrectionsWeek.first_on)))


def _line(row: Any) -> Mapping[str, Any]:
    made = row.Adjustment
    reason = made.reason if len(made.reason) <= _REASON else f"{made.reason[: _REASON - 1].rstrip()}…"
    people = {"person": row.person, "asker": row.asker or "", "decider": row.decider or ""}
    words = {"category": CATEGORY_NAMES[Category(made.category)], "state": STATE_NAMES[State(made.state)]}
    return {"points": made.points, "reason": reason, "waits": made.state == State.WAITING, **people, **words}

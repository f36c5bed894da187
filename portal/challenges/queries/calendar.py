"""What is live when: the challenges of one month, by the days of the programme's zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.editing import life_on
from portal.challenges.rules.calendar import Bar, Month, Span, bar_of, count_by_day, open_span
from portal.challenges.rules.lifecycle import Lifecycle
from portal.challenges.rules.states import ChallengeState
from portal.kernel.clock import end_of_day, local_date, start_of_day
from portal.web.paging import AnySelect, Page, page_by

PAGE_SIZE = 40
MOST_EXPORTED = 1_000
EXPORTED = timedelta(days=366)
_CLOSED_AT = (
    select(func.max(AuditEvent.at))
    .where(AuditEvent.subject_type == "challenge", AuditEvent.subject_id == Challenge.id, AuditEvent.name == "challenge.closed")
    .correlate(Challenge)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Run:
    """A challenge on the calendar: where it is in its life today, and when it is open. ``bar`` is how that lies in the month shown."""

    challenge: Challenge
    life: Lifecycle
    span: Span
    bar: Bar | None


@dataclass(frozen=True)
class MonthPage:
    """One page of a month's challenges, how many there are in all, and how many are open on each of its days."""

    month: Month
    page: Page
    number: int
    open_by_day: Sequence[int]


def month_page(session: Session, month: Month, today: date, zone: str, *, track: str = "", after: str | None = None) -> MonthPage:
    """Return the challenges that are open, or planned to be, on a day of the month, those first that began first.

    Drafts are planned for the days that stand in them. What was closed by hand was open until then; archived ones and
    records are left out. Days on which something was paused for a while in the past are not known, so they count as open.
    """
    statement = _statement(month.first, month.last, today, zone, track)
    begins = func.coalesce(cast(Challenge.opens_on, String), "")
    found = page_by(session, statement, [(begins, False), (Challenge.id, False)], after=after, size=PAGE_SIZE)
    runs = [_run(row, month, zone) for row in found]
    lean = statement.with_only_columns(
        Challenge.state, Challenge.opens_on, Challenge.closes_on, Challenge.published_at, _CLOSED_AT.label("closed_at")
    )
    rows = session.execute(lean).all()
    is_open = (ChallengeState.LIVE, ChallengeState.CLOSED)
    spans = [(row.state, _span(row, row.closed_at, zone)) for row in rows]
    counts = count_by_day((span for state, span in spans if state in is_open), month)
    number = sum(bar_of(span, month) is not None for _, span in spans)
    return MonthPage(month, Page(runs, found.next, found.is_first), number, counts)


def runs_from(session: Session, first: date, today: date, zone: str, *, track: str = "") -> list[Run]:
    """Return what is open on a day of the year that begins with ``first``, at most 1,000, for a file."""
    statement = _statement(first, first + EXPORTED, today, zone, track)
    rows = session.execute(statement.order_by(func.coalesce(cast(Challenge.opens_on, String), ""), Challenge.id).limit(MOST_EXPORTED))
    return [_run(row, None, zone) for row in rows]


def _statement(first: date, last: date, today: date, zone: str, track: str) -> AnySelect:
    is_planned = and_(Challenge.state == ChallengeState.DRAFT, or_(Challenge.opens_on.is_not(None), Challenge.closes_on.is_not(None)))
    was_open = and_(Challenge.state == ChallengeState.CLOSED, start_of_day(first, zone) <= _CLOSED_AT)
    statement: AnySelect = select(Challenge, life_on(today).label("life"), _CLOSED_AT.label("closed_at")).where(
        Challenge.is_record_only.is_(False),
        or_(Challenge.state.in_((ChallengeState.LIVE, ChallengeState.PAUSED)), is_planned, was_open),
        or_(Challenge.opens_on.is_(None), Challenge.opens_on <= last),
        or_(Challenge.closes_on.is_(None), Challenge.closes_on >= first),
        or_(Challenge.published_at.is_(None), Challenge.published_at < end_of_day(last, zone)),
    )
    return statement.where(Challenge.track == track) if track else statement


def _run(row: Any, month: Month | None, zone: str) -> Run:
    challenge: Challenge = row.Challenge
    span = _span(challenge, row.closed_at, zone)
    return Run(challenge, Lifecycle(row.life), span, bar_of(span, month) if month else None)


def _span(row: Any, closed_at: datetime | None, zone: str) -> Span:
    published_on = local_date(row.published_at, zone) if row.published_at else None
    ended_on = local_date(closed_at, zone) if closed_at and row.state == ChallengeState.CLOSED else None
    return open_span(row.opens_on, row.closes_on, published_on, ended_on)

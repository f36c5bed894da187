"""Seasons: which count at a moment, which there are, who stood where."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, bindparam, func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.people.models import Company, Person
from portal.recognition.models import Season, SeasonStanding
from portal.recognition.queries.names import BEHIND, LISTED, SHOWN_COMPANY, SHOWN_NAME
from portal.recognition.rules.boards import NEIGHBOURS, Span, periods_of, span_of
from portal.recognition.rules.seasons import season_id_of, season_key, season_span
from portal.web.paging import Page, page_by

_SEASON: Any = Season.__table__
_DAY = bindparam("day", type_=Date)
_OPEN = select(_SEASON.c.id, _SEASON.c.starts_on, _SEASON.c.ends_on).where(_SEASON.c.closed_at.is_(None))
_RUNNING = _OPEN.where(_SEASON.c.starts_on <= _DAY, _SEASON.c.ends_on >= _DAY)


@dataclass(frozen=True)
class StandingRow:
    """One line of the standing of a closed season. ``member`` is empty for who is not to be shown any more; their line stays.

    A nickname stands as on the board: without the company, and with ``behind``, the name, for admins.
    """

    rank: int
    member_id: int
    member: str
    company: str
    points: int
    behind: str = ""


def spans_at(session: Session, moment: datetime) -> dict[str, Span]:
    """Return the periods in which points of ``moment`` count, with what they cover: all, quarter, month, and each season that is not closed."""
    zone = programme_zone(session)
    spans = {period: span_of(period, zone) for period in periods_of(moment, zone)}
    for row in session.connection().execute(_RUNNING, {"day": local_date(moment, zone)}):
        spans[season_key(row.id)] = season_span(row.starts_on, row.ends_on, zone)
    return spans


def periods_among(session: Session) -> Callable[[datetime], list[str]]:
    """Return what tells the periods of ``spans_at`` for any number of moments, with one query in all."""
    zone, seasons = programme_zone(session), session.connection().execute(_OPEN).all()

    def periods(moment: datetime) -> list[str]:
        day = local_date(moment, zone)
        return [*periods_of(moment, zone), *(season_key(row.id) for row in seasons if row.starts_on <= day <= row.ends_on)]

    return periods


def span_on(session: Session, period: str) -> Span:
    """Return the moments of a period or season. Refuses what is neither (``UnknownPeriod``, ``NotFound``)."""
    season_id, zone = season_id_of(period), programme_zone(session)
    if season_id is None:
        return span_of(period, zone)
    season = get_season(session, season_id)
    return season_span(season.starts_on, season.ends_on, zone)


def get_season(session: Session, season_id: int) -> Season:
    """Return the season; refuses with ``NotFound``."""
    season = session.get(Season, season_id)
    if season is None:
        raise NotFound()
    return season


def current_season(session: Session, today: date) -> Season | None:
    """Return the season that runs today; of several the one that ends first."""
    running = select(Season).where(Season.closed_at.is_(None), Season.starts_on <= today, Season.ends_on >= today)
    return session.scalar(running.order_by(Season.ends_on, Season.id).limit(1))


def running_seasons(session: Session, today: date) -> Sequence[Season]:
    """Return the seasons that run today, the one that ends first on top."""
    running = select(Season).where(Season.closed_at.is_(None), Season.starts_on <= today, Season.ends_on >= today)
    return session.scalars(running.order_by(Season.ends_on, Season.id)).all()


def due_seasons(session: Session, today: date) -> Sequence[int]:
    """Return the seasons that are over and not closed."""
    return session.scalars(select(Season.id).where(Season.closed_at.is_(None), Season.ends_on < today).order_by(Season.ends_on, Season.id)).all()


def list_seasons(session: Session, *, after: str | None, only_closed: bool = False) -> Page:
    """Return one page of seasons, the latest first."""
    found = select(Season).where(Season.closed_at.is_not(None)) if only_closed else select(Season)
    return page_by(session, found, [(Season.starts_on, True), (Season.id, True)], after=after)


def has_closed(session: Session) -> bool:
    """Tell whether any season is over."""
    return session.scalar(select(Season.id).where(Season.closed_at.is_not(None)).limit(1)) is not None


def winners_of(session: Session, season_ids: Sequence[int]) -> dict[int, list[StandingRow]]:
    """Return the first three lines of each of ``season_ids``."""
    found: dict[int, list[StandingRow]] = {}
    statement = _standing().where(SeasonStanding.season_id.in_(season_ids), SeasonStanding.position <= 3).order_by(SeasonStanding.position)
    for row in session.execute(statement.add_columns(SeasonStanding.season_id)):
        found.setdefault(row.season_id, []).append(_line(row))
    return found


def standing_page(session: Session, season_id: int, *, after: str | None) -> Page:
    """Return one page of the standing of a closed season."""
    statement = _standing().where(SeasonStanding.season_id == season_id)
    page = page_by(session, statement, [(SeasonStanding.position, False), (SeasonStanding.person_id, False)], after=after)
    return Page([_line(row) for row in page.rows], page.next, is_first=page.is_first)


def iter_standing(session: Session, season_id: int) -> Iterator[StandingRow]:
    """Yield the whole standing of a closed season, without who is not shown any more."""
    statement = _standing().where(SeasonStanding.season_id == season_id).order_by(SeasonStanding.position)
    for row in session.execute(statement, execution_options={"yield_per": 2_000}):
        if row.is_shown:
            yield _line(row)


def own_standing(session: Session, season_id: int, person_id: int) -> SeasonStanding | None:
    """Return where a person stood, or None."""
    return session.get(SeasonStanding, (season_id, person_id))


def standing_around(session: Session, season_id: int, person_id: int) -> Sequence[StandingRow]:
    """Return a person's own line in the standing of a closed season between their neighbours, from the top down; none if they did not stand there."""
    own = select(SeasonStanding.position).where(SeasonStanding.season_id == season_id, SeasonStanding.person_id == person_id).scalar_subquery()
    near = SeasonStanding.position.between(own - NEIGHBOURS, own + NEIGHBOURS)
    return [_line(row) for row in session.execute(_standing().where(SeasonStanding.season_id == season_id, near).order_by(SeasonStanding.position))]


def count_standing(session: Session, season_id: int) -> int:
    """Return how many stood on the board of a closed season."""
    return session.scalar(select(func.count()).select_from(SeasonStanding).where(SeasonStanding.season_id == season_id)) or 0


def _standing() -> Any:
    columns = (SeasonStanding.place, SeasonStanding.person_id, SHOWN_NAME, SHOWN_COMPANY, SeasonStanding.points, BEHIND, LISTED.label("is_shown"))
    found = select(*columns).join(Person, Person.id == SeasonStanding.person_id)
    return found.outerjoin(Company, Company.id == Person.company_id)


def _line(row: Any) -> StandingRow:
    member, company, behind = (row.member, row.company or "", row.behind or "") if row.is_shown else ("", "", "")
    return StandingRow(row.place, row.person_id, member, company, row.points, behind)

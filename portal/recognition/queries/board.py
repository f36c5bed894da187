"""The board: one statement for the page, its CSV and ``flask board``. Points earned, highest first; then who reached them first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, true, tuple_
from sqlalchemy.orm import Session

from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.recognition.models import ON_BOARD, PeriodScore
from portal.recognition.queries.places import count_members, find_build, places_of
from portal.recognition.rules import NEIGHBOURS, ranked
from portal.web.paging import Page, page_by

_ORDER = (PeriodScore.score, PeriodScore.first_neg, PeriodScore.member_id)
_BATCH = 2_000


@dataclass(frozen=True)
class BoardRow:
    """One line of the board. ``company`` may be empty."""

    rank: int
    member_id: int
    member: str
    company: str
    points: int


@dataclass(frozen=True)
class Board:
    """One page of a board; ``around`` is the reader's own line with their neighbours, empty for who is not listed.

    ``places_at`` is set where places come from fence posts, and tells from when.
    """

    page: Page
    around: Sequence[BoardRow]
    own: BoardRow | None
    members: int
    places_at: datetime | None


def _board(period: str) -> Select[*tuple[Any, ...]]:
    return (
        select(PeriodScore.member_id, Person.name, Company.name.label("company"), PeriodScore.score, PeriodScore.first_neg)
        .join(Person, Person.id == PeriodScore.member_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .where(PeriodScore.period == period, ON_BOARD)
    )


def _matches(term: str | None) -> Any:
    if not term or not fold(term.strip()):
        return true()
    pattern = like_pattern(fold(term.strip()))
    return or_(Person.name_key.like(pattern, escape="\\"), Company.name_key.like(pattern, escape="\\"))


def get_board(session: Session, period: str, *, member_id: int | None = None, term: str | None = None, after: str | None = None) -> Board:
    """Return one page of the board of ``period``, with the place of ``member_id`` among their neighbours.

    ``term`` keeps those whose name or company holds it; they keep their places.
    """
    build = find_build(session, period)
    page = page_by(session, _board(period).where(_matches(term)), [(column, True) for column in _ORDER], after=after)
    around = _around(session, period, member_id) if member_id is not None else []
    places = places_of(session, period, [row[3] for row in (*page.rows, *around)], is_fenced=build is not None)
    lines = [_line(row, places[row[3]]) for row in around]
    own = next((line for line in lines if line.member_id == member_id), None)
    return Board(
        page=replace(page, rows=[_line(row, places[row[3]]) for row in page.rows]),
        around=lines,
        own=own,
        members=build.members if build else count_members(session, period),
        places_at=build.built_at if build else None,
    )


def iter_board(session: Session, period: str, *, term: str | None = None) -> Iterator[BoardRow]:
    """Yield the whole board of ``period`` from the top, or the lines that hold ``term`` with their places in the whole."""
    statement = _board(period).add_columns(_matches(term).label("is_wanted")).order_by(*(column.desc() for column in _ORDER))
    rows = session.execute(statement, execution_options={"yield_per": _BATCH})
    for place, row in ranked(rows, lambda row: row.score):
        if row.is_wanted:
            yield _line(row, place)


def top_of_board(session: Session, period: str, number: int) -> list[BoardRow]:
    """Return the first lines of the board of ``period``."""
    rows = session.execute(_board(period).order_by(*(column.desc() for column in _ORDER)).limit(number)).all()
    return [_line(row, place) for place, row in ranked(rows, lambda row: row.score)]


def find_own(session: Session, period: str, member_id: int) -> BoardRow | None:
    """Return a person's own line, or None for who is not listed."""
    row = session.execute(_board(period).where(PeriodScore.member_id == member_id)).first()
    if row is None:
        return None
    places = places_of(session, period, [row.score], is_fenced=find_build(session, period) is not None)
    return _line(row, places[row.score])


def _around(session: Session, period: str, member_id: int) -> list[Any]:
    """Return the person's own row between their neighbours, from the top down."""
    own = session.execute(_board(period).where(PeriodScore.member_id == member_id)).first()
    if own is None:
        return []
    here = tuple_(*_ORDER)
    mine = (own.score, own.first_neg, own.member_id)
    above = session.execute(_board(period).where(here > mine).order_by(*_ORDER).limit(NEIGHBOURS)).all()
    below = session.execute(_board(period).where(here < mine).order_by(*(column.desc() for column in _ORDER)).limit(NEIGHBOURS)).all()
    return [*reversed(above), own, *below]


def _line(row: Any, place: int) -> BoardRow:
    member_id, member, company, points = row[:4]
    return BoardRow(rank=place, member_id=member_id, member=member, company=company or "", points=points)

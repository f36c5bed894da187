"""The board: one statement for the page, its CSV and ``flask board``. Points earned, highest first; then who reached them first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, or_, select, true, tuple_
from sqlalchemy.orm import Session

from portal.kernel.schema import BigId
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.recognition.models import LISTED, ON_BOARD, PeriodScore
from portal.recognition.queries.places import count_members, find_build, places_of
from portal.recognition.rules import NEIGHBOURS, anchors, places_below, ranked
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


# Built once; run with ``period``, and ``member`` or the ``score``, ``first`` and ``member`` of a line.
_EVERYBODY = (
    select(PeriodScore.member_id, Person.name, Company.name.label("company"), PeriodScore.score, PeriodScore.first_neg)
    .join(Person, Person.id == PeriodScore.member_id)
    .outerjoin(Company, Company.id == Person.company_id)
    .where(PeriodScore.period == bindparam("period"))
)
_BOARD = _EVERYBODY.where(ON_BOARD)
_DOWNWARDS = tuple(column.desc() for column in _ORDER)
_TOP = _BOARD.order_by(*_DOWNWARDS).limit(bindparam("number", type_=Integer))
_OWN = _BOARD.where(PeriodScore.member_id == bindparam("member", type_=BigId))
_LINE = tuple_(bindparam("score", type_=BigInteger), bindparam("first", type_=BigInteger), bindparam("member", type_=BigId))
_ABOVE = _EVERYBODY.where(LISTED, tuple_(*_ORDER) > _LINE).order_by(*_ORDER).limit(NEIGHBOURS)
_BELOW = _BOARD.where(tuple_(*_ORDER) < _LINE).order_by(*_DOWNWARDS).limit(NEIGHBOURS)


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
    statement = _BOARD.where(_matches(term)) if term else _BOARD
    page = page_by(session, statement, [(column, True) for column in _ORDER], after=after, values={"period": period})
    around = _around(session, period, member_id) if member_id is not None else []
    shown, near = [row[3] for row in page.rows], [row[3] for row in around]
    asked = [*(shown if term else anchors(shown)), *anchors(near)]
    places = places_of(session, period, asked, is_fenced=build is not None)
    lines = _lines(around, places_below(near, places))
    own = next((line for line in lines if line.member_id == member_id), None)
    return Board(
        page=replace(page, rows=_lines(page.rows, [places[score] for score in shown] if term else places_below(shown, places))),
        around=lines,
        own=own,
        members=build.members if build else count_members(session, period),
        places_at=build.built_at if build else None,
    )


def iter_board(session: Session, period: str, *, term: str | None = None) -> Iterator[BoardRow]:
    """Yield the whole board of ``period`` from the top, or the lines that hold ``term`` with their places in the whole."""
    statement = _BOARD.add_columns(_matches(term).label("is_wanted")).order_by(*_DOWNWARDS)
    rows = session.execute(statement, {"period": period}, execution_options={"yield_per": _BATCH})
    for place, row in ranked(rows, lambda row: row.score):
        if row.is_wanted:
            yield _line(row, place)


def top_of_board(session: Session, period: str, number: int) -> list[BoardRow]:
    """Return the first lines of the board of ``period``."""
    rows = session.execute(_TOP, {"period": period, "number": number}).all()
    return [_line(row, place) for place, row in ranked(rows, lambda row: row.score)]


def find_own(session: Session, period: str, member_id: int) -> BoardRow | None:
    """Return a person's own line, or None for who is not listed."""
    row = session.execute(_OWN, {"period": period, "member": member_id}).first()
    if row is None:
        return None
    places = places_of(session, period, [row.score], is_fenced=find_build(session, period) is not None)
    return _line(row, places[row.score])


def _around(session: Session, period: str, member_id: int) -> list[Any]:
    """Return the person's own row between their neighbours, from the top down."""
    own = session.execute(_OWN, {"period": period, "member": member_id}).first()
    if own is None:
        return []
    mine = {"period": period, "score": own.score, "first": own.first_neg, "member": own.member_id}
    above, below = session.execute(_ABOVE, mine).all(), session.execute(_BELOW, mine).all()
    return [*reversed(above), own, *below]


def _lines(rows: Sequence[Any], places: Sequence[int]) -> list[BoardRow]:
    return [_line(row, place) for row, place in zip(rows, places, strict=True)]


def _line(row: Any, place: int) -> BoardRow:
    member_id, member, company, points = row[:4]
    return BoardRow(rank=place, member_id=member_id, member=member, company=company or "", points=points)

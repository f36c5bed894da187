"""The board: one statement for the page, its CSV and ``flask board``. Points earned, highest first; then who reached them first.

``period`` is the key of a board: ``all``, ``2026-11``, a season's ``s3``, or one track of them, ``2026-11/engage``.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import BigInteger, Integer, and_, bindparam, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from portal.kernel.schema import BigId
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.recognition.models import LISTED, ON_BOARD, PeriodScore
from portal.recognition.queries.names import BEHIND, BY_NAME, SHOWN_COMPANY, SHOWN_NAME
from portal.recognition.queries.places import count_members, find_build, places_of
from portal.recognition.rules.boards import NEIGHBOURS, anchors, places_below, ranked
from portal.web.paging import Page, page_by

_ORDER = (PeriodScore.score, PeriodScore.first_neg, PeriodScore.member_id)
_BATCH = 2_000


@dataclass(frozen=True)
class BoardRow:
    """One line of the board. ``member`` is the nickname where somebody chose one: ``company`` is empty then, and ``behind`` the name, for admins."""

    rank: int
    member_id: int
    member: str
    company: str
    points: int
    behind: str = ""


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
    select(PeriodScore.member_id, SHOWN_NAME, SHOWN_COMPANY, PeriodScore.score, BEHIND, PeriodScore.first_neg)
    .join(Person, Person.id == PeriodScore.member_id)
    .outerjoin(Company, Company.id == Person.company_id)
    .where(PeriodScore.period == bindparam("period"))
)
_BOARD = _EVERYBODY.where(ON_BOARD)
_DOWNWARDS = tuple(column.desc() for column in _ORDER)
_TOP = _BOARD.order_by(*_DOWNWARDS).limit(bindparam("number", type_=Integer))
_OWN = _BOARD.where(PeriodScore.member_id == bindparam("member", type_=BigId))
_POINTS = select(PeriodScore.score).where(PeriodScore.period == bindparam("period"), PeriodScore.member_id == bindparam("member", type_=BigId))
_LINE = tuple_(bindparam("score", type_=BigInteger), bindparam("first", type_=BigInteger), bindparam("member", type_=BigId))
_ABOVE = _EVERYBODY.where(LISTED, tuple_(*_ORDER) > _LINE).order_by(*_ORDER).limit(NEIGHBOURS)
_BELOW = _BOARD.where(tuple_(*_ORDER) < _LINE).order_by(*_DOWNWARDS).limit(NEIGHBOURS)
_NEAR = (_OWN, _ABOVE, _BELOW)

# The people of one company, ``company``. A nickname hides the company too, so those who have one are not among them. A company is short, and
# the board is long: asked for in these words neither engine takes the board's own index, which would mean looking along all of it for them.
_IN_COMPANY = and_(
    PeriodScore.is_shown == bindparam("shown", True),
    PeriodScore.score > 0,
    PeriodScore.member_id.in_(select(Person.id).where(Person.company_id == bindparam("company", type_=BigId), BY_NAME)),
)
_WITHIN = _EVERYBODY.where(_IN_COMPANY)
_NEAR_WITHIN = (
    _WITHIN.where(PeriodScore.member_id == bindparam("member", type_=BigId)),
    _WITHIN.where(tuple_(*_ORDER) > _LINE).order_by(*_ORDER).limit(NEIGHBOURS),
    _WITHIN.where(tuple_(*_ORDER) < _LINE).order_by(*_DOWNWARDS).limit(NEIGHBOURS),
)
_SCORES_WITHIN = (
    select(PeriodScore.score, func.count().label("number"))
    .where(PeriodScore.period == bindparam("period"), _IN_COMPANY)
    .group_by(PeriodScore.score)
    .order_by(PeriodScore.score.desc())
)


def _matches(term: str | None) -> Any:
    if not term or not fold(term.strip()):
        return true()
    pattern = like_pattern(fold(term.strip()))
    by_name = or_(Person.name_key.like(pattern, escape="\\"), Company.name_key.like(pattern, escape="\\"))
    # Whoever chose a nickname is found by that alone.
    by_nickname = Person.board_name_key.like(pattern, escape="\\")
    return or_(and_(BY_NAME, by_name), by_nickname)


def get_board(
    session: Session, period: str, *, member_id: int | None = None, term: str | None = None, after: str | None = None, company_id: int | None = None
) -> Board:
    """Return one page of the board of ``period``, with the place of ``member_id`` among their neighbours.

    ``term`` keeps those whose name or company holds it; they keep their places. ``company_id`` gives the
    board within a company, with places of its own.
    """
    if company_id is not None:
        return _within(session, period, company_id, member_id=member_id, term=term, after=after)
    build = find_build(session, period)
    statement = _BOARD.where(_matches(term)) if term else _BOARD
    page = page_by(session, statement, [(column, True) for column in _ORDER], after=after, values={"period": period})
    around = _around(session, {"period": period}, member_id) if member_id is not None else []
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


def _within(session: Session, period: str, company_id: int, *, member_id: int | None, term: str | None, after: str | None) -> Board:
    """The same within one company: counted, since a company is short."""
    here = {"period": period, "company": company_id}
    statement = _WITHIN.where(_matches(term)) if term else _WITHIN
    page = page_by(session, statement, [(column, True) for column in _ORDER], after=after, values=here)
    around = _around(session, here, member_id, _NEAR_WITHIN) if member_id is not None else []
    place, members = _placing(session, here)
    lines = _lines(around, [place(row[3]) for row in around])
    return Board(
        page=replace(page, rows=_lines(page.rows, [place(row[3]) for row in page.rows])),
        around=lines,
        own=next((line for line in lines if line.member_id == member_id), None),
        members=members,
        places_at=None,
    )


def _placing(session: Session, here: dict[str, Any]) -> tuple[Callable[[int], int], int]:
    """Return what tells the place of any score within a company, one more than how many stand above it, and how many stand there.

    A score may have come up since its line was read.
    """
    held = session.execute(_SCORES_WITHIN, here).all()
    falling, above = [-row.score for row in held], [0, *accumulate(row.number for row in held)]
    return lambda score: 1 + above[bisect_left(falling, -score)], above[-1]


def iter_board(session: Session, period: str, *, term: str | None = None, company_id: int | None = None) -> Iterator[BoardRow]:
    """Yield the whole board of ``period``, or of a company, from the top, or the lines that hold ``term`` with their places in the whole."""
    statement = (_BOARD if company_id is None else _WITHIN).add_columns(_matches(term).label("is_wanted")).order_by(*_DOWNWARDS)
    here = {"period": period} if company_id is None else {"period": period, "company": company_id}
    rows = session.execute(statement, here, execution_options={"yield_per": _BATCH})
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


def own_points(session: Session, period: str, member_id: int) -> int:
    """Return what a person earned that counts in ``period``, for themselves: also where they are not listed."""
    return session.scalar(_POINTS, {"period": period, "member": member_id}) or 0


def _around(session: Session, here: Mapping[str, Any], member_id: int, statements: Sequence[Any] = _NEAR) -> list[Any]:
    """Return the person's own row between their neighbours, from the top down. ``statements`` find oneself, who is above, who is below."""
    find, higher, lower = statements
    own = session.execute(find, {**here, "member": member_id}).first()
    if own is None:
        return []
    mine = {**here, "score": own.score, "first": own.first_neg, "member": own.member_id}
    above, below = session.execute(higher, mine).all(), session.execute(lower, mine).all()
    return [*reversed(above), own, *below]


def _lines(rows: Sequence[Any], places: Sequence[int]) -> list[BoardRow]:
    return [_line(row, place) for row, place in zip(rows, places, strict=True)]


def _line(row: Any, place: int) -> BoardRow:
    member_id, member, company, points, behind = row[:5]
    return BoardRow(rank=place, member_id=member_id, member=member, company=company or "", points=points, behind=behind or "")

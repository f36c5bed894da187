"""Companies by what their people earned together: of those who stand on the board by name now and are in the company now.

Read from ``company_score``, which follows the scores in their own transactions, by its index: a page, the own line and its neighbours
cost what they cost, however many people there are. A place is counted: one more than the companies with more points, along the index.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select, true, tuple_, union_all
from sqlalchemy.orm import Session

from portal.kernel.schema import BigId
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company
from portal.recognition.models import CompanyScore
from portal.recognition.rules.boards import NEIGHBOURS, anchors, places_below, ranked
from portal.web.paging import Page, page_by


@dataclass(frozen=True)
class CompanyRow:
    """One company's line: place, the people who earned and stand by their names, and their points together."""

    rank: int
    company_id: int
    company: str
    members: int
    points: int


_KEYS = (CompanyScore.points, CompanyScore.first_neg, CompanyScore.company_id)
_DOWNWARDS = tuple(key.desc() for key in _KEYS)
_HERE = CompanyScore.period == bindparam("period")
_LINES = (
    select(CompanyScore.company_id, Company.name, CompanyScore.members, CompanyScore.points, CompanyScore.first_neg)
    .join(Company, Company.id == CompanyScore.company_id)
    .where(_HERE)
)
_OWN = _LINES.where(CompanyScore.company_id == bindparam("company", type_=BigId))
_LINE = tuple_(bindparam("points", type_=BigInteger), bindparam("first", type_=BigInteger), bindparam("company", type_=BigId))
_ABOVE = _LINES.where(tuple_(*_KEYS) > _LINE).order_by(*_KEYS).limit(NEIGHBOURS)
_BELOW = _LINES.where(tuple_(*_KEYS) < _LINE).order_by(*_DOWNWARDS).limit(NEIGHBOURS)


def company_board(session: Session, period: str, *, term: str | None = None, after: str | None) -> Page:
    """Return one page of the companies' board of ``period``: most points first, then who reached them first.

    ``term`` keeps those whose name holds it; they keep their places.
    """
    statement = _LINES.where(_matches(term)) if term else _LINES
    page = page_by(session, statement, [(key, True) for key in _KEYS], after=after, values={"period": period})
    shown = [row[3] for row in page.rows]
    places = _places(session, period, shown if term else anchors(shown))
    return replace(page, rows=_lines(page.rows, [places[points] for points in shown] if term else places_below(shown, places)))


def iter_companies(session: Session, period: str, *, term: str | None = None) -> Iterator[CompanyRow]:
    """Yield the whole companies' board, or the lines that hold ``term`` with their places in the whole."""
    statement = _LINES.add_columns(_matches(term).label("is_wanted")).order_by(*_DOWNWARDS)
    for place, row in ranked(session.execute(statement, {"period": period}), lambda row: row.points):
        if row.is_wanted:
            yield _line(row, place)


def companies_around(session: Session, period: str, company_id: int) -> list[CompanyRow]:
    """Return one company's line between its neighbours, from the top down; none where nobody of it has points."""
    own = session.execute(_OWN, {"period": period, "company": company_id}).first()
    if own is None:
        return []
    mine = {"period": period, "points": own.points, "first": own.first_neg, "company": company_id}
    rows = [*reversed(session.execute(_ABOVE, mine).all()), own, *session.execute(_BELOW, mine)]
    near = [row.points for row in rows]
    return _lines(rows, places_below(near, _places(session, period, anchors(near))))


def _places(session: Session, period: str, points: Iterable[int]) -> dict[int, int]:
    """Return the place of each of ``points``: the companies with more are counted once, from the top down to the lowest."""
    wanted = sorted(set(points), reverse=True)
    if not wanted:
        return {}
    values: dict[str, Any] = {"period": period} | {f"points{index}": number for index, number in enumerate(wanted)}
    counted = dict(tuple(row) for row in session.execute(_more_than(len(wanted)), values))
    places, above = {}, 0
    for number in wanted:
        above += counted[number]
        places[number] = 1 + above
    return places


@lru_cache(maxsize=64)
def _more_than(number: int) -> Any:
    """Return, for each of so many points, falling, how many companies have more than that and no more than the ones before."""
    return union_all(*(_between(index) for index in range(number)))


def _between(index: int) -> Any:
    points = bindparam(f"points{index}", type_=BigInteger)
    found = select(func.count()).select_from(CompanyScore).where(_HERE, CompanyScore.points > points)
    if index:
        found = found.where(CompanyScore.points <= bindparam(f"points{index - 1}", type_=BigInteger))
    return select(points, found.scalar_subquery())


def _matches(term: str | None) -> Any:
    folded = fold(term.strip()) if term else ""
    return Company.name_key.like(like_pattern(folded), escape="\\") if folded else true()


def _lines(rows: Sequence[Any], places: Sequence[int]) -> list[CompanyRow]:
    return [_line(row, place) for row, place in zip(rows, places, strict=True)]


def _line(row: Any, place: int) -> CompanyRow:
    return CompanyRow(place, row[0], row[1], row[2], row[3])

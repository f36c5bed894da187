"""Companies by what their people earned: summed when asked, of those who stand on the board by name now and are in the company now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, cast, func, select
from sqlalchemy.orm import Session

from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.recognition.models import ON_BOARD, PeriodScore
from portal.recognition.queries.names import BY_NAME
from portal.recognition.rules.boards import NEIGHBOURS
from portal.web.paging import Page, page_by


@dataclass(frozen=True)
class CompanyRow:
    """One company's line: place, the people who earned and stand by their names, and their points together."""

    rank: int
    company_id: int
    company: str
    members: int
    points: int


_points = cast(func.sum(PeriodScore.score), BigInteger)
_SUMS = (
    select(
        Person.company_id.label("company_id"),
        _points.label("points"),
        func.count().label("members"),
        cast(func.min(PeriodScore.first_neg), BigInteger).label("first_neg"),
        func.rank().over(order_by=_points.desc()).label("place"),
    )
    .join(Person, Person.id == PeriodScore.member_id)
    .where(PeriodScore.period == bindparam("period"), ON_BOARD, BY_NAME, Person.company_id.is_not(None))
    .group_by(Person.company_id)
    .subquery()
)
_LINES = select(_SUMS.c.place, _SUMS.c.company_id, Company.name, _SUMS.c.members, _SUMS.c.points).join(Company, Company.id == _SUMS.c.company_id)
_KEYS = (_SUMS.c.points, _SUMS.c.first_neg, _SUMS.c.company_id)
# Numbered from the top, and the lines beside one of them. The sums are made once, however often the numbers are named.
_NUMBERED = select(
    _SUMS.c.place,
    _SUMS.c.company_id,
    Company.name.label("name"),
    _SUMS.c.members,
    _SUMS.c.points,
    func.row_number().over(order_by=[key.desc() for key in _KEYS]).label("line"),
).join(Company, Company.id == _SUMS.c.company_id)
_LINE = _NUMBERED.cte("numbered")
_OWN_LINE = select(_LINE.c.line).where(_LINE.c.company_id == bindparam("company", type_=BigInteger)).scalar_subquery()
_NEAR = select(_LINE).where(_LINE.c.line.between(_OWN_LINE - NEIGHBOURS, _OWN_LINE + NEIGHBOURS)).order_by(_LINE.c.line)


def company_board(session: Session, period: str, *, term: str | None = None, after: str | None) -> Page:
    """Return one page of the companies' board of ``period``: most points first, then who reached them first.

    ``term`` keeps those whose name holds it; they keep their places.
    """
    page = page_by(session, _matching(term), [(key, True) for key in _KEYS], after=after, values={"period": period})
    return Page([_line(row) for row in page.rows], page.next, is_first=page.is_first)


def iter_companies(session: Session, period: str, *, term: str | None = None) -> Iterator[CompanyRow]:
    """Yield the whole companies' board, or the lines that hold ``term``."""
    for row in session.execute(_matching(term).order_by(*(key.desc() for key in _KEYS)), {"period": period}):
        yield _line(row)


def companies_around(session: Session, period: str, company_id: int) -> list[CompanyRow]:
    """Return one company's line between its neighbours, from the top down; none where nobody of it has points."""
    return [_line(row) for row in session.execute(_NEAR, {"period": period, "company": company_id})]


def _matching(term: str | None) -> Any:
    folded = fold(term.strip()) if term else ""
    return _LINES.where(Company.name_key.like(like_pattern(folded), escape="\\")) if folded else _LINES


def _line(row: Any) -> CompanyRow:
    return CompanyRow(row[0], row[1], row[2], row[3], row[4])

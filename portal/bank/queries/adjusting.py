"""Reads of corrections by hand: the admins' list, what waits, one with all that helps to decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, true
from sqlalchemy.orm import Session, aliased

from portal.bank.models import Adjustment
from portal.bank.rules.adjusting import KIND, State
from portal.kernel.errors import NotFound
from portal.kernel.text import fold, like_pattern
from portal.ledger.queries.balances import Balance, balance_of
from portal.people.models import Company, Person
from portal.people.queries.persons import names
from portal.web.paging import AnySelect, Page, page_by

_NEWEST = [(Adjustment.asked_at, True), (Adjustment.id, True)]
_ORDER = (Adjustment.asked_at.desc(), Adjustment.id.desc())
_LARGEST = (func.abs(Adjustment.points).desc(), Adjustment.id)
_Asker = aliased(Person)
_Decider = aliased(Person)


@dataclass(frozen=True)
class AdjustmentReview:
    """A correction with what helps to decide. ``owed`` is what the person would owe afterwards, ``names`` of who asked and decided by id."""

    adjustment: Adjustment
    person: Person
    company: str
    balance: Balance
    owed: int
    names: dict[int, str]


def list_adjustments(session: Session, *, after: str | None = None, **asked: Any) -> Page:
    """Return one page of (Adjustment, person, asker, decider), the newest first; ``asked`` as of ``iter_adjustments``."""
    return page_by(session, _found(**asked), _NEWEST, after=after)


def iter_adjustments(session: Session, *, largest: int | None = None, **asked: Any) -> Iterator[Any]:
    """Yield every row of ``list_adjustments``, for a file; or so many of the ``largest``.

    ``asked`` are ``q`` (person, or who asked), ``category``, ``state``, ``batch`` of an import, and ``since`` and ``until`` (excluded), between which
    it was asked for or decided.
    """
    found = _found(**asked).order_by(*_ORDER if largest is None else _LARGEST).limit(largest)
    yield from session.execute(found, execution_options={"yield_per": 1000})


def moved_within(since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    """Return the condition that a correction was asked for, or decided, from ``since`` on and before ``until``."""
    spans = [
        and_(column >= since if since else true(), column < until if until else true()) for column in (Adjustment.asked_at, Adjustment.settled_at)
    ]
    return or_(*spans)


def waiting_adjustments() -> AnySelect:
    """Return what waits, for the approvals queue."""
    found: AnySelect = (
        select(
            literal(KIND).label("kind"),
            Adjustment.id.label("id"),
            Adjustment.asked_at.label("waiting_since"),
            Person.id.label("person_id"),
            Person.name.label("person"),
            Company.name.label("company"),
            Adjustment.reason.label("title"),
            Adjustment.points.label("points"),
        )
        .join(Person, Person.id == Adjustment.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .where(Adjustment.state == State.WAITING)
    )
    return found


def adjustment_for_review(session: Session, adjustment_id: int) -> AdjustmentReview:
    """Return one with what helps to decide. Raises ``NotFound``."""
    found = select(Adjustment, Person, Company.name.label("company")).join(Person, Person.id == Adjustment.person_id)
    row = session.execute(found.outerjoin(Company, Company.id == Person.company_id).where(Adjustment.id == adjustment_id)).first()
    if row is None:
        raise NotFound()
    made, balance = row.Adjustment, balance_of(session, row.Person.id)
    owed = balance.owed + max(-made.points - balance.available, 0) if made.points < 0 else max(balance.owed - made.points, 0)
    people = {one for one in (made.asked_by_id, made.decided_by_id) if one is not None}
    return AdjustmentReview(made, row.Person, row.company or "", balance, owed, names(session, people) if people else {})


def _found(
    q: str = "",
    category: str = "",
    state: str = "",
    batch: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> AnySelect:
    columns = (Adjustment, Person.name.label("person"), _Asker.name.label("asker"), _Decider.name.label("decider"))
    found: AnySelect = select(*columns).join(Person, Person.id == Adjustment.person_id)
    found = found.outerjoin(_Asker, _Asker.id == Adjustment.asked_by_id).outerjoin(_Decider, _Decider.id == Adjustment.decided_by_id)
    if category:
        found = found.where(Adjustment.category == category)
    if state:
        found = found.where(Adjustment.state == state)
    if batch is not None:
        found = found.where(Adjustment.batch_id == batch)
    if since is not None or until is not None:
        found = found.where(moved_within(since, until))
    for word in fold(q).split():
        pattern = like_pattern(word)
        found = found.where(or_(Person.name_key.like(pattern, escape="\\"), _Asker.name_key.like(pattern, escape="\\")))
    return found

"""Reads of consents: somebody's own, the admins' list, one with whose it is."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from portal.consents.models import Consent
from portal.consents.rules import State
from portal.kernel.errors import NotFound
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.web.paging import AnySelect, Page, page_by

_NEWEST = [(Consent.given_at, True), (Consent.id, True)]


def consents_of(session: Session, person_id: int, *, after: str | None = None, size: int = 20) -> Page:
    """Return one page of somebody's consents, ended ones too, the newest first."""
    found: AnySelect = select(Consent).where(Consent.person_id == person_id)
    return page_by(session, found, _NEWEST, after=after, size=size)


def get_with_whose(session: Session, consent_id: int) -> Row[Any]:
    """Return one as (Consent, person, company). Raises ``NotFound``."""
    found = session.execute(_with_whose().where(Consent.id == consent_id)).first()
    if found is None:
        raise NotFound()
    return found


def list_consents(session: Session, *, today: date, q: str = "", item: str = "", state: str = "", after: str | None = None) -> Page:
    """Return one page of (Consent, person, company), the newest first."""
    return page_by(session, _found(q, item, state, today), _NEWEST, after=after)


def iter_consents(session: Session, *, today: date, q: str = "", item: str = "", state: str = "") -> Iterator[Row[Any]]:
    """Yield every row of ``list_consents``, for a file."""
    found = _found(q, item, state, today).order_by(Consent.given_at.desc(), Consent.id.desc())
    yield from session.execute(found, execution_options={"yield_per": 1000})


def _with_whose() -> AnySelect:
    found: AnySelect = select(Consent, Person.name.label("person"), Company.name.label("company"))
    return found.join(Person, Person.id == Consent.person_id).outerjoin(Company, Company.id == Consent.company_id)


def _found(q: str, item: str, state: str, today: date) -> AnySelect:
    found = _with_whose()
    if item:
        found = found.where(Consent.item == item)
    if state:
        found = found.where(_stands(State(state), today))
    for word in fold(q).split():
        columns = (Person.name_key, Company.name_key, Consent.search)
        found = found.where(or_(*(column.like(like_pattern(word), escape="\\") for column in columns)))
    return found


def _stands(state: State, today: date) -> ColumnElement[bool]:
    """Return ``rules.state_of`` as a condition."""
    if state in (State.WITHDRAWN, State.TAKEN_BACK):
        return Consent.ended_as == state.value
    is_over = Consent.expires_on.is_not(None) & (Consent.expires_on < today)
    return Consent.ended_as.is_(None) & (is_over if state is State.EXPIRED else ~is_over)

"""Admins' list of receivers, and the years for finance. Paged by key, each page one statement."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from portal.kernel.countries import country_code
from portal.kernel.text import N_, fold, like_pattern
from portal.people.models import Company, Person
from portal.receiving.models import CompanyAccepts, PersonAccepts, ReceivedValue, ReceivedYear, TaxForm
from portal.receiving.queries.standing import STANDS, joined, receiver_from, year_of
from portal.receiving.rules.accepting import Stance
from portal.receiving.rules.thresholds import NEAR_PERCENT, THRESHOLDS, threshold_on
from portal.web.paging import Page, page_by

_KEYS = ((Person.name_key, False), (Person.id, False))


class Show(StrEnum):
    """Which people are looked for."""

    NEAR = "near"
    OVER = "over"
    RULED = "ruled"
    UNKNOWN = "unknown"
    VALUE = "value"


SHOW_NAMES = {
    Show.NEAR: N_("Near the limit or over it"),
    Show.OVER: N_("Over the limit, no form"),
    Show.RULED: N_("With a rule"),
    Show.UNKNOWN: N_("Not known yet"),
    Show.VALUE: N_("Received something"),
}


def list_receivers(session: Session, filters: Mapping[str, Any], now: datetime, *, after: str | None = None) -> Page:
    """Return a page of ``Receiver`` by name. Filters: q, show, year."""
    year = int(filters.get("year") or year_of(session, now))
    page = page_by(session, _matching(session, filters, year), _KEYS, after=after, values={"year": year})
    return replace(page, rows=[receiver_from(row, year) for row in page.rows])


def iter_receivers(session: Session, filters: Mapping[str, Any], now: datetime) -> Iterator[Any]:
    """Yield everybody of the list who received something in the year."""
    year = int(filters.get("year") or year_of(session, now))
    found = _matching(session, filters, year).where(ReceivedYear.cents > 0).order_by(Person.name_key, Person.id)
    for row in session.execute(found, {"year": year}, execution_options={"yield_per": 500}):
        yield receiver_from(row, year)


def count_receivers(session: Session, now: datetime) -> dict[str, int]:
    """Return how many there are of each kind of the list this year."""
    year = year_of(session, now)
    limit = limit_of(session, year)
    kinds = {show.value: func.count(case((_is(show, limit), 1))) for show in (Show.NEAR, Show.RULED, Show.UNKNOWN)}
    base = _matching(session, {}, year).with_only_columns(*(column.label(name) for name, column in kinds.items()), maintain_column_froms=True)
    return dict(session.execute(base, {"year": year}).one()._mapping)


def values_of(session: Session, person_id: int, *, size: int = 20) -> list[ReceivedValue]:
    """Return what somebody received last, taken back things too."""
    found = select(ReceivedValue).where(ReceivedValue.person_id == person_id).order_by(ReceivedValue.id.desc()).limit(size)
    return list(session.scalars(found))


def forms_of(session: Session, person_id: int) -> list[TaxForm]:
    """Return a person's forms, the newest first, those that are off the file too."""
    return list(session.scalars(select(TaxForm).where(TaxForm.person_id == person_id).order_by(TaxForm.id.desc()).limit(20)))


def companys_rule(session: Session, company_id: int) -> CompanyAccepts | None:
    """Return what is known of a company, or None."""
    return session.get(CompanyAccepts, company_id)


def limit_of(session: Session, year: int) -> ColumnElement[Any]:
    """Return the limit in cents that counts for a row of ``joined``, NULL where there is none: ``receiver_from`` in SQL."""
    held = {code: line.cents for code in {line.country for line in THRESHOLDS} if (line := threshold_on(code, year))}
    if not held:
        return literal(None, Integer)
    lowest = min(held.values())
    typed = {text: held.get(code) if (code := country_code(text)) else lowest for text in session.scalars(select(Company.country).distinct())}
    of_company = case({"": lowest} | {text: cents for text, cents in typed.items() if cents is not None}, value=func.coalesce(Company.country, ""))
    of_values = select(func.min(case(held, value=ReceivedValue.country))).where(STANDS).correlate(Person).scalar_subquery()
    found = case((of_company <= of_values, of_company), else_=func.coalesce(of_values, of_company))
    return case((func.coalesce(PersonAccepts.country, "") != "", case(held, value=PersonAccepts.country)), else_=found)


def _matching(session: Session, filters: Mapping[str, Any], year: int) -> Select[*tuple[Any, ...]]:
    statement = joined().where(or_(Person.is_advocate, ReceivedYear.cents > 0))
    if term := fold(filters.get("q", "").strip()):
        statement = statement.where(or_(*(column.like(like_pattern(term), escape="\\") for column in (Person.name_key, Company.name_key))))
    if show := filters.get("show"):
        statement = statement.where(_is(Show(show), limit_of(session, year)))
    return statement


def _is(show: Show, limit: ColumnElement[Any]) -> ColumnElement[bool]:
    strict = (Stance.CHARITY.value, Stance.NOTHING.value)
    if show is Show.RULED:
        return or_(*(or_(table.stance.in_(strict), table.item_cents > 0, table.year_cents > 0) for table in (PersonAccepts, CompanyAccepts)))
    if show is Show.UNKNOWN:
        known = [func.coalesce(table.stance, Stance.UNKNOWN.value) == Stance.UNKNOWN.value for table in (PersonAccepts, CompanyAccepts)]
        return and_(*known)
    if show is Show.VALUE:
        return func.coalesce(ReceivedYear.cents, 0) > 0
    if show is Show.OVER:
        return and_(ReceivedYear.cents >= limit, TaxForm.id.is_(None))
    return ReceivedYear.cents * 100 >= limit * NEAR_PERCENT

"""The registry: everybody who takes part or is invited, and everybody whose nomination waits."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, bindparam, exists, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from portal.acts.models import Act
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.references.models import Nomination, NominationActivity
from portal.references.queries.nominations import in_order
from portal.references.rules import Activity, Standing, State
from portal.web.paging import AnySelect, Page, page_by, read_cursor

SIZE = 25
PERSON, NOMINATION = "person", "nomination"
_FIRST_ID = func.coalesce(Nomination.duplicate_of_id, Nomination.id)
STANDINGS = {PersonState.ACTIVE: Standing.JOINED, PersonState.INVITED: Standing.INVITED}


@dataclass(frozen=True)
class Filters:
    """What a reader of the registry looks for; empty ones do not narrow."""

    q: str = ""
    company: str = ""
    industry: str = ""
    region: str = ""
    state: str = ""
    might: str = ""


@dataclass(frozen=True)
class Entry:
    """One person of the registry: a person of the portal, or a nominee who waits. ``acts`` counts approved acts by track."""

    kind: str
    id: int
    name: str
    title: str
    email: str
    company: str
    industry: str
    region: str
    size: str
    standing: Standing
    activities: list[Activity]
    acts: dict[str, int]
    last_act_at: datetime | None


@dataclass(frozen=True)
class Totals:
    """How many people the registry holds."""

    joined: int
    invited: int
    waiting: int


def list_registry(session: Session, filters: Filters, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of ``Entry``, by name."""
    rows = _people(filters, after=after, size=size)
    keys = [(rows.c.name_key, False), (rows.c.kind, False), (rows.c.id, False)]
    page = page_by(session, select(rows), keys, after=after, size=size)
    persons = [row.id for row in page if row.kind == PERSON]
    nominations = [row.id for row in page if row.kind == NOMINATION]
    might = _might_of(session, persons, nominations)
    acts = _acts_of(session, persons)
    return replace(page, rows=[_entry(row, might, acts) for row in page])


def whole_registry(session: Session, filters: Filters) -> list[Entry]:
    """Return all entries that match, by name, for a file."""
    rows = _people(filters)
    found = session.execute(select(rows).order_by(rows.c.name_key, rows.c.kind, rows.c.id)).all()
    might, acts = _might_of(session, None, None), _acts_of(session, None)
    return [_entry(row, might, acts) for row in found]


def totals(session: Session) -> Totals:
    """Return how many have joined, are invited, and wait."""
    persons = select(Person.state, func.count().label("number")).where(Person.is_advocate, Person.state.in_(STANDINGS)).group_by(Person.state)
    counted = {row.state: row.number for row in session.execute(persons)}
    waiting = session.scalar(select(func.count()).select_from(Nomination).where(Nomination.state == State.SUBMITTED)) or 0
    return Totals(counted.get(PersonState.ACTIVE, 0), counted.get(PersonState.INVITED, 0), waiting)


def choices(session: Session) -> tuple[list[str], list[str]]:
    """Return the industries and the regions of all companies."""
    found = session.execute(select(Company.industry, Company.region).distinct()).all()
    return sorted({row.industry for row in found if row.industry}), sorted({row.region for row in found if row.region})


def _acts_of(session: Session, persons: list[int] | None) -> dict[int, tuple[dict[str, int], datetime]]:
    """Return how many acts of each track each person has done, and when the last one was; of everybody without ``persons``."""
    counted = select(Act.person_id, Act.track, func.count().label("number"), func.max(Act.happened_at).label("last"))
    if persons is not None:
        counted = counted.where(Act.person_id.in_(persons))
    acts: dict[int, tuple[dict[str, int], datetime]] = {}
    for row in session.execute(counted.where(Act.reversed_at.is_(None)).group_by(Act.person_id, Act.track)):
        tracks, last = acts.get(row.person_id, ({}, row.last))
        acts[row.person_id] = (tracks | {row.track: row.number}, max(last, row.last))
    return acts


def _people(filters: Filters, *, after: str | None = None, size: int | None = None) -> Subquery:
    """Return everybody who matches. With ``size`` only so many of each kind behind the cursor, so that a page never reads the whole registry."""
    persons, nominees = _persons(filters), _nominees(filters)
    if size is not None:
        values = read_cursor(after) if after else None
        known = values if values and [type(value) for value in values] == [str, str, int] else None
        persons = _cut(persons, PERSON, known, size + 1)
        nominees = _cut(nominees, NOMINATION, known, size + 1)
    return union_all(persons, nominees).subquery("registry")


def _cut(found: AnySelect, kind: str, behind: list[Any] | None, number: int) -> AnySelect:
    """Return the first rows of one kind by name, behind a row of the whole list (its name, kind and id)."""
    name_key, row_id = found.selected_columns["name_key"], found.selected_columns["id"]
    if behind is not None:
        name, last_kind, last_id = behind
        if kind == last_kind:
            found = found.where(tuple_(name_key, row_id) > tuple_(bindparam(None, name), bindparam(None, last_id)))
        else:
            found = found.where(name_key >= name if kind > last_kind else name_key > name)
    return select(found.order_by(name_key, row_id).limit(number).subquery())


def _persons(filters: Filters) -> AnySelect:
    found = select(
        literal(PERSON).label("kind"),
        Person.id.label("id"),
        Person.name.label("name"),
        Person.name_key.label("name_key"),
        Person.title.label("title"),
        func.coalesce(Person.email, "").label("email"),
        func.coalesce(Company.name, "").label("company"),
        *_company_columns(),
        Person.state.label("state"),
    )
    found = found.outerjoin(Company, Company.id == Person.company_id).where(Person.is_advocate, Person.state.in_(STANDINGS))
    if filters.state:
        found = found.where(Person.state.in_([state for state, kind in STANDINGS.items() if kind == filters.state]))
    if filters.q:
        pattern = like_pattern(fold(filters.q))
        found = found.where(or_(_holds(Person.name_key, pattern), _holds(Company.name_key, pattern), _holds(func.lower(Person.title), pattern)))
    return _narrowed(found, filters, (Person.id, Nomination.person_id), [_holds(Company.name_key, like_pattern(fold(filters.company)))])


def _nominees(filters: Filters) -> AnySelect:
    """Nominees who wait. Whoever is invited or takes part already stands among the persons."""
    first = Nomination.__table__.alias("first")  # type: ignore[attr-defined]
    found = select(
        literal(NOMINATION),
        first.c.id,
        first.c.name,
        first.c.name_key,
        first.c.title,
        first.c.email,
        func.coalesce(Company.name, first.c.company_name),
        *_company_columns(),
        first.c.state,
    )
    is_here = exists().where(Person.email_key == first.c.email_key, Person.state.in_(STANDINGS), Person.is_advocate)
    found = found.select_from(first).outerjoin(Company, Company.id == first.c.company_id).where(first.c.state == State.SUBMITTED, ~is_here)
    if filters.state and filters.state != Standing.WAITING:
        found = found.where(literal(1) == 0)
    if filters.q:
        found = found.where(_holds(first.c.search, like_pattern(fold(filters.q))))
    pattern = like_pattern(fold(filters.company))
    return _narrowed(found, filters, (first.c.id, _FIRST_ID), [_holds(Company.name_key, pattern), _holds(func.lower(first.c.company_name), pattern)])


def _company_columns() -> list[ColumnElement[str]]:
    columns = {"industry": Company.industry, "region": Company.region, "size": Company.size}
    return [func.coalesce(column, "").label(name) for name, column in columns.items()]


def _narrowed(found: AnySelect, filters: Filters, who: tuple[Any, Any], company: list[ColumnElement[bool]]) -> AnySelect:
    """Apply what both kinds are filtered by. ``who`` are the column of the list and the one of a nomination that name the same somebody."""
    if filters.company:
        found = found.where(or_(*company))
    if filters.industry:
        found = found.where(Company.industry == filters.industry)
    if filters.region:
        found = found.where(Company.region == filters.region)
    if filters.might:
        listed, said_of = who
        said = select(said_of).join(NominationActivity, NominationActivity.nomination_id == Nomination.id)
        found = found.where(listed.in_(said.where(NominationActivity.activity == filters.might, said_of.is_not(None))))
    return found


def _holds(column: Any, pattern: str) -> ColumnElement[bool]:
    held: ColumnElement[bool] = column.like(pattern, escape="\\")
    return held


def _might_of(session: Session, persons: list[int] | None, nominations: list[int] | None) -> dict[tuple[str, int], list[Activity]]:
    """Return what everybody on the page might do, by (kind, id), as their nominators say. Everybody's without lists."""
    found = select(Nomination.person_id, _FIRST_ID, NominationActivity.activity).join(
        NominationActivity, NominationActivity.nomination_id == Nomination.id
    )
    if persons is not None and nominations is not None:
        found = found.where(or_(Nomination.person_id.in_(persons), Nomination.id.in_(nominations), Nomination.duplicate_of_id.in_(nominations)))
    might: dict[tuple[str, int], set[str]] = {}
    for person_id, nomination_id, activity in session.execute(found):
        might.setdefault((NOMINATION, nomination_id), set()).add(activity)
        if person_id is not None:
            might.setdefault((PERSON, person_id), set()).add(activity)
    return {key: in_order(activities) for key, activities in might.items()}


def _entry(row: Any, might: dict[tuple[str, int], list[Activity]], acts: dict[int, tuple[dict[str, int], datetime]]) -> Entry:
    tracks, last = acts.get(row.id, ({}, None)) if row.kind == PERSON else ({}, None)
    return Entry(
        kind=row.kind,
        id=row.id,
        name=row.name,
        title=row.title,
        email=row.email,
        company=row.company,
        industry=row.industry,
        region=row.region,
        size=row.size,
        standing=STANDINGS.get(row.state, Standing.WAITING),
        activities=might.get((row.kind, row.id), []),
        acts=tracks,
        last_act_at=last,
    )

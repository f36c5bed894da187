"""The registry: everybody who takes part or is invited, and everybody whose nomination waits."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, case, exists, false, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.kernel.actor import Actor
from portal.kernel.schema import BigId
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.queries.knowing import READER, Rule, rule_for
from portal.people.rules.person import PersonState
from portal.profiles.rules.activity import Activity
from portal.references.models.nominating import Nomination, NominationActivity
from portal.references.queries.nominations import in_order, taken_back_at
from portal.references.rules.states import Standing, State
from portal.web.paging import AnySelect, Page, page_by, read_cursor

SIZE = 25
PERSON, NOMINATION = "person", "nomination"
_FIRST_ID = func.coalesce(Nomination.duplicate_of_id, Nomination.id)
STANDINGS = (PersonState.ACTIVE, PersonState.INVITED)
_ASKED = (State.INVITED, State.ACCEPTED, State.NO_ANSWER)
_IN_REVIEW = frozenset({Standing.WAITING, Standing.IN_REVIEW})
# What the last nomination of somebody invited came to; who was invited without one is invited.
_ANSWER = (
    select(
        case(
            (and_(Nomination.state == State.INVITED, Nomination.ask_again_on.is_not(None)), Standing.NOT_NOW.value),
            (and_(Nomination.state == State.ACCEPTED, taken_back_at(Nomination).is_not(None)), Standing.TAKEN_BACK.value),
            else_=Nomination.state,
        )
    )
    .where(Nomination.person_id == Person.id, Nomination.duplicate_of_id.is_(None), Nomination.state.in_(_ASKED))
    .order_by(Nomination.id.desc())
    .limit(1)
    .correlate(Person)
    .scalar_subquery()
)
_IS_BACK = func.coalesce(_ANSWER, "") == Standing.TAKEN_BACK.value
_MEMBER = case((_IS_BACK, Standing.TAKEN_BACK.value), else_=Standing.JOINED.value)
_STANDING = case((Person.state == PersonState.ACTIVE, _MEMBER), else_=func.coalesce(_ANSWER, Standing.INVITED.value))
_STATES = select(Person.state, func.count().label("number")).where(Person.is_advocate, Person.state.in_(STANDINGS)).group_by(Person.state)
_WAITING = select(func.count()).select_from(Nomination).where(Nomination.state == State.SUBMITTED)
_PLACES = select(Company.industry, Company.region).distinct()
_SOME: Any = bindparam("persons", expanding=True)
_ACTS = (
    select(Act.person_id, Act.track, func.count().label("number"), func.max(Act.happened_at).label("last"))
    .where(Act.reversed_at.is_(None))
    .group_by(Act.person_id, Act.track)
)
_ACTS_OF = _ACTS.where(Act.person_id.in_(_SOME))
_MIGHT = select(Nomination.person_id, _FIRST_ID, NominationActivity.activity).join(
    NominationActivity, NominationActivity.nomination_id == Nomination.id
)
_LISTED: Any = bindparam("nominations", expanding=True)
_MIGHT_OF = _MIGHT.where(or_(Nomination.person_id.in_(_SOME), Nomination.id.in_(_LISTED), Nomination.duplicate_of_id.in_(_LISTED)))


@dataclass(frozen=True)
class Filters:
    """What a reader of the registry looks for; empty ones do not narrow."""

    q: str = ""
    company: str = ""
    industry: str = ""
    region: str = ""
    state: str = ""
    might: str = ""

    @property
    def asked(self) -> frozenset[str]:
        """Which filters narrow, and the state itself: they decide what the statement looks like."""
        return frozenset(name for name, value in asdict(self).items() if value) | ({self.state} if self.state else frozenset())

    @property
    def values(self) -> dict[str, Any]:
        """What the statement is run with."""
        patterns = {"q": like_pattern(fold(self.q)), "company": like_pattern(fold(self.company))}
        return asdict(self) | patterns


@dataclass(frozen=True)
class Entry:
    """One person of the registry: a person of the portal, or a nominee who waits. ``acts`` counts approved acts by track."""

    kind: str
    id: int
    name: str
    title: str
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


def list_registry(session: Session, actor: Actor, filters: Filters, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of ``Entry``, by name, of those whom ``actor`` may know of."""
    known = read_cursor(after) if after else None
    last = known if known and [type(value) for value in known] == [str, str, int] else None
    rule = rule_for(session, actor)
    found, keys = _one_page(filters.asked, rule, last[1] if last else None, size)
    values = filters.values | {READER: actor.id or 0} | ({"last_name": last[0], "last_id": last[2]} if last else {})
    page = page_by(session, found, keys, after=after, size=size, values=values)
    persons = [row.id for row in page if row.kind == PERSON]
    nominations = [row.id for row in page if row.kind == NOMINATION]
    might = _might_of(session, persons, nominations)
    acts = _acts_of(session, persons)
    return replace(page, rows=[_entry(row, might, acts) for row in page])


def whole_registry(session: Session, actor: Actor, filters: Filters) -> list[Entry]:
    """Return all entries that match and whom ``actor`` may know of, by name, for a file."""
    rows = union_all(_persons(filters.asked, rule_for(session, actor)), _nominees(filters.asked)).subquery("registry")
    found = session.execute(select(rows).order_by(rows.c.name_key, rows.c.kind, rows.c.id), filters.values | {READER: actor.id or 0}).all()
    might, acts = _might_of(session, None, None), _acts_of(session, None)
    return [_entry(row, might, acts) for row in found]


def totals(session: Session) -> Totals:
    """Return how many have joined, are invited, and wait."""
    counted = {row.state: row.number for row in session.execute(_STATES)}
    waiting = session.scalar(_WAITING) or 0
    return Totals(counted.get(PersonState.ACTIVE, 0), counted.get(PersonState.INVITED, 0), waiting)


def choices(session: Session) -> tuple[list[str], list[str]]:
    """Return the industries and the regions of all companies."""
    found = session.execute(_PLACES).all()
    return sorted({row.industry for row in found if row.industry}), sorted({row.region for row in found if row.region})


def _acts_of(session: Session, persons: list[int] | None) -> dict[int, tuple[dict[str, int], datetime]]:
    """Return how many acts of each track each person has done, and when the last one was; of everybody without ``persons``."""
    counted = session.execute(_ACTS) if persons is None else session.execute(_ACTS_OF, {"persons": persons})
    acts: dict[int, tuple[dict[str, int], datetime]] = {}
    for row in counted:
        tracks, last = acts.get(row.person_id, ({}, row.last))
        acts[row.person_id] = (tracks | {row.track: row.number}, max(last, row.last))
    return acts


@lru_cache(maxsize=128)
def _one_page(asked: frozenset[str], rule: Rule | None, behind: str | None, size: int) -> tuple[AnySelect, tuple[tuple[Any, bool], ...]]:
    """Return a select of one page with the keys to page by, built once for each choice of filters
    and rule of who is known.

    It takes only so many of each kind, so that a page never reads the whole registry: the first by
    name, or those behind ``:last_name`` and ``:last_id`` of the kind ``behind``.
    """
    parts = ((_persons(asked, rule), PERSON), (_nominees(asked), NOMINATION))
    rows = union_all(*(_cut(found, kind, behind, size + 1) for found, kind in parts)).subquery("registry")
    return select(rows), ((rows.c.name_key, False), (rows.c.kind, False), (rows.c.id, False))


def _cut(found: AnySelect, kind: str, behind: str | None, number: int) -> AnySelect:
    """Return the first rows of one kind by name, behind a row of the whole list."""
    name_key, row_id = found.selected_columns["name_key"], found.selected_columns["id"]
    if behind is not None:
        name = bindparam("last_name", type_=String)
        if kind == behind:
            found = found.where(tuple_(name_key, row_id) > tuple_(name, bindparam("last_id", type_=BigId)))
        else:
            found = found.where(name_key >= name if kind > behind else name_key > name)
    return select(found.order_by(name_key, row_id).limit(number).subquery())


def _persons(asked: frozenset[str], rule: Rule | None) -> AnySelect:
    found = select(
        literal(PERSON).label("kind"),
        Person.id.label("id"),
        Person.name.label("name"),
        Person.name_key.label("name_key"),
        Person.title.label("title"),
        func.coalesce(Company.name, "").label("company"),
        *_company_columns(),
        _STANDING.label("state"),
    )
    found = found.outerjoin(Company, Company.id == Person.company_id).where(Person.is_advocate, Person.state.in_(STANDINGS))
    if rule is not None:
        found = found.where(rule(0))
    if "state" in asked:
        if asked & _IN_REVIEW:
            found = found.where(false())
        elif Standing.JOINED in asked:
            found = found.where(Person.state == PersonState.ACTIVE, ~_IS_BACK)
        elif Standing.TAKEN_BACK in asked:
            found = found.where(bindparam("state", type_=String) == _STANDING)
        else:
            found = found.where(Person.state == PersonState.INVITED, bindparam("state", type_=String) == _STANDING)
    if "q" in asked:
        # Not ``Company.name_key`` itself: that would look up the company of everybody before most are left out.
        at_company = Person.company_id.in_(select(Company.id).where(_holds(Company.name_key, "q")))
        found = found.where(or_(_holds(Person.name_key, "q"), at_company, _holds(func.lower(Person.title), "q")))
    return _narrowed(found, asked, (Person.id, Nomination.person_id), [_holds(Company.name_key, "company")])


def _nominees(asked: frozenset[str]) -> AnySelect:
    """Nominees who wait. Whoever is invited or takes part already stands among the persons."""
    first = Nomination.__table__.alias("first")  # type: ignore[attr-defined]
    found = select(
        literal(NOMINATION),
        first.c.id,
        first.c.name,
        first.c.name_key,
        first.c.title,
        func.coalesce(Company.name, first.c.company_name),
        *_company_columns(),
        case((first.c.review_began_at.is_not(None), Standing.IN_REVIEW.value), else_=Standing.WAITING.value),
    )
    is_here = exists().where(Person.email_key == first.c.email_key, Person.state.in_(STANDINGS), Person.is_advocate)
    found = found.select_from(first).outerjoin(Company, Company.id == first.c.company_id).where(first.c.state == State.SUBMITTED, ~is_here)
    if "state" in asked:
        began = first.c.review_began_at
        found = found.where((began.is_not(None) if Standing.IN_REVIEW in asked else began.is_(None)) if asked & _IN_REVIEW else false())
    if "q" in asked:
        # Not ``search``, which holds the address too: whoever may not see it cannot feel for it.
        said = (first.c.name_key, func.lower(first.c.title), func.lower(first.c.company_name), Company.name_key)
        found = found.where(or_(*(_holds(column, "q") for column in said)))
    at_company = [_holds(Company.name_key, "company"), _holds(func.lower(first.c.company_name), "company")]
    return _narrowed(found, asked, (first.c.id, _FIRST_ID), at_company)


def _company_columns() -> list[ColumnElement[str]]:
    columns = {"industry": Company.industry, "region": Company.region, "size": Company.size}
    return [func.coalesce(column, "").label(name) for name, column in columns.items()]


def _narrowed(found: AnySelect, asked: frozenset[str], who: tuple[Any, Any], company: list[ColumnElement[bool]]) -> AnySelect:
    """Apply what both kinds are filtered by. ``who`` are the column of the list and the one of a nomination that name the same somebody."""
    if "company" in asked:
        found = found.where(or_(*company))
    if "industry" in asked:
        found = found.where(Company.industry == bindparam("industry"))
    if "region" in asked:
        found = found.where(Company.region == bindparam("region"))
    if "might" in asked:
        listed, said_of = who
        said = select(said_of).join(NominationActivity, NominationActivity.nomination_id == Nomination.id)
        found = found.where(listed.in_(said.where(NominationActivity.activity == bindparam("might"), said_of.is_not(None))))
    return found


def _holds(column: Any, pattern: str) -> ColumnElement[bool]:
    held: ColumnElement[bool] = column.like(bindparam(pattern, type_=String), escape="\\")
    return held


def _might_of(session: Session, persons: list[int] | None, nominations: list[int] | None) -> dict[tuple[str, int], list[Activity]]:
    """Return what everybody on the page might do, by (kind, id), as their nominators say. Everybody's without lists."""
    if persons is None or nominations is None:
        found = session.execute(_MIGHT)
    else:
        found = session.execute(_MIGHT_OF, {"persons": persons, "nominations": nominations})
    might: dict[tuple[str, int], set[str]] = {}
    for person_id, nomination_id, activity in found:
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
        company=row.company,
        industry=row.industry,
        region=row.region,
        size=row.size,
        standing=Standing(row.state),
        activities=might.get((row.kind, row.id), []),
        acts=tracks,
        last_act_at=last,
    )

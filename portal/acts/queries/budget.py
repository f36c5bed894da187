"""How it stands with somebody's goodwill: read for many people at once with as many statements as for one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.acts.models.asks import Ask, AskBlock, AskOutcome, CompanyGoodwill, PersonGoodwill
from portal.acts.queries.settings import defaults_of, efforts_at
from portal.acts.rules.asks import AskKind, AskState, Came, Past, state_of
from portal.acts.rules.budget import MOST_DAYS, Band, band, capacity, free_at, load, strain, used, worse
from portal.acts.rules.terms import BlockKind, Side, Standing, Terms
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState

AT_ONCE = 500


@dataclass(frozen=True)
class Shown:
    """What a page tells of one side: slots taken of how many, when one frees (None: now, or never where ``most`` is 0), and the strain."""

    name: str
    used: int
    most: int
    days: int
    free_on: date | None
    strain: float
    terms: Terms
    blocks: tuple[BlockKind, ...]
    paused_until: date | None
    """The first day after a pause that is not over."""

    @property
    def left(self) -> int:
        return max(self.most - self.used, 0)

    @property
    def band(self) -> Band:
        return band(self.strain)


@dataclass(frozen=True)
class Budget:
    """A person's budget and their company's, and the standing that they were read from."""

    person_id: int
    company_id: int | None
    person: Shown
    company: Shown | None
    standing: Standing

    @property
    def band(self) -> Band:
        """The worse of the two colours."""
        return worse(self.person.band, *([self.company.band] if self.company else []))

    @property
    def left(self) -> int:
        """How many more asks both caps let through now."""
        return min(self.person.left, self.company.left) if self.company else self.person.left


def budget_of(session: Session, person_id: int, now: datetime) -> Budget:
    """Return one person's budget. Raises NotFound."""
    found = budgets_of(session, [person_id], now)
    if person_id not in found:
        raise NotFound()
    return found[person_id]


def budgets_of(session: Session, person_ids: Iterable[int], now: datetime) -> dict[int, Budget]:
    """Return the budgets of ``person_ids``; who is unknown is left out."""
    ids = sorted(set(person_ids))
    people = _people(session, ids)
    company_ids = sorted({row.company_id for row in people if row.company_id})
    call_effort = efforts_at(session, now)[AskKind.CALL]
    persons = _sides(session, [(row.id, row.name) for row in people], Ask.person_id, PersonGoodwill.person_id, AskBlock.person_id, now)
    named = {row.company_id: row.company for row in people if row.company_id}
    companies = _sides(session, sorted(named.items()), Ask.company_id, CompanyGoodwill.company_id, AskBlock.company_id, now) if company_ids else {}
    told = {company_id: shown(side, now, programme_zone(session), call_effort) for company_id, side in companies.items()}
    found: dict[int, Budget] = {}
    for row in people:
        is_askable = row.is_advocate and row.state != PersonState.DEACTIVATED
        firm = companies.get(row.company_id)
        standing = Standing(persons[row.id], firm, now, programme_zone(session), is_askable)
        own = shown(persons[row.id], now, programme_zone(session), call_effort)
        found[row.id] = Budget(row.id, row.company_id, own, told.get(row.company_id), standing)
    return found


def company_budget(session: Session, company_id: int, now: datetime) -> Shown:
    """Return what is told of a company's budget. Raises NotFound."""
    name = session.scalar(select(Company.name).where(Company.id == company_id))
    if name is None:
        raise NotFound()
    sides = _sides(session, [(company_id, name)], Ask.company_id, CompanyGoodwill.company_id, AskBlock.company_id, now)
    return shown(sides[company_id], now, programme_zone(session), efforts_at(session, now)[AskKind.CALL])


def shown(side: Side, now: datetime, zone: str, call_effort: int) -> Shown:
    """Return what is told of a side."""
    taken, free = used(side.past, side.cap, now), free_at(side.past, side.cap, now)
    free_on = local_date(free, zone) if free is not None and free > now else None
    strained = strain(load(side.past, now), capacity(side.cap, call_effort))
    pause = side.terms.paused_until
    paused = pause if pause and local_date(now, zone) < pause else None
    return Shown(side.name, taken, side.cap.most, side.cap.days, free_on, strained, side.terms, side.blocks, paused)


def _people(session: Session, ids: Sequence[int]) -> list[Any]:
    columns = (Person.id, Person.name, Person.company_id, Person.is_advocate, Person.state, Company.name.label("company"))
    found: list[Any] = []
    for start in range(0, len(ids), AT_ONCE):
        asked = select(*columns).outerjoin(Company, Company.id == Person.company_id).where(Person.id.in_(ids[start : start + AT_ONCE]))
        found.extend(session.execute(asked))
    return found


def _sides(session: Session, named: Sequence[tuple[int, str]], asked: Any, said: Any, blocked: Any, now: datetime) -> dict[int, Side]:
    """Return the side of each, persons or companies as the columns say."""
    ids, defaults = [one for one, _ in named], defaults_of(session)
    default = defaults.person if asked is Ask.person_id else defaults.company
    terms: dict[int, Terms] = {}
    blocks: dict[int, list[BlockKind]] = {}
    past: dict[int, list[Past]] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        for row in session.scalars(select(said.class_).where(said.in_(some)).execution_options(populate_existing=True)):
            terms[getattr(row, said.key)] = row.terms
        for row in session.execute(select(blocked, AskBlock.kind).where(blocked.in_(some), AskBlock.lifted_at.is_(None)).order_by(AskBlock.id)):
            blocks.setdefault(row[0], []).append(BlockKind(row[1]))
        for its_id, one in _past(session, asked, asked.in_(some), now):
            past.setdefault(its_id, []).append(one)
    nothing = Terms()
    return {
        one: Side(name, terms.get(one, nothing), terms.get(one, nothing).cap(default), tuple(past.get(one, ())), tuple(blocks.get(one, ())))
        for one, name in named
    }


def _past(session: Session, whose: Any, chosen: ColumnElement[bool], now: datetime) -> list[tuple[int, Past]]:
    """Return asks of the last two years, as the budget sees them: no window is longer, and of older effort less than a ten-thousandth is left."""
    columns = (Ask.id, whose.label("whose"), Ask.asked_at, Ask.effort, Ask.expires_at, AskOutcome.came, AskOutcome.at)
    asked = select(*columns).outerjoin(AskOutcome, AskOutcome.ask_id == Ask.id).where(chosen, Ask.asked_at > now - timedelta(days=MOST_DAYS))
    rows: dict[int, list[Any]] = {}
    for row in session.execute(asked.order_by(Ask.id, AskOutcome.id)):
        rows.setdefault(row.id, []).append(row)
    return [(some[0].whose, _one(some, now)) for some in rows.values()]


def _one(rows: Sequence[Any], now: datetime) -> Past:
    """Return one ask; its answer is the last yes, no or silence, and what was done without one was a yes.

    An open one whose time is over has lapsed, whether or not the job has written that yet.
    """
    came = [(Came(row.came), row.at) for row in rows if row.came is not None]
    if not came and rows[0].expires_at <= now:
        came = [(Came.EXPIRED, rows[0].expires_at)]
    answers = [(what, at) for what, at in came if what is not Came.WITHDRAWN]
    said = [(what, at) for what, at in answers if what in (Came.ACCEPTED, Came.DECLINED, Came.EXPIRED)] or answers
    answered_at, is_yes = (said[-1][1], said[-1][0] not in (Came.DECLINED, Came.EXPIRED)) if said else (None, False)
    settled_at = max((at for _, at in came), default=None)
    state, lapses_at = state_of(what for what, _ in came), rows[0].expires_at
    return Past(rows[0].asked_at, rows[0].effort, state, answered_at, is_yes, settled_at, lapses_at if state is AskState.OPEN else None)

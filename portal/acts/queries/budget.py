"""How it stands with somebody's goodwill: read for many people at once with as many statements as for one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.acts.models.asks import Ask, AskBlock, AskOutcome, CompanyGoodwill, PersonGoodwill, terms_of
from portal.acts.queries.refusing import no_references
from portal.acts.queries.settings import defaults_of, efforts_at
from portal.acts.queries.taken import AT_ONCE, taken_of_companies
from portal.acts.rules.asks import AskKind, AskState, Came, Channel, Past, state_of
from portal.acts.rules.budget import MOST_DAYS, Band, Cap, Defaults, Taken, band, capacity, strain, taken, worse
from portal.acts.rules.refusals import NotToBeAsked
from portal.acts.rules.seeing import HELD, told_to
from portal.acts.rules.terms import BlockKind, NoReference, Side, Standing, Terms
from portal.kernel.actor import Actor
from portal.kernel.among import Among
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState

_NOTHING = Terms()
# Made once: to put a statement together takes longer than to ask it.
_PEOPLE = (
    select(Person.id, Person.name, Person.company_id, Person.is_advocate, Person.state, Company.name.label("company"), Company.owner_id)
    .outerjoin(Company, Company.id == Person.company_id)
    .where(Among(Person.id, "ids"))
)
_SAID = {
    column: select(column, said.most, said.days, said.unwanted, said.months_off, said.paused_until).where(Among(column, "ids"))
    for said, column in ((PersonGoodwill, PersonGoodwill.person_id), (CompanyGoodwill, CompanyGoodwill.company_id))
}
_BLOCKED = {
    column: select(column, AskBlock.kind).where(Among(column, "ids"), AskBlock.lifted_at.is_(None)).order_by(AskBlock.id)
    for column in (AskBlock.person_id, AskBlock.company_id)
}
_PAST = (
    select(Ask.id, Ask.person_id, Ask.channel, Ask.asked_at, Ask.effort, Ask.expires_at, AskOutcome.came, AskOutcome.at)
    .outerjoin(AskOutcome, AskOutcome.ask_id == Ask.id)
    .where(Among(Ask.person_id, "ids"), Ask.asked_at > bindparam("since"))
    .order_by(Ask.id, AskOutcome.id)
)
"""Asks of the last two years: no window is longer, and of older effort less than a ten-thousandth is left."""


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
    rests_until: date | None = None
    """The first day after the rest of a person who said yes less and less, while it lasts."""

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
    is_here: bool = True
    """Whether they have an account, and so are told by the portal and can answer in it."""
    owner_id: int | None = None
    """Who looks after the company."""

    def against(self, actor: Actor, kind: str = "") -> list[Refusal]:
        """Return what stands against an ask of ``kind``, as ``actor`` may read it."""
        return told_to(actor, self.standing.against(kind), self.owner_id)

    @property
    def is_barred(self) -> bool:
        """Whether a block stands on the person or on their company: nothing is asked of them, and nobody can override that."""
        return bool(self.person.blocks or (self.company and self.company.blocks))

    def barred_by(self, actor: Actor) -> list[Refusal]:
        """Return the blocks that stand, as ``actor`` may read it."""
        return [stop for stop in self.against(actor) if isinstance(stop, (*HELD, NotToBeAsked))]

    @property
    def band(self) -> Band:
        """The worse of the two colours."""
        return worse(self.person.band, *([self.company.band] if self.company else []))

    @property
    def left(self) -> int:
        """How many more asks both caps let through now."""
        return min(self.person.left, self.company.left) if self.company else self.person.left


def budget_of(session: Session, person_id: int, now: datetime, *, of_company: bool = True) -> Budget:
    """Return one person's budget, with their company's unless that is not asked for. Raises NotFound."""
    found = budgets_of(session, [person_id], now, of_company=of_company)
    if person_id not in found:
        raise NotFound()
    return found[person_id]


def budgets_of(session: Session, person_ids: Iterable[int], now: datetime, *, of_company: bool = True) -> dict[int, Budget]:
    """Return the budgets of ``person_ids``; who is unknown is left out."""
    people = list(_rows(session, _PEOPLE, sorted(set(person_ids))))
    call_effort, zone = efforts_at(session, now)[AskKind.CALL], programme_zone(session)
    defaults = defaults_of(session)
    persons = _persons(session, [(row.id, row.name) for row in people], defaults, now)
    companies = _companies(session, {row.company_id: row.company for row in people if row.company_id}, defaults, now) if of_company else {}
    told = {company_id: shown(side, now, zone, call_effort) for company_id, side in companies.items()}
    noes = {its_id: NoReference(until) for its_id, until in no_references(session, [row.id for row in people], now).items()}
    found: dict[int, Budget] = {}
    for row in people:
        is_askable = row.is_advocate and row.state != PersonState.DEACTIVATED
        standing = Standing(persons[row.id], companies.get(row.company_id), now, zone, is_askable, noes.get(row.id))
        own = shown(persons[row.id], now, zone, call_effort)
        found[row.id] = Budget(row.id, row.company_id, own, told.get(row.company_id), standing, row.state == PersonState.ACTIVE, row.owner_id)
    return found


def company_budget(session: Session, company_id: int, now: datetime) -> Shown:
    """Return what is told of a company's budget. Raises NotFound."""
    name = session.scalar(select(Company.name).where(Company.id == company_id))
    if name is None:
        raise NotFound()
    side = _companies(session, {company_id: name}, defaults_of(session), now)[company_id]
    return shown(side, now, programme_zone(session), efforts_at(session, now)[AskKind.CALL])


def shown(side: Side, now: datetime, zone: str, call_effort: int) -> Shown:
    """Return what is told of a side."""
    free = side.taken.free_at(side.cap, now)
    free_on = local_date(free, zone) if free is not None and free > now else None
    strained = strain(side.taken.load, capacity(side.cap, call_effort))
    pause = side.terms.paused_until
    paused = pause if pause and local_date(now, zone) < pause else None
    rest = side.taken.rests_until
    rests = local_date(rest, zone) if rest is not None and now < rest else None
    return Shown(side.name, side.taken.used, side.cap.most, side.cap.days, free_on, strained, side.terms, side.blocks, paused, rests)


def _rows(session: Session, asked: Any, ids: Sequence[int], **values: Any) -> Iterator[Any]:
    for start in range(0, len(ids), AT_ONCE):
        yield from session.execute(asked, {"ids": ids[start : start + AT_ONCE], **values}).all()


def persons_taken(session: Session, ids: Sequence[int], now: datetime) -> dict[int, tuple[Cap, Taken]]:
    """Return of each person the cap that holds and what is taken of it."""
    return {its_id: (side.cap, side.taken) for its_id, side in _persons(session, [(its_id, "") for its_id in ids], defaults_of(session), now).items()}


def companies_taken(session: Session, ids: Sequence[int], now: datetime) -> dict[int, tuple[Cap, Taken]]:
    """Return of each company the cap that holds and what is taken of it."""
    return {its_id: (side.cap, side.taken) for its_id, side in _companies(session, dict.fromkeys(ids, ""), defaults_of(session), now).items()}


def _persons(session: Session, named: Sequence[tuple[int, str]], defaults: Defaults, now: datetime) -> dict[int, Side]:
    ids = [its_id for its_id, _ in named]
    terms, blocks, past = _said(session, ids, PersonGoodwill.person_id), _blocked(session, ids, AskBlock.person_id), _past(session, ids, now)
    caps = {its_id: terms.get(its_id, _NOTHING).cap(defaults.person) for its_id in ids}
    return {
        its_id: Side(name, terms.get(its_id, _NOTHING), caps[its_id], taken(past.get(its_id, ()), caps[its_id], now), blocks.get(its_id, ()))
        for its_id, name in named
    }


def _companies(session: Session, named: Mapping[int, str], defaults: Defaults, now: datetime) -> dict[int, Side]:
    if not named:
        return {}
    ids = sorted(named)
    terms, blocks = _said(session, ids, CompanyGoodwill.company_id), _blocked(session, ids, AskBlock.company_id)
    caps = {its_id: terms.get(its_id, _NOTHING).cap(defaults.company) for its_id in ids}
    held = taken_of_companies(session, caps, now)
    return {its_id: Side(named[its_id], terms.get(its_id, _NOTHING), caps[its_id], held[its_id], blocks.get(its_id, ())) for its_id in ids}


def _said(session: Session, ids: Sequence[int], column: Any) -> dict[int, Terms]:
    return {row[0]: terms_of(row) for row in _rows(session, _SAID[column], ids)}


def _blocked(session: Session, ids: Sequence[int], column: Any) -> dict[int, tuple[BlockKind, ...]]:
    found: dict[int, tuple[BlockKind, ...]] = {}
    for its_id, kind in _rows(session, _BLOCKED[column], ids):
        found[its_id] = (*found.get(its_id, ()), BlockKind(kind))
    return found


def _past(session: Session, ids: Sequence[int], now: datetime) -> dict[int, list[Past]]:
    """Return the asks of each, as the budget sees them."""
    asks: dict[int, list[Any]] = {}
    for row in _rows(session, _PAST, ids, since=now - timedelta(days=MOST_DAYS)):
        asks.setdefault(row.id, []).append(row)
    found: dict[int, list[Past]] = {}
    for rows in asks.values():
        found.setdefault(rows[0].person_id, []).append(_one(rows, now))
    return found


def _one(rows: Sequence[Any], now: datetime) -> Past:
    """Return one ask; its answer is the last yes, no or silence, and what was done without one was a yes.

    An open one whose time is over has lapsed, whether or not the job has written that yet. Silence is a no only to what was asked in the
    portal, where they could answer: of a call or of another system's mail it says that nobody wrote the answer down.
    """
    came = [(Came(row.came), row.at) for row in rows if row.came is not None]
    if not came and rows[0].expires_at <= now:
        came = [(Came.EXPIRED, rows[0].expires_at)]
    was_told = rows[0].channel == Channel.PORTAL
    answers = [(what, at) for what, at in came if what is not Came.WITHDRAWN and (was_told or what is not Came.EXPIRED)]
    said = [(what, at) for what, at in answers if what in (Came.ACCEPTED, Came.DECLINED, Came.EXPIRED)] or answers
    answered_at, is_yes = (said[-1][1], said[-1][0] not in (Came.DECLINED, Came.EXPIRED)) if said else (None, False)
    state, lapses_at = state_of(what for what, _ in came), rows[0].expires_at
    return Past(rows[0].asked_at, rows[0].effort, state, answered_at, is_yes, lapses_at if state is AskState.OPEN else None)

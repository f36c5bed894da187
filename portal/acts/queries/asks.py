"""Reading asks: one's outcomes, what is open, what was asked of somebody."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from portal.acts.models.asks import Ask, AskOutcome, OpenAsk
from portal.acts.rooms import rooms_that_ask
from portal.acts.rules.asks import AskState, Came, state_of
from portal.acts.rules.beyond import beyond
from portal.kernel.actor import Actor
from portal.people.models import Company, Person
from portal.people.queries.knowing import known_to
from portal.web.paging import SIZE, Page, page_by

SHOWN = 200
_asker, _approver = aliased(Person), aliased(Person)
_later = aliased(AskOutcome)


@dataclass(frozen=True)
class AskRow:
    """An ask as lists show it, with the person, who asked, and what came of it. ``requester`` is whom another room asks for."""

    ask: Ask
    person: str
    company: str | None
    asker: str | None
    approver: str | None
    outcomes: tuple[AskOutcome, ...]
    requester: str | None = None

    @property
    def by(self) -> str | None:
        """Who asks, as the person knows them: of a request the one who made it, whoever proposed the person."""
        return self.requester or self.asker

    @property
    def state(self) -> AskState:
        return state_of(outcome.came for outcome in self.outcomes)

    @property
    def last(self) -> AskOutcome | None:
        return self.outcomes[-1] if self.outcomes else None

    @property
    def beyond(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The limits and rules that it goes beyond, as sentences for whom it is asked of."""
        return beyond_of(self.ask)

    @property
    def is_open(self) -> bool:
        return self.state in (AskState.OPEN, AskState.ACCEPTED)


def beyond_of(ask: Ask) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the limits and rules that an ask goes beyond, as sentences with their facts, for whom it is asked of."""
    return beyond(ask.overrode, ask.person_most, (ask.asked_at - ask.person_since).days)


def beyond_told(session: Session, ask_id: int | None) -> dict[str, Any]:
    """Return what is told to whom an ask is made of where it goes beyond a limit: ``beyond`` and, in whose name, ``approver``; empty otherwise."""
    found = select(Ask, _approver.name).join(_approver, _approver.id == Ask.approver_id).where(Ask.id == ask_id)
    row = session.execute(found).one_or_none()
    return {"beyond": beyond_of(row[0]), "approver": row[1]} if row is not None else {"beyond": [], "approver": ""}


def stands() -> ColumnElement[bool]:
    """Tell of an outcome in a statement whether it stands: nobody put right afterwards whether it was done."""
    return ~exists().where(_later.ask_id == AskOutcome.ask_id, _later.nth > AskOutcome.nth)


def outcomes_of(session: Session, ask_id: int) -> list[Came]:
    """Return what came of an ask, in order."""
    return [Came(came) for came in session.scalars(select(AskOutcome.came).where(AskOutcome.ask_id == ask_id).order_by(AskOutcome.id))]


def states_of(session: Session, ask_ids: Collection[int], now: datetime) -> dict[int, AskState]:
    """Return where each of some hundred asks stands; one whose time is over has lapsed, whether or not that is written down yet."""
    came: dict[int, list[str]] = {ask_id: [] for ask_id in ask_ids}
    mine = select(AskOutcome.ask_id, AskOutcome.came).where(AskOutcome.ask_id.in_(came)).order_by(AskOutcome.id)
    for ask_id, one in session.execute(mine):
        came[ask_id].append(one)
    waits = select(OpenAsk.ask_id).where(OpenAsk.ask_id.in_(came), OpenAsk.expires_at > now)
    waiting = set(session.scalars(waits))
    states = {ask_id: state_of(some) for ask_id, some in came.items()}
    return {ask_id: AskState.EXPIRED if state is AskState.OPEN and ask_id not in waiting else state for ask_id, state in states.items()}


def find_ask(session: Session, *, key: str) -> Ask | None:
    """Return the ask that was made with a key."""
    return session.scalar(select(Ask).where(Ask.key == key))


def open_asks(session: Session, actor: Actor, *, person_id: int | None = None, company_id: int | None = None) -> list[AskRow]:
    """Return the unsettled asks of a person or of a company's people, those first whose answer is due first; 200 at most (``count_open``).

    Of a company's people those whom ``actor`` may know of; whose person's asks they may read is the door's to ask.
    """
    whose = OpenAsk.person_id == person_id if person_id is not None else OpenAsk.company_id == company_id
    found = _rows().join(OpenAsk, OpenAsk.ask_id == Ask.id).where(whose)
    if company_id is not None:
        found = found.where(known_to(session, actor))
    found = found.order_by(OpenAsk.is_accepted, OpenAsk.expires_at, Ask.id).limit(SHOWN)
    return _filled(session, session.execute(found).all())


def waiting_asks(session: Session, person_id: int, now: datetime) -> list[tuple[AskRow, str]]:
    """Return what waits for a person's own answer, each with the page on which it is answered: not what lapsed, nor what nobody wrote to them of."""
    found = (
        _rows()
        .join(OpenAsk, OpenAsk.ask_id == Ask.id)
        .where(OpenAsk.person_id == person_id, OpenAsk.is_accepted.is_(False), OpenAsk.expires_at > now)
    )
    rows = _filled(session, session.execute(found.order_by(OpenAsk.expires_at, Ask.id).limit(SHOWN)).all())
    pages = {ask_id: page for ask_id, (_words, page) in asked_by(session, person_id, rows).items()}
    return [(row, page) for row in rows if (page := pages.get(row.ask.id, "/asks"))]


def count_open(session: Session, actor: Actor, *, person_id: int | None = None, company_id: int | None = None) -> int:
    """Return how many unsettled asks there are of a person or of a company's people: those of ``open_asks``."""
    found = select(func.count()).select_from(OpenAsk)
    if person_id is not None:
        return session.scalar(found.where(OpenAsk.person_id == person_id)) or 0
    found = found.join(Person, Person.id == OpenAsk.person_id).where(OpenAsk.company_id == company_id, known_to(session, actor))
    return session.scalar(found) or 0


def asks_hit(session: Session, *, person_id: int | None = None, company_id: int | None = None, after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of the open asks that a block hits, as ``AskRow``, the latest first: of a person, or of whoever is with a company now."""
    found = _rows().join(OpenAsk, OpenAsk.ask_id == Ask.id).where(_is_hit(person_id, company_id))
    page = page_by(session, found, [(Ask.id, True)], after=after, size=size)
    return Page(_filled(session, page.rows), page.next, page.is_first)


def count_hit(session: Session, *, person_id: int | None = None, company_id: int | None = None) -> int:
    """Return how many open asks a block hits: those of ``asks_hit``."""
    found = select(func.count()).select_from(OpenAsk).join(Person, Person.id == OpenAsk.person_id)
    return session.scalar(found.where(_is_hit(person_id, company_id))) or 0


def _is_hit(person_id: int | None, company_id: int | None) -> ColumnElement[bool]:
    return OpenAsk.person_id == person_id if person_id is not None else Person.company_id == company_id


def asked_by(session: Session, person_id: int, rows: Iterable[AskRow]) -> dict[int, tuple[str, str]]:
    """Return, by ask, the words of the room that asks and the page on which it is answered there, for what rooms of ``ASK_PAGES`` ask.

    Both are empty while a slot is only reserved, and nobody has written to the person.
    """
    found: dict[int, tuple[str, str]] = {}
    for kind, room in rooms_that_ask(session).items():
        mine = {row.ask.id: row.ask.source_id or 0 for row in rows if row.ask.source_type == kind}
        told = room.told(session, person_id, sorted(set(mine.values()))) if mine else {}
        found |= {ask_id: told.get(source_id, ("", "")) for ask_id, source_id in mine.items()}
    return found


def settled_at(session: Session, actor: Actor, rows: Iterable[AskRow]) -> dict[int, str]:
    """Return, by ask that another room makes, the page of staff on which it is settled; empty where the actor may not open that."""
    found: dict[int, str] = {}
    for kind, room in rooms_that_ask(session).items():
        mine = {row.ask.id: row.ask.source_id or 0 for row in rows if row.ask.source_type == kind}
        open_to = room.readable(session, actor, sorted(set(mine.values()))) if mine else ()
        found |= {ask_id: room.page_of(source_id) if source_id in open_to else "" for ask_id, source_id in mine.items()}
    return found


def asks_page(session: Session, chosen: ColumnElement[bool], *, after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of asks as ``AskRow``, newest first."""
    page = page_by(session, _rows().where(chosen), [(Ask.asked_at, True), (Ask.id, True)], after=after, size=size)
    return Page(_filled(session, page.rows), page.next, page.is_first)


def asks_page_by_record(session: Session, *chosen: ColumnElement[bool], after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of asks as ``AskRow``, written down last first."""
    page = page_by(session, _rows().where(*chosen), [(Ask.recorded_at, True), (Ask.id, True)], after=after, size=size)
    return Page(_filled(session, page.rows), page.next, page.is_first)


def asks_of(session: Session, person_id: int, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return what was asked of somebody."""
    return asks_page(session, Ask.person_id == person_id, after=after, size=size)


def asks_of_company(session: Session, actor: Actor, company_id: int, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return what was asked of the people of a company while they were there, of those whom ``actor`` may know of."""
    return asks_page(session, (Ask.company_id == company_id) & known_to(session, actor), after=after, size=size)


def _rows() -> Any:
    columns = (Ask, Person.name.label("person"), Company.name.label("company"), _asker.name.label("asker"), _approver.name.label("approver"))
    joined = select(*columns).join(Person, Person.id == Ask.person_id).outerjoin(Company, Company.id == Ask.company_id)
    return joined.outerjoin(_asker, _asker.id == Ask.asked_by_id).outerjoin(_approver, _approver.id == Ask.approver_id)


def _filled(session: Session, rows: Any) -> list[AskRow]:
    ids = [row.Ask.id for row in rows]
    came: dict[int, list[AskOutcome]] = {}
    for start in range(0, len(ids), 500):
        some = select(AskOutcome).where(AskOutcome.ask_id.in_(ids[start : start + 500])).order_by(AskOutcome.id)
        for outcome in session.scalars(some):
            came.setdefault(outcome.ask_id, []).append(outcome)
    by = _requesters(session, [row.Ask for row in rows])
    return [AskRow(row.Ask, row.person, row.company, row.asker, row.approver, tuple(came.get(row.Ask.id, ())), by.get(row.Ask.id)) for row in rows]


def _requesters(session: Session, asks: Sequence[Ask]) -> dict[int, str]:
    """Return, by ask that another room makes, whom it is asked for; with a statement for each room of which there is an ask."""
    found: dict[int, str] = {}
    for kind, room in rooms_that_ask(session).items():
        mine = {ask.id: ask.source_id or 0 for ask in asks if ask.source_type == kind}
        names = room.requesters(session, sorted(set(mine.values()))) if mine else {}
        found |= {ask_id: names[source_id] for ask_id, source_id in mine.items() if source_id in names}
    return found

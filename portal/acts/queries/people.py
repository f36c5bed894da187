"""Whom staff may ask: finding one by what was typed, names to choose from, and the list of everybody."""

import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, false, func, not_, or_, select
from sqlalchemy.orm import Session

from portal.acts.models.asks import AskLoad
from portal.acts.queries.ready import Ready, few, ready
from portal.acts.rules.loads import NEVER_ASKED
from portal.acts.rules.refusals import AskerUnknown, OneOfTwo, WhoUnclear, WhoUnknown
from portal.kernel.actor import Actor
from portal.kernel.db import along_the_index
from portal.kernel.errors import Refusal
from portal.kernel.ids import MOST_ID
from portal.kernel.text import N_, clean_line, fold, like_pattern, normal_email
from portal.people.models import Company, Person
from portal.people.queries.knowing import known_to, knows
from portal.people.queries.persons import find_person_by_email, people_by_email
from portal.people.rules.person import PersonState
from portal.web.paging import SIZE, Page, pack_cursor, page_by, read_cursor

OFFERED = 20
_NUMBERED = re.compile(r"\(#(\d{1,19})\)$|^#?(\d{1,19})$")
BY_NAME: list[tuple[Any, bool]] = [(Person.name_key, False), (Person.id, False)]
ASKABLE = (Person.is_advocate, Person.state != PersonState.DEACTIVATED)


def find_asked(session: Session, actor: Actor, typed: str) -> Person:
    """Return the customer's person whom ``actor`` typed: chosen from the list, by e-mail address, or by a name that only one has.

    Refuses WhoUnknown and WhoUnclear. Whom the actor may not know of (``people.queries.knowing``) is unknown, however well they typed.
    """
    (found,) = find_all_asked(session, actor, [typed])
    if isinstance(found, Refusal):
        raise found
    return found


def find_all_asked(session: Session, actor: Actor, typed: Sequence[str]) -> list[Person | Refusal]:
    """Return for each text the person it means, or why nobody: as ``find_asked`` does, with as many statements as for one."""
    found = _meant(session, typed, (*ASKABLE, known_to(session, actor)), lambda person: person.is_advocate)
    known = knows(session, actor, [one.id for one in found if isinstance(one, Person)])
    texts = zip(found, typed, strict=True)
    return [one if isinstance(one, Refusal) or one.id in known else WhoUnknown(text=clean_line(text)[:80]) for one, text in texts]


def find_asker(session: Session, typed: str) -> Person:
    """Return the employee or admin whom somebody typed, by e-mail address or by a name that only one has. Refuses AskerUnknown."""
    are_staff = (or_(Person.is_employee, Person.is_admin), Person.state != PersonState.DEACTIVATED)
    (found,) = _meant(session, [typed], are_staff, lambda person: person.is_employee or person.is_admin)
    if isinstance(found, Refusal):
        raise AskerUnknown(text=clean_line(typed)[:80])
    return found


def _meant(session: Session, typed: Sequence[str], called: Sequence[Any], fits: Callable[[Person], bool]) -> list[Person | Refusal]:
    texts = [clean_line(one) for one in typed]
    numbers = {text: int(match[1] or match[2]) for text in texts if (match := _NUMBERED.search(text))}
    emails = {text: normal_email(text) for text in texts if text not in numbers and "@" in text}
    keys = {text: fold(text) for text in texts if text not in numbers and text not in emails}
    by_email = people_by_email(session, emails)
    named = select(Person.name_key, func.min(Person.id).label("one"), func.max(Person.id).label("other"))
    named = named.where(Person.name_key.in_(set(keys.values())), *called).group_by(Person.name_key)
    by_name = {row.name_key: row for row in session.execute(named)} if keys else {}
    wanted = {n for n in numbers.values() if n <= MOST_ID} | set(by_email.values()) | {row.one for row in by_name.values()}
    people = {one.id: one for one in session.scalars(select(Person).where(Person.id.in_(wanted)))} if wanted else {}
    found: list[Person | Refusal] = []
    for text in texts:
        row = by_name.get(keys.get(text, ""))
        if row is not None and row.one != row.other:
            found.append(WhoUnclear(text=text[:80]))
            continue
        person = people.get(row.one if row is not None else numbers.get(text) or by_email.get(emails.get(text) or "") or 0)
        found.append(person if person is not None and fits(person) else WhoUnknown(text=text[:80]))
    return found


def person_of(session: Session, person_id: int | None, email: str | None) -> int:
    """Return the customer's person whom another system names, by number or by address, not both. Refuses OneOfTwo and WhoUnknown."""
    if (person_id is None) == (email is None):
        raise OneOfTwo()
    person = session.get(Person, person_id) if person_id is not None else find_person_by_email(session, email)
    if person is None or not person.is_advocate:
        raise WhoUnknown(text=str(person_id or email)[:80])
    return person.id


def label_of(name: str, company: str | None, person_id: int) -> str:
    """Return how somebody is written in the list to choose from: ``find_asked`` finds them by it, whoever else has the name."""
    return f"{', '.join(filter(None, (name, company)))} (#{person_id})"


def names_to_ask(session: Session, actor: Actor, term: str) -> list[str]:
    """Return labels of people whom ``actor`` may know of and whose name or company holds ``term``, or whose address it is."""
    key = clean_line(term)
    if not key or _NUMBERED.search(key):
        return []
    rows = session.execute(_people(session, actor, key).order_by(Person.name_key, Person.id).limit(OFFERED))
    return [label_of(row.name, row.company, row.id) for row in rows]


class Order(StrEnum):
    """How lists of people to ask are ordered: by strain, the rested or the worn first, or by name."""

    RESTED = "rested"
    WORN = "worn"
    NAME = "name"


ORDER_NAMES = {Order.RESTED: N_("Least asked first"), Order.WORN: N_("Most used first"), Order.NAME: N_("By name")}


def people_to_ask(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    q: str | None = None,
    company_id: int | None = None,
    state: str | None = None,
    order: str | None = None,
    after: str | None = None,
    size: int = SIZE,
) -> Page:
    """Return a page of (id, name, title, company_id, company), by strain unless another order is asked for; those alone who stand at ``state``,
    and whom ``actor`` may know of.

    The most rested first is the order of what the page says of each: who can be asked now, by the colour of themself or their company, whichever
    is worse, and within it by their own strain; behind them who cannot be asked. On whom nothing weighs stands by name before the others (behind
    them where the most used come first). Each part comes out of an index of its own and is read only once the one before it is at its end.
    Whose colour fades while somebody turns pages may be missed there; within a colour a cursor stays right, as strain fades alike for all.
    """
    parts, is_few = _parts_of(session, actor, now, q or "", company_id, state, order)
    with nullcontext() if is_few or q or company_id is not None else along_the_index(session):
        if order == Order.NAME:
            return page_by(session, *parts[0], after=after, size=size)
        return _paged(session, parts, after, size)


def _paged(session: Session, parts: Sequence[tuple[Any, Any]], after: str | None, size: int) -> Page:
    """Return a page of parts that are read one behind the other."""
    place, cursor = _place(after, len(parts))
    shown: list[Any] = []
    for number in range(place, len(parts)):
        page = page_by(session, *parts[number], after=cursor, size=max(size - len(shown), 1))
        if len(shown) == size:
            # Full already: it is only asked whether anybody comes behind.
            if page.rows:
                return Page(shown, _packed(number, None), is_first=after is None)
            continue
        shown, cursor = [*shown, *page.rows], None
        if page.next is not None:
            return Page(shown, _packed(number, page.next), is_first=after is None)
    return Page(shown, None, is_first=after is None)


def _place(after: str | None, most: int) -> tuple[int, str | None]:
    """Return in which part a page begins, and behind whom there; the first for what cannot be read."""
    values = read_cursor(after) if after else None
    if not values or len(values) != 2 or type(values[0]) is not int or not 0 <= values[0] < most or not isinstance(values[1], str):
        return 0, None
    return values[0], values[1] or None


def _packed(number: int, cursor: str | None) -> str:
    return pack_cursor([number, cursor or ""])


def everybody_to_ask(
    session: Session, actor: Actor, *, now: datetime, q: str | None = None, state: str | None = None, order: str | None = None
) -> Sequence[Any]:
    """Return everybody whom the list shows under its search, in its order."""
    parts, _is_few = _parts_of(session, actor, now, q or "", None, state, order)
    rows: list[Any] = []
    for part, keys in parts:
        rows += session.execute(part.order_by(*(column.desc() if descending else column for column, descending in keys))).all()
    return rows


def _parts_of(
    session: Session, actor: Actor, now: datetime, term: str, company_id: int | None, state: str | None, order: str | None
) -> tuple[list[tuple[Any, list[tuple[Any, bool]]]], bool]:
    """Return the parts of a list with their keys, in its order, and whether they hold few only."""
    sifting = ready(session, now)
    standing = Ready(state) if state else None
    is_written = standing in sifting.among
    where = [sifting.where[standing]] if standing else []
    if standing and is_written:
        where.append(Person.id.in_(few(session, sifting, standing)))
    by_name = sifting.joined(_people(session, actor, term, company_id, is_found=is_written)).where(*where)
    by_key = sifting.joined(_people(session, actor, term, company_id, is_found=True)).where(*where)
    if order == Order.NAME:
        return [(by_name, BY_NAME)], is_written
    if order == Order.WORN or standing not in (None, Ready.NOW):
        return _parts(by_name, by_key, order == Order.WORN), is_written
    now_only = [] if standing else [sifting.where[Ready.NOW]]
    parts = [part for _band, has_it in sifting.bands for part in _parts(by_name, by_key, False, *now_only, has_it)]
    rest = [] if standing else _parts(by_name, by_key, False, not_(sifting.where[Ready.NOW]))
    return [*parts, *rest], False


def _parts(by_name: Any, by_key: Any, is_worn: bool, *where: ColumnElement[bool]) -> list[tuple[Any, list[tuple[Any, bool]]]]:
    """Return the two parts of a list by strain with their keys, in order: each statement is the one that is read by the index of its order."""
    light = (by_name.where(or_(AskLoad.rank.is_(None), AskLoad.rank == NEVER_ASKED), *where), BY_NAME)
    weighed = (by_key.where(AskLoad.rank > NEVER_ASKED, *where), [(AskLoad.rank, is_worn), (AskLoad.person_id, is_worn)])
    return [weighed, light] if is_worn else [light, weighed]


def approvers(session: Session, without: Sequence[int | None]) -> list[tuple[int, str]]:
    """Return (id, name) of the admins who may approve an override, but for ``without``."""
    barred = [person_id for person_id in without if person_id is not None]
    found = select(Person.id, Person.name).where(Person.is_admin, Person.state == PersonState.ACTIVE, Person.id.not_in(barred))
    return [(row.id, row.name) for row in session.execute(found.order_by(Person.name_key, Person.id))]


def _people(session: Session, actor: Actor, term: str, company_id: int | None = None, *, is_found: bool = False) -> Any:
    """Return the statement of people who may be asked. ``is_found``: something else says of whom, as the company does, so that the index of all
    customers' people, which SQLite would take for lack of figures, is of no use."""
    columns = (Person.id, Person.name, Person.title, Person.company_id, Company.name.label("company"))
    askable = (func.coalesce(Person.is_advocate, false()), *ASKABLE[1:]) if is_found or company_id else ASKABLE
    found: Any = select(*columns).outerjoin(Company, Company.id == Person.company_id).where(*askable, known_to(session, actor))
    if term:
        # By a whole address, never by a part of one: that would tell addresses to whoever tries long enough.
        by_name = like_pattern(fold(term))
        named = (column.like(by_name, escape="\\") for column in (Person.name_key, Company.name_key))
        found = found.where(or_(*named, Person.email_key == (normal_email(term) or "")))
    return found if company_id is None else found.where(Person.company_id == company_id)

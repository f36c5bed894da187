"""Keeping what lists are ranked and sifted by, in the transaction of whatever changes it: the last rows that are locked, people before companies."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.acts.models.asks import Ask, AskLoad, CompanyAskLoad
from portal.acts.queries.budget import companies_taken, persons_taken
from portal.acts.rules.asks import AskState
from portal.acts.rules.budget import Cap, Taken
from portal.acts.rules.loads import NEVER_ASKED, NO_SLOT, kept_of, rank_of

RECOUNT = "goodwill.recount"
SOME = 200
Change = tuple[Ask, AskState | None, AskState]
"""An ask, the state it had (None where it was just made), and the one it has."""


def weigh(session: Session, changes: Iterable[Change], now: datetime) -> None:
    """Let asks weigh what they weigh now. Once in a unit of work, behind everything else that it locks: so that two never cross."""
    people: dict[int, float] = {}
    companies: dict[int, float] = {}
    for ask, before, after in changes:
        more = kept_of(ask.effort, after, ask.asked_at) - (kept_of(ask.effort, before, ask.asked_at) if before is not None else 0.0)
        people[ask.person_id] = people.get(ask.person_id, 0.0) + more
        if ask.company_id is not None:
            companies[ask.company_id] = companies.get(ask.company_id, 0.0) + more
    _add(session, AskLoad, AskLoad.person_id, people)
    reckon_people(session, sorted(people), now)
    _add(session, CompanyAskLoad, CompanyAskLoad.company_id, companies)
    reckon_companies(session, sorted(companies), now)


def reckon_person(session: Session, person_id: int, now: datetime) -> None:
    """Reckon anew how somebody stands, who said something else about being asked."""
    _add(session, AskLoad, AskLoad.person_id, {person_id: 0.0})
    reckon_people(session, [person_id], now)


def reckon_company(session: Session, company_id: int, now: datetime) -> None:
    """Reckon anew how a company stands, of which something else was said."""
    _add(session, CompanyAskLoad, CompanyAskLoad.company_id, {company_id: 0.0})
    reckon_companies(session, [company_id], now)


def reckon_people(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Reckon ranks and moments of people who have a row, which is locked by the caller or here."""
    loads, held = _locked(session, AskLoad.person_id, ids), persons_taken(session, ids, now)
    rests = {one: held[one][1].rests_until for one in loads}
    _set(session, AskLoad, [{"person_id": one, "rests_until": rests[one], **_standing(loads[one], *held[one], now)} for one in sorted(loads)])


def reckon_companies(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Reckon ranks and moments of companies that have a row."""
    loads, held = _locked(session, CompanyAskLoad.company_id, ids), companies_taken(session, ids, now)
    _set(session, CompanyAskLoad, [{"company_id": one, **_standing(loads[one], *held[one], now)} for one in sorted(loads)])


def reckon_some(session: Session, table: type[AskLoad] | type[CompanyAskLoad], after: int, now: datetime) -> int | None:
    """Reckon the next rows of a table anew, as after a change of the programme's caps; return the last of them, None where there was none."""
    key: Any = AskLoad.person_id if table is AskLoad else CompanyAskLoad.company_id
    ids = session.scalars(select(key).where(key > after).order_by(key).limit(SOME)).all()
    if not ids:
        return None
    (reckon_people if table is AskLoad else reckon_companies)(session, ids, now)
    return int(ids[-1])


def _standing(load: float, cap: Cap, held: Taken, now: datetime) -> dict[str, Any]:
    free = held.free_at(cap, now)
    return {"rank": rank_of(load, cap), "full_until": NO_SLOT if free is None else free if free > now else None}


def _add(session: Session, table: Any, key: Any, more: dict[int, float]) -> None:
    """Add to loads, in order of id, and make the rows where there are none."""
    if more:
        maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        rows = [{key.key: its_id, "load": load, "rank": NEVER_ASKED} for its_id, load in sorted(more.items())]
        added = maker.insert(table).values(rows)
        session.execute(added.on_conflict_do_update(index_elements=[key.key], set_={"load": table.load + added.excluded.load}))


def _locked(session: Session, key: Any, ids: Sequence[int]) -> dict[int, float]:
    rows = session.execute(select(key, key.class_.load).where(key.in_(ids)).order_by(key).with_for_update()) if ids else ()
    return {row[0]: row[1] for row in rows}


def _set(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(update(table), rows)

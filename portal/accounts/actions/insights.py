"""Passing on what a customer said to whoever looks after them: at once on a page, once a week by mail."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.accounts.models import Insight, InsightMailOff, InsightWeek
from portal.accounts.queries.insights import is_mail_off, said_between
from portal.accounts.rules.insights import MOST_LINES, SAID_LENGTH, InsightKind, is_passed_on
from portal.kernel.actor import Actor
from portal.kernel.clock import start_of_day
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotAllowed
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.people.models import Person
from portal.people.queries.persons import get_person
from portal.people.rules.person import PersonState

EXCERPT = 280
Source = tuple[str, int, int]
"""What an insight came with: kind and id of the answer, and the step."""


def pass_on(
    session: Session,
    *,
    person_id: int,
    source: Source,
    kind: InsightKind,
    question: str,
    said: str,
    score: int | None,
    said_at: datetime,
    now: datetime,
) -> bool:
    """Let the account owner of the person's company read what they said; tells whether there is something to read.

    The caller has seen to it that the person was told so. One source is one insight; said anew it stands again. Of a person without a
    company there is nobody to tell.
    """
    person = get_person(session, person_id)
    if person.company_id is None or not is_passed_on(kind, said=said, score=score):
        return False
    maker = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    key = {"source_type": source[0], "source_id": source[1], "part": source[2]}
    words = {"question": question[:300], "said": said[:SAID_LENGTH], "score": score, "kind": kind.value, "said_at": said_at, "ended_at": None}
    row = {**key, **words, "company_id": person.company_id, "person_id": person_id, "heard_at": now}
    session.execute(maker.insert(Insight).values(**row).on_conflict_do_update(index_elements=list(key), set_=words))
    return True


def end_insights(session: Session, *, source_type: str, source_id: int, now: datetime) -> None:
    """Show nobody any more what came with an answer whose approval was taken back."""
    stands = (Insight.source_type == source_type, Insight.source_id == source_id, Insight.ended_at.is_(None))
    session.execute(update(Insight).where(*stands).values(ended_at=now), execution_options={"synchronize_session": False})


def want_mail(session: Session, actor: Actor, *, is_wanted: bool, now: datetime) -> None:
    """Begin or end the weekly mail for the actor. Refuses NotAllowed for who is no person."""
    if actor.id is None:
        raise NotAllowed()
    if is_wanted:
        session.execute(delete(InsightMailOff).where(InsightMailOff.owner_id == actor.id))
        return
    maker = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(maker.insert(InsightMailOff).values(owner_id=actor.id, off_at=now).on_conflict_do_nothing())


def tell_owner(session: Session, *, owner_id: int, first: date, now: datetime) -> bool:
    """Tell one owner, once for ever, what their customers said in the week from ``first``; tells whether a mail was promised.

    Nothing is sent where nothing was said, to who wants no such mail, and to who is no active employee or admin any more.
    """
    zone = programme_zone(session)
    found = said_between(session, owner_id, start_of_day(first, zone), start_of_day(first + timedelta(days=7), zone))
    maker = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    noted = maker.insert(InsightWeek).values(owner_id=owner_id, first_on=first, insights=len(found), told_at=now)
    claimed = session.execute(noted.on_conflict_do_nothing().returning(InsightWeek.owner_id)).first()
    owner = session.get_one(Person, owner_id)
    reads = owner.state == PersonState.ACTIVE and (owner.is_employee or owner.is_admin)
    if claimed is None or not found or not reads or is_mail_off(session, owner_id):
        return False
    lines = [_line(row) for row in found[:MOST_LINES]]
    data = {"number": len(found), "lines": lines, "first": first.isoformat(), "until": (first + timedelta(days=6)).isoformat()}
    to = Recipient(owner.id, owner.email, owner.name, owner.language)
    notify(session, to=to, kind="customers_said", data=data, key=f"said:{first.isoformat()}", now=now, link="/companies/said")
    return True


def _line(row: Any) -> dict[str, Any]:
    one = row.Insight
    return {"person": row.person, "company": row.company, "question": one.question, "score": one.score, "said": _excerpt(one.said)}


def _excerpt(said: str) -> str:
    return said if len(said) <= EXCERPT else said[:EXCERPT].rstrip() + "…"

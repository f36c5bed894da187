"""What every ask is kept by, whether it is made here or was made elsewhere: the locks, the key that makes it one, the row and that it is open."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.acts.actions.locking import locked_company, locked_person
from portal.acts.models.asks import Ask, OpenAsk
from portal.acts.queries.asks import outcomes_of
from portal.acts.queries.budget import Budget
from portal.acts.queries.settings import defaults_of, efforts_at
from portal.acts.queries.taken import last_freed
from portal.acts.rules.asks import KEY_LENGTH, AskKind, Came, Channel
from portal.acts.rules.budget import window_from
from portal.acts.rules.refusals import KeyUsed, KindUnknown, SourceAsks
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.kernel.text import clean_line
from portal.people.models import Person
from portal.people.queries.companies import get_company

ABOUT_LENGTH = 200


def require_staff(actor: Actor) -> None:
    """Refuses who is neither employee nor admin nor the portal itself (``NotAllowed``)."""
    if not (actor.is_employee or actor.is_admin):
        raise NotAllowed()


def known_kind(kind: AskKind | str) -> AskKind:
    """Return the kind; refuses ``KindUnknown``."""
    try:
        return AskKind(kind)
    except ValueError:
        raise KindUnknown() from None


def lock_whole(session: Session, person: Person) -> Person:
    """Lock the person's budget, then their company's, and return the person as they are now.

    Who changed companies while the old one's budget was waited for is asked as one of the new company, whose budget is then locked too.
    """
    locked_person(session, person.id)
    session.refresh(person)
    locked: int | None = None
    while person.company_id is not None and person.company_id != locked:
        locked = locked_company(session, get_company(session, person.company_id).id).company_id
        session.refresh(person)
    return person


def company_of(person: Person) -> list[int]:
    """Return the company whose budget counts besides the person's, as a list: of one or of none."""
    return [person.company_id] if person.company_id is not None else []


def same_ask(session: Session, key: str, person_id: int, kind: AskKind, *, is_outside: bool = False, came: Came | str | None = None) -> Ask | None:
    """Return the ask that was made with this key. Refuses a key of another one, and of one of which something else came (``KeyUsed``)."""
    first = session.scalar(select(Ask).where(Ask.key == key[:KEY_LENGTH]))
    if first is None:
        return None
    is_same = (first.person_id, first.kind, first.is_outside) == (person_id, kind.value, is_outside)
    if not is_same or (came is not None and outcomes_of(session, first.id)[:1] != [Came(came)]):
        raise KeyUsed()
    return first


def made(
    session: Session,
    budgets: Mapping[str, Budget],
    *,
    kind: AskKind,
    channel: Channel | str,
    about: str,
    asked_at: datetime,
    asked_by_id: int | None,
    now: datetime,
    expires_at: datetime | None = None,
    source: tuple[str, int] | None = None,
    is_outside: bool = False,
    overrode: str = "",
    override_reason: str = "",
    approver_id: int | None = None,
) -> list[Ask]:
    """Return the rows of one ask of each of ``budgets``, which are given by key, with what their caps were decided on.

    Who waited for the lock may have begun before what freed the slot: ``recorded_at`` tells them in the order in which they counted. The effort
    is that of ``asked_at``; without ``expires_at`` it waits the programme's days for its answer.
    """
    people, companies = [one.person_id for one in budgets.values()], sorted({one.company_id for one in budgets.values() if one.company_id})
    facts: dict[str, Any] = {
        "kind": kind.value,
        "channel": Channel(channel),
        "about": clean_line(about)[:ABOUT_LENGTH],
        "effort": efforts_at(session, asked_at)[kind],
        "asked_at": asked_at,
        "asked_by_id": asked_by_id,
        "recorded_at": last_freed(session, people, companies, now),
        "expires_at": expires_at or now + timedelta(days=defaults_of(session).answer_days),
        "source_type": source[0] if source else None,
        "source_id": source[1] if source else None,
        "is_outside": is_outside,
        "overrode": overrode,
        "override_reason": override_reason,
        "approver_id": approver_id,
    }
    return [_made(key, budget, now, facts) for key, budget in budgets.items()]


def _made(key: str, budget: Budget, now: datetime, facts: Mapping[str, Any]) -> Ask:
    own, firm = budget.standing.person, budget.standing.company
    return Ask(
        key=key[:KEY_LENGTH],
        person_id=budget.person_id,
        company_id=budget.company_id,
        person_used=own.taken.used,
        person_most=own.cap.most,
        person_since=window_from(own.cap, now),
        company_used=firm.taken.used if firm else None,
        company_most=firm.cap.most if firm else None,
        company_since=window_from(firm.cap, now) if firm else None,
        **facts,
    )


def keep(session: Session, ask: Ask, *, is_open: bool = True, is_accepted: bool = False) -> None:
    """Write the ask, and that it is open. Refuses a second unsettled one of a source (``SourceAsks``) and a key of another (``KeyUsed``)."""
    try:
        with session.begin_nested():
            session.add(ask)
            session.flush()
            if is_open:
                session.add(opened(ask, is_accepted=is_accepted))
                session.flush()
    except IntegrityError as error:
        if violated(error, "open_ask", "source_type", "source_id"):
            raise SourceAsks() from error
        if violated(error, "ask", "key"):
            raise KeyUsed() from error
        raise


def opened(ask: Ask, *, is_accepted: bool = False) -> OpenAsk:
    """Return the row that says that an ask is not settled."""
    facts = {"person_id": ask.person_id, "company_id": ask.company_id, "source_type": ask.source_type, "source_id": ask.source_id}
    return OpenAsk(ask_id=ask.id, is_accepted=is_accepted, expires_at=ask.expires_at, **facts)

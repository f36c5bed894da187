"""Nominating: the first nomination of an address stands, later ones are recorded as its duplicates."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn, violated
from portal.kernel.errors import Busy
from portal.kernel.text import clean, clean_line, fold, normal_email
from portal.people.models import Person
from portal.people.queries.companies import find_company_by_name
from portal.people.queries.knowing import knows
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.company import NAME_LENGTH as COMPANY_LENGTH
from portal.people.rules.company import OwnerNotEmployee
from portal.people.rules.person import NAME_LENGTH, TITLE_LENGTH, PersonState
from portal.profiles.rules.activity import Activity
from portal.references.actions.drafting import drop_draft
from portal.references.actions.ruling import approve_by_rule
from portal.references.actions.telling import tell_sent_for
from portal.references.models.nominating import Nomination, NominationActivity, NominationDetail
from portal.references.queries.duplicates import first_of, said_no
from portal.references.queries.nominations import nominators_of
from portal.references.rules.nominating import (
    ColleagueNotEmployee,
    Details,
    NominatedBySelf,
    SaidNo,
    require_details,
    require_employee,
    require_nominee,
    search_text,
)
from portal.references.rules.states import STANDS, State

TRIES = 3
NO_DETAILS = Details()


@dataclass(frozen=True)
class _First:
    """The nomination that stands, locked for this transaction."""

    id: int
    person_id: int | None


def nominate(
    session: Session,
    actor: Actor,
    *,
    key: str,
    name: str,
    email: str,
    company: str,
    title: str = "",
    why: str,
    activities: Iterable[Activity] = (),
    details: Details = NO_DETAILS,
    colleague_id: int | None = None,
    is_told: bool = True,
    now: datetime,
) -> Nomination:
    """Record that the actor nominates a person, and return the nomination: waiting, approved by a rule, or the duplicate of an earlier one.

    ``colleague_id`` is on whose behalf, who is credited then, and told of it unless the caller does that (``is_told``). The draft with the
    same ``key`` goes. The same ``key`` a second time returns the first answer. Refuses who is no employee (``NotAllowed``), a colleague who
    is none (``ColleagueNotEmployee``), an address that is none, one of our own team (``NotACustomer``), somebody who takes part already
    (``AlreadyMember``) or said no (``SaidNo``), whom the actor or the colleague nominated before (``NominatedBySelf``), and details that are
    none (``NotALink``, ``UsageHalf``, ``NotAPhone``).
    """
    require_employee(actor)
    take_turn(session, f"nominate:{actor.id}")  # so that what rules approve of one sender in a day is counted
    if replayed := with_key(session, actor, key):
        return replayed
    person = find_person_by_email(session, email)
    called = person.name if person and person.id in knows(session, actor, [person.id]) else clean_line(name)
    require_nominee(clean_line(email), called if person else None, person.state if person else None, is_advocate=person is None or person.is_advocate)
    if said_no(session, normal_email(email)):
        raise SaidNo(name=called)
    require_details(details)
    _require_colleague(session, actor, colleague_id)
    _require_owner(session, details.owner_id)
    known = find_company_by_name(session, company)
    columns: dict[str, object] = {
        "nominator_id": actor.id,
        "colleague_id": colleague_id,
        "key": key,
        "name": clean_line(name)[:NAME_LENGTH],
        "name_key": fold(clean_line(name))[: 2 * NAME_LENGTH],
        "email": clean_line(email),
        "email_key": normal_email(email),
        "title": clean_line(title)[:TITLE_LENGTH],
        "company_name": known.name if known else clean_line(company)[:COMPANY_LENGTH],
        "company_id": known.id if known else None,
        "why": clean(why),
        "search": search_text(name, company, title, email),
        "created_at": now,
    }
    nomination = _insert(session, actor, columns, sorted(set(activities)), details, now)
    drop_draft(session, actor, key=key)
    if is_told:
        tell_sent_for(session, [nomination], now)
    if nomination.state == State.SUBMITTED:
        approve_by_rule(session, nomination, now)
    return nomination


def _require_owner(session: Session, owner_id: int | None) -> None:
    owner = session.get(Person, owner_id) if owner_id is not None else None
    if owner_id is not None and (owner is None or not (owner.is_employee or owner.is_admin) or owner.state == PersonState.DEACTIVATED):
        raise OwnerNotEmployee()


def _require_colleague(session: Session, actor: Actor, colleague_id: int | None) -> None:
    colleague = session.get(Person, colleague_id) if colleague_id else None
    if colleague_id and (colleague is None or colleague_id == actor.id or not colleague.is_employee or colleague.state != PersonState.ACTIVE):
        raise ColleagueNotEmployee()


def _insert(session: Session, actor: Actor, columns: dict[str, object], activities: list[Activity], details: Details, now: datetime) -> Nomination:
    """Insert as the one that stands; where another stands, as its duplicate. Two at once meet at the unique index, and the later one looks again."""
    for _ in range(TRIES):
        try:
            with session.begin_nested():
                first = _credit_first(session, columns)
                nomination = Nomination(**columns, **_as_duplicate(first, now))
                session.add(nomination)
                session.flush()
                for activity in activities:
                    session.execute(insert(NominationActivity).values(nomination_id=nomination.id, activity=activity))
                if details != NO_DETAILS:
                    session.execute(insert(NominationDetail).values(nomination_id=nomination.id, **asdict(details) | {"ways": list(details.ways)}))
        except NominatedBySelf:
            if replayed := with_key(session, actor, str(columns["key"])):
                return replayed
            raise
        except IntegrityError as error:
            if violated(error, "nomination", "nominator_id", "key") and (replayed := with_key(session, actor, str(columns["key"]))):
                return replayed
            if not violated(error, "nomination", "email_key", name="uq_nomination_email_key_open"):
                raise
            continue
        event = "nomination.repeated" if first else "nomination.submitted"
        record(session, actor, event, "nomination", nomination.id, now=now, duplicate_of=first.id if first else None)
        return nomination
    raise Busy()


def _credit_first(session: Session, columns: dict[str, object]) -> _First | None:
    """Count one more voice on the nomination that stands for this address and lock it, so that it cannot be decided meanwhile.

    None if nothing stands. Refuses where the nominator, or the colleague, has a part in it already.
    """
    first_id = first_of(session, str(columns["email_key"]))
    if first_id is None:
        return None
    standing = update(Nomination).where(Nomination.id == first_id, Nomination.state.in_(STANDS))
    counted = standing.values(repeats=Nomination.repeats + 1).returning(Nomination.person_id)
    row = session.execute(counted.execution_options(synchronize_session=False)).one_or_none()
    if row is None:
        return None
    if nominators_of(session, first_id) & {columns["nominator_id"], columns["colleague_id"]}:
        raise NominatedBySelf(name=columns["name"])
    return _First(first_id, row.person_id)


def _as_duplicate(first: _First | None, now: datetime) -> dict[str, object]:
    if first is None:
        return {"state": State.SUBMITTED}
    return {"state": State.DUPLICATE, "duplicate_of_id": first.id, "person_id": first.person_id, "decided_at": now}


def with_key(session: Session, actor: Actor, key: str | None) -> Nomination | None:
    """Return what the actor sent with this key before, or None."""
    return session.scalar(select(Nomination).where(Nomination.nominator_id == actor.id, Nomination.key == key))

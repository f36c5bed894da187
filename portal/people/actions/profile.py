"""What people change about themselves, and admins about others."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.ids import new_key
from portal.kernel.seen import require_seen
from portal.kernel.text import clean_line
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.people.actions.by_hand import PERSON, note_by_hand, take_over
from portal.people.actions.changes import announce_edit
from portal.people.actions.granting import note_given_anew
from portal.people.actions.links import drop_links, make_link, spend_link
from portal.people.actions.persons import addressed, named
from portal.people.actions.sessions import end_sessions
from portal.people.actions.throttles import count_try
from portal.people.actions.welcome import keep_profile
from portal.people.models import Person
from portal.people.queries.companies import get_company
from portal.people.queries.persons import find_person_by_email, get_person
from portal.people.rules.link import LinkSpent, Purpose
from portal.people.rules.person import TITLE_LENGTH, ActiveNeedsEmail, EmailMissing, EmailTaken, PersonState, require_time_zone
from portal.people.rules.throttle import EMAIL_CHANGE

CONFIRM = "/confirm-email?t="


def edit_profile(
    session: Session, actor: Actor, *, person_id: int, name: str, title: str, language: str | None, time_zone: str | None, now: datetime
) -> bool:
    """Change name, title, language and zone; tells whether anything differed. Refuses an empty name and an unknown zone."""
    require_time_zone(time_zone)
    person = get_person(session, person_id)
    if actor.id == person_id:
        keep_profile(session, person_id, now)
    values = {**named(name), "title": clean_line(title)[:TITLE_LENGTH], "language": language or None, "time_zone": time_zone or None}
    return _change(session, actor, person, values, now)


def edit_person(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    name: str,
    title: str,
    email: str | None,
    company_id: int | None,
    now: datetime,
    seen: str | None = None,
    is_import: bool = False,
) -> bool:
    """Change what admins may about a person; tells whether anything differed.

    An address added to somebody without one keeps their history. A changed address ends the
    sessions and is told to the old one; whoever can open the new one counts as let decide only now, by
    who changed it, since a link to it is all that signing in takes. Refuses what ``add_person`` refuses, to take the address from
    somebody who signs in with it (``ActiveNeedsEmail``), and what changed since it was ``seen`` (``ChangedMeanwhile``).
    An import (``is_import``) tells nobody of a changed address, and what it writes is no more somebody's own entry.
    """
    person = get_person(session, person_id)
    session.refresh(person, with_for_update={"key_share": True})
    if company_id is not None:
        get_company(session, company_id)
    values = {**named(name), **addressed(email), "title": clean_line(title)[:TITLE_LENGTH], "company_id": company_id}
    if any(getattr(person, field) != value for field, value in values.items()):
        require_seen(seen_values(person), seen)
    if values["email_key"] is None and person.state in (PersonState.ACTIVE, PersonState.INVITED):
        raise ActiveNeedsEmail(name=person.name)
    old_email, old_key = person.email, person.email_key
    differed = _change(session, actor, person, values, now, is_import=is_import)
    if old_key != person.email_key:
        _address_changed(session, person, None if is_import else old_email, now)
        end_sessions(session, person.id)
        if actor.id != person.id:
            note_given_anew(session, actor, person, now=now)
    return differed


def seen_values(person: Person) -> dict[str, object]:
    """Return what the record that admins edit shows of a person."""
    return {"name": person.name, "email": person.email, "title": person.title, "company_id": person.company_id}


def ask_email_change(session: Session, actor: Actor, *, email: str, now: datetime) -> None:
    """Send a link to the new address; it counts only once that is opened.

    An address that somebody has gives the same answer, and its owner a mail that says so. Refuses
    what is no address, and more than five an hour (``TooManyTries``).
    """
    assert actor.id is not None
    person = get_person(session, actor.id)
    wanted = addressed(email)
    if wanted["email"] is None:
        raise EmailMissing(name=person.name)
    count_try(session, EMAIL_CHANGE, str(person.id), now)
    taken = find_person_by_email(session, wanted["email"])
    if taken is not None:
        to, kind, link = Recipient(None, taken.email, taken.name, taken.language), "email_in_use", None
    else:
        drop_links(session, person.id, Purpose.EMAIL)
        token = make_link(session, person_id=person.id, purpose=Purpose.EMAIL, new_email=wanted["email"], now=now)
        to, kind, link = Recipient(None, wanted["email"], person.name, person.language), "email_confirmation", CONFIRM + token
    notify(session, to=to, kind=kind, data={"name": to.name}, key=f"{kind}:{new_key()}", now=now, link=link)
    record(session, actor, "person.email_change_asked", "person", person.id, now=now)


def confirm_email(session: Session, actor: Actor, *, token: str, now: datetime) -> Person:
    """Spend the link and make its address the person's. The old one is told. Refuses a spent link, and an address that was taken meanwhile."""
    person, new_email = spend_link(session, token=token, purpose=Purpose.EMAIL, now=now)
    if person.state != PersonState.ACTIVE or new_email is None:
        raise LinkSpent()
    old_email = person.email
    actor = Actor(id=person.id, roles=person.roles, origin=actor.origin, request_id=actor.request_id)
    _change(session, actor, person, addressed(new_email), now)
    _address_changed(session, person, old_email, now)
    return person


def _change(session: Session, actor: Actor, person: Person, values: Mapping[str, object], now: datetime, *, is_import: bool = False) -> bool:
    """Write what differs. The log names the fields; of names and addresses it keeps no copy that outlives the person."""
    differing = {field: value for field, value in values.items() if getattr(person, field) != value}
    if not differing:
        return False
    before = {field: getattr(person, field) for field in differing}
    try:
        with session.begin_nested():
            session.execute(update(Person).where(Person.id == person.id).values(**differing))
    except IntegrityError as error:
        if violated(error, "person", "email_key"):
            raise EmailTaken(email=values["email"]) from error
        raise
    session.refresh(person)
    fields = set(differing) - {"name_key", "email_key"}
    if is_import:
        take_over(session, PERSON, person.id, fields)
    else:
        note_by_hand(session, actor, PERSON, person.id, fields, now)
    record(session, actor, "person.edited", "person", person.id, now=now, fields=sorted(fields))
    announce_edit(session, person.id, before, now)
    return True


def _address_changed(session: Session, person: Person, old_email: str | None, now: datetime) -> None:
    drop_links(session, person.id)
    if old_email:
        to = Recipient(person_id=None, email=old_email, name=person.name, language=person.language)
        notify(session, to=to, kind="email_changed", data={"name": person.name}, key=f"email_changed:{new_key()}", now=now)

"""Who was nominated before, for the form to tell while somebody types."""

from dataclasses import replace

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.kernel.actor import Actor
from portal.kernel.text import normal_email
from portal.people.models import Person
from portal.people.queries.knowing import knows
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.person import PersonState
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import nominators_of
from portal.references.rules.nominating import Known, KnownAs, is_team
from portal.references.rules.states import STANDS, State


def first_of(session: Session, email_key: str) -> int | None:
    """Return the nomination that stands for an address: its own, or the one that its own was found to be a duplicate of."""
    own = select(Nomination.id).where(Nomination.email_key == email_key, Nomination.state.in_(STANDS))
    found = session.scalar(own)
    if found is not None:
        return found
    first = aliased(Nomination)
    marked = select(first.id).join(Nomination, Nomination.duplicate_of_id == first.id)
    return session.scalar(marked.where(Nomination.email_key == email_key, first.state.in_(STANDS)).order_by(Nomination.id.desc()).limit(1))


def said_no(session: Session, email_key: str | None) -> Nomination | None:
    """Return the nomination to which somebody with this address said no, and has not turned round since; None where there is none.

    Every address that is known as theirs counts, whichever of them was nominated first.
    """
    found = select(Nomination).where(Nomination.email_key.in_(addresses_of(email_key)), Nomination.state == State.CUSTOMER_DECLINED)
    return session.scalar(found.order_by(Nomination.id.desc()).limit(1))


def addresses_of(email_key: str | None) -> Select[str]:
    """Return the addresses of whoever has this one: those of nominations that were found to be duplicates of each other."""
    mine, theirs = aliased(Nomination), aliased(Nomination)
    first = select(func.coalesce(mine.duplicate_of_id, mine.id)).where(mine.email_key == email_key)
    return select(theirs.email_key).where(theirs.email_key.is_not(None), or_(theirs.id.in_(first), theirs.duplicate_of_id.in_(first)))


def find_known(session: Session, actor: Actor, email: str | None) -> Known | None:
    """Return what is known of an address that somebody is about to nominate, or None for nothing. Of whom ``actor`` may not know who they are
    it says the address for the name, and points nowhere.
    """
    key = normal_email(email)
    if not key:
        return None
    person = find_person_by_email(session, email)
    found = _find_known(session, actor.id, key, person)
    is_known = found is None or person is None or person.id in knows(session, actor, [person.id])
    return found if is_known or found is None else replace(found, name=key, is_listed=False)


def _find_known(session: Session, nominator_id: int | None, key: str, person: Person | None) -> Known | None:
    if person is not None and is_team(person.state, is_advocate=person.is_advocate):
        return Known(KnownAs.TEAM, person.name)
    if person is not None and person.state == PersonState.ACTIVE:
        return Known(KnownAs.MEMBER, person.name)
    refused = said_no(session, key)
    if refused is not None:
        return Known(KnownAs.SAID_NO, refused.name, at=refused.answered_at)
    first_id = first_of(session, key)
    if first_id is not None:
        return _nominated(session, nominator_id, first_id)
    if person is not None and person.state == PersonState.INVITED:
        return Known(KnownAs.INVITED, person.name, at=person.invited_at)
    return None


def _nominated(session: Session, nominator_id: int | None, first_id: int) -> Known:
    asked = select(Nomination.name, Nomination.nominator_id, Nomination.created_at, Nomination.state, Person.name.label("nominator"))
    row = session.execute(asked.join(Person, Person.id == Nomination.nominator_id).where(Nomination.id == first_id)).one()
    is_own = nominator_id in nominators_of(session, first_id)
    return Known(KnownAs.OWN if is_own else KnownAs.NOMINATED, row.name, nominator=row.nominator, at=row.created_at)

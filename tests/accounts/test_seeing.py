"""Who may see how a customer's person is reached, and that every view is written down."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.accounts.actions.granting import end_grants, grant_contact
from portal.accounts.actions.seeing import see_contact, see_contacts
from portal.accounts.models import ContactGrant, ContactView
from portal.accounts.queries.seeing import contacts_for, may_search_contact, seen_by
from portal.accounts.rules.refusals import ContactHidden
from portal.accounts.rules.seeing import may_see_contact
from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.people.models import Person
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person

SOURCE = ("request_candidate", 7)


def actor(person_id: int | None, *roles: str) -> Actor:
    return Actor(id=person_id, roles=frozenset(roles))


@pytest.mark.parametrize(
    ("who", "owner_id", "is_granted", "may"),
    [
        (actor(1, ADMIN), 2, False, True),
        (system(), None, False, True),
        (actor(1, EMPLOYEE), 1, False, True),
        (actor(1, EMPLOYEE), 2, True, True),
        (actor(1, EMPLOYEE), 2, False, False),
        (actor(1, EMPLOYEE), None, False, False),
        (actor(1, ADVOCATE), 1, True, False),
        (actor(1, ADVOCATE), None, False, False),
        (actor(9, ADVOCATE), None, False, True),
        (actor(None, EMPLOYEE), None, True, False),
        (Actor(id=1, roles=frozenset({EMPLOYEE}), reviews=frozenset({"nominations"})), 2, False, False),
    ],
)
def test_contact_details_are_for_admins_the_owner_and_who_holds_a_grant(who: Actor, owner_id: int | None, is_granted: bool, may: bool) -> None:
    assert may_see_contact(who, owner_id=owner_id, person_id=9, is_granted=is_granted) is may


def test_a_grant_opens_details_until_it_ends_and_every_view_stays_written_down(database: Database) -> None:
    now = utcnow()

    def world(session: Session) -> tuple[int, int, int, int, int]:
        owner, other, admin = make_employee(session), make_employee(session), make_admin(session)
        company = make_company(session, owner_id=owner.id)
        person, stranger = make_contact(session, company_id=company.id, email="ada@canary.example"), make_person(session)
        return owner.id, other.id, admin.id, person.id, stranger.id

    owner_id, other_id, admin_id, person_id, stranger_id = database.write(world)
    owner, other, admin = actor(owner_id, EMPLOYEE), actor(other_id, EMPLOYEE), actor(admin_id, ADMIN)

    def see(who: Actor) -> str | None:
        return database.write(lambda s: see_contact(s, who, person_id=person_id, place="company", now=now)).email

    assert see(owner) == see(admin) == "ada@canary.example"
    with pytest.raises(ContactHidden):
        see(other)
    with pytest.raises(NotFound):
        database.write(lambda s: see_contact(s, admin, person_id=999_999, place="company", now=now))
    for _ in range(2):
        database.write(lambda s: grant_contact(s, viewer_id=other_id, person_id=person_id, source=SOURCE, now=now))
    assert see(other) == "ada@canary.example"
    with database.reading() as session:
        both = [person_id, stranger_id]
        assert seen_by(session, other, both) == {person_id}
        assert contacts_for(session, actor(stranger_id, ADVOCATE), both)[person_id] is None
        for who in (owner, other, admin, actor(stranger_id, ADVOCATE)):
            searched = set(session.scalars(select(Person.id).where(Person.id.in_(both), may_search_contact(who))))
            assert searched == seen_by(session, who, both), "the rule in SQL says what the rule says"
    assert database.write(lambda s: end_grants(s, SOURCE, now)) == 1
    assert database.write(lambda s: end_grants(s, SOURCE, now)) == 0
    with pytest.raises(ContactHidden):
        see(other)
    database.write(lambda s: grant_contact(s, viewer_id=other_id, person_id=person_id, source=SOURCE, now=now))
    assert see(other) == "ada@canary.example"
    assert database.write(lambda s: dict(see_contacts(s, other, person_ids=[stranger_id], place="list", now=now))) == {}
    own = database.write(lambda s: see_contact(s, actor(stranger_id, ADVOCATE), person_id=stranger_id, place="own", now=now))
    with database.reading() as session:
        assert own.email == session.get_one(Person, stranger_id).email
        assert session.scalars(select(ContactView.viewer_id).order_by(ContactView.id)).all() == [owner_id, admin_id, other_id, other_id]
        assert len(session.scalars(select(ContactGrant.id)).all()) == 1
    for change in (update(ContactView).values(place="elsewhere"), ContactView.__table__.delete()):
        with pytest.raises(DBAPIError):
            database.write(lambda s, change=change: s.execute(change))

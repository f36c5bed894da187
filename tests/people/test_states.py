"""Deactivating, reactivating, roles, addresses: what they end and what they keep."""

import pytest
from sqlalchemy import func, select

from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import OutboxJob
from portal.people.actions.links import make_link, spend_link
from portal.people.actions.profile import ask_email_change, confirm_email, edit_person
from portal.people.actions.sessions import open_session
from portal.people.actions.states import change_roles, deactivate_person, reactivate_person
from portal.people.models import Company, SignInSession
from portal.people.queries.persons import admins, get_person, recipient
from portal.people.rules.link import LinkSpent, Purpose
from portal.people.rules.person import (
    ActiveNeedsEmail,
    EmailTaken,
    NotDeactivated,
    OwnAdminRole,
    OwnDeactivation,
    PersonDeactivated,
    ReasonMissing,
    RoleMissing,
    RoleUnknown,
)
from tests.challenges.test_races import at_once
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person

ACTOR = system("test")


def sessions_of(session, person) -> int:
    return session.scalar(select(func.count()).where(SignInSession.person_id == person.id))


def sign_in(session, person) -> None:
    open_session(session, person, is_kept=True, origin="", browser="", now=utcnow())


def as_actor(person) -> Actor:
    return Actor(person.id, person.roles)


def mailed(session) -> list[tuple[str, str]]:
    jobs = session.scalars(select(OutboxJob).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id))
    return [(job.payload["kind"], job.payload["to"]["email"]) for job in jobs]


def test_deactivating_ends_sessions_links_and_ownership_and_keeps_the_rest(session) -> None:
    person = make_employee(session)
    company = make_company(session, owner_id=person.id)
    sign_in(session, person)
    token = make_link(session, person_id=person.id, purpose=Purpose.RESET, now=utcnow())
    deactivate_person(session, ACTOR, person_id=person.id, reason="left the company", now=utcnow())
    assert (person.state, person.deactivation_reason) == ("deactivated", "left the company")
    assert sessions_of(session, person) == 0
    assert session.get_one(Company, company.id).owner_id is None
    assert recipient(session, person.id).email is None
    with pytest.raises(LinkSpent):
        spend_link(session, token=token, purpose=Purpose.RESET, now=utcnow())
    with pytest.raises(PersonDeactivated):
        deactivate_person(session, ACTOR, person_id=person.id, reason="again", now=utcnow())


def test_deactivating_needs_a_reason_and_somebody_else(session) -> None:
    admin, person = make_admin(session), make_person(session)
    with pytest.raises(ReasonMissing):
        deactivate_person(session, as_actor(admin), person_id=person.id, reason=" \n", now=utcnow())
    with pytest.raises(OwnDeactivation):
        deactivate_person(session, as_actor(admin), person_id=admin.id, reason="tired", now=utcnow())


def test_reactivated_people_stand_where_they_stood(session) -> None:
    member, contact = make_person(session), make_contact(session)
    for person, state in [(member, "active"), (contact, "contact")]:
        deactivate_person(session, ACTOR, person_id=person.id, reason="by mistake", now=utcnow())
        reactivate_person(session, ACTOR, person_id=person.id, now=utcnow())
        assert get_person(session, person.id).state == state
        with pytest.raises(NotDeactivated):
            reactivate_person(session, ACTOR, person_id=person.id, now=utcnow())


def test_changed_roles_end_the_sessions(session) -> None:
    admin, person = make_admin(session), make_person(session)
    sign_in(session, person)
    assert not change_roles(session, as_actor(admin), person_id=person.id, roles={"advocate"}, now=utcnow())
    assert sessions_of(session, person) == 1
    assert change_roles(session, as_actor(admin), person_id=person.id, roles={"advocate", "employee"}, now=utcnow())
    assert person.roles == {"advocate", "employee"}
    assert sessions_of(session, person) == 0


def test_nobody_takes_the_admin_role_from_themselves(session) -> None:
    admin = make_admin(session)
    with pytest.raises(OwnAdminRole):
        change_roles(session, as_actor(admin), person_id=admin.id, roles={"employee"}, now=utcnow())
    assert change_roles(session, as_actor(admin), person_id=admin.id, roles={"admin", "employee"}, now=utcnow())


@pytest.mark.parametrize("verb", ["take the role", "deactivate"])
def test_eight_admins_who_shut_each_other_out_at_once_leave_one(database: Database, verb) -> None:
    ring = database.write(lambda s: [make_admin(s) for _ in range(8)])

    def shut_out(index: int):
        actor, other = as_actor(ring[index]), ring[(index + 1) % 8].id
        if verb == "deactivate":
            return lambda s: deactivate_person(s, actor, person_id=other, reason="Left.", now=utcnow())
        return lambda s: change_roles(s, actor, person_id=other, roles={"employee"}, now=utcnow())

    results = at_once(database, [shut_out(index) for index in range(8)])
    with database.reading() as session:
        left = len(admins(session))
    assert set(results) <= {True, None, "NotAllowed"}
    assert left == 8 - sum(result != "NotAllowed" for result in results) > 0


@pytest.mark.parametrize(("roles", "refusal"), [(set(), RoleMissing), ({"owner"}, RoleUnknown)])
def test_a_person_holds_known_roles_and_at_least_one(session, roles, refusal) -> None:
    person = make_person(session)
    with pytest.raises(refusal):
        change_roles(session, ACTOR, person_id=person.id, roles=roles, now=utcnow())


def test_an_address_added_later_keeps_the_history(session) -> None:
    person = make_contact(session, email=None)
    before = balance_of(session, person.id)
    given = {"name": person.name, "title": "", "company_id": None, "now": utcnow()}
    assert edit_person(session, ACTOR, person_id=person.id, email="Late@Customer.example", **given)
    assert get_person(session, person.id).email_key == "late@customer.example"
    assert balance_of(session, person.id) == before
    assert mailed(session) == []


def test_a_changed_address_ends_the_sessions_and_is_told_to_the_old_one(session) -> None:
    person, other = make_person(session, email="old@customer.example"), make_person(session)
    sign_in(session, person)
    given = {"name": person.name, "title": "", "company_id": None, "now": utcnow()}
    with pytest.raises(EmailTaken):
        edit_person(session, ACTOR, person_id=person.id, email=other.email.upper(), **given)
    with pytest.raises(ActiveNeedsEmail):
        edit_person(session, ACTOR, person_id=person.id, email="", **given)
    edit_person(session, ACTOR, person_id=person.id, email="new@customer.example", **given)
    assert sessions_of(session, person) == 0
    assert mailed(session) == [("email_changed", "old@customer.example")]


def test_a_new_address_counts_once_its_link_is_opened(session) -> None:
    person = make_person(session, email="old@customer.example")
    ask_email_change(session, as_actor(person), email="New@Customer.example", now=utcnow())
    assert get_person(session, person.id).email == "old@customer.example"
    link = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send")).one()["link"]
    confirm_email(session, ACTOR, token=link.split("=")[1], now=utcnow())
    assert get_person(session, person.id).email == "New@Customer.example"
    assert mailed(session) == [("email_confirmation", "New@Customer.example"), ("email_changed", "old@customer.example")]


def test_an_address_of_somebody_else_gets_a_mail_and_no_link(session) -> None:
    person, other = make_person(session), make_person(session, email="other@customer.example")
    ask_email_change(session, as_actor(person), email="OTHER@customer.example", now=utcnow())
    assert mailed(session) == [("email_in_use", other.email)]


def test_an_address_taken_while_the_link_was_open_is_refused(session) -> None:
    person = make_person(session)
    ask_email_change(session, as_actor(person), email="wanted@customer.example", now=utcnow())
    link = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send")).one()["link"]
    make_contact(session, email="wanted@customer.example")
    with pytest.raises(EmailTaken):
        confirm_email(session, ACTOR, token=link.split("=")[1], now=utcnow())

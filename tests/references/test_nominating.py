"""Nominating: the first one stands, later ones are credited to it."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotAllowed
from portal.people.actions.states import deactivate_person
from portal.profiles.rules.activity import Activity
from portal.references.actions.nominate import nominate
from portal.references.models.nominating import Nomination
from portal.references.queries.duplicates import find_known
from portal.references.queries.nominations import activities_of
from portal.references.rules.nominating import AlreadyMember, KnownAs, NominatedBySelf, NotACustomer
from portal.references.rules.states import State
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.factories.references import acting, make_nomination


def test_a_nomination_waits_with_all_that_was_said(session: Session) -> None:
    employee = make_employee(session)
    made = make_nomination(
        session, employee, name="Ada  Oyelaran", email=" Ada@Works.example ", activities=[Activity.CALL, Activity.VIDEO, Activity.CALL]
    )
    assert (made.state, made.name, made.email, made.email_key) == (State.SUBMITTED, "Ada Oyelaran", "Ada@Works.example", "ada@works.example")
    assert activities_of(session, [made.id]) == {made.id: [Activity.CALL, Activity.VIDEO]}
    event = session.scalars(select(AuditEvent).where(AuditEvent.name == "nomination.submitted")).one()
    assert (event.actor_id, event.subject_id) == (employee.id, made.id)


def test_a_known_company_is_linked_however_its_name_is_typed(session: Session) -> None:
    company = make_company(session, name="Baobab Télécom")
    made = make_nomination(session, company=" baobab telecom ")
    assert (made.company_id, made.company_name) == (company.id, "Baobab Télécom")


def test_a_new_company_is_kept_as_typed_and_not_made_yet(session: Session) -> None:
    made = make_nomination(session, company="Quite New Ltd")
    assert (made.company_id, made.company_name) == (None, "Quite New Ltd")


def test_the_same_key_is_the_same_nomination(session: Session) -> None:
    employee = make_employee(session)
    first = make_nomination(session, employee, key="once", email="ada@works.example")
    again = make_nomination(session, employee, key="once", email="ada@works.example")
    assert again.id == first.id
    assert len(session.scalars(select(Nomination)).all()) == 1


def test_two_employees_may_use_the_same_key(session: Session) -> None:
    assert make_nomination(session, key="same").id != make_nomination(session, key="same").id


def test_a_later_nomination_of_one_address_is_a_duplicate_and_credits_the_first(session: Session) -> None:
    first = make_nomination(session, email="ada@works.example")
    later = make_nomination(session, email="ADA@Works.EXAMPLE", why="Met her too.")
    session.refresh(first)
    assert (later.state, later.duplicate_of_id, later.why) == (State.DUPLICATE, first.id, "Met her too.")
    assert (first.state, first.repeats) == (State.SUBMITTED, 1)


def test_a_repeated_click_on_a_duplicate_counts_once(session: Session) -> None:
    first, later = make_nomination(session, email="ada@works.example"), make_employee(session)
    one = make_nomination(session, later, key="k", email="ada@works.example")
    two = make_nomination(session, later, key="k", email="ada@works.example")
    session.refresh(first)
    assert one.id == two.id
    assert first.repeats == 1


@pytest.mark.parametrize("as_first", [True, False])
def test_nobody_nominates_the_same_person_twice(session: Session, as_first: bool) -> None:
    employee = make_employee(session)
    if not as_first:
        make_nomination(session, email="ada@works.example")
    make_nomination(session, employee, email="ada@works.example")
    with pytest.raises(NominatedBySelf):
        make_nomination(session, employee, email="ada@works.example")


def test_after_a_decline_the_same_person_may_be_nominated_again(session: Session) -> None:
    from portal.references.actions.decide import decline_nomination

    employee = make_employee(session)
    first = make_nomination(session, employee, email="ada@works.example")
    decline_nomination(session, acting(make_admin(session)), nomination_id=first.id, reason="Not now.", now=utcnow())
    assert make_nomination(session, employee, email="ada@works.example").state == State.SUBMITTED


def test_a_member_cannot_be_nominated(session: Session) -> None:
    make_person(session, name="Ada", email="ada@works.example")
    with pytest.raises(AlreadyMember):
        make_nomination(session, email="Ada@works.example")


def test_nobody_nominates_themselves_however_they_spell_their_address(session: Session) -> None:
    employee = make_employee(session, email="ada@works.example")
    with pytest.raises(NotACustomer):
        make_nomination(session, employee, email=" ADA@Works.example ")
    assert session.scalar(select(func.count()).select_from(Nomination)) == 0


@pytest.mark.parametrize("role", ["advocate", "admin"])
def test_only_employees_nominate(session: Session, role: str) -> None:
    person = make_person(session, roles={role})
    with pytest.raises(NotAllowed):
        nominate(session, acting(person), key="k", name="Ada", email="ada@works.example", company="Works", why="Good.", now=utcnow())


def known(session: Session, nominator: Any, email: str) -> KnownAs | None:
    found = find_known(session, Actor(id=nominator.id, roles=nominator.roles), email)
    return found.as_what if found else None


def test_the_form_knows_members_invited_people_and_nominees(session: Session) -> None:
    employee, colleague = make_employee(session), make_employee(session)
    make_person(session, email="member@works.example")
    make_contact(session, email="contact@works.example")
    make_nomination(session, employee, email="nominee@works.example")
    assert known(session, colleague, "MEMBER@works.example") is KnownAs.MEMBER
    assert known(session, colleague, "contact@works.example") is None
    assert known(session, colleague, "Nominee@Works.example") is KnownAs.NOMINATED
    assert known(session, employee, "nominee@works.example") is KnownAs.OWN
    assert known(session, colleague, "stranger@works.example") is None
    assert known(session, colleague, "") is None


def test_a_colleague_who_added_a_voice_is_told_so(session: Session) -> None:
    colleague = make_employee(session)
    make_nomination(session, email="nominee@works.example")
    make_nomination(session, colleague, email="nominee@works.example")
    assert known(session, colleague, "nominee@works.example") is KnownAs.OWN


def test_a_deactivated_person_may_be_nominated_but_the_admin_decides(session: Session) -> None:
    person = make_person(session, email="gone@works.example")
    deactivate_person(session, acting(make_admin(session)), person_id=person.id, reason="Left.", now=utcnow())
    assert make_nomination(session, email="gone@works.example").state == State.SUBMITTED

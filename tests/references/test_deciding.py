"""Accepting, declining and marking as duplicate: once, by another admin, and everybody is told."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.errors import NotAllowed, NotFound
from portal.notifications.models import Notice, OutboxJob
from portal.people.actions.joining import invite_person
from portal.people.actions.states import deactivate_person
from portal.people.models import Company, Person
from portal.people.queries.persons import find_person_by_email
from portal.references.actions.decide import accept_nomination, decline_nomination, mark_duplicate
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import nominations_of
from portal.references.rules.deciding import AlreadyDecided, NomineeDeactivated, NotAnOriginal, OwnNomination, ReasonMissing
from portal.references.rules.states import Standing, State
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.factories.references import acting, make_nomination


def kinds_told(session: Session, person: Person) -> list[str]:
    return list(session.scalars(select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)))


def mails_to(session: Session, address: str) -> list[str]:
    payloads = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id))
    return [payload["kind"] for payload in payloads if payload["to"]["email"] == address]


def test_accepting_makes_the_person_and_the_company_invites_and_tells(session: Session) -> None:
    employee, admin = make_employee(session), make_admin(session)
    made = make_nomination(session, employee, name="Ada", email="ada@new.example", company="New Works", title="Planner")
    accept_nomination(session, acting(admin), nomination_id=made.id, now=utcnow())
    person = find_person_by_email(session, "ada@new.example")
    assert person is not None
    company = session.scalars(select(Company).where(Company.name == "New Works")).one()
    assert (person.name, person.title, person.state, person.company_id, person.is_advocate) == ("Ada", "Planner", "invited", company.id, True)
    assert (made.state, made.person_id, made.company_id, made.decided_by_id) == (State.INVITED, person.id, company.id, admin.id)
    assert mails_to(session, "ada@new.example") == ["nomination_proposal"]
    assert kinds_told(session, employee) == ["nomination_accepted"]
    assert mails_to(session, str(employee.email)) == ["nomination_accepted"]


def test_a_contact_with_the_address_is_invited_and_not_made_anew(session: Session) -> None:
    contact = make_contact(session, email="ada@works.example", company_id=make_company(session).id)
    made = make_nomination(session, email="ADA@works.example")
    accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())
    session.refresh(contact)
    assert (made.person_id, contact.state) == (contact.id, "invited")


def test_who_was_invited_meanwhile_keeps_the_invitation(session: Session) -> None:
    admin = make_admin(session)
    contact = make_contact(session, email="ada@works.example")
    made = make_nomination(session, email="ada@works.example")
    invite_person(session, acting(admin), person_id=contact.id, now=utcnow())
    accept_nomination(session, acting(admin), nomination_id=made.id, now=utcnow())
    assert mails_to(session, "ada@works.example") == ["invitation", "nomination_proposal"]


def test_who_joined_meanwhile_is_credited_to_the_nominator(session: Session) -> None:
    employee = make_employee(session)
    made = make_nomination(session, employee, email="ada@works.example")
    make_person(session, email="ada@works.example")
    accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())
    assert [n.standing for n in nominations_of(session, employee.id)] == [Standing.JOINED]


def test_a_deactivated_nominee_cannot_be_accepted(session: Session) -> None:
    admin = acting(make_admin(session))
    person = make_person(session, name="Ada", email="ada@works.example")
    deactivate_person(session, admin, person_id=person.id, reason="Left.", now=utcnow())
    made = make_nomination(session, email="ada@works.example")
    with pytest.raises(NomineeDeactivated) as refused:
        accept_nomination(session, admin, nomination_id=made.id, now=utcnow())
    assert refused.value.facts == {"name": "Ada"}


def test_the_company_may_be_corrected_to_one_that_exists(session: Session) -> None:
    company = make_company(session, name="Harbour & Vale Logistics")
    made = make_nomination(session, company="Harbor and Vale")
    accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, company="harbour & vale logistics", now=utcnow())
    assert (made.company_id, made.company_name) == (company.id, "Harbour & Vale Logistics")
    assert session.scalars(select(Company).where(Company.name == "Harbor and Vale")).all() == []


def test_a_company_that_came_meanwhile_is_used(session: Session) -> None:
    made = make_nomination(session, company="New Works")
    company = make_company(session, name="New Works")
    accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())
    assert made.company_id == company.id


def test_declining_tells_the_reason_and_nobody_is_invited(session: Session) -> None:
    employee = make_employee(session)
    made = make_nomination(session, employee, email="ada@works.example")
    decline_nomination(session, acting(make_admin(session)), nomination_id=made.id, reason=" Their contract ends. ", now=utcnow())
    notice = session.scalars(select(Notice).where(Notice.person_id == employee.id)).one()
    assert (made.state, made.reason) == (State.NOT_APPROVED, "Their contract ends.")
    assert (notice.kind, notice.data["reason"], notice.link) == ("nomination_declined", "Their contract ends.", f"/nominate/mine/{made.id}")
    assert mails_to(session, str(employee.email)) == ["nomination_declined"]
    assert find_person_by_email(session, "ada@works.example") is None


def test_declining_without_a_reason_is_refused(session: Session) -> None:
    made = make_nomination(session)
    with pytest.raises(ReasonMissing):
        decline_nomination(session, acting(make_admin(session)), nomination_id=made.id, reason="  ", now=utcnow())


def test_all_nominators_of_one_person_share_the_outcome(session: Session) -> None:
    first, later = make_employee(session), make_employee(session)
    made = make_nomination(session, first, email="ada@works.example")
    make_nomination(session, later, email="ada@works.example")
    accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())
    assert kinds_told(session, first) == kinds_told(session, later) == ["nomination_accepted"]
    followed = nominations_of(session, later.id).rows[0]
    assert (followed.standing, followed.credited) == (Standing.INVITED, first.name)
    assert session.scalars(select(Nomination.person_id).where(Nomination.nominator_id == later.id)).one() == made.person_id


def test_who_adds_a_voice_after_acceptance_follows_at_once(session: Session) -> None:
    made = make_nomination(session, email="ada@works.example")
    accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())
    later = make_employee(session)
    make_nomination(session, later, email="ada@works.example")
    assert nominations_of(session, later.id).rows[0].standing is Standing.INVITED


def test_a_duplicate_under_another_address_credits_the_first_and_takes_its_voices_along(session: Session) -> None:
    nominator, voice = make_employee(session), make_employee(session)
    first = make_nomination(session, email="ada@works.example")
    other = make_nomination(session, nominator, email="ada.lovelace@works.example")
    follower = make_nomination(session, voice, email="ada.lovelace@works.example")
    mark_duplicate(session, acting(make_admin(session)), nomination_id=other.id, first_id=first.id, now=utcnow())
    session.refresh(first)
    session.refresh(follower)
    assert (other.state, other.duplicate_of_id, other.repeats) == (State.DUPLICATE, first.id, 0)
    assert (follower.duplicate_of_id, first.repeats) == (first.id, 2)
    assert kinds_told(session, nominator) == ["nomination_duplicate"]


def test_an_address_marked_as_a_duplicate_stays_credited_to_the_first(session: Session) -> None:
    first = make_nomination(session, email="ada@works.example")
    other = make_nomination(session, email="ada.lovelace@works.example")
    mark_duplicate(session, acting(make_admin(session)), nomination_id=other.id, first_id=first.id, now=utcnow())
    assert make_nomination(session, email="ada.lovelace@works.example").duplicate_of_id == first.id


def test_nothing_is_a_duplicate_of_itself_or_of_what_does_not_stand(session: Session) -> None:
    admin = acting(make_admin(session))
    made, declined = make_nomination(session), make_nomination(session)
    decline_nomination(session, admin, nomination_id=declined.id, reason="No.", now=utcnow())
    for first_id in (made.id, declined.id):
        savepoint = session.begin_nested()
        with pytest.raises(NotAnOriginal):
            mark_duplicate(session, admin, nomination_id=made.id, first_id=first_id, now=utcnow())
        savepoint.rollback()


def test_nobody_decides_on_their_own_nomination(session: Session) -> None:
    both = make_person(session, roles={"employee", "admin"})
    made = make_nomination(session, both)
    with pytest.raises(OwnNomination):
        accept_nomination(session, acting(both), nomination_id=made.id, now=utcnow())
    with pytest.raises(OwnNomination):
        decline_nomination(session, acting(both), nomination_id=made.id, reason="No.", now=utcnow())


def test_nobody_decides_where_they_added_their_voice_or_in_favour_of_their_own(session: Session) -> None:
    both = make_person(session, roles={"employee", "admin"})
    theirs = make_nomination(session, email="ada@works.example")
    make_nomination(session, both, email="ada@works.example")
    own = make_nomination(session, both, email="ada.lovelace@works.example")
    again = make_nomination(session, email="a.lovelace@works.example")
    with pytest.raises(OwnNomination):
        accept_nomination(session, acting(both), nomination_id=theirs.id, now=utcnow())
    with pytest.raises(OwnNomination):
        mark_duplicate(session, acting(both), nomination_id=again.id, first_id=own.id, now=utcnow())


@pytest.mark.parametrize("role", ["employee", "advocate"])
def test_only_admins_decide(session: Session, role: str) -> None:
    made, person = make_nomination(session), make_person(session, roles={role})
    with pytest.raises(NotAllowed):
        accept_nomination(session, acting(person), nomination_id=made.id, now=utcnow())


def test_what_was_decided_stays_decided(session: Session) -> None:
    admin = acting(make_admin(session))
    made = make_nomination(session)
    decline_nomination(session, admin, nomination_id=made.id, reason="No.", now=utcnow())
    with pytest.raises(AlreadyDecided):
        accept_nomination(session, admin, nomination_id=made.id, now=utcnow())


def test_what_does_not_exist_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        accept_nomination(session, acting(make_admin(session)), nomination_id=404, now=utcnow())

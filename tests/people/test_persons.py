"""The record of a person: added, found, named once."""

import pytest

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.people.actions.persons import add_person
from portal.people.queries.persons import admins, find_person_by_email, recipient
from portal.people.rules.person import EmailInvalid, EmailTaken, NameMissing, RoleMissing
from tests.factories.people import make_admin, make_contact, make_person


def test_two_spellings_of_one_address_are_one_person(session) -> None:
    first = make_contact(session, email="Ada@Example.com ")
    with pytest.raises(EmailTaken):
        make_contact(session, email="ａda@EXAMPLE.com")
    assert find_person_by_email(session, "ADA@example.COM") is first
    assert first.email == "Ada@Example.com"


def test_many_people_without_an_address_can_be_here(session) -> None:
    first, second = make_contact(session, email=None), make_contact(session, email="")
    assert (first.email, second.email_key) == (None, None)
    assert recipient(session, first.id).email is None


@pytest.mark.parametrize(
    "address", ["ada", "ada@", "@x.de", "a b@x.de", "a@b@x.de", "ada@localhost", "ada@-x.de", "<ada@x.de>", "a@x..de", "a" * 250 + "@x.de"]
)
def test_what_is_no_address_is_refused(session, address: str) -> None:
    with pytest.raises(EmailInvalid):
        make_contact(session, email=address)


def test_a_person_needs_a_name_and_a_role(session) -> None:
    with pytest.raises(NameMissing):
        make_contact(session, name=" \u200b\n ")
    with pytest.raises(RoleMissing):
        make_contact(session, roles=set())


def test_the_form_sent_twice_adds_one_person(session) -> None:
    key = {"key": "form-1", "now": utcnow()}
    first = add_person(session, system(), name="Ada", **key)
    assert add_person(session, system(), name="Ada", **key) is first


def test_admins_are_those_who_joined(session) -> None:
    make_contact(session, roles={"admin"})
    make_person(session)
    admin = make_admin(session)
    assert [to.person_id for to in admins(session)] == [admin.id]

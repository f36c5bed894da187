"""Companies: kept once, owned by employees, found by any part of the name."""

import pytest

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.people.actions.companies import add_company, edit_company
from portal.people.queries.companies import company_names, possible_owners, search_companies
from portal.people.rules.company import CompanyNameMissing, DomainInvalid, OwnerNotEmployee
from tests.factories.people import make_admin, make_company, make_employee, make_person

ACTOR = system("test")


def test_a_company_is_found_by_any_part_of_its_name_beginnings_first(session) -> None:
    for name in ["Nordlicht Energie", "Äther & Söhne", "100% Nord", "Fjord"]:
        make_company(session, name=name)
    assert [company.name for company in search_companies(session, "NORD")] == ["Nordlicht Energie", "100% Nord"]
    assert [company.name for company in search_companies(session, "ather")] == ["Äther & Söhne"]
    assert [company.name for company in search_companies(session, "0%")] == ["100% Nord"]
    assert search_companies(session, "%") != []
    assert search_companies(session, " ") == []
    assert company_names(session, limit=2) == ["100% Nord", "Äther & Söhne"]


def test_the_owner_is_an_employee(session) -> None:
    employee, admin, advocate = make_employee(session), make_admin(session), make_person(session)
    assert make_company(session, owner_id=employee.id).owner_id == employee.id
    assert {owner for owner, _ in possible_owners(session)} == {employee.id, admin.id}
    for owner_id in (advocate.id, 999_999):
        with pytest.raises(OwnerNotEmployee):
            make_company(session, owner_id=owner_id)


def test_a_company_needs_a_name_and_a_true_domain(session) -> None:
    with pytest.raises(CompanyNameMissing):
        make_company(session, name=" ")
    with pytest.raises(DomainInvalid):
        make_company(session, domain="not a domain")


def test_editing_says_whether_anything_differed(session) -> None:
    company = make_company(session, name="Kestrel")
    assert not edit_company(session, ACTOR, company_id=company.id, name="Kestrel", now=utcnow())
    assert edit_company(session, ACTOR, company_id=company.id, name="Kestrel Logistics", domain="https://kestrel.example/", now=utcnow())
    assert (company.name_key, company.domain) == ("kestrel logistics", "kestrel.example")


def test_the_form_sent_twice_adds_one_company(session) -> None:
    first = add_company(session, ACTOR, name="Kestrel", key="form-1", now=utcnow())
    assert add_company(session, ACTOR, name="Kestrel", key="form-1", now=utcnow()) is first

"""A company that is named, not chosen: however many name it at once, from wherever, it is one."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.companies import add_company, company_named, edit_company, remove_company
from portal.people.actions.invites import invite_lines
from portal.people.models import Company, Person
from portal.people.rules.company import NAME_LENGTH, claim_of, name_key
from portal.references.actions.decide import accept_nomination
from portal.references.actions.nominate import nominate
from portal.references.models.nominating import Nomination
from portal.references.rules.states import State
from tests.factories.people import make_admin, make_company, make_employee
from tests.factories.references import acting, make_nomination
from tests.imports.engine import ACTIVITY, COMPANIES, imported, table
from tests.support.application import SignIn

ACTOR = system("test")
MANY = 8
SPELLINGS = ("Fjord & Fähre", "FJORD & FAHRE", " fjord  & fähre ")


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Do all works in threads that are let go together; return their answers."""
    start, answers = Barrier(len(works)), list[Any]()

    def run(work: Callable[[], Any]) -> None:
        start.wait()
        answers.append(work())

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(works)
    return answers


def companies(database: Database) -> list[Company]:
    with database.reading() as session:
        return list(session.scalars(select(Company).order_by(Company.id)))


def test_eight_nominations_that_name_one_new_company_give_one_company(database: Database, sign_in: SignIn) -> None:
    """Eight employees nominate eight people of a company that is new, all at once; eight admins accept them, all at once."""
    employees = database.write(lambda s: [acting(make_employee(s)) for _ in range(MANY)])
    admins = database.write(lambda s: [make_admin(s) for _ in range(MANY)])

    def nominating(number: int) -> Callable[[], str]:
        given = {"key": "k", "name": f"Nominee {number}", "email": f"n{number}@fjord.example", "company": SPELLINGS[number % 3], "why": "Good."}
        return lambda: database.write(lambda s: nominate(s, employees[number], **given, now=utcnow()).state)

    assert at_once([nominating(number) for number in range(MANY)]) == [State.SUBMITTED] * MANY
    clients = [sign_in(admin) for admin in admins]
    with database.reading() as session:
        waiting = list(session.scalars(select(Nomination.id)))
    accepting = [lambda c=c, n=n: c.post(f"/admin/approvals/nomination/{n}/approve") for c, n in zip(clients, waiting, strict=True)]
    assert {answer.status_code for answer in at_once(accepting)} == {303}
    (company,) = companies(database)
    with database.reading() as session:
        assert set(session.execute(select(Nomination.state, Nomination.company_id, Nomination.company_name))) == {
            (State.INVITED, company.id, company.name)
        }
        assert session.scalars(select(Person.company_id).where(Person.email_key.like("n%@fjord.example"))).all() == [company.id] * MANY
        assert len(session.scalars(select(AuditEvent).where(AuditEvent.name == "company.added")).all()) == 1


def test_whoever_names_a_new_company_at_once_means_one(database: Database) -> None:
    """A nomination is accepted, people are invited, a person is added, past activity is imported."""
    admin, nominations = database.write(lambda s: (acting(make_admin(s)), [make_nomination(s, company=SPELLINGS[n]).id for n in range(2)]))

    def accept(nomination_id: int) -> Callable[[], object]:
        return lambda: database.write(lambda s: accept_nomination(s, admin, nomination_id=nomination_id, now=utcnow()))

    def invite(number: int) -> Callable[[], object]:
        text = f"p{number}@fjord.example, Person {number}, {SPELLINGS[number]}"
        return lambda: database.write(lambda s: invite_lines(s, ACTOR, text=text, roles={"advocate"}, now=utcnow()))

    def bring(number: int) -> Callable[[], object]:
        plain = {"track": "earn", "challenge": "Talk", "points": 5, "submitted_at": "2026-01-05", "company": SPELLINGS[number]}
        rows = table({"external_id": f"{number}", "member_id": f"m{number}", **plain})
        return lambda: imported(database, ACTIVITY, rows, source=f"source {number}")

    def name(number: int) -> Callable[[], object]:
        return lambda: database.write(lambda s: company_named(s, ACTOR, SPELLINGS[number], utcnow()))

    at_once([accept(nominations[0]), accept(nominations[1]), invite(0), invite(1), bring(0), bring(1), name(1), name(2)])
    (company,) = companies(database)
    with database.reading() as session:
        assert len(session.scalars(select(Person).where(Person.company_id == company.id)).all()) == 6


def test_companies_of_one_name_stay_legal_where_something_else_tells_them_apart(database: Database) -> None:
    """By their external ids in a file, by their source, or by being made with a form."""
    imported(database, COMPANIES, table({"external_id": 1, "name": "Fjord"}, {"external_id": 2, "name": "FJORD"}), source="crm")
    database.write(lambda s: [add_company(s, ACTOR, name="Fjord", key=f"form-{number}", now=utcnow()) for number in range(2)])
    first, *others = companies(database)
    assert len(others) == 3
    assert database.write(lambda s: company_named(s, ACTOR, "fjord", utcnow())) == first.id
    assert len(companies(database)) == 4


def test_a_name_that_was_given_up_names_another_company(session: Session) -> None:
    """A misspelt company is corrected; who then names the misspelling means somebody else. So with one that was removed."""
    first = company_named(session, ACTOR, "Acme", utcnow())
    assert first is not None
    edit_company(session, ACTOR, company_id=first, name="Apex", now=utcnow())
    second = company_named(session, ACTOR, "ACME", utcnow())
    assert second not in (None, first)
    assert company_named(session, ACTOR, "apex", utcnow()) == first
    remove_company(session, ACTOR, company_id=second or 0, now=utcnow())
    assert company_named(session, ACTOR, "Acme", utcnow()) not in (None, first)


def test_a_name_in_other_letters_keeps_its_company(session: Session) -> None:
    company_id = company_named(session, ACTOR, "Acme", utcnow())
    assert company_id is not None
    edit_company(session, ACTOR, company_id=company_id, name="ACME", now=utcnow())
    assert company_named(session, ACTOR, "acmé", utcnow()) == company_id


@pytest.mark.parametrize("name", ["x" * (NAME_LENGTH + 40), "ﷺ" * NAME_LENGTH, f"{'y' * (NAME_LENGTH - 1)} z"])
def test_a_long_name_is_found_again(session: Session, name: str) -> None:
    assert company_named(session, ACTOR, name, utcnow()) == company_named(session, ACTOR, name, utcnow())
    assert len(session.scalars(select(Company)).all()) == 1


def test_a_company_that_was_typed_in_is_found_by_whoever_names_it(session: Session) -> None:
    company = make_company(session, name="Äther & Söhne")
    assert company_named(session, ACTOR, "ather & sohne", utcnow()) == company.id
    assert company_named(session, ACTOR, " ", utcnow()) is None


@pytest.mark.parametrize(
    ("one", "two", "same"), [("Äther", " ATHER ", True), ("A  B", "a b", True), ("AB", "a b", False), ("Straße", "STRASSE", True)]
)
def test_what_counts_as_one_name(one: str, two: str, same: bool) -> None:
    assert (name_key(one) == name_key(two)) is same
    assert (claim_of(one) == claim_of(two)) is same
    assert len(claim_of(one)) <= 64

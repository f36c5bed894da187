"""The companies importer, on a real list of 503 rows."""

from sqlalchemy import func, select

from portal.imports.rules.plans import Plan
from portal.kernel.db import Database
from portal.people.models import Company
from tests.factories.people import make_employee, make_person
from tests.imports.engine import COMPANIES, imported, prepared, table
from tests.imports.samples import CONSTITUENTS

SP500 = Plan(columns={"external_id": "CIK", "name": "Security", "industry": "GICS Sector", "region": "Headquarters Location"})


def test_the_sp500_is_500_companies(database: Database) -> None:
    ready = prepared(database, COMPANIES, CONSTITUENTS.read_bytes(), SP500)
    assert [row.faults[0].text for row in ready.reading.reported] == [
        "same external id as line 21, first kept",
        "same external id as line 207, first kept",
        "same external id as line 334, first kept",
    ]
    counts = imported(database, COMPANIES, CONSTITUENTS.read_bytes(), SP500)[1]
    assert (counts["created"], counts["repeated"], counts["bad"]) == (500, 3, 0)
    again = imported(database, COMPANIES, CONSTITUENTS.read_bytes(), SP500)[1]
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 500)
    with database.reading() as session:
        sectors = dict(session.execute(select(Company.industry, func.count()).group_by(Company.industry)).all())  # type: ignore[arg-type]
        names = set(session.scalars(select(Company.name)))
    assert sum(sectors.values()) == 500
    assert (len(sectors), sectors["Communication Services"]) == (11, 20)
    assert {"Brown–Forman", "Estée Lauder Companies (The)", "O’Reilly Automotive"} <= names


def test_an_empty_cell_or_a_missing_column_changes_nothing(database: Database) -> None:
    imported(database, COMPANIES, table({"external_id": 1, "name": "Ada", "industry": "Toys", "domain": "https://www.Ada.example/about"}))
    imported(database, COMPANIES, table({"external_id": 1, "name": "Ada", "industry": ""}))
    with database.reading() as session:
        company = session.scalars(select(Company)).one()
    assert (company.industry, company.domain) == ("Toys", "ada.example")


def test_an_owner_is_an_employee_known_by_address(database: Database) -> None:
    owner, member = database.write(make_employee), database.write(make_person)
    assert owner.email
    addresses = [owner.email.upper(), member.email, "nobody@customer.example"]
    rows = [{"external_id": n, "name": f"Firm {n}", "owner_email": address} for n, address in enumerate(addresses)]
    ready = prepared(database, COMPANIES, table(*rows))
    assert [(row.line, row.faults[0].field) for row in ready.reading.reported] == [(3, "owner_email"), (4, "owner_email")]
    assert imported(database, COMPANIES, table(*rows))[1]["created"] == 1
    assert imported(database, COMPANIES, table(*rows))[1]["unchanged"] == 1
    with database.reading() as session:
        assert session.scalars(select(Company.owner_id)).one() == owner.id


def test_a_domain_that_is_none_is_a_fault(database: Database) -> None:
    ready = prepared(database, COMPANIES, table({"external_id": 1, "name": "Ada", "domain": "not a domain"}))
    assert ready.reading.reported[0].faults[0].text == "“not a domain” is not a domain such as example.com"


def test_checking_reads_in_bulk(database: Database, count_queries) -> None:  # type: ignore[no-untyped-def]
    owner = database.write(make_employee)
    few = table(*({"external_id": n, "name": f"Firm {n}", "owner_email": owner.email} for n in range(10)))
    many = table(*({"external_id": n, "name": f"Firm {n}", "owner_email": owner.email} for n in range(400)))
    with count_queries() as first:
        prepared(database, COMPANIES, few)
    with count_queries() as second:
        prepared(database, COMPANIES, many)
    assert first.total == second.total

"""What a re-import changes is told field by field, and what somebody changed here stays unless the import is told otherwise."""

import csv
import io
import re

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.queries.seeing import may_search_contact
from portal.imports.queries import differences_of, kept_rows
from portal.imports.rules.plans import Plan, plan_from
from portal.imports.runner import differences_in
from portal.kernel.actor import ADMIN, Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from portal.people.actions.companies import edit_company
from portal.people.actions.joining import invite_person
from portal.people.actions.profile import edit_person, edit_profile
from portal.people.contact_importer import ContactsImporter
from portal.people.models import Company, Person
from portal.people.queries.persons import find_person_by_email, find_person_by_identity, get_person
from portal.people.rules.person import PersonState
from portal.profiles.actions.opening import open_by_staff
from portal.profiles.rules.facts import Facts
from tests.factories.asks import make_ask
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.factories.references import acting
from tests.imports.engine import COMPANIES, imported, prepared, table, undone
from tests.imports.samples import CONSTITUENTS
from tests.imports.test_companies import SP500
from tests.support.application import SignIn

CONTACTS = ContactsImporter()
ADMIN_HERE = Actor(id=None, roles=frozenset({ADMIN}), origin="127.0.0.1")
SECTORS = CONSTITUENTS.parent / "sector-counts.csv"


def told(database: Database, batch_id: int, importer: object = None) -> list[tuple[str, str, str, bool]]:
    with database.reading() as session:
        return [(one.field, str(one.before or ""), str(one.after), one.is_kept) for one in differences_of(session, batch_id, importer)]


def test_the_sp500_as_it_is_published_with_its_quirks_and_again_with_changed_rows(database: Database) -> None:
    content = CONSTITUENTS.read_bytes()
    with SECTORS.open(encoding="utf-8") as file:
        expected = {row["sector"]: int(row["count"]) for row in csv.DictReader(file)}
    with CONSTITUENTS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), sum(expected.values())) == (503, 503)
    twice = [row for place, row in enumerate(rows) if row["CIK"] in {earlier["CIK"] for earlier in rows[:place]}]
    assert len(twice) == 3, "Alphabet, Fox and News Corp have two classes of shares"
    imported(database, COMPANIES, content, SP500)
    with database.reading() as session:
        found = {
            row.industry: row.number for row in session.execute(select(Company.industry, func.count().label("number")).group_by(Company.industry))
        }
        assert {name: number + sum(row["GICS Sector"] == name for row in twice) for name, number in found.items()} == expected
        regions = {row.name: row.region for row in session.execute(select(Company.name, Company.region))}
    assert {"Brown–Forman", "O’Reilly Automotive", "Estée Lauder Companies (The)"} <= set(regions)
    assert sum(region == "none" for region in regions.values()) == 1, "a place that the list calls none stays what it says"
    ready = prepared(database, COMPANIES, content, SP500)
    with database.reading() as session:
        assert differences_in(session, ready, utcnow()) == []
    changed = content.replace(b"Saint Paul, Minnesota", b"Bern, Switzerland").replace("Brown–Forman".encode(), b"Brown & Forman")
    with database.reading() as session:
        foreseen = [(one.field, one.before, one.after) for one in differences_in(session, prepared(database, COMPANIES, changed, SP500), utcnow())]
    batch_id, counts = imported(database, COMPANIES, changed, SP500)
    assert (counts["changed"], counts["created"], counts["unchanged"], len(foreseen)) == (4, 0, 496, 4)
    assert ("region", "Saint Paul, Minnesota", "Bern, Switzerland") in foreseen
    assert ("name", "Brown–Forman", "Brown & Forman") in foreseen
    assert [one[:3] for one in told(database, batch_id)] == foreseen


def test_what_somebody_changed_here_stays_until_the_import_is_told_otherwise(database: Database) -> None:
    first = table({"external_id": 1, "name": "Ada Works", "industry": "Toys", "region": "Bern"})
    imported(database, COMPANIES, first)
    with database.reading() as session:
        company_id = session.scalars(select(Company.id)).one()
    database.write(lambda s: edit_company(s, ADMIN_HERE, company_id=company_id, industry="Games", now=utcnow()))
    newer = table({"external_id": 1, "name": "Ada Works", "industry": "Puzzles", "region": "Basel"})
    batch_id, counts = imported(database, COMPANIES, newer)
    assert counts["changed"] == 1
    assert told(database, batch_id) == [("region", "Bern", "Basel", False), ("industry", "Games", "Puzzles", True)]
    with database.reading() as session:
        company = session.get_one(Company, company_id)
        assert (company.industry, company.region) == ("Games", "Basel")
    again, counts = imported(database, COMPANIES, newer)
    assert (counts["unchanged"], told(database, again)) == (1, [("industry", "Games", "Puzzles", True)])
    over = Plan(is_overwriting=True)
    assert plan_from(over.plain()).is_overwriting
    batch_id, counts = imported(database, COMPANIES, newer, over)
    assert (counts["changed"], told(database, batch_id)) == (1, [("industry", "Games", "Puzzles", False)])
    assert imported(database, COMPANIES, first)[1]["changed"] == 1, "what the import wrote is its own again"
    undone(database, COMPANIES, batch_id)
    with database.reading() as session:
        assert session.get_one(Company, company_id).industry == "Toys", "changed since, so undoing leaves it"


def test_contacts_are_matched_by_identity_then_address_and_nobody_is_asked_or_told(database: Database) -> None:
    def world(session: Session) -> tuple[int, int, int, int]:
        employee = make_employee(session, email="olga@ours.example")
        known = make_contact(session, email="known@firm.example", name="Known Contact")
        member = make_person(session, email="mia@firm.example", name="Mia Member", title="COO")
        make_company(session, name="Nobody's")
        return employee.id, known.id, member.id, session.scalar(select(func.count()).select_from(OutboxJob)) or 0

    employee_id, known_id, member_id, jobs = database.write(world)
    imported(database, COMPANIES, table({"external_id": "c1", "name": "Firm & Co"}), source="crm")
    rows: list[dict[str, object]] = [
        {"external_id": "p1", "name": "Ada", "email": "ada@firm.example", "title": "Planner", "company_id": "c1", "owner_email": "olga@ours.example"},
        {"external_id": "p2", "name": "Known Contact", "email": "KNOWN@firm.example", "title": "CTO", "company": "New Works"},
        {"external_id": "p3", "name": "Mia Member", "email": "mia@firm.example", "title": "CEO"},
        {"external_id": "p4", "name": "Lost", "company_id": "c9"},
        {"external_id": "p5", "name": "Our own", "email": "olga@ours.example"},
        {"external_id": "p6", "name": "Twice", "email": "ada@firm.example"},
    ]
    ready = prepared(database, CONTACTS, table(*rows), source="crm")
    assert [(row.line, row.faults[0].field) for row in ready.reading.reported] == [(5, "company_id"), (6, "email"), (7, "email")]
    batch_id, counts = imported(database, CONTACTS, table(*rows[:3]), source="crm")
    assert (counts["created"], counts["changed"]) == (1, 2)
    with database.reading() as session:
        ada = find_person_by_email(session, "ada@firm.example")
        assert ada is not None
        company = session.get_one(Company, ada.company_id)
        assert (ada.state, ada.is_advocate, ada.title) == (PersonState.CONTACT, True, "Planner")
        assert (company.name, company.owner_id) == ("Firm & Co", employee_id)
        assert find_person_by_identity(session, "crm", "p2").id == known_id  # type: ignore[union-attr]
        assert (session.scalar(select(func.count()).select_from(OutboxJob)) or 0) == jobs, "nobody is told"
        owner = Actor(id=employee_id, roles=frozenset({"employee"}))
        assert ada.id in session.scalars(select(Person.id).where(may_search_contact(owner))).all(), "their owner may see how they are reached"
    assert imported(database, CONTACTS, table(*rows[:3]), source="crm")[1]["unchanged"] == 3
    mia = Actor(id=member_id, roles=frozenset({"advocate"}))
    facts = {"name": "Mia M.", "title": "Chair", "language": None, "time_zone": None}
    database.write(lambda s: edit_profile(s, mia, person_id=member_id, **facts, now=utcnow()))
    moved = [rows[0] | {"email": "ada@new.example"}, rows[1], rows[2] | {"email": "other@firm.example", "title": "CFO"}]
    batch_id, counts = imported(database, CONTACTS, table(*moved), source="crm")
    assert counts["changed"] == 1
    assert told(database, batch_id) == [
        ("email", "ada@firm.example", "ada@new.example", False),
        ("name", "Mia M.", "Mia Member", True),
        ("email", "mia@firm.example", "other@firm.example", True),
        ("title", "Chair", "CFO", True),
    ]
    over = imported(database, CONTACTS, table(*moved), Plan(is_overwriting=True), source="crm")[0]
    assert {one[0]: one[3] for one in told(database, over)} == {"name": False, "title": False, "email": True}, "who signs in keeps their address"
    elsewhere = imported(database, CONTACTS, table(rows[1] | {"company": "Other Works"}), source="crm")[0]
    assert told(database, elsewhere, CONTACTS) == [("company_id", "New Works", "Other Works", False)], "companies are told by name"
    with database.reading() as session:
        assert (session.scalar(select(func.count()).select_from(OutboxJob)) or 0) == jobs


def test_an_invited_contact_keeps_their_address_and_undoing_keeps_people(database: Database) -> None:
    batch_id, _ = imported(database, CONTACTS, table({"external_id": 1, "name": "Ada", "email": "ada@firm.example", "title": "Planner"}))
    with database.reading() as session:
        ada = find_person_by_email(session, "ada@firm.example")
        assert ada is not None
        ada_id = ada.id
    database.write(lambda s: invite_person(s, ADMIN_HERE, person_id=ada_id, mail=False, now=utcnow()))
    later, counts = imported(database, CONTACTS, table({"external_id": 1, "name": "Ada L.", "email": "new@firm.example", "title": "Planner"}))
    assert counts["changed"] == 1
    undone(database, CONTACTS, later)
    undone(database, CONTACTS, batch_id)
    with database.reading() as session:
        ada = session.get_one(Person, ada_id)
        assert (ada.name, ada.email) == ("Ada", "ada@firm.example")


def test_undoing_takes_out_whom_an_import_added_and_nobody_speaks_of_and_says_who_stays_and_why(database: Database, sign_in: SignIn) -> None:
    names = ("Ada", "Bo", "Cy", "Di", "Ed", "Flo")
    file = table(*({"external_id": n, "name": name, "email": f"{name}@firm.example", "company": "Firm"} for n, name in enumerate(names)))
    batch_id, counts = imported(database, CONTACTS, file)
    assert counts["created"] == len(names)

    def use(session: Session) -> dict[str, int]:
        boss = make_admin(session)
        people = {person.name: person.id for person in session.scalars(select(Person).where(Person.name.in_(names)))}
        invite_person(session, ADMIN_HERE, person_id=people["Bo"], mail=False, now=utcnow())
        bare = get_person(session, people["Cy"])
        values = {"name": "Cy", "email": bare.email, "company_id": bare.company_id}
        edit_person(session, ADMIN_HERE, person_id=people["Cy"], title="Chair", **values, now=utcnow())
        make_ask(session, acting(boss), people["Di"], channel="phone")
        open_by_staff(session, acting(boss), person_id=people["Ed"], facts=Facts(), now=utcnow())
        return people | {"boss": boss.id}

    people = database.write(use)
    undone(database, CONTACTS, batch_id)
    with database.reading() as session:
        states = {name: session.get_one(Person, people[name]).state for name in names}
        assert states == dict.fromkeys(names, "contact") | {"Bo": "invited", "Ada": "deactivated", "Flo": "deactivated"}
        said = [row.faults[-1]["message"] % row.faults[-1]["facts"] for row in kept_rows(session, batch_id)]
    assert said == [
        "Bo stays: they were invited, or have joined.",
        "Cy stays: somebody changed their record here since.",
        "Di stays: they were asked for something.",
        "Ed stays: they have a reference profile.",
    ]
    page = sign_in(people["boss"]).get(f"/admin/imports/{batch_id}").text
    assert [text for text in said if text not in page] == []
    again, counts = imported(database, CONTACTS, file)
    assert (counts["created"], counts["unchanged"]) == (2, 4)
    with database.reading() as session:
        assert session.get_one(Person, people["Ada"]).state == "contact", "with the import they come back, and are nobody new"
        assert session.scalar(select(func.count()).select_from(Person).where(Person.name.in_(names))) == len(names)
    undone(database, CONTACTS, again)
    with database.reading() as session:
        assert session.get_one(Person, people["Ada"]).state == "deactivated"


def test_admins_read_the_differences_before_and_after_and_may_say_otherwise(app: Flask, database: Database, sign_in: SignIn) -> None:
    imported(database, COMPANIES, table({"external_id": 1, "name": "Ada Works", "industry": "Toys"}))
    with database.reading() as session:
        company_id = session.scalars(select(Company.id)).one()
    database.write(lambda s: edit_company(s, ADMIN_HERE, company_id=company_id, industry="Games", now=utcnow()))
    client = sign_in(database.write(make_admin))
    newer = table({"external_id": 1, "name": "Ada & Works", "industry": "Puzzles"})
    sent = {"kind": "companies", "source": "default", "file": (io.BytesIO(newer), "rows.csv")}
    at = client.post("/admin/imports/new", data=sent).headers["Location"]
    batch_id = int(re.findall(r"\d+", at)[0])
    assert "Also write over what somebody changed here by hand" in client.get(at).text
    columns = {f"column_{name}": name for name in ("external_id", "name", "industry")}
    assert client.post(at, data=columns).status_code == 303
    jobs = app.extensions["jobs"].delivery

    def work() -> str:
        with database.reading() as session:
            waiting = session.scalars(select(OutboxJob.id).where(OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None))).all()
        for job_id in waiting:
            jobs.deliver(job_id)
        return str(client.get(f"/admin/imports/{batch_id}").text)

    preview = work()
    for shown in ("What would change", "Ada Works", "Ada &amp; Works", "Puzzles", "left as it is", "One field was changed here by hand"):
        assert shown in preview, shown
    assert client.post(f"/admin/imports/{batch_id}/run").status_code == 303
    result = work()
    for shown in ("What was changed", "Ada &amp; Works", "left as it is"):
        assert shown in result, shown
    file = client.get(f"/admin/imports/{batch_id}/differences.csv").text
    assert "1,name,Ada Works,Ada & Works,False" in file
    assert "1,industry,Games,Puzzles,True" in file

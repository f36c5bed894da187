"""The admins' pages: lists, invitations, roles, companies."""

import csv
import io
import threading

from sqlalchemy import func, select

from portal.audit.models import AuditEvent
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.people.actions.states import deactivate_person
from portal.people.models import Company, Person
from portal.people.queries.directory import list_people
from portal.web.paging import SIZE
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person

PEOPLE = "/admin/people"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def crowd(session) -> Person:
    kestrel, nord = make_company(session, name="Kestrel"), make_company(session, name="Nord & Süd")
    make_person(session, name="Ada Moreau", company_id=kestrel.id, email="ada@kestrel.example")
    make_contact(session, name="=Risi&&Bisi", company_id=nord.id, email=None)
    make_employee(session, name="Émile Roux")
    gone = make_person(session, name="Otto Aus", company_id=nord.id)
    deactivate_person(session, system("test"), person_id=gone.id, reason="left", now=utcnow())
    return make_admin(session, name="Hanna Vogt")


def test_the_list_is_searched_and_filtered_in_its_address(sign_in, database) -> None:
    browser = sign_in(database.write(crowd))
    expected = {
        "": {"Ada Moreau", "'=Risi&&Bisi", "Émile Roux", "Otto Aus", "Hanna Vogt"},
        "q=emile": {"Émile Roux"},
        "q=KESTREL": {"Ada Moreau"},
        "q=sud": {"'=Risi&&Bisi", "Otto Aus"},
        "role=employee": {"Émile Roux"},
        "state=deactivated": {"Otto Aus"},
        "company=1": {"Ada Moreau"},
        "role=king&state=asleep&company=x": {"Ada Moreau", "'=Risi&&Bisi", "Émile Roux", "Otto Aus", "Hanna Vogt"},
        "q=nobody": set(),
    }
    for query, names in expected.items():
        assert {row["name"] for row in rows(browser.get(f"{PEOPLE}?format=csv&{query}").text)} == names, query
        page = browser.get(f"{PEOPLE}?{query}").text
        assert ("Nobody matches" in page) is (not names), query
    assert "no address" in browser.get(PEOPLE).text
    assert "=Risi&amp;&amp;Bisi" in browser.get(PEOPLE).text


def test_a_search_longer_than_any_name_finds_nobody_and_is_shown_as_far_as_it_was_used(sign_in, database) -> None:
    browser = sign_in(database.write(crowd))
    assert rows(browser.get(f"{PEOPLE}?format=csv&q={'x' * 3_000}").text) == []
    page = browser.get(f"{PEOPLE}?q={'x' * 3_000}").text
    assert "Nobody matches" in page
    assert f'value="{"x" * 120}"' in page


def test_pages_follow_each_other_by_key_and_lose_nobody(sign_in, database) -> None:
    browser = sign_in(database.write(lambda s: [make_contact(s, name="Same Name") for _ in range(2 * SIZE + 5)] and make_admin(s)))
    with database.reading() as session:
        seen, after = [], None
        while True:
            page = list_people(session, after=after)
            seen += [row.Person.id for row in page]
            after = page.next
            if after is None:
                break
    assert len(seen) == len(set(seen)) == 2 * SIZE + 6
    assert "Next page" in browser.get(PEOPLE).text


def test_a_list_costs_the_same_with_ten_rows_and_with_three_hundred(sign_in, database, count_queries) -> None:
    admin = database.write(make_admin)

    def more(number: int) -> None:
        database.write(lambda s: [make_contact(s, company_id=make_company(s).id) for _ in range(number)])

    browser, totals = sign_in(admin), []
    for number in (10, 290):
        more(number)
        counts = []
        for page in (PEOPLE, f"{PEOPLE}/companies", f"{PEOPLE}/{admin.id}", f"{PEOPLE}/companies/1"):
            with count_queries() as counted:
                assert browser.get(page).status_code == 200
            counts.append(counted.total)
        totals.append(counts)
    assert totals[0] == totals[1]
    assert max(totals[0]) <= 15


def test_a_person_is_added_and_invited_once_by_a_double_click(app, sign_in, database) -> None:
    admin = database.write(make_admin)
    form = {"name": "Zoë Fält", "email": "zoe@kestrel.example", "company": "Kestrel", "roles": ["advocate"], "is_invited": "y", "key": "one-form"}
    browsers, start, statuses = [sign_in(admin) for _ in range(8)], threading.Barrier(8), []

    def click(browser) -> None:
        start.wait()
        statuses.append(browser.post(f"{PEOPLE}/new", data=form).status_code)

    threads = [threading.Thread(target=click, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * 8
    with database.reading() as session:
        person_id = session.scalars(select(Person.id).where(Person.email_key == "zoe@kestrel.example", Person.state == "invited")).one()
        assert session.scalar(select(func.count()).where(AuditEvent.name == "person.invited", AuditEvent.subject_id == person_id)) == 1


def test_a_refused_form_keeps_what_was_typed(sign_in, database) -> None:
    browser = sign_in(database.write(crowd))
    answer = browser.post(f"{PEOPLE}/new", data={"name": "Ada Second", "email": "ADA@kestrel.example", "company": "Brand new", "roles": ["advocate"]})
    assert answer.status_code == 409
    assert "is already here" in answer.text
    assert 'value="Ada Second"' in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Company.name == "Brand new")) == 0
    assert browser.post(f"{PEOPLE}/new", data={"name": "No Role", "email": "x@y.example"}).status_code == 422


def test_several_lines_are_invited_each_for_itself(sign_in, database) -> None:
    browser = sign_in(database.write(crowd))
    lines = "Bo Berg <bo@kestrel.example>, Kestrel\n\nnobody here\nada@kestrel.example\ncleo@nord.example\nbo@KESTREL.example"
    answer = browser.post(f"{PEOPLE}/several", data={"lines": lines, "roles": ["advocate"]})
    assert answer.status_code == 200
    assert "2 people invited, 3 lines left" in answer.text
    assert "There is no e-mail address in this line." in answer.text
    with database.reading() as session:
        found = {p.name: (p.state, p.company_id) for p in session.scalars(select(Person))}
    assert found["Bo Berg"] == ("invited", 1)
    assert found["Cleo"] == ("invited", None)
    assert found["Ada Moreau"][0] == "active"


def test_roles_state_and_history_on_the_persons_page(sign_in, database) -> None:
    browser = sign_in(database.write(crowd))
    person = f"{PEOPLE}/1"
    assert browser.post(f"{person}/roles", data={"roles": ["advocate", "employee"]}).status_code == 303
    assert browser.post(f"{person}/roles", data={}).status_code == 422
    assert browser.post(f"{person}/deactivate", data={"reason": ""}).status_code == 422
    assert browser.post(f"{person}/deactivate", data={"reason": "Asked us to"}).status_code == 303
    page = browser.get(person).text
    for text in ("Roles changed: Advocate → Advocate, Employee, by Hanna Vogt", "Deactivated: Asked us to, by Hanna Vogt", "Joined"):
        assert text in page
    assert browser.post(f"{person}/reactivate").status_code == 303
    assert browser.post(f"{person}/reactivate", follow_redirects=True).text.count("Ada Moreau is not deactivated.") == 1
    assert browser.get(f"{PEOPLE}/99999").status_code == 404


def test_ones_own_admin_role_and_account_cannot_be_taken(sign_in, database) -> None:
    admin = database.write(make_admin)
    browser = sign_in(admin)
    assert browser.post(f"{PEOPLE}/{admin.id}/roles", data={"roles": ["employee"]}).status_code == 403
    assert browser.post(f"{PEOPLE}/{admin.id}/deactivate", data={"reason": "x"}).status_code == 403
    assert browser.get(f"{PEOPLE}/{admin.id}").status_code == 200


def test_a_company_is_added_edited_and_listed_with_its_people(sign_in, database) -> None:
    browser = sign_in(database.write(crowd))
    with database.reading() as session:
        owner = session.scalars(select(Person.id).where(Person.is_employee)).one()
    made = browser.post(f"{PEOPLE}/companies/new", data={"name": "Fjord AS", "domain": "www.fjord.example", "owner_id": str(owner), "key": "k"})
    assert made.status_code == 303
    assert browser.post(f"{PEOPLE}/companies/new", data={"name": "Fjord AS", "key": "k"}).location == made.location
    assert browser.post(made.location, data={"name": "Fjord", "owner_id": ""}).status_code == 303
    assert browser.post(made.location, data={"name": "Fjord", "domain": "no domain"}).status_code == 422
    listed = {row["name"]: row for row in rows(browser.get(f"{PEOPLE}/companies?format=csv").text)}
    assert listed["Fjord"]["owner"] == ""
    assert listed["Nord & Süd"]["people"] == "2"
    assert "Otto Aus" in browser.get(f"{PEOPLE}/companies/2").text
    assert "No company matches" in browser.get(f"{PEOPLE}/companies?q=zzz").text
    assert '<option value="Kestrel">' in browser.get(f"{PEOPLE}/companies/names?company=kes").text


def test_names_of_columns_that_are_not_asked_for_change_nothing(sign_in, database) -> None:
    admin = database.write(crowd)
    person = database.write(lambda s: make_person(s, name="Plain"))
    extra = {"is_admin": "y", "state": "active", "id": "1", "company_id": "1", "roles": ["admin"], "password_hash": "x", "joined_at": "2020-01-01"}
    browser = sign_in(person)
    assert browser.post("/profile", data={"name": "Plain", **extra}).status_code == 303
    assert sign_in(admin).post(f"{PEOPLE}/{person.id}", data={"name": "Plain", "email": person.email, **extra}).status_code == 303
    with database.reading() as session:
        now = session.get_one(Person, person.id)
    assert (now.roles, now.company_id, now.password_hash, now.joined_at) == ({"advocate"}, None, person.password_hash, person.joined_at)

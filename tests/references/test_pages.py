"""Employees' pages: the form, what it tells while typing, and following one's nominations."""

import csv
import io
import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.joining import invite_person, join
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email
from portal.references.actions.decide import accept_nomination, decline_nomination
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import nominations_of
from portal.references.rules.states import Activity, Standing
from tests.factories.people import chosen, make_admin, make_company, make_employee, make_person
from tests.factories.references import acting, make_nomination, make_nomination_rows
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

DATA = {"key": "k", "company": "New Works", "name": "Ada", "email": "ada@works.example", "why": "Tells it well.", "activities": ["call", "press"]}


@pytest.fixture
def employee(database: Database) -> Person:
    return database.write(make_employee)


@pytest.fixture
def colleague(database: Database) -> Person:
    return database.write(lambda s: make_employee(s, name="Karim Boutaleb"))


def number_of(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Nomination)) or 0


def test_a_nomination_is_sent_and_followed(database: Database, sign_in: SignIn, employee: Person) -> None:
    client = sign_in(employee)
    form = client.get("/nominate").text
    key = re.search(r'name="key" value="([^"]+)"', form)
    assert key
    assert client.post("/nominate", data=DATA | {"key": key[1]}).headers["Location"] == "/nominate/mine"
    page = client.get("/nominate/mine").text
    for text in ("Ada", "New Works", "Tells it well.", "Waiting for review", "Reference call", "Press", "Thank you. Ada is nominated"):
        assert text in page


@pytest.mark.parametrize("field", ["company", "name", "email", "why"])
def test_what_is_missing_is_asked_for_and_nothing_typed_is_lost(database: Database, sign_in: SignIn, employee: Person, field: str) -> None:
    answer = sign_in(employee).post("/nominate", data=DATA | {field: "  "})
    assert answer.status_code == 422
    assert all(text in answer.text for name, text in DATA.items() if name not in (field, "activities") and isinstance(text, str))
    assert len(re.findall(r'value="(?:call|press)" checked', answer.text)) == 2
    assert number_of(database) == 0


def test_a_wrong_address_is_told_beside_the_field(database: Database, sign_in: SignIn, employee: Person) -> None:
    answer = sign_in(employee).post("/nominate", data=DATA | {"email": "ada at works"})
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert number_of(database) == 0


def test_a_member_is_told_kindly(database: Database, sign_in: SignIn, employee: Person) -> None:
    database.write(lambda s: make_person(s, name="Ada Oyelaran", email="ada@works.example"))
    answer = sign_in(employee).post("/nominate", data=DATA)
    assert answer.status_code == 422
    assert "Ada Oyelaran is a member already" in answer.text


def test_a_colleague_is_said_to_be_one_and_not_to_stand_in_the_registry(database: Database, sign_in: SignIn, employee: Person) -> None:
    database.write(lambda s: make_employee(s, name="Pavel Dvorak", email="pavel@brindlewick.example"))
    client, said = sign_in(employee), "Pavel Dvorak is one of our own team."
    answer = client.post("/nominate", data=DATA | {"email": "pavel@brindlewick.example"})
    assert (answer.status_code, said in answer.text, "registry." in answer.text) == (422, True, False)
    assert said in asked(client, "known", email="pavel@brindlewick.example")


def test_a_duplicate_is_told_kindly_and_followed(database: Database, sign_in: SignIn, employee: Person, colleague: Person) -> None:
    database.write(lambda s: make_nomination(s, colleague, name="Ada", email="ADA@works.example"))
    client = sign_in(employee)
    assert client.post("/nominate", data=DATA).status_code == 303
    page = client.get("/nominate/mine").text
    assert "Karim Boutaleb nominated Ada before you." in page
    assert "Karim Boutaleb was first and is credited" in page


def asked(client: PortalClient, target: str, **query: str) -> str:
    return client.get("/nominate", query_string=query, headers={"HX-Request": "true", "HX-Target": target}).text


def test_while_typing_the_form_tells_who_is_known(database: Database, sign_in: SignIn, employee: Person, colleague: Person) -> None:
    def start(session: Session) -> None:
        make_nomination(session, colleague, name="Ada", email="ada@works.example")
        make_person(session, name="Bo", email="bo@works.example")

    database.write(start)
    client = sign_in(employee)
    assert "Karim Boutaleb nominated Ada" in asked(client, "known", email="Ada@Works.example")
    assert "Bo is a member already" in asked(client, "known", email="bo@works.example")
    assert asked(client, "known", email="new@works.example").strip() == ""
    assert "You nominated Ada" in asked(sign_in(colleague), "known", email="ada@works.example")


def test_while_typing_the_form_suggests_companies(database: Database, sign_in: SignIn, employee: Person) -> None:
    database.write(lambda s: [make_company(s, name="Älvsborg Rail"), make_company(s, name="North <b>Rail</b>")])
    options = asked(sign_in(employee), "companies", company="rail")
    assert "Älvsborg Rail" in options
    assert "North &lt;b&gt;Rail&lt;/b&gt;" in options
    assert "<html" not in options
    assert asked(sign_in(employee), "companies", company="nothing like it").strip() == ""


def test_without_script_the_same_address_gives_the_filled_page(database: Database, sign_in: SignIn, employee: Person, colleague: Person) -> None:
    database.write(lambda s: make_nomination(s, colleague, name="Ada", email="ada@works.example"))
    page = sign_in(employee).get("/nominate?email=ada@works.example&name=Ada").text
    assert "<html" in page
    assert 'value="ada@works.example"' in page
    assert "Karim Boutaleb nominated Ada" in page


def test_the_nominator_sees_every_step_until_the_person_has_joined(database: Database, employee: Person) -> None:
    def standing() -> Standing:
        with database.reading() as session:
            found: Standing = nominations_of(session, employee.id).rows[0].standing
            return found

    made = database.write(lambda s: make_nomination(s, employee, email="ada@works.example").id)
    assert standing() is Standing.WAITING
    database.write(lambda s: accept_nomination(s, acting(make_admin(s)), nomination_id=made, now=utcnow()))
    assert standing() is Standing.INVITED
    database.write(lambda s: joining(s, "ada@works.example"))
    assert standing() is Standing.JOINED


def joining(session: Session, email: str) -> None:
    """Join as somebody who chooses a password."""
    person = find_person_by_email(session, email)
    assert person is not None
    actor = acting(make_admin(session))
    link = invite_person(session, actor, person_id=person.id, now=utcnow())
    join(session, actor, token=link.partition("=")[2], password=chosen(), now=utcnow())


def several(session: Session, nominator: Person) -> None:
    declined = make_nomination(session, nominator, name="Åsa Lund", company="Klinik", activities=[Activity.CALL])
    make_nomination(session, nominator, name="=Bela()", company="Nordbahn")
    make_nomination(session, name="Somebody Else's")
    decline_nomination(session, acting(make_admin(session)), nomination_id=declined.id, reason="Not this year.", now=utcnow())


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["=Bela()", "Åsa Lund"]),
        ("q=asa", ["Åsa Lund"]),
        ("q=nordbahn", ["=Bela()"]),
        ("state=not_approved", ["Åsa Lund"]),
        ("state=waiting", ["=Bela()"]),
        ("state=joined", []),
        ("state=nonsense", ["=Bela()", "Åsa Lund"]),
    ],
)
def test_own_nominations_are_found_and_nobody_elses(database: Database, sign_in: SignIn, employee: Person, query: str, names: list[str]) -> None:
    database.write(lambda s: several(s, employee))
    client = sign_in(employee)
    assert re.findall(r'<h2 class="font-semibold"><a[^>]*>([^<]+)</a></h2><span', client.get(f"/nominate/mine?{query}").text) == names
    rows = list(csv.reader(io.StringIO(client.get(f"/nominate/mine?{query}&format=csv").text.lstrip("\ufeff"))))
    assert [row[1].removeprefix("'") for row in rows[1:]] == names


def test_a_decline_is_read_with_its_reason(database: Database, sign_in: SignIn, employee: Person) -> None:
    database.write(lambda s: several(s, employee))
    assert "Not this year." in sign_in(employee).get("/nominate/mine").text


def test_a_cell_that_looks_like_a_formula_is_guarded(database: Database, sign_in: SignIn, employee: Person) -> None:
    database.write(lambda s: several(s, employee))
    assert "'=Bela()" in sign_in(employee).get("/nominate/mine?format=csv").text


def test_pages_ask_as_many_questions_for_many_rows(database: Database, sign_in: SignIn, employee: Person, count_queries: CountQueries) -> None:
    client, counts = sign_in(employee), []
    for number in (10, 990):
        database.write(lambda s, number=number: make_nomination_rows(s, employee, number))
        counts.append({})
        for address in ("/nominate", "/nominate/mine", "/registry"):
            with count_queries() as counted:
                assert client.get(address).status_code == 200
            counts[-1][address] = counted.total
    assert counts[0] == counts[1]

"""Employees' pages: the form, what it tells while typing, and following one's nominations."""

import csv
import html
import io
import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from portal.people.actions.joining import invite_person, join
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email
from portal.profiles.rules.activity import MEANINGS, Activity
from portal.references.actions.decide import accept_nomination, decline_nomination
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import nominations_of
from portal.references.rules.nominating import WHY_LENGTH
from portal.references.rules.states import Standing
from portal.requests.actions.terms import set_terms
from portal.requests.rules.terms import Terms
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


def test_what_is_too_long_is_told_with_its_length_and_no_browser_cuts_it(database: Database, sign_in: SignIn, employee: Person) -> None:
    client, long = sign_in(employee), "a" * WHY_LENGTH + " end"
    form = client.get("/nominate").text
    assert re.search(rf'<textarea[^>]*data-most="{WHY_LENGTH}"[^>]*name="why"', form)
    assert "maxlength" not in form
    answer = client.post("/nominate", data=DATA | {"why": long})
    assert (answer.status_code, long in answer.text, number_of(database)) == (422, True, 0)
    assert f"At most {WHY_LENGTH} characters fit here, and this is {WHY_LENGTH + 4}." in answer.text


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


def test_own_nominations_are_found_and_nobody_elses(database: Database, sign_in: SignIn, employee: Person, subtests: pytest.Subtests) -> None:
    database.write(lambda s: several(s, employee))
    client = sign_in(employee)
    for query, names in [
        ("", ["=Bela()", "Åsa Lund"]),
        ("q=asa", ["Åsa Lund"]),
        ("q=nordbahn", ["=Bela()"]),
        ("state=not_approved", ["Åsa Lund"]),
        ("state=waiting", ["=Bela()"]),
        ("state=joined", []),
        ("state=nonsense", ["=Bela()", "Åsa Lund"]),
    ]:
        with subtests.test(query):
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


MORE = {
    "products": "Boards", "languages": "English, German", "tier": "2", "usage_count": "2", "usage_days": "90", "words": "You told it well.",
    "sensitivities": "Her boss is new.", "evidence_url": "https://works.example/post", "size": "50–249",
    "phone": "+49 (0)30 901820", "ways": ["phone", "video"], "notes": "Met her at the fair.",
}  # fmt: skip


TOLD = ("Telephone, Video call", "Met her at the fair.", "Her boss is new.", "consent.txt", "Karim Boutaleb")


def test_all_that_a_nominator_knows_reaches_who_decides(database: Database, sign_in: SignIn, employee: Person, colleague: Person) -> None:
    file = (io.BytesIO(b"She wrote that she would gladly."), "consent.txt")
    data = DATA | MORE | {"colleague": "karim boutaleb", "owner": str(colleague.email), "evidence": file}
    assert sign_in(employee).post("/nominate", data=data).status_code == 303
    desk = sign_in(database.write(make_admin))
    page = desk.get("/admin/approvals?kind=nomination").text
    for text in (
        "Boards",
        "English, German",
        "employees see what they do, and ask an admin who it is",
        "2 times in a quarter",
        "Her boss is new.",
        "consent.txt",
        "Karim Boutaleb",
        *TOLD,
    ):
        assert text in page
    assert MORE["phone"] not in page
    press = re.search(r'action="(/registry/nominations/\d+/contact)"', page)
    assert press, "how they are reached is shown at the press of a button, and written down"
    shown = desk.post(press[1]).text
    assert (DATA["email"] in shown, MORE["phone"] in shown) == (True, True)
    second = sign_in(database.write(make_employee))
    assert second.post("/nominate", data=DATA | {"key": "second"}).status_code == 303
    shown = second.post(press[1]).text
    assert (DATA["email"] in shown, MORE["phone"] in shown) == (True, False), "they know the address that they typed, and no more"
    link = re.search(r'href="(/files/\d+[^"]*)"', page)
    assert link
    for client, status in ((desk, 200), (sign_in(colleague), 200), (sign_in(database.write(make_employee)), 404)):
        with client.get(link[1]) as answer:
            assert answer.status_code == status
    own = sign_in(employee)
    assert "Sent in the name of Karim Boutaleb" in own.get("/nominate/mine").text
    with database.reading() as session:
        at = f"/nominate/mine/{session.scalars(select(Nomination.id).order_by(Nomination.id)).first()}"
    for client, typed_it in ((own, True), (sign_in(colleague), False)):
        shown = client.get(at).text
        assert [text for text in (*TOLD, link[1], "consent.txt") if text not in shown] == [], "who sent it reads all of it again"
        assert (MORE["phone"] in shown) is typed_it, "the telephone as much as they typed it"
    assert sign_in(database.write(make_employee)).get(at).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("evidence_url", "works", "evidence_url-error"),
        ("usage_count", "3", "usage_count-error"),
        ("colleague", "Nobody Atall", "colleague-error"),
        ("owner", "x@y.example", "owner-error"),
        ("phone", "ring me", "phone-error"),
    ],
)
def test_what_is_wrong_under_more_is_told_beside_it_and_nothing_is_lost(sign_in: SignIn, employee: Person, field: str, value: str, told: str) -> None:
    answer = sign_in(employee).post("/nominate", data=DATA | {"sensitivities": "Her boss is new.", field: value})
    assert (answer.status_code, f'id="{told}"' in answer.text, "Her boss is new." in answer.text) == (422, True, True)
    assert re.search(r"<details[^>]* open>", answer.text)


def test_all_that_is_wrong_with_a_nomination_is_told_at_once_and_a_refused_file_beside_the_file(sign_in: SignIn, employee: Person) -> None:
    wrong = {"evidence_url": "works", "usage_count": "3", "colleague": "Nobody Atall", "owner": "x@y.example", "phone": "ring me"}
    program = {"evidence": (io.BytesIO(b"MZ..."), "yes.exe")}
    greta = sign_in(employee)
    for besides, more in ((wrong, set()), (wrong | program, {"evidence"}), (wrong | {"why": "", "email": "ada"}, {"why", "email"})):
        answer = greta.post("/nominate", data=DATA | besides, content_type="multipart/form-data")
        assert (answer.status_code, set(re.findall(r'id="(\w+)-error"', answer.text))) == (422, {*wrong, *more})


def test_a_draft_is_kept_while_typing_opened_again_sent_and_gone(database: Database, sign_in: SignIn, employee: Person, colleague: Person) -> None:
    client, by_script = sign_in(employee), {"HX-Request": "true", "HX-Target": "saved"}
    assert "Saved as a draft." in client.post("/nominate/drafts", data=DATA | {"why": "", "tier": "2"}, headers=by_script).text
    assert client.post("/nominate/drafts", data=DATA | {"why": "Half a", "tier": "2"}).headers["Location"] == "/nominate/drafts"
    listed = client.get("/nominate/drafts").text
    assert ("Ada" in listed, "Ada" in sign_in(colleague).get("/nominate/drafts").text) == (True, False)
    link = re.search(r'href="(/nominate\?draft=\d+)"', listed)
    assert link
    page = client.get(link[1]).text
    assert all(text in page for text in ('value="ada@works.example"', "Half a", '<option selected value="2">', 'name="key" value="k"'))
    assert "Half a" not in sign_in(colleague).get(link[1]).text
    assert client.post("/nominate", data=DATA).status_code == 303
    assert "No drafts" in client.get("/nominate/drafts").text
    assert client.post("/nominate/drafts", data=DATA, headers=by_script).text.strip() == "", "what was sent is no draft any more"
    assert "No drafts" in client.get("/nominate/drafts").text


def test_a_form_in_which_nothing_is_written_leaves_no_draft_behind(sign_in: SignIn, employee: Person) -> None:
    client, by_script = sign_in(employee), {"HX-Request": "true", "HX-Target": "saved"}
    blank = dict.fromkeys(DATA, "") | {"key": DATA["key"], "usage_days": "", "why": "  \n "}
    assert client.post("/nominate/drafts", data=blank, headers=by_script).text.strip() == ""
    refused = client.post("/nominate/drafts", data=blank)
    assert (refused.status_code, "There is nothing to keep yet." in refused.text) == (422, True)
    assert "No drafts" in client.get("/nominate/drafts").text
    assert "Saved" in client.post("/nominate/drafts", data=blank | {"name": "Ada"}, headers=by_script).text, "a name is worth keeping"
    told = client.post("/nominate/drafts", data=blank, follow_redirects=True).text
    assert ("the draft is deleted" in told, "No drafts" in told) == (True, True), "and who empties it again has none"


def test_a_draft_is_deleted_by_its_owner_alone(database: Database, sign_in: SignIn, employee: Person, colleague: Person) -> None:
    client = sign_in(employee)
    client.post("/nominate/drafts", data=DATA)
    found = re.search(r'action="(/nominate/drafts/\d+/delete)"', client.get("/nominate/drafts").text)
    assert found
    assert [one.post(found[1]).status_code for one in (sign_in(colleague), client)] == [404, 303]
    assert "No drafts" in client.get("/nominate/drafts").text


def test_several_are_nominated_line_by_line(database: Database, sign_in: SignIn, employee: Person, colleague: Person) -> None:
    def start(session: Session) -> None:
        make_nomination(session, colleague, name="Ada", email="ada@works.example")
        make_person(session, name="Member Mia", email="mia@works.example")

    database.write(start)
    lines = (
        "Ada, ada@works.example, Works\nBo, bo@works.example, Works, Lead\nBo, bo@works.example, Works\nMia, mia@works.example, Works\nwithout commas"
    )
    client = sign_in(employee)
    page = client.post("/nominate/several", data={"key": "s", "lines": lines, "why": "Met at the fair."}).text
    assert all(
        text in page for text in ("Karim Boutaleb nominated them before", "Nominated.", "is a member already", "Give name, e-mail and company")
    )
    assert (page.count("Nominated."), page.count("A line above names the same person")) == (1, 1)
    left = re.search(r"<textarea[^>]*name=\"lines\"[^>]*>\s*([^<]*)</textarea>", page)
    assert left
    assert left[1].split("\n") == ["Mia, mia@works.example, Works", "without commas"]
    assert number_of(database) == 3
    client.post("/nominate/several", data={"key": "s", "lines": lines, "why": "Met at the fair."})
    assert number_of(database) == 3, "sent twice, each is nominated once"


def test_a_link_of_a_company_fills_the_form_and_can_be_passed_on(sign_in: SignIn, employee: Person) -> None:
    page = sign_in(employee).get("/nominate?company=Alto+Rail").text
    assert 'value="Alto Rail"' in page
    assert re.search(r'id="share"[^>]*>[^<]*/nominate\?company=Alto\+Rail<', page)


def test_nominators_and_reviewers_talk_and_nobody_else_listens(database: Database, sign_in: SignIn, employee: Person, colleague: Person) -> None:
    made = database.write(lambda s: make_nomination(s, employee).id)
    desk, client = sign_in(database.write(make_admin)), sign_in(employee)
    desk.post(f"/admin/nominations/{made}/comments", data={"key": "c1", "text": "Which depot is hers?"})
    assert "Which depot is hers?" in client.get(f"/nominate/mine/{made}").text
    for _ in range(2):
        client.post(f"/nominate/mine/{made}/comments", data={"key": "c2", "text": "The northern one."})
    assert desk.get(f"/admin/approvals?item=nomination-{made}").text.count("The northern one.") == 1
    other = sign_in(colleague)
    assert (
        other.get(f"/nominate/mine/{made}").status_code == other.post(f"/nominate/mine/{made}/comments", data={"key": "x", "text": "Hm"}).status_code
    )
    assert other.get(f"/nominate/mine/{made}").status_code == 404


def link_to(database: Database, email: str) -> str:
    with database.reading() as session:
        payloads = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id.desc()))
        return str(next(p["link"] for p in payloads if p["kind"] == "nomination_proposal" and p["to"]["email"] == email))


def test_a_customer_answers_by_link_without_signing_in(database: Database, sign_in: SignIn, employee: Person, client: PortalClient) -> None:
    def start(session: Session) -> None:
        made = make_nomination(session, employee, name="Ada", email="ada@works.example", why="For reviewers alone.", activities=[Activity.CALL])
        accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())

    database.write(start)
    link = link_to(database, "ada@works.example")
    page = client.get(link).text
    assert (employee.name in page, "For reviewers alone." in page, bool(re.search(r'value="call" checked', page))) == (True, False, False)
    assert "thought of these, and you choose" in page
    assert "About 60 minutes or longer" in html.unescape(page), "nobody travels for half an hour"
    minutes = database.write(lambda s: set_terms(s, acting(make_admin(s)), terms=Terms(minutes=60), now=utcnow())).minutes
    page = html.unescape(client.get(link).text)
    told = [text % {"minutes": minutes} for one in MEANINGS.values() for text in (one.what, one.takes, one.public)]
    assert [text for text in told if text not in page] == [], "each kind says what it is, what it takes and whether it is public"
    data = {"t": link.partition("=")[2], "per_quarter": "2", "activities": ["call", "video"]}
    refused = client.post("/proposal", data=data)
    assert (refused.status_code, "Please tick that we may ask you" in refused.text) == (422, True)
    refused = client.post("/proposal", data=data | {"activities": [], "per_quarter": "0"}).text
    summary = refused[refused.index('role="alert"') : refused.index("<fieldset")]
    assert re.findall(r'href="#(\w+)"', summary) == ["activities", "per_quarter", "agreed"], "all that is wrong, at once and above"
    assert all(refused.count(f' id="{name}"') == 1 for name in ("activities", "per_quarter", "agreed")), "each line leads to its field"
    assert client.post("/proposal", data=data | {"agreed": "y", "never": ["press", "analyst"]}).status_code == 303
    after = client.get(link).text
    assert all(text in after for text in ("Thank you, Ada", "Reference call", "At most 2 requests in 90 days.", "Never: Press and Talk to analysts"))
    assert client.post("/proposal/account", data=data).headers["Location"].startswith("/join?t=")
    assert "Said yes" in sign_in(employee).get("/nominate/mine").text
    assert client.post("/proposal/no", data=data | {"code": "no_time"}).status_code == 409


def test_a_customer_says_no_by_link_and_may_turn_round(database: Database, sign_in: SignIn, employee: Person, client: PortalClient) -> None:
    made = database.write(lambda s: make_nomination(s, employee, name="Ada", email="ada@works.example").id)
    database.write(lambda s: accept_nomination(s, acting(make_admin(s)), nomination_id=made, now=utcnow()))
    link = link_to(database, "ada@works.example")
    data = {"t": link.partition("=")[2]}
    assert client.post("/proposal/later", data=data).status_code == 303
    assert "You said not now" in client.get(link).text
    assert client.post("/proposal/no", data=data | {"code": "not_allowed", "reason": "Our lawyers."}).status_code == 303
    assert "We do not ask you again." in client.get(link).text
    own = sign_in(employee)
    page = own.get("/nominate/mine").text
    assert ("My company does not allow it" in page, "Our lawyers." in page) == (True, True)
    assert "was asked and said no" in own.post("/nominate", data=DATA).text
    assert client.post("/proposal/again", data=data).status_code == 303
    assert "Yes, you may ask me" in client.get(link).text
    # Who gives words of their own is quoted with them, and not said to have rather not said why.
    rather = "I would rather not say"
    for said in ("", "We part ways."):
        assert client.post("/proposal/no", data=data | {"code": "other", "reason": said}).status_code == 303
        page = own.get(f"/nominate/mine/{made}").text
        assert (rather in page, said in page) == (not said, True)
        assert client.post("/proposal/again", data=data).status_code == 303


def test_a_nominee_reads_what_was_written_for_them_and_nothing_that_was_written_for_others(
    database: Database, sign_in: SignIn, employee: Person, client: PortalClient
) -> None:
    more = {"words": "You said it so well.", "notes": "For reviewers.", "sensitivities": "Her boss is new.", "usage_count": "3", "usage_days": "365"}
    key = re.search(r'name="key" value="([^"]+)"', sign_in(employee).get("/nominate").text)
    assert key
    assert sign_in(employee).post("/nominate", data=DATA | more | {"key": key[1]}).status_code == 303

    def approve(session: Session) -> int:
        made = session.scalars(select(Nomination.id)).one()
        accept_nomination(session, acting(make_admin(session)), nomination_id=made, now=utcnow())
        return made

    made = database.write(approve)
    link = link_to(database, DATA["email"])  # type: ignore[arg-type]
    for page in (client.get(link).text, client.post("/proposal", data={"t": link.partition("=")[2]}).text):
        assert "You said it so well." in page
        assert not any(text in page for text in (DATA["why"], "For reviewers.", "Her boss is new."))  # type: ignore[operator]
    data = {"t": link.partition("=")[2], "per_quarter": "2", "activities": ["call"], "agreed": "y"}
    assert client.post("/proposal", data=data).status_code == 303
    with database.reading() as session:
        own = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id.desc()))
        mine = next(p["link"] for p in own if p["kind"] == "reference_agreed")
    page = client.get(mine).text
    assert "Now at most 2 requests in 90 days; used by now: 0." in page
    assert not any(text in page for text in ("For reviewers.", "Her boss is new."))
    page = sign_in(employee).get(f"/nominate/mine/{made}").text
    assert all(text in page for text in ("Said yes", DATA["why"]))  # type: ignore[operator]


def test_guessing_links_is_slowed_and_tells_nothing(client: PortalClient) -> None:
    data = {"per_quarter": "1", "activities": "call", "agreed": "y"}
    answers = [client.post("/proposal", data=data | {"t": f"guess{n}"}).status_code for n in range(61)]
    assert (set(answers[:60]), answers[60], client.get("/proposal?t=guess").status_code) == ({410}, 429, 410)


def test_admins_set_the_clock_and_rules(database: Database, sign_in: SignIn) -> None:
    desk = sign_in(database.write(make_admin))
    seen = re.search(r'name="seen" value="([^"]*)"', desk.get("/admin/nominations").text)
    assert seen
    days = {"late_days": "5", "remind_days": "9", "silent_days": "8", "later_days": "60"}
    terms = days | {"approved": "3", "agreed": "4", "completed": "5", "well_done": "6", "seen": seen[1]}
    refused = desk.post("/admin/nominations", data=terms)
    assert (refused.status_code, 'id="silent_days-error"' in refused.text) == (422, True)
    assert desk.post("/admin/nominations", data=terms | {"silent_days": "20"}).status_code == 303
    assert desk.post("/admin/nominations/rules", data={"name": "All"}).status_code == 422
    desk.post("/admin/nominations/rules", data={"name": "Known ones", "needs_company": "y", "tiers": ["1", "2"]})
    page = desk.get("/admin/nominations").text
    end = re.search(r'action="(/admin/nominations/rules/\d+/end)"', page)
    assert end
    assert ("Known ones" in page, 'value="60"' in page, desk.post(end[1]).status_code) == (True, True, 303)
    assert "ended on" in desk.get("/admin/nominations").text


def test_a_colleague_is_found_by_typing_and_no_page_lists_them_all(database: Database, sign_in: SignIn, employee: Person) -> None:
    def start(session: Session) -> None:
        for n in range(30):
            make_employee(session, name="Anna Berg", email=f"anna{n:02}@brindlewick.example")
        make_admin(session, name="Boss Berg", email="boss@brindlewick.example")

    database.write(start)
    client = sign_in(employee)
    for address in ("/nominate", "/nominate/several"):
        page = client.get(address).text
        assert ("Anna Berg" in page, "anna00@" in page) == (False, False)
    offered = asked(client, "colleagues", colleague="berg")
    assert (offered.count("<option"), "Anna Berg (anna00@brindlewick.example)" in offered, "<html" in offered) == (8, True, False)
    assert asked(client, "owners", owner="boss").count("Boss Berg") == 1
    assert asked(client, "colleagues", colleague="boss") == asked(client, "colleagues", colleague=employee.name) == asked(client, "colleagues")
    refused = client.post("/nominate", data=DATA | {"colleague": "anna berg"})
    assert (refused.status_code, "Several people here are called" in refused.text, refused.text.count("(anna0")) == (422, True, 8)
    assert client.post("/nominate", data=DATA | {"colleague": "Anna Berg (anna07@brindlewick.example)", "owner": "Boss Berg"}).status_code == 303
    several = {"key": "s", "lines": "Bo, bo@works.example, Works", "why": "Good."}
    assert client.post("/nominate/several", data=several | {"colleague": "anna berg"}).status_code == 422
    assert "Nominated." in client.post("/nominate/several", data=several | {"colleague": "ANNA03@brindlewick.example"}).text
    with database.reading() as session:
        emails = session.scalars(select(Person.email).join(Nomination, Nomination.colleague_id == Person.id).order_by(Nomination.id)).all()
    assert emails == ["anna07@brindlewick.example", "anna03@brindlewick.example"]


def test_the_link_to_share_carries_who_was_typed_and_nothing_that_was_said(sign_in: SignIn, employee: Person) -> None:
    client = sign_in(employee)
    typed = {"company": "Alto Rail", "name": "Ada", "email": "ada@alto.example", "why": "Secret."}
    assert asked(client, "share", **typed).strip().endswith("/nominate?company=Alto+Rail&amp;name=Ada&amp;email=ada@alto.example")
    assert 'value="ada@alto.example"' in client.get("/nominate?company=Alto+Rail&name=Ada&email=ada@alto.example").text

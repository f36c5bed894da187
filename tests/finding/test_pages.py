"""The search, one of those found, favourites, comparison and the library, through the doors."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.acts.actions.saying import set_person_terms
from portal.acts.rules.terms import Terms
from portal.consents.models import Consent
from portal.consents.rules import Item
from portal.finding.actions.library import Content, add_item
from portal.finding.models.library import Favourite, LibraryItem
from portal.finding.rules.library import Kind
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from portal.profiles.models import ReferenceProfile
from tests.factories.asks import by_admin, by_employee, log_ask
from tests.factories.consents import make_consent
from tests.factories.finding import make_reference
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.rewards.racing import all_at_once
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries
from tests.support.forms import fields_of

DAY = timedelta(days=1)
STORY = {"story": "We moved off spreadsheets in a week.", "use_cases": ["Moving off spreadsheets"]}
SEARCH = "/find?worry=moving+off+spreadsheets&industry=Transport&region=EMEA&activity=call"


class House:
    def __init__(self, session: Session) -> None:
        now = utcnow()
        self.greta, self.ada = make_employee(session, name="Greta Holm").id, make_admin(session, name="Ada Admin").id
        self.kestrel = make_reference(session, "Kestrel Freight", "Amara Okafor", title="Head of Platform", size="2,400", **STORY).id
        self.alto = make_reference(session, "Alto Rail", "Tomás Rivera", size="11,000", **STORY).id
        self.nimbus = make_reference(session, "Nimbus Foundry", "Yuki Kimura", verified_at=now - 213 * DAY, **STORY).id
        self.bank = make_reference(session, "Quiet Bank", "Secret Name", tier=2, **STORY).id
        self.upset = make_reference(session, "Upset Co", "Uma Upset", nps=3, **STORY).id
        self.hidden = make_reference(session, "Hidden Ltd", "Nobody Sees", tier=3, **STORY).id
        for days in (1, 2, 3, 4):
            log_ask(session, by_employee(self.greta), self.alto, now - (76 + days) * DAY, came="completed")


@pytest.fixture
def house(database: Database) -> House:
    return database.write(House)


@pytest.fixture
def greta(house: House, sign_in: SignIn) -> PortalClient:
    return sign_in(house.greta)


@pytest.fixture
def ada(house: House, sign_in: SignIn) -> PortalClient:
    return sign_in(house.ada)


def words(page: str) -> str:
    return " ".join(page.split())


def test_whose_only_yes_has_run_out_is_not_counted_among_those_who_said_it(greta: PortalClient, house: House, database: Database) -> None:
    assert "6 customers have said yes." in words(greta.get("/find").text)
    over = update(Consent).where(Consent.person_id == house.kestrel).values(expires_on=date.today() - 2 * DAY)
    database.write(lambda s: s.execute(over))
    assert "5 customers have said yes." in words(greta.get("/find").text)


def test_an_employee_finds_who_fits_and_reads_why_and_why_not(greta: PortalClient, house: House) -> None:
    page = words(greta.get(SEARCH).text)
    assert "5 customers have said yes." not in page, "one whose score is bad has said yes, too"
    assert "6 customers have said yes. 3 fit your deal" in page
    for told in ("Kestrel Freight", "Amara Okafor, Head of Platform", "Speaks of moving, spreadsheets", "Happy to be asked", "Never asked before"):
        assert told in page
    assert "Asked 4 of 4, free again on" in page
    assert "Not verified for 7 months: ask their owner to verify." in page
    assert "Only one thing stands in the way" in page
    assert "Something stands against it: ask the account owner or an admin." in page
    assert "3 of 10" not in page + greta.get(SEARCH + "&format=csv").text, "the score is for admins and the account owner"
    assert "Ask later" in page
    assert "Verify first" in page
    for secret in ("Quiet Bank", "Secret Name", "Hidden Ltd", "Nobody Sees"):
        assert secret not in page
    assert "A company of Transport in EMEA" in page
    veiled = page[page.index(f'id="p{veiled_in(greta)}"') :][:600]
    assert ("#eye-off" in veiled, "hue-" in veiled) == (True, False), "no initials that all who stay nameless would share"
    assert re.search(r"/requests/new\?person=[v\d]\w*&amp;activity=call", page), "asking leads to a request for whom was found, with the search"


def test_an_admin_sees_everybody_by_name(ada: PortalClient) -> None:
    page = ada.get(SEARCH).text
    assert "Quiet Bank" in page
    assert "Hidden Ltd" in page


def veiled_in(client: PortalClient) -> str:
    return re.findall(r"/find/(v[a-z2-7]{13})\?", client.get(SEARCH).text)[0]


def test_names_that_are_hidden_are_in_no_page_and_no_file(greta: PortalClient, house: House) -> None:
    veiled = veiled_in(greta)
    assert greta.get(f"/find/{house.bank}").status_code == 404, "the number of a veiled one leads to nothing"
    greta.post(f"/find/{house.bank}/favourite", data={"is_on": "1"})
    assert "No favourites yet" in greta.get("/find/favourites").text
    greta.post(f"/find/{veiled}/favourite", data={"is_on": "1"})
    who = f"who={veiled}&who={house.bank}&who={house.kestrel}&who={house.hidden}"
    addresses = (SEARCH, SEARCH + "&format=csv", f"/find/{veiled}", "/find/favourites", f"/find/compare?{who}", "/find?worry=quiet+bank")
    begun = (f"/requests/new?person={veiled}", f"/requests/new?person={house.bank}", f"/requests/new?person={house.hidden}")
    for address in (*addresses, *begun):
        shown = greta.get(address).text
        assert not any(secret in shown for secret in ("Quiet Bank", "Secret Name", "Hidden Ltd", "Nobody Sees")), address
        assert not re.search(rf"[/=\"p]{house.bank}[\"?&]", shown) or address in begun, f"{address} tells the number"
    assert "They are asked through an admin" in greta.get(begun[0]).text
    assert not any("They are asked through an admin" in greta.get(address).text for address in begun[1:])
    assert greta.get(f"/find/{house.hidden}").status_code == 404
    greta.post(f"/find/{house.hidden}/favourite", data={"is_on": "1"})
    assert "Their name stays with admins" in greta.get("/find/favourites").text


def test_the_list_is_saved_as_a_file_with_its_reasons(greta: PortalClient) -> None:
    rows = list(csv.DictReader(io.StringIO(greta.get(SEARCH + "&format=csv").text.lstrip("\ufeff"))))
    assert next(row["company"] for row in rows if row["person"]) == "Kestrel Freight"
    assert "Same industry" in rows[0]["why"]
    assert any("free again on" in row["what_stands_against"] for row in rows)


def test_where_nothing_is_asked_for_no_page_and_no_file_tells_a_fit(greta: PortalClient, house: House) -> None:
    for address in (f"/find/{house.kestrel}", f"/find/compare?who={house.kestrel}&who={house.alto}", "/find/favourites", "/find"):
        shown, asked = greta.get(address).text, greta.get(f"{address}{'&' if '?' in address else '?'}industry=Transport").text
        assert ("% fit" not in shown, "% of what you asked for" not in shown) == (True, True), address
        assert "% fit" in asked or "% of what you asked for" in asked or address == "/find/favourites"
    files = [csv.DictReader(io.StringIO(greta.get(f"/find?format=csv{deal}").text.lstrip("\ufeff"))) for deal in ("", "&industry=Transport")]
    assert [{bool(row["fit"]) for row in rows} for rows in files] == [{False}, {True}]


def test_what_is_elsewhere_is_told_where_and_every_place_that_is_shown_can_be_chosen(greta: PortalClient, database: Database) -> None:
    def more(session: Session) -> None:
        far = make_reference(session, "Far Freight", "Fay Far", region="APAC", **STORY).id
        log_ask(session, by_employee(session.scalars(select(Person.id).where(Person.is_employee)).one()), far, utcnow() - 15 * DAY, came="declined")
        make_reference(session, "Held Power", "Hela Held", industry="Energy", region="Nordics", status="needs_verification", **STORY)

    database.write(more)
    page = words(greta.get(SEARCH).text)
    assert "Another region: APAC" in page
    assert "they stand below whoever fits better" in page
    for place in ("Energy", "Nordics", "APAC", "Transport"):
        assert f'<option value="{place}">' in page or f'<option selected value="{place}">' in page, place
    assert "Held Power" in greta.get("/find?industry=Energy&activity=call").text, "a near miss is found by its place"
    card = page.split("Far Freight", 1)[1].split("</li>", 1)[0]
    assert ("0 of 4" in card, "which takes no slot any more: a no, silence or what was taken back frees it" in card) == (True, True)


def test_an_empty_search_tells_what_to_let_go_of(greta: PortalClient) -> None:
    page = words(greta.get("/find?industry=Transport&language=Finnish&worry=spreadsheets").text)
    assert "Nobody fits all of this" in page
    assert "Whatever language they speak" in page
    assert "industry=Transport" in page.split("Whatever language they speak")[0].rsplit("href=", 1)[1]


def test_a_search_that_cannot_be_read_is_a_search_all_the_same(greta: PortalClient) -> None:
    page = greta.get("/find?activity=nonsense&industry=%00&needed_by=yesterday&worry=%22%27*(&after=x&size=huge")
    assert page.status_code == 200
    assert "such as 2026-12-24" in page.text or "Not a valid date" in page.text


def test_a_star_is_ones_own_and_pressed_twice_is_what_it_was(greta: PortalClient, ada: PortalClient, house: House, database: Database) -> None:
    for _ in range(2):
        answer = greta.post(f"/find/{house.kestrel}/favourite", data={"is_on": "1", "next": SEARCH})
        assert answer.headers["Location"].endswith(f"#p{house.kestrel}")
    assert "Kestrel Freight" in greta.get("/find/favourites").text
    assert "No favourites yet" in ada.get("/find/favourites").text
    greta.post(f"/find/{house.kestrel}/favourite", data={"is_on": "0", "next": "https://evil.example/"})
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Favourite)) == 0


def test_four_at_most_stand_side_by_side(greta: PortalClient, house: House) -> None:
    who = "&".join(f"who={one}" for one in (house.kestrel, house.alto, house.nimbus, veiled_in(greta), house.upset))
    page = words(greta.get(f"/find/compare?{who}&who=x&industry=Transport").text)
    assert "1 more were ticked and are left out" in page
    assert "Kestrel Freight" in page
    assert "Asked 4 of 4" in page
    assert "Upset Co" not in page
    differs, same = page.split(" things are the same for all", 1)
    told_once = [f">{label}</dt>" in same for label in ("Industry", "May be asked for", "Load", "Last asked", "Why")]
    assert told_once == [True, True, True, False, False]
    for told in ("Takes one of 4 free asks until", "Takes nothing now: no ask is free until", "Effort 8", "Last asked", "Never"):
        assert told in differs
    assert f"/requests/new?person={house.kestrel}&amp;activity=call&amp;industry=Transport" in differs, "and leads on to ask each of them"
    for led in ("Ask: Kestrel Freight", "Ask later: Alto Rail", "Verify first: Nimbus Foundry"):
        assert led in differs
    assert "Scroll sideways to see all 4." in page
    assert "Nobody to compare" in greta.get("/find/compare").text


def test_the_price_is_told_before_anybody_is_asked(greta: PortalClient, house: House, database: Database) -> None:
    page = words(greta.get(f"/find/{house.kestrel}?industry=Transport").text)
    assert "Takes one of 4 free asks until" in page
    assert "Effort 8" in page
    assert "Takes nothing now: no ask is free until" in words(greta.get(f"/find/{house.alto}").text)
    assert ("We moved off spreadsheets in a week.", f'href="/profiles/{house.kestrel}"', "Open the company") == tuple(
        told for told in ("We moved off spreadsheets in a week.", f'href="/profiles/{house.kestrel}"', "Open the company") if told in page
    ), "what they tell stands where one decides"
    assert "We moved off spreadsheets" in greta.get(f"/find/compare?who={house.kestrel}").text
    veiled = greta.get(f"/find/{veiled_in(greta)}").text
    assert not any(told in veiled for told in ("We moved off spreadsheets", "/profiles/", "Open the company")), "a story names whom it is about"
    assert greta.get(f"/find/{house.greta}").status_code == 303, "who has no profile has a page in the registry"


def test_who_rests_after_several_noes_is_said_so_on_every_page_that_shows_what_is_left(
    greta: PortalClient, ada: PortalClient, house: House, database: Database
) -> None:
    def say_no(session: Session) -> None:
        for day, came in [(300, "completed"), (290, "completed"), *((40 - 10 * n, "declined") for n in range(4))]:
            log_ask(session, by_employee(house.greta), house.kestrel, utcnow() - day * DAY, came=came)
        set_person_terms(session, by_admin(house.ada), person_id=house.alto, terms=Terms(most=0), reason="Their wish.", now=utcnow())

    database.write(say_no)
    person, profile, found = (words(greta.get(f"/{page}/{house.kestrel}").text) for page in ("goodwill/people", "profiles", "find"))
    until = re.findall("and rests until ([^:]+): nobody is to ask before that", person)[0]
    assert f"Rests until {until}, after several noes." in profile
    assert ("Agreed to, but rests now" in profile, "May be asked" in profile) == (True, False)
    assert (f"Not available until {until}." in found, "Takes one of" in found) == (True, False)
    assert (">Rests<" in person, "Little asked" in profile) == (True, False), "no colour beside it"
    none = words(greta.get(f"/goodwill/people/{house.alto}").text)
    assert (">Takes no asks<" in none, "0 of 0" in none) == (True, False)
    assert "Little asked" in greta.get("/goodwill").text
    assert "0 of 0" not in greta.get("/goodwill").text


def test_pages_of_the_search_cost_the_same_with_many(greta: PortalClient, house: House, database: Database, count_queries: CountQueries) -> None:
    def counted(address: str) -> int:
        greta.get(address)
        with count_queries() as statements:
            assert greta.get(address).status_code == 200
        return statements.total

    few = [counted(SEARCH), counted("/library")]

    def more(session: Session) -> None:
        for number in range(40):
            make_reference(session, f"Line {number}", f"Captain {number}", **STORY)

    database.write(more)
    assert counted(SEARCH) <= few[0]


def add(ada: PortalClient, **given: str) -> str:
    usual = {"kind": "case_study", "title": "Off spreadsheets in a week", "answers": "Moving off spreadsheets", "link": "https://x.example/a"}
    sent = fields_of(ada.get("/library/new").text, having="title") | usual | {"permission": "Signed contract, 2026"} | given
    answer = ada.post("/library/new", data=sent)
    return answer.headers["Location"] if answer.status_code == 303 else answer.text


def test_the_library_answers_the_same_worry_without_an_ask(ada: PortalClient, greta: PortalClient, house: House, database: Database) -> None:
    at = add(ada, company="kestrel FREIGHT", industry="Transport")
    assert "Costs nobody an ask" in greta.get(SEARCH).text
    assert "Off spreadsheets in a week" in greta.get("/library?q=spreadsh").text
    assert "Nothing found" in greta.get("/library?q=nothing+such").text
    assert greta.post(f"{at}/use").headers["Location"] == "https://x.example/a"
    rows = list(csv.DictReader(io.StringIO(greta.get("/library?format=csv").text.lstrip("\ufeff"))))
    assert [(row["title"], row["company"], row["uses"]) for row in rows] == [("Off spreadsheets in a week", "Kestrel Freight", "1")]
    assert greta.get("/library/new").status_code == 403
    assert greta.post(f"{at}/retire", data={"reason": "x"}).status_code == 403
    assert "Please say why" in ada.post(f"{at}/retire", data={"reason": ""}).text
    ada.post(f"{at}/retire", data={"reason": "Old product"})
    assert greta.get(at).status_code == 404
    assert "Old product" in ada.get(at).text
    assert "Off spreadsheets" in ada.get("/library?show=retired").text
    assert "Costs nobody an ask" not in greta.get(SEARCH).text
    assert "retired already" in ada.post(f"{at}/retire", data={"reason": "again"}, follow_redirects=True).text


def test_one_item_sent_eight_times_at_once_is_one_item(house: House, database: Database) -> None:
    content = Content(Kind.QUOTE, "Off spreadsheets", quote="It took a week.", permission="By mail, in May.")
    adding = [lambda session: add_item(session, by_admin(house.ada), key="one-click", content=content, file_id=None, now=utcnow())] * 8
    assert all_at_once(database, adding) == {"done": 8}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LibraryItem)) == 1


def test_what_is_withdrawn_or_over_is_gone_at_once_with_its_file(ada: PortalClient, greta: PortalClient, house: House, database: Database) -> None:
    def consent(session: Session) -> int:
        person = session.get(Person, house.kestrel)
        assert person is not None
        return make_consent(session, person, item=Item.CASE_STUDY, quote="").id

    number = database.write(consent)
    pdf = (io.BytesIO(b"a plain text, long enough"), "story.txt")
    by_script = {"HX-Request": "true", "HX-Target": "consents"}
    for kind, whose, is_offered in (
        ("case_study", {"person": f"#{house.kestrel}"}, True),
        ("quote", {"person": f"#{house.kestrel}"}, False),
        ("case_study", {}, False),
    ):
        offered = ada.get("/library/new", query_string={"kind": kind} | whose, headers=by_script).text
        assert (f'value="{number}"' in offered, "<form" in offered) == (is_offered, False), "what the person agreed to is offered"
    sent = fields_of(ada.get("/library/new").text, having="title") | {"kind": "case_study", "title": "Told", "consent_id": f"#{number}"}
    at = ada.post("/library/new", data=sent | {"file": pdf}, content_type="multipart/form-data").headers["Location"]
    file_at = greta.post(f"{at}/use").headers["Location"]
    with greta.get(file_at) as sent_file:
        assert sent_file.data == b"a plain text, long enough"
    database.write(lambda s: s.execute(update(Consent).where(Consent.id == number).values(ended_at=utcnow(), ended_as="withdrawn")))
    assert greta.get(at).status_code == greta.get(file_at).status_code == greta.post(f"{at}/use").status_code == 404
    assert "Only admins still see it" in ada.get(at).text
    assert "Told" in ada.get("/library?show=out").text
    old = add(ada, title="Over tomorrow", expires_on=(date.today() + DAY).isoformat())
    assert greta.get(old).status_code == 200
    database.write(lambda s: s.execute(update(LibraryItem).where(LibraryItem.title == "Over tomorrow").values(expires_on=date(2020, 1, 1))))
    assert greta.get(old).status_code == 404


def test_a_last_day_that_has_passed_is_refused_unless_it_stood_there_before(ada: PortalClient, house: House, database: Database) -> None:
    yesterday = (date.today() - 2 * DAY).isoformat()
    refused = add(ada, title="Over before it began", expires_on=yesterday)
    assert all(text in refused for text in ("This day has passed", 'id="expires_on-error"', "Over before it began", f'value="{yesterday}"'))
    at = add(ada, title="Good for a day", expires_on=(date.today() + DAY).isoformat())
    change = fields_of(ada.get(f"{at}/edit").text, having="title")
    assert "This day has passed" in ada.post(f"{at}/edit", data=change | {"expires_on": yesterday}).text
    database.write(lambda s: s.execute(update(LibraryItem).where(LibraryItem.title == "Good for a day").values(expires_on=date(2020, 1, 1))))
    over = fields_of(ada.get(f"{at}/edit").text, having="title") | {"title": "Was good for a day"}
    assert (over["expires_on"], ada.post(f"{at}/edit", data=over).status_code) == (["2020-01-01"], 303), "what is over is mended all the same"


def test_an_item_that_cannot_be_is_refused_beside_its_field_and_loses_nothing(ada: PortalClient, house: House, database: Database) -> None:
    def of_another(session: Session) -> int:
        return make_consent(session, make_person(session, company_id=make_company(session).id), item=Item.CASE_STUDY, quote="").id

    another = database.write(of_another)
    for given, told in (
        ({"link": ""}, "something has to be there"),
        ({"link": "javascript:alert(1)"}, "whole web address"),
        ({"permission": ""}, "Choose the consent it stands on"),
        ({"consent_id": "999"}, "not for this"),
        ({"consent_id": str(another), "company": "Kestrel Freight"}, "not for this"),
        ({"company": "No Such Company"}, "no company called"),
        ({"person": "No Such Person"}, "Nobody here is called"),
    ):
        page = add(ada, **given)
        assert told in words(page), given
        assert "Moving off spreadsheets" in page
    at = add(ada)
    form = fields_of(ada.get(f"{at}/edit").text, having="title")
    assert ada.post(f"{at}/edit", data=form | {"title": "Better"}).status_code == 303
    assert ada.post(f"{at}/edit", data=form | {"title": "Too late"}).status_code == 409
    with database.reading() as session:
        assert session.scalars(select(LibraryItem.title)).all() == ["Better"]
        assert session.scalars(select(ReferenceProfile.edition)).first() == 1

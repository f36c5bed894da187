"""The registry: who stands in it, how it is searched, and who may see it."""

import csv
import io

import pytest
from sqlalchemy.orm import Session

from portal.acts.actions.acts import record_act
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.people.actions.joining import invite_person
from portal.people.actions.states import deactivate_person
from portal.profiles.rules.activity import Activity
from portal.references.actions.decide import accept_nomination, decline_nomination
from portal.references.queries.gaps import DEMAND, few_voices
from portal.references.queries.profile import profile_of_nominee, profile_of_person
from portal.references.queries.registry import Filters, list_registry, totals, whole_registry
from portal.references.rules.gaps import Gap
from portal.references.rules.states import Standing
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.factories.references import acting, make_nomination
from tests.support.application import SignIn
from tests.support.counting import CountQueries


def fill(session: Session) -> None:
    """A member, an invited person, a nominee who waits; and a contact, an employee and a declined nominee, who do not belong."""
    health = make_company(session, name="Klinik am Öresund", industry="Healthcare", region="Nordics")
    rail = make_company(session, name="Nordbahn", industry="Transport", region="Central Europe")
    make_person(session, name="Åsa Lund", title="Head Nurse", company_id=health.id)
    invited = make_contact(session, name="Bela Novák", title="Dispatcher", company_id=rail.id)
    invite_person(session, system("test"), person_id=invited.id, now=utcnow())
    make_nomination(session, name="Chidi Obi", title="Driver", company="nordbahn", activities=[Activity.CALL, Activity.PRESS])
    make_contact(session, name="Dora Contact")
    declined = make_nomination(session, name="Emil Declined")
    decline_nomination(session, acting(make_admin(session)), nomination_id=declined.id, reason="No.", now=utcnow())


def found(session: Session, **filters: str) -> list[str]:
    return [entry.name for entry in list_registry(session, system(), Filters(**filters))]


def test_the_registry_finds(session: Session, subtests: pytest.Subtests) -> None:
    fill(session)
    for filters, names in [
        ({}, ["Åsa Lund", "Bela Novák", "Chidi Obi"]),
        ({"q": "asa"}, ["Åsa Lund"]),
        ({"q": "oresund"}, ["Åsa Lund"]),
        ({"q": "DISPATCH"}, ["Bela Novák"]),
        ({"q": "driver"}, ["Chidi Obi"]),
        ({"q": "nordbahn"}, ["Bela Novák", "Chidi Obi"]),
        ({"q": "100%"}, []),
        ({"company": "nordb"}, ["Bela Novák", "Chidi Obi"]),
        ({"industry": "Healthcare"}, ["Åsa Lund"]),
        ({"region": "Central Europe"}, ["Bela Novák", "Chidi Obi"]),
        ({"state": "joined"}, ["Åsa Lund"]),
        ({"state": "invited"}, ["Bela Novák"]),
        ({"state": "waiting"}, ["Chidi Obi"]),
        ({"might": "press"}, ["Chidi Obi"]),
        ({"might": "video"}, []),
        ({"state": "waiting", "industry": "Healthcare"}, []),
    ]:
        with subtests.test(filters=filters):
            assert found(session, **filters) == names
            assert [entry.name for entry in whole_registry(session, system(), Filters(**filters))] == names


def test_the_registry_counts_who_stands_in_it(session: Session) -> None:
    fill(session)
    counted = totals(session)
    assert (counted.joined, counted.invited, counted.waiting) == (1, 1, 1)


def test_a_nominee_who_takes_part_meanwhile_stands_once(session: Session) -> None:
    make_nomination(session, name="Ada", email="ada@works.example")
    make_person(session, name="Ada L.", email="ada@works.example")
    assert found(session) == ["Ada L."]


def test_after_acceptance_the_person_carries_what_all_nominators_said(session: Session) -> None:
    made = make_nomination(session, name="Ada", email="ada@works.example", activities=[Activity.VIDEO])
    make_nomination(session, name="Ada", email="ada@works.example", activities=[Activity.CALL])
    assert [e.activities for e in list_registry(session, system(), Filters())] == [[Activity.CALL, Activity.VIDEO]]
    accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())
    entry = list_registry(session, system(), Filters(might="call")).rows[0]
    assert (entry.kind, entry.standing, entry.activities) == ("person", Standing.INVITED, [Activity.CALL, Activity.VIDEO])


def test_acts_are_counted(session: Session) -> None:
    person, now = make_person(session), utcnow()
    for source in (1, 2):
        given = {"company_id": None, "kind": "challenge", "track": "endorse", "source_type": "test", "points": 5}
        record_act(session, system("test"), person_id=person.id, source_id=source, happened_at=now, now=now, **given)
    assert [(e.acts, e.last_act_at) for e in list_registry(session, system(), Filters())] == [({"endorse": 2}, now)]
    assert profile_of_person(session, person.id, utcnow()).acts == {"endorse": 2}


def test_the_registry_pages_by_key_and_misses_nobody(session: Session) -> None:
    for number in range(7):
        make_person(session, name=f"Same Name {number % 2}")
        make_nomination(session, name=f"Same Name {number % 2}")
    seen, after = [], None
    while True:
        page = list_registry(session, system(), Filters(), after=after, size=3)
        seen += [(entry.kind, entry.id) for entry in page]
        if page.next is None:
            break
        after = page.next
    assert len(seen) == len(set(seen)) == 14


def test_an_outsider_has_no_profile(session: Session) -> None:
    contact, employee = make_contact(session), make_employee(session)
    for person_id in (contact.id, employee.id, 404):
        with pytest.raises(NotFound):
            profile_of_person(session, person_id, utcnow())
    with pytest.raises(NotFound):
        profile_of_nominee(session, system(), 404)


def test_a_member_who_left_is_not_listed_but_keeps_a_page(session: Session) -> None:
    person = make_person(session)
    deactivate_person(session, acting(make_admin(session)), person_id=person.id, reason="Left.", now=utcnow())
    assert found(session) == []
    assert profile_of_person(session, person.id, utcnow()).standing is Standing.LEFT


def test_voices_are_few_where_fewest_take_part_and_all_are_counted_at_once(session: Session, count_queries: CountQueries) -> None:
    rail = make_company(session, industry="Transport", region="APAC", size="50–249")
    make_company(session, industry="Transport", region="APAC", size="50–249")
    for _ in range(2):
        make_company(session, industry="Education", region="Europe", size="1–49")
    make_company(session, industry="Alone", region="Europe")
    make_company(session, industry="Energy", region="")
    make_person(session, company_id=rail.id)
    make_contact(session, company_id=rail.id)
    with count_queries() as counted:
        found = few_voices(session)
    assert found == [
        Gap("Education", "Europe", "", 2, 0),
        Gap("Alone", "Europe", "", 1, 0),
        Gap("Transport", "APAC", "", 2, 1),
        Gap("", "", "1–49", 2, 0),
    ]
    assert counted.total == 1, counted


def test_what_is_asked_for_and_lacking_comes_first_and_who_speaks_for_all_their_customers_is_no_gap(session: Session) -> None:
    rail, pumps = make_company(session, industry="Transport", region="APAC"), make_company(session, industry="Pumps", region="EMEA")
    make_company(session, industry="Education", region="Europe")
    for company in (rail, pumps, pumps):
        make_person(session, company_id=company.id)
    assert few_voices(session) == [Gap("Education", "Europe", "", 1, 0)]
    session.info[DEMAND] = lambda _session: {("Transport", "APAC"): 4, ("Pumps", "EMEA"): 2, ("Mining", "LATAM"): 2}
    assert few_voices(session) == [
        Gap("Transport", "APAC", "", 1, 1, 4), Gap("Mining", "LATAM", "", 0, 0, 2), Gap("Education", "Europe", "", 1, 0)
    ]  # fmt: skip


def test_the_form_says_what_we_lack_in_words(database: Database, sign_in: SignIn) -> None:
    database.write(lambda s: make_company(s, industry="Transport", region="APAC"))
    client = sign_in(database.write(make_employee))
    assert "We lack Transport in APAC: nobody takes part, of one company." in client.get("/nominate").text
    client.application.extensions["database"].inform_sessions(**{DEMAND: lambda _session: {("Transport", "APAC"): 4}})
    assert "Transport in APAC: asked for 4 times in a year. Nobody takes part, of one company." in client.get("/nominate").text


def test_staff_see_who_it_is_but_no_address_and_advocates_see_nothing(database: Database, sign_in: SignIn) -> None:
    def start(session: Session) -> list[int]:
        fill(session)
        member = make_person(session, name="Zoe", email="zoe@works.example")
        return [member.id, make_employee(session).id, make_admin(session).id]

    member, employee, admin = database.write(start)
    for person in (employee, admin):
        client = sign_in(person)
        assert "Zoe" in client.get(f"/registry/people/{member}").text
        assert "zoe@works.example" not in client.get(f"/registry/people/{member}").text
        assert "Åsa Lund" in client.get("/registry").text
    for address in ("/registry", f"/registry/people/{member}", "/registry?format=csv", "/nominate", "/nominate/mine"):
        assert sign_in(member).get(address).status_code == 403


def test_the_file_holds_all_rows_that_match(database: Database, sign_in: SignIn) -> None:
    database.write(fill)
    client = sign_in(database.write(make_employee))
    rows = list(csv.reader(io.StringIO(client.get("/registry?format=csv&q=nordbahn").text.lstrip("\ufeff"))))
    assert rows[0] == ["name", "title", "company", "industry", "region", "state", "might_do", "acts"]
    assert [(row[0], row[5], row[6]) for row in rows[1:]] == [
        ("Bela Novák", "Invited", ""),
        ("Chidi Obi", "Waiting for review", "Reference call, Press"),
    ]


def test_an_accepted_nominee_is_shown_as_the_person(database: Database, sign_in: SignIn) -> None:
    def start(session: Session) -> tuple[int, int, int, int]:
        employee = make_employee(session)
        made = make_nomination(session, employee, email="ada@works.example")
        later = make_nomination(session, email="ada@works.example")
        accept_nomination(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())
        return employee.id, made.id, later.id, made.person_id or 0

    employee, made, later, person = database.write(start)
    client = sign_in(employee)
    for nomination in (made, later):
        assert client.get(f"/registry/nominations/{nomination}").headers["Location"] == f"/registry/people/{person}"


def test_who_was_declined_is_read_by_admins_and_their_nominators_alone(database: Database, sign_in: SignIn) -> None:
    def start(session: Session) -> tuple[int, dict[int, int]]:
        nominator, voice, other, admin = make_employee(session), make_employee(session), make_employee(session), make_admin(session)
        made = make_nomination(session, nominator, email="ada@works.example")
        make_nomination(session, voice, email="ada@works.example")
        decline_nomination(session, acting(admin), nomination_id=made.id, reason="Left their company.", now=utcnow())
        return made.id, {nominator.id: 200, voice.id: 200, admin.id: 200, other.id: 404}

    made, expected = database.write(start)
    assert {person: sign_in(person).get(f"/registry/nominations/{made}").status_code for person in expected} == expected

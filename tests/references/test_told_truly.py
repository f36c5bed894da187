"""What mails, lists and pages say of a nomination is so: to the customer, to who nominated them and to who decides."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.consents.models import Consent
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from portal.people.models import Company, Person
from portal.people.queries.persons import find_person_by_email
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.facts import TIER_NAMES
from portal.references.actions.answering import say_no
from portal.references.actions.asking import follow_up
from portal.references.actions.commenting import comment
from portal.references.actions.decide import take_up
from portal.references.actions.several import nominate_lines
from portal.references.queries.comments import comments_on
from portal.references.queries.nominations import standings_of
from portal.references.queries.profile import profile_of_person
from portal.references.queries.registry import Filters, list_registry, whole_registry
from portal.references.rules.joining import Refused
from portal.references.rules.nominating import Details
from portal.references.rules.states import Standing
from tests.factories.people import make_admin, make_company, make_employee
from tests.factories.references import acting, make_nomination
from tests.references.test_answering import ADDRESS, Scene
from tests.support.application import PortalClient, SignIn

DAY = timedelta(days=1)
MAILS = Path(__file__).parents[2] / "templates" / "emails"


def ada(session: Session) -> Person:
    found = find_person_by_email(session, ADDRESS)
    assert found is not None
    return found


def join(session: Session, owner_id: int) -> None:
    """Let Ada be a member, of a company that somebody looks after."""
    known = {"state": "active", "joined_at": utcnow(), "password_hash": "no password"}
    session.execute(update(Person).where(Person.id == ada(session).id).values(**known))
    session.execute(update(Company).where(Company.id == ada(session).company_id).values(owner_id=owner_id))


def fall_silent(session: Session, scene: Scene) -> None:
    for days in (8, 30):
        follow_up(session, system("job"), nomination_id=scene.id, now=scene.at + days * DAY)
    session.expire_all()


def test_a_member_who_took_back_every_yes_is_counted_and_offered_nowhere_until_the_next_one(database: Database, sign_in: SignIn) -> None:
    def start(session: Session) -> Scene:
        scene = Scene(session)
        scene.say(session, "yes")
        join(session, scene.greta.id)
        return scene

    scene = database.write(start)
    with database.reading() as session:
        person = ada(session)
    pages = (f"/registry/people/{person.id}", f"/profiles/{person.id}", f"/companies/{person.company_id}", "/registry", "/profiles")
    greta, own = sign_in(scene.greta), sign_in(person)
    counted = "One customer has said yes"
    assert counted in greta.get("/find").text

    def stands(session: Session) -> tuple[str, Standing, list[Standing]]:
        listed = [one.standing for state in (Standing.JOINED, Standing.TAKEN_BACK) for one in list_registry(session, system(), Filters(state=state))]
        return session.get_one(ReferenceProfile, person.id).status, scene.standing(session), listed

    with database.reading() as session:
        assert stands(session) == ("active", Standing.JOINED, [Standing.JOINED])
    assert own.post("/my-reference/does", data={"call": "no", "video": "no"}).status_code == 303
    with database.reading() as session:
        assert stands(session) == ("resting", Standing.TAKEN_BACK, [Standing.TAKEN_BACK])
        assert standings_of(session, scene.greta.id) == {Standing.TAKEN_BACK: 1}
        mails = [job.payload for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "profile_taken_back"]
        assert {mail["data"]["nothing_left"] for mail in mails} == {True}
        assert scene.greta.id in {mail["to"]["person_id"] for mail in mails}
    assert counted not in greta.get("/find").text
    assert [page for page in pages if "greed to nothing" not in greta.get(page).text] == []
    assert "You have agreed to nothing now" in own.get("/my-reference").text
    told = " ".join(greta.get(f"/profiles/{person.id}").text.split())
    assert "They have agreed to nothing now." in told.partition("History")[2], "the history tells of it"
    assert "No longer: Reference call" in told.partition("History")[2]
    assert "End the rest" not in told, "it offers no button that refuses"
    refused = greta.post(f"/profiles/{person.id}/move/resume", data={}, follow_redirects=True).text
    assert "has agreed to nothing now. Write down" in refused, "only a yes ends this rest"
    assert own.post("/my-reference/does", data={"call": "yes", "video": "no"}).status_code == 303
    with database.reading() as session:
        assert stands(session) == ("active", Standing.JOINED, [Standing.JOINED])
    assert counted in greta.get("/find").text
    assert not any("greed to nothing now" in greta.get(page).text for page in (pages[0], *pages[2:]))


@pytest.mark.parametrize("door", ["allowed", "link"])
def test_whoever_takes_their_only_yes_back_elsewhere_rests_too_and_the_owner_hears_it_once(
    database: Database, sign_in: SignIn, client: PortalClient, door: str
) -> None:
    def start(session: Session) -> tuple[Scene, int]:
        scene, owner = Scene(session), make_employee(session)
        scene.say(session, "yes")
        join(session, owner.id)
        return scene, owner.id

    scene, owner_id = database.write(start)
    with database.reading() as session:
        person, consents = ada(session), session.scalars(select(Consent.id).order_by(Consent.id)).all()
    if door == "link":
        assert client.post("/proposal/back", data={"t": scene.token}).status_code == 303
    else:
        for consent_id in consents:
            assert sign_in(person).post(f"/consents/{consent_id}/withdraw", data={}).status_code == 303
    with database.reading() as session:
        assert session.get_one(ReferenceProfile, person.id).status == "resting"
        mails = [job.payload for job in session.scalars(select(OutboxJob).order_by(OutboxJob.id)) if job.payload.get("kind") == "profile_taken_back"]
        assert {mail["to"]["person_id"] for mail in mails} == {owner_id}, "the admins are told of it by the room where it was"
        assert [mail["data"]["nothing_left"] for mail in mails][-1] is True
        assert len(mails) == (1 if door == "link" else len(consents))


def mails(session: Session, kind: str) -> dict[int | None, dict[str, Any]]:
    """Return what mails of a kind say, by who gets them (None: whoever has no inbox here)."""
    sent = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id))
    return {one["to"]["person_id"]: one["data"] for one in sent if one["kind"] == kind}


def test_what_is_sent_in_a_colleagues_name_says_everywhere_who_wrote_it_and_tells_them_what(
    database: Database, sign_in: SignIn, client: PortalClient
) -> None:
    declan = database.write(lambda s: make_employee(s, name="Declan"))
    scene = database.write(lambda s: Scene(s, colleague_id=declan.id, why="She told it so well.", details=Details(words="Dear Ada, please do.")))
    greta = scene.greta.name
    with database.reading() as session:
        told = mails(session, "nomination_sent_for")
        assert (list(told), told[declan.id]["writer"], told[declan.id]["why"]) == ([declan.id], greta, "She told it so well.")
        proposal = mails(session, "nomination_proposal")[None]
        assert (proposal["proposers"], proposal["sent_for"]) == (["Declan"], [[greta, "Declan"]])
        person, company = ada(session).id, ada(session).company_id
    page = client.get(f"/proposal?t={scene.token}").text
    assert f"{greta} wrote this in the name of Declan." in page
    assert re.search(rf"Dear Ada, please do\.</blockquote><figcaption[^>]*>{greta}<", page), "who wrote the words signs them"
    reader = sign_in(database.write(make_admin))
    assert f"{greta} for Declan" in reader.get(f"/registry/people/{person}").text
    assert f"by {greta} for Declan" in reader.get(f"/companies/{company}").text


def test_several_sent_at_once_in_a_colleagues_name_are_told_to_them_in_one_mail(session: Session) -> None:
    greta, declan, now = make_employee(session), make_employee(session), utcnow()
    make_nomination(session, make_employee(session), email="bob@x.example", now=now)
    lines = "Ada, ada@x.example, Works\nBob, bob@x.example, Works\nNobody"
    for _time in range(2):
        nominate_lines(session, acting(greta), key="k", text=lines, why="Both know it.", colleague_id=declan.id, now=now)
        now += timedelta(minutes=1)
    sent = [job.payload["data"] for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "nomination_sent_for"]
    assert [[one["nominee"] for one in data["nominees"]] for data in sent] == [["Ada", "Bob"]], "and the same form again tells nothing new"
    assert [data["firsts"] for data in sent] == [1], "Bob had been nominated before"


@pytest.mark.parametrize("owner", ["somebody", "nobody", "the nominator"])
def test_who_is_not_happy_is_heard_with_their_words_by_whoever_looks_after_them(database: Database, owner: str) -> None:
    def start(session: Session) -> tuple[Scene, int, int]:
        scene = Scene(session)
        looks = {"somebody": make_employee(session).id, "nobody": None, "the nominator": scene.greta.id}[owner]
        session.execute(update(Company).where(Company.id == ada(session).company_id).values(owner_id=looks))
        say_no(session, "127.0.0.1", token=scene.token, code=Refused.NOT_HAPPY, reason="Nobody answers me.", now=utcnow())
        return scene, looks or scene.boss.id or 0, ada(session).company_id or 0

    scene, looks, company = database.write(start)
    with database.reading() as session:
        step = mails(session, "nomination_step")[scene.greta.id]
        assert (step["why"], step["reason"]) == ("I am not happy enough with you", "Nobody answers me.")
        told = mails(session, "nominee_unhappy")
        assert {to: data["words"] for to, data in told.items()} == ({} if owner == "the nominator" else {looks: "Nobody answers me."})
        links = [job.payload["link"] for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "nominee_unhappy"]
        assert set(links) <= {f"/companies/{company}"}, "they may read that page"


def test_who_has_no_time_worries_nobody_but_the_nominator(session: Session) -> None:
    scene = Scene(session)
    scene.say(session, "no")
    assert mails(session, "nominee_unhappy") == {}


@pytest.mark.parametrize("form", ["html", "txt"])
@pytest.mark.parametrize("kind", ["nomination_proposal", "nomination_reminder"])
def test_mails_to_a_customer_promise_no_single_click_and_no_last_reminder(kind: str, form: str) -> None:
    """A no is chosen and sent on the page; who says "not now" after a reminder is reminded once more."""
    said = (MAILS / kind / f"body.{form}").read_text()
    assert ("One click" in said, "this once" in said) == (False, False)


@pytest.mark.parametrize("said", [Standing.INVITED, Standing.NOT_NOW, Standing.ACCEPTED, Standing.NO_ANSWER])
def test_the_registry_and_the_page_say_what_became_of_being_asked(session: Session, said: Standing) -> None:
    scene = Scene(session)
    if said is Standing.NO_ANSWER:
        fall_silent(session, scene)
    elif said is not Standing.INVITED:
        scene.say(session, "yes" if said is Standing.ACCEPTED else "later")
    boss = system()
    found = (list_registry(session, boss, Filters(state=said)), whole_registry(session, boss, Filters(state=said)))
    for listed in (*found, list_registry(session, boss, Filters())):
        assert [(entry.name, entry.standing) for entry in listed] == [("Ada", said)]
    others = {Standing.INVITED, Standing.NOT_NOW, Standing.ACCEPTED, Standing.NO_ANSWER, Standing.JOINED, Standing.WAITING} - {said}
    assert [other for other in others if list(list_registry(session, system(), Filters(state=other)))] == []
    profile = profile_of_person(session, ada(session).id, utcnow())
    assert (profile.standing, [voice.nominator for voice in profile.voices]) == (said, [scene.greta.name])


def test_the_registry_tells_what_is_in_review_from_what_waits(session: Session) -> None:
    made = make_nomination(session, name="Bob")
    assert [entry.standing for entry in list_registry(session, system(), Filters(state="waiting"))] == [Standing.WAITING]
    take_up(session, acting(make_admin(session)), nomination_id=made.id, now=utcnow())
    assert [entry.standing for entry in list_registry(session, system(), Filters(state="in_review"))] == [Standing.IN_REVIEW]
    assert not list(list_registry(session, system(), Filters(state="waiting")))


def test_who_said_no_is_read_by_admins_and_their_nominator_alone(database: Database, sign_in: SignIn) -> None:
    scene, other = database.write(Scene), database.write(lambda s: make_employee(s, name="Karim"))
    database.write(lambda s: scene.say(s, "no"))
    for reader in (scene.greta, database.write(make_admin)):
        page = sign_in(reader).get(f"/registry/nominations/{scene.id}")
        assert (page.status_code, "Too much to do." in page.text, "I have no time for it" in page.text) == (200, True, True)
    assert sign_in(other).get(f"/registry/nominations/{scene.id}").status_code == 404


def test_who_decides_anew_reads_that_the_address_stayed_silent(database: Database, sign_in: SignIn) -> None:
    scene = database.write(Scene)
    database.write(lambda s: fall_silent(s, scene))
    again = database.write(lambda s: make_nomination(s, name="Ada", email=ADDRESS).id)
    assert "and did not answer." in sign_in(database.write(make_admin)).get(f"/admin/approvals?item=nomination-{again}").text


def test_who_decides_reads_that_somebody_who_may_be_the_same_said_no_and_why(database: Database, sign_in: SignIn) -> None:
    scene = database.write(Scene)
    database.write(lambda s: scene.say(s, "no"))
    twin = database.write(lambda s: make_nomination(s, name="Ada", email="ada2@works.example").id)
    desk = sign_in(database.write(make_admin))
    for which in (twin, scene.id):
        page = desk.get(f"/admin/approvals?item=nomination-{which}").text
        assert ("Too much to do." in page, "I have no time for it" in page) == (True, True)


def test_another_comment_sent_with_the_same_form_is_kept_and_the_same_one_is_not_kept_twice(session: Session) -> None:
    scene = Scene(session)
    for text in ("Which depot?", "Which depot?", "And since when?"):
        comment(session, scene.boss, nomination_id=scene.id, text=text, key="press", now=utcnow())
    assert [said.text for said in comments_on(session, scene.id)] == ["Which depot?", "And since when?"]


@pytest.mark.parametrize(("text", "why"), [("Long. " * 400, "2000"), (" ", "field-error")])
def test_a_reviewers_comment_that_is_refused_comes_back_with_a_sentence_beside_it(database: Database, sign_in: SignIn, text: str, why: str) -> None:
    scene = database.write(Scene)
    answer = sign_in(database.write(make_admin)).post(f"/admin/nominations/{scene.id}/comments", data={"key": "c", "text": text})
    assert (answer.status_code, text.strip() in answer.text, why in answer.text) == (422, True, True)


def test_a_company_page_leads_an_admin_who_is_an_employee_to_the_form_filled_in(database: Database, sign_in: SignIn) -> None:
    company = database.write(lambda s: make_company(s, name="Alto Rail"))
    both = database.write(lambda s: make_admin(s, roles={"admin", "employee"}))
    assert "/nominate?company=Alto+Rail" in sign_in(both).get(f"/admin/people/companies/{company.id}").text
    assert "/nominate?company" not in sign_in(database.write(make_admin)).get(f"/admin/people/companies/{company.id}").text


def test_a_consent_to_be_asked_names_no_places_of_use(database: Database, sign_in: SignIn) -> None:
    scene = database.write(Scene)
    database.write(lambda s: scene.say(s, "yes"))
    page = sign_in(database.write(make_admin)).get(f"/admin/people/{database.write(ada).id}").text
    assert ("To be asked as a reference" in page, "May be used in:" in page) == (True, False)


def test_the_page_behind_a_link_shows_nothing_that_was_said_to_reviewers(database: Database, client: PortalClient) -> None:
    details = Details(sensitivities="Moody on Mondays.", tier=3, words="You tell it so well.", products="Engines.")
    scene = database.write(lambda s: Scene(s, why="For reviewers alone.", details=details))
    database.write(lambda s: comment(s, scene.boss, nomination_id=scene.id, text="A word among us.", key="c", now=utcnow()))
    karim = database.write(lambda s: make_employee(s, name="Karim Later"))
    database.write(lambda s: make_nomination(s, karim, name="Ada", email=ADDRESS, details=Details(words="Read by nobody yet.")))
    page = client.get("/proposal?t=" + scene.token).text
    hidden = ("For reviewers alone.", "Moody on Mondays.", "A word among us.", "Engines.", "Read by nobody yet.", "Karim Later", str(TIER_NAMES[3]))
    assert ("You tell it so well." in page, [text for text in hidden if text in page]) == (True, [])

"""Staff's pages, the page behind a mail's link, and somebody's own page: who opens what, what a form keeps, how much a list costs."""

import csv
import html
import io
import re
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.acts.actions.saying import set_own_terms
from portal.acts.queries.asks import open_asks
from portal.acts.queries.budget import budget_of
from portal.acts.rules.terms import Terms
from portal.consents.models import Consent
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.profile import edit_profile
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.profiles.actions.asking import ask_several
from portal.profiles.actions.own import send_own_link
from portal.profiles.actions.rows import CalledOff
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.profiles import activities_of, does, own_fields, profile_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Retired, Status
from tests.factories.asks import make_ask
from tests.factories.people import make_company, make_employee, make_person
from tests.factories.profiles import Scene, make_profile
from tests.profiles.test_freshness import credit, mails, token_to
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries


@pytest.fixture
def scene(database: Database) -> Scene:
    return database.write(Scene)


def person(database: Database, person_id: int) -> Person:
    with database.reading() as session:
        return session.get_one(Person, person_id)


def row_of(database: Database, scene: Scene) -> ReferenceProfile:
    with database.reading() as session:
        row = profile_of(session, scene.id)
        assert row is not None
        return row


def test_who_may_see_a_profile_by_tier_and_ownership_and_no_page_prints_an_address(database: Database, sign_in: SignIn, scene: Scene) -> None:
    def more(session: Session) -> tuple[int, int]:
        first = make_profile(session, boss=scene.boss, tier=1, name="Tia Tierone")
        return first.person_id, make_employee(session).id

    first_id, other_id = database.write(more)
    email = person(database, scene.id).email
    assert email
    for who, sees in ((scene.admin_id, {"Ada", "Tia"}), (scene.greta_id, {"Ada", "Tia"}), (other_id, {"Tia"})):
        client = sign_in(person(database, who))
        pages = {"/profiles": client.get("/profiles").text, "csv": client.get("/profiles?format=csv").text}
        for page in pages.values():
            assert {name for name in ("Ada", "Tia") if f"{name}" in page} == sees
            assert "customer.example" not in page
        answer = client.get(f"/profiles/{scene.id}")
        assert answer.status_code == (200 if "Ada" in sees else 404)
        assert email not in answer.text
        assert client.get(f"/profiles/{first_id}").status_code == 200
        assert client.post(f"/profiles/{first_id}/link").status_code == (303 if who == scene.admin_id else 404)


def test_the_list_is_searched_filtered_and_exported(database: Database, sign_in: SignIn, scene: Scene) -> None:
    client = sign_in(person(database, scene.admin_id))
    for query, is_there in (
        ("q=off+paper", True), ("q=rocket", False), ("status=active", True), ("status=retired", False), ("visible=no", False),
        ("verified=fresh", True), ("verified=due", False), ("verified=never", False), ("does=call", True), ("does=press", False),
        (f"owner={scene.greta_id}", True),
        ("owner=nobody", False), ("tier=2", True), ("tier=3", False),
    ):  # fmt: skip
        assert ("Ada" in client.get(f"/profiles?{query}").text) is is_there, query
    rows = list(csv.DictReader(io.StringIO(client.get("/profiles?format=csv").text.lstrip("\ufeff"))))
    assert [(row["name"], row["does"], row["shown"], row["owner"]) for row in rows] == [("Ada", "Reference call", "Yes", "Greta")]


def test_staff_open_edit_and_consent_and_lose_nothing_that_was_typed(database: Database, sign_in: SignIn, scene: Scene) -> None:
    def fresh(session: Session) -> int:
        return make_person(session, name="Bela Newly").id

    new_id, client = database.write(fresh), sign_in(person(database, scene.admin_id))
    data = {"person": "nobody@nowhere.example", "tier": "2", "story": "Moved off tape.", "language": "English, Deutsch", "most": "3", "days": "90"}
    key = re.search(r'name="key" value="([^"]+)"', client.get("/profiles/new").text)
    assert key
    data["key"] = key[1]
    refused = client.post("/profiles/new", data=data)
    assert (refused.status_code, "Moved off tape." in refused.text, 'id="person-error"' in refused.text) == (422, True, True)
    assert client.post("/profiles/new", data=data | {"person": "Bela Newly"}).headers["Location"] == f"/profiles/{new_id}"
    with database.reading() as session:
        assert budget_of(session, new_id, utcnow()).person.terms.most == 3
    form = client.get(f"/profiles/{new_id}/edit").text
    edition = re.search(r'name="edition" value="(\d+)"', form)
    assert edition
    edit = {"tier": "1", "story": "Moved off tape, twice.", "language": "English", "edition": edition[1], "is_true": "y"}
    assert client.post(f"/profiles/{new_id}/edit", data=edit).status_code == 303
    late = client.post(f"/profiles/{new_id}/edit", data=edit | {"story": "Mine."})
    assert (late.status_code, "Stored now:" in late.text, "Mine." in late.text) == (409, True, True)
    consent = {"activity": "call", "words": "You may ask me for calls."}
    refused = client.post(f"/profiles/{new_id}/consents", data=consent)
    assert (refused.status_code, 'id="evidence-error"' in refused.text, "You may ask me for calls." in refused.text) == (422, True, True)
    refused = client.post(f"/profiles/{new_id}/consents", data={"activity": "call", "until": "soon"})
    assert re.findall(r'id="(words|evidence|until)-error"', refused.text) == ["words", "evidence", "until"], "all that is wrong, at once"
    for words, more in (("", ["words"]), ("You may.", [])):
        refused = client.post(f"/profiles/{new_id}/consents", data={"activity": "call", "words": words, "until": "2020-01-01"})
        assert re.findall(r'id="(words|evidence|until)-error"', refused.text) == [*more, "evidence", "until"]
    program = {"evidence": (io.BytesIO(b"MZ..."), "yes.exe")}
    refused = client.post(f"/profiles/{new_id}/consents", data={"activity": "call"} | program, content_type="multipart/form-data")
    assert re.findall(r'id="(words|evidence)-error"', refused.text) == ["words", "evidence"], "a file that is refused is told beside it"
    with_file = consent | {"evidence": (io.BytesIO(b"Yes, gladly."), "yes.txt"), "scope": ["website"], "until": "2099-01-01"}
    assert client.post(f"/profiles/{new_id}/consents", data=with_file, content_type="multipart/form-data").status_code == 303
    refused = client.post(f"/profiles/{new_id}/days", data={"first_on": "2099-02-02", "last_on": "2099-02-01"})
    assert (refused.status_code, 'id="last_on-error"' in refused.text) == (422, True)
    for path in ("move/activate", "shown", "days"):
        assert client.post(f"/profiles/{new_id}/{path}", data={"first_on": "2099-02-01", "last_on": "2099-02-02"}).status_code == 303
    refused = client.post(f"/profiles/{new_id}/move/retire", data={"retired_as": "unhappy"})
    assert (refused.status_code, re.findall(r'id="(\S+)-error"', refused.text)) == (422, ["reason-retire"])
    refused = client.post(f"/profiles/{new_id}/move/rest", data={"rests_until": "2020-01-01"})
    marked = re.findall(r'id="(\S+)-error"', refused.text)
    assert (refused.status_code, marked, refused.text.count('aria-invalid="true"')) == (422, ["rests-until", "reason-rest"], 2)
    assert ("A rest ends on a day to come." in refused.text, "2020-01-01" in refused.text) == (True, True)
    page = client.get(f"/profiles/{new_id}").text
    for text in ("Moved off tape, twice.", "May be asked", "Website", "Evidence", "Active", "Written down by staff", "holds until"):
        assert text in page, text
    file = re.search(r'href="(/files/\d+[^"]*)"', page)
    assert file
    with client.get(file[1]) as own, sign_in(person(database, scene.greta_id)).get(file[1]) as others:
        assert (own.status_code, others.status_code) == (200, 404)


def test_the_link_of_a_mail_shows_on_get_and_decides_on_post_without_signing_in(
    database: Database, client: PortalClient, sign_in: SignIn, scene: Scene
) -> None:
    database.write(lambda s: ask_several(s, scene.boss, person_ids=[scene.id], now=utcnow()))
    with database.reading() as session:
        token = token_to(session, scene.greta_id)
    for answer in ("", "true", "left"):
        page = client.get(f"/profiles/check?t={token}&a={answer}").text
        assert all(text in page for text in ("Ada", "Still true", "Something changed", "They left", "No longer suitable", "Moved off paper."))
    assert row_of(database, scene).status == Status.ACTIVE, "a scanner that opens every link decides nothing"
    assert "This link was sent to" not in page
    others = sign_in(person(database, scene.boss.id or 0)).get(f"/profiles/check?t={token}").text
    assert "you are signed in as" in others, "who presses reads whose answer it is"
    refused = client.post("/profiles/check/changed", data={"t": token})
    assert (refused.status_code, 'id="note-error"' in refused.text) == (422, True)
    assert client.post("/profiles/check/true", data={"t": token}).status_code == 303
    assert "Thank you" in client.get(f"/profiles/check?t={token}").text
    again = client.post("/profiles/check/left", data={"t": token})
    assert (again.status_code, row_of(database, scene).status) == (409, Status.ACTIVE)
    assert ("Somebody answered this already. Nothing was changed." in again.text, "Thank you" in again.text) == (True, False)
    with database.reading() as session:
        assert credit(session, scene.greta_id) == 5
    assert client.post("/profiles/check/true", data={"t": token + "x"}).status_code == 410
    assert client.get(f"/my-reference/link?t={token}").status_code == 410, "it opens nothing but its own question"
    assert client.get(f"/profiles/{scene.id}").status_code == 303


def test_who_is_said_to_have_left_stands_so_in_the_registry_and_at_their_company_with_what_there_is_to_do(
    database: Database, sign_in: SignIn, scene: Scene
) -> None:
    greta, admin = sign_in(person(database, scene.greta_id)), sign_in(person(database, scene.admin_id))
    company = f"/companies/{person(database, scene.id).company_id}"
    pages = ("/registry", f"/registry/people/{scene.id}", f"/profiles/{scene.id}", company)
    assert not any("aid to have left" in greta.get(page).text for page in pages)
    assert greta.post(f"/profiles/{scene.id}/answer/left", data={"note": "At a rival now."}).status_code == 303
    for page in pages:
        assert "aid to have left" in greta.get(page).text, page
    for page in pages[1:]:
        assert "/nominate?company=" in greta.get(page).text
    assert f"/admin/people/{scene.id}" in admin.get(pages[1]).text
    with database.reading() as session:
        (told,) = [mail.payload["data"]["note"] for mail in mails(session, "profile_left")]
    assert told == "At a rival now."


@pytest.mark.parametrize("is_link", [True, False])
def test_who_says_that_something_changed_corrects_it_in_the_same_form_and_that_counts_as_verified(
    database: Database, sign_in: SignIn, client: PortalClient, scene: Scene, is_link: bool
) -> None:
    def start(session: Session) -> tuple[int, str]:
        edit_profile(session, scene.ada, person_id=scene.id, name="Ada", title="Baker", language=None, time_zone=None, now=scene.at)
        return make_employee(session, name="Hanna").id, make_company(session, name="Kestrel Freight").name

    other_id, company = database.write(start)
    database.write(lambda s: ask_several(s, scene.boss, person_ids=[scene.id], now=utcnow()))
    with database.reading() as session:
        token = token_to(session, scene.greta_id)
    browser = client if is_link else sign_in(person(database, scene.greta_id))
    page = f"/profiles/check?t={token}" if is_link else f"/profiles/{scene.id}"
    act = "/profiles/check/changed" if is_link else f"/profiles/{scene.id}/answer/changed"

    def shown() -> dict[str, str]:
        text = browser.get(page).text
        with database.reading() as session:
            here = session.get_one(Company, session.get_one(Person, scene.id).company_id or 0).name
        assert ("wrote it themself" in text, 'name="title"' in text, 'name="company"' in text, 'name="owner"' in text) == (True, True, True, True)
        return {"t": token, **shown_again(text), "title": "Baker", "company": here, "owner": str(scene.greta_id)}

    data = shown()
    nothing = browser.post(act, data=data)
    assert (nothing.status_code, "Please say what changed" in nothing.text) == (422, True), "the same again is no correction"
    silent = browser.post(act, data=data | {"title": "Head of baking"})
    assert (silent.status_code, "wrote this title themself: “Baker”" in html.unescape(silent.text)) == (422, True)
    assert browser.post(act, data=data | {"company": "Nobody knows it"}).status_code == 422
    stale = browser.post(act, data=data | {"seen": "0" * 32, "title": "Head of baking", "is_sure": "y"})
    assert (stale.status_code, person(database, scene.id).title) == (409, "Baker")
    assert browser.post(act, data=data | {"title": "Head of baking", "is_sure": "y"}).status_code == 303
    ada, row = person(database, scene.id), row_of(database, scene)
    assert (ada.title, row.status, row.verify_why, row.verified_by_id) == ("Head of baking", Status.ACTIVE, "", scene.greta_id)
    assert row.verify_on is not None
    assert row.verify_on > utcnow().date(), "what was corrected pulls nothing forward"
    with database.reading() as session:
        assert (credit(session, scene.greta_id), mails(session, "profile_changed")) == (5, [])
    if not is_link:
        data = shown_again(browser.get(page).text) | {"title": "Head of baking", "company": data["company"]}
        assert browser.post(act, data=data | {"owner": str(other_id)}).headers["Location"].endswith("/profiles"), "no longer theirs to see"
        admin = sign_in(person(database, scene.admin_id))
        data = shown_again(admin.get(page).text) | {"title": "Head of baking", "company": company, "owner": str(other_id), "note": "Call later."}
        assert admin.post(act, data=data).status_code == 303
        with database.reading() as session:
            moved = session.get_one(Company, session.get_one(Person, scene.id).company_id or 0)
            assert (moved.name, row_of(database, scene).status) == (company, Status.NEEDS_VERIFICATION), "a note waits to be written down"
    else:
        assert "What was corrected is written down" in browser.get(page).text


@pytest.mark.parametrize("door", ["changed", "doubt"])
def test_a_profile_in_doubt_says_what_was_written_and_promises_no_day(database: Database, sign_in: SignIn, scene: Scene, door: str) -> None:
    greta = sign_in(person(database, scene.greta_id))
    assert "Asked again on" in greta.get(f"/profiles/{scene.id}").text
    if door == "changed":
        data = shown_again(greta.get(f"/profiles/{scene.id}").text)
        assert greta.post(f"/profiles/{scene.id}/answer/changed", data=data | {"note": "Moved to another team."}).status_code == 303
    else:
        assert greta.post(f"/profiles/{scene.id}/move/doubt", data={"reason": "Moved to another team."}).status_code == 303
    page = words_of(greta.get(f"/profiles/{scene.id}").text)
    assert ("Asked again on" in page, "In doubt: nobody finds it" in page) == (False, True)
    for shown in (page, words_of(greta.get("/profiles/verify").text)):
        assert "What was written: <q>Moved to another team.</q>" in shown
    assert greta.post(f"/profiles/{scene.id}/answer/true").status_code == 303
    assert "Asked again on" in greta.get(f"/profiles/{scene.id}").text


def test_the_registry_says_of_whoever_is_retired_when_why_and_by_whom_and_offers_nothing(database: Database, sign_in: SignIn, scene: Scene) -> None:
    at = f"/registry/people/{scene.id}"
    greta, ada, other = (sign_in(person(database, one)) for one in (scene.greta_id, scene.id, database.write(make_employee).id))
    database.write(lambda s: s.execute(update(ReferenceProfile).values(tier=1)))
    assert ("What they offer" in other.get(at).text, "No reference any more" in other.get(at).text) == (True, False)
    asked, left = (greta.get(f"/profiles/{scene.id}").text.find(one) for one in ("This retires the profile at once", "answer/left"))
    assert 0 < asked < left, "what ends it is told before the buttons"
    assert greta.post(f"/profiles/{scene.id}/move/retire", data={"reason": "Said so at dinner.", "retired_as": "unhappy"}).status_code == 303
    retired = words_of(greta.get(f"/profiles/{scene.id}").text)
    assert ("Agreed to, but retired" in retired, "May be asked" in retired) == (True, False)
    for reader, words in ((greta, True), (other, False)):
        page = words_of(reader.get(at).text)
        assert ("What they offer" in page, "Not happy any more" in page, "Said so at dinner." in page) == (False, True, words)
        assert "No reference any more" in reader.get("/registry").text
        assert re.search(r"Greta retired their profile on [^<]+\.", page)
    assert ada.post("/my-reference/remove", data={}).status_code == 303
    page = words_of(other.get(at).text)
    assert ("They took themself out on" in page, "Greta retired" in page, "Not happy" in page) == (True, False, False)


def shown_again(page: str) -> dict[str, str]:
    return {"seen": re.findall('name="seen" value="([^"]+)"', page)[0]}


def words_of(page: str) -> str:
    return " ".join(page.split())


@pytest.mark.parametrize("is_link", [True, False])
def test_somebody_pauses_lowers_changes_and_removes_themself_at_once(
    database: Database, sign_in: SignIn, client: PortalClient, scene: Scene, is_link: bool
) -> None:
    heard: list[int] = []

    def hear(session: Session, actor: Actor, person_id: int, now: datetime, besides: AbstractSet[int]) -> list[CalledOff]:
        heard.append(person_id)
        assert besides == {scene.greta_id, scene.admin_id}
        return [CalledOff(frozenset({scene.greta_id}), "Site visit", "Prospect Works")]

    client.application.extensions["database"].inform_sessions(profile_removed=[hear])

    def start(session: Session) -> None:
        send_own_link(session, scene.greta, person_id=scene.id, now=utcnow())
        make_ask(session, scene.greta, scene.id)

    database.write(start)
    with database.reading() as session:
        link = mails(session, "profile_own")[0].payload["link"]
    token = link.partition("=")[2]
    base, own = ("/my-reference/link", {"t": token}) if is_link else ("/my-reference", {})
    browser = client if is_link else sign_in(person(database, scene.id))
    here = link if is_link else "/my-reference"
    assert "You may ask me for this." in browser.get(here).text

    def press(what: str, **data: object) -> int:
        return browser.post(f"{base}/{what}", data=own | data).status_code

    assert (press("limit", most="4"), press("limit", most="2")) == (422, 303)
    if is_link:  # a mail may be passed on, so it only lowers: the page says who can raise it
        assert "sign in and say so under “My asks”" in words_of(browser.get(here).text)
        database.write(lambda s: s.execute(update(Person).where(Person.id == scene.id).values(state=PersonState.CONTACT)))
        assert "To be asked more often again, tell Greta, who looks after your company" in words_of(browser.get(here).text)
        database.write(lambda s: s.execute(update(Person).where(Person.id == scene.id).values(state=PersonState.ACTIVE)))
    else:
        assert "More ways: kinds, months, more often" in browser.get(here).text
    assert (press("pause"), row_of(database, scene).status) == (303, Status.RESTING)
    until = (utcnow() + timedelta(days=90)).date()
    with database.reading() as session:
        terms = budget_of(session, scene.id, utcnow()).person.terms
        assert (terms.most, terms.paused_until in (until, until + timedelta(days=1))) == (2, True)
    assert (press("resume"), row_of(database, scene).status) == (303, Status.ACTIVE)
    assert (press("does", call="no", press="never", video="yes"), press("days", first_on="2099-01-02", last_on="2099-01-01")) == (303, 422)
    with database.reading() as session:
        assert activities_of(session, [scene.id], utcnow())[scene.id] == [Activity.VIDEO]
        assert [one.activity for one in does(session, scene.id, utcnow()) if one.is_never] == [Activity.PRESS]
        words = session.scalars(select(Consent.words).where(Consent.person_id == scene.id, Consent.ended_at.is_(None))).all()
        assert [word.endswith("may ask me for: Video.") for word in words] == [True]
        assert len(mails(session, "profile_taken_back")) == 2, "the owner and the admin, once each"
    over = browser.post(f"{base}/does", data=own | {"video": "yes", "until_video": "2020-01-01"})
    assert (over.status_code, "This day is over. Choose a later one, or none." in over.text, 'value="2020-01-01"' in over.text) == (422, True, True)
    assert (press("does", video="yes", until_video="2099-05-03"), press("does", video="yes")) == (303, 303)
    held, noon = select(Consent.expires_on).where(Consent.person_id == scene.id, Consent.ended_at.is_(None)), datetime(2099, 5, 3, 12, tzinfo=UTC)
    with database.reading() as session:
        assert session.scalars(held).all() == [noon.date()], "the day stays where a form says nothing of it"
        assert [activities_of(session, [scene.id], noon + timedelta(days=day)).get(scene.id, []) for day in (0, 1)] == [[Activity.VIDEO], []]
    page = browser.get(here).text
    assert "holds until" in page
    assert re.search(r'name="seen_until_video"[^>]*value="2099-05-03"', page), "the form says back which day it was opened with"
    assert re.search(r'for="until_video">A yes holds until, if you like<span class="sr-only"> \(Video\)</span>', page), "each day says of what"
    assert press("does", video="yes", until_video="", seen_until_video="") == 303
    with database.reading() as session:
        assert session.scalars(held).all() == [noon.date()], "a page of before the day was changed takes no day back"
    assert press("does", video="yes", until_video="", seen_until_video="2099-05-03") == 303
    with database.reading() as session:
        assert session.scalars(held).all() == [None]
    assert press("does", video="yes", until_video="2099-05-03", seen_until_video="") == 303
    assert press("does", video="yes", until_video="") == 303
    with database.reading() as session:
        assert session.scalars(held).all() == [None]

    def fields(of: str) -> dict[str, str]:
        """Return what the form of kinds sends as the page ``of`` shows it."""
        form = re.findall(r'<form[^>]*id="does".*?</form>', of, re.DOTALL)[0]
        typed = re.findall(r'<input[^>]*type="(?:hidden|date)"[^>]*>', form) + re.findall(r'<input type="radio"[^>]* checked>', form)
        value = {re.findall(r' name="([^"]+)"', one)[0]: "".join(re.findall(r' value="([^"]*)"', one)) for one in typed}
        return {name: sent for name, sent in value.items() if name not in ("csrf_token", "t")}

    def standing() -> dict[Activity, str]:
        with database.reading() as session:
            kinds = does(session, scene.id, utcnow())
            return {one.activity: f"until {one.consent.expires_on}" for one in kinds if one.holds and one.consent} | {
                one.activity: "never" for one in kinds if one.is_never
            }

    assert press("does", quote="yes", logo="yes") == 303
    stale = fields(browser.get(here).text)
    assert (stale["quote"], stale["seen_quote"], stale["seen_press"], stale["seen_call"]) == ("yes", "yes", "never", "no")
    assert press("does", video="no", quote="no", logo="never", press="no") == 303
    assert press("does", quote="yes", until_quote="2099-05-03", call="yes", visit="yes") == 303
    since = {Activity.QUOTE: "until 2099-05-03", Activity.CALL: "until None", Activity.VISIT: "until None", Activity.LOGO: "never"}
    assert standing() == since
    assert (press("does", **stale), standing()) == (303, since), "a tab of before gives nothing again and takes nothing back by being kept"
    assert press("does", **stale | {"video": "never", "review": "yes"}) == 303
    assert standing() == since | {Activity.VIDEO: "never", Activity.REVIEW: "until None"}, "what is changed in it is done, and nothing else"
    assert press("does", **stale | {"quote": "no"}) == 303
    assert Activity.QUOTE not in standing(), "what is taken back in it is taken back"
    assert (press("days", first_on="2099-01-02", last_on="2099-01-05"), press("say", story="In my words.", language="English")) == (303, 303)
    with database.reading() as session:
        assert {"story", "language", "days_off"} <= own_fields(session, scene.id)
    stop = words_of(browser.get(here).text)
    assert "nobody asks you for calls, reviews and the like any more. Surveys and invitations can still come" in stop
    assert "Ask me for nothing at all" in stop
    at_once = {"nothing_at_all": "y"} if is_link else {}
    assert (press("remove", **at_once), press("remove")) == (303, 303)
    row = row_of(database, scene)
    assert (row.status, row.retired_as, row.is_visible, heard) == (Status.RETIRED, Retired.OWN_WISH, False, [scene.id])
    with database.reading() as session:
        assert open_asks(session, system(), person_id=scene.id) == []
        assert not session.scalars(select(Consent.id).where(Consent.person_id == scene.id, Consent.ended_at.is_(None))).all()
        told = {mail.payload["to"]["person_id"]: mail.payload["data"]["called_off"] for mail in mails(session, "profile_removed")}
        assert told == {scene.greta_id: [["Site visit", "Prospect Works"], ["Reference call", ""]], scene.admin_id: []}
        assert mails(session, "ask_answered") == [], "who reads that they are gone reads there that the ask went with it"
        assert {mail.payload["data"]["asks_nothing"] for mail in mails(session, "profile_removed")} == {is_link}, "staff read what else ends"
    over = words_of(browser.get(here).text)
    assert "You are no reference any more" in over
    assert ("Surveys and invitations can still come, at most 2 in 90 days." in over, "You are asked for nothing at all" in over) == (
        not is_link,
        is_link,
    )
    if not is_link:
        assert 'href="/asks"' in over
        assert press("limit", most="0") == 303
    assert "You are asked for nothing at all, surveys and invitations included." in words_of(browser.get(here).text)
    with database.reading() as session:
        assert budget_of(session, scene.id, utcnow()).person.terms.most == 0
    client.application.extensions["database"].inform_sessions(profile_removed=[])


def test_what_somebody_ruled_out_under_my_asks_stands_on_their_profile_as_offered_but_ruled_out(
    database: Database, sign_in: SignIn, scene: Scene
) -> None:
    def say(number: int, **terms: Any) -> None:
        database.write(lambda s: set_own_terms(s, scene.ada, terms=Terms(**terms), now=scene.at + number * timedelta(days=1)))

    def page() -> str:
        return html.unescape(sign_in(person(database, scene.greta_id)).get(f"/profiles/{scene.id}").text)

    def since(text: str) -> str:
        return re.findall("under “My asks” since ([^:]+): nobody may ask them for it", text)[0]

    assert "May be asked" in page()
    say(1, unwanted=("review",))
    assert ("May be asked" in page(), "ruled out" in page()) == (True, False), "what they do not offer is no news"
    say(2, unwanted=("call",))
    first = since(page())
    say(4, unwanted=("call",), months_off=(12,), paused_until=(scene.at + timedelta(days=200)).date())
    said = page()
    assert "May be asked" not in said
    assert "Offered, but ruled out" in said
    assert since(said) == first, "since they ruled it out, not since they said something else"
    assert all(text in said for text in ("is paused until", "not to be asked in: December."))
    say(5)
    assert ("May be asked" in page(), "is paused until" in page()) == (True, False)


def test_the_customers_to_verify_and_the_bulk_push(database: Database, sign_in: SignIn, scene: Scene) -> None:
    admin, greta = sign_in(person(database, scene.admin_id)), sign_in(person(database, scene.greta_id))
    assert "Nothing to verify" in greta.get("/profiles/verify").text
    today = utcnow().date()
    for days, told in ((90, "0 to be verified now, 0 more"), (20, "0 to be verified now, 1 more"), (-3, "1 to be verified now, 0 more")):
        database.write(lambda s, on=today + timedelta(days=days): s.execute(update(ReferenceProfile).values(verify_on=on)))  # type: ignore[misc]
        listed = f"/profiles/{scene.id}" in greta.get("/profiles/verify").text
        assert [told in client.get("/profiles").text for client in (greta, admin)] == [True, True], "the count says what the list shows"
        assert listed == (days < 0)
    database.write(lambda s: s.execute(update(ReferenceProfile).values(verify_on=today + timedelta(days=90))))
    assert greta.post("/profiles/ask", data={"ids": [str(scene.id)]}).status_code == 403
    assert "Tick at least one profile" in admin.post("/profiles/ask", data={}, follow_redirects=True).text
    assert "one profile is asked about" in admin.post("/profiles/ask", data={"ids": [str(scene.id), "x"]}, follow_redirects=True).text
    assert "an admin asks" in greta.get("/profiles/verify").text
    assert greta.post(f"/profiles/{scene.id}/answer/true").status_code == 303
    assert "Nothing to verify" in greta.get("/profiles/verify").text


def test_lists_cost_as_many_queries_for_a_thousand_as_for_ten(database: Database, sign_in: SignIn, scene: Scene, count_queries: CountQueries) -> None:
    client = sign_in(person(database, scene.admin_id))

    def grow(session: Session, number: int) -> None:
        one = session.get_one(Person, scene.id)
        same = {
            c.name: getattr(one, c.name) for c in Person.__table__.columns if c.name not in ("id", "email", "email_key", "state", "password_hash")
        }
        plain = {"email": None, "email_key": None, "state": "invited", "password_hash": None}
        names = [{"name": f"Grown {number}-{n}", "name_key": f"grown {number}-{n}"} for n in range(number)]
        session.execute(insert(Person), [same | plain | name for name in names])
        ids = session.scalars(select(Person.id).where(Person.name_key.like(f"grown {number}-%"))).all()
        row = session.get_one(ReferenceProfile, scene.id)
        copy = {c.name: getattr(row, c.name) for c in ReferenceProfile.__table__.columns if c.name != "person_id"}
        copy["status"] = Status.NEEDS_VERIFICATION
        session.execute(insert(ReferenceProfile), [copy | {"person_id": found} for found in ids])

    costs: list[list[int]] = []
    for number in (10, 1_000):
        database.write(lambda s, n=number: grow(s, n))  # type: ignore[misc]
        costs.append([])
        for path in ("/profiles", "/profiles?q=grown&status=needs_verification", "/profiles/verify", f"/profiles/{scene.id}", "/registry"):
            with count_queries() as counted:
                page = client.get(path)
            assert page.status_code == 200
            assert path != "/registry" or "Grown" in page.text
            costs[-1].append(counted.total)
    assert costs[0] == costs[1]

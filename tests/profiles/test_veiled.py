"""Who stands behind a reference of tier 2 or 3 reaches no employee but their account owner: every page, file, search and offer is walked."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.accounts.actions.granting import grant_contact
from portal.acts.actions.acts import record_act
from portal.acts.actions.blocking import lift_block, set_block
from portal.finding.actions.library import Content, add_item
from portal.finding.rules.library import Kind
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Company, Person
from portal.people.queries.knowing import KNOWN, knows
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.seeing import known
from portal.profiles.rules.seeing import may_know
from portal.references.actions.decide import accept_nomination, decline_nomination
from portal.requests.actions.answering import accept
from portal.requests.actions.hearing import person_left
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.models import RequestCandidate
from portal.web.guards import audience_of
from tests.factories.asks import by_admin, by_advocate, by_employee, log_ask, make_ask
from tests.factories.consents import make_consent
from tests.factories.finding import make_profile_row
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.factories.references import make_nomination
from tests.factories.requests import make_request
from tests.factories.story import Story
from tests.journeys.test_every_page import ASKED, arguments
from tests.support.application import PortalClient, SignIn
from tests.support.routes import routes

NAMES, FIRMS, AT, OWNER = ("Zorblax", "Quimblet"), ("Zephyrfirm", "Quillonfirm"), "veiled.example", "Olwenna"
WITH_FIRMS = {"accounts.companies", "accounts.company", "accounts.all_of", "goodwill.company", "references.nominate"}
"""Pages about companies as such: that somebody is a customer is no secret, nor who looks after them."""
SAID = {"story": "We moved the freight ledgers.", "sensitivities": "Wary of lawyers.", "nps": 3}


class Veiled:
    """Two customers behind the veil: Zorblax of tier 2, who joined, and Quimblet of tier 3, a contact. Olwenna looks after both companies."""

    def __init__(self, session: Session) -> None:
        now = utcnow()
        self.reader, self.owner, self.admin = (
            make_employee(session, name="Rhea Reader").id, make_employee(session, name=f"{OWNER} Owner").id, make_admin(session).id,
        )  # fmt: skip
        self.firms = [make_company(session, name=name, owner_id=self.owner, industry="Mining", region="APAC").id for name in FIRMS]
        nominated = make_nomination(session, name=f"{NAMES[0]} Vey", email=f"{NAMES[0]}@{AT}".lower(), company=FIRMS[0])
        accept_nomination(session, by_admin(self.admin), nomination_id=nominated.id, now=now)
        two, self.nomination = session.get_one(Person, nominated.person_id), nominated.id
        three = make_contact(session, name=f"{NAMES[1]} Mott", email=f"{NAMES[1]}@{AT}".lower(), company_id=self.firms[1])
        self.two, self.three = two.id, three.id
        for person, tier in ((two, 2), (three, 3)):
            make_profile_row(session, person, tier=tier, products=("Ledgers",), now=now, **SAID | {"nps": None})
            self.ask = make_ask(session, by_admin(self.admin), person.id, channel="email").id
            log_ask(session, by_employee(self.owner), person.id, now - timedelta(days=40), came="completed")
            make_consent(session, person, quote="It carries the ore for us.")
            act: dict[str, Any] = {"kind": "call", "track": "endorse", "source_type": "test", "source_id": person.id, "points": 0}
            record_act(session, system("test"), person_id=person.id, company_id=person.company_id, **act, happened_at=now, now=now)
            given = {"person": f"#{person.id}", "quote": "It carries the ore.", "permission": "By mail."}
            item = Content(Kind.QUOTE, "Ore carried", "Ledgers that lose freight", **given)
            self.item = add_item(session, by_admin(self.admin), key=f"veiled-{tier}", content=item, file_id=None, now=now).id

    def request(self, session: Session) -> tuple[int, int]:
        """Let the reader ask through an admin, who proposes Zorblax."""
        request = make_request(session, session.get_one(Person, self.reader), is_self_serve=False)
        made = propose(session, by_admin(self.admin), request_id=request.id, person_id=self.two, now=utcnow())
        return request.id, made.id


@pytest.fixture
def veiled(database: Database) -> Veiled:
    return database.write(Veiled)


def assert_veiled(address: str, text: str, *, firms: bool = False) -> None:
    hidden = (*NAMES, AT, *(() if firms else FIRMS), *((OWNER,) if address.startswith(("/find", "/requests/")) else ()))
    found = [secret for secret in hidden if secret.casefold() in text.casefold()]
    assert not found, f"{address} tells {found}"


def walked(app: Flask, client: PortalClient, values: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield endpoint, address and what it says of every page an employee can open, and of every file it offers."""
    for endpoint, _, path in routes(app, frozenset({"GET"}), values):
        if endpoint in ("static", "people.sign_out", "health.readyz") or audience_of(app, endpoint) not in {"employee", "staff", "member", "public"}:
            continue
        answer = client.get(path + ASKED.get("/".join(path.rsplit("/", 2)[-2:]), ""), buffered=True)
        assert answer.status_code < 500, path
        said = answer.get_data(as_text=True) if answer.mimetype.startswith("text/") else ""
        yield endpoint, path, said
        for kind in ("csv", "xlsx"):
            if f"format={kind}" in said:
                yield endpoint, f"{path}?format={kind}", client.get(f"{path}?format={kind}", buffered=True).get_data().decode("utf-8", "replace")
        answer.close()


@pytest.mark.only_on("sqlite", reason="what a page shows does not depend on the database engine; the rule runs on both below")
def test_who_is_behind_the_veil_is_in_no_page_file_search_or_offer_for_an_employee(
    app: Flask, database: Database, sign_in: SignIn, story: Story, veiled: Veiled
) -> None:
    request_id, candidate_id = database.write(veiled.request)
    client, number = sign_in(veiled.reader), 0
    found = client.get("/find?industry=Mining&activity=call").text
    (name,) = set(re.findall(r"/find/(v[a-z2-7]{13})\?", found))
    assert "A company of Mining in APAC" in found
    own = {"request_id": request_id, "candidate_id": candidate_id, "nomination_id": veiled.nomination, "library_item_id": veiled.item}
    for who, firm, called in ((veiled.two, veiled.firms[0], name), (veiled.three, veiled.firms[1], veiled.three), (veiled.two, veiled.firms[0], 7)):
        values = arguments(story) | own | {"person_id": who, "company_id": firm, "reference_name": called}
        for endpoint, address, said in walked(app, client, values):
            assert_veiled(address, said, firms=endpoint in WITH_FIRMS)
            assert not re.search(rf"people/{who}\b|person={who}\b|value=\"{who}\"|id=\"p{who}\"", said), f"{address} tells the number"
            number += 1
    assert number > 200
    parts = ("orbla", "uimble", "ephyrfir", "uillonfir", "rblax@veiled.exampl")
    places = ("/goodwill?q=", "/registry?q=", "/registry?company=", "/profiles?q=", "/library?q=", "/requests?q=", "/goodwill/log/names?person=")
    for place in (*places, "/find?worry=", "/find?industry=Mining&worry=ore+"):
        for part in parts:
            assert_veiled(place + part, client.get(place + part).text)
    for word in ("zorblax", "zephyrfirm"):
        assert "Ore carried" not in client.get(f"/library?q={word}").text + client.get(f"/find?worry={word}").text
    assert "Ore carried" in client.get("/library?q=ledgers+freight").text, "by what it says an item is found"
    for whom in (veiled.two, veiled.three):
        for path in ("/registry/people/{}", "/goodwill/people/{}", "/profiles/{}", "/find/{}"):
            assert client.get(path.format(whom)).status_code == client.get(path.format(10**9)).status_code == 404, path
        for path in (f"/people/{whom}/contact/registry", f"/goodwill/people/{whom}", f"/goodwill/asks/{veiled.ask}/yes", f"/find/{whom}/favourite"):
            answer = client.post(path, data={"kind": "call", "key": "k", "channel": "email", "is_on": "1"})
            assert answer.status_code == 404, path
            assert_veiled(path, answer.text)
        for typed in (f"#{whom}", f"(#{whom})", f"{NAMES[0]}@{AT}".lower()):
            forms = {
                "/goodwill/log": {"person": typed, "kind": "call", "happened_on": utcnow().date().isoformat(), "channel": "email", "key": "k"},
                "/goodwill/several": {"people": typed, "kind": "call", "channel": "email", "key": "k"},
                "/profiles/new": {"person": typed, "tier": "2"},
                f"/requests/{request_id}/propose": {"who": typed},
            }
            for path, data in forms.items():
                said = client.post(path, data=data, follow_redirects=True).text.replace(typed, "")
                assert_veiled(path, said)
    said = client.get(f"/nominate?email={NAMES[0]}@{AT}".lower(), headers={"HX-Target": "known", "HX-Request": "true"}).text
    assert "Vey" not in said
    owner = sign_in(veiled.owner)
    for listed in ("/goodwill", "/registry", "/goodwill?format=csv", f"/registry/people/{veiled.two}", f"/companies/{veiled.firms[0]}"):
        assert NAMES[0] in owner.get(listed).text, "the account owner reads it"


@pytest.mark.only_on("sqlite", reason="what a page shows does not depend on the database engine")
def test_a_nomination_names_neither_who_was_turned_down_nor_who_is_behind_the_veil(database: Database, sign_in: SignIn, veiled: Veiled) -> None:
    def nominated(session: Session) -> tuple[int, int, int]:
        turned = make_nomination(session, name="Wilhelmine Turned", email="turned@works.example").id
        decline_nomination(session, by_admin(veiled.admin), nomination_id=turned, reason="Not now.", now=utcnow())
        make_profile_row(session, make_person(session, name=f"{NAMES[0]} Member", email=f"member@{AT}"), tier=2, now=utcnow())
        waits = make_nomination(session, name="Plain Sight", email="plain@works.example").id
        return turned, waits, make_nomination(session, name=f"{NAMES[1]} Mott", email=f"{NAMES[1]}@{AT}".lower()).id

    turned, waits, behind = database.write(nominated)
    client = sign_in(veiled.reader)
    for hidden in (turned, behind):
        page = f"/registry/nominations/{hidden}"
        for answer in (client.get(page), client.post(f"{page}/contact")):
            assert answer.status_code == 404
            assert "Wilhelmine" not in answer.text
            assert_veiled(page, answer.text)
    refused = client.post(f"/registry/nominations/{waits}/contact")
    assert (refused.status_code, "Plain Sight" in refused.text) == (403, True), "who stands in the registry has a name"
    address = f"member@{AT}"
    said = client.get(f"/nominate?email={address}", headers={"HX-Target": "known", "HX-Request": "true"}).text
    assert (f"{address} is a member already" in said, "See the registry" in said) == (True, False)
    data = {"key": "k", "company": "Works", "name": "As Typed", "email": address, "why": "Tells it well.", "activities": ["call"]}
    again = client.post("/nominate", data=data)
    assert "As Typed is a member already, so there is nothing left to do." in again.text
    assert "You find them" not in again.text, "they stand in no registry of this reader"


@pytest.mark.only_on("sqlite", reason="what a page shows does not depend on the database engine")
def test_a_request_through_an_admin_names_nobody_before_the_yes_whatever_happens(database: Database, sign_in: SignIn, veiled: Veiled) -> None:
    client = sign_in(veiled.reader)
    now = utcnow()

    def read(request_id: int) -> str:
        pages = (f"/requests/{request_id}", "/requests", "/requests?format=csv", "/inbox", "/", f"/companies/{veiled.firms[0]}")
        texts = {page: client.get(page).text for page in pages}
        for page, text in texts.items():
            assert_veiled(page, text, firms=page.startswith("/companies"))
        return texts[f"/requests/{request_id}"]

    name = re.findall(r"/find/(v[a-z2-7]{13})\?", client.get("/find?industry=Mining").text)[0]
    asked = {
        "key": "form",
        "person": name,
        "activity": "call",
        "prospect": "Some Prospect",
        "needed_by": (now + timedelta(days=20)).date().isoformat(),
    }
    draft = client.post("/requests/new", data=asked | {"do": "draft"}).location
    assert f'value="{name}"' in client.get(draft).text, "a draft keeps whom it was begun for, by the veiled name"
    sent = client.post("/requests/new", data=asked | {"do": "send"})
    assert sent.status_code == 303
    request_id = int(sent.location.rsplit("/", 1)[1])
    assert f"(#{veiled.two})" in sign_in(veiled.admin).get(sent.location).text, "the admin reads whom they found"
    read(request_id)
    made = database.write(lambda s: propose(s, by_admin(veiled.admin), request_id=request_id, person_id=veiled.two, now=now).id)
    read(request_id)
    database.write(lambda s: agree(s, by_employee(veiled.owner), request_id=request_id, candidate_id=made, asks_now=False, now=now))
    read(request_id)
    ask = f"/requests/{request_id}/candidates/{made}/ask"

    def refused() -> None:
        said = client.post(ask, follow_redirects=True).text
        assert_veiled("the refusal", said)
        assert "This customer cannot be asked now" in said
        read(request_id)

    block = database.write(lambda s: set_block(s, by_admin(veiled.admin), kind="legal", reason="A case.", person_id=veiled.two, now=now).id)
    refused()
    database.write(lambda s: lift_block(s, by_admin(veiled.admin), block_id=block, reason="Over.", now=now))
    address = database.write(lambda s: s.get_one(Person, veiled.two).email)
    database.write(lambda s: s.execute(update(Person).where(Person.id == veiled.two).values(email=None, email_key=None)))
    refused()
    database.write(lambda s: s.execute(update(Person).where(Person.id == veiled.two).values(email=address, email_key=address)))
    assert client.post(ask).status_code == 303
    read(request_id)
    database.write(lambda s: person_left(s, by_advocate(veiled.two), veiled.two, now, frozenset()))
    assert "The proposal was taken back" in read(request_id)
    again, second = database.write(veiled.request)
    walls = [now.replace(tzinfo=None) + timedelta(days=3)]

    def said_yes(session: Session) -> None:
        agree(session, by_employee(veiled.owner), request_id=again, candidate_id=second, now=now)
        row = session.get_one(RequestCandidate, second)
        accept(session, "127.0.0.1", candidate=row, walls=walls, minutes=30, zone="Europe/Berlin", now=now)

    database.write(said_yes)
    assert NAMES[0] in client.get(f"/requests/{again}").text, "after the yes they read who it is"
    assert NAMES[0] in client.get(f"/companies/{veiled.firms[0]}").text, "and so do pages, as long as the contact is theirs"


def test_the_rule_in_sql_says_what_the_rule_says(database: Database, veiled: Veiled) -> None:
    now = utcnow()

    def scene(session: Session) -> dict[int, tuple[int | None, int]]:
        people = {veiled.two: (2, veiled.owner), veiled.three: (3, veiled.owner)}
        for tier in (None, 1, 2, 3):
            person = make_person(session, company_id=make_company(session, owner_id=veiled.reader).id)
            if tier:
                make_profile_row(session, person, tier=tier)
            people[person.id] = (tier, veiled.reader)
        grant_contact(session, viewer_id=veiled.reader, person_id=veiled.three, source=("test", 1), now=now)
        return people

    people = database.write(scene)
    database.inform_sessions(**{KNOWN: known})
    with database.reading() as session:
        for actor in (by_employee(veiled.reader), by_employee(veiled.owner), by_admin(veiled.admin), by_advocate(veiled.two), system()):
            granted = {veiled.three} if actor.id == veiled.reader else set()
            said = {
                one for one, (tier, owner_id) in people.items()
                if may_know(actor, person_id=one, owner_id=owner_id, tier=tier, is_granted=one in granted)
            }  # fmt: skip
            assert knows(session, actor, people) == said, actor
        stranger = Actor(id=veiled.reader, roles=frozenset({"employee"}))
        assert veiled.two not in knows(session, stranger, people)
        assert session.scalars(select(ReferenceProfile.tier).where(ReferenceProfile.person_id == veiled.two)).one() == 2
        assert session.scalar(select(Company.owner_id).where(Company.id == veiled.firms[0])) == veiled.owner

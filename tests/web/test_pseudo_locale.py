"""Every page and every mail in a language of brackets: what is said without being translated is found, wherever it comes from."""

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from config import ROOT, Settings
from portal.challenges.forms.sites import LANGUAGES
from portal.challenges.library.reading import built_in
from portal.challenges.rules.gaps import gaps_in
from portal.challenges.rules.sites import built_in as sites
from portal.challenges.rules.templates import document_of
from portal.kernel.countries import COUNTRIES
from portal.kernel.db import Database
from portal.kernel.schema import Base
from portal.notifications.mails import Mailer
from portal.notifications.rules import Recipient
from portal.notifications.senders import FolderSender
from portal.people.models import Person
from portal.rewards.rules.tickets import number_of
from portal.web.guards import audience_of
from portal.wiring import IMPORTERS
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.story import Story
from tests.support.application import SECRET, SignIn
from tests.support.pseudo import Known, speak_pseudo, texts
from tests.support.routes import sample_values

AUDIENCES = {"advocate": {"advocate", "member"}, "employee": {"employee", "staff", "member"}, "admin": {"admin", "reviewer", "staff", "member"}}
# A key under which no template is.
OWN = "own-none"
# The table in which a route's argument is an id.
TABLES = {
    "card": "redemption",
    "batch": "import_batch",
    "file": "stored_file",
    "holding": "badge_holding",
    "request": "reference_request",
    "candidate": "request_candidate",
    "days": "profile_blackout",
}
# Labels that WTForms makes for hidden fields, which nobody reads, and a step's title, which an admin wrote where other kinds have a label.
NOT_OURS = {
    "Again",
    "Corrects",
    "Sure",
    "Seen",
    "Zone",
    "Edition",
    "Activity",
    "After",
    "Upto",
    "Wanted",
    "Period",
    "Person",
    "C",
    "Came",
    "Company",
    "Is On",
    "Item",
    "Key",
    "Next",
    "Scope",
    "Seen People",
    "Seen Total",
    "Shown",
    "Shown Price",
    "Step answer",
    "T",
    "Tab",
    "Verdict",
}
# What is searched for in vain, and what a file brings that stands in no row.
SEARCHED, FILE = "zzzzzz", ["Firm", "Trade", "Orchard Works", "Fruit", "UTF-8"]
# Answers that are no pages, and the one that ends the visit.
LEFT_OUT = {
    "people.sign_out",
    "appearance.brand",
    "appearance.favicon",
    "appearance.mark",
    "files.download",
    "files.picture",
    "files.video",
    "challenges.of_submission",
    "health.healthz",
    "health.readyz",
    "static",
}
# What the judge of pages is judged by: a piece of a page of the story, and what is bare in it.
JUDGED = {
    "<p>⟦Hello ⟪Ann Advocate⟫, <b>welcome</b> back⟧</p>": [],
    "<p>⟦Hello ⟪stranger⟫⟧</p>": ["stranger"],
    "<p>⟦Hello⟧ there</p><p>A good mug</p>": ["there"],
    '<input type="text" value="typed" placeholder="Name"><input type="submit" value="Send">': ["Name", "Send"],
    '<a title="Close" aria-label="⟦Close⟧" href="/x"></a><img alt="A logo">': ["Close", "A logo"],
    '<p translate="no">raw <b>facts</b></p><kbd>J</kbd><script>let x</script> 1,290 · 12 <br> pts': ["pts"],
    "<p>⟦Ask⟧ rita@reader.example</p><b>AA</b>": [],
    "<option value=draft>draft</option>": ["draft"],
}
MAILS = sorted(path for path in (ROOT / "templates" / "emails").iterdir() if path.is_dir())


@pytest.fixture(autouse=True)
def pseudo(monkeypatch: pytest.MonkeyPatch, extracted: Catalog, database: Database) -> Iterator[None]:
    """Speak the pseudo language, once the database is there. What was asked of it must be what a translator is given, or it stays as it is."""
    catalogue = speak_pseudo(monkeypatch)
    yield
    given = {message.id[0] if isinstance(message.id, tuple) else message.id for message in extracted}
    assert catalogue.asked - given - NOT_OURS == set()


def ids(database: Database) -> dict[str, list[Any]]:
    """Return, for each name that stands in a route, every id there is."""
    with database.reading() as session:
        found: dict[str, list[Any]] = {f"{t.name}_id": list(session.scalars(select(t.c.id))) for t in Base.metadata.sorted_tables if "id" in t.c}
    found |= {"ticket_number": [number_of(redemption_id, SECRET) for redemption_id in found["redemption_id"]]}
    found["reference_name"] = found["person_id"]
    found |= {"template_key": ["review", OWN], "template_step": [1], "site_key": ["gartner", "google"]}
    return found | {f"{name}_id": found[f"{table}_id"] for name, table in TABLES.items()}


def addresses(app: Flask, method: str, audiences: set[str], known: dict[str, list[Any]]) -> Iterator[str]:
    """Yield the address of every route of these audiences, once for each combination of ids."""
    with app.test_request_context():
        router = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.endpoint in LEFT_OUT or audience_of(app, rule.endpoint) not in audiences:
            continue
        names = [name for name in sorted(rule.arguments) if name in known]
        for values in product(*(known[name] for name in names)):
            given = dict(zip(names, values, strict=True))
            yield router.build(rule.endpoint, sample_values(rule, given) | given, method=method)


def said(client: FlaskClient, address: str, method: str = "GET", **sent: Any) -> str:
    """Return the page that answers, if it is one."""
    answer = client.open(address, method=method, follow_redirects=True, **sent)
    assert answer.status_code < 500, f"{method} {address}: {answer.status_code}"
    return answer.text if answer.mimetype == "text/html" else ""


def strangers(client: FlaskClient, known: Known, address: str) -> dict[str, str]:
    """Return what one page says that nobody translated or wrote, with the address."""
    return dict.fromkeys(known.strangers(said(client, address)), f"GET {address}")


def told(found: dict[str, str]) -> str:
    return "\n".join(f"{where}: {text}" for text, where in found.items())


def knowledge(database: Database, settings: Settings) -> Known:
    """Return what pages may say as it is: what stands in the rows and settings, and the words of the files that are imported."""
    with database.reading() as session:
        known = Known(session, settings)
    documents = [document_of(template) for template in built_in().values()]
    known.add(*texts(documents), *gaps_in(documents), *texts([site.facts.stored() for site in sites().values()]))
    known.add(*(str(Locale.parse(language).get_display_name("en")) for language in LANGUAGES))  # Babel's own
    known.add(*(str(Locale("en").territories[code]) for code in COUNTRIES))
    known.add(*ids(database)["ticket_number"])
    known.add("PORTAL_BRAND_COMPANY", settings.currency, *FILE, *(field.name for importer in IMPORTERS for field in importer.fields), SEARCHED)
    return known


def import_companies(client: FlaskClient, database: Database) -> None:
    """Leave one import behind, with its columns still to be named."""
    rows = b"external_id,Firm,Trade\n1,Orchard Works,Fruit\n2,,Fruit\n"
    sent = client.post("/admin/imports/new", data={"kind": "companies", "source": "default", "file": (io.BytesIO(rows), "firms.csv")})
    assert sent.status_code == 303


def test_the_judge_finds_what_is_bare(database: Database, settings: Settings, story: Story) -> None:
    known = knowledge(database, settings)
    assert {html: known.strangers(html) for html in JUDGED} == JUDGED


@pytest.mark.parametrize("role", AUDIENCES)
def test_every_page_says_only_what_was_translated(
    app: Flask, database: Database, settings: Settings, sign_in: SignIn, story: Story, role: str
) -> None:
    client = sign_in(getattr(story, role))
    if role == "admin":
        import_companies(client, database)
    known = knowledge(database, settings)
    found: dict[str, str] = {}
    for address in {*addresses(app, "GET", AUDIENCES[role] | {"public"}, ids(database)), "/nothing-here"}:
        found |= strangers(client, known, address)
    assert not found, told(found)


@pytest.mark.parametrize("role", AUDIENCES)
def test_every_page_of_an_empty_programme_says_only_what_was_translated(
    app: Flask, database: Database, settings: Settings, sign_in: SignIn, role: str
) -> None:
    """Empty lists, and searches that find nothing."""
    person: Person = database.write({"advocate": make_person, "employee": make_employee, "admin": make_admin}[role])
    client, visitor, known = sign_in(person), app.test_client(), knowledge(database, settings)
    found: dict[str, str] = {}
    nobody = {name: [] for name in ids(database)}
    for address in addresses(app, "GET", AUDIENCES[role] | {"public"}, nobody):
        found |= strangers(client, known, address) | strangers(client, known, f"{address}?q={SEARCHED}")
    for address in [*addresses(app, "GET", {"public"}, nobody), "/nothing-here"]:
        found |= strangers(visitor, known, address)
    assert not found, told(found)


@pytest.mark.parametrize("role", AUDIENCES)
def test_every_answer_to_an_empty_form_says_only_what_was_translated(
    app: Flask, database: Database, settings: Settings, sign_in: SignIn, story: Story, role: str
) -> None:
    """What a form says when nothing is filled in, what a rule says when it refuses, what a page says when it is done."""
    client = sign_in(getattr(story, role))
    known, found = knowledge(database, settings), dict[str, str]()
    for address in list(addresses(app, "POST", AUDIENCES[role] | {"public"}, {name: each[:1] for name, each in ids(database).items()})):
        page = said(client, address, "POST", data={})
        if known.strangers(page):  # What was done may have written something: the rows are read again.
            known = knowledge(database, settings)
        found |= dict.fromkeys(known.strangers(page), f"POST {address}")
    assert not found, told(found)


def test_every_mail_says_only_what_was_translated(app: Flask, settings: Settings, database: Database) -> None:
    mailer, written, found = Mailer(app, settings, FolderSender(settings.data / "mail")), knowledge(database, settings), {}
    to = Recipient(person_id=None, email="rita@reader.example", name="Rita Reader", language="en")
    for kind in MAILS:
        sample, known = json.loads((kind / "sample.json").read_text()), deepcopy(written)
        known.add(*texts(sample), to.name)
        for part in mailer.render(kind.name, sample, to=to, link="/inbox"):
            found |= dict.fromkeys(known.strangers(part), kind.name)
    assert not found, told(found)

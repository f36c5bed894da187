"""The database is stopped under the running portal, and started again: friendly answers, no mail lost, nobody restarts anything."""

import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from portal.kernel.db import Database
from portal.web.errors import OUTAGE
from tests.factories.notifications import make_mail
from tests.factories.people import PASSWORD, make_admin
from tests.notifications.test_worker import pass_a_minute, wait_until_open
from tests.support.databases import Servers, Templates
from tests.support.site import Post, Site, wait_for

MAILS = 24
NO_SERVER = "SQLite has no server to be stopped; its file is tried in tests/kernel/test_outage.py"
pytestmark = pytest.mark.only_on("postgresql", reason=NO_SERVER)


@dataclass(frozen=True)
class Answer:
    """What came back, whatever the status."""

    status: int
    headers: Message
    text: str


class Reader:
    """A person who reads and sends forms; keeps cookies, as browsers do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask(urllib.request.Request(self.url + path, headers=headers))

    def post(self, path: str, page: Answer, **fields: str) -> Answer:
        """Send a form that stood on ``page``."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token
        return self._ask(urllib.request.Request(self.url + path, data=urlencode({"csrf_token": token[1], **fields}).encode()))

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode())


@pytest.fixture
def own(engine_name: str, stoppable: Servers, tmp_path: Path) -> Iterator[Database]:
    """A database on a server that the test may stop."""
    templates = Templates(stoppable, tmp_path)
    found = Database(templates.copy(engine_name, tmp_path))
    yield found
    stoppable.resume()
    found.dispose()
    templates.drop(found.url)


@pytest.fixture
def place(own: Database, tmp_path: Path, post: Post) -> Iterator[Site]:
    """An installation on that database, with a brand; the test starts it."""
    made = Site(own, tmp_path, post)
    made.environment |= {"PORTAL_BRAND_NAME": "Harbour", "PORTAL_BRAND_COLOR": "#7a3b12"}
    yield made
    made.stop()


def wait_for_log(site: Site, words: str) -> None:
    wait_for(lambda: words in site.log.read_text(), f"{words!r} in the log")


def test_pages_say_so_and_come_back_by_themselves(own: Database, stoppable: Servers, place: Site) -> None:
    person = own.write(make_admin)
    place.start(worker=False)
    reader = Reader(place.url)
    assert person.email
    home = reader.post("/sign-in", reader.get("/sign-in"), email=person.email, password=PASSWORD)
    assert (home.status, reader.get("/readyz").status) == (200, 200)
    assert person.name in home.text
    stoppable.halt()
    for answer in (reader.get("/"), reader.get("/inbox"), reader.get("/sign-in"), reader.post("/sign-out", home)):
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert f"{OUTAGE}</h1>" in answer.text
        assert "What was saved is safe." in answer.text
        assert "· Harbour</title>" in answer.text, "the page is the portal's own, in its brand"
        assert person.name not in answer.text
        assert "psycopg" not in answer.text
    fragment = reader.get("/inbox", **{"HX-Request": "true"})
    assert (fragment.status, "<html" in fragment.text, "What was saved is safe." in fragment.text) == (503, False, True)
    # What the page itself is made of needs no database either, although the reader is signed in.
    parts = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg)[^"]*)"', reader.get("/").text)
    assert {part.split("?")[0] for part in parts} >= {"/brand.css", "/mark.svg"}
    assert [part for part in parts if reader.get(part).status != 200] == []
    ready = reader.get("/readyz")
    assert (ready.status, json.loads(ready.text)) == (503, {"database": "failing", "disk": "ok", "outbox": "failing"})
    assert reader.get("/healthz").status == 200
    stoppable.resume()
    assert person.name in reader.get("/").text, "still signed in: what was asked meanwhile was not half done"
    assert reader.get("/readyz").status == 200


class Holding(Post):
    """A mail server that lets the test look while mails are on their way."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.free = threading.Event(), threading.Event()

    async def handle_RCPT(self, server, _session, envelope, address, _options) -> str:  # type: ignore[no-untyped-def]
        self.asked.set()
        await server.loop.run_in_executor(None, self.free.wait, 60)
        envelope.rcpt_tos.append(address)
        return "250 OK"


def test_the_worker_survives_and_no_mail_is_lost(own: Database, stoppable: Servers, tmp_path: Path) -> None:
    """The database goes away while mails are on their way: they are sent, but nobody could note it. A repeat carries the same id."""
    slow = Holding()
    slow.start()
    site = Site(own, tmp_path, slow)
    try:
        for number in range(MAILS):
            own.write(lambda s, n=number: make_mail(s, email=f"reader{n}@customer.example"))
        worker = site.spawn("flask", "worker")
        assert slow.asked.wait(60)
        stoppable.halt()
        slow.free.set()
        wait_for_log(site, "the database cannot be reached")
        wait_for_log(site, "a tick failed")
        stoppable.resume()
        own.write(lambda s: make_mail(s, email="later@customer.example"))
        pass_a_minute(own)
        wait_until_open(site, 0)
        assert worker.poll() is None, "it is the same process"
    finally:
        slow.free.set()
        site.stop()
        slow.stop()
    assert worker.returncode == 0
    ids: dict[str, set[str]] = {}
    for mail in slow.mails:
        ids.setdefault(mail["To"].addresses[0].addr_spec, set()).add(mail["Message-ID"])
    assert set(ids) == {*(f"reader{number}@customer.example" for number in range(MAILS)), "later@customer.example"}
    assert all(len(found) == 1 for found in ids.values())


def test_what_is_started_without_a_database_waits_for_it(own: Database, stoppable: Servers, place: Site) -> None:
    """With the job store in the same database, which Huey must reach before it can begin."""
    place.environment["PORTAL_JOBS_URL"] = own.url
    own.write(make_mail)
    stoppable.halt()
    place.start(worker=False)
    worker = place.spawn("flask", "worker")
    assert Reader(place.url).get("/sign-in").status == 503
    wait_for_log(place, "the job store does not answer")
    stoppable.resume()
    assert Reader(place.url).get("/sign-in").status == 200
    wait_until_open(place, 0)
    assert worker.poll() is None


def test_a_worker_that_is_asked_to_stop_while_the_database_is_away_stops(own: Database, stoppable: Servers, place: Site) -> None:
    place.environment["PORTAL_LOG_LEVEL"] = "INFO"
    worker = place.spawn("flask", "worker")
    wait_for_log(place, "worker started")
    stoppable.halt()
    worker.terminate()
    assert worker.wait(timeout=30) == 0
    assert "worker ended" in place.log.read_text()

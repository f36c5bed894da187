"""Addresses that nobody links to: numbers past every id, texts that are no text, cursors of another list. A page may refuse them, never fail."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Request
from werkzeug.datastructures import ImmutableMultiDict

from portal.challenges.actions.editing import open_audience
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.web.guards import audience_of
from portal.web.paging import pack_cursor
from tests.factories.people import make_admin
from tests.factories.story import Story
from tests.support.routes import routes
from tests.web.test_security_routes import browsers, known

SAFE = frozenset({"GET"})
# Who opens the pages of which marks, so that each page is opened by one.
READERS = {"visitor": {"public"}, "advocate": {"advocate"}, "employee": {"employee"}, "admin": {"admin", "staff", "member"}}
HUGE = 10**30
TEXTS = ("\x00", "%\\", "a" * 5000, "٣", "\xed\xa0\x80", "0001-01-01", "9999-12-31", "-1", "7" * 30)
WORDS = """
    q state track kind role company industry region owner might email age since until what origin minutes points sort period step item size page
    format t next name why reward source tab url _scheme _external _method _anchor endpoint values person_id company_id challenge_id submission_id
    member step edition person
"""
CURSORS = (
    *(pack_cursor(values) for values in ([], [1], [10**12], [HUGE], ["x"], [None, None], [True, True])),
    *(pack_cursor(values) for values in ([1, 2], [1, 10**12], [10**12, 1], [HUGE, HUGE], ["x", 1], ["x", "y"], ["\x00", 1], ["\ud800", 1])),
    *(pack_cursor(values) for values in ([1, 2, 3], ["a", "b", "c"], ["a", "person", HUGE])),
    "W1tb" * 1000,
    "eyJ0IjoxfQ",  # {"t":1}
    "W3sidCI6IjIwMjYtMDEtMDEifSwxXQ",  # a day without time and zone
    "W3sidCI6IjAwMDEtMDEtMDFUMDA6MDA6MDArMTQ6MDAifSwxXQ",  # before the first moment there is
    "ä",
)


NAMES = frozenset(WORDS.split())
# Every odd text at once, each under some of the names.
MIXED = {name: TEXTS[n % len(TEXTS)] for n, name in enumerate(sorted(NAMES))}


class Noted(ImmutableMultiDict[str, str]):
    """The query of an address, which notes what a page asked it for; who reads all of it has asked for every name."""

    asked: set[str] = set()

    def get(self, key: str, *args: Any, **options: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *args, **options)

    def getlist(self, key: str, *args: Any, **options: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *args, **options)

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.asked |= NAMES
        return super().__iter__()

    def items(self, *args: Any, **options: Any) -> Any:
        self.asked |= NAMES
        return super().items(*args, **options)

    def lists(self) -> Any:
        self.asked |= NAMES
        return super().lists()

    def to_dict(self, *args: Any, **options: Any) -> Any:
        self.asked |= NAMES
        return super().to_dict(*args, **options)


class Asked(Request):
    parameter_storage_class = Noted


@pytest.fixture
def story(database: Database, story: Story) -> Story:
    # Beside the reward's, which is number 1: routes open number 1 of what the story does not name.
    assert database.write(lambda s: open_audience(s, system("test"), challenge_id=story.challenge, now=utcnow())) == 2
    return story


def pages(app, story: Story, role: str) -> list[str]:
    """Return the addresses of the pages that this reader opens here."""
    found = [(name, path) for name, _, path in routes(app, SAFE, known(story)) if audience_of(app, name) in READERS[role]]
    return [path for name, path in found if not name.startswith("files.") and name != "static"]


def test_a_number_past_every_id_is_not_found(app, sign_in, database, story) -> None:
    numbers = dict.fromkeys([*known(story), "batch_id", "stage_id"], HUGE)
    with app.test_request_context():
        rules = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and "<int:" in rule.rule]
    assert rules
    asked = [rule.replace("<int:", "<") for rule in rules]
    for name, number in numbers.items():
        asked = [path.replace(f"<{name}>", str(number)) for path in asked]
    client = browsers(sign_in, database, app)["admin"]
    assert {path: client.get(path).status_code for path in asked} == dict.fromkeys(asked, 404)


@pytest.mark.parametrize("role", READERS)
def test_no_text_in_an_address_breaks_a_page(app, sign_in, database, story, role) -> None:
    client = browsers(sign_in, database, app)[role]
    app.request_class = Asked
    failed, paged = [], 0
    for path in pages(app, story, role):
        Noted.asked.clear()
        if client.get(path).status_code != 200:
            continue
        cursors = CURSORS if "after" in Noted.asked else ()
        paged += bool(cursors)
        if client.get(path, query_string=MIXED).status_code >= 500:
            failed.append((path, "any", "mixed"))
        # Of a page that asked for none of the names, plainly and with all of them there, the texts can change nothing.
        texts = TEXTS if Noted.asked & NAMES else ()
        for query in [*(dict.fromkeys(NAMES, text) for text in texts), *({"after": cursor} for cursor in cursors)]:
            if client.get(path, query_string=query).status_code >= 500:
                failed += [(path, name, text) for name, text in query.items() if client.get(path, query_string={name: text}).status_code >= 500]
    assert not failed, "\n".join(map(str, failed))
    assert paged >= {"visitor": 0, "advocate": 5, "employee": 1, "admin": 15}[role]


def test_a_key_that_is_no_key_is_not_found(sign_in, database, subtests) -> None:
    client = sign_in(database.write(make_admin))
    for path in ("/admin/challenges/sites/{}", "/admin/challenges/templates/{}"):
        for key in ("a%00b", "%ED%A0%80", "a" * 3000):
            with subtests.test(path.format(key)):
                assert client.get(path.format(key)).status_code == 404

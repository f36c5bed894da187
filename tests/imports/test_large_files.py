"""Files too large to read while somebody waits: pages read the head, the worker reads all, says how far it is, and asks what the head could not."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask

from portal.files.storage import Storage
from portal.imports import jobs
from portal.imports.rules.records import Field
from portal.imports.rules.tables import HEAD_BYTES
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.importer import CompaniesImporter
from tests.imports.pages import COLUMNS, Work, batch_of, company_count, upload
from tests.support.application import PortalClient
from tests.support.units import is_free

ROWS = 2_000
ACTIVITY = ("external_id", "member_id", "track", "challenge", "points", "submitted_at", "verdict")


def companies(rows: int) -> bytes:
    return "".join(["Id,Company name,Sector\n", *(f"{n},Firm {n},Toys\n" for n in range(rows))]).encode()


def activity(last: str) -> bytes:
    """Return more activity than the head of a file holds, all with the verdict OK but the last."""
    line = "{n},m{n},engage,Quiz,5,2025-03-01,{verdict}\n"
    count = HEAD_BYTES // 25
    found = [",".join(ACTIVITY) + "\n", *(line.format(n=n, verdict="OK") for n in range(count)), line.format(n=count, verdict=last)]
    return "".join(found).encode()


MAPPED = {f"column_{name}": name for name in ACTIVITY}


def test_a_file_that_goes_wrong_far_down_is_mapped_and_then_refused_on_the_page(boss: PortalClient, database: Database, work: Work) -> None:
    """Its end is missing, which whoever reads only the head cannot know."""
    packed = gzip.compress("".join(["Id,Company name,Sector\n", *(f"{n},Firm {n * 7919 % 10_007},Toys\n" for n in range(60_000))]).encode())
    address = upload(boss, packed[:-9], name="rows.csv.gz")
    page = boss.get(address).text
    assert "rows.csv.gz: a long table, 3 columns, UTF-8, comma." in page
    assert "Firm 7919" in page
    assert boss.post(address, data=COLUMNS).location == "/admin/imports/1"
    assert work() == 1
    ended = boss.get("/admin/imports/1", headers={"HX-Request": "true", "HX-Target": "standing"})
    assert ended.headers["HX-Refresh"] == "true"
    assert boss.get("/admin/imports/1").location == address
    refused = boss.get(address).text
    assert "This file is not a CSV table." in refused
    assert '<option selected value="Company name">' in refused
    assert batch_of(database).state == "draft"
    assert company_count(database) == 0


def test_values_further_down_are_asked_for_when_the_whole_file_was_read(boss: PortalClient, database: Database, work: Work) -> None:
    address = upload(boss, activity("Rejected"), kind="activity")
    boss.post(address, data=MAPPED)
    first = boss.get(address).text
    assert ("The whole file was read" in first, "Rejected" in first) == (False, False)
    assert boss.post(address, data=MAPPED | {"value_verdict_0": "accepted"}).location == "/admin/imports/1"
    assert work() == 1
    asked = boss.get(address).text
    assert "The whole file was read, and some of its values have no meaning yet." in asked
    assert '<option selected value="accepted">' in asked
    assert "Rejected" in asked
    unsaid = boss.post(address, data=MAPPED | {"value_verdict_0": "accepted", "value_verdict_1": "?"})
    assert (unsaid.status_code, "Please say what this value means." in unsaid.text) == (422, True)
    said = MAPPED | {"value_verdict_0": "accepted", "value_verdict_1": "refused"}
    assert boss.post(address, data=said).location == "/admin/imports/1"
    assert work() == 1
    batch = batch_of(database)
    assert (batch.state, batch.preview and batch.preview["counts"]["bad"]) == ("checked", 0)
    again = boss.get(address).text
    assert ("The whole file was read" in again, "Rejected" in again) == (False, True)
    assert boss.post(address, data=said).location == "/admin/imports/1"
    assert work() == 1
    assert batch_of(database).state == "checked"


def test_one_meaning_for_any_other_value_leaves_nothing_to_ask(boss: PortalClient, database: Database, work: Work) -> None:
    rows = [f"{n},m{n},engage,Quiz,5,2025-03-01,Verdict {n}\n" for n in range(40)]
    address = upload(boss, "".join([",".join(ACTIVITY) + "\n", *rows]).encode(), kind="activity")
    given = {f"value_verdict_{place}": "refused" for place in range(31)}
    assert boss.post(address, data=MAPPED | given).location == "/admin/imports/1"
    assert work() == 1
    assert batch_of(database).state == "checked"


@dataclass(frozen=True)
class Noticed(Storage):
    """The real storage; asking where a file lies is noticed."""

    notice: Callable[[], None]

    def path(self, name, size=None):  # type: ignore[no-untyped-def]
        self.notice()
        return super().path(name, size)


@pytest.mark.only_on("sqlite", reason="a unit of work that has read only is no obstacle on PostgreSQL")
def test_the_file_is_opened_before_the_unit_that_keeps_the_mapping(boss: PortalClient, app: Flask, database: Database) -> None:
    address, seen = upload(boss, companies(3)), list[bool]()
    storage = app.extensions["storage"]
    app.extensions["storage"] = Noticed(storage.root, storage.limit_mb, lambda: seen.append(is_free(database)))
    assert boss.post(address, data=COLUMNS).status_code == 303
    assert seen == [True]


class Meanwhile(CompaniesImporter):
    """The real importer; while it reads the row with a certain name, something else happens."""

    def __init__(self, name: str, happens: Callable[[], None]) -> None:
        def read(value: str) -> Any:
            if value == name:
                happens()
            return value

        self.fields: tuple[Field, ...] = tuple(replace(f, read=read) if f.name == "name" else f for f in CompaniesImporter.fields)  # type: ignore[misc]


Check = Callable[[str, Callable[[], None]], None]


@pytest.fixture
def check(app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Return a function that runs the worker's check of the first batch and lets something happen at a row."""
    monkeypatch.setattr(jobs, "PROGRESS_SECONDS", 0.0)

    def run(name: str, happens: Callable[[], None]) -> None:
        jobs.handlers([Meanwhile(name, happens)], app.extensions["storage"])[jobs.CHECK](database, {"batch_id": 1}, utcnow())

    return run


def test_the_page_says_how_far_the_check_is_and_nobody_waits_for_it(boss: PortalClient, database: Database, check: Check) -> None:
    boss.post(upload(boss, companies(ROWS)), data=COLUMNS)
    seen: list[tuple[str, bool]] = []
    waiting = boss.get("/admin/imports/1").text
    assert "Every row is being checked" in waiting
    assert "are checked." not in waiting
    check("Firm 1600", lambda: seen.append((boss.get("/admin/imports/1").text, is_free(database))))
    ((page, was_free),) = seen
    assert "75% of 2,000 rows are checked." in page
    assert '<progress class="progress progress-primary mt-3" value="75" max="100"' in page
    assert was_free
    batch = batch_of(database)
    assert (batch.state, batch.rows_total, batch.steps_done, batch.steps_total) == ("checked", ROWS, 0, 0)


def test_a_check_ends_when_the_columns_get_another_meaning(boss: PortalClient, database: Database, check: Check, work: Work) -> None:
    address, read = upload(boss, companies(ROWS)), list[str]()
    boss.post(address, data=COLUMNS)

    def change() -> None:
        boss.post(address, data=COLUMNS | {"constant_country": "Peru"})

    check("Firm 10", change)
    check("Firm 1999", lambda: read.append("the end"))
    assert read == ["the end"]
    batch = batch_of(database)
    assert (batch.state, batch.preview and batch.preview["sample"][0]["country"]) == ("checked", "Peru")


def test_a_check_of_what_is_thrown_away_ends(boss: PortalClient, database: Database, check: Check) -> None:
    boss.post(upload(boss, companies(ROWS)), data=COLUMNS)
    read: list[str] = []

    def drop() -> None:
        read.append("dropped")
        assert boss.post("/admin/imports/1/drop").status_code == 303

    check("Firm 10", drop)
    check("Firm 10", lambda: read.append("never"))
    assert read == ["dropped"]


def test_a_large_import_runs_through(boss: PortalClient, database: Database, work: Work) -> None:
    """Larger than a head, with more bad rows than are written down at once."""
    content = companies(3) + b"".join(b"%d,,%s\n" % (n, b"x" * 250) for n in range(10, 1_210))
    assert len(content) > HEAD_BYTES
    boss.post(upload(boss, content), data=COLUMNS)
    assert work() == 1
    boss.post("/admin/imports/1/run")
    assert work() == 1
    batch = batch_of(database)
    assert (batch.state, batch.counts and batch.counts["bad"], batch.steps_done, batch.steps_total) == ("done", 1_200, 3, 3)
    assert boss.get("/admin/imports/1/errors.csv").text.count("\n") == 2_401

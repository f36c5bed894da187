"""What takes time comes before the unit of work, once, and what it came to is there again when the unit runs again."""

import io

import pytest
from flask import Flask, g
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import FileStorage

from portal.audit.actions import record
from portal.audit.models import AuditEvent
from portal.files.uploads import take_in
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, Refusal
from portal.web.transaction import db, let_go, writes
from tests.support.units import is_free


class LostRace(Exception):
    """What a driver reports."""

    sqlstate = "40001"


def add() -> None:
    record(db(), system(), "thing.made", "thing", 1, now=utcnow())


def test_what_comes_first_comes_once_with_nothing_held_and_is_ready_each_time(app: Flask, database: Database) -> None:
    seen: list[tuple[str, object]] = []

    def first(number: int) -> str:
        assert db().query(AuditEvent).count() == 0
        let_go()
        seen.append(("first", is_free(database)))
        return f"ready {number}"

    @writes(first=first)
    def view(number: int, ready: str) -> str:
        add()
        seen.append((ready, "db" in g))
        if len(seen) == 2:
            raise DBAPIError("", None, LostRace())
        return "done"

    with app.test_request_context():
        assert view(number=7).get_data(as_text=True) == "done"
    assert seen == [("first", True), ("ready 7", True), ("ready 7", True)]


def test_what_comes_first_only_reads(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(DBAPIError):
        writes(lambda ready: "done", first=add)()


def test_what_comes_first_may_refuse_as_the_unit_may(app: Flask) -> None:
    def refuse(number: int) -> None:
        raise NotAllowed()

    def again(refusal: Refusal, number: int) -> tuple[str, int]:
        return f"{refusal.name} {number}", refusal.status

    with app.test_request_context():
        answer = writes(lambda number, ready: "done", first=refuse, again=again)(number=7)
    assert (answer.get_data(as_text=True), answer.status_code) == ("NotAllowed 7", 403)


def test_nothing_slow_can_be_begun_inside_a_unit_of_work(app: Flask) -> None:
    upload = FileStorage(io.BytesIO(b"a,b"), filename="rows.csv")
    with app.test_request_context():
        with pytest.raises(RuntimeError, match="before the unit of work"):
            writes(lambda: take_in(upload, "import"))()
        assert take_in(upload, "import") is not None
        assert take_in(FileStorage(filename=""), "import") is None

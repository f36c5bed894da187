"""The unit of work: begins so that money is safe, commits once, runs hooks after."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from portal.kernel import db
from portal.kernel.db import Database, after_commit
from portal.kernel.errors import Busy, NotAllowed


def count(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM audit_event")).scalar_one())


def add(session) -> None:
    from portal.audit.actions import record
    from portal.kernel.actor import system
    from portal.kernel.clock import utcnow

    record(session, system(), "thing.made", "thing", 1, now=utcnow())


def test_a_unit_of_work_commits(database: Database) -> None:
    database.write(add)
    assert count(database) == 1


def test_a_refusal_rolls_the_unit_back_and_runs_no_hook(database: Database) -> None:
    ran: list[str] = []

    def work(session) -> None:
        add(session)
        after_commit(session, lambda: ran.append("hook"))
        raise NotAllowed()

    with pytest.raises(NotAllowed):
        database.write(work)
    assert count(database) == 0
    assert ran == []


class Said(Exception):
    """What a driver reports."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("sqlstate", "tries", "ends"), [("40P01", 3, Busy), ("40001", 3, Busy), ("55P03", 1, Busy), ("23505", 1, DBAPIError)])
def test_the_whole_unit_runs_again_where_the_engine_asks_for_it(database: Database, sqlstate: str, tries: int, ends: type[Exception]) -> None:
    """A deadlock and a lost race are tried again; a lock that was not to be had and a unique violation are answers."""
    begun: list[int] = []

    def work(session) -> None:
        add(session)
        begun.append(1)
        raise DBAPIError("", None, Said(sqlstate))

    with pytest.raises(ends):
        database.write(work, tries=3)
    assert (len(begun), count(database)) == (tries, 0)


def test_what_runs_again_counts_once(database: Database) -> None:
    begun, ran = [], []

    def work(session) -> None:
        add(session)
        after_commit(session, lambda: ran.append("hook"))
        begun.append(1)
        if len(begun) < 3:
            raise DBAPIError("", None, Said("40001"))

    database.write(work)
    assert (count(database), ran) == (1, ["hook"])


@pytest.mark.only_on("sqlite", reason="its pragma makes it compile every statement of a connection anew")
def test_sqlite_is_told_that_it_may_only_read_when_that_changes_and_not_with_every_transaction(database: Database) -> None:
    said: list[str] = []
    with database.reading() as session:
        session.connection().connection.driver_connection.set_trace_callback(said.append)
    for _ in range(3):
        database.write(lambda session: session.execute(text("SELECT 1")))
    for _ in range(3):
        with database.reading() as session:
            session.execute(text("SELECT 1"))
    assert [line for line in said if line.startswith("PRAGMA")] == ["PRAGMA query_only=OFF", "PRAGMA query_only=ON"]


def test_a_read_session_cannot_write(database: Database) -> None:
    with database.reading() as session, pytest.raises(DBAPIError):
        add(session)
    database.write(add)
    assert count(database) == 1


def test_a_hook_that_fails_undoes_and_hides_nothing(database: Database) -> None:
    ran: list[str] = []

    def work(session) -> str:
        add(session)
        after_commit(session, lambda: ran[1])
        after_commit(session, lambda: ran.append("the next hook"))
        return "done"

    with capture_logs() as logged:
        assert database.write(work) == "done"
    assert count(database) == 1
    assert ran == ["the next hook"]
    assert [line["event"] for line in logged] == ["a hook after the commit failed"]


@pytest.mark.only_on("sqlite", reason="one writer at a time: the next one waits for the whole database")
def test_a_database_that_another_writer_keeps_is_busy_not_broken(database: Database, app, client, monkeypatch) -> None:
    """The error of a refused BEGIN comes bare from the driver, past everything that knows what to do with errors."""
    monkeypatch.setattr(db, "PRAGMAS", tuple(p for p in db.PRAGMAS if "busy_timeout" not in p) + ("busy_timeout=50",))
    for each in (database, app.extensions["database"]):
        each.dispose()
    other = sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy):
        database.write(add)
    answer = client.post("/forgotten", data={"email": "ann@example.com"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    other.execute("ROLLBACK")
    other.close()
    assert client.post("/forgotten", data={"email": "ann@example.com"}).status_code == 303

"""A database that is away is told from one that says no, at the place where its driver speaks."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config import Settings
from portal.app import create_app
from portal.kernel.db import Database
from portal.kernel.errors import Busy, Unreachable
from portal.web.errors import OUTAGE, PAGES
from tests.support.databases import Servers, Templates

NO_FILE = "a file that cannot be opened is SQLite's way of being away"


def ask(session: Session) -> int:
    return int(session.execute(text("SELECT 1")).scalar_one())


@pytest.mark.only_on("postgresql", reason="SQLite has no server that could cut a connection")
def test_a_connection_cut_in_the_middle_is_an_outage_and_the_next_unit_has_a_new_one(database: Database) -> None:
    def cut(session: Session) -> None:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Unreachable) as caught:
        database.write(cut)
    assert isinstance(caught.value.__cause__, Exception)
    with pytest.raises(Unreachable), database.reading() as session:
        cut(session)
    assert database.write(ask) == 1
    with database.reading() as session:
        assert ask(session) == 1


@pytest.mark.only_on("postgresql", reason="SQLite has no server that could cut a connection")
def test_connections_that_died_in_the_pool_are_opened_anew_without_anybody_noticing(database: Database) -> None:
    assert database.write(ask) == 1
    other = Database(database.url)
    others = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    other.write(lambda session: session.execute(others))
    other.dispose()
    assert database.write(ask) == 1


@pytest.mark.only_on("postgresql", reason="SQLite has no server to be stopped")
def test_a_stopped_server_is_an_outage_for_readers_and_writers_until_it_is_back(engine_name: str, stoppable: Servers, tmp_path: Path) -> None:
    templates = Templates(stoppable, tmp_path)
    found = Database(templates.empty(engine_name, tmp_path))
    assert found.write(ask) == 1
    stoppable.halt()
    try:
        with pytest.raises(Unreachable):
            found.write(ask)
        with pytest.raises(Unreachable), found.reading():
            pass
    finally:
        stoppable.resume()
    assert found.write(ask) == 1
    found.dispose()
    templates.drop(found.url)


def test_a_mistake_stays_a_mistake(database: Database) -> None:
    with pytest.raises(DBAPIError):
        database.write(lambda session: session.execute(text("SELECT * FROM no_such_table")))


@pytest.mark.only_on("sqlite", reason=NO_FILE)
def test_a_file_that_is_no_database_is_no_outage(engine_name: str, tmp_path: Path) -> None:
    """It would not come back by waiting."""
    path = tmp_path / "portal.sqlite3"
    path.write_text("not a database at all, but long enough to be read as one\n" * 40)
    found = Database(f"sqlite:///{path}")
    with pytest.raises(DBAPIError, match="not a database"):
        found.write(ask)
    found.dispose()


@pytest.mark.only_on("sqlite", reason=NO_FILE)
def test_a_file_that_cannot_be_opened_is_answered_by_a_page_until_it_is_back(database: Database, settings: Settings) -> None:
    """The pool is empty, as after a start: what is open already goes on being read."""
    database.dispose()
    app = create_app(settings)
    path = Path(database.url.removeprefix("sqlite:///"))
    kept = path.rename(path.with_suffix(".kept"))
    path.mkdir()
    answer = app.test_client().get("/sign-in")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert OUTAGE in answer.text
    ready = app.test_client().get("/readyz")
    assert (ready.status_code, ready.get_json()["database"]) == (503, "failing")
    path.rmdir()
    kept.rename(path)
    assert app.test_client().get("/sign-in").status_code == 200
    assert app.test_client().get("/readyz").status_code == 200
    app.extensions["database"].dispose()


@pytest.mark.only_on("sqlite", reason="on PostgreSQL a reader waits for nobody")
def test_a_file_that_somebody_keeps_for_themselves_is_busy_for_readers_too(database: Database, settings: Settings) -> None:
    database.dispose()
    app = create_app(settings)
    other = sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE alembic_version SET version_num = version_num")
    with pytest.raises(Busy), app.extensions["database"].reading():
        pass
    answer = app.test_client().get("/sign-in")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert PAGES[503][0] in answer.text
    other.execute("ROLLBACK")
    other.close()
    assert app.test_client().get("/sign-in").status_code == 200
    app.extensions["database"].dispose()


@pytest.mark.parametrize("words", ["db upgrade", "db current", "people list", "ledger check", "board", "demo"])
def test_a_command_without_its_database_says_so_in_one_sentence(engine_name: str, tmp_path: Path, words: str) -> None:
    away = "postgresql://nobody@127.0.0.1:1/nothing" if engine_name == "postgresql" else f"sqlite:///{tmp_path}"
    settings = Settings(_env_file=None, data=tmp_path, database_url=away, secret_key="t" * 20 + "0123456789abcdef", log_level="ERROR")
    result = create_app(settings).test_cli_runner().invoke(args=words.split())
    assert result.exit_code == 2
    assert result.output == "Error: The database cannot be reached. See whether it runs, and what DATABASE_URL says.\n"

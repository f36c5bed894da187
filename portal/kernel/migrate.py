"""Running migrations from code, so that the command line, start-up and tests share one way.

Alembic is imported where it is used: a worker that serves pages would load it for nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from portal.kernel.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def alembic_config(connection: Connection | None = None) -> "Config":
    """Return Alembic's configuration for this project; there is no alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema up to ``revision``."""
    from alembic import command

    with _moving(database) as connection:
        command.upgrade(alembic_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema down to ``revision``; ``base`` empties it."""
    from alembic import command

    with _moving(database) as connection:
        command.downgrade(alembic_config(connection), revision)


@contextmanager
def _moving(database: Database) -> Iterator[Connection]:
    """Give a connection in one transaction.

    SQLite changes a table by making it anew, which works only while foreign keys rest; at the end all are checked.
    """
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        if database.is_sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        try:
            with connection.begin():
                yield connection
                if database.is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise RuntimeError(f"a row of {broken[0]} points at no row of {broken[2]}")
        finally:
            if database.is_sqlite:
                raw.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


def current(connection: Connection) -> str | None:
    """Return the revision the database stands at, or None if it is empty."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the revision that this code expects."""
    from alembic.script import ScriptDirectory

    found = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert found
    return found


def steps() -> list[tuple[str, str]]:
    """Return every revision with the one before it, the newest first; ``base`` stands before the first."""
    from alembic.script import ScriptDirectory

    walked = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return [(str(script.revision), str(script.down_revision or "base")) for script in walked]

"""Running migrations from code, so that the command line, start-up and tests share one way."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from portal.kernel.db import Database

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration for this project; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema up to ``revision``."""
    with database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema down to ``revision``; ``base`` empties it."""
    with database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), revision)


def current(connection: Connection) -> str | None:
    """Return the revision the database stands at, or None if it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the revision that this code expects."""
    found = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert found
    return found


def steps() -> list[tuple[str, str]]:
    """Return every revision with the one before it, the newest first; ``base`` stands before the first."""
    walked = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return [(str(script.revision), str(script.down_revision or "base")) for script in walked]

"""A row that the database itself refuses to change, for real: what a job does about one bad row among good ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from portal.kernel.db import Database

REFUSE = "CREATE OR REPLACE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$"


@contextmanager
def poisoned(database: Database, table: str, column: str, value: int, event: str = "UPDATE") -> Iterator[None]:
    """Let every insert or update of the rows of ``table`` whose ``column`` is ``value`` fail, until the end of the block."""
    begin = f"CREATE TRIGGER poison BEFORE {event} ON {table} FOR EACH ROW WHEN (NEW.{column} = {int(value)})"
    if database.is_sqlite:
        makes, ends = [f"{begin} BEGIN SELECT RAISE(ABORT, 'poisoned'); END"], "DROP TRIGGER poison"
    else:
        makes, ends = [REFUSE, f"{begin} EXECUTE FUNCTION poisoned()"], f"DROP TRIGGER poison ON {table}"
    with database.engine.begin() as connection:
        for statement in makes:
            connection.execute(text(statement))
    yield
    with database.engine.begin() as connection:
        connection.execute(text(ends))

"""What tables are made of: the base class, names of constraints, column types, triggers that keep rows as they are."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    event,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


class Base(DeclarativeBase):
    """The one declarative base. Rooms relate to each other by foreign key and table name only."""

    metadata = MetaData(naming_convention=NAMING)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database, on both engines. Refuses naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Do the same in one step: a page reads hundreds of moments."""
        read: Any = self.impl_instance.dialect_impl(dialect).result_processor(dialect, coltype)
        if read is None:
            return lambda value: None if value is None else self.process_result_value(value, dialect)
        return lambda value: None if value is None else read(value).replace(tzinfo=UTC)


class WordList(TypeDecorator[tuple[str, ...]]):
    """A few short words without commas, in one column; empty is no word. ``holds`` asks for one of them."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        return ",".join(value or ()) or None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value.split(",")) if value else ()


def holds(column: Any, word: str) -> ColumnElement[bool]:
    """Return the condition that a ``WordList`` holds a word that is part of no other of its words; NULL where it is empty."""
    return type_coerce(column, String).contains(word)


def one_of(column: str, choices: type[StrEnum], name: str | None = None) -> CheckConstraint:
    """Return a named CHECK that ``column`` holds one of ``choices`` (an enum from ``rules.py``)."""
    listed = ", ".join(f"'{c.value}'" for c in choices)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


def append_only_ddl(table: str) -> dict[str, list[str]]:
    """Return, per engine, the statements that make the database refuse to change or remove rows of ``table``.

    On SQLite ``INSERT OR REPLACE`` deletes without firing a delete trigger, so an insert of an
    id that exists is refused too. Used by models (for the schema test) and copied into migrations.
    """
    sqlite = [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    ]
    postgresql = [
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
    return {"sqlite": sqlite, "postgresql": postgresql}


def attach_ddl(table: Table, statements: dict[str, list[str]]) -> None:
    """Make ``create_all`` run ``statements`` after ``table`` is made, so that the schema test sees triggers too."""
    for engine, texts in statements.items():
        for text in texts:
            event.listen(table, "after_create", DDL(text.replace("%", "%%")).execute_if(dialect=engine))  # type: ignore[no-untyped-call]

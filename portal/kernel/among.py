"""Rows by many numbers at once, in a statement that is put together once.

A list spread into one parameter a number gives another statement for every length: compiled, bound and planned anew each time. As one value
(an array on PostgreSQL, JSON on SQLite) the same statement, prepared once, serves them all.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Dialect, String, TypeDecorator, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal


class _AsJson(TypeDecorator[Any]):
    impl = String
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> str:
        """Return numbers as a JSON list."""
        return f"[{','.join(map(str, value or ()))}]"


class Among(ColumnElement[bool]):
    """The condition that ``column`` is one of the numbers that the statement is executed with, as a list, under ``name``."""

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [("column", InternalTraversal.dp_clauseelement), ("name", InternalTraversal.dp_string)]

    def __init__(self, column: Any, name: str) -> None:
        self.column, self.name = column, name

    def self_group(self, against: Any = None) -> "Among":
        """Stand as a condition, not as a value that is compared with 1: no index serves that."""
        return self


@compiles(Among)
def _as_json(element: Among, compiler: Any, **options: Any) -> str:
    numbers = func.json_each(bindparam(element.name, type_=_AsJson())).table_valued("value")
    return str(compiler.process(element.column.in_(select(numbers.c.value)), **options))


@compiles(Among, "postgresql")
def _as_array(element: Among, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.column == any_(bindparam(element.name, type_=ARRAY(BigInteger))), **options))

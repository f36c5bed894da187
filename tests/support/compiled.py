"""What every application of a run compiles alike is compiled once a process: templates, addresses with their builders, and statements.

A test has an application of its own, made by ``create_app`` as in real life. Nothing of that is left out: only Python's
compiler is not asked for the same code a thousand times, which took a third of the run.
"""

from functools import wraps
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from portal.kernel import db


class _Remembered(BytecodeCache):
    """Compiled templates by name, file and text, in memory."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


_TEMPLATES = _Remembered()


def remember_templates(app: Flask) -> None:
    """Let an application take templates that another one compiled, as long as their text is the same."""
    app.jinja_env.bytecode_cache = _TEMPLATES


@pytest.fixture(scope="session", autouse=True)
def _remembered_addresses() -> Any:
    """Read the text of an address once. What is read depends on the text and on what the converters of the map are, and is never changed."""
    known: dict[tuple[Any, ...], tuple[list[Any], list[tuple[bool, str]], dict[str, Any]]] = {}
    plain = Rule._parse_rule

    @wraps(plain)
    def remembered(rule: Rule, text: str) -> list[Any]:
        key = (text, *rule.map.converters.items())
        if key not in known:
            before = len(rule._trace)
            parts = list(plain(rule, text))
            trace = rule._trace[before:]
            known[key] = (parts, trace, {name: rule._converters[name] for is_dynamic, name in trace if is_dynamic})
            return parts
        parts, trace, converters = known[key]
        rule._trace.extend(trace)
        rule._converters.update(converters)
        rule.arguments.update(converters)
        return parts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_parse_rule", remembered)
        yield


@pytest.fixture(scope="session", autouse=True)
def _remembered_builders() -> Any:
    """Compile the builder of an address once. It depends on the rule's text alone: the rule itself, with its converters, is handed to it."""
    compiled: dict[tuple[Any, ...], Any] = {}
    plain = Rule._compile_builder

    @wraps(plain)
    def remembered(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = plain(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", remembered)
        yield


@pytest.fixture(scope="session", autouse=True)
def _remembered_statements() -> Any:
    """Compile a statement once for each kind of database. An engine keeps what it compiled by its dialect, and every test makes engines of its own.

    Every SQLite of a run is the same one, and so is every PostgreSQL: their dialects count as equal, and their engines share what they know.
    """
    shared: dict[type, LRUCache[Any, Any]] = {}
    plain = db.create_engine

    def remembering(*args: Any, **options: Any) -> Engine:
        engine = plain(*args, **options)
        engine._compiled_cache = shared.setdefault(type(engine.dialect), LRUCache(5_000))
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "create_engine", remembering)
        for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
            patch.setattr(dialect, "__hash__", lambda self: hash(type(self)))
            patch.setattr(dialect, "__eq__", lambda self, other: type(self) is type(other))
        yield

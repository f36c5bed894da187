"""The same as ``rules/saying.py`` in SQL: whether something was said in a stored answer. Each engine reads JSON in its own words."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, and_, case, false, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.challenges.models.offering import Stage
from portal.challenges.models.taking import Answer
from portal.challenges.rules.saying import ANSWERS, SCORE, TEXT
from portal.challenges.stages.registry import KINDS


class _Says(FunctionElement[bool]):
    """Whether a text or a number stands at, or below, a path of a JSON value; one of those in a JSON list, if there is one."""

    type = Boolean()
    inherit_cache = True


@compiles(_Says, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    value, path, *wanted = (compiler.process(clause, **options) for clause in element.clauses)
    # What is put together here are the engine's own words and places of bound values.
    among = f" AND CAST(said.atom AS TEXT) IN (SELECT wanted.value FROM json_each({wanted[0]}) AS wanted)" if wanted else ""  # noqa: S608
    found = f"SELECT 1 FROM json_tree({value}, {path}) AS said WHERE said.type IN ('text', 'integer') AND said.atom <> ''{among}"  # noqa: S608
    return f"EXISTS ({found})"


@compiles(_Says, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    value, path, *wanted = (compiler.process(clause, **options) for clause in element.clauses)
    said = "(said.item #>> '{}')"
    among = f" AND {said} IN (SELECT jsonb_array_elements_text(CAST({wanted[0]} AS jsonb)))" if wanted else ""
    items = f"jsonb_path_query({value}, CAST({path} || '.**' AS jsonpath)) AS said(item)"
    return f"EXISTS (SELECT 1 FROM {items} WHERE jsonb_typeof(said.item) IN ('string', 'number') AND {said} <> ''{among})"  # noqa: S608


class _Holds(FunctionElement[bool]):
    """Whether a text, a number or a yes stands at, or below, a path of a JSON value."""

    type = Boolean()
    inherit_cache = True


@compiles(_Holds, "sqlite")
def _held_in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    value, path = (compiler.process(clause, **options) for clause in element.clauses)
    found = f"SELECT 1 FROM json_tree({value}, {path}) AS held WHERE held.type IN ('text', 'integer', 'real', 'true') AND held.atom <> ''"  # noqa: S608
    return f"EXISTS ({found})"


@compiles(_Holds, "postgresql")
def _held_in_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    value, path = (compiler.process(clause, **options) for clause in element.clauses)
    items = f"jsonb_path_query({value}, CAST({path} || '.**' AS jsonpath)) AS held(item)"
    is_held = "jsonb_typeof(held.item) IN ('string', 'number', 'boolean') AND held.item NOT IN ('\"\"'::jsonb, 'false'::jsonb)"
    return f"EXISTS (SELECT 1 FROM {items} WHERE {is_held})"  # noqa: S608


def answers_step() -> ColumnElement[bool]:
    """Return whether what is stored in an ``Answer`` is not empty (``is_empty``), beside the ``Stage`` that it is of."""
    held = {key: or_(*(and_(*(_at(name) for name in names)) for names in kind.held_in)) for key, kind in KINDS.items()}
    return case(*((Stage.kind == key, condition) for key, condition in held.items()), else_=false())


def _at(name: str) -> ColumnElement[bool]:
    return _Holds(Answer.value, literal(f"$.{name}", String))


def says(value: Any, question: str, wanted: Sequence[str]) -> ColumnElement[bool]:
    """Return whether one of ``wanted`` was said, or anything if there are none, to a question, or to any of them if it is empty."""
    paths = [f"$.{ANSWERS}.{json.dumps(question)}"] if question else [f"$.{name}" for name in (TEXT, SCORE, ANSWERS)]
    among = [literal(json.dumps(list(wanted)), String)] if wanted else []
    return or_(*(_Says(value, literal(path, String), *among) for path in paths))

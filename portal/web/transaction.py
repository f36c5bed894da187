"""One database session a request; every POST runs in ``@writes``, which alone commits, after what takes time."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Response, current_app, g, make_response
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.kernel.errors import Refusal


class _RolledBack(Exception):
    """Carries the answer of a view that failed out of the unit of work, so that nothing of it is kept."""

    def __init__(self, response: Response) -> None:
        self.response = response


def database() -> Database:
    """Return the application's database."""
    found: Database = current_app.extensions["database"]
    return found


def db() -> Session:
    """Return this request's session: read-only, or the write session inside ``@writes``."""
    if "db" not in g:
        g.db = database().read_session()
    session: Session = g.db
    return session


def let_go() -> None:
    """Hold no connection from here on; the next ``db()`` takes one anew. Called before what takes time: receiving a file, hashing a password.

    A programming error (``RuntimeError``) inside a unit of work: on SQLite everybody else who wants to write would wait meanwhile.
    """
    if "unit" in g:
        raise RuntimeError("what takes time belongs before the unit of work: see `first` of @writes")
    _close()


def writes(
    view: Callable[..., Any] | None = None, *, first: Callable[..., Any] | None = None, again: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """Run a view in one unit of work: commit when it answers below 400, roll back otherwise.

    What takes time is done before, by ``first(**view_args)``: once, outside the unit, with a
    ``db()`` that only reads. The view gets its answer as ``ready``, the same one if the unit runs again.

    A ``Refusal`` of either rolls back and is answered by ``again(refusal, **view_args)``, which shows the
    form once more with what was typed; without ``again`` the general error page says the sentence.
    """

    def decorate(inner: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(inner)
        def wrapper(**view_args: Any) -> Any:
            _close()
            try:
                given = {"ready": first(**view_args)} if first else {}
                _close()
                return database().write(lambda session: _in_unit(session, inner, view_args | given))
            except _RolledBack as failed:
                return failed.response
            except Refusal as refusal:
                if again is None:
                    raise
                return make_response(again(refusal, **view_args))

        wrapper.__portal_writes__ = True  # type: ignore[attr-defined]
        return wrapper

    return decorate(view) if view else decorate


def _in_unit(session: Session, view: Callable[..., Any], view_args: dict[str, Any]) -> Response:
    """Answer with ``view``, its ``db()`` being this unit's session. Raises what it answers from 400 on, so that nothing is kept."""
    g.db = g.unit = session
    try:
        response = make_response(view(**view_args))
    finally:
        g.pop("db", None)
        g.pop("unit", None)
    if response.status_code >= 400:
        raise _RolledBack(response)
    return response


def writes_in_steps(view: Callable[..., Any] | None = None, *, again: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Run a view that writes in several short units of its own, with ``database().write(step)``, each kept whatever follows.

    For the few that must not hold the database while they work (verifying a password), or must keep
    a count although they refuse. ``db()`` is closed before; a ``Refusal`` is answered as in ``writes``.
    """

    def decorate(inner: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(inner)
        def wrapper(**view_args: Any) -> Any:
            _close()
            try:
                return inner(**view_args)
            except Refusal as refusal:
                if again is None:
                    raise
                return make_response(again(refusal, **view_args))

        wrapper.__portal_writes__ = True  # type: ignore[attr-defined]
        return wrapper

    return decorate(view) if view else decorate


def _close(_error: BaseException | None = None) -> None:
    session = g.pop("db", None)
    if session is not None:
        session.close()


def init(app: Flask) -> None:
    """Close the session at the end of each request."""
    app.teardown_appcontext(_close)

"""Where to go after signing in: only to a page of our own."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect


def own_path(asked: str | None) -> str | None:
    """Return ``asked`` as a path that our own router serves by GET, rebuilt from what it matched; None for anything else.

    Never parses an address to judge it: what browsers make of ``//x``, ``/\\x`` or ``/%09/x`` has fooled every such judge.
    """
    if not asked or not asked.startswith("/") or any(ord(c) <= 32 or c == "\\" for c in asked):
        return None
    path, _, query = asked.partition("?")
    router = current_app.create_url_adapter(request)
    assert router is not None
    try:
        endpoint, values = router.match(path, method="GET")
    except (RequestRedirect, MethodNotAllowed, HTTPException):
        return None
    if endpoint == "static":
        return None
    return _rebuilt(router.build(endpoint, values), query)


def _rebuilt(path: Any, query: str) -> str | None:
    path = str(path)
    if path.startswith(("//", "/\\")) or not path.startswith("/"):
        return None
    pairs = parse_qsl(query.partition("#")[0], keep_blank_values=True)
    return f"{path}?{urlencode(pairs)}" if pairs else path

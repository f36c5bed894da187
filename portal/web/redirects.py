"""Where to go after signing in, or back to: only to a page of our own."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

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


def page_over(path: str) -> str | None:
    """Return the nearest page on the way up from ``path``, itself first, that can be opened: where a button's address belongs. None without one."""
    parts = path.rstrip("/").split("/")
    ways = ("/".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((found for way in ways if (found := own_path(way))), None)


def came_from() -> str | None:
    """Return the path of our page that the request came from, as ``own_path`` gives it; None where that is not known or not ours."""
    told, ours = request.headers.get("Referer", ""), urlsplit(current_app.config["SETTINGS"].base_url)
    origins = (f"{ours.scheme}://{ours.netloc}", f"{ours.scheme}://{request.host}")
    return next((own_path(told.removeprefix(origin)) for origin in origins if told.startswith(f"{origin}/")), None)


def _rebuilt(path: Any, query: str) -> str | None:
    path = str(path)
    if path.startswith(("//", "/\\")) or not path.startswith("/"):
        return None
    pairs = parse_qsl(query.partition("#")[0], keep_blank_values=True)
    return f"{path}?{urlencode(pairs)}" if pairs else path

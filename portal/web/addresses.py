"""Numbers in addresses are ids: one past every id that a database holds is simply not there."""

from typing import Any

from flask import Flask, current_app, has_request_context, url_for
from werkzeug.routing import IntegerConverter

from portal.kernel.ids import MOST_ID


class IdConverter(IntegerConverter):
    """``<int:…>`` up to the largest id. What is larger matches no route, so it is a 404 and never reaches a database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": MOST_ID, **kwargs})


def id_number(text: str) -> int:
    """Return the id asked for behind the question mark of an address (``type=id_number``); raises ``ValueError`` for what no database holds."""
    number = int(text)
    if not 0 < number <= MOST_ID:
        raise ValueError(text)
    return number


def address(endpoint: str, /, **values: Any) -> str:
    """Return the address of a page: what ``url_for`` gives. Of pages that ids alone tell apart, it is built once and filled in from then on."""
    if not has_request_context() or any(type(value) is not int or value < 0 for value in values.values()):
        return url_for(endpoint, **values)
    known: dict[tuple[str, ...], str] = current_app.extensions["addresses"]
    shape = (endpoint, *values)
    pattern = known.get(shape)
    if pattern is None:
        if endpoint.startswith(".") or any(name.startswith("_") for name in values):
            return url_for(endpoint, **values)
        stand_ins: dict[str, Any] = {name: _STAND_IN + number for number, name in enumerate(values)}
        pattern = url_for(endpoint, **stand_ins).replace("%", "%%")
        for name, number in stand_ins.items():
            pattern = pattern.replace(str(number), f"%({name})d")
        known[shape] = pattern
    return pattern % values


_STAND_IN = 717_171_717_000


def init(app: Flask) -> None:
    """Bound every number in an address. Before the first route is added."""
    app.url_map.converters["int"] = IdConverter
    app.extensions["addresses"] = {}
    app.jinja_env.globals["url_for"] = address

"""Numbers in addresses are ids: one past every id that a database holds is simply not there."""

from typing import Any

from flask import Flask
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


def init(app: Flask) -> None:
    """Bound every number in an address. Before the first route is added."""
    app.url_map.converters["int"] = IdConverter

"""What one page asks of the database: how often, how long, and which statement takes longest. Measured in this process, one request at a time."""

import re
import statistics
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import event

from benchmarks.pages import Ask, Page
from portal.kernel.db import Database

TRIES = 5
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\(*(\w+)")


@dataclass(frozen=True)
class Slowest:
    """The median number of statements of a request, their time together, and the slowest of them, in ms."""

    statements: float
    together: float
    slowest: float
    text: str

    @property
    def told(self) -> str:
        """The slowest statement in short: its verb and the tables it names."""
        tables = list(dict.fromkeys(name for name in TABLE.findall(self.text) if name != "SELECT"))
        return f"{self.text.split(maxsplit=1)[0].lower()} {', '.join(tables[:3])}"


class Probe:
    """An application whose statements are timed."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.seen: list[tuple[str, float]] = []
        self._began = 0.0
        database: Database = app.extensions["database"]
        event.listen(database.engine, "before_cursor_execute", self._before)
        event.listen(database.engine, "after_cursor_execute", self._after)

    def _before(self, *_: Any) -> None:
        self._began = time.perf_counter()

    def _after(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.seen.append((" ".join(statement.split()), (time.perf_counter() - self._began) * 1000))

    def ask(self, ask: Ask) -> int:
        """Send one request through the application itself; ``seen`` holds its statements afterwards."""
        self.seen.clear()
        client = self.app.test_client(use_cookies=False)
        signed = {"Cookie": ask.visitor.cookie, "X-CSRFToken": ask.visitor.token} if ask.visitor else {}
        headers = signed | dict(ask.headers)
        method = "GET" if ask.form is None else "POST"
        with client.open(ask.path, method=method, data=ask.form, headers=headers, base_url="http://127.0.0.1") as response:
            return response.status_code

    def look(self, page: Page) -> Slowest:
        """Return the median over several different requests, the first one left out: it compiles statements."""
        source, found = page.asks(0), []
        for number in range(TRIES + 1):
            status = self.ask(next(source))
            if status not in (200, 303):
                raise RuntimeError(f"{page.name} answers {status}")
            if number:
                text, slowest = max(self.seen, key=lambda one: one[1])
                found.append(Slowest(len(self.seen), sum(ms for _, ms in self.seen), slowest, text))
        return Slowest(
            statistics.median(one.statements for one in found),
            statistics.median(one.together for one in found),
            statistics.median(one.slowest for one in found),
            statistics.mode(one.text for one in found),
        )

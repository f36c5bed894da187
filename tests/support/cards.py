"""A provider of gift cards that really listens, keeps orders by their id, and can be as bad as real ones: lose replies, be slow, refuse, run dry."""

import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

TOKEN = "token-of-the-portal"


@dataclass
class CardMaker:
    """What the provider knows, and how it behaves. ``loses`` replies of orders are lost after the card is made, of looks ``loses_looks``.

    ``honours`` whether the same id is the same order; one that does not makes a card each time. ``answers`` are statuses given instead of
    doing anything, one a request.
    """

    balance: Decimal = Decimal("100000.00")
    loses: int = 0
    loses_looks: int = 0
    loses_before: int = 0
    honours: bool = True
    refuses: bool = False
    answers: list[int] = field(default_factory=list)
    body: bytes | None = None
    code: str = ""
    cards: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    at_work: threading.Event | None = None
    goes_on: threading.Event | None = None
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def made(self) -> int:
        """Return how many cards were made in all."""
        return sum(len(cards) for cards in self.cards.values())

    def make(self, asked: dict[str, str]) -> tuple[int, dict[str, str]]:
        """Make a card, or give the one of this id again."""
        with self.lock:
            before = self.cards.setdefault(asked["order_id"], [])
            if before and self.honours:
                return 200, before[0]
            if self.refuses:
                return 422, {"error": "no such product"}
            if self.balance < Decimal(asked["amount"]):
                return 402, {"error": "balance"}
            self.balance -= Decimal(asked["amount"])
            number = self.made + 1
            code = self.code or f"CANARY-MADE-{number:04}"
            card = {"order_id": asked["order_id"], "reference": f"ref-{number}", "code": code, "pin": f"CANARY-PIN-{number}"}
            before.append(card)
            return 201, card

    def find(self, order_id: str) -> tuple[int, dict[str, str]]:
        """Return the card of an id."""
        with self.lock:
            found = self.cards.get(order_id) or []
            return (200, found[0]) if found else (404, {"error": "unknown"})


class _Desk(BaseHTTPRequestHandler):
    maker: CardMaker

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        self._serve("order")

    def do_GET(self) -> None:
        self._serve("balance" if self.path.endswith("/balance") else "look")

    def _serve(self, what: str) -> None:
        maker = self.maker
        maker.asked[what] += 1
        length = int(self.headers.get("Content-Length") or 0)
        sent = json.loads(self.rfile.read(length)) if length else {}
        if maker.at_work is not None:
            maker.at_work.set()
        if maker.goes_on is not None:
            maker.goes_on.wait(30)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, {})
            return
        if maker.answers:
            self._answer(maker.answers.pop(0), {})
            return
        if what == "order" and maker.loses_before:
            maker.loses_before -= 1
            self._hang_up()
            return
        if what == "balance":
            self._answer(200, {"amount": str(maker.balance), "currency": "EUR"})
        elif what == "look":
            status, said = maker.find(unquote(self.path.rsplit("/", 1)[1]))
            self._answer(status, said, is_lost=self._loses("loses_looks"))
        else:
            status, said = maker.make(sent)
            self._answer(status, said, is_lost=self._loses("loses"))

    def _loses(self, which: str) -> bool:
        with self.maker.lock:
            left = getattr(self.maker, which)
            setattr(self.maker, which, max(left - 1, 0))
            return bool(left)

    def _answer(self, status: int, said: dict[str, str], *, is_lost: bool = False) -> None:
        if is_lost:
            self._hang_up()
            return
        body = self.maker.body if self.maker.body is not None and status < 400 else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    """Waits at its end for whoever is still being served; a client that went away meanwhile is nothing to speak of."""

    daemon_threads = False

    def handle_error(self, _request: Any, _address: Any) -> None:
        """Say nothing of who hung up; anything else is a mistake of the test."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            raise


@contextmanager
def card_maker(**how: Any) -> Iterator[CardMaker]:
    """Give a provider that listens on this machine until the end."""
    maker = CardMaker(**how)
    desk = type("Desk", (_Desk,), {"maker": maker})
    server = _Server(("127.0.0.1", 0), desk)
    maker.url = f"http://127.0.0.1:{server.server_address[1]}/api"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield maker
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

"""A provider behind plain JSON over HTTP, as ``docs/gift-cards.md`` describes it. One call, one connection, no redirects, no retries in here.

``POST /orders`` orders, ``GET /orders/<id>`` looks, ``GET /balance`` tells what is left. The address is a setting of whoever runs
the portal, so it is not judged as addresses that members type are.
"""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

from portal.rewards.providers.contract import Balance, InDoubt, Made, NotMade, NotNow
from portal.rewards.rules.cards import Wanted, Why, is_currency
from portal.vault.rules import MOST_CHARACTERS, Card, is_link

CONNECT_SECONDS, ANSWER_SECONDS, MOST_BYTES = 5.0, 20.0, 64 * 1024
_MADE, _WAITS, _PAY, _ACCESS, _ABSENT, _GONE, _SLOW = (200, 201), 202, 402, (401, 403), 404, 410, 429
_REFUSED, _NO_PLACE = (400, 410, 422), (404, 405)
"""What alone is a refusal for good, and what an address says that takes no orders. Whatever is not named here says nothing of the order."""


@dataclass(frozen=True)
class HttpProvider:
    """The provider at ``url``; ``token`` is sent as a bearer token. Times are in seconds.

    ``answer_seconds`` are those of the whole answer, however slowly it comes; with ``connect_seconds`` they stay well below ``CLAIM``.
    """

    url: str
    token: str
    connect_seconds: float = CONNECT_SECONDS
    answer_seconds: float = ANSWER_SECONDS

    def order(self, order_id: str, wanted: Wanted) -> Made:
        """Order a card. Raises NotMade, NotNow, InDoubt."""
        amount = f"{wanted.amount_cents // 100}.{wanted.amount_cents % 100:02}"
        asked = {"order_id": order_id, "product": wanted.product, "amount": amount, "currency": wanted.currency}
        status, said = self._call("POST", "/orders", asked, order_id)
        if status in _MADE:
            return _made(said, order_id)
        if status == _WAITS:
            raise InDoubt(Why.WAITS)
        if status == _PAY:
            raise NotNow(Why.BALANCE)
        _raise_unless_plain(status)
        if status in _NO_PLACE:
            raise NotNow(Why.ADDRESS)
        if status in _REFUSED:
            raise NotMade()
        raise InDoubt(Why.UNREADABLE)

    def find(self, order_id: str) -> Made | None:
        """Look for a card. Raises NotMade, NotNow, InDoubt."""
        status, said = self._call("GET", f"/orders/{quote(order_id, safe='')}")
        if status in _MADE:
            return _made(said, order_id)
        if status == _ABSENT:
            return None
        if status == _GONE:
            raise NotMade()
        if status == _WAITS:
            raise InDoubt(Why.WAITS)
        _raise_unless_plain(status)
        raise InDoubt(Why.UNREADABLE)

    def balance(self) -> Balance:
        """Return what is left. Raises NotNow, InDoubt."""
        status, said = self._call("GET", "/balance")
        if status not in _MADE:
            _raise_unless_plain(status)
            raise InDoubt(Why.UNREADABLE)
        try:
            amount, currency = Decimal(str(said["amount"])), str(said["currency"])
            cents = int(amount * 100)
        except (KeyError, TypeError, ArithmeticError, ValueError):
            raise InDoubt(Why.UNREADABLE) from None
        if not is_currency(currency) or abs(cents) > 10**15:
            raise InDoubt(Why.UNREADABLE)
        return Balance(cents, currency)

    def _call(self, method: str, path: str, asked: dict[str, str] | None = None, key: str = "") -> tuple[int, Any]:
        """Return status and JSON of the answer. Raises NotNow where nothing was sent, InDoubt where the answer did not come whole."""
        parts = urlsplit(self.url)
        made: Any = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        more = {"context": ssl.create_default_context()} if parts.scheme == "https" else {}
        link = made(parts.hostname, parts.port, timeout=self.connect_seconds, **more)
        begun = time.monotonic()
        try:
            try:
                link.connect()
            except (OSError, HTTPException):
                raise NotNow(Why.AWAY) from None
            if time.monotonic() - begun > 2 * self.connect_seconds:  # looking the name up has no limit of its own, and nothing was sent
                raise NotNow(Why.AWAY)
            headers = {"Accept": "application/json", "Content-Type": "application/json", "Connection": "close"}
            headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
            headers |= {"Idempotency-Key": key} if key else {}
            try:
                with _at_most(link.sock, self.answer_seconds):
                    link.request(method, parts.path.rstrip("/") + path, body=json.dumps(asked) if asked else None, headers=headers)
                    with link.getresponse() as answer:
                        status, body = answer.status, answer.read(MOST_BYTES + 1)
            except (OSError, HTTPException):
                raise InDoubt() from None
        finally:
            link.close()
        if len(body) > MOST_BYTES:
            raise InDoubt(Why.UNREADABLE)
        try:
            return status, json.loads(body) if body else None
        except (ValueError, RecursionError):
            if status in _MADE:
                raise InDoubt(Why.UNREADABLE) from None
            return status, None


@contextmanager
def _at_most(link: socket.socket, seconds: float) -> Iterator[None]:
    """Hang up where an answer takes longer, also one of which a byte comes now and then. Raises TimeoutError."""

    def hang_up() -> None:
        with suppress(OSError):
            socket.socket.shutdown(link, socket.SHUT_RDWR)

    link.settimeout(seconds)
    clock = threading.Timer(seconds, hang_up)
    clock.daemon = True
    clock.start()
    try:
        yield
        if clock.finished.is_set():
            raise TimeoutError
    finally:
        clock.cancel()


def _made(said: Any, order_id: str) -> Made:
    """Return the card of an answer. One that is not about our order, or holds no card, leaves us in doubt."""
    if not isinstance(said, dict) or said.get("order_id") != order_id:
        raise InDoubt(Why.UNREADABLE)
    code, pin, link = (str(said.get(name) or "").strip() for name in ("code", "pin", "link"))
    card = Card(code, pin, link)
    reference = str(said.get("reference") or "")
    fits = all(len(getattr(card, name)) <= most for name, most in MOST_CHARACTERS.items()) and len(reference) <= 100
    if not (card.code or card.link) or not fits or (card.link and not is_link(card.link)):
        raise InDoubt(Why.UNREADABLE)
    return Made(card, reference)


def _raise_unless_plain(status: int) -> None:
    """Raise what a status means that is no answer to the order itself."""
    if status in _ACCESS:
        raise NotNow(Why.ACCESS)
    if status == _SLOW:
        raise NotNow(Why.AWAY)
    if status >= 500 or status < 400:
        raise InDoubt()

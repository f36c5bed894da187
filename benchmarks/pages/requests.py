"""Requests for a reference, as staff see and move them."""

from collections.abc import Iterator
from itertools import count

from sqlalchemy import select

from benchmarks.load import CONNECTIONS
from benchmarks.pages.asking import Ask, Asks, Page
from benchmarks.pages.room import Room
from benchmarks.under_way import Item, Pool
from portal.kernel.ids import new_key
from portal.requests.models import RequestCandidate
from portal.requests.rules.states import HOLDING

NEEDED_BY = "2990-01-01"


class Requests(Room):
    """The pages and buttons of requests; what customers, owners and prospects do by link is in ``links``."""

    def pages(self) -> list[Page]:
        """Return every kind of request, reads first."""
        return [
            Page("my requests (employee)", None, self._reading(self.employees, "/requests")),
            Page("request a reference, the form (employee)", None, self._reading(self.employees, "/requests/new")),
            Page("all requests (admin)", None, self._reading(self.admins, "/requests?tab=all")),
            Page("requests that wait for an admin (admin)", None, self._reading(self.admins, "/requests?tab=unassigned")),
            Page("requests searched (admin)", None, self._reading(self.admins, "/requests?tab=all&q=prospect+7")),
            Page("all requests as a file (admin)", None, self._reading(self.admins, "/requests?tab=all&format=csv")),
            Page("one request (admin)", None, self._numbered(self.admins, "/requests/{}", self.programme.requests)),
            Page("a request that waits for the account owner (admin)", None, self._showing(Pool.OWNERS)),
            Page("a request with times offered (admin)", None, self._showing(Pool.PROSPECTS)),
            Page("a request with a meeting (admin)", None, self._showing(Pool.BOOKED)),
            Page("points and clock of requests (admin)", None, self._reading(self.admins, "/admin/requests")),
            Page("request a reference", None, self._requesting),
            Page("keep a request as a draft", None, self._drafting),
            Page("take a request up", None, self._taking_up),
            Page("propose somebody and take them back, in turn", None, self._proposing),
            Page("say who picks the time for the prospect", None, self._naming),
            Page("pick another time", None, self._picking),
            Page("show how to reach the customer of a request", None, self._seeing),
        ]

    def _showing(self, pool: Pool) -> Asks:
        def asks(client: int) -> Iterator[Ask]:
            items = self.under_way.kept(pool)
            for number in count(client):
                yield Ask(self.admins[client], f"/requests/{items[number % len(items)].request_id}")

        return asks

    def _own(self, pool: Pool, client: int) -> Item:
        items = self.under_way.kept(pool)
        return items[client % len(items)]

    def _requesting(self, client: int) -> Iterator[Ask]:
        for number in count(client, CONNECTIONS):
            visitor = self.employees[number % len(self.employees)]
            form = {"key": new_key(), "activity": "call", "prospect": f"Prospect {new_key()}", "needed_by": NEEDED_BY, "do": "send"}
            yield Ask(visitor, "/requests/new", form)

    def _drafting(self, client: int) -> Iterator[Ask]:
        visitor, key = self.employees[client % len(self.employees)], new_key()
        for number in count():
            form = {"key": key, "activity": "call", "prospect": f"Draft {client}-{number}", "needed_by": NEEDED_BY, "do": "draft"}
            yield Ask(visitor, "/requests/new", form)

    def _taking_up(self, client: int) -> Iterator[Ask]:
        """Take one request up, as one admin after the other."""
        item = self._own(Pool.OPEN, client)
        for number in count(client):
            yield Ask(self.admins[number % len(self.admins)], f"/requests/{item.request_id}/take-up", {})

    def _proposing(self, client: int) -> Iterator[Ask]:
        """Propose whom the requester wished for, and take them back. Which candidate that is is read here, as the page would show it."""
        item, admin = self._own(Pool.OPEN, client), self.admins[client]
        mine = select(RequestCandidate.id).where(RequestCandidate.request_id == item.request_id, RequestCandidate.state.in_(HOLDING))
        while True:
            with self.database.reading() as session:
                candidate = session.scalar(mine)
            if candidate is None:
                yield Ask(admin, f"/requests/{item.request_id}/propose", {"who": f"#{item.person_id}"})
            else:
                yield Ask(admin, f"/requests/{item.request_id}/candidates/{candidate}/take-back", {"reason": "Somebody fits better."})

    def _naming(self, client: int) -> Iterator[Ask]:
        item = self._own(Pool.PROSPECTS, client)
        for number in count():
            form = {"contact": "Paula Prospect", "email": f"paula-{client}-{number}@prospect.example"}
            yield Ask(self.admins[client], f"/requests/{item.request_id}/prospect", form)

    def _picking(self, client: int) -> Iterator[Ask]:
        item = self._own(Pool.BOOKED, client)
        for number in count(1):
            yield Ask(self.admins[client], f"/requests/{item.request_id}/pick", {"slot": str(item.slots[number % len(item.slots)]), "place": ""})

    def _seeing(self, client: int) -> Iterator[Ask]:
        item = self._own(Pool.BOOKED, client)
        while True:
            yield Ask(self.by_id[item.requester_id], f"/requests/{item.request_id}/contact", {})

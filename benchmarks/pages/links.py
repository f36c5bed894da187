"""What people do by a link in a mail, without signing in: account owners, customers, prospects, nominees, references."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import TypeVar

from sqlalchemy import select

from benchmarks.load import CONNECTIONS
from benchmarks.maker import ZONE
from benchmarks.pages.asking import Ask, Asks, Page, from_elsewhere
from benchmarks.pages.room import Crowd, Room
from benchmarks.under_way import Item, Pool
from portal.kernel.clock import utcnow
from portal.references.models.nominating import Nomination
from portal.references.rules.states import State as Nominated
from portal.requests.rules.links import PAGES, LinkKind

Thing = TypeVar("Thing")
MINUTES = 30


class Links(Room):
    """Each act comes from an address of its own, as a link may be tried so often an hour from one."""

    def __init__(self, crowd: Crowd) -> None:
        super().__init__(crowd)
        self._brought: dict[str, list[object]] = {}
        self._left: dict[str, Iterator[object]] = {}

    def pages(self) -> list[Page]:
        """Return every kind of request: what is shown, and then what uses it up."""
        return [
            Page("an account owner is asked (link)", None, self._behind(Pool.OWNERS, LinkKind.OWNER)),
            Page("a customer is asked (link)", None, self._behind(Pool.CUSTOMERS, LinkKind.CUSTOMER)),
            Page("a customer whose meeting is settled (link)", None, self._behind(Pool.BOOKED, LinkKind.CUSTOMER)),
            Page("times offered to a prospect (link)", None, self._behind(Pool.PROSPECTS, LinkKind.PROSPECT)),
            Page("a nominee is asked (link)", None, self._proposals),
            Page("is this profile true (link)", None, self._checks),
            Page("my reference, by link", None, self._own_pages),
            Page("account owner agrees, customer is written to (link)", None, self._using(Pool.TO_AGREE, LinkKind.OWNER, self._agreeing)),
            Page("account owner does not agree (link)", None, self._using(Pool.TO_REFUSE, LinkKind.OWNER, self._refusing)),
            Page("customer says yes with three times (link)", None, self._using(Pool.TO_ACCEPT, LinkKind.CUSTOMER, self._accepting)),
            Page("customer says no (link)", None, self._using(Pool.TO_DECLINE, LinkKind.CUSTOMER, self._declining)),
            Page("customer offers other times (link)", None, self._offering),
            Page("prospect picks a time (link)", None, self._using(Pool.TO_PICK, LinkKind.PROSPECT, self._picking)),
            Page("no time suits the prospect (link)", None, self._using(Pool.NONE_SUITS, LinkKind.PROSPECT, self._suiting_none)),
            Page("both sides say what happened, in turn", None, self._using(Pool.HELD, LinkKind.CUSTOMER, self._telling)),
            Page("nominee agrees (link)", None, self._joining),
            Page("nominee says no and chooses anew, in turn (link)", None, self._turning_round),
            Page("account owner says that a profile is true (link)", None, self._checking),
            Page("pause and resume, in turn (link)", None, self._pausing),
        ]

    # What is used up, and what is not

    def _all(self, name: str, bring: Callable[[], list[Thing]]) -> list[Thing]:
        """Return what is brought about once."""
        if name not in self._brought:
            self._brought[name] = list(bring())
        return self._brought[name]  # type: ignore[return-value]

    def _next(self, name: str, bring: Callable[[], list[Thing]]) -> Iterator[Thing]:
        """Return what is left, for all clients together."""
        if name not in self._left:
            self._left[name] = iter(list(bring()))
        return self._left[name]  # type: ignore[return-value]

    def _behind(self, pool: Pool, kind: LinkKind) -> Asks:
        def asks(client: int) -> Iterator[Ask]:
            items = self._all(f"{pool} {kind}", lambda: self.under_way.requests(pool, kind))
            for number in count(client):
                yield Ask(None, f"{PAGES[kind]}?t={items[number % len(items)].token}")

        return asks

    def _using(self, pool: Pool, kind: LinkKind, acts: Callable[[Item], Iterator[Ask]]) -> Asks:
        def asks(_client: int) -> Iterator[Ask]:
            for item in self._next(pool, lambda: self.under_way.requests(pool, kind)):
                yield from acts(item)

        return asks

    def _by_link(self, path: str, form: dict[str, str]) -> Ask:
        return Ask(self.stranger, path, form, from_elsewhere())

    # Requests

    def _agreeing(self, item: Item) -> Iterator[Ask]:
        yield self._by_link("/agree/yes", {"t": item.token, "asks_now": "y"})

    def _refusing(self, item: Item) -> Iterator[Ask]:
        yield self._by_link("/agree/no", {"t": item.token, "code": "renewal", "said": "Their contract is being renewed."})

    def _times(self, day: int) -> dict[str, str]:
        """Return three times, and that they are meant as they are."""
        first = utcnow().date() + timedelta(days=day)
        walls = [f"{first + timedelta(days=n)}T10:00:00" for n in range(3)]
        return {f"slot{n}": wall for n, wall in enumerate(walls, 1)} | {
            "minutes": str(MINUTES), "zone": ZONE, "sure": " ".join([*walls, str(MINUTES), ZONE])
        }  # fmt: skip

    def _accepting(self, item: Item) -> Iterator[Ask]:
        yield self._by_link("/asked/yes", {"t": item.token} | self._times(3))

    def _declining(self, item: Item) -> Iterator[Ask]:
        yield self._by_link("/asked/no", {"t": item.token, "code": "no_time", "said": "Not this quarter.", "seen": "asked"})

    def _offering(self, client: int) -> Iterator[Ask]:
        items = self._all("offering", lambda: self.under_way.requests(Pool.PROSPECTS, LinkKind.CUSTOMER))
        for number in count():
            yield self._by_link("/asked/times", {"t": items[client % len(items)].token} | self._times(3 + number % 40))

    def _picking(self, item: Item) -> Iterator[Ask]:
        yield self._by_link("/meet", {"t": item.token, "slot": str(item.slots[0]), "place": "+49 30 1234", "zone": ZONE, "seen": ""})

    def _suiting_none(self, item: Item) -> Iterator[Ask]:
        yield self._by_link("/meet/other", {"t": item.token, "what": "none_suits", "said": "The week after would be better."})

    def _telling(self, item: Item) -> Iterator[Ask]:
        """The requester says that it took place, and then the customer, which completes the request."""
        form = {"came": "yes", "grade": "4", "minutes": "40", "note": "They could show how they planned it."}
        yield Ask(self.by_id[item.requester_id], f"/requests/{item.request_id}/candidates/{item.candidate_id}/outcome", form)
        yield self._by_link("/asked/outcome", {"t": item.token, "came": "yes", "minutes": "40", "note": ""})

    # Nominations

    def _nominees(self, pool: str, number: int) -> Callable[[], list[tuple[int, str]]]:
        return lambda: self.under_way.nominees(pool, number)

    def _proposals(self, client: int) -> Iterator[Ask]:
        found = self._all("nominees", self._nominees("asked", CONNECTIONS))
        for number in count(client):
            yield Ask(None, f"/proposal?t={found[number % len(found)][1]}")

    def _joining(self, _client: int) -> Iterator[Ask]:
        for _nomination, token in self._next("join", self._nominees("join", self.under_way.most)):
            yield self._by_link("/proposal", {"t": token, "activities": "call", "per_quarter": "2", "agreed": "y"})

    def _turning_round(self, client: int) -> Iterator[Ask]:
        """Say no, and take that back. What stands is read here, as the page would show it."""
        found = self._all("nominees", self._nominees("asked", CONNECTIONS))
        nomination, token = found[client % len(found)]
        while True:
            with self.database.reading() as session:
                state = session.scalar(select(Nomination.state).where(Nomination.id == nomination))
            if state == Nominated.CUSTOMER_DECLINED:
                yield self._by_link("/proposal/again", {"t": token})
            else:
                yield self._by_link("/proposal/no", {"t": token, "code": "other", "reason": "Not this year."})

    # Profiles

    def _checks(self, client: int) -> Iterator[Ask]:
        paths = self._all("checks", lambda: self.under_way.checks(self.under_way.most))
        for number in count(client):
            yield Ask(None, paths[-1 - number % min(CONNECTIONS, len(paths))])

    def _checking(self, _client: int) -> Iterator[Ask]:
        for path in self._next("checks", lambda: self.under_way.checks(self.under_way.most)):
            yield self._by_link("/profiles/check/true", {"t": path.partition("=")[2]})

    def _own_pages(self, client: int) -> Iterator[Ask]:
        paths = self._all("own", lambda: self.under_way.own_links(CONNECTIONS))
        for number in count(client):
            yield Ask(None, paths[number % len(paths)])

    def _pausing(self, client: int) -> Iterator[Ask]:
        paths = self._all("own", lambda: self.under_way.own_links(CONNECTIONS))
        token = paths[client % len(paths)].partition("=")[2]
        while True:
            for what in ("pause", "resume"):
                yield self._by_link(f"/my-reference/link/{what}", {"t": token})

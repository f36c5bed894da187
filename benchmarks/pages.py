"""What is asked of the portal, and how fast it should answer: one line a request of ``docs/performance.md``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import func, select

from benchmarks.load import CONNECTIONS, request
from benchmarks.maker import ADMINS, FIRST_NAMES, PRICES, SOLD_OUT, STAFF, Programme
from benchmarks.visitors import Visitor, sign_in
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.kernel.db import Database
from portal.kernel.ids import new_key

READERS = 400
ANSWER = "It went well, our team saves a day every week, and we would begin with the small plan."


@dataclass(frozen=True)
class Ask:
    """One request: who asks for what, with what form."""

    visitor: Visitor | None
    path: str
    form: dict[str, str] | None = None

    @property
    def message(self) -> bytes:
        cookie, token = (self.visitor.cookie, self.visitor.token) if self.visitor else ("", "")
        if self.form is None:
            return request("GET", self.path, cookie)
        return request("POST", self.path, cookie, urlencode(self.form), token)


@dataclass(frozen=True)
class Page:
    """A kind of request. ``asks(client)`` yields what one of the parallel clients sends, never the same act twice; ``target`` is x hello."""

    name: str
    target: float | None
    asks: Callable[[int], Iterator[Ask]]


class Visit:
    """Everybody who is signed in on a made programme, and what they ask for."""

    def __init__(self, app: Flask, database: Database, programme: Programme) -> None:
        self.programme = programme
        step = max(1, (programme.members - programme.writers) // READERS)
        seats = range(0, programme.members - programme.writers, step)[:READERS]
        self.members = sign_in(app, database, [programme.member(who) for who in seats])
        first_writer = programme.members - programme.writers
        self.writers = sign_in(app, database, [programme.member(who) for who in range(first_writer, programme.members)])
        self.admins = sign_in(app, database, [1 + n % ADMINS for n in range(CONNECTIONS)])
        self.employees = sign_in(app, database, range(ADMINS + 1, STAFF + 1))
        with database.reading() as session:
            # A kept programme was asked before: what is decided or sent already is not asked again.
            first = session.scalar(select(func.min(Attempt.id)).where(Attempt.state == AttemptState.WAITING, Attempt.id > programme.awards))
            open_ids = set(session.scalars(select(Submission.id).where(Submission.state == SubmissionState.OPEN)))
        self._waiting = count(first or programme.awards + 1)
        self._begun = (one for one in self._to_send() if one[1] in open_ids)

    def pages(self) -> list[Page]:
        """Return every kind of request, reads first."""
        return [
            Page("sign-in page", None, self._reading([None], "/sign-in")),
            Page("advocate home", 0.10, self._reading(self.members, "/")),
            Page("challenge list", 0.10, self._reading(self.members, "/challenges")),
            Page("board, own rank and neighbours", 0.15, self._reading(self.members, "/board?period=all")),
            Page("board of a track", 0.15, self._reading(self.members, "/board?period=all&track=engage")),
            Page("board of companies", None, self._reading(self.members, "/board/companies?period=all")),
            Page("badges", 0.10, self._reading(self.members, "/badges")),
            Page("statement", 0.10, self._reading(self.members, "/statement")),
            Page("rewards", None, self._reading(self.members, "/rewards")),
            Page("rewards that can be had now", None, self._reading(self.members, "/rewards?reach=can")),
            Page("my wishes", None, self._reading(self.members, "/rewards/wishes")),
            Page("a reward, sold out", None, self._reading(self.members, f"/rewards/{SOLD_OUT}")),
            Page("a waiting list (admin)", None, self._reading(self.admins, f"/admin/rewards/{SOLD_OUT}/waiting")),
            Page("member's page (admin)", 0.10, self._of_members("/admin/people/{}")),
            Page("member's statement (admin)", 0.10, self._of_members("/admin/statement/{}")),
            Page("overview (admin)", None, self._reading(self.admins, "/")),
            Page("finance (admin)", None, self._reading(self.admins, "/admin/bank/finance")),
            Page("challenges (admin)", None, self._reading(self.admins, "/admin/challenges")),
            Page("rewards (admin)", None, self._reading(self.admins, "/admin/rewards")),
            Page("calendar (admin)", None, self._reading(self.admins, "/admin/challenges/calendar")),
            Page("templates (admin)", None, self._reading(self.admins, "/admin/challenges/templates")),
            Page(f"approvals queue, {self.programme.waiting:,} waiting", 0.08, self._reading(self.admins, "/admin/approvals")),
            Page("fulfilment desk (admin)", None, self._reading(self.admins, "/admin/rewards/desk")),
            Page("code vault (admin)", None, self._reading(self.admins, "/admin/rewards/codes")),
            Page("registry, search", None, self._searching),
            Page("submit", 0.10, self._sending),
            Page("approve", 0.10, self._approving),
            Page("redeem", 0.10, self._redeeming),
            Page("wish", None, self._wishing),
            Page("join and leave a waiting list", None, self._waiting_for),
        ]

    def _reading(self, visitors: Sequence[Visitor | None], path: str) -> Callable[[int], Iterator[Ask]]:
        def asks(client: int) -> Iterator[Ask]:
            for visitor in cycle(visitors[client % len(visitors) :: CONNECTIONS]):
                yield Ask(visitor, path)

        return asks

    def _of_members(self, path: str) -> Callable[[int], Iterator[Ask]]:
        def asks(client: int) -> Iterator[Ask]:
            for number in count(client * 131):
                yield Ask(self.admins[client], path.format(self.programme.member(number * 17 % self.programme.members)))

        return asks

    def _searching(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            yield Ask(self.employees[number % len(self.employees)], f"/registry?{urlencode({'q': FIRST_NAMES[number % len(FIRST_NAMES)]})}")

    def _to_send(self) -> Iterator[tuple[Visitor, int, int]]:
        visitors = {visitor.person_id: visitor for visitor in self.writers}
        first = self.programme.awards + self.programme.waiting + 1
        for number, (who, challenge) in enumerate(self.programme.begun(), start=first):
            yield visitors[self.programme.member(who)], number, challenge

    def _sending(self, _client: int) -> Iterator[Ask]:
        while True:
            visitor, submission, stage = next(self._begun)
            yield Ask(visitor, f"/challenges/submissions/{submission}/steps/{stage}/send", {"key": new_key(), "answer": ANSWER})

    def _approving(self, client: int) -> Iterator[Ask]:
        while True:
            yield Ask(self.admins[client], f"/admin/approvals/attempt/{next(self._waiting)}/approve", {"reason": ""})

    def _wishing(self, client: int) -> Iterator[Ask]:
        for number, visitor in enumerate(cycle(self.writers[client::CONNECTIONS])):
            rounds, reward = divmod(number, len(PRICES))
            yield Ask(visitor, f"/rewards/{1 + reward}/wish", {"is_wished": "no" if rounds % 2 else "yes"})

    def _waiting_for(self, client: int) -> Iterator[Ask]:
        for visitor in cycle(self.writers[client::CONNECTIONS]):
            for act in ("wait", "leave"):
                yield Ask(visitor, f"/rewards/{SOLD_OUT}/{act}", {"variant_id": ""})

    def _redeeming(self, client: int) -> Iterator[Ask]:
        for visitor in cycle(self.writers[client::CONNECTIONS]):
            yield Ask(visitor, "/rewards/1/redeem", {"key": new_key(), "shown_price": "5", "wish": ""})

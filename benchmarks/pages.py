"""What is asked of the portal, and how fast it should answer: one line a request of ``docs/performance.md``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from benchmarks.asks import GIANTS
from benchmarks.furnishing import CARD_PRICE, furnish
from benchmarks.load import CONNECTIONS, request
from benchmarks.maker import ADMINS, CHALLENGES, FIRST_NAMES, PRICES, PROFILED, REDEEMED, SOLD_OUT, STAFF, Programme
from benchmarks.visitors import Visitor, sign_in
from portal.acts.actions.saying import seen_terms
from portal.acts.models.asks import OpenAsk
from portal.acts.queries.budget import budget_of
from portal.bank.models import Dispute
from portal.bank.rules.disputes import OPEN
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.ids import new_key
from portal.kernel.seen import seen_of

READERS = 400
AT_MOST = 20_000
KEPT = 4 * CONNECTIONS
PANEL = (("HX-Request", "true"), ("HX-Target", "panel"))
BY_SCRIPT = (("HX-Request", "true"),)
ANSWER = "It went well, our team saves a day every week, and we would begin with the small plan."
NEEDED_BY = "2990-01-01"
WHY = "It does not say what changed, so we cannot count it yet."


@dataclass(frozen=True)
class Ask:
    """One request: who asks for what, with what form; ``headers`` are what htmx adds."""

    visitor: Visitor | None
    path: str
    form: dict[str, str] | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> bytes:
        cookie, token = (self.visitor.cookie, self.visitor.token) if self.visitor else ("", "")
        if self.form is None:
            return request("GET", self.path, cookie, headers=self.headers)
        return request("POST", self.path, cookie, urlencode(self.form), token, self.headers)


@dataclass(frozen=True)
class Page:
    """A kind of request. ``asks(client)`` yields what one of the parallel clients sends, never the same act twice; ``target`` is x hello."""

    name: str
    target: float | None
    asks: Callable[[int], Iterator[Ask]]


class Visit:
    """Everybody who is signed in on a made programme, and what they ask for."""

    def __init__(self, app: Flask, database: Database, programme: Programme) -> None:
        self.programme, self.database, self.furniture = programme, database, furnish(app, programme)
        step = max(1, (programme.members - programme.writers) // READERS)
        seats = range(0, programme.members - programme.writers, step)[:READERS]
        self.members = sign_in(app, database, [programme.member(who) for who in seats])
        first_writer = programme.members - programme.writers
        self.writers = sign_in(app, database, [programme.member(who) for who in range(first_writer, programme.members)])
        self.admins = sign_in(app, database, [1 + n % ADMINS for n in range(CONNECTIONS)])
        self.employees = sign_in(app, database, range(ADMINS + 1, STAFF + 1))
        waits = select(Attempt.id).where(Attempt.state == AttemptState.WAITING, Attempt.id > programme.awards)
        disputed = select(Dispute.transfer_id).where(Dispute.state.in_(OPEN))
        with database.reading() as session:
            # A kept programme was asked before: what is decided, sent or disputed already is not asked again.
            self._waiting = iter(session.scalars(waits.order_by(Attempt.id).limit(AT_MOST)).all())
            self._last_waiting = session.scalars(waits.order_by(Attempt.id.desc()).limit(CONNECTIONS)).all()
            open_ids = set(session.scalars(select(Submission.id).where(Submission.state == SubmissionState.OPEN)))
            self._disputed = set(session.scalars(disputed))
        begun = [one for one in self._to_send() if one[1] in open_ids]
        # The last ones are kept on and on, and never sent.
        self._kept, self._begun = begun[-KEPT:], iter(begun[:-KEPT])
        self._lines = self._to_dispute()

    def pages(self) -> list[Page]:
        """Return every kind of request, reads first."""
        holder = next(visitor for visitor in self.writers if visitor.person_id == self.furniture.holder_id)
        return [
            Page("sign-in page", None, self._reading([None], "/sign-in")),
            Page("advocate home", 0.10, self._reading(self.members, "/")),
            Page("challenge list", 0.10, self._reading(self.members, "/challenges")),
            Page("a challenge", None, self._numbered(self.members, "/challenges/{}", CHALLENGES)),
            Page("a step under way", None, self._steps),
            Page("board, own rank and neighbours", 0.15, self._reading(self.members, "/board?period=all")),
            Page("board of a track", 0.15, self._reading(self.members, "/board?period=all&track=engage")),
            Page("board within a company", None, self._numbered(self.members, "/board?period=all&company={}", self.programme.companies)),
            Page("standing of a closed season", None, self._reading(self.members, f"/board/seasons/{self.furniture.season_id}")),
            Page("board of companies", None, self._reading(self.members, "/board/companies?period=all")),
            Page("badges", 0.10, self._reading(self.members, "/badges")),
            Page("statement", 0.10, self._reading(self.members, "/statement")),
            Page("statement as a file", None, self._reading(self.members, "/statement?format=csv")),
            Page("rewards", None, self._reading(self.members, "/rewards")),
            Page("rewards that can be had now", None, self._reading(self.members, "/rewards?reach=can")),
            Page("my wishes", None, self._reading(self.members, "/rewards/wishes")),
            Page("a reward, sold out", None, self._reading(self.members, f"/rewards/{SOLD_OUT}")),
            Page("before a code is shown", None, self._reading([holder], f"/rewards/codes/{self.furniture.card_id}")),
            Page("how I receive things", None, self._reading(self.members, "/receiving")),
            Page("movements of a stock (admin)", None, self._reading(self.admins, f"/admin/rewards/{self.furniture.vault_id}/movements")),
            Page("a waiting list (admin)", None, self._reading(self.admins, f"/admin/rewards/{SOLD_OUT}/waiting")),
            Page("member's page (admin)", 0.10, self._of_members("/admin/people/{}")),
            Page("member's record (admin)", None, self._of_members("/admin/people/{}/record")),
            Page("member's statement (admin)", 0.10, self._of_members("/admin/statement/{}")),
            Page("overview (admin)", None, self._reading(self.admins, "/")),
            Page("finance (admin)", None, self._reading(self.admins, "/admin/bank/finance")),
            Page("assumptions (admin)", None, self._reading(self.admins, "/admin/bank/finance/assumptions")),
            Page("budgets (admin)", None, self._reading(self.admins, "/admin/bank/finance/budgets")),
            Page("terms of the bank (admin)", None, self._reading(self.admins, "/admin/bank")),
            Page("corrections (admin)", None, self._reading(self.admins, "/admin/corrections")),
            Page("limits of corrections (admin)", None, self._reading(self.admins, "/admin/corrections/limits")),
            Page("challenges (admin)", None, self._reading(self.admins, "/admin/challenges")),
            Page("new points for past completions, preview (admin)", None, self._numbered(self.admins, "/admin/challenges/{}/past", CHALLENGES)),
            Page("rewards (admin)", None, self._reading(self.admins, "/admin/rewards")),
            Page("preview of a reward (admin)", None, self._numbered(self.admins, "/admin/rewards/{}/preview", len(PRICES))),
            Page("calendar (admin)", None, self._reading(self.admins, "/admin/challenges/calendar")),
            Page("templates (admin)", None, self._reading(self.admins, "/admin/challenges/templates")),
            Page(f"approvals queue, {self.programme.waiting:,} waiting", 0.08, self._reading(self.admins, "/admin/approvals")),
            Page("begun, not sent (admin)", None, self._reading(self.admins, "/admin/challenges/begun")),
            Page("begun, looked for (admin)", None, self._looking_for_begun),
            Page("begun by one member (admin)", None, self._begun_by_one),
            Page("the queue's side panel", None, self._panel),
            Page("fulfilment desk (admin)", None, self._reading(self.admins, "/admin/rewards/desk")),
            Page("desk, to be sent (admin)", None, self._reading(self.admins, "/admin/rewards/desk?tab=send")),
            Page("tracking numbers (admin)", None, self._reading(self.admins, "/admin/rewards/desk/tracking")),
            Page("look at 20 tracking numbers (admin)", None, self._tracking),
            Page("tickets (admin)", None, self._reading(self.admins, "/admin/rewards/tickets")),
            Page("a ticket (admin)", None, self._reading(self.admins, f"/admin/rewards/tickets/{self.furniture.ticket}")),
            Page("code vault (admin)", None, self._reading(self.admins, "/admin/rewards/codes")),
            Page("codes of a reward (admin)", None, self._reading(self.admins, f"/admin/rewards/{self.furniture.vault_id}/codes")),
            Page("receiving (admin)", None, self._reading(self.admins, "/admin/receiving")),
            Page("receiving, a company (admin)", None, self._numbered(self.admins, "/admin/receiving/companies/{}", self.programme.companies)),
            Page("receiving, a person (admin)", None, self._of_members("/admin/receiving/people/{}")),
            Page("registry, search", None, self._searching),
            Page("companies (employee)", None, self._reading(self.employees, "/companies?q=company")),
            Page("a company (employee)", None, self._numbered(self.employees, "/companies/{}", self.programme.companies)),
            Page("what customers said (admin)", None, self._reading(self.admins, "/companies/said")),
            Page("references at a glance (admin)", None, self._reading(self.admins, "/admin/references")),
            Page("where references lack (admin)", None, self._reading(self.admins, "/admin/references/coverage")),
            Page("who saw contact details (admin)", None, self._reading(self.admins, "/admin/contacts-seen")),
            Page("show contact details (admin)", None, self._seeing),
            Page("my asks", None, self._reading(self.members, "/asks")),
            Page("who can be asked", None, self._reading(self.employees, "/goodwill")),
            Page("who can be asked now, of a name", None, self._looking_for_ready),
            Page("whose cap is reached, the worn first", None, self._reading(self.employees, "/goodwill?state=full&order=worn")),
            Page("goodwill of a person", None, self._goodwill),
            Page("goodwill of a company", None, self._numbered(self.employees, "/goodwill/companies/{}", self.programme.companies)),
            Page("goodwill of a company asked thousands of times", None, self._numbered(self.employees, "/goodwill/companies/{}", GIANTS)),
            Page("caps and efforts (admin)", None, self._reading(self.admins, "/admin/goodwill")),
            Page("blocks (admin)", None, self._reading(self.admins, "/admin/goodwill/blocks")),
            Page("limits of a person (admin)", None, self._of_members("/admin/goodwill/people/{}")),
            Page("look at 50 to ask", None, self._several("look")),
            Page("names while one logs an ask", None, self._reading(self.employees, "/goodwill/log/names?person=an", is_script=True)),
            Page("report of asks (admin)", None, self._reading(self.admins, "/admin/goodwill/report")),
            Page("log an ask", None, self._logging),
            Page("ask and say no, in turn", None, self._asking),
            Page("ask 50", None, self._several("ask")),
            Page("say how one wants to be asked", None, self._saying),
            Page("reference profiles (admin)", None, self._reading(self.admins, "/profiles")),
            Page("reference profiles, search (admin)", None, self._reading(self.admins, "/profiles?q=spreadsheets&verified=fresh")),
            Page("reference profiles (employee)", None, self._reading(self.employees, "/profiles")),
            Page("customers to verify (employee)", None, self._reading(self.employees, "/profiles/verify")),
            Page("a reference profile (admin)", None, self._profiled("/profiles/{}")),
            Page("edit a reference profile (admin)", None, self._profiled("/profiles/{}/edit")),
            Page("my reference", None, self._reading(self.members, "/my-reference")),
            Page("hide and show a reference profile", None, self._showing),
            Page("nominate, the form (employee)", None, self._reading(self.employees, "/nominate")),
            Page("names while one nominates", None, self._naming),
            Page("my nominations (employee)", None, self._reading(self.employees, "/nominate/mine")),
            Page("nomination drafts (employee)", None, self._reading(self.employees, "/nominate/drafts")),
            Page("nominate several (employee)", None, self._reading(self.employees, "/nominate/several")),
            Page("terms of nominations (admin)", None, self._reading(self.admins, "/admin/nominations")),
            Page("find a reference (employee)", None, self._finding),
            Page("one reference found (admin)", None, self._profiled("/find/{}?worry=spreadsheets")),
            Page("references compared (admin)", None, self._comparing),
            Page("library (employee)", None, self._reading(self.employees, "/library")),
            Page("my requests (employee)", None, self._reading(self.employees, "/requests")),
            Page("request a reference, the form (employee)", None, self._reading(self.employees, "/requests/new")),
            Page("all requests (admin)", None, self._reading(self.admins, "/requests?tab=all")),
            Page("requests that wait for an admin (admin)", None, self._reading(self.admins, "/requests?tab=unassigned")),
            Page("requests searched (admin)", None, self._reading(self.admins, "/requests?tab=all&q=prospect+7")),
            Page("one request (admin)", None, self._numbered(self.admins, "/requests/{}", self.programme.requests)),
            Page("points and clock of requests (admin)", None, self._reading(self.admins, "/admin/requests")),
            Page("request a reference", None, self._requesting),
            Page("nominate", None, self._nominating),
            Page("a nomination draft keeps itself", None, self._drafting),
            Page("a step keeps itself", None, self._keeping),
            Page("submit", 0.10, self._sending),
            Page("approve", 0.10, self._approving),
            Page("decline", None, self._deciding("decline")),
            Page("ask for more", None, self._deciding("more")),
            Page("decline and undo, in turn", None, self._undoing),
            Page("redeem", 0.10, self._redeeming),
            Page("redeem a card from the vault", None, self._redeeming_cards),
            Page("wish", None, self._wishing),
            Page("join and leave a waiting list", None, self._waiting_for),
            Page("correct a balance", None, self._adjusting),
            Page("dispute a line", None, self._disputing),
        ]

    def _reading(self, visitors: Sequence[Visitor | None], path: str, *, is_script: bool = False) -> Callable[[int], Iterator[Ask]]:
        def asks(client: int) -> Iterator[Ask]:
            for visitor in cycle(visitors[client % len(visitors) :: CONNECTIONS]):
                yield Ask(visitor, path, headers=BY_SCRIPT) if is_script else Ask(visitor, path)

        return asks

    def _of_members(self, path: str) -> Callable[[int], Iterator[Ask]]:
        def asks(client: int) -> Iterator[Ask]:
            for number in count(client * 131):
                yield Ask(self.admins[client], path.format(self.programme.member(number * 17 % self.programme.members)))

        return asks

    def _searching(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            yield Ask(self.employees[number % len(self.employees)], f"/registry?{urlencode({'q': FIRST_NAMES[number % len(FIRST_NAMES)]})}")

    def _looking_for_begun(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            yield Ask(self.admins[client], f"/admin/challenges/begun?{urlencode({'q': FIRST_NAMES[number % len(FIRST_NAMES)]})}")

    def _begun_by_one(self, client: int) -> Iterator[Ask]:
        for _visitor, submission, _stage in cycle(self._kept):
            yield Ask(self.admins[client], f"/admin/challenges/begun/{submission}")

    def _goodwill(self, client: int) -> Iterator[Ask]:
        for number in count(client * 131):
            visitor = self.employees[number % len(self.employees)]
            yield Ask(visitor, f"/goodwill/people/{self.programme.member(number * 17 % self.programme.members)}")

    def _looking_for_ready(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            name = FIRST_NAMES[number % len(FIRST_NAMES)]
            yield Ask(self.employees[number % len(self.employees)], f"/goodwill?{urlencode({'q': name, 'state': 'now'})}")

    def _asking(self, client: int) -> Iterator[Ask]:
        """Ask a member for a review, and let them say no to that. Which ask it is is read here, as their page would show it."""
        for number, member in enumerate(cycle(self.writers[client::CONNECTIONS])):
            form = {"key": new_key(), "kind": "review", "about": "Our last release", "channel": "portal"}
            yield Ask(self.employees[number % len(self.employees)], f"/goodwill/people/{member.person_id}", form)
            with self.database.reading() as session:
                latest = session.scalar(select(OpenAsk.ask_id).where(OpenAsk.person_id == member.person_id).order_by(OpenAsk.ask_id.desc()).limit(1))
            yield Ask(member, f"/asks/{latest}/no", {"reason": "Not this quarter."})

    def _several(self, step: str) -> Callable[[int], Iterator[Ask]]:
        def asks(client: int) -> Iterator[Ask]:
            for number in count(client):
                people = "\n".join(f"#{self.programme.member((number * 50 + n) * 17 % self.programme.members)}" for n in range(50))
                form = {"key": new_key(), "people": people, "kind": "survey", "about": "", "channel": "email", "step": step}
                yield Ask(self.employees[number % len(self.employees)], "/goodwill/several", form)

        return asks

    def _saying(self, client: int) -> Iterator[Ask]:
        """Set one's own number anew. What stood before is read here, as the page would show it."""
        for number, member in enumerate(cycle(self.writers[client::CONNECTIONS])):
            with self.database.reading() as session:
                seen = seen_of(seen_terms(budget_of(session, member.person_id, utcnow(), of_company=False).person.terms))
            yield Ask(member, "/asks/terms", {"most": str(40 + number % 3), "days": "", "paused_until": "", "seen": seen})

    def _seeing(self, client: int) -> Iterator[Ask]:
        for number in count(client * 131):
            yield Ask(self.admins[client], f"/people/{self.programme.member(number * 17 % self.programme.members)}/contact/company", {})

    def _profiled(self, path: str) -> Callable[[int], Iterator[Ask]]:
        def asks(client: int) -> Iterator[Ask]:
            for number in count(client * 131):
                seat = number * 17 % (self.programme.members // PROFILED)
                yield Ask(self.admins[client], path.format(self.programme.member(seat * PROFILED)))

        return asks

    def _showing(self, client: int) -> Iterator[Ask]:
        for number in count(client * 131):
            person = self.programme.member(number * 17 % (self.programme.members // PROFILED) * PROFILED)
            yield Ask(self.admins[client], f"/profiles/{person}/{('hidden', 'shown')[number % 2]}", {})

    def _logging(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            person = self.programme.member(number * CONNECTIONS % self.programme.members)
            form = {"key": new_key(), "person": f"#{person}", "kind": "call", "happened_on": "2026-11-02", "channel": "email", "came": "completed"}
            yield Ask(self.employees[number % len(self.employees)], "/goodwill/log", form)

    def _naming(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            where = (*BY_SCRIPT, ("HX-Target", "colleagues"))
            yield Ask(self.employees[number % len(self.employees)], "/nominate?colleague=an", headers=where)

    def _nominating(self, client: int) -> Iterator[Ask]:
        for number in count(client, CONNECTIONS):
            visitor, name = self.employees[number % len(self.employees)], f"Nominee {client}-{number}"
            data = {"key": new_key(), "name": name, "email": f"bench{client}-{number}@example.org", "company": f"Company {number % 50 + 1}"}
            yield Ask(visitor, "/nominate", data | {"why": "Tells it well.", "activities": "call"})

    def _requesting(self, client: int) -> Iterator[Ask]:
        for number in count(client, CONNECTIONS):
            visitor = self.employees[number % len(self.employees)]
            form = {"key": new_key(), "activity": "call", "prospect": f"Prospect {client}-{number}", "needed_by": NEEDED_BY, "do": "send"}
            yield Ask(visitor, "/requests/new", form)

    def _drafting(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            visitor = self.employees[number % len(self.employees)]
            form = {"key": f"draft-{client}", "name": "Ada", "why": "Word by word " * (number % 20)}
            yield Ask(visitor, "/nominate/drafts", form, BY_SCRIPT)

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
            yield self._verdict(client, next(self._waiting), "approve", "")

    def _verdict(self, client: int, attempt: int, verdict: str, reason: str) -> Ask:
        return Ask(self.admins[client], f"/admin/approvals/attempt/{attempt}/{verdict}", {"press": new_key(), "reason": reason, "category": "other"})

    def _deciding(self, verdict: str) -> Callable[[int], Iterator[Ask]]:
        def asks(client: int) -> Iterator[Ask]:
            for attempt in self._waiting:
                yield self._verdict(client, attempt, verdict, WHY)

        return asks

    def _undoing(self, client: int) -> Iterator[Ask]:
        """Decline and take that back, in turn. The number of the decision is read here, as the page would show it."""
        for attempt in self._waiting:
            yield self._verdict(client, attempt, "decline", WHY)
            with self.database.reading() as session:
                decision = session.scalar(select(Verdict.id).where(Verdict.attempt_id == attempt).order_by(Verdict.id.desc()).limit(1))
            yield Ask(self.admins[client], f"/admin/approvals/attempt/decisions/{decision}/undo", {})

    def _panel(self, client: int) -> Iterator[Ask]:
        for attempt in cycle(self._last_waiting):
            yield Ask(self.admins[client], f"/admin/approvals?item=attempt-{attempt}", headers=PANEL)

    def _steps(self, client: int) -> Iterator[Ask]:
        for visitor, _submission, stage in cycle(self._kept[client::CONNECTIONS]):
            yield Ask(visitor, f"/challenges/{stage}?step={stage}")  # made challenges have one step, of their own number

    def _keeping(self, client: int) -> Iterator[Ask]:
        for number, (visitor, submission, stage) in enumerate(cycle(self._kept[client::CONNECTIONS])):
            form = {"key": new_key(), "answer": f"{ANSWER} {number}"}
            yield Ask(visitor, f"/challenges/submissions/{submission}/steps/{stage}/keep", form, BY_SCRIPT)

    def _finding(self, client: int) -> Iterator[Ask]:
        """Search as it is typed: a worry, and a language that some speak."""
        for number in count(client):
            said = ("spreadsheets", "paper", "tape quarter", "night shifts", "sites faster")[number % 5]
            language = ("", "English", "Deutsch")[number % 3]
            path = f"/find?{urlencode({'worry': said, 'language': language, 'activity': 'call'})}"
            yield Ask(self.employees[number % len(self.employees)], path)

    def _comparing(self, client: int) -> Iterator[Ask]:
        for number in count(client * 131):
            seats = [(number + step) * 17 % (self.programme.members // PROFILED) for step in range(4)]
            yield Ask(self.admins[client], f"/find/compare?{urlencode([('who', self.programme.member(seat * PROFILED)) for seat in seats])}")

    def _numbered(self, visitors: Sequence[Visitor], path: str, most: int) -> Callable[[int], Iterator[Ask]]:
        """Read the pages of numbers 1 to ``most`` in turn."""

        def asks(client: int) -> Iterator[Ask]:
            for number in count(client * 131):
                yield Ask(visitors[number % len(visitors)], path.format(1 + number % most))

        return asks

    def _adjusting(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            person = self.programme.member(number * CONNECTIONS % self.programme.members)
            form = {"key": new_key(), "points": "1", "category": "goodwill", "reason": WHY}
            yield Ask(self.admins[client], f"/admin/statement/{person}", form)

    def _to_dispute(self) -> Iterator[tuple[Visitor, int]]:
        first = self.programme.members - self.programme.writers
        for turn in range(self.programme.acts):
            for who, visitor in enumerate(self.writers, start=first):
                transfer = self.programme.index_of(who, turn) + 1
                if transfer not in self._disputed:
                    yield visitor, transfer

    def _disputing(self, _client: int) -> Iterator[Ask]:
        while True:
            visitor, transfer = next(self._lines)
            yield Ask(visitor, "/statement", {"line": str(transfer), "words": WHY})

    def _tracking(self, client: int) -> Iterator[Ask]:
        """Look at a list of twenty numbers for parcels; the look writes nothing."""
        waiting = [n + 1 for n in range(self.programme.redemptions) if REDEEMED[n % 4] == "approved"][:20]
        form = {"text": "redemption,tracking,carrier\n" + "".join(f"{number},TRACK{number},DHL\n" for number in waiting)}
        while True:
            yield Ask(self.admins[client], "/admin/rewards/desk/tracking", form)

    def _redeeming_cards(self, client: int) -> Iterator[Ask]:
        for visitor in cycle(self.writers[client::CONNECTIONS]):
            form = {"key": new_key(), "shown_price": str(CARD_PRICE), "wish": ""}
            yield Ask(visitor, f"/rewards/{self.furniture.vault_id}/redeem", form)

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

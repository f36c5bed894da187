"""Challenges, boards, the bank, rewards, and the desks of admins."""

from collections.abc import Iterator
from itertools import count, cycle
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.furnishing import CARD_PRICE
from benchmarks.load import CONNECTIONS
from benchmarks.maker import CHALLENGES, FIRST_NAMES, PRICES, REDEEMED, SOLD_OUT
from benchmarks.pages.asking import BY_SCRIPT, PANEL, WHY, Ask, Asks, Page
from benchmarks.pages.room import Crowd, Room
from benchmarks.visitors import Visitor
from portal.bank.models import Dispute
from portal.bank.rules.disputes import OPEN
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.kernel.ids import new_key

AT_MOST = 20_000
KEPT = 4 * CONNECTIONS
ANSWER = "It went well, our team saves a day every week, and we would begin with the small plan."


class TheProgramme(Room):
    """What members take part in, and what admins do about it."""

    def __init__(self, crowd: Crowd) -> None:
        super().__init__(crowd)
        programme = crowd.programme
        waits = select(Attempt.id).where(Attempt.state == AttemptState.WAITING, Attempt.id > programme.awards)
        disputed = select(Dispute.transfer_id).where(Dispute.state.in_(OPEN))
        with self.database.reading() as session:
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

    def _looking_for_begun(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            yield Ask(self.admins[client], f"/admin/challenges/begun?{urlencode({'q': FIRST_NAMES[number % len(FIRST_NAMES)]})}")

    def _begun_by_one(self, client: int) -> Iterator[Ask]:
        for _visitor, submission, _stage in cycle(self._kept):
            yield Ask(self.admins[client], f"/admin/challenges/begun/{submission}")

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

    def _deciding(self, verdict: str) -> Asks:
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

"""Whom one may ask, asking them, and what people say of being asked."""

from collections.abc import Iterator
from itertools import count, cycle
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.asks import GIANTS
from benchmarks.load import CONNECTIONS
from benchmarks.maker import FIRST_NAMES
from benchmarks.pages.asking import Ask, Asks, Page
from benchmarks.pages.room import Room
from portal.acts.actions.saying import seen_terms
from portal.acts.models.asks import OpenAsk
from portal.acts.queries.budget import budget_of, budgets_of
from portal.kernel.clock import utcnow
from portal.kernel.ids import new_key
from portal.kernel.seen import seen_of


class Goodwill(Room):
    """The budget of asks."""

    def pages(self) -> list[Page]:
        """Return every kind of request, reads first."""
        return [
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
            Page("limits of a company (admin)", None, self._numbered(self.admins, "/admin/goodwill/companies/{}", self.programme.companies)),
            Page("log an ask, the form", None, self._reading(self.employees, "/goodwill/log")),
            Page("ask several, the form", None, self._reading(self.employees, "/goodwill/several")),
            Page("look at 50 to ask", None, self._several("look")),
            Page("names while one logs an ask", None, self._reading(self.employees, "/goodwill/log/names?person=an", is_script=True)),
            Page("report of asks (admin)", None, self._reading(self.admins, "/admin/goodwill/report")),
            Page("log an ask", None, self._logging),
            Page("ask and say no, in turn", None, self._asking),
            Page("ask 50", None, self._several("ask")),
            Page("say how one wants to be asked", None, self._saying),
        ]

    def _goodwill(self, client: int) -> Iterator[Ask]:
        for number in count(client * 131):
            person = self.programme.member(number * 17 % self.programme.members)
            yield Ask(self._owner_of(person), f"/goodwill/people/{person}")

    def _looking_for_ready(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            name = FIRST_NAMES[number % len(FIRST_NAMES)]
            yield Ask(self.employees[number % len(self.employees)], f"/goodwill?{urlencode({'q': name, 'state': 'now'})}")

    def _asking(self, client: int) -> Iterator[Ask]:
        """Ask a member for a review, and let them say no to that. Which ask it is is read here, as their page would show it."""
        mine = self.writers[client::CONNECTIONS]
        with self.database.reading() as session:
            budgets = budgets_of(session, [member.person_id for member in mine], utcnow())
        # Where one slot is left, another client may take it: people of one company are asked at once.
        for member in cycle([member for member in mine if budgets[member.person_id].left > 1] or mine):
            form = {"key": new_key(), "kind": "review", "about": "Our last release", "channel": "portal"}
            yield Ask(self._owner_of(member.person_id), f"/goodwill/people/{member.person_id}", form)
            with self.database.reading() as session:
                latest = session.scalar(select(OpenAsk.ask_id).where(OpenAsk.person_id == member.person_id).order_by(OpenAsk.ask_id.desc()).limit(1))
            yield Ask(member, f"/asks/{latest}/no", {"reason": "Not this quarter."})

    def _several(self, step: str) -> Asks:
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

    def _logging(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            person = self.programme.member(number * CONNECTIONS % self.programme.members)
            form = {"key": new_key(), "person": f"#{person}", "kind": "call", "happened_on": "2026-11-02", "channel": "email", "came": "completed"}
            yield Ask(self.admins[client], "/goodwill/log", form)

"""The registry, nominations, the search for a reference, the library, and the figures of the programme's owner."""

from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.load import CONNECTIONS
from benchmarks.maker import FIRST_NAMES, PROFILED
from benchmarks.pages.asking import BY_SCRIPT, PANEL, Ask, Asks, Page
from benchmarks.pages.room import Crowd, Room
from portal.kernel.ids import new_key
from portal.references.models.nominating import Nomination
from portal.references.rules.states import State


class References(Room):
    """Who might speak for us, and finding them."""

    def __init__(self, crowd: Crowd) -> None:
        super().__init__(crowd)
        self._to_approve: Iterator[tuple[int, int]] | None = None

    def pages(self) -> list[Page]:
        """Return every kind of request, reads first."""
        item = self.furniture.library_id
        return [
            Page("home of an employee", None, self._reading(self.employees, "/")),
            Page("registry, search", None, self._searching),
            Page("somebody in the registry (employee)", None, self._known),
            Page("a nominee who waits (admin)", None, self._waiting("/registry/nominations/{}")),
            Page("references at a glance (admin)", None, self._reading(self.admins, "/admin/references")),
            Page("where references lack (admin)", None, self._reading(self.admins, "/admin/references/coverage")),
            Page("nominate, the form (employee)", None, self._reading(self.employees, "/nominate")),
            Page("nominate, the form filled from a link (employee)", None, self._reading(self.employees, "/nominate?company=Company+7&name=Ada")),
            Page("names while one nominates", None, self._naming),
            Page("my nominations (employee)", None, self._reading(self.employees, "/nominate/mine")),
            Page("one of my nominations (employee)", None, self._own),
            Page("nomination drafts (employee)", None, self._reading(self.employees, "/nominate/drafts")),
            Page("nominate several (employee)", None, self._reading(self.employees, "/nominate/several")),
            Page("the queue's side panel, a nomination", None, self._panel),
            Page("terms of nominations (admin)", None, self._reading(self.admins, "/admin/nominations")),
            Page("find a reference (employee)", None, self._finding),
            Page("find a reference by the fields alone (employee)", None, self._reading(self.employees, "/find?industry=Banking&activity=call")),
            Page("find a reference, nothing asked yet (employee)", None, self._reading(self.employees, "/find")),
            Page("one reference found (admin)", None, self._profiled("/find/{}?worry=spreadsheets")),
            Page("references compared (admin)", None, self._comparing),
            Page("favourites (admin)", None, self._reading(self.admins, "/find/favourites")),
            Page("library (employee)", None, self._reading(self.employees, "/library")),
            Page("an item of the library (employee)", None, self._reading(self.employees, f"/library/{item}")),
            Page("a new item of the library (admin)", None, self._reading(self.admins, "/library/new")),
            Page("edit an item of the library (admin)", None, self._reading(self.admins, f"/library/{item}/edit")),
            Page("mark a favourite and take the mark off, in turn", None, self._marking),
            Page("take an item of the library", None, self._using),
            Page("nominate", None, self._nominating),
            Page("nominate 10", None, self._nominating_several),
            Page("a nomination draft keeps itself", None, self._drafting),
            Page("say something about one's nomination", None, self._commenting),
            Page("approve a nomination", None, self._approving),
        ]

    def _searching(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            yield Ask(self.employees[number % len(self.employees)], f"/registry?{urlencode({'q': FIRST_NAMES[number % len(FIRST_NAMES)]})}")

    def _naming(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            where = (*BY_SCRIPT, ("HX-Target", "colleagues"))
            yield Ask(self.employees[number % len(self.employees)], "/nominate?colleague=an", headers=where)

    def _nominating(self, client: int) -> Iterator[Ask]:
        for number in count(client, CONNECTIONS):
            visitor, name = self.employees[number % len(self.employees)], f"Nominee {client}-{number}"
            data = {"key": new_key(), "name": name, "email": f"{new_key()}@example.org", "company": f"Company {number % 50 + 1}"}
            yield Ask(visitor, "/nominate", data | {"why": "Tells it well.", "activities": "call"})

    def _drafting(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            visitor = self.employees[number % len(self.employees)]
            form = {"key": f"draft-{client}", "name": "Ada", "why": "Word by word " * (number % 20)}
            yield Ask(visitor, "/nominate/drafts", form, BY_SCRIPT)

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

    def _known(self, client: int) -> Iterator[Ask]:
        for number in count(client * 131):
            person = self.programme.member(number * 17 % self.programme.members)
            yield Ask(self._owner_of(person), f"/registry/people/{person}")

    def _waiting(self, path: str) -> Asks:
        def asks(client: int) -> Iterator[Ask]:
            waiting = self._nominations(State.SUBMITTED)[-CONNECTIONS:]
            for number in count(client):
                yield Ask(self.admins[client], path.format(waiting[number % len(waiting)][0]))

        return asks

    def _panel(self, client: int) -> Iterator[Ask]:
        waiting = self._nominations(State.SUBMITTED)[-CONNECTIONS:]
        for number in count(client):
            yield Ask(self.admins[client], f"/admin/approvals?item=nomination-{waiting[number % len(waiting)][0]}", headers=PANEL)

    def _nominations(self, state: State) -> list[tuple[int, int]]:
        """Return number and nominator of the made nominations in a state."""
        made = select(Nomination.id, Nomination.nominator_id).where(Nomination.key.like("made-%"), Nomination.state == state)
        with self.database.reading() as session:
            return [(row[0], row[1]) for row in session.execute(made.order_by(Nomination.id))]

    def _own(self, client: int) -> Iterator[Ask]:
        made = self._nominations(State.ACCEPTED)
        for number in count(client * 131):
            nomination, nominator = made[number % len(made)]
            yield Ask(self.by_id[nominator], f"/nominate/mine/{nomination}")

    def _commenting(self, client: int) -> Iterator[Ask]:
        made = self._nominations(State.ACCEPTED)
        for number in count(client * 131):
            nomination, nominator = made[number % len(made)]
            form = {"key": new_key(), "text": "They spoke at our meetup last week, too."}
            yield Ask(self.by_id[nominator], f"/nominate/mine/{nomination}/comments", form)

    def _approving(self, client: int) -> Iterator[Ask]:
        """Approve what the programme was made with, but for the last, which are looked at."""
        if self._to_approve is None:
            made = self._nominations(State.SUBMITTED)
            self._to_approve = iter(made[: -min(CONNECTIONS, len(made) // 2) or None])
        for nomination, _nominator in self._to_approve:
            form = {"press": new_key(), "reason": "", "category": "other"}
            yield Ask(self.admins[client], f"/admin/approvals/nomination/{nomination}/approve", form)

    def _nominating_several(self, client: int) -> Iterator[Ask]:
        for number in count(client, CONNECTIONS):
            lines = "\n".join(f"Several {number}-{n}, several{number}-{n}-{new_key()[:6]}@example.org, Company {n + 1}" for n in range(10))
            form = {"key": new_key(), "lines": lines, "why": "They all spoke at our meetup.", "colleague": ""}
            yield Ask(self.employees[number % len(self.employees)], "/nominate/several", form)

    def _marking(self, client: int) -> Iterator[Ask]:
        person = self.programme.member(client * PROFILED)
        for number in count():
            yield Ask(self.admins[client], f"/find/{person}/favourite", {"is_on": ("1", "0")[number % 2], "next": "/find"})

    def _using(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            yield Ask(self.employees[number % len(self.employees)], f"/library/{self.furniture.library_id}/use", {})

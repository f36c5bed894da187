"""Reference profiles, as staff keep them and as their people see them."""

from collections.abc import Iterator
from itertools import count

from sqlalchemy import select

from benchmarks.maker import PROFILED
from benchmarks.pages.asking import Ask, Page
from benchmarks.pages.room import Room
from benchmarks.visitors import Visitor
from portal.profiles.models import ProfileBlackout, ReferenceProfile
from portal.profiles.rules.states import Status


class Profiles(Room):
    """What is known of references, and what they say themselves."""

    def pages(self) -> list[Page]:
        """Return every kind of request, reads first."""
        return [
            Page("reference profiles (admin)", None, self._reading(self.admins, "/profiles")),
            Page("reference profiles, search (admin)", None, self._reading(self.admins, "/profiles?q=spreadsheets&verified=fresh")),
            Page("reference profiles (employee)", None, self._reading(self.employees, "/profiles")),
            Page("customers to verify (employee)", None, self._reading(self.employees, "/profiles/verify")),
            Page("a reference profile (admin)", None, self._profiled("/profiles/{}")),
            Page("edit a reference profile (admin)", None, self._profiled("/profiles/{}/edit")),
            Page("my reference", None, self._reading(self.members, "/my-reference")),
            Page("a reference profile (employee)", None, self._of_own_customers),
            Page("a new reference profile (employee)", None, self._reading(self.employees, "/profiles/new")),
            Page("reference profiles as a file (admin)", None, self._reading(self.admins, "/profiles?format=csv")),
            Page("hide and show a reference profile", None, self._showing),
            Page("write a reference profile", None, self._writing),
            Page("say that a reference profile is true", None, self._verifying),
            Page("let a reference rest and go on, in turn", None, self._moving),
            Page("write down a consent", None, self._consenting),
            Page("ask account owners about 10 profiles", None, self._checking),
            Page("say something of oneself", None, self._saying),
            Page("say what one does", None, self._doing),
            Page("take days off and not, in turn", None, self._resting),
        ]

    def _showing(self, client: int) -> Iterator[Ask]:
        """Hide and show one profile. How it stands is read here, as the page would show it."""
        person = self._theirs(client)
        while True:
            with self.database.reading() as session:
                is_visible = session.get_one(ReferenceProfile, person).is_visible
            yield Ask(self.admins[client], f"/profiles/{person}/{'hidden' if is_visible else 'shown'}", {})

    def _theirs(self, client: int) -> int:
        """Return a reference whom no request is about, another for each client."""
        others = self.under_way.others
        return others[(len(others) // 2 + client) % len(others)]

    def _signed_in(self, client: int) -> Visitor:
        """Return a member who is a reference, another for each client."""
        own = [visitor for visitor in self.members if not (visitor.person_id - self.programme.member(0)) % PROFILED]
        return own[client % len(own)]

    def _of_own_customers(self, client: int) -> Iterator[Ask]:
        for number in count(client * 131):
            person = self.programme.member(number * 17 % (self.programme.members // PROFILED) * PROFILED)
            yield Ask(self._owner_of(person), f"/profiles/{person}")

    def _writing(self, client: int) -> Iterator[Ask]:
        """Write what is known. The edition is read here, as the page would show it."""
        person = self._theirs(client)
        for number in count():
            with self.database.reading() as session:
                edition = session.get_one(ReferenceProfile, person).edition
            told = {"tier": "2", "story": f"Moved {number} sites off paper.", "product": "Boards", "language": "English, Deutsch"}
            yield Ask(self.admins[client], f"/profiles/{person}/edit", told | {"edition": str(edition)})

    def _verifying(self, client: int) -> Iterator[Ask]:
        person = self._theirs(client)
        while True:
            yield Ask(self._owner_of(person), f"/profiles/{person}/answer/true", {})

    def _moving(self, client: int) -> Iterator[Ask]:
        person = self._theirs(client)
        with self.database.reading() as session:
            rests = session.get_one(ReferenceProfile, person).status == Status.RESTING
        for number in count(int(rests)):
            yield Ask(
                self.admins[client], f"/profiles/{person}/move/{('rest', 'resume')[number % 2]}", {"reason": "Their plant moves.", "rests_until": ""}
            )

    def _consenting(self, client: int) -> Iterator[Ask]:
        person = self._theirs(client)
        for number in count():
            form = {"activity": "quote", "words": f"You may quote me on what I said, part {number}.", "note": "By telephone", "scope": "website"}
            yield Ask(self.admins[client], f"/profiles/{person}/consents", form)

    def _checking(self, client: int) -> Iterator[Ask]:
        others = self.under_way.others
        for number in count(client):
            ids = [str(others[(number * 10 + n) % len(others)]) for n in range(10)]
            yield Ask(self.admins[client], "/profiles/ask", {"ids": ids})

    def _saying(self, client: int) -> Iterator[Ask]:
        for number in count():
            form = {"t": "", "story": f"We moved {number} sites off paper.", "use_case": "Planning", "language": "English"}
            yield Ask(self._signed_in(client), "/my-reference/say", form)

    def _doing(self, client: int) -> Iterator[Ask]:
        for number in count():
            yield Ask(self._signed_in(client), "/my-reference/does", {"t": "", "call": "yes", "review": ("yes", "no")[number % 2]})

    def _resting(self, client: int) -> Iterator[Ask]:
        """Keep a day free, and give it back. Which one that is is read here, as the page would show it."""
        visitor = self._signed_in(client)
        mine = select(ProfileBlackout.id).where(ProfileBlackout.person_id == visitor.person_id).order_by(ProfileBlackout.id.desc()).limit(1)
        while True:
            yield Ask(visitor, "/my-reference/days", {"t": "", "first_on": "2990-03-01", "last_on": "2990-03-02", "reason": "Audit"})
            with self.database.reading() as session:
                latest = session.scalar(mine)
            yield Ask(visitor, f"/my-reference/days/{latest}/remove", {"t": ""})

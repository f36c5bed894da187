"""Companies for staff, contact details that are shown, consents, and imports."""

from collections.abc import Iterator
from itertools import count

from benchmarks.maker import ADMINS, EMPLOYEES
from benchmarks.pages.asking import Ask, Page
from benchmarks.pages.room import Room
from portal.accounts.actions.handing_over import seen_values
from portal.accounts.queries.knowing import hand_over_of
from portal.kernel.seen import seen_of


class Companies(Room):
    """What staff know of customers, and where it comes from."""

    def pages(self) -> list[Page]:
        """Return every kind of request, reads first."""
        companies, batch = self.programme.companies, self.furniture.import_id
        return [
            Page("companies (employee)", None, self._reading(self.employees, "/companies?q=company")),
            Page("companies that one looks after (employee)", None, self._reading(self.employees, "/companies?mine=y")),
            Page("companies as a file (employee)", None, self._reading(self.employees, "/companies?format=csv")),
            Page("a company (employee)", None, self._numbered(self.employees, "/companies/{}", companies)),
            Page("a company (admin)", None, self._numbered(self.admins, "/companies/{}", companies)),
            Page("everybody at a company (employee)", None, self._numbered(self.employees, "/companies/{}/people", companies)),
            Page("what a company did (employee)", None, self._numbered(self.employees, "/companies/{}/acts", companies)),
            Page("what a company lets us quote (employee)", None, self._numbered(self.employees, "/companies/{}/quotes", companies)),
            Page("what is known of a company, the form (admin)", None, self._numbered(self.admins, "/companies/{}/hand-over", companies)),
            Page("what customers said (admin)", None, self._reading(self.admins, "/companies/said")),
            Page("what customers said (employee)", None, self._reading(self.employees, "/companies/said")),
            Page("who saw contact details (admin)", None, self._reading(self.admins, "/admin/contacts-seen")),
            Page("my consents", None, self._reading(self.members, "/consents")),
            Page("consents (admin)", None, self._reading(self.admins, "/admin/consents")),
            Page("a consent (admin)", None, self._numbered(self.admins, "/admin/consents/{}", self.programme.members // 4)),
            Page("imports (admin)", None, self._reading(self.admins, "/admin/imports")),
            Page("a new import (admin)", None, self._reading(self.admins, "/admin/imports/new?kind=companies")),
            Page("what the columns of an import mean (admin)", None, self._reading(self.admins, f"/admin/imports/{self.furniture.draft_id}/mapping")),
            Page("an import that is done (admin)", None, self._reading(self.admins, f"/admin/imports/{batch}")),
            Page("what an import would not take, as a file (admin)", None, self._reading(self.admins, f"/admin/imports/{batch}/errors.csv")),
            Page("what an import changed, as a file (admin)", None, self._reading(self.admins, f"/admin/imports/{batch}/differences.csv")),
            Page("show contact details (admin)", None, self._seeing),
            Page("write down what is known of a company", None, self._handing_over),
            Page("want the weekly mail and not, in turn", None, self._mailing),
        ]

    def _seeing(self, client: int) -> Iterator[Ask]:
        for number in count(client * 131):
            yield Ask(self.admins[client], f"/people/{self.programme.member(number * 17 % self.programme.members)}/contact/company", {})

    def _handing_over(self, client: int) -> Iterator[Ask]:
        """Write it down as who looks after the company. What stood before is read here, as the page would show it."""
        company = 1 + client
        owner = self.by_id[ADMINS + 1 + company % EMPLOYEES]
        for number in count():
            with self.database.reading() as session:
                seen = seen_of(seen_values(hand_over_of(session, company)[1]))
            who = {"stakeholders-0-name": "Ines Buyer", "stakeholders-0-role": "Head of planning", "stakeholders-0-cares_about": "Fewer late nights"}
            told = {"renewal_on": "2990-03-01", "goals": f"Close the month in {1 + number % 9} days.", "notes": "", "competitors": "Initech"}
            yield Ask(owner, f"/companies/{company}/hand-over", who | told | {"seen": seen})

    def _mailing(self, client: int) -> Iterator[Ask]:
        for number in count(client):
            yield Ask(self.employees[client % len(self.employees)], "/companies/said/mail", {"wanted": ("no", "yes")[number % 2]})

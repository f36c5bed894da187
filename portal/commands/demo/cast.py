"""Who is there: staff, companies, advocates; how they joined; whom employees nominate."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from portal.commands.demo.content import domain_of, email_of, programme
from portal.commands.demo.story import Story
from portal.notifications.actions import mark_all_read
from portal.people.actions.companies import add_company
from portal.people.actions.joining import JOIN, invite_person, join
from portal.people.actions.persons import add_person
from portal.people.models import Person
from portal.people.rules.password import Hasher, Policy
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.references.actions.answering import agree, put_off, say_no
from portal.references.actions.asking import follow_up
from portal.references.actions.commenting import comment
from portal.references.actions.decide import PROPOSAL, accept_nomination, decline_nomination, take_up
from portal.references.actions.links import ANSWER, send_link
from portal.references.actions.nominate import nominate
from portal.references.rules.deciding import Code
from portal.references.rules.joining import CONSENT_WORDS, Offer, Refused
from portal.references.rules.nominating import Details

PASSWORD = "a quiet walk by the river"  # noqa: S105, published: demo people are refused in production
POLICY = Policy(min_length=15)
INBOX_READ = 9


class OneHash(Hasher):
    """Hashes the one password that all demo people share once."""

    @cached_property
    def _kept(self) -> str:
        return super().hash(PASSWORD)

    def hash(self, password: str) -> str:
        """Return the one hash; any other password is hashed as ever."""
        return self._kept if password == PASSWORD else super().hash(password)


@dataclass(frozen=True)
class Member:
    """An advocate of the story: how active (0 to 5) and for how many days they have been here."""

    name: str
    level: int
    days: int


class Cast:
    """Brings the people in, in order of time."""

    def __init__(self, story: Story, hasher: Hasher) -> None:
        self.story, self.hasher = story, hasher
        staff = programme()["staff"]
        self.staff: list[str] = [entry["name"] for entry in staff]
        self.employees = [entry["name"] for entry in staff if "employee" in entry["roles"]]
        self.reviewers = [entry["name"] for entry in staff if "admin" in entry["roles"]]
        self.members: list[Member] = []

    def enter(self) -> None:
        """Put everybody's arrival on the agenda. The companies come with the first admin."""
        for entry in programme()["staff"]:
            self.story.plan(self.story.ago(entry["joined"]), self._hire, entry)
        self.story.plan(self.story.ago(369), self._add_companies)
        for company in programme()["customer"]:
            for line in company["people"]:
                name, title, level, days = (part.strip() for part in line.split(";"))
                member = Member(name, int(level), int(days))
                self.members.append(member)
                asked = self.story.ago(member.days + self.story.random.uniform(1, 5))
                self.story.plan(asked, self._invite, company, member, title)
        for number, entry in enumerate(programme()["nomination"]):
            self.story.plan(self.story.ago(entry["days"]), self._nominate, number, entry)
        self.story.plan(self.story.ago(INBOX_READ), self._read_inboxes)

    def _hire(self, entry: dict[str, Any], at: datetime) -> None:
        email = email_of(entry["name"], programme()["company"]["domain"])
        self._add(entry["name"], email=email, title=entry["title"], roles=entry["roles"], company_id=None, at=at)
        self._join(entry["name"], at)

    def _add_companies(self, at: datetime) -> None:
        owners = self.employees[1:]
        for number, entry in enumerate(programme()["customer"]):
            fields = {field: entry[field] for field in ("name", "industry", "size", "region", "country")}
            owner_id = self.story.people[owners[number % len(owners)]].id
            actor = self.story.acting(self.reviewers[number % 2])
            made = add_company(self.story.session, actor, **fields, domain=domain_of(entry["name"]), owner_id=owner_id, now=at)
            self.story.companies[entry["name"]] = made.id

    def _invite(self, company: dict[str, Any], member: Member, title: str, at: datetime) -> None:
        email = email_of(member.name, domain_of(company["name"]))
        self._add(member.name, email=email, title=title, roles=["advocate"], company_id=self.story.companies[company["name"]], at=at)
        self.story.plan(self.story.after(at, hours=14), self._join, member.name)

    def _add(self, name: str, *, email: str, title: str, roles: list[str], company_id: int | None, at: datetime) -> Person:
        reviewers = [name for name in self.reviewers if name in self.story.people]
        actor = self.story.acting(self.story.random.choice(reviewers)) if reviewers else self.story.portal
        made = add_person(self.story.session, actor, name=name, email=email, title=title, roles=roles, company_id=company_id, is_demo=True, now=at)
        self.story.people[name] = made
        return made

    def _join(self, name: str, at: datetime) -> None:
        """Invite and open the link. Nominees are invited a second time: a link is kept only as a hash, so an earlier one cannot be opened here."""
        person = self.story.people[name]
        link = invite_person(self.story.session, self.story.portal, person_id=person.id, mail=False, now=at)
        password = self.hasher.accept(PASSWORD, POLICY)
        join(self.story.session, self.story.portal, token=link.removeprefix(JOIN), password=password, now=at)
        self.story.session.refresh(person)

    def _nominate(self, number: int, entry: dict[str, Any], at: datetime) -> None:
        nominator = self.staff[entry["by"]]
        email = email_of(entry["name"], domain_of(entry["company"]))
        made = nominate(
            self.story.session,
            self.story.acting(nominator),
            key=f"demo-nomination-{number}",
            name=entry["name"],
            email=email,
            company=entry["company"],
            title=entry["title"],
            why=entry["why"],
            activities=[Activity(value) for value in entry["might"]],
            details=Details(**entry.get("more", {})),
            colleague_id=self.story.people[self.staff[entry["for"]]].id if "for" in entry else None,
            now=at,
        )
        if entry["outcome"] == "review":
            self.story.plan(self.story.after(at, hours=20), self._talk, made.id)
        if entry["outcome"] in ("invited", "joined", "declined", "said_no", "not_now", "no_answer"):
            decided = self.story.after(at, hours=30)
            self.story.plan(decided, self._decide, made.id, entry, email)

    def _decide(self, nomination_id: int, entry: dict[str, Any], email: str, at: datetime) -> None:
        actor = self.story.acting(self.reviewers[1])
        if entry["outcome"] == "declined":
            code = Code(entry.get("code", "other"))
            decline_nomination(self.story.session, actor, nomination_id=nomination_id, reason=entry["reason"], code=code, now=at)
            return
        name = entry["name"]
        company_id = self.story.companies[entry["company"]]
        self._add(name, email=email, title=entry["title"], roles=["advocate"], company_id=company_id, at=at)
        nomination = accept_nomination(self.story.session, actor, nomination_id=nomination_id, now=at)
        # A link is kept only as a hash, so the one in the mail cannot be opened here: they answer by another of the same kind.
        link = send_link(self.story.session, nomination, self.story.people[name], PROPOSAL, at + timedelta(microseconds=1))
        self.story.plan(self.story.after(at, hours=48), self._answer, nomination_id, entry, link.removeprefix(ANSWER))
        for days in {"no_answer": (8, 24), "invited": (8,)}.get(entry["outcome"], ()):
            self.story.plan(at + timedelta(days=days), self._follow_up, nomination_id)
        if entry["outcome"] == "joined":
            joins = self.story.after(at, hours=60)
            self.members.append(Member(name, 3, max(1, (self.story.end - joins).days)))
            self.story.plan(joins, self._join, name)

    def _answer(self, nomination_id: int, entry: dict[str, Any], token: str, at: datetime) -> None:
        session, outcome = self.story.session, entry["outcome"]
        if outcome == "joined":
            chosen = tuple(Activity(value) for value in entry["might"])
            # What the page would have shown them.
            words = {kind: CONSENT_WORDS % {"company": "Brindlewick", "activity": ACTIVITY_NAMES[kind], "number": 2} for kind in chosen}
            agree(session, "", token=token, offer=Offer(chosen, 2), words=words, now=at)
        elif outcome == "said_no":
            say_no(session, "", token=token, code=Refused(entry["code"]), reason=entry["reason"], now=at)
        elif outcome == "not_now":
            put_off(session, "", token=token, now=at)

    def _follow_up(self, nomination_id: int, at: datetime) -> None:
        follow_up(self.story.session, self.story.portal, nomination_id=nomination_id, now=at)

    def _talk(self, nomination_id: int, at: datetime) -> None:
        actor = self.story.acting(self.reviewers[1])
        take_up(self.story.session, actor, nomination_id=nomination_id, now=at)
        comment(self.story.session, actor, nomination_id=nomination_id, text="Does their company let them speak in public?", key="demo-talk", now=at)

    def _read_inboxes(self, at: datetime) -> None:
        for person in self.story.people.values():
            mark_all_read(self.story.session, person_id=person.id, now=at)

"""Individuals, named one by one."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.contract import Control, Labels, Moment, Options, Phrase, Test
from portal.audience.rules import MAX_VALUES, PeopleMissing, PersonAmbiguous, PersonUnknown, TooManyPeople
from portal.kernel.text import N_, clean_line, fold, normal_email
from portal.people.models import Person
from portal.people.queries.persons import names


class Named:
    """The member is one of these people."""

    key = "people"
    name = N_("Named people")
    hint = N_("People whom you name one by one.")
    icon = "user"
    group = N_("Person")

    def controls(self, session: Session) -> dict[str, Control]:
        """Return one control: a person on each line."""
        return {"people": Control("lines", N_("People"), N_("One person on each line: the full name, or the e-mail address."))}

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return the ids of the people named, by name or address. Refuses none, more than 100, unknown and ambiguous names."""
        lines = list(dict.fromkeys(line for raw in str(given.get("people") or "").splitlines() if (line := clean_line(raw))))
        if not lines:
            raise PeopleMissing()
        if len(lines) > MAX_VALUES:
            raise TooManyPeople(limit=MAX_VALUES)
        found = _found(session, lines)
        ids = set()
        for line in lines:
            matches = found.get(normal_email(line) or "", set()) if "@" in line else found.get(fold(line), set())
            if not matches:
                raise PersonUnknown(name=line[:80])
            if len(matches) > 1:
                raise PersonAmbiguous(name=line[:80])
            ids |= matches
        return {"people": sorted(ids)}

    def shown(self, session: Session, options: Options) -> dict[str, Any]:
        """Return a line for each: the address, or the name of who has none."""
        people = session.execute(select(Person.name, Person.email).where(Person.id.in_(options["people"])).order_by(Person.name_key, Person.id))
        return {"people": "\n".join(row.email or row.name for row in people)}

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the people's names."""
        ids = {person_id for options in every for person_id in options["people"]}
        return dict(names(session, ids))

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “Is Ana Oliveira or Bea”."""
        return Phrase(N_("Is %(people)s"), {"people": sorted(labels[found] for found in options["people"] if found in labels)})

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Name nobody else."""
        return Phrase(N_("the programme team chose you for it"))

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the id."""
        return Person.id.in_(options["people"])

    def test(self, options: Options) -> Test:
        """Return whether the member is one of them."""
        wanted = frozenset(options["people"])
        return lambda facts: facts.person_id in wanted


def _found(session: Session, lines: Iterable[str]) -> dict[str, set[int]]:
    """Return who has each address and each name, by their folded forms, in one query."""
    emails, keys = {normal_email(line) for line in lines if "@" in line}, {fold(line) for line in lines}
    rows = session.execute(select(Person.id, Person.email_key, Person.name_key).where(Person.email_key.in_(emails) | Person.name_key.in_(keys)))
    found: dict[str, set[int]] = {}
    for row in rows:
        for key in (row.email_key, row.name_key):
            found.setdefault(key or "", set()).add(row.id)
    return found

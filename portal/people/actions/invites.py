"""Adding and inviting several people at once, each line for itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal
from portal.people.actions.companies import company_named
from portal.people.actions.joining import invite_person
from portal.people.actions.persons import add_person
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.invitation import lines_of, read_line
from portal.people.rules.person import PersonState, require_roles


@dataclass(frozen=True)
class Outcome:
    """What became of one line: the person invited, or why not."""

    number: int
    text: str
    person: Person | None
    refusal: Refusal | None


def invite_lines(session: Session, actor: Actor, *, text: str, roles: Iterable[str], now: datetime) -> list[Outcome]:
    """Invite who stands in each line of ``text`` and return what became of each. A contact who is here already is invited too.

    A line that is refused leaves the others alone. Refuses more than 500 lines and no roles.
    """
    held = frozenset(roles)
    require_roles(held)
    return [_one(session, actor, number, line, held, now) for number, line in lines_of(text)]


def _one(session: Session, actor: Actor, number: int, text: str, roles: frozenset[str], now: datetime) -> Outcome:
    try:
        line = read_line(number, text)
        with session.begin_nested():
            person = find_person_by_email(session, line.email)
            if person is None or person.state != PersonState.CONTACT:
                company_id = company_named(session, actor, line.company, now)
                person = add_person(session, actor, name=line.name, email=line.email, roles=roles, company_id=company_id, now=now)
            invite_person(session, actor, person_id=person.id, now=now)
    except Refusal as refusal:
        return Outcome(number, text, None, refusal)
    return Outcome(number, text, person, None)

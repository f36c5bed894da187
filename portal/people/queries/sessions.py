"""Who is signed in, in one query a request; and a person's list of sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.ids import token_hash
from portal.people.models import Company, Person, SignInSession
from portal.people.rules.person import PersonState, role_set
from portal.people.rules.session import is_over


@dataclass(frozen=True)
class Viewer:
    """The signed-in person as pages need them: no database row, no lazy load."""

    id: int
    name: str
    email: str | None
    title: str
    roles: frozenset[str]
    language: str | None
    time_zone: str | None
    company_id: int | None
    company_name: str | None
    session_id: int
    last_seen_at: datetime
    token: str

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return what Flask-Login puts into the cookie: the session's token."""
        return self.token


def find_viewer(session: Session, token: str, *, allow_demo: bool, now: datetime) -> Viewer | None:
    """Return who holds the session of ``token``, or None when it ended, went idle, or its person may not be here."""
    row = session.execute(
        select(SignInSession, Person, Company.name)
        .join(Person, Person.id == SignInSession.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .where(SignInSession.token_hash == token_hash(token), Person.state == PersonState.ACTIVE)
    ).one_or_none()
    if row is None:
        return None
    held, person, company_name = row
    if person.is_demo and not allow_demo:
        return None
    if is_over(last_seen_at=held.last_seen_at, expires_at=held.expires_at, is_kept=held.is_kept, is_admin=person.is_admin, now=now):
        return None
    return Viewer(
        id=person.id,
        name=person.name,
        email=person.email,
        title=person.title,
        roles=role_set(person.is_advocate, person.is_employee, person.is_admin),
        language=person.language,
        time_zone=person.time_zone,
        company_id=person.company_id,
        company_name=company_name,
        session_id=held.id,
        last_seen_at=held.last_seen_at,
        token=token,
    )


def list_sessions(session: Session, person_id: int, *, is_admin: bool, now: datetime) -> Sequence[SignInSession]:
    """Return the person's sessions that are still good, the one used last first."""
    mine = select(SignInSession).where(SignInSession.person_id == person_id).order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
    return [
        held
        for held in session.scalars(mine)
        if not is_over(last_seen_at=held.last_seen_at, expires_at=held.expires_at, is_kept=held.is_kept, is_admin=is_admin, now=now)
    ]

"""Who is signed in, in one query a request; and a person's list of sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.kernel.actor import REVIEWER
from portal.kernel.ids import token_hash
from portal.people.models import Company, Person, Reviewer, SignInSession
from portal.people.rules.person import PersonState, role_set
from portal.people.rules.reviewing import GRANTS, Grants, kinds_of
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
    reviews: frozenset[str] = frozenset()

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return what Flask-Login puts into the cookie: the session's token."""
        return self.token


_HELD: Any = SignInSession.__table__
_PERSON: Any = Person.__table__
_COMPANY: Any = Company.__table__
_REVIEWER: Any = Reviewer.__table__
# Asked with every click, so built once and read as plain columns.
_VIEWER = (
    select(
        _HELD.c.id.label("session_id"),
        *(_HELD.c[name] for name in ("last_seen_at", "expires_at", "is_kept")),
        *(_PERSON.c[name] for name in ("id", "name", "email", "title", "is_advocate", "is_employee", "is_admin", "is_demo")),
        *(_PERSON.c[name] for name in ("language", "time_zone", "company_id")),
        _COMPANY.c.name.label("company_name"),
        *(_REVIEWER.c[name] for name in GRANTS),
    )
    .join_from(_HELD, _PERSON, _PERSON.c.id == _HELD.c.person_id)
    .outerjoin(_COMPANY, _COMPANY.c.id == _PERSON.c.company_id)
    .outerjoin(_REVIEWER, _REVIEWER.c.person_id == _PERSON.c.id)
    .where(_HELD.c.token_hash == bindparam("token"), _PERSON.c.state == PersonState.ACTIVE)
)


def find_viewer(session: Session, token: str, *, allow_demo: bool, now: datetime) -> Viewer | None:
    """Return who holds the session of ``token``, or None when it ended, went idle, or its person may not be here."""
    row = session.connection().execute(_VIEWER, {"token": token_hash(token)}).one_or_none()
    if row is None or (row.is_demo and not allow_demo):
        return None
    if is_over(last_seen_at=row.last_seen_at, expires_at=row.expires_at, is_kept=row.is_kept, is_admin=row.is_admin, now=now):
        return None
    reviews = kinds_of(Grants(*(bool(getattr(row, name)) for name in GRANTS)))
    return Viewer(
        id=row.id,
        name=row.name,
        email=row.email,
        title=row.title,
        roles=role_set(row.is_advocate, row.is_employee, row.is_admin) | ({REVIEWER} if reviews else set()),
        language=row.language,
        time_zone=row.time_zone,
        company_id=row.company_id,
        company_name=row.company_name,
        session_id=row.session_id,
        last_seen_at=row.last_seen_at,
        token=token,
        reviews=reviews,
    )


def list_sessions(session: Session, person_id: int, *, is_admin: bool, now: datetime) -> Sequence[SignInSession]:
    """Return the person's sessions that are still good, the one used last first."""
    mine = select(SignInSession).where(SignInSession.person_id == person_id).order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
    return [
        held
        for held in session.scalars(mine)
        if not is_over(last_seen_at=held.last_seen_at, expires_at=held.expires_at, is_kept=held.is_kept, is_admin=is_admin, now=now)
    ]

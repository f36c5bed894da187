"""Opening and ending sign-in sessions."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.ids import new_token, token_hash
from portal.people.actions.marks import note_mark
from portal.people.models import Person, SignInSession
from portal.people.rules.session import life


def open_session(session: Session, person: Person, *, is_kept: bool, origin: str, browser: str, now: datetime) -> str:
    """Open a session and return its token, which goes into the browser's cookie and is kept nowhere else. Sweeps sessions that are over."""
    token = new_token()
    session.execute(delete(SignInSession).where(SignInSession.expires_at <= now))
    session.add(
        SignInSession(
            person_id=person.id,
            token_hash=token_hash(token),
            is_kept=is_kept,
            origin=origin[:64],
            browser=browser[:200],
            created_at=now,
            last_seen_at=now,
            expires_at=now + life(person.is_admin),
        )
    )
    session.flush()
    note_mark(session, person_id=person.id, origin=origin, browser=browser, now=now)
    return token


def touch_session(session: Session, *, session_id: int, person_id: int, origin: str, browser: str, now: datetime) -> None:
    """Write down that the session is in use, and from where today."""
    session.execute(update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=now))
    note_mark(session, person_id=person_id, origin=origin, browser=browser, now=now)


def end_session(session: Session, actor: Actor, *, session_id: int, now: datetime) -> None:
    """End one of the actor's own sessions; anybody else's is ``NotFound``."""
    ended = session.execute(delete(SignInSession).where(SignInSession.id == session_id, SignInSession.person_id == actor.id))
    if not ended.rowcount:  # type: ignore[attr-defined]
        raise NotFound()
    record(session, actor, "person.signed_out", "person", actor.id, now=now)


def end_other_sessions(session: Session, actor: Actor, *, session_id: int, now: datetime) -> None:
    """End the actor's sessions except this one."""
    assert actor.id is not None
    if end_sessions(session, actor.id, but=session_id):
        record(session, actor, "person.signed_out_elsewhere", "person", actor.id, now=now)


def end_sessions(session: Session, person_id: int, *, but: int | None = None) -> int:
    """End all sessions of a person (except ``but``) and return how many there were."""
    ended = delete(SignInSession).where(SignInSession.person_id == person_id)
    if but is not None:
        ended = ended.where(SignInSession.id != but)
    return session.execute(ended).rowcount  # type: ignore[attr-defined,no-any-return]

"""Verbs of consents: give, settle, withdraw. The row is locked, so that withdrawing and deciding queue up behind each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.consents.models import Consent
from portal.consents.rules import QUOTE_LENGTH, TEXT_LENGTH, State, require_withdrawable
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.notifications.actions import notify
from portal.people.queries.persons import admins, get_person

Source = tuple[str, int, int]
"""What a consent came with: its type, its id, and the part of it."""


@dataclass(frozen=True)
class Agreed:
    """What somebody agreed to, in the words they read."""

    what: str
    text: str
    quoted: str
    scopes: Sequence[str]
    until: date | None
    version: int
    language: str


def give_consent(session: Session, actor: Actor, *, person_id: int, source: Source, agreed: Agreed, now: datetime) -> Consent:
    """Keep what somebody agreed to. The same source again changes what it says, unless that was withdrawn: then it is a new one.

    The caller has locked the source, so that one of it is made.
    """
    source_type, source_id, part = source
    same = (Consent.source_type == source_type, Consent.source_id == source_id, Consent.part == part, Consent.state != State.WITHDRAWN)
    kept = session.scalar(select(Consent).where(*same).with_for_update().execution_options(populate_existing=True))
    facts: dict[str, Any] = {
        "what": agreed.what,
        "text": agreed.text[:TEXT_LENGTH],
        "quoted": agreed.quoted[:QUOTE_LENGTH],
        "scopes": list(agreed.scopes),
        "until": agreed.until,
        "version": agreed.version,
        "language": agreed.language[:12],
        "agreed_at": now,
    }
    if kept is None:
        kept = Consent(person_id=person_id, source_type=source_type, source_id=source_id, part=part, state=State.SENT, **facts)
        session.add(kept)
    else:
        for name, value in facts.items():
            setattr(kept, name, value)
        kept.state = State.STANDS if kept.state == State.STANDS else State.SENT
    session.flush()
    told = {"what": agreed.what, "scopes": list(agreed.scopes), "version": agreed.version, "source_id": source_id}
    record(session, actor, "consent.given", "consent", kept.id, now=now, **told)
    return kept


def settle_consents(session: Session, actor: Actor, *, source_type: str, source_id: int, state: State, now: datetime) -> None:
    """Let the consents that came with a thing be in ``state``, as was decided on it. What was withdrawn stays withdrawn."""
    same = (Consent.source_type == source_type, Consent.source_id == source_id, Consent.state.not_in((state, State.WITHDRAWN)))
    moved = update(Consent).where(*same).values(state=state, settled_at=now).returning(Consent.id)
    for consent_id in session.scalars(moved.execution_options(synchronize_session=False)).all():
        record(session, actor, f"consent.{state}", "consent", consent_id, now=now, source_id=source_id)


def withdraw_consent(session: Session, actor: Actor, *, consent_id: int, now: datetime) -> Consent:
    """Withdraw a consent, for good. It stays in history; every admin is told, so that what is shown can be taken down.

    Refuses somebody else's (``NotFound``), what is withdrawn (``AlreadyWithdrawn``), and what is not in force (``NotInForce``).
    """
    found = session.scalar(select(Consent).where(Consent.id == consent_id).with_for_update().execution_options(populate_existing=True))
    if found is None or found.person_id != actor.id:
        raise NotFound()
    require_withdrawable(found.state)
    found.state, found.withdrawn_at = State.WITHDRAWN, now
    session.flush()
    record(session, actor, "consent.withdrawn", "consent", found.id, now=now, what=found.what, scopes=found.scopes)
    person = get_person(session, found.person_id)
    data = {"person": person.name, "what": found.what, "text": found.text, "quoted": found.quoted}
    for admin in admins(session):
        link = f"/admin/people/{person.id}#consents"
        notify(session, to=admin, kind="consent_withdrawn", data=data, key=f"consent:{found.id}:withdrawn", now=now, link=link)
    return found

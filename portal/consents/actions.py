"""Verbs of consents: give, end, withdraw. Rooms above give them with an approval and end them with its reversal."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.consents.models import Consent
from portal.consents.rules import ITEM_NAMES, REASON_LENGTH, Agreed, ConsentEnded, End, Item, last_day, may_be_given_again
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date, micros
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.kernel.text import clean, fold
from portal.notifications.actions import notify
from portal.people.queries.persons import admins, get_person


@dataclass(frozen=True)
class Origin:
    """What a consent came with: type and id, the part of it, what was sent as evidence, and the version of what was asked."""

    source_type: str
    source_id: int
    part: int
    evidence_id: int
    version: int


class ConsentWithdrawn(Protocol):
    """Hears, in the same transaction, what its person withdrew. Who is among ``besides`` is told of it elsewhere, as are the admins."""

    def __call__(self, session: Session, actor: Actor, ended: Sequence[Consent], besides: Collection[int], now: datetime) -> None: ...


ConsentLocked = Callable[[Session, int], None]
"""Locks what goes by the consents of a person, before one of theirs is ended: the session, and the person."""


def _lock(session: Session, person_id: int) -> None:
    lockers: Sequence[ConsentLocked] = session.info.get("consent_locked", ())
    for lock in lockers:
        lock(session, person_id)


def _let_hear(session: Session, actor: Actor, ended: Sequence[Consent], besides: Collection[int], now: datetime) -> None:
    hearers: Sequence[ConsentWithdrawn] = session.info.get("consent_withdrawn", ())
    for hear in hearers:
        hear(session, actor, ended, besides, now)


def give_consent(
    session: Session, actor: Actor, *, person_id: int, agreed: Agreed, origin: Origin, given_at: datetime, now: datetime
) -> Consent | None:
    """Keep what somebody agreed to when they sent ``origin.evidence_id``; ``expires_on`` is counted from that day in the programme's zone.

    None where it stands already, or where the person withdrew it since they sent this.
    """
    same = (Consent.source_type == origin.source_type, Consent.source_id == origin.source_id, Consent.part == origin.part)
    before = session.scalars(select(Consent.ended_as).where(*same, (Consent.evidence_id == origin.evidence_id) | Consent.ended_at.is_(None))).all()
    if not may_be_given_again(before):
        return None
    given_on = local_date(given_at, programme_zone(session))
    given = Consent(
        person_id=person_id,
        company_id=get_person(session, person_id).company_id,
        item=agreed.item,
        words=agreed.words,
        quote=agreed.quote,
        scope=[str(place) for place in agreed.scope],
        **vars(origin),
        search=fold(agreed.quote),
        given_at=given_at,
        recorded_at=now,
        expires_on=agreed.until or last_day(given_on, agreed.months),
        reason="",
    )
    session.add(given)
    session.flush()
    record(session, actor, "consent.given", "consent", given.id, now=now, person_id=person_id, item=given.item, scope=given.scope)
    return given


def end_consents(session: Session, actor: Actor, *, source_type: str, source_id: int, now: datetime) -> None:
    """End what stands of the consents that came with a thing, because its approval is taken back."""
    standing = (Consent.source_type == source_type, Consent.source_id == source_id, Consent.ended_at.is_(None))
    ended = update(Consent).where(*standing).values(ended_at=now, ended_as=End.TAKEN_BACK, ended_by_id=actor.id).returning(Consent.id)
    for consent_id in session.scalars(ended.execution_options(synchronize_session="fetch")).all():
        record(session, actor, "consent.taken_back", "consent", consent_id, now=now, source=source_type, source_id=source_id)


def withdraw_consent(session: Session, actor: Actor, *, consent_id: int, reason: str = "", now: datetime) -> Consent:
    """Let a person take their own consent back, at any time, with a reason or without. Points stay. The admins are told here and by mail.

    Refuses anybody else's (``NotFound``), and one that has ended (``ConsentEnded``): of eight at once one withdraws.
    """
    consent = session.get(Consent, consent_id)
    if consent is None or actor.id is None or consent.person_id != actor.id:
        raise NotFound()
    _lock(session, consent.person_id)
    said = clean(reason)[:REASON_LENGTH]
    values = {"ended_at": now, "ended_as": End.WITHDRAWN, "ended_by_id": actor.id, "reason": said}
    ended = update(Consent).where(Consent.id == consent_id, Consent.ended_at.is_(None)).values(**values).returning(Consent.id)
    if session.scalar(ended.execution_options(synchronize_session=False)) is None:
        raise ConsentEnded()
    session.refresh(consent)
    record(session, actor, "consent.withdrawn", "consent", consent.id, now=now, item=consent.item, has_reason=bool(said))
    _tell_admins(session, [consent], f"consent:{consent.id}:withdrawn", f"/admin/consents/{consent.id}", now)
    _let_hear(session, actor, [consent], (), now)
    return consent


def withdraw_consents(
    session: Session, actor: Actor, *, source_type: str, source_id: int, besides: Collection[int] = (), now: datetime
) -> Sequence[Consent]:
    """Let a person take back at once all that they agreed to with one thing, and return that. The admins read it in one message, but for
    ``besides``, whom the caller tells of it.

    What has ended is left as it is, as is anybody else's; a second time ends nothing and tells nobody.
    """
    _lock(session, actor.id or 0)
    mine = (Consent.source_type == source_type, Consent.source_id == source_id, Consent.person_id == actor.id, Consent.ended_at.is_(None))
    ended = update(Consent).where(*mine).values(ended_at=now, ended_as=End.WITHDRAWN, ended_by_id=actor.id).returning(Consent.id)
    ids = session.scalars(ended.execution_options(synchronize_session=False)).all()
    found = session.scalars(select(Consent).where(Consent.id.in_(ids)).order_by(Consent.id).execution_options(populate_existing=True)).all()
    for consent in found:
        record(session, actor, "consent.withdrawn", "consent", consent.id, now=now, item=consent.item, has_reason=False)
    if found:
        key = f"consent:{source_type}:{source_id}:withdrawn:{micros(now)}"
        _tell_admins(session, found, key, f"/admin/people/{actor.id}", now, besides)
        _let_hear(session, actor, found, besides, now)
    return found


def _tell_admins(session: Session, ended: Sequence[Consent], key: str, link: str, now: datetime, besides: Collection[int] = ()) -> None:
    consent = ended[0]
    data = {
        "person": get_person(session, consent.person_id).name,
        "item": ITEM_NAMES[Item(consent.item)],
        "quote": consent.quote,
        "reason": consent.reason,
        "words": [one.words for one in ended] if len(ended) > 1 else [],
    }
    for admin in admins(session):
        if admin.person_id != consent.person_id and admin.person_id not in besides:
            notify(session, to=admin, kind="consent_withdrawn", data=data, key=key, link=link, now=now)


def withdraw_own(session: Session, actor: Actor, *, consent_ids: Iterable[int], now: datetime) -> int:
    """Let a person take several of their own consents back at once, and say how many stood. Whoever calls this tells the admins, once for all."""
    mine = (Consent.id.in_(list(consent_ids)), Consent.person_id == actor.id, Consent.ended_at.is_(None))
    return _end(session, actor, mine, End.WITHDRAWN, "consent.withdrawn", now, has_reason=False)


def end_recorded(session: Session, actor: Actor, *, consent_id: int, now: datetime) -> int:
    """End one that somebody else had written down: it was wrong, or another takes its place. A second time ends nothing."""
    one = (Consent.id == consent_id, Consent.ended_at.is_(None))
    return _end(session, actor, one, End.TAKEN_BACK, "consent.ended", now)


def _end(session: Session, actor: Actor, which: tuple[ColumnElement[bool], ...], how: End, event: str, now: datetime, **facts: Any) -> int:
    ended = update(Consent).where(*which).values(ended_at=now, ended_as=how, ended_by_id=actor.id).returning(Consent.id, Consent.item)
    found = session.execute(ended.execution_options(synchronize_session="fetch")).all()
    for consent_id, item in sorted(found):
        record(session, actor, event, "consent", consent_id, now=now, item=item, **facts)
    return len(found)

"""Verbs of referrals: send, settle, erase. Nothing of the peer goes into audit or logs."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import Conflict, NotAllowed, NotFound
from portal.kernel.text import fold, normal_email
from portal.referrals.models import Referral
from portal.referrals.queries import due_for_erasing, find_referral, why_not_known, why_not_ours, with_address
from portal.referrals.rules import AGREEMENT, AGREEMENT_VERSION, REFERRED_WITHIN, AlreadyErased, Peer, PeerKnown, State, cleaned, why_not_complete

Source = tuple[str, int, int]
"""What a referral came with: its type, its id, and the part of it."""
ReferralErased = Callable[[Session, Source, str], None]
"""Who hears, in the same transaction, that the details of the peer with this address go, and removes its own copies of them."""
ReferralLocked = Callable[[Session, Source], None]
"""Who locks what a referral came with before the referral itself is locked: every path takes the two in this order."""
SET_ASIDE = "set_aside"
"""The type of source of an unwanted referral whose source has named another peer since."""


def require_peer(session: Session, *, referrer_id: int, peer: Peer, source: Source | None, now: datetime) -> None:
    """Refuse whom this member cannot refer: ``PeerIsSelf``, ``PeerIsOurs``, ``PeerKnown``. What came with ``source`` before is no obstacle."""
    mark, own = _mark(peer.email), find_referral(session, source) if source else None
    refusal = why_not_ours(session, referrer_id, peer) or why_not_known(session, peer.email, mark, now - REFERRED_WITHIN, own.id if own else None)
    if refusal is not None:
        raise refusal


def send_referral(session: Session, actor: Actor, *, referrer_id: int, peer: Peer, source: Source, language: str, now: datetime) -> Referral:
    """Keep a peer who agreed. The same source again changes what it said. Eight at once with one address: one is kept.

    Where the peer whom this source named before wanted to be forgotten, the new one is a referral of its own, so that
    the first stays refused for ever. Of a peer who was named before and no longer is, nothing is kept.
    Refuses what is missing, and whom ``require_peer`` refuses.
    """
    peer = cleaned(peer)
    if missing := why_not_complete(peer, is_agreed=True):
        raise missing
    require_peer(session, referrer_id=referrer_id, peer=peer, source=source, now=now)
    mark = _mark(peer.email)
    _free(session, mark, now)
    kept = find_referral(session, source)
    if kept is not None and kept.is_unwanted:
        _set_aside(session, kept)
        kept = None
    replaced = kept.email if kept is not None and _mark(kept.email) != mark else ""
    facts: dict[str, Any] = {
        "name": peer.name,
        "email": peer.email,
        "company": peer.company,
        "words": peer.words,
        "email_mark": mark,
        "language": language[:12],
    }
    facts |= {"search": fold(f"{peer.name} {peer.email} {peer.company}"), "agreement": AGREEMENT}
    sent = {"state": State.SENT, "sent_at": now, "decided_at": None, "decided_by_id": None, "erased_at": None, "erased_by_id": None}
    facts |= {**sent, "agreement_version": AGREEMENT_VERSION}
    try:
        with session.begin_nested():
            if kept is None:
                source_type, source_id, part = source
                kept = Referral(referrer_id=referrer_id, source_type=source_type, source_id=source_id, part=part, is_unwanted=False)
                session.add(kept)
            for name, value in facts.items():
                setattr(kept, name, value)
    except IntegrityError as error:
        if violated(error, "referral", "email_mark"):
            raise PeerKnown() from error
        raise
    if replaced:
        _tell_erased(session, source, replaced)
    record(session, actor, "referral.sent", "referral", kept.id, now=now, source=source[0], source_id=source[1], agreement=AGREEMENT_VERSION)
    return kept


def settle_referrals(
    session: Session, actor: Actor, *, source_type: str, source_id: int, state: State, parts: Collection[int] | None = None, now: datetime
) -> None:
    """Let the referrals that came with a thing, or with ``parts`` of it, be in ``state``, as was decided on it.

    One that was withdrawn loses its details at once, and stays withdrawn until it is sent again.
    """
    same = [Referral.source_type == source_type, Referral.source_id == source_id, Referral.state.not_in({state, State.WITHDRAWN})]
    if parts is not None:
        same.append(Referral.part.in_(parts))
    decided = {"decided_at": None, "decided_by_id": None} if state is State.SENT else {"decided_at": now, "decided_by_id": actor.id}
    moved = update(Referral).where(*same).values(state=state, **decided).returning(Referral.id)
    for referral_id in session.scalars(moved.execution_options(synchronize_session=False)).all():
        record(session, actor, f"referral.{state}", "referral", referral_id, now=now, source=source_type, source_id=source_id)
        if state is State.WITHDRAWN:
            _erase(session, actor, _locked(session, {referral_id})[referral_id], now)


def erase_referral(session: Session, actor: Actor, *, referral_id: int, now: datetime) -> Referral:
    """Remove the details of a peer who asked for it, whoever else referred them too. Nobody can refer them again, by a hash that cannot be read back.

    Refuses who is no admin, what is erased (``AlreadyErased``), and what names somebody else by now (``Conflict``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    email = session.scalar(select(Referral.email).where(Referral.id == referral_id))
    mark = _mark(email or "")
    found = _locked(session, {referral_id, *(with_address(session, email) if email else ())})
    referral = found[referral_id]
    if referral.erased_at is not None:
        raise AlreadyErased()
    if _mark(referral.email) != mark:
        raise Conflict()
    for other in found.values():
        if other is not referral and other.erased_at is None and _mark(other.email) == mark:
            _erase(session, actor, other, now, on_request=True)
    is_kept = session.scalar(select(Referral.id).where(Referral.email_mark == mark, Referral.is_unwanted)) is not None
    try:
        with session.begin_nested():
            _erase(session, actor, referral, now, on_request=True, mark=None if is_kept else mark)
    except IntegrityError as error:
        if violated(error, "referral", "email_mark"):
            raise Conflict() from error
        raise
    return referral


def see_peer(session: Session, actor: Actor, *, referral_id: int, now: datetime) -> Referral:
    """Return a referral whose peer's address an admin is shown, and write down that they saw it: a peer is no person whose log could hold it.

    Refuses who is no admin, what there is not (``NotFound``), and what is erased (``AlreadyErased``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    referral = session.get(Referral, referral_id)
    if referral is None:
        raise NotFound()
    if referral.erased_at is not None:
        raise AlreadyErased()
    record(session, actor, "referral.contact_seen", "referral", referral.id, now=now)
    return referral


def erase_due(session: Session, actor: Actor, *, now: datetime, most: int = 100) -> int:
    """Remove the details of peers whose referral was declined long enough ago; returns of how many. Their address is free again.

    One at a time locks one answer at a time, so that nobody who decides on another waits for this.
    """
    erased = 0
    for referral_id in due_for_erasing(session, now, most):
        referral = _locked(session, {referral_id})[referral_id]
        if due_for_erasing(session, now, 1, referral_id):
            _erase(session, actor, referral, now)
            erased += 1
    return erased


def _erase(session: Session, actor: Actor, referral: Referral, now: datetime, *, on_request: bool = False, mark: str | None = None) -> None:
    if referral.erased_at is not None:
        return
    email = referral.email
    referral.name = referral.email = referral.company = referral.words = referral.search = ""
    referral.erased_at, referral.erased_by_id = now, actor.id
    referral.is_unwanted, referral.email_mark = on_request, mark
    session.flush()
    _tell_erased(session, (referral.source_type, referral.source_id, referral.part), email)
    record(session, actor, "referral.erased", "referral", referral.id, now=now, on_request=on_request)


def _tell_erased(session: Session, source: Source, email: str) -> None:
    hearers: Sequence[ReferralErased] = session.info.get("referral_erased", ())
    for hear in hearers:
        hear(session, source, email)


def _set_aside(session: Session, unwanted: Referral) -> None:
    """Let what was erased on request stand for itself, no longer for what it came with: only its mark is needed."""
    unwanted.source_type, unwanted.source_id, unwanted.part = SET_ASIDE, unwanted.id, 0
    session.flush()


def _locked(session: Session, ids: Collection[int]) -> dict[int, Referral]:
    """Return referrals by id, locked; before them, in one order, what they came with. Refuses where there is none."""
    came_with = (Referral.source_type, Referral.source_id, Referral.part)
    sources = session.execute(select(*came_with).where(Referral.id.in_(ids)).order_by(*came_with)).all()
    if not sources:
        raise NotFound()
    lockers: Sequence[ReferralLocked] = session.info.get("referral_locked", ())
    for source_type, source_id, part in sources:
        for lock in lockers:
            lock(session, (source_type, source_id, part))
    locked = select(Referral).where(Referral.id.in_(ids)).order_by(Referral.id).with_for_update().execution_options(populate_existing=True)
    return {referral.id: referral for referral in session.scalars(locked)}


def _free(session: Session, mark: str, now: datetime) -> None:
    """Let an address be referred again whose time is over, unless its owner wants none of it."""
    over = (Referral.email_mark == mark, Referral.is_unwanted.is_(False), Referral.sent_at <= now - REFERRED_WITHIN)
    session.execute(update(Referral).where(*over).values(email_mark=None).execution_options(synchronize_session=False))


def _mark(email: str) -> str:
    return hashlib.sha256(f"referral:{normal_email(email) or ''}".encode("utf-8", "replace")).hexdigest()

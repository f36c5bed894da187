"""Reads of referrals: whether an address may be referred, and the admins' list."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from portal.kernel.errors import Refusal
from portal.kernel.text import fold, like_pattern, normal_email
from portal.people.models import Company, Person
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.person import PersonState
from portal.referrals.models import Referral
from portal.referrals.rules import (
    ANYBODYS,
    KEPT_AFTER_DECLINE,
    KEPT_UNDECIDED,
    Ending,
    Peer,
    PeerIsOurs,
    PeerIsSelf,
    PeerKnown,
    State,
    domain_of,
    ending_of,
    is_own_company,
)
from portal.web.paging import AnySelect, Page, page_by

Sources = Collection[tuple[str, int]]
TakenBack = Callable[[Session, Sources], Sources]
"""Who tells of which things, by type and id, the approval was taken back; handed over in ``app.py``."""


def find_referral(session: Session, source: tuple[str, int, int]) -> Referral | None:
    """Return the referral that came with a thing, or None."""
    source_type, source_id, part = source
    same = (Referral.source_type == source_type, Referral.source_id == source_id, Referral.part == part)
    return session.scalar(select(Referral).where(*same).with_for_update().execution_options(populate_existing=True))


def why_not_ours(session: Session, referrer_id: int, peer: Peer) -> Refusal | None:
    """Return why a member cannot refer somebody of themselves or of the company that runs the programme, or None.

    Ours is whose domain staff have, unless everybody may have an address there or it is a customer's.
    """
    key, domain = normal_email(peer.email), domain_of(peer.email)
    if session.scalar(select(Person.email_key).where(Person.id == referrer_id)) == key:
        return PeerIsSelf()
    if is_own_company(peer.company, str(session.info.get("own_company", ""))):
        return PeerIsOurs()
    if domain in ANYBODYS or session.scalar(select(Company.id).where(Company.domain == domain).limit(1)) is not None:
        return None
    staff = (Person.is_employee | Person.is_admin, Person.state != PersonState.DEACTIVATED)
    same = Person.email_key.like(f"%@{like_pattern(domain)[1:-1]}", escape="\\")
    return PeerIsOurs() if session.scalar(select(Person.id).where(*staff, same).limit(1)) is not None else None


def why_not_known(session: Session, email: str, mark: str, since: datetime, own_id: int | None) -> Refusal | None:
    """Return that an address has reached us already, or None: a person has it, or it was referred after ``since``, or its owner wants none of it."""
    if find_person_by_email(session, email) is not None:
        return PeerKnown()
    held = select(Referral.id).where(Referral.email_mark == mark, Referral.is_unwanted | (Referral.sent_at > since))
    if own_id is not None:
        held = held.where((Referral.id != own_id) | Referral.is_unwanted)
    return PeerKnown() if session.scalar(held.limit(1)) is not None else None


def with_address(session: Session, email: str) -> list[int]:
    """Return the referrals that still have details and whose texts hold this address: those of its owner, and maybe of a longer one."""
    found = Referral.search.like(like_pattern(fold(email)), escape="\\")
    return list(session.scalars(select(Referral.id).where(found, Referral.erased_at.is_(None))))


def due_for_erasing(session: Session, now: datetime, most: int, referral_id: int | None = None) -> list[int]:
    """Return the referrals that were declined, or sent and never decided, so long ago that their details go; of one only, if named."""
    declined = (Referral.state == State.DECLINED) & (Referral.decided_at <= now - KEPT_AFTER_DECLINE)
    forgotten = (Referral.state == State.SENT) & (Referral.sent_at <= now - KEPT_UNDECIDED)
    due = select(Referral.id).where(declined | forgotten, Referral.erased_at.is_(None))
    if referral_id is not None:
        due = due.where(Referral.id == referral_id)
    return list(session.scalars(due.order_by(Referral.sent_at, Referral.id).limit(most)))


def list_referrals(session: Session, *, q: str = "", state: str = "", after: str | None = None) -> Page:
    """Return one page of (Referral, referrer, decider), the newest first."""
    decider = aliased(Person)
    named = (Person.name.label("referrer"), decider.name.label("decider"))
    found: AnySelect = select(Referral, *named).join(Person, Person.id == Referral.referrer_id)
    found = found.outerjoin(decider, decider.id == Referral.decided_by_id)
    if state:
        found = found.where(Referral.state == state)
    for word in fold(q).split():
        pattern = like_pattern(word)
        found = found.where(Referral.search.like(pattern, escape="\\") | Person.name_key.like(pattern, escape="\\"))
    return page_by(session, found, [(Referral.sent_at, True), (Referral.id, True)], after=after)


def taken_back(session: Session, referrals: Sequence[Referral]) -> frozenset[int]:
    """Return those of the declined referrals that nobody declined: the approval of what they came with was taken back."""
    declined = [referral for referral in referrals if referral.state == State.DECLINED]
    asks: Sequence[TakenBack] = session.info.get("referral_taken_back", ())
    told = {(source_type, source_id) for ask in asks for source_type, source_id in ask(session, {(r.source_type, r.source_id) for r in declined})}
    return frozenset(r.id for r in declined if (r.source_type, r.source_id) in told)


def endings_of(session: Session, referrals: Sequence[Referral]) -> dict[int, Ending]:
    """Return of those referrals of which nothing came how each ended."""
    back = taken_back(session, referrals)
    ended = {r.id: ending_of(r.state, is_members=r.decided_by_id == r.referrer_id, is_reversed=r.id in back) for r in referrals}
    return {referral_id: ending for referral_id, ending in ended.items() if ending is not None}


def count_states(session: Session) -> dict[str, int]:
    """Return how many referrals there are in each state."""
    counted = session.execute(select(Referral.state, func.count().label("number")).group_by(Referral.state))
    return {row.state: row.number for row in counted}

"""Blocks that nobody can override: set and lifted by admins, each with a reason."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.actions.locking import lock_budgets, locked_company, locked_person
from portal.acts.models.asks import AskBlock
from portal.acts.queries.budget import budget_of
from portal.acts.rules.asks import REASON_LENGTH
from portal.acts.rules.refusals import BlockGone, BlockThere, EndsWithProfile, HeldBack, ReasonNeeded
from portal.acts.rules.seeing import HELD, told_to
from portal.acts.rules.terms import BlockKind
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.kernel.text import clean
from portal.people.queries.companies import get_company
from portal.people.queries.persons import get_person

ANOTHER_STANDS = "Another legal hold stands."
"""Why a hold ended of which nobody gave a reason; in the words that are kept where two holds became one."""


def set_block(
    session: Session,
    actor: Actor,
    *,
    kind: BlockKind | str,
    reason: str,
    now: datetime,
    person_id: int | None = None,
    company_id: int | None = None,
    comes_with_profile: bool = False,
) -> AskBlock:
    """Let nobody ask a person, or anybody of a company, until it is lifted. Who asks at the same moment comes before it, or is refused.

    What is open stays open: its askers see the block and take it back themselves; requests let go at their next round. Only the verbs of
    profiles say ``comes_with_profile``.
    Refuses: NotAllowed, ReasonNeeded, NotFound, BlockThere.
    """
    why = _admins_why(actor, reason)
    if person_id is not None:
        locked_person(session, get_person(session, person_id).id)
    else:
        locked_company(session, get_company(session, company_id or 0).id)
    its = AskBlock.person_id == person_id if person_id is not None else AskBlock.company_id == company_id
    such = (AskBlock.kind == BlockKind(kind).value, AskBlock.comes_with_profile.is_(comes_with_profile), AskBlock.lifted_at.is_(None))
    if session.scalar(select(AskBlock.id).where(its, *such)) is not None:
        raise BlockThere()
    of = {"person_id": person_id, "company_id": None if person_id is not None else company_id}
    facts = {"kind": BlockKind(kind).value, "reason": why, "comes_with_profile": comes_with_profile}
    block = AskBlock(**of, **facts, set_by_id=actor.id, set_at=now, lifted_reason="")
    session.add(block)
    session.flush()
    _note(session, actor, block, "ask_blocked", why, now)
    return block


def lift_block(session: Session, actor: Actor, *, block_id: int, reason: str, now: datetime) -> AskBlock:
    """Let people be asked again, unless another block stands. Refuses: NotAllowed, ReasonNeeded, BlockGone, EndsWithProfile."""
    why = _admins_why(actor, reason)
    found = select(AskBlock).where(AskBlock.id == block_id).with_for_update().execution_options(populate_existing=True)
    block = session.scalar(found)
    if block is None or block.lifted_at is not None:
        raise BlockGone()
    if block.comes_with_profile:
        raise EndsWithProfile(name=get_person(session, block.person_id or 0).name)
    _lift(session, actor, block, why, now)
    return block


def lift_with_profile(session: Session, actor: Actor, *, person_id: int, reason: str, now: datetime) -> None:
    """Lift the block that came with the legal hold of a profile; one that stands beside it stays. For the verb that ends that hold."""
    if (block := _of_profile(session, person_id)) is not None:
        _lift(session, actor, block, reason, now)


def keep_without_profile(session: Session, actor: Actor, *, person_id: int, reason: str, now: datetime) -> None:
    """Let the block of a profile's legal hold stand on by itself, for admins to lift: the profile is out of use, the hold is not over.

    Where another legal hold of the person stands beside it, that one goes on, and this one ends for ``reason``, or
    since another stands.
    """
    block = _of_profile(session, person_id)
    if block is None:
        return
    another = select(AskBlock.id).where(AskBlock.person_id == person_id, AskBlock.kind == BlockKind.LEGAL, AskBlock.comes_with_profile.is_(False))
    if session.scalar(another.where(AskBlock.lifted_at.is_(None))) is not None:
        _lift(session, actor, block, reason or ANOTHER_STANDS, now)
        return
    block.comes_with_profile = False
    session.flush()
    _note(session, actor, block, "ask_block_kept", reason, now)


def _of_profile(session: Session, person_id: int) -> AskBlock | None:
    """Return the block that came with a profile's legal hold and stands, under the lock under which blocks of the person are set."""
    locked_person(session, person_id)
    found = select(AskBlock).where(AskBlock.person_id == person_id, AskBlock.comes_with_profile, AskBlock.lifted_at.is_(None))
    return session.scalar(found.with_for_update().execution_options(populate_existing=True))


def _lift(session: Session, actor: Actor, block: AskBlock, why: str, now: datetime) -> None:
    block.lifted_at, block.lifted_by_id, block.lifted_reason = max(now, block.set_at), actor.id, why
    session.flush()
    _note(session, actor, block, "ask_block_lifted", why, now)


def require_unblocked(session: Session, person_id: int, now: datetime, actor: Actor | None = None) -> None:
    """Refuses whom a legal hold or an open escalation keeps from being written to (LegalHold, OpenEscalation; NotToBeAsked where ``actor``,
    who reads it, may not know which); no other rule is looked at.

    For what is no ask and yet wants something, such as an invitation to speak for us. A block that is set at the same moment comes before
    it, or after.
    """
    lock_budgets(session, [person_id])
    budget = budget_of(session, person_id, now)
    if held := [stop for stop in budget.standing.against("") if isinstance(stop, HELD)]:
        raise held[0] if actor is None else told_to(actor, held, budget.owner_id)[0]


def require_not_held(session: Session, person_id: int, now: datetime) -> None:
    """Refuses (HeldBack) where a legal hold or an open escalation stands, in words that everybody may read."""
    try:
        require_unblocked(session, person_id, now)
    except HELD as stop:
        raise HeldBack() from stop


def _admins_why(actor: Actor, reason: str) -> str:
    if not actor.is_admin:
        raise NotAllowed()
    why = clean(reason)[:REASON_LENGTH]
    if not why:
        raise ReasonNeeded()
    return why


def _note(session: Session, actor: Actor, block: AskBlock, what: str, why: str, now: datetime) -> None:
    """Write it into the history of the person or the company."""
    if block.person_id is not None:
        record(session, actor, f"person.{what}", "person", block.person_id, now=now, kind=block.kind, reason=why)
    else:
        record(session, actor, f"company.{what}", "company", block.company_id, now=now, kind=block.kind, reason=why)

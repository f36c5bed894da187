"""Employees' credit: the unit ``staff``, which no board counts and no reward takes. Every door gives and takes it back here."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.ledger.actions.accounts import open_accounts
from portal.ledger.actions.earning import award, reverse
from portal.ledger.queries.balances import balances_of
from portal.ledger.queries.transfers import find_transfer
from portal.ledger.rules import STAFF


def credit_staff(
    session: Session, actor: Actor, *, owner_id: int, points: int, key: str, reason: str, source_type: str, source_id: int, now: datetime
) -> None:
    """Credit an employee once for what ``key`` names: a repeat gives nothing, even where the amount is another by now. Nothing for 0 points."""
    if not points or find_transfer(session, key=key) is not None:
        return
    _open(session, owner_id)
    award(
        session, actor, owner_id=owner_id, unit=STAFF, points=points, key=key, reason=reason,
        source_type=source_type, source_id=source_id, effective_at=now, now=now,
    )  # fmt: skip


def take_staff_credit_back(session: Session, actor: Actor, *, key: str, back_key: str, reason: str, now: datetime) -> None:
    """Take back what was credited under ``key``, once; nothing where it credited nothing."""
    given = find_transfer(session, key=key)
    if given is not None:
        reverse(session, actor, transfer_id=given.id, key=back_key, reason=reason, now=now)


def _open(session: Session, owner_id: int) -> None:
    """Open the accounts of who was never credited; of two who do at once, the later finds them open."""
    if balances_of(session, [owner_id], unit=STAFF):
        return
    try:
        with session.begin_nested():
            open_accounts(session, owner_id, STAFF)
    except IntegrityError:
        if not balances_of(session, [owner_id], unit=STAFF):
            raise

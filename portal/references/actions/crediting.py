"""Credit of employees for their nominations, in the ledger's unit ``staff``. Each step credits once, whatever runs twice."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.ledger.actions.accounts import open_accounts
from portal.ledger.actions.earning import award, reverse
from portal.ledger.queries.balances import balances_of
from portal.ledger.queries.transfers import find_transfer
from portal.references.models.nominating import Nomination
from portal.references.queries.terms import terms_of
from portal.references.rules.terms import STAFF, credit_key

APPROVED, AGREED = "approved", "agreed"


def credited_person(nomination: Nomination) -> int:
    """Return who is credited: the colleague on whose behalf it was sent, else who sent it."""
    return nomination.colleague_id or nomination.nominator_id


def credit_approved(session: Session, actor: Actor, nomination: Nomination, now: datetime) -> None:
    """Credit the first nominator when a nomination is approved. The key names the decision, which may be undone and given anew."""
    nth = str(micros(nomination.decided_at or now))
    _give(session, actor, nomination, terms_of(session).approved, credit_key(nomination.id, APPROVED, nth), f"nomination.{APPROVED}", now)


def credit_agreed(session: Session, actor: Actor, nomination: Nomination, now: datetime) -> None:
    """Credit the first nominator when the customer says yes: once, even if they say no meanwhile."""
    _give(session, actor, nomination, terms_of(session).agreed, credit_key(nomination.id, AGREED), f"nomination.{AGREED}", now)


def take_credit_back(session: Session, actor: Actor, nomination: Nomination, now: datetime) -> None:
    """Take back what an approval credited that is undone; nothing where it credited nothing."""
    key = credit_key(nomination.id, APPROVED, str(micros(nomination.decided_at or now)))
    given = find_transfer(session, key=key)
    if given is not None:
        reverse(session, actor, transfer_id=given.id, key=f"{key}:recalled", reason="nomination.recalled", now=now)


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


def _give(session: Session, actor: Actor, nomination: Nomination, amount: int, key: str, reason: str, now: datetime) -> None:
    # Another amount by now changes nothing of what was credited before.
    if not amount or find_transfer(session, key=key) is not None:
        return
    owner_id = credited_person(nomination)
    _open(session, owner_id)
    award(
        session, actor, owner_id=owner_id, unit=STAFF, points=amount, key=key, reason=reason,
        source_type="nomination", source_id=nomination.id, effective_at=now, now=now,
    )  # fmt: skip

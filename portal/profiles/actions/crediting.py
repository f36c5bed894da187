"""Credit of staff for keeping profiles true, in the ledger's unit ``staff``: once a round of asking, whatever runs twice."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor, system
from portal.ledger.actions.accounts import open_accounts
from portal.ledger.actions.earning import award
from portal.ledger.queries.balances import balances_of
from portal.ledger.queries.transfers import find_transfer
from portal.profiles.models import ProfileCheck
from portal.profiles.rules.fresh import RETIRED_CREDIT

STAFF = "staff"


def credit_round(session: Session, actor: Actor, *, person_id: int, check_id: int, points: int, what: str, now: datetime) -> None:
    """Credit who answered a question about a profile, once for the question; nobody for themself, and nobody who is no staff.

    A profile that is retired without a question counts as one round, ``check_id`` 0.
    """
    key = f"profile:{person_id}:check:{check_id}"
    if actor.id is None or actor.id == person_id or not (actor.is_employee or actor.is_admin) or find_transfer(session, key=key) is not None:
        return
    _open(session, actor.id)
    # The portal credits, by a rule: nobody decides about their own (I13).
    award(
        session, system("profiles"), owner_id=actor.id, unit=STAFF, points=points, key=key, reason=f"profile.{what}",
        source_type="profile", source_id=person_id, effective_at=now, now=now,
    )  # fmt: skip


def credit_retired(session: Session, actor: Actor, *, person_id: int, now: datetime) -> None:
    """Credit who retires a profile, in the round that was asked last: who was credited in it already, for whatever, is not once more."""
    last = session.scalar(select(func.max(ProfileCheck.id)).where(ProfileCheck.person_id == person_id)) or 0
    credit_round(session, actor, person_id=person_id, check_id=last, points=RETIRED_CREDIT, what="retired", now=now)


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

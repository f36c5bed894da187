"""What somebody has, and what the programme has issued in all."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.ledger.models import account
from portal.ledger.rules import POINTS, AccountKind

_OWN = select(account.c.owner_id, account.c.kind, account.c.balance, account.c.lifetime).where(account.c.unit == bindparam("b_unit"))
_OF_ONE = _OWN.where(account.c.owner_id == bindparam("b_owner"))
_OF_MANY = _OWN.where(account.c.owner_id.in_(bindparam("b_owners", expanding=True)))


@dataclass(frozen=True)
class Balance:
    """An owner's points: to spend, set aside, owed (zero or more here, as people say it), and ever earned."""

    available: int = 0
    held: int = 0
    owed: int = 0
    lifetime: int = 0

    @property
    def net(self) -> int:
        """What stands in all: to spend, or below zero what is owed and paid first by what is earned next."""
        return self.available - self.owed


def balance_of(session: Session, owner_id: int, *, unit: str = POINTS) -> Balance:
    """Return the owner's balance; all zero without accounts."""
    rows = session.connection().execute(_OF_ONE, {"b_owner": owner_id, "b_unit": unit}).all()
    return _balance({row.kind: row.balance for row in rows}, max((row.lifetime for row in rows if row.lifetime is not None), default=0))


def balances_of(session: Session, owner_ids: Iterable[int], *, unit: str = POINTS) -> dict[int, Balance]:
    """Return the balance of each owner, in one query; owners without accounts are left out."""
    found: dict[int, dict[str, int]] = {}
    lifetimes: dict[int, int] = {}
    for row in session.connection().execute(_OF_MANY, {"b_owners": list(owner_ids), "b_unit": unit}):
        found.setdefault(row.owner_id, {})[row.kind] = row.balance
        if row.lifetime is not None:
            lifetimes[row.owner_id] = row.lifetime
    return {owner_id: _balance(kinds, lifetimes.get(owner_id, 0)) for owner_id, kinds in found.items()}


def _balance(kinds: dict[str, int], lifetime: int) -> Balance:
    return Balance(kinds.get(AccountKind.AVAILABLE, 0), kinds.get(AccountKind.HELD, 0), -kinds.get(AccountKind.OWED, 0), lifetime)

"""Opening accounts: all of an owner's at once, with the owner, so that no award ever makes one on the way."""

from sqlalchemy import bindparam, exists, func, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from portal.ledger.models import account
from portal.ledger.rules import OWN_KINDS, POINTS, PROGRAMME_KINDS, AccountKind

_OPEN = insert(account)
_COUNT = select(func.count()).where(account.c.owner_id.is_(None), account.c.unit == bindparam("b_unit"))
_COLUMNS = [account.c.kind, account.c.unit]
_MISSING = select(*[bindparam(f"b_{c.name}", type_=c.type) for c in _COLUMNS]).where(
    ~exists().where(
        account.c.owner_id.is_(None),
        account.c.kind == bindparam("b_kind", type_=account.c.kind.type),
        account.c.unit == bindparam("b_unit", type_=account.c.unit.type),
    )
)
_OPEN_PROGRAMME = {
    "sqlite": insert(account).from_select(_COLUMNS, _MISSING),
    "postgresql": postgresql.insert(account).from_select(_COLUMNS, _MISSING).on_conflict_do_nothing(),
}


def open_accounts(session: Session, owner_id: int, unit: str = POINTS) -> None:
    """Open ``available``, ``held`` and ``owed`` for a new owner, and the programme's accounts with the first one of a unit."""
    connection = session.connection()
    if connection.execute(_COUNT, {"b_unit": unit}).scalar_one() < len(PROGRAMME_KINDS):
        connection.execute(_OPEN_PROGRAMME[connection.dialect.name], [{"b_kind": kind, "b_unit": unit} for kind in PROGRAMME_KINDS])
    zero = {"owner_id": owner_id, "unit": unit, "balance": 0, "version": 0}
    # One by one: ids must follow this order, since accounts are locked in the order of their ids.
    for kind in OWN_KINDS:
        connection.execute(_OPEN, zero | {"kind": kind, "lifetime": 0 if kind is AccountKind.AVAILABLE else None})

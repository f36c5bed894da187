"""One transfer, by its id or its key."""

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.kernel.errors import NotFound
from portal.ledger.models import transfer
from portal.ledger.rules import Transfer, TransferKind

_BY_ID = select(transfer).where(transfer.c.id == bindparam("b_id"))
_BY_KEY = select(transfer).where(transfer.c.key == bindparam("b_key"))
_RESOLUTION = select(transfer).where(transfer.c.resolves_id == bindparam("b_id"))
_REVERSAL = select(transfer).where(transfer.c.reverses_id == bindparam("b_id"))


def _transfer(row: Any, *, is_replay: bool = False) -> Transfer:
    return Transfer(**(dict(row._mapping) | {"kind": TransferKind(row.kind), "is_replay": is_replay}))


def get_transfer(session: Session, transfer_id: int) -> Transfer:
    """Return the transfer, or refuse with ``NotFound``."""
    row = session.connection().execute(_BY_ID, {"b_id": transfer_id}).first()
    if row is None:
        raise NotFound()
    return _transfer(row)


def find_transfer(session: Session, *, key: str, is_replay: bool = False) -> Transfer | None:
    """Return the transfer that stands under ``key``, if any."""
    row = session.connection().execute(_BY_KEY, {"b_key": key}).first()
    return _transfer(row, is_replay=is_replay) if row else None


def find_resolution(session: Session, hold_id: int) -> Transfer | None:
    """Return the release or capture that settled a hold, if it is settled."""
    row = session.connection().execute(_RESOLUTION, {"b_id": hold_id}).first()
    return _transfer(row) if row else None


def find_reversal(session: Session, transfer_id: int) -> Transfer | None:
    """Return the reversal of a transfer, if it was reversed."""
    row = session.connection().execute(_REVERSAL, {"b_id": transfer_id}).first()
    return _transfer(row) if row else None

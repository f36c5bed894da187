"""How a transfer is written: the transfer row first, then the accounts in the order of their ids, then the entries.

Core statements, kept as constants: building them in the function, or through mapped classes, costs
three times the whole award. The unique key stops a repeat before any account is locked. Balances
change by guarded UPDATE only, and the CHECKs of the table judge once more.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.ledger.lots import Policy, read_policy
from portal.ledger.models import account, entry, transfer, transfer_note
from portal.ledger.queries.policies import STANDING
from portal.ledger.queries.transfers import find_transfer
from portal.ledger.rules import OWN_KINDS, AccountKind, AlreadyResolved, AlreadyReversed, Transfer, TransferKind, require_same

_WRITTEN = [c for c in transfer.c if c.name != "id"]
# The key is looked up by the insert itself: one round trip, and a repeat burns no id. Where two
# writers are at it at once (PostgreSQL only), the unique index decides and the loser inserts nothing.
_NEW_KEY = select(*[bindparam(f"b_{c.name}", type_=c.type) for c in _WRITTEN]).where(
    ~exists().where(transfer.c.key == bindparam("b_key", type_=transfer.c.key.type))
)
_INSERT_TRANSFER = {
    "sqlite": insert(transfer).from_select(_WRITTEN, _NEW_KEY, include_defaults=False).returning(transfer.c.id),
    "postgresql": postgresql.insert(transfer)
    .from_select(_WRITTEN, _NEW_KEY, include_defaults=False)
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(transfer.c.id),
}
_INSERT_NOTE = insert(transfer_note).returning(transfer_note.c.id)
_DROP_NOTE = delete(transfer_note).where(transfer_note.c.id == bindparam("b_id"))
_INSERT_ENTRIES = insert(entry)

_ONE = (account.c.owner_id == bindparam("b_owner"), account.c.unit == bindparam("b_unit"))
_CHANGE = bindparam("b_change", type_=account.c.balance.type)
_EARNED = bindparam("b_earned", type_=account.c.balance.type)
_MOVED = {"balance": account.c.balance + _CHANGE, "version": account.c.version + 1}
_AFTER = (account.c.id, account.c.balance, account.c.version)
_OTHER = account.alias("other")
_OTHER_ID = select(_OTHER.c.id).where(_OTHER.c.owner_id.is_(None), _OTHER.c.unit == bindparam("b_unit"), _OTHER.c.kind == bindparam("b_other"))
_AVAILABLE = update(account).where(*_ONE, account.c.kind == "available")

# Who has points available owes nothing, so an award to such a person needs no look at what is owed. The policy comes along.
_EARN = (
    _AVAILABLE.where(account.c.balance > 0)
    .values(**_MOVED, lifetime=account.c.lifetime + _EARNED)
    .returning(*_AFTER, _OTHER_ID.scalar_subquery().label("other_id"), STANDING.label("policy"))
)
_MOVE = {
    AccountKind.AVAILABLE: _AVAILABLE.where(account.c.balance + _CHANGE >= 0)
    .values(**_MOVED, lifetime=account.c.lifetime + _EARNED)
    .returning(*_AFTER),
    AccountKind.HELD: update(account).where(*_ONE, account.c.kind == "held", account.c.balance + _CHANGE >= 0).values(**_MOVED).returning(*_AFTER),
    AccountKind.OWED: update(account).where(*_ONE, account.c.kind == "owed", account.c.balance + _CHANGE <= 0).values(**_MOVED).returning(*_AFTER),
}
_ONLY_LIFETIME = _AVAILABLE.values(lifetime=account.c.lifetime + _EARNED)
_LOCK = select(account.c.kind, account.c.balance).where(*_ONE).order_by(account.c.id).with_for_update()


def record(
    session: Session,
    actor: Actor,
    *,
    key: str,
    kind: TransferKind,
    owner_id: int,
    unit: str,
    points: int,
    earned: int,
    reason: str,
    source_type: str | None,
    source_id: int | None,
    effective_at: datetime,
    now: datetime,
    note: str | None,
    batch_id: int | None = None,
    reverses_id: int | None = None,
    resolves_id: int | None = None,
) -> Transfer:
    """Write the transfer's row, or return the one that stands under the key, marked as a replay.

    Refuses a key that names other facts (``KeyReused``). Times, actor, batch and note are not
    compared: a repeat may come later and by another way.
    """
    row: dict[str, Any] = {
        "key": key, "kind": kind, "owner_id": owner_id, "unit": unit, "points": points, "earned": earned, "reason": reason,
        "source_type": source_type, "source_id": source_id, "actor_id": actor.id, "batch_id": batch_id, "reverses_id": reverses_id,
        "resolves_id": resolves_id, "effective_at": effective_at, "recorded_at": now, "note_id": None, "note_hash": None,
    }  # fmt: skip
    connection = session.connection()
    if note:
        row["note_id"], row["note_hash"] = _write_note(connection, note)
    found = connection.execute(_INSERT_TRANSFER[connection.dialect.name], {f"b_{name}": value for name, value in row.items()}).scalar()
    if found is not None:
        return Transfer(id=found, **row)
    if row["note_id"]:
        connection.execute(_DROP_NOTE, {"b_id": row["note_id"]})
    return replayed(session, **{name: row[name] for name in SAME})


SAME = ("key", "kind", "owner_id", "unit", "points", "earned", "reason", "source_type", "source_id", "reverses_id", "resolves_id")


def replayed(session: Session, *, key: str, **facts: object) -> Transfer:
    """Return the transfer that stands under ``key``, or refuse if it was written for other ``facts``."""
    first = find_transfer(session, key=key, is_replay=True)
    assert first, f"transfer {key} is there and cannot be read"
    return require_same(first, **facts)


def record_once(session: Session, actor: Actor, **row: Any) -> Transfer:
    """Write a transfer that settles or reverses another, which happens once: the unique key on its id is the judge."""
    try:
        with session.begin_nested():
            return record(session, actor, **row)
    except IntegrityError as error:
        if violated(error, "transfer", "resolves_id"):
            raise AlreadyResolved(hold_id=row["resolves_id"]) from error
        if violated(error, "transfer", "reverses_id"):
            raise AlreadyReversed(transfer_id=row["reverses_id"]) from error
        raise


def _write_note(connection: Connection, note: str) -> tuple[int, str]:
    salt = secrets.token_hex(16)
    note_id = connection.execute(_INSERT_NOTE, {"body": note, "salt": salt, "erased_at": None}).scalar_one()
    return note_id, hashlib.sha256((salt + note).encode()).hexdigest()


def locked_balances(session: Session, owner_id: int, unit: str) -> dict[AccountKind, int]:
    """Return the owner's balances, locked until the unit of work ends."""
    rows = session.connection().execute(_LOCK, {"b_owner": owner_id, "b_unit": unit}).all()
    if len(rows) != len(OWN_KINDS):
        raise LookupError(f"owner {owner_id} has no accounts in {unit}")
    return {AccountKind(row.kind): row.balance for row in rows}


def earn(session: Session, written: Transfer, other: AccountKind) -> tuple[Policy, list[dict[str, Any]]] | None:
    """Move the balance of an owner who has points available, in one statement. None, and nothing done, for all others.

    Returns the policy that stands and the two entries, which are written with the lot: see ``lots.enter``.
    """
    connection = session.connection()
    whose = {"b_owner": written.owner_id, "b_unit": written.unit, "b_now": written.recorded_at}
    row = connection.execute(_EARN, whose | {"b_change": written.points, "b_earned": written.earned, "b_other": other}).first()
    if row is None:
        return None
    if row.other_id is None:
        raise LookupError(f"the programme has no account {other} in {written.unit}")
    return read_policy(row.policy), [_line(written, row, written.points), _far_line(written, row.other_id, -written.points)]


def post(session: Session, written: Transfer, moves: dict[AccountKind, int], other: AccountKind | None, *, settled: int = 0) -> bool:
    """Move the owner's balances and write the entries; the rest goes to the programme's account ``other``.

    ``settled`` goes there from the programme's account ``expired``, beside it: nobody's balance moves for it.

    False if an account has less than is taken from it. Nothing is undone then: the caller rolls back.
    """
    connection = session.connection()
    whose = {"b_owner": written.owner_id, "b_unit": written.unit}
    lines = []
    if written.earned and AccountKind.AVAILABLE not in moves:
        connection.execute(_ONLY_LIFETIME, whose | {"b_earned": written.earned})
    for kind in OWN_KINDS:
        if kind in moves:
            earned = {"b_earned": written.earned} if kind is AccountKind.AVAILABLE else {}
            row = connection.execute(_MOVE[kind], whose | earned | {"b_change": moves[kind]}).first()
            if row is None:
                return False
            lines.append(_line(written, row, moves[kind]))
    rest = -sum(moves.values())
    if other is not None:
        far = connection.execute(_OTHER_ID, {"b_unit": written.unit, "b_other": other}).scalar_one()
        lines.append(_far_line(written, far, rest + settled))
    if settled:
        far = connection.execute(_OTHER_ID, {"b_unit": written.unit, "b_other": AccountKind.EXPIRED}).scalar_one()
        lines.append(_far_line(written, far, -settled))
    assert sum(line["amount"] for line in lines) == 0, "a transfer sums to zero"
    connection.execute(_INSERT_ENTRIES, lines)
    return True


def _line(written: Transfer, row: Any, amount: int) -> dict[str, Any]:
    return {"transfer_id": written.id, "account_id": row.id, "amount": amount, "balance_after": row.balance, "version": row.version}


def _far_line(written: Transfer, account_id: int, amount: int) -> dict[str, Any]:
    return {"transfer_id": written.id, "account_id": account_id, "amount": amount, "balance_after": None, "version": None}

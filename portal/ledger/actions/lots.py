"""What a transfer does to lots. Called by the verbs once the accounts have moved, so the owner's ``available`` is locked.

Lots therefore need no lock of their own; they move by relative UPDATEs, and the CHECKs of the table judge.
Each effect is written to ``lot_line`` too, so that holds and reversals know their own lots later.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import bindparam, case, insert, select, tuple_, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.ledger.lots import GRACE, Move, Policy, back, end_of_month, lapses_on, month_of, take
from portal.ledger.models import entry, lot, lot_line
from portal.ledger.queries.policies import pushing_policies
from portal.ledger.rules import Transfer

_SUMS = ("open", "held", "spent", "expired", "taken")
_KEY = ("owner_id", "unit", "month", "policy_id")


def _upsert(dialect: Any) -> Any:
    known = {name: bindparam(f"b_{name}", type_=lot.c[name].type) for name in (*_KEY, "expires_on", "earned", "open", "taken")}
    new = dialect.insert(lot).values(**known, held=0, spent=0, expired=0)
    there = {name: lot.c[name] + new.excluded[name] for name in ("earned", "open", "taken")}
    later = case((lot.c.expires_on < new.excluded.expires_on, new.excluded.expires_on), else_=lot.c.expires_on)
    return new.on_conflict_do_update(index_elements=list(_KEY), set_={**there, "expires_on": later}).returning(lot.c.id)


_ENTER_LOT = _upsert(sqlite)
_INSERT_LINES = insert(lot_line)


def _enter_at_once(*also: Any) -> Any:
    """Return the lot's change and its line, and what is to be written with them, as one statement, for one round trip (PostgreSQL)."""
    entered = _upsert(postgresql).cte("entered")
    told = {name: bindparam(f"c_{name}", type_=lot_line.c[name].type) for name in ("transfer_id", "earned", *_SUMS)}
    return insert(lot_line).from_select(["lot_id", *told], select(entered.c.id, *told.values()).add_cte(entered, *also), include_defaults=False)


def _two_entries() -> Any:
    sides = [select(*(bindparam(f"{side}_{name}", type_=entry.c[name].type) for name in _ENTRY)) for side in ("near", "far")]
    return insert(entry).from_select(_ENTRY, union_all(*sides), include_defaults=False).cte("booked")


_ENTRY = ["transfer_id", "account_id", "amount", "balance_after", "version"]
_INSERT_ENTRIES = insert(entry)
_ENTER = _enter_at_once()
_ENTER_WITH_ENTRIES = _enter_at_once(_two_entries())
_LEAST = bindparam("b_least", type_=lot.c.expires_on.type)
_MOVE = (
    update(lot)
    .where(lot.c.id == bindparam("b_lot_id"))
    .values(
        **{name: lot.c[name] + bindparam(f"b_{name}", type_=lot.c[name].type) for name in _SUMS},
        expires_on=case((lot.c.expires_on < _LEAST, _LEAST), else_=lot.c.expires_on),
    )
)
_OWN = (lot.c.owner_id == bindparam("b_owner"), lot.c.unit == bindparam("b_unit"))
_OPEN = (
    select(lot.c.id, lot.c.expires_on, lot.c.open)
    .where(*_OWN, lot.c.open > 0, tuple_(lot.c.expires_on, lot.c.id) > tuple_(bindparam("b_on", type_=lot.c.expires_on.type), bindparam("b_id")))
    .order_by(lot.c.expires_on, lot.c.id)
    .limit(bindparam("b_size"))
)
_TAKEN = select(lot.c.id, lot.c.taken).where(*_OWN, lot.c.taken > 0).order_by(lot.c.month.desc(), lot.c.id.desc())
_LINES = (
    select(lot_line, lot.c.open.label("now_open"), lot.c.taken.label("now_taken"))
    .join(lot)
    .where(lot_line.c.transfer_id == bindparam("b_transfer"))
    .order_by(lot.c.expires_on, lot.c.id)
)
_PUSH = (
    update(lot)
    .where(*_OWN, lot.c.policy_id == bindparam("b_policy"), lot.c.open + lot.c.held > 0, lot.c.expires_on < _LEAST)
    .values(expires_on=_LEAST)
)
_FIRST_PAGE, _PAGE = 32, 256


def enter(session: Session, written: Transfer, policy: Policy, opened: int, entries: list[dict[str, Any]] | None = None) -> None:
    """Put what came in into the lot of its month: ``opened`` of it can be spent, the rest has paid a debt.

    ``entries`` are the two of an award that are not written yet: on PostgreSQL they go along in one round trip.
    """
    day = _day(session, written)
    month = month_of(written.effective_at, programme_zone(session))
    values = {
        "b_owner_id": written.owner_id, "b_unit": written.unit, "b_month": month, "b_policy_id": policy.id,
        "b_expires_on": lapses_on(policy, month=month, day=day), "b_earned": written.points, "b_open": opened, "b_taken": written.points - opened,
    }  # fmt: skip
    connection = session.connection()
    line = {"earned": written.points, "open": opened, "held": 0, "spent": 0, "expired": 0, "taken": written.points - opened}
    if connection.dialect.name == "sqlite":
        if entries:
            connection.execute(_INSERT_ENTRIES, entries)
        lot_id = connection.execute(_ENTER_LOT, values).scalar_one()
        connection.execute(_INSERT_LINES, line | {"transfer_id": written.id, "lot_id": lot_id})
    else:
        values |= {"c_transfer_id": written.id} | {f"c_{name}": value for name, value in line.items()}
        for side, booked in zip(("near", "far"), entries or (), strict=False):
            values |= {f"{side}_{name}": value for name, value in booked.items()}
        connection.execute(_ENTER_WITH_ENTRIES if entries else _ENTER, values)
    if policy.pushes:
        push(session, written)


def push(session: Session, written: Transfer) -> None:
    """Let an activity move the last day of the owner's lots that count from it."""
    day = _day(session, written)
    for policy_id, months in pushing_policies(session, written.unit).items():
        facts = {"b_policy": policy_id, "b_least": end_of_month(day, months)}
        session.connection().execute(_PUSH, _whose(written) | facts)


def set_aside(session: Session, written: Transfer, *, of: int | None = None) -> None:
    """Hold: from what is open, the first to lapse first; all of it from the lots of transfer ``of`` where one is named."""
    parts = _from_open(session, written, written.points, of)
    _apply(session, written, [Move(lot_id, open=-part, held=part) for lot_id, part in parts])


def spend(session: Session, written: Transfer, hold_id: int) -> None:
    """Capture: what was held of each lot is spent."""
    _apply(session, written, [Move(row.lot_id, held=-row.held, spent=row.held) for row in _lines(session, hold_id)])


def give_back(session: Session, written: Transfer, *, hold_id: int | None = None, capture_id: int | None = None, opened: int) -> None:
    """Release of a hold, or return of a capture: back to its own lots with a week at least, less what pays a debt."""
    if hold_id is not None:
        moves = back([(row.lot_id, row.held) for row in _lines(session, hold_id)], opened, "held")
    else:
        moves = back([(row.lot_id, row.spent) for row in _lines(session, capture_id)], opened, "spent")
    _apply(session, written, moves, _day(session, written) + GRACE)


def take_away(session: Session, written: Transfer, points: int, *, of: int | None = None) -> None:
    """Take ``points`` of what is open: from the lots of transfer ``of`` first, then the first to lapse."""
    if points:
        _apply(session, written, [Move(lot_id, open=-part, taken=part) for lot_id, part in _from_open(session, written, points, of)])


def restore(session: Session, written: Transfer, points: int, *, of: int) -> None:
    """Give ``points`` that transfer ``of`` took back to their lots, with a week at least.

    Where it left a debt that later points paid, those are given back: from the newest lots that lost some.
    """
    if not points:
        return
    own = _lines(session, of)
    parts = take([(row.lot_id, min(row.taken, row.now_taken)) for row in own], points)
    rest = points - sum(part for _lot, part in parts)
    if rest:
        found = dict(parts)
        others = session.connection().execute(_TAKEN, _whose(written))
        for lot_id, part in take(((row.id, row.taken - found.get(row.id, 0)) for row in others), rest):
            found[lot_id] = found.get(lot_id, 0) + part
        parts = list(found.items())
    assert sum(part for _lot, part in parts) == points, "what was taken from lots is all that can come back"
    _apply(session, written, [Move(lot_id, taken=-part, open=part) for lot_id, part in parts], _day(session, written) + GRACE)


def lapse(session: Session, written: Transfer, lot_id: int) -> None:
    """Expire: what is open of one lot is gone."""
    _apply(session, written, [Move(lot_id, open=-written.points, expired=written.points)])


def _from_open(session: Session, written: Transfer, points: int, of: int | None) -> list[tuple[int, int]]:
    parts = take([(row.lot_id, row.now_open) for row in _lines(session, of)], points) if of is not None else []
    rest = points - sum(part for _lot, part in parts)
    if rest:
        found = dict(parts)
        for lot_id, part in take(((i, there - found.get(i, 0)) for i, there in _open_lots(session, written)), rest):
            found[lot_id] = found.get(lot_id, 0) + part
        parts = list(found.items())
    assert sum(part for _lot, part in parts) == points, "what is available is open in lots"
    return parts


def _open_lots(session: Session, written: Transfer) -> Iterator[tuple[int, int]]:
    """Give the owner's open lots, the first to lapse first, read in pages: cost follows the lots that are touched."""
    on, last, size = date.min, 0, _FIRST_PAGE
    while True:
        rows = session.connection().execute(_OPEN, _whose(written) | {"b_on": on, "b_id": last, "b_size": size}).all()
        for row in rows:
            yield row.id, row.open
        if len(rows) < size:
            return
        on, last, size = rows[-1].expires_on, rows[-1].id, _PAGE


def _lines(session: Session, transfer_id: int | None) -> Iterable[Any]:
    return session.connection().execute(_LINES, {"b_transfer": transfer_id}).all()


def _apply(session: Session, written: Transfer, moves: list[Move], least: date = date.min) -> None:
    moves = sorted(moves, key=lambda move: move.lot_id)
    values = [{f"b_{name}": value for name, value in asdict(move).items() if name != "earned"} | {"b_least": least} for move in moves]
    connection = session.connection()
    connection.execute(_MOVE, values)
    connection.execute(_INSERT_LINES, [asdict(move) | {"transfer_id": written.id} for move in moves])


def _whose(written: Transfer) -> dict[str, Any]:
    return {"b_owner": written.owner_id, "b_unit": written.unit}


def _day(session: Session, written: Transfer) -> date:
    return local_date(written.recorded_at, programme_zone(session))

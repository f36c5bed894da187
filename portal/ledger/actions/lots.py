"""What a transfer does to lots. Called by the verbs once the accounts have moved, so the owner's ``available`` is locked.

Lots therefore need no lock of their own; they move by relative UPDATEs, and the CHECKs of the table judge.
Each effect is written to ``lot_line`` too, so that holds and reversals know their own lots later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from sqlalchemy import Date, bindparam, case, cast, func, insert, select, tuple_, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.ledger.lots import GRACE, PLACES, Move, Policy, back, grace_for, lapses_on, month_of, take
from portal.ledger.models import entry, lot, lot_line, points_policy
from portal.ledger.rules import Transfer, TransferKind

_SUMS = ("earned", *PLACES)
_KEY = ("owner_id", "unit", "month", "policy_id", "grace_until")
_GIVEN = ("earned", "open", "paid")
_DAY = bindparam("b_day", type_=lot.c.expires_on.type)


def _upsert(dialect: Any) -> Any:
    """Put something into a lot, made where there is none. Returns no row, and does nothing, where that lot has lapsed."""
    known = {name: bindparam(f"b_{name}", type_=lot.c[name].type) for name in (*_KEY, "expires_on", *_GIVEN)}
    new = dialect.insert(lot).values(**known, **{name: 0 for name in (*PLACES, "lapses") if name not in _GIVEN})
    there = {name: lot.c[name] + new.excluded[name] for name in _GIVEN}
    later = case((lot.c.expires_on < new.excluded.expires_on, new.excluded.expires_on), else_=lot.c.expires_on)
    set_ = {**there, "expires_on": later}
    return new.on_conflict_do_update(index_elements=list(_KEY), set_=set_, where=lot.c.expires_on >= _DAY).returning(lot.c.id)


_ENTER_LOT = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}
_INSERT_LINES = insert(lot_line)


def _enter_at_once(*also: Any) -> Any:
    """Return the lot's change and its line, and what is to be written with them, as one statement, for one round trip (PostgreSQL)."""
    entered = _upsert(postgresql).cte("entered")
    told = {name: bindparam(f"c_{name}", type_=lot_line.c[name].type) for name in ("transfer_id", *_SUMS)}
    line = select(entered.c.id, *told.values()).add_cte(entered, *also)
    return insert(lot_line).from_select(["lot_id", *told], line, include_defaults=False).returning(lot_line.c.lot_id)


def _two_entries() -> Any:
    sides = [select(*(bindparam(f"{side}_{name}", type_=entry.c[name].type) for name in _ENTRY)) for side in ("near", "far")]
    return insert(entry).from_select(_ENTRY, union_all(*sides), include_defaults=False).cte("booked")


_ENTRY = ["transfer_id", "account_id", "amount", "balance_after", "version"]
_INSERT_ENTRIES = insert(entry)
_ENTER = _enter_at_once()
_ENTER_WITH_ENTRIES = _enter_at_once(_two_entries())
_MOVE = (
    update(lot)
    .where(lot.c.id == bindparam("b_lot_id"))
    .values(
        **{name: lot.c[name] + bindparam(f"b_{name}", type_=lot.c[name].type) for name in (*_SUMS, "lapses")},
    )
)
_OWN = (lot.c.owner_id == bindparam("b_owner"), lot.c.unit == bindparam("b_unit"))
_OPEN = (
    select(lot.c.id, lot.c.expires_on, lot.c.open)
    .where(*_OWN, lot.c.open > 0, tuple_(lot.c.expires_on, lot.c.id) > tuple_(bindparam("b_on", type_=lot.c.expires_on.type), bindparam("b_id")))
    .order_by(lot.c.expires_on, lot.c.id)
    .limit(bindparam("b_size"))
)
_FACTS = (lot.c.month, lot.c.policy_id, lot.c.expires_on)
_PAID = select(lot.c.id.label("lot_id"), lot.c.paid, *_FACTS).where(*_OWN, lot.c.paid > 0).order_by(lot.c.month.desc(), lot.c.id.desc())
_LINES = select(lot_line, *_FACTS).join(lot).where(lot_line.c.transfer_id == bindparam("b_transfer")).order_by(lot.c.expires_on, lot.c.id)
_ENTERED = lot.alias("entered")
_KIN = (
    select(lot.c.id, lot.c.open, lot.c.expired)
    .join(_ENTERED, tuple_(*(lot.c[name] for name in _KEY[:4])) == tuple_(*(_ENTERED.c[name] for name in _KEY[:4])))
    .join(lot_line, lot_line.c.lot_id == _ENTERED.c.id)
    .where(lot_line.c.transfer_id == bindparam("b_transfer"))
    .order_by(case((lot.c.id == _ENTERED.c.id, 0), else_=1), lot.c.expires_on, lot.c.id)
)


def _push(least: Any) -> Any:
    """Move the last day of what counts from the last activity, also of what is spent: it may be given back. What has lapsed stays so."""
    counts = (lot.c.policy_id == points_policy.c.id, points_policy.c.kind == "inactivity")
    return update(lot).where(*_OWN, *counts, lot.c.expires_on >= _DAY, lot.c.expires_on < least).values(expires_on=least)


_FIRST, _THEN = bindparam("b_first", type_=lot.c.expires_on.type), points_policy.c.months + 1
_PUSH = {  # the last day of the month that lies so many months after the month of ``b_first``, as ``end_of_month``
    "sqlite": _push(func.date(_FIRST, func.printf("+%d months", _THEN), "-1 day")),
    "postgresql": _push(cast(cast(_FIRST, Date) + func.make_interval(0, _THEN), Date) - 1),
}
_FIRST_PAGE, _PAGE = 32, 256


def enter(session: Session, written: Transfer, policy: Policy, opened: int, entries: list[dict[str, Any]] | None = None) -> None:
    """Put what came in into the lot of its month, or into one with a week where that has lapsed: ``opened`` can be spent, the rest has paid a debt.

    ``entries`` are the two of an award that are not written yet: on PostgreSQL they go along in one round trip.
    """
    day = _day(session, written)
    month = month_of(written.effective_at, programme_zone(session))
    sums = dict.fromkeys(_SUMS, 0) | {"earned": written.points, "open": opened, "paid": written.points - opened}
    values = _whose_lot(written, month, policy.id, grace_for(policy, month=month, day=day)) | {f"b_{name}": sums[name] for name in _GIVEN}
    values |= {"b_expires_on": lapses_on(policy, month=month, day=day), "b_day": day}
    if not _enter(session, written, values, sums, entries):
        values |= {"b_grace_until": day + GRACE, "b_expires_on": max(values["b_expires_on"], day + GRACE)}
        entered = _enter(session, written, values, sums, [] if session.connection().dialect.name == "postgresql" else entries)
        assert entered, "a lot with a week has not lapsed"
    # An activity is the owner's: what an admin gives by hand is none.
    if policy.pushes and written.kind is TransferKind.AWARD:
        push(session, written)


def _enter(session: Session, written: Transfer, values: dict[str, Any], sums: dict[str, int], entries: list[dict[str, Any]] | None) -> bool:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        lot_id = connection.execute(_ENTER_LOT["sqlite"], values).scalar()
        if lot_id is not None:
            if entries:
                connection.execute(_INSERT_ENTRIES, entries)
            connection.execute(_INSERT_LINES, sums | {"transfer_id": written.id, "lot_id": lot_id})
        return lot_id is not None
    told = values | {"c_transfer_id": written.id} | {f"c_{name}": value for name, value in sums.items()}
    for side, booked in zip(("near", "far"), entries or (), strict=False):
        told |= {f"{side}_{name}": value for name, value in booked.items()}
    return connection.execute(_ENTER_WITH_ENTRIES if entries else _ENTER, told).first() is not None


def push(session: Session, written: Transfer) -> None:
    """Let an activity move the last day of the owner's lots that count from it and have not lapsed."""
    day, connection = _day(session, written), session.connection()
    connection.execute(_PUSH[connection.dialect.name], _whose(written) | {"b_day": day, "b_first": day.replace(day=1)})


def set_aside(session: Session, written: Transfer, *, of: int | None = None) -> None:
    """Hold: from what is open, the first to lapse first; all of it from the lots of transfer ``of`` where one is named."""
    parts = _from_open(session, written, written.points, own_lots(session, of) if of is not None else ())
    _apply(session, written, [Move(lot_id, open=-part, held=part) for lot_id, part in parts])


def spend(session: Session, written: Transfer, hold_id: int) -> None:
    """Capture: what was held of each lot is spent."""
    _apply(session, written, [Move(row.lot_id, held=-row.held, spent=row.held) for row in _lines(session, hold_id) if row.held])


def give_back(session: Session, written: Transfer, *, hold_id: int | None = None, capture_id: int | None = None, opened: int) -> None:
    """Release of a hold, or return of a capture: back to its own lots, less what pays a debt; what comes too late for its lot has a week."""
    rows, place = (_lines(session, hold_id), "held") if hold_id is not None else (_lines(session, capture_id), "spent")
    _bring_back(session, written, back([(row.lot_id, getattr(row, place)) for row in rows], opened, place), {row.lot_id: row for row in rows})


def own_lots(session: Session, transfer_id: int) -> Sequence[Any]:
    """Return the lots of a gift, its own first and then those its points may have come back to: number, what is open, what has expired."""
    return session.connection().execute(_KIN, {"b_transfer": transfer_id}).all()


def take_away(session: Session, written: Transfer, points: int, *, own: Sequence[Any] = (), settled: int = 0) -> None:
    """Take ``points`` of what is open: from the lots ``own`` first, then the first to lapse; and ``settled`` of what has expired of ``own``."""
    place = "reversed" if written.kind is TransferKind.REVERSE else "corrected"
    moves = [Move(lot_id, **{"open": -part, place: part}) for lot_id, part in (_from_open(session, written, points, own) if points else ())]
    moves += [Move(lot_id, expired=-part, reversed=part) for lot_id, part in take([(row.id, row.expired) for row in own], settled)]
    _apply(session, written, moves)


def restore(session: Session, written: Transfer, opened: int, *, of: int) -> None:
    """Give back what the correction ``of`` took: ``opened`` of it can be spent, and the rest of its own pays what others are owed.

    Where it left a debt that later points paid, those are given back: from the newest lots that paid some.
    """
    rows = {row.lot_id: row for row in _lines(session, of)}
    parts = [(row.lot_id, row.corrected) for row in rows.values()]
    own = sum(part for _lot, part in parts)
    moves = back(parts, min(opened, own), "corrected")
    if opened > own:
        others = {row.lot_id: row for row in session.connection().execute(_PAID, _whose(written))}
        found = take([(row.lot_id, row.paid) for row in others.values()], opened - own)
        assert sum(part for _lot, part in found) == opened - own, "a debt that is gone was paid by lots"
        moves += [Move(lot_id, paid=-part, open=part) for lot_id, part in found]
        rows |= others
    _bring_back(session, written, moves, rows)


def lapse(session: Session, written: Transfer, lot_id: int) -> None:
    """Expire: what is open of one lot is gone."""
    _apply(session, written, [Move(lot_id, open=-written.points, expired=written.points)], lapses=1)


def _bring_back(session: Session, written: Transfer, moves: Iterable[Move], facts: Mapping[int, Any]) -> None:
    """Do ``moves``; what would be open in a lot that has lapsed moves on to one of the same month and policy with a week."""
    day, told = _day(session, written), []
    for move in moves:
        whence = facts[move.lot_id]
        if not move.open or whence.expires_on >= day:
            told.append(move)
            continue
        values = _whose_lot(written, whence.month, whence.policy_id, day + GRACE) | dict.fromkeys((f"b_{name}" for name in _GIVEN), 0)
        connection = session.connection()
        lot_id = connection.execute(_ENTER_LOT[connection.dialect.name], values | {"b_expires_on": day + GRACE, "b_day": day}).scalar_one()
        told += [replace(move, earned=-move.open, open=0), Move(lot_id, earned=move.open, open=move.open)]
    _apply(session, written, told)


def _from_open(session: Session, written: Transfer, points: int, own: Sequence[Any]) -> list[tuple[int, int]]:
    parts = take([(row.id, row.open) for row in own], points)
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


def _lines(session: Session, transfer_id: int | None) -> Sequence[Any]:
    return session.connection().execute(_LINES, {"b_transfer": transfer_id}).all()


def _apply(session: Session, written: Transfer, moves: Iterable[Move], *, lapses: int = 0) -> None:
    """Do ``moves``, those of one lot as one, in the order of lots."""
    told: dict[int, Move] = {}
    for move in moves:
        told[move.lot_id] = told[move.lot_id] + move if move.lot_id in told else move
    rows = [asdict(told[lot_id]) for lot_id in sorted(told)]
    if rows:
        connection = session.connection()
        connection.execute(_MOVE, [{f"b_{name}": value for name, value in row.items()} | {"b_lapses": lapses} for row in rows])
        connection.execute(_INSERT_LINES, [row | {"transfer_id": written.id} for row in rows])


def _whose(written: Transfer) -> dict[str, Any]:
    return {"b_owner": written.owner_id, "b_unit": written.unit}


def _whose_lot(written: Transfer, month: date, policy_id: int, grace_until: date) -> dict[str, Any]:
    return {"b_owner_id": written.owner_id, "b_unit": written.unit, "b_month": month, "b_policy_id": policy_id, "b_grace_until": grace_until}


def _day(session: Session, written: Transfer) -> date:
    return local_date(written.recorded_at, programme_zone(session))

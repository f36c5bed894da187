"""A ledger of any size whose every sum is right, written past the verbs: for measuring the proof, and what an award costs in it.

    python -m benchmarks.books DATABASE_URL [--entries 1000000]

Fills a migrated, empty database, seals it as the worker does, and then runs the whole list of invariants,
one after the other, with the time of each by the clock and in the processor.
"""

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from benchmarks.bulk import Bulk, Row
from portal.invariants import findings
from portal.kernel import migrate
from portal.kernel.db import Database
from portal.ledger.actions.accounts import open_accounts
from portal.ledger.actions.sealing import seal_pending
from portal.ledger.lots import NEVER, NO_GRACE, NO_POLICY, PLACES
from portal.ledger.models import account
from portal.ledger.rules import OWN_KINDS, AccountKind

EACH = 10
"""Transfers of one owner, two entries each."""
AT_ONCE = 5_000
START = datetime(2025, 1, 1, 12, tzinfo=UTC)
_SUMS = ("earned", *PLACES)
TABLES = {
    "account": "id, owner_id, kind, unit, balance, version, lifetime",
    "transfer": "id, key, kind, owner_id, unit, points, earned, reason, source_type, source_id, actor_id, reverses_id, resolves_id, "
    "effective_at, recorded_at",
    "entry": "id, transfer_id, account_id, amount, balance_after, version",
    "lot": f"id, owner_id, unit, month, policy_id, grace_until, expires_on, lapses, {', '.join(_SUMS)}",
    "lot_line": f"transfer_id, lot_id, {', '.join(_SUMS)}",
}


class _Owner:
    """The books of one owner, kept by plain arithmetic."""

    def __init__(self, owner_id: int, near: dict[AccountKind, int], far: dict[str, int], rows: dict[str, list[Row]]) -> None:
        self.id, self.near, self.far, self.rows = owner_id, near, far, rows
        self.balance = dict.fromkeys(OWN_KINDS, 0)
        self.version = dict.fromkeys(OWN_KINDS, 0)
        self.lifetime = self.made = 0
        self.lots: dict[int, dict[str, int]] = {}

    def put(self, kind: str, points: int, moves: dict[AccountKind, int], month: int, line: dict[str, int], **more: int | str) -> int:
        """Write one transfer, its entries and what it did to the lot of ``month``; return its id."""
        self.made += 1
        number = (self.id - 1) * EACH + self.made
        at = START + timedelta(days=31 * month, seconds=number % 86_400)
        earned = points if kind in ("award", "reverse") else 0
        key, source = f"{kind}:{self.id}:{self.made}", number
        self.rows["transfer"].append((
            number, key, kind, self.id, "points", points, earned, f"bench.{kind}", "bench", source, 900_000,
            more.get("reverses"), more.get("resolves"), at, at,
        ))  # fmt: skip
        entries = self.rows["entry"]
        for nth, (place, amount) in enumerate(moves.items()):
            self.balance[place] += amount
            self.version[place] += 1
            entries.append((2 * number - 1 + nth, number, self.near[place], amount, self.balance[place], self.version[place]))
        if len(moves) == 1:
            entries.append((2 * number, number, self.far[str(more["other"])], -sum(moves.values()), None, None))
        self.lifetime += earned
        lot = self.lots.setdefault(month, dict.fromkeys(_SUMS, 0))
        for name, amount in line.items():
            lot[name] += amount
        self.rows["lot_line"].append((number, self.lot_id(month), *(line.get(name, 0) for name in _SUMS)))
        return number

    def lot_id(self, month: int) -> int:
        return (self.id - 1) * 3 + month + 1

    def award(self, points: int, month: int) -> int:
        return self.put("award", points, {AccountKind.AVAILABLE: points}, month, {"earned": points, "open": points}, other="issued")

    def hold(self, points: int, month: int) -> int:
        moves = {AccountKind.AVAILABLE: -points, AccountKind.HELD: points}
        return self.put("hold", points, moves, month, {"open": -points, "held": points})

    def close(self) -> None:
        """Write accounts and lots as they stand at the end."""
        for kind in OWN_KINDS:
            lifetime = self.lifetime if kind is AccountKind.AVAILABLE else None
            self.rows["account"].append((self.near[kind], self.id, kind, "points", self.balance[kind], self.version[kind], lifetime))
        for month, sums in self.lots.items():
            day = date(2025, month + 1, 1).isoformat()
            self.rows["lot"].append((
                self.lot_id(month), self.id, "points", day, NO_POLICY, NO_GRACE.isoformat(), NEVER.isoformat(), 0, *(sums[name] for name in _SUMS),
            ))  # fmt: skip


def _books(owner: _Owner) -> None:
    """Ten transfers of every kind that an owner's year brings: three months' awards, one spent hold, one given back, one open or a reversal."""
    owner.award(10 + owner.id % 50, 0)
    owner.award(30, 0)
    owner.award(25, 1)
    owner.award(45, 1)
    last = owner.award(50, 2)
    spent = owner.hold(25, 0)
    owner.put("capture", 25, {AccountKind.HELD: -25}, 0, {"held": -25, "spent": 25}, resolves=spent, other="redeemed")
    given_back = owner.hold(40, 1)
    moves = {AccountKind.HELD: -40, AccountKind.AVAILABLE: 40}
    owner.put("release", 40, moves, 1, {"held": -40, "open": 40}, resolves=given_back)
    if owner.id % 4:
        owner.hold(15, 1)
    else:
        owner.put("reverse", -50, {AccountKind.AVAILABLE: -50}, 2, {"open": -50, "reversed": 50}, reverses=last, other="issued")


def fill(database: Database, entries: int) -> int:
    """Write so many ``entries`` into a migrated ledger without owners, seal nothing, and return how many owners they belong to."""
    owners, bulk = entries // (2 * EACH), Bulk(database)
    database.write(lambda session: open_accounts(session, owners + 1))  # makes the programme's own
    with database.reading() as session:
        accounts = session.execute(select(account)).all()
    programme, first = {row.kind: row.id for row in accounts if row.owner_id is None}, max(row.id for row in accounts) + 1
    try:
        for chunk in _chunks(owners):
            rows: dict[str, list[Row]] = {table: [] for table in TABLES}
            for owner_id in chunk:
                near = {kind: first + (owner_id - 1) * 3 + place for place, kind in enumerate(OWN_KINDS)}
                owner = _Owner(owner_id, near, programme, rows)
                _books(owner)
                owner.close()
            for table, columns in TABLES.items():
                bulk.fill(table, columns, rows[table])
        bulk.follow_ids(table for table in TABLES if table != "lot_line")
        bulk.settle()
    finally:
        bulk.close()
    return owners


def _chunks(owners: int) -> Iterator[range]:
    for start in range(1, owners + 1, AT_ONCE):
        yield range(start, min(start + AT_ONCE, owners + 1))


def measure(database: Database) -> list[str]:
    """Run the list of invariants and return a line of Markdown for each. Refuses books that are wrong: their time would say nothing."""
    lines, began, worked = [], time.perf_counter(), time.process_time()
    with database.snapshot() as session:
        asked, cpu = began, worked
        for found in findings(session):
            if found.problems:
                raise RuntimeError(f"the books are wrong: {found.problems[0]}")
            now, busy = time.perf_counter(), time.process_time()
            lines.append(f"| {found.name} | {found.sentence} | {now - asked:.1f} | {busy - cpu:.1f} |")
            asked, cpu = now, busy
    spent, busy = time.perf_counter() - began, time.process_time() - worked
    return [*lines, f"| **all** | | **{spent:.1f}** | **{busy:.1f}** |"]


HEAD = "| | what must hold | s by the clock | s of this process's CPU |\n|---|---|---|---|"


def report(database: Database, entries: int) -> None:
    """Fill, seal, check, and print what each took."""
    began = time.perf_counter()
    owners = fill(database, entries)
    made = time.perf_counter() - began
    sealed = seal_pending(database, datetime.now(UTC))
    sealing = time.perf_counter() - began - made
    print(f"{entries:,} entries of {owners:,} owners written in {made:.0f} s, {sealed:,} transfers sealed in {sealing:.0f} s.\n")
    print(HEAD)
    print("\n".join(measure(database)), flush=True)


def main() -> None:
    """Fill a new database, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--entries", type=int, default=1_000_000)
    options = parser.parse_args()
    database = Database(options.url)
    migrate.upgrade(database)
    report(database, options.entries)
    database.dispose()


if __name__ == "__main__":
    main()

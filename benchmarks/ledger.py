"""What an award costs: against a bare insert and guarded update through the same Session, and on the bare driver.

    python -m benchmarks.ledger [--seconds 1.5] [--rounds 3] [--writers 1 8] [--postgresql URL]

Each way runs in processes of its own, in turn within each round, so that only the ratios within one
table count. SQLite runs at synchronous FULL, as the portal does. Without an address PostgreSQL is
started from its wheel, as in the tests. Prints a Markdown table.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import BigInteger, Column, MetaData, String, Table, bindparam, insert, make_url, update

from portal.kernel import migrate
from portal.kernel.actor import system
from portal.kernel.db import PRAGMAS, Database
from portal.kernel.ids import new_key
from portal.kernel.schema import BigId, UTCDateTime
from portal.ledger.actions.accounts import open_accounts
from portal.ledger.actions.earning import award

ROOT = Path(__file__).resolve().parents[1]
OWNERS = 500
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BARE, SESSION, AWARD = "bare, driver", "bare, same Session", "award"
WAYS = (BARE, SESSION, AWARD)

bare = MetaData()
bare_transfer = Table(
    "bare_transfer", bare, Column("id", BigId, primary_key=True), Column("key", String(200), unique=True), Column("owner_id", BigInteger),
    Column("points", BigInteger), Column("recorded_at", UTCDateTime),
)  # fmt: skip
bare_account = Table("bare_account", bare, Column("id", BigId, primary_key=True), Column("balance", BigInteger), Column("version", BigInteger))
MOVE = "UPDATE bare_account SET balance = balance + 10, version = version + 1 WHERE id = {} AND balance + 10 >= 0 RETURNING balance, version"
INSERT = insert(bare_transfer).returning(bare_transfer.c.id)
UPDATE = (
    update(bare_account)
    .where(bare_account.c.id == bindparam("b_id"), bare_account.c.balance + bindparam("b_change", type_=BigInteger) >= 0)
    .values(balance=bare_account.c.balance + bindparam("b_change", type_=BigInteger), version=bare_account.c.version + 1)
    .returning(bare_account.c.balance, bare_account.c.version)
)


def prepare(url: str) -> None:
    """Make the schema, the owners with some points each, and the bare tables."""
    database = Database(url)
    migrate.upgrade(database)
    with database.engine.begin() as connection:
        bare.create_all(connection)
        connection.execute(insert(bare_account), [{"id": n, "balance": 0, "version": 0} for n in range(1, OWNERS + 1)])

    def open_all(session) -> None:
        for owner_id in range(1, OWNERS + 1):
            open_accounts(session, owner_id)
            pay(session, owner_id)

    database.write(open_all)
    database.dispose()


def pay(session, owner_id: int) -> None:
    award(
        session, system("cli"), owner_id=owner_id, points=10, key=new_key(), reason="bench.awarded", source_type="bench", source_id=1,
        effective_at=NOW, now=NOW,
    )  # fmt: skip


def through_session(session, owner_id: int) -> None:
    connection = session.connection()
    connection.execute(INSERT, {"key": new_key(), "owner_id": owner_id, "points": 10, "recorded_at": NOW}).scalar_one()
    connection.execute(UPDATE, {"b_id": owner_id, "b_change": 10}).one()


def on_driver(url: str) -> Callable[[int], None]:
    """Return the two statements on the driver itself, with the portal's own settings."""
    if url.startswith("sqlite"):
        lite = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        for pragma in PRAGMAS:
            lite.execute(f"PRAGMA {pragma}")

        def write_sqlite(owner_id: int) -> None:
            lite.execute("BEGIN IMMEDIATE")
            added = "INSERT INTO bare_transfer (key, owner_id, points, recorded_at) VALUES (?, ?, 10, ?) RETURNING id"
            lite.execute(added, (new_key(), owner_id, "2026-01-01 00:00:00.000000")).fetchone()
            moved = (
                "UPDATE bare_account SET balance = balance + 10, version = version + 1 WHERE id = ? AND balance + 10 >= 0 RETURNING balance, version"
            )
            lite.execute(moved, (owner_id,)).fetchone()
            lite.execute("COMMIT")

        return write_sqlite
    big = psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))

    def write_postgresql(owner_id: int) -> None:
        added = "INSERT INTO bare_transfer (key, owner_id, points, recorded_at) VALUES (%s, %s, 10, %s) RETURNING id"
        big.execute(added, (new_key(), owner_id, NOW)).fetchone()
        big.execute(MOVE.format("%s"), (owner_id,)).fetchone()
        big.commit()

    return write_postgresql


def work(url: str, way: str, seconds: float) -> None:
    """Write for some seconds in one process and print how many units a second were committed, and the CPU of each."""
    if way == BARE:
        step = on_driver(url)
    else:
        database = Database(url)
        inner = pay if way == AWARD else through_session

        def step(owner_id: int) -> None:
            database.write(lambda session: inner(session, owner_id))

    dice = random.Random(os.getpid())
    for _ in range(20):
        step(dice.randint(1, OWNERS))
    print("ready", flush=True)
    sys.stdin.readline()
    count, start, cpu = 0, time.perf_counter(), time.process_time()
    while (spent := time.perf_counter() - start) < seconds:
        step(dice.randint(1, OWNERS))
        count += 1
    print(json.dumps({"rate": count / spent, "cpu": (time.process_time() - cpu) / max(count, 1)}), flush=True)


def measure(url: str, way: str, writers: int, seconds: float) -> tuple[float, float]:
    """Return units a second over all writers, and the mean CPU of a unit in microseconds."""
    command = [sys.executable, "-m", "benchmarks.ledger", "--work", way, "--url", url, "--seconds", str(seconds)]
    started = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(writers)]
    for process in started:
        process.stdout.readline()
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    results = [json.loads(process.communicate()[0]) for process in started]
    return sum(r["rate"] for r in results), statistics.mean(r["cpu"] for r in results) * 1e6


def compare(name: str, url: str, writers: int, seconds: float, rounds: int) -> list[str]:
    """Return the table's lines for one engine and number of writers."""
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    costs: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            rate, cpu = measure(url, way, writers, seconds)
            rates[way].append(rate)
            costs[way].append(cpu)

    def ratio(way: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(rates[way], rates[other], strict=True))

    lines = []
    for way in WAYS:
        rate, cpu = statistics.median(rates[way]), statistics.median(costs[way])
        lines.append(f"| {name} | {writers} | {way} | {rate:,.0f} | {ratio(way, SESSION):.2f} | {ratio(way, BARE):.2f} | {cpu:,.0f} |")
    return lines


def main() -> None:
    """Prepare both engines, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; one is started if not given")
    parser.add_argument("--work", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.url, options.work, options.seconds)
        return
    folder = Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    server, url = None, options.postgresql
    if url is None:
        from tests.support.databases import Servers

        folder.chmod(0o755)
        server = Servers(folder)
        server.run("CREATE DATABASE laurel_bench")
        url = server.url.set(database="laurel_bench").render_as_string(hide_password=False)
    try:
        print("| engine | writers | way | units/s | x bare, same Session | x bare, driver | client CPU us |")
        print("|---|---|---|---|---|---|---|")
        for name, address in (("SQLite FULL", f"sqlite:///{folder / 'bench.sqlite3'}"), ("PostgreSQL", url)):
            prepare(address)
            for writers in options.writers:
                print("\n".join(compare(name, address, writers, options.seconds, options.rounds)), flush=True)
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""What points cost: an award, a payment and a redemption against a bare insert and guarded update through the same Session, and on the bare driver.

    python -m benchmarks.ledger [--seconds 1.5] [--rounds 3] [--writers 1 8] [--entries 10000 1000000] [--engines sqlite] [--postgresql URL]
    python -m benchmarks.ledger --profile award     where the time of one way goes, in one process

Each way runs in processes of its own, in turn within each round, so that only the ratios within one
table count. SQLite runs at synchronous FULL, as the portal does. Without an address PostgreSQL is
started from its wheel, as in the tests, but waits for the disk. Prints a Markdown table.
"""

import argparse
import cProfile
import os
import pstats
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import BigInteger, Column, MetaData, String, Table, bindparam, insert, inspect, make_url, text, update
from sqlalchemy.exc import ProgrammingError

from benchmarks import books
from benchmarks.bulk import Bulk, Row
from portal.audit import actions as audit
from portal.kernel import migrate
from portal.kernel.actor import ADVOCATE, Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import PRAGMAS, Database
from portal.kernel.errors import Busy
from portal.kernel.ids import new_key
from portal.kernel.schema import BigId, UTCDateTime
from portal.ledger.actions.earning import award
from portal.notifications.actions import notify
from portal.people.queries.persons import recipient
from portal.recognition.actions import scores
from portal.rewards.actions.catalogue import add_reward, publish_reward
from portal.rewards.actions.redeeming import redeem
from portal.rewards.rules.kinds import Kind

ENTRIES = 10_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BARE, SESSION, AWARD, PAY, PAY_APART, PAY_ONE, REDEEM = (
    "bare, driver",
    "bare, same Session",
    "award",
    "pay: award, score, audit, outbox",
    "pay, people of companies of twenty",
    "pay, people of one company",
    "redeem: stock, hold, audit, outbox",
)
WAYS = (BARE, SESSION, AWARD, PAY, PAY_APART, PAY_ONE, REDEEM)
# Of three people in a row one has no company, one a company of twenty, one that of all such.
KINDS, ONE = {PAY: 0, PAY_APART: 1, PAY_ONE: 2}, 1
HEAD = (
    "| engine | entries | writers | way | units/s | x bare, same Session | x bare, driver | client CPU us | by CPU, same Session |\n"
    + "|---" * 9
    + "|"
)

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


def prepare(url: str, entries: int = ENTRIES) -> int:
    """Make the schema, a ledger of so many entries, its people, a reward, and the bare tables, unless an earlier run did. Return the owners."""
    database = Database(url)
    migrate.upgrade(database)
    with database.reading() as session:
        known = session.execute(text("SELECT COUNT(*) FROM transfer")).scalar_one()
        is_bare = inspect(session.connection()).has_table("bare_account")
    owners = entries // (2 * books.EACH) if known else books.fill(database, entries)
    if not is_bare:
        _make_people(database, owners)
        with database.engine.begin() as connection:
            bare.create_all(connection)
            connection.execute(insert(bare_account), [{"id": n, "balance": 0, "version": 0} for n in range(1, owners + 1)])
    database.dispose()
    return owners


def _make_people(database: Database, owners: int) -> None:
    """Make a person of each owner, an admin who hears of redemptions, and a reward of one point."""
    bulk = Bulk(database)
    given = "id, name, name_key, industry, size, region, country, domain, created_at"
    columns = "id, name, name_key, email, email_key, state, company_id, title, is_advocate, is_employee, is_admin, is_demo, password_hash, "
    try:
        bulk.fill("company", given, ((n, f"C {n}", f"c {n}", "", "", "", "", "", NOW) for n in range(1, owners // 60 + 3)))
        bulk.fill(
            "person",
            columns + "password_changed_at, created_at, invited_at, joined_at",
            (_person(n, is_admin=n > owners) for n in range(1, owners + 2)),
        )
        bulk.follow_ids(["company", "person"])
    finally:
        bulk.close()
    given = {"summary": "Something nice.", "text": "All about it.", "price": 1, "stock": 1_000_000, "kind": Kind.EVENT}
    reward_id = database.write(lambda session: add_reward(session, system("cli"), name="Reward", now=NOW, **given)).id
    database.write(lambda session: publish_reward(session, system("cli"), reward_id=reward_id, now=NOW))


def _person(number: int, *, is_admin: bool) -> Row:
    email = f"p{number}@example.com"
    company = (None, ONE + 1 + number // 60, ONE)[number % 3]
    return number, f"P {number}", f"p {number}", email, email, "active", company, "", not is_admin, False, is_admin, False, "!", NOW, NOW, NOW, NOW


# The ways


def give(session: Any, owner_id: int) -> None:
    award(
        session, system("cli"), owner_id=owner_id, points=10, key=new_key(), reason="bench.awarded", source_type="bench", source_id=1,
        effective_at=NOW, now=NOW,
    )  # fmt: skip


def pay(session: Any, owner_id: int) -> None:
    """What the approval of an answer does about points: award, scores, level and badges, record, inbox and outbox."""
    now, key = utcnow(), new_key()
    actor = Actor(id=None, roles=frozenset({"admin"}), origin="cli")
    scores.award(
        session, actor, person_id=owner_id, points=10, key=key, reason="bench.awarded", source_type="bench", source_id=1, effective_at=now, now=now
    )
    audit.record(session, actor, "submission.approved", "submission", 1, now=now, points=10)
    notify(session, to=recipient(session, owner_id), kind="submission_approved", data={"points": 10}, key=key, now=now)


def ask(session: Any, owner_id: int) -> None:
    actor = Actor(id=owner_id, roles=frozenset({ADVOCATE}), origin="127.0.0.1")
    redeem(session, actor, reward_id=1, key=new_key(), now=utcnow(), shown_price=1)


def through_session(session: Any, owner_id: int) -> None:
    connection = session.connection()
    connection.execute(INSERT, {"key": new_key(), "owner_id": owner_id, "points": 10, "recorded_at": NOW}).scalar_one()
    connection.execute(UPDATE, {"b_id": owner_id, "b_change": 10}).one()


INNER = {SESSION: through_session, AWARD: give, PAY: pay, PAY_APART: pay, PAY_ONE: pay, REDEEM: ask}


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
            lite.execute(MOVE.format("?"), (owner_id,)).fetchone()
            lite.execute("COMMIT")

        return write_sqlite
    big = psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))

    def write_postgresql(owner_id: int) -> None:
        added = "INSERT INTO bare_transfer (key, owner_id, points, recorded_at) VALUES (%s, %s, 10, %s) RETURNING id"
        big.execute(added, (new_key(), owner_id, NOW)).fetchone()
        big.execute(MOVE.format("%s"), (owner_id,)).fetchone()
        big.commit()

    return write_postgresql


def step_of(url: str, way: str) -> Callable[[int], None]:
    """Return one unit of work of a way."""
    if way == BARE:
        return on_driver(url)
    database, inner = Database(url), INNER[way]

    def step(owner_id: int) -> None:
        chosen = max(owner_id - owner_id % 3 + KINDS[way], 3) if way in KINDS else owner_id
        database.write(lambda session: inner(session, chosen))

    return step


def work(url: str, way: str, owners: int, seconds: float, line: Any) -> None:
    """Write for some seconds in one process and tell how many units a second were committed, and the CPU of each."""
    step, dice = step_of(url, way), random.Random(os.getpid())
    for _ in range(10):
        with suppress(Busy):
            step(dice.randint(1, owners))
    line.send("ready")
    line.recv()
    count, start, cpu = 0, time.perf_counter(), time.process_time()
    while (spent := time.perf_counter() - start) < seconds:
        with suppress(Busy):  # It waited its ten seconds, and is no unit.
            step(dice.randint(1, owners))
            count += 1
    line.send((count / spent, (time.process_time() - cpu) / max(count, 1)))


def measure(url: str, way: str, owners: int, writers: int, seconds: float) -> tuple[float, float]:
    """Return units a second over all writers, and the mean CPU of a unit in microseconds."""
    context = get_context("fork")
    lines = [context.Pipe() for _ in range(writers)]
    started = [context.Process(target=work, args=(url, way, owners, seconds, there)) for _here, there in lines]
    for process, (_here, there) in zip(started, lines, strict=True):
        process.start()
        there.close()
    for here, _there in lines:
        here.recv()
    for here, _there in lines:
        here.send("go")
    results = [here.recv() for here, _there in lines]
    for process in started:
        process.join()
    return sum(rate for rate, _cpu in results), statistics.mean(cpu for _rate, cpu in results) * 1e6


def compare(name: str, url: str, entries: int, owners: int, writers: int, seconds: float, rounds: int) -> list[str]:
    """Return the table's lines for one engine, size and number of writers."""
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    costs: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            rate, cpu = measure(url, way, owners, writers, seconds)
            rates[way].append(rate)
            costs[way].append(cpu)

    def ratio(measured: dict[str, list[float]], way: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(measured[way], measured[other], strict=True))

    lines = []
    for way in WAYS:
        rate, cpu = statistics.median(rates[way]), statistics.median(costs[way])
        told = f"{rate:,.0f} | {ratio(rates, way, SESSION):.2f} | {ratio(rates, way, BARE):.2f} | {cpu:,.0f} | {ratio(costs, SESSION, way):.2f}"
        lines.append(f"| {name} | {entries:,} | {writers} | {way} | {told} |")
    return lines


def profile(url: str, way: str, owners: int, units: int = 1_000) -> None:
    """Print where the time of a way goes, in one process."""
    step, dice, seen = step_of(url, way), random.Random(1), cProfile.Profile()
    for _ in range(50):
        step(dice.randint(1, owners))
    began = time.process_time()
    for _ in range(units):
        step(dice.randint(1, owners))
    print(f"{way}: {(time.process_time() - began) / units * 1e6:,.0f} us CPU a unit")
    seen.enable()
    for _ in range(units):
        step(dice.randint(1, owners))
    seen.disable()
    pstats.Stats(seen).sort_stats("cumtime").print_stats("portal|execute|commit|close|begin", 45)
    pstats.Stats(seen).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Prepare both engines, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--entries", type=int, nargs="+", default=[ENTRIES])
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; one is started if not given")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the ledgers in this folder, and use what an earlier run made there")
    parser.add_argument("--profile", metavar="WAY", help="only tell where the time of one way goes (award, pay, redeem, bare, ...)")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    server = None
    if "postgresql" in options.engines and options.postgresql is None:
        from tests.support.databases import Servers

        server = Servers(folder)
        server.keep_promises()

    def address(engine: str, entries: int) -> str:
        if engine == "sqlite":
            return f"sqlite:///{folder / f'ledger_{entries}.sqlite3'}"
        if server is None:
            return str(options.postgresql)
        with suppress(ProgrammingError, psycopg.errors.DuplicateDatabase):
            server.run(f"CREATE DATABASE ledger_{entries}")
        return server.url.set(database=f"ledger_{entries}").render_as_string(hide_password=False)

    try:
        print("" if options.profile else HEAD)
        for engine in options.engines:
            for entries in options.entries:
                url = address(engine, entries)
                owners = prepare(url, entries)
                if options.profile:
                    profile(url, next(way for way in WAYS if way.startswith(options.profile)), owners)
                    continue
                for writers in options.writers:
                    name = "SQLite FULL" if engine == "sqlite" else "PostgreSQL"
                    print("\n".join(compare(name, url, entries, owners, writers, options.seconds, options.rounds)), flush=True)
    finally:
        if server:
            server.stop()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

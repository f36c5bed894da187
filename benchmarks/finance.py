"""What finance, budgets and assumptions read, before and after the months that are over are kept.

    python -m benchmarks.finance DATABASE_URL [--members 10000]

Fills a migrated, empty database with ten transfers a member over three months, seals it as it was then, and prints the best of three of each.
"""

import argparse
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from benchmarks.books import EACH, fill
from portal.bank.jobs.keeping import keep_months
from portal.bank.queries.figures import figures
from portal.bank.queries.kept import flows_between, observed_of_late
from portal.kernel import migrate
from portal.kernel.db import Database
from portal.ledger.actions.sealing import seal_pending

NOW = datetime(2025, 5, 20, 12, tzinfo=UTC)
YEAR = [date(2025, month, 1) for month in range(1, 13)] + [date(2026, 1, 1)]
READS: dict[str, Callable[[Session], object]] = {
    "finance, as it stands": lambda session: figures(session, now=NOW),
    "finance, at the end of a past month": lambda session: figures(session, as_of=date(2025, 3, 31), now=NOW),
    "budgets of the year": lambda session: flows_between(session, YEAR),
    "assumptions: what old points tell": lambda session: observed_of_late(session, NOW.date()),
}


def milliseconds(database: Database, read: Callable[[Session], object]) -> float:
    """Return the best of three."""
    spent = []
    for _try in range(3):
        with database.snapshot() as session:
            began = time.perf_counter()
            read(session)
            spent.append(1_000 * (time.perf_counter() - began))
    return min(spent)


def report(database: Database) -> None:
    """Print each read before and after, and how long the keeping took."""
    before = {name: milliseconds(database, read) for name, read in READS.items()}
    began = time.perf_counter()
    kept = keep_months(database, NOW)
    spent = time.perf_counter() - began
    print(f"{kept} months kept in {spent:.2f} s.\n\n| read | ms before | ms after |\n|---|---|---|")
    for name, read in READS.items():
        print(f"| {name} | {before[name]:.1f} | {milliseconds(database, read):.1f} |", flush=True)


def main() -> None:
    """Fill a new database, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--members", type=int, default=10_000)
    options = parser.parse_args()
    database = Database(options.url)
    database.inform_sessions(zone="UTC")
    migrate.upgrade(database)
    fill(database, options.members * EACH * 2)
    seal_pending(database, datetime(2025, 4, 1, tzinfo=UTC))
    report(database)
    database.dispose()


if __name__ == "__main__":
    main()

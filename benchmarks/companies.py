"""How the companies' board grows with the programme: its page, a company in the middle with its neighbours, a search, and the plain sum it was.

    python -m benchmarks.companies [--members 10000 100000 1000000] [--engines sqlite postgresql]

People, companies of twenty and one board are made, and nothing else; scores come in as they do from any hand, so that triggers add them up.
In process, without the page around it. Prints a Markdown table; every figure is the CPU of this process, and by the clock, in milliseconds.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.bulk import Bulk
from portal.kernel import migrate
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.recognition.queries.companies import companies_around, company_board

EACH, TIMES = 20, 15
PLAIN = """SELECT p.company_id, SUM(s.score) AS points, COUNT(*), MIN(s.first_neg) AS first_neg, rank() OVER (ORDER BY SUM(s.score) DESC)
    FROM period_score s JOIN person p ON p.id = s.member_id WHERE s.period = 'all' AND s.is_shown AND s.score > 0
    AND p.board_name IS NULL AND p.company_id IS NOT NULL GROUP BY p.company_id ORDER BY 2 DESC, 4 DESC, 1 DESC LIMIT 51"""


def make(database: Database, members: int) -> float:
    """Make the people, their companies and a board of all of them; return how many seconds the scores took."""
    migrate.upgrade(database)
    bulk, now, companies = Bulk(database), utcnow(), members // EACH
    try:
        columns = "id, name, name_key, industry, size, region, country, domain, created_at"
        bulk.fill("company", columns, ((n, f"Company {n}", f"company {n}", "", "", "", "", "", now) for n in range(1, companies + 1)))
        columns = "id, name, name_key, state, company_id, title, is_advocate, is_employee, is_admin, is_demo, created_at"
        people = ((n, f"P {n}", f"p {n}", "contact", n % companies + 1, "", True, False, False, False, now) for n in range(1, members + 1))
        bulk.fill("person", columns, people)
        began = time.perf_counter()
        scores = ((n, "all", 5 * (1 + n * 7919 % 400), -n, True, n % companies + 1) for n in range(1, members + 1))
        bulk.fill("period_score", "member_id, period, score, first_neg, is_shown, company_id", scores)
        spent = time.perf_counter() - began
        bulk.settle()
    finally:
        bulk.close()
    return spent


def timed(work: Callable[[], Any]) -> str:
    """Return the medians of CPU and clock of ``work``, asked once before."""
    work()
    spent = []
    for _ in range(TIMES):
        began, cpu = time.perf_counter(), time.process_time()
        work()
        spent.append((time.process_time() - cpu, time.perf_counter() - began))
    return " | ".join(f"{statistics.median(values) * 1000:.1f}" for values in zip(*spent, strict=True))


def report(session: Session, name: str, members: int) -> None:
    """Print a line for each thing that is asked of one board."""
    middle = session.execute(text("SELECT company_id FROM company_score ORDER BY points LIMIT 1 OFFSET :half"), {"half": members // EACH // 2})
    own = middle.scalar_one()
    asked: list[tuple[str, Callable[[], Any]]] = [
        ("first page", lambda: company_board(session, "all", after=None)),
        ("a company in the middle, its place and neighbours", lambda: companies_around(session, "all", own)),
        ("search for a name", lambda: company_board(session, "all", term=f"company {own}", after=None)),
        ("the plain sum, as before", lambda: session.execute(text(PLAIN)).all()),
    ]
    for what, work in asked:
        print(f"| {name} | {members:,} | {what} | {timed(work)} |", flush=True)


def main() -> None:
    """Make the boards and measure them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    folder.chmod(0o755)
    server = None
    if "postgresql" in options.engines:
        from tests.support.databases import Servers

        server = Servers(folder)
        server.keep_promises()
    print("| engine | members | what | CPU ms | ms |\n|---|---|---|---|---|")
    try:
        for engine in options.engines:
            for members in options.members:
                url = f"sqlite:///{folder / f'companies_{members}.sqlite3'}"
                if engine == "postgresql" and server:
                    server.run(f"CREATE DATABASE companies_{members}")
                    url = server.url.set(database=f"companies_{members}").render_as_string(hide_password=False)
                database = Database(url)
                print(f"| {engine} | {members:,} | scores came in, {make(database, members):.1f} s in all | | |", flush=True)
                with database.reading() as session:
                    report(session, engine, members)
                database.dispose()
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""How the list of people to ask grows: by strain, by each state, its second page, and one person's budget in a company asked thousands of times.

    python -m benchmarks.goodwill [--people 2000 200000] [--engines sqlite postgresql]

People in companies of twenty are made, every second of them asked; loads and caps follow by the portal's own job. In process, without the
page around it. Prints a Markdown table; every figure is CPU of this process and time by the clock, in milliseconds.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.asks import Made
from benchmarks.bulk import Bulk
from benchmarks.companies import EACH, timed
from portal.acts.jobs import run_recount
from portal.acts.queries.budget import budgets_of
from portal.acts.queries.people import Order, people_to_ask
from portal.acts.queries.ready import Ready
from portal.acts.rules.asks import AskKind, AskState
from portal.acts.rules.loads import NEVER_ASKED, kept_of
from portal.kernel import migrate
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database

GIANT, OF_A_GIANT = 1, 5_000


def make(database: Database, people: int) -> None:
    """Make people, their companies, and what every second of them was asked; the first company besides thousands of times."""
    migrate.upgrade(database)
    bulk, now, companies = Bulk(database), utcnow(), people // EACH
    asked = [Made(n, n * 2, AskKind.CALL, now - timedelta(days=n * 7919 % 200), AskState.COMPLETED) for n in range(1, people // 2 + 1)]
    firsts = [n for n in range(1, people + 1) if n % companies + 1 == GIANT]
    asked += [
        Made(len(asked) + n, firsts[n % EACH], AskKind.SURVEY, now - timedelta(minutes=20 * n), AskState.COMPLETED) for n in range(1, OF_A_GIANT + 1)
    ]
    try:
        columns = "id, name, name_key, industry, size, region, country, domain, created_at"
        bulk.fill("company", columns, ((n, f"Company {n}", f"company {n}", "", "", "", "", "", now) for n in range(1, companies + 1)))
        columns = "id, name, name_key, state, company_id, title, is_advocate, is_employee, is_admin, is_demo, created_at"
        rows = ((n, f"P {n}", f"p {n}", "contact", n % companies + 1, "", True, False, False, False, now) for n in range(1, people + 1))
        bulk.fill("person", columns, rows)
        columns = "id, key, person_id, company_id, kind, channel, about, effort, asked_at, recorded_at, expires_at, is_outside, overrode, "
        columns += "override_reason, person_used, person_most, person_since"
        filled = (
            (a.id, f"k{a.id}", a.person, a.person % companies + 1, a.kind.value, "email", "", a.effort, a.asked_at, a.asked_at, a.asked_at)
            + (True, "", "", 0, 4, a.asked_at)
            for a in asked
        )
        bulk.fill("ask", columns, filled)
        bulk.fill("ask_outcome", "id, ask_id, came, note, at", ((a.id, a.id, "completed", "", a.asked_at) for a in asked))
        for table, key, whose in (
            ("ask_load", "person_id", lambda a: a.person),
            ("company_ask_load", "company_id", lambda a: a.person % companies + 1),
        ):
            sums: dict[int, float] = {}
            for one in asked:
                sums[whose(one)] = sums.get(whose(one), 0.0) + kept_of(one.effort, one.state, one.asked_at)
            bulk.fill(table, f"{key}, load, rank", ((its_id, load, NEVER_ASKED) for its_id, load in sorted(sums.items())))
        bulk.settle()
    finally:
        bulk.close()
    run_recount(database, {}, now)


def measured(database: Database) -> dict[str, str]:
    """Return what each read took."""
    now = utcnow()
    found: dict[str, str] = {}

    def reading(name: str, read: Callable[[Any], Any]) -> Any:
        with database.reading() as session:
            found[name] = timed(lambda: read(session))
            return read(session)

    first = reading("most rested first", lambda s: people_to_ask(s, system(), now=now))
    reading("its second page", lambda s: people_to_ask(s, system(), now=now, after=first.next))
    reading("most used first", lambda s: people_to_ask(s, system(), now=now, order=Order.WORN))
    for state in Ready:
        reading(f"state {state.value}", lambda s, state=state: people_to_ask(s, system(), now=now, state=state))
    reading("50 budgets", lambda s: budgets_of(s, [row.id for row in first], now))
    reading("one budget, company of thousands", lambda s: budgets_of(s, [EACH], now))
    return found


def main() -> None:
    """Make each, measure it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=[2_000, 200_000])
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    folder.chmod(0o755)
    server = None
    if "postgresql" in options.engines:
        from tests.support.databases import Servers

        server = Servers(folder)
        server.keep_promises()
    print("| engine | people | what | CPU ms | ms |\n|---|---|---|---|---|")
    try:
        for engine in options.engines:
            for people in options.people:
                url = f"sqlite:///{folder / f'goodwill_{people}.sqlite3'}"
                if engine == "postgresql" and server:
                    server.run(f"CREATE DATABASE goodwill_{people}")
                    url = server.url.set(database=f"goodwill_{people}").render_as_string(hide_password=False)
                database = Database(url)
                make(database, people)
                for what, figures in measured(database).items():
                    print(f"| {engine} | {people:,} | {what} | {figures} |", flush=True)
                database.dispose()
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

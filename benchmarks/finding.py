"""Finding a reference at size: the search with reasons over many profiles, and how it grows.

    python -m benchmarks.finding [--profiles 2000 200000] [--engines sqlite postgresql]

Measured in process: what a search page reads and reckons (filters, fit and reasons of everybody ranked, budgets, near misses), for
searches as people type them, each its own: with a question, by the fields alone, and the page as it opens. Profiles are written past every
action, with rules and keys of the database on.
"""

import argparse
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.bulk import Bulk, Row
from portal.finding.actions.reindexing import reindex
from portal.finding.models.rows import DDL_OF
from portal.finding.queries.candidates import count_yes, page_of, search
from portal.finding.queries.choices import places
from portal.finding.queries.everybody import listed
from portal.finding.queries.library import substitutes
from portal.finding.rules.needs import Needs
from portal.kernel import migrate
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.memory import settle
from portal.profiles.rules.activity import Activity

INDUSTRIES = ("Transport", "Banking", "Retail", "Energy", "Health", "Aerospace", "Manufacturing", "Public sector", "Telecoms", "Food", "Media")
REGIONS, SIZES = ("EMEA", "APAC", "Americas", "DACH"), ("1–49", "50–249", "250–999", "1,000–4,999", "5,000+")
LANGUAGES, PRODUCTS = ("English", "German", "French", "Spanish", "Finnish"), ("Planner", "Router", "Ledger", "Gate")
SAID = """moving off spreadsheets audit reporting month end closing night shift planning route driver invoice paper faxes outage migration rollout
    training security compliance data quality forecast budget stock warehouse returns claims onboarding support tickets integration mainframe cloud"""
WORDS = SAID.split()
WARMING = 60
QUESTION, FIELDS, NOTHING = "with a question", "by the fields alone", "nothing asked yet"
WAYS = (QUESTION, FIELDS, NOTHING)
DOES = (Activity.CALL, Activity.CASE_STUDY, Activity.QUOTE, Activity.SPEAKING)
SHARE = {"English": 0.9, "German": 0.3, "French": 0.2, "Spanish": 0.2, "Finnish": 0.002}


def fill(database: Database, number: int, now: datetime) -> None:
    """Write companies of four people each, their profiles, consents, words, and an ask or two of every third."""
    chance = random.Random(number)
    bulk = Bulk(database)
    _rest(bulk)
    firms = number // 4
    bulk.fill("company", "id, name, name_key, industry, size, region, country, domain, created_at", (
        (n, f"Company {n}", f"company {n}", INDUSTRIES[n % 11], SIZES[n * 7 % 5], REGIONS[n * 3 % 4], "", f"c{n}.example", now)
        for n in range(1, firms + 1)
    ))  # fmt: skip
    columns = "id, name, name_key, email, email_key, state, company_id, title, is_advocate, is_employee, is_admin, is_demo, created_at"
    roles = (True, False, False, False)
    bulk.fill("person", columns, (
        (n, f"Person {n}", f"person {n}", *[f"p{n}@c.example"] * 2, "contact", 1 + n % firms, f"Head of {WORDS[n % len(WORDS)]}", *roles, now)
        for n in range(1, number + 1)
    ))  # fmt: skip
    columns = (
        "person_id, status, is_visible, tier, time_zone, story, results, sensitivities, status_reason, verified_at, verify_why, nps, search, "
        "edition, made_at, changed_at"
    )
    bulk.fill("reference_profile", columns, _profiles(chance, number, now))
    columns = "id, person_id, item, words, quote, scope, version, source_type, source_id, part, evidence_id, search, given_at, recorded_at, reason"
    bulk.fill("consent", columns, (
        (n * 4 + part, n, "reference", "You may ask me.", "", ["website"], 1, "bench", n, part, n, "", now, now, "")
        for n in range(1, number + 1) for part in range(len(DOES))
    ))  # fmt: skip
    bulk.fill("profile_activity", "person_id, activity, is_never, consent_id", (
        (n, activity.value, False, n * 4 + part) for n in range(1, number + 1) for part, activity in enumerate(DOES)
    ))  # fmt: skip
    bulk.fill("profile_word", "person_id, kind, key, word", _words(chance, number))
    bulk.fill("ask", (
        "id, key, person_id, company_id, kind, effort, channel, about, asked_at, recorded_at, expires_at, is_outside, person_used, person_most, "
        "person_since, company_used, company_most, company_since, overrode, override_reason"
    ), (
        (n, f"bench-{n}", n * 3, 1 + n * 3 % firms, "call", 8, "portal", "", now - timedelta(days=n % 200), now - timedelta(days=n % 200),
         now - timedelta(days=n % 200 - 14), False, 0, 4, now - timedelta(days=300), 0, 8, now - timedelta(days=300), "", "")
        for n in range(1, number // 3)
    ))  # fmt: skip
    _wake(bulk)
    bulk.settle()
    bulk.close()
    database.write(lambda session: (_untimed(session), reindex(session, now=now)))
    bulk = Bulk(database)
    bulk.settle()
    bulk.close()


def _untimed(session: Any) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))


def _rest(bulk: Bulk) -> None:
    """Let the triggers of the search rest: a million rows are indexed at once in the end, as `flask reindex` does it."""
    for statement in DDL_OF["sqlite"] if bulk.is_sqlite else ():
        if statement.startswith("CREATE TRIGGER finding_row"):
            bulk.run(f"DROP TRIGGER {statement.split()[2]}")
    for table in () if bulk.is_sqlite else ("reference_profile", "profile_word"):
        bulk.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def _wake(bulk: Bulk) -> None:
    for statement in DDL_OF["sqlite"] if bulk.is_sqlite else ():
        if statement.startswith("CREATE TRIGGER finding_row"):
            bulk.run(statement)
    for table in () if bulk.is_sqlite else ("reference_profile", "profile_word"):
        bulk.run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _profiles(chance: random.Random, number: int, now: datetime) -> Iterator[Row]:
    for n in range(1, number + 1):
        told = " ".join(chance.choices(WORDS, k=25))
        status = "active" if n % 20 else "needs_verification"
        since, score = now - timedelta(hours=n % 5_000), 3 if n % 15 == 0 else 9
        yield n, status, True, 1 + (n % 10 == 0) + (n % 50 == 0), "Europe/Berlin", told, "", "", "", since, "", score, "", 1, now, now


def _words(chance: random.Random, number: int) -> Iterator[Row]:
    for n in range(1, number + 1):
        yield n, "product", (word := PRODUCTS[n % 4]).lower(), word
        yield n, "use_case", (told := " ".join(chance.choices(WORDS, k=3))), told
        for word, share in SHARE.items():
            if chance.random() < share:
                yield n, "language", word.lower(), word


def asked(chance: random.Random, how: str) -> Needs:
    """Return a search as somebody types it: mostly for a place, at times with more about the deal; with a worry, or by the fields alone."""
    if how == NOTHING:
        return Needs()
    given: dict[str, Any] = {"worry": " ".join(chance.sample(WORDS, 2))} if how == QUESTION else {}
    given |= {"industry": chance.choice(INDUSTRIES), "region": chance.choice(REGIONS)} if chance.random() < 0.8 else {}
    given |= {"size": chance.choice(SIZES)} if chance.random() < 0.5 else {}
    given |= {"language": chance.choice(LANGUAGES)} if chance.random() < 0.3 else {}
    given |= {"product": chance.choice(PRODUCTS)} if chance.random() < 0.3 else {}
    return Needs(chance.choice(DOES), **given)


def measure(database: Database, tries: int, how: str) -> tuple[list[float], list[float]]:
    """Return the milliseconds of whole searches: elapsed, and of the processor."""
    chance, now, actor = random.Random(7), utcnow(), Actor(id=1, roles=frozenset({"employee"}))
    elapsed, cpu = [], []
    for number in range(tries + WARMING):
        if number == WARMING:
            settle()  # as wsgi.py does it in every process that serves
        needs = asked(chance, how)
        with database.reading() as session:
            began, spent = time.perf_counter(), time.process_time()
            found = search(session, actor, needs, now)
            page_of(session, found.shown, None) if needs.set else listed(session, actor, needs, now, None)
            count_yes(session, now), places(session), substitutes(session, actor, needs, now)
            if number >= WARMING:  # the first ones build statements, each for its own filters, as in a worker that has just begun
                elapsed.append((time.perf_counter() - began) * 1000)
                cpu.append((time.process_time() - spent) * 1000)
    return elapsed, cpu


def figures(spent: list[float]) -> str:
    """Return median and 99th percentile, as two cells."""
    return f"{statistics.median(spent):.0f} | {statistics.quantiles(spent, n=100)[98]:.0f}"


def main() -> None:
    """Make profiles and search them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profiles", type=int, nargs="+", default=[2_000, 200_000])
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--tries", type=int, default=100)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    folder.chmod(0o755)
    server = None
    if "postgresql" in options.engines:
        from tests.support.databases import Servers

        server = Servers(folder)
    print("| engine | asked | profiles | median ms | p99 ms | CPU ms, median | CPU ms, p99 | CPU, x the smallest | load |\n" + "|---" * 9 + "|")
    try:
        for engine in options.engines:
            least: dict[str, float] = {}
            for number in options.profiles:
                url = f"sqlite:///{folder / f'finding_{number}.sqlite3'}"
                if engine == "postgresql" and server:
                    server.run(f"CREATE DATABASE finding_{number}")
                    url = server.url.set(database=f"finding_{number}").render_as_string(hide_password=False)
                database = Database(url)
                migrate.upgrade(database)
                fill(database, number, utcnow())
                for how in WAYS:
                    elapsed, cpu = measure(database, options.tries, how)
                    least.setdefault(how, statistics.median(cpu))
                    figured = f"{figures(elapsed)} | {figures(cpu)} | {statistics.median(cpu) / least[how]:.2f} | {os.getloadavg()[0]:.1f}"
                    print(f"| {engine} | {how} | {number:,} | {figured} |", flush=True)
                database.dispose()
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""How fast the portal is: every page against a bare Flask page, measured in turn in the same minute. Prints Markdown.

    make bench                                    10,000 and 100,000 members, both engines: about a quarter of an hour
    make bench BENCH="--quick"                    2,000 members, one short round: about a minute
    make bench BENCH="--members 1000000"          1,000,000 members with 10,000,000 acts: hours, and 20 GB of disk
    make bench BENCH="--audience"                 500 more challenges with 20 audience rules each, at 1,000 and 100,000 members

The portal runs under granian as in production, its log written to a file; hello under gunicorn with
gevent. Eight kept-alive connections from this machine. Absolute figures say little, ratios count.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from benchmarks import audience, books, ledger, load, server
from benchmarks.maker import Programme, make
from benchmarks.pages import Ask, Page, Visit
from benchmarks.probe import Probe, Slowest
from config import ROOT, Env, Settings
from portal.app import create_app
from portal.dashboard.jobs import keep_figures
from portal.kernel import migrate
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.ids import new_key
from portal.people.models import Person
from portal.recognition.actions.scores import award

GOOD = {200, 303}
HEAD = """| request | x hello | by CPU | target | CPU ms | requests/s | p99 ms | statements | ms in them | slowest, ms |
|---|---|---|---|---|---|---|---|---|---|"""
PACKAGES = ("flask", "sqlalchemy", "psycopg", "granian", "gunicorn", "gevent")


@dataclass
class Figure:
    """What was measured of one page on one programme."""

    page: Page
    database: Slowest
    ratios: list[float] = field(default_factory=list)
    cpu_ratios: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    hello: list[tuple[float, float]] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    @property
    def line(self) -> str:
        target = "" if self.page.target is None else f"{self.page.target:.2f}"
        measured = (self.ratios, self.cpu_ratios, self.rates, self.cpu, self.p99)
        ratio, by_cpu, rate, cpu, p99 = (statistics.median(values) for values in measured)
        asked = f"{self.database.statements:.0f} | {self.database.together:.1f} | {self.database.slowest:.1f} `{self.database.told}`"
        return f"| {self.page.name} | {ratio:.3f} | {by_cpu:.3f} | {target} | {cpu:.1f} | {rate:,.0f} | {p99:.0f} | {asked} |"


class Installation:
    """One made programme on one engine, served as in production."""

    def __init__(self, folder: Path, url: str, members: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.environment = {
            "PORTAL_ENV": "production",
            "PORTAL_DATA": str(folder),
            "DATABASE_URL": url,
            "PORTAL_BASE_URL": "https://portal.example",
            "PORTAL_TRUSTED_HOSTS": "127.0.0.1",
            "PORTAL_PROXY_HOPS": "1",
            "PORTAL_SECRET_KEY": "benchmark-0123456789-abcdefghijklmnop",
            "PORTAL_VAULT_KEYS": "B" * 43 + "=",
        }
        self.app = create_app(Settings(_env_file=None, env=Env.PRODUCTION, **self._settings(url)))
        self.database: Database = self.app.extensions["database"]
        migrate.upgrade(self.database)
        began = time.perf_counter()
        self.programme = Programme(members, utcnow()) if self._is_made() else make(self.database, members, utcnow())
        keep_figures(self.database, utcnow())  # as the worker does every half minute
        self.made_in = time.perf_counter() - began
        self.visit = Visit(self.app, self.database, self.programme)

    def _is_made(self) -> bool:
        with self.database.reading() as session:
            return session.scalar(select(Person.id).limit(1)) is not None

    def _settings(self, url: str) -> dict[str, object]:
        return {
            "data": self.folder,
            "database_url": url,
            "base_url": self.environment["PORTAL_BASE_URL"],
            "trusted_hosts": self.environment["PORTAL_TRUSTED_HOSTS"],
            "proxy_hops": 1,
            "secret_key": self.environment["PORTAL_SECRET_KEY"],
            "vault_keys": self.environment["PORTAL_VAULT_KEYS"],
            "log_level": "ERROR",
        }

    def start(self) -> server.Server:
        return server.Server(server.granian, self.environment, self.folder / "server.log")

    def close(self) -> None:
        self.database.dispose()


def messages(asks: Callable[[int], Iterator[Ask]]) -> Callable[[int], Iterator[bytes]]:
    return lambda client: (ask.message for ask in asks(client))


def loaded(place: server.Server, requests: Callable[[int], Iterator[bytes]], seconds: float) -> tuple[load.Outcome, float]:
    """Return what a run gave, and the CPU milliseconds of the server's processes for one request."""
    before = place.cpu_seconds()
    outcome = load.run(place.port, requests, seconds)
    return outcome, (place.cpu_seconds() - before) * 1000 / max(1, len(outcome.latencies))


def measure(pages: list[Page], probe: Probe, portal: server.Server, hello: server.Server, seconds: float, rounds: int) -> list[Figure]:
    """Load hello and each page in turn, ``rounds`` times, and look at each page's statements."""
    plain = messages(lambda _client: iter(lambda: Ask(None, "/"), None))
    figures = []
    for page in pages:
        figure = Figure(page, probe.look(page))
        load.run(portal.port, messages(page.asks), seconds / 4)
        for _ in range(rounds):
            base, base_cpu = loaded(hello, plain, seconds)
            outcome, cpu = loaded(portal, messages(page.asks), seconds)
            if set(outcome.statuses) - GOOD:
                raise RuntimeError(f"{page.name} answered {outcome.statuses}")
            if len(outcome.latencies) < load.CONNECTIONS:
                break  # all that this act can be done to is used up
            figure.hello.append((base.rate, base_cpu))
            figure.ratios.append(outcome.rate / base.rate)
            figure.cpu_ratios.append(base_cpu / cpu)
            figure.rates.append(outcome.rate)
            figure.cpu.append(cpu)
            figure.p99.append(outcome.percentile(0.99))
        if not figure.ratios:
            print(f"| {page.name} | used up before it could be measured; take more members |", flush=True)
            continue
        figures.append(figure)
        print(figure.line, flush=True)
    rate, cpu = (statistics.median(one[n] for figure in figures for one in figure.hello) for n in (0, 1))
    print(f"\nHello meanwhile: {rate:,.0f} requests/s at {cpu:.2f} ms CPU.")
    return figures


def after_award(place: Installation, portal: server.Server, path: str, tries: int) -> tuple[float, float, float]:
    """Return p50 warm, p99 warm and p99 of the first look after points were paid to the reader, in ms; one connection, looks in turn."""
    connection, warm, fresh = load.Connection(portal.port), [], []
    visitors = place.visit.members

    def look(message: bytes) -> float:
        before = time.perf_counter()
        connection.send(message)
        return (time.perf_counter() - before) * 1000

    for number in range(tries):
        visitor = visitors[number % len(visitors)]
        message = Ask(visitor, path).message
        look(message)
        warm.append(look(message))
        pay(place.database, visitor.person_id)
        fresh.append(look(message))
    connection.close()
    return statistics.median(warm), sorted(warm)[int(tries * 0.99)], sorted(fresh)[int(tries * 0.99)]


def pay(database: Database, person_id: int) -> None:
    now, key = utcnow(), new_key()
    facts = {"reason": "bench.awarded", "source_type": "bench", "source_id": 1, "effective_at": now, "now": now}
    database.write(lambda session: award(session, system("job"), person_id=person_id, points=10, key=key, **facts))


def start_times(environment: dict[str, str], tries: int = 3) -> float:
    """Return the seconds from nothing to an application that could answer."""
    spent = []
    for _ in range(tries):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import wsgi"], cwd=ROOT, env=os.environ | environment, check=True, stderr=subprocess.DEVNULL)
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def first_page(portal: server.Server) -> list[tuple[str, int, int]]:
    """Return (what, bytes over the wire, bytes unpacked) of the first page and all it loads."""
    connection = load.Connection(portal.port)

    def fetch(path: str) -> tuple[int, bytes]:
        message = load.request("GET", path)
        return len(connection.send(message)[2]), connection.send(message.replace(b"Accept-Encoding", b"X-Not-Asked"))[2]

    wire, page = fetch("/sign-in")
    found = [("page", wire, len(page))]
    paths = re.findall(r'(?:href|src)="(/static/[^"#]+)', page.decode())
    styles = next(path for path in paths if path.endswith(".css"))
    paths += [f"/static/assets/{name}" for name in re.findall(r"url\((?:/static/assets/)?([^)]+latin-wght[^)]+woff2)\)", fetch(styles)[1].decode())]
    for path in dict.fromkeys(paths):
        wire, whole = fetch(path)
        found.append((re.sub(r"-[\w-]{8}(?=\.)", "", Path(path).name), wire, len(whole)))
    connection.close()
    return found


def machine(database: Database) -> str:
    with database.reading() as session:
        asked = "SELECT sqlite_version()" if database.is_sqlite else "SHOW server_version"
        engine = f"{'SQLite' if database.is_sqlite else 'PostgreSQL'} {session.execute(text(asked)).scalar()}"
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    where = f"{utcnow():%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    return f"{where}, Python {platform.python_version()}, {engine}, {packages}"


def report(name: str, place: Installation, options: argparse.Namespace) -> None:
    """Measure one installation and print its tables."""
    print(f"\n## {name}, {place.programme.members:,} members, {place.programme.awards:,} acts\n")
    print(f"{machine(place.database)}; made in {place.made_in:.0f} s\n")
    print(HEAD)
    hello, portal = server.Server(server.gunicorn), place.start()
    try:
        wanted = [page for page in place.visit.pages() if not options.only or any(part in page.name for part in options.only)]
        if not wanted:
            raise SystemExit(f"No page is named like that. There are: {', '.join(page.name for page in place.visit.pages())}.")
        measure(wanted, Probe(place.app), portal, hello, options.seconds, options.rounds)
        if not options.only:
            print("\n| just after an award | warm p50 ms | warm p99 ms | first look p99 ms |\n|---|---|---|---|")
            for what, path in (("board", "/board"), ("advocate home", "/")):
                print("| {} | {:.1f} | {:.1f} | {:.1f} |".format(what, *after_award(place, portal, path, options.tries)))
            print(f"\nA worker takes {portal.memory_mb():.0f} MB after all this and starts in {start_times(place.environment):.1f} s.")
            print("\n| first page | over the wire | unpacked |\n|---|---|---|")
            parts = first_page(portal)
            for what, wire, whole in [*parts, ("together", sum(part[1] for part in parts), sum(part[2] for part in parts))]:
                print(f"| {what} | {wire / 1000:.1f} kB | {whole / 1000:.1f} kB |")
    finally:
        portal.stop()
        hello.stop()


def report_audience(name: str, place: Installation, options: argparse.Namespace) -> None:
    """Measure the pages that audiences decide on, and the engine alone."""
    audience.fill(place.database, place.programme)
    print(f"\n## Audience: {name}, {place.programme.members:,} members\n")
    print(f"{machine(place.database)}\n")
    print(HEAD)
    hello, portal = server.Server(server.gunicorn), place.start()
    try:
        wanted = [page for page in place.visit.pages() if page.name in ("challenge list", "advocate home")]
        if not wanted:
            raise SystemExit(f"No page is named like that. There are: {', '.join(page.name for page in place.visit.pages())}.")
        measure(wanted, Probe(place.app), portal, hello, options.seconds, options.rounds)
    finally:
        portal.stop()
        hello.stop()
    audience.report(place.database, place.programme, min(10, options.tries))


def report_ledger(urls: dict[str, str], options: argparse.Namespace) -> None:
    print("\n## The ledger alone, in process\n")
    print(ledger.HEAD)
    for name, url in urls.items():
        owners = ledger.prepare(url)
        for writers in (1, 8):
            print("\n".join(ledger.compare(name, url, ledger.ENTRIES, owners, writers, options.seconds, options.rounds)), flush=True)


def report_books(urls: dict[str, str], entries: int) -> None:
    """Print what the proof of a large ledger takes."""
    for name, url in urls.items():
        print(f"\n## The proof of {entries:,} entries, {name}\n")
        database = Database(url)
        migrate.upgrade(database)
        books.report(database, entries)
        database.dispose()


def main() -> None:
    """Make the programmes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, nargs="+")
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--entries", type=int, default=1_000_000, help="entries of the ledger whose proof is measured")
    parser.add_argument("--tries", type=int, default=200, help="looks after an award")
    parser.add_argument("--only", nargs="+", help="only pages whose name holds one of these")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the programmes in this folder, and use what an earlier run made there")
    parser.add_argument("--audience", action="store_true", help="only challenges with audiences, and the dry run")
    parser.add_argument("--quick", action="store_true", help="2,000 members, one short round")
    options = parser.parse_args()
    if options.quick:
        options.members, options.seconds, options.rounds, options.tries, options.entries = [2_000], 0.5, 1, 50, 20_000
    options.members = options.members or ([1_000, 100_000] if options.audience else [10_000, 100_000])
    folder = options.keep or Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    from tests.support.databases import Servers

    servers = Servers(folder)

    def address(engine: str, name: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{folder / f'{name}.sqlite3'}"
        with suppress(ProgrammingError):  # kept by an earlier run
            servers.run(f"CREATE DATABASE {name}")
        return servers.url.set(database=name).render_as_string(hide_password=False)

    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    try:
        for engine in options.engines:
            for members in options.members:
                made = f"made_{members}{'_audience' if options.audience else ''}"
                place = Installation(folder / f"{engine}-{members}", address(engine, made), members)
                (report_audience if options.audience else report)(names[engine], place, options)
                place.close()
        if not options.only and not options.audience:
            report_ledger({names[engine]: address(engine, f"ledger_{os.getpid()}") for engine in options.engines}, options)
            report_books({names[engine]: address(engine, f"books_{os.getpid()}") for engine in options.engines}, options.entries)
    finally:
        servers.stop()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

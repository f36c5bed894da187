"""How long boards, badges and an act take on a made programme, query by query, in this process. Prints Markdown.

    python -m benchmarks.boards DATABASE_URL --members 100000 --acts 20

On an empty database the programme is made first: with 20 acts each, 100,000 members have 2,000,000.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.maker import ACTS, Programme, make
from config import Env, Settings
from portal.acts.actions.acts import record_act
from portal.app import create_app
from portal.kernel import migrate
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.ids import new_key
from portal.people.models import Person
from portal.recognition.actions.scores import award
from portal.recognition.models import Badge
from portal.recognition.queries.badges import badges_for, preview
from portal.recognition.queries.board import get_board
from portal.recognition.queries.companies import company_board
from portal.recognition.rules.boards import month_of

TIMES = 40


def timed(work: Callable[[int], Any], members: list[int], times: int = TIMES) -> str:
    """Return median and slowest of ``times`` runs in ms, each for another member."""
    found = []
    for person_id, _ in zip(cycle(members), range(times), strict=False):
        began = time.perf_counter()
        work(person_id)
        found.append((time.perf_counter() - began) * 1_000)
    return f"{statistics.median(found):.1f} | {max(found):.1f}"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--acts", type=int, default=ACTS)
    options = parser.parse_args()
    settings = Settings(_env_file=None, env=Env.TEST, data=Path("/tmp"), database_url=options.url, secret_key="benchmark-0123456789-abcdefghijklmnop")
    database: Database = create_app(settings).extensions["database"]
    migrate.upgrade(database)
    with database.reading() as session:
        is_made = session.scalar(select(Person.id).limit(1)) is not None
    now = utcnow()
    report(database, Programme(options.members, now, options.acts) if is_made else make(database, options.members, now, acts=options.acts))


def report(database: Database, programme: Programme, *, times: int = TIMES) -> None:
    """Print how long each takes on a programme that is made, ``times`` times each."""
    now = utcnow()
    members = [programme.member(n * 997 % programme.members) for n in range(times)]
    month = month_of(now.date())
    print(f"{programme.members:,} members, {programme.awards:,} acts, {database.engine.dialect.name}\n")
    print("| what | median ms | slowest ms |\n|---|---|---|")
    with database.reading() as session:
        reads: list[tuple[str, Callable[[int], Any], int]] = [
            ("board of all time: page, own place, neighbours", lambda p: get_board(session, "all", member_id=p), times),
            ("board of this month", lambda p: get_board(session, month, member_id=p), times),
            ("board of a track", lambda p: get_board(session, "all/engage", member_id=p), times),
            ("board within a company", lambda p: get_board(session, "all", member_id=p, company_id=programme.company_of(p)), times),
            ("board of companies, first page", lambda _p: company_board(session, "all", after=None), min(5, times)),
            ("badges of a member with progress", lambda p: badges_for(session, p, now), times),
        ]
        for name, work, runs in reads:
            print(f"| {name} | {timed(work, members, runs)} |", flush=True)
        for badge in session.scalars(select(Badge).order_by(Badge.id)).all():
            if badge.starter in ("taking-root", "all-rounder", "champion", "trailblazer", "month-of-weeks"):
                print(f"| preview: {badge.how} | {timed(lambda _p, b=badge: preview(session, b, now), members, min(2, times))} |", flush=True)
    print(f"| an award with its act: score, level, week, badges | {timed(lambda p: database.write(lambda s: _act(s, p)), members, times)} |")


def _act(session: Session, person_id: int) -> None:
    now, key, actor = utcnow(), new_key(), Actor(id=1, roles=frozenset({"admin"}), origin="127.0.0.1")
    number = time.time_ns()
    facts: dict[str, Any] = {"source_type": "bench", "source_id": number, "now": now}
    award(session, actor, person_id=person_id, points=25, key=key, reason="bench.paid", effective_at=now, **facts)
    record_act(session, actor, person_id=person_id, company_id=None, kind="challenge", track="earn", points=25, happened_at=now, **facts)


if __name__ == "__main__":
    main()

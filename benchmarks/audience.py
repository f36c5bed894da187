"""Audiences at size: 500 more live challenges with 20 rules each, put into a made programme; the list of one member, and the dry run.

    python -m benchmarks.run --audience --members 1000 100000

Pages are loaded as all others are. What the engine costs alone is measured in process: finding whom
500 audiences admit, and the dry run over everybody, with and without edits that wait.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.bulk import Bulk, Row
from benchmarks.maker import CHALLENGES, CLOSED, INDUSTRIES, REGIONS, TEXT, Programme
from portal.audience.actions.editing import add_rule
from portal.audience.models import Audience
from portal.audience.queries.reach import reach_of
from portal.audience.rules import Side
from portal.challenges.audience.owner import ChallengeOwner
from portal.challenges.queries.audience import admitted_today
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.text import fold
from portal.kernel.tracks import Track

AUDIENCES, RULES = 500, 20
TAGS = 12
TRACKS = [track.value for track in Track]
INTERESTS = ("calls", "writing", "speaking", "testing", "social", "events")
FIRST = CHALLENGES + CLOSED


def included(n: int, programme: Programme) -> list[tuple[str, dict[str, Any]]]:
    """Return ten rules that bring people in, a few of each kind, another mixture for each challenge."""
    since = (programme.now - timedelta(days=20 + n % 40)).date().isoformat()
    rules: list[tuple[str, dict[str, Any]]] = [
        ("industry", {"values": sorted({INDUSTRIES[n % 8], INDUSTRIES[(n // 8) % 8]})}),
        ("region", {"values": [REGIONS[n % 7]]}),
        ("size", {"values": ["5,000+"]}),
        ("country", {"values": ["Norway", "Sweden"]}),
        ("tag", {"values": [str(1 + n % TAGS)]}),
        ("likes", {"values": [INTERESTS[n % 6]]}),
        ("lifetime", {"choice": "at_least", "number": 900 + n}),
        ("acts", {"track": TRACKS[n % 3], "kind": "", "choice": "at_least", "number": 2 + n % 4, "days": 90}),
        ("joined_since", {"day": since}),
        ("challenge_done", {"values": [str(1 + n % CHALLENGES)]}),
    ]
    turn = n % len(rules)
    return rules[turn:] + rules[:turn]


def excluded(n: int, programme: Programme) -> list[tuple[str, dict[str, Any]]]:
    """Return ten rules that leave people out, most of them few; all must be tried on who is left."""
    return [
        ("never", {"values": [INTERESTS[(n + 1) % 6]]}),
        ("tag", {"values": [str(1 + (n + 5) % TAGS)]}),
        ("role", {"values": ["employee", "admin"]}),
        ("language", {"values": ["fr"]}),
        ("people", {"people": sorted({programme.member((n * 97 + k) % programme.members) for k in range(20)})}),
        ("lifetime", {"choice": "at_most", "number": 50 + n % 200}),
        ("member_for", {"choice": "at_most", "number": 1 + n % 20}),
        ("acts", {"track": TRACKS[(n + 1) % 3], "kind": "challenge", "choice": "at_least", "number": 6, "days": None}),
        ("acts", {"track": "", "kind": "", "choice": "at_most", "number": 2, "days": None}),
        ("country", {"values": ["Utopia"]}),
    ]


def challenge_rows(programme: Programme) -> Iterator[Row]:
    for n in range(AUDIENCES):
        title, summary = f"For some of you, part {n + 1}", "Not everybody is asked; you are."
        said = (FIRST + n + 1, TRACKS[n % 3], title, summary, TEXT, fold(f"{title} {summary}"), 10 + n % 140, 5 + n % 50)
        yield *said, "once", 1, 3, "live", 1, 0, False, programme.start, programme.start, programme.start


def version_rows(programme: Programme) -> Iterator[Row]:
    for n, track, title, summary, text, _key, points, minutes, period, per_period, attempts, *_rest in challenge_rows(programme):
        yield n, 1, track, title, summary, text, points, minutes, period, per_period, attempts, programme.start


def rule_rows(programme: Programme) -> Iterator[Row]:
    number = 0
    for n in range(AUDIENCES):
        for side, rules in (("include", included(n, programme)), ("exclude", excluded(n, programme))):
            for position, (kind, options) in enumerate(rules):
                number += 1
                yield number, n + 1, side, kind, options, position, programme.start, programme.start


def person_tag_rows(programme: Programme) -> Iterator[Row]:
    for who in range(programme.members):
        if who % 4 == 0:
            yield programme.member(who), 1 + who // 4 % TAGS, 1, programme.start


def interest_rows(programme: Programme) -> Iterator[Row]:
    for who in range(programme.members):
        if who % 2 == 0:
            yield programme.member(who), INTERESTS[who // 2 % 6], "likes", programme.start
        if who % 7 == 0:
            yield programme.member(who), INTERESTS[(who // 7 + 3) % 6] if who % 14 else "events", "never", programme.start


def unique(rows: Iterator[Row]) -> Iterator[Row]:
    """Leave out a second opinion on one thing."""
    seen = set()
    for row in rows:
        if row[:2] not in seen:
            seen.add(row[:2])
            yield row


def fill(database: Database, programme: Programme) -> None:
    """Put challenges, audiences, rules, tags and interests into a made programme, unless an earlier run did."""
    with database.reading() as session:
        if session.scalar(select(func.count()).select_from(Audience)):
            return
    modes = "include_mode, exclude_mode, live_include_mode, live_exclude_mode"
    at, ids = programme.start, range(1, AUDIENCES + 1)
    said = "track, title, summary, text"
    terms = "points, minutes, period, per_period, max_attempts"
    bulk = Bulk(database)
    bulk.fill("tag", "id, name, name_key, created_at", ((n, f"Tag {n}", f"tag {n}", at) for n in range(1, TAGS + 1)))
    bulk.fill("person_tag", "person_id, tag_id, tagged_by_id, tagged_at", person_tag_rows(programme))
    bulk.fill("person_interest", "person_id, kind, wish, changed_at", unique(interest_rows(programme)))
    columns = f"id, {said}, search_key, {terms}, state, version, taken, is_record_only, created_at, changed_at, published_at"
    bulk.fill("challenge", columns, challenge_rows(programme))
    bulk.fill("challenge_version", f"challenge_id, number, {said}, {terms}, made_at", version_rows(programme))
    rows = ((FIRST + n, FIRST + n, 1, 0, 1, "answer", "How did it go", "", {"min_length": 20}) for n in ids)
    bulk.fill("stage", "id, challenge_id, version, points, position, kind, title, text, options", rows)
    bulk.run(f"UPDATE challenge_version SET published_at = made_at, published_by_id = 1 WHERE challenge_id > {FIRST}")
    bulk.fill(
        "audience",
        f"id, {modes}, revision, stamp, created_at, changed_at",
        ((n, *("any",) * 4, 0, f"made-{n}", at, at) for n in ids),
    )
    bulk.fill("audience_rule", "id, audience_id, side, kind, options, position, created_at, live_at", rule_rows(programme))
    bulk.fill("challenge_audience", "challenge_id, audience_id", ((FIRST + n, n) for n in ids))
    bulk.follow_ids(("tag", "challenge", "stage", "audience", "audience_rule"))
    bulk.settle()
    bulk.close()


@dataclass(frozen=True)
class Spent:
    """Of some runs: the median and the longest, and the CPU time of this process for one, all in ms."""

    median: float
    longest: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.median:.1f} | {self.longest:.1f} | {self.cpu:.1f}"


def timed(tries: int, act: Callable[[int], Any]) -> Spent:
    spent, cpu = [], time.process_time()
    for number in range(tries):
        began = time.perf_counter()
        act(number)
        spent.append((time.perf_counter() - began) * 1000)
    return Spent(statistics.median(spent), max(spent), (time.process_time() - cpu) * 1000 / tries)


def report(database: Database, programme: Programme, tries: int) -> None:
    """Print what the engine costs alone. Run it last: it leaves edits that wait."""
    now = utcnow()

    def admits(number: int) -> int:
        with database.reading() as session:
            return len(admitted_today(session, programme.member(number * 131 % programme.members), now))

    def dry_run(number: int) -> None:
        with database.reading() as session:
            reach_of(session, ChallengeOwner(), 1 + number % AUDIENCES, now)

    def edit(session: Session) -> None:
        for audience_id in range(1, tries + 1):
            facts: dict[str, Any] = {"side": Side.EXCLUDE, "kind": "lifetime", "given": {"choice": "at_least", "number": 1_500}}
            facts |= {"key": f"bench-{audience_id}-{now.timestamp()}", "at_once": False}
            add_rule(session, system("job"), audience_id=audience_id, **facts, now=now)

    first = timed(1, admits)
    warm = timed(tries * 10, admits)
    found = sorted(admits(number) for number in range(50))
    plain = timed(tries, dry_run)
    database.write(edit)
    edited = timed(tries, dry_run)
    print(f"\nOf {AUDIENCES} audiences a member is admitted by {found[0]} to {found[-1]}, {found[25]} in the middle.\n")
    print("| in process | median ms | longest ms | CPU ms |\n|---|---|---|---|")
    print(f"| whom {AUDIENCES} audiences with {RULES} rules each admit, the first time in a process | {first} |")
    print(f"| the same from then on | {warm} |")
    print(f"| dry run over {programme.members:,} members, {RULES} rules | {plain} |")
    print(f"| dry run with an edit that waits | {edited} |", flush=True)

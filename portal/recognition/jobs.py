"""What the worker does: it keeps the fence posts of long boards, closes seasons, counts boards anew, gives badges to who met their rule before.

Handed over in ``app.py``. Each may run twice, or in two workers at once, to one effect.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from portal.kernel.actor import system
from portal.kernel.clock import local_date
from portal.kernel.db import Database, programme_zone
from portal.notifications.jobs import Handler
from portal.recognition.actions import fences as actions
from portal.recognition.actions.badges import BACKFILL
from portal.recognition.actions.holdings import backfill
from portal.recognition.actions.recounting import RECOUNT, next_people, recount
from portal.recognition.actions.seasons import close_season
from portal.recognition.badges.registry import rule_of
from portal.recognition.queries import fences
from portal.recognition.queries.badges import get_badge
from portal.recognition.queries.seasons import due_seasons
from portal.recognition.rules.badges import BATCH, BadgeState
from portal.recognition.rules.boards import FENCE_STEP, FENCED_FROM

EVERY_SECONDS, SEASON_SECONDS = 10.0, 60.0
PEOPLE_AT_ONCE = 50
Item = TypeVar("Item")


def keep_fences(database: Database, now: datetime, *, step: int = FENCE_STEP, beyond: int = FENCED_FROM) -> list[str]:
    """Build the fence posts of long boards that changed, take away those of boards that became short. Returns the periods that were built.

    Everything is computed while reading and written in one short transaction a board, so that no award waits for it.
    """
    with database.reading() as session:
        builds = fences.list_builds(session)
        due = [p for p in fences.list_periods(session) if p not in builds or fences.is_due(session, builds[p], now)]
        long = [period for period in due if fences.is_long(session, period, beyond=beyond)]
        short = [period for period in builds if not fences.is_long(session, period, beyond=beyond)]
    for period in short:
        _drop(database, period)
    return [period for period in long if _keep(database, period, now, step)]


def _keep(database: Database, period: str, now: datetime, step: int) -> bool:
    """Build the fences of one board, or note that it has not changed."""
    with database.reading() as session:
        look = fences.look_at(session, period)
        if fences.is_as_built(session, period, look):
            is_same, posts = True, []
        else:
            is_same, posts = False, fences.posts_of(session, period, step=step)
    if is_same:
        database.write(lambda session: actions.note_look(session, period=period, now=now))
    else:
        database.write(lambda session: actions.replace_fences(session, period=period, posts=posts, look=look, now=now))
    return not is_same


def _drop(database: Database, period: str) -> None:
    database.write(lambda session: actions.drop_fences(session, period=period))


def close_seasons(database: Database, now: datetime) -> list[int]:
    """Close the seasons that are over, each in one transaction. Returns those that were closed by this call."""
    with database.reading() as session:
        due = due_seasons(session, local_date(now, programme_zone(session)))
    return [season_id for season_id in due if _close(database, season_id, now)]


def _close(database: Database, season_id: int, now: datetime) -> bool:
    return database.write(lambda session: close_season(session, system(), season_id=season_id, now=now))


def run_recount(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Count boards anew, fifty people at a time."""
    boards, after = payload["boards"], 0
    while True:
        with database.reading() as session:
            people = next_people(session, after, PEOPLE_AT_ONCE)
        if not people:
            return
        _recount(database, people, boards)
        after = people[-1]


def _recount(database: Database, people: Any, boards: str) -> None:
    database.write(lambda session: recount(session, person_ids=people, boards=boards))


def run_backfill(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Give a badge to everybody who met its rule before it was switched on: without a notice, a few hundred at a time."""
    badge_id = payload["badge_id"]
    with database.reading() as session:
        badge = get_badge(session, badge_id)
        if badge.state != BadgeState.LIVE:
            return
        holders = list(rule_of(badge.rule).holders(session, badge.options, now))
    for some in _batches(iter(holders)):
        _backfill(database, badge_id, some, now)


def _backfill(database: Database, badge_id: int, some: list[tuple[int, datetime]], now: datetime) -> None:
    database.write(lambda session: backfill(session, badge_id=badge_id, holders=some, now=now))


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    while some := list(islice(items, BATCH)):
        yield some


JOBS: dict[str, Handler] = {RECOUNT: run_recount, BACKFILL: run_backfill}

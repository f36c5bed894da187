"""What the worker does for the boards: it keeps the fence posts of long ones. Handed over in ``app.py``."""

from datetime import datetime

from portal.kernel.db import Database
from portal.recognition import actions
from portal.recognition.queries import fences
from portal.recognition.rules import FENCE_STEP, FENCED_FROM

EVERY_SECONDS = 10.0


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

"""What the worker does for the boards: it keeps the fence posts of long ones. Handed over in ``app.py``."""

from datetime import datetime

from portal.kernel.db import Database
from portal.recognition import actions
from portal.recognition.queries import fences


def keep_fences(database: Database, now: datetime) -> int:
    """Build the fence posts of boards that changed, take away those of boards that became short. Returns how many were built.

    Everything is computed while reading and written in one short transaction a board, so that no award waits for it.
    """
    with database.reading() as session:
        builds = fences.list_builds(session)
        periods = [p for p in fences.list_periods(session) if p not in builds or fences.is_due(session, builds[p], now)]
        gone = [period for period in builds if not fences.is_long(session, period)]
        long = [period for period in periods if fences.is_long(session, period)]
    for period in gone:
        database.write(lambda session, period=period: actions.drop_fences(session, period=period))  # type: ignore[misc]
    return sum(_keep(database, period, builds.get(period), now) for period in long)


def _keep(database: Database, period: str, build: object, now: datetime) -> bool:
    with database.reading() as session:
        look = fences.look_at(session, period)
        known = fences.list_builds(session).get(period)
        is_same = known is not None and (known.members, known.points, known.latest_neg) == (look.members, look.points, look.latest_neg)
        posts = [] if is_same else fences.every_thousandth(session, period)
    if is_same:
        database.write(lambda session: actions.note_look(session, period=period, now=now))
    else:
        database.write(lambda session: actions.replace_fences(session, period=period, posts=posts, look=look, now=now))
    return not is_same

"""Going through rows in a job, each in a transaction of its own: one that fails is logged, and the others go on."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.kernel.errors import Busy, Unreachable

log = structlog.get_logger("portal")
Key = TypeVar("Key")
Result = TypeVar("Result")


def each_row(database: Database, keys: Iterable[Key], work: Callable[[Key], Callable[[Session], Result]], *, job: str) -> list[Result]:
    """Run ``work(key)`` for each key, in its own transaction, and return what the runs gave, without those that failed.

    What fails is rolled back and logged with its key, as a fault of that row. A database that is away or busy is none: that is raised, for
    nothing else would fare better, and the job comes again.
    """
    results = []
    for key in keys:
        try:
            results.append(database.write(work(key)))
        except (Busy, Unreachable):
            raise
        except Exception as error:
            log.error("a row of a job failed; the others go on", job=job, row=key, exc_info=error)
    return results


def every_row(
    database: Database,
    found: Callable[[Session, int, int], Sequence[int]],
    work: Callable[[int], Callable[[Session], object]],
    *,
    job: str,
    at_once: int,
) -> int:
    """Go through all rows that ``found(session, after, limit)`` gives in order of their keys, and return for how many ``work`` said that
    something was done. Each row is looked at once, so that one that fails keeps nobody behind it waiting.
    """
    total, after = 0, 0
    while True:
        with database.reading() as session:
            some = found(session, after, at_once)
        total += sum(bool(one) for one in each_row(database, some, work, job=job))
        if len(some) < at_once:
            return total
        after = some[-1]

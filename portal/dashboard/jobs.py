"""What the worker does for pages made of many rooms: it counts in a large programme, and tells of what is overdue. Handed over in ``app.py``."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from portal.dashboard import actions
from portal.dashboard.queries.figures import SMALL, count_figures, find_kept, is_large, packed
from portal.dashboard.queries.queue import find_row, narrowed
from portal.dashboard.rules import is_count_due
from portal.dashboard.waiting.contract import WaitingSource, Wanted
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.notifications.actions import notify
from portal.people.queries.persons import recipients
from portal.references.models.nominating import Nomination
from portal.references.queries.review import KIND as NOMINATIONS
from portal.review.actions.cases import note_step
from portal.review.queries.cases import find_case, was_told
from portal.review.queries.deciders import deciders
from portal.review.queries.terms import calendar_of, terms_of
from portal.review.rules.due import STEPS, overdue_until

EVERY_SECONDS = 30.0
ESCALATE_SECONDS = 60.0
TOLD_AT_ONCE = 100


def keep_figures(database: Database, now: datetime, *, beyond: int = SMALL) -> bool:
    """Count the figures anew when it is time, or drop them in a programme that is small. Tells whether it counted.

    Everything is counted while reading and written in one short transaction.
    """
    with database.snapshot() as session:
        kept = find_kept(session, now)
        if not is_large(session, beyond=beyond):
            row = None
        elif kept is not None and not is_count_due(kept.counted_at, kept.seconds, now):
            return False
        else:
            began = time.monotonic()
            row = packed(session, count_figures(session, now), now, timedelta(seconds=time.monotonic() - began))
    if row is not None or kept is not None:
        database.write(lambda session: actions.keep_figures(session, row))
    return row is not None


def escalation(sources: Sequence[WaitingSource]) -> Callable[[Database, datetime], int]:
    """Return the tick that tells of what is overdue. See ``escalate``."""
    return lambda database, now: escalate(database, now, sources)


def escalate(database: Database, now: datetime, sources: Sequence[WaitingSource]) -> int:
    """Tell of what is overdue, once for each thing and step, and return of how many it told.

    First its owner, or everybody who may decide on it while it is nobody's or its owner may not any
    more; when as much time again has passed, every admin, by mail too. Each in its own short transaction, so that any number of
    workers tell once. Nobody is told of their own, nor of what they
    may not decide on because they had a hand in it.
    """
    with database.reading() as session:
        found = [(source, step, row) for source in sources for step, row in _overdue(session, source, now)]
    return sum(database.write(partial(_tell_of, source=source, step=step, row=row, now=now)) for source, step, row in found)


def _overdue(session: Session, source: WaitingSource, now: datetime) -> Iterator[tuple[int, Any]]:
    """Yield (step, line) of what is overdue and was not told of, the longest waiting first. What missed the first step is told by the second."""
    terms = terms_of(session)
    for step in range(STEPS, 0, -1):
        since = overdue_until(terms.days_for(source.kind) * step, calendar_of(session, terms), now)
        statement = narrowed(source, Wanted(overdue=((source.kind, since),)))
        columns = statement.selected_columns
        statement = statement.where(~was_told(source.kind, columns["id"], step))
        for row in session.execute(statement.order_by(columns["waiting_since"], columns["id"]).limit(TOLD_AT_ONCE)):
            yield step, row


def _tell_of(session: Session, *, source: WaitingSource, step: int, row: Any, now: datetime) -> bool:
    if find_row(session, source, row.id) is None or not note_step(session, kind=source.kind, item_id=row.id, step=step):
        return False
    case, people = find_case(session, source.kind, row.id), deciders(session)
    may = {one.id for one in people if one.may(source.kind)}
    owner = may & {case.owner_id} if case else set()
    told = {one.id for one in people if one.is_admin} if step == STEPS else owner or may
    data = {"what": row.title, "person": row.person, "kind": source.kind, "since": row.waiting_since.isoformat(), "step": step}
    link, key = f"/admin/approvals?item={source.kind}-{row.id}", f"review:{source.kind}:{row.id}:overdue:{step}"
    if step == STEPS and source.kind == NOMINATIONS and session.get_one(Nomination, row.id).late_at is not None:
        return False  # every admin was told by the clock of nominations
    own = source.shown(session, system(), row.id).barred | {row.person_id}
    for _, to in sorted(recipients(session, told - own).items()):
        notify(session, to=to, kind="review_overdue", data=data, key=key, now=now, link=link, mail=step == STEPS)
    return True

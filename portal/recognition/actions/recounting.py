"""Counting boards anew from the ledger and the acts: for boards that began after the points, and to prove the others.

A few people at a time, with their rows locked: an award or a taking back that comes meanwhile waits for its person, and no longer. On
SQLite everybody who writes waits, so that a batch is short: six queries, however many transfers and acts there are.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from portal.acts.models import Act
from portal.kernel.clock import micros, require_aware
from portal.ledger.models import account, entry, transfer
from portal.people.models import Person
from portal.recognition.models import PeriodScore
from portal.recognition.queries.names import COUNTED_FOR, LISTED
from portal.recognition.queries.seasons import periods_among
from portal.recognition.rules.boards import UNIT, board_key

RECOUNT = "recognition.recount"
TRACKS, EVERYTHING = "tracks", "everything"
_SCORE: Any = PeriodScore.__table__
_COLUMNS = ("member_id", "period", "score", "first_neg", "is_shown", "company_id")
_reversal = transfer.alias("reversal")


def next_people(session: Session, after: int, number: int) -> Sequence[int]:
    """Return the ids of the people behind ``after``, in order."""
    return session.scalars(select(Person.id).where(Person.id > after).order_by(Person.id).limit(number)).all()


def recount(session: Session, *, person_ids: Sequence[int], boards: str) -> None:
    """Put scores counted anew in the place of those that ``person_ids`` have on ``boards``: ``tracks``, ``everything``, or a season's key."""
    locked = select(Person.id, LISTED, COUNTED_FOR).where(Person.id.in_(person_ids)).order_by(Person.id).with_for_update(key_share=True)
    standing = {row[0]: (bool(row[1]), row[2]) for row in session.execute(locked)}
    found = counted(session, person_ids)
    session.execute(delete(PeriodScore).where(PeriodScore.member_id.in_(person_ids), *_which(boards)))
    rows = [
        dict(zip(_COLUMNS, (person_id, board, score, first, *standing[person_id]), strict=True))
        for (person_id, board), (score, first) in found.items()
        if _is_wanted(board, boards)
    ]
    if rows:
        session.connection().execute(insert(_SCORE), rows)


def counted(session: Session, person_ids: Sequence[int]) -> dict[tuple[int, str], tuple[int, int]]:
    """Return score and ``first_neg`` of each person on each board, from the transfers and acts that stand."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    periods_of = periods_among(session)
    for person_id, track, points, at in [*_earned(session, person_ids), *_done(session, person_ids)]:
        moment = require_aware(at)
        for period in periods_of(moment):
            key = (person_id, board_key(period, track))
            score, first = found.get(key, (0, 0))
            found[key] = (score + points, min(first, -micros(moment)) if points > 0 else first)
    return found


def _earned(session: Session, person_ids: Sequence[int]) -> list[tuple[int, None, int, Any]]:
    standing = ~select(_reversal.c.id).where(_reversal.c.reverses_id == transfer.c.id).exists()
    whose = (account.c.owner_id.in_(person_ids), account.c.unit == UNIT)
    mine = select(entry.c.transfer_id).join(account, account.c.id == entry.c.account_id).where(*whose)
    which = (transfer.c.id.in_(mine), transfer.c.earned != 0, transfer.c.kind != "reverse", standing)
    rows = session.execute(select(transfer.c.owner_id, transfer.c.earned, transfer.c.effective_at).where(*which))
    return [(row.owner_id, None, row.earned, row.effective_at) for row in rows]


def _done(session: Session, person_ids: Sequence[int]) -> list[tuple[int, str, int, Any]]:
    which = (Act.person_id.in_(person_ids), Act.points > 0, Act.reversed_at.is_(None))
    rows = session.execute(select(Act.person_id, Act.track, Act.points, Act.happened_at).where(*which))
    return [(row.person_id, row.track, row.points, row.happened_at) for row in rows]


def _which(boards: str) -> tuple[Any, ...]:
    if boards == EVERYTHING:
        return ()
    if boards == TRACKS:
        return (PeriodScore.period.like("%/%"),)
    return (or_(PeriodScore.period == boards, PeriodScore.period.like(f"{boards}/%")),)


def _is_wanted(board: str, boards: str) -> bool:
    if boards == EVERYTHING:
        return True
    return "/" in board if boards == TRACKS else board == boards or board.startswith(f"{boards}/")

"""What is taken of budgets, counted in the database: of a company with thousands of asks as of one with ten, only the last few rows are read."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from portal.acts.models.asks import Ask, AskOutcome, CompanyAskLoad, OpenAsk
from portal.acts.rules.asks import FREEING
from portal.acts.rules.budget import MOST_ASKS, Cap, Taken, window_from
from portal.acts.rules.loads import load_at
from portal.kernel.among import Among

AT_ONCE = 500
_freed, _over = aliased(AskOutcome), aliased(OpenAsk)


def _holds_slot() -> ColumnElement[bool]:
    """Return the condition that an ``Ask`` holds its slot at ``now``: nothing freed it, its time is not over, whether or not the job wrote that."""
    freed = exists().where(_freed.ask_id == Ask.id, _freed.came.in_([came.value for came in FREEING]))
    lapsed = exists().where(_over.ask_id == Ask.id, _over.is_accepted.is_(False), _over.expires_at <= bindparam("now"))
    return not_(freed) & not_(lapsed)


def taken_of_companies(session: Session, caps: Mapping[int, Cap], now: datetime) -> dict[int, Taken]:
    """Return what is taken of the budgets of companies, with one statement for each length of their windows."""
    by_days: dict[int, list[int]] = {}
    for company_id, cap in sorted(caps.items()):
        by_days.setdefault(cap.days, []).append(company_id)
    counts: dict[int, int] = {}
    leaving: dict[int, list[datetime]] = {}
    loads: dict[int, float] = {}
    for days, ids in by_days.items():
        window = timedelta(days=days)
        for start in range(0, len(ids), AT_ONCE):
            asked = {"ids": ids[start : start + AT_ONCE], "since": window_from(Cap(0, days), now), "now": now}
            for row in session.execute(_LATEST, asked):
                counts[row.company_id] = row.used
                ends = row.asked_at + window
                leaving.setdefault(row.company_id, []).append(min(ends, row.lapses_at) if row.lapses_at else ends)
    ids = sorted(caps)
    for start in range(0, len(ids), AT_ONCE):
        loads.update((its_id, load_at(kept, now)) for its_id, kept in session.execute(_KEPT, {"ids": ids[start : start + AT_ONCE]}))
    return {its_id: Taken(counts.get(its_id, 0), tuple(sorted(leaving.get(its_id, ()))), loads.get(its_id, 0.0)) for its_id in caps}


def last_freed(session: Session, people: Sequence[int], companies: Sequence[int], now: datetime) -> datetime:
    """Return ``now``, or when the last slot of these was freed if that was later: by somebody who began earlier and came first."""
    whose = or_(Ask.person_id.in_(people), Ask.company_id.in_(companies))
    latest = select(func.max(AskOutcome.at)).join(Ask, Ask.id == AskOutcome.ask_id).where(AskOutcome.at > now, whose)
    return max(now, session.scalar(latest) or now)


def _latest() -> Any:
    """Return of each company how many slots are taken, and of those the latest that a cap can have, and all that may lapse."""
    waits = and_(OpenAsk.ask_id == Ask.id, OpenAsk.is_accepted.is_(False))
    place = func.row_number().over(partition_by=(Ask.company_id, OpenAsk.ask_id.is_(None)), order_by=Ask.asked_at.desc())
    held = (
        select(
            Ask.company_id,
            Ask.asked_at,
            OpenAsk.expires_at.label("lapses_at"),
            func.count().over(partition_by=Ask.company_id).label("used"),
            place.label("place"),
        )
        .outerjoin(OpenAsk, waits)
        .where(Among(Ask.company_id, "ids"), Ask.asked_at > bindparam("since"), _holds_slot())
        .subquery()
    )
    return select(held).where(or_(held.c.place <= MOST_ASKS, held.c.lapses_at.is_not(None)))


# Made once: to put a statement together takes longer than to ask it.
_LATEST = _latest()
_KEPT = select(CompanyAskLoad.company_id, CompanyAskLoad.load).where(Among(CompanyAskLoad.company_id, "ids"))

"""What must always hold of asks: a part of the one list in ``portal/invariants.py``.

Slots are counted anew from the record, as it stood when each ask was written: what was freed in the same moment counts as free, and so does
what had lapsed by then without the job having written it.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import groupby
from math import isclose
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from portal.acts.models.asks import Ask, AskLoad, AskOutcome, CompanyAskLoad, OpenAsk
from portal.acts.queries.asks import stands
from portal.acts.rules.asks import FREEING, AskState
from portal.acts.rules.loads import kept_of
from portal.ledger.queries.invariants import Invariant
from portal.ledger.rules import Problem

AT_ONCE = 5_000


def _over(of: str) -> Callable[[Session], Iterator[Problem]]:
    """Return what finds asks beyond the cap of a person or company which no override lets through.

    The record is read once, in order. Of each side the moments of what holds a slot are kept sorted, so that an ask costs the same whether
    its company was asked ten times or forty thousand times.
    """
    whose, most, since, used = (getattr(Ask, f"{of}_{name}") for name in ("id", "most", "since", "used"))
    frees = and_(AskOutcome.ask_id == Ask.id, AskOutcome.came.in_([came.value for came in FREEING]))
    lapses = and_(OpenAsk.ask_id == Ask.id, OpenAsk.is_accepted.is_(False))
    freed_at = func.coalesce(AskOutcome.at, OpenAsk.expires_at, type_=Ask.asked_at.type).label("freed_at")
    columns = (Ask.id, whose.label("whose"), most.label("most"), since.label("since"), used.label("used"), Ask.asked_at, Ask.recorded_at)
    read = select(*columns, Ask.is_outside, Ask.overrode, freed_at).outerjoin(AskOutcome, frees).outerjoin(OpenAsk, lapses)
    read = read.where(whose.is_not(None)).order_by(whose, Ask.id).execution_options(yield_per=AT_ONCE)

    def find(session: Session) -> Iterator[Problem]:
        for _one, rows in groupby(session.execute(read), key=lambda row: row.whose):
            held, frees_at = list[datetime](), list[tuple[datetime, datetime]]()
            for row in rows:
                while frees_at and frees_at[0][0] <= row.recorded_at:
                    held.pop(bisect_right(held, heappop(frees_at)[1]) - 1)
                taken = len(held) - bisect_right(held, row.since)
                if not row.is_outside and not row.overrode and max(row.used, taken) >= row.most:
                    yield Problem("I15", "ask", row.id, f"is beyond the cap of its {of}, and nobody approved that")
                insort(held, row.asked_at)
                if row.freed_at is not None:
                    heappush(frees_at, (row.freed_at, row.asked_at))

    return find


def _loads(of: str, table: type[AskLoad] | type[CompanyAskLoad]) -> Callable[[Session], Iterator[Problem]]:
    """Return what finds loads that are not the plain sum of what their asks weigh."""
    whose, key, name = getattr(Ask, f"{of}_id"), getattr(table, f"{of}_id"), table.__tablename__
    last = and_(AskOutcome.ask_id == Ask.id, AskOutcome.came != AskState.ACCEPTED.value, stands())
    weighs = select(whose.label("whose"), Ask.effort, Ask.asked_at, AskOutcome.came).outerjoin(AskOutcome, last).where(whose.is_not(None))

    def find(session: Session) -> Iterator[Problem]:
        sums: dict[Any, float] = {}
        for row in session.execute(weighs.execution_options(yield_per=AT_ONCE)):
            sums[row.whose] = sums.get(row.whose, 0.0) + kept_of(row.effort, AskState(row.came or AskState.OPEN), row.asked_at)
        kept = {row[0]: row[1] for row in session.execute(select(key, table.load))}
        for its_id in sorted({*sums, *kept}):
            if not isclose(kept.get(its_id, 0.0), sums.get(its_id, 0.0), rel_tol=1e-9, abs_tol=1e-9):
                yield Problem("I15", name, its_id, f"is {kept.get(its_id)}, and what was asked adds up to {sums.get(its_id, 0.0)}")

    return find


INVARIANTS = (
    Invariant("I15", "Nobody is asked beyond their own cap without an approver.", "ask", find=_over("person")),
    Invariant("I15", "No company's people are asked beyond its cap without an approver.", "ask", find=_over("company")),
    Invariant("I15", "What a person was asked is kept as the sum of what each ask weighs.", "ask", find=_loads("person", AskLoad)),
    Invariant("I15", "What a company was asked is kept as that sum, too.", "ask", find=_loads("company", CompanyAskLoad)),
    Invariant(
        "I15", "An ask ends once, and nothing comes after its end but that it was, or was not, done after all.", "ask_outcome",
        """SELECT o.id, 'comes after the end of ask ' || o.ask_id AS text FROM ask_outcome o JOIN ask_outcome e ON e.ask_id = o.ask_id
        AND e.id < o.id AND e.came <> 'accepted'
        AND NOT (o.nth = e.nth + 1 AND e.came IN ('completed', 'missed') AND o.came <> e.came)
        AND NOT (o.nth > e.nth + 1 AND e.came IN ('completed', 'missed') AND o.came IN ('completed', 'missed'))""",
    ),
    Invariant(
        "I15", "An ask is open as long as nothing ended it, and known as accepted once it was.", "ask",
        """SELECT a.id, 'is not open, or accepted, as what came of it says' AS text FROM ask a LEFT JOIN open_ask p ON p.ask_id = a.id
        LEFT JOIN ask_outcome y ON y.ask_id = a.id AND y.came = 'accepted'
        LEFT JOIN ask_outcome e ON e.ask_id = a.id AND e.came <> 'accepted'
        WHERE (p.ask_id IS NULL) <> (e.id IS NOT NULL) OR (p.ask_id IS NOT NULL AND p.is_accepted <> (y.id IS NOT NULL))
        OR (p.ask_id IS NOT NULL AND p.person_id <> a.person_id)""",
    ),
    Invariant(
        "I14", "Each ask stands in the record.", "ask",
        """SELECT a.id, 'is not in the record' AS text FROM ask a WHERE NOT EXISTS (SELECT 1 FROM audit_event e
        WHERE e.subject_type = 'ask' AND e.subject_id = a.id AND e.name IN ('ask.made', 'ask.overridden', 'ask.logged'))""",
    ),
)  # fmt: skip

"""The figures of finance against a slow plain reading of the same rows in Python, on each engine, whatever happened."""

import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.bank.queries.finance import Flow, compared, flows, sums_by_month
from portal.bank.rules.finance import Sums
from portal.kernel.clock import end_of_day
from portal.kernel.errors import Refusal
from portal.ledger.actions.expiring import expire
from portal.ledger.actions.policies import set_policy
from portal.ledger.lots import PLACES, PolicyKind
from portal.ledger.models import account, lot, lot_line, transfer
from tests.ledger import verbs

SUMS = ("earned", *PLACES)
BEGAN = datetime(2025, 1, 10, 9, tzinfo=UTC)
OWNERS = (7, 8, 9)
ZONE = "Europe/Berlin"


def live(session: Session, chance: Random, acts: int) -> datetime:
    """Let ``acts`` things happen over about a year and a half, refusals included, and return when the last did."""
    for owner in OWNERS:
        verbs.open_owner(session, owner)
    now, given, held, spent = BEGAN, list[int](), list[int](), list[int]()
    for _act in range(acts):
        now += timedelta(hours=chance.randint(1, 240))
        owner, points, what = chance.choice(OWNERS), chance.randint(1, 300), chance.random()
        try:
            if what < 0.04:
                kind = chance.choice(list(PolicyKind))
                months = None if kind is PolicyKind.NONE else chance.randint(1, 4)
                set_policy(session, verbs.ADMIN, kind=kind, months=months, pending_days=chance.choice((0, 0, 9)), from_at=now, now=now)
            elif what < 0.4:
                when = now - timedelta(days=chance.choice((0, 0, 0, 20, 90)))
                given.append(verbs.award(session, points, owner, effective_at=when, now=now).id)
            elif what < 0.55:
                held.append(verbs.hold(session, points, owner, now=now).id)
            elif what < 0.7 and held:
                spent.append(verbs.capture(session, held.pop(chance.randrange(len(held))), now=now).id)
            elif what < 0.75 and held:
                verbs.release(session, held.pop(chance.randrange(len(held))), now=now)
            elif what < 0.82 and given:
                verbs.reverse(session, given.pop(chance.randrange(len(given))), now=now)
            elif what < 0.87 and spent:
                verbs.reverse(session, spent.pop(chance.randrange(len(spent))), now=now)
            elif what < 0.93:
                verbs.adjust(session, chance.choice((points, -points)), owner, now=now)
            else:
                for found in session.execute(select(lot.c.id).where(lot.c.open > 0, lot.c.expires_on < now.date() - timedelta(days=1))).all():
                    expire(session, verbs.ADMIN, lot_id=found.id, day=now.date(), now=now)
        except Refusal:
            continue
    return now


def plainly(session: Session, before: datetime | None) -> list[tuple[date, dict[str, int]]]:
    lots = {row.id: row.month for row in session.execute(select(lot))}
    recorded = {row.id: row.recorded_at for row in session.execute(select(transfer))}
    found: dict[date, Counter[str]] = {}
    for row in session.execute(select(lot_line)):
        if before is None or recorded[row.transfer_id] < before:
            sums = found.setdefault(lots[row.lot_id], Counter())
            for name in SUMS:
                sums[name] += getattr(row, name)
    return [(month, {name: sums[name] for name in SUMS}) for month, sums in sorted(found.items())]


def as_told(months: list[Sums]) -> list[tuple[date, dict[str, int]]]:
    return [(sums.month, {name: getattr(sums, name) for name in SUMS}) for sums in months]


def plain_flow(rows: list[Any], lines: list[Any], low: datetime, high: datetime) -> Flow:
    kinds = {row.id: row.kind for row in rows}
    sums: Counter[str] = Counter()
    inside = [row for row in rows if low <= row.recorded_at < high]
    for row in inside:
        sums[kinds[row.reverses_id] if row.kind == "reverse" else row.kind] += row.points
    numbers = {row.id for row in inside}
    # By lots, not by kinds: what a reversal settled of what had expired comes off.
    expired = sum(line.expired for line in lines if line.transfer_id in numbers)
    return Flow(sums["award"] + sums["adjust"], sums["capture"], expired)


@pytest.mark.parametrize("seed", range(12))
def test_figures_are_those_of_a_plain_reading(seed: int, session: Session) -> None:
    chance = Random(seed)
    end = live(session, chance, chance.choice((0, 1, 5, 60, 60, 120)))
    now = sums_by_month(session)
    assert as_told(now) == plainly(session, None)
    assert all(one.lots == one.accounts for one in compared(session, now)), compared(session, now)
    assert all(sums.outstanding == sums.earned - sums.spent - sums.expired - sums.taken_back - sums.paid for sums in now)
    days = [BEGAN.date() + timedelta(days=chance.randint(0, 600)) for _day in range(4)]
    for day in days:
        before = end_of_day(day, ZONE)
        assert as_told(sums_by_month(session, before=before)) == plainly(session, before)
    edges = sorted({BEGAN, *(end_of_day(day, ZONE) for day in days), end + timedelta(days=1)})
    rows = session.execute(select(transfer)).all()
    lines = session.execute(select(lot_line)).all()
    assert flows(session, edges) == [plain_flow(list(rows), list(lines), low, high) for low, high in itertools.pairwise(edges)]
    whole = flows(session, [BEGAN - timedelta(days=1), end + timedelta(days=1)])[0]
    owed = session.scalar(select(func.coalesce(func.sum(account.c.balance), 0)).where(account.c.kind == "owed"))
    by_lots = Flow(
        sum(sums.earned - sums.taken_back - sums.paid for sums in now) + owed, *(sum(getattr(s, n) for s in now) for n in ("spent", "expired"))
    )
    assert whole == by_lots

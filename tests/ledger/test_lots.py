"""Lots by the real verbs: which are taken, what comes back where, and what lapses."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.kernel import migrate
from portal.kernel.db import Database
from portal.ledger.actions.expiring import expire
from portal.ledger.lots import NEVER
from portal.ledger.models import lot, lot_line, points_policy
from portal.ledger.queries.balances import Balance, balance_of
from portal.ledger.queries.totals import programme_totals
from portal.ledger.rules import AccountKind, NotReversible
from tests.ledger.books import fill
from tests.ledger.verbs import ADMIN, OWNER, adjust, award, capture, hold, open_owner, release, reverse

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 10, 12, tzinfo=UTC) for month in (1, 2, 3))


def set_policy(session: Session, kind: str, months: int | None, at: datetime = JANUARY - timedelta(days=9), days: int = 0) -> None:
    values = {"unit": "points", "kind": kind, "months": months, "pending_days": days, "from_at": at, "set_by": 1, "set_at": at}
    session.execute(insert(points_policy), [values])


def earn(session: Session, points: int, at: datetime, **more):
    return award(session, points, now=at, effective_at=at, **more)


def lots(session: Session, owner_id: int = OWNER) -> dict[int, tuple[int, int, int, int, int]]:
    """Return open, held, spent, expired and taken by month."""
    rows = session.execute(select(lot).where(lot.c.owner_id == owner_id).order_by(lot.c.id))
    return {row.month.month: (row.open, row.held, row.spent, row.expired, row.taken) for row in rows}


def last_days(session: Session) -> list[date]:
    return list(session.scalars(select(lot.c.expires_on).order_by(lot.c.id)))


def lapse_all(session: Session, day: date) -> list[int]:
    at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    ids = session.scalars(select(lot.c.id).order_by(lot.c.id)).all()
    return [done.points for i in ids if (done := expire(session, ADMIN, lot_id=i, day=day, now=at))]


@pytest.fixture
def year(session: Session) -> Session:
    """An owner with 10, 20 and 30 points of three months that are good for twelve."""
    open_owner(session)
    set_policy(session, "fixed", 12)
    for points, at in ((20, FEBRUARY), (10, JANUARY), (30, MARCH)):
        earn(session, points, at)
    return session


def test_awards_of_a_month_share_a_lot_and_never_lapse_without_a_policy(session: Session) -> None:
    open_owner(session)
    earn(session, 5, MARCH)
    earn(session, 6, MARCH + timedelta(days=3))
    adjust(session, 4, now=MARCH, effective_at=FEBRUARY)
    assert lots(session) == {3: (11, 0, 0, 0, 0), 2: (4, 0, 0, 0, 0)}
    assert set(last_days(session)) == {NEVER}
    assert lapse_all(session, date(2100, 1, 1)) == []


def test_a_policy_changes_what_is_earned_later_only(session: Session) -> None:
    open_owner(session)
    earn(session, 5, MARCH)
    set_policy(session, "fixed", 12, at=MARCH + timedelta(hours=1))
    earn(session, 6, MARCH + timedelta(hours=2))
    set_policy(session, "fixed", 24, at=MARCH + timedelta(hours=3))
    earn(session, 7, MARCH + timedelta(hours=2, minutes=59))
    earn(session, 8, MARCH + timedelta(hours=3))
    rows = session.execute(select(lot.c.open, lot.c.expires_on).order_by(lot.c.id)).all()
    assert [tuple(row) for row in rows] == [(5, NEVER), (13, date(2027, 3, 31)), (8, date(2028, 3, 31))]


def test_what_lapses_first_is_held_first_and_goes_back_to_its_own_lots(year: Session) -> None:
    held = hold(year, 25, now=MARCH)
    assert lots(year) == {2: (5, 15, 0, 0, 0), 1: (0, 10, 0, 0, 0), 3: (30, 0, 0, 0, 0)}
    other = hold(year, 10, now=MARCH)
    release(year, held.id, now=MARCH)
    assert lots(year) == {2: (15, 5, 0, 0, 0), 1: (10, 0, 0, 0, 0), 3: (25, 5, 0, 0, 0)}
    spent = capture(year, other.id, now=MARCH)
    assert lots(year) == {2: (15, 0, 5, 0, 0), 1: (10, 0, 0, 0, 0), 3: (25, 0, 5, 0, 0)}
    reverse(year, spent.id, now=MARCH)
    assert lots(year) == {2: (20, 0, 0, 0, 0), 1: (10, 0, 0, 0, 0), 3: (30, 0, 0, 0, 0)}


def test_a_lot_lapses_the_day_after_its_last_once_and_never_what_is_held(year: Session) -> None:
    held = hold(year, 4, now=MARCH)
    assert lapse_all(year, date(2027, 1, 31)) == []
    assert lapse_all(year, date(2027, 2, 1)) == [6]
    assert lapse_all(year, date(2027, 2, 1)) == []
    assert lots(year)[1] == (0, 4, 0, 6, 0)
    assert balance_of(year, OWNER) == Balance(50, 4, 0, 60)
    assert programme_totals(year)[AccountKind.EXPIRED] == 6
    # It comes back lapsed, has a week, and lapses then by another posting.
    release(year, held.id, now=datetime(2027, 2, 20, 12, tzinfo=UTC))
    assert last_days(year)[1] == date(2027, 2, 27)
    assert lapse_all(year, date(2027, 2, 27)) == []
    assert lapse_all(year, date(2027, 3, 1)) == [20, 4]


def test_what_lapsed_cannot_be_taken_back(year: Session) -> None:
    day = date(2027, 2, 1)
    lapsed = expire(year, ADMIN, lot_id=2, day=day, now=MARCH)
    assert lapsed is not None
    with pytest.raises(NotReversible):
        reverse(year, lapsed.id)


def test_a_reversed_award_takes_its_own_lot_first_and_then_what_lapses_first(year: Session) -> None:
    given = earn(year, 12, MARCH)
    hold(year, 70, now=MARCH)
    assert lots(year)[3] == (2, 40, 0, 0, 0)
    adjust(year, 9, now=MARCH, effective_at=JANUARY)
    reverse(year, given.id, now=MARCH)
    assert lots(year) == {2: (0, 20, 0, 0, 0), 1: (0, 10, 0, 0, 9), 3: (0, 40, 0, 0, 2)}
    assert balance_of(year, OWNER) == Balance(0, 70, 1, 60)


def test_what_an_adjustment_took_comes_back_even_where_later_points_paid_the_debt(session: Session) -> None:
    open_owner(session)
    earn(session, 10, JANUARY)
    taken = adjust(session, -30, now=FEBRUARY)
    assert lots(session) == {1: (0, 0, 0, 0, 10)}
    earn(session, 25, MARCH)
    assert lots(session) == {1: (0, 0, 0, 0, 10), 3: (5, 0, 0, 0, 20)}
    reverse(session, taken.id, now=MARCH)
    assert lots(session) == {1: (10, 0, 0, 0, 0), 3: (25, 0, 0, 0, 0)}


def test_points_that_come_back_pay_a_debt_with_what_lapses_first(year: Session) -> None:
    held = hold(year, 60, now=MARCH)
    adjust(year, -12, now=MARCH)
    release(year, held.id, now=MARCH)
    assert lots(year) == {2: (18, 0, 0, 0, 2), 1: (0, 0, 0, 0, 10), 3: (30, 0, 0, 0, 0)}


def test_an_activity_moves_the_last_day_of_lots_that_count_from_it(session: Session) -> None:
    open_owner(session)
    open_owner(session, 8)
    set_policy(session, "inactivity", 2)
    earn(session, 10, JANUARY)
    earn(session, 10, JANUARY, owner_id=8)
    assert set(last_days(session)) == {date(2026, 3, 31)}
    set_policy(session, "fixed", 12, at=FEBRUARY)
    earn(session, 1, FEBRUARY)
    assert last_days(session) == [date(2026, 4, 30), date(2026, 3, 31), date(2027, 2, 28)]
    hold(session, 1, now=MARCH)
    assert last_days(session) == [date(2026, 5, 31), date(2026, 3, 31), date(2027, 2, 28)]
    assert lapse_all(session, date(2026, 6, 1)) == [9, 10]


def test_many_lots_are_read_in_pages(session: Session) -> None:
    open_owner(session)
    months = [datetime(1990 + n // 12, n % 12 + 1, 10, 12, tzinfo=UTC) for n in range(300)]
    for at in reversed(months):
        award(session, 1, effective_at=at)
    hold(session, 299)
    left = session.execute(select(lot.c.month).where(lot.c.open > 0)).scalars().all()
    # They lapse never, so the tie is broken by the number of the lot: the one made last is left.
    assert left == [date(1990, 1, 1)]


def test_lines_of_lots_and_policies_stay_as_they_are_and_sums_add_up(database: Database) -> None:
    database.write(lambda session: (open_owner(session), set_policy(session, "none", None), award(session, 5)))
    for change, match in (
        ("UPDATE lot_line SET open = 4, taken = 1", "append-only"),
        ("DELETE FROM lot_line", "append-only"),
        ("UPDATE points_policy SET pending_days = 1", "append-only"),
        ("DELETE FROM points_policy", "append-only"),
        ("UPDATE lot SET open = open + 1", "ck_lot_adds_up"),
        ("UPDATE lot SET open = open + 10, spent = -10", "ck_lot_not_negative"),
    ):
        with pytest.raises(DBAPIError, match=match):
            database.write(lambda session, change=change: session.connection().exec_driver_sql(change))


@pytest.mark.only_on("sqlite", reason="INSERT OR REPLACE is SQLite's")
def test_a_line_of_a_lot_is_not_replaced(database: Database) -> None:
    database.write(lambda session: (open_owner(session), award(session, 5)))
    with pytest.raises(DBAPIError, match="append-only"):
        database.write(lambda session: session.connection().exec_driver_sql("INSERT OR REPLACE INTO lot_line SELECT * FROM lot_line"))


def test_history_is_replayed_into_the_lots_that_the_verbs_would_have_made(database: Database) -> None:
    """Debts, holds, returns and reversals from before there were lots: down to a ledger without them, and up again."""
    fill(database)
    kept = select(*(c for c in lot.c if c.name != "id")).order_by(lot.c.owner_id, lot.c.unit, lot.c.month)
    lines = select(lot_line.c.transfer_id, lot_line.c.open, lot_line.c.held, lot_line.c.taken, lot.c.month).join(lot)
    lines = lines.order_by(lot_line.c.transfer_id, lot.c.month)
    with database.reading() as session:
        made, moved = session.execute(kept).all(), session.execute(lines).all()
    migrate.downgrade(database, "0034")
    migrate.upgrade(database)
    with database.reading() as session:
        assert session.execute(kept).all() == made
        assert session.execute(lines).all() == moved
    assert database.write(lambda session: award(session, 5, 1)).points == 5

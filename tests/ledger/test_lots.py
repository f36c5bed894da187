"""Lots by the real verbs: which are taken, what comes back where, and what lapses."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.kernel import migrate
from portal.kernel.db import Database
from portal.ledger.actions.expiring import expire
from portal.ledger.lots import NEVER, PLACES
from portal.ledger.models import account, entry, lot, lot_line, points_policy, transfer
from portal.ledger.queries.balances import Balance, balance_of
from portal.ledger.queries.journal import JournalFormat, journal
from portal.ledger.queries.statement import statement_lines
from portal.ledger.queries.totals import programme_totals
from portal.ledger.rules import AccountKind, NotReversible
from tests.ledger.books import fill
from tests.ledger.verbs import ADMIN, OWNER, adjust, award, capture, hold, open_owner, release, reverse
from tests.support.counting import CountQueries

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 10, 12, tzinfo=UTC) for month in (1, 2, 3))


def set_policy(session: Session, kind: str, months: int | None, at: datetime = JANUARY - timedelta(days=9), days: int = 0) -> None:
    values = {"unit": "points", "kind": kind, "months": months, "pending_days": days, "from_at": at, "set_by": 1, "set_at": at}
    session.execute(insert(points_policy), [values])


def earn(session: Session, points: int, at: datetime, **more):
    return award(session, points, now=at, effective_at=at, **more)


def lots(session: Session, owner_id: int = OWNER) -> dict[int, tuple[int, int, int, int, int]]:
    """Return open, held, spent, expired and what is gone otherwise, by month."""
    rows = session.execute(select(lot).where(lot.c.owner_id == owner_id).order_by(lot.c.id)).all()
    assert len({row.month for row in rows}) == len(rows), "a month with more than its own lot is looked at by rows_of"
    return {row.month.month: (row.open, row.held, row.spent, row.expired, row.reversed + row.corrected + row.paid) for row in rows}


def rows_of(session: Session, owner_id: int = OWNER) -> list[dict[str, object]]:
    """Return what is not nothing of each lot, and its last day; the first to be made first."""
    rows = session.execute(select(lot).where(lot.c.owner_id == owner_id).order_by(lot.c.id)).all()
    return [{"last": row.expires_on} | {name: getattr(row, name) for name in PLACES if getattr(row, name)} for row in rows]


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


def test_a_policy_that_was_set_anew_before_it_began_is_nobodys_whatever_they_have(session: Session) -> None:
    """Who has points and who has none are paid by different statements; both read the terms."""
    for owner in (OWNER, 8):
        open_owner(session, owner)
    earn(session, 5, JANUARY)
    set_policy(session, "fixed", 1, at=JANUARY)
    session.execute(insert(points_policy), [replaced_by(months) for months in (2, 3)])
    moment = JANUARY + timedelta(days=40)
    for owner in (OWNER, 8):
        award(session, 5, owner, now=moment, effective_at=moment)
    months = {row.owner_id: row.months for row in session.execute(_TERMS.where(lot.c.month == moment.date().replace(day=1)))}
    assert months == {OWNER: 1, 8: 1}


_TERMS = select(lot.c.owner_id, points_policy.c.months).join(points_policy, points_policy.c.id == lot.c.policy_id)


def replaced_by(months: int) -> dict[str, object]:
    """Terms of 2 months that were to begin after 30 days, and those of 3 that were set after 20 to begin after 60."""
    set_at, from_at = (0, 30) if months == 2 else (20, 60)
    at = {"from_at": JANUARY + timedelta(days=from_at), "set_at": JANUARY + timedelta(days=set_at)}
    return {"unit": "points", "kind": "fixed", "months": months, "pending_days": 0, "set_by": 1} | at


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
    # It comes back lapsed, has a week in a lot of its own, and lapses then.
    release(year, held.id, now=datetime(2027, 2, 20, 12, tzinfo=UTC))
    assert rows_of(year)[1] == {"last": date(2027, 1, 31), "expired": 6}
    assert rows_of(year)[3] == {"last": date(2027, 2, 27), "open": 4}
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
        ("UPDATE lot_line SET open = 4, paid = 1", "append-only"),
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


def at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def owner_with(session: Session, kind: str, months: int, *awards: tuple[int, datetime]) -> list[int]:
    """Make an owner whose awards stand on these terms; return the transfers."""
    open_owner(session)
    set_policy(session, kind, months, at=at(2024, 1, 1))
    return [earn(session, points, moment).id for points, moment in awards]


def test_only_what_comes_back_has_a_week_and_only_where_its_lot_has_lapsed(session: Session) -> None:
    """Hold and release of one point, again and again, lets no other point last a day longer."""
    owner_with(session, "fixed", 1, (1000, at(2026, 1, 5)))
    for day in (1, 20, 28):
        release(session, hold(session, 1, now=at(2026, 2, day)).id, now=at(2026, 2, day))
        assert rows_of(session) == [{"last": date(2026, 2, 28), "open": 1000}]
    held = hold(session, 1, now=at(2026, 2, 28))
    assert lapse_all(session, date(2026, 3, 1)) == [999]
    release(session, held.id, now=at(2026, 3, 3))
    assert rows_of(session) == [{"last": date(2026, 2, 28), "expired": 999}, {"last": date(2026, 3, 10), "open": 1}]
    # The week ends for what comes back to it within it, and begins anew for what comes back behind it.
    release(session, hold(session, 1, now=at(2026, 3, 9)).id, now=at(2026, 3, 10))
    assert rows_of(session)[1:] == [{"last": date(2026, 3, 10), "open": 1}]
    held = hold(session, 1, now=at(2026, 3, 10))
    release(session, held.id, now=at(2026, 3, 11))
    assert rows_of(session)[1:] == [{"last": date(2026, 3, 10)}, {"last": date(2026, 3, 18), "open": 1}]
    assert lapse_all(session, date(2026, 3, 19)) == [1]


def test_what_comes_back_on_one_day_from_a_lapsed_lot_and_from_its_week_is_one_line(session: Session) -> None:
    owner_with(session, "fixed", 1, (10, at(2026, 1, 5)))
    held = hold(session, 4, now=at(2026, 2, 28))
    release(session, held.id, now=at(2026, 3, 3))
    # Nothing was posted yet: what has lapsed can still be spent, and is spent first.
    both = hold(session, 8, now=at(2026, 3, 3))
    assert rows_of(session) == [{"last": date(2026, 2, 28), "held": 6}, {"last": date(2026, 3, 10), "open": 2, "held": 2}]
    release(session, both.id, now=at(2026, 3, 3))
    assert rows_of(session) == [{"last": date(2026, 2, 28)}, {"last": date(2026, 3, 10), "open": 10}]


@pytest.mark.parametrize("moment", [at(2026, 2, 27), at(2026, 3, 2)])
def test_a_late_award_lets_nothing_else_last_longer(session: Session, moment: datetime) -> None:
    owner_with(session, "fixed", 1, (100, at(2026, 1, 5)))
    award(session, 1, effective_at=at(2026, 1, 30), now=moment)
    if moment.month == 2:
        assert rows_of(session) == [{"last": date(2026, 2, 28), "open": 101}]
    else:
        assert rows_of(session) == [{"last": date(2026, 2, 28), "open": 100}, {"last": date(2026, 3, 9), "open": 1}]
    assert lapse_all(session, date(2026, 3, 3))[0] in (100, 101)


@pytest.mark.parametrize("lapsed_first", [False, True])
def test_what_comes_back_from_before_midnight_to_a_lot_that_lapsed_since_lapses_by_a_posting_of_its_own(session: Session, lapsed_first: bool) -> None:
    owner_with(session, "fixed", 1, (100, at(2026, 1, 5)))
    held = hold(session, 30, now=at(2026, 2, 20))
    if lapsed_first:
        assert lapse_all(session, date(2026, 3, 1)) == [70]
    release(session, held.id, now=at(2026, 2, 28, 21))
    assert lapse_all(session, date(2026, 3, 1)) == ([30] if lapsed_first else [100])
    keys = session.scalars(select(transfer.c.key).where(transfer.c.kind == "expire").order_by(transfer.c.id)).all()
    number = session.scalars(select(lot.c.id)).one()
    assert keys == [f"expire:{number}:{n}" for n in ((1, 2) if lapsed_first else (1,))]


def test_a_reversed_award_neither_charges_nor_owes_what_has_expired_of_it(session: Session) -> None:
    (given,) = owner_with(session, "fixed", 1, (100, at(2026, 1, 5)))
    held = hold(session, 40, now=at(2026, 2, 20))
    assert lapse_all(session, date(2026, 3, 1)) == [60]
    release(session, held.id, now=at(2026, 3, 2))
    earn(session, 7, at(2026, 3, 2))
    back = reverse(session, given, now=at(2026, 3, 3))
    assert balance_of(session, OWNER) == Balance(7, 0, 0, 7)
    assert rows_of(session) == [
        {"last": date(2026, 2, 28), "reversed": 60},
        {"last": date(2026, 3, 9), "reversed": 40},
        {"last": date(2026, 4, 30), "open": 7},
    ]
    totals = programme_totals(session)
    assert (totals[AccountKind.ISSUED], totals[AccountKind.EXPIRED]) == (-7, 0)
    entries = session.execute(select(account.c.kind, entry.c.amount).join(account).where(entry.c.transfer_id == back.id)).all()
    assert {tuple(row) for row in entries} == {("available", -40), ("issued", 100), ("expired", -60)}
    line, *_older = statement_lines(session, OWNER)
    assert (line.transfer_id, line.points, line.balance_after) == (back.id, -40, 7)


def test_an_award_that_has_expired_as_a_whole_is_reversed_without_a_line_on_the_statement(session: Session) -> None:
    (given,) = owner_with(session, "fixed", 1, (100, at(2026, 1, 5)))
    lapse_all(session, date(2026, 3, 1))
    before = len(statement_lines(session, OWNER))
    back = reverse(session, given, now=at(2026, 3, 3))
    assert balance_of(session, OWNER) == Balance(0, 0, 0, 0)
    assert len(statement_lines(session, OWNER)) == before
    assert sum(programme_totals(session).values()) == 0
    assert any(f"({back.id}) reverse" in written for written in journal(session, JournalFormat.HLEDGER))


def test_of_two_awards_of_a_month_the_spent_one_is_owed_whichever_is_reversed_first(session: Session) -> None:
    given = owner_with(session, "fixed", 1, (100, at(2026, 1, 5)), (100, at(2026, 1, 6)))
    capture(session, hold(session, 100, now=at(2026, 1, 7)).id, now=at(2026, 1, 7))
    lapse_all(session, date(2026, 3, 1))
    owed = []
    for transfer_id in given:
        reverse(session, transfer_id, now=at(2026, 3, 3))
        owed.append(balance_of(session, OWNER).owed)
    assert owed == [0, 100]


def test_what_was_spent_and_comes_back_lasts_from_the_last_activity(session: Session) -> None:
    owner_with(session, "inactivity", 12, (100, at(2025, 1, 5)))
    spent = capture(session, hold(session, 100, now=at(2025, 2, 1)).id, now=at(2025, 2, 2))
    for month in range(3, 15):
        earn(session, 1, at(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 5))
    reverse(session, spent.id, now=at(2026, 2, 10))
    assert {row["last"] for row in rows_of(session)} == {date(2027, 2, 28)}


def test_an_activity_brings_back_nothing_that_has_lapsed(session: Session) -> None:
    owner_with(session, "inactivity", 1, (100, at(2026, 1, 5)))
    earn(session, 5, at(2026, 3, 3))
    award(session, 6, effective_at=at(2026, 1, 20), now=at(2026, 3, 4))
    hold(session, 1, now=at(2026, 3, 5))
    assert rows_of(session) == [
        {"last": date(2026, 2, 28), "open": 99, "held": 1},
        {"last": date(2026, 4, 30), "open": 5},
        {"last": date(2026, 4, 30), "open": 6},
    ]
    assert lapse_all(session, date(2026, 3, 6)) == [99]


def test_a_correction_by_hand_is_no_activity(session: Session) -> None:
    owner_with(session, "inactivity", 1, (100, at(2026, 1, 5)))
    adjust(session, 7, now=at(2026, 2, 5))
    assert rows_of(session) == [{"last": date(2026, 2, 28), "open": 100}, {"last": date(2026, 3, 31), "open": 7}]


def test_an_activity_is_one_statement_however_often_the_terms_changed(session: Session, count_queries: CountQueries) -> None:
    open_owner(session)
    for number, months in enumerate((12, 6, 12, 3)):
        set_policy(session, "inactivity", months, at=at(2026, 1, 1 + number))
        earn(session, 5, at(2026, 1, 1 + number, 13))
    assert [row["last"] for row in rows_of(session)] == [date(2027, 1, 31), date(2026, 7, 31), date(2027, 1, 31), date(2026, 4, 30)]
    with count_queries() as counted:
        earn(session, 5, at(2026, 2, 5))
    assert len([said for said in counted.statements if said.startswith("UPDATE lot ")]) == 1
    assert [row["last"] for row in rows_of(session)] == [
        date(2027, 2, 28),
        date(2026, 8, 31),
        date(2027, 2, 28),
        date(2026, 5, 31),
        date(2026, 5, 31),
    ]


def test_a_debt_that_is_gone_comes_back_to_the_lot_that_paid_it(session: Session) -> None:
    owner_with(session, "fixed", 12)
    taken = adjust(session, -50, now=at(2026, 1, 2))
    earn(session, 50, at(2026, 1, 5))
    given = earn(session, 50, MARCH)
    reverse(session, given.id, now=MARCH)
    assert rows_of(session) == [{"last": date(2027, 1, 31), "paid": 50}, {"last": date(2027, 3, 31), "reversed": 50}]
    reverse(session, taken.id, now=MARCH)
    assert rows_of(session) == [{"last": date(2027, 1, 31), "open": 50}, {"last": date(2027, 3, 31), "reversed": 50}]


def test_a_correction_that_comes_back_pays_the_debt_of_another_and_gives_it_back_with_that(session: Session) -> None:
    owner_with(session, "fixed", 12, (50, at(2026, 1, 5)))
    first = adjust(session, -50, now=FEBRUARY)
    second = adjust(session, -50, now=FEBRUARY)
    reverse(session, first.id, now=MARCH)
    assert rows_of(session) == [{"last": date(2027, 1, 31), "paid": 50}]
    assert balance_of(session, OWNER).owed == 0
    reverse(session, second.id, now=MARCH)
    assert rows_of(session) == [{"last": date(2027, 1, 31), "open": 50}]


def _owe_and_be_forgiven(session: Session) -> None:
    open_owner(session, 20)
    earn(session, 50, at(2026, 2, 28), owner_id=20)
    first, second = (adjust(session, -50, 20, now=at(2026, 3, 2)) for _ in range(2))
    reverse(session, first.id, now=at(2026, 3, 3))
    reverse(session, second.id, now=at(2026, 3, 4))
    third = adjust(session, -70, 20, now=at(2026, 3, 5))
    earn(session, 50, at(2026, 4, 5), owner_id=20)
    reverse(session, earn(session, 30, at(2026, 5, 5), owner_id=20).id, now=at(2026, 5, 6))
    reverse(session, third.id, now=at(2026, 5, 7))


@pytest.mark.parametrize(("days", "lapsed", "told"), [(7, False, "points wait"), (0, True, "points have lapsed"), (0, False, "terms of points")])
def test_what_only_lots_know_is_not_taken_down(database: Database, days: int, lapsed: bool, told: str) -> None:
    def prepare(session: Session) -> None:
        open_owner(session)
        set_policy(session, "fixed", 1, days=days)
        earn(session, 5, JANUARY)
        if lapsed:
            lapse_all(session, date(2026, 3, 1))

    database.write(prepare)
    with pytest.raises(RuntimeError, match=told):
        migrate.downgrade(database, "0034")
    with database.reading() as session:
        assert len(rows_of(session)) == 1


def test_history_is_replayed_into_the_lots_that_the_verbs_would_have_made(database: Database) -> None:
    """Debts, holds, returns and reversals from before there were lots: down to a ledger without them, and up again."""
    fill(database)
    database.write(_owe_and_be_forgiven)
    kept = select(*(c for c in lot.c if c.name != "id")).order_by(lot.c.owner_id, lot.c.unit, lot.c.month)
    moves = (lot_line.c[name] for name in PLACES)
    lines = select(lot_line.c.transfer_id, *moves, lot.c.month).join(lot).order_by(lot_line.c.transfer_id, lot.c.month)
    with database.reading() as session:
        made, moved = session.execute(kept).all(), session.execute(lines).all()
    migrate.downgrade(database, "0034")
    if not database.is_sqlite:  # where it is the first of March already while it is February in UTC
        with database.engine.begin() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{name}" SET timezone TO "Pacific/Kiritimati"'))
        database.engine.dispose()
    migrate.upgrade(database)
    with database.reading() as session:
        assert session.execute(kept).all() == made
        assert session.execute(lines).all() == moved
    assert database.write(lambda session: award(session, 5, 1)).points == 5

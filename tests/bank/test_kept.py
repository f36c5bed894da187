"""Months that are over are counted once: what is kept is what counting anew says, and pages read it in place of the ledger."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from portal import invariants
from portal.bank.actions.keeping import keep_month
from portal.bank.jobs.keeping import keep_months
from portal.bank.models import FinanceMonth
from portal.bank.queries.figures import Figures, figures
from portal.bank.queries.finance import began_at, flows, sums_by_month, units
from portal.bank.queries.kept import count_month, flows_between, kept_flows, next_to_keep, observed_of_late, sums_at
from portal.bank.rules.finance import observed
from portal.kernel.clock import end_of_day, start_of_day
from portal.kernel.db import Database, programme_zone
from portal.ledger.lots import end_of_month
from tests.bank.test_finance import admin_of, at, live
from tests.bank.test_finance_oracle import live as live_by_chance
from tests.ledger import verbs
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.patient import patient

MARCH = date(2026, 3, 1)


def anew(session: Session, first: date, unit: str) -> tuple[Any, Any]:
    zone = programme_zone(session)
    ends = end_of_day(end_of_month(first, 0), zone)
    return flows(session, [start_of_day(first, zone), ends], unit=unit)[0], sums_by_month(session, unit=unit, before=ends)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_is_what_counting_anew_says(seed: int, database: Database) -> None:
    chance = Random(seed)
    end = database.write(lambda session: live_by_chance(session, chance, chance.choice((60, 120))))
    halfway = end - timedelta(days=70)
    kept = keep_months(database, halfway) + keep_months(database, end + timedelta(days=40))
    with database.reading() as session:
        began, known = began_at(session), units(session)
        assert began is not None
        assert kept >= len(known)
        for unit in known:
            months = kept_flows(session, unit=unit)
            assert min(months) <= began.date()
            for first, flow in months.items():
                assert (flow, sums_at(session, end_of_month(first, 0), unit=unit)) == anew(session, first, unit)


def told(found: Figures) -> tuple[Any, ...]:
    return found.rows, found.total, found.moved, found.observed, found.likely, found.agreed


def test_the_page_tells_the_same_before_and_after_and_reads_no_month_again_that_is_kept(database: Database) -> None:
    database.write(live)
    now, end = at(8, 6), date(2026, 4, 30)
    looked: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        looked.append(statement)

    def asked() -> list[str]:
        with database.reading() as session:
            event.listen(database.engine, "before_cursor_execute", look)
            looked.clear()
            try:
                found.append((told(figures(session, now=now)), told(figures(session, as_of=end, now=now))))
            finally:
                event.remove(database.engine, "before_cursor_execute", look)
        return [statement for statement in looked if "lot_line" in statement or "AS moved" in statement]

    found: list[tuple[Any, ...]] = []
    assert len(asked()) == 3
    assert keep_months(database, now) == 7
    assert asked() == []
    assert found[0] == found[1]


def test_a_budget_and_what_old_points_tell_are_the_same_from_what_is_kept(database: Database) -> None:
    database.write(live)
    days = [date(2026, month, 1) for month in range(1, 9)]
    with database.reading() as session:
        before = flows_between(session, [*days, date(2026, 8, 6)])
        assert observed_of_late(session, date(2028, 8, 6)) == (observed(sums_by_month(session), date(2028, 8, 6)), date(2028, 8, 6))
    keep_months(database, at(8, 6))
    with database.reading() as session:
        assert flows_between(session, [*days, date(2026, 8, 6)]) == before
        assert flows_between(session, [days[0], date(2026, 2, 9), days[2]])[0].given == before[0].given
        assert observed_of_late(session, date(2026, 8, 6))[1] == date(2026, 7, 31)


def test_a_month_is_kept_a_day_after_its_end_and_never_before(database: Database) -> None:
    database.write(lambda session: verbs.award(session, 5, verbs.open_owner(session, 7), now=at(1)) and None)
    with database.reading() as session:
        ends = start_of_day(date(2026, 2, 1), programme_zone(session))
    assert [keep_months(database, ends + timedelta(days=1, seconds=second)) for second in (-1, 0, 1)] == [0, 1, 0]


def test_an_empty_programme_keeps_nothing(database: Database) -> None:
    assert keep_months(database, at(8)) == 0


def test_months_counted_in_another_zone_are_not_read(database: Database) -> None:
    database.write(live)
    keep_months(database, at(8, 6))
    with database.reading() as session:
        session.info["zone"] = "Pacific/Auckland"
        assert kept_flows(session) == {}
        assert next_to_keep(session, "points", at(8, 6)) == date(2026, 1, 1)


def test_eight_workers_at_once_keep_a_month_once(database: Database) -> None:
    database.write(live)
    with database.reading() as session:
        counted = count_month(session, "points", date(2026, 1, 1))
    with patient(database) as shared:
        all_at_once(shared, [partial(keep_month, counted=counted, now=at(3))] * 8)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FinanceMonth)) == 1


def broken_by(database: Database, act: Callable[[Session], object]) -> list[str]:
    database.write(lambda session: act(session) and None)
    with database.reading() as session:
        return [str(problem) for problem in _problems(session)]


def _problems(session: Session) -> list[Any]:
    return [row for part in invariants.FINANCE for row in part.breaches(session)]


@pytest.mark.breaks_the_books("writes into a month that is kept")
def test_what_is_written_into_a_month_that_is_kept_is_found(database: Database) -> None:
    database.write(live)
    keep_months(database, at(8, 6))
    assert broken_by(database, lambda session: None) == []
    assert len(broken_by(database, lambda session: verbs.award(session, 5, 7, now=at(7)))) == 2


@pytest.mark.breaks_the_books("changes what is kept")
def test_what_is_kept_wrongly_is_found(database: Database) -> None:
    database.write(live)
    keep_months(database, at(8, 6))
    assert len(broken_by(database, lambda session: session.execute(update(FinanceMonth).where(FinanceMonth.first_on == MARCH).values(given=1)))) == 1


def test_the_page_and_its_files_are_right_with_what_is_kept(database: Database, sign_in: SignIn) -> None:
    database.write(live)
    client = sign_in(admin_of(database))
    address = "/admin/bank/finance?as_of=2026-04-30&format=csv"
    before = client.get(address).text
    assert keep_months(database, datetime(2026, 8, 6, tzinfo=UTC)) == 7
    assert client.get(address).text == before
    assert "2026-03" in before

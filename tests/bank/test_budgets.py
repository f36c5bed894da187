"""Budgets of points a period: how far they are used, and that admins are told once when one is near."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.bank.actions.finance import assume, plan, tell_of_budget
from portal.bank.jobs.budgets import watch_budgets
from portal.bank.models import BudgetAlarm
from portal.bank.queries.budgets import budget_history, reached_on, standing_budgets
from portal.bank.rules.budgets import (
    MOST_BUDGET,
    BudgetOutOfRange,
    CostUnknown,
    Counts,
    Measure,
    MoneyOutOfRange,
    NearOutOfRange,
    NoBudgetToEnd,
    Period,
    Planned,
    Reached,
    cost_of_parts,
    first_of,
    last_of,
    require_budget,
)
from portal.bank.rules.finance import Assumed, ReasonNeeded
from portal.kernel.actor import ADVOCATE
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.notifications.models import Notice, OutboxJob
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin
from tests.ledger import verbs
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.patient import patient

ISSUED, REDEEMED = Counts.ISSUED, Counts.REDEEMED
MONTH, QUARTER, YEAR = Period.MONTH, Period.QUARTER, Period.YEAR
AT = datetime(2026, 7, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "day", "first", "last"),
    [
        (MONTH, date(2026, 2, 28), date(2026, 2, 1), date(2026, 2, 28)),
        (MONTH, date(2024, 2, 1), date(2024, 2, 1), date(2024, 2, 29)),
        (MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
        (QUARTER, date(2026, 1, 1), date(2026, 1, 1), date(2026, 3, 31)),
        (QUARTER, date(2026, 12, 5), date(2026, 10, 1), date(2026, 12, 31)),
        (YEAR, date(2026, 7, 6), date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_is_one_of_the_calendar(period: Period, day: date, first: date, last: date) -> None:
    assert (first_of(period, day), last_of(period, day)) == (first, last)


@pytest.mark.parametrize(
    ("points", "used", "percent", "level"),
    [(100, 0, 0, None), (100, 79, 79, None), (100, 80, 80, 80), (100, 99, 99, 80), (100, 100, 100, 100), (100, 250, 250, 100), (3, 2, 66, None)]
    + [(1_000, 999, 99, 80), (100, -20, 0, None)],
)
def test_a_level_is_told_when_it_is_reached_and_not_before(points: int, used: int, percent: int, level: int | None) -> None:
    found = Reached(Planned(1, ISSUED, MONTH, points, "why", None, AT), date(2026, 7, 1), date(2026, 7, 31), used)
    assert (found.percent, found.level, found.left) == (percent, level, points - used)


@pytest.mark.parametrize(
    ("points", "reason", "stands", "refusal"),
    [(0, "why", True, BudgetOutOfRange), (-5, "why", True, BudgetOutOfRange), (MOST_BUDGET + 1, "why", True, BudgetOutOfRange)]
    + [(None, "why", False, NoBudgetToEnd), (10, " ", False, ReasonNeeded), (None, "", True, ReasonNeeded)],
)
def test_a_budget_that_cannot_be_is_refused(points: int | None, reason: str, stands: bool, refusal: type) -> None:
    with pytest.raises(refusal):
        require_budget(Measure.POINTS, points, reason, stands=stands)


def budget(session: Session, actor_id: int, points: int | None, at: datetime, **more: Any) -> Any:
    return plan(session, as_admin(actor_id), **({"counts": ISSUED, "period": MONTH, "amount": points, "reason": "Plan", "now": at} | more))


def test_the_last_budget_of_a_kind_stands_until_it_is_ended(session: Session) -> None:
    admin_id = make_admin(session).id
    with pytest.raises(NotAllowed):
        plan(session, acting(admin_id, ADVOCATE), counts=ISSUED, period=MONTH, amount=1, reason="why", now=AT)
    budget(session, admin_id, 100, AT)
    budget(session, admin_id, 500, AT, period=YEAR, counts=REDEEMED)
    budget(session, admin_id, 200, AT + timedelta(days=1))
    planned = budget_history(session)
    assert [b.points for b in standing_budgets(planned, AT + timedelta(hours=1))] == [100, 500]
    assert [b.points for b in standing_budgets(planned, AT + timedelta(days=2))] == [200, 500]
    assert standing_budgets(planned, AT) == []
    budget(session, admin_id, None, AT + timedelta(days=3))
    assert [b.points for b in standing_budgets(budget_history(session), AT + timedelta(days=4))] == [500]
    events = session.scalars(select(AuditEvent).where(AuditEvent.name == "finance.budget_set").order_by(AuditEvent.id)).all()
    assert [(event.data["before"], event.data["points"]) for event in events] == [(None, 100), (None, 500), (100, 200), (200, None)]


def test_what_counts_is_what_was_recorded_in_the_period_less_what_came_back(session: Session) -> None:
    admin_id, owner = make_admin(session).id, verbs.open_owner(session)
    budget(session, admin_id, 1_000, AT)
    budget(session, admin_id, 1_000, AT, counts=REDEEMED, period=QUARTER)
    june, july = datetime(2026, 6, 30, 21, 59, tzinfo=UTC), datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    verbs.award(session, 400, owner, now=june)
    given = verbs.award(session, 300, owner, effective_at=datetime(2026, 1, 5, tzinfo=UTC), now=july)
    verbs.adjust(session, -50, owner, now=AT)
    verbs.reverse(session, given.id, now=AT)
    verbs.capture(session, verbs.hold(session, 100, owner, now=AT).id, now=AT)
    bought = verbs.capture(session, verbs.hold(session, 70, owner, now=AT).id, now=AT)
    verbs.reverse(session, bought.id, now=AT)
    found = reached_on(session, standing_budgets(budget_history(session), AT + timedelta(days=1)), date(2026, 7, 6))
    assert [one.points for one in found] == [300 - 50 - 300, 100], "July begins at 22:00 in UTC, as the programme lives in Berlin"
    assert reached_on(session, [], date(2026, 7, 6)) == []


def notices(database: Database) -> list[tuple[int, int]]:
    with database.reading() as session:
        return [(n.person_id, n.data["level"]) for n in session.scalars(select(Notice).where(Notice.kind == "budget_near").order_by(Notice.id))]


def begin(database: Database, points: int, at: datetime) -> tuple[int, int]:
    def make(session: Session) -> tuple[int, int]:
        one, two = make_admin(session).id, make_admin(session).id
        verbs.open_owner(session)
        budget(session, one, points, at)
        return one, two

    return database.write(make)


def test_admins_are_told_once_for_each_level_however_often_the_job_runs(database: Database) -> None:
    one, two = begin(database, 1_000, AT)
    assert watch_budgets(database, AT) == 0
    database.write(lambda session: verbs.award(session, 799, now=AT))
    assert watch_budgets(database, AT) == 0
    database.write(lambda session: verbs.award(session, 1, now=AT))
    assert [watch_budgets(database, AT), watch_budgets(database, AT + timedelta(hours=1))] == [1, 0]
    assert notices(database) == [(one, 80), (two, 80)]
    database.write(lambda session: verbs.award(session, 200, now=AT))
    assert [watch_budgets(database, AT), watch_budgets(database, AT)] == [1, 0]
    assert notices(database)[2:] == [(one, 100), (two, 100)]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxJob)) == 4, "each admin gets a mail besides each notice"
    # A new month begins at nothing.
    assert watch_budgets(database, AT + timedelta(days=31)) == 0
    database.write(lambda session: verbs.award(session, 5_000, now=AT + timedelta(days=31)))
    assert watch_budgets(database, AT + timedelta(days=31)) == 1
    assert [level for _person, level in notices(database)] == [80, 80, 100, 100, 100, 100], "who passes both levels at once is told of the higher"


def test_a_budget_that_is_set_anew_warns_anew_by_its_own_measure(database: Database) -> None:
    one, _two = begin(database, 1_000, AT)
    database.write(lambda session: verbs.award(session, 900, now=AT))
    assert watch_budgets(database, AT) == 1
    database.write(lambda session: budget(session, one, 2_000, AT))
    assert watch_budgets(database, AT) == 0, "it is far away again"
    database.write(lambda session: verbs.award(session, 700, now=AT))
    assert watch_budgets(database, AT) == 1
    database.write(lambda session: budget(session, one, 100, AT))
    assert watch_budgets(database, AT) == 1
    assert [level for person, level in notices(database) if person == one] == [80, 80, 100]
    database.write(lambda session: budget(session, one, None, AT))
    database.write(lambda session: verbs.award(session, 10_000, now=AT))
    assert watch_budgets(database, AT) == 0, "an ended budget warns no more"


def test_a_worker_that_comes_late_tells_of_the_last_period_too(database: Database) -> None:
    begin(database, 1_000, AT)
    database.write(lambda session: verbs.award(session, 1_000, now=AT + timedelta(days=20)))
    assert watch_budgets(database, AT + timedelta(days=30)) == 1
    with database.reading() as session:
        assert {row.period_on for row in session.scalars(select(BudgetAlarm))} == {date(2026, 7, 1)}


def test_a_budget_says_nothing_of_a_period_that_was_over_before_it_was_set(database: Database) -> None:
    owner = database.write(verbs.open_owner)
    database.write(lambda session: verbs.award(session, 5_000, owner, now=AT - timedelta(days=30)))
    begin_at = AT
    database.write(lambda session: budget(session, make_admin(session).id, 1_000, begin_at))
    assert watch_budgets(database, AT) == 0


def test_eight_workers_at_once_give_one_alarm(database: Database) -> None:
    one, two = begin(database, 1_000, AT)
    database.write(lambda session: verbs.award(session, 1_000, now=AT))
    with database.reading() as session:
        reached = reached_on(session, standing_budgets(budget_history(session), AT + timedelta(days=1)), date(2026, 7, 6))
    with patient(database) as shared:
        all_at_once(shared, [partial(tell_of_budget, reached=reached[0], now=AT)] * 8)
    assert sorted(notices(database)) == [(one, 100), (two, 100)]


def test_a_budget_that_stands_already_is_not_set_once_more_however_often_it_is_pressed(database: Database) -> None:
    one, _two = begin(database, 1_000, AT)
    with patient(database) as shared:
        all_at_once(shared, [partial(budget, actor_id=one, points=2_000, at=AT)] * 8)
    with database.reading() as session:
        assert [line.points for line in budget_history(session)] == [2_000, 1_000]


def test_an_admin_plans_a_budget_and_reads_how_far_it_is_used(database: Database, sign_in: SignIn) -> None:
    def pay(session: Session) -> int:
        give_points(session, make_person(session).id, 450)
        return make_admin(session, name="Ada Admin").id

    client = sign_in(database.write(pay))
    assert "No budget is planned." in client.get("/admin/bank/finance").text
    sent = {"counts": "issued", "period": "quarter", "measure": "points", "amount": "500", "near": "80", "reason": ""}
    refused = client.post("/admin/bank/finance/budgets", data=sent)
    assert refused.status_code == 422
    assert "Say why, for those who read it later." in refused.text
    assert client.post("/admin/bank/finance/budgets", data=sent | {"reason": "The board’s plan"}).status_code == 303
    again = client.post("/admin/bank/finance/budgets", data=sent | {"reason": "Another why"}, follow_redirects=True).text
    assert "It stands already, so nothing was saved. Its reason stays: “The board’s plan”." in again
    for path in ("/admin/bank/finance", "/admin/bank/finance/budgets"):
        page = client.get(path).text
        assert "90% used" in page
        assert "450 of 500 points." in page
    assert watch_budgets(database, utcnow()) == 1
    assert "Admins were told at 80 percent." in client.get("/admin/bank/finance/budgets").text
    assert "80 percent of the budget of points given out are used" in client.get("/inbox").text
    assert "set or ended a budget (issued, quarter): The board’s plan" in client.get("/admin/audit").text
    refused = client.post(
        "/admin/bank/finance/budgets",
        data={"counts": "redeemed", "period": "month", "measure": "points", "amount": "", "near": "80", "reason": "End it"},
    )
    assert "There is no such budget to end." in refused.text


@pytest.mark.parametrize(
    ("measure", "amount", "near", "kept"),
    [
        (Measure.MONEY, "12.5", 80, 1_250),
        (Measure.MONEY, "0.01", 1, 1),
        (Measure.POINTS, "7", 99, 7),
        (Measure.MONEY, "0.001", 80, MoneyOutOfRange),
        (Measure.MONEY, "-1", 80, MoneyOutOfRange),
        (Measure.MONEY, "NaN", 80, MoneyOutOfRange),
        (Measure.MONEY, "1e30", 80, MoneyOutOfRange),
        (Measure.POINTS, "7.5", 80, BudgetOutOfRange),
        (Measure.POINTS, "7", 0, NearOutOfRange),
        (Measure.POINTS, "7", 100, NearOutOfRange),
    ],
)
def test_a_budget_is_whole_points_or_an_amount_with_cents(measure: Measure, amount: str, near: int, kept: Any) -> None:
    if isinstance(kept, int):
        assert require_budget(measure, Decimal(amount), "why", near=near, stands=False) == kept
    else:
        with pytest.raises(kept):
            require_budget(measure, Decimal(amount), "why", near=near, stands=False)


def test_points_cost_what_one_cost_on_their_day_and_are_rounded_once() -> None:
    assert cost_of_parts([(1, 5_000), (1, 10_000)]) == (2, 0)
    assert cost_of_parts([(100, 26_500), (50, None), (0, None)]) == (265, 50)
    assert cost_of_parts([(-10, 20_000), (3, 20_000)]) == (-14, 0)
    assert cost_of_parts([]) == (0, 0)


def test_a_budget_in_money_stands_beside_one_in_points_and_warns_at_its_own_level(database: Database) -> None:
    def make(session: Session) -> tuple[int, int]:
        admin_id, owner = make_admin(session).id, verbs.open_owner(session)
        with pytest.raises(CostUnknown):
            budget(session, admin_id, Decimal(100), AT, measure=Measure.MONEY)
        day = AT - timedelta(days=5)  # the first of July
        assume(session, as_admin(admin_id), kind=Assumed.COST, value=Decimal("0.02"), reason="First", now=day + timedelta(days=1))
        assume(session, as_admin(admin_id), kind=Assumed.COST, value=Decimal("0.05"), reason="Dearer", now=AT + timedelta(days=5))
        budget(session, admin_id, Decimal("31.50"), AT, measure=Measure.MONEY, near=60)
        budget(session, admin_id, 10_000, AT)
        verbs.award(session, 40, owner, now=day)
        verbs.award(session, 200, owner, now=AT)
        return admin_id, owner

    admin_id, owner = database.write(make)
    later = AT + timedelta(days=9)
    assert watch_budgets(database, later) == 0
    database.write(lambda session: verbs.award(session, 310, owner, now=later))
    with database.reading() as session:
        points, money = reached_on(session, standing_budgets(budget_history(session)), later.date())
    assert (points.budget.measure, points.points, points.cents) == (Measure.POINTS, 550, 0)
    assert (money.points, money.cents, money.unpriced, money.percent, money.level) == (550, 200 * 2 + 310 * 5, 40, 61, 60)
    assert [watch_budgets(database, later), watch_budgets(database, later)] == [1, 0]
    assert notices(database) == [(admin_id, 60)]
    database.write(lambda session: budget(session, admin_id, None, later, measure=Measure.MONEY))
    with database.reading() as session:
        assert [b.measure for b in standing_budgets(budget_history(session))] == [Measure.POINTS]
        assert [(b.amount, b.currency, b.near) for b in budget_history(session)] == [(None, "USD", 80), (10_000, "", 80), (3_150, "USD", 60)]


def test_what_came_back_is_taken_off_at_what_it_cost_when_it_was_given_out_or_redeemed(database: Database) -> None:
    """Points cost nothing that is known in January, one cent in February and two from March on; what came back came in March."""
    february, march = datetime(2026, 2, 5, 12, tzinfo=UTC), datetime(2026, 3, 17, 12, tzinfo=UTC)

    def make(session: Session) -> None:
        admin_id, owner = make_admin(session).id, verbs.open_owner(session)
        for cost, first in (("0.01", date(2026, 2, 1)), ("0.02", date(2026, 3, 1))):
            assume(
                session, as_admin(admin_id), kind=Assumed.COST, value=Decimal(cost), reason="So", from_on=first, now=datetime(2026, 1, 1, tzinfo=UTC)
            )
        for counts in (ISSUED, REDEEMED):
            for period in (MONTH, YEAR):
                budget(session, admin_id, Decimal(100), february, measure=Measure.MONEY, counts=counts, period=period)
        unpriced = verbs.award(session, 500, owner, now=february - timedelta(days=20))
        given, _kept = (verbs.award(session, points, owner, now=february) for points in (4_000, 3_000))
        redeemed = [verbs.capture(session, verbs.hold(session, 100, owner, now=at).id, now=at) for at in (february, march)]
        for one in (unpriced, given, *redeemed):
            verbs.reverse(session, one.id, now=march)
        verbs.award(session, 10, owner, now=march)

    database.write(make)
    with database.reading() as session:
        found = reached_on(session, standing_budgets(budget_history(session)), march.date())
        told = {(one.budget.counts, one.budget.period): (one.points, one.cents, one.unpriced) for one in found}
        (before,) = [one for one in reached_on(session, standing_budgets(budget_history(session)), february.date()) if one.budget.period is MONTH][:1]
    assert told[ISSUED, YEAR] == (3_010, 3_000 + 20, 0)
    assert told[ISSUED, MONTH] == (10 - 4_500, 20 - 4_000, -500)
    assert told[REDEEMED, YEAR] == (0, 0, 0)
    assert told[REDEEMED, MONTH] == (-100, -100, 0)
    assert (before.points, before.cents) == (7_000, 7_000)


def test_an_admin_plans_a_budget_in_money(database: Database, sign_in: SignIn) -> None:
    def pay(session: Session) -> int:
        give_points(session, make_person(session).id, 450)
        return make_admin(session, name="Ada Admin").id

    client, path = sign_in(database.write(pay)), "/admin/bank/finance/budgets"
    sent = {"counts": "issued", "period": "year", "measure": "money", "amount": "20.00", "near": "40", "reason": "What the board gave"}
    refused = client.post(path, data=sent)
    assert refused.status_code == 422
    assert "Say first what a point costs" in refused.text
    assert 'value="20.00"' in refused.text
    client.post("/admin/bank/finance/assumptions/cost", data={"cost-value": "0.02", "cost-reason": "Catalogue"})
    assert client.post(path, data=sent).status_code == 303
    page = client.get(path).text
    assert "$9.00 of $20.00, for 450 points." in page
    assert "45% used" in page
    assert "Admins are told at 40 and at 100 percent." in page
    assert watch_budgets(database, utcnow()) == 1
    assert "40 percent of the budget of points given out are used" in client.get("/inbox").text

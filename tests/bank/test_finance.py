"""Points for finance: by lot month, what they come to, now and at the end of a month gone by, and what is assumed of them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.bank.actions.finance import assume
from portal.bank.models import Assumption
from portal.bank.queries.figures import figures
from portal.bank.queries.finance import compared, flows, history, sums_by_month
from portal.bank.rules.finance import (
    Assumed,
    AssumedInThePast,
    CostOutOfRange,
    ReasonNeeded,
    ShareOutOfRange,
    Standing,
    Sums,
    cost_of,
    liability,
    observed,
    require_assumption,
    standing_on,
)
from portal.kernel.actor import ADVOCATE
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.actions.expiring import expire
from portal.ledger.actions.policies import set_policy
from portal.ledger.lots import PolicyKind
from portal.ledger.models import account, entry, lot, transfer
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import acting, as_admin
from tests.ledger import verbs
from tests.support.application import SignIn
from tests.support.counting import CountQueries

TODAY = date(2026, 7, 6)
AT = datetime(2026, 7, 6, 12, tzinfo=UTC)
COST, EXPECTED = Assumed.COST, Assumed.EXPECTED


@pytest.mark.parametrize(
    ("kind", "value", "from_on", "kept"),
    [
        (COST, Decimal("0.0125"), None, 12_500),
        (COST, Decimal(0), TODAY, 0),
        (COST, Decimal(1000), TODAY + timedelta(days=9), 1_000_000_000),
        (COST, Decimal("0.000001"), None, 1),
        (EXPECTED, Decimal("62.5"), None, 6_250),
        (EXPECTED, Decimal(100), None, 10_000),
        (EXPECTED, Decimal("1e1"), None, 1_000),
    ],
)
def test_what_is_assumed_is_kept_in_whole_numbers(kind: Assumed, value: Decimal, from_on: date | None, kept: int) -> None:
    assert require_assumption(kind, value, "A reason", from_on, TODAY) == (kept, from_on or TODAY)


@pytest.mark.parametrize(
    ("kind", "value", "reason", "from_on", "refusal"),
    [
        (COST, None, "A reason", None, CostOutOfRange),
        (COST, Decimal(-1), "A reason", None, CostOutOfRange),
        (COST, Decimal("1000.01"), "A reason", None, CostOutOfRange),
        (COST, Decimal("0.0000001"), "A reason", None, CostOutOfRange),
        (COST, Decimal("NaN"), "A reason", None, CostOutOfRange),
        (COST, Decimal("Infinity"), "A reason", None, CostOutOfRange),
        (EXPECTED, Decimal("100.01"), "A reason", None, ShareOutOfRange),
        (EXPECTED, Decimal("1.234"), "A reason", None, ShareOutOfRange),
        (COST, Decimal(1), "A reason", TODAY - timedelta(days=1), AssumedInThePast),
        (EXPECTED, Decimal(1), "  ", None, ReasonNeeded),
    ],
)
def test_what_cannot_be_assumed_is_refused(kind: Assumed, value: Decimal | None, reason: str, from_on: date | None, refusal: type) -> None:
    with pytest.raises(refusal):
        require_assumption(kind, value, reason, from_on, TODAY)


@pytest.mark.parametrize(
    ("can_spend", "held", "expected", "cost", "cents"),
    [
        (0, 0, 10_000, 12_500, 0),
        (1_000, 0, 10_000, 12_500, 1_250),
        (1_000, 0, 6_250, 12_500, 781),  # 7.8125
        (1, 0, 10_000, 5_000, 1),  # half a cent is rounded up
        (1, 0, 10_000, 4_999, 0),
        (10**12, 0, 10_000, 1_000_000_000, 10**17),
        (1_000, 0, 0, 12_500, 0),
        (0, 1_000, 0, 12_500, 1_250),  # held in full, whatever is expected
        (1_000, 1_000, 6_250, 12_500, 2_031),  # 7.8125 and 12.50
        (1, 1, 5_000, 5_000, 1),  # rounded once, not each
        (0, 0, 0, 0, 0),
    ],
)
def test_liability_is_what_can_be_spent_times_expected_and_what_is_held_times_cost(
    can_spend: int, held: int, expected: int, cost: int, cents: int
) -> None:
    assert liability(can_spend, held, expected, cost) == cents
    assert expected != 10_000 or cost_of(can_spend + held, cost) == cents


def line(number: int, value: int, from_on: date, kind: Assumed = COST, currency: str = "USD") -> Standing:
    return Standing(number, kind, value, currency if kind is COST else "", from_on, "why", None, AT)


def test_the_cost_that_began_last_stands_and_of_one_day_the_last_word() -> None:
    told = [line(1, 10, date(2026, 1, 1)), line(2, 20, date(2026, 9, 1)), line(3, 30, date(2026, 7, 1)), line(4, 40, date(2026, 7, 1))]
    told += [line(5, 50, date(2026, 7, 2), currency="EUR"), line(6, 60, date(2026, 7, 3), EXPECTED)]
    values = {day: found.value if (found := standing_on(told, COST, day, "USD")) else None for day in map(date.fromisoformat, DAYS)}
    assert list(values.values()) == [None, 10, 10, 40, 40, 40, 20]
    assert standing_on(told, COST, TODAY, "EUR") == told[4], "a cost in another currency is never taken for one in this"
    assert standing_on(told, EXPECTED, TODAY) == told[5]


DAYS = ("2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01", "2026-07-05", "2026-08-31", "2026-09-01")


def month_of_lots(month: date, *, spent: int = 0, open: int = 0, expired: int = 0, until: date | None = None) -> Sums:
    return Sums(month, spent + open + expired, open=open, spent=spent, expired=expired, until=until)


def test_only_points_that_are_old_enough_tell_how_many_are_redeemed() -> None:
    old, young = date(2024, 7, 1), date(2024, 8, 1)
    assert observed([], TODAY).share is None
    assert observed([month_of_lots(old, spent=4_999)], TODAY).share is None
    found = observed([month_of_lots(old, spent=3_000, open=1_000, expired=1_000), month_of_lots(young, spent=9_000)], TODAY)
    assert (found.points, found.redeemed, found.months, found.share) == (5_000, 3_000, 1, 6_000)
    lapsed = month_of_lots(young, spent=5_000, expired=5_000, until=TODAY - timedelta(days=1))
    assert observed([lapsed], TODAY).share == 5_000
    assert observed([month_of_lots(young, spent=5_000, until=TODAY)], TODAY).points == 0


def test_assumptions_are_added_never_changed_and_audited(session: Session) -> None:
    admin_id = make_admin(session).id
    admin = as_admin(admin_id)
    with pytest.raises(NotAllowed):
        assume(session, acting(admin_id, ADVOCATE), kind=COST, value=Decimal(1), reason="why", now=AT)
    assume(session, admin, kind=COST, value=Decimal("0.0125"), reason=" Catalogue of 2026 ", now=AT)
    assume(session, admin, kind=EXPECTED, value=Decimal("62.5"), reason="As last year", from_on=date(2026, 8, 1), now=AT)
    told = history(session)
    assert [(one.kind, one.value, one.currency, one.from_on, one.reason, one.set_by) for one in told] == [
        (EXPECTED, 6_250, "", date(2026, 8, 1), "As last year", admin_id),
        (COST, 12_500, "USD", TODAY, "Catalogue of 2026", admin_id),
    ]
    assert (told[0].shown, told[1].shown) == (Decimal("62.5"), Decimal("0.0125"))
    names = session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == "bank").order_by(AuditEvent.id)).all()
    assert names == ["finance.cost_set", "finance.expected_set"]


def test_the_database_refuses_to_change_what_was_assumed(database: Database) -> None:
    def say(session: Session) -> None:
        assume(session, as_admin(make_admin(session).id), kind=COST, value=Decimal(1), reason="why", now=AT)

    database.write(say)
    for statement in (Assumption.__table__.update().values(value=2), Assumption.__table__.delete()):  # type: ignore[attr-defined]
        with pytest.raises(Exception, match="append-only"):
            database.write(lambda session, statement=statement: session.execute(statement))


def at(month: int, day: int = 15) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def live(session: Session) -> None:
    """Some months of an owner: earned, held, redeemed, returned, expired, corrected, reversed after it was spent, and a debt that was paid."""
    one, two = verbs.open_owner(session, 7), verbs.open_owner(session, 8)
    set_policy(session, verbs.ADMIN, kind=PolicyKind.FIXED, months=3, pending_days=0, from_at=at(1), now=at(1))

    def moved(name: str, moment: datetime, *args: Any, **more: Any) -> Any:
        dated = {"effective_at": moment} if name == "award" else {}
        return getattr(verbs, name)(session, *args, now=moment, **dated, **more)

    first = moved("award", at(1), 500, one)
    moved("award", at(2), 300, one)
    spent = moved("hold", at(2, 20), 420, one)
    moved("capture", at(2, 21), spent.id)
    moved("award", at(3), 1_000, two)
    moved("adjust", at(3), -150, two)
    bought = moved("capture", at(4), moved("hold", at(4), 200, two).id)
    moved("reverse", at(4, 20), bought.id)
    moved("reverse", at(5, 1), first.id)
    moved("award", at(5, 2), 90, one)
    moved("award", at(5, 3), 400, one)
    moved("hold", at(6, 1), 60, one)
    for found in session.execute(select(lot.c.id).where(lot.c.open > 0, lot.c.expires_on < date(2026, 7, 1))).all():
        expire(session, verbs.ADMIN, lot_id=found.id, day=date(2026, 7, 1), now=at(7, 1))


def test_the_sums_are_the_ledgers_balances_to_the_point(session: Session) -> None:
    assert [one.lots for one in compared(session, [])] == [0] * 5
    live(session)
    months = sums_by_month(session)
    assert len(months) == 4
    assert all(one.lots == one.accounts for one in compared(session, months)), compared(session, months)
    balances = dict.fromkeys(("available", "held", "owed", "issued", "redeemed", "expired", "adjusted"), 0)
    for amount, kind in session.execute(select(entry.c.amount, account.c.kind).join(account, account.c.id == entry.c.account_id)):
        balances[kind] += amount
    assert sum(sums.open for sums in months) == balances["available"]
    assert sum(sums.held for sums in months) == balances["held"]
    assert sum(sums.spent for sums in months) == balances["redeemed"]
    assert sum(sums.expired for sums in months) == balances["expired"]
    given = sum(sums.earned - sums.taken_back - sums.paid for sums in months) + balances["owed"]
    assert given == -balances["issued"] - balances["adjusted"]


def test_the_end_of_a_month_stays_what_it_was_whatever_comes_later(session: Session) -> None:
    admin = as_admin(make_admin(session).id)
    assume(session, admin, kind=COST, value=Decimal("0.02"), reason="First", now=at(1, 1))
    assume(session, admin, kind=EXPECTED, value=Decimal(50), reason="First", now=at(1, 1))
    live(session)
    ends = [date(2026, month, 1) - timedelta(days=1) for month in range(2, 8)]
    before = {end: figures(session, as_of=end, now=at(7, 6)) for end in ends}
    assert before[date(2026, 1, 31)].total.outstanding == 500
    assert before[date(2026, 1, 31)].owed == 500, "500 × 50 % × 0.02"
    assert before[date(2026, 2, 28)].total.outstanding == 380
    assert before[date(2026, 2, 28)].total.spent == 420
    # Later: something for an old month, a correction, and another cost.
    verbs.award(session, 777, 7, effective_at=at(2), now=at(7, 7))
    verbs.adjust(session, -20, 8, now=at(7, 8))
    assume(session, admin, kind=COST, value=Decimal(3), reason="Second", now=at(7, 8))
    after = {end: figures(session, as_of=end, now=at(8, 6)) for end in ends}
    for end in ends:
        assert (before[end].rows, before[end].total, before[end].owed, before[end].moved) == (
            after[end].rows,
            after[end].total,
            after[end].owed,
            after[end].moved,
        )
    assert figures(session, now=at(8, 6)).cost == history(session)[0]


def test_without_cost_or_expectation_no_money_is_told(session: Session) -> None:
    live(session)
    assert figures(session, now=AT).owed is None
    assume(session, as_admin(make_admin(session).id), kind=COST, value=Decimal("0.02"), reason="First", now=AT)
    assert figures(session, now=AT).owed is None
    assume(session, as_admin(make_admin(session).id), kind=EXPECTED, value=Decimal(0), reason="First", now=AT)
    found = figures(session, now=AT)
    assert (found.total.held, found.owed) == (60, 120), "held points were asked for already, whatever is expected of the rest"


def test_the_column_of_money_adds_up_to_the_cent(session: Session) -> None:
    admin = as_admin(make_admin(session).id)
    live(session)
    assume(session, admin, kind=COST, value=Decimal("0.0137"), reason="First", now=AT)
    assume(session, admin, kind=EXPECTED, value=Decimal("61.37"), reason="First", now=AT)
    found = figures(session, now=AT)
    assert found.owed == sum(row.owed or 0 for row in found.rows) > 0
    part = figures(session, since=date(2026, 3, 9), until=date(2026, 3, 1), now=AT)
    assert [row.sums.month for row in part.rows] == [date(2026, 3, 1)]
    assert part.owed == part.rows[0].owed
    assert part.agreed == found.agreed, "the accounts are compared with all lots, whatever is shown"


def test_what_moved_is_told_by_the_moment_it_was_recorded(session: Session) -> None:
    live(session)
    edges = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 9)]
    found = flows(session, edges)
    assert [flow.given for flow in found] == [500, 300, 850, 0, -10, 0, 0]
    assert [flow.redeemed for flow in found] == [0, 420, 0, 0, 0, 0, 0], "what was returned in the same month is not redeemed"
    assert sum(flow.expired for flow in found) == session.scalar(select(transfer.c.points).where(transfer.c.kind == "expire"))
    assert flows(session, edges[:1]) == []


def admin_of(database: Database) -> int:
    return database.write(lambda session: make_admin(session, name="Ada Admin").id)


def test_an_empty_programme_says_what_will_be_here(sign_in: SignIn, database: Database) -> None:
    page = sign_in(admin_of(database)).get("/admin/bank/finance").text
    assert "No points yet" in page
    assert "Set the cost of a point" in page


def test_admins_read_the_figures_and_others_do_not(sign_in: SignIn, database: Database) -> None:
    database.write(live)
    client = sign_in(admin_of(database))
    assert "Neither is guessed" in client.get("/admin/bank/finance").text
    for kind, value in (("cost", "0.0125"), ("expected", "62.5")):
        sent = {f"{kind}-value": value, f"{kind}-reason": "From the catalogue", f"{kind}-from_on": ""}
        assert client.post(f"/admin/bank/finance/assumptions/{kind}", data=sent).status_code == 303
    page = client.get("/admin/bank/finance").text
    assert "62.5%" in page
    assert "$0.0125" in page
    assert "Too little to say" in page
    assert "From the catalogue" in client.get("/admin/bank/finance/assumptions").text
    past = client.get("/admin/bank/finance?as_of=2026-03-31").text
    assert "As it stood at the end of" in past
    for path in ("", "/assumptions", "/budgets"):
        assert sign_in(database.write(lambda session: make_person(session).id)).get(f"/admin/bank/finance{path}").status_code == 403


def test_bad_input_loses_nothing_and_says_why_beside_its_field(sign_in: SignIn, database: Database) -> None:
    client = sign_in(admin_of(database))
    sent = {"cost-value": "0.00000012", "cost-reason": "Because of this", "cost-from_on": ""}
    refused = client.post("/admin/bank/finance/assumptions/cost", data=sent)
    assert refused.status_code == 422
    assert "with 6 decimals at most" in refused.text
    assert "Because of this" in refused.text
    refused = client.post("/admin/bank/finance/assumptions/expected", data={"expected-value": "lots", "expected-reason": "x"})
    assert refused.status_code == 422
    assert "Please enter a number." in refused.text
    assert client.post("/admin/bank/finance/assumptions/cost", data={**sent, "cost-value": "2"}).status_code == 303
    refused = client.post("/admin/bank/finance/assumptions/cost", data={**sent, "cost-value": "1", "cost-from_on": "2020-01-01"})
    assert refused.status_code == 422
    assert "Days gone by stay" in refused.text


def test_months_to_choose_from_are_those_of_the_programme(sign_in: SignIn, database: Database) -> None:
    database.write(live)
    client = sign_in(admin_of(database))
    page = client.get("/admin/bank/finance?since=2026-02&until=2026-03").text
    assert '<option value="2026-01-31">' in page
    assert '<option value="2025-12-31">' not in page, "the ledger began in January"
    assert '<option selected value="2026-02">February 2026</option>' in page
    assert '<option value="2025-12">' not in page
    found = client.get("/admin/bank/finance?since=2026-02&until=2026-03&format=csv").text.splitlines()
    assert [row.split(",")[0] for row in found[1:]] == ["2026-02", "2026-03", "total"]


def test_files_tell_every_month_and_the_sum(sign_in: SignIn, database: Database) -> None:
    database.write(live)
    client = sign_in(admin_of(database))
    text = client.get("/admin/bank/finance?format=csv").text.splitlines()
    assert text[0].lstrip("\ufeff").startswith("lot_month,as_of,earned,redeemed,expired,reversed")
    assert [row.split(",")[0] for row in text[1:]] == ["2026-01", "2026-02", "2026-03", "2026-05", "total"]
    assert client.get("/admin/bank/finance?format=xlsx").data[:2] == b"PK"


@pytest.mark.parametrize("owners", [10, 1_000])
def test_the_page_asks_the_database_as_often_with_many_lots(owners: int, sign_in: SignIn, database: Database, count_queries: CountQueries) -> None:
    rows = [
        {"owner_id": 10_000 + n, "unit": "points", "month": date(2026, 1 + n % 6, 1), "policy_id": 0, "grace_until": date.min}
        | {"expires_on": date(9999, 12, 31), "lapses": 0, "earned": 0, "open": 0, "held": 0, "spent": 0, "expired": 0, "reversed": 0}
        | {"corrected": 0, "paid": 0}
        for n in range(owners)
    ]
    database.write(lambda session: session.execute(lot.insert(), rows))
    client = sign_in(admin_of(database))
    client.get("/admin/bank/finance")
    with count_queries() as counted:
        assert client.get("/admin/bank/finance").status_code == 200
    assert counted.total <= 20, counted

"""What the page of finance says is so: of one moment, of a month gone by, of what was settled later, and in as few rows as need be looked at."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from portal.bank.actions.finance import assume, plan
from portal.bank.models import Assumption
from portal.bank.queries.figures import figures
from portal.bank.queries.finance import compared, flows, sums_by_month
from portal.bank.rules.budgets import Counts, Period
from portal.bank.rules.finance import Assumed, AssumedInThePast
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.actions.expiring import expire
from portal.ledger.actions.policies import set_policy
from portal.ledger.actions.sealing import seal_pending
from portal.ledger.lots import PolicyKind
from portal.ledger.models import lot
from portal.ledger.queries.sealed import committed_by
from tests.bank.test_finance import admin_of, at, live
from tests.factories.people import make_admin
from tests.factories.rewards import as_admin
from tests.ledger import verbs
from tests.support.application import SignIn

COST, EXPECTED = Assumed.COST, Assumed.EXPECTED


def test_the_page_never_accuses_the_ledger_of_what_was_paid_while_it_was_made(database: Database, sign_in: SignIn) -> None:
    database.write(live)
    client = sign_in(admin_of(database))
    asked: dict[str, Any] = {"counts": Counts.ISSUED, "period": Period.MONTH, "amount": 10_000, "reason": "Plan", "now": utcnow()}
    database.write(lambda session: plan(session, as_admin(admin_of(database)), **asked) and None)
    used = _used(client.get("/admin/bank/finance").text)
    paid: list[int] = []

    def pay(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM lot" in statement and "GROUP BY lot.month" in statement and not paid:
            paid.append(5)
            database.write(lambda session: verbs.award(session, 5, 8, now=utcnow()) and None)

    engine = client.application.extensions["database"].engine
    event.listen(engine, "after_cursor_execute", pay)
    try:
        page = client.get("/admin/bank/finance").text
    finally:
        event.remove(engine, "after_cursor_execute", pay)
    assert paid
    assert "Held against the ledger" in page
    assert "badge-error" not in page
    assert _used(page) == used, "budgets are of the same moment"
    assert _used(client.get("/admin/bank/finance").text) != used
    with database.reading() as session:
        assert all(one.lots == one.accounts for one in compared(session, sums_by_month(session)))


def _used(page: str) -> str:
    found = re.search(r"[\d,]+ of 10,000", page)
    assert found is not None
    return found[0]


def expired_award(session: Session, kind: PolicyKind = PolicyKind.FIXED) -> int:
    one = verbs.open_owner(session, 7)
    set_policy(session, verbs.ADMIN, kind=kind, months=1, pending_days=0, from_at=at(1), now=at(1))
    made = verbs.award(session, 10_000, one, effective_at=at(1), now=at(1))
    verbs.capture(session, verbs.hold(session, 4_000, one, now=at(1, 20)).id, now=at(1, 21))
    for found in session.execute(select(lot.c.id).where(lot.c.open > 0)).all():
        expire(session, verbs.ADMIN, lot_id=found.id, day=date(2026, 3, 2), now=at(3, 2))
    return made.id


def test_what_expired_and_was_settled_later_is_expired_no_more(session: Session) -> None:
    made = expired_award(session)
    assert flows(session, [at(1, 1), at(4, 1)])[0].expired == 6_000
    verbs.reverse(session, made, now=at(4, 9))
    march, april = flows(session, [at(1, 1), at(4, 1), at(5, 1)])
    assert (march.expired, april.expired) == (6_000, -6_000)
    assert sum(sums.expired for sums in sums_by_month(session)) == 0


def test_a_month_gone_by_tells_of_old_points_what_it_told_then(session: Session) -> None:
    expired_award(session)
    told = figures(session, now=at(7, 6)).observed
    assert (told.points, told.redeemed) == (10_000, 4_000)
    assert figures(session, as_of=date(2026, 6, 30), now=at(7, 6)).observed == told
    assert figures(session, as_of=date(2026, 2, 27), now=at(7, 6)).observed.points == 0


def test_a_last_day_that_activities_move_tells_nothing_of_the_past(session: Session) -> None:
    expired_award(session, PolicyKind.INACTIVITY)
    assert figures(session, as_of=date(2026, 6, 30), now=at(7, 6)).observed.points == 0


def test_the_first_cost_may_begin_on_a_day_gone_by_and_no_other(session: Session) -> None:
    admin = as_admin(make_admin(session).id)
    live(session)
    for kind, value in ((COST, Decimal("0.02")), (EXPECTED, Decimal(50))):
        assume(session, admin, kind=kind, value=value, reason="First", from_on=date(2026, 6, 30), now=at(7, 2))
        with pytest.raises(AssumedInThePast):
            assume(session, admin, kind=kind, value=value / 2, reason="Second", from_on=date(2026, 6, 30), now=at(7, 2))
    assert figures(session, as_of=date(2026, 6, 30), now=at(7, 6)).owed is not None
    assert figures(session, as_of=date(2026, 5, 31), now=at(7, 6)).owed is None


def test_what_was_told_in_another_currency_stays_in_it(session: Session) -> None:
    admin = as_admin(make_admin(session).id)
    live(session)
    for kind, value in ((COST, Decimal("0.02")), (EXPECTED, Decimal(50))):
        assume(session, admin, kind=kind, value=value, reason="First", now=at(6, 2))
    before = figures(session, as_of=date(2026, 6, 30), now=at(7, 6))
    session.info["currency"] = "CHF"
    try:
        after, now = figures(session, as_of=date(2026, 6, 30), now=at(7, 6)), figures(session, now=at(7, 6))
    finally:
        session.info.pop("currency")
    assert (after.owed, after.currency) == (before.owed, before.currency)
    assert (now.owed, now.currency) == (None, "CHF")


def test_a_form_sent_twice_is_one_line_of_the_history(database: Database, sign_in: SignIn) -> None:
    client = sign_in(admin_of(database))
    for value in ("0.01", "0.01", "0.02", "0.01"):
        sent = {"cost-value": value, "cost-reason": "x", "cost-from_on": ""}
        assert client.post("/admin/bank/finance/assumptions/cost", data=sent).status_code == 303
    assert "It stands already" in client.get("/admin/bank/finance/assumptions").text
    sent = {"cost-value": "0.01", "cost-reason": "Another why", "cost-from_on": ""}
    told = client.post("/admin/bank/finance/assumptions/cost", data=sent, follow_redirects=True).text
    assert "It stands already, so nothing was saved. Its reason stays: “x”." in told
    assert "Saved. Figures" not in told
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Assumption)) == 3


def test_of_a_day_before_anything_was_set_the_page_does_not_ask_to_set_it(database: Database, sign_in: SignIn) -> None:
    database.write(live)
    client = sign_in(admin_of(database))
    for kind, value in (("cost", "0.0125"), ("expected", "62.5")):
        sent = {f"{kind}-value": value, f"{kind}-reason": "x", f"{kind}-from_on": ""}
        assert client.post(f"/admin/bank/finance/assumptions/{kind}", data=sent).status_code == 303
    last = utcnow().date().replace(day=1) - timedelta(days=1)
    page = client.get(f"/admin/bank/finance?as_of={last}").text
    assert "were not both set for that day" in page
    assert "Nothing was set for that day." in page
    assert "Set them" not in page
    assert "It needs the cost of a point" not in page


def test_what_was_sealed_long_before_is_not_looked_at(database: Database) -> None:
    began = datetime(2026, 1, 10, 9, tzinfo=UTC)

    def give(session: Session) -> None:
        verbs.open_owner(session, 7)
        verbs.award(session, 5, 7, now=began)

    database.write(give)
    seal_pending(database, now=began + timedelta(minutes=1))
    late = began + timedelta(days=40)
    database.write(lambda session: verbs.award(session, 7, 7, now=late) and None)
    statements: list[object] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if "transfer" in statement:
            statements.append(parameters)

    with database.reading() as session:
        assert committed_by(session, began) == 0
        first = committed_by(session, late)
        assert first > 0
        event.listen(database.engine, "before_cursor_execute", keep)
        try:
            assert flows(session, [late, late + timedelta(days=1)])[0].given == 7
            assert flows(session, [began, late + timedelta(days=1)])[0].given == 12
        finally:
            event.remove(database.engine, "before_cursor_execute", keep)
    assert first in _values(statements[0])
    assert first not in _values(statements[1])


def _values(parameters: object) -> list[object]:
    return list(parameters.values() if isinstance(parameters, dict) else parameters)  # type: ignore[call-overload]

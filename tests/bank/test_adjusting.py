"""Corrections by hand: categories, limits of one admin a month, and the second pair of eyes above a limit."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.bank.actions.adjusting import adjust_points, undo_adjustment
from portal.bank.actions.deciding import approve_adjustment, decline_adjustment, withdraw_adjustment
from portal.bank.actions.limits import set_limits
from portal.bank.models import Adjustment
from portal.bank.queries.limits import used_now
from portal.bank.rules.adjusting import (
    AskedYourself,
    CategoryUnknown,
    DecisionMissing,
    LimitOutOfRange,
    Limits,
    MonthlyLimitReached,
    MonthlyTakingReached,
    NotWaitingAnyMore,
    NotYourRequest,
    OwnBalance,
    State,
    TwoDecided,
    Used,
    category_of,
    month_of,
    reason_code,
    require_within,
)
from portal.kernel.actor import EMPLOYEE, Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import KeyReused
from portal.notifications.models import Notice
from portal.recognition.queries.board import find_own
from portal.review.actions.terms import set_terms
from portal.review.rules.terms import Terms
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import as_admin
from tests.rewards.racing import all_at_once, one_during_another
from tests.support.application import SignIn
from tests.support.counting import CountQueries

LARGE = 30_000


class Desk:
    """Amara, and two admins."""

    def __init__(self, session: Session) -> None:
        self.person_id = make_person(session, name="Amara Okafor").id
        self.ada, self.ben = make_admin(session, name="Ada Admin").id, make_admin(session, name="Ben Admin").id

    def ask(self, session: Session, points: int = LARGE, **overrides: Any) -> Adjustment:
        given: dict[str, Any] = {"counts_as_earned": True, "category": "contest", "reason": "First prize", "key": f"k{points}", "now": utcnow()}
        return adjust_points(session, as_admin(self.ada), **({"person_id": self.person_id, "points": points} | given | overrides))


@pytest.fixture
def desk(database: Database) -> Desk:
    return database.write(Desk)


def told(session: Session, person_id: int) -> list[str]:
    return list(session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


@pytest.mark.parametrize(
    ("limits", "used", "points", "left"),
    [
        (Limits(100, 50), Used(60, 50), 40, None),
        (Limits(100, 50), Used(60, 50), 41, 40),
        (Limits(100, 50), Used(60, 0), -50, None),
        (Limits(100, 50), Used(60, 10), -41, 40),
        (Limits(100, 0), Used(), -1, 0),
        (Limits(None, None), Used(10**8, 10**8), -(10**8), None),
        (Limits(10, 10), Used(50, 0), 1, 0),
    ],
)
def test_what_is_given_and_what_is_taken_have_limits_of_their_own(limits: Limits, used: Used, points: int, left: int | None) -> None:
    if left is None:
        require_within(limits, used, points)
        return
    with pytest.raises(MonthlyLimitReached) as refused:
        require_within(limits, used, points)
    assert (refused.value.facts["left"], type(refused.value)) == (left, MonthlyLimitReached if points > 0 else MonthlyTakingReached)


def test_a_month_is_one_of_the_programme_and_a_code_names_its_category() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert (month_of(new_year, "Europe/Berlin"), month_of(new_year, "UTC")) == ("2027-01", "2026-12")
    assert category_of(reason_code("goodwill")) == "goodwill"
    assert [category_of(code) for code in ("bank.adjusted", "bank.adjusted.unheard", "challenge.goodwill")] == [None, None, None]


def test_a_large_correction_waits_and_only_a_second_admin_books_it(session: Session) -> None:
    desk = Desk(session)
    small, large = desk.ask(session, 25_000), desk.ask(session)
    assert (small.state, large.state, balance_of(session, desk.person_id).available) == (State.BOOKED, State.WAITING, 25_000)
    assert told(session, desk.person_id).count("points_adjusted") == 1, "of what waits they hear nothing"
    assert told(session, desk.ben) == ["adjustment_waiting"]
    for who, refusal in ((desk.ada, AskedYourself), (desk.person_id, OwnBalance)):
        with pytest.raises(refusal):
            approve_adjustment(session, as_admin(who), adjustment_id=large.id, now=utcnow())
        with pytest.raises(refusal):
            decline_adjustment(session, as_admin(who), adjustment_id=large.id, reason="No", now=utcnow())
    employee = Actor(desk.ben, frozenset({EMPLOYEE}), "127.0.0.1", reviews=frozenset({"attempt"}))
    with pytest.raises(NotAllowed):
        approve_adjustment(session, employee, adjustment_id=large.id, now=utcnow())
    approve_adjustment(session, as_admin(desk.ben), adjustment_id=large.id, now=utcnow())
    assert (balance_of(session, desk.person_id).available, find_own(session, "all", desk.person_id).points) == (55_000, 55_000)
    assert told(session, desk.person_id).count("points_adjusted") == 2
    assert told(session, desk.ada)[-1] == "adjustment_approved"
    audited = session.scalars(select(AuditEvent).where(AuditEvent.name == "points.adjusted").order_by(AuditEvent.id.desc())).first()
    assert (audited.actor_id, audited.data["asked_by_id"], audited.data["category"]) == (desk.ben, desk.ada, "contest")
    with pytest.raises(NotWaitingAnyMore):
        approve_adjustment(session, as_admin(desk.ben), adjustment_id=large.id, now=utcnow())


def test_a_decline_needs_a_reason_tells_who_asked_and_frees_their_month(session: Session) -> None:
    desk = Desk(session)
    large = desk.ask(session)
    assert used_now(session, desk.ada, utcnow()) == Used(LARGE, 0)
    with pytest.raises(DecisionMissing):
        decline_adjustment(session, as_admin(desk.ben), adjustment_id=large.id, reason="  ", now=utcnow())
    decline_adjustment(session, as_admin(desk.ben), adjustment_id=large.id, reason="Next week", now=utcnow())
    assert (large.state, large.words, balance_of(session, desk.person_id).available) == (State.DECLINED, "Next week", 0)
    assert (told(session, desk.ada)[-1], told(session, desk.person_id)) == ("adjustment_declined", [])
    assert used_now(session, desk.ada, utcnow()) == Used()
    again = desk.ask(session, key="again")
    with pytest.raises(NotYourRequest):
        withdraw_adjustment(session, as_admin(desk.ben), adjustment_id=again.id, now=utcnow())
    withdraw_adjustment(session, as_admin(desk.ada), adjustment_id=again.id, now=utcnow())
    assert (again.state, used_now(session, desk.ada, utcnow())) == (State.WITHDRAWN, Used())
    with pytest.raises(NotWaitingAnyMore):
        approve_adjustment(session, as_admin(desk.ben), adjustment_id=again.id, now=utcnow())


def test_the_database_itself_refuses_one_person_as_both_pairs_of_eyes(session: Session) -> None:
    desk = Desk(session)
    large = desk.ask(session)
    for values in ({"decided_by_id": desk.ada}, {"decided_by_id": desk.person_id}, {"asked_by_id": desk.person_id}):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(Adjustment.__table__.update().where(Adjustment.id == large.id).values(**values))


def test_what_one_admin_gives_one_person_in_pieces_within_the_month_counts_together(session: Session) -> None:
    desk = Desk(session)
    other = make_person(session, name="Bo").id
    assert desk.ask(session, 20_000).state == State.BOOKED
    assert desk.ask(session, 5_001).state == State.WAITING
    assert desk.ask(session, 5_000).state == State.BOOKED, "up to the limit; what waits does not count"
    assert desk.ask(session, 1).state == State.WAITING
    assert desk.ask(session, -25_000).state == State.BOOKED, "what is taken counts by itself"
    assert desk.ask(session, 25_000, person_id=other).state == State.BOOKED
    by_ben = {"points": 7, "counts_as_earned": False, "category": "other", "reason": "x", "key": "ben", "now": utcnow()}
    assert adjust_points(session, as_admin(desk.ben), person_id=desk.person_id, **by_ben).state == State.BOOKED
    assert desk.ask(session, 2, now=utcnow() + timedelta(days=32)).state == State.BOOKED


def test_pieces_sent_at_once_count_together(database: Database, desk: Desk) -> None:
    works: list[Callable[[Session], object]] = [lambda s, n=n: desk.ask(s, 10_000, key=f"piece {n}") for n in range(5)]  # type: ignore[misc]
    assert all_at_once(database, works) == {"done": 5}
    with database.reading() as session:
        assert balance_of(session, desk.person_id).available == 20_000


def test_what_two_decided_on_is_not_undone_by_one(session: Session) -> None:
    desk = Desk(session)
    large = desk.ask(session)
    approve_adjustment(session, as_admin(desk.ben), adjustment_id=large.id, now=utcnow())
    with pytest.raises(TwoDecided):
        undo_adjustment(session, as_admin(desk.ben), adjustment_id=large.id, reason="No", now=utcnow())
    assert (large.state, balance_of(session, desk.person_id).available) == (State.BOOKED, LARGE)
    assert desk.ask(session, -LARGE).state == State.WAITING, "the opposite needs two as well"


def test_with_the_setting_off_one_admin_is_enough(session: Session) -> None:
    desk = Desk(session)
    set_terms(session, as_admin(desk.ben), terms=Terms(four_eyes_above=None), now=utcnow())
    assert desk.ask(session).state == State.BOOKED


def test_a_category_is_asked_for_and_a_form_used_twice_must_say_the_same(session: Session) -> None:
    desk = Desk(session)
    with pytest.raises(CategoryUnknown):
        desk.ask(session, 5, category="")
    assert desk.ask(session, 5) is desk.ask(session, 5)
    with pytest.raises(KeyReused):
        desk.ask(session, 5, category="goodwill")


def test_limits_are_kept_by_admins_and_hold_for_this_month_at_once(session: Session) -> None:
    desk = Desk(session)
    desk.ask(session, 600)
    set_limits(session, as_admin(desk.ben), limits=Limits(1_000, 0), now=utcnow())
    with pytest.raises(MonthlyLimitReached) as refused:
        desk.ask(session, 401)
    assert refused.value.facts == {"limit": 1_000, "left": 400}
    with pytest.raises(MonthlyTakingReached):
        desk.ask(session, -1)
    assert desk.ask(session, 400).state == State.BOOKED
    assert (
        adjust_points(
            session,
            as_admin(desk.ben),
            person_id=desk.person_id,
            points=900,
            counts_as_earned=False,
            category="other",
            reason="x",
            key="b",
            now=utcnow(),
        ).points
        == 900
    ), "another admin has a month of their own"
    with pytest.raises(LimitOutOfRange):
        set_limits(session, as_admin(desk.ben), limits=Limits(-1, 0), now=utcnow())


def _ask(desk: Desk, n: int) -> Callable[[Session], object]:
    return lambda session: desk.ask(session, 100, key=f"race {n}")


def test_ten_corrections_at_once_cannot_pass_the_limit_of_the_month(database: Database, desk: Desk) -> None:
    database.write(lambda s: set_limits(s, as_admin(desk.ben), limits=Limits(350, 0), now=utcnow()))
    counted = all_at_once(database, [_ask(desk, n) for n in range(10)])
    assert counted == {"done": 3, "MonthlyLimitReached": 7}
    with database.reading() as session:
        assert balance_of(session, desk.person_id).available == 300
        assert used_now(session, desk.ada, utcnow()) == Used(300, 0)


def test_two_admins_set_the_first_limits_one_during_the_other(database: Database, desk: Desk) -> None:
    def keep(admin: int, given: int) -> Callable[[Session], object]:
        return lambda session: set_limits(session, as_admin(admin), limits=Limits(given, 0), now=utcnow()).given

    assert one_during_another(database, keep(desk.ada, 500), lambda: database.write(keep(desk.ben, 700))) == [500, 700]
    with database.reading() as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.name == "adjustment.limits_changed").order_by(AuditEvent.id)).all()
        assert [(one.data["before"][0], one.data["after"][0]) for one in told] == [(100_000, 500), (500, 700)]


def test_room_that_is_made_between_two_looks_at_the_limit_is_counted(database: Database, desk: Desk) -> None:
    database.write(lambda s: set_limits(s, as_admin(desk.ben), limits=Limits(LARGE, 0), now=utcnow()))
    waiting = database.write(lambda s: desk.ask(s).id)

    def work(session: Session) -> None:
        looks: list[str] = []

        def make_room(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if statement.startswith("UPDATE adjust_tally") and not looks:
                looks.append(statement)
                decline_adjustment(session, as_admin(desk.ben), adjustment_id=waiting, reason="No", now=utcnow())

        event.listen(session.connection(), "after_cursor_execute", make_room)
        desk.ask(session, 100)

    database.write(work)
    with database.reading() as session:
        assert (balance_of(session, desk.person_id).available, used_now(session, desk.ada, utcnow())) == (100, Used(100, 0))


def test_approving_declining_and_withdrawing_at_once_come_to_one_end(database: Database, desk: Desk) -> None:
    item = database.write(lambda s: desk.ask(s).id)
    works: list[Callable[[Session], object]] = [
        lambda s: approve_adjustment(s, as_admin(desk.ben), adjustment_id=item, now=utcnow()),
        lambda s: decline_adjustment(s, as_admin(desk.ben), adjustment_id=item, reason="No", now=utcnow()),
        lambda s: withdraw_adjustment(s, as_admin(desk.ada), adjustment_id=item, now=utcnow()),
    ]
    assert all_at_once(database, works * 3) == {"done": 1, "NotWaitingAnyMore": 8}
    with database.reading() as session:
        state = session.get_one(Adjustment, item).state
        assert balance_of(session, desk.person_id).available == (LARGE if state == State.BOOKED else 0)
        assert used_now(session, desk.ada, utcnow()).given == (LARGE if state == State.BOOKED else 0)
        assert session.scalar(select(func.count()).select_from(Notice).where(Notice.kind.like("adjustment_%ed"))) == (state != State.WITHDRAWN)


def test_the_pages_ask_show_and_decide(database: Database, desk: Desk, sign_in: SignIn) -> None:
    ada, ben = sign_in(desk.ada), sign_in(desk.ben)
    form = {"key": "k", "points": str(LARGE), "category": "contest", "reason": "First prize", "counts_as_earned": "y"}
    address = f"/admin/statement/{desk.person_id}"
    assert "Please choose what kind" in ada.post(address, data=form | {"category": ""}).text
    answer = ada.post(address, data=form)
    assert (answer.status_code, answer.location) == (303, "/admin/corrections?state=waiting")
    item = database.write(lambda s: s.scalars(select(Adjustment.id)).one())
    assert "Withdraw" in ada.get("/admin/corrections?state=waiting").text
    mine = ada.get(f"/admin/approvals?item=adjustment-{item}").text
    assert "another admin has to decide" in mine
    assert "Withdraw my request" in mine
    theirs = ben.get(f"/admin/approvals?item=adjustment-{item}").text
    assert "First prize" in theirs
    assert "Book +30,000 points" in theirs
    assert ben.post(f"/admin/approvals/adjustment/{item}/decline", data={"reason": ""}).status_code == 422
    assert ben.post(f"/admin/approvals/adjustment/{item}/approve").status_code == 303
    page = ben.get("/admin/corrections?category=contest").text
    assert "approved by Ben Admin" in page
    assert "No correction fits" in ben.get("/admin/corrections?category=error").text
    assert "Contest" in ada.get("/admin/corrections?format=csv").text
    assert "Contest" in sign_in(desk.person_id).get("/statement?category=contest").text
    assert "(Contest)" in ben.get("/admin/audit").text


def test_who_approves_agrees_to_the_debt_that_was_shown_and_to_no_larger_one(database: Database, desk: Desk, sign_in: SignIn) -> None:
    def work(session: Session) -> int:
        for n in (1, 2):
            desk.ask(session, 20_000, key=f"given {n}", now=utcnow() - timedelta(days=40 * n))
        return desk.ask(session, -LARGE).id

    item, ben = database.write(work), sign_in(desk.ben)
    assert 'name="agreed"' not in ben.get(f"/admin/approvals?item=adjustment-{item}").text
    database.write(lambda s: desk.ask(s, -15_000))
    refused = ben.post(f"/admin/approvals/adjustment/{item}/approve")
    assert refused.status_code == 422
    assert 'name="agreed" value="5000"' in refused.text
    with database.reading() as session:
        assert balance_of(session, desk.person_id).available == 25_000
    assert ben.post(f"/admin/approvals/adjustment/{item}/approve", data={"agreed": "4999"}).status_code == 422
    assert ben.post(f"/admin/approvals/adjustment/{item}/approve", data={"agreed": "5000"}).status_code == 303
    with database.reading() as session:
        assert balance_of(session, desk.person_id).owed == 5_000


def test_approving_all_that_match_leaves_corrections_out_and_ticked_they_are_booked(database: Database, desk: Desk, sign_in: SignIn) -> None:
    item, ben = database.write(lambda s: desk.ask(s).id), sign_in(desk.ben)
    queue = ben.get("/admin/approvals").text
    assert ("data-singly" in queue, "Approve all that match" in queue) == (True, False)
    for place in ("", "?kind=adjustment"):
        assert ben.post(f"/admin/approvals/approve{place}", data={"scope": "all"}).status_code == 422
    assert ben.post("/admin/approvals/approve", data={"item": f"adjustment-{item}"}).status_code == 303
    with database.reading() as session:
        assert balance_of(session, desk.person_id).available == LARGE


def test_the_limits_are_kept_on_their_page(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in(desk.ada)
    assert client.post("/admin/corrections/limits", data={"given": "500", "taken": ""}).status_code == 303
    assert 'value="500"' in client.get("/admin/corrections/limits").text
    assert client.post("/admin/corrections/limits", data={"given": "-5", "taken": ""}).status_code == 422
    form = {"key": "k", "points": "501", "category": "other", "reason": "x"}
    refused = client.post(f"/admin/statement/{desk.person_id}", data=form)
    assert "500 are left to you" in refused.text
    assert refused.status_code == 422


def test_the_list_costs_the_same_with_ten_and_with_a_thousand(database: Database, desk: Desk, sign_in: SignIn, count_queries: CountQueries) -> None:
    client, totals = sign_in(desk.ada), []
    row = {
        "person_id": desk.person_id,
        "points": 5,
        "counts_as_earned": False,
        "category": "other",
        "reason": "x",
        "state": "declined",
        "month": "2026-01",
    }
    row |= {"asked_by_id": desk.ada, "asked_at": utcnow(), "settled_at": utcnow(), "words": "", "is_told": True}
    for size in (10, 990):
        rows = [row | {"key": f"{size} {n}"} for n in range(size)]
        database.write(lambda s, rows=rows: s.execute(Adjustment.__table__.insert(), rows))
        with count_queries() as counted:
            assert client.get("/admin/corrections").status_code == 200
        totals.append(counted.total)
    assert totals[0] == totals[1]

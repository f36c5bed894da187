"""The waiting list looked at again: a sale begins by its date, a condition changes, or who was told left; everybody is told once."""

from datetime import date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from portal.kernel.actor import EMPLOYEE, system
from portal.kernel.clock import end_of_day, local_date, start_of_day, utcnow
from portal.kernel.db import Database, programme_zone
from portal.ledger.models import transfer
from portal.notifications.models import OutboxJob
from portal.people.actions.states import change_roles
from portal.recognition.models import Level
from portal.review.rules.undoing import UNDO_WITHIN
from portal.rewards.actions.catalogue import adjust_stock, retire_reward, set_options
from portal.rewards.actions.conditions import set_conditions
from portal.rewards.actions.returns import TELL
from portal.rewards.actions.review import decline_redemption
from portal.rewards.actions.untold import tell_of_untold
from portal.rewards.actions.variants import add_variant, adjust_variant
from portal.rewards.actions.waiting import leave_waiting
from portal.rewards.jobs import look_at_waiting, tell_waiting
from portal.rewards.models.waiting import StockReturn
from portal.rewards.queries.waiting import Shelf
from portal.rewards.rules.waiting import nobody_knows
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_redemption, make_reward
from tests.rewards.racing import all_at_once
from tests.rewards.test_waiting import told, waiters, work
from tests.support.counting import CountQueries
from tests.support.patient import patient


@pytest.mark.parametrize(
    ("stock", "who_know", "untold", "pieces"),
    [(3, 0, 5, 3), (3, 1, 5, 2), (3, 4, 5, 0), (3, 0, 1, 1), (None, 7, 5, 5), (0, 0, 5, 0)],
)
def test_nobody_knows_of_pieces_beyond_those_who_were_told(stock: int | None, who_know: int, untold: int, pieces: int) -> None:
    assert nobody_knows(stock=stock, who_know=who_know, untold=untold) == pieces


def looked(database: Database, at=None) -> list[int]:
    """Let the tick look twice, work off what it promised twice, and return whom that told."""
    before = told(database)
    look_at_waiting(database, at or utcnow())
    work(database)
    assert look_at_waiting(database, at or utcnow()) == 0, "nothing is promised twice"
    work(database)
    return told(database)[len(before) :]


def _days(session: Session) -> tuple[date, date]:
    today = local_date(utcnow(), programme_zone(session))
    return today, today + timedelta(days=1)


def test_a_sale_that_begins_by_its_date_calls_as_many_as_there_are_pieces_once(database: Database) -> None:
    def scene(session: Session) -> tuple[list[int], list[int], date]:
        _today, tomorrow = _days(session)
        counted, shirt = make_reward(session, stock=0), make_reward(session, kind="merchandise")
        size = add_variant(session, system(), reward_id=shirt.id, name="M", stock=0, now=utcnow())
        people, others = waiters(session, counted.id, 3), waiters(session, shirt.id, 2, variant_id=size.id)
        for reward in (counted, shirt):
            set_conditions(session, system(), reward_id=reward.id, sale_from=tomorrow, now=utcnow())
        adjust_stock(session, system(), reward_id=counted.id, change=2, now=utcnow())
        adjust_variant(session, system(), reward_id=shirt.id, variant_id=size.id, change=1, now=utcnow())
        return people, others, tomorrow

    people, others, tomorrow = database.write(scene)
    work(database)
    assert looked(database) == [], "before its day nobody is called"
    with database.reading() as session:
        last = session.scalar(select(func.max(StockReturn.id))) or 0
        moved, begins = session.scalar(select(func.count()).select_from(transfer)), start_of_day(tomorrow, programme_zone(session))
        assert end_of_day(tomorrow - timedelta(days=1), programme_zone(session)) == begins
    look_at_waiting(database, begins)
    with database.reading() as session:
        rows = session.execute(select(StockReturn.pieces, StockReturn.id).where(StockReturn.id > last).order_by(StockReturn.id)).all()
        assert [row.pieces for row in rows] == [2, 1]
    for row in [*rows, *rows]:
        tell_waiting(database, {"return_id": row.id}, begins + timedelta(minutes=5))
    assert told(database) == [*people[:2], others[0]]
    assert look_at_waiting(database, begins + timedelta(minutes=30)) == 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(transfer)) == moved, "it charges nothing"


def test_another_first_day_of_sale_tells_nobody_again_unless_it_is_still_to_come(database: Database) -> None:
    """On sale all the time, whatever day is written as its first: no sale began. Put off, it begins on its day, for all who wait."""

    def scene(session: Session) -> tuple[int, list[int]]:
        reward = make_reward(session, stock=0)
        people = waiters(session, reward.id, 3)
        adjust_stock(session, system(), reward_id=reward.id, change=2, now=utcnow())
        return reward.id, people

    reward_id, people = database.write(scene)
    work(database)
    assert told(database) == people[:2]
    later = utcnow() + timedelta(days=3)

    def begin(days: int) -> date:
        def write(session: Session) -> date:
            first = local_date(later, programme_zone(session)) + timedelta(days=days)
            set_conditions(session, system(), reward_id=reward_id, sale_from=first, now=later)
            return first

        return database.write(write)

    for days in (-1, 0, -2):
        begin(days)
        assert look_at_waiting(database, later) == 0
    first = begin(1)
    assert look_at_waiting(database, later) == 0
    with database.reading() as session:
        opened = start_of_day(first, programme_zone(session))
    assert look_at_waiting(database, opened) == 1
    with database.reading() as session:
        (newest,) = session.scalars(select(StockReturn.id).order_by(StockReturn.id.desc()).limit(1))
    tell_waiting(database, {"return_id": newest}, opened)
    assert told(database)[2:] == [people[2], people[0]]
    assert look_at_waiting(database, opened) == 0


def test_days_that_are_moved_so_that_it_is_on_sale_again_call_at_once(database: Database) -> None:
    def scene(session: Session) -> list[int]:
        today, _tomorrow = _days(session)
        reward = make_reward(session, stock=0)
        people = waiters(session, reward.id, 2)
        set_conditions(session, system(), reward_id=reward.id, sale_to=today - timedelta(days=1), now=utcnow())
        adjust_stock(session, system(), reward_id=reward.id, change=1, now=utcnow())
        set_conditions(session, system(), reward_id=reward.id, sale_to=today, now=utcnow())
        set_conditions(session, system(), reward_id=reward.id, sale_to=today + timedelta(days=1), now=utcnow())
        return people

    people = database.write(scene)
    work(database)
    assert told(database) == people[:1]
    assert looked(database) == [], "of one piece one person is told"


def test_who_may_have_it_now_is_told_of_what_stood_there_unheard_of(database: Database) -> None:
    """A level that is no longer asked for, or is reached: pieces that nobody could be told of find their people."""

    def scene(session: Session) -> tuple[int, list[int]]:
        level = session.scalars(select(Level).where(Level.threshold > 0).order_by(Level.threshold)).first()
        assert level is not None
        reward = make_reward(session, stock=0)
        people = waiters(session, reward.id, 3)
        set_conditions(session, system(), reward_id=reward.id, level_id=level.id, now=utcnow())
        adjust_stock(session, system(), reward_id=reward.id, change=2, now=utcnow())
        return reward.id, people

    reward_id, people = database.write(scene)
    assert work(database) == [[]]
    assert looked(database) == []
    database.write(lambda s: give_points(s, people[2], 100_000))
    assert looked(database) == [people[2]], "who reached the level"
    database.write(lambda s: set_conditions(s, system(), reward_id=reward_id, now=utcnow()))
    assert looked(database) == [people[0]], "of two pieces two people know now"
    database.write(lambda s: leave_waiting(s, acting(people[0]), reward_id=reward_id, now=utcnow()))
    assert looked(database) == [people[1]], "who leaves the list passes it on"
    database.write(lambda s: retire_reward(s, system(), reward_id=reward_id, now=utcnow()))
    assert looked(database) == []


def test_a_piece_that_an_undo_may_still_take_is_left_to_its_own_telling(database: Database) -> None:
    """Declined in the queue, it is back on the shelf at once, and told of when the minute is over: the tick says nothing before."""

    def scene(session: Session) -> tuple[int, int, list[int]]:
        reward, person_id, admin_id = make_reward(session, stock=1), make_person(session).id, make_admin(session).id
        give_points(session, person_id, 1_000)
        return make_redemption(session, person_id, reward.id).id, admin_id, waiters(session, reward.id, 2)

    redemption_id, admin_id, people = database.write(scene)
    now = utcnow()
    database.write(lambda s: decline_redemption(s, as_admin(admin_id), redemption_id=redemption_id, reason="No", now=now) and None)
    assert look_at_waiting(database, now + timedelta(seconds=30)) == 0
    with database.reading() as session:
        jobs = session.scalars(select(OutboxJob.available_at).where(OutboxJob.topic == TELL)).all()
    assert jobs == [now + UNDO_WITHIN]
    work(database)
    assert told(database) == people[:1]


@pytest.mark.parametrize("loses", ["the role", "the level"])
def test_who_was_told_and_may_have_it_no_more_keeps_no_piece_from_the_others(database: Database, loses: str) -> None:
    def scene(session: Session) -> tuple[int, list[int]]:
        reward = make_reward(session, stock=0)
        people = waiters(session, reward.id, 3)
        adjust_stock(session, system(), reward_id=reward.id, change=1, now=utcnow())
        return reward.id, people

    reward_id, people = database.write(scene)
    work(database)
    assert told(database) == people[:1]

    def lose(session: Session) -> None:
        if loses == "the role":
            change_roles(session, system(), person_id=people[0], roles=[EMPLOYEE], now=utcnow())
            return
        level = session.scalars(select(Level).where(Level.threshold > 0).order_by(Level.threshold)).first()
        assert level is not None
        give_points(session, people[1], 100_000)
        set_conditions(session, system(), reward_id=reward_id, level_id=level.id, now=utcnow())

    database.write(lose)
    assert looked(database) == [people[1]]


def test_a_shelf_that_nobody_may_have_is_looked_at_without_locks(database: Database) -> None:
    """However many wait who may not have what lies there: who redeems or joins meanwhile waits for nothing."""

    def scene(session: Session) -> None:
        level = session.scalars(select(Level).where(Level.threshold > 0).order_by(Level.threshold)).first()
        assert level is not None
        reward = make_reward(session, stock=0)
        waiters(session, reward.id, 3)
        set_conditions(session, system(), reward_id=reward.id, level_id=level.id, now=utcnow())
        adjust_stock(session, system(), reward_id=reward.id, change=2, now=utcnow())

    database.write(scene)
    work(database)
    said: list[str] = []
    listen = lambda _connection, _cursor, statement, *_rest: said.append(statement)  # noqa: E731
    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        assert look_at_waiting(database, utcnow()) == 0
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    assert any("FROM reward_wait" in one for one in said)
    assert not [one for one in said if "FOR UPDATE" in one or "FOR NO KEY UPDATE" in one or one.startswith(("UPDATE", "BEGIN IMMEDIATE"))]


def test_looking_beside_a_return_of_stock_tells_nobody_twice(database: Database) -> None:
    for _ in range(4):
        reward_id, people = database.write(lambda s: (lambda r: (r, waiters(s, r, 4)))(make_reward(s, stock=0).id))
        works = [partial(tell_of_untold, shelf=Shelf(reward_id), now=utcnow())] * 3
        with patient(database) as shared:
            back = [lambda s, r=reward_id: adjust_stock(s, system(), reward_id=r, change=1, now=utcnow())] * 2
            assert all_at_once(shared, [*back, *works])["done"] == 5
        before = told(database)
        work(database)
        assert told(database)[len(before) :] == people[:2]
        assert looked(database) == []


def test_finding_shelves_costs_the_same_with_ten_and_with_many(database: Database, count_queries: CountQueries) -> None:
    totals = []
    for many in (2, 20):
        database.write(lambda s, many=many: [waiters(s, make_reward(s, stock=0).id, 1) for _ in range(many)])
        with count_queries() as counted:
            assert look_at_waiting(database, utcnow()) == 0
        totals.append(counted.total)
    assert totals[0] == totals[1]


def test_a_telling_that_was_given_up_keeps_its_shelf_quiet_no_longer(database: Database) -> None:
    def scene(session: Session) -> list[int]:
        reward = make_reward(session, stock=0)
        people = waiters(session, reward.id, 2)
        adjust_stock(session, system(), reward_id=reward.id, change=1, now=utcnow())
        return people

    people = database.write(scene)
    assert look_at_waiting(database, utcnow()) == 0, "it is under way"
    job = OutboxJob.key.like("stock-return:%")
    database.write(lambda s: s.execute(update(OutboxJob).where(job).values(dead_at=utcnow())))
    assert look_at_waiting(database, utcnow()) == 1
    work(database)
    assert told(database) == people[:1]
    database.write(lambda s: s.execute(update(OutboxJob).where(job, OutboxJob.dead_at.is_not(None)).values(dead_at=None)))
    work(database)
    assert told(database) == people[:1], "sent again, it calls nobody to a piece that is known"


@pytest.mark.parametrize("is_on_dates", [False, True])
def test_nobody_is_told_of_what_is_over(database: Database, is_on_dates: bool) -> None:
    """Neither when the told one leaves, nor when an admin counts: it could not be redeemed."""

    def scene(session: Session) -> tuple[int, int | None, list[int]]:
        day = _days(session)[1]
        if is_on_dates:
            reward, variant_id = make_reward(session, kind="experience"), None
            variant_id = add_variant(session, system(), reward_id=reward.id, name="Tour", happens_on=day, stock=0, now=utcnow()).id
        else:
            reward, variant_id = make_reward(session, kind="event", stock=0), None
            set_options(session, system(), reward_id=reward.id, given={"happens_on": day.isoformat(), "place": "Hall"}, now=utcnow())
        people = waiters(session, reward.id, 3, variant_id=variant_id)
        return reward.id, variant_id, people

    reward_id, variant_id, people = database.write(scene)

    def add(session: Session, now: datetime) -> None:
        if variant_id is None:
            adjust_stock(session, system(), reward_id=reward_id, change=1, now=now)
        else:
            adjust_variant(session, system(), reward_id=reward_id, variant_id=variant_id, change=1, now=now)

    database.write(lambda session: add(session, utcnow()))
    work(database)
    assert told(database) == people[:1], "before its day"
    later = utcnow() + timedelta(days=10)
    database.write(lambda session: leave_waiting(session, acting(people[0]), reward_id=reward_id, variant_id=variant_id, now=later))
    assert look_at_waiting(database, later) == 0
    database.write(lambda session: add(session, later))
    with database.reading() as session:
        rows = list(session.scalars(select(StockReturn.id)))
    for row in rows:
        tell_waiting(database, {"return_id": row}, later)
    assert told(database) == people[:1]

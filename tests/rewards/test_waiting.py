"""The waiting list of what is sold out: who joins, who is told, in which order, and how often."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.rules import MAIL_TOPIC
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from portal.receiving.actions.accepting import answer
from portal.receiving.rules import refusals as receiving_refusals
from portal.receiving.rules.accepting import Rule, Stance
from portal.rewards.actions.catalogue import adjust_stock, publish_reward, retire_reward, uncount_stock
from portal.rewards.actions.fulfilling import return_redemption, send_redemption
from portal.rewards.actions.redeeming import cancel_redemption
from portal.rewards.actions.returns import TELL
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.actions.variants import add_variant, adjust_variant, change_variant
from portal.rewards.actions.waiting import join_waiting, leave_waiting, tell_some
from portal.rewards.jobs import tell_waiting
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.models.waiting import RewardWait, StockReturn
from portal.rewards.queries.waiting import count_waiting, own_waits
from portal.rewards.rules.refusals.offering import LimitReached, RewardNotOffered
from portal.rewards.rules.refusals.redeeming import DateIsOver, VariantGone, VariantNeeded
from portal.rewards.rules.waiting import NotSoldOut, may_be_told, was_empty
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import WITH_ADDRESS, acting, as_admin, make_redemption, make_reward
from tests.rewards.racing import all_at_once
from tests.rewards.test_conditions import meant_for
from tests.support.application import SignIn
from tests.support.counting import CountQueries
from tests.support.patient import patient


def waiters(session: Session, reward_id: int, many: int, *, variant_id: int | None = None) -> list[int]:
    """Let so many people wait, in the order of what is returned."""
    people = [make_person(session).id for _ in range(many)]
    for place, person_id in enumerate(people):
        at = utcnow() - timedelta(hours=1) + timedelta(seconds=place)
        join_waiting(session, acting(person_id), reward_id=reward_id, variant_id=variant_id, now=at)
    return people


def work(database: Database) -> list[list[int]]:
    """Do every promised telling once, oldest first, twice over; return whom each told."""
    done = []
    with database.reading() as session:
        promised = session.execute(select(OutboxJob.payload).where(OutboxJob.topic == TELL).order_by(OutboxJob.id)).scalars().all()
    for payload in promised:
        before = told(database)
        tell_waiting(database, payload, utcnow())
        tell_waiting(database, payload, utcnow())
        done.append(told(database)[len(before) :])
    return done


def told(database: Database) -> list[int]:
    """Return who was told that something is back, in the order of the telling."""
    with database.reading() as session:
        return list(session.scalars(select(Notice.person_id).where(Notice.kind == "reward_back").order_by(Notice.id)))


@pytest.mark.parametrize(
    ("open_pieces", "stock", "told_since", "more"),
    [(3, 3, 0, 3), (3, 1, 0, 1), (3, 0, 0, 0), (3, None, 5, 3), (1, 1, 1, 0), (1, 2, 1, 1), (2, 1, 4, 0)],
)
def test_as_many_may_be_told_as_there_are_pieces_nobody_was_told_of(open_pieces: int, stock: int | None, told_since: int, more: int) -> None:
    assert may_be_told(open_pieces=open_pieces, stock=stock, told_since=told_since) == more


def test_a_shelf_was_empty_when_all_that_stands_on_it_just_came() -> None:
    assert [was_empty(left=left, came=2) for left in (1, 2, 3)] == [True, True, False]


def test_joining_costs_nothing_twice_is_once_and_leaving_is_one_press(database: Database) -> None:
    def scene(session: Session) -> None:
        person = make_person(session)
        reward = make_reward(session, stock=0)
        for _ in range(2):
            join_waiting(session, acting(person.id), reward_id=reward.id, now=utcnow())
        rows = own_waits(session, person.id).rows
        assert [(row[1].id, row.place, row.of) for row in rows] == [(reward.id, 1, 1)]
        for _ in range(2):
            leave_waiting(session, acting(person.id), reward_id=reward.id, now=utcnow())
        assert count_waiting(session, reward.id) == 0

    database.write(scene)


def test_only_what_is_sold_out_and_offered_can_be_waited_for(database: Database) -> None:
    def refused(session: Session, refusal: type[Exception], **given: object) -> None:
        with pytest.raises(refusal):
            join_waiting(session, **{"now": utcnow(), **given})

    def scene(session: Session) -> None:
        me = acting(make_person(session).id)
        there, endless, gone = make_reward(session, stock=1), make_reward(session), make_reward(session, stock=0)
        refused(session, NotSoldOut, actor=me, reward_id=there.id)
        refused(session, NotSoldOut, actor=me, reward_id=endless.id)
        refused(session, NotAllowed, actor=acting(make_employee(session).id, "employee"), reward_id=gone.id)
        retire_reward(session, system(), reward_id=gone.id, now=utcnow())
        refused(session, RewardNotOffered, actor=me, reward_id=gone.id)
        shirt = make_reward(session, kind="merchandise")
        other = add_variant(session, system(), reward_id=make_reward(session, kind="merchandise").id, name="M", stock=0, now=utcnow())
        add_variant(session, system(), reward_id=shirt.id, name="S", stock=0, now=utcnow())
        refused(session, VariantNeeded, actor=me, reward_id=shirt.id)
        refused(session, VariantGone, actor=me, reward_id=shirt.id, variant_id=other.id)
        refused(session, VariantGone, actor=me, reward_id=shirt.id, variant_id=0)
        past = make_reward(session, kind="experience", price=5)
        day = utcnow().date() - timedelta(days=3)
        evening = add_variant(session, system(), reward_id=past.id, name="Evening", happens_on=day, stock=0, now=utcnow())
        refused(session, DateIsOver, actor=me, reward_id=past.id, variant_id=evening.id)
        last = make_reward(session, stock=1, limit_per_person=1, price=10)
        give_points(session, me.id, 10)
        make_redemption(session, me.id, last.id)
        refused(session, LimitReached, actor=me, reward_id=last.id)

    database.write(scene)


def test_who_may_not_receive_it_can_neither_wait_nor_is_told(database: Database) -> None:
    def scene(session: Session) -> tuple[int, list[int]]:
        reward = make_reward(session, stock=0, kind="merchandise")
        people = waiters(session, reward.id, 3)
        answer(session, acting(people[0]), rule=Rule(Stance.NOTHING), now=utcnow())
        deactivate_person(session, as_admin(make_admin(session).id), person_id=people[1], reason="Left", now=utcnow())
        with pytest.raises(receiving_refusals.MayNotAccept):
            join_waiting(session, acting(people[0]), reward_id=reward.id, now=utcnow())
        adjust_stock(session, system(), reward_id=reward.id, change=3, now=utcnow())
        return reward.id, people

    _, people = database.write(scene)
    assert work(database) == [[people[2]]]


def test_as_many_are_told_as_pieces_came_back_oldest_first_and_by_mail(database: Database) -> None:
    def scene(session: Session) -> tuple[int, list[int]]:
        reward = make_reward(session, stock=0)
        people = waiters(session, reward.id, 5)
        adjust_stock(session, system(), reward_id=reward.id, change=2, now=utcnow())
        return reward.id, people

    reward_id, people = database.write(scene)
    assert told(database) == []  # the job tells, not the click of the admin
    assert work(database) == [people[:2]]
    with database.reading() as session:
        mails = session.scalar(select(func.count()).select_from(OutboxJob).where(OutboxJob.topic == MAIL_TOPIC))
        link = session.scalars(select(Notice.link).where(Notice.kind == "reward_back")).first()
    assert (mails, link) == (2, f"/rewards/{reward_id}")
    # More come while those two stand there still: the next ones are told, nobody twice.
    database.write(lambda s: adjust_stock(s, system(), reward_id=reward_id, change=1, now=utcnow()))
    assert work(database) == [[], [people[2]]]
    # Sold out again and back: who was told stands behind who was not.
    database.write(lambda s: adjust_stock(s, system(), reward_id=reward_id, change=-3, now=utcnow()))
    database.write(lambda s: adjust_stock(s, system(), reward_id=reward_id, change=3, now=utcnow()))
    assert work(database)[-1] == [people[3], people[4], people[0]]


def back_by_declining(session: Session, redemption: Redemption, admin: int) -> None:
    decline_redemption(session, as_admin(admin), redemption_id=redemption.id, reason="No", now=utcnow())


def back_by_cancelling(session: Session, redemption: Redemption, admin: int) -> None:
    cancel_redemption(session, acting(redemption.person_id), redemption_id=redemption.id, now=utcnow())


def back_by_returning(session: Session, redemption: Redemption, admin: int) -> None:
    facts = {"redemption_id": redemption.id, "now": utcnow()}
    approve_redemption(session, as_admin(admin), **facts)
    send_redemption(session, as_admin(admin), **facts)
    return_redemption(session, as_admin(admin), reason="Came back", **facts)


@pytest.mark.parametrize("way", [back_by_declining, back_by_cancelling, back_by_returning])
@pytest.mark.parametrize("in_variants", [False, True])
def test_a_piece_that_is_given_back_calls_the_first_in_line(database: Database, way: object, in_variants: bool) -> None:
    def scene(session: Session) -> list[int]:
        reward = make_reward(session, kind="merchandise", stock=None if in_variants else 1, price=10)
        variant = add_variant(session, system(), reward_id=reward.id, name="M", stock=1, now=utcnow()).id if in_variants else None
        buyer, admin = make_person(session).id, make_admin(session).id
        give_points(session, buyer, 10)
        asked = type(WITH_ADDRESS)(variant_id=variant, address=WITH_ADDRESS.address)
        redemption = make_redemption(session, buyer, reward.id, asked=asked)
        people = waiters(session, reward.id, 2, variant_id=variant)
        way(session, redemption, admin)
        return people

    people = database.write(scene)
    assert work(database) == [people[:1]]


def test_nothing_is_promised_where_nobody_waits_and_nothing_is_told_of_what_is_gone_again(database: Database) -> None:
    def scene(session: Session) -> tuple[int, list[int]]:
        quiet, reward = make_reward(session, stock=0), make_reward(session, stock=0, price=10)
        adjust_stock(session, system(), reward_id=quiet.id, change=5, now=utcnow())
        people = waiters(session, reward.id, 2)
        adjust_stock(session, system(), reward_id=reward.id, change=1, now=utcnow())
        give_points(session, people[1], 10)
        make_redemption(session, people[1], reward.id)
        return reward.id, people

    reward_id, people = database.write(scene)
    assert work(database) == [[]]
    with database.reading() as session:
        assert session.scalars(select(RewardWait.person_id).where(RewardWait.reward_id == reward_id)).all() == people[:1]


def test_who_redeems_it_is_off_the_list_and_off_no_other(database: Database) -> None:
    def scene(session: Session) -> None:
        reward = make_reward(session, kind="merchandise", price=10)
        small, large = (add_variant(session, system(), reward_id=reward.id, name=name, stock=0, now=utcnow()).id for name in ("S", "L"))
        person = make_person(session).id
        give_points(session, person, 10)
        for variant_id in (small, large):
            join_waiting(session, acting(person), reward_id=reward.id, variant_id=variant_id, now=utcnow())
        adjust_variant(session, system(), reward_id=reward.id, variant_id=small, change=1, now=utcnow())
        make_redemption(session, person, reward.id, asked=type(WITH_ADDRESS)(variant_id=small, address=WITH_ADDRESS.address))
        assert session.scalars(select(RewardWait.variant_id)).all() == [large]

    database.write(scene)


def test_what_is_offered_again_or_never_runs_out_is_told_to_all_it_is_there_for(database: Database) -> None:
    def scene(session: Session) -> tuple[list[int], list[int], list[int]]:
        endless, again = make_reward(session, stock=0), make_reward(session, stock=0)
        shirt = make_reward(session, kind="merchandise")
        variant = add_variant(session, system(), reward_id=shirt.id, name="M", stock=0, now=utcnow())
        first, second, third = waiters(session, endless.id, 3), waiters(session, again.id, 3), waiters(session, shirt.id, 2, variant_id=variant.id)
        uncount_stock(session, system(), reward_id=endless.id, now=utcnow())
        retire_reward(session, system(), reward_id=again.id, now=utcnow())
        adjust_stock(session, system(), reward_id=again.id, change=2, now=utcnow())
        given = {"reward_id": shirt.id, "variant_id": variant.id, "name": "M", "happens_on": None, "position": 1, "now": utcnow()}
        change_variant(session, system(), is_active=False, **given)
        adjust_variant(session, system(), reward_id=shirt.id, variant_id=variant.id, change=1, now=utcnow())
        return first, second, third

    first, second, third = database.write(scene)
    assert work(database) == [first, [], []]  # what is not offered calls nobody

    def offered(session: Session) -> None:
        rewards = {wait.person_id: wait for wait in session.scalars(select(RewardWait))}
        again, shirt = rewards[second[0]], rewards[third[0]]
        publish_reward(session, system(), reward_id=again.reward_id, now=utcnow())
        publish_reward(session, system(), reward_id=again.reward_id, now=utcnow())
        given = {"reward_id": shirt.reward_id, "variant_id": shirt.variant_id, "name": "M", "happens_on": None, "position": 1}
        change_variant(session, system(), is_active=True, **given, now=utcnow())

    database.write(offered)
    assert work(database)[3:] == [second[:2], third[:1]]


def test_many_are_told_in_several_short_transactions_and_a_stopped_one_goes_on(database: Database) -> None:
    def scene(session: Session) -> list[int]:
        reward = make_reward(session, stock=0)
        people = waiters(session, reward.id, 230)
        adjust_stock(session, system(), reward_id=reward.id, change=220, now=utcnow())
        return people

    people = database.write(scene)
    with database.reading() as session:
        return_id = session.scalars(select(StockReturn.id)).one()
    assert database.write(partial(tell_some, return_id=return_id, now=utcnow()))  # and then the worker is killed
    assert told(database) == people[:100]
    assert work(database) == [people[100:220]]
    with database.reading() as session:
        back = session.get_one(StockReturn, return_id)
    assert (back.pieces, back.told, back.open) == (220, 220, 0)


def test_eight_windows_join_once(database: Database) -> None:
    person_id, reward_id = database.write(lambda s: (make_person(s).id, make_reward(s, stock=0).id))
    works = [lambda s: join_waiting(s, acting(person_id), reward_id=reward_id, now=utcnow())] * 8
    with patient(database) as shared:
        assert all_at_once(shared, works) == {"done": 8}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RewardWait)) == 1


def test_two_returns_at_once_call_two_people_and_nobody_twice(database: Database) -> None:
    for _ in range(5):
        reward_id, people = database.write(lambda s: (lambda r: (r, waiters(s, r, 4)))(make_reward(s, stock=0).id))
        with patient(database) as shared:
            back = [lambda s, r=reward_id: adjust_stock(s, system(), reward_id=r, change=1, now=utcnow())] * 2
            assert all_at_once(shared, back) == {"done": 2}
            with shared.reading() as session:
                ids = session.scalars(select(StockReturn.id).where(StockReturn.reward_id == reward_id)).all()
            at = utcnow()
            all_at_once(shared, [partial(tell_some, return_id=return_id, now=at) for return_id in ids * 4])
        with database.reading() as session:
            called = session.scalars(select(Notice.person_id).where(Notice.link == f"/rewards/{reward_id}").order_by(Notice.person_id)).all()
        assert called == people[:2]


def test_who_joins_while_a_piece_comes_back_is_told_or_refused_and_never_left_waiting(database: Database) -> None:
    for _ in range(10):
        person_id, reward_id = database.write(lambda s: (make_person(s).id, make_reward(s, stock=0).id))

        def join(session: Session, who: int = person_id, what: int = reward_id) -> None:
            join_waiting(session, acting(who), reward_id=what, now=utcnow())

        def raise_stock(session: Session, what: int = reward_id) -> None:
            adjust_stock(session, system(), reward_id=what, change=1, now=utcnow())

        with patient(database) as shared:
            counted = all_at_once(shared, [join, raise_stock])
        with database.reading() as session:
            promised = session.scalars(select(StockReturn.id).where(StockReturn.reward_id == reward_id)).all()
        assert (counted["NotSoldOut"], len(promised)) in {(1, 0), (0, 1)}


def test_a_member_joins_reads_their_place_and_leaves_on_the_page(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int]:
        reward = make_reward(session, name="Wool overshirt", stock=0)
        waiters(session, reward.id, 2)
        return make_person(session).id, reward.id

    person_id, reward_id = database.write(scene)
    client = sign_in(person_id)
    assert "Join the waiting list" in client.get(f"/rewards/{reward_id}").text
    assert client.post(f"/rewards/{reward_id}/wait").status_code == 303
    assert "You are number 3 of 3 on the waiting list." in client.get(f"/rewards/{reward_id}").text
    assert "Number 3 of 3" in client.get("/rewards/wishes?show=waiting").text
    gone = client.post(f"/rewards/{reward_id}/leave", data={"next": "/rewards/wishes?show=waiting"})
    assert (gone.status_code, gone.location) == (303, "/rewards/wishes?show=waiting")
    assert "You wait for nothing" in client.get("/rewards/wishes?show=waiting").text
    database.write(lambda s: adjust_stock(s, system(), reward_id=reward_id, change=1, now=utcnow()))
    late = client.post(f"/rewards/{reward_id}/wait")
    assert late.status_code == 409
    assert "There is one left: you can redeem it now." in late.text


def test_admins_see_how_many_wait_and_who(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int]:
        reward = make_reward(session, name="Wool overshirt", stock=0)
        first = make_person(session, name="Amara Okafor")
        join_waiting(session, acting(first.id), reward_id=reward.id, now=utcnow() - timedelta(days=2))
        waiters(session, reward.id, 60)
        return make_admin(session).id, reward.id

    admin_id, reward_id = database.write(scene)
    client = sign_in(admin_id)
    page = client.get(f"/admin/rewards/{reward_id}").text
    assert "61 people wait for it." in page
    assert "Amara Okafor" in page
    whole = client.get(f"/admin/rewards/{reward_id}/waiting").text
    assert "61 people wait." in whole
    assert "Next page" in whole
    lines = client.get(f"/admin/rewards/{reward_id}/waiting?format=csv").text.splitlines()
    assert (len(lines), lines[1].split(",")[:2]) == (62, ["1", "Amara Okafor"])


def test_the_waiting_list_costs_the_same_with_ten_and_with_three_hundred_rows(
    database: Database, sign_in: SignIn, count_queries: CountQueries
) -> None:
    admin_id, person_id, reward_id = database.write(lambda s: (make_admin(s).id, make_person(s).id, make_reward(s, stock=0).id))
    at: datetime = utcnow()

    def more(session: Session, many: int) -> None:
        waiting = {"variant_id": None, "joined_at": at, "turn_at": at, "told_at": None}
        plain = {c.name: getattr(session.get(Reward, reward_id), c.name) for c in Reward.__table__.columns if c.name not in ("id", "made_by")}
        them = {c.name: getattr(session.get(Person, person_id), c.name) for c in Person.__table__.columns if c.name != "id"}
        copies = [Reward(**plain | {"name": f"Copy {many} {n}"}) for n in range(many)]
        people = [Person(**them | {"email_key": f"{many}-{n}@copy.example", "board_name_key": None}) for n in range(many)]
        session.add_all([*copies, *people])
        session.flush()
        session.add_all(RewardWait(reward_id=reward_id, person_id=person.id, **waiting) for person in people)
        session.add_all(RewardWait(reward_id=copy.id, person_id=person_id, **waiting) for copy in copies)

    totals = []
    for many in (10, 290):
        database.write(lambda s, many=many: more(s, many))
        asked = {}
        for who, path in (
            (person_id, "/rewards/wishes?show=waiting"),
            (person_id, f"/rewards/{reward_id}"),
            (admin_id, f"/admin/rewards/{reward_id}/waiting"),
            (admin_id, f"/admin/rewards/{reward_id}"),
        ):
            client = sign_in(who)
            with count_queries() as counted:
                assert client.get(path).status_code == 200
            asked[path] = counted.total
        totals.append(asked)
    assert totals[0] == totals[1]


@pytest.mark.parametrize("many", [10, 100])
def test_what_a_page_of_those_who_wait_asked_for_is_read_at_once(database: Database, count_queries: CountQueries, many: int) -> None:
    def scene(session: Session) -> int:
        reward = make_reward(session, stock=0)
        for person in waiters(session, reward.id, many):
            answer(session, acting(person), rule=Rule(Stance.MAY, year_cents=50_000), now=utcnow())
        adjust_stock(session, system(), reward_id=reward.id, change=1, now=utcnow())
        return reward.id

    database.write(scene)
    with count_queries() as counted:
        work(database)
    assert counted.total <= 40, counted


@pytest.mark.parametrize("many", [10, 100])
def test_whom_an_audience_does_not_mean_is_found_out_for_a_page_at_once(database: Database, count_queries: CountQueries, many: int) -> None:
    def scene(session: Session) -> int:
        reward = make_reward(session, stock=0)
        people = waiters(session, reward.id, many)
        meant_for(session, reward.id, people[-1])
        adjust_stock(session, system(), reward_id=reward.id, change=1, now=utcnow())
        return people[-1]

    last = database.write(scene)
    with count_queries() as counted:
        assert work(database) == [[last]]
    assert counted.total <= 40, counted

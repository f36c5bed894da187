"""Wishes: a heart on a reward, a list that says how far one is from each, and one notice when something comes within reach."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, NotFound
from portal.notifications.models import Notice
from portal.receiving.actions.accepting import answer
from portal.receiving.rules.accepting import Rule, Stance
from portal.receiving.rules.value import value_in_cents
from portal.recognition.actions.scores import adjust
from portal.recognition.queries.levels import list_levels
from portal.rewards.actions.catalogue import adjust_stock, change_reward, retire_reward
from portal.rewards.actions.conditions import set_conditions
from portal.rewards.actions.redeeming import cancel_redemption
from portal.rewards.actions.wishes import unwish, wish
from portal.rewards.actions.worth import set_value
from portal.rewards.jobs import tell_of_wishes
from portal.rewards.models.offering import Reward
from portal.rewards.models.waiting import RewardWish
from portal.rewards.queries.acceptable import most_price
from portal.rewards.queries.catalogue import within_reach
from portal.rewards.queries.conditions import shopper_of
from portal.rewards.queries.wishes import wished
from portal.rewards.rules.refusals.offering import RewardNotOffered
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_draft, make_redemption, make_reward
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.counting import CountQueries
from tests.support.patient import patient


def made_wish(session: Session, *, has: int = 0, **reward: object) -> tuple[int, int]:
    """Let somebody with so many points wish for a new reward; return person and reward."""
    person_id, reward_id = make_person(session).id, make_reward(session, **reward).id
    if has:
        give_points(session, person_id, has)
    wish(session, acting(person_id), reward_id=reward_id, now=utcnow())
    return person_id, reward_id


def notices(database: Database, person_id: int) -> list[tuple[str, int]]:
    """Return what somebody was told of their wishes: the first of them, and how many more."""
    with database.reading() as session:
        told = session.scalars(select(Notice.data).where(Notice.person_id == person_id, Notice.kind == "wish_reached").order_by(Notice.id))
        return [(data["reward"], data["more"]) for data in told]


@pytest.mark.parametrize("value", ["0.03", "0.005", "1", "0.0333", "0"])
@pytest.mark.parametrize("cents", [-5, 0, 1, 50, 2_500, 99_999])
def test_the_highest_price_under_a_cap_is_what_counting_finds(value: str, cents: int) -> None:
    point = Decimal(value)
    most = most_price(cents, point)
    assert most is not None or (point == 0 and cents >= 0)
    for price in range(max((most or 0) - 3, 1), (most or 0) + 4):
        fits = value_in_cents(own=None, price=price, point_value=point) <= cents
        assert fits == (most is None or price <= most)


def test_a_heart_pressed_twice_is_one_wish_and_pressed_again_is_none(database: Database) -> None:
    def scene(session: Session) -> None:
        person_id, reward_id = made_wish(session)
        wish(session, acting(person_id), reward_id=reward_id, now=utcnow())
        assert wished(session, person_id, [reward_id, reward_id + 1]) == {reward_id}
        for _ in range(2):
            unwish(session, acting(person_id), reward_id=reward_id)
        assert wished(session, person_id, [reward_id]) == set()

    database.write(scene)


def test_eight_hearts_at_once_are_one_wish(database: Database) -> None:
    person_id, reward_id = database.write(lambda s: (make_person(s).id, make_reward(s).id))
    with patient(database) as shared:
        assert all_at_once(shared, [lambda s: wish(s, acting(person_id), reward_id=reward_id, now=utcnow())] * 8) == {"done": 8}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RewardWish)) == 1


def test_what_is_not_offered_cannot_be_wished_for_but_put_off_the_list(database: Database) -> None:
    def scene(session: Session) -> None:
        person_id, reward_id = made_wish(session)
        with pytest.raises(RewardNotOffered):
            wish(session, acting(person_id), reward_id=make_draft(session).id, now=utcnow())
        with pytest.raises(NotFound):
            wish(session, acting(person_id), reward_id=10_000, now=utcnow())
        with pytest.raises(NotAllowed):
            wish(session, acting(make_employee(session).id, "employee"), reward_id=reward_id, now=utcnow())
        retire_reward(session, system(), reward_id=reward_id, now=utcnow())
        unwish(session, acting(person_id), reward_id=reward_id)
        assert wished(session, person_id, [reward_id]) == set()

    database.write(scene)


def test_a_wish_that_comes_within_reach_is_told_once_for_each_crossing(database: Database) -> None:
    person_id, reward_id = database.write(lambda s: made_wish(s, has=60, name="Mug", price=100))
    assert tell_of_wishes(database, utcnow()) == 0
    database.write(lambda s: give_points(s, person_id, 50))
    assert [tell_of_wishes(database, utcnow()) for _ in range(3)] == [1, 0, 0]
    assert notices(database, person_id) == [("Mug", 0)]

    def spend(session: Session) -> int:
        return make_redemption(session, person_id, make_reward(session, price=90).id).id

    redemption_id = database.write(spend)
    assert tell_of_wishes(database, utcnow()) == 0  # out of reach, which is noted
    database.write(lambda s: cancel_redemption(s, acting(person_id), redemption_id=redemption_id, now=utcnow()))
    assert tell_of_wishes(database, utcnow()) == 1
    assert notices(database, person_id) == [("Mug", 0), ("Mug", 0)]

    def cheaper(session: Session) -> tuple[int, int]:
        reward = session.get_one(Reward, reward_id)
        other, far = made_wish(session, has=10, name="Cup", price=100)
        plain = {"summary": reward.summary, "text": "", "limit_per_person": None, "picture_id": None, "kind": "event", "now": utcnow()}
        change_reward(session, system(), reward_id=far, name="Cup", price=5, **plain)
        return other, far

    other, _ = database.write(cheaper)
    assert tell_of_wishes(database, utcnow()) == 1
    assert notices(database, other) == [("Cup", 0)]


def test_several_wishes_that_come_within_reach_together_are_one_notice(database: Database) -> None:
    def scene(session: Session) -> int:
        person_id, _ = made_wish(session, name="Mug", price=100)
        for name, price in (("Cap", 80), ("Coat", 120)):
            wish(session, acting(person_id), reward_id=make_reward(session, name=name, price=price).id, now=utcnow())
        give_points(session, person_id, 200)
        return person_id

    person_id = database.write(scene)
    assert tell_of_wishes(database, utcnow()) == 1
    assert notices(database, person_id) == [("Coat", 2)]


def test_nothing_is_told_of_what_cannot_be_had(database: Database) -> None:
    """Within reach when it was wished for, sold out, not offered, as many as one may have, not to be accepted."""

    def scene(session: Session) -> dict[str, int]:
        already, _ = made_wish(session, has=100, price=100)
        sold_out, gone = made_wish(session, price=100, stock=0)
        retired, off = made_wish(session, price=100)
        barred, _ = made_wish(session, price=100)
        has_it, one = made_wish(session, price=100, limit_per_person=1, has=100)
        make_redemption(session, has_it, one)
        wish(session, acting(has_it), reward_id=one, now=utcnow())
        retire_reward(session, system(), reward_id=off, now=utcnow())
        answer(session, acting(barred), rule=Rule(Stance.NOTHING), now=utcnow())
        for person_id in (sold_out, retired, barred, has_it):
            give_points(session, person_id, 100)
        return {"sold_out": sold_out, "gone": gone, "already": already}

    ids = database.write(scene)
    assert tell_of_wishes(database, utcnow()) == 0
    database.write(lambda s: adjust_stock(s, system(), reward_id=ids["gone"], change=1, now=utcnow()))
    assert tell_of_wishes(database, utcnow()) == 1
    assert notices(database, ids["sold_out"])


def test_two_workers_tell_once(database: Database) -> None:
    person_id = database.write(lambda s: made_wish(s, name="Mug", price=100)[0])
    database.write(lambda s: give_points(s, person_id, 100))
    at = utcnow()
    with patient(database) as shared, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: tell_of_wishes(shared, at + timedelta(milliseconds=n)), range(4)))
    assert notices(database, person_id) == [("Mug", 0)]


def test_redeeming_fulfils_the_wish(database: Database) -> None:
    def scene(session: Session) -> None:
        person_id, reward_id = made_wish(session, has=100, price=100)
        make_redemption(session, person_id, reward_id)
        assert wished(session, person_id, [reward_id]) == set()

    database.write(scene)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (Rule(Stance.MAY), ["Own value", "Cheap", "Cause", "Dear"]),
        (Rule(Stance.NOTHING), []),
        (Rule(Stance.CHARITY), ["Cause"]),
        (Rule(Stance.MAY, item_cents=600), ["Cheap", "Cause"]),
        (Rule(Stance.MAY, year_cents=600), ["Cheap", "Cause"]),
        (Rule(Stance.MAY, item_cents=20_000), ["Cheap", "Cause", "Dear"]),
    ],
)
def test_the_home_page_offers_only_what_somebody_may_accept(database: Database, rule: Rule, shown: list[str]) -> None:
    """What is worth 600 points at 3 cents is $18; a reward may have a value of its own."""

    def scene(session: Session) -> list[str]:
        person_id = make_person(session).id
        give_points(session, person_id, 1_000)
        own = make_reward(session, name="Own value", kind="perk", price=100)
        set_value(session, system(), reward_id=own.id, cents=50_000, now=utcnow())
        for name, kind, price in (("Cheap", "perk", 150), ("Cause", "donation", 200), ("Dear", "perk", 600)):
            make_reward(session, name=name, kind=kind, price=price)
        answer(session, acting(person_id), rule=rule, now=utcnow())
        return [offer.reward.name for offer in within_reach(session, shopper_of(session, person_id, utcnow()), limit=9)]

    assert database.write(scene) == shown


def test_the_list_says_how_far_each_wish_is(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> int:
        person_id, _ = made_wish(session, has=100, name="Mug", price=80)
        for name, given in {"Coat": {"price": 340}, "Cap": {"price": 20, "stock": 0}, "Old pass": {"price": 10}}.items():
            wish(session, acting(person_id), reward_id=make_reward(session, name=name, **given).id, now=utcnow())
        old = session.scalars(select(Reward.id).where(Reward.name == "Old pass")).one()
        retire_reward(session, system(), reward_id=old, now=utcnow())
        return person_id

    client = sign_in(database.write(scene))
    page = client.get("/rewards/wishes").text
    for said in ("Within reach", "240 to go", "Out of stock", "Not offered at the moment"):
        assert said in page
    assert page.index("Old pass") < page.index("Cap") < page.index("Mug") < page.index("Coat")
    by_name = client.get("/rewards/wishes?sort=name").text
    assert by_name.index("Cap") < by_name.index("Coat") < by_name.index("Mug")
    assert "Coat" in client.get("/").text


def test_who_owes_points_is_told_what_is_to_go_with_the_debt(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int]:
        person_id, reward_id = made_wish(session, has=100, name="Mug", price=80)
        adjust(session, system(), person_id=person_id, points=-450, counts_as_earned=False, reason="test.taken", key="debt", now=utcnow())
        return person_id, reward_id

    person_id, reward_id = database.write(scene)
    client = sign_in(person_id)
    for address in ("/rewards", "/rewards/wishes"):
        page = client.get(address).text
        assert "430 to go" in page
        assert 'value="0" max="80"' in page
    assert "You owe 350 points, which are paid first; 430 to go." in client.get(f"/rewards/{reward_id}").text
    assert 'value="0" max="80"' in client.get("/").text


def test_a_heart_is_a_button_that_leads_back_to_where_it_was_pressed(database: Database, sign_in: SignIn) -> None:
    person_id, reward_id = database.write(lambda s: (make_person(s).id, make_reward(s, name="Mug").id))
    client = sign_in(person_id)
    assert "No wishes yet" in client.get("/rewards/wishes").text
    assert 'aria-pressed="false" aria-label="Wish for “Mug”"' in client.get("/rewards").text
    pressed = client.post(f"/rewards/{reward_id}/wish", data={"is_wished": "yes", "next": "/rewards?sort=name"})
    assert (pressed.status_code, pressed.location) == (303, "/rewards?sort=name")
    assert 'aria-pressed="true" aria-label="Wish for “Mug”"' in client.get("/rewards").text
    elsewhere = client.post(f"/rewards/{reward_id}/wish", data={"is_wished": "no", "next": "https://evil.example/"})
    assert (elsewhere.status_code, elsewhere.location) == (303, f"/rewards/{reward_id}")
    assert 'aria-pressed="false"' in client.get(f"/rewards/{reward_id}").text
    database.write(lambda s: retire_reward(s, system(), reward_id=reward_id, now=utcnow()))
    assert client.post(f"/rewards/{reward_id}/wish", data={"is_wished": "yes"}).status_code == 404


def test_admins_see_how_many_wish_and_never_who(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int]:
        _, reward_id = made_wish(session, name="Mug")
        wish(session, acting(make_person(session, name="Amara Okafor").id), reward_id=reward_id, now=utcnow())
        return make_admin(session).id, reward_id

    admin_id, reward_id = database.write(scene)
    client = sign_in(admin_id)
    page = client.get(f"/admin/rewards/{reward_id}").text
    assert "2 people wish for it." in page
    assert "Amara" not in page
    assert client.get("/admin/rewards?format=csv").text.splitlines()[1].endswith(",2,0")


def test_wishes_and_shop_cost_the_same_with_ten_and_with_three_hundred_rows(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    person_id, reward_id = database.write(lambda s: made_wish(s, has=500))
    at: datetime = utcnow()

    def more(session: Session, many: int) -> None:
        reward = session.get_one(Reward, reward_id)
        plain = {c.name: getattr(reward, c.name) for c in Reward.__table__.columns if c.name not in ("id", "made_by")}
        copies = [Reward(**plain | {"name": f"Copy {many} {n}"}) for n in range(many)]
        session.add_all(copies)
        session.flush()
        session.add_all(RewardWish(person_id=person_id, reward_id=copy.id, made_at=at) for copy in copies)

    client, totals = sign_in(person_id), []
    for many in (10, 290):
        database.write(lambda s, many=many: more(s, many))
        asked = {}
        for path in ("/rewards/wishes", "/rewards", "/"):
            with count_queries() as counted:
                assert client.get(path).status_code == 200
            asked[path] = counted.total
        totals.append(asked)
    assert totals[0] == totals[1]


def test_who_has_the_points_and_not_the_level_is_told_when_the_level_comes_whenever_they_wished(database: Database) -> None:
    def scene(session: Session) -> tuple[int, int, int]:
        reward, early, late = make_reward(session, price=100), make_person(session).id, make_person(session).id
        level = next(level for level in list_levels(session) if level.threshold > 200)
        set_conditions(session, as_admin(make_admin(session).id), reward_id=reward.id, level_id=level.id, now=utcnow())
        give_points(session, early, 150)
        for person in (early, late):
            wish(session, acting(person), reward_id=reward.id, now=utcnow())
        give_points(session, late, 150)
        return early, late, level.threshold

    early, late, threshold = database.write(scene)
    assert tell_of_wishes(database, utcnow()) == 0
    database.write(lambda session: [give_points(session, person, threshold) for person in (early, late)] and None)
    assert tell_of_wishes(database, utcnow()) == 2
    with database.reading() as session:
        told = session.scalars(select(Notice.person_id).where(Notice.kind == "wish_reached")).all()
    assert sorted(told) == sorted([early, late])


def test_the_list_says_within_reach_only_of_what_the_page_lets_redeem(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int]:
        person = make_person(session).id
        give_points(session, person, 3_000)
        answer(session, acting(person), rule=Rule(Stance.MAY, year_cents=3_000), now=utcnow())
        asked, wished = (make_reward(session, name=name, kind="perk", price=900) for name in ("First", "Second"))
        make_redemption(session, person, asked.id)
        wish(session, acting(person), reward_id=wished.id, now=utcnow())
        return person, wished.id

    person, wished = database.write(scene)
    client = sign_in(person)
    assert "Redeem for 900" not in client.get(f"/rewards/{wished}").text
    assert "Within reach" not in client.get("/rewards/wishes").text

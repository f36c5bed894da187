"""A card that was made and paid for is never lost, nor ordered for who may not have it, nor ordered while a spare one lies."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import Notice
from portal.receiving.actions.accepting import set_person_rule
from portal.receiving.rules.accepting import Rule, Stance
from portal.rewards.actions.catalogue import set_options
from portal.rewards.actions.fulfilling import end_redemption, fail_redemption, order_redemption, retry_redemption, return_redemption
from portal.rewards.actions.review import approve_redemption
from portal.rewards.actions.settling import begin_asking, settle_made, settle_open, settle_refused
from portal.rewards.models.cards import AskedCard, CardOrder
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.providers.http import HttpProvider
from portal.rewards.queries.cards import spare_cards, vault_rewards
from portal.rewards.queries.worth import value_of
from portal.rewards.rules.cards import Why, holder_of
from portal.vault.keys import Keys
from portal.vault.models import VaultCode
from portal.vault.queries import look_of
from portal.vault.rules import Card
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin, make_redemption
from tests.factories.vault import KEY, make_vault_card, with_keys
from tests.rewards.racing import all_at_once
from tests.rewards.test_provider import PROVIDED, World
from tests.support.application import SignIn
from tests.support.cards import TOKEN, CardMaker, card_maker


@pytest.fixture
def maker() -> Iterator[CardMaker]:
    with card_maker() as found:
        yield found


@pytest.fixture
def provider(maker: CardMaker) -> HttpProvider:
    return HttpProvider(maker.url, TOKEN, answer_seconds=5)


@pytest.fixture(autouse=True)
def informed(database: Database) -> None:
    database.inform_sessions(vault_keys=Keys(lambda: (KEY,)), has_card_provider=True)


def accepts(world: World, stance: Stance) -> None:
    rule = {"person_id": world.person_id, "rule": Rule(stance=stance), "country": "", "reason": "Said so"}
    world.database.write(lambda s: set_person_rule(s, world.admin, **rule, now=utcnow()))


def spares(database: Database) -> list[tuple[str, int, str, int]]:
    with database.reading() as session:
        return [(shelf.product, shelf.amount_cents, shelf.currency, count) for shelf, count in spare_cards(session)]


def kinds(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Notice.kind).order_by(Notice.id)))


ONE = [("PRODUCT-1", 2_500, "USD", 1)]


@pytest.mark.parametrize("status", [408, 409, 425, 418])
def test_what_says_nothing_of_the_order_never_leads_to_a_second_card(
    database: Database, maker: CardMaker, provider: HttpProvider, status: int
) -> None:
    """The first request is lost on its way and arrives late: the provider is at work on it, and says so to the same id in its own words."""
    maker.loses_before = 1
    world = World(database, provider).approve()
    first = world.order().order_id
    world.work()
    maker.answers = [404, status]
    world.work(minutes=2)
    assert (world.stands()[0], world.order().state) == ("ordered", "doubt")
    maker.make({"order_id": first, "amount": "25"})
    world.work(minutes=10)
    assert (maker.made, world.order().turn, world.stands()) == (1, 1, ("sent", 0, 0))


def test_what_was_in_doubt_is_not_refused_for_good_by_a_refusal_of_the_same_order(
    database: Database, maker: CardMaker, provider: HttpProvider
) -> None:
    maker.loses_before = 1
    world = World(database, provider).approve()
    world.work()
    maker.answers = [404, 422]
    world.work(minutes=2)
    assert (world.order().state, world.order().why) == ("doubt", Why.UNSURE)
    maker.answers = [410]
    world.work(minutes=10)
    assert (world.order().state, world.stands()[0]) == ("refused", "failed")


@pytest.mark.parametrize("status", [404, 405])
def test_an_address_that_takes_no_orders_is_put_right_and_the_order_goes_on(
    database: Database, maker: CardMaker, provider: HttpProvider, status: int
) -> None:
    maker.answers = [status]
    world = World(database, provider).approve()
    world.work()
    assert (world.order().state, world.order().why) == ("noted", Why.ADDRESS)
    world.work(minutes=2)
    assert (maker.made, world.stands()[0]) == (1, "sent")


def test_nothing_is_ordered_for_who_may_not_receive_by_the_time_doubt_is_over(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    maker.loses_before = 1
    world = World(database, provider).approve()
    world.work()
    accepts(world, Stance.NOTHING)
    world.work(minutes=2)
    assert (maker.made, world.stands()[0], world.order().state, world.order().why) == (0, "ordered", "noted", Why.STOPPED)
    accepts(world, Stance.MAY)
    world.work(minutes=120)
    assert (maker.made, world.stands()[0]) == (1, "sent")


def waiting(database: Database, maker: CardMaker, provider: HttpProvider, count: int = 1) -> World:
    """Return a world whose first card is here, for somebody who may not have it any more."""
    world = World(database, provider, count=count)
    maker.loses = 1
    world.do(approve_redemption)
    world.work()
    accepts(world, Stance.NOTHING)
    world.work(minutes=2)
    assert (world.order().state, world.order().why, maker.made) == ("made", Why.STOPPED, 1)
    return world


def test_a_card_that_may_not_be_handed_over_is_given_up_and_goes_to_the_next(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = waiting(database, maker, provider, count=2)
    world.do(fail_redemption, reason="Their company says no")
    assert (world.order().state, world.stands(), spares(database)) == ("given_up", ("failed", 0, 100), ONE)
    world.do(end_redemption, reason="Their company says no")
    assert world.stands() == ("ended", 100, 0)
    world.do(approve_redemption, world.ids[1])
    assert (world.stands(world.ids[1]), maker.made, spares(database)) == (("sent", 0, 0), 1, [])
    with database.reading() as session:
        assert "redemption.spare_given" in session.scalars(select(AuditEvent.name)).all()


def test_the_page_of_a_card_that_waits_lets_an_admin_give_it_up(
    app: Any, database: Database, maker: CardMaker, provider: HttpProvider, sign_in: SignIn
) -> None:
    world = waiting(database, maker, provider)
    app.extensions["database"].inform_sessions(has_card_provider=True)
    ada, address = sign_in(world.admin.id or 0), f"/admin/rewards/redemptions/{world.id}"
    assert "It failed" in ada.get(address).text
    assert ada.post(f"{address}/fail", data={"reason": "Their company says no"}).status_code == 303
    assert world.stands()[0] == "failed"
    page = ada.get("/admin/rewards/codes").text
    assert "Spare cards" in page
    assert "PRODUCT-1" in page
    assert "CANARY" not in page


def test_what_is_tried_again_takes_the_spare_card_and_orders_none(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = waiting(database, maker, provider)
    world.do(fail_redemption, reason="No")
    accepts(world, Stance.MAY)
    world.do(retry_redemption)
    assert world.do(order_redemption).state == "sent"
    assert (maker.made, spares(database), world.stands()) == (1, [], ("sent", 0, 0))


def test_the_desk_tells_what_was_ordered_and_what_a_spare_card_was_there_for(
    app: Any, database: Database, maker: CardMaker, provider: HttpProvider, sign_in: SignIn
) -> None:
    world = waiting(database, maker, provider, count=3)
    world.do(fail_redemption, reason="No")
    app.extensions["database"].inform_sessions(has_card_provider=False)
    database.inform_sessions(has_card_provider=False)
    for redemption_id in world.ids[1:]:
        assert world.do(approve_redemption, redemption_id).state == "approved"
    for one in (app.extensions["database"], database):
        one.inform_sessions(has_card_provider=True)
    ada = sign_in(world.admin.id or 0)
    told = ada.post("/admin/rewards/desk?tab=order", data={"act": "order", "item": [str(one) for one in world.ids[1:]]}, follow_redirects=True).text
    assert "1 redemption is ordered." in told
    assert "A spare card was there for 1 redemption" in told
    assert sorted(world.stands(one)[0] for one in world.ids[1:]) == ["ordered", "sent"]


def test_a_card_that_comes_back_unseen_is_given_to_the_next_who_asks_for_such_a_one(
    database: Database, maker: CardMaker, provider: HttpProvider
) -> None:
    world = World(database, provider, count=3)
    world.do(approve_redemption)
    world.work()
    world.do(return_redemption, reason="Wrong")
    assert spares(database) == ONE
    admins = database.write(lambda s: [as_admin(make_admin(s).id) for _ in range(2)])
    works = [lambda s, a=a, i=i: approve_redemption(s, a, redemption_id=i, now=utcnow()) for a, i in zip(admins, world.ids[1:], strict=True)]
    assert all_at_once(database, works) == {"done": 2}
    assert sorted(world.stands(redemption_id)[0] for redemption_id in world.ids[1:]) == ["ordered", "sent"]
    world.work()
    assert (maker.made, spares(database)) == (2, [])


def test_a_spare_card_of_another_amount_is_left(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = World(database, provider)
    world.do(approve_redemption)
    world.work()
    world.do(return_redemption, reason="Wrong")

    def asked(session: Session) -> int:
        set_options(session, system("t"), reward_id=world.reward_id, given=PROVIDED | {"amount": "50"}, now=utcnow())
        person_id = make_person(session).id
        give_points(session, person_id, 100)
        return make_redemption(session, person_id, world.reward_id).id

    redemption_id = database.write(asked)
    world.do(approve_redemption, redemption_id)
    world.work()
    assert (world.stands(redemption_id)[0], world.order(redemption_id).amount_cents, maker.made, spares(database)) == ("sent", 5_000, 2, ONE)


def test_an_order_that_waits_takes_a_spare_card_that_came_meanwhile(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = World(database, provider, count=2)
    world.do(approve_redemption)
    world.work()
    maker.answers = [402]
    world.do(approve_redemption, world.ids[1])
    world.work()
    assert world.order(world.ids[1]).why == Why.BALANCE
    world.do(return_redemption, reason="Wrong")
    world.work(minutes=2)
    assert (world.stands(world.ids[1])[0], world.order(world.ids[1]).state, maker.made) == ("sent", "given_up", 1)


@pytest.mark.parametrize("settled", ["refused", "given_up"])
def test_a_card_whose_answer_comes_late_is_kept_and_told_of(database: Database, maker: CardMaker, provider: HttpProvider, settled: str) -> None:
    world = World(database, provider).approve()
    order = world.order().id
    asking = database.write(lambda s: begin_asking(s, order=order, tries=0, now=utcnow()))
    assert asking
    if settled == "refused":
        database.write(lambda s: settle_refused(s, order=order, tries=asking.tries, now=utcnow()))
    else:
        database.write(lambda s: settle_open(s, order=order, is_doubted=False, why=Why.AWAY, tries=asking.tries, now=utcnow()))
        world.do(fail_redemption, reason="No")
    assert world.order().state == settled
    for _ in range(2):
        database.write(lambda s: settle_made(s, order=order, card=Card("LATE-1"), reference="r-1", now=utcnow()))
    assert (spares(database), kinds(database).count("redemption_card_late")) == (ONE, 1)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(VaultCode)) == 1


def test_an_answer_of_a_call_that_was_asked_again_meanwhile_does_not_take_the_doubt_away(
    database: Database, maker: CardMaker, provider: HttpProvider
) -> None:
    world = World(database, provider).approve()
    order = world.order().id
    slow = database.write(lambda s: begin_asking(s, order=order, tries=0, now=utcnow()))
    database.write(lambda s: settle_open(s, order=order, is_doubted=True, why=Why.REPLY, now=utcnow()))
    again = database.write(lambda s: begin_asking(s, order=order, tries=1, now=utcnow()))
    assert slow
    assert again
    database.write(lambda s: settle_open(s, order=order, is_doubted=False, why=Why.AWAY, tries=slow.tries, now=utcnow()))
    database.write(lambda s: settle_refused(s, order=order, tries=slow.tries, now=utcnow()))
    assert (world.order().state, world.order().why) == ("doubt", Why.REPLY)


def test_the_card_that_was_asked_for_is_ordered_and_counted_whatever_the_details_say_by_then(
    database: Database, maker: CardMaker, provider: HttpProvider
) -> None:
    world = World(database, provider)
    details = PROVIDED | {"product": "PRODUCT-2", "amount": "500"}
    database.write(lambda s: set_options(s, system("t"), reward_id=world.reward_id, given=details, now=utcnow()))
    world.approve()
    assert (world.order().product, world.order().amount_cents) == ("PRODUCT-1", 2_500)
    with database.reading() as session:
        reward, redemption = session.get_one(Reward, world.reward_id), session.get_one(Redemption, world.id)
        assert (reward.value_cents, value_of(session, redemption, reward)) == (50_000, 2_500)


@pytest.mark.parametrize(("today", "product"), [({"product": "NEW"}, "NEW"), ({"product": "NEW", "amount": "50"}, "PRODUCT-1")])
def test_what_is_tried_again_has_todays_product_only_where_that_is_the_amount_that_was_asked_for(
    database: Database, maker: CardMaker, provider: HttpProvider, today: dict[str, str], product: str
) -> None:
    maker.refuses = True
    world = World(database, provider).approve()
    world.work()
    database.write(lambda s: set_options(s, system("t"), reward_id=world.reward_id, given=PROVIDED | today, now=utcnow()))
    world.do(retry_redemption)
    world.do(order_redemption)
    assert (world.order().turn, world.order().product, world.order().amount_cents) == (2, product, 2_500)


def test_what_was_asked_for_without_a_product_is_ordered_as_the_details_say_now(database: Database, provider: HttpProvider) -> None:
    world = World(database, provider)
    database.write(lambda s: s.execute(update(AskedCard).values(product="")))
    world.do(approve_redemption)
    assert (world.order().product, world.order().amount_cents, world.order().currency) == ("PRODUCT-1", 2500, "USD")


def test_codes_of_a_reward_that_left_the_vault_are_still_listed(database: Database) -> None:
    def made(session: Session) -> int:
        reward_id = make_vault_card(with_keys(session), "A", "B").id
        set_options(session, system("t"), reward_id=reward_id, given={"source": "hand"}, now=utcnow())
        make_vault_card(session, "C")
        return reward_id

    reward_id = database.write(made)
    with database.reading() as session:
        assert reward_id in [reward.id for reward in vault_rewards(session)]


def test_a_card_taken_back_leaves_nothing_to_look_at(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = World(database, provider).approve()
    world.work()
    world.do(return_redemption, reason="Wrong")
    with database.reading() as session:
        assert look_of(session, holder_of(world.id)) is None
        assert session.scalars(select(CardOrder.state)).all() == ["made"]

"""A change of stock by hand is made once, however often its form is sent; what is meant anew counts anew."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.ids import new_key
from portal.rewards.actions.catalogue import adjust_stock
from portal.rewards.actions.variants import add_variant, adjust_variant, count_variant
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.stock import StockMovement
from portal.rewards.rules.refusals.stock import OtherChange
from portal.rewards.rules.stock import Why
from tests.factories.people import make_admin
from tests.factories.rewards import as_admin, make_reward
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.forms import fields_of


def stock_of(database: Database, reward_id: int) -> int | None:
    with database.reading() as session:
        return session.get_one(Reward, reward_id).stock


def test_a_form_sent_twice_adds_once_and_a_new_page_adds_again(database: Database, sign_in: SignIn) -> None:
    admin, reward = database.write(lambda s: (make_admin(s).id, make_reward(s, kind="perk", stock=5).id))
    client, page = sign_in(admin), f"/admin/rewards/{reward}"
    shown = fields_of(client.get(page).text, having="change")
    for _click in range(2):
        assert client.post(f"{page}/stock", data=shown | {"change": "10"}).status_code == 303
    assert stock_of(database, reward) == 15
    anew = fields_of(client.get(page).text, having="change")
    assert client.post(f"{page}/stock", data=anew | {"change": "10"}).status_code == 303
    assert stock_of(database, reward) == 25


def test_what_was_refused_can_be_sent_again_with_the_same_form(database: Database, sign_in: SignIn) -> None:
    admin, reward = database.write(lambda s: (make_admin(s).id, make_reward(s, kind="perk", stock=5).id))
    client, page = sign_in(admin), f"/admin/rewards/{reward}"
    shown = fields_of(client.get(page).text, having="change")
    assert client.post(f"{page}/stock", data=shown | {"change": "-9"}).status_code == 422
    assert client.post(f"{page}/stock", data=shown | {"change": "-4"}).status_code == 303
    assert stock_of(database, reward) == 1


def test_eight_of_one_form_at_once_are_one_change(database: Database) -> None:
    admin, reward = database.write(lambda s: (make_admin(s).id, make_reward(s, kind="perk", stock=5).id))
    key = new_key()

    def add(session: Session) -> int:
        return adjust_stock(session, as_admin(admin), reward_id=reward, change=10, key=key, now=utcnow())

    all_at_once(database, [add] * 8)
    assert stock_of(database, reward) == 15
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(StockMovement.why == Why.CHANGED)) == 1


def test_another_change_under_the_same_key_is_refused_whatever_is_other(session: Session) -> None:
    admin, other = as_admin(make_admin(session).id), as_admin(make_admin(session).id)
    reward = make_reward(session, kind="perk", stock=5).id
    second, sized = make_reward(session, kind="perk", stock=5).id, make_reward(session, kind="merchandise").id
    variant = add_variant(session, admin, reward_id=sized, name="S", stock=None, now=utcnow()).id
    key, now = new_key(), utcnow()
    assert adjust_stock(session, admin, reward_id=reward, change=10, key=key, now=now) == 15
    for refused in (
        lambda: adjust_stock(session, admin, reward_id=reward, change=-3, key=key, now=now),
        lambda: adjust_stock(session, admin, reward_id=second, change=10, key=key, now=now),
        lambda: adjust_stock(session, other, reward_id=reward, change=10, key=key, now=now),
        lambda: count_variant(session, admin, reward_id=sized, variant_id=variant, stock=10, key=key, now=now),
        lambda: adjust_variant(session, admin, reward_id=sized, variant_id=variant, change=10, key=key, now=now),
    ):
        with pytest.raises(OtherChange), session.begin_nested():
            refused()
    assert adjust_stock(session, admin, reward_id=reward, change=10, key=key, now=now) == 15
    assert (session.get_one(Reward, second).stock, session.get_one(RewardVariant, variant).stock) == (5, None)


def test_after_going_back_another_number_is_asked_about_kept_and_done_when_pressed_again(database: Database, sign_in: SignIn) -> None:
    admin, reward = database.write(lambda s: (make_admin(s).id, make_reward(s, kind="perk", stock=5).id))
    client, page = sign_in(admin), f"/admin/rewards/{reward}"
    shown = fields_of(client.get(page).text, having="change")
    assert client.post(f"{page}/stock", data=shown | {"change": "10"}).status_code == 303
    refused = client.post(f"{page}/stock", data=shown | {"change": "-3"})
    assert (refused.status_code, stock_of(database, reward)) == (409, 15)
    assert "This form changed the stock already" in refused.text
    again = fields_of(refused.text, having="change")
    assert again["change"] == ["-3"]
    for _click in range(2):
        assert client.post(f"{page}/stock", data=again).status_code == 303
    assert stock_of(database, reward) == 12


def test_the_same_holds_for_a_variant_and_nothing_typed_is_lost(database: Database, sign_in: SignIn) -> None:
    def made(session: Session) -> tuple[int, int, int]:
        admin, reward = make_admin(session).id, make_reward(session, kind="merchandise").id
        return admin, reward, add_variant(session, as_admin(admin), reward_id=reward, name="S", stock=5, now=utcnow()).id

    admin, reward, variant = database.write(made)
    client, page, name = sign_in(admin), f"/admin/rewards/{reward}", f"variant{variant}"
    shown = fields_of(client.get(page).text, having=f"{name}-change")
    assert client.post(f"{page}/variants/{variant}", data=shown | {f"{name}-change": "10"}).status_code == 303
    refused = client.post(f"{page}/variants/{variant}", data=shown | {f"{name}-change": "-3"})
    again = fields_of(refused.text, having=f"{name}-change")
    assert (refused.status_code, again[f"{name}-change"], again[f"{name}-name"]) == (409, ["-3"], ["S"])
    assert client.post(f"{page}/variants/{variant}", data=again).status_code == 303
    with database.reading() as session:
        assert session.get_one(RewardVariant, variant).stock == 12


def test_eight_changes_of_one_form_at_once_are_the_first_and_seven_refusals(database: Database) -> None:
    admin, reward = database.write(lambda s: (make_admin(s).id, make_reward(s, kind="perk", stock=5).id))
    key = new_key()
    works = [lambda s, n=n: adjust_stock(s, as_admin(admin), reward_id=reward, change=n, key=key, now=utcnow()) for n in range(1, 9)]
    assert all_at_once(database, works) == {"done": 1, "OtherChange": 7}
    with database.reading() as session:
        change = session.scalars(select(StockMovement.pieces).where(StockMovement.why == Why.CHANGED)).one()
    assert stock_of(database, reward) == 5 + change

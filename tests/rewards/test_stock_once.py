"""A change of stock by hand is made once, however often its form is sent; what is meant anew counts anew."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.ids import new_key
from portal.rewards.actions.catalogue import adjust_stock
from portal.rewards.models import Reward, StockChange
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
        assert session.scalar(select(func.count()).select_from(StockChange)) == 1

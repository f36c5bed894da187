"""The page of a reward without JavaScript: pressing the heart or the waiting list keeps what was typed into the form to redeem it."""

import pytest
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.rewards.actions.variants import add_variant
from portal.rewards.queries.waiting import count_own_waits
from portal.rewards.queries.wishes import wished
from tests.factories.people import make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import make_reward
from tests.support.application import SignIn
from tests.support.forms import fields_of


class Shop:
    """A shirt in two sizes, one sold out, and somebody who can afford it."""

    def __init__(self, session: Session) -> None:
        self.person_id = make_person(session).id
        give_points(session, self.person_id, 500)
        self.reward_id = make_reward(session, kind="merchandise", name="Wool overshirt", price=100).id
        self.sizes = [
            add_variant(session, system(), reward_id=self.reward_id, name=name, stock=stock, now=utcnow()).id for name, stock in (("M", 3), ("L", 0))
        ]


@pytest.fixture
def shop(database: Database) -> Shop:
    return database.write(Shop)


TYPED = {"wish": "Please leave it with the neighbours", "street": "12 Harbour Road", "city": "Kochi", "ask_nothing": "x"}


@pytest.mark.parametrize("way", ["wish", "wait", "leave"])
def test_what_was_typed_is_there_again_after_another_button(shop: Shop, database: Database, sign_in: SignIn, way: str) -> None:
    client, address = sign_in(shop.person_id), f"/rewards/{shop.reward_id}"
    form = fields_of(client.get(address).text, having="shown_price") | TYPED | {"variant_id": str(shop.sizes[0])}
    pressed = {"is_wished": "yes"} if way == "wish" else {"shelf": str(shop.sizes[1])}
    answer = client.post(f"{address}/{way}", data=form | pressed)
    assert answer.status_code == 200
    page = answer.text
    assert TYPED["wish"] in page
    assert 'value="12 Harbour Road"' in page
    assert fields_of(page, having="shown_price")["variant_id"] == [str(shop.sizes[0])]
    assert "data-unsaved" in page
    with database.reading() as session:
        assert count_own_waits(session, shop.person_id) == (1 if way == "wait" else 0)
        assert wished(session, shop.person_id, [shop.reward_id]) == ({shop.reward_id} if way == "wish" else set())
    sent = fields_of(page, having="shown_price")
    assert client.post(f"{address}/redeem", data=sent | {"name": "Anjali Menon", "country": "IN"}).status_code == 303


def test_where_nothing_was_typed_the_page_comes_as_it_was(shop: Shop, sign_in: SignIn) -> None:
    client, address = sign_in(shop.person_id), f"/rewards/{shop.reward_id}"
    page = client.get(address).text
    assert 'form="redeem"' in page
    assert 'data-guarded="unsaved"' in page
    form = fields_of(page, having="shown_price")
    answer = client.post(f"{address}/wish", data=form | {"is_wished": "yes"})
    assert (answer.status_code, answer.location) == (303, address)


def test_what_is_refused_keeps_what_was_typed_too(shop: Shop, sign_in: SignIn) -> None:
    client, address = sign_in(shop.person_id), f"/rewards/{shop.reward_id}"
    form = fields_of(client.get(address).text, having="shown_price") | TYPED
    answer = client.post(f"{address}/wait", data=form | {"shelf": str(shop.sizes[0])})
    assert answer.status_code == 409
    assert "There is one left: you can redeem it now." in answer.text
    assert TYPED["wish"] in answer.text


def test_who_cannot_redeem_it_yet_finds_the_buttons_in_forms_of_their_own(shop: Shop, database: Database, sign_in: SignIn) -> None:
    page = sign_in(database.write(lambda s: make_person(s).id)).get(f"/rewards/{shop.reward_id}").text
    assert 'form="redeem"' not in page
    assert f'action="/rewards/{shop.reward_id}/wish"' in page
    assert "data-guarded" not in page

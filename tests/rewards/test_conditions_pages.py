"""Conditions of rewards through the doors: what members read on card and page, what admins fill in and find again."""

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audience.models import Audience
from portal.kernel.actor import system
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database
from portal.recognition.queries.levels import list_levels
from portal.rewards.actions.conditions import open_audience, set_conditions
from portal.rewards.models.offering import Reward, RewardAudience, RewardConditions
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.conditions import get_conditions
from portal.rewards.rules.conditions import Period, next_day
from portal.web.language import day as written
from tests.factories.audience import fill_audience, in_industry
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import make_draft, make_redemption, make_reward
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries
from tests.support.forms import fields_of

DAY = timedelta(days=1)


def conditioned(session: Session, name: str, **conditions: Any) -> int:
    made = make_reward(session, name=name, kind="perk", price=conditions.pop("price", 100), limit_per_person=conditions.pop("limit", None))
    set_conditions(session, system("test"), reward_id=made.id, now=utcnow(), **conditions)
    return made.id


class Shop:
    """Ids of an advocate with 300 points, of an admin, and of rewards with one condition each."""

    def __init__(self, session: Session) -> None:
        self.today = local_date(utcnow(), session.info["zone"])
        self.person_id, self.admin_id = make_person(session, name="Amara Okafor").id, make_admin(session, name="Ada Admin").id
        give_points(session, self.person_id, 300)
        self.level = list_levels(session)[2]
        self.plain = conditioned(session, "Plain cup")
        self.soon = conditioned(session, "Winter cup", sale_from=self.today + DAY, sale_to=self.today + 9 * DAY)
        self.over = conditioned(session, "Autumn cup", sale_to=self.today - DAY)
        self.high = conditioned(session, "Golden cup", level_id=self.level.id)
        self.far = conditioned(session, "Danish cup", countries=("DK", "NO"))
        self.monthly = conditioned(session, "Monthly cup", period="month", limit=1)
        self.draft = make_draft(session, name="Next cup", kind="perk").id


@pytest.fixture
def shop(database: Database) -> Shop:
    return database.write(Shop)


@pytest.fixture
def amara(shop: Shop, sign_in: SignIn) -> PortalClient:
    return sign_in(shop.person_id)


@pytest.fixture
def ada(shop: Shop, sign_in: SignIn) -> PortalClient:
    return sign_in(shop.admin_id)


def words(page: str) -> str:
    """Return what a page says, without marks and with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def said(day: date) -> str:
    return written(day)


def test_the_shop_shows_what_there_is_and_is_narrowed_by_chips(amara: PortalClient, subtests: pytest.Subtests) -> None:
    for query, names in [
        ("", {"Plain", "Winter", "Golden", "Danish", "Monthly"}),
        ("?reach=can", {"Plain", "Monthly"}),
        ("?reach=on", {"Plain", "Golden", "Danish", "Monthly"}),
        ("?reach=soon", {"Winter"}),
        ("?reach=out", set()),
        ("?reach=nonsense", {"Plain", "Winter", "Golden", "Danish", "Monthly"}),
    ]:
        with subtests.test(query):
            page = amara.get(f"/rewards{query}").text
            assert {name for name in ("Plain", "Winter", "Autumn", "Golden", "Danish", "Monthly", "Next") if f">{name} cup</a>" in page} == names
            if not query:
                assert "One per person and month" in page
                assert "Not everywhere" in page
                assert "to go" in page


def test_each_page_says_why_it_cannot_be_had_and_from_when(amara: PortalClient, shop: Shop) -> None:
    pages = {name: words(amara.get(f"/rewards/{getattr(shop, name)}").text) for name in ("soon", "over", "high", "far", "monthly")}
    with amara.application.test_request_context():
        first, last = said(shop.today + DAY), said(shop.today - DAY)
    assert f"You can redeem it from {first}." in pages["soon"]
    assert f"It could be redeemed until {last}." in pages["over"]
    missing = shop.level.threshold - 300
    assert f"“Golden cup” is for members from the level {shop.level.name} on: {missing} points to go." in pages["high"]
    assert "“Danish cup” is offered only in Denmark, Norway, and we do not know your country." in pages["far"]
    assert "Redeem for 100 points" in pages["monthly"]
    assert not any("Redeem for" in pages[name] for name in ("soon", "over", "high", "far"))
    assert amara.get(f"/rewards/{shop.draft}").status_code == 404


def press(client: PortalClient, reward_id: int, page: str) -> Any:
    return client.post(f"/rewards/{reward_id}/redeem", data=fields_of(page, having="shown_price"))


def test_what_changed_while_the_page_was_open_is_said_in_a_sentence(amara: PortalClient, shop: Shop, database: Database) -> None:
    page = amara.get(f"/rewards/{shop.plain}").text
    changes = [
        ({"sale_to": shop.today - DAY}, 409, "“Plain cup” could be redeemed until"),
        ({"sale_from": shop.today + DAY}, 409, "“Plain cup” can be redeemed from"),
        ({"level_id": shop.level.id}, 409, "“Plain cup” is for members from the level"),
        ({"countries": ("DK",)}, 409, "“Plain cup” is offered only in Denmark"),
    ]
    for conditions, status, sentence in changes:
        database.write(lambda s, given=conditions: set_conditions(s, system("test"), reward_id=shop.plain, now=utcnow(), **given))
        answer = press(amara, shop.plain, page)
        assert answer.status_code == status
        assert sentence in words(answer.text)
    database.write(lambda s: set_conditions(s, system("test"), reward_id=shop.plain, now=utcnow()))
    database.write(lambda s: show_to_nobody_here(s, shop.plain))
    assert press(amara, shop.plain, page).status_code == 404
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Redemption)) == 0


def show_to_nobody_here(session: Session, reward_id: int) -> int:
    audience_id = open_audience(session, system("test"), reward_id=reward_id, now=utcnow())
    fill_audience(session, session.get_one(Audience, audience_id), in_industry("Falconry"))
    return audience_id


def test_at_the_limit_of_a_month_the_page_says_when_the_next_begins(amara: PortalClient, shop: Shop) -> None:
    page = amara.get(f"/rewards/{shop.monthly}").text
    assert press(amara, shop.monthly, page).status_code == 303
    following = next_day(Period.MONTH, shop.today)
    assert following is not None
    with amara.application.test_request_context():
        again = said(following)
    shown = words(amara.get(f"/rewards/{shop.monthly}").text)
    assert "You had it this month; one person can have one a month." in shown
    assert f"You can have it again from {again}." in shown
    assert f"Again from {again}" in words(amara.get("/rewards").text)
    fresh = fields_of(page, having="shown_price") | {"key": "another-form"}
    refused = amara.post(f"/rewards/{shop.monthly}/redeem", data=fresh)
    assert refused.status_code == 409
    assert "You had “Monthly cup” this month already" in refused.text


def test_who_is_not_meant_does_not_see_it_and_who_has_it_reads_so(amara: PortalClient, shop: Shop, database: Database, sign_in: SignIn) -> None:
    database.write(lambda s: make_redemption(s, shop.person_id, shop.plain))
    other = database.write(lambda s: make_person(s).id)
    database.write(lambda s: show_to_nobody_here(s, shop.plain))
    assert sign_in(other).get(f"/rewards/{shop.plain}").status_code == 404
    assert ">Plain cup</a>" not in amara.get("/rewards?q=plain").text.split("Your redemptions")[0]
    page = amara.get(f"/rewards/{shop.plain}")
    assert page.status_code == 200
    assert "This reward is not open to you at the moment." in page.text
    assert "Redeem for" not in page.text


def test_an_admin_sets_conditions_and_reads_them_again(ada: PortalClient, shop: Shop, database: Database) -> None:
    address = f"/admin/rewards/{shop.draft}"
    form = fields_of(ada.get(address).text, having="sale_from")
    given = {"sale_from": "2031-03-01", "sale_to": "2031-03-31", "level_id": str(shop.level.id), "countries": "Denmark, NO"}
    assert ada.post(f"{address}/conditions", data=form | given).status_code == 303
    kept = fields_of(ada.get(address).text, having="sale_from")
    assert [kept[name] for name in given] == [["2031-03-01"], ["2031-03-31"], [str(shop.level.id)], ["DK, NO"]]
    said = fields_of(ada.get(address).text, having="summary") | {"act": "publish"}
    page = ada.post(address, data=said, follow_redirects=True).text
    assert "“Next cup” is scheduled: members can redeem it from" in page
    assert "Now: Denmark, Norway." in page
    with database.reading() as session:
        assert get_conditions(session, shop.draft).sale_from == date(2031, 3, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sale_from": "2031-03-02", "sale_to": "2031-03-01"}, "The last day cannot come before the first."),
        ({"sale_from": "soon"}, "Please enter a day"),
        ({"countries": "DK, Wonderland"}, "We know no country called Wonderland."),
        ({"period": "month"}, "Enter a limit for one person first"),
        ({"level_id": "999"}, "Please choose one of those that are offered."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(ada: PortalClient, shop: Shop, given: dict[str, str], told: str) -> None:
    address = f"/admin/rewards/{shop.draft}"
    form = fields_of(ada.get(address).text, having="sale_from") | {"countries": "DK"} | given
    answer = ada.post(f"{address}/conditions", data=form)
    assert answer.status_code == 422
    field = list(given)[-1]
    assert told in answer.text.split(f'id="{field}-error"')[1].split("</p>")[0]
    kept = fields_of(answer.text, having="sale_from")
    assert kept["countries"] == [form["countries"]]


def test_the_second_of_two_admins_is_told_what_the_first_set(ada: PortalClient, shop: Shop, database: Database) -> None:
    address = f"/admin/rewards/{shop.draft}"
    form = fields_of(ada.get(address).text, having="sale_from")
    assert ada.post(f"{address}/conditions", data=form | {"sale_from": "2031-03-01"}).status_code == 303
    refused = ada.post(f"{address}/conditions", data=form | {"countries": "DK"})
    assert refused.status_code == 409
    assert "Somebody changed this after you opened it" in refused.text
    assert "Stored now:" in refused.text
    again = fields_of(refused.text, having="sale_from")
    assert again["countries"] == ["DK"]
    assert ada.post(f"{address}/conditions", data=again).status_code == 303
    with database.reading() as session:
        assert get_conditions(session, shop.draft).countries == ("DK",)


def test_the_admin_finds_rewards_by_how_they_stand(ada: PortalClient) -> None:
    shown = {
        state: [row[0] for row in csv.reader(io.StringIO(ada.get(f"/admin/rewards?state={state}&format=csv").text.removeprefix("\ufeff")))][1:]
        for state in ("draft", "scheduled", "on_sale", "over", "paused")
    }
    assert shown["draft"] == ["Next cup"]
    assert shown["scheduled"] == ["Winter cup"]
    assert shown["over"] == ["Autumn cup"]
    assert sorted(shown["on_sale"]) == ["Danish cup", "Golden cup", "Monthly cup", "Plain cup"]
    assert shown["paused"] == []
    page = words(ada.get("/admin/rewards").text)
    assert "4 on sale, 1 scheduled, 1 drafts, 0 paused, 1 over." in page
    assert "One per person and month" in page


def test_the_audience_of_a_reward_is_edited_where_every_audience_is(ada: PortalClient, shop: Shop, database: Database) -> None:
    answer = ada.post(f"/admin/rewards/{shop.plain}/audience")
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert ada.post(f"/admin/rewards/{shop.plain}/audience").headers["Location"] == location
    page = ada.get(location).text
    assert "Plain cup" in page
    assert 'href="/admin/rewards"' in page
    audience_id = int(location.rsplit("/", 1)[1])
    with database.reading() as session:
        assert session.scalar(select(RewardAudience.reward_id).where(RewardAudience.audience_id == audience_id)) == shop.plain
    database.write(lambda s: fill_audience(s, s.get_one(Audience, audience_id), in_industry("Falconry")))
    edited = words(ada.get(f"/admin/rewards/{shop.plain}").text)
    assert "Shown to people of whom any of this holds" in edited
    assert "Falconry" in edited
    assert "Rules and dry run" in edited
    assert "Amara Okafor" in ada.get(f"{location}?who=Amara+Okafor").text


@pytest.mark.breaks_the_books  # rows by the thousand are written past the verbs
def test_the_lists_cost_the_same_with_ten_and_with_three_hundred_rewards_with_conditions(
    database: Database, shop: Shop, sign_in: SignIn, count_queries: CountQueries
) -> None:
    person, admin = sign_in(shop.person_id), sign_in(shop.admin_id)
    lists = [(person, "/rewards"), (person, "/rewards?reach=can"), (person, "/rewards?reach=soon"), (admin, "/admin/rewards?state=on_sale")]
    audience_id = database.write(lambda s: show_to_nobody_here(s, shop.far))

    def more(session: Session, size: int) -> None:
        reward = session.get_one(Reward, shop.monthly)
        plain = {c.name: getattr(reward, c.name) for c in Reward.__table__.columns if c.name != "id"}
        audience = session.get_one(Audience, audience_id)
        copied = {c.name: getattr(audience, c.name) for c in Audience.__table__.columns if c.name not in ("id", "stamp")}
        for n in range(size):
            made = Reward(**plain | {"name": f"Reward {size} {n}"})
            own = Audience(**copied, stamp=f"stamp {size} {n}")
            session.add_all([made, own])
            session.flush()
            soon = shop.today + DAY if n % 3 == 0 else None
            facts = {"sale_from": soon, "is_shown_before": True, "period": "month", "level_id": shop.level.id, "countries": ("DK",)}
            session.add(RewardConditions(reward_id=made.id, **facts))
            session.add(RewardAudience(reward_id=made.id, audience_id=own.id))

    totals: list[dict[str, int]] = []
    for size in (10, 290):
        database.write(lambda s, size=size: more(s, size))
        totals.append({})
        for client, path in lists:
            client.get(path)
            with count_queries() as counted:
                assert client.get(path).status_code == 200
            totals[-1][path] = counted.total
    assert totals[0] == totals[1]

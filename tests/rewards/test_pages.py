"""Catalogue, reward page, own redemptions and the admin's pages, through the doors."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.rewards.actions.catalogue import adjust_stock, retire_reward
from portal.rewards.actions.fulfilling import send_redemption
from portal.rewards.actions.review import approve_redemption
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.catalogue import within_reach
from portal.rewards.queries.conditions import shopper_of
from portal.rewards.rules.kinds import Kind
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin, make_draft, make_redemption, make_reward
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries


class Shop:
    """Ids of one advocate with 1,840 points, two admins, and rewards in every state."""

    def __init__(self, session: Session) -> None:
        self.person_id = make_person(session, name="Amara Okafor").id
        self.admin_id = make_admin(session, name="Ada Admin").id
        self.other_id = make_admin(session, name="Bo Admin").id
        give_points(session, self.person_id, 1_840)
        self.summit = make_reward(session, name="Summit pass", price=1_500, stock=6).id
        self.card = make_reward(session, name="€50 gift card", kind=Kind.GIFT_CARD, price=2_000).id
        self.voucher = make_reward(session, name="Training voucher", kind=Kind.VOUCHER, price=300, stock=0).id
        self.cafe = make_reward(session, name="Café visit", price=40, limit_per_person=1).id
        self.draft = make_draft(session, name="Secret draft").id


@pytest.fixture
def shop(database: Database) -> Shop:
    return database.write(Shop)


@pytest.fixture
def amara(shop: Shop, sign_in: SignIn) -> PortalClient:
    return sign_in(shop.person_id)


@pytest.fixture
def ada(shop: Shop, sign_in: SignIn) -> PortalClient:
    return sign_in(shop.admin_id)


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1:]


def test_the_catalogue_shows_how_each_reward_stands(amara: PortalClient) -> None:
    page = amara.get("/rewards").text
    assert "You can spend 1,840 points." in page
    assert "160 to go" in page
    assert "Out of stock" in page
    assert "6 left" in page
    assert "Secret draft" not in page


def test_the_catalogue_is_searched_filtered_and_ordered(amara: PortalClient, subtests: pytest.Subtests) -> None:
    for query, names in [
        ("", ["Café visit", "Training voucher", "Summit pass", "€50 gift card"]),
        ("q=cafe", ["Café visit"]),
        ("kind=gift_card", ["€50 gift card"]),
        ("kind=nonsense", ["Café visit", "Training voucher", "Summit pass", "€50 gift card"]),
        ("reach=can", ["Café visit", "Summit pass"]),
        ("sort=dearest", ["€50 gift card", "Summit pass", "Training voucher", "Café visit"]),
        ("q=draft", []),
        ("q=EVENT", ["Café visit", "Summit pass"]),
        ("q=gift+c", ["€50 gift card"]),
    ]:
        with subtests.test(query):
            page = amara.get(f"/rewards?{query}").text
            assert [row[0] for row in rows(amara.get(f"/rewards?{query}&format=csv").text)] == names
            assert [name for name in ("Café visit", "Training voucher", "Summit pass", "€50 gift card") if f">{name}</a>" in page] == [
                name for name in ("Café visit", "Training voucher", "Summit pass", "€50 gift card") if name in names
            ]


def test_redeeming_through_the_page_and_a_double_click(amara: PortalClient, shop: Shop, database: Database) -> None:
    page = amara.get(f"/rewards/{shop.summit}").text
    form = {"key": field(page, "key"), "shown_price": field(page, "shown_price"), "wish": "Aisle seat"}
    for _ in range(2):
        answer = amara.post(f"/rewards/{shop.summit}/redeem", data=form)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/rewards/mine")
    mine = amara.get("/rewards/mine").text
    assert "One redemption so far, 1 waiting." in mine
    assert "Aisle seat" in mine
    assert "it waits for approval." in " ".join(amara.get(f"/rewards/{shop.summit}").text.split())
    with database.reading() as session:
        assert session.scalars(select(Redemption.wish)).all() == ["Aisle seat"]
    assert rows(amara.get("/rewards/mine?format=csv").text)[0][1:4] == ["Summit pass", "1500", "Waiting for approval"]


def test_a_refusal_is_said_on_the_page_and_keeps_what_was_typed(amara: PortalClient, shop: Shop, database: Database) -> None:
    answer = amara.post(f"/rewards/{shop.card}/redeem", data={"key": "k1", "shown_price": "2000"})
    assert answer.status_code == 422
    assert "You have 1,840 points; this costs 2,000." in answer.text
    answer = amara.post(f"/rewards/{shop.voucher}/redeem", data={"key": "k2", "shown_price": "300"})
    assert answer.status_code == 409
    assert "“Training voucher” is out of stock." in answer.text
    answer = amara.post(f"/rewards/{shop.summit}/redeem", data={"key": "k3", "shown_price": "1400", "wish": "Aisle seat"})
    assert answer.status_code == 409
    assert "The price changed from 1,400 to 1,500 points" in answer.text
    assert "Aisle seat" in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Redemption)) == 0


def test_a_form_without_its_price_or_with_a_text_that_is_too_long_is_shown_again(amara: PortalClient, shop: Shop) -> None:
    assert amara.post(f"/rewards/{shop.summit}/redeem", data={"key": "k"}).status_code == 422
    answer = amara.post(f"/rewards/{shop.summit}/redeem", data={"key": "k", "shown_price": "1500", "wish": "x" * 501})
    assert answer.status_code == 422
    assert "At most 500 characters fit here, and this is 501" in answer.text


@pytest.mark.parametrize("key", ["", "k" * 65, "k\x00", "not a key"])
def test_a_key_that_was_never_minted_is_asked_for_again(amara: PortalClient, shop: Shop, database: Database, key: str) -> None:
    answer = amara.post(f"/rewards/{shop.summit}/redeem", data={"key": key, "shown_price": "1500", "wish": "Aisle seat"})
    assert answer.status_code == 422
    assert "did not arrive whole" in answer.text
    assert "Aisle seat" in answer.text
    assert len(field(answer.text, "key")) == 36
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Redemption)) == 0


def asked_for(database: Database, shop: Shop, *verbs: Callable[..., object]) -> int:
    """Let Amara ask for the summit pass and Ada do what ``verbs`` say to it."""
    redemption_id = database.write(lambda s: make_redemption(s, shop.person_id, shop.summit).id)
    for verb in verbs:
        database.write(lambda s, verb=verb: verb(s, as_admin(shop.admin_id), redemption_id=redemption_id, now=utcnow()))
    return redemption_id


def test_a_page_says_what_comes_back_before_anything_is_cancelled(amara: PortalClient, shop: Shop, database: Database) -> None:
    address = f"/rewards/redemptions/{asked_for(database, shop)}/cancel"
    assert f'href="{address}"' in amara.get("/rewards/mine").text
    page = amara.get(address).text
    assert "Cancel “Summit pass”?" in page
    assert "1,500 points come back to you at once. You can spend 1,840 points then." in page
    assert "goes back on the shelf" in page
    assert "Somebody may be packing it" not in page
    assert "You can spend 340 points." in amara.get("/rewards").text
    answer = amara.post(address, follow_redirects=True)
    assert "Cancelled. 1,500 points are back on your balance." in answer.text
    assert f'href="{address}"' not in answer.text
    assert "You can spend 1,840 points." in amara.get("/rewards").text


def test_what_is_approved_is_cancelled_through_the_page_and_the_admins_pages_say_so(
    amara: PortalClient, ada: PortalClient, shop: Shop, database: Database
) -> None:
    redemption_id = asked_for(database, shop, approve_redemption)
    address, admins = f"/rewards/redemptions/{redemption_id}/cancel", f"/admin/rewards/redemptions/{redemption_id}"
    page = amara.get(address).text
    assert "it is approved." in page
    assert "Somebody may be seeing to it already; we tell them at once." in page
    assert amara.post(address).status_code == 303
    assert "Do not send: Amara Okafor cancelled Summit pass" in ada.get("/inbox").text
    page = ada.get(admins).text
    assert "Amara Okafor called it off on" in page
    assert "please do not send it" in page
    assert "Give the ticket" not in page
    assert "after it was approved" in ada.get("/admin/rewards/redemptions").text
    assert [row[3] for row in rows(ada.get("/admin/rewards/redemptions?state=called_off&format=csv").text)] == ["Summit pass"]
    queue = ada.get(f"/admin/approvals?item=redemption-{redemption_id}").text
    assert "Cancelled by Amara Okafor" in queue
    assert "are set aside" not in queue
    refused = ada.post(f"{admins}/send", data={"delivery": "By post"})
    assert refused.status_code == 409
    assert "was cancelled by Amara Okafor" in refused.text


def test_what_nobody_had_approved_is_no_business_of_who_packs(amara: PortalClient, ada: PortalClient, shop: Shop, database: Database) -> None:
    redemption_id = asked_for(database, shop)
    assert amara.post(f"/rewards/redemptions/{redemption_id}/cancel").status_code == 303
    assert "after it was approved" not in ada.get("/admin/rewards/redemptions").text
    assert rows(ada.get("/admin/rewards/redemptions?state=called_off&format=csv").text) == []
    assert "This is settled" in ada.get(f"/admin/rewards/redemptions/{redemption_id}").text


def test_what_is_fulfilled_is_not_cancelled_and_says_so(amara: PortalClient, shop: Shop, database: Database) -> None:
    address = f"/rewards/redemptions/{asked_for(database, shop, approve_redemption, send_redemption)}/cancel"
    assert f'href="{address}"' not in amara.get("/rewards/mine").text
    assert "“Summit pass” cannot be cancelled any more." in amara.get(address, follow_redirects=True).text
    answer = amara.post(address)
    assert answer.status_code == 409
    assert "was sent by Ada Admin" in answer.text


def test_drafts_and_others_redemptions_are_not_to_be_found(amara: PortalClient, ada: PortalClient, shop: Shop, database: Database) -> None:
    assert amara.get(f"/rewards/{shop.draft}").status_code == 404
    assert amara.get("/rewards/999999").status_code == 404
    assert amara.get("/admin/rewards").status_code == 403
    assert ada.get("/rewards").status_code == 403
    other = database.write(lambda s: make_person(s).id)
    database.write(lambda s: give_points(s, other, 100))
    redemption_id = database.write(lambda s: make_redemption(s, other, shop.cafe).id)
    for ask in (amara.get, amara.post):
        assert ask(f"/rewards/redemptions/{redemption_id}/cancel").status_code == 404


def test_a_retired_reward_stays_to_be_seen_by_who_redeemed_it(amara: PortalClient, shop: Shop, database: Database) -> None:
    database.write(lambda s: make_redemption(s, shop.person_id, shop.cafe))
    for reward_id in (shop.cafe, shop.summit):
        database.write(lambda s, reward_id=reward_id: retire_reward(s, as_admin(shop.admin_id), reward_id=reward_id, now=utcnow()))
    assert "not offered at the moment" in amara.get(f"/rewards/{shop.cafe}").text
    assert amara.get(f"/rewards/{shop.summit}").status_code == 404


def test_employees_have_no_catalogue(database: Database, sign_in: SignIn) -> None:
    assert sign_in(database.write(lambda s: make_employee(s).id)).get("/rewards").status_code == 403


def test_what_is_within_reach_comes_by_price_and_leaves_out_what_cannot_be_had(shop: Shop, database: Database) -> None:
    with database.reading() as session:
        assert [offer.reward.name for offer in within_reach(session, shopper_of(session, shop.person_id, utcnow()))] == [
            "Café visit",
            "Summit pass",
            "€50 gift card",
        ]


def test_an_admin_writes_previews_publishes_and_retires_a_reward(ada: PortalClient, amara: PortalClient, database: Database) -> None:
    form = {
        "name": "Wool overshirt",
        "kind": "merchandise",
        "price": "1200",
        "stock": "3",
        "limit_per_person": "1",
        "text": "*Warm*",
        "key": "form-1",
    }
    preview = ada.post("/admin/rewards/new", data=form | {"act": "preview"})
    assert preview.status_code == 200
    assert "<em>Warm</em>" in preview.text
    locations = {ada.post("/admin/rewards/new", data=form).headers["Location"] for _ in range(2)}
    assert len(locations) == 1
    address = locations.pop()
    refused = ada.post(address, data=form | {"act": "publish"})
    assert refused.status_code == 422
    assert "Please write a summary" in refused.text
    changed = {**form, "summary": "Made in Portugal", "price": "1300"}
    assert ada.post(address, data=changed | {"act": "publish"}).status_code == 303
    assert ada.post(f"{address}/publish").status_code == 404, "offering is saving: one button does both"
    assert "Wool overshirt" in amara.get("/rewards").text
    assert ada.post(f"{address}/retire").status_code == 303
    assert "Wool overshirt" not in amara.get("/rewards").text
    with database.reading() as session:
        made = session.scalars(select(Reward).where(Reward.name == "Wool overshirt")).one()
    assert (made.price, made.stock, made.limit_per_person, made.state) == (1_300, 3, 1, "retired")


def test_what_a_kind_lacks_is_named_and_marked_when_it_is_published(ada: PortalClient, database: Database) -> None:
    draft = database.write(lambda s: make_draft(s, kind="digital", name="E-book").id)
    form = {"name": "E-book for all", "kind": "digital", "price": "90", "summary": "Read it.", "act": "publish"}
    refused = ada.post(f"/admin/rewards/{draft}", data=form)
    assert refused.status_code == 422
    assert "then enter “Link to it” under Details" in refused.text
    assert 'href="#details"' in refused.text
    link = re.search(r'<input[^>]*name="option_link"[^>]*>', refused.text)
    assert link
    assert 'aria-invalid="true"' in link.group()
    assert refused.text.count("Please fill this in.") == 1
    assert "E-book for all" in refused.text
    with database.reading() as session:
        assert session.get_one(Reward, draft).name == "E-book"


@pytest.mark.parametrize(
    ("field_name", "value", "told"),
    [("name", "", "required"), ("price", "0", "at least one point"), ("stock", "-1", "from 0 to"), ("kind", "boat", "")],
)
def test_a_wrong_reward_is_told_beside_the_field(ada: PortalClient, field_name: str, value: str, told: str) -> None:
    form = {"name": "Print", "kind": "event", "price": "10", "text": "Kept text", "key": "form-2"} | {field_name: value}
    answer = ada.post("/admin/rewards/new", data=form)
    assert answer.status_code == 422
    assert told in answer.text
    assert "Kept text" in answer.text


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)


def test_a_reward_gets_a_picture_and_loses_it(ada: PortalClient, shop: Shop, database: Database) -> None:
    form = {"name": "Summit pass", "summary": "Nice", "kind": "event", "price": "1500"}
    answer = ada.post(f"/admin/rewards/{shop.summit}", data=form | {"picture": (io.BytesIO(PIXEL), "summit.png")}, content_type="multipart/form-data")
    assert answer.status_code == 303

    def picture() -> int | None:
        with database.reading() as session:
            return session.scalar(select(Reward.picture_id).where(Reward.id == shop.summit))

    with ada.get(f"/files/{picture()}/picture?size=medium") as shown:
        assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    assert ada.post(f"/admin/rewards/{shop.summit}", data=form).status_code == 303
    assert picture() is not None
    svg = (io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "summit.svg")
    refused = ada.post(f"/admin/rewards/{shop.summit}", data=form | {"picture": svg}, content_type="multipart/form-data")
    assert refused.status_code >= 400
    assert ada.post(f"/admin/rewards/{shop.summit}", data=form | {"drop_picture": "y"}).status_code == 303
    assert picture() is None


def test_stock_is_changed_counted_and_uncounted(ada: PortalClient, shop: Shop, database: Database) -> None:
    address = f"/admin/rewards/{shop.summit}"

    def stock() -> int | None:
        with database.reading() as session:
            return session.scalar(select(Reward.stock).where(Reward.id == shop.summit))

    assert ada.post(f"{address}/stock", data={"change": "-2"}).status_code == 303
    assert stock() == 4
    refused = ada.post(f"{address}/stock", data={"change": "-5"})
    assert refused.status_code == 422
    assert "There are 4 left, so 5 cannot be taken away." in refused.text
    assert ada.post(f"{address}/stock", data={"change": "many"}).status_code == 422
    assert ada.post(f"{address}/count", data={"stock": "9"}).status_code == 409
    assert ada.post(f"{address}/uncount").status_code == 303
    assert stock() is None
    assert ada.post(f"{address}/stock", data={"change": "1"}).status_code == 409
    assert ada.post(f"{address}/count", data={"stock": "9"}).status_code == 303
    assert stock() == 9


def test_an_edit_never_brings_back_what_was_redeemed_meanwhile(ada: PortalClient, shop: Shop, database: Database) -> None:
    database.write(lambda s: adjust_stock(s, as_admin(shop.admin_id), reward_id=shop.summit, change=-5, now=utcnow()))
    assert (
        ada.post(f"/admin/rewards/{shop.summit}", data={"name": "S", "summary": "s", "kind": "event", "price": "5", "stock": "6"}).status_code == 303
    )
    with database.reading() as session:
        assert session.scalar(select(Reward.stock).where(Reward.id == shop.summit)) == 1


def test_admins_decide_through_the_pages(ada: PortalClient, shop: Shop, database: Database, sign_in: SignIn) -> None:
    redemption_id = database.write(lambda s: make_redemption(s, shop.person_id, shop.summit).id)
    address = f"/admin/rewards/redemptions/{redemption_id}"
    assert "Approve" in ada.get(address).text
    assert ada.post(f"{address}/decline", data={"reason": ""}).status_code == 422
    assert ada.post(f"{address}/approve").status_code == 303
    second = sign_in(shop.other_id).post(f"{address}/approve")
    assert second.status_code == 409
    assert "“Summit pass” for Amara Okafor was approved by Ada Admin" in second.text
    assert ada.post(f"{address}/send", data={"delivery": "By post"}).status_code == 303
    assert ada.post(f"{address}/return", data={"reason": "Came back"}).status_code == 303
    page = ada.get(address).text
    assert "Returned by Ada Admin" in page
    found = rows(ada.get("/admin/rewards/redemptions?q=okafor&state=returned&format=csv").text)
    assert [row[1:7] for row in found] == [["Amara Okafor", "", "Summit pass", "", "1500", "Returned"]]
    assert rows(ada.get("/admin/rewards/redemptions?state=requested&format=csv").text) == []
    line = ["Summit pass", "Event", "On sale", "1500", "6", "", "0", "0", "", "", "0", "0"]
    assert rows(ada.get("/admin/rewards?q=summit&format=csv").text) == [line]


@pytest.mark.breaks_the_books  # rows by the thousand are written past the verbs
def test_lists_cost_the_same_with_ten_and_with_three_hundred_rows(
    database: Database, shop: Shop, sign_in: SignIn, count_queries: CountQueries
) -> None:
    person, admin = sign_in(shop.person_id), sign_in(shop.admin_id)
    lists = [(person, "/rewards"), (person, "/rewards/mine"), (admin, "/admin/rewards"), (admin, "/admin/rewards/redemptions")]

    def more(session: Session, size: int) -> None:
        reward = session.get(Reward, shop.cafe)
        plain = {c.name: getattr(reward, c.name) for c in Reward.__table__.columns if c.name != "id"}
        first = make_redemption(session, shop.person_id, shop.summit) if size == 10 else session.scalars(select(Redemption)).first()
        asked = {c.name: getattr(first, c.name) for c in Redemption.__table__.columns if c.name != "id"}
        for n in range(size):
            session.add(Reward(**plain | {"name": f"Reward {size} {n}"}))
            session.add(Redemption(**asked | {"key": f"copy {size} {n}"}))

    totals: list[dict[str, int]] = []
    for size in (10, 290):
        database.write(lambda s, size=size: more(s, size))
        totals.append({})
        for client, path in lists:
            with count_queries() as counted:
                assert client.get(path).status_code == 200
            totals[-1][path] = counted.total
    assert totals[0] == totals[1]


def test_only_kinds_that_are_there_are_offered_to_choose_from_and_who_takes_no_part_reads_why(database: Database, sign_in: SignIn) -> None:
    advocate, employee = database.write(lambda s: (make_person(s).id, make_employee(s).id))
    client = sign_in(advocate)
    assert "Kinds of rewards" not in client.get("/rewards").text, "an empty catalogue has nothing to choose from"
    database.write(lambda s: make_reward(s, kind="perk"))
    page = client.get("/rewards").text
    assert "kind=perk" in page
    assert "kind=event" not in page
    assert "kind=event" in client.get("/rewards?kind=event").text, "what was chosen can be seen and left"
    refused = sign_in(employee).get("/rewards")
    assert (refused.status_code, "This page is for advocates" in refused.text) == (403, True)

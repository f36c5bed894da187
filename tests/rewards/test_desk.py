"""The fulfilment desk: what lies on which tab, many moved at once, lists out and in, labels."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.rewards.actions.fulfilling import fail_redemption, order_redemption, receive_redemption, send_redemption
from portal.rewards.actions.redeeming import Asked
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.jobs import forget_addresses
from portal.rewards.models.redeeming import Redemption, RedemptionAddress
from portal.rewards.queries.desk import count_tabs
from portal.rewards.rules import desk
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import HOME, as_admin, make_redemption, make_reward
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

HEADER = ["Redemption", "tracking", "carrier"]


class Desk:
    """One redemption on each tab but "sent", and a voucher and a parcel that are both to be sent."""

    def __init__(self, session: Session) -> None:
        self.admin_id, now = make_admin(session, name="Ada Admin").id, utcnow()
        admin = as_admin(self.admin_id)
        self.person_id = make_person(session, name="=Amara Okafor").id
        give_points(session, self.person_id, 1_000)
        self.shirt = make_reward(session, name="Overshirt", kind="merchandise", price=10).id
        self.exam = make_reward(session, name="Exam", kind="voucher", price=10).id
        street = HOME.__class__(**HOME.values | {"name": "+Amara", "country": "FR"})

        def ask(reward_id: int, *verbs: object) -> int:
            made = make_redemption(session, self.person_id, reward_id, asked=Asked(address=street if reward_id == self.shirt else None))
            for verb in verbs:
                reason = {"reason": "Lost"} if verb is fail_redemption else {}
                verb(session, admin, redemption_id=made.id, now=now, **reason)
            return made.id

        self.waiting, self.failed = ask(self.shirt), ask(self.shirt, approve_redemption, fail_redemption)
        self.to_order = ask(self.shirt, approve_redemption)
        self.parcel = ask(self.shirt, approve_redemption, order_redemption)
        self.voucher = ask(self.exam, approve_redemption)


@pytest.fixture
def lying(database: Database) -> Desk:
    return database.write(Desk)


@pytest.fixture
def ada(lying: Desk, sign_in: SignIn) -> PortalClient:
    return sign_in(lying.admin_id)


def on_page(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-row="(\d+)"', page)]


def state_of(database: Database, redemption_id: int) -> str:
    with database.reading() as session:
        return session.get_one(Redemption, redemption_id).state


def test_each_tab_holds_what_is_to_be_done_next_and_filters_find_it(ada: PortalClient, lying: Desk, database: Database) -> None:
    with database.reading() as session:
        assert count_tabs(session) == {"approve": 1, "order": 1, "provider": 0, "send": 2, "sent": 0, "failed": 1}
    expected = {
        "": [lying.to_order],
        "?tab=approve": [lying.waiting],
        "?tab=send": [lying.parcel, lying.voucher],
        "?tab=send&kind=voucher": [lying.voucher],
        "?tab=send&country=FR": [lying.parcel],
        "?tab=send&country=DE": [],
        f"?tab=send&reward_id={lying.exam}": [lying.voucher],
        "?tab=send&q=okafor": [lying.parcel, lying.voucher],
        "?tab=send&q=nobody": [],
        "?tab=failed": [lying.failed],
    }
    assert {query: on_page(ada.get(f"/admin/rewards/desk{query}").text) for query in expected} == expected
    assert "Nothing on its way" in ada.get("/admin/rewards/desk?tab=sent").text
    page = ada.get("/admin/rewards/desk?tab=sent").text
    assert ">Clear<" not in page, "a tab is nothing to clear"
    assert "At the provider" not in page
    ada.post("/admin/rewards/desk?tab=order", data={"act": "order", "item": [str(lying.to_order)]})
    assert on_page(ada.get("/admin/rewards/desk").text) == on_page(ada.get("/admin/rewards/desk?tab=send").text) != []
    assert "Nothing on this tab fits this search." in ada.get("/admin/rewards/desk?tab=send&q=nobody").text


def test_many_are_moved_at_once_and_what_is_refused_is_told_line_by_line(ada: PortalClient, lying: Desk, database: Database) -> None:
    nothing = ada.post("/admin/rewards/desk?tab=order", data={"act": "order"}, follow_redirects=True)
    assert "Please choose at least one line first." in nothing.text
    assert ada.post("/admin/rewards/desk?tab=order", data={"act": "order", "item": [str(lying.to_order)]}).status_code == 303
    assert state_of(database, lying.to_order) == "ordered"
    items = [str(found) for found in (lying.parcel, lying.to_order, lying.voucher)]
    answer = ada.post("/admin/rewards/desk?tab=send", data={"act": "send", "item": items})
    assert "2 redemptions are sent or handed over." in answer.text
    assert "Please enter the code" in answer.text
    assert [state_of(database, found) for found in (lying.parcel, lying.to_order, lying.voucher)] == ["sent", "sent", "approved"]
    again = ada.post("/admin/rewards/desk?tab=order", data={"act": "order", "item": items[:1]})
    assert "was sent by Ada Admin" in again.text


def test_the_picking_list_is_safe_to_open_and_labels_name_the_parcel(ada: PortalClient, lying: Desk) -> None:
    text = ada.get("/admin/rewards/desk?tab=send&format=csv").text.removeprefix("\ufeff")
    found = list(csv.DictReader(io.StringIO(text)))
    assert [(row["redemption"], row["person"], row["name"], row["country"]) for row in found] == [
        (str(lying.parcel), "'=Amara Okafor", "'+Amara", "FR"),
        (str(lying.voucher), "'=Amara Okafor", "", ""),
    ]
    page = ada.get("/admin/rewards/desk/labels").text
    assert f"#{lying.parcel} · Overshirt" in page
    assert "+Amara<br>Harbour Street 4<br>20457 Hamburg" in page
    assert f"#{lying.to_order}" not in page
    assert "No parcels to be sent" in ada.get("/admin/rewards/desk/labels?country=DE").text


def test_tracking_numbers_come_in_with_a_look_first_and_twice_is_once(ada: PortalClient, lying: Desk, database: Database) -> None:
    lines = f"Redemption;Tracking;Carrier\n{lying.parcel};LP 1;Post\n{lying.voucher};LP 2;\n{lying.parcel};LP 3;\n{lying.waiting};;\n999999;LP 4;\n"
    page = ada.post(
        "/admin/rewards/desk/tracking", data={"upload": (io.BytesIO(lines.encode()), "numbers.csv")}, content_type="multipart/form-data"
    ).text
    assert "Use 1 line" in page
    for told in (
        "There is no parcel of this number.",
        "It is not sent by post.",
        "An earlier line is about the same redemption.",
        "The tracking number is missing.",
    ):
        assert told in page
    assert state_of(database, lying.parcel) == "ordered", "nothing is written by looking"
    text = re.search(r'name="text" value="([^"]*)"', page)
    assert text is not None
    sent = {"text": text[1].replace("&#34;", '"').replace("&quot;", '"')}
    first, second = (ada.post("/admin/rewards/desk/tracking/send", data=sent, follow_redirects=True).text for _ in range(2))
    assert "1 parcel is sent with its number." in first
    assert "0 parcels are sent" in second
    assert [second.count(told) for told in ("There is no parcel of this number.", "It is not sent by post.")] == [1, 1]
    with database.reading() as session:
        found = session.get_one(Redemption, lying.parcel)
        assert (found.state, found.handed) == ("sent", {"tracking": "LP 1", "carrier": "Post"})
        assert session.scalar(select(func.count()).where(Redemption.state == "sent")) == 1
    page = ada.post("/admin/rewards/desk/tracking", data={"text": f"redemption,tracking\n{lying.parcel},LP 1"}).text
    assert "Has this number already" in page
    page = ada.post("/admin/rewards/desk/tracking", data={"text": f"redemption,tracking\n{lying.parcel},LP 9"}).text
    assert "It was sent with the tracking number LP 1 already." in page
    refused = ada.post("/admin/rewards/desk/tracking", data={"text": "number,code\n1,2"})
    assert refused.status_code == 422
    assert "The first line must name the columns" in refused.text


def test_a_line_that_can_have_no_effect_says_so_before_and_after_it_is_sent(database: Database, sign_in: SignIn, lying: Desk) -> None:
    """What waits, failed, is over or is the admin's own is refused by name; a row with too few cells is a line too."""

    def own(session: Session) -> tuple[int, int]:
        admin_id = make_admin(session, name="Bo Admin", roles=("admin", "advocate")).id
        give_points(session, admin_id, 100)
        mine = make_redemption(session, admin_id, lying.shirt).id
        approve_redemption(session, as_admin(lying.admin_id), redemption_id=mine, now=utcnow())
        return admin_id, mine

    bo, mine = database.write(own)
    client = sign_in(bo)
    lines = f"redemption,tracking,carrier\n{lying.waiting},A,\n{lying.failed},B,\n{mine},C,\n42,ABC\n{lying.parcel},D,\n"
    page = client.post("/admin/rewards/desk/tracking", data={"text": lines}).text
    told = ["is still waiting for approval", "was marked as not deliverable by Ada Admin", "This is your own redemption."]
    for sentence in [*told, "This line does not have the same cells as the first one.", "Use 1 line"]:
        assert sentence in page
    answer = client.post("/admin/rewards/desk/tracking/send", data={"text": lines}).text
    for sentence in [*told, "Line 5", "This line does not have the same cells", "1 parcel is sent with its number."]:
        assert sentence in answer
    assert [state_of(database, found) for found in (lying.waiting, lying.failed, mine, lying.parcel)] == ["requested", "failed", "approved", "sent"]


def test_a_number_comes_in_for_what_was_sent_without_one(ada: PortalClient, lying: Desk, database: Database) -> None:
    assert ada.post("/admin/rewards/desk?tab=send", data={"act": "send", "item": [str(lying.parcel)]}).status_code == 303
    stale = ada.post(f"/admin/rewards/redemptions/{lying.parcel}/send", data={"give_tracking": "LP 1", "delivery": "By the door"})
    assert stale.status_code == 409
    assert "was sent by Ada Admin" in stale.text
    lines = f"redemption,tracking\n{lying.parcel},LP 1"
    assert "Was sent, gets its number" in ada.post("/admin/rewards/desk/tracking", data={"text": lines}).text
    sent = ada.post("/admin/rewards/desk/tracking/send", data={"text": lines}, follow_redirects=True).text
    assert "1 sent before has its number now." in sent
    assert ada.post(f"/admin/rewards/redemptions/{lying.parcel}/send", data={"give_tracking": "LP 1"}).status_code == 303
    with database.reading() as session:
        assert session.get_one(Redemption, lying.parcel).handed == {"tracking": "LP 1"}


def test_a_parcel_without_an_address_says_so_and_is_sent_once_it_has_one(ada: PortalClient, lying: Desk, database: Database) -> None:
    """It was asked for before anybody was asked where it goes."""
    database.write(lambda s: s.execute(delete(RedemptionAddress).where(RedemptionAddress.redemption_id == lying.parcel)))
    page, missing = f"/admin/rewards/redemptions/{lying.parcel}", "There is no address for this parcel."
    for path in ("/admin/rewards/desk?tab=send", "/admin/rewards/desk/labels"):
        assert "Address missing" in ada.get(path).text
    assert missing in ada.post("/admin/rewards/desk?tab=send", data={"act": "send", "item": [str(lying.parcel)]}).text
    lines = {"text": f"redemption,tracking\n{lying.parcel},LP 1"}
    for path in ("/admin/rewards/desk/tracking", "/admin/rewards/desk/tracking/send"):
        assert missing in ada.post(path, data=lines).text
    assert state_of(database, lying.parcel) == "ordered"
    refused = ada.post(f"{page}/address", data=HOME.values | {"city": ""})
    assert refused.status_code == 422
    assert "so that the parcel finds you" in refused.text
    assert ada.post(f"{page}/address", data=HOME.values).status_code == 303
    again = ada.post(f"{page}/address", data=HOME.values | {"city": "Bremen"})
    assert again.status_code == 409
    assert "This parcel has an address already." in again.text
    assert "20457 Hamburg" in ada.get(page).text
    assert ada.post(f"{page}/send").status_code == 303
    assert "Nothing of this redemption is to be sent" in ada.post(f"/admin/rewards/redemptions/{lying.voucher}/address", data=HOME.values).text


def test_an_address_is_erased_some_time_after_its_parcel_ended_and_not_before(lying: Desk, database: Database) -> None:
    admin, now = as_admin(lying.admin_id), utcnow()

    def end(session: Session) -> None:
        decline_redemption(session, admin, redemption_id=lying.waiting, reason="No", now=now)
        send_redemption(session, admin, redemption_id=lying.parcel, now=now)
        receive_redemption(session, admin, redemption_id=lying.parcel, now=now)

    database.write(end)
    assert [forget_addresses(database, now + timedelta(days=days)) for days in (89, 91, 91)] == [0, 2, 0]
    with database.reading() as session:
        left = set(session.scalars(select(RedemptionAddress.redemption_id)))
    assert left == {lying.failed, lying.to_order}


def test_the_database_itself_lets_nobody_approve_their_own(lying: Desk, database: Database) -> None:
    own = update(Redemption).where(Redemption.id == lying.to_order).values(approved_by=Redemption.person_id)
    with pytest.raises(IntegrityError, match="approved_by_another"):
        database.write(lambda s: s.execute(own))


@pytest.mark.parametrize(
    ("cells", "refusal"),
    [
        (["7", "LP", "Post"], None),
        (["#7", "'=LP", ""], None),
        (["7", ""], desk.TrackingMissing),
        (["seven", "LP"], desk.LineUnreadable),
        (["７", "LP"], desk.LineUnreadable),
        (["7", "x" * 81], desk.LineUnreadable),
        (["7", "LP", "x" * 61], desk.LineUnreadable),
        ([], desk.LineUnreadable),
    ],
)
def test_a_line_is_a_number_and_a_tracking_number(cells: list[str], refusal: type[Refusal] | None) -> None:
    (line,) = desk.read_lines(HEADER, [(2, cells)])
    assert (type(line.refusal) if line.refusal else None) == refusal
    with pytest.raises(desk.ListTooLong):
        desk.read_lines(HEADER, [(2, cells)] * 1_001)


@pytest.mark.breaks_the_books  # rows by the thousand are written past the verbs
@pytest.mark.parametrize("path", ["/admin/rewards/desk?tab=send", "/admin/rewards/desk/labels"])
def test_the_desk_costs_the_same_with_ten_and_with_three_hundred_rows(
    ada: PortalClient, lying: Desk, database: Database, count_queries: CountQueries, path: str
) -> None:
    def more(session: Session, size: int) -> None:
        asked = {c.name: getattr(session.get_one(Redemption, lying.parcel), c.name) for c in Redemption.__table__.columns if c.name != "id"}
        made = [Redemption(**asked | {"key": f"copy {size} {n}"}) for n in range(size)]
        session.add_all(made)
        session.flush()
        session.add_all([RedemptionAddress(redemption_id=found.id, **HOME.values) for found in made])

    totals = []
    for size in (10, 290):
        database.write(lambda s, size=size: more(s, size))
        with count_queries() as counted:
            assert ada.get(path).status_code == 200
        totals.append(counted.total)
    assert totals[0] == totals[1]

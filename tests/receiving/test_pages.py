"""The question to members, what the shop says, and the admins' pages, through the doors."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import Notice
from portal.people.actions.reviewing import grant_reviewing
from portal.people.models import Person
from portal.receiving.actions.accepting import set_company_rule
from portal.receiving.actions.values import count_value
from portal.receiving.queries.standing import receiver_of
from portal.receiving.rules.accepting import Rule, Stance
from portal.rewards.actions.review import approve_redemption
from portal.rewards.actions.worth import set_value
from portal.rewards.models.offering import Reward
from portal.rewards.queries.worth import auto_terms_of
from portal.rewards.rules.auto import AutoTerms
from portal.rewards.rules.kinds import Kind
from tests.factories.people import make_admin, make_company, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin, make_redemption, make_reward
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries
from tests.support.forms import fields_of


class House:
    """A clerk of a council, a member of a firm, an admin, two rewards."""

    def __init__(self, session: Session) -> None:
        self.company_id = make_company(session, name="Northwater Council", country="US", domain="northwater.gov.uk").id
        self.clerk_id = make_person(session, name="Cleo Clerk", email="cleo@northwater.gov.uk", company_id=self.company_id).id
        self.member_id = make_person(session, name="Amara Okafor").id
        self.admin_id = make_admin(session, name="Ada Admin").id
        for person_id in (self.clerk_id, self.member_id):
            give_points(session, person_id, 5_000)
        self.pass_id = make_reward(session, name="Summit pass", price=1_000).id
        self.trees = make_reward(session, name="Trees", price=100, kind=Kind.DONATION).id

    def close(self, session: Session, stance: Stance) -> None:
        set_company_rule(session, as_admin(self.admin_id), company_id=self.company_id, rule=Rule(stance), reason="Policy.", now=utcnow())


@pytest.fixture
def house(database: Database) -> House:
    return database.write(House)


@pytest.fixture
def clerk(house: House, sign_in: SignIn) -> PortalClient:
    return sign_in(house.clerk_id)


@pytest.fixture
def ada(house: House, sign_in: SignIn) -> PortalClient:
    return sign_in(house.admin_id)


def words(page: str) -> str:
    return " ".join(page.split())


def test_who_is_suggested_a_rule_answers_one_page_first_and_comes_back(clerk: PortalClient, house: House, database: Database) -> None:
    page = words(clerk.get(f"/rewards/{house.pass_id}").text)
    assert "One question first" in page
    assert "Public offices often let their people accept no gifts at all." in page
    assert "Redeem for" not in page
    form = {"key": "k1", "shown_price": "1000"}
    answer = clerk.post(f"/rewards/{house.pass_id}/redeem", data=form)
    assert (answer.status_code, "please tell us whether your employer lets you accept gifts" in answer.text) == (409, True)
    asked = words(clerk.get(f"/receiving?reward={house.pass_id}").text)
    assert "Because of your address (northwater.gov.uk)" in asked
    assert " checked" not in asked
    assert clerk.post("/receiving", data={"reward": house.pass_id}).status_code == 422
    answer = clerk.post("/receiving", data={"choice": "capped", "item": "20", "year": "50", "reward": house.pass_id})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/rewards/{house.pass_id}")
    page = words(clerk.get(f"/rewards/{house.pass_id}").text)
    assert "This is worth $30.00; the rules of your employer allow rewards of up to $20.00 each." in page
    assert "up to $20.00 each and $50.00 in a year" in words(clerk.get("/profile").text)
    assert clerk.post(f"/rewards/{house.trees}/redeem", data={"key": "k2", "shown_price": "100"}).status_code == 303
    with database.reading() as session:
        own = receiver_of(session, house.clerk_id, utcnow()).own
        assert own is not None
        assert (own.rule, own.set_by_id) == (Rule(Stance.MAY, 2_000, 5_000), house.clerk_id)


@pytest.mark.parametrize(
    ("stance", "shop", "page"),
    [
        (Stance.NOTHING, "your employer does not let you accept rewards", "The points still count as recognition."),
        (Stance.CHARITY, "you may accept only gifts to a good cause", "Only gifts to a good cause can be accepted here."),
    ],
)
def test_the_shop_tells_who_may_not_have_everything(
    clerk: PortalClient, house: House, database: Database, stance: Stance, shop: str, page: str
) -> None:
    database.write(lambda session: house.close(session, stance))
    page_of_all = words(clerk.get("/rewards").text)
    assert shop in page_of_all
    assert page_of_all.count("Not for you to accept") == (2 if stance is Stance.NOTHING else 1)
    shown = words(clerk.get(f"/rewards/{house.pass_id}").text)
    assert page in shown
    assert "Redeem for" not in shown
    assert clerk.post(f"/rewards/{house.pass_id}/redeem", data={"key": "k1", "shown_price": "1000"}).status_code == 403
    assert clerk.post(f"/rewards/{house.trees}/redeem", data={"key": "k2", "shown_price": "100"}).status_code == (
        303 if stance is Stance.CHARITY else 403
    )
    assert "5,000" in clerk.get("/statement").text


def test_an_ordinary_member_is_asked_kindly_and_can_redeem_all_the_same(house: House, sign_in: SignIn) -> None:
    amara = sign_in(house.member_id)
    page = words(amara.get(f"/rewards/{house.pass_id}").text)
    assert "tell us what you may accept" in page
    assert "Redeem for 1,000 points" in page
    amara.post("/receiving", data={"choice": "unknown"})
    assert "tell us what you may accept" not in amara.get(f"/rewards/{house.pass_id}").text


def test_admins_enter_rules_forms_and_values(ada: PortalClient, house: House, database: Database) -> None:
    page = words(ada.get(f"/admin/receiving/people/{house.clerk_id}").text)
    assert "northwater.gov.uk suggests: Public offices" in page
    rule = {"choice": "capped", "item": "25.50", "country": "US"}
    answer = ada.post(f"/admin/receiving/people/{house.clerk_id}", data=rule)
    assert (answer.status_code, "Please say how you know." in answer.text) == (422, True)
    assert ada.post(f"/admin/receiving/people/{house.clerk_id}", data=rule | {"reason": "HR wrote so."}).status_code == 303
    assert "Entered by Ada Admin" in ada.get(f"/admin/receiving/people/{house.clerk_id}").text
    assert ada.post(f"/admin/receiving/companies/{house.company_id}", data={"choice": "charity", "reason": "Policy."}).status_code == 303
    tomorrow = (utcnow() + timedelta(days=2)).date().isoformat()
    assert ada.post(f"/admin/receiving/people/{house.clerk_id}/form", data={"kind": "w9", "on_file_on": tomorrow}).status_code == 422
    assert ada.post(f"/admin/receiving/people/{house.clerk_id}/form", data={"kind": "w9", "on_file_on": "2026-02-03"}).status_code == 303
    page = words(ada.get(f"/admin/receiving/people/{house.clerk_id}").text)
    assert "Form W-9, on file since 3 Feb 2026; noted by Ada Admin." in page
    with database.reading() as session:
        assert receiver_of(session, house.clerk_id, utcnow()).rule == Rule(Stance.CHARITY, 2_550, None)
    assert ada.post(f"/admin/receiving/people/{house.clerk_id}/form/end").status_code == 303
    assert ada.post(f"/admin/receiving/people/{house.clerk_id}/form/end").status_code == 409
    assert "Counted as $30.00, from its price. Enter what it is worth." in words(ada.get(f"/admin/rewards/{house.pass_id}").text)
    assert ada.post(f"/admin/rewards/{house.pass_id}/value", data={"worth": "-1"}).status_code == 422
    assert ada.post(f"/admin/rewards/{house.pass_id}/value", data={"worth": "499.99"}).status_code == 303
    assert "$499.99, as you entered it." in words(ada.get(f"/admin/rewards/{house.pass_id}").text)


def test_the_terms_of_the_rule_are_set_on_one_page(ada: PortalClient, database: Database) -> None:
    assert "the rule is off, and a person decides on everything" in ada.get("/admin/rewards/terms").text
    assert ada.post("/admin/rewards/terms", data={"most": "0.5", "received": "2"}).status_code == 422
    assert ada.post("/admin/rewards/terms", data={"most": "50", "received": "2"}).status_code == 303
    with database.reading() as session:
        assert auto_terms_of(session) == AutoTerms(5_000, 2)
    assert ada.post("/admin/rewards/terms", data={"most": "", "received": "2"}).status_code == 303
    with database.reading() as session:
        assert auto_terms_of(session) == AutoTerms(None, 2)


def test_the_desk_and_the_queue_say_what_stops_the_sending(ada: PortalClient, house: House, database: Database) -> None:
    def ask(session: Session) -> int:
        set_value(session, as_admin(house.admin_id), reward_id=house.pass_id, cents=250_000, now=utcnow())
        return make_redemption(session, house.member_id, house.pass_id).id

    redemption_id = database.write(ask)
    stop = "From $2,000.00 a tax form has to be on file before anything is sent."
    assert stop in words(ada.get(f"/admin/rewards/redemptions/{redemption_id}").text)
    queue = ada.get(f"/admin/approvals?item=redemption-{redemption_id}").text
    assert stop in words(queue)
    answer = ada.post(f"/admin/rewards/redemptions/{redemption_id}/approve", follow_redirects=True)
    assert "Approved, but it cannot be sent yet" in words(answer.text)
    answer = ada.post(f"/admin/rewards/redemptions/{redemption_id}/send", data={})
    assert (answer.status_code, stop in words(answer.text)) == (409, True)


def test_what_somebody_received_has_its_name_and_leads_to_it(ada: PortalClient, house: House, database: Database) -> None:
    redemption_id = database.write(lambda s: make_redemption(s, house.member_id, house.pass_id).id)
    for act in ("approve", "send"):
        assert ada.post(f"/admin/rewards/redemptions/{redemption_id}/{act}", data={}).status_code == 303
    page = ada.get(f"/admin/receiving/people/{house.member_id}").text
    assert f'href="/admin/rewards/redemptions/{redemption_id}">Summit pass</a>' in page


def test_who_decides_reads_that_a_value_was_never_entered(ada: PortalClient, house: House, database: Database) -> None:
    redemption_id = database.write(lambda s: make_redemption(s, house.member_id, house.pass_id).id)
    pages = (f"/admin/approvals?item=redemption-{redemption_id}", f"/admin/rewards/redemptions/{redemption_id}")
    for page in pages:
        assert "The value is only counted from its price." in words(ada.get(page).text)
    assert ada.post(f"/admin/rewards/{house.pass_id}/value", data={"worth": "25"}).status_code == 303
    for page in pages:
        assert "only counted from its price" not in words(ada.get(page).text)


def test_finance_gets_values_by_person_and_year(ada: PortalClient, house: House, database: Database) -> None:
    database.write(lambda s: count_value(s, person_id=house.clerk_id, source="a:1", cents=170_000, is_charity=False, now=utcnow()))
    rows = list(csv.reader(io.StringIO(ada.get("/admin/receiving?format=csv").text.removeprefix("\ufeff"))))
    year = str(utcnow().year)
    assert rows[1:] == [[str(house.clerk_id), "Cleo Clerk", "Northwater Council", "US", year, "1700", "2000", "", ""]]
    assert ada.get("/admin/receiving?format=xlsx").data[:2] == b"PK"
    near = words(ada.get("/admin/receiving?show=near").text)
    assert "Cleo Clerk" in near
    assert "Amara Okafor" not in near
    assert "This is a reckoning aid and not tax advice" in near
    assert "Nobody fits" in ada.get("/admin/receiving?show=over").text
    assert "Amara Okafor" in ada.get("/admin/receiving?show=unknown&q=amara").text
    assert "Nobody fits" in ada.get("/admin/receiving?show=ruled").text


def test_the_list_and_the_shop_ask_the_same_for_ten_and_a_thousand(ada: PortalClient, database: Database, count_queries: CountQueries) -> None:
    def more(session: Session, number: int) -> None:
        given = {"state": "contact", "title": "", "is_advocate": True, "is_employee": False, "is_admin": False, "is_demo": False}
        session.add_all(Person(name=f"P {number} {n}", name_key=f"p {number} {n}", created_at=utcnow(), **given) for n in range(number))

    seen = []
    for number in (10, 1_000):
        database.write(lambda session, number=number: more(session, number))
        with count_queries() as counted:
            assert ada.get("/admin/receiving").status_code == 200
        seen.append(counted.total)
    assert seen[0] == seen[1]
    first = ada.get("/admin/receiving").text
    assert "Next page" in first


def test_others_do_not_see_what_somebody_may_accept(house: House, sign_in: SignIn, database: Database) -> None:
    database.write(lambda session: house.close(session, Stance.NOTHING))
    amara = sign_in(house.member_id)
    assert "does not let you accept rewards" not in amara.get("/rewards").text
    assert amara.get(f"/admin/receiving/people/{house.clerk_id}").status_code == 403


@pytest.mark.parametrize("typed", ["10000000000", "1e12", "NaN", "Infinity", "0.001", "24.999"])
def test_what_is_no_amount_is_refused_beside_its_field_and_saved_nowhere(ada: PortalClient, house: House, database: Database, typed: str) -> None:
    sent = {"choice": "capped", "item": typed, "year": "100", "reason": "HR wrote"}
    for address, data, name in (
        (f"/admin/receiving/people/{house.clerk_id}", sent, "item"),
        ("/admin/rewards/terms", {"most": typed, "received": "3"}, "most"),
        (f"/admin/rewards/{house.pass_id}/value", {"worth": typed}, "worth"),
    ):
        answer = ada.post(address, data=data)
        assert answer.status_code == 422
        beside = answer.text.partition(f'id="{name}-error"')[2].partition("</p>")[0] or answer.text
        assert "at most two decimals" in beside
        assert f'value="{typed}"' in answer.text
    with database.reading() as session:
        assert receiver_of(session, house.clerk_id, utcnow()).own is None
        assert auto_terms_of(session) == AutoTerms()


def test_a_value_somebody_changed_meanwhile_is_shown_and_not_overwritten(ada: PortalClient, house: House, database: Database) -> None:
    page = f"/admin/rewards/{house.pass_id}"
    shown = fields_of(ada.get(page).text, having="worth")
    for _click in range(2):
        assert ada.post(f"{page}/value", data=shown | {"worth": "25"}).status_code == 303
    refused = ada.post(f"{page}/value", data=shown | {"worth": "77"})
    assert refused.status_code == 409
    assert "Somebody changed this after you opened it" in refused.text
    with database.reading() as session:
        assert session.get_one(Reward, house.pass_id).value_cents == 2_500
    assert ada.post(f"{page}/value", data=fields_of(refused.text, having="worth")).status_code == 303
    with database.reading() as session:
        assert session.get_one(Reward, house.pass_id).value_cents == 7_700


def test_desk_and_member_read_what_stops_the_sending_and_the_member_is_told_once(
    ada: PortalClient, house: House, sign_in: SignIn, database: Database
) -> None:
    def prepare(session: Session) -> int:
        set_value(session, as_admin(house.admin_id), reward_id=house.pass_id, cents=250_000, now=utcnow())
        made = make_redemption(session, house.member_id, house.pass_id).id
        approve_redemption(session, as_admin(house.admin_id), redemption_id=made, now=utcnow())
        return made

    made = database.write(prepare)
    assert "Cannot be sent now: With this one, Amara Okafor would reach $2,500.00" in words(ada.get("/admin/rewards/desk?tab=send").text)
    member = sign_in(house.member_id)
    page = words(member.get(f"/rewards/redemptions/{made}").text)
    assert "we need a tax form from you" in page
    assert "$2,000" not in page
    with database.reading() as session:
        kinds = session.scalars(select(Notice.kind).where(Notice.person_id == house.member_id, Notice.kind == "redemption_stopped")).all()
    assert kinds == ["redemption_stopped"]


def test_a_reviewer_reads_neither_the_sum_of_the_year_nor_a_way_to_it(house: House, sign_in: SignIn, database: Database) -> None:
    def prepare(session: Session) -> tuple[int, int]:
        set_value(session, as_admin(house.admin_id), reward_id=house.pass_id, cents=250_000, now=utcnow())
        reviewer = make_person(session, name="Rhea Reviewer", roles={"employee"}).id
        grant_reviewing(session, as_admin(house.admin_id), person_id=reviewer, grants=["redemptions"], now=utcnow())
        return reviewer, make_redemption(session, house.member_id, house.pass_id).id

    reviewer, made = database.write(prepare)
    page = words(sign_in(reviewer).get(f"/admin/approvals?item=redemption-{made}").text)
    assert "It cannot be sent to them now" in page
    assert "so far" not in page
    assert "/admin/receiving" not in page

"""Each kind of reward by its contract, and through the doors: what is asked, what is given, what is read."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.rewards.actions.catalogue import change_reward, publish_reward, set_options
from portal.rewards.actions.fulfilling import send_redemption
from portal.rewards.actions.redeeming import Asked
from portal.rewards.actions.review import approve_redemption
from portal.rewards.actions.variants import add_variant
from portal.rewards.kinds import checks
from portal.rewards.kinds.registry import KINDS, ORDERED, POSTED, kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.variants import variants_of
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.refusals.editing import KindFixed
from portal.rewards.rules.states import State
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin, make_draft, make_redemption, make_reward
from tests.support.application import SignIn
from tests.support.forms import fields_of

CAUSES = {"causes": "Sea rescue\n\n Mountain rescue \nSea rescue"}


def test_every_kind_is_there_once_and_says_how_it_goes() -> None:
    assert set(KINDS) == set(Kind)
    assert (ORDERED, POSTED) == (("merchandise",), ("merchandise",))
    for kind in KINDS.values():
        assert kind.hint
        assert len({kind.state_name(state) for state in State}) == len(State)


def test_what_is_approved_is_never_said_to_be_on_its_way_and_what_happened_has_the_words_of_its_kind() -> None:
    for kind in KINDS.values():
        assert "way" not in kind.state_name(State.APPROVED)
        assert kind.step_name(State.APPROVED) == "Approved"
    named = {kind: KINDS[kind].step_name(State.SENT) for kind in (Kind.EVENT, Kind.EXPERIENCE, Kind.DIGITAL, Kind.MERCHANDISE)}
    assert list(named.values()) == ["Ticket given", "Seat confirmed", "Link given", "Sent"]


def test_a_seat_is_no_parcel_and_a_perk_says_that_somebody_gets_in_touch(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int, int]:
        person, admin, now = make_person(session), as_admin(make_admin(session, name="Ada Admin").id), utcnow()
        give_points(session, person.id, 1_000)
        made = []
        for kind in (Kind.EXPERIENCE, Kind.PERK):
            draft = make_draft(session, kind=kind)
            if kind is Kind.EXPERIENCE:
                add_variant(session, admin, reward_id=draft.id, name="Ghent", stock=2, happens_on=date(2999, 12, 20), now=now)
            publish_reward(session, admin, reward_id=draft.id, now=now)
            dates = variants_of(session, draft.id)
            redemption = make_redemption(session, person.id, draft.id, asked=Asked(dates[0].id if dates else None))
            approve_redemption(session, admin, redemption_id=redemption.id, now=now)
            send_redemption(session, admin, redemption_id=redemption.id, now=now)
            made.append(redemption.id)
        return person.id, *made

    person_id, seat, perk = database.write(scene)
    amara = sign_in(person_id)
    page = amara.get(f"/rewards/redemptions/{seat}").text
    for said in ("Seat confirmed by Ada Admin", "14 days after its day it counts as received by itself"):
        assert said in page
    for unsaid in ("I have it", "If it does not arrive", "I was there"):
        assert unsaid not in page
    assert "We get in touch with you about how and where" in amara.get(f"/rewards/redemptions/{perk}").text
    with database.reading() as session:
        mails = session.scalars(select(Notice.data).where(Notice.person_id == person_id, Notice.kind == "redemption_sent").order_by(Notice.id)).all()
    assert [data["told"] for data in mails] == [kind_of(kind).told[State.SENT] for kind in (Kind.EXPERIENCE, Kind.PERK)]


@pytest.mark.parametrize(
    ("kind", "options", "answers", "refusal", "field"),
    [
        (Kind.DIGITAL, {}, {}, checks.FieldMissing, "option_link"),
        (Kind.DIGITAL, {"link": "guide.example.com"}, {}, checks.LinkInvalid, "option_link"),
        (Kind.DIGITAL, {"link": "javascript:alert(1)"}, {}, checks.LinkInvalid, "option_link"),
        (Kind.DIGITAL, {"link": "https://a:b@guide.example.com"}, {}, checks.LinkInvalid, "option_link"),
        (Kind.DIGITAL, {"link": "https://guide.example.com/x"}, {}, None, ""),
        (Kind.EVENT, {"happens_on": "31 May"}, {}, checks.DayInvalid, "option_happens_on"),
        (Kind.EVENT, {"happens_on": "2027-02-30"}, {}, checks.DayInvalid, "option_happens_on"),
        (Kind.EVENT, {"happens_on": "2027-02-28", "place": "x" * 161}, {}, checks.TextTooLong, "option_place"),
        (Kind.EVENT, {"happens_on": "2027-02-28", "place": "Ghent"}, {}, None, ""),
        (Kind.DONATION, CAUSES, {}, checks.FieldMissing, "ask_cause"),
        (Kind.DONATION, CAUSES, {"cause": "Myself"}, checks.AnswerUnknown, "ask_cause"),
        (Kind.DONATION, CAUSES, {"cause": "Mountain rescue"}, None, ""),
        (Kind.DONATION, {}, {}, None, ""),
        (Kind.PERK, {}, {}, None, ""),
    ],
)
def test_what_a_kind_finds_wrong_is_refused_by_name_on_its_field(
    kind: Kind, options: dict[str, str], answers: dict[str, str], refusal: type[Refusal] | None, field: str
) -> None:
    found = kind_of(kind).flaw(options) or kind_of(kind).problem(options, answers)
    assert (type(found) if found else None, found.field if found else "") == (refusal, field)


def test_what_is_plainly_meant_is_kept_as_it_is_written() -> None:
    assert kind_of(Kind.GIFT_CARD).tidied({"currency": "eur", "product": "book"}) == {"currency": "EUR", "product": "book"}
    assert kind_of(Kind.DONATION).tidied(CAUSES) == {"causes": "Sea rescue\nMountain rescue"}


def test_a_voucher_is_a_code_or_a_link() -> None:
    voucher = kind_of(Kind.VOUCHER)
    assert isinstance(voucher.shortfall({"valid_until": "2027-12-31"}), checks.CodeOrLinkMissing)
    assert isinstance(voucher.shortfall({"code": "A", "valid_until": "soon"}), checks.DayInvalid)
    assert voucher.shortfall({"code": "A"}) is None
    assert voucher.shortfall({"link": "https://shop.example.com/v"}) is None


def test_what_is_digital_is_theirs_with_the_approval_and_keeps_the_link_of_that_day(database: Database, sign_in: SignIn) -> None:
    person_id, admin_id = database.write(lambda s: (make_person(s).id, make_admin(s).id))
    admin, now = as_admin(admin_id), utcnow()

    def begin(session) -> tuple[int, int]:
        give_points(session, person_id, 100)
        draft = make_draft(session, kind="digital", name="Field guide", price=60)
        with pytest.raises(checks.FieldMissing):
            publish_reward(session, admin, reward_id=draft.id, now=now)
        set_options(session, admin, reward_id=draft.id, given={"link": "https://guide.example.com/1"}, now=now)
        publish_reward(session, admin, reward_id=draft.id, now=now)
        return draft.id, make_redemption(session, person_id, draft.id).id

    reward_id, redemption_id = database.write(begin)
    client = sign_in(person_id)
    assert "guide.example.com" not in client.get(f"/rewards/redemptions/{redemption_id}").text
    approved = sign_in(admin_id).post(f"/admin/rewards/redemptions/{redemption_id}/approve", follow_redirects=True).text
    assert "Approved and given at once. The held points are spent." in approved
    database.write(lambda s: set_options(s, admin, reward_id=reward_id, given={"link": "https://guide.example.com/2"}, now=now))
    page = client.get(f"/rewards/redemptions/{redemption_id}").text
    assert 'href="https://guide.example.com/1"' in page
    with database.reading() as session:
        assert session.get_one(Redemption, redemption_id).state == "received"
        balance = balance_of(session, person_id)
        assert (balance.available, balance.held) == (40, 0)
        told = session.scalars(
            select(Notice.kind).where(Notice.person_id == person_id, Notice.kind.startswith("redemption")).order_by(Notice.id)
        ).all()
    assert told == ["redemption_requested", "redemption_sent"]


def test_a_cause_is_chosen_and_thanked_for_and_a_voucher_is_handed_over_through_the_pages(database: Database, sign_in: SignIn) -> None:
    person_id, admin_id = database.write(lambda s: (make_person(s).id, make_admin(s).id))
    database.write(lambda s: give_points(s, person_id, 500))
    gift_id = database.write(lambda s: make_draft(s, kind="donation", name="Rescue", price=100).id)
    voucher_id = database.write(lambda s: make_reward(s, kind="voucher", name="Exam", price=100).id)
    ada, amara = sign_in(admin_id), sign_in(person_id)
    assert ada.post(f"/admin/rewards/{gift_id}/details", data={"option_causes": CAUSES["causes"], "option_thanks": "Thank you!"}).status_code == 303
    said = fields_of(ada.get(f"/admin/rewards/{gift_id}").text, having="summary") | {"act": "publish"}
    assert ada.post(f"/admin/rewards/{gift_id}", data=said).status_code == 303
    form = {"key": "k1", "shown_price": "100"}
    refused = amara.post(f"/rewards/{gift_id}/redeem", data=form)
    assert refused.status_code == 422
    assert "Please fill this in." in refused.text
    assert amara.post(f"/rewards/{gift_id}/redeem", data=form | {"ask_cause": "Mountain rescue"}).status_code == 303
    assert amara.post(f"/rewards/{voucher_id}/redeem", data=form | {"key": "k2"}).status_code == 303
    with database.reading() as session:
        gift, voucher = session.scalars(select(Redemption.id).order_by(Redemption.id)).all()
    assert "Mountain rescue" in ada.get(f"/admin/approvals?item=redemption-{gift}").text
    for redemption_id in (gift, voucher):
        assert ada.post(f"/admin/rewards/redemptions/{redemption_id}/approve").status_code == 303
    assert "Mountain rescue" in ada.get(f"/admin/rewards/redemptions/{gift}").text
    for client, list_of_it in ((ada, "/admin/rewards/desk?tab=send"), (amara, "/rewards/mine")):
        assert "Mountain rescue" in client.get(list_of_it).text
        listed = client.get(f"{list_of_it}{'&' if '?' in list_of_it else '?'}format=csv").text
        assert "chosen" in listed.splitlines()[0]
        assert "Mountain rescue" in listed
    assert "Thank you!" not in amara.get(f"/rewards/redemptions/{gift}").text
    assert ada.post(f"/admin/rewards/redemptions/{gift}/send").status_code == 303
    assert "Thank you!" in amara.get(f"/rewards/redemptions/{gift}").text
    address = f"/admin/rewards/redemptions/{voucher}/send"
    refused = ada.post(address, data={"give_valid_until": "2027-12-31", "delivery": "Good luck"})
    assert refused.status_code == 422
    assert "Please enter the code" in refused.text
    assert "Good luck" in refused.text
    assert ada.post(address, data={"give_code": "PLAN-0815", "give_valid_until": "2027-12-31"}).status_code == 303
    page = amara.get(f"/rewards/redemptions/{voucher}").text
    assert "PLAN-0815" in page
    assert "31 Dec 2027" in page
    assert ada.post(f"/admin/rewards/redemptions/{voucher}/return", data={"reason": "Too late"}).status_code == 303
    for client, path in ((amara, f"/rewards/redemptions/{voucher}"), (ada, f"/admin/rewards/redemptions/{voucher}")):
        assert "PLAN-0815" not in client.get(path).text
    for path in ("/rewards/mine?format=csv", "/inbox"):
        assert "PLAN-0815" not in amara.get(path).text
    for path in ("/admin/rewards/redemptions?format=csv", "/admin/audit"):
        assert "PLAN-0815" not in ada.get(path).text


def test_the_kind_of_what_was_redeemed_stays(database: Database) -> None:
    def work(session) -> None:
        person, admin = make_person(session), as_admin(make_admin(session).id)
        give_points(session, person.id, 100)
        reward = make_reward(session)
        make_redemption(session, person.id, reward.id)
        kept = session.get_one(Reward, reward.id)
        said = {name: getattr(kept, name) for name in ("name", "price", "summary", "text", "limit_per_person", "picture_id")}
        change_reward(session, admin, reward_id=reward.id, **said, kind=reward.kind, now=utcnow())
        with pytest.raises(KindFixed):
            change_reward(session, admin, reward_id=reward.id, **said, kind="perk", now=utcnow())

    database.write(work)

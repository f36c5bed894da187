"""What a reward comes in, where it goes, what is agreed to: chosen by the person, counted by the database."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.ledger.queries.invariants import check
from portal.rewards.actions.catalogue import count_stock, publish_reward, set_options, uncount_stock
from portal.rewards.actions.redeeming import Asked, cancel_redemption
from portal.rewards.actions.variants import add_variant, adjust_variant, change_variant, count_variant
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import KeptAddress, Redemption
from portal.rewards.queries.catalogue import offer_for, within_reach
from portal.rewards.queries.conditions import shopper_of
from portal.rewards.queries.invariants import INVARIANTS
from portal.rewards.queries.variants import kept_address
from portal.rewards.rules import addresses
from portal.rewards.rules.reach import Reach
from portal.rewards.rules.refusals.editing import DateMissing, NotInVariants, VariantNameTaken
from portal.rewards.rules.refusals.redeeming import (
    DateIsOver,
    EventIsOver,
    KeyTaken,
    SeveralMissing,
    TermsChanged,
    TermsNotAccepted,
    VariantGone,
    VariantNeeded,
    VariantOut,
)
from portal.rewards.rules.refusals.stock import StockCounted, StockInVariants, StockStands, StockTooLow, StockUncounted
from portal.rewards.rules.terms import version_of
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import HOME, acting, as_admin, make_draft, make_redemption, make_reward
from tests.rewards.racing import all_at_once, one_during_another
from tests.support.application import SignIn

TODAY = local_date(utcnow(), "Europe/Berlin")


class Wardrobe:
    """Somebody with 1,000 points, an admin, and an overshirt of 100: one in M, none in L, S not counted."""

    def __init__(self, session: Session, **reward: object) -> None:
        self.session, self.now = session, utcnow()
        self.person_id, self.admin = make_person(session, name="Amara Okafor").id, as_admin(make_admin(session).id)
        give_points(session, self.person_id, 1_000)
        self.reward_id = make_reward(session, **{"name": "Overshirt", "kind": "merchandise", "price": 100, **reward}).id
        self.m, self.large, self.s = (self.add(name, stock).id for name, stock in (("M", 1), ("L", 0), ("S", None)))

    def add(self, name: str, stock: int | None = None, **more: object) -> RewardVariant:
        return add_variant(self.session, self.admin, reward_id=self.reward_id, name=name, stock=stock, now=self.now, **more)

    def change(self, variant_id: int, **said: object) -> None:
        its = {"reward_id": self.reward_id, "variant_id": variant_id, "now": self.now, "happens_on": None, "position": 9}
        change_variant(self.session, self.admin, **its | said)

    def redeem(self, variant_id: int | None, **said: object) -> Redemption:
        return make_redemption(self.session, self.person_id, self.reward_id, asked=Asked(variant_id, address=HOME, **said))

    def stock(self, variant_id: int) -> int | None:
        return self.session.scalar(select(RewardVariant.stock).where(RewardVariant.id == variant_id))


def test_a_piece_leaves_the_variant_that_was_chosen_and_goes_back_to_it(session: Session) -> None:
    scene = Wardrobe(session)
    made = scene.redeem(scene.m)
    assert (made.variant, scene.stock(scene.m), made.has_stock) == ("M", 0, True)
    change_variant(
        session,
        scene.admin,
        reward_id=scene.reward_id,
        variant_id=scene.m,
        name="Medium",
        happens_on=None,
        position=9,
        is_active=False,
        now=scene.now,
    )
    cancel_redemption(session, acting(scene.person_id), redemption_id=made.id, now=scene.now)
    assert (scene.stock(scene.m), session.get_one(Redemption, made.id).variant) == (1, "M")
    endless = scene.redeem(scene.s)
    cancel_redemption(session, acting(scene.person_id), redemption_id=endless.id, now=scene.now)
    assert scene.stock(scene.s) is None


def test_what_cannot_be_chosen_is_refused_by_name_and_costs_nothing(session: Session) -> None:
    scene = Wardrobe(session)
    other = make_reward(session, kind="merchandise")
    foreign = add_variant(session, scene.admin, reward_id=other.id, name="M", now=scene.now).id
    gone = scene.add("XS").id
    scene.change(gone, name="XS", is_active=False)
    cases = [(None, VariantNeeded), (foreign, VariantGone), (gone, VariantGone), (scene.large, VariantOut)]
    for variant_id, refusal in cases:
        with pytest.raises(refusal), session.begin_nested():
            scene.redeem(variant_id)
    assert (balance_of(session, scene.person_id).available, session.scalars(select(Redemption)).all()) == (1_000, [])
    with pytest.raises(StockInVariants):
        count_stock(session, scene.admin, reward_id=scene.reward_id, stock=3, now=scene.now)
    with pytest.raises(VariantNameTaken):
        scene.add("M")
    with pytest.raises(NotInVariants):
        add_variant(session, scene.admin, reward_id=make_reward(session, kind="perk").id, name="M", now=scene.now)


def test_seats_belong_to_their_date_and_a_date_that_is_over_is_refused(session: Session) -> None:
    scene = Wardrobe(session)
    scene.reward_id = make_reward(session, kind="experience", name="Dinner", price=100).id
    with pytest.raises(DateMissing):
        scene.add("Ghent")
    over = scene.add("Ghent", 5, happens_on=TODAY - timedelta(days=2)).id
    assert offer_for(session, scene.person_id, scene.reward_id, scene.now).standing.reach == Reach.OUT
    with pytest.raises(DateIsOver):
        scene.redeem(over)
    ahead = scene.add("Bruges", 1, happens_on=TODAY + timedelta(days=2)).id
    assert offer_for(session, scene.person_id, scene.reward_id, scene.now).standing.reach == Reach.CAN
    scene.redeem(ahead)
    assert offer_for(session, scene.person_id, scene.reward_id, scene.now).standing.reach == Reach.OUT


def test_what_is_over_cannot_be_had_whatever_day_the_machine_has(session: Session) -> None:
    """One rule for an event's own day and for the dates of an experience, judged at the moment that is given."""
    scene, later = Wardrobe(session), utcnow() + timedelta(days=3)
    ticket = make_draft(session, kind="event", name="Fair", price=100)
    set_options(session, scene.admin, reward_id=ticket.id, given={"happens_on": (TODAY + timedelta(days=1)).isoformat()}, now=scene.now)
    publish_reward(session, scene.admin, reward_id=ticket.id, now=scene.now)
    scene.reward_id = make_reward(session, kind="experience", name="Dinner", price=100).id
    dinner = scene.add("Ghent", 5, happens_on=TODAY + timedelta(days=1)).id
    cases = [(ticket.id, None, EventIsOver), (scene.reward_id, dinner, DateIsOver)]
    for reward_id, variant_id, refusal in cases:
        make_redemption(session, scene.person_id, reward_id, asked=Asked(variant_id))
        assert offer_for(session, scene.person_id, reward_id, scene.now).standing.reach == Reach.CAN
        assert offer_for(session, scene.person_id, reward_id, later).standing.reach == Reach.OUT
        with pytest.raises(refusal):
            make_redemption(session, scene.person_id, reward_id, asked=Asked(variant_id), now=later)
    near = [{offer.reward.id for offer in within_reach(session, shopper_of(session, scene.person_id, at))} for at in (scene.now, later)]
    assert [{ticket.id, scene.reward_id} & found for found in near] == [{ticket.id, scene.reward_id}, set()]


def test_the_day_that_was_asked_for_is_read_everywhere_and_stays_when_the_date_moves(database: Database, sign_in: SignIn) -> None:
    def begin(session: Session) -> tuple[Wardrobe, int, int]:
        scene = Wardrobe(session)
        scene.reward_id = make_reward(session, kind="experience", name="Dinner", price=100).id
        scene.m = scene.add("Ghent", 5, happens_on=date(2032, 3, 12)).id
        made = scene.redeem(scene.m).id
        scene.change(scene.m, name="Ghent", is_active=True, happens_on=date(2032, 3, 19))
        return scene, made, scene.add("Bruges", 0, happens_on=date(2032, 4, 1)).id

    scene, made, _ = database.write(begin)
    amara, ada = sign_in(scene.person_id), sign_in(scene.admin.id)
    for page in (amara.get(f"/rewards/redemptions/{made}").text, ada.get(f"/admin/rewards/redemptions/{made}").text):
        assert "12 Mar 2032" in page
        assert "19 Mar 2032" in page
    queue = ada.get(f"/admin/approvals?item=redemption-{made}").text
    for client, path in ((amara, "/rewards/mine"), (ada, "/admin/rewards/desk?tab=approve")):
        assert "Ghent, 12 Mar 2032" in client.get(path).text
    assert "Ghent,2032-03-12" in ada.get("/admin/rewards/desk?tab=approve&format=csv").text
    for told in ("Ghent", "12 Mar 2032", "4 left besides this one"):
        assert told in queue
    assert "Dinner,Experience,100,4," in amara.get("/rewards?format=csv").text


def test_a_counted_stock_is_never_swept_away_by_a_variant(session: Session) -> None:
    scene = Wardrobe(session)
    scene.reward_id = make_reward(session, kind="merchandise", price=100, stock=5).id
    made = scene.redeem(None)
    with pytest.raises(StockStands) as refused:
        scene.add("M", 2)
    assert (refused.value.facts, refused.value.field) == ({"stock": 4}, "stock")
    cancel_redemption(session, acting(scene.person_id), redemption_id=made.id, now=scene.now)
    assert session.scalar(select(Reward.stock).where(Reward.id == scene.reward_id)) == 5
    uncount_stock(session, scene.admin, reward_id=scene.reward_id, now=scene.now)
    assert scene.stock(scene.add("M", 2).id) == 2


@pytest.mark.parametrize("second", ["count", "redeem"])
def test_what_comes_while_the_first_variant_is_added_looks_at_it(database: Database, second: str) -> None:
    """Neither a stock besides that of the variant, nor a piece that is of none."""

    def begin(session: Session) -> tuple[Wardrobe, int]:
        scene = Wardrobe(session)
        return scene, make_reward(session, kind="merchandise", price=100).id

    scene, reward_id = database.write(begin)
    acts = {
        "count": lambda s: count_stock(s, scene.admin, reward_id=reward_id, stock=3, now=scene.now),
        "redeem": lambda s: make_redemption(s, scene.person_id, reward_id),
    }
    first = partial(add_variant, actor=scene.admin, reward_id=reward_id, name="M", stock=1, now=scene.now)
    _, answer = one_during_another(database, lambda s: first(s).id, lambda: database.write(acts[second]))
    assert answer == {"count": "StockInVariants", "redeem": "VariantNeeded"}[second]
    with database.reading() as session:
        assert check(session, also=INVARIANTS) == []


def test_the_same_form_with_another_choice_is_refused(session: Session) -> None:
    scene = Wardrobe(session)
    other = scene.add("XL", 3).id
    first = make_redemption(session, scene.person_id, scene.reward_id, key="one form", asked=Asked(scene.m, address=HOME))
    for asked in (Asked(other, address=HOME), Asked(scene.m, address=replace(HOME, city="Bremen"))):
        with pytest.raises(KeyTaken):
            make_redemption(session, scene.person_id, scene.reward_id, key="one form", asked=asked)
    again = make_redemption(session, scene.person_id, scene.reward_id, key="one form", asked=Asked(scene.m, address=HOME))
    assert (again.id, scene.stock(other)) == (first.id, 3)


def test_a_variant_is_counted_by_changes_alone(session: Session) -> None:
    scene = Wardrobe(session)
    its = {"reward_id": scene.reward_id, "now": scene.now}
    assert adjust_variant(session, scene.admin, **its, variant_id=scene.m, change=4) == 5
    with pytest.raises(StockTooLow):
        adjust_variant(session, scene.admin, **its, variant_id=scene.m, change=-6)
    with pytest.raises(StockUncounted):
        adjust_variant(session, scene.admin, **its, variant_id=scene.s, change=1)
    count_variant(session, scene.admin, **its, variant_id=scene.s, stock=3)
    with pytest.raises(StockCounted):
        count_variant(session, scene.admin, **its, variant_id=scene.s, stock=9)
    assert (scene.stock(scene.m), scene.stock(scene.s)) == (5, 3)


def test_thirty_two_people_go_for_five_pieces_of_a_variant(database: Database) -> None:
    def begin(session: Session) -> tuple[int, int, list[int]]:
        scene = Wardrobe(session)
        adjust_variant(session, scene.admin, reward_id=scene.reward_id, variant_id=scene.m, change=4, now=scene.now)
        people = [make_person(session).id for _ in range(32)]
        for person_id in people:
            give_points(session, person_id, 100)
        return scene.reward_id, scene.m, people

    reward_id, variant_id, people = database.write(begin)
    asked = Asked(variant_id, address=HOME)
    counted = all_at_once(database, [partial(make_redemption, person_id=person_id, reward_id=reward_id, asked=asked) for person_id in people])
    assert counted == {"done": 5, "VariantOut": 27}
    with database.reading() as session:
        assert session.scalar(select(RewardVariant.stock).where(RewardVariant.id == variant_id)) == 0
        assert len(session.scalars(select(Redemption)).all()) == 5


def test_terms_are_agreed_to_in_the_wording_that_was_shown(session: Session) -> None:
    scene = Wardrobe(session, terms="No **exchange**.")
    version = version_of("No **exchange**.")
    with pytest.raises(TermsNotAccepted):
        scene.redeem(scene.m, terms=version)
    with pytest.raises(TermsChanged):
        scene.redeem(scene.m, terms=version_of("Exchange within a week."), agrees=True)
    made = scene.redeem(scene.m, terms=version, agrees=True)
    assert (made.terms_hash, made.terms_at is not None) == (version, True)


def test_everything_that_was_left_open_is_told_at_once(session: Session) -> None:
    scene = Wardrobe(session, terms="No exchange.")
    nowhere = replace(HOME, city="", street=" ")
    with pytest.raises(SeveralMissing) as refused:
        make_redemption(session, scene.person_id, scene.reward_id, asked=Asked(None, address=nowhere, terms=version_of("No exchange.")))
    told = [(type(part), part.field) for part in refused.value.parts]
    assert told == [
        (VariantNeeded, "variant_id"),
        (addresses.AddressIncomplete, "street"),
        (addresses.AddressIncomplete, "city"),
        (TermsNotAccepted, "agrees"),
    ]


def test_an_address_is_asked_for_remembered_with_a_tick_and_forgotten_without(session: Session) -> None:
    scene = Wardrobe(session)
    for address, refusal in [
        (None, SeveralMissing),
        (replace(HOME, city=" "), addresses.AddressIncomplete),
        (replace(HOME, country="XX"), addresses.CountryUnknown),
    ]:
        with pytest.raises(refusal), session.begin_nested():
            make_redemption(session, scene.person_id, scene.reward_id, asked=Asked(scene.s, address=address))
    scene.redeem(scene.s, remembers=True)
    scene.redeem(scene.s, remembers=True)
    assert kept_address(session, scene.person_id) == HOME
    scene.redeem(scene.s)
    assert session.scalars(select(KeptAddress)).all() == []


def test_the_page_asks_for_everything_and_only_the_person_and_admins_read_the_address(database: Database, sign_in: SignIn) -> None:
    def begin(session: Session) -> tuple[Wardrobe, int]:
        other = make_person(session).id
        give_points(session, other, 100)
        return Wardrobe(session, terms="No **exchange**."), other

    scene, other = database.write(begin)
    amara, ada = sign_in(scene.person_id), sign_in(scene.admin.id)
    page = amara.get(f"/rewards/{scene.reward_id}").text
    assert "<strong>exchange</strong>" in page
    assert "L (none left)" in page
    form = HOME.values | {"key": "k1", "shown_price": "100", "terms": version_of("No **exchange**."), "variant_id": str(scene.m)}
    refused = amara.post(f"/rewards/{scene.reward_id}/redeem", data=form | {"city": "", "agrees": "y"})
    assert refused.status_code == 422
    assert "so that the parcel finds you" in refused.text
    assert "Harbour Street 4" in refused.text
    refused = amara.post(f"/rewards/{scene.reward_id}/redeem", data=form | {"terms": "0" * 64, "agrees": "y"})
    assert refused.status_code == 409
    assert "The terms changed" in refused.text
    assert amara.post(f"/rewards/{scene.reward_id}/redeem", data=form | {"agrees": "y", "remembers": "y"}).status_code == 303
    with database.reading() as session:
        redemption_id = session.scalars(select(Redemption.id)).one()
    for client, path in ((amara, f"/rewards/redemptions/{redemption_id}"), (ada, f"/admin/rewards/redemptions/{redemption_id}")):
        assert "Harbour Street 4" in client.get(path).text
    assert 'value="Harbour Street 4"' in amara.get(f"/rewards/{scene.reward_id}").text
    assert "Harbour Street 4" in amara.get("/rewards/mine").text
    assert amara.post("/rewards/address/forget").status_code == 303
    for path in ("/rewards/mine", f"/rewards/{scene.reward_id}"):
        assert "Harbour Street 4" not in amara.get(path).text
    assert "Harbour Street 4" in amara.get(f"/rewards/redemptions/{redemption_id}").text
    assert sign_in(other).get(f"/rewards/redemptions/{redemption_id}").status_code == 404
    assert "Harbour Street" not in ada.get("/admin/rewards/redemptions?format=csv").text
    with database.reading() as session:
        assert "Harbour" not in " ".join(session.scalars(text("SELECT CAST(data AS TEXT) FROM audit_event")))
        assert "Harbour" not in " ".join(session.scalars(text("SELECT CAST(payload AS TEXT) FROM outbox_job")))


def test_who_saves_up_reads_which_there_are_and_what_is_left(database: Database, sign_in: SignIn) -> None:
    scene = database.write(Wardrobe)
    poor = sign_in(database.write(lambda s: make_person(s).id))
    page = poor.get(f"/rewards/{scene.reward_id}").text
    assert "to go" in page
    for said in ("Which there are", "<li>M <", "1 left", "<li>L <", "none left", "<li>S</li>"):
        assert said in page
    evening = database.write(lambda s: make_draft(s, kind="experience", name="Dinner", price=2_000).id)
    database.write(lambda s: add_variant(s, scene.admin, reward_id=evening, name="Ghent", stock=0, happens_on=date(2999, 12, 20), now=utcnow()))
    database.write(lambda s: publish_reward(s, scene.admin, reward_id=evening, now=utcnow()))
    page = poor.get(f"/rewards/{evening}").text
    assert "Ghent, 20 Dec 2999" in page
    assert "none left" in page


def test_an_admin_adds_and_changes_variants_through_the_pages(database: Database, sign_in: SignIn) -> None:
    scene = database.write(Wardrobe)
    ada, page = sign_in(scene.admin.id), f"/admin/rewards/{scene.reward_id}"
    assert ada.post(f"{page}/variants", data={"new-name": "XL, moss", "new-stock": "4"}).status_code == 303
    taken = ada.post(f"{page}/variants", data={"new-name": "XL, moss"})
    assert taken.status_code == 409
    assert "There is one of this name already." in taken.text
    form = {f"variant{scene.m}-{name}": value for name, value in (("name", "M, navy"), ("position", "1"), ("is_active", "y"), ("change", "6"))}
    assert ada.post(f"{page}/variants/{scene.m}", data=form).status_code == 303
    too_many = ada.post(f"{page}/variants/{scene.m}", data=form | {f"variant{scene.m}-change": "-9"})
    assert too_many.status_code == 422
    assert "There are 7 left, so 9 cannot be taken away." in too_many.text
    assert "M, navy" in ada.get(page).text
    assert "On the shelf" not in ada.get(page).text
    with database.reading() as session:
        assert session.scalar(select(RewardVariant.stock).where(RewardVariant.id == scene.m)) == 7

"""What becomes of a wish, of a sold-out reward and of a declined one, by people in a real browser, with their mail read back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.rewards.jobs import tell_of_wishes
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import make_reward
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import faults
from tests.support.site import Site, text_of

ADMIN, AMARA, BOB = "ada@meridian.example", "amara@kestrel.example", "bob@kestrel.example"


@pytest.fixture
def people(database: Database) -> dict[str, int]:
    """An admin and two advocates with 60 points each; returns their ids by address."""

    def made(session: Session) -> dict[str, int]:
        ids = {ADMIN: make_admin(session, name="Ada Admin", email=ADMIN).id}
        for name, email in (("Amara Okafor", AMARA), ("Bob Bauer", BOB)):
            ids[email] = make_person(session, name=name, email=email).id
            give_points(session, ids[email], 60)
        return ids

    return database.write(made)


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click(no_wait_after=True)
    page.wait_for_load_state("load")


def require_good(visitor: Visitor, *paths: str) -> None:
    """Each page has no fault for axe in any of its looks, and is whole at 320 pixels."""
    for path in paths:
        visitor.go(path)
        assert list(faults(visitor)) == [], path


@pytest.mark.browser
def test_from_a_wish_to_the_thing_itself(site: Site, people: dict[str, int], visit: Callable[..., Visitor], database: Database) -> None:
    reward_id = database.write(lambda s: make_reward(s, name="Wool overshirt", kind="perk", price=100).id)
    amara = visit().sign_in(AMARA)
    amara.go("/rewards")
    heart = amara.page.get_by_role("button", name="Wish for “Wool overshirt”")
    heart.focus()
    amara.page.keyboard.press("Enter")
    expect(heart).to_have_attribute("aria-pressed", "true")
    require_good(amara, "/rewards", "/rewards/wishes")
    amara.go("/rewards/wishes")
    expect(amara.page.get_by_role("main")).to_contain_text("40 to go")

    database.write(lambda s: give_points(s, people[AMARA], 50))
    assert tell_of_wishes(database, utcnow()) == 1
    assert "Wool overshirt" in text_of(site.post.to(AMARA, "Within reach"))
    amara.go("/inbox")
    expect(amara.page.get_by_role("main")).to_contain_text("Within reach: Wool overshirt")
    amara.go("/")
    amara.page.get_by_role("region", name="My wishes").get_by_role("link", name="Wool overshirt").click()
    press(amara.page, "Redeem for 100 points")

    admin = visit().sign_in(ADMIN)
    admin.go("/admin/approvals?kind=redemption")
    press(admin.page, "Approve for 100 points")
    admin.go("/admin/rewards/redemptions")
    admin.page.get_by_role("link", name="Wool overshirt").first.click()
    press(admin.page, "Hand over")
    site.post.to(AMARA, "Yours now")
    amara.go("/rewards/mine")
    amara.page.get_by_role("main").get_by_role("link", name="Wool overshirt").click()
    press(amara.page, "I have it")
    amara.go("/rewards/mine")
    expect(amara.page.get_by_role("main")).to_contain_text("Received")
    amara.go("/rewards/wishes")
    expect(amara.page.get_by_role("main")).to_contain_text("No wishes yet")
    admin.go(f"/admin/rewards/{reward_id}")
    expect(admin.page.get_by_role("main")).to_contain_text("0 people wish for it.")


@pytest.mark.browser
def test_what_is_sold_out_is_waited_for_and_comes_back(site: Site, people: dict[str, int], visit: Callable[..., Visitor], database: Database) -> None:
    reward_id = database.write(lambda s: make_reward(s, name="Summit pass", kind="perk", price=50, stock=0).id)
    amara, bob, admin = visit().sign_in(AMARA), visit(java_script_enabled=False).sign_in(BOB), visit().sign_in(ADMIN)
    for visitor, place in ((amara, 1), (bob, 2)):
        visitor.go(f"/rewards/{reward_id}")
        press(visitor.page, "Join the waiting list")
        expect(visitor.page.get_by_role("main")).to_contain_text(f"You are number {place} of {place} on the waiting list.")
    require_good(amara, f"/rewards/{reward_id}", "/rewards/wishes?show=waiting")
    require_good(admin, f"/admin/rewards/{reward_id}", f"/admin/rewards/{reward_id}/waiting", "/admin/rewards")

    admin.go(f"/admin/rewards/{reward_id}")
    expect(admin.page.get_by_role("main")).to_contain_text("2 people wait for it.")
    admin.page.get_by_label("Change").fill("1")
    press(admin.page, "Change the stock")
    assert "Summit pass" in text_of(site.post.to(AMARA, "Back on the shelf"))
    amara.go("/inbox")
    expect(amara.page.get_by_role("main")).to_contain_text("Back on the shelf: Summit pass")
    bob.go("/inbox")
    expect(bob.page.get_by_role("main")).not_to_contain_text("Summit pass")
    amara.go(f"/rewards/{reward_id}")
    press(amara.page, "Redeem for 50 points")
    expect(amara.page.get_by_role("banner")).to_contain_text("10")
    bob.go("/rewards/wishes?show=waiting")
    expect(bob.page.get_by_role("main")).to_contain_text("Number 1 of 1")
    press(bob.page, "Leave the list")
    expect(bob.page.get_by_role("main")).to_contain_text("You wait for nothing")


@pytest.mark.browser
def test_what_is_declined_gives_points_and_piece_back(site: Site, people: dict[str, int], visit: Callable[..., Visitor], database: Database) -> None:
    reward_id = database.write(lambda s: make_reward(s, name="Summit pass", kind="perk", price=50, stock=1).id)
    amara, bob, admin = visit().sign_in(AMARA), visit().sign_in(BOB), visit().sign_in(ADMIN)
    amara.go(f"/rewards/{reward_id}")
    press(amara.page, "Redeem for 50 points")
    expect(amara.page.get_by_role("banner")).to_contain_text("10")
    bob.go(f"/rewards/{reward_id}")
    press(bob.page, "Join the waiting list")

    admin.go("/admin/rewards/redemptions")
    admin.page.get_by_role("link", name="Summit pass").first.click()
    admin.page.get_by_role("main").get_by_text("Decline", exact=True).click()
    admin.page.get_by_label("Reason").first.fill("The summit moved to spring.")
    press(admin.page, "Decline and give the points back")
    expect(admin.page.get_by_role("main")).to_contain_text("Declined")
    site.let_a_minute_pass()
    declined = text_of(site.post.to(AMARA, "Not this time"))
    assert "The summit moved to spring." in declined
    amara.go("/rewards/mine")
    expect(amara.page.get_by_role("main")).to_contain_text("Declined")
    expect(amara.page.get_by_role("main")).to_contain_text("The summit moved to spring.")
    expect(amara.page.get_by_role("banner")).to_contain_text("60")
    amara.go("/statement")
    expect(amara.page.get_by_role("main")).to_contain_text("Held until it was declined")
    assert "Summit pass" in text_of(site.post.to(BOB, "Back on the shelf"))
    bob.go(f"/rewards/{reward_id}")
    press(bob.page, "Redeem for 50 points")
    expect(bob.page.get_by_role("banner")).to_contain_text("10")

"""The whole main job, walked by three people in a real browser, with mail read back from a real server."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portal.kernel.db import Database
from portal.people.models import Person
from portal.rewards.actions.catalogue import add_reward, publish_reward
from portal.rewards.actions.variants import add_variant
from portal.rewards.models.redeeming import Redemption
from tests.factories.challenges import as_admin, make_attempt, make_challenge
from tests.factories.people import PASSWORD, make_admin, make_company, make_employee, make_person
from tests.factories.story import png
from tests.journeys.conftest import Visitor
from tests.support.site import Site, link_in, text_of

ADMIN, EMPLOYEE, NEW = "ada@meridian.example", "edo@meridian.example", "amara@kestrel.example"
PHRASE = "copper ladder over quiet water"


@pytest.fixture
def programme(database: Database) -> int:
    """An admin, an employee, a company, a challenge with an upload, a reward with one piece of one variant; returns the reward's id."""

    def made(session) -> int:
        admin = make_admin(session, name="Ada Admin", email=ADMIN)
        make_employee(session, name="Edo Employee", email=EMPLOYEE)
        make_company(session, name="Kestrel Freight")
        make_challenge(session, title="Show us your desk", points=300, stages=("confirm", "upload"))
        reward = add_reward(session, as_admin(admin), name="Wool overshirt", summary="Warm.", kind="merchandise", price=120, now=admin.created_at)
        add_variant(session, as_admin(admin), reward_id=reward.id, name="M, navy", stock=1, now=admin.created_at)
        publish_reward(session, as_admin(admin), reward_id=reward.id, now=admin.created_at)
        return reward.id

    return database.write(made)


def press_twice(page: Page, name: str) -> None:
    """Press a button as an impatient person does."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.dblclick(no_wait_after=True)
    page.wait_for_load_state("load")


def join(visit: Callable[..., Visitor], link: str) -> Visitor:
    newcomer = visit()
    newcomer.go(link)
    newcomer.page.get_by_label("New password").fill(PHRASE)
    newcomer.page.get_by_label("The same once more").fill(PHRASE)
    press_twice(newcomer.page, "Join")
    expect(newcomer.page.get_by_role("heading", level=1)).to_contain_text("Amara")
    return newcomer


@pytest.mark.browser
def test_from_an_invitation_to_a_reward_in_hand(site: Site, programme: int, visit: Callable[..., Visitor], database: Database) -> None:
    admin = visit().sign_in(ADMIN)
    admin.go("/admin/people/new")
    admin.page.get_by_label("Name", exact=True).fill("Amara Okafor")
    admin.page.get_by_label("E-mail", exact=True).fill(NEW)
    admin.page.get_by_label("Company").fill("Kestrel Freight")
    press_twice(admin.page, "Add")

    amara = join(visit, link_in(site.post.to(NEW)))
    amara.go("/challenges")
    amara.page.get_by_role("main").get_by_role("link", name="Show us your desk", exact=True).click()
    press_twice(amara.page, "Start")
    amara.page.get_by_role("checkbox").check()
    press_twice(amara.page, "Save and continue")
    amara.page.locator("input[type=file]").set_input_files({"name": "desk.png", "mimeType": "image/png", "buffer": png()})
    press_twice(amara.page, "Send for approval")
    expect(amara.page.get_by_text("Your answer is with us")).to_be_visible()

    admin.go("/admin/approvals")
    admin.page.get_by_text("Show us your desk").first.click()
    expect(admin.page.get_by_role("img", name="Picture that was uploaded")).to_be_visible()
    press_twice(admin.page, "Approve and award 300 points")
    expect(admin.page.get_by_role("button", name="Undo within the minute")).to_be_visible()
    site.let_a_minute_pass()
    verdict = site.post.to(NEW, "Show us your desk")
    assert "300" in text_of(verdict)

    amara.go("/statement")
    expect(amara.page.get_by_role("main")).to_contain_text("+300")
    expect(amara.page.get_by_role("main")).not_to_contain_text("600")
    amara.go("/rewards")
    amara.page.get_by_role("link", name="Wool overshirt").click()
    amara.page.get_by_role("radio", name="M, navy").check()
    for label, typed in {"Name on the parcel": "Amara Okafor", "Street and number": "Harbour Street 4", "Town or city": "Hamburg"}.items():
        amara.page.get_by_label(label).fill(typed)
    amara.page.get_by_label("Country").select_option("DE")
    press_twice(amara.page, "Redeem for 120 points")
    expect(amara.page.get_by_role("banner")).to_contain_text("180")

    admin.go("/admin/approvals?kind=redemption")
    press_twice(admin.page, "Approve for 120 points")
    expect(admin.page.get_by_role("button", name="Undo within the minute").first).to_contain_text("Wool overshirt")
    site.let_a_minute_pass()
    site.post.to(NEW, "Wool overshirt")
    with database.reading() as session:
        redemption = session.scalars(select(Redemption)).one()
    admin.go("/admin/rewards/desk")
    # The keys work from the first moment, before anything was clicked.
    admin.page.keyboard.press("j")
    admin.page.keyboard.press("x")
    expect(admin.page.get_by_role("checkbox", name="Choose “Wool overshirt” for Amara Okafor")).to_be_checked()
    press_twice(admin.page, "Mark as ordered")
    admin.go("/admin/rewards/desk/labels")
    expect(admin.page.get_by_role("main")).to_contain_text("Harbour Street 4")
    admin.go(f"/admin/rewards/redemptions/{redemption.id}")
    admin.page.get_by_label("Tracking number").fill("LP 4711")
    press_twice(admin.page, "Mark as sent")
    site.post.to(NEW, "Yours now")
    amara.go(f"/rewards/redemptions/{redemption.id}")
    expect(amara.page.get_by_role("main")).to_contain_text("LP 4711")
    press_twice(amara.page, "I have it")
    amara.go("/rewards/mine")
    expect(amara.page.get_by_role("main")).to_contain_text("Received")
    amara.go("/statement")
    expect(amara.page.get_by_role("main")).to_contain_text("180")
    amara.go("/board")
    expect(amara.page.get_by_role("main")).to_contain_text("Amara Okafor")
    expect(amara.page.get_by_role("main")).to_contain_text("300")
    result = site.run("ledger", "check")
    assert result.returncode == 0, result.stdout


@pytest.mark.browser
def test_from_a_nomination_to_a_member(site: Site, programme: int, visit: Callable[..., Visitor], database: Database) -> None:
    edo = visit().sign_in(EMPLOYEE)
    edo.go("/nominate")
    edo.page.get_by_label("Company").fill("Kestrel Freight")
    edo.page.get_by_label("Name", exact=True).fill("Amara Okafor")
    edo.page.get_by_role("textbox", name="E-mail").fill(NEW)
    edo.page.get_by_label("Why would they be a good voice?").fill("She moved nine depots off spreadsheets in twelve days.")
    press_twice(edo.page, "Nominate")
    expect(edo.page.get_by_role("main")).to_contain_text("Amara Okafor")

    admin = visit().sign_in(ADMIN)
    admin.go("/admin/approvals?kind=nomination")
    expect(admin.page.get_by_role("main")).to_contain_text("nine depots")
    press_twice(admin.page, "Approve and invite")
    expect(admin.page.get_by_role("button", name="Undo within the minute")).to_be_visible()
    site.let_a_minute_pass()
    assert "Amara Okafor" in text_of(site.post.to(EMPLOYEE, "Amara"))
    link = link_in(site.post.to(NEW))
    amara = visit()
    amara.go(link)
    expect(amara.page.get_by_role("main")).to_contain_text("Edo Employee at")
    expect(amara.page.get_by_role("main")).not_to_contain_text("nine depots")
    amara.page.get_by_text("Reference call", exact=True).first.click()
    amara.page.get_by_label("At most so many requests a quarter").fill("2")
    amara.page.get_by_label("You may ask me for what I ticked").check()
    press_twice(amara.page, "Yes, you may ask me")
    expect(amara.page.get_by_role("main")).to_contain_text("At most 2 requests in 90 days.")
    edo.go("/nominate/mine")
    expect(edo.page.get_by_role("main")).to_contain_text("Said yes")
    assert "said yes" in text_of(site.post.to(EMPLOYEE, "said yes"))
    press_twice(amara.page, "Choose a password")
    amara.page.get_by_label("New password").fill(PHRASE)
    amara.page.get_by_label("The same once more").fill(PHRASE)
    press_twice(amara.page, "Join")
    edo.go("/nominate/mine")
    expect(edo.page.get_by_role("main")).to_contain_text("Joined")
    with database.reading() as session:
        person = session.scalars(select(Person).where(Person.email == NEW)).one()
    assert person.state == "active"
    assert person.company_id is not None


@pytest.mark.browser
def test_a_decline_is_read_with_its_reason_and_answered(site: Site, programme: int, visit: Callable[..., Visitor], database: Database) -> None:
    reason = "The link is private. A public one would make it a yes."

    def sent(session) -> None:
        amara = make_person(session, name="Amara Okafor", email=NEW)
        make_attempt(session, amara, make_challenge(session, title="Write an honest review", points=150, stages=("answer",)))

    database.write(sent)
    admin = visit().sign_in(ADMIN)
    admin.go("/admin/approvals")
    admin.page.locator("summary", has_text="Decline").click()
    admin.page.locator("#reason-decline").fill(reason)
    press_twice(admin.page, "Decline")
    expect(admin.page.get_by_role("button", name="Undo within the minute")).to_be_visible()
    site.let_a_minute_pass()
    assert reason in text_of(site.post.to(NEW, "Write an honest review"))

    amara = visit().sign_in(NEW, PASSWORD)
    amara.go("/inbox")
    expect(amara.page.get_by_role("main")).to_contain_text(reason)
    amara.go("/challenges")
    amara.page.get_by_role("main").get_by_role("link", name="Write an honest review", exact=True).click()
    expect(amara.page.get_by_role("main")).to_contain_text(reason)
    press_twice(amara.page, "Send for approval")
    expect(amara.page.get_by_text("Your answer is with us")).to_be_visible()

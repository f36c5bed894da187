"""A reviewer who is no admin works the queue by keyboard; a decline is appealed and somebody else looks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.reviewing import grant_reviewing
from tests.factories.challenges import as_admin, make_attempt, make_challenge
from tests.factories.people import make_admin, make_employee, make_person
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import SAME_ENGINE
from tests.support.site import Site

ADMIN, REVIEWER, MEMBER = "ada@meridian.example", "edo@meridian.example", "amara@kestrel.example"


@pytest.fixture
def programme(database: Database) -> None:
    """An admin, an employee who may review answers, and an advocate whose answer waits."""

    def made(session: Session) -> None:
        admin, reviewer = make_admin(session, name="Ada Admin", email=ADMIN), make_employee(session, name="Edo Employee", email=REVIEWER)
        grant_reviewing(session, as_admin(admin), person_id=reviewer.id, grants={"attempts"}, now=utcnow())
        amara = make_person(session, name="Amara Okafor", email=MEMBER)
        make_attempt(session, amara, make_challenge(session, title="Write an honest review", points=150))

    database.write(made)


@pytest.mark.browser
def test_a_reviewer_decides_by_keyboard_undoes_and_an_appeal_goes_to_somebody_else(
    site: Site, programme: None, visit: Callable[..., Visitor]
) -> None:
    edo = visit().sign_in(REVIEWER)
    edo.page.get_by_role("link", name="Approvals").first.click()
    queue, main = edo.page.locator("[data-queue]"), edo.page.get_by_role("main")
    expect(queue).to_be_focused()
    with edo.page.expect_navigation():
        edo.page.keyboard.press("t")
    expect(edo.page.get_by_text("It is yours now.")).to_be_visible()
    edo.page.set_viewport_size({"width": 1280, "height": 640})
    edo.page.keyboard.press("d")
    expect(edo.page.locator("[data-verdict=decline]").get_by_role("button", name="Decline")).to_be_in_viewport(ratio=0.9)
    edo.page.locator("#reason-decline").fill("The page asks for a password.")
    with edo.page.expect_navigation():
        edo.page.locator("[data-verdict=decline]").get_by_role("button", name="Decline").click()
    edo.page.get_by_role("button", name="Undo within the minute").click()
    expect(main).to_contain_text("Write an honest review")
    edo.page.locator("[data-verdict=decline] summary").click()
    edo.page.locator("#reason-decline").fill("The page asks for a password.")
    with edo.page.expect_navigation():
        edo.page.locator("[data-verdict=decline]").get_by_role("button", name="Decline").click()

    amara = visit().sign_in(MEMBER)
    amara.go("/challenges")
    amara.page.get_by_role("main").get_by_role("link", name="Write an honest review", exact=True).click()
    amara.page.get_by_role("button", name="Appeal: let somebody else look").click()
    expect(amara.page.get_by_role("main")).to_contain_text("You appealed")

    edo.go("/admin/approvals?kind=appeal")
    expect(main).to_contain_text("You declined this answer, so somebody else decides on the appeal.")
    ada = visit().sign_in(ADMIN)
    ada.go("/admin/approvals?kind=appeal")
    ada.page.get_by_role("button", name="Approve after all and award 150 points").click()
    expect(ada.page.get_by_text("Approved after all, and paid.")).to_be_visible()
    amara.go("/statement")
    expect(amara.page.get_by_role("main")).to_contain_text("+150")


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_what_is_chosen_stays_chosen_while_one_line_is_decided(
    site: Site, programme: None, database: Database, visit: Callable[..., Visitor]
) -> None:
    def more(session: Session) -> None:
        challenge = make_challenge(session, title="Tell a story", points=50)
        for _number in range(2):
            make_attempt(session, make_person(session), challenge)

    database.write(more)
    edo = visit().sign_in(REVIEWER)
    edo.go("/admin/approvals")
    boxes = edo.page.locator("[data-row] input[type=checkbox]")
    expect(boxes).to_have_count(3)
    expect(edo.page.locator("[data-queue]")).to_be_focused()
    first, second = (edo.page.locator("[data-row]").nth(number).get_attribute("data-row") for number in range(2))
    edo.page.keyboard.press("j")
    expect(edo.page.locator(f'[data-panel="{second}"]')).to_be_visible()
    edo.page.keyboard.press("x")
    chosen = edo.page.locator("[data-row] input[type=checkbox]:checked")
    kept = chosen.get_attribute("value")
    edo.page.keyboard.press("k")
    expect(edo.page.locator(f'[data-panel="{first}"]')).to_be_visible()
    with edo.page.expect_navigation():
        edo.page.keyboard.press("a")
    expect(boxes).to_have_count(2)
    assert chosen.get_attribute("value") == kept
    # The page came anew, with the next line in its address: an a leads into the list, and one that is held goes no further.
    expect(edo.page.locator("[data-queue]")).to_be_focused()
    edo.page.keyboard.down("a")
    expect(edo.page.locator("[data-row] a").first).to_be_focused()
    edo.page.keyboard.down("a")
    edo.page.keyboard.up("a")
    expect(boxes).to_have_count(2)
    edo.go("/admin/approvals")
    expect(boxes).to_have_count(2)
    expect(chosen).to_have_count(0)


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_a_button_asks_before_it_writes_over_another_window_and_not_over_what_its_own_page_is_saving(
    site: Site, programme: None, database: Database, visit: Callable[..., Visitor]
) -> None:
    address = database.write(lambda s: f"/challenges/{make_challenge(s, title='Tell us how it went').id}")
    amara = visit().sign_in(MEMBER)
    amara.go(address)
    amara.page.get_by_role("button", name="Start").click()
    box, later = amara.page.locator("#step textarea"), amara.page.get_by_role("button", name="Save for later")
    expect(box).to_be_visible()
    second = amara.page.context.new_page()
    second.goto(amara.page.url)
    box.fill("Written in the first window")
    expect(amara.page.locator("#saved")).to_contain_text("Saved at")
    second.locator("#step textarea").fill("Written in the second window")
    second.get_by_role("button", name="Save for later").click()
    expect(second.get_by_role("button", name="Keep what stands here")).to_be_visible()
    expect(second.locator("#step textarea")).to_have_value("Written in the second window")
    second.close()
    # Leaving the box saves it, and the button is pressed while that is under way: it waits for its own page.
    box.fill("Written in the first window, and more")
    with amara.page.expect_navigation():
        later.click()
    expect(amara.page.get_by_text("Saved. You can go on at any time")).to_be_visible()
    expect(box).to_have_value("Written in the first window, and more")


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_every_other_key_of_the_queue_does_what_it_says(site: Site, programme: None, database: Database, visit: Callable[..., Visitor]) -> None:
    database.write(lambda s: make_attempt(s, make_person(s), make_challenge(s)))
    edo = visit().sign_in(REVIEWER)
    edo.go("/admin/approvals")
    keys, queue, box = edo.page.keyboard, edo.page.locator("[data-queue]"), edo.page.locator("[data-row] input[type=checkbox]").first
    expect(queue).to_be_focused()
    keys.press("x")
    expect(box).to_be_checked()
    keys.press("x")
    expect(box).not_to_be_checked()
    for key, verdict in (("m", "more"), ("f", "feedback"), ("p", "partial")):
        queue.focus()
        keys.press(key)
        expect(edo.page.locator(f"[data-verdict={verdict}]")).to_have_attribute("open", "")
        expect(edo.page.locator(f"[data-verdict={verdict}] :focus")).to_be_in_viewport()
    queue.focus()
    keys.press("m")
    edo.page.locator("#reason-more").fill("Please add the link.")
    with edo.page.expect_navigation():
        edo.page.locator("[data-verdict=more] button").last.click()
    expect(edo.page.locator("[data-row]")).to_have_count(1)
    queue.focus()
    with edo.page.expect_navigation():
        keys.press("u")
    expect(edo.page.locator("[data-row]")).to_have_count(2)

"""Every core act works without JavaScript: htmx only makes it quicker."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from portal.kernel.db import Database
from portal.people.queries.persons import get_person
from tests.factories.story import Story, png
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import SAME_ENGINE


def email_of(database: Database, person_id: int) -> str:
    with database.reading() as session:
        found = get_person(session, person_id).email
    assert found
    return found


@pytest.mark.browser
def test_answering_approving_redeeming_and_nominating_without_javascript(story: Story, database: Database, visit: Callable[..., Visitor]) -> None:
    ann = visit(java_script_enabled=False).sign_in(email_of(database, story.advocate))
    ann.go(f"/challenges/{story.upload_challenge}")
    ann.page.get_by_role("button", name="Start").click()
    ann.page.locator("input[type=file]").set_input_files({"name": "desk.png", "mimeType": "image/png", "buffer": png()})
    ann.page.get_by_role("button", name="Send for approval").click()
    expect(ann.page.get_by_text("Your answer is with us")).to_be_visible()

    admin = visit(java_script_enabled=False).sign_in(email_of(database, story.admin))
    admin.go("/admin/approvals?q=Send+a+picture")
    admin.page.get_by_role("link", name="Send a picture").last.click()
    admin.page.get_by_role("button", name="Approve and award 50 points").click()
    expect(admin.page.locator("#flashes")).to_be_visible()
    admin.go("/admin/approvals?kind=attempt")
    admin.page.locator("summary", has_text="Decline").first.click()
    admin.page.locator("#reason-decline").fill("The picture is too dark to see.")
    admin.page.locator("details[open]").get_by_role("button", name="Decline").click()
    expect(admin.page.locator("#flashes")).to_be_visible()

    ann.go(f"/rewards/{story.reward}")
    ann.page.get_by_role("button", name="Redeem for 100 points").click()
    expect(ann.page.get_by_role("heading", level=1)).to_be_visible()
    ann.go("/statement")
    expect(ann.page.get_by_role("main")).to_contain_text("A good mug")

    edo = visit(java_script_enabled=False).sign_in(email_of(database, story.employee))
    edo.go("/nominate")
    edo.page.get_by_label("Company").fill("A company nobody knows yet")
    edo.page.get_by_label("Name", exact=True).fill("Zora Zest")
    edo.page.get_by_role("textbox", name="E-mail").fill("zora@zest.example")
    edo.page.get_by_label("Why would they be a good voice?").fill("She is honest.")
    edo.page.get_by_role("button", name="Nominate").click()
    expect(edo.page.get_by_role("main")).to_contain_text("Zora Zest")


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_the_queue_is_worked_with_the_keyboard_alone(story: Story, database: Database, visit: Callable[..., Visitor]) -> None:
    admin = visit()
    admin.go("/sign-in")
    admin.page.get_by_label("E-mail").focus()
    admin.page.keyboard.type(email_of(database, story.admin))
    admin.page.keyboard.press("Tab")
    while not admin.page.get_by_label("Password", exact=True).evaluate("field => field === document.activeElement"):
        admin.page.keyboard.press("Tab")
    admin.page.keyboard.type("maple ladder quiet seven")
    with admin.page.expect_navigation():
        admin.page.keyboard.press("Enter")
    admin.go("/admin/approvals?kind=attempt")
    rows = admin.page.locator("[data-row]")
    first, second = rows.nth(0).get_attribute("data-row"), rows.nth(1).get_attribute("data-row")
    while not admin.page.evaluate("document.querySelector('[data-queue]').contains(document.activeElement)"):
        admin.page.keyboard.press("Tab")
    # Before the second line's panel has come, nothing can be approved: least of all the first line.
    admin.page.route("**/admin/approvals?item=*", lambda route: None)
    admin.page.keyboard.press("j")
    expect(rows.nth(1)).to_have_attribute("data-current", "")
    admin.page.keyboard.press("a")
    admin.page.unroute("**/admin/approvals?item=*")
    panel = admin.page.locator("[data-panel]")
    with admin.page.expect_response(lambda answer: f"item={first}" in answer.url):
        admin.page.keyboard.press("k")
    expect(panel.locator("[data-focus]")).to_be_focused()
    expect(panel).to_have_attribute("data-panel", first or "")

    # A panel may take the keyboard at the last moment before the next one replaces it: the keys still work after that.
    def late(route: Route) -> None:
        panel.locator("[data-focus]").focus()
        route.continue_()

    admin.page.route("**/admin/approvals?item=*", late)
    admin.page.keyboard.press("j")
    expect(panel).to_have_attribute("data-panel", second or "")
    with admin.page.expect_navigation():
        admin.page.keyboard.press("a")
    expect(admin.page.locator(f"[data-row={second}]")).to_have_count(0)
    expect(admin.page.locator(f"[data-row={first}]")).to_have_count(1)
    # A line in a tab of its own: the address names its panel, and the keys work there too.
    admin.page.unroute("**/admin/approvals?item=*")
    admin.page.goto(f"{admin.site.url}/admin/approvals?item={first}#panel")
    expect(admin.page.locator("[data-queue]")).to_be_focused()
    admin.page.keyboard.press("d")
    expect(admin.page.locator("#reason-decline")).to_be_focused()
    # What htmx reports of the answer that was held back above.
    admin.problems[:] = [problem for problem in admin.problems if not problem.startswith("htmx:")]


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_the_first_tab_leads_past_the_navigation(story: Story, database: Database, visit: Callable[..., Visitor]) -> None:
    ann = visit().sign_in(email_of(database, story.advocate))
    ann.go("/challenges")
    ann.page.keyboard.press("Tab")
    expect(ann.page.locator(":focus")).to_have_text("Skip to content")
    ann.page.keyboard.press("Enter")
    assert ann.page.evaluate("location.hash") == "#main"

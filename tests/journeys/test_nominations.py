"""A customer answers by link: on a narrow screen, with the keyboard alone, without scripts; and a draft that keeps itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from portal.profiles.rules.activity import Activity
from portal.references.actions.decide import accept_nomination
from portal.references.models.nominating import Nomination
from portal.references.rules.nominating import WHY_LENGTH
from tests.factories.people import make_admin, make_employee
from tests.factories.references import acting, make_nomination
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import SAME_ENGINE, violations

EMPLOYEE = "edo@meridian.example"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@pytest.fixture
def link(database: Database) -> str:
    """Edo nominated Ada, an admin approved it, and the mail is on its way."""

    def made(session) -> str:
        edo = make_employee(session, name="Edo Employee", email=EMPLOYEE)
        nomination = make_nomination(session, edo, name="Ada", email="ada@works.example", activities=[Activity.VIDEO])
        accept_nomination(session, acting(make_admin(session)), nomination_id=nomination.id, now=utcnow())
        payloads = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "mail.send"))
        return next(p["link"] for p in payloads if p["kind"] == "nomination_proposal")

    return database.write(made)


def state(database: Database) -> str:
    with database.reading() as session:
        return session.scalars(select(Nomination.state)).one()


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_link_is_answered_on_a_phone_with_the_keyboard_alone(link: str, database: Database, visit: Callable[..., Visitor], scheme: str) -> None:
    ada = visit(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    ada.go(link)
    assert violations(ada, *RULES) == []
    assert ada.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert ada.page.locator("input[type=checkbox]:checked").count() == 0
    ada.page.get_by_role("button", name="Yes, you may ask me").click()
    expect(ada.page.get_by_role("alert").get_by_role("link")).to_have_text(
        ["What I would do", "You may ask me for what I ticked, as often as I said. I may take this back at any time."]
    )
    assert violations(ada, *RULES) == []
    ada.problems.clear()  # A browser counts a refused form as an error.
    ada.page.get_by_role("alert").get_by_role("link", name="What I would do").click()
    expect(ada.page.locator("input[name=activities]").first).to_be_in_viewport()
    for field in (ada.page.locator("input[name=activities][value=video]"), ada.page.get_by_label("You may ask me for what I ticked")):
        for _ in range(60):
            if field.evaluate("field => field === document.activeElement"):
                break
            ada.page.keyboard.press("Tab")
        ada.page.keyboard.press("Space")
    ada.page.keyboard.press("Tab")
    with ada.page.expect_navigation():
        ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("heading", level=1)).to_contain_text("Thank you, Ada")
    assert violations(ada, *RULES) == []
    assert state(database) == "accepted"


@pytest.mark.browser
def test_a_no_without_scripts_is_kept_and_can_be_taken_back(link: str, database: Database, visit: Callable[..., Visitor]) -> None:
    ada = visit(java_script_enabled=False)
    ada.go(link)
    ada.page.locator("summary", has_text="No, thank you").click()
    ada.page.get_by_label("Why not?").select_option("no_time")
    ada.page.get_by_role("button", name="Please do not ask me again").click()
    expect(ada.page.get_by_role("main")).to_contain_text("We do not ask you again.")
    assert state(database) == "customer_declined"
    ada.page.get_by_role("button", name="I have changed my mind").click()
    expect(ada.page.get_by_role("button", name="Yes, you may ask me")).to_be_visible()
    assert state(database) == "invited"


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_what_is_typed_into_a_nomination_keeps_itself(link: str, visit: Callable[..., Visitor]) -> None:
    edo = visit().sign_in(EMPLOYEE)
    edo.go("/nominate")
    why = edo.page.locator("textarea[name=why]")
    why.focus()
    edo.page.keyboard.insert_text("a" * WHY_LENGTH + " end")
    assert why.evaluate("field => [field.value.slice(-4), field.validity.customError]") == [" end", True], "nothing is cut, and it is told"
    why.fill("Tells it well.")
    assert why.evaluate("field => field.validity.valid")
    edo.page.get_by_label("Name", exact=True).fill("Zora Zest")
    expect(edo.page.locator("#saved")).to_have_text("Saved as a draft.")
    edo.go("/nominate/drafts")
    edo.page.get_by_role("link", name="Go on with Zora Zest").click()
    expect(edo.page.get_by_label("Name", exact=True)).to_have_value("Zora Zest")
    assert violations(edo, *RULES) == []

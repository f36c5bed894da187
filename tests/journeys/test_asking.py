"""Questions, a quiz and a consent: written by an admin in the editor, answered by a member, approved."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from tests.factories.challenges import make_draft
from tests.factories.people import make_admin, make_person
from tests.journeys.conftest import Visitor
from tests.support.site import Site

ADMIN, MEMBER = "ada@meridian.example", "amara@kestrel.example"


@pytest.fixture
def draft(database: Database) -> int:
    """An admin, an advocate, and a challenge without steps; returns its id."""

    def made(session: Session) -> int:
        make_admin(session, name="Ada Admin", email=ADMIN)
        make_person(session, name="Amara Okafor", email=MEMBER)
        return make_draft(session, title="Tell us how you work", points=80, stages=()).id

    return database.write(made)


def write_questions(page: Page) -> None:
    """Write two questions; the second is a choice, and stands above the first in the end."""
    page.get_by_label("Title of the step").fill("Your work")
    page.get_by_label("What you ask").fill("Where do you use it?")
    page.get_by_role("button", name="Add a question").click()
    second = page.locator("[data-question]").nth(1)
    second.get_by_label("What you ask").fill("Which part most?")
    expect(second.get_by_label("Choices, one a line")).to_be_hidden()
    expect(second.get_by_label("What the lowest means")).to_be_hidden()
    second.get_by_label("They answer with").select_option(label="One of several")
    second.get_by_label("Choices, one a line").fill("Alerts\nMaps")
    page.get_by_role("button", name="Move up: question 2").click()
    expect(page.locator("[data-question]").first.get_by_label("What you ask")).to_have_value("Which part most?")
    page.get_by_role("button", name="Add the step").click()


def write_quiz(page: Page) -> None:
    """Write one question with two choices and two tries."""
    page.get_by_label("Title of the step").fill("The mast")
    page.get_by_label("What you ask").fill("What does the mast do?")
    page.get_by_label("Choice 1", exact=True).fill("It sings")
    page.get_by_label("Choice 2", exact=True).fill("It watches the wind")
    page.get_by_label("Choice 2 is right").check()
    page.get_by_label("Explanation").fill("Ten metres above the ground.")
    page.get_by_label("Tries").fill("2")
    page.get_by_role("button", name="Add the step").click()


@pytest.mark.browser
def test_questions_a_quiz_and_a_consent_from_the_editor_to_the_approval(site: Site, draft: int, visit: Callable[..., Visitor]) -> None:
    ada = visit().sign_in(ADMIN)
    ada.go(f"/admin/challenges/{draft}/steps/new?kind=questions")
    write_questions(ada.page)
    ada.go(f"/admin/challenges/{draft}/steps/new?kind=quiz")
    write_quiz(ada.page)
    ada.go(f"/admin/challenges/{draft}/steps/new?kind=consent")
    ada.page.get_by_label("Title of the step").fill("May we quote you?")
    ada.page.get_by_label("The text they agree to").fill("You may quote me with my name.")
    ada.page.get_by_label("Slides").check()
    ada.page.get_by_role("button", name="Add the step").click()
    ada.page.get_by_role("button", name="Publish").first.click()
    if ada.page.locator("dialog[open]").count():
        ada.page.locator("dialog[open]").get_by_role("button", name="Publish").click()

    amara = visit(viewport={"width": 390, "height": 844}).sign_in(MEMBER)
    amara.go(f"/challenges/{draft}")
    amara.page.get_by_role("button", name="Start").first.click()
    amara.page.get_by_label("Maps").check()
    amara.page.get_by_role("button", name="Save and continue").click()
    expect(amara.page.get_by_text("Please answer this question.")).to_have_count(1)
    amara.problems.clear()  # A browser counts a refused form as an error.
    expect(amara.page.get_by_label("Maps")).to_be_checked()
    amara.page.get_by_label("Where do you use it?").fill("In the harbour")
    amara.page.get_by_role("button", name="Save and continue").click()

    amara.page.get_by_label("It sings").check()
    amara.page.get_by_role("button", name="Check my answers").click()
    expect(amara.page.get_by_text("Not yet: 0 of 1 were right.")).to_be_visible()
    expect(amara.page.get_by_text("Ten metres above the ground.")).to_have_count(0)
    amara.page.get_by_label("It watches the wind").check()
    amara.page.get_by_role("button", name="Check my answers").click()
    expect(amara.page.get_by_text("Passed: 1 of 1 are right.").first).to_be_visible()
    expect(amara.page.get_by_text("Ten metres above the ground.")).to_be_visible()
    amara.page.get_by_role("link", name="Go on").click()

    expect(amara.page.get_by_text("You may quote me with my name.")).to_be_visible()
    amara.page.get_by_label("The words we may quote").fill("It saved the harbour.")
    amara.page.get_by_label("Slides").check()
    amara.page.get_by_label("I agree to this").check()
    amara.page.get_by_role("button", name="Send for approval").click()
    expect(amara.page.get_by_text("Sent. You will hear from us here and by mail.")).to_be_visible()

    ada.go("/admin/approvals")
    main = ada.page.get_by_role("main")
    expect(main).to_contain_text("In the harbour")
    expect(main).to_contain_text("Passed: 1 of 1 are right.")
    expect(main).to_contain_text("It saved the harbour.")
    ada.page.get_by_role("button", name="Approve and award 80 points").click()
    amara.go("/profile")
    expect(amara.page.locator("#consents")).to_contain_text("Given")

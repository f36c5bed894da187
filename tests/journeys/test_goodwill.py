"""An employee logs an ask with the keyboard and asks; the member sees the budget, says yes, and wants no more; all in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import faults

GRETA, AMARA = "greta@meridian.example", "amara@kestrel.example"


@pytest.fixture
def amara_id(database: Database) -> int:
    def made(session: Session) -> int:
        make_admin(session, name="Ada Admin")
        make_employee(session, name="Greta Holm", email=GRETA)
        return make_person(session, name="Amara Okafor", email=AMARA, company_id=make_company(session, name="Kestrel").id).id

    return database.write(made)


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click(no_wait_after=True)
    page.wait_for_load_state("load")


@pytest.mark.browser
def test_an_ask_from_log_to_answer_and_the_members_own_limit(amara_id: int, visit: Callable[..., Visitor]) -> None:
    greta = visit().sign_in(GRETA)
    greta.go("/goodwill/log")
    # The cursor stands in the first field; what is usual is filled in, so a name and Enter are enough.
    expect(greta.page.get_by_label("Who was asked")).to_be_focused()
    greta.page.keyboard.type(AMARA)
    with greta.page.expect_navigation():
        greta.page.keyboard.press("Enter")
    expect(greta.page.get_by_role("main")).to_be_visible()
    expect(greta.page.locator("body")).to_contain_text("Noted for Amara Okafor")
    greta.go(f"/goodwill/people/{amara_id}")
    greta.page.get_by_label("What it is about").fill("A talk with Hall & Sons")
    press(greta.page, "Ask")
    expect(greta.page.get_by_role("main")).to_contain_text("2 of 4 left")

    amara = visit().sign_in(AMARA)
    amara.go("/asks")
    expect(amara.page.get_by_role("main")).to_contain_text("2 of 4 asks used in the last 90 days.")
    amara.page.get_by_role("button", name="Yes").first.click()
    expect(amara.page.locator("body")).to_contain_text("Whoever asked is told")
    amara.page.get_by_label("At most so many asks").fill("2")
    press(amara.page, "Keep")
    expect(amara.page.get_by_role("main")).to_contain_text("2 of 2 asks used")
    assert list(faults(amara)) == []

    greta.go(f"/goodwill/people/{amara_id}")
    expect(greta.page.get_by_role("main")).to_contain_text("A slot frees on")
    press(greta.page, "Ask")
    expect(greta.page.get_by_role("main")).to_contain_text("Which admin answers for it")
    # The browser's own note that the answer was a refusal, as it should be.
    greta.problems[:] = [problem for problem in greta.problems if "409" not in problem]

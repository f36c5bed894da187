"""A member reads why they owe points, disputes the line, and reads the answer at it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.bank.actions.adjusting import adjust_points
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin
from tests.journeys.conftest import Visitor
from tests.support.site import Site

ADMIN, MEMBER = "ben@meridian.example", "amara@kestrel.example"


@pytest.fixture
def clawback(database: Database) -> None:
    """Amara had 50 points, and Ada took 80."""

    def made(session: Session) -> None:
        ada = make_admin(session, name="Ada Admin", email="ada@meridian.example").id
        make_admin(session, name="Ben Admin", email=ADMIN)
        amara = make_person(session, name="Amara Okafor", email=MEMBER).id
        give_points(session, amara, 50)
        given = {"person_id": amara, "points": -80, "counts_as_earned": False, "category": "error", "reason": "The talk was not held"}
        adjust_points(session, as_admin(ada), **given, key="clawback", now=utcnow())

    database.write(made)


@pytest.mark.browser
def test_a_clawback_is_read_disputed_and_put_right(site: Site, clawback: None, visit: Callable[..., Visitor]) -> None:
    amara, ben = visit().sign_in(MEMBER), visit().sign_in(ADMIN)
    amara.go("/")
    amara.page.get_by_role("main").get_by_role("link", name="Why?").click()
    owed = amara.page.get_by_role("region", name="You owe 30 points")
    expect(owed).to_contain_text("The talk was not held")
    amara.page.get_by_role("link", name="Dispute: Corrected by hand").click()
    amara.page.get_by_label("What is wrong with it?").fill("It was held, a week later.")
    amara.page.get_by_role("button", name="Dispute this line").click()
    expect(amara.page.get_by_role("main")).to_contain_text("Waits for an answer.")
    ben.go("/admin/approvals")
    panel = ben.page.locator("[data-panel]")
    expect(panel).to_contain_text("It was held, a week later.")
    panel.get_by_text("Put it right", exact=True).first.click()
    panel.locator("#points-right").fill("80")
    panel.locator("#reason-right").fill("You are right, it was held.")
    panel.get_by_role("button", name="Put it right").click()
    expect(ben.page.get_by_role("region", name="Decided just now")).to_contain_text("It was held, a week later.")
    expect(ben.page.get_by_text("All done")).to_be_visible()
    amara.go("/statement")
    expect(amara.page.get_by_role("main")).to_contain_text("Put right with 80 points: You are right, it was held.")
    expect(amara.page.get_by_role("region", name="You owe")).to_have_count(0)

"""An employee finds a reference as the picture shows it: a search, why each fits, the one rule that keeps another out, two side by side."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.finding.actions.library import Content, add_item
from portal.finding.rules.library import Kind
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.profiles.rules.activity import Activity
from tests.factories.asks import by_admin, by_employee, log_ask
from tests.factories.finding import make_reference
from tests.factories.people import make_admin, make_employee
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import faults

GRETA = "greta@meridian.example"
DAY = timedelta(days=1)
STORY = {"story": "We moved off spreadsheets in a week.", "use_cases": ["Moving off spreadsheets"], "languages": ["English"]}
DOES = (Activity.CALL, Activity.CASE_STUDY, Activity.SPEAKING)


@pytest.fixture
def market(database: Database) -> None:
    def made(session: Session) -> None:
        now, ada = utcnow(), make_admin(session, name="Ada Admin").id
        greta = make_employee(session, name="Greta Holm", email=GRETA).id
        kestrel = make_reference(session, "Kestrel Freight", "Amara Okafor", title="Head of Platform", size="2,400", does=DOES, **STORY)
        alto = make_reference(session, "Alto Rail", "Tomás Rivera", title="Operations Director", size="11,000", **STORY)
        make_reference(session, "Nimbus Foundry", "Yuki Kimura", title="CTO", verified_at=now - 213 * DAY, size="640", **STORY)
        make_reference(session, "Skerry Aero", "Lena Petrova", industry="Aerospace", size="5,200", **STORY)
        make_reference(session, "Quiet Bank", "Secret Name", tier=2, **STORY)
        make_reference(session, "Upset Co", "Uma Upset", nps=3, **STORY)
        for days in (1, 2, 3, 4):
            log_ask(session, by_employee(greta), alto.id, now - (76 + days) * DAY, came="completed")
        log_ask(session, by_employee(greta), kestrel.id, now - 71 * DAY, came="completed")
        content = Content(Kind.CASE_STUDY, "Off spreadsheets in a week", "Moving off spreadsheets", link="https://x.example/a", permission="Signed")
        add_item(session, by_admin(ada), key="a", content=content, file_id=None, now=now)

    database.write(made)


@pytest.mark.browser
def test_a_reference_is_found_compared_and_marked_with_the_keyboard(market: None, visit: Callable[..., Visitor]) -> None:
    greta = visit().sign_in(GRETA)
    page = greta.page
    greta.go("/find")
    page.get_by_label("What is your buyer worried about?").focus()
    page.keyboard.type("moving off spreadsheets")
    page.get_by_label("Industry").select_option("Transport")
    page.get_by_label("Region").select_option("EMEA")
    page.get_by_label("What is your buyer worried about?").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    main = page.get_by_role("main")
    expect(main).to_contain_text("6 customers have said yes.")
    expect(main).to_contain_text("This answers the same worry")
    first = page.get_by_role("list", name="References").get_by_role("listitem").first
    expect(first).to_contain_text("Same industry")
    expect(main).to_contain_text("Asked 4 of 4, free again on")
    expect(main).to_contain_text("Not verified for 7 months")
    expect(main).to_contain_text("Something stands against it: ask the account owner or an admin.")
    expect(main).not_to_contain_text("Quiet Bank")
    if folder := os.environ.get("FIND_PICTURES"):
        for width, scheme in ((1280, "light"), (390, "light"), (1280, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=f"{folder}/find-{width}-{scheme}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="light")
    assert list(faults(greta)) == []
    for name in ("Compare Kestrel Freight", "Compare Alto Rail"):
        page.get_by_label(name).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Compare those ticked").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Kestrel Freight")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Alto Rail")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="Kestrel Freight", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Takes one of 3 free asks until")
    with page.expect_navigation():
        page.get_by_role("button", name="Favourite: Kestrel Freight").click()
    expect(page.get_by_role("button", name="Favourite: Kestrel Freight")).to_have_attribute("aria-pressed", "true")
    assert list(faults(greta)) == []
    greta.go("/library")
    expect(page.get_by_role("main")).to_contain_text("Off spreadsheets in a week")
    assert list(faults(greta)) == []

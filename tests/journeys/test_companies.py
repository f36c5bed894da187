"""An employee reads a company, its owner writes down what sales knows, contact details are shown and logged; all in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import faults

OLGA, GRETA, ADA, AMARA = "olga@meridian.example", "greta@meridian.example", "ada@meridian.example", "amara@kestrel.example"


@pytest.fixture
def company_id(database: Database) -> int:
    def made(session: Session) -> int:
        make_admin(session, name="Ada Admin", email=ADA)
        make_employee(session, name="Greta Holm", email=GRETA)
        owner = make_employee(session, name="Olga Owner", email=OLGA)
        company = make_company(session, name="Kestrel Freight", owner_id=owner.id)
        make_person(session, name="Amara Okafor", email=AMARA, title="Head of Platform", company_id=company.id)
        return company.id

    return database.write(made)


@pytest.mark.browser
def test_a_company_is_handed_over_once_and_who_sees_its_people_is_known(company_id: int, visit: Callable[..., Visitor]) -> None:
    olga = visit().sign_in(OLGA)
    olga.go("/companies?mine=y")
    olga.page.get_by_role("link", name="Kestrel Freight").click()
    main = olga.page.get_by_role("main")
    expect(main).to_contain_text("Nothing is handed over yet.")
    olga.page.get_by_role("link", name="Write it down").click()
    olga.page.get_by_label("What they want to reach").fill(f"Halve the time to plan a week. {'w' * 400}")
    olga.page.get_by_label("Never put them in touch with").fill("Rival Works")
    olga.page.get_by_label("Name", exact=True).first.fill("Vera Planner")
    olga.page.get_by_label("What they care about").first.fill("No night shifts")
    olga.page.keyboard.press("Enter")
    expect(olga.page.locator("body")).to_contain_text("Saved. Everybody on the team reads it")
    expect(main).to_contain_text("Vera Planner")
    assert list(faults(olga)) == []
    expect(main).not_to_contain_text(AMARA)
    olga.page.get_by_role("button", name="Show contact details Amara Okafor").click()
    expect(main).to_contain_text(AMARA)

    greta = visit(java_script_enabled=False, viewport={"width": 320, "height": 640}).sign_in(GRETA)
    greta.go(f"/companies/{company_id}")
    expect(greta.page.get_by_role("main")).to_contain_text("Halve the time to plan a week.")
    assert greta.page.evaluate("document.documentElement.scrollWidth") <= 320, "a word without an end is broken"
    expect(greta.page.get_by_role("button", name="Show contact details")).to_have_count(0)
    expect(greta.page.get_by_role("main")).not_to_contain_text(AMARA)

    ada = visit().sign_in(ADA)
    ada.go("/admin/contacts-seen")
    expect(ada.page.get_by_role("main")).to_contain_text("Olga Owner")
    expect(ada.page.get_by_role("main")).to_contain_text("Page of the company")
    assert list(faults(ada)) == []

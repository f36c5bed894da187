"""Pages of several forms lose nothing that was typed, and what asks first asks without JavaScript too."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.rewards.actions.catalogue import add_reward
from portal.rewards.queries.catalogue import get_reward
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin, make_reward
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import ALL_RULES, SAME_ENGINE, violations
from tests.support.site import Site

ADMIN = "ada@meridian.example"


@pytest.fixture
def draft(database: Database, site: Site) -> int:
    def made(session):  # type: ignore[no-untyped-def]
        admin = make_admin(session, name="Ada Admin", email=ADMIN)
        return add_reward(session, as_admin(admin.id), name="Mug", kind="merchandise", price=100, key="draft", now=utcnow()).id

    return database.write(made)


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_what_was_typed_in_one_form_of_a_reward_is_not_lost_by_the_button_of_another(
    draft: int, visit: Callable[..., Visitor], database: Database
) -> None:
    ada = visit().sign_in(ADMIN)
    ada.go(f"/admin/rewards/{draft}")
    ada.page.locator("#summary").fill("A good mug")
    ada.page.locator("#shelf").fill("5")
    ada.page.get_by_role("button", name="Start counting").click()
    asking = ada.page.locator("#unsaved")
    expect(asking).to_be_visible()
    assert violations(ada, *ALL_RULES) == []
    asking.get_by_role("button", name="Go back").click()
    expect(ada.page.locator("#summary")).to_have_value("A good mug")
    expect(ada.page.locator("#summary")).to_be_focused()
    ada.page.get_by_role("button", name="Save and publish").click()
    expect(asking).to_be_visible()
    asking.get_by_role("button", name="Go on and lose it").click()
    expect(ada.page.locator("#flashes")).to_contain_text("in the catalogue now")
    with database.reading() as session:
        found = get_reward(session, draft)
        assert (found.summary, found.state, found.stock) == ("A good mug", "live", None)


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_without_javascript_what_asks_first_asks_too(database: Database, visit: Callable[..., Visitor], site: Site) -> None:
    database.write(lambda s: make_admin(s, name="Ada Admin", email=ADMIN).id)
    reward_id = database.write(lambda s: make_reward(s, name="Mug").id)
    ada = visit(java_script_enabled=False).sign_in(ADMIN)
    ada.go(f"/admin/rewards/{reward_id}")
    ada.page.get_by_role("button", name="Pause").click()
    expect(ada.page.get_by_role("heading", name="Take it out of the catalogue?")).to_be_visible()
    ada.page.get_by_role("button", name="Go back").click()
    expect(ada.page.get_by_role("heading", name="Take it out of the catalogue?")).not_to_be_visible()
    with database.reading() as session:
        assert get_reward(session, reward_id).state == "live", "the question alone does nothing"
    ada.page.get_by_role("button", name="Pause").click()
    ada.page.locator("dialog:target").get_by_role("button", name="Pause").click()
    expect(ada.page.locator("#flashes")).to_contain_text("out of the catalogue")


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_the_page_of_a_reward_keeps_what_was_typed_and_asks_before_a_link_loses_it(
    site: Site, visit: Callable[..., Visitor], database: Database
) -> None:
    def made(session: Session) -> int:
        make_admin(session, email=ADMIN)
        give_points(session, make_person(session, email="amara@kestrel.example").id, 500)
        return make_reward(session, name="Wool overshirt", kind="perk", price=100).id

    reward_id = database.write(made)
    visitor = visit().sign_in("amara@kestrel.example")
    visitor.go(f"/rewards/{reward_id}")
    page = visitor.page
    wish = page.get_by_label("Anything we should know")
    wish.fill("After six, please")
    heart = page.get_by_role("button", name="Wish for “Wool overshirt”")
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(wish).to_have_value("After six, please")
    page.get_by_role("link", name="All rewards").click()
    asking = page.get_by_role("dialog", name="You have typed something")
    asking.get_by_role("button", name="Go back").click()
    expect(wish).to_be_focused()
    expect(wish).to_have_value("After six, please")
    page.get_by_role("link", name="All rewards").click()
    asking.get_by_role("button", name="Go on and lose it").click()
    expect(page).to_have_url(re.compile(r"/rewards$"))

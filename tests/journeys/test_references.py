"""An account owner answers the link of a mail on a phone, and the customer's own page works by link: light and dark, without scripts too."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.profiles.actions.asking import ask_several
from portal.profiles.actions.own import send_own_link
from portal.profiles.models import ReferenceProfile
from tests.factories.profiles import Scene
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import ALL_RULES, violations
from tests.profiles.test_freshness import mails, token_to


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_profile_is_verified_and_left_by_the_links_of_mails(database: Database, visit: Callable[..., Visitor], scheme: str) -> None:
    scene = database.write(Scene)

    def ask(session: Session) -> tuple[str, str]:
        ask_several(session, scene.boss, person_ids=[scene.id], now=utcnow())
        send_own_link(session, scene.boss, person_id=scene.id, now=utcnow())
        return token_to(session, scene.greta_id), mails(session, "profile_own")[0].payload["link"]

    token, link = database.write(ask)
    greta = visit(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    greta.go(f"/profiles/check?t={token}&a=changed")
    assert violations(greta, *ALL_RULES) == []
    assert greta.page.evaluate("document.documentElement.scrollWidth") <= 320
    greta.page.get_by_label("What else changed, or why").fill("Head of planning now.")
    greta.page.get_by_role("button", name="Something changed").click()
    expect(greta.page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert violations(greta, *ALL_RULES) == []

    ada = visit(viewport={"width": 320, "height": 640}, color_scheme=scheme, java_script_enabled=scheme == "light")
    ada.go(link)
    ada.page.get_by_role("group", name="Video").get_by_label("Yes", exact=True).check()
    ada.page.locator("#does").get_by_role("button", name="Keep this").click()
    expect(ada.page.locator("body")).to_contain_text("Kept. It holds from now on.")
    ada.page.get_by_role("button", name="Pause me").click()
    expect(ada.page.get_by_role("main")).to_contain_text("You are paused until")
    if scheme == "light":
        assert violations(ada, *ALL_RULES) == []
        assert ada.page.evaluate("document.documentElement.scrollWidth") <= 320
    ada.page.locator("summary", has_text="Remove me").click()
    ada.page.get_by_role("button", name="Yes, remove me now").click()
    expect(ada.page.get_by_role("heading", level=1)).to_contain_text("You are no reference any more")
    with database.reading() as session:
        row = session.get_one(ReferenceProfile, scene.id)
        assert (row.status, row.retired_as, row.is_visible) == ("retired", "own_wish", False)

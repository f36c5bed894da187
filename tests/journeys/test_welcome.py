"""A new member's first minutes: from the invitation to the first points, as the welcome leads."""

from collections.abc import Callable
from time import monotonic

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.templates import make_draft
from portal.challenges.actions.welcome import offer_first
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.joining import invite_person
from tests.factories.people import make_contact
from tests.journeys.conftest import Visitor
from tests.support.site import Site

PHRASE = "copper ladder over quiet water"


def invited(session: Session) -> str:
    """Publish the welcome that comes with the portal, offer it first, invite somebody; return the path of the link."""
    portal, now = system("test"), utcnow()
    challenge = make_draft(session, portal, template_key="say-hello", key="hello", now=now)
    publish_challenge(session, portal, challenge_id=challenge.id, now=now)
    offer_first(session, portal, challenge_id=challenge.id, now=now)
    person = make_contact(session, name="Amara Okafor", email="amara@kestrel.example")
    return invite_person(session, portal, person_id=person.id, mail=False, now=now)


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_from_the_invitation_to_the_first_points_in_a_handful_of_clicks(
    site: Site, database: Database, visit: Callable[..., Visitor], script: bool
) -> None:
    link = database.write(invited)
    amara = visit(java_script_enabled=script)
    page = amara.page
    amara.go(link)
    page.get_by_label("New password").fill(PHRASE)
    page.get_by_label("The same once more").fill(PHRASE)
    joined = monotonic()
    page.get_by_role("button", name="Join").click()
    welcome = page.get_by_role("region", name="Welcome to")
    expect(welcome.get_by_role("progressbar", name="0 of 3 done")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("You have no points to spend yet.")
    welcome.get_by_role("link", name="Begin").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Hello, I have read it").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Send for approval").click()
    amara.go("/")
    expect(page.get_by_role("main")).to_contain_text("You have 10 points to spend.")
    assert monotonic() - joined < 120, "first points within two minutes is what the welcome promises"
    expect(welcome.get_by_role("progressbar", name="1 of 3 done")).to_be_visible()
    expect(welcome.get_by_role("link", name="Begin")).to_have_count(0)

    welcome.get_by_role("link", name="Choose").click()
    page.get_by_label("Writing").select_option(label="I like doing this")
    page.get_by_role("button", name="Keep this").click()
    amara.go("/")
    welcome.get_by_role("link", name="Check how you appear here").first.click()
    page.get_by_role("button", name="Save").first.click()
    amara.go("/")
    done = page.get_by_role("region", name="All done.")
    done.get_by_role("button", name="Put this away").click()
    expect(page.get_by_role("status")).to_contain_text("Your profile brings it back.")
    expect(done).to_have_count(0)
    amara.go("/profile")
    page.get_by_role("button", name="Bring the welcome back").click()
    expect(done).to_be_visible()

"""A member allows a quote, a reviewer approves it, the member takes it back, and the admins are told."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.stages import add_stage
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from tests.factories.challenges import make_draft
from tests.factories.people import make_admin, make_person
from tests.journeys.conftest import Visitor
from tests.support.site import Site

ADMIN, MEMBER = "ada@meridian.example", "amara@kestrel.example"
WORDS, CHECK = "You may print this with my name.", "Is their press office fine with it?"
STEPS: list[tuple[str, str, dict[str, Any]]] = [
    ("consent", "Your quote", {"item": "quote", "words": WORDS, "quote": "It saved us a day.", "scopes": ["website", "press"], "months": 12}),
    ("nps", "One question", {"name": "Dispatch"}),
    ("checked", "Say that it is public", {"checking": "We ask your press office.", "check": CHECK}),
]


@pytest.fixture
def programme(database: Database) -> None:
    """An admin, an advocate, and a challenge that asks for a quote, a number and a look by the team."""

    def made(session: Session) -> None:
        make_admin(session, name="Ada Admin", email=ADMIN)
        make_person(session, name="Amara Okafor", email=MEMBER)
        challenge = make_draft(session, title="Give a quote", points=120, stages=())
        for kind, title, options in STEPS:
            add_stage(session, system("test"), challenge_id=challenge.id, kind=kind, title=title, options=options, now=utcnow())
        publish_challenge(session, system("test"), challenge_id=challenge.id, now=utcnow())

    database.write(made)


@pytest.mark.browser
def test_a_quote_is_allowed_approved_withdrawn_and_the_admins_are_told(site: Site, programme: None, visit: Callable[..., Visitor]) -> None:
    amara = visit().sign_in(MEMBER)
    page, main = amara.page, amara.page.get_by_role("main")
    amara.go("/challenges")
    main.get_by_role("link", name="Give a quote", exact=True).click()
    page.get_by_role("button", name="Start").click()
    expect(main).to_contain_text(WORDS)
    expect(page.get_by_label("The quote")).to_have_value("It saved us a day.")
    page.get_by_label("The quote").fill("It saved us two days a month.")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    page.get_by_role("checkbox", name="Website").check()
    page.get_by_label("I agree to exactly this text").check()
    page.get_by_role("button", name="Save and continue").click()
    scale = page.get_by_role("group", name="How likely are you to recommend Dispatch to a friend or colleague?")
    scale.get_by_role("radio", name="Extremely likely").focus()
    page.keyboard.press("ArrowLeft")
    expect(scale.get_by_role("radio", name="9", exact=True)).to_be_checked()
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_label("A note for the team, if you like").fill("They said yes.")
    page.get_by_role("button", name="Send for approval").click()
    expect(main).to_contain_text("We ask your press office.")
    expect(main).not_to_contain_text(CHECK)

    ada = visit().sign_in(ADMIN)
    ada.go("/admin/approvals")
    expect(ada.page.get_by_role("main")).to_contain_text(CHECK)
    expect(ada.page.get_by_role("main")).to_contain_text("9 of 10")
    ada.page.get_by_role("button", name="Approve and award 120 points").click()
    ada.go("/admin/consents")
    expect(ada.page.get_by_role("main")).to_contain_text("May be used in: Website")

    amara.go("/profile")
    page.get_by_role("link", name="See or withdraw your consents").click()
    page.locator("summary", has_text="Withdraw").click()
    page.get_by_label("Why, if you like to say").fill("I change employers.")
    page.get_by_role("button", name="Withdraw it now").click()
    expect(main).to_contain_text("Withdrawn on")
    amara.go("/statement")
    expect(main).to_contain_text("+120")

    ada.go("/inbox")
    ada.page.get_by_role("listitem").filter(has_text="Amara Okafor withdrew a consent: Quote").get_by_role("button", name="Open").click()
    expect(ada.page.get_by_role("main")).to_contain_text("I change employers.")

"""A whole request with an employee, the account owner, the customer by link and the prospect by link; and the entry of their calendars."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from playwright.sync_api import expect
from sqlalchemy import select

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.profiles.models import ReferenceProfile
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting
from tests.factories.requests import CANARY, Cast
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import violations
from tests.support.site import Post, Site, link_in, wait_for

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}


def entry_in(post: Post, address: str, sequence: int) -> Any:
    """Return the entry in the newest invitation to an address, read back from the mail as it arrived."""

    def look() -> Any:
        for mail in reversed(post.mails):
            part = next((part for part in mail.walk() if part.get_content_type() == "text/calendar"), None)
            if part is not None and address in mail["To"]:
                calendar = Calendar.from_ical(part.get_content())
                event = calendar.walk("VEVENT")[0]
                if int(event["SEQUENCE"]) == sequence:
                    return part.get_param("method"), calendar, event
        return None

    return wait_for(look, f"an invitation to {address} with the sequence {sequence}")


def sound(visitor: Visitor) -> None:
    """An open page is accessible, light and dark, and as wide as its window."""
    assert violations(visitor, *RULES) == []
    visitor.page.emulate_media(color_scheme="dark")
    assert violations(visitor, "color-contrast") == []
    visitor.page.emulate_media(color_scheme="light")
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
def test_a_whole_request_with_three_people_and_the_prospect(database: Database, site: Site, post: Post, visit: Callable[..., Visitor]) -> None:
    cast = database.write(Cast)
    database.write(lambda session: setattr(session.get_one(ReferenceProfile, cast.ada_id), "time_zone", ""))
    greta = visit().sign_in(str(cast.greta_row.email))
    greta.go(f"/requests/new?person={cast.ada_id}&activity=call")
    sound(greta)
    page = greta.page
    page.get_by_label("For which prospect?").fill("Prospect Works")
    page.get_by_label("Needed by").fill((utcnow() + timedelta(days=30)).date().isoformat())
    page.get_by_text("More about it").click()
    page.get_by_label("Who there takes part").fill("Paul Prospect")
    page.get_by_label("Their e-mail").fill("paul@prospect.example")
    page.get_by_label("How the customer may hear").fill("A logistics company in Bavaria")
    page.get_by_label("Name of the deal").fill(f"{CANARY} deal")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("main")).to_contain_text("The account owner’s turn")
    sound(greta)

    owner = visit(**PHONE)
    owner.go(link_in(post.to(str(cast.owner_row.email), "ask Ada")))
    sound(owner)
    owner.page.get_by_role("button", name="I agree").click()
    expect(owner.page.get_by_role("main")).to_contain_text("Olaf agreed on")

    ada = visit(**PHONE, java_script_enabled=True, timezone_id="Asia/Dubai")
    ada.go(link_in(post.to("ada@works.example", "asks for your help")))
    expect(ada.page.get_by_label("Your time zone")).to_have_value("Asia/Dubai")
    sound(ada)
    assert CANARY not in ada.page.content()
    assert "Prospect Works" not in ada.page.content()
    for number, label in enumerate(("First time", "Second time", "Third time"), 3):
        ada.page.get_by_label(label).fill((utcnow() + timedelta(days=number)).strftime("%Y-%m-%dT14:30"))
    ada.page.get_by_label("Your time zone").select_option("Europe/Berlin")
    ada.page.get_by_role("button", name="Yes, I will").click()
    expect(ada.page.get_by_role("heading", level=1)).to_contain_text("Thank you, Ada")
    sound(ada)

    paul = visit(**PHONE)
    paul.go(link_in(post.to("paul@prospect.example", "talk with Ada")))
    sound(paul)
    assert CANARY not in paul.page.content()
    paul.page.get_by_role("radio").nth(1).check()
    paul.page.get_by_role("button", name="Take this time").click()
    expect(paul.page.get_by_role("main")).to_contain_text("It is settled")
    sound(paul)

    with database.reading() as session:
        meeting = session.scalars(select(RequestMeeting)).one()
    for address in ("ada@works.example", "paul@prospect.example"):
        method, calendar, event = entry_in(post, address, 0)
        assert (method, str(calendar["METHOD"])) == ("REQUEST", "REQUEST")
        assert event.start == meeting.starts_at
        assert event.start.strftime("%H:%M") == "14:30"
        assert str(event["DTSTART"].params["TZID"]) == "Europe/Berlin"
        assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
        assert event.end - event.start == timedelta(minutes=30)
        assert str(event["UID"]).startswith(meeting.uid)
        assert sorted(str(who) for who in event["ATTENDEE"]) == ["mailto:ada@works.example", "mailto:paul@prospect.example"]
        assert str(event["ORGANIZER"]).startswith("mailto:")
        assert CANARY not in calendar.to_ical().decode()
    paul.page.get_by_role("radio").nth(2).check()
    paul.page.get_by_role("button", name="Take this time").click()
    expect(paul.page.get_by_role("main")).to_contain_text("It is settled")
    method, _, event = entry_in(post, "ada@works.example", 1)
    assert (method, str(event["UID"]).startswith(meeting.uid)) == ("REQUEST", True)

    database.write(lambda session: setattr(session.get_one(RequestMeeting, meeting.candidate_id), "starts_at", utcnow() - timedelta(hours=3)))
    ada.page.reload()
    sound(ada)
    ada.page.get_by_label("Did it take place?").select_option("yes")
    ada.page.get_by_label("Minutes it took you").fill("35")
    ada.page.get_by_role("button", name="Say it").click()
    expect(ada.page.get_by_role("main")).to_contain_text("You said that it took place")
    greta.page.reload()
    sound(greta)
    greta.page.get_by_label("Did it take place?").select_option("yes")
    greta.page.get_by_label("How did it go?").select_option("5")
    greta.page.get_by_role("button", name="Say it").click()
    expect(greta.page.get_by_role("main")).to_contain_text("Very positive")
    greta.go("/requests")
    sound(greta)
    with database.reading() as session:
        assert session.scalars(select(ReferenceRequest.state)).one() == "completed"
        assert session.scalars(select(RequestCandidate.minutes)).one() == 35
        assert balance_of(session, cast.ada_id).net == 400
    assert "400 points" in str(post.to("ada@works.example", "Thank you for your help").get_body(("plain",)))

    imani = visit(**PHONE).sign_in(str(cast.admin_row.email))
    imani.go("/requests/1")
    imani.page.get_by_text("It did not take place after all").click()
    sound(imani)
    imani.page.locator("#righting-reason").fill("Both mixed it up with another call.")
    imani.page.get_by_role("button", name="Put it right").click()
    expect(imani.page.get_by_role("main")).to_contain_text("Imani put it right on")
    ada.page.reload()
    sound(ada)
    expect(ada.page.get_by_role("main")).to_contain_text("Both mixed it up with another call.")
    with database.reading() as session:
        assert balance_of(session, cast.ada_id).net == 0
    assert "The 400 points that you had for it are taken back." in str(post.to("ada@works.example", "did not take place").get_body(("plain",)))

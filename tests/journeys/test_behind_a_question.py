"""What a page shows only when it is asked for something: each kind of badge, a draft's preview, each panel of the queue, each section of a record.

Found in the registries, so that a new one joins by itself. Each is opened once, on a phone, light, and asked everything there.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.bank.actions.disputing import dispute_line
from portal.bank.models import Adjustment
from portal.challenges.actions.appealing import appeal
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.repricing import ask_repricing
from portal.challenges.actions.review import approve_attempt
from portal.challenges.models.taking import Submission
from portal.challenges.queries.repricing import forecast
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.states import SubmissionState
from portal.dashboard.queries.member import SECTIONS
from portal.dashboard.waiting.contract import Wanted
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from portal.recognition.badges.registry import RULES
from portal.recognition.models import Badge
from portal.recognition.rules.badges import BadgeState
from portal.references.actions.decide import decline_nomination
from portal.rewards.actions.review import approve_redemption
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge
from tests.factories.people import make_person
from tests.factories.references import make_nomination
from tests.factories.rewards import make_digital, make_redemption
from tests.factories.story import Story
from tests.journeys.conftest import Visitor
from tests.journeys.test_every_page import ALL_RULES, SAME_ENGINE, opened, signed_in, violations
from tests.support.site import Site

OPEN_ALL = "document.querySelectorAll('main details').forEach((one) => { one.removeAttribute('name'); one.open = true })"


def _let_the_rest_wait(session: Session, story: Story) -> None:
    """Let a dispute, an appeal and new points that need a second admin wait, which the story itself leaves out."""
    now = utcnow()
    row = session.scalars(select(Adjustment).where(Adjustment.transfer_id.is_not(None))).first()
    assert row is not None
    member = session.get_one(Person, row.person_id)
    dispute_line(session, as_advocate(member), transfer_id=row.transfer_id or 0, words="There were three talks.", now=now)
    declined = session.scalars(select(Submission).where(Submission.state == SubmissionState.DECLINED)).first()
    assert declined is not None
    owner = session.get_one(Person, declined.person_id)
    appeal(session, as_advocate(owner), submission_id=declined.id, words="It is public now.", now=now)
    boss = as_admin(session.get_one(Person, story.admin))
    challenge = make_challenge(session, title="A year of calls", points=20, now=now)
    approve_attempt(session, boss, attempt_id=make_attempt(session, make_person(session), challenge, now=now).id, now=now)
    offer = replace(offer_of(current_version(session, challenge)), points=30_000)
    edit_challenge(session, boss, challenge_id=challenge.id, offer=offer, now=now)
    publish_challenge(session, boss, challenge_id=challenge.id, now=now)
    seen = forecast(session, challenge, boss.id, now)
    shown = {"seen_people": seen.people, "seen_total": seen.total}
    ask_repricing(session, boss, challenge_id=challenge.id, reason="It takes a year.", key="behind", now=now, **shown)
    # Decided a little ahead, so that the minute of both is not over before the walk is there: one can be undone, one says why not.
    ahead = now + timedelta(minutes=10)
    decline_nomination(session, boss, nomination_id=make_nomination(session, now=now).id, reason="They left.", now=ahead)
    asked = make_redemption(session, story.advocate, make_digital(session, price=1, now=now).id, now=now)
    approve_redemption(session, boss, redemption_id=asked.id, now=ahead)


def _addresses(app: Flask, session: Session, story: Story) -> list[str]:
    draft = session.scalars(select(Badge.id).where(Badge.state == BadgeState.DRAFT)).first()
    items = []
    for source in app.extensions["waiting_sources"]:
        row = session.execute(source.waiting(Wanted())).first()
        assert row is not None, f"nothing of the kind {source.kind} waits"
        items.append(f"/admin/approvals?kind={source.kind}&item={source.kind}-{row.id}")
    return [
        *(f"/admin/recognition/badges/new?rule={rule}" for rule in RULES),
        f"/admin/recognition/badges/{draft}",
        *items,
        *(f"/admin/people/{story.advocate}/record?section={section}" for section in SECTIONS),
    ]


@pytest.mark.browser
@pytest.mark.only_on("sqlite", reason=SAME_ENGINE)
def test_what_a_question_opens_is_accessible_and_fits_a_phone(
    app: Flask, site: Site, story: Story, database: Database, visit: Callable[..., Visitor]
) -> None:
    database.write(lambda s: _let_the_rest_wait(s, story))
    visitor = signed_in(visit, database, story, "admin", viewport={"width": 320, "height": 640})
    with database.reading() as session:
        addresses = _addresses(app, session, story)
    found: dict[str, list[str]] = {}
    for address in addresses:
        assert opened(visitor, address), address
        visitor.page.evaluate(OPEN_ALL)
        faults = violations(visitor, *ALL_RULES)
        width, headings = visitor.page.evaluate("document.documentElement.scrollWidth"), visitor.page.locator("h1").count()
        if width > 320 or headings != 1:
            faults.append(f"{width} px wide, {headings} h1")
        if faults:
            found[address] = faults
    assert found == {}, json.dumps(found, indent=1)
    visitor.go("/admin/approvals")
    lately = visitor.page.get_by_role("region", name="Decided just now")
    assert lately.get_by_role("button", name="Undo within the minute").count() >= 1, "besides it, what the story decided in the same minute"
    assert "handed over with the approval" in lately.inner_text()

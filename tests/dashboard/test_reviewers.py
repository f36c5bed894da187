"""Reviewers: no admins, but allowed into the queue for what was granted, and nowhere else."""

from collections.abc import Callable
from functools import partial
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.queries.stages import stages_of
from portal.files.actions import store_upload
from portal.files.receiving import receive
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.people.actions.reviewing import grant_reviewing
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from portal.people.queries.reviewing import grants_of
from portal.people.rules.person import PersonDeactivated
from portal.people.rules.reviewing import Grants, GrantUnknown, kinds_of, require_grants
from tests.dashboard.scene import Scene
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge, make_submission
from tests.factories.gallery import make_file
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.story import png
from tests.support.application import PortalClient, SignIn

QUEUE = "/admin/approvals"
Reviewing = Callable[..., PortalClient]


def grant(database: Database, stage: Scene, person: Person, *grants: str) -> None:
    database.write(lambda s: grant_reviewing(s, as_admin(stage.admin), person_id=person.id, grants=grants, now=utcnow()))


@pytest.mark.parametrize(
    ("grants", "kinds"),
    [
        (Grants(), set()),
        (Grants(attempts=True), {"attempt", "appeal"}),
        (Grants(redemptions=True, nominations=True), {"redemption", "nomination"}),
    ],
)
def test_a_grant_opens_its_kinds(grants: Grants, kinds: set[str]) -> None:
    assert kinds_of(grants) == kinds


def test_an_unknown_permission_is_refused() -> None:
    with pytest.raises(GrantUnknown):
        require_grants({"everything"})


def test_a_reviewer_sees_and_decides_only_what_was_granted(database: Database, stage: Scene, sign_in: SignIn) -> None:
    grant(database, stage, stage.employee, "attempts")
    desk = sign_in(stage.employee)
    page = desk.get(QUEUE).text
    assert page.count("data-row=") == 1
    assert "Write an honest review" in page
    assert "Gift card" not in page
    assert desk.get(f"{QUEUE}?item=redemption-{stage.redemption.id}").status_code == 404
    assert desk.post(f"{QUEUE}/redemption/{stage.redemption.id}/approve", data={}).status_code == 404
    assert desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={}).status_code == 303


@pytest.mark.parametrize("grants", [("redemptions",), ("nominations",), ("redemptions", "nominations")])
def test_every_grant_works_for_its_kind(database: Database, stage: Scene, sign_in: SignIn, grants: tuple[str, ...]) -> None:
    reviewer = database.write(make_employee)
    grant(database, stage, reviewer, *grants)
    desk = sign_in(reviewer)
    for kind, item, name in (("redemption", stage.redemption, "redemptions"), ("nomination", stage.nomination, "nominations")):
        expected = 303 if name in grants else 404
        assert desk.post(f"{QUEUE}/{kind}/{item.id}/decline", data={"reason": "No."}).status_code == expected


def test_the_page_of_a_decided_redemption_is_linked_for_admins_alone(database: Database, stage: Scene, sign_in: SignIn) -> None:
    grant(database, stage, stage.employee, "redemptions")
    desk, link = sign_in(stage.employee), f"/admin/rewards/redemptions/{stage.redemption.id}"
    assert desk.post(f"{QUEUE}/redemption/{stage.redemption.id}/decline", data={"reason": "No."}).status_code == 303
    panel = f"{QUEUE}?item=redemption-{stage.redemption.id}"
    assert "What happened" in desk.get(panel).text
    assert link not in desk.get(panel).text
    assert desk.get(link).status_code == 403
    assert link in sign_in(stage.admin).get(panel).text


def test_a_reviewer_is_led_to_the_queue_and_nowhere_else(database: Database, stage: Scene, sign_in: SignIn) -> None:
    assert QUEUE not in sign_in(stage.employee).get("/").text
    grant(database, stage, stage.employee, "attempts")
    desk = sign_in(stage.employee)
    assert QUEUE in desk.get("/").text
    for address in ("/admin/people", "/admin/audit", "/admin/challenges", "/admin/reviewing", "/admin/rewards"):
        assert desk.get(address).status_code == 403, address


def test_a_permission_taken_away_ends_with_the_next_click(database: Database, stage: Scene, sign_in: SignIn) -> None:
    grant(database, stage, stage.employee, "attempts")
    desk = sign_in(stage.employee)
    assert desk.get(QUEUE).status_code == 200
    grant(database, stage, stage.employee)
    assert desk.get(QUEUE).status_code == 403
    assert desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={}).status_code == 403


def test_a_reviewer_who_is_an_advocate_decides_never_on_their_own(database: Database, stage: Scene, sign_in: SignIn) -> None:
    member = database.write(make_person)
    attempt = database.write(lambda s: make_attempt(s, member, stage.challenge).id)
    grant(database, stage, member, "attempts")
    desk = sign_in(member)
    assert "This is your own" in desk.get(f"{QUEUE}?item=attempt-{attempt}").text
    assert desk.post(f"{QUEUE}/attempt/{attempt}/approve", data={}).status_code == 403
    assert desk.post(f"{QUEUE}/approve", data={"item": [f"attempt-{attempt}"]}).status_code == 200
    with database.reading() as session:
        assert session.get_one(type(stage.attempt), attempt).state == "waiting"


def test_a_reviewer_opens_the_proof_that_was_sent_and_nothing_else(database: Database, stage: Scene, sign_in: SignIn, app: Flask) -> None:
    def uploaded(session: Session, *, is_sent: bool) -> int:
        member, challenge = make_person(session), make_challenge(session, stages=("upload",))
        proof = receive(BytesIO(png()), "proof.png", purpose="document", storage=app.extensions["storage"])
        stored = store_upload(session, as_advocate(member), received=proof, owner_id=member.id, now=utcnow())
        submission = make_submission(session, member, challenge)
        value = {"file_id": stored.id, "name": stored.filename, "size": stored.size, "is_image": True}
        step = stages_of(session, challenge.id)[0].id
        save_answers(session, as_advocate(member), submission_id=submission.id, values={step: value}, now=utcnow())
        if is_sent:
            submit_attempt(session, as_advocate(member), submission_id=submission.id, key="proof", now=utcnow())
        return stored.id

    sent, saved = (database.write(partial(uploaded, is_sent=is_sent)) for is_sent in (True, False))
    grant(database, stage, stage.employee, "nominations")
    desk = sign_in(stage.employee)
    assert desk.get(f"/files/{sent}").status_code == 404
    grant(database, stage, stage.employee, "attempts")
    with desk.get(f"/files/{sent}") as answer:
        assert answer.status_code == 200
        assert "attachment" in answer.headers["Content-Disposition"]
    assert desk.get(f"/files/{saved}").status_code == 404


def test_a_video_plays_in_the_panel_of_a_reviewer_who_is_no_admin(database: Database, stage: Scene, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[int, int]:
        member, challenge = make_person(session), make_challenge(session, stages=("upload",))
        stored = make_file(session, member, filename="clip.mp4", media_type="video/mp4", purpose="document", width=None, height=None)
        submission = make_submission(session, member, challenge)
        value = {"file_id": stored.id, "name": "clip.mp4", "size": 9, "is_image": False, "is_video": True}
        values = {stages_of(session, challenge.id)[0].id: value}
        sent = submit_attempt(session, as_advocate(member), submission_id=submission.id, key="clip", values=values, now=utcnow())
        return sent.id, stored.id

    attempt_id, file_id = database.write(given)
    grant(database, stage, stage.employee, "attempts")
    page = sign_in(stage.employee).get(f"{QUEUE}?item=attempt-{attempt_id}").text
    video = page[page.index("<video") :].split("</video>")[0]
    assert f"/files/{file_id}" in video
    assert "controls" in video


def test_granting_is_recorded_and_only_admins_do_it(session: Session) -> None:
    admin, person = make_admin(session), make_employee(session)
    with pytest.raises(NotAllowed):
        grant_reviewing(session, as_advocate(person), person_id=person.id, grants={"attempts"}, now=utcnow())
    assert grant_reviewing(session, as_admin(admin), person_id=person.id, grants={"attempts"}, now=utcnow())
    assert not grant_reviewing(session, as_admin(admin), person_id=person.id, grants={"attempts"}, now=utcnow())
    assert grants_of(session, person.id) == Grants(attempts=True)
    event = session.query(AuditEvent).filter_by(name="person.reviewing_changed").one()
    assert event.data["after"] == {"attempts": True, "redemptions": False, "nominations": False}
    deactivate_person(session, as_admin(admin), person_id=person.id, reason="Left", now=utcnow())
    with pytest.raises(PersonDeactivated):
        grant_reviewing(session, as_admin(admin), person_id=person.id, grants={"attempts", "nominations"}, now=utcnow())


def test_admins_grant_it_on_the_persons_page(database: Database, stage: Scene, sign_in: SignIn) -> None:
    desk, address = sign_in(stage.admin), f"/admin/people/{stage.employee.id}"
    assert desk.post(f"{address}/reviewing", data={"grants": ["attempts", "nominations"]}).status_code == 303
    page = desk.get(address).text
    assert "Permission to review changed" in page
    assert stage.employee.name in desk.get("/admin/reviewing").text
    with database.reading() as session:
        assert grants_of(session, stage.employee.id) == Grants(attempts=True, nominations=True)

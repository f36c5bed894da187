"""What a reviewer decided in the last minute stands above the queue, of every kind: to be undone, or with the reason why not."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.bank.actions.adjusting import adjust_points
from portal.bank.actions.disputing import dispute_line
from portal.challenges.actions.answering import submit_attempt
from portal.challenges.actions.review import accept_early
from portal.challenges.models.taking import Attempt
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.people.actions.reviewing import grant_reviewing
from portal.people.rules.reviewing import ATTEMPTS, REDEMPTIONS
from portal.review.actions.terms import set_terms
from portal.review.models import ReviewDecision
from portal.review.rules.refusals import NotYourVerdict
from portal.review.rules.terms import KINDS, Terms
from portal.rewards.actions.fulfilling import send_redemption
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.rules.states import State
from portal.wiring import WAITING
from tests.challenges.test_begun import begin
from tests.dashboard.scene import Scene, give
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.rewards import acting, as_admin, make_digital, make_redemption, make_reward
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

QUEUE = "/admin/approvals"


@pytest.fixture
def desk(stage: Scene, sign_in: SignIn) -> PortalClient:
    return sign_in(stage.admin)


def _correction(session: Session, stage: Scene) -> int:
    given: dict[str, Any] = {"counts_as_earned": True, "category": "contest", "reason": "First prize", "key": "large", "now": utcnow()}
    return adjust_points(session, as_admin(make_admin(session).id), person_id=stage.advocate.id, points=30_000, **given).id


def _dispute(session: Session, stage: Scene) -> int:
    given: dict[str, Any] = {"counts_as_earned": True, "category": "event", "reason": "Two talks", "key": "line", "now": utcnow()}
    line = adjust_points(session, as_admin(make_admin(session).id), person_id=stage.advocate.id, points=10, **given).transfer_id or 0
    return dispute_line(session, acting(stage.advocate.id), transfer_id=line, words="There were three.", now=utcnow()).id


def test_every_kind_of_the_queue_says_how_its_decisions_are_undone() -> None:
    assert {source.kind for source in WAITING} == set(KINDS)
    for source in WAITING:
        said = set(source.undoing.said)
        assert source.undoing.kind in KINDS
        if source.undoing.kind == source.kind and source.kind != "attempt":
            assert set(source.verdicts) == said, f"what is decided on {source.kind} has no name above the queue"


@pytest.mark.parametrize(
    ("kind", "make", "verdict", "given"),
    [
        ("redemption", lambda s, stage: stage.redemption.id, "approve", {}),
        ("redemption", lambda s, stage: stage.redemption.id, "decline", {"reason": "No"}),
        ("nomination", lambda s, stage: stage.nomination.id, "approve", {}),
        ("nomination", lambda s, stage: stage.nomination.id, "decline", {"reason": "No"}),
        ("adjustment", _correction, "approve", {}),
        ("adjustment", _correction, "decline", {"reason": "No"}),
        ("dispute", _dispute, "right", {"points": "5", "category": "error", "reason": "Three it was"}),
        ("dispute", _dispute, "stand", {"reason": "Two it was"}),
    ],
)
def test_what_was_decided_is_undone_by_one_press_and_waits_again(
    desk: PortalClient, stage: Scene, database: Database, kind: str, make: Any, verdict: str, given: dict[str, str]
) -> None:
    item = f"{kind}-{database.write(lambda s: make(s, stage))}"
    assert desk.post(f"{QUEUE}/{item.replace('-', '/')}/{verdict}", data=given).status_code == 303
    page = desk.get(QUEUE).text
    assert f'href="/admin/approvals?item={item}"' not in page.replace("&amp;", "&")
    found = re.search(rf'action="({QUEUE}/{kind}/decisions/\d+/undo)[?"]', page)
    assert found, "it can be undone above the queue"
    answer = desk.post(found.group(1), data={})
    assert answer.location.endswith(f"item={item}")
    page = desk.get(answer.location).text
    assert "Undone. It stands as before." in page
    assert "What was said before" in page, "the next one reads that it was decided and undone"
    assert "Undo within the minute" not in page
    assert "It was undone already." in desk.get(desk.post(found.group(1), data={}).location).text


def test_what_cannot_be_undone_says_why(desk: PortalClient, stage: Scene, database: Database) -> None:
    def digital(session: Session) -> int:
        return make_redemption(session, stage.advocate.id, make_digital(session, price=10).id).id

    asked = database.write(digital)
    desk.post(f"{QUEUE}/redemption/{asked}/approve", data={})
    page = desk.get(QUEUE).text
    assert "It was handed over with the approval, so this cannot be undone." in page
    assert "Undo within the minute" not in page


def test_what_was_sent_since_stands_without_a_button_and_the_press_of_an_old_page_says_so(
    desk: PortalClient, stage: Scene, database: Database
) -> None:
    desk.post(f"{QUEUE}/redemption/{stage.redemption.id}/approve", data={})
    found = re.search(rf'action="({QUEUE}/redemption/decisions/\d+/undo)', desk.get(QUEUE).text)
    assert found
    database.write(lambda s: send_redemption(s, as_admin(stage.admin.id), redemption_id=stage.redemption.id, now=utcnow()))
    page = desk.get(QUEUE).text
    assert "It was sent since, so your approval stands." in page
    assert "Undo within the minute" not in page
    pressed = desk.get(desk.post(found.group(1), data={}).location).text
    assert "Nothing was done twice. Your decision stands." in pressed


def test_what_was_answered_since_stands_and_says_what_happened(desk: PortalClient, stage: Scene, database: Database, sign_in: SignIn) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/more", data={"reason": "Which product?"})
    found = re.search(rf'action="({QUEUE}/attempt/decisions/\d+/undo)', desk.get(QUEUE).text)
    assert found

    def again(session: Session) -> None:
        submission_id = session.get_one(Attempt, stage.attempt.id).submission_id
        submit_attempt(session, acting(stage.advocate.id), submission_id=submission_id, key="again", now=utcnow())

    database.write(again)
    page = desk.get(QUEUE).text
    assert "The advocate has sent it again since, so your decision stands." in page
    assert "Undo within the minute" not in page
    assert "sent it again since, so your decision stands." in desk.get(desk.post(found.group(1), data={}).location).text


def test_an_early_acceptance_that_was_not_shared_has_a_line_that_says_why_it_cannot_be_undone(
    desk: PortalClient, stage: Scene, database: Database
) -> None:
    def waits(session: Session) -> int:
        admin = as_admin(make_admin(session).id)
        set_terms(session, admin, terms=Terms(four_eyes_above=10), now=utcnow())
        submission = begin(session, make_person(session))
        assert accept_early(session, admin, submission_id=submission.id, reason="Enough", now=utcnow()) is None
        return session.scalars(select(Attempt.id).where(Attempt.submission_id == submission.id)).one()

    attempt_id = database.write(waits)
    panel = desk.get(f"{QUEUE}?item=attempt-{attempt_id}").text
    assert "Who accepted first reads this; the advocate does not." in panel
    assert "Accepted early" in panel
    assert "category-decline" not in panel
    desk.post(f"{QUEUE}/attempt/{attempt_id}/decline", data={"reason": "The second step is the point"})
    page = desk.get(QUEUE).text
    assert "Not accepted early" in page
    assert "so this cannot be undone" in page
    assert "Undo within the minute" not in page


@pytest.mark.parametrize("other", ["an admin", "a reviewer of redemptions", "a reviewer of answers"])
def test_another_reviewer_sees_nothing_to_undo_and_a_kind_that_is_not_theirs_is_not_found(
    desk: PortalClient, stage: Scene, sign_in: SignIn, database: Database, other: str
) -> None:
    desk.post(f"{QUEUE}/redemption/{stage.redemption.id}/approve", data={})
    found = re.search(rf'action="({QUEUE}/redemption/decisions/\d+/undo)', desk.get(QUEUE).text)
    assert found

    def make(session: Session) -> int:
        if other == "an admin":
            return make_admin(session).id
        person_id, grants = make_employee(session).id, {REDEMPTIONS if "redemptions" in other else ATTEMPTS}
        grant_reviewing(session, as_admin(stage.admin.id), person_id=person_id, grants=grants, now=utcnow() - timedelta(days=30))
        return person_id

    client = sign_in(database.write(make))
    page = client.get(QUEUE)
    assert page.status_code == 200
    assert "Undo within the minute" not in page.text
    assert "/undo" not in page.text
    told = client.get(client.post(found.group(1), data={}).location).text
    with database.reading() as session:
        assert session.scalar(select(ReviewDecision.undone_at)) is None
        assert get_redemption(session, stage.redemption.id).state == State.APPROVED
    assert (NotFound if other == "a reviewer of answers" else NotYourVerdict).message in told
    assert "Undone." not in told


def test_the_queue_asks_no_more_of_the_database_however_much_was_just_decided(
    desk: PortalClient, stage: Scene, database: Database, count_queries: CountQueries
) -> None:
    def asked(session: Session) -> int:
        person = make_person(session)
        give(session, person, 100)
        return make_redemption(session, person.id, make_reward(session, price=100).id).id

    desk.get(QUEUE)
    desk.post(f"{QUEUE}/redemption/{stage.redemption.id}/approve", data={})
    with count_queries() as one:
        desk.get(QUEUE)
    for item in [database.write(asked) for _ in range(6)]:
        desk.post(f"{QUEUE}/redemption/{item}/approve", data={})
    with count_queries() as many:
        page = desk.get(QUEUE).text
    assert page.count("Undo within the minute") == 5, "the newest five"
    assert many.total == one.total

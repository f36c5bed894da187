"""Points of steps: small ones at once and only once, the rest with the approval, all of it back with a reversal or a withdrawal."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.review import approve_attempt, decline_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import StagePayment, Submission
from portal.challenges.queries.page import challenge_page
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules import refusals
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person
from tests.challenges.test_races import at_once
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def in_parts(session: Session, *, read: int = 20, write: int = 10, large: int = 30) -> Challenge:
    """A live challenge worth 100: reading (confirmed), writing (needs a person), and a large confirmed step."""
    made = make_draft(session, stages=(), points=100)
    for kind, title, points in (("confirm", "Read", read), ("answer", "Write", write), ("confirm", "Large", large)):
        add_stage(session, system("test"), challenge_id=made.id, kind=kind, title=title, points=points, now=NOW)
    return publish_challenge(session, system("test"), challenge_id=made.id, now=NOW)


def available(session: Session, person: Person) -> int:
    return balance_of(session, person.id).available


def tick(session: Session, person: Person, submission: Submission, value: bool = True) -> None:
    first = own_stages(session, submission)[0]
    save_answers(session, as_advocate(person), submission_id=submission.id, values={first.id: {"is_confirmed": value}}, now=NOW)


def test_a_small_step_that_nobody_checks_is_paid_at_once_and_once(session: Session) -> None:
    person, challenge = make_person(session), in_parts(session)
    submission = make_submission(session, person, challenge, now=NOW)
    for value in (True, False, True, True):
        tick(session, person, submission, value)
    assert available(session, person) == 20
    fill(session, person, submission, now=NOW)  # the written step needs a person, the large one is over the limit
    assert (available(session, person), submission.paid) == (20, 20)


def test_the_approval_pays_the_rest_and_its_reversal_takes_all_of_it_back(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), in_parts(session)
    attempt = make_attempt(session, person, challenge, now=NOW)
    assert available(session, person) == 20
    verdict = approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
    assert (verdict.points, available(session, person)) == (80, 100)
    submission = session.get_one(Submission, attempt.submission_id)
    assert submission.paid == 100
    taken = reverse_approval(session, admin, submission_id=submission.id, reason="Wrong", now=NOW)
    assert (taken.points, available(session, person), submission.paid) == (-100, 0, None)


def test_what_was_paid_at_once_and_taken_back_is_promised_at_once_no_more(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), in_parts(session)
    attempt = make_attempt(session, person, challenge, now=NOW)
    assert challenge_page(session, person.id, challenge.id, NOW).points_at_once == 20
    approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
    reverse_approval(session, admin, submission_id=attempt.submission_id, reason="Wrong", now=NOW)
    assert challenge_page(session, person.id, challenge.id, NOW).points_at_once == 0


def test_toggling_approve_and_reverse_ten_times_returns_the_exact_balance(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), in_parts(session)
    attempt = make_attempt(session, person, challenge, now=NOW)
    for _ in range(10):
        approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
        assert available(session, person) == 100
        reverse_approval(session, admin, submission_id=attempt.submission_id, reason="Wrong", now=NOW)
        assert available(session, person) == 0
    tick(session, person, session.get_one(Submission, attempt.submission_id), False)
    tick(session, person, session.get_one(Submission, attempt.submission_id), True)
    assert available(session, person) == 0
    assert session.scalar(select(func.count()).select_from(Verdict)) == 20


def test_withdrawing_and_starting_anew_mints_nothing(session: Session) -> None:
    person, challenge = make_person(session), in_parts(session)
    for _ in range(3):
        submission = make_submission(session, person, challenge, now=NOW)
        tick(session, person, submission)
        assert available(session, person) == 20
        withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=NOW)
        assert (available(session, person), submission.paid) == (0, None)


def test_a_decline_leaves_what_a_step_has_earned(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), in_parts(session)
    attempt = make_attempt(session, person, challenge, now=NOW)
    decline_attempt(session, admin, attempt_id=attempt.id, reason="Too short", now=NOW)
    assert available(session, person) == 20
    again = submit_attempt(session, as_advocate(person), submission_id=attempt.submission_id, key="again", now=NOW)
    assert approve_attempt(session, admin, attempt_id=again.id, now=NOW).points == 80
    assert available(session, person) == 100


def test_the_limit_is_a_setting(session: Session) -> None:
    session.info["points_at_once"] = 0
    person, challenge = make_person(session), in_parts(session)
    tick(session, person, make_submission(session, person, challenge, now=NOW))
    assert available(session, person) == 0


def test_the_parts_are_never_more_than_the_whole(session: Session) -> None:
    with pytest.raises(refusals.StagePointsTooMany) as caught:
        in_parts(session, large=71)
    assert caught.value.facts == {"parts": 101, "whole": 100}
    with pytest.raises(refusals.PointsOutOfRange):
        in_parts(session, large=-1)


def test_thirty_two_devices_ticking_one_box_are_paid_once(database: Database) -> None:
    def given(session: Session) -> tuple[Person, Submission]:
        person = make_person(session)
        return person, make_submission(session, person, in_parts(session), now=NOW)

    person, submission = database.write(given)
    at_once(database, [lambda s: tick(s, person, s.get_one(Submission, submission.id))] * 32)
    with database.reading() as session:
        assert available(session, person) == 20
        assert session.scalar(select(func.count()).select_from(StagePayment)) == 1


def test_a_reviewer_reads_what_is_paid_already_and_cannot_give_less(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[Person, Person, int, int]:
        person = make_person(session)
        attempt = make_attempt(session, person, in_parts(session), now=NOW)
        return make_admin(session), person, attempt.id, attempt.submission_id

    admin, person, attempt_id, submission_id = database.write(scene)
    client, queue, place = sign_in(admin), f"/admin/approvals?item=attempt-{attempt_id}", f"/admin/approvals/attempt/{attempt_id}"
    for page in (queue, f"/admin/challenges/submissions/{submission_id}"):
        text = client.get(page).text
        assert "20 of 100 points are paid already" in text
        assert "Approve and award 80 more points" in text
    refused = client.post(f"{place}/partial", data={"points": "5", "reason": "Too short"})
    assert refused.status_code == 422
    assert "Please enter between 20 and 99 points" in refused.text
    assert client.post(f"{place}/partial", data={"points": "60", "reason": "Too short"}).status_code == 303
    with database.reading() as session:
        assert available(session, person) == 60

"""Verdicts beyond yes and no: a part of the points, feedback, a chosen step, early acceptance; undoing; two pairs of eyes; appeals."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.appealing import appeal
from portal.challenges.actions.review import (
    accept_early,
    approve_attempt,
    ask_for_more,
    give_feedback,
    reverse_approval,
)
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.page import challenge_page
from portal.challenges.queries.stages import stages_of
from portal.challenges.rules import refusals
from portal.challenges.rules.verdicts import require_category, require_points, standing_verdict
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.review.rules.refusals import NothingToUndo, NotYourVerdict, UndoTooLate
from portal.review.rules.undoing import UNDO_WITHIN
from tests.challenges.deciding import MANY, NOW, Stage, decline, notices
from tests.challenges.test_races import at_once
from tests.dashboard.scene import give
from tests.factories.challenges import DONE, as_admin, as_advocate, make_challenge, make_submission
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import make_redemption, make_reward


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def open_mails(session: Session, kind: str) -> list[OutboxJob]:
    jobs = session.scalars(select(OutboxJob).where(OutboxJob.done_at.is_(None)).execution_options(populate_existing=True))
    return [job for job in jobs if job.payload.get("kind") == kind]


@pytest.mark.parametrize(("points", "reason"), [(0, "x"), (100, "x"), (101, "x"), (-5, "x")])
def test_a_part_is_more_than_nothing_and_less_than_all(points: int, reason: str) -> None:
    with pytest.raises(refusals.PartialPoints):
        require_points(points, 100, reason)


@pytest.mark.parametrize(("points", "fits"), [(9, False), (10, True), (99, True), (100, False)])
def test_a_part_is_no_less_than_what_is_paid_already(points: int, fits: bool) -> None:
    if fits:
        assert require_points(points, 100, "Half of it is missing", paid=10) == points
    else:
        with pytest.raises(refusals.PartialPoints):
            require_points(points, 100, "Half of it is missing", paid=10)
    with pytest.raises(refusals.NoPartLeft):
        require_points(points, 10, "Half of it is missing", paid=10)


def test_a_part_needs_a_reason_and_all_needs_none() -> None:
    with pytest.raises(refusals.ReasonMissing):
        require_points(99, 100, "  ")
    assert require_points(None, 100, "") == 100
    assert require_points(1, 100, "Half of it is missing") == 1


def test_a_decline_has_a_known_category_and_otherwise_another_reason() -> None:
    assert require_category(None) == "other"
    assert require_category("repeated") == "repeated"
    with pytest.raises(refusals.CategoryUnknown):
        require_category("ugly")


@pytest.mark.parametrize(
    ("outcomes", "stands"),
    [
        ("", None),
        ("declined", 0),
        ("feedback declined", 1),
        ("recalled approved", None),
        ("recalled approved declined", 2),
        ("recalled feedback declined", 2),
        ("feedback recalled feedback declined more_wanted", 3),
        ("recalled declined feedback more_wanted", 3),
        ("recalled declined recalled approved more_wanted", 4),
    ],
)
def test_what_holds_is_neither_feedback_nor_undone(outcomes: str, stands: int | None) -> None:
    said = [Verdict(outcome=outcome) for outcome in outcomes.split()]
    assert standing_verdict(said) is (said[stands] if stands is not None else None)


def test_feedback_that_is_undone_hides_no_decline_before_it(session: Session, stage: Stage) -> None:
    declined = decline(session, stage)
    said = give_feedback(session, as_admin(stage.admin), attempt_id=stage.attempt.id, reason="Well written, though.", now=NOW)
    undo_verdict(session, as_admin(stage.admin), verdict_id=said.id, now=NOW)
    asked = challenge_page(session, stage.person.id, stage.challenge.id, NOW).asked
    assert asked is not None
    assert (asked.id, asked.reason) == (declined.id, "No")
    made = appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)
    assert made.verdict_id == declined.id


def test_a_part_of_the_points_is_paid_once_and_taken_back_whole(session: Session, stage: Stage) -> None:
    verdict = approve_attempt(session, as_admin(stage.admin), attempt_id=stage.attempt.id, points=40, note="Half of it", now=NOW)
    assert verdict.points == 40
    assert balance_of(session, stage.person.id).available == 40
    assert stage.submission(session).paid == 40
    assert session.scalar(select(Act.points)) == 40
    reverse_approval(session, as_admin(stage.admin), submission_id=stage.attempt.submission_id, reason="Wrong", now=NOW)
    assert balance_of(session, stage.person.id).available == 0


def test_feedback_is_told_and_decides_nothing(session: Session, stage: Stage) -> None:
    before = stage.state(session)
    give_feedback(session, as_admin(stage.admin), attempt_id=stage.attempt.id, reason="A good start.", now=NOW)
    assert stage.state(session) == before
    assert notices(session, stage.person)[-1] == "submission.feedback"
    with pytest.raises(refusals.ReasonMissing):
        give_feedback(session, as_admin(stage.admin), attempt_id=stage.attempt.id, reason=" ", now=NOW)
    approve_attempt(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW)
    assert [v.outcome for v in session.query(Verdict).order_by(Verdict.number)] == ["feedback", "approved"]


def test_more_is_asked_at_a_chosen_step_and_the_advocate_lands_there(session: Session) -> None:
    stage = Stage(session, stages=("confirm", "answer", "link"))
    first, second, _third = stages_of(session, stage.challenge.id)
    ask_for_more(session, as_admin(stage.admin), attempt_id=stage.attempt.id, reason="Which days?", stage_id=second.id, now=NOW)
    page = challenge_page(session, stage.person.id, stage.challenge.id, NOW)
    landed = page.step(None)
    assert landed is not None
    assert landed.stage.id == second.id
    link = session.scalar(select(Notice.link).where(Notice.kind == "submission.more_wanted"))
    assert link == f"/challenges/{stage.challenge.id}?step={second.id}#step"
    later = NOW + timedelta(minutes=5)
    save_answers(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, values={second.id: {"text": "Monday"}}, now=later)
    again = challenge_page(session, stage.person.id, stage.challenge.id, later).step(None)
    assert again is not None
    assert again.stage.id != second.id
    assert first.id != second.id


def test_a_step_of_another_challenge_is_refused(session: Session, stage: Stage) -> None:
    other = stages_of(session, make_challenge(session).id)[0]
    with pytest.raises(refusals.StepUnknown):
        ask_for_more(session, as_admin(stage.admin), attempt_id=stage.attempt.id, reason="More", stage_id=other.id, now=NOW)


def test_what_is_there_is_accepted_with_a_reason_although_steps_are_open(session: Session) -> None:
    admin, person = make_admin(session), make_person(session)
    challenge = make_challenge(session, stages=("answer", "link"), now=NOW)
    submission = make_submission(session, person, challenge, now=NOW)
    with pytest.raises(refusals.NothingEntered):
        accept_early(session, as_admin(admin), submission_id=submission.id, reason="Enough", now=NOW)
    step = stages_of(session, challenge.id)[0]
    save_answers(session, as_advocate(person), submission_id=submission.id, values={step.id: DONE["answer"]}, now=NOW)
    with pytest.raises(refusals.ReasonMissing):
        accept_early(session, as_admin(admin), submission_id=submission.id, reason="", now=NOW)
    verdict = accept_early(session, as_admin(admin), submission_id=submission.id, reason="That is all we need", points=60, now=NOW)
    assert verdict is not None
    assert balance_of(session, person.id).available == 60
    with pytest.raises(refusals.AlreadyApproved):
        accept_early(session, as_admin(admin), submission_id=submission.id, reason="Again", now=NOW)


def test_an_early_acceptance_undone_leaves_the_member_where_they_were(session: Session) -> None:
    admin, person, challenge = make_admin(session), make_person(session), make_challenge(session, stages=("answer", "answer"), now=NOW)
    submission = make_submission(session, person, challenge, now=NOW)
    first, second = stages_of(session, challenge.id)
    save_answers(session, as_advocate(person), submission_id=submission.id, values={first.id: DONE["answer"]}, now=NOW)
    for _ in range(2):
        verdict = accept_early(session, as_admin(admin), submission_id=submission.id, reason="Enough", now=NOW + UNDO_WITHIN)
        assert verdict is not None
        undo_verdict(session, as_admin(admin), verdict_id=verdict.id, now=NOW + UNDO_WITHIN)
        session.refresh(submission)
        assert (submission.state, submission.changed_at, balance_of(session, person.id).available) == ("open", NOW, 0)
    assert session.scalars(select(Attempt.state)).all() == ["withdrawn", "withdrawn"]
    values = {second.id: DONE["answer"]}
    sent = submit_attempt(session, as_advocate(person), submission_id=submission.id, key="k", values=values, now=NOW + UNDO_WITHIN)
    approve_attempt(session, as_admin(admin), attempt_id=sent.id, now=NOW + UNDO_WITHIN)
    assert balance_of(session, person.id).available == 100


def _approve(session: Session, stage: Stage) -> Verdict:
    return approve_attempt(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW)


def _more(session: Session, stage: Stage) -> Verdict:
    return ask_for_more(session, as_admin(stage.admin), attempt_id=stage.attempt.id, reason="More", now=NOW)


@pytest.mark.parametrize("decide", [_approve, _more, decline])
def test_within_the_minute_everything_is_undone_and_no_mail_goes_out(session: Session, stage: Stage, decide: Any) -> None:
    before = stage.state(session)
    verdict = decide(session, stage)
    kind = f"submission.{verdict.outcome}"
    assert [job.available_at for job in open_mails(session, kind)] == [NOW + UNDO_WITHIN]
    undone = undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=NOW + timedelta(seconds=59))
    assert undone.points == -verdict.points
    assert stage.state(session) == before
    assert open_mails(session, kind) == []
    assert open_mails(session, "submission.recalled") == []
    assert notices(session, stage.person)[-2:] == [kind, "submission.recalled"]
    assert approve_attempt(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW).points == 100


def test_a_mail_that_went_out_before_is_followed_by_one_about_the_undo(session: Session, stage: Stage) -> None:
    verdict = decline(session, stage)
    for job in open_mails(session, "submission.declined"):
        job.tries, job.done_at, job.payload = 1, NOW, {}
    session.flush()
    undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=NOW + timedelta(seconds=1))
    assert len(open_mails(session, "submission.recalled")) == 1


def test_after_the_minute_another_and_twice_it_is_refused(session: Session, stage: Stage) -> None:
    verdict, other = _approve(session, stage), make_admin(session)
    with pytest.raises(UndoTooLate):
        undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=NOW + UNDO_WITHIN)
    with pytest.raises(NotYourVerdict):
        undo_verdict(session, as_admin(other), verdict_id=verdict.id, now=NOW)
    undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=NOW)
    with pytest.raises(NothingToUndo):
        undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=NOW)


def test_what_the_advocate_answered_since_is_not_undone_under_their_hands(session: Session, stage: Stage) -> None:
    verdict = decline(session, stage)
    submit_attempt(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, key="again", now=NOW)
    with pytest.raises(NothingToUndo):
        undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=NOW)


def test_what_was_withdrawn_since_is_not_undone(session: Session, stage: Stage) -> None:
    verdict = _more(session, stage)
    withdraw_submission(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)
    with pytest.raises(NothingToUndo):
        undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=NOW)


def test_thirty_two_undoes_at_once_give_one_counter_entry(database: Database) -> None:
    stage = database.write(Stage)
    verdict = database.write(lambda s: _approve(s, stage))
    works = [lambda s: undo_verdict(s, as_admin(stage.admin), verdict_id=verdict.id, now=NOW).outcome] * MANY
    assert Counter(at_once(database, works)) == {"recalled": 1, "AlreadyUndone": MANY - 1}
    with database.reading() as session:
        assert balance_of(session, stage.person.id).available == 0


def test_ten_times_approved_and_taken_back_leaves_the_exact_balance(session: Session, stage: Stage) -> None:
    give(session, stage.person, 1_000, NOW)
    before = balance_of(session, stage.person.id)
    for _ in range(10):
        _approve(session, stage)
        assert balance_of(session, stage.person.id).available == before.available + 100
        reverse_approval(session, as_admin(stage.admin), submission_id=stage.attempt.submission_id, reason="Wrong", now=NOW)
        assert balance_of(session, stage.person.id) == before


def test_ten_times_approved_and_undone_leaves_the_exact_balance(session: Session, stage: Stage) -> None:
    before = stage.state(session)
    for _ in range(10):
        undo_verdict(session, as_admin(stage.admin), verdict_id=_approve(session, stage).id, now=NOW)
        assert stage.state(session) == before


def test_points_that_were_spent_are_owed_after_a_reversal(session: Session, stage: Stage) -> None:
    _approve(session, stage)
    make_redemption(session, stage.person.id, make_reward(session, price=80).id, now=NOW)
    reverse_approval(session, as_admin(stage.admin), submission_id=stage.attempt.submission_id, reason="Not public", now=NOW)
    found = balance_of(session, stage.person.id)
    assert (found.available, found.held, found.owed) == (0, 80, 80)
    assert notices(session, stage.person)[-1] == "submission.reversed"


def test_thirty_two_approvals_at_once_pay_once(database: Database) -> None:
    stage = database.write(Stage)
    admins = database.write(lambda s: [make_admin(s) for _ in range(MANY)])
    works = [lambda s, a=admin: approve_attempt(s, as_admin(a), attempt_id=stage.attempt.id, now=NOW).outcome for admin in admins]
    assert Counter(at_once(database, works)) == {"approved": 1, "AlreadyApproved": MANY - 1}
    with database.reading() as session:
        assert balance_of(session, stage.person.id).available == 100

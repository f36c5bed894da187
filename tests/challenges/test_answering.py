"""Starting, saving, sending, withdrawing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.editing import close_challenge
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt
from portal.challenges.actions.stages import edit_stage
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import answers_of, stages_of
from portal.challenges.rules import refusals
from portal.challenges.rules.states import AttemptState, Period, SubmissionState
from portal.kernel.actor import system
from portal.kernel.errors import NotFound
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONDAY = SUNDAY + timedelta(days=1)


def test_a_start_stores_period_zone_and_slot(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, period=Period.WEEK, per_period=2)
    submission = make_submission(session, person, challenge, now=SUNDAY)
    assert (submission.period_key, submission.zone, submission.nth) == ("2026-W47", "Europe/Berlin", 1)
    assert submission.state == SubmissionState.OPEN


def test_starting_again_goes_on_with_what_is_under_way(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, period=Period.WEEK, per_period=2)
    first = make_submission(session, person, challenge, now=SUNDAY)
    assert make_submission(session, person, challenge, now=SUNDAY).id == first.id
    assert make_submission(session, person, challenge, now=MONDAY).id == first.id


def test_a_second_slot_is_free_while_the_first_waits(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, period=Period.WEEK, per_period=2)
    make_attempt(session, person, challenge, now=SUNDAY)
    assert make_submission(session, person, challenge, now=SUNDAY).nth == 2


def test_once_is_once(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session)
    make_attempt(session, person, challenge, now=SUNDAY)
    with pytest.raises(refusals.AlreadyTakenPart):
        make_submission(session, person, challenge, now=MONDAY)


def test_a_weekly_challenge_opens_again_on_monday(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, period=Period.WEEK)
    make_attempt(session, person, challenge, now=SUNDAY)
    with pytest.raises(refusals.AllTimesUsed) as caught:
        make_submission(session, person, challenge, now=SUNDAY)
    assert caught.value.facts == {"day": date(2026, 11, 23)}
    assert make_submission(session, person, challenge, now=MONDAY).period_key == "2026-W48"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [({"opens_on": date(2026, 11, 23)}, refusals.ChallengeNotOpenYet), ({"closes_on": date(2026, 11, 21)}, refusals.ChallengeEnded)],
)
def test_outside_its_dates_nobody_starts(session: Session, fields: dict[str, date], refusal: type[Exception]) -> None:
    person, challenge = make_person(session), make_challenge(session, **fields)
    with pytest.raises(refusal):
        make_submission(session, person, challenge, now=SUNDAY)


def test_the_closing_day_lasts_to_its_end_in_the_zone_of_the_programme(session: Session) -> None:
    challenge = make_challenge(session, closes_on=date(2026, 11, 22))
    make_submission(session, make_person(session), challenge, now=datetime(2026, 11, 22, 22, 59, tzinfo=UTC))
    with pytest.raises(refusals.ChallengeEnded):
        make_submission(session, make_person(session), challenge, now=datetime(2026, 11, 22, 23, 0, tzinfo=UTC))


def test_a_draft_is_not_even_known(session: Session) -> None:
    person, draft = make_person(session), make_draft(session)
    with pytest.raises(NotFound):
        make_submission(session, person, draft)


def test_nobody_starts_or_answers_for_another(session: Session) -> None:
    person, other, challenge = make_person(session), make_person(session), make_challenge(session)
    with pytest.raises(NotFound):
        start_submission(session, as_advocate(other), challenge_id=challenge.id, person_id=person.id, now=SUNDAY)
    submission = make_submission(session, person, challenge)
    with pytest.raises(NotFound):
        save_answers(session, as_advocate(other), submission_id=submission.id, values={}, now=SUNDAY)
    with pytest.raises(NotFound):
        submit_attempt(session, as_advocate(other), submission_id=submission.id, key="k", now=SUNDAY)
    with pytest.raises(NotFound):
        withdraw_submission(session, as_advocate(other), submission_id=submission.id, now=SUNDAY)


def test_unfinished_answers_are_kept_and_resumed(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, stages=("link",))
    submission = make_submission(session, person, challenge)
    stage = stages_of(session, challenge.id)[0]
    save_answers(session, as_advocate(person), submission_id=submission.id, values={stage.id: {"url": "https://exa"}}, now=SUNDAY)
    save_answers(session, as_advocate(person), submission_id=submission.id, values={stage.id: {"url": "https://example"}}, now=MONDAY)
    kept = answers_of(session, submission.id)[stage.id]
    assert (kept.value, kept.saved_at) == ({"url": "https://example"}, MONDAY)
    with pytest.raises(refusals.Refusal) as caught:
        submit_attempt(session, as_advocate(person), submission_id=submission.id, key="k", now=MONDAY)
    assert caught.value.name == "LinkInvalid"


def test_a_step_of_another_challenge_is_not_found(session: Session) -> None:
    person, challenge, other = make_person(session), make_challenge(session), make_challenge(session)
    submission = make_submission(session, person, challenge)
    foreign = stages_of(session, other.id)[0].id
    with pytest.raises(NotFound):
        save_answers(session, as_advocate(person), submission_id=submission.id, values={foreign: {"text": "x"}}, now=SUNDAY)


def test_sending_needs_every_step(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, stages=("answer", "confirm"))
    submission = make_submission(session, person, challenge)
    first = stages_of(session, challenge.id)[0]
    save_answers(session, as_advocate(person), submission_id=submission.id, values={first.id: {"text": "Fine"}}, now=SUNDAY)
    with pytest.raises(refusals.StepMissing) as caught:
        submit_attempt(session, as_advocate(person), submission_id=submission.id, key="k", now=SUNDAY)
    assert caught.value.facts == {"step": "Step confirm"}


def test_an_attempt_keeps_answers_steps_and_points_as_they_were(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, points=150)
    attempt = make_attempt(session, person, challenge, now=SUNDAY)
    stage = stages_of(session, challenge.id)[0]
    edit_stage(session, system("test"), challenge_id=challenge.id, stage_id=stage.id, title="Another title", text="", options={}, now=MONDAY)
    session.refresh(attempt)
    assert attempt.answers[0]["title"] == "Step answer"
    assert attempt.answers[0]["value"] == {"text": "It saved us two days a month."}
    assert attempt.points == 150


def test_the_same_key_is_the_same_attempt(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session)
    submission = make_submission(session, person, challenge)
    fill(session, person, submission)
    sent = [submit_attempt(session, as_advocate(person), submission_id=submission.id, key="one", now=SUNDAY).id for _ in range(2)]
    assert sent[0] == sent[1]
    assert session.scalar(select(func.count()).select_from(Attempt)) == 1


def test_while_an_answer_waits_no_other_is_taken(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    with pytest.raises(refusals.AnswerWaits):
        submit_attempt(session, as_advocate(person), submission_id=attempt.submission_id, key="two", now=SUNDAY)
    with pytest.raises(refusals.AnswerWaits):
        save_answers(session, as_advocate(person), submission_id=attempt.submission_id, values={}, now=SUNDAY)


def test_an_attempt_after_approval_is_recorded_and_changes_nothing(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=SUNDAY)
    late = submit_attempt(session, as_advocate(person), submission_id=attempt.submission_id, key="late", now=MONDAY)
    submission = session.get_one(Submission, attempt.submission_id)
    assert (late.number, late.state) == (2, AttemptState.CLOSED)
    assert (submission.state, submission.paid) == (SubmissionState.APPROVED, 100)


def test_a_decline_leaves_room_for_another_attempt_while_the_challenge_allows_it(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, max_attempts=2)
    for number in (1, 2):
        attempt = make_attempt(session, person, challenge)
        assert attempt.number == number
        decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="Not public", now=SUNDAY)
    with pytest.raises(refusals.NoAttemptsLeft):
        submit_attempt(session, as_advocate(person), submission_id=attempt.submission_id, key="three", now=MONDAY)
    with pytest.raises(refusals.AlreadyTakenPart):
        make_submission(session, person, challenge)


def test_being_asked_for_more_costs_no_attempt(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, max_attempts=1)
    attempt = make_attempt(session, person, challenge)
    ask_for_more(session, as_admin(admin), attempt_id=attempt.id, reason="Which team?", now=SUNDAY)
    assert make_attempt(session, person, challenge).number == 2


def test_after_the_closing_day_only_what_was_asked_for_is_taken_and_after_a_closing_nothing(session: Session) -> None:
    person, declined, admin = make_person(session), make_person(session), make_admin(session)
    challenge = make_challenge(session, closes_on=SUNDAY.date())
    asked = make_attempt(session, person, challenge, now=SUNDAY)
    refused = make_attempt(session, declined, challenge, now=SUNDAY)
    ask_for_more(session, as_admin(admin), attempt_id=asked.id, reason="Which team?", now=SUNDAY)
    decline_attempt(session, as_admin(admin), attempt_id=refused.id, reason="Not public", now=SUNDAY)
    again = submit_attempt(session, as_advocate(person), submission_id=asked.submission_id, key="again", now=MONDAY)
    assert again.state == AttemptState.WAITING
    with pytest.raises(refusals.ChallengeEnded):
        submit_attempt(session, as_advocate(declined), submission_id=refused.submission_id, key="again", now=MONDAY)
    ask_for_more(session, as_admin(admin), attempt_id=again.id, reason="And which city?", now=MONDAY)
    close_challenge(session, as_admin(admin), challenge_id=challenge.id, now=MONDAY)
    with pytest.raises(refusals.ChallengeClosed):
        submit_attempt(session, as_advocate(person), submission_id=asked.submission_id, key="third", now=MONDAY)


def test_a_withdrawal_frees_the_slot_and_keeps_the_count_of_declines(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, max_attempts=2)
    attempt = make_attempt(session, person, challenge)
    decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="Not public", now=SUNDAY)
    waiting = make_attempt(session, person, challenge)
    withdraw_submission(session, as_advocate(person), submission_id=waiting.submission_id, now=SUNDAY)
    session.refresh(waiting)
    assert waiting.state == AttemptState.WITHDRAWN
    anew = make_submission(session, person, challenge)
    assert (anew.id != waiting.submission_id, anew.nth, anew.declines) == (True, 1, 1)


def test_what_has_its_verdict_cannot_be_withdrawn(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, max_attempts=1)
    attempt = make_attempt(session, person, challenge)
    decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="Not public", now=SUNDAY)
    with pytest.raises(refusals.WithdrawalTooLate):
        withdraw_submission(session, as_advocate(person), submission_id=attempt.submission_id, now=SUNDAY)


def test_a_withdrawn_submission_takes_nothing_more(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session)
    submission = make_submission(session, person, challenge)
    withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=SUNDAY)
    with pytest.raises(refusals.SubmissionWithdrawn):
        withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=SUNDAY)
    with pytest.raises(refusals.SubmissionWithdrawn):
        submit_attempt(session, as_advocate(person), submission_id=submission.id, key="k", now=SUNDAY)

"""Verdicts: what they pay, what they change, what they refuse."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.acts.queries.acts import find_act
from portal.challenges.actions.answering import submit_attempt, withdraw_submission
from portal.challenges.actions.editing import edit_challenge, offer_of
from portal.challenges.actions.recording import add_record_challenge, undo_attempt
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt, reverse_approval
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules import refusals
from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.kernel.actor import Actor, system
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge
from tests.factories.people import make_admin, make_company, make_contact, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
IMPORT = system("import")


def notices(session: Session, person_id: int) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.person_id == person_id).order_by(Notice.id)))


def test_approval_pays_writes_one_act_and_tells(session: Session) -> None:
    company = make_company(session)
    person, admin, challenge = make_person(session, company_id=company.id), make_admin(session), make_challenge(session, points=150)
    attempt = make_attempt(session, person, challenge, now=NOW)
    verdict = approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=LATER, note="Lovely")
    submission = session.get_one(Submission, attempt.submission_id)
    act = find_act(session, "submission", submission.id)
    assert balance_of(session, person.id).available == 150
    assert (submission.state, submission.paid, attempt.state) == (SubmissionState.APPROVED, 150, AttemptState.APPROVED)
    assert (verdict.outcome, verdict.points, verdict.reason, verdict.decided_by_id) == (Outcome.APPROVED, 150, "Lovely", admin.id)
    assert act is not None
    assert (act.company_id, act.track, act.points, act.happened_at) == (company.id, "endorse", 150, LATER)
    assert [notice.kind for notice in notices(session, person.id)] == ["submission.approved"]


def test_the_key_of_the_payment_names_the_decision(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    keys = session.scalars(text("SELECT key FROM transfer ORDER BY id")).all()
    assert keys == [f"submission:{attempt.submission_id}:decision:1"]


def test_editing_the_points_never_changes_what_was_sent_or_paid(session: Session) -> None:
    paid, waiting, admin, challenge = make_person(session), make_person(session), make_admin(session), make_challenge(session, points=150)
    first = make_attempt(session, paid, challenge)
    approve_attempt(session, as_admin(admin), attempt_id=first.id, now=NOW)
    second = make_attempt(session, waiting, challenge)
    offer = offer_of(challenge)
    edit_challenge(session, as_admin(admin), challenge_id=challenge.id, offer=type(offer)(**{**vars(offer), "points": 10}), now=NOW)
    approve_attempt(session, as_admin(admin), attempt_id=second.id, now=NOW)
    assert balance_of(session, paid.id).available == 150
    assert balance_of(session, waiting.id).available == 150


def test_a_challenge_worth_nothing_is_approved_without_a_line_in_the_ledger(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, points=0)
    verdict = approve_attempt(session, as_admin(admin), attempt_id=make_attempt(session, person, challenge).id, now=NOW)
    assert verdict.transfer_id is None
    assert session.scalar(text("SELECT count(*) FROM transfer")) == 0
    reverse_approval(session, as_admin(admin), submission_id=verdict.submission_id, reason="Wrong person", now=NOW)


@pytest.mark.parametrize("act", [approve_attempt, decline_attempt, ask_for_more])
def test_nobody_decides_on_their_own(session: Session, act: object) -> None:
    person, challenge = make_person(session, roles={"advocate", "admin"}), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    facts = {} if act is approve_attempt else {"reason": "Because"}
    with pytest.raises(refusals.OwnSubmission):
        act(session, as_admin(person), attempt_id=attempt.id, now=NOW, **facts)  # type: ignore[operator]


def test_only_admins_decide(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    for actor in (as_advocate(make_person(session)), Actor(id=None, roles=frozenset({"visitor"}))):
        with pytest.raises(NotAllowed):
            approve_attempt(session, actor, attempt_id=attempt.id, now=NOW)
        with pytest.raises(NotAllowed):
            reverse_approval(session, actor, submission_id=attempt.submission_id, reason="x", now=NOW)


def test_a_decided_attempt_is_not_decided_again(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="Not public", now=NOW)
    with pytest.raises(refusals.AlreadyDecided):
        approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    with pytest.raises(refusals.AlreadyDecided):
        ask_for_more(session, as_admin(admin), attempt_id=attempt.id, reason="More", now=NOW)
    assert balance_of(session, person.id).available == 0


def test_an_approved_submission_is_not_approved_again(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    with pytest.raises(refusals.AlreadyApproved):
        approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    with pytest.raises(refusals.AlreadyDecided):
        decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="No", now=NOW)


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_a_decline_needs_a_reason(session: Session, reason: str) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    for act in (decline_attempt, ask_for_more):
        with pytest.raises(refusals.ReasonMissing):
            act(session, as_admin(admin), attempt_id=attempt.id, reason=reason, now=NOW)
    session.refresh(attempt)
    assert attempt.state == AttemptState.WAITING


def test_the_reason_reaches_the_advocate_here_and_by_mail(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, max_attempts=3)
    attempt = make_attempt(session, person, challenge)
    decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="The page needs a password.", now=NOW)
    notice = notices(session, person.id)[0]
    mail = session.scalars(select(OutboxJob).order_by(OutboxJob.id.desc())).first()
    assert notice.kind == "submission.declined"
    assert notice.data["reason"] == "The page needs a password."
    assert notice.data["attempts_left"] == 2
    assert notice.link == f"/challenges/mine/{attempt.submission_id}"
    assert mail is not None
    assert mail.payload["to"]["email"] == person.email


def test_a_withdrawn_submission_cannot_be_decided(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    withdraw_submission(session, as_advocate(person), submission_id=attempt.submission_id, now=NOW)
    with pytest.raises(refusals.SubmissionWithdrawn):
        approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)


def test_approving_reversing_and_approving_again_pays_reverses_and_pays(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    balances = []
    for _ in range(3):
        approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
        balances.append(balance_of(session, person.id).available)
        reverse_approval(session, as_admin(admin), submission_id=attempt.submission_id, reason="Wrong person", now=NOW)
        balances.append(balance_of(session, person.id).available)
        assert find_act(session, "submission", attempt.submission_id) is None
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    assert balances == [100, 0] * 3
    assert balance_of(session, person.id).available == 100
    numbers = session.scalars(select(Verdict.number).order_by(Verdict.number)).all()
    assert numbers == list(range(1, 8))


def test_a_reversal_needs_an_approval_and_a_reason(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    with pytest.raises(refusals.NotApproved):
        reverse_approval(session, as_admin(admin), submission_id=attempt.submission_id, reason="Why not", now=NOW)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    with pytest.raises(refusals.ReasonMissing):
        reverse_approval(session, as_admin(admin), submission_id=attempt.submission_id, reason=" ", now=NOW)


def test_after_a_reversal_the_advocate_may_answer_again(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, max_attempts=1)
    attempt = make_attempt(session, person, challenge)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    reverse_approval(session, as_admin(admin), submission_id=attempt.submission_id, reason="Another link please", now=NOW)
    second = make_attempt(session, person, challenge)
    approve_attempt(session, as_admin(admin), attempt_id=second.id, now=NOW)
    assert balance_of(session, person.id).available == 100


def test_verdicts_and_attempts_stay_as_written(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    attempt = make_attempt(session, person, challenge)
    verdict = approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    statements = [
        f"UPDATE attempt SET points = 1 WHERE id = {attempt.id}",
        f"DELETE FROM attempt WHERE id = {attempt.id}",
        f"UPDATE verdict SET points = 1 WHERE id = {verdict.id}",
        f"DELETE FROM verdict WHERE id = {verdict.id}",
    ]
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


# What only imports may do.


def imported(session: Session, person_id: int, challenge_id: int, at: datetime, key: str) -> Attempt:
    submission = start_submission(session, IMPORT, challenge_id=challenge_id, person_id=person_id, now=LATER, started_at=at)
    return submit_attempt(session, IMPORT, submission_id=submission.id, key=key, now=LATER, submitted_at=at, points=70)


def test_an_import_records_past_dates_and_its_own_points_silently(session: Session) -> None:
    person = make_contact(session, email=None)
    challenge = add_record_challenge(session, IMPORT, title="Walking Boy", track="engage", points=100, now=LATER)
    past = NOW - timedelta(days=400)
    attempt = imported(session, person.id, challenge.id, past, "one")
    verdict = approve_attempt(session, IMPORT, attempt_id=attempt.id, now=LATER, decided_at=past + timedelta(hours=1), tell=False)
    act = find_act(session, "submission", attempt.submission_id)
    assert (attempt.submitted_at, attempt.recorded_at, attempt.points) == (past, LATER, 70)
    assert (verdict.decided_at, verdict.recorded_at, verdict.decided_by_id) == (past + timedelta(hours=1), LATER, None)
    assert act is not None
    assert act.happened_at == past + timedelta(hours=1)
    assert balance_of(session, person.id).available == 70
    assert notices(session, person.id) == []


def test_a_click_cannot_give_past_dates_or_other_points(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session)
    first = make_attempt(session, person, challenge, now=NOW)
    ask_for_more(session, as_admin(admin), attempt_id=first.id, reason="More", now=NOW)
    past = NOW - timedelta(days=9)
    sent = submit_attempt(session, as_advocate(person), submission_id=first.submission_id, key="k", now=NOW, submitted_at=past, points=9_000)
    verdict = approve_attempt(session, as_admin(admin), attempt_id=sent.id, now=NOW, decided_at=past)
    assert (sent.submitted_at, sent.points, verdict.decided_at) == (NOW, 100, NOW)


def test_approving_one_attempt_closes_the_other_waiting_ones_unpaid(session: Session) -> None:
    person = make_person(session)
    challenge = add_record_challenge(session, IMPORT, title="Walking Boy", track="engage", points=100, now=LATER)
    attempts = [imported(session, person.id, challenge.id, NOW + timedelta(minutes=n), f"k{n}") for n in range(3)]
    approve_attempt(session, IMPORT, attempt_id=attempts[1].id, now=LATER)
    for attempt in attempts:
        session.refresh(attempt)
    assert [attempt.state for attempt in attempts] == [AttemptState.CLOSED, AttemptState.APPROVED, AttemptState.CLOSED]
    assert balance_of(session, person.id).available == 70
    assert session.scalar(select(func.count()).select_from(Submission)) == 1


def test_a_refusal_sent_after_the_approval_is_recorded_and_changes_nothing(session: Session) -> None:
    person = make_person(session)
    challenge = add_record_challenge(session, IMPORT, title="Walking Boy", track="engage", points=100, now=LATER)
    first = imported(session, person.id, challenge.id, NOW, "one")
    approve_attempt(session, IMPORT, attempt_id=first.id, now=LATER)
    late = imported(session, person.id, challenge.id, NOW + timedelta(minutes=1), "two")
    decline_attempt(session, IMPORT, attempt_id=late.id, reason="imported", now=LATER)
    submission = session.get_one(Submission, first.submission_id)
    session.refresh(submission)
    assert late.state == AttemptState.DECLINED
    assert (submission.state, submission.paid, submission.declines) == (SubmissionState.APPROVED, 70, 0)


def test_undoing_an_import_takes_back_and_importing_again_pays_again(session: Session) -> None:
    person = make_person(session)
    challenge = add_record_challenge(session, IMPORT, title="Walking Boy", track="engage", points=100, now=LATER)
    refused, accepted = (imported(session, person.id, challenge.id, NOW + timedelta(minutes=n), f"k{n}") for n in range(2))
    decline_attempt(session, IMPORT, attempt_id=refused.id, reason="imported", now=LATER)
    approve_attempt(session, IMPORT, attempt_id=accepted.id, now=LATER)
    undo_attempt(session, IMPORT, attempt_id=accepted.id, reason="Import undone", now=LATER)
    submission = session.get_one(Submission, accepted.submission_id)
    session.refresh(submission)
    assert (submission.state, submission.dropped_at, balance_of(session, person.id).available) == (SubmissionState.DECLINED, None, 0)
    undo_attempt(session, IMPORT, attempt_id=refused.id, reason="Import undone", now=LATER)
    session.refresh(submission)
    assert submission.dropped_at == LATER
    again = imported(session, person.id, challenge.id, NOW, "again")
    approve_attempt(session, IMPORT, attempt_id=again.id, now=LATER)
    assert again.submission_id != submission.id
    assert balance_of(session, person.id).available == 70


def test_what_its_person_withdrew_can_be_undone_all_the_same(session: Session) -> None:
    person = make_person(session)
    challenge = add_record_challenge(session, IMPORT, title="Walking Boy", track="engage", points=100, now=LATER)
    refused, waiting = (imported(session, person.id, challenge.id, NOW + timedelta(minutes=n), f"k{n}") for n in range(2))
    decline_attempt(session, IMPORT, attempt_id=refused.id, reason="imported", now=LATER)
    withdraw_submission(session, as_advocate(person), submission_id=waiting.submission_id, now=LATER)
    for attempt in (waiting, refused):
        undo_attempt(session, IMPORT, attempt_id=attempt.id, reason="Import undone", now=LATER)
        session.refresh(attempt)
        assert attempt.state == AttemptState.WITHDRAWN


def test_undoing_an_approval_lets_the_attempts_it_closed_wait_again(session: Session) -> None:
    person = make_person(session)
    challenge = add_record_challenge(session, IMPORT, title="Walking Boy", track="engage", points=100, now=LATER)
    waiting, accepted = (imported(session, person.id, challenge.id, NOW + timedelta(minutes=n), f"k{n}") for n in range(2))
    approve_attempt(session, IMPORT, attempt_id=accepted.id, now=LATER)
    undo_attempt(session, IMPORT, attempt_id=accepted.id, reason="Import undone", now=LATER)
    undo_attempt(session, IMPORT, attempt_id=accepted.id, reason="Import undone", now=LATER)
    session.refresh(waiting)
    submission = session.get_one(Submission, waiting.submission_id)
    session.refresh(submission)
    assert (waiting.state, submission.state) == (AttemptState.WAITING, SubmissionState.WAITING)

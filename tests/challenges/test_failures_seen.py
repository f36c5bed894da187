"""What went wrong in other systems with challenges, by its name: each happened to somebody, none may happen here."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.auto import approve_by_rule, make_rule, remove_rule, switch_rule
from portal.challenges.actions.editing import close_challenge
from portal.challenges.actions.lifecycle import archive_challenge
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt, reverse_approval
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.catalogue import Wanted, count_by_track, count_standing, list_challenges
from portal.challenges.queries.review import submission_for_review, waiting_attempts
from portal.challenges.rules import refusals
from portal.challenges.rules.auto import RuleTerms
from portal.challenges.rules.standing import Standing
from portal.challenges.rules.states import AttemptState, Period
from portal.kernel.actor import system
from portal.ledger.queries.balances import balance_of
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_what_has_ended_is_not_counted_as_open(session: Session) -> None:
    person, today = make_person(session), NOW.date()
    make_challenge(session, title="Open")
    make_challenge(session, closes_on=today - timedelta(days=1))
    make_challenge(session, opens_on=today + timedelta(days=1))
    closed = make_challenge(session)
    close_challenge(session, system("test"), challenge_id=closed.id, now=NOW)
    make_draft(session)
    assert count_standing(count_by_track(session, person.id, NOW), Standing.OPEN) == 1
    assert [row.Challenge.title for row in list_challenges(session, person.id, Wanted(), NOW, after=None)] == ["Open"]


@pytest.mark.parametrize("is_archived", [False, True])
def test_a_page_opened_before_the_closing_starts_saves_and_sends_nothing(session: Session, is_archived: bool) -> None:
    begun, other, challenge = make_person(session), make_person(session), make_challenge(session)
    submission = make_submission(session, begun, challenge, now=NOW)
    fill(session, begun, submission, now=NOW)
    close_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    if is_archived:
        archive_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    with pytest.raises(refusals.ChallengeClosed):
        make_submission(session, other, challenge, now=NOW)
    with pytest.raises(refusals.ChallengeClosed):
        save_answers(session, as_advocate(begun), submission_id=submission.id, values={}, now=NOW)
    with pytest.raises(refusals.ChallengeClosed):
        submit_attempt(session, as_advocate(begun), submission_id=submission.id, key="old page", now=NOW)
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_sending_the_same_again_and_again_pays_once(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), make_challenge(session, points=100)
    attempt = make_attempt(session, person, challenge, now=NOW)
    approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
    for number in range(3):
        late = submit_attempt(session, as_advocate(person), submission_id=attempt.submission_id, key=f"again {number}", now=NOW)
        assert late.state == AttemptState.CLOSED
        with pytest.raises(refusals.AlreadyApproved):
            approve_attempt(session, admin, attempt_id=late.id, now=NOW)
    assert balance_of(session, person.id).available == 100


def test_accepting_one_answer_then_another_then_the_first_grows_nothing(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), make_challenge(session, points=100)
    first = make_attempt(session, person, challenge, now=NOW)
    for number in range(4):
        approve_attempt(session, admin, attempt_id=first.id, now=NOW)
        reverse_approval(session, admin, submission_id=first.submission_id, reason="Another one", now=NOW)
        other = submit_attempt(session, as_advocate(person), submission_id=first.submission_id, key=f"other {number}", now=NOW)
        approve_attempt(session, admin, attempt_id=other.id, now=NOW)
        assert balance_of(session, person.id).available == 100
        reverse_approval(session, admin, submission_id=first.submission_id, reason="The first one", now=NOW)
    assert balance_of(session, person.id).available == 0


def test_the_week_of_an_answer_is_the_same_whoever_looks_and_whenever_it_is_approved(session: Session) -> None:
    person, admin = make_person(session, time_zone="Pacific/Kiritimati"), as_admin(make_admin(session))
    challenge = make_challenge(session, period=Period.WEEK)
    attempt = make_attempt(session, person, challenge, now=NOW)
    approve_attempt(session, admin, attempt_id=attempt.id, now=NOW + timedelta(days=9))
    submission = session.get_one(Submission, attempt.submission_id)
    assert (submission.period_key, submission.zone) == ("2026-W48", "Pacific/Kiritimati")
    with pytest.raises(refusals.AllTimesUsed):
        make_submission(session, person, challenge, now=NOW)


def test_an_approval_that_cannot_be_given_is_refused_with_its_reason(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), make_challenge(session, max_attempts=1)
    attempt = make_attempt(session, person, challenge, now=NOW)
    decline_attempt(session, admin, attempt_id=attempt.id, reason="No", now=NOW)
    with pytest.raises(refusals.AlreadyDecided):
        approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)


def test_what_others_answered_shows_what_waits_or_was_approved_and_never_what_was_declined_sent_back_or_withdrawn(session: Session) -> None:
    admin, challenge = as_admin(make_admin(session)), make_challenge(session)
    people = {name: make_person(session, name=name) for name in ("Approved", "Declined", "Asked", "Withdrawn", "Reversed", "Waits", "Read")}
    sent = {name: make_attempt(session, person, challenge, now=NOW) for name, person in people.items()}
    for name in ("Approved", "Reversed"):
        approve_attempt(session, admin, attempt_id=sent[name].id, now=NOW)
    decline_attempt(session, admin, attempt_id=sent["Declined"].id, reason="Not public", now=NOW)
    ask_for_more(session, admin, attempt_id=sent["Asked"].id, reason="Which page?", now=NOW)
    withdraw_submission(session, as_advocate(people["Withdrawn"]), submission_id=sent["Withdrawn"].submission_id, now=NOW)
    reverse_approval(session, admin, submission_id=sent["Reversed"].submission_id, reason="Untrue", now=NOW)
    review = submission_for_review(session, admin, sent["Read"].submission_id)
    assert {row.person for row in review.others} == {"Approved", "Waits"}


def test_switching_rules_that_approve_changes_nothing_that_was_decided(session: Session) -> None:
    admin, challenge = as_admin(make_admin(session)), make_challenge(session)
    names = ("approved", "declined", "by rule", "waits")
    sent = {name: make_attempt(session, make_person(session), challenge, now=NOW) for name in names}
    approve_attempt(session, admin, attempt_id=sent["approved"].id, now=NOW)
    decline_attempt(session, admin, attempt_id=sent["declined"].id, reason="Not public", now=NOW)

    def decided() -> tuple[set[int], dict[str, str], int]:
        """Who waits in the queue, how each stands, and how many verdicts there are."""
        queue = {row.id for row in session.execute(waiting_attempts())}
        states = {name: session.get_one(Attempt, attempt.id, populate_existing=True).state for name, attempt in sent.items()}
        return queue, states, session.scalar(select(func.count()).select_from(Verdict)) or 0

    before = decided()
    assert before[0] == {sent["by rule"].id, sent["waits"].id}
    rule = make_rule(session, admin, terms=RuleTerms("Any", 1_000, approvals=0), now=NOW)
    switch_rule(session, admin, rule_id=rule.id, is_on=True, now=NOW)
    assert decided() == before
    assert [approve_by_rule(session, rule_id=rule.id, attempt_id=sent[name].id, now=NOW) for name in ("approved", "declined")] == [None, None]
    assert approve_by_rule(session, rule_id=rule.id, attempt_id=sent["by rule"].id, now=NOW) is not None
    between = decided()
    assert between[0] == {sent["waits"].id}
    for is_on in (False, True, False):
        switch_rule(session, admin, rule_id=rule.id, is_on=is_on, now=NOW)
        assert decided() == between
    remove_rule(session, admin, rule_id=rule.id, now=NOW)
    assert decided() == between


@pytest.mark.parametrize("end", [close_challenge, archive_challenge])
def test_an_answer_to_a_challenge_that_has_ended_stays_in_the_queue_and_is_paid(session: Session, end: Callable[..., object]) -> None:
    person, challenge = make_person(session), make_challenge(session, points=150)
    sent = make_attempt(session, person, challenge, now=NOW)
    close_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    if end is archive_challenge:
        archive_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    assert [row.id for row in session.execute(waiting_attempts())] == [sent.id]
    assert approve_attempt(session, as_admin(make_admin(session)), attempt_id=sent.id, now=NOW) is not None
    assert balance_of(session, person.id).available == 150
    assert session.execute(waiting_attempts()).all() == []

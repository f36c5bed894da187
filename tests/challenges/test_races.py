"""Eight, or thirty-two, at once: one effect, and refusals by name for the others."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.challenges.actions.answering import submit_attempt, withdraw_submission
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.review import approve_attempt, decline_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.states import AttemptState, Period
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.ledger.queries.balances import balance_of
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EIGHT, MANY = 8, 32
Work = Callable[[Session], Any]


def at_once(database: Database, works: list[Work]) -> list[Any]:
    """Run each work in its own unit of work and thread, all let go together; return results, or the names of refusals."""
    barrier, results = Barrier(len(works)), [None] * len(works)

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = database.write(works[index])
        except Refusal as refusal:
            results[index] = refusal.name
        except Exception as error:
            results[index] = repr(error)

    threads = [Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def count(database: Database, what: Any, *where: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(what).where(*where)) or 0


def test_eight_devices_starting_one_challenge_get_one_submission(database: Database) -> None:
    person, challenge = database.write(lambda s: (make_person(s), make_challenge(s)))
    started = at_once(
        database, [lambda s: start_submission(s, as_advocate(person), challenge_id=challenge.id, person_id=person.id, now=NOW).id] * EIGHT
    )
    assert len(set(started)) == 1
    assert isinstance(started[0], int)
    assert count(database, Submission) == 1


def test_eight_tabs_of_a_person_take_each_slot_once(database: Database) -> None:
    person, challenge = database.write(lambda s: (make_person(s), make_challenge(s, period=Period.WEEK, per_period=3)))

    def attempt(session: Session) -> int:
        submission = start_submission(session, as_advocate(person), challenge_id=challenge.id, person_id=person.id, now=NOW)
        fill(session, person, submission, now=NOW)
        return submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"{submission.id}", now=NOW).id

    results = Counter(str(result) if isinstance(result, str) else "sent" for result in at_once(database, [attempt] * EIGHT))
    with database.reading() as session:
        slots = sorted(session.scalars(select(Submission.nth)))
    assert slots == sorted(set(slots))
    assert set(slots) <= {1, 2, 3}
    assert set(results) <= {"sent", "AllTimesUsed", "AnswerWaits", "ChallengeChanged"}
    assert results["sent"] >= len(slots)


def test_thirty_two_reviewers_approving_one_attempt_pay_once(database: Database) -> None:
    def given(session: Session) -> Any:
        person, challenge = make_person(session), make_challenge(session)
        return person, make_attempt(session, person, challenge), [make_admin(session) for _ in range(MANY)]

    person, attempt, admins = database.write(given)
    works = [lambda s, a=admin: approve_attempt(s, as_admin(a), attempt_id=attempt.id, now=NOW).outcome for admin in admins]
    assert Counter(at_once(database, works)) == {"approved": 1, "AlreadyApproved": MANY - 1}
    with database.reading() as session:
        assert balance_of(session, person.id).available == 100
    assert count(database, Act) == 1
    assert count(database, Verdict) == 1


def test_thirty_two_who_approve_and_decline_at_once_give_one_verdict(database: Database) -> None:
    def given(session: Session) -> Any:
        person, challenge = make_person(session), make_challenge(session)
        return person, make_attempt(session, person, challenge), make_admin(session)

    person, attempt, admin = database.write(given)

    def approve(session: Session) -> str:
        return approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW).outcome

    def decline(session: Session) -> str:
        return decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="Not public", now=NOW).outcome

    results = Counter(at_once(database, [approve, decline] * (MANY // 2)))
    won = "approved" if results["approved"] else "declined"
    assert results[won] == 1
    assert set(results) <= {won, "AlreadyApproved", "AlreadyDecided"}
    with database.reading() as session:
        assert balance_of(session, person.id).available == (100 if won == "approved" else 0)
    assert count(database, Verdict) == 1


def test_thirty_two_sendings_with_one_key_are_one_attempt(database: Database) -> None:
    def given(session: Session) -> Any:
        person, challenge = make_person(session), make_challenge(session)
        submission = make_submission(session, person, challenge)
        fill(session, person, submission)
        return person, submission

    person, submission = database.write(given)
    works = [lambda s: submit_attempt(s, as_advocate(person), submission_id=submission.id, key="one", now=NOW).id] * MANY
    assert len(set(at_once(database, works))) == 1
    assert count(database, Attempt) == 1


def test_thirty_two_different_sendings_leave_one_waiting(database: Database) -> None:
    def given(session: Session) -> Any:
        person, challenge = make_person(session), make_challenge(session)
        submission = make_submission(session, person, challenge)
        fill(session, person, submission)
        return person, submission

    person, submission = database.write(given)
    works = [lambda s, k=key: submit_attempt(s, as_advocate(person), submission_id=submission.id, key=f"{k}", now=NOW).state for key in range(MANY)]
    assert Counter(at_once(database, works)) == {"waiting": 1, "AnswerWaits": MANY - 1}


def test_withdrawing_while_somebody_approves_ends_one_way(database: Database) -> None:
    def given(session: Session) -> Any:
        person, challenge = make_person(session), make_challenge(session)
        return person, make_attempt(session, person, challenge), make_admin(session)

    person, attempt, admin = database.write(given)

    def approve(session: Session) -> str:
        return approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW).outcome

    def withdraw(session: Session) -> str:
        withdraw_submission(session, as_advocate(person), submission_id=attempt.submission_id, now=NOW)
        return "withdrawn"

    results = Counter(at_once(database, [approve, withdraw] * (EIGHT // 2)))
    approved = results["approved"] == 1
    assert results["approved"] + results["withdrawn"] == 1
    assert set(results) <= {"approved", "withdrawn", "AlreadyApproved", "SubmissionWithdrawn", "WithdrawalTooLate"}
    with database.reading() as session:
        assert balance_of(session, person.id).available == (100 if approved else 0)
    assert count(database, Attempt, Attempt.state == AttemptState.APPROVED) == approved


def test_eight_admins_taking_an_approval_back_reverse_once(database: Database) -> None:
    def given(session: Session) -> Any:
        person, challenge, admin = make_person(session), make_challenge(session), make_admin(session)
        attempt = make_attempt(session, person, challenge)
        approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
        return person, attempt, admin

    person, attempt, admin = database.write(given)
    works = [lambda s: reverse_approval(s, as_admin(admin), submission_id=attempt.submission_id, reason="Wrong", now=NOW).outcome] * EIGHT
    assert Counter(at_once(database, works)) == {"reversed": 1, "NotApproved": EIGHT - 1}
    with database.reading() as session:
        assert balance_of(session, person.id).available == 0


def test_thirty_two_admins_editing_a_live_challenge_open_one_draft(database: Database) -> None:
    challenge, admin = database.write(lambda s: (make_challenge(s), make_admin(s)))

    def edit(session: Session, points: int) -> str:
        offer = replace(offer_of(current_version(session, session.get_one(Challenge, challenge.id))), points=points)
        edit_challenge(session, as_admin(admin), challenge_id=challenge.id, offer=offer, now=NOW)
        return "saved"

    assert Counter(at_once(database, [lambda s, n=number: edit(s, n) for number in range(MANY)])) == {"saved": MANY}
    assert count(database, ChallengeVersion) == 2
    assert count(database, Stage) == 2


def test_thirty_two_who_publish_at_once_freeze_one_version(database: Database) -> None:
    draft, admin = database.write(lambda s: (make_draft(s), make_admin(s)))
    works = [lambda s: publish_challenge(s, as_admin(admin), challenge_id=draft.id, now=NOW).state] * MANY
    assert Counter(at_once(database, works)) == {"live": 1, "NothingToPublish": MANY - 1}


def test_starting_while_a_new_version_is_published_begins_with_one_of_the_two_whole(database: Database) -> None:
    def given(session: Session) -> Any:
        challenge, admin = make_challenge(session), make_admin(session)
        add_stage(session, as_admin(admin), challenge_id=challenge.id, kind="confirm", title="Second", now=NOW)
        return challenge, admin, [make_person(session) for _ in range(MANY - 1)]

    challenge, admin, people = database.write(given)

    def publish(session: Session) -> str:
        publish_challenge(session, as_admin(admin), challenge_id=challenge.id, now=NOW)
        return "published"

    def start(session: Session, person: Any) -> str:
        submission = make_submission(session, person, challenge, now=NOW)
        fill(session, person, submission, now=NOW)
        attempt = submit_attempt(session, as_advocate(person), submission_id=submission.id, key="k", now=NOW)
        return f"{submission.version}:{len(attempt.answers)}"

    results = Counter(at_once(database, [publish, *(lambda s, p=person: start(s, p) for person in people)]))
    assert set(results) <= {"published", "1:1", "2:2"}
    assert sum(results.values()) == MANY

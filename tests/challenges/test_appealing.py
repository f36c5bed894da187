"""Appeals: one press, another reviewer, and an end that is told."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt
from portal.challenges.actions.appealing import appeal, grant_appeal, uphold_decline
from portal.challenges.actions.review import (
    approve_attempt,
    give_feedback,
    reverse_approval,
)
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.deciding import Appeal, Verdict
from portal.challenges.queries.appeals import waiting_appeals
from portal.challenges.rules import refusals
from portal.dashboard.waiting.appeals import WaitingAppeals
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.people.models import Person
from tests.challenges.deciding import MANY, NOW, Stage, decline, notices
from tests.challenges.test_races import at_once
from tests.factories.challenges import as_admin, as_advocate
from tests.factories.people import make_admin, make_person


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def test_an_appeal_goes_to_another_reviewer_and_can_be_granted(session: Session, stage: Stage) -> None:
    other = make_admin(session)
    decline(session, stage)
    made = appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, words="Please look at page two.", now=NOW)
    assert notices(session, other)[-1] == "appeal_waiting"
    assert "appeal_waiting" not in notices(session, stage.admin)
    with pytest.raises(refusals.AlreadyAppealed):
        appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)
    with pytest.raises(refusals.AppealGoesToAnother):
        grant_appeal(session, as_admin(stage.admin), appeal_id=made.id, now=NOW)
    verdict = grant_appeal(session, as_admin(other), appeal_id=made.id, now=NOW)
    assert verdict is not None
    assert balance_of(session, stage.person.id).available == 100
    assert notices(session, stage.person)[-1] == "submission.approved"
    with pytest.raises(refusals.AppealDecided):
        uphold_decline(session, as_admin(other), appeal_id=made.id, reason="No", now=NOW)


def test_a_decline_that_is_upheld_is_told_and_final(session: Session, stage: Stage) -> None:
    other = make_admin(session)
    decline(session, stage)
    made = appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)
    with pytest.raises(refusals.ReasonMissing):
        uphold_decline(session, as_admin(other), appeal_id=made.id, reason="", now=NOW)
    uphold_decline(session, as_admin(other), appeal_id=made.id, reason="The page is private.", now=NOW)
    assert notices(session, stage.person)[-1] == "submission.upheld"
    assert stage.submission(session).declines == 1
    with pytest.raises(refusals.NoAppeal):
        appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)


def test_granting_an_appeal_can_be_undone_and_the_appeal_waits_again(session: Session, stage: Stage) -> None:
    other = make_admin(session)
    decline(session, stage)
    made = appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)
    before = stage.state(session)
    verdict = grant_appeal(session, as_admin(other), appeal_id=made.id, now=NOW)
    assert verdict is not None
    undo_verdict(session, as_admin(other), verdict_id=verdict.id, now=NOW)
    assert stage.state(session) == before
    assert session.get_one(Appeal, made.id, populate_existing=True).state == "waiting"


def _waiting_appeals(session: Session) -> list[int]:
    return [row.id for row in session.execute(waiting_appeals())]


def test_an_appeal_rests_while_a_later_answer_is_approved_and_waits_again_when_that_is_undone(session: Session) -> None:
    stage = Stage(session, max_attempts=2)
    other, submission_id = make_admin(session), stage.attempt.submission_id
    decline(session, stage)
    made = appeal(session, as_advocate(stage.person), submission_id=submission_id, now=NOW)
    again = submit_attempt(session, as_advocate(stage.person), submission_id=submission_id, key="again", now=NOW)
    assert _waiting_appeals(session) == [made.id]
    approved = approve_attempt(session, as_admin(stage.admin), attempt_id=again.id, now=NOW)
    before = stage.state(session)
    assert _waiting_appeals(session) == []
    assert not WaitingAppeals().shown(session, as_admin(other), made.id).waits
    for decide in (lambda: grant_appeal(session, as_admin(other), appeal_id=made.id, now=NOW), lambda: _uphold(session, other, made)):
        with pytest.raises(refusals.AlreadyApproved):
            decide()
    assert stage.state(session) == before
    undo_verdict(session, as_admin(stage.admin), verdict_id=approved.id, now=NOW)
    assert _waiting_appeals(session) == [made.id]
    assert _uphold(session, other, made).outcome == "upheld"


def _uphold(session: Session, admin: Person, made: Appeal) -> Verdict:
    return uphold_decline(session, as_admin(admin), appeal_id=made.id, reason="The page is private.", now=NOW + timedelta(minutes=1))


def test_where_nobody_else_decides_the_appeal_goes_to_whoever_there_is(session: Session, stage: Stage) -> None:
    decline(session, stage)
    made = appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)
    assert notices(session, stage.admin)[-1] == "appeal_waiting"
    assert grant_appeal(session, as_admin(stage.admin), appeal_id=made.id, now=NOW) is not None


def test_only_ones_own_decline_that_stands_is_appealed(session: Session, stage: Stage) -> None:
    with pytest.raises(refusals.NoAppeal):
        appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)
    verdict = decline(session, stage)
    with pytest.raises(NotFound):
        appeal(session, as_advocate(make_person(session)), submission_id=stage.attempt.submission_id, now=NOW)
    undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=NOW)
    with pytest.raises(refusals.NoAppeal):
        appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)


def test_thirty_two_appeals_at_once_are_one(database: Database) -> None:
    stage = database.write(Stage)
    database.write(lambda s: decline(s, stage))
    works = [lambda s: appeal(s, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW).state] * MANY
    assert Counter(at_once(database, works)) == {"waiting": 1, "AlreadyAppealed": MANY - 1}


def test_granting_and_upholding_at_once_end_one_way(database: Database) -> None:
    stage = database.write(Stage)
    other = database.write(make_admin)
    database.write(lambda s: decline(s, stage))
    made = database.write(lambda s: appeal(s, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW))

    def grant(session: Session) -> str:
        return "granted" if grant_appeal(session, as_admin(other), appeal_id=made.id, now=NOW) else "first"

    def uphold(session: Session) -> str:
        return uphold_decline(session, as_admin(other), appeal_id=made.id, reason="No", now=NOW).outcome

    results = Counter(at_once(database, [grant, uphold] * (MANY // 2)))
    assert results["granted"] + results["upheld"] == 1
    assert results["AppealDecided"] == MANY - 1
    with database.reading() as session:
        assert balance_of(session, stage.person.id).available == (100 if results["granted"] else 0)


@pytest.mark.parametrize("outcome", ["reversed", "feedback", "upheld"])
def test_what_is_said_after_the_verdict_is_told_in_the_portal_and_by_mail_with_its_reason(session: Session, stage: Stage, outcome: str) -> None:
    admin, said = as_admin(stage.admin), "The page is private."
    if outcome == "upheld":
        decline(session, stage)
        made = appeal(session, as_advocate(stage.person), submission_id=stage.attempt.submission_id, now=NOW)
        uphold_decline(session, as_admin(make_admin(session)), appeal_id=made.id, reason=said, now=NOW)
    else:
        approve_attempt(session, admin, attempt_id=stage.attempt.id, now=NOW)
    if outcome == "feedback":
        give_feedback(session, admin, attempt_id=stage.attempt.id, reason=said, now=NOW)
    if outcome == "reversed":
        reverse_approval(session, admin, submission_id=stage.attempt.submission_id, reason=said, now=NOW)
    kind = f"submission.{outcome}"
    told = session.scalars(select(Notice).where(Notice.person_id == stage.person.id, Notice.kind == kind)).one()
    assert told.data["reason"] == said
    mails = [job.payload for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == kind]
    assert len(mails) == 1
    assert said in str(mails[0])

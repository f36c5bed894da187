"""What an approval brought, a level and badges, is told of to nobody once the approval was undone; the undo names what went."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.review import approve_attempt
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.deciding import Verdict
from portal.notifications.models import Notice
from portal.notifications.wording import subject_of
from portal.recognition.actions.celebrations import close_celebrations
from portal.review.rules.undoing import UNDO_WITHIN
from tests.challenges.deciding import NOW, Stage
from tests.factories.challenges import as_admin
from tests.factories.recognition import make_badge
from tests.support.undoing import open_mails, told

ALMOST = NOW + timedelta(seconds=59)


def _approve(session: Session, stage: Stage) -> Verdict:
    return approve_attempt(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW)


def test_the_level_and_badges_of_an_approval_that_was_undone_are_told_of_to_nobody(hearing_session: Session) -> None:
    session = hearing_session
    stage = Stage(session, points=700)
    make_badge(session, name="First step")
    for _ in range(2):
        verdict = _approve(session, stage)
        assert told(session, stage.person.id, "level_reached", "badge_awarded") == ["level_reached", "badge_awarded"]
        assert [job.available_at for job in open_mails(session, "level_reached")] == [NOW + UNDO_WITHIN]
        undo_verdict(session, as_admin(stage.admin), verdict_id=verdict.id, now=ALMOST)
        assert open_mails(session, "level_reached") == []
        assert told(session, stage.person.id, "level_reached", "badge_awarded") == []
        said = session.scalars(select(Notice).where(Notice.kind == "submission.recalled").order_by(Notice.id.desc())).first()
        assert said is not None
        assert (said.data["points"], said.data["badges"], said.data["lost_level"]) == (700, "First step", "Advocate")


def test_a_level_whose_congratulation_was_seen_is_not_mailed_once_it_is_undone(hearing_session: Session) -> None:
    stage = Stage(hearing_session, points=700)
    verdict = _approve(hearing_session, stage)
    close_celebrations(hearing_session, person_id=stage.person.id, upto=10**9, now=NOW)
    undo_verdict(hearing_session, as_admin(stage.admin), verdict_id=verdict.id, now=ALMOST)
    assert open_mails(hearing_session, "level_reached") == []
    approve_attempt(hearing_session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW + UNDO_WITHIN)
    assert told(hearing_session, stage.person.id, "level_reached") == ["level_reached"]


def test_an_undo_of_what_brought_nothing_names_nothing(hearing_session: Session) -> None:
    stage = Stage(hearing_session, points=50)
    undo_verdict(hearing_session, as_admin(stage.admin), verdict_id=_approve(hearing_session, stage).id, now=ALMOST)
    said = hearing_session.scalars(select(Notice).where(Notice.kind == "submission.recalled")).one()
    assert said.data == {"challenge": stage.challenge.title, "outcome": "approved", "points": 50}


def test_a_part_of_the_points_is_told_as_a_part(hearing_session: Session, app: Flask) -> None:
    stage = Stage(hearing_session, points=40)
    approve_attempt(hearing_session, as_admin(stage.admin), attempt_id=stage.attempt.id, points=15, note="The second half is missing.", now=NOW)
    said = hearing_session.scalars(select(Notice).where(Notice.kind == "submission.approved")).one()
    with app.test_request_context():
        assert subject_of(said.kind, said.data) == f"Approved with 15 of 40 points: {stage.challenge.title}"

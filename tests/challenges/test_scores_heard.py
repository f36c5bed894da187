"""A reference profile keeps the newest score of the answers that stand; a score that is taken back gives way to the one before."""

from datetime import timedelta

from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.challenges.queries.stages import own_stages
from portal.kernel.clock import utcnow
from portal.people.models import Person
from portal.profiles.models import ReferenceProfile
from tests.factories.challenges import as_admin, as_advocate, make_challenge, make_submission
from tests.factories.people import make_admin
from tests.factories.profiles import make_profile


def test_a_score_that_is_taken_back_gives_way_to_the_newest_that_still_stands(session: Session) -> None:
    now = utcnow()
    person = session.get_one(Person, make_profile(session, now=now).person_id)
    boss = as_admin(make_admin(session))

    def sent(score: int, hours: int) -> tuple[int, int]:
        at = now + timedelta(hours=hours)
        submission = make_submission(session, person, make_challenge(session, stages=("nps",)), now=at)
        stage = own_stages(session, submission)[0]
        save_answers(session, as_advocate(person), submission_id=submission.id, values={stage.id: {"score": score, "why": ""}}, now=at)
        return submission.id, submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"k{score}", now=at).id

    def stands() -> tuple[int | None, str]:
        row = session.get_one(ReferenceProfile, person.id, populate_existing=True)
        assert (row.nps is None) == (row.nps_at is None)
        return row.nps, row.verify_why

    first, low, newest = sent(9, 1), sent(3, 2), sent(10, 3)
    for _, attempt_id in (newest, low, first):
        approve_attempt(session, boss, attempt_id=attempt_id, now=now + timedelta(hours=4))
    found = [stands()]
    for submission_id, _ in (newest, low, first):
        reverse_approval(session, boss, submission_id=submission_id, reason="By mistake", now=now + timedelta(hours=5))
        found.append(stands())
    assert found == [(10, ""), (3, "detractor"), (9, "detractor"), (None, "detractor")]

"""Above a limit two people approve: distinct, and neither the member nor the nominator."""

from collections import Counter

import pytest
from sqlalchemy.orm import Session

from portal.challenges.actions.review import (
    approve_attempt,
    decline_attempt,
    give_approval,
)
from portal.challenges.actions.undoing import undo_verdict
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person
from portal.review.actions.terms import set_terms
from portal.review.models import ReviewCase
from portal.review.rules.refusals import NominatorMayNotApprove, SecondApproverNeeded, SecondMustBeAnother
from portal.review.rules.terms import Terms
from portal.rewards.actions.review import approve_redemption
from portal.rewards.actions.review import give_approval as give_redemption
from tests.challenges.deciding import MANY, NOW, Stage
from tests.challenges.test_races import at_once
from tests.dashboard.scene import give
from tests.factories.challenges import as_admin
from tests.factories.people import make_admin
from tests.factories.rewards import make_redemption, make_reward


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def _limit(session: Session, stage: Stage, limit: int) -> None:
    set_terms(session, as_admin(stage.admin), terms=Terms(four_eyes_above=limit), now=NOW)


def test_above_the_limit_the_first_approval_waits_for_a_second_persons(session: Session, stage: Stage) -> None:
    _limit(session, stage, 99)
    second = make_admin(session)
    with pytest.raises(SecondApproverNeeded):
        approve_attempt(session, as_admin(second), attempt_id=stage.attempt.id, now=NOW)
    session.query(ReviewCase).delete()
    assert give_approval(session, as_admin(stage.admin), attempt_id=stage.attempt.id, note="Checked", now=NOW) is None
    assert balance_of(session, stage.person.id).available == 0
    with pytest.raises(SecondMustBeAnother):
        give_approval(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW)
    verdict = give_approval(session, as_admin(second), attempt_id=stage.attempt.id, now=NOW)
    assert verdict is not None
    assert (verdict.first_by_id, verdict.decided_by_id) == (stage.admin.id, second.id)
    assert balance_of(session, stage.person.id).available == 100


def test_at_the_limit_one_person_is_enough(session: Session, stage: Stage) -> None:
    _limit(session, stage, 100)
    assert give_approval(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW) is not None


def test_two_who_disagree_about_the_points_need_a_third_word(session: Session, stage: Stage) -> None:
    _limit(session, stage, 10)
    second = make_admin(session)
    assert give_approval(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW) is None
    assert give_approval(session, as_admin(second), attempt_id=stage.attempt.id, points=50, note="Half", now=NOW) is None
    verdict = give_approval(session, as_admin(stage.admin), attempt_id=stage.attempt.id, points=50, note="Yes", now=NOW)
    assert verdict is not None
    assert (verdict.first_by_id, verdict.points) == (second.id, 50)


def test_a_decline_ends_a_first_approval_and_undoing_brings_it_back(session: Session, stage: Stage) -> None:
    _limit(session, stage, 10)
    second = make_admin(session)
    give_approval(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW)
    verdict = decline_attempt(session, as_admin(second), attempt_id=stage.attempt.id, reason="No", now=NOW)
    case = session.get_one(ReviewCase, ("attempt", stage.attempt.id), populate_existing=True)
    assert case.first_by_id is None
    undo_verdict(session, as_admin(second), verdict_id=verdict.id, now=NOW)
    session.refresh(case)
    assert case.first_by_id == stage.admin.id


def test_the_nominator_of_a_member_gives_neither_approval(session: Session, stage: Stage) -> None:
    _limit(session, stage, 10)
    session.info["nominators_of"] = lambda _session, person_id: {stage.admin.id} if person_id == stage.person.id else set()
    try:
        with pytest.raises(NominatorMayNotApprove):
            give_approval(session, as_admin(stage.admin), attempt_id=stage.attempt.id, now=NOW)
    finally:
        session.info.pop("nominators_of")


def test_thirty_two_approvals_above_the_limit_are_one_first_and_one_second(database: Database) -> None:
    stage = database.write(Stage)
    database.write(lambda s: _limit(s, stage, 10))
    admins = database.write(lambda s: [make_admin(s) for _ in range(MANY)])

    def work(session: Session, admin: Person) -> str:
        verdict = give_approval(session, as_admin(admin), attempt_id=stage.attempt.id, now=NOW)
        return verdict.outcome if verdict else "first"

    results = Counter(at_once(database, [lambda s, a=admin: work(s, a) for admin in admins]))
    assert results == {"first": 1, "approved": 1, "AlreadyApproved": MANY - 2}
    with database.reading() as session:
        assert balance_of(session, stage.person.id).available == 100


def test_a_large_redemption_waits_for_a_second_person_too(session: Session, stage: Stage) -> None:
    _limit(session, stage, 300)
    give(session, stage.person, 1_000, NOW)
    redemption, second = make_redemption(session, stage.person.id, make_reward(session, price=400).id, now=NOW), make_admin(session)
    assert give_redemption(session, as_admin(stage.admin), redemption_id=redemption.id, now=NOW) is None
    with pytest.raises(SecondMustBeAnother):
        give_redemption(session, as_admin(stage.admin), redemption_id=redemption.id, now=NOW)
    assert approve_redemption(session, as_admin(second), redemption_id=redemption.id, now=NOW).state == "approved"

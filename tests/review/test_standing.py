"""Two pairs of eyes are two people who did not make each other: a role given a moment ago, or by the other of the two, makes no second pair."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from portal.bank.actions.adjusting import adjust_points
from portal.bank.actions.deciding import approve_adjustment, decline_adjustment
from portal.bank.models import Adjustment
from portal.bank.rules.adjusting import State
from portal.challenges.actions.repricing import approve_repricing
from portal.challenges.actions.review import give_approval
from portal.challenges.rules.repricing import RepricingState
from portal.kernel.actor import ADMIN, EMPLOYEE, Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.people.actions.persons import add_person
from portal.people.actions.profile import edit_person
from portal.people.actions.reviewing import grant_reviewing
from portal.people.actions.states import change_roles, deactivate_person, reactivate_person
from portal.people.models import Person
from portal.people.rules.granting import Given
from portal.people.rules.reviewing import ATTEMPTS, REDEMPTIONS
from portal.review.actions.standing import require_apart
from portal.review.actions.terms import set_terms
from portal.review.rules.refusals import FirstTooNew, SecondTooNew
from portal.review.rules.standing import let_by, stands_from
from portal.review.rules.terms import Terms
from portal.rewards.actions.review import give_approval as give_redemption
from tests.challenges.deciding import Stage
from tests.challenges.past import Past
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin, make_redemption, make_reward
from tests.support.application import SignIn

LARGE = 90_000
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
BEGUN = datetime(2026, 1, 1, 9, tzinfo=UTC)
LATER = BEGUN + timedelta(days=100)


@pytest.mark.parametrize(
    ("given", "since"),
    [
        ([], None),
        ([None], None),
        ([Given(LATER, None)], None),
        ([Given(LATER, 5)], LATER + DAY),
        ([Given(LATER, 1)], LATER + WEEK),
        ([Given(LATER, 1), None], None),
        ([Given(LATER, 1), Given(LATER, 5)], LATER + DAY),
        ([Given(BEGUN + DAY, 1)], None),
        ([Given(BEGUN + DAY + timedelta(microseconds=1), 5)], BEGUN + 2 * DAY + timedelta(microseconds=1)),
    ],
)
def test_a_role_stands_after_a_day_and_for_whoever_gave_it_after_a_week(given: list[Given | None], since: datetime | None) -> None:
    let = [let_by(one, admin_given=lambda _id: None, begun_at=BEGUN) for one in given]
    assert stands_from(let, other_id=1) == since


@pytest.mark.parametrize(
    ("admins", "rest"),
    [
        ({}, DAY),
        ({5: Given(LATER - WEEK, 1)}, DAY),
        ({5: Given(LATER - WEEK + timedelta(seconds=1), 1)}, WEEK),
        ({5: Given(LATER - DAY, 4), 4: Given(LATER - WEEK, 1)}, WEEK),
        ({5: Given(LATER - DAY, 4), 4: Given(LATER - DAY - WEEK, 1)}, DAY),
        ({5: Given(LATER - DAY, None)}, DAY),
        ({5: Given(LATER - DAY, 4), 4: Given(LATER - 2 * DAY, 5)}, DAY),
        ({5: Given(BEGUN + DAY, 1)}, DAY),
    ],
)
def test_a_role_that_came_through_somebody_whom_the_other_made_lately_counts_as_given_by_the_other(admins: dict[int, Given], rest: timedelta) -> None:
    let = let_by(Given(LATER, 5), admin_given=admins.get, begun_at=BEGUN)
    assert stands_from([let], other_id=1) == LATER + rest


class Desk:
    """Ada and Ben, admins since the programme began; Amara; and somebody who is no admin yet. ``now`` is long after."""

    def __init__(self, session: Session) -> None:
        self.ada, self.ben = make_admin(session, name="Ada Admin").id, make_admin(session, name="Ben Admin").id
        self.amara, self.twin = make_person(session, name="Amara Okafor").id, make_person(session, name="Twin").id
        self.now = utcnow() + 30 * DAY

    def make_twin(self, session: Session, by: int | None = None) -> None:
        change_roles(session, as_admin(by or self.ada), person_id=self.twin, roles=[ADMIN], now=self.now)

    def ask(self, session: Session, by: int | None = None) -> Adjustment:
        given = {"counts_as_earned": False, "category": "other", "reason": "First prize", "key": "k", "now": self.now}
        return adjust_points(session, as_admin(by or self.ada), person_id=self.amara, points=LARGE, **given)  # type: ignore[arg-type]


def approve(session: Session, by: int, row: Adjustment, now: datetime) -> None:
    approve_adjustment(session, as_admin(by), adjustment_id=row.id, now=now)


def test_an_admin_whom_the_asker_made_is_no_second_pair_of_eyes_for_a_week(session: Session) -> None:
    desk = Desk(session)
    row = desk.ask(session)
    desk.make_twin(session)
    for after in (timedelta(), DAY, WEEK - timedelta(seconds=1)):
        with pytest.raises(SecondTooNew) as refused:
            approve(session, desk.twin, row, desk.now + after)
        assert refused.value.facts == {"since": desk.now + WEEK}
    assert (row.state, balance_of(session, desk.amara).available) == (State.WAITING, 0)
    approve(session, desk.twin, row, desk.now + WEEK)
    assert (row.state, balance_of(session, desk.amara).available) == (State.BOOKED, LARGE)


def test_an_admin_whom_another_made_counts_after_a_day_and_may_decline_at_once(session: Session) -> None:
    desk = Desk(session)
    row = desk.ask(session)
    desk.make_twin(session, by=desk.ben)
    with pytest.raises(SecondTooNew):
        approve(session, desk.twin, row, desk.now + DAY - timedelta(seconds=1))
    with session.begin_nested() as kept:
        approve(session, desk.twin, row, desk.now + DAY)
        kept.rollback()
    session.refresh(row)
    decline_adjustment(session, as_admin(desk.twin), adjustment_id=row.id, reason="No", now=desk.now)
    assert row.state == State.DECLINED


def test_who_made_an_admin_does_not_approve_what_that_admin_asks_for(session: Session) -> None:
    desk = Desk(session)
    desk.make_twin(session)
    row = desk.ask(session, by=desk.twin)
    with pytest.raises(FirstTooNew) as refused:
        approve(session, desk.ada, row, desk.now + 2 * DAY)
    assert refused.value.facts == {"person": "Twin", "since": desk.now + WEEK}
    approve(session, desk.ben, row, desk.now + 2 * DAY)
    assert row.state == State.BOOKED


def test_a_role_that_was_taken_away_again_hides_nothing(session: Session) -> None:
    desk = Desk(session)
    desk.make_twin(session)
    row = desk.ask(session, by=desk.twin)
    change_roles(session, as_admin(desk.ada), person_id=desk.twin, roles=[EMPLOYEE], now=desk.now)
    with pytest.raises(FirstTooNew):
        approve(session, desk.ada, row, desk.now + HOUR)


def test_who_was_added_as_an_admin_or_let_in_again_is_new(session: Session) -> None:
    desk = Desk(session)
    row = desk.ask(session)
    made = add_person(session, as_admin(desk.ada), name="New", email="new@x.example", roles={ADMIN}, now=desk.now)
    deactivate_person(session, as_admin(desk.ada), person_id=desk.ben, reason="Away", now=desk.now)
    reactivate_person(session, as_admin(desk.ada), person_id=desk.ben, now=desk.now)
    for by in (made.id, desk.ben):
        with pytest.raises(SecondTooNew):
            approve(session, by, row, desk.now + 2 * DAY)


def test_who_was_let_in_again_is_new_with_their_permission_to_review_too(session: Session) -> None:
    desk = Desk(session)
    rhea = make_person(session, name="Rhea", roles={EMPLOYEE}).id
    grant_reviewing(session, as_admin(desk.ben), person_id=rhea, grants={ATTEMPTS}, now=desk.now - 30 * DAY)
    require_apart(session, kind="attempt", first_id=desk.ada, second_id=rhea, now=desk.now)
    deactivate_person(session, as_admin(desk.ada), person_id=rhea, reason="Away", now=desk.now)
    reactivate_person(session, as_admin(desk.ada), person_id=rhea, now=desk.now)
    with pytest.raises(SecondTooNew) as refused:
        require_apart(session, kind="attempt", first_id=desk.ada, second_id=rhea, now=desk.now + 2 * DAY)
    assert refused.value.facts == {"since": desk.now + WEEK}


def test_nobody_makes_a_second_admin_their_own_by_an_address(session: Session) -> None:
    desk = Desk(session)
    carl = add_person(session, as_admin(desk.ben), name="Carl", email="carl@x.example", roles={ADMIN}, now=desk.now - 30 * DAY)
    row = desk.ask(session)
    for person_id, name in ((desk.ben, "Ben Admin"), (carl.id, "Carl")):
        kept = {"name": name, "title": "", "company_id": None}
        edit_person(session, as_admin(desk.ada), person_id=person_id, email=f"ada.{person_id}@x.example", now=desk.now, **kept)  # type: ignore[arg-type]
        with pytest.raises(SecondTooNew) as refused:
            approve(session, person_id, row, desk.now + 2 * DAY)
        assert refused.value.facts == {"since": desk.now + WEEK}
    edit_person(session, as_admin(desk.ben), person_id=desk.ben, email="ben@x.example", name="Ben", title="", company_id=None, now=desk.now + WEEK)
    approve(session, desk.ben, row, desk.now + WEEK)
    assert row.state == State.BOOKED


def test_an_admin_whom_a_new_admin_made_is_new_beside_whoever_made_that_one(session: Session) -> None:
    desk = Desk(session)
    row = desk.ask(session)
    desk.make_twin(session)
    third = add_person(session, as_admin(desk.twin), name="Third", email="third@x.example", roles={ADMIN}, now=desk.now)
    with pytest.raises(SecondTooNew) as refused:
        approve(session, third.id, row, desk.now + 2 * DAY)
    assert refused.value.facts == {"since": desk.now + WEEK}
    approve(session, third.id, row, desk.now + WEEK)
    assert row.state == State.BOOKED


def test_a_permission_of_long_ago_does_not_vouch_for_a_role_given_now(session: Session) -> None:
    desk = Desk(session)
    rhea = make_person(session, name="Rhea", roles={EMPLOYEE}).id
    grant_reviewing(session, as_admin(desk.ada), person_id=rhea, grants={ATTEMPTS}, now=desk.now)
    grant_reviewing(session, as_admin(desk.ada), person_id=rhea, grants=set(), now=desk.now + DAY)
    later = desk.now + 300 * DAY
    change_roles(session, as_admin(desk.ada), person_id=rhea, roles=[ADMIN], now=later)
    with pytest.raises(SecondTooNew):
        require_apart(session, kind="attempt", first_id=desk.ada, second_id=rhea, now=later + WEEK - HOUR)
    require_apart(session, kind="attempt", first_id=desk.ada, second_id=rhea, now=later + WEEK)


def test_setting_a_programme_up_and_the_command_line_wait_for_nobody(session: Session) -> None:
    desk = Desk(session)
    desk.now -= 30 * DAY
    row = desk.ask(session)
    desk.make_twin(session)
    approve(session, desk.twin, row, desk.now)
    assert row.state == State.BOOKED
    late = desk.now + 30 * DAY
    change_roles(session, as_admin(desk.ada), person_id=desk.twin, roles=[EMPLOYEE], now=late)
    change_roles(session, Actor(id=None, roles=frozenset({ADMIN}), origin="cli"), person_id=desk.twin, roles=[ADMIN], now=late)
    other = adjust_points(
        session, as_admin(desk.ada), person_id=desk.amara, points=LARGE, counts_as_earned=False, category="other", reason="x", key="k2", now=late
    )
    approve(session, desk.twin, other, late)
    assert other.state == State.BOOKED


def test_a_repricing_is_not_approved_by_an_admin_whom_the_asker_made(database: Database) -> None:
    past = database.write(Past)

    def scene(session: Session) -> None:
        now = utcnow() + 30 * DAY
        set_terms(session, past.ben, terms=Terms(four_eyes_above=0), now=now)
        made = past.ask(session)
        asker = as_admin(made.asked_by_id or 0)
        twin = add_person(session, asker, name="Twin", email="twin@x.example", roles={ADMIN}, now=now)
        with pytest.raises(SecondTooNew):
            approve_repricing(session, as_admin(twin.id), repricing_id=made.id, now=now + DAY)
        approve_repricing(session, past.ben, repricing_id=made.id, now=now)
        assert made.state == RepricingState.RUNNING

    database.write(scene)


def test_a_new_reviewer_gives_neither_of_two_approvals_for_a_day(session: Session) -> None:
    stage = Stage(session)
    now = utcnow() + 30 * DAY
    admin, second = as_admin(stage.admin.id), make_admin(session)
    set_terms(session, admin, terms=Terms(four_eyes_above=99), now=now)
    rhea = make_person(session, name="Rhea", roles={EMPLOYEE}).id
    grant_reviewing(session, admin, person_id=rhea, grants={ATTEMPTS}, now=now)
    reviewer = Actor(id=rhea, roles=frozenset({EMPLOYEE}), origin="127.0.0.1", reviews=frozenset({"attempt"}))
    with pytest.raises(SecondTooNew):
        give_approval(session, reviewer, attempt_id=stage.attempt.id, now=now + HOUR)
    assert give_approval(session, reviewer, attempt_id=stage.attempt.id, now=now + DAY) is None
    with pytest.raises(FirstTooNew):
        give_approval(session, admin, attempt_id=stage.attempt.id, now=now + 2 * DAY)
    assert give_approval(session, as_admin(second.id), attempt_id=stage.attempt.id, now=now + 2 * DAY) is not None


def test_a_redemption_above_the_limit_is_not_sent_by_one_admin_and_a_twin(session: Session) -> None:
    desk = Desk(session)
    set_terms(session, as_admin(desk.ada), terms=Terms(four_eyes_above=99), now=desk.now)
    give_points(session, desk.amara, 500)
    asked = make_redemption(session, desk.amara, make_reward(session, price=100).id)
    assert give_redemption(session, as_admin(desk.ada), redemption_id=asked.id, now=desk.now) is None
    grant_reviewing(session, as_admin(desk.ada), person_id=desk.twin, grants={ATTEMPTS}, now=desk.now)
    grant_reviewing(session, as_admin(desk.ada), person_id=desk.twin, grants={ATTEMPTS, REDEMPTIONS}, now=desk.now + WEEK)
    twin = Actor(id=desk.twin, roles=frozenset({EMPLOYEE}), origin="127.0.0.1", reviews=frozenset({"attempt", "redemption"}))
    with pytest.raises(SecondTooNew):
        give_redemption(session, twin, redemption_id=asked.id, now=desk.now + WEEK + DAY)
    assert give_redemption(session, as_admin(desk.ben), redemption_id=asked.id, now=desk.now) is not None


def test_the_page_says_from_when_a_new_admin_may_approve(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int]:
        desk = Desk(session)
        session.get_one(Person, desk.ada).created_at = desk.now - 90 * DAY
        desk.now = utcnow()
        row = desk.ask(session)
        desk.make_twin(session)
        return row.id, desk.twin

    row_id, twin = database.write(scene)
    answer = sign_in(twin).post(f"/admin/approvals/adjustment/{row_id}/approve", data={})
    assert answer.status_code == 403
    assert "You were given the permission for this only lately." in answer.text

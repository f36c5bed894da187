"""New points for past completions: what it would come to, who decides, once for each completion, and undone to exactly what was."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.challenges.actions.repaying import do_some
from portal.challenges.actions.repricing import (
    approve_repricing,
    undo_repricing,
    withdraw_repricing,
)
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.challenges.jobs import reprice
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.repricing import RepricingLine
from portal.challenges.models.taking import Submission
from portal.challenges.queries.repricing import forecast
from portal.challenges.queries.sources import deciders_of_submission
from portal.challenges.rules.repricing import (
    Forecast,
    Group,
    LaterRepricingStands,
    NothingToReprice,
    RepricingChanged,
    RepricingOutdated,
    RepricingReasonMissing,
    RepricingSettled,
    RepricingState,
    require_repricing,
)
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import Balance, balance_of
from portal.notifications.models import Notice
from portal.people.models import Person
from portal.recognition.actions.recounting import counted
from portal.recognition.models import PeriodScore
from portal.review.actions.terms import set_terms
from portal.review.rules.refusals import SecondApproverNeeded
from portal.review.rules.terms import Terms
from tests.challenges.past import OLD, WHY, Past, finish, lines, scores
from tests.factories.challenges import make_attempt
from tests.factories.people import make_person
from tests.support.application import SignIn


@pytest.fixture
def past(database: Database) -> Past:
    return database.write(Past)


@pytest.mark.parametrize(
    ("groups", "seen", "reason", "refusal"),
    [
        ((), (0, 0), WHY, NothingToReprice),
        ((Group(1, 100, 150, 2),), (2, 100), "  ", RepricingReasonMissing),
        ((Group(1, 100, 150, 2),), (3, 150), WHY, RepricingChanged),
        ((Group(1, 100, 150, 2),), (2, 90), WHY, RepricingChanged),
    ],
)
def test_what_is_paid_is_what_was_shown_with_a_reason(groups: tuple[Group, ...], seen: tuple[int, int], reason: str, refusal: type) -> None:
    with pytest.raises(refusal):
        require_repricing(Forecast(2, 150, groups), seen_people=seen[0], seen_total=seen[1], reason=reason)


def test_points_given_and_taken_are_compared_with_the_limit_together() -> None:
    both = Forecast(3, 150, (Group(1, 100, 150, 2), Group(2, 200, 150, 2)))
    assert (both.people, both.total, both.moved) == (4, 0, 200)


def test_an_edit_changes_no_past_and_the_preview_tells_what_paying_it_would_come_to(session: Session) -> None:
    past = Past(session)
    assert [one.available for one in past.stands(session)["balances"]] == [100, 100, 40]
    challenge = session.get_one(Challenge, past.id)
    assert forecast(session, challenge, past.boss.id, utcnow()) == Forecast(2, 150, [Group(1, 100, 150, 2)], would_owe=0, partial=1, own=0)
    assert forecast(session, challenge, past.bo, utcnow()) == Forecast(2, 150, [Group(1, 100, 150, 1)], would_owe=0, partial=1, own=1)


def test_the_differences_are_paid_where_the_completions_count_and_undone_to_exactly_what_was(hearing_session: Session) -> None:
    session = hearing_session
    past = Past(session)
    before = past.stands(session)
    made = past.ask(session)
    finish(session, made)
    assert (made.state, lines(session, made)) == (RepricingState.DONE, [(past.amara, "paid"), (past.bo, "paid")])
    assert balance_of(session, past.amara) == Balance(150, 0, 0, 150)
    boards = [f"{period}{track}" for period in ("all", "2026-Q1", "2026-03") for track in ("", "/endorse")]
    assert scores(session, past.amara) == dict.fromkeys(boards, 150), "no board of another month, and those of the track too"
    kept = {(row.member_id, row.period): (row.score, row.first_neg) for row in session.scalars(select(PeriodScore))}
    assert counted(session, [past.amara, past.bo, past.cem]) == kept, "counted anew it is the same"
    assert session.scalars(select(Notice.kind).where(Notice.person_id == past.amara, Notice.kind == "points_repriced")).all() == ["points_repriced"]
    assert "repricing_done" in session.scalars(select(Notice.kind).where(Notice.person_id == past.boss.id)).all()
    with pytest.raises(NothingToReprice):
        past.ask(session, key="again")
    assert past.ask(session).id == made.id, "the same form is the same repricing"
    undo_repricing(session, past.ben, repricing_id=made.id, reason="The wrong version", now=utcnow())
    finish(session, made)
    assert (made.state, past.stands(session)) == (RepricingState.REVERSED, before)
    with pytest.raises(RepricingSettled):
        undo_repricing(session, past.ben, repricing_id=made.id, reason="Twice", now=utcnow())


def test_a_lower_price_is_taken_and_what_is_not_there_is_owed(hearing_session: Session) -> None:
    session = hearing_session
    past = Past(session, points=30)
    assert forecast(session, session.get_one(Challenge, past.id), past.boss.id, utcnow()).total == -140
    before = past.stands(session)
    made = past.ask(session)
    finish(session, made)
    assert balance_of(session, past.bo) == Balance(30, 0, 0, 30)
    past.publish(session, 10)
    second = past.ask(session, key="two")
    finish(session, second)
    assert balance_of(session, past.bo) == Balance(10, 0, 0, 10), "from what it was paid in all"
    for one in (second, made):
        undo_repricing(session, past.ben, repricing_id=one.id, reason="Back", now=utcnow())
        finish(session, one)
    assert past.stands(session) == before


def test_only_the_newest_that_stands_is_undone_so_that_no_price_is_left_that_was_never_offered(
    database: Database, past: Past, sign_in: SignIn
) -> None:
    def pay(session: Session, points: int, key: str) -> int:
        if points != 150:
            past.publish(session, points)
        made = past.ask(session, key=key)
        finish(session, made)
        return made.id

    first, second = database.write(lambda s: pay(s, 150, "one")), database.write(lambda s: pay(s, 30, "two"))
    undo = {"reason": "Back", "now": utcnow()}
    with pytest.raises(LaterRepricingStands):
        database.write(lambda s: undo_repricing(s, past.ben, repricing_id=first, **undo))
    page = sign_in(past.ben.id or 0).get(f"/admin/challenges/repricings/{first}").text
    assert (f"/admin/challenges/repricings/{second}" in page, "Undo the new points" in page) == (True, False)
    for one, left in ((second, 150), (first, 100)):
        database.write(lambda s, one=one: undo_repricing(s, past.ben, repricing_id=one, **undo))
        reprice(database, {"repricing_id": one}, utcnow())
        with database.reading() as session:
            assert [balance_of(session, who).available for who in (past.amara, past.bo)] == [left, left]


def test_what_waits_is_not_paid_once_a_newer_version_is_published_and_is_asked_for_anew(session: Session) -> None:
    past = Past(session)
    set_terms(session, past.ben, terms=Terms(four_eyes_above=0), now=utcnow())
    made = past.ask(session)
    past.publish(session, 120)
    with pytest.raises(RepricingOutdated):
        approve_repricing(session, past.ben, repricing_id=made.id, now=utcnow())
    withdraw_repricing(session, past.boss, repricing_id=made.id, now=utcnow())
    again = past.ask(session, key="again")
    approve_repricing(session, past.ben, repricing_id=again.id, now=utcnow())
    finish(session, again)
    assert [one.available for one in past.stands(session)["balances"]] == [120, 120, 40]


def test_what_was_imported_from_elsewhere_stays_as_it_was_paid_there(session: Session) -> None:
    past = Past(session)
    past.publish(session, 100)
    past.complete(session, make_person(session, name="Dee"), session.get_one(Challenge, past.id), key="import:1:2")
    past.publish(session, 150)
    made = past.ask(session)
    finish(session, made)
    assert lines(session, made) == [(past.amara, "paid"), (past.bo, "paid")]


def test_an_approval_that_is_taken_back_takes_its_difference_with_it(hearing_session: Session) -> None:
    session = hearing_session
    past = Past(session)
    made = past.ask(session)
    finish(session, made, size=1)
    verdict = reverse_approval(session, past.boss, submission_id=past.submission_of(session, past.amara), reason="Copied", now=utcnow())
    assert (verdict.points, balance_of(session, past.amara)) == (-150, Balance())
    assert set(scores(session, past.amara).values()) == {0}
    undo_repricing(session, past.ben, repricing_id=made.id, reason="Back", now=utcnow())
    finish(session, made)
    assert lines(session, made) == [(past.amara, "taken_back"), (past.bo, "undone")]
    assert [one.available for one in past.stands(session)["balances"]] == [0, 100, 40]


def test_a_lower_price_that_falls_with_its_approval_is_no_returned_reward(database: Database, sign_in: SignIn) -> None:
    past = database.write(lambda s: Past(s, points=60))
    database.write(lambda s: finish(s, past.ask(s)))
    ids = database.write(lambda s: past.submission_of(s, past.amara))
    database.write(lambda s: reverse_approval(s, past.boss, submission_id=ids, reason="Copied", now=utcnow()))
    page = sign_in(past.amara).get("/statement").text
    lines = page[page.index("<tbody") :]
    assert (lines.count("New points for a challenge undone"), "Returned" in lines, "+40" in lines) == (1, False, True)


def test_a_member_with_many_completions_is_told_once_with_the_sum(session: Session) -> None:
    past = Past(session)
    past.publish(session, 100)
    challenge = session.get_one(Challenge, past.id)
    session.execute(update(Submission).values(period_key="2026-02"))
    past.complete(session, session.get_one(Person, past.amara), challenge, at=OLD + timedelta(days=1))
    past.publish(session, 150)
    made = past.ask(session)
    told = select(Notice).where(Notice.person_id == past.amara, Notice.kind.in_(("points_repriced", "points_reprice_undone"))).order_by(Notice.id)
    assert do_some(session, repricing_id=made.id, size=1, now=utcnow()) == 1
    assert session.scalars(told).all() == [], "one of theirs is still to come"
    finish(session, made, size=1)
    undo_repricing(session, past.ben, repricing_id=made.id, reason="Back", now=utcnow())
    finish(session, made, size=1)
    read = [(one.data["points"], one.data["completions"], one.link) for one in session.scalars(told)]
    assert read == [(100, 2, "/statement"), (-100, 2, "/statement")]


def test_what_stands_otherwise_by_then_is_skipped(session: Session) -> None:
    past = Past(session)
    made = past.ask(session)
    reverse_approval(session, past.boss, submission_id=past.submission_of(session, past.bo), reason="Copied", now=utcnow())
    finish(session, made)
    assert lines(session, made) == [(past.amara, "paid"), (past.bo, "skipped")]


def test_all_who_had_a_hand_in_a_line_are_named_for_its_dispute(hearing_session: Session) -> None:
    """The second approver of an answer is in the ledger; the first, and who asked for and decided a repricing, only here."""
    session = hearing_session
    past = Past(session)
    set_terms(session, past.boss, terms=Terms(four_eyes_above=50), now=utcnow())
    made = past.ask(session)
    approve_repricing(session, past.ben, repricing_id=made.id, now=utcnow())
    finish(session, made)
    line = session.scalars(select(RepricingLine).where(RepricingLine.person_id == past.amara)).one()
    submission_id = past.submission_of(session, past.amara)
    paid = session.scalars(select(Verdict.transfer_id).where(Verdict.submission_id == submission_id)).one()
    assert deciders_of_submission(session, submission_id, frozenset({line.transfer_id})) == {past.boss.id, past.ben.id}
    assert deciders_of_submission(session, submission_id, frozenset({paid})) == {past.boss.id}
    attempt = make_attempt(session, make_person(session, name="Dee"), session.get_one(Challenge, past.id), now=utcnow())
    with pytest.raises(SecondApproverNeeded):
        approve_attempt(session, past.boss, attempt_id=attempt.id, note="", now=utcnow())
    approve_attempt(session, past.ben, attempt_id=attempt.id, note="", now=utcnow())
    verdict = session.scalars(select(Verdict).where(Verdict.attempt_id == attempt.id)).one()
    assert deciders_of_submission(session, attempt.submission_id, frozenset({verdict.transfer_id})) == {past.boss.id, past.ben.id}

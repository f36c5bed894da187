"""What was begun and not sent: reviewers find it and accept it early, as admins do; nobody else, and nobody their own."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.appealing import appeal, uphold_decline
from portal.challenges.actions.early import say_no
from portal.challenges.actions.review import accept_early, ask_for_more, decline_attempt, give_approval, give_feedback
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.begun import begun_for, list_begun
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules.refusals import NoAttemptsLeft, NothingEntered, OwnSubmission, SubmissionWithdrawn
from portal.challenges.rules.states import SubmissionState
from portal.kernel import migrate
from portal.kernel.actor import ADVOCATE, EMPLOYEE, Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.people.actions.reviewing import grant_reviewing
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from portal.people.rules.person import PersonDeactivated
from portal.review.actions.terms import set_terms
from portal.review.rules.refusals import SecondMustBeAnother
from portal.review.rules.terms import Terms
from tests.factories.challenges import DONE, as_admin, as_advocate, fill, make_attempt, make_challenge, make_submission
from tests.factories.people import make_admin, make_employee, make_person
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

LIST, QUEUE = "/admin/challenges/begun", "/admin/approvals"
WHY = "The first step is all we need"


def as_reviewer(person: Person, *kinds: str) -> Actor:
    return Actor(id=person.id, roles=frozenset({EMPLOYEE}), origin="127.0.0.1", reviews=frozenset(kinds))


def begin(session: Session, person: Person, **offer: Any) -> Submission:
    """Fill in the first of two steps."""
    submission = make_submission(session, person, make_challenge(session, stages=("answer", "link"), **offer))
    values = {own_stages(session, submission)[0].id: DONE["answer"]}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=utcnow())
    return submission


def reviewing(session: Session, *grants: str, **facts: Any) -> Person:
    person = make_employee(session, **facts)
    grant_reviewing(session, as_admin(make_admin(session)), person_id=person.id, grants=grants, now=utcnow())
    return person


def test_a_reviewer_of_answers_accepts_early_and_others_are_refused_by_name(session: Session) -> None:
    person, employee = make_person(session), make_employee(session)
    submission = begin(session, person)
    for actor in (as_reviewer(employee), as_reviewer(employee, "redemption", "nomination"), as_advocate(make_person(session))):
        with pytest.raises(NotAllowed):
            accept_early(session, actor, submission_id=submission.id, reason=WHY, now=utcnow())
        with pytest.raises(NotAllowed):
            list_begun(session, actor)
        with pytest.raises(NotAllowed):
            begun_for(session, actor, submission.id)
    verdict = accept_early(session, as_reviewer(employee, "attempt"), submission_id=submission.id, reason=WHY, now=utcnow())
    assert verdict is not None
    assert (verdict.decided_by_id, balance_of(session, person.id).available) == (employee.id, 100)


def test_nobody_accepts_their_own_and_their_own_is_not_listed(session: Session) -> None:
    person = make_person(session)
    submission, other = begin(session, person), begin(session, make_person(session))
    own = Actor(id=person.id, roles=frozenset({ADVOCATE}), reviews=frozenset({"attempt"}))
    with pytest.raises(OwnSubmission):
        accept_early(session, own, submission_id=submission.id, reason=WHY, now=utcnow())
    assert [row.id for row in list_begun(session, own).rows] == [other.id]


def test_above_the_limit_a_second_reviewer_is_needed_and_the_first_is_not_the_second(session: Session) -> None:
    set_terms(session, as_admin(make_admin(session)), terms=Terms(four_eyes_above=10), now=utcnow())
    one, two = (as_reviewer(make_employee(session), "attempt") for _ in range(2))
    person = make_person(session)
    submission = begin(session, person)
    assert accept_early(session, one, submission_id=submission.id, reason=WHY, now=utcnow()) is None
    assert balance_of(session, person.id).available == 0
    attempt = session.scalars(select(Attempt).where(Attempt.submission_id == submission.id)).one()
    with pytest.raises(SecondMustBeAnother):
        give_approval(session, one, attempt_id=attempt.id, now=utcnow())
    assert give_approval(session, two, attempt_id=attempt.id, now=utcnow()) is not None
    assert balance_of(session, person.id).available == 100


def test_listed_is_what_has_something_in_it_and_can_be_accepted(session: Session) -> None:
    person, reviewer = make_person(session, name="Ada Novák"), as_reviewer(make_employee(session), "attempt")
    listed = begin(session, person, title="Tell us more")
    make_submission(session, make_person(session), make_challenge(session))  # nothing in it yet
    make_attempt(session, make_person(session), make_challenge(session))  # sent
    withdrawn = begin(session, make_person(session))
    withdrawn.dropped_at = utcnow()
    record = begin(session, make_person(session))  # of what an import only recorded
    session.get_one(Challenge, record.challenge_id).is_record_only = True
    opened = make_submission(session, make_person(session), make_challenge(session))  # saved by itself, with nothing in it
    values = {own_stages(session, opened)[0].id: {"text": ""}}
    save_answers(session, as_advocate(session.get_one(Person, opened.person_id)), submission_id=opened.id, values=values, now=utcnow())
    session.flush()
    with pytest.raises(NothingEntered):
        accept_early(session, reviewer, submission_id=opened.id, reason=WHY, now=utcnow())
    for q in ("", "novak", "tell us", "ada more"):
        assert [row.id for row in list_begun(session, reviewer, q=q).rows] == [listed.id], q
    assert not list_begun(session, reviewer, q="nobody").rows
    empty = make_submission(session, make_person(session), make_challenge(session))
    with pytest.raises(NothingEntered):
        accept_early(session, reviewer, submission_id=empty.id, reason=WHY, now=utcnow())
    with pytest.raises(SubmissionWithdrawn):
        accept_early(session, reviewer, submission_id=withdrawn.id, reason=WHY, now=utcnow())


def _decline(session: Session, submission: Submission, at: datetime) -> None:
    person = session.get_one(Person, submission.person_id)
    fill(session, person, submission, now=at)
    sent = submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"k{at}", now=at)
    decline_attempt(session, as_admin(make_admin(session)), attempt_id=sent.id, reason="Too short", now=at)


def _try_again(session: Session, submission: Submission, at: datetime) -> None:
    person, values = session.get_one(Person, submission.person_id), {own_stages(session, submission)[0].id: {"text": f"Better at {at}"}}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=at)


def test_what_was_declined_is_listed_while_its_member_tries_again_and_what_was_sent_back_too(session: Session) -> None:
    reviewer, start = as_reviewer(make_employee(session), "attempt"), utcnow() - timedelta(hours=1)
    at = [start + timedelta(minutes=n) for n in range(9)]
    submission, asked = begin(session, make_person(session), max_attempts=3), begin(session, make_person(session))

    def listed() -> list[int]:
        return [row.id for row in list_begun(session, reviewer).rows]

    fill(session, session.get_one(Person, asked.person_id), asked, now=at[0])
    sent = submit_attempt(session, as_advocate(session.get_one(Person, asked.person_id)), submission_id=asked.id, key="asked", now=at[0])
    ask_for_more(session, reviewer, attempt_id=sent.id, reason="And when?", now=at[0])
    _decline(session, submission, at[1])
    assert listed() == [asked.id]
    _try_again(session, submission, at[2])
    assert listed() == [submission.id, asked.id]
    _decline(session, submission, at[3])
    assert listed() == [asked.id]
    _try_again(session, submission, at[4])
    assert listed() == [submission.id, asked.id]
    verdict = accept_early(session, reviewer, submission_id=submission.id, reason=WHY, now=at[5])
    assert verdict is not None
    assert listed() == [asked.id]
    undo_verdict(session, reviewer, verdict_id=verdict.id, now=at[5])
    assert (submission.state, submission.again_at) == ("declined", at[4])
    assert listed() == [submission.id, asked.id]
    set_terms(session, as_admin(make_admin(session)), terms=Terms(four_eyes_above=10), now=at[6])
    assert accept_early(session, reviewer, submission_id=submission.id, reason=WHY, now=at[6]) is None
    assert listed() == [asked.id]
    attempt = session.scalars(select(Attempt).where(Attempt.submission_id == submission.id, Attempt.state == "waiting")).one()
    say_no(session, as_reviewer(make_employee(session), "attempt"), attempt_id=attempt.id, reason="Not yet", now=at[7])
    assert (submission.state, submission.again_at) == ("declined", at[4])
    assert listed() == [submission.id, asked.id]
    found = begun_for(session, reviewer, submission.id)
    assert (found.was_sent, found.objection) == (True, None)
    _decline(session, submission, at[8])
    assert listed() == [asked.id]
    assert isinstance(begun_for(session, reviewer, submission.id).objection, NoAttemptsLeft)
    with pytest.raises(NoAttemptsLeft):
        accept_early(session, reviewer, submission_id=submission.id, reason=WHY, now=at[8])


def test_an_early_acceptance_that_came_to_nothing_is_not_called_sent(session: Session) -> None:
    set_terms(session, as_admin(make_admin(session)), terms=Terms(four_eyes_above=10), now=utcnow())
    one, two = (as_reviewer(make_employee(session), "attempt") for _ in range(2))
    submission = begin(session, make_person(session))
    assert accept_early(session, one, submission_id=submission.id, reason=WHY, now=utcnow()) is None
    attempt = session.scalars(select(Attempt).where(Attempt.submission_id == submission.id)).one()
    say_no(session, two, attempt_id=attempt.id, reason="Not yet", now=utcnow())
    assert submission.attempts == 1
    assert not begun_for(session, one, submission.id).was_sent


def test_who_was_deactivated_is_neither_listed_nor_paid_for_what_they_did_not_send(session: Session) -> None:
    admin, reviewer = as_admin(make_admin(session)), as_reviewer(make_employee(session), "attempt")
    person, other = make_person(session), make_person(session)
    submission, half = begin(session, person), begin(session, other)
    set_terms(session, admin, terms=Terms(four_eyes_above=10), now=utcnow())
    assert accept_early(session, as_reviewer(make_employee(session), "attempt"), submission_id=half.id, reason=WHY, now=utcnow()) is None
    for one in (person, other):
        deactivate_person(session, admin, person_id=one.id, reason="Left", now=utcnow())
    assert not list_begun(session, reviewer).rows
    with pytest.raises(PersonDeactivated):
        accept_early(session, reviewer, submission_id=submission.id, reason=WHY, now=utcnow())
    attempt = session.scalars(select(Attempt).where(Attempt.submission_id == half.id)).one()
    with pytest.raises(PersonDeactivated):  # who approves second pays what was not sent either
        give_approval(session, reviewer, attempt_id=attempt.id, now=utcnow())
    assert [balance_of(session, one.id).available for one in (person, other)] == [0, 0]
    assert isinstance(begun_for(session, reviewer, submission.id).objection, PersonDeactivated)


def test_the_list_is_read_in_its_order_from_the_index_of_what_is_under_way(session: Session) -> None:
    begin(session, make_person(session))
    reviewer, asked = as_reviewer(make_employee(session), "attempt"), []
    bind = session.get_bind()

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(bind, "before_cursor_execute", keep)
    list_begun(session, reviewer)
    event.remove(bind, "before_cursor_execute", keep)
    if session.get_bind().dialect.name == "sqlite":
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1][0]}", asked[-1][1])
    else:
        # So few rows are sorted faster than an index is read; asked whether it could.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_sort = off"))
        plan = session.connection().exec_driver_sql(f"EXPLAIN {asked[-1][0]}", asked[-1][1])
    told = "\n".join(str(row) for row in plan)
    assert "ix_submission_under_way" in told, told


def test_the_list_asks_as_many_questions_of_few_as_of_many(session: Session, count_queries: CountQueries) -> None:
    reviewer, counted = as_reviewer(make_employee(session), "attempt"), []
    for number in (2, 30):
        for _ in range(number):
            begin(session, make_person(session))
        with count_queries() as queries:
            list_begun(session, reviewer)
        counted.append(queries.total)
    assert counted[0] == counted[1]


def _desk(database: Database, sign_in: SignIn, *grants: str) -> tuple[PortalClient, Person, int]:
    person = database.write(lambda s: make_person(s, name="Ada Novák"))
    submission_id = database.write(lambda s: begin(s, s.get_one(Person, person.id), title="Tell us more").id)
    return sign_in(database.write(lambda s: reviewing(s, *grants))), person, submission_id


def test_a_reviewer_comes_from_the_queue_to_the_list_and_back_with_the_way_to_undo(database: Database, sign_in: SignIn) -> None:
    desk, person, submission_id = _desk(database, sign_in, "attempts")
    assert LIST in desk.get(QUEUE).text
    for client in (desk, sign_in(database.write(make_admin))):
        for address in (LIST, f"{LIST}/{submission_id}"):
            menu = client.get(address).text.split("<main")[0]
            assert re.findall(r'<a href="([^"]+)" class="nav-link" aria-current="page">', menu) == [QUEUE]
    page = desk.get(LIST).text
    assert "Ada Novák" in page
    assert f"{LIST}/{submission_id}" in page
    file = desk.get(f"{LIST}?q=novak&format=csv").text
    assert file.splitlines()[0].lstrip("\ufeff") == "id,person,company,challenge,state,since"
    assert "Ada Novák" in file
    one = desk.get(f"{LIST}/{submission_id}").text
    assert "Filled in" in one
    assert "Nobody reads what somebody enters until they send it" in one
    assert DONE["answer"]["text"] not in one
    refused = desk.post(f"/admin/challenges/submissions/{submission_id}/accept", data={"reason": " "})
    assert refused.status_code == 422
    assert 'id="accept-error"' in refused.text
    done = desk.post(f"/admin/challenges/submissions/{submission_id}/accept", data={"reason": WHY}, follow_redirects=True)
    assert "Approved and paid." in done.text
    assert "Undo within the minute" in done.text
    with database.reading() as session:
        assert session.get_one(Submission, submission_id).state == SubmissionState.APPROVED
        assert balance_of(session, person.id).available == 100
    one = desk.get(f"{LIST}/{submission_id}").text
    assert "approved by now" in one
    assert "Nobody reads what somebody enters" not in one
    assert "nothing sent yet" not in one
    again = desk.post(f"/admin/challenges/submissions/{submission_id}/accept", data={"reason": WHY})
    assert again.status_code == 409
    assert 'role="alert"' in again.text


@pytest.mark.parametrize("grants", [(), ("redemptions", "nominations")])
def test_who_may_not_decide_on_answers_is_refused_at_every_door(database: Database, sign_in: SignIn, grants: tuple[str, ...]) -> None:
    desk, _person, submission_id = _desk(database, sign_in, *grants)
    for address in (LIST, f"{LIST}/{submission_id}"):
        assert desk.get(address).status_code == 403, address
    assert desk.post(f"/admin/challenges/submissions/{submission_id}/accept", data={"reason": WHY}).status_code == 403
    if grants:
        assert LIST not in desk.get(QUEUE).text


def test_who_tries_again_stays_listed_when_an_appeal_is_upheld_and_when_that_is_undone(session: Session) -> None:
    one, two, three = (as_reviewer(make_employee(session), "attempt") for _ in range(3))
    start = utcnow() - timedelta(hours=1)
    at = [start + timedelta(minutes=n) for n in range(7)]
    submission = begin(session, make_person(session), max_attempts=3)
    advocate = as_advocate(session.get_one(Person, submission.person_id))

    def stands() -> bool:
        session.refresh(submission)
        return (submission.state, submission.again_at) == ("declined", at[1]) and [row.id for row in list_begun(session, one).rows] == [submission.id]

    _decline(session, submission, at[0])
    _try_again(session, submission, at[1])
    made = appeal(session, advocate, submission_id=submission.id, now=at[2])
    verdict = uphold_decline(session, one, appeal_id=made.id, reason="It stands", now=at[3])
    assert stands()
    undo_verdict(session, one, verdict_id=verdict.id, now=at[3])
    assert stands()
    uphold_decline(session, one, appeal_id=made.id, reason="It stands", now=at[4])
    set_terms(session, as_admin(make_admin(session)), terms=Terms(four_eyes_above=10), now=at[5])
    assert accept_early(session, two, submission_id=submission.id, reason=WHY, now=at[5]) is None
    attempt = session.scalars(select(Attempt).where(Attempt.submission_id == submission.id, Attempt.state == "waiting")).one()
    say_no(session, three, attempt_id=attempt.id, reason="Not yet", now=at[6])
    assert stands()


@pytest.mark.breaks_the_books(reason="the tables are taken down")
def test_what_was_tried_again_before_the_migration_is_listed_after_it(database: Database) -> None:
    start = utcnow() - timedelta(hours=1)

    def prepare(session: Session) -> int:
        again, declined, _fresh, withdrawn = (begin(session, make_person(session), max_attempts=3) for _ in range(4))
        for submission in (again, declined, withdrawn):
            _decline(session, submission, start)
        for submission in (again, withdrawn):
            _try_again(session, submission, start + timedelta(minutes=1))
        withdraw_submission(session, as_advocate(session.get_one(Person, withdrawn.person_id)), submission_id=withdrawn.id, now=utcnow())
        attempt = session.scalars(select(Attempt).where(Attempt.submission_id == again.id)).one()
        give_feedback(session, as_admin(make_admin(session)), attempt_id=attempt.id, reason="Nearly", now=start + timedelta(minutes=2))
        return again.id

    again_id = database.write(prepare)

    def marked() -> list[tuple[int, datetime | None]]:
        with database.reading() as session:
            found = session.execute(
                select(Submission.id, Submission.again_at).where(Submission.again_at.is_not(None), Submission.dropped_at.is_(None))
            )
            return [(row.id, row.again_at) for row in found]

    before = marked()
    assert before == [(again_id, start + timedelta(minutes=1))]
    migrate.downgrade(database, "0052")
    migrate.upgrade(database)
    assert marked() == before

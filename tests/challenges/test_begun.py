"""What was begun and not sent: reviewers find it and accept it early, as admins do; nobody else, and nobody their own."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers
from portal.challenges.actions.review import accept_early, give_approval
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.begun import begun_for, list_begun
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules.refusals import NothingEntered, OwnSubmission, SubmissionWithdrawn
from portal.challenges.rules.states import SubmissionState
from portal.kernel.actor import ADVOCATE, EMPLOYEE, Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.people.actions.reviewing import grant_reviewing
from portal.people.models import Person
from portal.review.actions.terms import set_terms
from portal.review.rules.refusals import SecondMustBeAnother
from portal.review.rules.terms import Terms
from tests.factories.challenges import DONE, as_admin, as_advocate, make_attempt, make_challenge, make_submission
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
    session.flush()
    for q in ("", "novak", "tell us", "ada more"):
        assert [row.id for row in list_begun(session, reviewer, q=q).rows] == [listed.id], q
    assert not list_begun(session, reviewer, q="nobody").rows
    empty = make_submission(session, make_person(session), make_challenge(session))
    with pytest.raises(NothingEntered):
        accept_early(session, reviewer, submission_id=empty.id, reason=WHY, now=utcnow())
    with pytest.raises(SubmissionWithdrawn):
        accept_early(session, reviewer, submission_id=withdrawn.id, reason=WHY, now=utcnow())


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
    page = desk.get(LIST).text
    assert "Ada Novák" in page
    assert f"{LIST}/{submission_id}" in page
    file = desk.get(f"{LIST}?q=novak&format=csv").text
    assert file.splitlines()[0].lstrip("\ufeff") == "id,person,company,challenge,state,since"
    assert "Ada Novák" in file
    one = desk.get(f"{LIST}/{submission_id}").text
    assert "Filled in" in one
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

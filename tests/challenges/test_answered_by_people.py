"""The NPS question and what the team confirms, on their pages: what is asked, what members and reviewers read."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import own_stages
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person
from tests.factories.challenges import make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn

CHECKING, CHECK = "We look at the list of guests.", "Guest list, sheet 2"


def begun(kind: str, points: int, options: dict[str, Any]) -> Callable[[Session], tuple[Person, Person, Submission, str]]:
    """An advocate who began a challenge of one step, an admin, and the address of the step."""

    def made(session: Session) -> tuple[Person, Person, Submission, str]:
        challenge: Challenge = make_draft(session, stages=(), points=100)
        add_stage(session, system("test"), challenge_id=challenge.id, kind=kind, title="The step", points=points, options=options, now=utcnow())
        publish_challenge(session, system("test"), challenge_id=challenge.id, now=utcnow())
        person = make_person(session)
        submission = make_submission(session, person, challenge)
        stage = own_stages(session, submission)[0]
        return person, make_admin(session), submission, f"/challenges/submissions/{submission.id}/steps/{stage.id}"

    return made


def test_an_nps_question_names_the_product_and_pays_the_same_for_a_zero(sign_in: SignIn, database: Database) -> None:
    person, _admin, submission, step = database.write(begun("nps", 20, {"name": "100% Dispatch", "low": "Never", "why": ""}))
    browser = sign_in(person)
    page = browser.get(f"/challenges/{submission.challenge_id}").text
    assert "How likely are you to recommend 100% Dispatch to a friend or colleague?" in page
    assert "What you get for it is the same from 0 to 10" in page
    assert page.count('type="radio"') == 11
    assert all(word in page for word in ("Never", "Extremely likely", "What is the main reason?"))
    none = browser.post(f"{step}/send", data={"key": "k", "why": "No idea"})
    assert (none.status_code, "Please choose a number from 0 to 10." in none.text, "No idea" in none.text) == (422, True, True)
    assert browser.post(f"{step}/send", data={"key": "k", "score": "11"}).status_code == 422
    assert browser.post(f"{step}/send", data={"key": "k", "score": "0", "why": "Slow"}).status_code == 303
    with database.reading() as session:
        assert balance_of(session, person.id).available == 20
        assert session.scalars(select(Attempt.answers)).one()[0]["value"] == {"score": 0, "why": "Slow"}
    assert "0 of 10" in browser.get(f"/challenges/mine/{submission.id}").text


def test_without_a_product_the_nps_question_names_the_portal(sign_in: SignIn, database: Database) -> None:
    person, _admin, submission, _step = database.write(begun("nps", 0, {}))
    page = sign_in(person).get(f"/challenges/{submission.challenge_id}").text
    assert "How likely are you to recommend Laurel to a friend or colleague?" in page


def test_what_the_team_confirms_tells_the_member_what_goes_on_and_the_reviewer_what_to_check(sign_in: SignIn, database: Database) -> None:
    person, admin, submission, step = database.write(begun("checked", 20, {"checking": CHECKING, "check": CHECK}))
    browser, address = sign_in(person), f"/challenges/{submission.challenge_id}"
    assert "the programme team looks it up and confirms it" in browser.get(address).text
    browser.post(f"{step}/keep", data={"key": "k", "note": "On Tuesday"})
    assert CHECKING not in browser.get(address).text
    assert browser.post(f"{step}/send", data={"key": "k", "note": "On Tuesday"}).status_code == 303
    waits, sent = browser.get(address).text, browser.get(f"/challenges/mine/{submission.id}").text
    assert (CHECKING in waits, "On Tuesday" in sent, CHECK in waits + sent) == (True, True, False)
    assert ("You said so on" in waits, "Done on" in waits) == (True, False), "only the team can tell that it is done"
    with database.reading() as session:
        assert balance_of(session, person.id).available == 0
    office = sign_in(admin)
    for page in (office.get("/admin/approvals").text, office.get(f"/admin/challenges/submissions/{submission.id}").text):
        assert (CHECK in page, "On Tuesday" in page) == (True, True)

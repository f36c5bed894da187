"""“Not for me”: putting a challenge aside with why, finding it again, bringing it back; refusals, the admins' figures, two at once."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions.dismissing import dismiss_challenge, recall_challenge
from portal.challenges.actions.review import approve_attempt
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Dismissal, Submission
from portal.challenges.queries.dismissals import aside_of
from portal.challenges.rules.dismissing import WHY_NAMES, Why, why_not_dismiss
from portal.challenges.rules.refusals import DismissedAfterDone, DismissedUnderWay, WhyMissing
from portal.challenges.rules.standing import Standing
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.people.models import Person
from tests.challenges.test_races import at_once, count
from tests.factories.audience import in_industry, show_only_to
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn


def put_aside(session: Session, person: Person, challenge: Challenge, reason: str = "no_time", words: str = "") -> Dismissal:
    return dismiss_challenge(session, as_advocate(person), challenge_id=challenge.id, reason=reason, words=words, now=utcnow())


@pytest.mark.parametrize(
    ("standing", "refusal"),
    [
        (Standing.OPEN, None),
        (Standing.SHUT, None),
        (Standing.UNDER_WAY, DismissedUnderWay),
        (Standing.WAITING, DismissedUnderWay),
        (Standing.DONE, DismissedAfterDone),
    ],
)
def test_what_can_be_put_aside(standing: Standing, refusal: type | None) -> None:
    found = why_not_dismiss(standing)
    assert found is None if refusal is None else isinstance(found, refusal)


def test_what_was_begun_sent_or_done_what_one_does_not_see_and_no_reason_are_refused(session: Session) -> None:
    person, admin = make_person(session), make_admin(session)
    begun, sent, done, hidden = (make_challenge(session) for _ in range(4))
    make_submission(session, person, begun)
    make_attempt(session, person, sent)
    approve_attempt(session, as_admin(admin), attempt_id=make_attempt(session, person, done).id, now=utcnow())
    show_only_to(session, hidden, in_industry("Retail"))
    for challenge, refusal in ((begun, DismissedUnderWay), (sent, DismissedUnderWay), (done, DismissedAfterDone), (hidden, NotFound)):
        with pytest.raises(refusal):
            put_aside(session, person, challenge)
    for reason in ("", "boring"):
        with pytest.raises(WhyMissing):
            put_aside(session, person, make_challenge(session), reason)
    assert session.scalar(select(func.count()).select_from(Dismissal)) == 0


def test_it_leaves_list_and_home_is_found_with_why_and_comes_back_by_one_click(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, int]:
        make_challenge(session, title="Stays here")
        return make_person(session), make_challenge(session, title="A speech", summary="").id

    person, challenge_id = database.write(given)
    client = sign_in(person)
    answer = client.post(f"/challenges/{challenge_id}/dismiss?q=speech", data={"reason": "not_allowed", "words": "Legal said <no>"})
    assert answer.headers["Location"] == "/challenges?q=speech"
    told = client.get("/challenges").text
    assert "“A speech” is put aside: My company does not allow it." in told
    assert ">Undo<" in told
    again = client.get("/challenges").text
    assert "A speech" not in again
    assert "1 open to you" in again
    assert "A speech" not in client.get("/").text
    aside = client.get("/challenges?state=dismissed").text
    assert ">A speech</a>" in aside
    assert "Stays here" not in aside
    assert "My company does not allow it: Legal said &lt;no&gt;" in aside
    assert "My company does not allow it" in client.get(f"/challenges/{challenge_id}").text
    assert client.post(f"/challenges/{challenge_id}/recall", data={}).headers["Location"] == "/challenges"
    assert ">A speech</a>" in client.get("/challenges").text
    assert "You have put nothing aside" in client.get("/challenges?state=dismissed").text


def test_the_list_leads_to_the_question_why_which_remembers_the_filters_and_is_not_asked_about_what_was_begun(
    database: Database, sign_in: SignIn
) -> None:
    person, challenge, begun = database.write(lambda s: (make_person(s), make_challenge(s, title="A speech"), make_challenge(s)))
    database.write(lambda s: make_submission(s, person, begun))
    client = sign_in(person)
    listed = client.get("/challenges?q=speech").text
    asking = f"/challenges/{challenge.id}/dismiss?q=speech"
    assert f'href="{asking}"' in listed
    assert "<select" not in listed.partition('id="results"')[2]
    page = client.get(asking).text
    assert "Why is it not for you?" in page
    assert f'action="{asking}"' in page
    assert ('hx-select=".put-aside"' in listed, page.count("put-aside")) == (True, 1)
    assert client.get(f"/challenges/{begun.id}/dismiss").headers["Location"] == f"/challenges/{begun.id}"


def test_without_a_reason_the_page_asks_for_one_and_keeps_the_words(database: Database, sign_in: SignIn) -> None:
    person, challenge = database.write(lambda s: (make_person(s), make_challenge(s)))
    client = sign_in(person)
    answer = client.post(f"/challenges/{challenge.id}/dismiss", data={"reason": "", "words": "Not now"})
    assert answer.status_code == 422
    assert "Please choose why it is not for you." in answer.text
    assert 'value="Not now"' in answer.text
    database.write(lambda s: make_submission(s, person, challenge))
    late = client.post(f"/challenges/{challenge.id}/dismiss", data={"reason": "no_time"})
    assert late.status_code == 409
    assert "You have begun this. Withdraw it first" in late.text


def test_beginning_takes_it_up_again_and_recalling_twice_changes_nothing(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session)
    put_aside(session, person, challenge)
    make_submission(session, person, challenge)
    assert session.scalar(select(func.count()).select_from(Dismissal)) == 0
    assert not recall_challenge(session, as_advocate(person), challenge_id=challenge.id, now=utcnow())


def test_admins_see_how_many_by_reason_and_the_words(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, int]:
        challenge = make_challenge(session)
        for reason in ("no_time", "other", "other"):
            put_aside(session, make_person(session, name="Nobody Named"), challenge, reason, words="Too long" if reason == "no_time" else "")
        aside = aside_of(session, challenge.id)
        assert (aside.number, list(aside.reasons), list(aside.words)) == (3, [(Why.OTHER, 2), (Why.NO_TIME, 1)], ["Too long"])
        return make_admin(session), challenge.id

    admin, challenge_id = database.write(given)
    page = sign_in(admin).get(f"/admin/challenges/{challenge_id}/edit").text
    assert "3 advocates have put it aside." in page
    assert WHY_NAMES[Why.NO_TIME] in page
    assert "Too long" in page
    assert "Nobody Named" not in page


def test_eight_tabs_that_put_aside_at_once_leave_one_row_and_who_begins_meanwhile_is_under_way_only(database: Database) -> None:
    person, challenge, other = database.write(lambda s: (make_person(s), make_challenge(s), make_challenge(s)))
    at_once(database, [lambda s: put_aside(s, person, challenge).reason] * 8)
    assert count(database, Dismissal, Dismissal.challenge_id == challenge.id) == 1
    found = at_once(database, [lambda s: put_aside(s, person, other).reason, lambda s: make_submission(s, person, other).id] * 4)
    assert all(isinstance(result, int) for result in found[1::2])
    assert set(found[::2]) <= {Why.NO_TIME, "DismissedUnderWay"}
    assert count(database, Submission, Submission.challenge_id == other.id) == 1
    assert count(database, Dismissal, Dismissal.challenge_id == other.id) == 0

"""Versions, states and what comes first, as admins and advocates meet them on their pages."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt
from portal.challenges.actions.editing import close_challenge, edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.lifecycle import ask_for_review, pause_challenge
from portal.challenges.actions.prerequisites import add_prerequisite
from portal.challenges.actions.review import approve_attempt
from portal.challenges.actions.stages import add_stage, remove_stage
from portal.challenges.models.offering import Challenge, ChallengeVersion
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import stages_of
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.states import ChallengeState
from portal.kernel.actor import system
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database, programme_zone
from portal.people.models import Person
from tests.factories.challenges import as_admin, as_advocate, fill, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import PortalClient, SignIn


@pytest.fixture
def office(database: Database, sign_in: SignIn) -> PortalClient:
    """An admin at work."""
    return sign_in(database.write(lambda s: make_admin(s, name="Mara Lind")))


def state_of(database: Database, challenge_id: int) -> str:
    with database.reading() as session:
        return session.get_one(Challenge, challenge_id).state


def test_whoever_has_begun_reads_their_version_and_what_is_different_now(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Person, Challenge]:
        person, challenge, now = make_person(session), make_challenge(session, title="Review", points=100, text="Old text"), utcnow()
        make_submission(session, person, challenge)
        stage = stages_of(session, challenge.id)[0]
        add_stage(session, system("test"), challenge_id=challenge.id, kind="link", title="Where it stands", now=now)
        remove_stage(session, system("test"), challenge_id=challenge.id, stage_id=stage.id, now=now)
        fields = {"points": 60, "text": "New text", "closes_on": now.date() + timedelta(days=30), "track": "earn", "period": "week"}
        offer = replace(offer_of(current_version(session, challenge)), **fields)  # type: ignore[arg-type]
        edit_challenge(session, system("test"), challenge_id=challenge.id, offer=offer, now=now)
        publish_challenge(session, system("test"), challenge_id=challenge.id, now=now)
        return person, make_person(session), challenge

    person, other, challenge = database.write(given)
    page = sign_in(person).get(f"/challenges/{challenge.id}").text
    assert "Version 1, published" in page
    for told in (
        "Points: 100, now 60",
        "Text changed",
        "New step: “Where it stands”",
        "Step taken out: “Step answer”",
        "Old text",
        "Send for approval",
    ):
        assert told in page
    fresh = sign_in(other).get(f"/challenges/{challenge.id}").text
    assert "Version 1, published" not in fresh
    assert "New text" in fresh


def test_lists_and_home_tell_what_the_own_run_pays_not_what_others_are_offered_since(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Person, int]:
        person, now = make_person(session), utcnow()
        challenge = make_challenge(session, title="Old title", points=100, summary="Old summary", minutes=5)
        begun = make_submission(session, person, challenge)
        fields = {"title": "New title", "points": 300, "summary": "New summary", "minutes": 60}
        offer = replace(offer_of(current_version(session, challenge)), **fields)  # type: ignore[arg-type]
        edit_challenge(session, system("test"), challenge_id=challenge.id, offer=offer, now=now)
        publish_challenge(session, system("test"), challenge_id=challenge.id, now=now)
        return person, make_person(session), begun.id

    def told(page: str) -> set[str]:
        return {words for words in ("Old title", "Old summary", "+100", "New title", "New summary", "+300") if words in page}

    person, other, submission_id = database.write(given)
    own, new = {"Old title", "Old summary", "+100"}, {"New title", "New summary", "+300"}
    client, fresh = sign_in(person), sign_in(other)
    for address in ("/challenges?state=under_way", "/"):
        assert told(client.get(address).text) == own
    assert told(fresh.get("/challenges").text) == new
    assert "Nothing fits" in client.get("/challenges?points=250").text
    assert told(client.get("/challenges?sort=points&minutes=10").text) == own
    for address in ("/challenges/mine", f"/challenges/mine/{submission_id}"):
        assert told(client.get(address).text) & {"Old title", "New title"} == {"Old title"}

    def sent(session: Session) -> None:
        fill(session, person, session.get_one(Submission, submission_id))
        submit_attempt(session, as_advocate(person), submission_id=submission_id, key="sent", now=utcnow())

    database.write(sent)
    assert told(client.get("/challenges?state=waiting").text) == own
    assert told(client.get("/").text) & {"Old title", "New title"} == {"Old title"}


def test_what_is_paused_full_or_locked_says_so_in_the_list_and_on_its_page(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, list[Challenge]]:
        now, first = utcnow(), make_challenge(session, title="Welcome")
        paused, full, locked = make_challenge(session), make_challenge(session, total_limit=1), make_draft(session)
        pause_challenge(session, as_admin(make_admin(session)), challenge_id=paused.id, now=now)
        make_submission(session, make_person(session), full)
        add_prerequisite(session, system("test"), challenge_id=locked.id, requires_id=first.id, now=now)
        publish_challenge(session, system("test"), challenge_id=locked.id, now=now)
        return make_person(session), [paused, full, locked]

    person, (paused, full, locked) = database.write(given)
    client = sign_in(person)
    listed = client.get("/challenges").text
    for told in ("Paused", "All places taken", "Something else comes first", "1 open to you"):
        assert told in listed
    assert "This challenge is paused, so nobody can begin it now." in client.get(f"/challenges/{paused.id}").text
    assert "This was for the first 1, and all places are taken." in client.get(f"/challenges/{full.id}").text
    page = client.get(f"/challenges/{locked.id}").text
    assert ">Welcome</a>" in page
    for challenge in (paused, full, locked):
        assert f"/challenges/{challenge.id}/start" not in client.get(f"/challenges/{challenge.id}").text
        assert client.post(f"/challenges/{challenge.id}/start").status_code == 409
    assert "Please complete “Welcome” first." in client.post(f"/challenges/{locked.id}/start").text


def test_the_life_of_a_challenge_through_its_buttons(database: Database, office: PortalClient) -> None:
    challenge = database.write(make_challenge)
    here = f"/admin/challenges/{challenge.id}"
    for act, state in (("pause", "paused"), ("publish", "live"), ("close", "closed"), ("archive", "archived"), ("publish", "live")):
        assert office.post(f"{here}/{act}").status_code == 303
        assert state_of(database, challenge.id) == state
        assert office.get(f"{here}/edit").status_code == 200
    assert office.post(f"{here}/archive").status_code == 409
    listed = office.get("/admin/challenges?state=live").text
    assert challenge.title in listed


def test_a_draft_is_asked_about_sent_back_and_its_versions_are_compared(database: Database, office: PortalClient) -> None:
    def given(session: Session) -> Challenge:
        challenge, writer = make_challenge(session, points=100), make_admin(session, name="Wim Writer")
        offer = replace(offer_of(current_version(session, challenge)), points=120)
        edit_challenge(session, as_admin(writer), challenge_id=challenge.id, offer=offer, now=utcnow())
        ask_for_review(session, as_admin(writer), challenge_id=challenge.id, now=utcnow())
        return challenge

    challenge = database.write(given)
    here = f"/admin/challenges/{challenge.id}"
    page = office.get(f"{here}/edit").text
    assert "Wim Writer asked for a review" in page
    assert "Points: 100, now 120" in page
    assert "changes to publish" in office.get("/admin/challenges").text
    empty = office.post(f"{here}/send-back", data={"reason": " "})
    assert empty.status_code == 422
    assert "Please write a reason." in empty.text
    assert office.post(f"{here}/send-back", data={"reason": "Too much"}).status_code == 303
    assert office.post(f"{here}/send-back", data={"reason": "Too much"}).status_code == 409
    assert office.post(f"{here}/review").status_code == 303
    assert office.post(f"{here}/publish").status_code == 303
    versions = office.get(f"{here}/versions?from=1&to=2").text
    assert "by Mara Lind" in versions
    assert "Points: 100, now 120" in versions
    assert "These two say the same." in office.get(f"{here}/versions?from=2&to=2").text
    assert office.get(f"{here}/versions?from=1&to=9").status_code == 404


def test_what_comes_first_is_added_and_removed_in_the_editor(database: Database, office: PortalClient) -> None:
    first, challenge = database.write(lambda s: (make_challenge(s, title="Welcome"), make_draft(s)))
    here = f"/admin/challenges/{challenge.id}"
    assert office.post(f"{here}/first", data={"requires": str(first.id)}).status_code == 303
    assert "Remove: Welcome" in office.get(f"{here}/edit").text
    circle = office.post(f"/admin/challenges/{first.id}/first", data={"requires": str(challenge.id)})
    assert circle.status_code == 422
    assert "itself needs this challenge first" in circle.text
    assert office.post(f"{here}/first/{first.id}/remove").status_code == 303
    assert "Remove: Welcome" not in office.get(f"{here}/edit").text


def test_what_nobody_can_do_now_is_not_offered_to_be_done_first(database: Database, office: PortalClient) -> None:
    def scene(session: Session) -> int:
        make_challenge(session, title="Open to all")
        make_draft(session, title="News from [[city]]")
        tomorrow = local_date(utcnow(), programme_zone(session)) + timedelta(days=1)
        later, over, closed = (make_challenge(session, title=title) for title in ("Opens later", "Over by now", "Closed by hand"))
        later.opens_on, over.closes_on, closed.state = tomorrow, tomorrow - timedelta(days=2), ChallengeState.CLOSED
        return int(make_draft(session, title="This one").id)

    page = office.get(f"/admin/challenges/{database.write(scene)}/edit").text
    offered = page.split('id="first"')[1].split("</section>")[0]
    names = ("Open to all", "News from [[city]]", "Opens later", "Over by now", "Closed by hand")
    assert [name for name in names if name in offered] == ["Open to all"]


def test_a_step_pays_at_once_as_the_page_says(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge, int, int]:
        made, now, person = make_draft(session, stages=("answer",), points=100), utcnow(), make_person(session)
        step = add_stage(session, system("test"), challenge_id=made.id, kind="confirm", title="Read this", points=20, now=now)
        publish_challenge(session, system("test"), challenge_id=made.id, now=now)
        return person, made, make_submission(session, person, made).id, step.id

    person, challenge, submission_id, step_id = database.write(given)
    client = sign_in(person)
    assert "20 points at once" in client.get(f"/challenges/{challenge.id}").text
    place = f"/challenges/submissions/{submission_id}/steps/{step_id}"
    assert client.post(place, data={"key": "k", "answer": "y"}).status_code == 303
    assert "20 points paid" in client.get(f"/challenges/{challenge.id}").text
    assert "+20" in client.get("/statement").text


@pytest.mark.parametrize(
    ("points", "line", "told"),
    [
        (20, "We look at it; your points do not wait for that", "Your points do not wait for that."),
        (100, "Approved, and 80 more points are yours", "Once it is approved 80 more points are yours."),
    ],
)
def test_what_is_paid_at_once_waits_for_no_approval_in_words_either(database: Database, sign_in: SignIn, points: int, line: str, told: str) -> None:
    """Before the box is ticked, after it is paid, and while the answer is with us; once approved the whole is told."""

    def given(session: Session) -> tuple[Person, Challenge, int, int]:
        made, now, person = make_draft(session, stages=(), points=points), utcnow(), make_person(session)
        step = add_stage(session, system("test"), challenge_id=made.id, kind="confirm", title="Read this", points=20, now=now)
        publish_challenge(session, system("test"), challenge_id=made.id, now=now)
        return person, made, make_submission(session, person, made).id, step.id

    person, challenge, submission_id, step_id = database.write(given)
    client, here = sign_in(person), f"/challenges/{challenge.id}"
    page = client.get(here).text
    opened = page.split('id="step"')[1].split("</form>")[0]
    assert ("Read and confirm" in opened, "20 points at once" in opened) == (True, True), "the step that is open says its kind and points too"
    assert [words in page for words in (line, told, "Once it is approved the points are yours")] == [True, True, False]
    assert client.post(f"/challenges/submissions/{submission_id}/steps/{step_id}/send", data={"key": "k", "answer": "y"}).status_code == 303
    assert line in client.get(here).text

    def approve(session: Session) -> None:
        attempt_id = session.scalar(select(Attempt.id))
        assert attempt_id is not None
        approve_attempt(session, as_admin(make_admin(session)), attempt_id=attempt_id, now=utcnow())

    database.write(approve)
    assert f"Approved, and {points} points are yours" in client.get(here).text


def test_a_closed_record_has_a_version_too(database: Database, office: PortalClient) -> None:
    challenge = database.write(make_challenge)
    database.write(lambda s: close_challenge(s, system("test"), challenge_id=challenge.id, now=utcnow()))
    with database.reading() as session:
        assert session.scalar(select(ChallengeVersion.number).where(ChallengeVersion.challenge_id == challenge.id)) == 1
    assert office.get(f"/admin/challenges/{challenge.id}/versions").status_code == 200

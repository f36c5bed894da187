"""Review sites on pages: the admins' list, the editor's warnings, the disclosure that a member confirms."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal.challenges.actions.editing import create_challenge, edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.lifecycle import ask_for_review
from portal.challenges.actions.recording import add_record_challenge
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.stages import own_stages, stages_of
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.sites import built_in
from portal.challenges.rules.wording import AsksForPraise, AsksForRating
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from tests.challenges.review_sites import PORTAL, review
from tests.factories.challenges import make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import PortalClient, SignIn


@pytest.mark.parametrize(
    ("field", "text", "refusal"), [("title", "Give us 5 stars", AsksForRating), ("text", "Write a great review.", AsksForPraise)]
)
def test_words_that_ask_for_praise_are_refused_wherever_a_challenge_is_written(
    database: Database, field: str, text: str, refusal: type[Refusal]
) -> None:
    draft = database.write(lambda s: make_draft(s, points=0))

    def offer(session: Session) -> Any:
        known = offer_of(current_version(session, session.get_one(Challenge, draft.id)))
        return type(known)(**{**known.__dict__, field: text})

    for act in (
        lambda s: create_challenge(s, PORTAL, offer=offer(s), now=utcnow()),
        lambda s: edit_challenge(s, PORTAL, challenge_id=draft.id, offer=offer(s), now=utcnow()),
        lambda s: add_stage(s, PORTAL, challenge_id=draft.id, kind="answer", **{"title": "Step", field: text}, now=utcnow()),
    ):
        with pytest.raises(refusal) as told:
            database.write(act)
        assert told.value.field == field
    options = {"label": text}
    with pytest.raises(refusal) as told:
        database.write(lambda s: add_stage(s, PORTAL, challenge_id=draft.id, kind="answer", title="Step", options=options, now=utcnow()))
    assert told.value.field == "option_label"
    database.write(lambda s: add_record_challenge(s, PORTAL, title=text, track="endorse", points=5, now=utcnow()))


def test_a_draft_that_is_older_than_the_rule_is_not_published_and_not_sent_for_review(database: Database) -> None:
    def written_before(session: Session) -> int:
        draft = make_draft(session)
        stages_of(session, draft.id)[0].text = "Please leave us a 5-star review."
        session.flush()
        return draft.id

    challenge_id = database.write(written_before)
    for act in (publish_challenge, ask_for_review):
        with pytest.raises(AsksForRating):
            database.write(lambda s, act=act: act(s, PORTAL, challenge_id=challenge_id, now=utcnow()))


@pytest.fixture
def office(database: Database, sign_in: SignIn) -> PortalClient:
    """An admin at work."""
    return sign_in(database.write(lambda s: make_admin(s, name="Mara Lind")))


def test_the_phrase_and_the_reason_stand_beside_the_field(database: Database, office: PortalClient) -> None:
    form = {"title": "Review us", "track": "endorse", "summary": "", "text": "Please give us five stars.", "points": "0", "per_period": "1"}
    answer = office.post("/admin/challenges/new", data=form | {"period": "once", "key": "form-9"})
    assert answer.status_code == 422
    assert "“give us five stars” asks for a certain rating." in answer.text
    assert 'id="text-error"' in answer.text


def test_an_admin_keeps_the_list_of_sites(database: Database, office: PortalClient) -> None:
    page = office.get("/admin/challenges/sites").text
    assert "8 sites were not checked for 180 days, or never." in page
    assert page.count("Not checked yet") == 8
    assert office.post("/admin/challenges/sites/g2/checked").status_code == 303
    assert "7 sites were not checked for 180 days, or never." in office.get("/admin/challenges/sites").text
    new = {"key": "new-1", "version": "1", "name": "Fach-Portal", "hosts": "fachportal.example", "proofs": "link", "source": "their page"}
    refused = office.post("/admin/challenges/sites/new", data=new)
    assert refused.status_code == 422
    assert "Please write the disclosure in English at least" in refused.text
    assert "fachportal.example" in refused.text
    new |= {"disclosure_en": "I was given points.", "is_incentive_allowed": "y", "cap_dollars": "12.50"}
    assert office.post("/admin/challenges/sites/new", data=new).status_code == 303
    page = office.get("/admin/challenges/sites").text
    assert "Fach-Portal" in page
    assert "At most 416 points" in page
    assert office.get("/admin/challenges/sites/own:new-1").status_code == 200
    assert office.post("/admin/challenges/sites/own:new-1/restore").status_code == 303
    assert office.get("/admin/challenges/sites/own:new-1").status_code == 404


def test_the_editor_warns_of_a_site_nobody_looked_at_and_says_what_happened_to_the_points(database: Database, office: PortalClient) -> None:
    draft = database.write(lambda s: make_draft(s, points=100))
    step = {"key": "step-1", "title": "Your review", "text": "", "points": "0", "option_site": "google", "option_proof": "any", "option_url": ""}
    answer = office.post(f"/admin/challenges/{draft.id}/steps/new?kind=review", data=step, follow_redirects=True)
    assert "Google allows no reward, so the challenge and its steps carry 0 points." in answer.text
    assert "Nobody looked at the rules of Google for 180 days, or ever." in answer.text
    office.post("/admin/challenges/sites/google/checked")
    assert "Nobody looked at the rules" not in office.get(f"/admin/challenges/{draft.id}/edit").text
    refused = office.post(
        f"/admin/challenges/{draft.id}/edit",
        data={"title": "T", "track": "endorse", "points": "50", "per_period": "1", "period": "once"},
    )
    assert refused.status_code == 422
    assert "Google allows no reward for a review, so this challenge and its steps carry 0 points." in refused.text


def test_an_advocate_confirms_the_disclosure_in_their_language_and_the_reviewer_reads_it(
    database: Database, office: PortalClient, sign_in: SignIn
) -> None:
    def begun(session: Session) -> tuple[Any, int, int, int]:
        challenge = make_draft(session, stages=(), points=100)
        review(session, challenge.id, "g2", proof="link", url="https://www.g2.com/write")
        publish_challenge(session, PORTAL, challenge_id=challenge.id, now=utcnow())
        person = make_person(session, language="de")
        submission = make_submission(session, person, challenge)
        return person, challenge.id, submission.id, own_stages(session, submission)[0].id

    person, challenge_id, submission_id, stage_id = database.write(begun)
    advocate = sign_in(person)
    page = advocate.get(f"/challenges/{challenge_id}").text
    german = built_in()["g2"].facts.disclosures["de"]
    assert german in page
    place = f"/challenges/submissions/{submission_id}/steps/{stage_id}/send"
    refused = advocate.post(place, data={"key": "a", "disclosed": "en:1", "link": "https://www.g2.com/r/1"})
    assert refused.status_code == 422
    unconfirmed = advocate.post(place, data={"key": "a", "link": "https://www.g2.com/r/1"})
    assert unconfirmed.status_code == 422
    assert "Please confirm the disclosure first." in unconfirmed.text
    assert "https://www.g2.com/r/1" in unconfirmed.text
    assert advocate.post(place, data={"key": "a", "disclosed": "de:1", "link": "https://www.g2.com/r/1"}).status_code == 303
    shown = office.get(f"/admin/challenges/submissions/{submission_id}").text
    assert "Disclosure confirmed, version 1 (de)" in shown
    assert german in shown
    assert "Being looked at" in shown

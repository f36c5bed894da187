"""A test run judges every step and keeps nothing; a preview shows what one member sees."""

import html
import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.prerequisites import add_prerequisite
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.stages import stages_of
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.rules.rehearsal import Judged, Rehearsal
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.schema import Base
from tests.factories.audience import in_industry, show_only_to
from tests.factories.challenges import as_advocate, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_company, make_person
from tests.files import samples
from tests.support.application import PortalClient, SignIn


def rows(database: Database) -> dict[str, int]:
    """Return how many rows every table holds; signing in is no part of what is watched."""
    with database.reading() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables}


def files(app: Flask) -> list[str]:
    return [path.name for path in app.extensions["storage"].root.rglob("*") if path.is_file()]


def carried(page: str) -> str:
    found = re.search(r'name="carried" value="([^"]*)"', page)
    assert found
    return html.unescape(found.group(1))


@pytest.fixture
def office(database: Database, sign_in: SignIn) -> PortalClient:
    return sign_in(database.write(lambda s: make_admin(s, name="Mara Lind")))


def with_points(session: Session, *, is_live: bool) -> Challenge:
    """A challenge worth 100 points: a box for 10 at once, a question for 20 on approval, a picture."""
    challenge = make_draft(session, stages=(), title="Tried")
    for kind, points in (("confirm", 10), ("answer", 20), ("upload", 0)):
        options: dict[str, Any] = {"min_length": 5} if kind == "answer" else {}
        add_stage(session, system("test"), challenge_id=challenge.id, kind=kind, title=f"Step {kind}", points=points, options=options, now=utcnow())
    if is_live:
        publish_challenge(session, system("test"), challenge_id=challenge.id, now=utcnow())
    return challenge


def test_what_would_be_paid_follows_from_the_steps() -> None:
    done, missing = {"is_entered": True}, {"is_entered": True, "problem": StepMissing(step="x")}
    tried = Rehearsal(100, [Judged(1, 10, True, **done), Judged(2, 20, False, **done), Judged(3, 5, True, **missing)])  # type: ignore[arg-type]
    assert (tried.at_once, tried.at_once_in_all, tried.on_approval, tried.is_whole) == (10, 15, 85, False)
    assert [step.stage_id for asked in (None, 2, 9) if (step := tried.at(asked))] == [3, 2, 3]
    assert (Rehearsal(5, []).is_whole, Rehearsal(5, []).at(None)) == (False, None)


@pytest.mark.parametrize("is_live", [False, True])
def test_a_test_run_goes_through_every_step_and_leaves_no_trace(app: Flask, database: Database, office: PortalClient, is_live: bool) -> None:
    challenge = database.write(lambda s: with_points(s, is_live=is_live))
    with database.reading() as session:
        box, question, picture = [stage.id for stage in stages_of(session, challenge.id)]
    place = f"/admin/challenges/{challenge.id}/test"
    before = rows(database)
    page = office.get(place).text
    empty = office.post(f"{place}/{box}", data={"key": "k", "carried": carried(page)})
    assert (empty.status_code, "Please complete the step “Step confirm” first." in empty.text) == (422, True)
    page = office.post(f"{place}/{box}", data={"key": "k", "answer": "y", "carried": carried(page)}).text
    assert "10 points at once" in page
    short = office.post(f"{place}/{question}", data={"key": "k", "answer": "Oh", "carried": carried(page)})
    assert (short.status_code, "at least 5 characters, this has 2" in short.text) == (422, True)
    early = office.post(place, data={"send": "y", "carried": carried(short.text)}).text
    assert "A member could not send this yet" in early
    page = office.post(f"{place}/{question}", data={"key": "k", "answer": "Long enough", "carried": carried(early)}).text
    evil = {"key": "k", "answer": (io.BytesIO(b"a,b\n1,2\n<svg"), "proof.svg"), "carried": carried(page)}
    refused = office.post(f"{place}/{picture}", data=evil)
    assert (refused.status_code, "SVG drawings can hold scripts" in refused.text) == (422, True)
    good = {"key": "k", "answer": (io.BytesIO(samples.picture()), "photo.png"), "carried": carried(refused.text)}
    whole = office.post(f"{place}/{picture}", data=good).text
    assert "A member could send this" in whole
    assert "10 points would be paid at once" in whole
    assert "an approval would pay 90 points" in whole
    assert "accepted, and not kept" in whole
    reopened = office.post(place, data={"open": str(question), "carried": carried(whole)}).text
    assert "Long enough" in reopened
    assert rows(database) == before
    assert files(app) == []


def test_what_a_page_did_not_carry_is_not_believed(database: Database, office: PortalClient, sign_in: SignIn) -> None:
    challenge = database.write(lambda s: make_draft(s, stages=("confirm", "answer")))
    with database.reading() as session:
        box = stages_of(session, challenge.id)[0].id
    place = f"/admin/challenges/{challenge.id}/test"
    mine = carried(office.post(f"{place}/{box}", data={"key": "k", "answer": "y", "carried": ""}).text)
    other = sign_in(database.write(make_admin))
    for client, told in ((office, mine + "x"), (office, '{"1": {}}'), (other, mine)):
        page = client.post(place, data={"send": "y", "carried": told}).text
        assert "Confirmed" not in page
    assert "Confirmed" in office.post(place, data={"open": "0", "carried": mine}).text
    assert office.post(f"{place}/99999", data={"key": "k", "answer": "y"}).status_code == 404


def test_a_member_sees_what_is_meant_for_them_and_an_admin_reads_why_not(database: Database, office: PortalClient) -> None:
    def given(session: Session) -> tuple[int, ...]:
        inside = make_person(session, name="Ana Inside", company_id=make_company(session, industry="Retail").id)
        outside = make_person(session, name="Otto Outside", company_id=make_company(session, industry="Mining").id)
        first, challenge = make_challenge(session, title="Comes first"), make_draft(session, title="For retail")
        add_prerequisite(session, system("test"), challenge_id=challenge.id, requires_id=first.id, now=utcnow())
        show_only_to(session, challenge, in_industry("Retail"))
        return challenge.id, inside.id, outside.id, first.id

    challenge_id, inside, outside, first = database.write(given)
    place = f"/admin/challenges/{challenge_id}/preview"
    seen = office.get(f"{place}?member={inside}").text
    assert "What Ana Inside sees" in seen
    assert "As if it were published now." in seen
    assert "Something else comes first" in seen
    assert f"/admin/challenges/{first}/preview?member={inside}" in seen
    assert "Does not see it" not in seen
    hidden = office.get(f"{place}?member={outside}").text
    assert "Does not see it" in hidden
    assert "Retail" in hidden
    assert "Which of them?" in office.get(f"{place}?who=side").text
    assert "What Otto Outside sees" in office.get(f"{place}?who=Otto").text
    assert "We know nobody called “Nobody”." in office.get(f"{place}?who=Nobody").text
    assert office.get(f"{place}?member=999999").status_code == 404


def test_a_preview_leaves_out_what_a_member_typed_and_did_not_send(database: Database, office: PortalClient) -> None:
    def given(session: Session) -> tuple[int, int]:
        person, challenge = make_person(session, name="Ana Inside"), make_challenge(session, stages=("answer", "link"), title="Live")
        submission = make_submission(session, person, challenge)
        stage = stages_of(session, challenge.id)[0]
        value = {stage.id: {"text": "My half-finished secret"}}
        save_answers(session, as_advocate(person), submission_id=submission.id, values=value, now=utcnow())
        offer = offer_of(current_version(session, challenge))
        edit_challenge(session, system("test"), challenge_id=challenge.id, offer=replace(offer, title="Next edition"), now=utcnow())
        return challenge.id, person.id

    challenge_id, person_id = database.write(given)
    place = f"/admin/challenges/{challenge_id}/preview?member={person_id}"
    before = rows(database)
    now, then = office.get(place).text, office.get(f"{place}&edition=draft").text
    assert "secret" not in now + then
    assert "Done on" in now
    assert ("Next edition" in now, "Next edition" in then) == (False, True)
    assert "/challenges/submissions/" not in now
    assert rows(database) == before


def test_a_closed_day_is_said_in_the_preview(database: Database, office: PortalClient) -> None:
    def given(session: Session) -> tuple[int, int]:
        opens = (utcnow() + timedelta(days=9)).date()
        return make_draft(session, opens_on=opens).id, make_person(session).id

    challenge_id, person_id = database.write(given)
    assert "This challenge opens on" in office.get(f"/admin/challenges/{challenge_id}/preview?member={person_id}").text

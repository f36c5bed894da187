"""Whether shared pages are there: asked for when an answer is sent, found by the worker, read by the reviewer; never in anybody's way."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.links import CHECK, keep_found, look_again
from portal.challenges.actions.review import accept_early
from portal.challenges.jobs import link_jobs
from portal.challenges.models.proof import LinkCheck
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.links import liveness_of
from portal.challenges.queries.stages import get_submission, own_stages
from portal.challenges.rules.links import LINK_SAID, LOOKS, LinkChecksOff, LinkState, is_same_site, reason_said, state_for
from portal.fetching.addresses import Why
from portal.fetching.fetcher import Fetcher
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.notifications.models import OutboxJob
from portal.people.models import Person
from tests.factories.challenges import DONE, as_admin, as_advocate, make_attempt, make_challenge, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn
from tests.support.pages import fetcher_on

URL = DONE["link"]["url"]


def sent(session: Session) -> Attempt:
    """Return an attempt with a link."""
    return make_attempt(session, make_person(session), make_challenge(session, stages=("link",)))


def found(session: Session, attempt: Attempt) -> Any:
    """Return how its link stands."""
    submission = get_submission(session, attempt.submission_id)
    return next(iter(liveness_of(session, submission, [attempt]).values()))


def jobs(session: Session) -> list[dict[str, Any]]:
    """Return the looks that are promised."""
    return [job.payload for job in session.scalars(select(OutboxJob).where(OutboxJob.topic == CHECK).order_by(OutboxJob.id))]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, LinkState.LIVE),
        (204, LinkState.LIVE),
        (404, LinkState.GONE),
        (410, LinkState.GONE),
        (403, LinkState.CLOSED),
        (429, LinkState.CLOSED),
        (304, LinkState.FAILING),
        (400, LinkState.FAILING),
        (503, LinkState.FAILING),
    ],
)
def test_what_an_answer_means(status: int, state: LinkState) -> None:
    assert state_for(status) is state
    assert set(LINK_SAID) == set(LOOKS) == set(LinkState)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [("g2.com", "www.g2.com", True), ("www.g2.com", "sell.g2.com", True), ("g2.com", "notg2.com", False), ("g2.com", "parked.example", False)],
)
def test_whether_a_page_leads_on_to_another_site(one: str, other: str, is_same: bool) -> None:
    assert is_same_site(one, other) is is_same


def test_a_sent_link_is_looked_at_once_and_what_was_found_is_kept(database: Database, pages_port: int) -> None:
    attempt = database.write(sent)
    with database.reading() as session:
        (payload,) = jobs(session)
        assert (found(session, attempt).said, found(session, attempt).can_look) == (LINK_SAID[LinkState.WAITING], False)
    look = link_jobs(fetcher_on(pages_port), is_on=True)[CHECK]
    look(database, {**payload, "outbox_id": 1}, utcnow())
    look(database, {**payload, "outbox_id": 1}, utcnow())
    with database.reading() as session:
        row = session.scalars(select(LinkCheck)).one()
        shown = found(session, attempt)
    assert (row.url, row.state, row.asked, row.why) == (URL, LinkState.UNREACHED, 1, Why.CONNECT)
    assert (shown.said, shown.why) == (LINK_SAID[LinkState.UNREACHED], reason_said(Why.CONNECT))


@pytest.mark.parametrize(("status", "state"), [(200, LinkState.LIVE), (404, LinkState.GONE), (403, LinkState.CLOSED), (500, LinkState.FAILING)])
def test_the_answer_of_the_page_is_what_the_reviewer_reads(database: Database, pages_port: int, status: int, state: LinkState) -> None:
    def shared(session: Session) -> Attempt:
        person = make_person(session)
        submission = make_submission(session, person, make_challenge(session, stages=("link",)))
        return _send(session, person, submission, {"url": f"http://reviews.example:{pages_port}/status/{status}"})

    attempt = database.write(shared)
    with database.reading() as session:
        (payload,) = jobs(session)
    link_jobs(fetcher_on(pages_port), is_on=True)[CHECK](database, payload, utcnow())
    with database.reading() as session:
        shown = found(session, attempt)
    assert (shown.said, shown.status, shown.look, shown.can_look) == (LINK_SAID[state], status, LOOKS[state], True)


def _send(session: Session, person: Any, submission: Any, value: dict[str, str]) -> Attempt:
    values = {own_stages(session, submission)[0].id: value}
    return submit_attempt(session, as_advocate(person), submission_id=submission.id, key="sent", values=values, now=utcnow())


def test_an_inner_address_is_never_asked_and_the_reviewer_reads_why(database: Database) -> None:
    def shared(session: Session) -> Attempt:
        person = make_person(session)
        submission = make_submission(session, person, make_challenge(session, stages=("link",)))
        return _send(session, person, submission, {"url": "http://169.254.169.254/latest/meta-data/"})

    attempt = database.write(shared)
    with database.reading() as session:
        (payload,) = jobs(session)
    link_jobs(Fetcher("test"), is_on=True)[CHECK](database, payload, utcnow())
    with database.reading() as session:
        assert found(session, attempt).why == "The address leads into a private network, so it was not opened."


def test_a_reviewer_asks_again_and_two_clicks_are_one_look(database: Database) -> None:
    attempt = database.write(sent)
    reviewer = as_admin(database.write(make_admin))
    place = {"submission_id": attempt.submission_id, "stage_id": attempt.answers[0]["stage_id"], "url": URL}
    database.write(lambda s: look_again(s, reviewer, **place, now=utcnow()))
    with database.reading() as session:
        (first,) = jobs(session)
    kept = {"check_id": first["check_id"], "state": LinkState.LIVE, "status": 200, "now": utcnow()}
    assert database.write(lambda s: keep_found(s, asked=1, **kept))
    for _click in range(2):
        database.write(lambda s: look_again(s, reviewer, **place, now=utcnow()))
    with database.reading() as session:
        assert [job["asked"] for job in jobs(session)] == [1, 2]
    assert not database.write(lambda s: keep_found(s, asked=1, **kept))
    assert database.write(lambda s: keep_found(s, asked=2, **kept))


@pytest.mark.parametrize(("change", "refusal"), [({"url": "https://elsewhere.example/"}, NotFound), ({"stage_id": 10**6}, NotFound)])
def test_only_links_that_were_sent_are_looked_at(database: Database, change: dict[str, Any], refusal: type[Refusal]) -> None:
    attempt = database.write(sent)
    reviewer = as_admin(database.write(make_admin))
    place = {"submission_id": attempt.submission_id, "stage_id": attempt.answers[0]["stage_id"], "url": URL}
    with pytest.raises(refusal):
        database.write(lambda s: look_again(s, reviewer, **place | change, now=utcnow()))
    with pytest.raises(NotAllowed):
        database.write(lambda s: look_again(s, as_advocate(make_person(s)), **place, now=utcnow()))


def test_where_looking_is_switched_off_nothing_is_promised_and_the_reviewer_reads_it(app: Flask, sign_in: SignIn) -> None:
    database: Database = app.extensions["database"]
    database.inform_sessions(looks_at_links=False)
    attempt = database.write(sent)
    place = {"submission_id": attempt.submission_id, "stage_id": attempt.answers[0]["stage_id"], "url": URL}
    with database.reading() as session:
        assert jobs(session) == []
    admin = database.write(make_admin)
    with pytest.raises(LinkChecksOff):
        database.write(lambda s: look_again(s, as_admin(admin), **place, now=utcnow()))
    office = sign_in(admin)
    for page in (f"/admin/challenges/submissions/{attempt.submission_id}", f"/admin/approvals?item=attempt-{attempt.id}"):
        shown = office.get(page).text
        assert "Not checked: looking at links is switched off" in shown
        assert "Look again" not in shown


def test_the_reviewer_sees_in_the_side_panel_what_was_found_and_asks_again_there(app: Flask, sign_in: SignIn) -> None:
    database: Database = app.extensions["database"]
    attempt = database.write(sent)
    with database.reading() as session:
        (payload,) = jobs(session)
    kept = {"state": LinkState.GONE, "status": 404, "host": "parked.example", "now": utcnow()}
    database.write(lambda s: keep_found(s, **payload, **kept))
    office = sign_in(database.write(make_admin))
    page = f"/admin/approvals?item=attempt-{attempt.id}"
    shown = office.get(page).text
    assert "There is no such page" in shown
    assert "answered 404" in shown
    assert "It leads on to parked.example." in shown
    form = {"stage_id": str(attempt.answers[0]["stage_id"]), "url": URL}
    answer = office.post(f"/admin/challenges/submissions/{attempt.submission_id}/links", data=form)
    assert answer.status_code == 303
    assert "Being looked at" in office.get(page).text
    for number in (str(10**30), str(2**63), "-1", "0", "x"):
        answer = office.post(f"/admin/challenges/submissions/{attempt.submission_id}/links", data=form | {"stage_id": number})
        assert answer.status_code == 404


def test_half_a_link_that_was_accepted_early_is_shown_as_it_was_typed(app: Flask, sign_in: SignIn) -> None:
    database: Database = app.extensions["database"]

    def given(session: Session) -> tuple[int, Person]:
        admin, person = make_admin(session), make_person(session)
        submission = make_submission(session, person, make_challenge(session, stages=("link", "answer")))
        link = own_stages(session, submission)[0]
        save_answers(session, as_advocate(person), submission_id=submission.id, values={link.id: {"url": "https://[abc"}}, now=utcnow())
        accept_early(session, as_admin(admin), submission_id=submission.id, reason="Enough", now=utcnow())
        return submission.id, admin

    submission_id, admin = database.write(given)
    page = sign_in(admin).get(f"/admin/challenges/submissions/{submission_id}")
    assert (page.status_code, "https://[abc" in page.text) == (200, True)

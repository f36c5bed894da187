"""What members agree to: kept word by word when it is sent, in force with the approval, withdrawn by them alone and for good."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt, withdraw_submission
from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage
from portal.challenges.models import Attempt, Submission
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.consent import (
    ConsentNotGiven,
    ConsentScopeMissing,
    ConsentTextMissing,
    QuoteMissing,
    ScopeNotChosen,
)
from portal.challenges.stages.contract import Step, Stored
from portal.challenges.stages.registry import stage_kind
from portal.consents.actions import withdraw_consent
from portal.consents.models import Consent
from portal.consents.rules import AlreadyWithdrawn, NotInForce, is_over, until_of
from portal.files.receiving import Received
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import NotFound, Refusal
from portal.notifications.models import Notice
from portal.people.models import Person
from tests.factories.challenges import as_admin, as_advocate, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPTIONS: dict[str, Any] = {"what": "quote", "text": "You may quote me with my name.", "scopes": ["website", "slides"], "months": 3}
WORDS: dict[str, Any] = {"quote": "It saved us two days.", "scopes": ["slides"], "is_agreed": True, "language": "en"}


def refuse(_received: Received) -> Stored:
    raise AssertionError("nothing to keep")


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 11, 22), 3, date(2027, 2, 22)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), 24, date(2028, 12, 31)),
        (date(2026, 1, 1), None, None),
        (date(2026, 1, 1), 0, None),
    ],
)
def test_a_consent_ends_after_so_many_months(day: date, months: int | None, until: date | None) -> None:
    assert until_of(day, months) == until
    assert not is_over(until, day)


@pytest.mark.parametrize(
    ("options", "given", "problem"),
    [
        (OPTIONS, {"quote": "Good.", "scopes": ["slides"], "agreed": True}, None),
        (OPTIONS, {"quote": " ", "scopes": ["slides"], "agreed": True}, QuoteMissing),
        (OPTIONS, {"quote": "Good.", "scopes": ["press"], "agreed": True}, ScopeNotChosen),
        (OPTIONS, {"quote": "Good.", "scopes": ["slides"], "agreed": False}, ConsentNotGiven),
        (OPTIONS | {"what": "logo"}, {"scopes": ["website"], "agreed": True}, None),
        (OPTIONS | {"what": "logo"}, {"scopes": [], "agreed": True}, ScopeNotChosen),
    ],
)
def test_what_has_to_be_agreed(options: dict[str, Any], given: dict[str, Any], problem: type[Refusal] | None) -> None:
    kind, step = stage_kind("consent"), Step("Step", options)
    assert type(kind.problem(step, kind.read(step, given, {}, refuse))) is (problem or type(None))
    assert type(kind.problem(step, {})) is StepMissing


@pytest.mark.parametrize(
    ("options", "flaw"), [(OPTIONS, None), (OPTIONS | {"text": ""}, ConsentTextMissing), (OPTIONS | {"scopes": ["moon"]}, ConsentScopeMissing)]
)
def test_what_an_admin_has_to_say(options: dict[str, Any], flaw: type[Refusal] | None) -> None:
    assert type(stage_kind("consent").flaw(Step("Step", options))) is (flaw or type(None))


def agree(session: Session) -> tuple[Person, Attempt]:
    """Begin a challenge with a consent, agree, and send."""
    person, challenge = make_person(session, name="Nadia Brandt"), make_draft(session, stages=())
    add_stage(session, system("test"), challenge_id=challenge.id, kind="consent", title="Step", options=OPTIONS, now=NOW)
    publish_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    return person, send(session, person, make_submission(session, person, challenge, now=NOW).id, key="first")


def send(session: Session, person: Person, submission_id: int, *, key: str, **words: Any) -> Attempt:
    stage = own_stages(session, session.get_one(Submission, submission_id))[0]
    return submit_attempt(session, as_advocate(person), submission_id=submission_id, key=key, values={stage.id: WORDS | words}, now=NOW)


def only(session: Session) -> Consent:
    return session.scalars(select(Consent).execution_options(populate_existing=True)).one()


def test_a_consent_is_kept_word_by_word_and_follows_the_verdict(session: Session) -> None:
    (person, attempt), admin = agree(session), make_admin(session)
    kept = only(session)
    assert (kept.person_id, kept.text, kept.quoted, kept.scopes) == (person.id, OPTIONS["text"], WORDS["quote"], ["slides"])
    assert (kept.until, kept.version, kept.language, kept.state, kept.agreed_at) == (date(2027, 2, 22), 1, "en", "sent", NOW)
    ask_for_more(session, as_admin(admin), attempt_id=attempt.id, reason="Shorter?", now=NOW)
    second = send(session, person, attempt.submission_id, key="second", quote="Two days saved.")
    assert (only(session).quoted, only(session).state) == ("Two days saved.", "sent")
    approve_attempt(session, as_admin(admin), attempt_id=second.id, now=NOW)
    assert only(session).state == "stands"
    reverse_approval(session, as_admin(admin), submission_id=attempt.submission_id, reason="Wrong", now=NOW)
    assert only(session).state == "void"
    with pytest.raises(NotInForce):
        withdraw_consent(session, as_advocate(person), consent_id=kept.id, now=NOW)


def test_a_declined_or_withdrawn_answer_leaves_no_consent_in_force(session: Session) -> None:
    (person, attempt), admin = agree(session), make_admin(session)
    decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="No", now=NOW)
    assert only(session).state == "void"
    send(session, person, attempt.submission_id, key="second")
    assert only(session).state == "sent"
    withdraw_submission(session, as_advocate(person), submission_id=attempt.submission_id, now=NOW)
    assert only(session).state == "void"


def test_what_is_withdrawn_stays_withdrawn_and_agreeing_again_is_a_new_consent(session: Session) -> None:
    (person, attempt), admin, other = agree(session), make_admin(session), make_person(session)
    with pytest.raises(NotFound):
        withdraw_consent(session, as_advocate(other), consent_id=only(session).id, now=NOW)
    withdraw_consent(session, as_advocate(person), consent_id=only(session).id, now=NOW)
    ask_for_more(session, as_admin(admin), attempt_id=attempt.id, reason="Sure?", now=NOW)
    again = send(session, person, attempt.submission_id, key="second")
    approve_attempt(session, as_admin(admin), attempt_id=again.id, now=NOW)
    rows = session.execute(select(Consent.state, Consent.withdrawn_at).order_by(Consent.id)).all()
    assert [tuple(row) for row in rows] == [("withdrawn", NOW), ("stands", None)]
    assert [notice.person_id for notice in session.scalars(select(Notice).where(Notice.kind == "consent_withdrawn"))] == [admin.id]


def test_eight_who_withdraw_while_one_approves_withdraw_once(database: Database) -> None:
    (person, attempt), admin = database.write(agree), database.write(make_admin)
    with database.reading() as session:
        consent_id = only(session).id
    works = [lambda s: withdraw_consent(s, as_advocate(person), consent_id=consent_id, now=NOW)] * 8
    told = all_at_once(database, [*works, lambda s: approve_attempt(s, as_admin(admin), attempt_id=attempt.id, now=NOW)])
    assert told == {"done": 2, AlreadyWithdrawn.__name__: 7}
    with database.reading() as session:
        assert only(session).state == "withdrawn"
        assert len(session.scalars(select(Notice).where(Notice.kind == "consent_withdrawn")).all()) == 1


def test_members_see_and_withdraw_their_consents_and_admins_see_them(database: Database, sign_in: SignIn) -> None:
    (person, _attempt), admin = database.write(agree), database.write(lambda s: make_admin(s, name="Mara Lind"))
    browser, office = sign_in(person), sign_in(admin)
    with database.reading() as session:
        consent_id = only(session).id
    shown = browser.get("/profile").text
    assert "You may quote me with my name." in shown
    assert f"/consents/{consent_id}/withdraw" in shown
    admins_page = office.get(f"/admin/people/{person.id}").text
    assert "Consented to" in admins_page
    assert "It saved us two days." in admins_page
    assert "/withdraw" not in admins_page.split('id="consents"')[1].split("</section>")[0]
    assert browser.post(f"/consents/{consent_id}/withdraw").status_code == 303
    again = browser.post(f"/consents/{consent_id}/withdraw", follow_redirects=True)
    assert "This consent is withdrawn already." in again.text
    assert "Withdrawn" in office.get(f"/admin/people/{person.id}").text

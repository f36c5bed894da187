"""Consents given in a step: when they count, what ends them, who withdraws them, and where they are read."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.review import accept_early, approve_attempt, decline_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import own_stages
from portal.challenges.stages.consent import ConsentPlacesMissing, ConsentWordsMissing
from portal.consents.actions import withdraw_consent
from portal.consents.models import Consent
from portal.consents.queries import iter_consents
from portal.consents.rules import ConsentEnded, Item
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import NotFound, Refusal
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.people.models import Person
from tests.factories.challenges import as_admin, as_advocate, make_draft, make_submission
from tests.factories.consents import make_consent
from tests.factories.people import make_admin, make_company, make_person
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS, QUOTE = "You may print this with my name.", "It saved us two days a month."
AGREED: dict[str, Any] = {"is_agreed": True, "quote": QUOTE, "scope": ["website", "press"]}
OPTIONS: dict[str, Any] = {"item": "quote", "words": WORDS, "quote": "Two days a month!", "scopes": ["website", "slides", "press"], "months": 12}


def asking(session: Session, *, extra: tuple[str, ...] = (), **options: Any) -> Challenge:
    """A live challenge worth 50 points that asks for a consent."""
    made = make_draft(session, stages=extra, points=50, max_attempts=3)
    add_stage(session, system("test"), challenge_id=made.id, kind="consent", title="Your consent", options=OPTIONS | options, now=NOW)
    return publish_challenge(session, system("test"), challenge_id=made.id, now=NOW)


def send(session: Session, person: Person, challenge: Challenge, *, now: datetime = NOW, **told: Any) -> Attempt:
    submission = make_submission(session, person, challenge, now=now)
    values = {own_stages(session, submission)[-1].id: AGREED | told}
    return submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"{submission.id}-{now}", values=values, now=now)


def kept(session: Session) -> list[Consent]:
    return list(session.scalars(select(Consent).order_by(Consent.id).execution_options(populate_existing=True)))


def ends(session: Session) -> list[str | None]:
    return [consent.ended_as for consent in kept(session)]


def test_a_consent_counts_with_the_approval_from_the_day_it_was_sent(session: Session) -> None:
    company = make_company(session)
    person, admin, challenge = make_person(session, company_id=company.id), make_admin(session), asking(session)
    attempt = send(session, person, challenge)
    assert kept(session) == []
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW + timedelta(days=40))
    (consent,) = kept(session)
    assert (consent.person_id, consent.company_id, consent.item, consent.words) == (person.id, company.id, "quote", WORDS)
    assert (consent.quote, consent.scope, consent.given_at, consent.expires_on) == (QUOTE, ["website", "press"], NOW, date(2027, 11, 22))
    assert (consent.source_type, consent.source_id, consent.evidence_id, consent.version) == ("submission", attempt.submission_id, attempt.id, 1)


def test_a_declined_answer_and_an_unfinished_step_give_none(session: Session) -> None:
    admin, challenge = make_admin(session), asking(session)
    decline_attempt(session, as_admin(admin), attempt_id=send(session, make_person(session), challenge).id, reason="Not yet", now=NOW)
    assert kept(session) == []
    person, longer = make_person(session), asking(session, extra=("answer",))
    submission = make_submission(session, person, longer, now=NOW)
    first, last = own_stages(session, submission)
    values = {first.id: {"text": "We like it."}, last.id: AGREED | {"is_agreed": False}}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=NOW)
    accept_early(session, as_admin(admin), submission_id=submission.id, reason="The text is enough", now=NOW)
    assert (session.get_one(Submission, submission.id).state, kept(session)) == ("approved", [])


def test_undoing_and_taking_back_end_a_consent_and_approving_again_gives_it_anew(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), asking(session)
    attempt = send(session, person, challenge)
    undo_verdict(session, admin, verdict_id=approve_attempt(session, admin, attempt_id=attempt.id, now=NOW).id, now=NOW)
    assert ends(session) == ["taken_back"]
    approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
    reverse_approval(session, admin, submission_id=attempt.submission_id, reason="Not theirs to give", now=NOW)
    assert ends(session) == ["taken_back", "taken_back"]
    approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
    assert ends(session) == ["taken_back", "taken_back", None]


def test_what_a_member_withdrew_comes_back_by_a_new_answer_alone(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), asking(session)
    attempt = send(session, person, challenge)
    approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
    withdraw_consent(session, as_advocate(person), consent_id=kept(session)[0].id, now=NOW)
    assert (ends(session), balance_of(session, person.id).available) == (["withdrawn"], 50)
    reverse_approval(session, admin, submission_id=attempt.submission_id, reason="Once more", now=NOW)
    approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
    assert ends(session) == ["withdrawn"]
    reverse_approval(session, admin, submission_id=attempt.submission_id, reason="Asked anew", now=NOW)
    again = send(session, person, challenge, now=NOW + timedelta(days=1), scope=["slides"])
    approve_attempt(session, admin, attempt_id=again.id, now=NOW + timedelta(days=1))
    assert (ends(session), kept(session)[1].scope) == (["withdrawn", None], ["slides"])


def test_eight_withdrawals_at_once_are_one_and_each_admin_is_told_once(database: Database) -> None:
    def scene(session: Session) -> tuple[Person, Person, Person, Consent]:
        person = make_person(session)
        return person, make_person(session), make_admin(session), make_consent(session, person)

    person, stranger, admin, consent = database.write(scene)
    with pytest.raises(NotFound):
        database.write(lambda s: withdraw_consent(s, as_advocate(stranger), consent_id=consent.id, now=NOW))
    works = [lambda s: withdraw_consent(s, as_advocate(person), consent_id=consent.id, reason="I left", now=NOW)] * 8
    assert all_at_once(database, works) == Counter({"done": 1, ConsentEnded.__name__: 7})
    with database.reading() as session:
        told = session.execute(select(Notice.person_id, Notice.kind, Notice.link)).all()
        assert [tuple(row) for row in told] == [(admin.id, "consent_withdrawn", f"/admin/consents/{consent.id}")]
        assert (kept(session)[0].reason, kept(session)[0].ended_by_id) == ("I left", person.id)


@pytest.mark.parametrize(("options", "refusal"), [({"words": " "}, ConsentWordsMissing), ({"scopes": []}, ConsentPlacesMissing)])
def test_a_step_asks_for_exact_words_and_at_least_one_place(session: Session, options: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        asking(session, **options)


# ── pages ──


def test_a_member_corrects_the_quote_ticks_places_and_agrees(sign_in: SignIn, database: Database) -> None:
    person, challenge = database.write(lambda s: (make_person(s), asking(s)))
    submission = database.write(lambda s: make_submission(s, person, challenge))
    with database.reading() as session:
        stage = own_stages(session, submission)[0]
    browser, step = sign_in(person), f"/challenges/submissions/{submission.id}/steps/{stage.id}"
    page = browser.get(f"/challenges/{challenge.id}").text
    assert all(word in page for word in (WORDS, "Two days a month!", "It holds for 12 months", "your points stay"))
    assert (page.count('type="checkbox"'), page.count(" checked")) == (4, 0)
    for told, said in (
        ({"quote": "", "scope": ["press"], "agreed": "y"}, "Please write the quote as we may print it."),
        ({"quote": QUOTE, "agreed": "y"}, "Please tick at least one place"),
        ({"quote": QUOTE, "scope": ["press"]}, "Please tick that you agree."),
    ):
        refused = browser.post(f"{step}/send", data={"key": "k"} | told)
        assert (refused.status_code, said in refused.text) == (422, True)
    assert browser.post(f"{step}/send", data={"key": "k", "quote": QUOTE, "scope": ["social"], "agreed": "y"}).status_code == 422
    assert browser.post(f"{step}/send", data={"key": "k", "quote": QUOTE, "scope": ["press"], "agreed": "y"}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Attempt.answers)).one()[0]["value"] == {"is_agreed": True, "quote": QUOTE, "scope": ["press"]}


def test_members_withdraw_on_their_own_page_with_a_reason_or_without(sign_in: SignIn, database: Database) -> None:
    def scene(session: Session) -> tuple[Person, Person, list[int]]:
        person, other = make_person(session), make_person(session)
        return person, other, [make_consent(session, person).id, make_consent(session, person, item=Item.LOGO, quote="").id]

    person, other, (quote, logo) = database.write(scene)
    browser = sign_in(person)
    assert "See or withdraw your consents" in browser.get("/profile").text
    assert "See or withdraw your consents" not in sign_in(other).get("/profile").text
    assert sign_in(other).post(f"/consents/{quote}/withdraw").status_code == 404
    long = browser.post(f"/consents/{quote}/withdraw", data={"reason": "x" * 1001})
    assert (long.status_code, long.text.count('<details class="max-w-md" open>')) == (422, 1)
    assert browser.post(f"/consents/{quote}/withdraw", data={"reason": "I left"}).status_code == 303
    assert browser.post(f"/consents/{logo}/withdraw").status_code == 303
    browser.post(f"/consents/{logo}/withdraw")
    page = browser.get("/consents").text
    assert ("This consent has ended already" in page, "You said: I left" in page, "<details" in page.split("<main")[1]) == (True, True, False)


def test_admins_find_consents_by_member_item_and_state_in_constant_queries(sign_in: SignIn, database: Database, count_queries: Any) -> None:
    def scene(session: Session) -> tuple[Person, Person, Person]:
        amara, bo = make_person(session, name="Amara Okafor"), make_person(session, name="Bo Berg")
        make_consent(session, amara)
        make_consent(session, bo, item=Item.LOGO, quote="")
        make_consent(session, bo, quote="Old words", months=1, now=datetime(2025, 1, 1, 12, tzinfo=UTC))
        gone = make_consent(session, bo, quote="=SUM(1)")
        withdraw_consent(session, as_advocate(bo), consent_id=gone.id, reason="No", now=NOW)
        return make_admin(session), amara, bo

    admin, amara, bo = database.write(scene)
    office = sign_in(admin)
    listed = {
        "": 4, "q=okafor": 1, "q=BERG": 3, "q=two+days": 1, "item=logo": 1, "state=holds": 2, "state=expired": 1, "state=withdrawn": 1,
        "state=taken_back": 0, "q=berg&item=quote&state=expired": 1,
    }  # fmt: skip
    for query, number in listed.items():
        assert office.get(f"/admin/consents?{query}").text.count('<li class="relative px-4') == number, query
    lines = list(csv.DictReader(io.StringIO(office.get("/admin/consents?format=csv&q=berg").text.lstrip("\ufeff"))))
    assert [(line["member"], line["quote"], line["state"]) for line in lines] == [
        ("Bo Berg", "'=SUM(1)", "Withdrawn"),
        ("Bo Berg", "", "Holds"),
        ("Bo Berg", "Old words", "Expired"),
    ]
    shown = office.get(f"/admin/people/{bo.id}").text
    assert all(word in shown for word in ("Consented to", "Withdrawn on", "Through", "Old words"))
    assert "Old words" in office.get(f"/admin/people/{bo.id}/record?section=consented").text
    assert "Consented to</h2>" not in office.get(f"/admin/people/{admin.id}").text
    with count_queries() as few:
        office.get("/admin/consents?q=okafor")
    database.write(lambda s: [make_consent(s, s.get_one(Person, amara.id)) for _ in range(60)])
    with count_queries() as many:
        office.get("/admin/consents?q=okafor")
    assert few.total == many.total
    assert 'rel="next"' in office.get("/admin/consents?q=okafor").text


def test_the_file_of_all_consents_is_read_a_thousand_rows_at_a_time(session: Session) -> None:
    made = [make_consent(session, make_person(session), now=NOW + timedelta(minutes=number)).id for number in range(3)]
    at_a_time: list[Any] = []
    event.listen(session, "do_orm_execute", lambda state: at_a_time.append(state.execution_options.get("yield_per")))
    rows = iter_consents(session, today=NOW.date())
    assert at_a_time == []
    assert [row.Consent.id for row in rows] == made[::-1]
    assert at_a_time == [1000]

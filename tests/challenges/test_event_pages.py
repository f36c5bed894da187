"""Outside events on pages, by hand and in imports."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.api.actions import make_token
from portal.challenges.actions.answering import submit_attempt
from portal.challenges.actions.events import hear_event, match_event
from portal.challenges.actions.recording import undo_attempt
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.challenges.actions.starting import start_submission
from portal.challenges.actions.unmatching import unmatch_event
from portal.challenges.event_importer import EventsImporter
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.events import event_codes
from portal.challenges.queries.stages import own_stages, stages_of
from portal.challenges.rules.refusals import MatchDecided, MatchGone, MatchPaid, OwnSubmission, StepDone
from portal.imports import runner
from portal.imports.rules.plans import Plan
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.outside.actions import drop_event
from portal.outside.models import EventUse, OutsideEvent
from portal.outside.queries import count_events
from portal.outside.rules import EventDropped, EventUsed, Heard
from portal.people.models import Person
from tests.challenges.webinars import API, DAY, NOW, count, hear, make_webinar, steps
from tests.factories.challenges import as_admin, as_advocate, make_submission
from tests.factories.people import make_admin, make_contact, make_person
from tests.imports.engine import undone
from tests.rewards.racing import one_during_another


def test_an_admin_matches_what_nobody_could_and_nobody_their_own(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session, roles={"admin", "advocate"}), make_webinar(session)
    submission, own = make_submission(session, person, challenge, now=NOW), make_submission(session, admin, challenge, now=NOW)
    event = hear(session, "private@elsewhere.example", code="webnar", at=NOW - 300 * DAY)
    stage = own_stages(session, submission)[0]
    given = {"event_id": event.id, "stage_id": stage.id, "now": NOW}
    with pytest.raises(NotAllowed):
        match_event(session, as_advocate(person), submission_id=submission.id, **given)
    with pytest.raises(OwnSubmission):
        match_event(session, as_admin(admin), submission_id=own.id, **given)
    match_event(session, as_admin(admin), submission_id=submission.id, **given)
    assert (steps(session, submission), submission.state) == ([True], "waiting")
    with pytest.raises(EventUsed):
        match_event(session, as_admin(admin), submission_id=submission.id, **given)
    other = hear(session, "private@elsewhere.example", id="a-2")
    with pytest.raises(StepDone):
        match_event(session, as_admin(admin), submission_id=submission.id, **given | {"event_id": other.id})


def test_the_page_says_what_is_waited_for_and_offers_no_button_that_cannot_work(sign_in: Any, database: Database) -> None:
    options = {"link": "https://webinars.example/spring", "within": "two days"}
    person, challenge = database.write(lambda s: (make_person(s), make_webinar(s, ("event", 0), ("confirm", 0), options=options)))
    submission = database.write(lambda s: make_submission(s, person, challenge))
    browser = sign_in(person)
    page = browser.get(f"/challenges/{challenge.id}").text
    assert "We will hear of it by ourselves" in page
    assert "Usually within two days." in page
    assert 'href="https://webinars.example/spring"' in page
    assert "Send for approval" not in page
    assert "Save and continue" not in page
    with database.reading() as session:
        stage = own_stages(session, submission)[0]
    forged = browser.post(f"/challenges/submissions/{submission.id}/steps/{stage.id}/send", data={"key": "k", "event_id": "1"})
    assert (forged.status_code, "We have not heard of" in forged.text) == (409, True)
    database.write(lambda s: hear(s, person, at=utcnow() - DAY, now=utcnow()))
    page = browser.get(f"/challenges/{challenge.id}?step={stage.id}").text
    assert "We have heard: completed on" in page
    assert "You send your answer" in page
    last = database.write(lambda s: make_webinar(s, ("confirm", 0), ("event", 0), options=options | {"code": "autumn"}))
    assert "your answer goes off without you" in browser.get(f"/challenges/{last.id}").text


def test_after_an_approval_was_taken_back_the_page_does_not_say_that_the_answer_goes_off_by_itself(sign_in: Any, database: Database) -> None:
    def scene(session: Session) -> Any:
        person, admin, challenge = make_person(session), make_admin(session), make_webinar(session)
        submission = make_submission(session, person, challenge)
        hear(session, person, at=utcnow() - DAY, now=utcnow())
        attempt = session.scalars(select(Attempt).where(Attempt.submission_id == submission.id)).one()
        approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=utcnow())
        reverse_approval(session, as_admin(admin), submission_id=submission.id, reason="The wrong webinar", now=utcnow())
        return person, challenge.id

    person, challenge_id = database.write(scene)
    page = sign_in(person).get(f"/challenges/{challenge_id}").text
    assert "Send for approval" in page
    assert "goes off without you" not in page
    assert "You send your answer" in page


def test_a_wrong_match_is_taken_back_and_the_event_matched_to_somebody_else(session: Session) -> None:
    challenge, admin = make_webinar(session), make_admin(session)
    wrong, right = (make_submission(session, make_person(session), challenge, now=NOW) for _ in range(2))
    event, stage = hear(session, "private@elsewhere.example"), own_stages(session, wrong)[0]
    given = {"event_id": event.id, "stage_id": stage.id, "now": NOW}
    with pytest.raises(MatchGone):
        unmatch_event(session, as_admin(admin), event_id=event.id, now=NOW)
    for _time in range(2):
        match_event(session, as_admin(admin), submission_id=wrong.id, **given)
        assert (steps(session, wrong), wrong.state) == ([True], "waiting")
        unmatch_event(session, as_admin(admin), event_id=event.id, now=NOW)
        session.refresh(wrong)
        assert (steps(session, wrong), wrong.state, wrong.declines) == ([False], "open", 0)
    with pytest.raises(NotAllowed):
        unmatch_event(session, as_advocate(make_person(session)), event_id=event.id, now=NOW)
    match_event(session, as_admin(admin), submission_id=right.id, **given)
    assert (steps(session, wrong), steps(session, right), right.state) == ([False], [True], "waiting")
    told = session.scalars(select(Notice.kind).where(Notice.person_id == wrong.person_id)).all()
    assert "event_taken_back" in told


def test_a_match_stays_where_its_answer_was_sent_or_approved_or_the_step_paid(session: Session) -> None:
    challenge, admin = make_webinar(session, ("event", 0), ("confirm", 0)), make_admin(session)
    sent = make_submission(session, make_person(session), challenge, now=NOW)
    event, (first, second) = hear(session, "private@elsewhere.example"), own_stages(session, sent)
    match_event(session, as_admin(admin), event_id=event.id, submission_id=sent.id, stage_id=first.id, now=NOW)
    values = {second.id: {"is_confirmed": True}}
    attempt = submit_attempt(session, as_advocate(session.get_one(Person, sent.person_id)), submission_id=sent.id, key="k", values=values, now=NOW)
    with pytest.raises(MatchDecided):
        unmatch_event(session, as_admin(admin), event_id=event.id, now=NOW)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=NOW)
    with pytest.raises(MatchDecided):
        unmatch_event(session, as_admin(admin), event_id=event.id, now=NOW)
    reverse_approval(session, as_admin(admin), submission_id=sent.id, reason="Not theirs", now=NOW)
    unmatch_event(session, as_admin(admin), event_id=event.id, now=NOW)
    assert steps(session, sent) == [False, False]
    paying = make_submission(session, make_person(session), make_webinar(session, ("event", 20), ("confirm", 0)), now=NOW)
    other = hear(session, "other@elsewhere.example", id="a-2")
    match_event(session, as_admin(admin), event_id=other.id, submission_id=paying.id, stage_id=own_stages(session, paying)[0].id, now=NOW)
    with pytest.raises(MatchPaid):
        unmatch_event(session, as_admin(admin), event_id=other.id, now=NOW)


def test_admins_see_events_by_state_and_match_one(sign_in: Any, database: Database, count_queries: Any) -> None:
    def scene(session: Session) -> Any:
        people, challenge = [make_person(session, name=name) for name in ("Zora Named", "Yuri Named", "Xenia")], make_webinar(session)
        submission = make_submission(session, people[0], challenge)
        for number in range(20):
            hear(session, f"stranger{number}@elsewhere.example", id=f"s-{number}", at=utcnow() - DAY, now=utcnow())
        hear(session, people[1], id="early", at=utcnow() - DAY, now=utcnow())
        admin = make_admin(session)
        token, _ = make_token(session, as_admin(admin), name="CRM bridge", key="k", now=utcnow())
        odd = Heard("odd", "webnar", utcnow() - DAY, email=people[0].email)
        hear_event(session, API, source="test", heard=odd, token_id=token.id, now=utcnow())
        return admin, people[0], submission

    admin, person, submission = database.write(scene)
    browser = sign_in(admin)
    with database.reading() as session:
        assert count_events(session, event_codes(session)) == {"matched": 0, "waiting": 1, "unmatched": 21}
        odd = session.scalars(select(OutsideEvent.id).where(OutsideEvent.given_id == "odd")).one()
        stage = own_stages(session, submission)[0]
    with count_queries() as few:
        waiting = browser.get("/admin/challenges/events?state=waiting")
    with count_queries() as many:
        unmatched = browser.get("/admin/challenges/events?state=unmatched")
    assert few.total == many.total
    assert (waiting.text.count("/events/"), unmatched.text.count("/events/")) == (1, 21)
    listed = browser.get("/admin/challenges/events?q=stranger7").text
    assert ("somebody who is not here" in listed, "stranger7@elsewhere" in listed) == (True, False), "a list shows no addresses"
    page = browser.get(f"/admin/challenges/events/{odd}")
    assert "Step event" in page.text
    assert "the API token “CRM bridge”" in page.text
    several = browser.get(f"/admin/challenges/events/{odd}?who=Named")
    assert "Whose is it?" in several.text
    assert "Step event" in browser.get(f"/admin/challenges/events/{odd}?person={person.id}").text
    assert "Step event" in browser.get(f"/admin/challenges/events/{odd}?who=Zora").text
    assert "Nobody here has this name" in browser.get(f"/admin/challenges/events/{odd}?who=Qqq").text
    data = {"submission_id": submission.id, "stage_id": stage.id}
    assert browser.post(f"/admin/challenges/events/{odd}/match", data=data).status_code == 303
    assert f"/admin/challenges/submissions/{submission.id}" in browser.get(f"/admin/challenges/events/{odd}").text
    again = browser.post(f"/admin/challenges/events/{odd}/match", data=data, follow_redirects=True)
    assert "has completed a step already" in again.text
    with database.reading() as session:
        strange = session.scalars(select(OutsideEvent.id).where(OutsideEvent.given_id == "s-7")).one()
    other = database.write(lambda s: make_submission(s, make_person(s, name="Walter Other"), s.get_one(Challenge, submission.challenge_id)))
    hand = {"submission_id": other.id, "stage_id": stage.id}
    assert browser.post(f"/admin/challenges/events/{strange}/match", data=hand).status_code == 303
    listed = browser.get("/admin/challenges/events?state=matched").text
    assert ("Walter Other" in listed, f"matched by {admin.name}" in listed) == (True, True)
    page = browser.get(f"/admin/challenges/events/{strange}").text
    assert ("stranger7@" in page, "saw the address" in browser.get("/admin/audit").text) == (False, False)
    assert "stranger7@elsewhere.example" in browser.post(f"/admin/challenges/events/{strange}/contact").text
    assert f"saw the address that came with outside event {strange}" in browser.get("/admin/audit").text
    assert sign_in(person).post(f"/admin/challenges/events/{strange}/contact").status_code == 403
    assert person.email not in browser.get(f"/admin/challenges/events/{odd}").text, "whose it is has a page, where a view is written down"
    assert (f"Matched by hand by {admin.name}." in page, "Take the match back" in page) == (True, True)
    back = browser.post(f"/admin/challenges/events/{strange}/unmatch", follow_redirects=True).text
    assert ("Taken back. The step is open again" in back, "Match it by hand" in back) == (True, True)
    elsewhere = browser.get(f"/admin/challenges/events/{odd}?who={person.email}")
    assert elsewhere.status_code == 200


def test_a_list_of_who_took_part_completes_steps_and_can_be_undone(database: Database) -> None:
    person, challenge, contact = database.write(lambda s: (make_person(s), make_webinar(s), make_contact(s)))
    database.write(lambda s: make_submission(s, person, challenge, now=NOW))
    lines = ["external_id,code,member_email,happened_at", f"1,Webinar,{person.email},2026-11-21", f"2,webinar,{contact.email},2026-11-21"]
    rows = "\n".join([*lines, "3,web inar,x@y.example,2026-11-21"])
    given = {"content": rows.encode(), "plan": Plan(), "source": "default", "now": NOW}
    prepared = runner.prepare(database, EventsImporter(), **given)
    facts = {"filename": "list.csv", "clock": lambda: NOW, "on_progress": lambda *_: None}
    batch_id, _ = runner.open_and_run(database, system("import"), prepared, **facts)
    with database.reading() as session:
        assert (count(session, OutsideEvent), count(session, EventUse), count(session, Attempt)) == (2, 1, 1)
        assert session.scalars(select(Notice).where(Notice.kind == "event_heard")).all() == []
    runner.open_and_run(database, system("import"), prepared, **facts)
    with database.reading() as session:
        assert count(session, OutsideEvent) == 2
    undone(database, EventsImporter(), batch_id)
    with database.reading() as session:
        dropped = session.scalars(select(OutsideEvent.dropped_at).order_by(OutsideEvent.given_id)).all()
    assert [moment is not None for moment in dropped] == [False, True]  # what has completed a step is in use


def test_an_event_whose_import_was_undone_completes_nothing_by_hand(database: Database, sign_in: Any) -> None:
    def given(session: Session) -> tuple[OutsideEvent, Person, Submission, Person]:
        person = make_person(session)
        event = hear(session, "private@elsewhere.example")
        assert drop_event(session, event_id=event.id, now=NOW)
        return event, person, make_submission(session, person, make_webinar(session), now=NOW), make_admin(session)

    event, person, submission, admin = database.write(given)
    with database.reading() as session:
        stage = own_stages(session, submission)[0]
    with pytest.raises(EventDropped):
        database.write(lambda s: match_event(s, as_admin(admin), event_id=event.id, submission_id=submission.id, stage_id=stage.id, now=NOW))
    page = sign_in(admin).get(f"/admin/challenges/events/{event.id}?who={person.email}").text
    assert ("it counts no more" in page, "Match it by hand" in page) == (True, False)
    with database.reading() as session:
        assert (steps(session, submission), count(session, EventUse)) == ([False], 0)


@pytest.mark.parametrize("is_matched_first", [True, False])
def test_of_a_match_by_hand_and_an_import_that_is_undone_at_once_the_second_is_told(database: Database, is_matched_first: bool) -> None:
    def scene(session: Session) -> tuple[Any, int, dict[str, int]]:
        event = hear(session, "stranger@elsewhere.example")
        submission = make_submission(session, make_person(session), make_webinar(session), now=NOW)
        place = {"submission_id": submission.id, "stage_id": own_stages(session, submission)[0].id}
        return as_admin(make_admin(session)), event.id, place

    admin, event_id, place = database.write(scene)

    def match(session: Session) -> str:
        match_event(session, admin, event_id=event_id, **place, now=NOW)
        return "matched"

    def drop(session: Session) -> bool:
        return drop_event(session, event_id=event_id, now=NOW)

    first, second = (match, drop) if is_matched_first else (drop, match)
    expected = ["matched", False] if is_matched_first else [True, "EventDropped"]
    assert one_during_another(database, first, lambda: database.write(second)) == expected
    with database.reading() as session:
        assert (session.get_one(OutsideEvent, event_id).dropped_at is None, count(session, EventUse)) == (is_matched_first, int(is_matched_first))


def test_a_test_run_takes_the_event_as_come(sign_in: Any, database: Database) -> None:
    admin, challenge = database.write(lambda s: (make_admin(s), make_webinar(s)))
    with database.reading() as session:
        stage = stages_of(session, challenge.id)[0]
    browser = sign_in(admin)
    begun = browser.get(f"/admin/challenges/{challenge.id}/test").text
    assert "As if it had happened" in begun
    carried = begun.split('name="carried" value="')[1].split('"')[0]
    tried = browser.post(f"/admin/challenges/{challenge.id}/test/{stage.id}", data={"carried": carried, "key": "k"})
    assert (tried.status_code, "A member could send this" in tried.text, "As if the event had come" in tried.text) == (200, True, True)
    with database.reading() as session:
        assert (count(session, EventUse), count(session, Submission)) == (0, 0)


def test_undoing_an_import_leaves_what_its_member_had_begun_with_its_event_and_its_pay(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session, ("event", 10), ("answer", 0))
    submission = make_submission(session, person, challenge, now=NOW)
    hear(session, person)
    importer = system("import")
    assert start_submission(session, importer, challenge_id=challenge.id, person_id=person.id, now=NOW, started_at=NOW).id == submission.id
    sent = submit_attempt(session, importer, submission_id=submission.id, key="row 1", now=NOW, submitted_at=NOW)
    undo_attempt(session, importer, attempt_id=sent.id, reason="Import undone", now=NOW)
    session.refresh(submission)
    assert (submission.state, submission.dropped_at, steps(session, submission)) == ("open", None, [True, False])
    assert session.scalars(select(EventUse.released_at)).all() == [None]
    assert (make_submission(session, person, challenge, now=NOW).id, balance_of(session, person.id).available) == (submission.id, 10)

"""Outside events: which step they complete, waiting for their member, paid and sent by themselves, matched by hand, raced."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.auto import approve_by_rule, make_rule, switch_rule
from portal.challenges.actions.editing import close_challenge, publish_challenge
from portal.challenges.actions.events import hear_event
from portal.challenges.actions.review import approve_attempt
from portal.challenges.actions.stages import add_stage
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.offering import Challenge
from portal.challenges.models.proof import LinkCheck
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.events import event_codes
from portal.challenges.queries.page import challenge_page
from portal.challenges.queries.stages import answers_of, own_stages
from portal.challenges.rules.auto import RuleTerms
from portal.challenges.stages.addresses import StepLinkInvalid
from portal.challenges.stages.event import CodeMissing, NotHeardYet
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.outside.actions import forget_strangers
from portal.outside.models import EventUse, OutsideEvent
from portal.outside.queries import count_events
from portal.outside.rules import EventDiffers, Heard, PersonNumberUnknown
from portal.people.models import Person
from tests.challenges.webinars import API, DAY, NOW, count, hear, make_webinar, steps
from tests.factories.challenges import as_admin, as_advocate, make_draft, make_submission
from tests.factories.people import make_admin, make_contact, make_person
from tests.rewards.racing import all_at_once

Kinds = tuple[tuple[str, int], ...]


def test_an_event_completes_the_step_of_its_member_and_pays_it_at_once(session: Session) -> None:
    person, other, challenge = make_person(session), make_person(session), make_webinar(session, ("event", 20), ("answer", 0))
    mine, theirs = make_submission(session, person, challenge, now=NOW), make_submission(session, other, challenge, now=NOW)
    event = hear(session, person, at=NOW - DAY)
    assert event.outcome == "matched"
    assert (steps(session, mine), steps(session, theirs)) == ([True, False], [False, False])
    assert (balance_of(session, person.id).available, balance_of(session, other.id).available) == (20, 0)
    answer = answers_of(session, mine.id)[own_stages(session, mine)[0].id]
    assert answer.value == {"event_id": event.id, "code": "webinar", "happened_at": (NOW - DAY).isoformat()}
    assert (mine.state, count(session, Attempt)) == ("open", 0)
    assert [notice.kind for notice in session.scalars(select(Notice).where(Notice.person_id == person.id))][-1] == "event_heard"


def test_an_event_by_the_number_of_a_person(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session)
    make_submission(session, person, challenge, now=NOW)
    assert hear_event(session, API, source="test", heard=Heard("a-1", "webinar", NOW, person_id=person.id), now=NOW).outcome == "matched"


def test_an_event_for_a_number_of_nobody_is_never_credited_to_who_gets_the_number_later(session: Session) -> None:
    number = make_person(session).id + 1
    heard = Heard("a-1", "webinar", NOW, person_id=number)
    with pytest.raises(PersonNumberUnknown):
        hear_event(session, API, source="test", heard=heard, now=NOW)
    person = make_person(session)
    assert person.id == number
    assert steps(session, make_submission(session, person, make_webinar(session), now=NOW)) == [False]
    assert count(session, OutsideEvent) == 0


def test_an_event_that_comes_early_waits_and_applies_at_the_start(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session, ("event", 20), ("answer", 0))
    assert hear(session, person, at=NOW - 10 * DAY, now=NOW - 9 * DAY).outcome == "waiting"
    assert count(session, EventUse) == 0
    assert steps(session, make_submission(session, person, challenge, now=NOW)) == [True, False]
    assert balance_of(session, person.id).available == 20


def test_an_early_event_of_a_later_step_waits_until_that_step_is_open_and_leaves_the_sending_to_the_member(session: Session) -> None:
    """Steps are open in any order, so a step is reached when the challenge is begun, whatever stands before it; nothing is sent until all is done."""
    person, challenge = make_person(session), make_webinar(session, ("confirm", 0), ("event", 20))
    event = hear(session, person, at=NOW - 2 * DAY, now=NOW - DAY)
    assert (event.outcome, count(session, EventUse), balance_of(session, person.id).available) == ("waiting", 0, 0)
    other = make_submission(session, make_person(session), challenge, now=NOW)
    submission = make_submission(session, person, challenge, now=NOW)
    assert (steps(session, submission), steps(session, other)) == ([False, True], [False, False])
    assert (balance_of(session, person.id).available, submission.state, count(session, Attempt)) == (20, "open", 0)
    box = own_stages(session, submission)[0]
    with pytest.raises(Refusal):
        submit_attempt(session, as_advocate(person), submission_id=submission.id, key="early", now=NOW)
    save_answers(session, as_advocate(person), submission_id=submission.id, values={box.id: {"is_confirmed": True}}, now=NOW)
    assert submission.state == "open"
    page = challenge_page(session, person.id, challenge.id, NOW)
    assert (page.is_sent_by_itself, page.is_sent_by_hand) == (True, True), "the page says that the member sends"
    sent = submit_attempt(session, as_advocate(person), submission_id=submission.id, key="k", now=NOW)
    assert (sent.state, submission.state, count(session, EventUse)) == ("waiting", "waiting", 1)
    approve_attempt(session, as_admin(make_admin(session)), attempt_id=sent.id, now=NOW)
    assert balance_of(session, person.id).available == 100


def test_until_the_first_step_is_done_the_page_promises_no_sending_by_itself_once_the_event_has_come(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session, ("confirm", 0), ("event", 20))
    make_submission(session, person, challenge, now=NOW)
    assert not challenge_page(session, person.id, challenge.id, NOW).is_sent_by_hand
    hear(session, person)
    assert challenge_page(session, person.id, challenge.id, NOW).is_sent_by_hand


def test_an_event_of_somebody_unknown_waits_until_they_are_here(session: Session) -> None:
    challenge = make_webinar(session)
    assert hear(session, "New@customer.example").outcome == "unmatched"
    person = make_person(session, email="new@customer.example")
    assert steps(session, make_submission(session, person, challenge, now=NOW)) == [True]


@pytest.mark.parametrize(
    ("options", "at", "is_heard"),
    [
        ({}, NOW - 30 * DAY, True),
        ({}, NOW - 30 * DAY - timedelta(minutes=1), False),
        ({"days_before": 0}, NOW - timedelta(minutes=1), False),
        ({"days_before": 90}, NOW - 89 * DAY, True),
    ],
)
def test_how_long_before_the_start_an_event_counts(session: Session, options: dict[str, Any], at: datetime, is_heard: bool) -> None:
    person, challenge = make_person(session), make_webinar(session, options=options)
    hear(session, person, at=at)
    assert steps(session, make_submission(session, person, challenge, now=NOW)) == [is_heard]


@pytest.mark.parametrize(("at", "is_heard"), [(datetime(2026, 11, 24, 22, 59, tzinfo=UTC), True), (datetime(2026, 11, 24, 23, 0, tzinfo=UTC), False)])
def test_what_happened_before_the_closing_day_was_over_counts_whenever_it_is_told(session: Session, at: datetime, is_heard: bool) -> None:
    """The list of who took part often comes the next day. Midnight is that of the programme, in Berlin."""
    person, challenge = make_person(session), make_webinar(session, ("event", 20), ("confirm", 0), closes_on=date(2026, 11, 24))
    submission = make_submission(session, person, challenge, now=NOW)
    box = own_stages(session, submission)[1]
    save_answers(session, as_advocate(person), submission_id=submission.id, values={box.id: {"is_confirmed": True}}, now=NOW)
    assert hear(session, person, at=at, now=NOW + 5 * DAY).outcome == ("matched" if is_heard else "waiting")
    # The member can send no more, so what is whole goes by itself, though the event was not the last step.
    assert (steps(session, submission), submission.state) == ([is_heard, False], "waiting" if is_heard else "open")


def test_what_was_closed_by_hand_is_completed_by_nothing(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session)
    submission = make_submission(session, person, challenge, now=NOW)
    close_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    hear(session, person)
    assert steps(session, submission) == [False]


def test_the_last_step_sends_by_itself_and_waits_for_a_person(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session)
    submission = make_submission(session, person, challenge, now=NOW)
    hear(session, person)
    attempt = session.scalars(select(Attempt)).one()
    assert (attempt.state, attempt.points, submission.state, balance_of(session, person.id).available) == ("waiting", 100, "waiting", 0)
    assert attempt.answers[0]["value"]["code"] == "webinar"


def test_a_rule_may_approve_what_an_event_sent(session: Session) -> None:
    person, admin, challenge = make_person(session), as_admin(make_admin(session)), make_webinar(session)
    make_submission(session, person, challenge, now=NOW)
    hear(session, person)
    rule = make_rule(session, admin, terms=RuleTerms("Webinars", 100, kinds=("event",), approvals=0), now=NOW)
    switch_rule(session, admin, rule_id=rule.id, is_on=True, now=NOW)
    assert approve_by_rule(session, rule_id=rule.id, attempt_id=session.scalars(select(Attempt.id)).one(), now=NOW + DAY) is not None
    assert balance_of(session, person.id).available == 100


@pytest.mark.parametrize(("kinds", "state"), [((("confirm", 0), ("event", 0)), "waiting"), ((("event", 0), ("confirm", 0)), "open")])
def test_with_everything_else_done_only_the_last_step_sends(session: Session, kinds: Kinds, state: str) -> None:
    person, challenge = make_person(session), make_webinar(session, *kinds)
    submission = make_submission(session, person, challenge, now=NOW)
    box = next(stage for stage in own_stages(session, submission) if stage.kind == "confirm")
    save_answers(session, as_advocate(person), submission_id=submission.id, values={box.id: {"is_confirmed": True}}, now=NOW)
    hear(session, person)
    assert submission.state == state


def test_nobody_sends_before_the_event_has_come(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session)
    submission = make_submission(session, person, challenge, now=NOW)
    with pytest.raises(NotHeardYet):
        submit_attempt(session, as_advocate(person), submission_id=submission.id, key="k", now=NOW)


def test_the_same_event_again_is_one_effect_and_the_same_answer(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session, ("event", 20), ("answer", 0))
    first = hear(session, person)
    make_submission(session, person, challenge, now=NOW)
    again = hear(session, person, now=NOW + DAY)
    assert (again.id, again.outcome, again.received_at) == (first.id, "waiting", NOW)
    assert (count(session, OutsideEvent), count(session, EventUse), balance_of(session, person.id).available) == (1, 1, 20)
    with pytest.raises(EventDiffers):
        hear(session, person, code="another")


def test_two_events_complete_two_steps_and_each_only_one(session: Session) -> None:
    person, first, second = make_person(session), make_webinar(session), make_webinar(session)
    older = make_submission(session, person, first, now=NOW)
    newer = make_submission(session, person, second, now=NOW)
    hear(session, person)
    assert (steps(session, older), steps(session, newer)) == ([True], [False])
    hear(session, person, id="a-2")
    assert steps(session, newer) == [True]
    assert hear(session, person, id="a-3").outcome == "waiting"


def test_a_withdrawal_frees_the_event_for_the_next_try(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session, ("event", 20), ("answer", 0))
    submission = make_submission(session, person, challenge, now=NOW)
    hear(session, person)
    withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=NOW)
    assert balance_of(session, person.id).available == 0
    assert steps(session, make_submission(session, person, challenge, now=NOW + DAY)) == [True, False]
    assert balance_of(session, person.id).available == 20


def test_events_stay_as_they_came_but_an_address_can_be_forgotten(session: Session) -> None:
    event = hear(session, "gone@customer.example")
    session.execute(text("UPDATE outside_event SET email = NULL, data = '{}'"))
    for statement in ("UPDATE outside_event SET code = 'x'", "DELETE FROM outside_event"):
        with pytest.raises(DatabaseError), session.begin_nested():
            session.execute(text(statement))
    assert session.get_one(OutsideEvent, event.id).code == "webinar"


def test_strangers_are_forgotten_after_a_year_and_nobody_else(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session)
    for number, email in enumerate((str(person.email), "stranger@elsewhere.example", "later@customer.example")):
        hear(session, email, id=f"a-{number}")
    make_contact(session, email="later@customer.example")
    assert forget_strangers(session, now=NOW + 364 * DAY) == 0
    assert forget_strangers(session, now=NOW + 365 * DAY) == 1
    left = session.scalars(select(OutsideEvent.email_key).order_by(OutsideEvent.id)).all()
    assert left == [person.email_key, None, "later@customer.example"]
    assert count_events(session, event_codes(session)) == {"matched": 0, "waiting": 2, "unmatched": 1}
    assert steps(session, make_submission(session, person, challenge, now=NOW)) == [True]


def test_eight_events_with_one_id_and_eight_starts_at_once_are_one_effect(database: Database) -> None:
    person, challenge = database.write(lambda s: (make_person(s), make_webinar(s, ("event", 20), ("answer", 0))))

    def begin(session: Session) -> None:
        start_submission(session, as_advocate(person), challenge_id=challenge.id, person_id=person.id, now=NOW)

    assert all_at_once(database, [lambda s: hear(s, person), begin] * 8) == Counter({"done": 16})
    with database.reading() as session:
        submission = session.scalars(select(Submission)).one()
        assert steps(session, submission) == [True, False]
        assert (count(session, OutsideEvent), count(session, EventUse), balance_of(session, person.id).available) == (1, 1, 20)


def test_one_event_and_eight_challenges_begun_at_once_complete_one(database: Database) -> None:
    person, challenges = database.write(lambda s: (make_person(s), [make_webinar(s, ("event", 20), ("answer", 0)) for _ in range(8)]))
    database.write(lambda s: hear(s, person))

    def begin(challenge: Challenge) -> Any:
        return lambda s: start_submission(s, as_advocate(person), challenge_id=challenge.id, person_id=person.id, now=NOW)

    assert all_at_once(database, [begin(challenge) for challenge in challenges]) == Counter({"done": 8})
    with database.reading() as session:
        assert (count(session, Submission), count(session, EventUse), balance_of(session, person.id).available) == (8, 1, 20)


def test_events_clicks_that_pay_at_once_and_starts_of_one_person_never_stop_each_other(database: Database) -> None:
    """No unit of work is run again: whoever waits for the person's turn holds nothing that a payment needs."""

    def given(session: Session) -> tuple[Person, Challenge, Submission, list[int]]:
        person, many, second = make_person(session), make_draft(session, stages=(), points=100), make_webinar(session, ("event", 10), ("answer", 0))
        for kind in ("confirm", "event", "answer"):
            for number in range(3):
                options = {"code": f"talk-{number}"} if kind == "event" else {}
                points = 0 if kind == "answer" else 10
                add_stage(session, system("test"), challenge_id=many.id, kind=kind, title=f"{kind} {number}", points=points, options=options, now=NOW)
        publish_challenge(session, system("test"), challenge_id=many.id, now=NOW)
        hear(session, person, id="early")
        submission = make_submission(session, person, many, now=NOW)
        return person, second, submission, [stage.id for stage in own_stages(session, submission) if stage.kind == "confirm"]

    person, second, submission, boxes = database.write(given)

    def tick(box: int) -> Any:
        values = {box: {"is_confirmed": True}}
        return lambda s: save_answers(s, as_advocate(person), submission_id=submission.id, values=values, now=NOW)

    def arrive(number: int) -> Any:
        return lambda s: hear(s, person, id=f"talk-{number}", code=f"talk-{number}")

    def begin(session: Session) -> None:
        start_submission(session, as_advocate(person), challenge_id=second.id, person_id=person.id, now=NOW)

    works = [*map(tick, boxes), *map(arrive, range(3)), begin, begin]
    assert all_at_once(database, works, tries=1) == Counter({"done": 8})
    with database.reading() as session:
        assert steps(session, submission) == [False] * 3 + [True] * 3 + [False] * 3
        assert (balance_of(session, person.id).available, count(session, EventUse)) == (70, 4)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [({}, CodeMissing), ({"code": "two words"}, CodeMissing), ({"code": "ok", "link": "nowhere"}, StepLinkInvalid), ({"code": "OK.1"}, None)],
)
def test_a_step_needs_a_code_that_can_be_sent(session: Session, options: dict[str, Any], refusal: type[Refusal] | None) -> None:
    made = make_draft(session, stages=())
    given = {"challenge_id": made.id, "kind": "event", "title": "Take part", "options": options, "now": NOW}
    if refusal is None:
        add_stage(session, system("test"), **given)
        return
    with pytest.raises(refusal):
        add_stage(session, system("test"), **given)


def test_a_link_is_looked_at_when_an_event_sends_the_answer(session: Session) -> None:
    person, challenge = make_person(session), make_webinar(session, ("link", 0), ("event", 0))
    submission = make_submission(session, person, challenge, now=NOW)
    values = {own_stages(session, submission)[0].id: {"url": "https://reviews.example/1"}}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=NOW)
    hear(session, person)
    assert session.get_one(Submission, submission.id).state == "waiting"
    assert session.scalars(select(LinkCheck.url)).all() == ["https://reviews.example/1"]

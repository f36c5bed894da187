"""Periods of members, places for the first so many, and what comes first, through the actions."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt, withdraw_submission
from portal.challenges.actions.editing import duplicate_challenge, edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.prerequisites import add_prerequisite, remove_prerequisite
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt, reverse_approval
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.queries.catalogue import Wanted, list_challenges
from portal.challenges.queries.page import challenge_page
from portal.challenges.queries.prerequisites import prerequisites_of
from portal.challenges.queries.versions import current_version
from portal.challenges.rules import refusals
from portal.challenges.rules.prerequisites import leads_back
from portal.challenges.rules.standing import Standing
from portal.challenges.rules.states import Period
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.people.models import Person
from tests.challenges.test_races import at_once
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KIRITIMATI, PAGO_PAGO = "Pacific/Kiritimati", "Pacific/Pago_Pago"


def move(session: Session, person: Person, zone: str) -> None:
    person.time_zone = zone
    session.flush()


def standing_of(session: Session, person: Person, challenge: Challenge, now: datetime = NOW) -> Standing:
    """Where a person stands, which the list and the page have to say alike."""
    page = challenge_page(session, person.id, challenge.id, now)
    listed = {row.Challenge.id: row.standing for row in list_challenges(session, person.id, Wanted(), now, after=None)}
    assert listed[challenge.id] == page.standing.value
    return page.standing


def test_the_day_begins_and_ends_where_the_member_is(session: Session) -> None:
    challenge = make_challenge(session, period=Period.DAY)
    for zone, key, hour in ((KIRITIMATI, "2026-11-23", 10), (PAGO_PAGO, "2026-11-22", 11)):
        made = make_submission(session, make_person(session, time_zone=zone), challenge, now=NOW)
        assert (made.period_key, made.zone, made.period_ends_at) == (key, zone, datetime(2026, 11, 23, hour, tzinfo=UTC))


def test_moving_zones_wins_no_slot_and_the_refusal_says_when(session: Session) -> None:
    person, challenge = make_person(session, time_zone=PAGO_PAGO), make_challenge(session, period=Period.DAY)
    make_attempt(session, person, challenge, now=NOW)
    move(session, person, KIRITIMATI)
    assert standing_of(session, person, challenge) is Standing.WAITING
    with pytest.raises(refusals.AllTimesUsed) as caught:
        make_submission(session, person, challenge, now=NOW)
    later = datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert caught.value.facts == {"day": date(2026, 11, 24)}
    make_attempt(session, person, challenge, now=later)
    move(session, person, PAGO_PAGO)
    with pytest.raises(refusals.AllTimesUsed):
        make_submission(session, person, challenge, now=later + timedelta(hours=1))
    assert challenge_page(session, person.id, challenge.id, later).again_on == date(2026, 11, 25)


def limited(session: Session, places: int, **fields: object) -> Challenge:
    return make_challenge(session, total_limit=places, **fields)


def taken(session: Session, challenge: Challenge) -> int:
    held = len(session.scalars(select(Submission.id).where(Submission.challenge_id == challenge.id, Submission.has_place)).all())
    assert session.scalar(select(Challenge.taken).where(Challenge.id == challenge.id)) == held
    return held


def test_the_first_two_have_a_place_and_the_third_reads_why_not(session: Session) -> None:
    challenge, third = limited(session, 2), make_person(session)
    for _ in range(2):
        make_submission(session, make_person(session), challenge, now=NOW)
    with pytest.raises(refusals.AllPlacesTaken) as caught, session.begin_nested():
        make_submission(session, third, challenge, now=NOW)
    assert caught.value.facts == {"limit": 2}
    assert taken(session, challenge) == 2
    session.refresh(challenge)
    assert standing_of(session, third, challenge) is Standing.SHUT
    page = challenge_page(session, third.id, challenge.id, NOW)
    assert isinstance(page.closed_because, refusals.AllPlacesTaken)


def test_a_place_is_freed_by_a_withdrawal_and_by_the_last_decline_and_by_nothing_else(session: Session) -> None:
    admin, challenge = as_admin(make_admin(session)), limited(session, 5, max_attempts=2)
    person, other = make_person(session), make_person(session)
    withdrawn = make_submission(session, other, challenge, now=NOW)
    attempt = make_attempt(session, person, challenge, now=NOW)
    assert taken(session, challenge) == 2
    withdraw_submission(session, as_advocate(other), submission_id=withdrawn.id, now=NOW)
    assert taken(session, challenge) == 1
    ask_for_more(session, admin, attempt_id=attempt.id, reason="More", now=NOW)
    second = submit_attempt(session, as_advocate(person), submission_id=attempt.submission_id, key="2", now=NOW)
    decline_attempt(session, admin, attempt_id=second.id, reason="No", now=NOW)
    assert taken(session, challenge) == 1
    third = submit_attempt(session, as_advocate(person), submission_id=attempt.submission_id, key="3", now=NOW)
    approve_attempt(session, admin, attempt_id=third.id, now=NOW)
    reverse_approval(session, admin, submission_id=attempt.submission_id, reason="Wrong", now=NOW)
    assert taken(session, challenge) == 1
    fourth = submit_attempt(session, as_advocate(person), submission_id=attempt.submission_id, key="4", now=NOW)
    decline_attempt(session, admin, attempt_id=fourth.id, reason="No", now=NOW)
    assert taken(session, challenge) == 0


def test_a_limit_that_is_published_later_counts_those_who_have_begun(session: Session) -> None:
    admin, challenge = as_admin(make_admin(session)), make_challenge(session, max_attempts=1)
    attempts = [make_attempt(session, make_person(session), challenge, now=NOW) for _ in range(3)]
    decline_attempt(session, admin, attempt_id=attempts[0].id, reason="No", now=NOW)
    offer = replace(offer_of(current_version(session, challenge)), total_limit=2)
    edit_challenge(session, admin, challenge_id=challenge.id, offer=offer, now=NOW)
    publish_challenge(session, admin, challenge_id=challenge.id, now=NOW)
    assert taken(session, challenge) == 2
    with pytest.raises(refusals.AllPlacesTaken), session.begin_nested():
        make_submission(session, make_person(session), challenge, now=NOW)


def test_an_import_is_counted_and_never_refused(session: Session) -> None:
    challenge, person = limited(session, 1), make_person(session)
    make_submission(session, make_person(session), challenge, now=NOW)
    start_submission(session, system("import"), challenge_id=challenge.id, person_id=person.id, now=NOW, started_at=NOW - timedelta(days=9))
    assert taken(session, challenge) == 2


def test_thirty_two_who_start_and_send_at_once_get_exactly_the_places_there_are(database: Database) -> None:
    challenge, people = database.write(lambda s: (limited(s, 5), [make_person(s) for _ in range(32)]))

    def start_and_send(session: Session, person: Person) -> str:
        submission = make_submission(session, person, challenge, now=NOW)
        fill(session, person, submission, now=NOW)
        return submit_attempt(session, as_advocate(person), submission_id=submission.id, key="one", now=NOW).state

    results = at_once(database, [lambda s, p=person: start_and_send(s, p) for person in people])
    assert sorted(set(results)) == ["AllPlacesTaken", "waiting"]
    assert results.count("waiting") == 5
    with database.reading() as session:
        assert taken(session, challenge) == 5


def test_thirty_two_who_withdraw_and_start_at_once_leave_no_place_lost_or_doubled(database: Database) -> None:
    def given(session: Session) -> tuple[Challenge, list[tuple[Person, int]], list[Person]]:
        challenge, holders = limited(session, 16), [make_person(session) for _ in range(16)]
        held = [(person, make_submission(session, person, challenge, now=NOW).id) for person in holders]
        return challenge, held, [make_person(session) for _ in range(16)]

    challenge, holders, others = database.write(given)

    def leave(session: Session, person: Person, submission_id: int) -> str:
        withdraw_submission(session, as_advocate(person), submission_id=submission_id, now=NOW)
        return "left"

    def come(session: Session, person: Person) -> str:
        make_submission(session, person, challenge, now=NOW)
        return "came"

    leaving = [lambda s, p=person, i=submission_id: leave(s, p, i) for person, submission_id in holders]
    results = at_once(database, [*leaving, *(lambda s, p=person: come(s, p) for person in others)])
    assert results.count("left") == 16
    assert set(results) <= {"left", "came", "AllPlacesTaken"}
    with database.reading() as session:
        assert taken(session, challenge) == results.count("came")


def done(session: Session, person: Person, challenge: Challenge) -> int:
    attempt = make_attempt(session, person, challenge, now=NOW)
    approve_attempt(session, as_admin(make_admin(session)), attempt_id=attempt.id, now=NOW)
    return attempt.submission_id


def after(session: Session, *needed: Challenge, **fields: object) -> Challenge:
    made = make_draft(session, **fields)
    for other in needed:
        add_prerequisite(session, system("test"), challenge_id=made.id, requires_id=other.id, now=NOW)
    return publish_challenge(session, system("test"), challenge_id=made.id, now=NOW)


def test_what_comes_first_is_refused_by_name_and_shown(session: Session) -> None:
    person, first, second = make_person(session), make_challenge(session, title="Welcome"), make_challenge(session, title="Zebra")
    third = after(session, first, second)
    assert standing_of(session, person, third) is Standing.SHUT
    assert [row.title for row in challenge_page(session, person.id, third.id, NOW).missing] == ["Welcome", "Zebra"]
    with pytest.raises(refusals.PrerequisiteMissing) as caught:
        make_submission(session, person, third, now=NOW)
    assert caught.value.facts == {"title": "Welcome"}
    submission_id = done(session, person, first)
    done(session, person, second)
    assert standing_of(session, person, third) is Standing.OPEN
    begun = make_submission(session, person, third, now=NOW)
    reverse_approval(session, system("test"), submission_id=submission_id, reason="Wrong", now=NOW)
    assert make_submission(session, person, third, now=NOW).id == begun.id


def test_a_prerequisite_belongs_to_the_version_and_goes_along_with_a_copy(session: Session) -> None:
    admin, first = as_admin(make_admin(session)), make_challenge(session)
    second = after(session, first)
    remove_prerequisite(session, admin, challenge_id=second.id, requires_id=first.id, now=NOW)
    with pytest.raises(refusals.PrerequisiteMissing):
        make_submission(session, make_person(session), second, now=NOW)
    assert [row.id for row in prerequisites_of(session, second.id, 1)] == [first.id]
    copy = duplicate_challenge(session, admin, challenge_id=after(session, first).id, title="Copy", now=NOW)
    assert [row.id for row in prerequisites_of(session, copy.id, 1)] == [first.id]
    publish_challenge(session, admin, challenge_id=second.id, now=NOW)
    assert make_submission(session, make_person(session), second, now=NOW).version == 2


def test_nothing_waits_for_itself_by_whatever_way(session: Session) -> None:
    admin = as_admin(make_admin(session))
    first = make_challenge(session)
    second = after(session, first)
    third = after(session, second)
    for needs in (first, second, third):
        with pytest.raises(refusals.PrerequisiteCircle):
            add_prerequisite(session, admin, challenge_id=first.id, requires_id=needs.id, now=NOW)
    with pytest.raises(NotFound):
        add_prerequisite(session, admin, challenge_id=first.id, requires_id=999, now=NOW)


@pytest.mark.parametrize(
    ("needs", "back"),
    [({}, False), ({2: [1]}, True), ({2: [3], 3: [1]}, True), ({2: [3], 3: [2]}, False), ({2: [3, 4], 4: [5]}, False)],
)
def test_what_leads_back(needs: dict[int, list[int]], back: bool) -> None:
    assert leads_back(1, 2, needs) is back
    assert leads_back(1, 1, needs)

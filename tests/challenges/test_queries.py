"""Reads that other rooms and pages stand on: the queue's attempts, a person's record, review time, standing in SQL."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import withdraw_submission
from portal.challenges.actions.appealing import appeal
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.catalogue import Wanted, list_challenges, usual_review_time
from portal.challenges.queries.review import attempt_for_review, count_waiting, oldest_waiting, page_of_waiting, waiting_attempts
from portal.challenges.queries.standing import tally_for
from portal.challenges.rules.standing import standing
from portal.challenges.rules.states import Period
from portal.kernel.actor import system
from portal.kernel.errors import NotAllowed, NotFound
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge, make_submission
from tests.factories.people import make_admin, make_company, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_waiting_attempts_come_oldest_first_with_what_the_queue_shows(session: Session) -> None:
    company = make_company(session, name="Northwind")
    person = make_person(session, name="Ana Oliveira", company_id=company.id)
    later = make_attempt(session, person, make_challenge(session, title="Vote", points=60), now=NOW)
    first = make_attempt(session, make_person(session), make_challenge(session, title="Review"), now=NOW - timedelta(hours=3))
    page = page_of_waiting(session, waiting_attempts(), after=None)
    assert [row.id for row in page] == [first.id, later.id]
    row = page.rows[1]
    assert (row.kind, row.waiting_since, row.person, row.company, row.title, row.track, row.points) == (
        "attempt",
        NOW,
        "Ana Oliveira",
        "Northwind",
        "Vote",
        "endorse",
        60,
    )
    assert (count_waiting(session), oldest_waiting(session)) == (2, NOW - timedelta(hours=3))


def test_waiting_attempts_filter_and_leave_out_ones_own_and_withdrawn_ones(session: Session) -> None:
    admin = make_person(session, roles={"advocate", "admin"})
    challenge = make_challenge(session, title="Vote", track="engage")
    own = make_attempt(session, admin, challenge)
    other = make_attempt(session, make_person(session, name="Bea"), challenge)
    gone = make_person(session)
    withdraw_submission(session, as_advocate(gone), submission_id=make_attempt(session, gone, challenge).submission_id, now=NOW)

    def ids(**wanted: object) -> set[int]:
        return {row.id for row in session.execute(waiting_attempts(**wanted))}  # type: ignore[arg-type]

    assert ids() == {own.id, other.id}
    assert ids(actor=as_admin(admin)) == {other.id}
    assert ids(q="vote bea") == {other.id}
    assert ids(track="earn") == set()
    assert ids(challenge_id=challenge.id) == {own.id, other.id}


def test_a_review_holds_the_attempt_the_earlier_ones_and_the_persons_record(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session, name="Mara"), make_challenge(session)
    done = make_attempt(session, person, make_challenge(session, points=70))
    approve_attempt(session, as_admin(admin), attempt_id=done.id, now=NOW)
    first = make_attempt(session, person, challenge)
    ask_for_more(session, as_admin(admin), attempt_id=first.id, reason="Which team?", now=NOW)
    second = make_attempt(session, person, challenge)
    review = attempt_for_review(session, as_admin(admin), second.id)
    assert [attempt.id for attempt in review.attempts] == [second.id, first.id]
    assert [verdict.reason for verdict in review.verdicts] == ["Which team?"]
    assert review.deciders == {admin.id: "Mara"}
    assert (review.record.approved, review.record.waiting, review.record.paid) == (1, 1, 70)
    assert review.is_waiting


def test_only_admins_review(session: Session) -> None:
    person = make_person(session)
    attempt = make_attempt(session, person, make_challenge(session))
    with pytest.raises(NotAllowed):
        attempt_for_review(session, as_advocate(person), attempt.id)
    with pytest.raises(NotFound):
        attempt_for_review(session, system("test"), 999)


def test_the_usual_review_time_is_the_median_of_what_people_decided_lately(session: Session) -> None:
    assert usual_review_time(session, NOW) is None
    admin = make_admin(session)
    for hours in (1, 4, 100):
        attempt = make_attempt(session, make_person(session), make_challenge(session), now=NOW - timedelta(hours=hours))
        decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="No", now=NOW)
    imported = make_attempt(session, make_person(session), make_challenge(session), now=NOW - timedelta(hours=2))
    approve_attempt(session, system("import"), attempt_id=imported.id, now=NOW, decided_at=NOW - timedelta(hours=2))
    assert usual_review_time(session, NOW) == timedelta(hours=4)
    assert usual_review_time(session, NOW + timedelta(days=31)) is None


STATES = ("", "open", "waiting", "approved", "declined")


def test_standing_in_sql_and_in_the_rules_are_one(session: Session) -> None:
    """Every mix of a few submissions in this week and last, decided both ways."""
    person, admin = make_person(session), make_admin(session)
    last_week = NOW - timedelta(days=7)
    mixes = [(before, this, each, 1) for before in STATES for this in STATES for each in (1, 2)]
    mixes += [("", "appealed", 1, tries) for tries in (1, 2)] + [("appealed", "", 1, tries) for tries in (1, 2)]
    for before, this, per_period, tries in mixes:
        facts = {"period": Period.WEEK, "per_period": per_period, "max_attempts": tries}
        challenge = make_challenge(session, **facts, title=f"{before}-{this}-{per_period}-{tries}")
        for state, moment in ((before, last_week), (this, NOW)):
            _bring(session, person, admin, challenge, state, moment)
    found = {}
    after = None
    while True:
        page = list_challenges(session, person.id, Wanted(), NOW, after=after)
        found |= {row.Challenge.id: row.standing for row in page}
        after = page.next
        if after is None:
            break
    challenges = session.scalars(select(Challenge)).all()
    expected = {c.id: standing(tally_for(session, person.id, c.id, NOW), c.per_period).value for c in challenges}
    assert found == expected
    assert set(expected.values()) == {"open", "under_way", "waiting", "done"}
    titles = {c.id: c.title for c in challenges}
    appealed = {titles[at]: how for at, how in found.items() if "appealed" in titles[at]}
    # With a try left it could only be gone on with; without one, what is free is begun beside it.
    assert appealed == {"-appealed-1-1": "waiting", "-appealed-1-2": "waiting", "appealed--1-1": "open", "appealed--1-2": "waiting"}


def _bring(session: Session, person: object, admin: object, challenge: Challenge, state: str, moment: datetime) -> None:
    if not state:
        return
    if state == "open":
        make_submission(session, person, challenge, now=moment)  # type: ignore[arg-type]
        return
    attempt = make_attempt(session, person, challenge, now=moment)  # type: ignore[arg-type]
    if state == "approved":
        approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=moment)  # type: ignore[arg-type]
    if state in ("declined", "appealed"):
        decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="No", now=moment)  # type: ignore[arg-type]
    if state == "appealed":
        appeal(session, as_advocate(person), submission_id=attempt.submission_id, now=moment)  # type: ignore[arg-type]

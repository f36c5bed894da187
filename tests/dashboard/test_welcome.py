"""The welcome of new members: quick wins as rows tell them, for how long, put away and brought back."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.challenges.actions.dismissing import dismiss_challenge
from portal.challenges.actions.welcome import offer_first
from portal.dashboard.rules import QuickWin, Win, quick_wins
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.interests import set_interests
from portal.people.actions.profile import edit_profile
from portal.people.rules.interest import Interest, Wish
from portal.people.rules.welcome import WELCOME_FOR, is_new
from tests.challenges.test_welcome import paying
from tests.factories.challenges import as_advocate, fill, make_challenge, make_submission
from tests.factories.people import make_employee, make_person
from tests.support.application import SignIn
from tests.support.counting import CountQueries

NOW = utcnow()
AGO = NOW - timedelta(days=1)
PUT_AWAY, BACK = "Put this away", "Bring the welcome back"


def welcome(page: str) -> str:
    """Return the text of the welcome on a home, or nothing."""
    found = re.search(r'<section[^>]* id="welcome".*?</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found.group()).split()) if found else ""


@pytest.mark.parametrize(
    ("joined_at", "roles", "new"),
    [
        (NOW, {"advocate"}, True),
        (NOW - WELCOME_FOR + timedelta(seconds=1), {"advocate"}, True),
        (NOW - WELCOME_FOR, {"advocate"}, False),
        (None, {"advocate"}, False),
        (AGO, {"employee"}, False),
        (AGO, {"advocate", "employee"}, False),
        (AGO, {"advocate", "admin"}, False),
    ],
)
def test_who_is_new(joined_at: Any, roles: set[str], new: bool) -> None:
    assert is_new(joined_at, roles, NOW) is new


@pytest.mark.parametrize(
    ("challenge", "facts", "wins"),
    [
        (False, {}, [(Win.CHALLENGE, False), (Win.INTERESTS, False), (Win.PROFILE, False)]),
        (True, {"has_wishes": True, "has_profile": True}, [(Win.CHALLENGE, True), (Win.INTERESTS, True), (Win.PROFILE, True)]),
        (False, {"has_points": True}, [(Win.CHALLENGE, False), (Win.INTERESTS, False), (Win.PROFILE, False)]),
        (None, {"has_open": True}, [(Win.FIRST_POINTS, False), (Win.INTERESTS, False), (Win.PROFILE, False)]),
        (None, {"has_points": True}, [(Win.FIRST_POINTS, True), (Win.INTERESTS, False), (Win.PROFILE, False)]),
        (None, {}, [(Win.INTERESTS, False), (Win.PROFILE, False)]),
    ],
)
def test_which_wins_there_are_and_which_are_done(challenge: bool | None, facts: dict[str, bool], wins: list[tuple[Win, bool]]) -> None:
    nothing = {"has_points": False, "has_open": False, "has_wishes": False, "has_profile": False}
    assert quick_wins(challenge, **{**nothing, **facts}) == tuple(QuickWin(*win) for win in wins)


def given(session: Session) -> tuple[Any, Any]:
    """Make a new member, and the challenge they are offered first."""
    challenge = paying(session, title="Say hello", points=10)
    offer_first(session, system("test"), challenge_id=challenge.id, now=utcnow())
    return make_person(session, name="Amara Okafor"), challenge


def test_from_nothing_done_to_all_done_and_put_away_and_back(database: Database, sign_in: SignIn) -> None:
    person, challenge = database.write(given)
    client = sign_in(person)
    told = welcome(client.get("/").text)
    assert "3 quick wins to begin with." in told
    assert "0 of 3 done" in told
    assert "Say hello 10 points at once. About 10 minutes. Begin" in told
    submission = database.write(lambda s: make_submission(s, person, challenge))
    assert "Go on : Say hello" in welcome(client.get("/").text)
    database.write(lambda s: fill(s, person, submission))
    told = welcome(client.get("/").text)
    assert "1 of 3 done" in told
    assert "Your first points are on your account." in told
    database.write(lambda s: set_interests(s, as_advocate(person), person_id=person.id, wishes={Interest.CALLS: Wish.LIKES}, now=utcnow()))
    assert "2 of 3 done" in welcome(client.get("/").text)
    client.post("/profile", data={"name": person.name, "title": "", "language": "", "time_zone": ""})
    told = welcome(client.get("/").text)
    assert "3 of 3 done" in told
    assert "All done. You are well on your way." in told
    assert BACK not in client.get("/profile").text
    for _ in range(2):
        assert "The welcome is put away." in client.post("/welcome/put-away", follow_redirects=True).text
    assert welcome(client.get("/").text) == ""
    assert BACK in client.get("/profile").text
    assert "All done." in welcome(client.post("/welcome/bring-back", follow_redirects=True).text)
    with database.reading() as session:
        logged = session.scalars(select(AuditEvent.name).where(AuditEvent.name.like("person.welcome%")).order_by(AuditEvent.id)).all()
    assert logged == ["person.welcome_put_away", "person.welcome_brought_back"]


def test_how_one_stands_on_boards_kept_as_it_was_counts_and_what_an_admin_edits_does_not(database: Database, sign_in: SignIn) -> None:
    person = database.write(make_person)
    client = sign_in(person)
    assert "0 of 2 done" in welcome(client.get("/").text)
    facts = {"name": "Amara", "title": "", "language": None, "time_zone": "Asia/Tokyo", "now": utcnow()}
    database.write(lambda s: edit_profile(s, system("test"), person_id=person.id, **facts))
    assert "0 of 2 done" in welcome(client.get("/").text)
    client.post("/profile/board", data={"is_listed": "y", "nickname": ""})
    told = welcome(client.get("/").text)
    assert "1 of 2 done" in told


def test_without_a_marked_challenge_any_first_points_are_the_win(database: Database, sign_in: SignIn) -> None:
    person, _ = database.write(lambda s: (make_person(s), make_challenge(s)))
    page = sign_in(person).get("/").text
    assert "Earn your first points" in welcome(page)
    assert 'href="/challenges?sort=quick"' in page


def test_who_put_it_aside_is_offered_any_other(database: Database, sign_in: SignIn) -> None:
    person, challenge = database.write(given)
    database.write(lambda s: make_challenge(s))
    facts = {"challenge_id": challenge.id, "reason": "no_time", "words": "", "now": utcnow()}
    database.write(lambda s: dismiss_challenge(s, as_advocate(person), **facts))
    told = welcome(sign_in(person).get("/").text)
    assert "Earn your first points" in told
    assert "Say hello" not in told


def test_with_the_first_challenge_of_the_welcome_no_more_than_two_others_are_picked(database: Database, sign_in: SignIn) -> None:
    def made(session: Session) -> Any:
        person, _first = given(session)
        for n in range(5):
            make_challenge(session, title=f"Other {n}", minutes=5)
        return person

    page = sign_in(database.write(made)).get("/").text
    picked = re.search(r'aria-labelledby="picked".*?</section>', page, re.DOTALL)
    assert picked is not None
    assert (len(re.findall(r"<h3", picked.group())), welcome(page) != "") == (2, True)


def test_neither_old_members_nor_staff_are_welcomed(database: Database, sign_in: SignIn) -> None:
    database.write(given)
    old = database.write(lambda s: make_person(s, now=utcnow() - timedelta(days=31)))
    staff = database.write(lambda s: (make_employee(s), make_person(s, roles={"advocate", "employee"}), make_person(s, roles={"admin"})))
    for person in (old, *staff):
        assert welcome(sign_in(person).get("/").text) == ""
    assert sign_in(staff[0]).post("/welcome/put-away").status_code == 403


def test_the_welcome_asks_as_much_in_a_full_programme(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    person, _ = database.write(given)
    client = sign_in(person)
    client.get("/")
    with count_queries() as few:
        client.get("/")

    def full(session: Session) -> None:
        for _ in range(20):
            make_submission(session, person, paying(session))
        wishes = dict.fromkeys(Interest, Wish.LIKES)
        set_interests(session, as_advocate(person), person_id=person.id, wishes=wishes, now=utcnow())

    database.write(full)
    with count_queries() as many:
        assert "1 of 3 done" in welcome(client.get("/").text)
    assert many.total <= few.total + 1

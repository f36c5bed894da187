"""Each role's home shows how things stand, and only what exists."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.challenges.actions.review import approve_attempt, decline_attempt
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.reviewing import grant_reviewing
from portal.people.models import Person
from portal.profiles.actions.asking import ask_several
from portal.references.actions.decide import accept_nomination
from portal.requests.actions.proposing import propose
from portal.review.actions.terms import set_terms
from portal.review.rules.terms import Terms
from portal.rewards.actions.review import approve_redemption
from portal.rewards.models.redeeming import Redemption
from tests.dashboard.scene import Scene, give, more_attempts
from tests.factories.asks import make_ask
from tests.factories.challenges import as_admin, make_attempt, make_challenge, make_submission
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.requests import Cast, make_request
from tests.factories.rewards import make_reward
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries


def test_who_is_not_signed_in_is_shown_the_way_in(client: PortalClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_an_empty_portal_tells_how_to_begin(client: PortalClient) -> None:
    assert "flask people add-admin" in client.get("/", follow_redirects=True).text


def test_the_admin_of_a_new_programme_is_led_through_the_first_steps(database: Database, sign_in: SignIn) -> None:
    admin = sign_in(database.write(make_admin))
    page = admin.get("/").text
    assert "Work the queue" not in page
    for address in re.findall(r'<a class="btn btn-sm shrink-0 [^"]*" href="([^"]*)"', page):
        assert admin.get(address).status_code == 200, address
    assert [step in page for step in ("Choose a template", "Invite<", "See the badges", "Write one")] == [True] * 4
    assert page.index("Name your company") < page.index("Publish a first challenge"), "before any mail leaves"
    assert "PORTAL_BRAND_COMPANY" in admin.get("/admin/people/several").text
    assert "Choose a template" in admin.get("/admin/challenges").text
    database.write(make_challenge)
    assert "Choose a template" not in admin.get("/").text
    assert "First steps" in admin.get("/").text
    database.write(make_person)
    page = admin.get("/").text
    assert "First steps" not in page
    assert "Work the queue" in page


def test_the_front_page_shows_live_figures(client: PortalClient, stage: Scene, database: Database) -> None:
    assert "of advocacy this year" not in client.get("/sign-in").text
    database.write(lambda s: approve_attempt(s, as_admin(stage.admin), attempt_id=stage.attempt.id, now=utcnow()))
    page = client.get("/sign-in").text
    assert "act of advocacy this year" in page
    assert "person took part" in page
    assert "4 days" in page


def test_an_advocate_sees_points_rank_challenges_and_rewards(stage: Scene, sign_in: SignIn, database: Database) -> None:
    database.write(lambda s: make_submission(s, stage.advocate, make_challenge(s, title="Finish your profile")))
    page = sign_in(stage.advocate).get("/").text
    assert "You have 600 points to spend." in page
    assert "1,000 earned in all" in page
    ring = re.search(r'aria-label="Level 3, Advocate: see your badges">.*?</a>', page, re.DOTALL)
    assert ring
    assert "<circle" in ring.group()
    assert "500 points to Champion." in page
    assert "400 set aside for rewards" in page
    assert "Number 1 this month" in page
    assert "Go on where you left off" in page
    assert "Finish your profile" in page
    assert "With us for approval" in page
    assert "Gift card" in page
    # What can be had is told apart from what is to go, in the words of the wishes.
    rewards = page[page.index('id="reach"') :]
    assert rewards.count("Within reach") + len(re.findall(r"[\d,]+ to go", rewards)) == rewards.count("<progress")


def test_home_goes_on_with_what_was_touched_last(sign_in: SignIn, database: Database) -> None:
    def given(session) -> tuple[int, int]:  # type: ignore[no-untyped-def]
        person, old, new = make_person(session), make_challenge(session, title="Old", points=900), make_challenge(session, title="New", points=10)
        attempt = make_attempt(session, person, old, now=utcnow() - timedelta(days=9))
        decline_attempt(session, as_admin(make_admin(session)), attempt_id=attempt.id, reason="Another product.", now=utcnow() - timedelta(days=8))
        make_submission(session, person, new)
        return person.id, new.id

    person_id, newest = database.write(given)
    page = sign_in(person_id).get("/").text
    assert f'href="/challenges/{newest}" class="btn hero-button' in page
    assert page.count("Your turn") == 1


def test_a_member_reads_at_home_what_waits_for_their_answer_until_they_gave_it(sign_in: SignIn, database: Database) -> None:
    cast = database.write(Cast)

    def asked(session: Session) -> int:
        propose(session, cast.admin, request_id=cast.request(session).id, person_id=cast.ada_id, now=utcnow())
        return make_ask(session, cast.greta, cast.ada_id, kind="survey", about="How boards help").id

    ask_id = database.write(asked)
    ada = sign_in(database.write(lambda s: s.get_one(Person, cast.ada_id)))
    page = " ".join(ada.get("/").text.split())
    assert "Somebody asks you for something" in page, "a slot that is only reserved asks them for nothing yet"
    assert re.search('How boards help.*Greta asked on .*, it lapses on .*href="/asks"', page)
    assert ada.post(f"/asks/{ask_id}/yes").status_code == 303
    assert "asks you for something" not in ada.get("/").text


def test_a_newcomer_is_told_what_to_do(sign_in: SignIn, database: Database) -> None:
    page = sign_in(database.write(lambda s: make_person(s, name="Ines Duarte"))).get("/").text
    assert "You have no points to spend yet." in page
    assert "Nothing is open for you at this moment" in page
    untrue = ("One small challenge is a good start", "You have done what there is", "See what you earned")
    assert [words for words in untrue if words in page] == [], "of a programme in which nothing was ever published"
    assert "Nobody has earned points yet. You could be the first." in page


def test_who_has_done_what_there_was_reads_so(sign_in: SignIn, database: Database) -> None:
    def done(session: Session) -> Person:
        person = make_person(session)
        give(session, person, 20)
        return person

    page = sign_in(database.write(done)).get("/").text
    assert "You have done what there is." in page
    assert "See what you earned" in page


def test_what_can_be_done_is_a_good_start(sign_in: SignIn, database: Database) -> None:
    person, _challenge = database.write(lambda s: (make_person(s), make_challenge(s)))
    assert "One small challenge is a good start." in sign_in(person).get("/").text


def test_the_own_line_is_shown_below_the_top(stage: Scene, sign_in: SignIn, database: Database) -> None:
    def others(session) -> None:  # type: ignore[no-untyped-def]
        for points in range(2_000, 2_007):
            give(session, make_person(session), points)

    database.write(others)
    page = sign_in(stage.advocate).get("/").text
    board = page[page.index('aria-labelledby="top"') : page.index('aria-labelledby="reach"')]
    assert board.count("<li") == 6
    assert "Dev Shah (you)" in board
    assert "Number 8 this month" in page


def test_an_employee_follows_their_nominations(stage: Scene, sign_in: SignIn, database: Database) -> None:
    database.write(lambda s: accept_nomination(s, as_admin(stage.admin), nomination_id=stage.nomination.id, now=utcnow()))
    page = sign_in(stage.employee).get("/").text
    assert "You nominated 1 customer so far; 0 joined." in page
    assert "Ines Duarte" in page
    assert "Invited" in page
    tiles = re.findall(r'points">(\d+)</p>', page)
    assert tiles == ["0", "1", "0", "0"], "waiting, asked, yes, ended"


def test_an_employee_without_nominations_is_told_how(sign_in: SignIn, database: Database) -> None:
    assert "Nobody nominated yet" in sign_in(database.write(lambda s: make_employee(s))).get("/").text


def test_staff_read_at_home_what_references_want_of_them(sign_in: SignIn, database: Database) -> None:
    cast = database.write(Cast)

    def ask(session: Session) -> None:
        request = cast.request(session, prospect="Grand Inns")
        propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=utcnow())
        cast.request(session, prospect="Small Inns", is_self_serve=False)
        ask_several(session, cast.admin, person_ids=[cast.ada_id], now=utcnow())

    assert "Your requests" not in sign_in(cast.greta_row).get("/").text
    database.write(ask)
    pages = {name: " ".join(sign_in(row).get("/").text.split()) for name, row in vars(cast).items() if name.endswith("_row") and name != "ada_row"}
    asker, owner, admin = pages["greta_row"], pages["owner_row"], pages["admin_row"]
    assert [words in asker for words in ("Your requests", "Grand Inns", "The account owner’s turn", "An admin’s turn")] == [True] * 4
    assert "Waiting for you" not in asker
    assert [words in owner for words in ("Requests to agree to", "References to verify", "Your requests")] == [True, True, False]
    assert [words in admin for words in ("Requests that nobody has taken up", "Requests to agree to")] == [True, False]


def test_an_admin_sees_what_waits_and_what_changed(stage: Scene, sign_in: SignIn, database: Database) -> None:
    database.write(lambda s: approve_attempt(s, as_admin(stage.admin), attempt_id=stage.attempt.id, now=utcnow()))
    database.write(lambda s: approve_redemption(s, as_admin(stage.admin), redemption_id=stage.redemption.id, now=utcnow()))
    page = sign_in(stage.admin).get("/").text
    assert "1 thing has waited for you for 5 hours." in page
    assert "none in the same days of last month" in page
    assert "Rewards to hand over" in page
    assert "1,150" in page
    assert "Katja Brandt approved “Write an honest review”" in page
    assert "signed in" not in page


def test_acts_are_counted_in_the_month_they_happened(stage: Scene, sign_in: SignIn, database: Database) -> None:
    ago = utcnow() - timedelta(days=65)

    def earlier(session) -> None:  # type: ignore[no-untyped-def]
        challenge = make_challenge(session, track="earn", now=ago)
        attempt = make_attempt(session, make_person(session, now=ago), challenge, now=ago)
        approve_attempt(session, as_admin(stage.admin), attempt_id=attempt.id, now=ago)

    database.write(earlier)
    page = sign_in(stage.admin).get("/").text
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert table.count('<td class="text-end points">1</td>') == 2
    assert page.count("chart-bar") == 1


@pytest.mark.parametrize("role", ["advocate", "employee"])
def test_the_home_of_a_reviewer_who_is_no_admin_says_what_waits_and_what_is_overdue(
    stage: Scene, sign_in: SignIn, database: Database, role: str
) -> None:
    person = getattr(stage, role)
    assert "Work the queue" not in sign_in(person).get("/").text
    database.write(lambda s: grant_reviewing(s, as_admin(stage.admin), person_id=person.id, grants=["redemptions", "nominations"], now=utcnow()))
    page = sign_in(person).get("/").text
    assert ("2 wait for you." in page, "Work the queue" in page, "overdue" in page) == (True, True, False)
    short = Terms({"redemption": 1, "nomination": 60})
    database.write(lambda s: s.execute(update(Redemption).values(requested_at=utcnow() - timedelta(days=9))))
    database.write(lambda s: set_terms(s, as_admin(stage.admin), terms=short, now=utcnow()))
    assert "1 is overdue." in sign_in(person).get("/").text


def test_an_empty_programme_has_an_overview_too(sign_in: SignIn, database: Database) -> None:
    page = sign_in(database.write(lambda s: make_admin(s))).get("/").text
    assert "Nothing waits for you." in page
    assert "none in the same days of last month either" in page


def test_a_home_asks_as_much_in_a_full_programme(stage: Scene, sign_in: SignIn, database: Database, count_queries: CountQueries) -> None:
    clients = {role: sign_in(getattr(stage, role)) for role in ("advocate", "employee", "admin")}

    def asked(role: str) -> int:
        with count_queries() as counted:
            assert clients[role].get("/").status_code == 200
        return counted.total

    def fill(session) -> None:  # type: ignore[no-untyped-def]
        more_attempts(session, stage.challenge, 30)
        for _ in range(4):
            make_request(session, stage.employee)
        for number in range(20):
            make_challenge(session)
            make_reward(session, price=100 + number)
            give(session, make_person(session), 50 + number)

    database.write(lambda s: make_request(s, stage.employee))
    for client in clients.values():
        client.get("/")
    few = {role: asked(role) for role in clients}
    database.write(fill)
    many = {role: asked(role) for role in clients}
    assert {role: many[role] - few[role] for role in clients if many[role] > few[role] + 1} == {}

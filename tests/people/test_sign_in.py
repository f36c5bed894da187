"""Signing in over HTTP: one verification, one answer, throttled, remembered as promised."""

import re
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from config import Env
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.people.actions.states import deactivate_person
from portal.people.models import Person, SignInSession, Throttle
from portal.people.rules.password import Hasher
from tests.factories.people import CHEAP, PASSWORD, make_admin, make_contact, make_person

SIGN_IN = "/sign-in"
TOKEN = re.compile(r'(?<=content=")[\w.-]+|(?<=value=")[\w.-]{40,}')


class CountingHasher(Hasher):
    """The real hasher, which also counts."""

    count = 0

    def verify(self, kept, password):
        type(self).count += 1
        return super().verify(kept, password)


@pytest.fixture
def verifications(app) -> type[CountingHasher]:
    CountingHasher.count = 0
    app.extensions["hasher"] = CountingHasher(memory_kib=8, time_cost=1)
    return CountingHasher


def test_the_right_password_opens_the_door(client, database) -> None:
    person = database.write(make_person)
    answer = client.post(SIGN_IN, data={"email": f" {person.email.upper()} ", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/profile").status_code == 200


def test_every_wrong_way_in_takes_one_verification_and_gets_the_same_answer(client, database, verifications) -> None:
    def seed(session):
        gone = make_person(session, email="gone@customer.example")
        deactivate_person(session, system("test"), person_id=gone.id, reason="left", now=utcnow())
        make_contact(session, email="contact@customer.example")
        make_person(session, email="here@customer.example")
        make_admin(session)

    database.write(seed)
    answers = []
    for name, password in [("here", "not the password"), ("nobody", PASSWORD), ("contact", PASSWORD), ("gone", PASSWORD)]:
        before = verifications.count
        answer = client.post(SIGN_IN, data={"email": f"{name}@customer.example", "password": password})
        assert verifications.count - before == 1
        assert "E-mail or password is not right." in answer.text
        answers.append((answer.status_code, answer.text.replace(f"{name}@", "")))
    assert [status for status, _ in answers] == [422] * 4
    assert len({TOKEN.sub("", page) for _, page in answers}) == 1


def test_unknown_and_known_addresses_take_the_same_time(app, client, database) -> None:
    app.extensions["hasher"] = Hasher(memory_kib=4096, time_cost=2)
    database.write(make_admin)
    names = [f"known{number}@customer.example" for number in range(12)]
    database.write(lambda s: [make_person(s, email=name) for name in names])
    hashed = app.extensions["hasher"].hash(PASSWORD)
    database.write(lambda s: s.execute(update(Person).values(password_hash=hashed)))

    def taken(email: str) -> float:
        start = time.perf_counter()
        client.post(SIGN_IN, data={"email": email, "password": "not the password"})
        return time.perf_counter() - start

    taken("warm@up.example")
    known, unknown = sorted(taken(name) for name in names), sorted(taken(f"un{name}") for name in names)
    assert 0.4 < known[len(known) // 2] / unknown[len(unknown) // 2] < 2.5


def test_a_long_password_is_answered_quickly(client, database) -> None:
    database.write(make_admin)
    start = time.perf_counter()
    answer = client.post(SIGN_IN, data={"email": "ada@customer.example", "password": "x" * 990_000})
    assert 400 <= answer.status_code < 500
    assert time.perf_counter() - start < 1


def test_eight_guessers_at_once_get_at_most_ten_guesses(app, database, verifications) -> None:
    database.write(make_admin)
    person = database.write(make_person)
    start, statuses = threading.Barrier(8), []

    def guess() -> None:
        client = app.test_client()
        start.wait()
        for number in range(20):
            answer = client.post(SIGN_IN, data={"email": person.email, "password": f"guess number {number}"})
            statuses.append((answer.status_code, "Retry-After" in answer.headers))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 160
    assert 1 <= verifications.count <= 10
    assert statuses.count((422, False)) == verifications.count
    assert statuses.count((429, True)) == 160 - verifications.count


def test_who_is_throttled_is_told_and_let_in_after_the_wait(client, database) -> None:
    database.write(make_admin)
    person = database.write(make_person)
    for _ in range(5):
        client.post(SIGN_IN, data={"email": person.email, "password": "not the password"})
    refused = client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 2
    assert person.email in refused.text
    database.write(lambda s: s.execute(update(Throttle).values(next_at=utcnow() - timedelta(seconds=1))))
    assert client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Throttle.tries).where(Throttle.scope == "account")).all() == []
        assert session.scalars(select(Throttle.tries).where(Throttle.scope == "address")).all() == [5]


def test_an_office_behind_one_address_can_sign_in(client, database) -> None:
    people = database.write(lambda s: [make_person(s).email for _ in range(5)])
    for email in people:
        assert client.post(SIGN_IN, data={"email": email, "password": PASSWORD}).status_code == 303
        client.post("/sign-out")
    with database.reading() as session:
        assert session.scalars(select(Throttle.tries)).all() == [0]


def test_a_hash_made_at_a_lower_cost_is_made_anew(app, client, database) -> None:
    person = database.write(make_person)
    app.extensions["hasher"] = Hasher(memory_kib=16, time_cost=2)
    client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD})
    with database.reading() as session:
        assert "m=16,t=2" in session.get_one(Person, person.id).password_hash
    app.extensions["hasher"] = CHEAP
    assert client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD}).status_code == 303
    with database.reading() as session:
        assert "m=16,t=2" in session.get_one(Person, person.id).password_hash


def test_keep_me_signed_in_lasts_fourteen_days_in_this_browser(client, database) -> None:
    person = database.write(make_person)
    plain = client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD}).headers["Set-Cookie"]
    assert "Expires" not in plain
    kept = client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD, "is_kept": "y"}).headers["Set-Cookie"]
    assert "Expires" in kept
    with database.reading() as session:
        ends = session.scalars(select(SignInSession).order_by(SignInSession.id)).all()
    assert [row.is_kept for row in ends] == [False, True]
    assert ends[1].expires_at - ends[1].created_at == timedelta(days=14)


def test_the_browser_starts_anew_when_somebody_signs_in(client, database) -> None:
    person = database.write(make_person)
    with client.session_transaction() as cookie:
        cookie["planted"] = "before"
        cookie["csrf_token"] = "p" * 40
    client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD})
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie.get("csrf_token") != "p" * 40


def test_an_empty_portal_says_which_command_to_run_and_has_no_form(client, database) -> None:
    page = client.get(SIGN_IN).text
    assert "flask people add-admin you@example.com" in page
    assert "<form" not in page
    database.write(lambda s: make_contact(s, roles={"admin"}))
    page = client.get(SIGN_IN).text
    assert "add-admin" not in page
    assert 'name="password"' in page


def test_the_front_page_shows_the_figures_it_is_handed(app, client, database) -> None:
    database.write(make_admin)
    app.extensions["front_figures"] = lambda session: [("1,284", "acts of advocacy"), (str(session.scalar(select(func.count(Person.id)))), "people")]
    page = client.get(SIGN_IN).text
    assert "1,284" in page
    assert "acts of advocacy" in page


def test_demo_people_are_not_let_in_in_production(app, client, database, sign_in) -> None:
    person = database.write(lambda s: make_person(s, is_demo=True))
    browser = sign_in(person)
    assert browser.get("/profile").status_code == 200
    app.config["SETTINGS"].env = Env.PRODUCTION
    assert browser.get("/profile").status_code == 303
    assert client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD}).status_code == 422


def test_signing_out_shows_the_front_page(sign_in, database) -> None:
    browser = sign_in(database.write(make_person))
    assert browser.post("/sign-out").location == SIGN_IN
    assert browser.get("/profile").location == "/sign-in?next=/profile"


def test_a_page_asked_for_is_shown_after_signing_in(client, database) -> None:
    person = database.write(make_admin)
    page = client.get("/admin/people?q=ada").location
    assert page == "/sign-in?next=/admin/people?q%3Dada"
    assert 'value="/admin/people?q=ada"' in client.get(page).text
    answer = client.post(SIGN_IN, data={"email": person.email, "password": PASSWORD, "next": "/admin/people?q=ada"})
    assert answer.location == "/admin/people?q=ada"


def test_a_spent_link_to_a_new_address_leads_to_the_profile(client, database) -> None:
    answer = client.get("/confirm-email?t=spent")
    assert answer.status_code == 410
    assert 'href="/profile"' in answer.text
    assert "ask for a new link there" in answer.text
    assert 'href="/forgotten"' in client.get("/reset?t=spent").text

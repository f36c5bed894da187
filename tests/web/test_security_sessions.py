"""A stolen cookie is worth nothing once its session has ended: each way to end one, proven by replaying the cookie."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.ids import token_hash
from portal.people.actions.passwords import reset_link
from portal.people.actions.states import change_roles, deactivate_person, reactivate_person
from portal.people.models import Person, SignInSession
from tests.factories.people import PASSWORD, make_admin, make_person

NEW = "another quiet ladder, seven maples"
ACTOR = system("test")


def stolen(app, browser) -> object:
    """Return a client with a copy of the cookie."""
    thief = app.test_client()
    cookie = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    thief.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie.value)
    return thief


def is_in(client) -> bool:
    return client.get("/profile").status_code == 200


def sign_out(browser, database, person) -> None:
    browser.post("/sign-out")


def change_password(browser, database, person) -> None:
    assert browser.post("/profile/password", data={"current": PASSWORD, "password": NEW, "again": NEW}).status_code == 303


def reset(browser, database, person) -> None:
    link = database.write(lambda s: reset_link(s, s.get_one(Person, person.id), utcnow()))
    assert browser.post("/reset", data={"t": link.partition("=")[2], "password": NEW, "again": NEW}).status_code == 303


def deactivate(browser, database, person) -> None:
    database.write(lambda s: deactivate_person(s, ACTOR, person_id=person.id, reason="left", now=utcnow()))


def deactivate_for_a_while(browser, database, person) -> None:
    deactivate(browser, database, person)
    database.write(lambda s: reactivate_person(s, ACTOR, person_id=person.id, now=utcnow()))


def change_role(browser, database, person) -> None:
    database.write(lambda s: change_roles(s, ACTOR, person_id=person.id, roles={"employee"}, now=utcnow()))


def grow_old(browser, database, person) -> None:
    database.write(lambda s: s.execute(update(SignInSession).values(expires_at=utcnow())))


def go_idle(browser, database, person) -> None:
    database.write(lambda s: s.execute(update(SignInSession).values(last_seen_at=utcnow() - timedelta(hours=12))))


@pytest.mark.parametrize("end", [sign_out, change_password, reset, deactivate, deactivate_for_a_while, change_role, grow_old, go_idle])
def test_a_stolen_cookie_dies_with_the_session(app, sign_in, database, end) -> None:
    person = database.write(make_person)
    browser = sign_in(person)
    thief = stolen(app, browser)
    assert is_in(thief)
    end(browser, database, person)
    assert not is_in(thief)


def test_changing_the_password_keeps_this_browser_and_ends_the_others(sign_in, database) -> None:
    person = database.write(make_person)
    here, there = sign_in(person), sign_in(person)
    change_password(here, database, person)
    assert (is_in(here), is_in(there)) == (True, False)


def test_the_current_password_is_asked_for_and_counted(sign_in, database) -> None:
    browser = sign_in(database.write(make_person))
    data = {"current": "a guess at the password", "password": NEW, "again": NEW}
    statuses = [browser.post("/profile/password", data=data).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert browser.post("/profile/email", data={"email": "new@customer.example", "current": PASSWORD}).status_code == 429


def test_one_ends_ones_own_sessions_and_nobody_elses(sign_in, database) -> None:
    person, other = database.write(lambda s: (make_person(s), make_person(s)))
    here, there, theirs = sign_in(person), sign_in(person), sign_in(other)

    def id_of(browser) -> int:
        with database.reading() as session:
            return session.scalars(select(SignInSession.id).where(SignInSession.token_hash == token_hash(browser.token))).one()

    assert here.get("/profile").text.count("this one") == 1
    assert here.post(f"/profile/sessions/{id_of(theirs)}/end").status_code == 404
    assert here.post(f"/profile/sessions/{id_of(there)}/end").status_code == 303
    assert (is_in(here), is_in(there), is_in(theirs)) == (True, False, True)
    there = sign_in(person)
    here.post("/profile/sessions/end-others")
    assert (is_in(here), is_in(there), is_in(theirs)) == (True, False, True)


def test_an_admin_goes_idle_after_half_an_hour_and_use_keeps_the_session(sign_in, database) -> None:
    admin = database.write(make_admin)
    browser = sign_in(admin, is_kept=True)

    def idle(minutes: int) -> None:
        database.write(lambda s: s.execute(update(SignInSession).values(last_seen_at=utcnow() - timedelta(minutes=minutes))))

    idle(29)
    assert is_in(browser)
    with database.reading() as session:
        assert utcnow() - session.scalars(select(SignInSession.last_seen_at)).one() < timedelta(minutes=1)
    idle(30)
    assert not is_in(browser)


def test_the_database_holds_no_token(sign_in, database) -> None:
    browser = sign_in(database.write(make_person))
    with database.reading() as session:
        assert session.scalars(select(SignInSession.token_hash)).one() == token_hash(browser.token) != browser.token


def test_who_is_signed_in_costs_one_query(sign_in, database, count_queries) -> None:
    browser = sign_in(database.write(make_person))
    with count_queries() as counted:
        browser.get("/sign-in")
    assert counted.total <= 2

"""Hashing takes its time on purpose: before the unit of work, never for a link that is known to be spent, and a link stays good once."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.joining import JOIN, invite_person
from portal.people.actions.passwords import RESET, reset_link
from portal.people.models import Person
from portal.people.queries.persons import get_person
from tests.factories.people import CHEAP, PASSWORD, make_contact, make_person
from tests.support.application import PortalClient, SignIn
from tests.support.units import Watch, watch_hashing

NEW = "another quiet ladder"
MANY = 8
Given = Callable[[Session], tuple[Person, str]]


@pytest.fixture
def watch(app: Flask, database: Database) -> Watch:
    return watch_hashing(app, database)


def invited(session: Session) -> tuple[Person, str]:
    person = make_contact(session)
    return person, invite_person(session, system("test"), person_id=person.id, now=utcnow()).removeprefix(JOIN)


def forgotten(session: Session) -> tuple[Person, str]:
    person = make_person(session)
    return person, reset_link(session, person, utcnow()).removeprefix(RESET)


LINKS = {"/join": (invited, "person.joined"), "/reset": (forgotten, "person.password_changed")}
each_link = pytest.mark.parametrize("address", LINKS)


def typed(token: str, password: str = NEW, again: str | None = None) -> dict[str, str]:
    return {"t": token, "password": password, "again": again or password}


@each_link
def test_anybody_can_write_while_a_password_chosen_by_link_is_hashed(client: PortalClient, database: Database, watch: Watch, address: str) -> None:
    person, token = database.write(LINKS[address][0])
    assert client.post(address, data=typed(token)).status_code == 303
    assert watch.seen == [("hashed", True)]
    with database.reading() as session:
        assert CHEAP.verify(get_person(session, person.id).password_hash, NEW)


def test_anybody_can_write_while_a_password_is_changed(sign_in: SignIn, database: Database, watch: Watch) -> None:
    person = database.write(make_person)
    answer = sign_in(person).post("/profile/password", data={"current": PASSWORD, "password": NEW, "again": NEW})
    assert answer.status_code == 303
    assert watch.seen == [("hashed", True)]
    with database.reading() as session:
        assert CHEAP.verify(get_person(session, person.id).password_hash, NEW)


def test_a_hash_inside_a_unit_of_work_would_be_seen(app: Flask, database: Database, watch: Watch) -> None:
    database.write(lambda session: (make_person(session), app.extensions["hasher"].hash(NEW)))
    assert watch.seen == [("hashed", False)]


@each_link
def test_what_is_refused_costs_no_hash(client: PortalClient, database: Database, watch: Watch, address: str) -> None:
    _, token = database.write(LINKS[address][0])
    refused = {
        "Please use at least": typed(token, "short"),
        "are not the same": typed(token, again="other"),
        "Please fill this in.": typed(token, ""),
    }
    for told, data in refused.items():
        answer = client.post(address, data=data)
        assert (answer.status_code, told in answer.text) == (422, True), told
    assert client.post(address, data=typed("never made")).status_code == 410
    assert watch.seen == []
    assert client.post(address, data=typed(token)).status_code == 303
    assert client.application.test_client().post(address, data=typed(token)).status_code == 410, "from another browser"
    assert len(watch.seen) == 1


@each_link
def test_one_of_eight_who_send_a_link_at_once_sets_the_password(app: Flask, database: Database, address: str) -> None:
    given, happened = LINKS[address]
    person, token = database.write(given)
    start, answers = threading.Barrier(MANY), list[tuple[int, str]]()

    def send(password: str) -> None:
        client = app.test_client()
        start.wait()
        answers.append((client.post(address, data=typed(token, password)).status_code, password))

    threads = [threading.Thread(target=send, args=(f"{NEW} number {number}",)) for number in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(status for status, _ in answers) == {303: 1, 410: MANY - 1}
    won = next(password for status, password in answers if status == 303)
    with database.reading() as session:
        assert CHEAP.verify(get_person(session, person.id).password_hash, won)
        events = session.scalars(select(AuditEvent).where(AuditEvent.name == happened, AuditEvent.subject_id == person.id)).all()
    assert len(events) == 1

"""Invitation, joining, forgotten password, new address: links that are good once, for one purpose, for a while."""

import html
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.ids import new_token
from portal.notifications.models import OutboxJob
from portal.people.actions.joining import JOIN, invite_person, join
from portal.people.actions.links import make_link, spend_link
from portal.people.actions.passwords import ask_reset, reset_password, send_reset
from portal.people.models import OneTimeLink, Person, SignInSession
from portal.people.queries.persons import get_person
from portal.people.rules.link import LinkSpent, Purpose
from portal.people.rules.password import PasswordPersonal
from portal.people.rules.person import AlreadyJoined, EmailMissing, PersonDeactivated
from portal.people.rules.throttle import TooManyTries
from tests.factories.people import CHEAP, PASSWORD, chosen, make_company, make_contact, make_person

ACTOR = system("test")


def invited(session, **overrides) -> tuple[Person, str]:
    person = make_contact(session, **overrides)
    return person, invite_person(session, ACTOR, person_id=person.id, now=utcnow()).removeprefix(JOIN)


def mails(session, kind: str) -> list[dict]:
    jobs = session.scalars(select(OutboxJob).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id))
    return [job.payload for job in jobs if job.payload["kind"] == kind]


def test_an_invited_person_joins_with_the_link_from_the_mail(session) -> None:
    person, token = invited(session)
    assert person.state == "invited"
    (mail,) = mails(session, "invitation")
    assert mail["link"] == JOIN + token
    assert mail["to"]["email"] == person.email
    assert join(session, ACTOR, token=token, password=chosen(), now=utcnow()) is person
    session.refresh(person)
    assert (person.state, person.joined_at is not None) == ("active", True)
    assert CHEAP.verify(person.password_hash, PASSWORD)


def test_only_the_hash_of_a_token_is_kept(session) -> None:
    _, token = invited(session)
    kept = session.scalars(select(OneTimeLink.token_hash)).one()
    assert token not in kept
    assert len(kept) == 64


def test_a_link_is_good_once(session) -> None:
    _, token = invited(session)
    join(session, ACTOR, token=token, password=chosen(), now=utcnow())
    with pytest.raises(LinkSpent):
        join(session, ACTOR, token=token, password=chosen(), now=utcnow())


@pytest.mark.parametrize(
    ("purpose", "life"), [(Purpose.INVITE, timedelta(days=14)), (Purpose.RESET, timedelta(minutes=30)), (Purpose.EMAIL, timedelta(hours=24))]
)
def test_a_link_is_good_for_a_while(session, purpose: Purpose, life: timedelta) -> None:
    now, person = utcnow(), make_contact(session)
    new_email = "new@customer.example" if purpose is Purpose.EMAIL else None
    early, late = (make_link(session, person_id=person.id, purpose=purpose, new_email=new_email, now=now) for _ in range(2))
    assert spend_link(session, token=early, purpose=purpose, now=now + life - timedelta(seconds=1)) == (person, new_email)
    with pytest.raises(LinkSpent):
        spend_link(session, token=late, purpose=purpose, now=now + life)


def test_a_link_for_one_purpose_opens_nothing_else(session) -> None:
    person = make_person(session)
    token = make_link(session, person_id=person.id, purpose=Purpose.RESET, now=utcnow())
    for purpose in (Purpose.INVITE, Purpose.EMAIL):
        with pytest.raises(LinkSpent):
            spend_link(session, token=token, purpose=purpose, now=utcnow())
    with pytest.raises(LinkSpent):
        spend_link(session, token=new_token(), purpose=Purpose.RESET, now=utcnow())
    assert spend_link(session, token=token, purpose=Purpose.RESET, now=utcnow())[0] is person


def test_a_second_invitation_makes_the_first_worthless(session) -> None:
    person, first = invited(session)
    second = invite_person(session, ACTOR, person_id=person.id, now=utcnow()).removeprefix(JOIN)
    with pytest.raises(LinkSpent):
        join(session, ACTOR, token=first, password=chosen(), now=utcnow())
    join(session, ACTOR, token=second, password=chosen(), now=utcnow())


def test_who_cannot_be_invited_is_refused_by_name(session) -> None:
    from portal.people.actions.states import deactivate_person

    unreachable, active, gone = make_contact(session, email=None), make_person(session), make_contact(session)
    deactivate_person(session, ACTOR, person_id=gone.id, reason="left", now=utcnow())
    for person, refusal in [(unreachable, EmailMissing), (active, AlreadyJoined), (gone, PersonDeactivated)]:
        with pytest.raises(refusal):
            invite_person(session, ACTOR, person_id=person.id, now=utcnow())


def test_a_bad_password_leaves_the_link_good(client, database) -> None:
    _, token = database.write(invited)
    refused = client.post("/join", data={"t": token, "password": "short", "again": "short"})
    assert (refused.status_code, "Please use at least" in refused.text) == (422, True)
    for _press in range(2):
        joined = client.post("/join", data={"t": token, "password": PASSWORD, "again": PASSWORD})
        assert (joined.status_code, joined.location) == (303, "/")


def test_one_of_eight_who_open_a_link_at_once_joins(database) -> None:
    _, token = database.write(invited)
    start, outcomes = threading.Barrier(8), []

    def open_link() -> None:
        start.wait()
        try:
            database.write(lambda s: join(s, ACTOR, token=token, password=chosen(), now=utcnow()))
            outcomes.append("joined")
        except LinkSpent:
            outcomes.append("spent")

    threads = [threading.Thread(target=open_link) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["joined"] + ["spent"] * 7


def test_a_forgotten_password_is_set_anew_and_every_session_ends(session) -> None:
    from portal.people.actions.sessions import open_session

    now, person = utcnow(), make_person(session)
    open_session(session, person, is_kept=True, origin="", browser="", now=now)
    send_reset(session, ACTOR, email=person.email.upper(), ask="a", now=now)
    token = mails(session, "password_reset")[0]["link"].split("=")[1]
    reset_password(session, ACTOR, token=token, password=chosen("another quiet ladder"), now=now)
    assert CHEAP.verify(get_person(session, person.id).password_hash, "another quiet ladder")
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 0
    assert [mail["to"]["email"] for mail in mails(session, "password_changed")] == [person.email]


def test_asking_for_a_password_does_the_same_for_every_address(session) -> None:
    person = make_person(session)
    for email in (person.email, "nobody@nowhere.example"):
        ask_reset(session, email=email, origin="203.0.113.7", now=utcnow())
    promised = session.scalars(select(OutboxJob).where(OutboxJob.topic == "people.reset").order_by(OutboxJob.id)).all()
    assert [job.payload["email"] for job in promised] == [person.email, "nobody@nowhere.example"]
    for job in promised:
        send_reset(session, ACTOR, **job.payload, now=utcnow())
    assert len(mails(session, "password_reset")) == 1


def test_the_invited_get_their_invitation_once_more(session) -> None:
    person, _ = invited(session)
    contact = make_contact(session)
    for email in (person.email, contact.email):
        send_reset(session, ACTOR, email=email, ask=email, now=utcnow())
    assert [mail["to"]["email"] for mail in mails(session, "invitation")] == [person.email, person.email]
    assert mails(session, "password_reset") == []


def test_nobody_is_flooded_with_mail(session) -> None:
    now = utcnow()
    for number in range(12):
        ask_reset(session, email="ada@customer.example", origin=f"203.0.113.{number}", now=now)
    assert session.scalar(select(func.count()).where(OutboxJob.topic == "people.reset")) == 3
    for number in range(20):
        ask_reset(session, email=f"a{number}@customer.example", origin="198.51.100.1", now=now)
    with pytest.raises(TooManyTries):
        ask_reset(session, email="another@customer.example", origin="198.51.100.1", now=now)


def test_a_password_made_of_the_company_is_refused_when_joining(client, database) -> None:
    def given(session) -> str:
        return invited(session, company_id=make_company(session, name="Kestrel Logistics", domain="kestrel.example").id)[1]

    password = "Kestrel Logistics 1"
    refused = client.post("/join", data={"t": database.write(given), "password": password, "again": password})
    assert refused.status_code == 422
    assert str(PasswordPersonal()) in html.unescape(refused.text)

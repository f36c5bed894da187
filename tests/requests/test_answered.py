"""What stands behind the links of owners and customers says what it must: before an answer what it is about, afterwards what was answered."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from portal.people.models import Person
from portal.requests.actions.outcomes import rule_on, say_as_customer
from portal.requests.actions.owning import agree, refuse
from portal.requests.actions.proposing import propose
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting
from portal.requests.rules.refusals import RequestMoved
from tests.factories.requests import CANARY, Cast
from tests.requests.test_pages import newest, text_at
from tests.requests.test_path import ORIGIN, cast, state, to_booked
from tests.support.application import PortalClient, SignIn

__all__ = ["cast"]


def proposed(database: Database, cast: Cast, **need: str) -> int:
    def work(session: Session) -> int:
        request = cast.request(session, **need)
        propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
        return request.id

    return database.write(work)


def test_an_owner_who_opens_the_link_again_reads_what_was_answered_and_may_still_say_no(database: Database, client: PortalClient) -> None:
    cast = database.write(Cast)
    proposed(database, cast)
    link = newest(database, "request_agree")
    page = text_at(client, f"/agree?t={link}")
    for said in ("May Greta ask Ada?", "Nobody has written to them", f"{CANARY} worry", "How much they were asked", "this one among them"):
        assert said in page, said
    assert client.post("/agree/yes", data={"t": link}).status_code == 303
    page = text_at(client, f"/agree?t={link}")
    for said in ("Olaf agreed on", "Nobody has written to the customer yet", "I do not agree after all"):
        assert said in page, said
    assert client.post("/agree/no", data={"t": link, "code": "renewal", "said": "They renew in March."}).status_code == 303
    page = text_at(client, f"/agree?t={link}")
    for said in (
        "Olaf did not agree on",
        "The contract is being renewed",
        "They renew in March.",
        "The slot is free again",
        cast.greta_row.email or "?",
    ):
        assert said in page, said
    assert "Thank you" not in page
    late = client.post("/agree/yes", data={"t": link})
    assert (late.status_code, "Olaf did not agree on" in late.text) == (410, True)
    with database.reading() as session:
        assert session.scalars(select(RequestCandidate.state)).all() == ["owner_declined"]
        assert not [job for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "request_asked"]


def test_once_the_customer_was_written_to_the_owner_reads_whom_to_write_to(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    which = {"request_id": request.id, "candidate_id": candidate.id}
    agree(session, cast.owner, **which, now=cast.at)
    with pytest.raises(RequestMoved):
        refuse(session, cast.owner, **which, code="renewal", now=cast.at)
    assert state(session, request.id) == "customer_asked"


def test_a_customer_reads_what_it_is_about_and_a_no_needs_a_reason(database: Database, sign_in: SignIn, client: PortalClient) -> None:
    cast = database.write(Cast)
    request_id = proposed(database, cast, industry="Shipping", region="Wales", words="They wonder how long it took.")
    owners = newest(database, "request_agree")
    assert client.post("/agree/yes", data={"t": owners, "asks_now": "y"}).status_code == 303
    page = text_at(client, f"/agree?t={owners}")
    for said in ("Olaf agreed on", "The customer was written to on", "cannot be changed here any more", cast.greta_row.email or "?"):
        assert said in page, said
    link = newest(database, "request_asked")
    page = text_at(client, f"/asked?t={link}")
    for said in (
        "a company of this kind: Shipping, Wales", "You learn who it is with your yes", "About 30 minutes for each call", "It is needed by",
        "They wonder how long it took.", "With your yes, Greta may see your e-mail address",
    ):  # fmt: skip
        assert said in page, said
    bare = client.post("/asked/no", data={"t": link, "code": ""})
    assert (bare.status_code, "You said no" in bare.text, 'value="other" selected' in bare.text) == (422, False, False)
    nobody = client.post("/asked/no", data={"t": link, "code": "colleague", "colleague": " ", "said": "Ask Bo."})
    assert (nobody.status_code, "Please name the colleague" in nobody.text, "Ask Bo." in nobody.text) == (422, True, True)
    assert client.post("/asked/no", data={"t": link, "code": "not_happy", "said": "Support is slow."}).status_code == 303
    assert f"If that was a mistake, please write to Greta, {cast.greta_row.email}" in text_at(client, f"/asked?t={link}")
    for reader in (cast.greta_row, cast.owner_row):
        page = text_at(sign_in(reader), f"/requests/{request_id}")
        for said in ("I am not happy enough with you", "Support is slow.", "They are not happy with us. Olaf was told"):
            assert said in page, said


@pytest.mark.parametrize("came", [True, False])
def test_afterwards_both_pages_say_what_is_written_down_and_no_page_says_that_it_was_called_off(
    database: Database, sign_in: SignIn, client: PortalClient, came: bool
) -> None:
    cast = database.write(Cast)
    request_id = database.write(lambda session: to_booked(session, cast, cast.request(session).id)[0].request_id)
    asked, meet = newest(database, "request_asked"), newest(database, "request_invitation")
    database.write(lambda session: setattr(session.get_one(RequestMeeting, 1), "starts_at", utcnow() - timedelta(hours=3)))
    page = text_at(client, f"/asked?t={asked}")
    for said in ("How did it go, Ada?", "It is about the conversation on", "Paul Prospect.", "Arranged by Greta at"):
        assert said in page, said
    greta = sign_in(cast.greta_row)
    assert "Ada, Works and Paul Prospect, " in text_at(greta, f"/requests/{request_id}")
    # A lost deal does not end what has begun, and the page does not say so.
    lost = greta.post(f"/requests/{request_id}/deal", data={"outcome": "lost", "closed_on": utcnow().date().isoformat()})
    assert (lost.status_code, "has begun or is over" in lost.text, "calls off" in lost.text) == (409, True, False)

    early = greta.post(f"/requests/{request_id}/candidates/1/outcome", data={"came": "yes" if came else "no", "grade": "4"}, follow_redirects=True)
    assert "after 7 days of silence" in early.text

    def decide(session: Session) -> None:
        candidate = session.get_one(RequestCandidate, 1)
        say_as_customer(session, ORIGIN, candidate=candidate, came=not came, now=utcnow())
        rule_on(session, cast.admin, request_id=request_id, candidate_id=1, came=came, reason="Both were asked.", now=utcnow())

    database.write(decide)
    with database.reading() as session:
        assert session.get_one(ReferenceRequest, request_id).state == ("completed" if came else "missed")
    for path in (f"/asked?t={asked}", f"/meet?t={meet}"):
        page = text_at(client, path)
        assert ("written down as done" in page or "written down that it took place" in page) is came, path
        assert ("written down that it did not take place" in page) is not came, path
        assert "not needed any more" not in page, path


def test_the_pages_behind_links_speak_the_language_of_whose_they_are_and_tell_whoever_else_is_signed_in_whose(
    database: Database, sign_in: SignIn, client: PortalClient
) -> None:
    cast = database.write(Cast)
    database.write(lambda session: setattr(session.get_one(Person, cast.ada_id), "language", "de"))
    database.write(lambda session: to_booked(session, cast, cast.request(session).id))
    database.write(lambda session: setattr(session.get_one(Person, cast.greta_row.id), "language", "fr"))
    greta = sign_in(cast.greta_row)
    spoken = {"request_asked": ("/asked", "de"), "request_times": ("/meet", "en"), "request_agree": ("/agree", "en")}
    for kind, (path, language) in spoken.items():
        page = text_at(greta, f"{path}?t={newest(database, kind)}")
        assert f'<html lang="{language}"' in page, path
    assert '<html lang="fr"' in text_at(greta, "/requests/1")
    database.write(lambda session: setattr(session.get_one(Person, cast.ada_id), "language", "en"))
    for kind, owner in (("request_asked", cast.ada_row), ("request_agree", cast.owner_row)):
        path, name = f"{spoken[kind][0]}?t={newest(database, kind)}", owner.name
        told = f"This link was sent to {name}; you are signed in as Greta. What you press here counts as the answer of {name}."
        assert told in text_at(greta, path)
        for reader in (sign_in(owner), client):
            assert "This link was sent to" not in text_at(reader, path)
    with database.reading() as session:
        sent = [
            job.payload for job in session.scalars(select(OutboxJob).order_by(OutboxJob.id)) if job.payload.get("kind", "").startswith("request_")
        ]
    languages = {(one["to"]["email"], one["to"]["language"]) for one in sent if one["to"]["person_id"] is None}
    assert {("ada@works.example", "de"), ("paul@prospect.example", None)} <= languages

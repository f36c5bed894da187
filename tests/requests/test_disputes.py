"""Where the two sides say different things of a meeting an admin decides, and everybody reads whose turn it is, who decided what, and why."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import set_block
from portal.acts.rules.terms import BlockKind
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.requests.actions.outcomes import say_as_customer, say_as_requester
from portal.requests.models import RequestCandidate, RequestMeeting, RequestSlot
from tests.factories.people import make_admin
from tests.factories.requests import Cast
from tests.requests.test_pages import newest, text_at
from tests.requests.test_path import ORIGIN, mails, to_booked
from tests.support.application import PortalClient, SignIn


def held(database: Database, cast: Cast) -> None:
    """Let a meeting be settled, and be over."""
    database.write(lambda session: to_booked(session, cast, cast.request(session).id))
    database.write(lambda session: setattr(session.get_one(RequestMeeting, 1), "starts_at", utcnow() - timedelta(hours=3)))


def test_who_says_otherwise_reads_that_an_admin_decides_and_it_is_work_of_admins_until_one_does(
    database: Database, sign_in: SignIn, client: PortalClient
) -> None:
    cast = database.write(Cast)
    other = database.write(make_admin)
    held(database, cast)
    asked, meet = newest(database, "request_asked"), newest(database, "request_invitation")
    greta, owner, imani = sign_in(cast.greta_row), sign_in(cast.owner_row), sign_in(cast.admin_row)
    assert "Meetings to decide" not in text_at(imani, "/")
    assert "Pick another time" in text_at(greta, "/requests/1")
    assert client.post("/asked/outcome", data={"t": asked, "came": "yes", "minutes": "35"}).status_code == 303
    assert "You said that it took place." in text_at(client, f"/asked?t={asked}")
    said = greta.post("/requests/1/candidates/1/outcome", data={"came": "no"}, follow_redirects=True).text
    assert "Thank you. The customer said otherwise, so an admin asks and decides. You are told." in said
    for reader, own, turn in ((greta, False, "An admin’s turn"), (owner, False, "An admin’s turn"), (imani, True, "Your turn")):
        page = text_at(reader, "/requests/1")
        shown = [word in page for word in (turn, "Pick another time", "You decide what happened", "An admin asks and decides; you read what")]
        assert shown == [True, False, own, not own], turn
    assert "The requester’s turn" not in text_at(greta, "/requests")
    assert "An admin’s turn" in text_at(greta, "/requests")
    with database.reading() as session:
        slot = session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at.desc())).first()
        seen = session.get_one(RequestMeeting, 1).starts_at.isoformat()
    picked = greta.post("/requests/1/pick", data={"slot": str(slot)}, follow_redirects=True)
    for answer in (picked, client.post("/meet", data={"t": meet, "slot": str(slot), "seen": seen})):
        assert "One side says that it took place, the other that it did not. An admin decides that first." in answer.text
    assert "The other side said otherwise, so an admin at" in text_at(client, f"/asked?t={asked}")
    for admin in (imani, sign_in(other)):
        home = text_at(admin, "/")
        assert ("Meetings to decide: two sides say different things" in home, "/requests?tab=decide" in home) == (True, True)
        assert "An admin’s turn" in text_at(admin, "/requests?tab=decide")
    assert "tab=decide" not in text_at(greta, "/requests")

    path, why = "/requests/1/candidates/1/ruling", "Both calendars were empty."
    unsaid, unwhy = "Please fill this in.", "Please say in a few words why."
    for typed, faults in (({"reason": why}, (1, 0)), ({"came": "no", "reason": " "}, (0, 1)), ({"reason": ""}, (1, 1))):
        bare = imani.post(path, data=typed)
        assert (bare.status_code, (bare.text.count(unsaid), bare.text.count(unwhy)), typed["reason"].strip() in bare.text) == (422, faults, True)
    assert greta.post(path, data={"came": "no", "reason": why}).status_code == 403
    assert "read what you decided, and why" in imani.post(path, data={"came": "no", "reason": why}, follow_redirects=True).text
    stale = imani.post(path, data={"came": "yes", "reason": "Words of another tab."})
    kept = 'id="righting-reason"' in stale.text, "Words of another tab." in stale.text
    assert (stale.status_code, kept) == (409, (True, True)), "who decided otherwise may go on with their words"
    agreeing = imani.post(path, data={"came": "no", "reason": "Words of another tab."}, follow_redirects=True)
    for answer in (stale, agreeing):
        for told in ("Imani decided meanwhile, on", "It did not take place. Nothing was changed."):
            assert told in answer.text, told
    assert "Meetings to decide" not in text_at(imani, "/")
    assert "Nothing waits" in text_at(imani, "/requests?tab=decide")
    for reader in (greta, owner):
        page = text_at(reader, "/requests/1")
        for told in ("Imani decided on", "that it did not take place", why, "please write to Imani, who can put it right"):
            assert told in page, told
        assert "It took place after all" not in page
    page = text_at(client, f"/asked?t={asked}")
    for told in ("decided that on", why, f"please write to Imani, {cast.admin_row.email}, who can put it right"):
        assert told in page, told

    with database.reading() as session:
        before = len(mails(session))
    right, anew = "/requests/1/candidates/1/put-right", "Paul sent his notes of the call."
    assert "It took place after all" in text_at(imani, "/requests/1")
    assert greta.post(right, data={"came": "yes", "reason": anew}).status_code == 403
    assert imani.post(right, data={"came": "yes", "reason": ""}).status_code == 422
    assert "Points and credit follow" in imani.post(right, data={"came": "yes", "reason": anew}, follow_redirects=True).text
    again = imani.post(right, data={"came": "yes", "reason": "Words of another tab."}, follow_redirects=True).text
    for told in ("Imani decided meanwhile, on", "It took place. Nothing was changed."):
        assert told in again, told
    page = text_at(client, f"/asked?t={asked}")
    assert "Words of another tab." not in page
    for told in ("It is written down as done", "Before, something else was written down.", anew):
        assert told in page, told
    page = text_at(greta, "/requests/1")
    for told in ("Imani put it right on", "An admin put right what happened", anew):
        assert told in page, told
    assert "It did not take place after all" in text_at(imani, "/requests/1")

    hold: dict[str, Any] = {"kind": BlockKind.LEGAL, "reason": "A secret case.", "person_id": cast.ada_id, "now": utcnow()}
    database.write(lambda session: set_block(session, cast.admin, **hold))
    back = imani.post(right, data={"came": "no", "reason": "They were of another call."}, follow_redirects=True).text
    for told in ("Put right.", "whoever asked and the account owner read why", "The customer is not written to about it while a block stands"):
        assert told in back, told
    assert "the customer read why" not in back
    with database.reading() as session:
        new = [kind for kind, to, _ in mails(session)[before:] if to == "ada@works.example"]
    assert new == ["request_decided"], "what was put right before the block stood, and nothing since"
    assert "They were of another call." in text_at(client, f"/asked?t={asked}"), "their page tells it"


@pytest.mark.parametrize("is_held", [False, True])
def test_who_said_that_it_did_not_take_place_reads_once_that_an_admin_decided_otherwise_and_not_at_all_under_a_block(
    database: Database, sign_in: SignIn, is_held: bool
) -> None:
    cast = database.write(Cast)
    held(database, cast)

    def scene(session: Session) -> None:
        candidate = session.get_one(RequestCandidate, 1)
        say_as_customer(session, ORIGIN, candidate=candidate, came=False, now=utcnow())
        say_as_requester(session, cast.greta, request_id=1, candidate_id=1, came=True, grade=4, now=utcnow())
        if is_held:
            company = {"kind": BlockKind.ESCALATION, "reason": "An outage.", "company_id": cast.company.id}
            set_block(session, cast.admin, **company, now=utcnow())

    database.write(scene)
    with database.reading() as session:
        before = len(mails(session))
    given = {"came": "yes", "reason": "Both calendars tell it."}
    said = sign_in(cast.admin_row).post("/requests/1/candidates/1/ruling", data=given, follow_redirects=True).text
    with database.reading() as session:
        new = [
            (kind, payload["data"].get("points"))
            for kind, to, payload in mails(session)[before:]
            if (to, kind[:8]) == ("ada@works.example", "request_")
        ]
        assert balance_of(session, cast.ada_id).net == 400
    assert new == ([] if is_held else [("request_decided", 400)])
    assert ("and the customer read what you decided" in said, "The customer is not written to about it while a block" in said) == (
        not is_held,
        is_held,
    )


def test_who_says_the_same_of_a_meeting_that_was_missed_reads_that_it_is_written_down(
    database: Database, sign_in: SignIn, client: PortalClient
) -> None:
    cast = database.write(Cast)
    held(database, cast)
    asked, greta = newest(database, "request_asked"), sign_in(cast.greta_row)
    given: dict[str, Any] = {"data": {"came": "no"}, "follow_redirects": True}
    assert client.post("/asked/outcome", data={"t": asked, "came": "no"}).status_code == 303
    assert "You said that it did not take place." in text_at(client, f"/asked?t={asked}")
    assert "You both say that it did not take place. It is written down so." in greta.post("/requests/1/candidates/1/outcome", **given).text
    page = text_at(client, f"/asked?t={asked}")
    assert ("It did not take place, Ada" in page, "please write to Imani" in page, "decided that on" in page) == (True, True, False)

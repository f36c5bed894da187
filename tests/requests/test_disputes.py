"""Where the two sides say different things of a meeting an admin decides, and everybody reads whose turn it is, who decided what, and why."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.requests.models import RequestMeeting, RequestSlot
from tests.factories.people import make_admin
from tests.factories.requests import Cast
from tests.requests.test_pages import newest, text_at
from tests.requests.test_path import to_booked
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
    assert "Nothing was changed" in imani.post(path, data={"came": "yes", "reason": "Too late."}, follow_redirects=True).text
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

    right, anew = "/requests/1/candidates/1/put-right", "Paul sent his notes of the call."
    assert "It took place after all" in text_at(imani, "/requests/1")
    assert greta.post(right, data={"came": "yes", "reason": anew}).status_code == 403
    assert imani.post(right, data={"came": "yes", "reason": ""}).status_code == 422
    assert "Points and credit follow" in imani.post(right, data={"came": "yes", "reason": anew}, follow_redirects=True).text
    page = text_at(client, f"/asked?t={asked}")
    for told in ("It is written down as done", "Before, something else was written down.", anew):
        assert told in page, told
    page = text_at(greta, "/requests/1")
    for told in ("Imani put it right on", "An admin put right what happened", anew):
        assert told in page, told
    assert "It did not take place after all" in text_at(imani, "/requests/1")


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

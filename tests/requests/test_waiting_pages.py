"""The pages after the yes say truly what happens: to the prospect whose times are over, to who needs no meeting, and of a call held elsewhere."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.profiles.rules.activity import Activity
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.jobs import follow_agreed
from portal.requests.models import RequestSlot
from tests.factories.requests import Cast
from tests.requests.test_pages import newest, text_at, walls
from tests.requests.test_path import to_yes
from tests.support.application import PortalClient, SignIn


def test_times_that_are_over_are_told_to_each_and_new_ones_come_by_mail(database: Database, sign_in: SignIn, client: PortalClient) -> None:
    cast = database.write(lambda session: Cast(session, at=utcnow() - timedelta(days=8)))
    database.write(lambda session: to_yes(session, cast, cast.request(session).id))
    meet = newest(database, "request_times")
    assert "We ask Ada for new ones, and you get a mail" in text_at(client, f"/meet?t={meet}")
    assert follow_agreed(database, utcnow()) == 1
    assert "the conversation does not take place, and we tell you that too" in text_at(client, f"/meet?t={meet}")
    greta = sign_in(cast.greta_row)
    assert "The customer was asked for new ones on" in text_at(greta, "/requests/1")
    assert "The customer’s turn" in text_at(greta, "/requests")
    asked = newest(database, "request_new_times")
    assert "Could you offer new ones?" in text_at(client, f"/asked?t={asked}")
    assert client.post("/asked/times", data={"t": asked, "minutes": "30", "zone": "Europe/Berlin", **walls(1, 2)}).status_code == 303
    assert "The prospect’s turn" in text_at(greta, "/requests")
    meet = newest(database, "request_times")
    with database.reading() as session:
        slot = session.scalars(select(RequestSlot.id).where(RequestSlot.is_offered).order_by(RequestSlot.starts_at)).first()
    long = client.post("/meet", data={"t": meet, "slot": str(slot), "place": "x" * 501})
    assert (long.status_code, long.text.count("x" * 501)) == (422, 1)
    assert f'value="{slot}" required checked' in long.text
    assert client.post("/meet", data={"t": meet, "slot": str(slot), "place": "https://calls.example/42"}).status_code == 303
    for page in (text_at(client, f"/meet?t={meet}"), text_at(client, f"/asked?t={asked}"), text_at(greta, "/requests/1")):
        assert "https://calls.example/42" in page


def test_a_call_held_elsewhere_is_written_down_on_the_page_and_both_are_asked(database: Database, sign_in: SignIn, client: PortalClient) -> None:
    cast = database.write(lambda session: Cast(session, at=utcnow() - timedelta(days=2)))
    database.write(lambda session: to_yes(session, cast, cast.request(session).id))
    greta, path = sign_in(cast.greta_row), "/requests/1/candidates/1/outside"
    assert "Paul Prospect" in text_at(greta, "/requests/1")
    typed = {"minutes": "25", "who": "Paul and his boss"}
    late = greta.post(path, data=typed | {"day": (utcnow() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")})
    assert late.status_code == 422
    assert "This is not over yet" in late.text
    assert "Paul and his boss" in late.text
    assert greta.post(path, data=typed | {"day": ""}).status_code == 422
    day = (utcnow() - timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    assert greta.post(path, data=typed | {"day": day}).status_code == 303
    page = text_at(greta, "/requests/1")
    assert "It took place outside the portal" in page
    assert "What happened?" in page
    assert sign_in(cast.owner_row).post(path, data=typed | {"day": day}).status_code == 403
    assert "It is about the conversation on" in text_at(client, f"/asked?t={newest(database, 'request_outcome')}")
    assert "It was on" in text_at(client, f"/meet?t={newest(database, 'request_times')}")


def test_after_the_yes_to_what_needs_no_meeting_the_page_thanks_first(database: Database, client: PortalClient) -> None:
    cast = database.write(lambda session: Cast(session, at=utcnow() - timedelta(days=30)))

    def ask(session: Session) -> None:
        candidate = propose(session, cast.greta, request_id=1, person_id=cast.ada_id, now=utcnow() - timedelta(minutes=2))
        agree(session, cast.owner, request_id=1, candidate_id=candidate.id, now=utcnow() - timedelta(minutes=1))

    database.write(lambda session: cast.request(session, activity=Activity.QUOTE, now=utcnow()))
    database.write(ask)
    asked = newest(database, "request_asked")
    assert client.post("/asked/yes", data={"t": asked}).status_code == 303
    page = text_at(client, f"/asked?t={asked}")
    assert "Thank you, Ada" in page
    assert "I cannot after all" in page
    assert "Is it done, Ada?" not in page
    assert follow_agreed(database, utcnow() + timedelta(days=22)) == 1
    page = text_at(client, f"/asked?t={newest(database, 'request_done')}")
    assert "Is it done, Ada?" in page
    assert "I cannot after all" in page
    assert client.post("/asked/no", data={"t": asked, "code": "no_time"}).status_code == 303
    assert "You said no, and that is fine" in text_at(client, f"/asked?t={asked}")

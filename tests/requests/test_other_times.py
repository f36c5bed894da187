"""Another time: the prospect can make none or needs it no more, whoever asked needs another one, the customer cannot keep what was settled."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.rules.link import LinkSpent
from portal.profiles.rules.activity import Activity
from portal.requests.actions.answering import offer_others
from portal.requests.actions.booking import pick_as_prospect
from portal.requests.actions.ending import cancel
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.actions.reopening import ask_another_time, say_none_suits, say_not_needed
from portal.requests.models import RequestMeeting, RequestSlot
from portal.requests.queries.waiting import wait_of
from portal.requests.rules.links import LinkKind
from portal.requests.rules.refusals import HeldAlready, RequestMoved, RequestUnknown, ToldUsAlready, WhyNeeded
from portal.requests.rules.states import State, Turn, turn
from portal.requests.rules.terms import Terms
from portal.requests.rules.waiting import Wait, WaitDue, WaitWord, due_of_meeting
from tests.factories.people import make_employee
from tests.factories.references import acting
from tests.factories.requests import Cast, behind
from tests.requests.test_pages import newest, text_at
from tests.requests.test_path import ORIGIN, ZONE, cast, mails, state, steps, to_booked, to_yes, walls
from tests.requests.test_waiting import followed, kinds_to
from tests.support.application import PortalClient, SignIn
from tests.support.forms import fields_of

__all__ = ["cast"]
PAUL, ADA = "paul@prospect.example", "ada@works.example"


def entries(session: Session) -> list[tuple[int, bool]]:
    found = [payload["calendar"] for kind, _, payload in mails(session) if kind == "request_invitation"]
    return [(one["sequence"], one["is_cancelled"]) for one in found]


def test_where_no_time_suits_the_prospect_the_customer_is_asked_for_others_and_the_requester_told(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = to_yes(session, cast, request.id)
    found = behind(session, LinkKind.PROSPECT, "request_times", cast.at)
    say_none_suits(session, ORIGIN, candidate=found, wish=" Mondays after ten. ", now=cast.at)
    assert (state(session, request.id), steps(session, cast.greta_row.id)[-1]) == ("accepted", "none_suits")
    kind, to, payload = mails(session)[-1] if mails(session)[-1][0] == "request_new_times" else mails(session)[-2]
    assert (kind, to, payload["data"]["cause"], payload["data"]["wish"]) == ("request_new_times", ADA, "none_suits", "Mondays after ten.")
    with pytest.raises(ToldUsAlready):
        say_none_suits(session, ORIGIN, candidate=found, now=cast.at)
    # The clock goes on as with times that are over: a reminder, and then an end.
    assert followed(session, request.id, cast.at, 1, 4, 20.9) == ["", "remind_times", ""]
    now = cast.at + timedelta(days=5)
    again = behind(session, LinkKind.CUSTOMER, "request_new_times", now)
    offer_others(session, ORIGIN, candidate=again, walls=walls(now, 2), minutes=30, zone=ZONE, now=now)
    assert (kinds_to(session, PAUL)[-1], wait_of(session, candidate).word) == ("request_times", None)
    told = [payload["data"]["is_new"] for kind, _, payload in mails(session) if kind == "request_times"]
    assert told == [False, True], "the second mail says that these are others"


def test_a_prospect_who_needs_it_no_more_frees_both_calendars_and_the_requester_decides(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    found = behind(session, LinkKind.PROSPECT, "request_invitation", cast.at)
    with pytest.raises(WhyNeeded):
        say_not_needed(session, ORIGIN, candidate=found, why="  ", now=cast.at)
    with pytest.raises(HeldAlready):
        say_not_needed(session, ORIGIN, candidate=found, why="Too late.", now=meeting.starts_at)
    before = kinds_to(session, ADA)
    say_not_needed(session, ORIGIN, candidate=found, why="We chose another one.", now=cast.at)
    assert (state(session, request.id), entries(session)[-2:]) == ("accepted", [(1, True), (1, True)])
    assert kinds_to(session, ADA) == [*before, "request_invitation"], "the customer is asked for nothing"
    assert steps(session, cast.greta_row.id)[-1] == "prospect_cannot"
    with pytest.raises(ToldUsAlready):
        say_not_needed(session, ORIGIN, candidate=found, why="Once more.", now=cast.at)
    assert followed(session, request.id, cast.at, 4, 20.9) == ["", ""], "nobody is written to"
    # The times that are left may still be picked, and whoever asked may ask once more.
    now = cast.at + timedelta(minutes=1)
    ask_another_time(session, cast.greta, request_id=request.id, candidate_id=candidate.id, now=now)
    kind, to, payload = [one for one in mails(session) if one[1] == PAUL][-1]
    assert (kind, to, payload["data"]["off"]) == ("request_times", PAUL, meeting.starts_at.isoformat())
    slot = session.scalars(select(RequestSlot.id).where(RequestSlot.is_offered).order_by(RequestSlot.starts_at)).first()
    again = pick_as_prospect(session, ORIGIN, candidate=found, slot_id=slot or 0, now=now)
    assert (again.uid, again.sequence, again.cancelled_at, state(session, request.id)) == (meeting.uid, 2, None, "scheduled")
    assert wait_of(session, candidate).word is None
    say_not_needed(session, ORIGIN, candidate=found, why="Not after all.", now=now)
    cancel(session, cast.greta, request_id=request.id, now=now)
    assert "request_no_meeting" not in kinds_to(session, PAUL), "who said so themselves is not told"


def test_whoever_asked_asks_for_another_time_once_and_only_before_it_begins(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    which = {"request_id": request.id, "candidate_id": candidate.id}
    with pytest.raises(RequestUnknown):
        ask_another_time(session, acting(make_employee(session)), **which, now=cast.at)
    with pytest.raises(HeldAlready):
        ask_another_time(session, cast.greta, **which, now=meeting.starts_at)
    ask_another_time(session, cast.greta, **which, why="Paul is ill.", now=cast.at + timedelta(seconds=1))
    with pytest.raises(RequestMoved):
        ask_another_time(session, cast.greta, **which, now=cast.at)
    assert entries(session)[-2:] == [(1, True), (1, True)]
    assert kinds_to(session, PAUL)[-2:] == ["request_invitation", "request_times"]
    assert "request_new_times" not in kinds_to(session, ADA), "other times of hers are left"
    # With none left the customer is asked.
    now = cast.at + timedelta(minutes=1)
    offer_others(session, ORIGIN, candidate=candidate, walls=walls(cast.at, 6), minutes=30, zone=ZONE, now=now)
    slot = session.scalars(select(RequestSlot.id).where(RequestSlot.is_offered)).one()
    pick_as_prospect(session, ORIGIN, candidate=candidate, slot_id=slot, now=now)
    ask_another_time(session, cast.admin, **which, why="Paul is ill.", now=now + timedelta(minutes=1))
    told = [payload["data"] for kind, _, payload in mails(session) if kind == "request_new_times"][-1]
    assert (told["cause"], told["wish"], steps(session, cast.greta_row.id)[-1]) == ("another", "Paul is ill.", "another_time")


def test_a_customer_who_offers_other_times_takes_what_was_settled_out_of_both_calendars(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    given = {"candidate": candidate, "minutes": 30, "zone": ZONE}
    with pytest.raises(HeldAlready):
        offer_others(session, ORIGIN, **given, walls=walls(cast.at, 8), now=meeting.starts_at)
    offer_others(session, ORIGIN, **given, walls=walls(cast.at, 6, 7), now=cast.at + timedelta(minutes=1))
    assert (state(session, request.id), entries(session)[-2:]) == ("accepted", [(1, True), (1, True)])
    assert steps(session, cast.greta_row.id)[-1] == "other_times_off"
    _kind, to, payload = [one for one in mails(session) if one[0] == "request_times"][-1]
    assert (to, payload["data"]["off"]) == (PAUL, meeting.starts_at.isoformat())
    with pytest.raises(LinkSpent):
        behind(session, LinkKind.OWNER, "request_times", cast.at)


def test_the_pages_say_what_is_off_and_what_was_said(database: Database, sign_in: SignIn, client: PortalClient) -> None:
    cast = database.write(Cast)
    request_id = database.write(lambda session: to_booked(session, cast, cast.request(session).id)[0].request_id)
    meet, asked = newest(database, "request_invitation"), newest(database, "request_asked")
    database.write(lambda session: session.execute(update(RequestSlot).values(zone="Asia/Tokyo")))
    greta, one = sign_in(cast.greta_row), f"/requests/{request_id}"
    assert "Ask for another time" in text_at(greta, one)
    page = text_at(client, f"/meet?t={meet}")
    assert ("Either takes the meeting on" in page, "do not need it any more (please say why)" in page) == (True, True)
    bare = client.post("/meet/other", data={"t": meet, "what": "not_needed"})
    assert (bare.status_code, "Please say in a few words why" in bare.text) == (422, True)
    assert client.post("/meet/other", data={"t": meet, "what": "none_suits", "said": "Mondays after ten."}).status_code == 303
    twice = client.post("/meet/other", data={"t": meet, "what": "none_suits"})
    assert (twice.status_code, "You have told us already" in twice.text) == (409, True)
    page = text_at(client, f"/meet?t={meet}")
    assert ("is off" in page, "You told us that none of the times suits you" in page, "It is settled" in page) == (True, True, False)
    page = text_at(client, f"/asked?t={asked}")
    assert ("is off" in page, "The other side can make none of the times" in page, "Mondays after ten." in page) == (True, True, True)
    assert ('selected value="Asia/Tokyo"' in page, "data-zone-unsaid" in page) == (True, False), "the zone they chose is kept"
    page = text_at(greta, one)
    assert ("can make none of the times that were offered" in page, "Mondays after ten." in page) == (True, True)
    assert "The customer’s turn" in text_at(greta, "/requests")
    at = utcnow() + timedelta(days=9)
    new = {"t": asked, "minutes": "30", "zone": "Europe/Berlin", "slot1": at.strftime("%Y-%m-%dT10:00")}
    assert client.post("/asked/times", data=new).status_code == 303
    page = text_at(client, f"/meet?t={meet}")
    assert ("is off" in page, "Please pick another time" in page) == (True, True)
    assert client.post("/meet/other", data={"t": meet, "what": "not_needed", "said": "We chose another one."}).status_code == 303
    assert "You told us on" in text_at(client, f"/meet?t={meet}")
    assert "We chose another one." in text_at(greta, one)
    page = text_at(client, f"/asked?t={asked}")
    assert ("you need do nothing" in page, "Offer other times" in page) == (True, False)
    page = text_at(greta, one)
    assert ("Your turn" in page, "No time is picked yet" in page) == (True, False)
    with database.reading() as session:
        slot = session.scalars(select(RequestSlot.id).where(RequestSlot.is_offered)).one()
    assert client.post("/meet", data={"t": meet, "slot": str(slot)}).status_code == 303
    assert "It is settled" in text_at(client, f"/meet?t={meet}")
    assert greta.post(f"{one}/candidates/1/another-time", data={"reason": "Paul is ill."}).status_code == 303
    assert "has to ask you for another time" in text_at(client, f"/asked?t={asked}")


def test_where_it_takes_place_stays_when_an_admin_who_is_not_shown_it_picks_and_goes_when_who_typed_it_leaves_it_empty(
    database: Database, sign_in: SignIn
) -> None:
    cast = database.write(Cast)
    request_id = database.write(lambda session: to_booked(session, cast, cast.request(session).id)[0].request_id)
    database.write(lambda session: setattr(session.get_one(RequestMeeting, 1), "place", "+49 160 555"))
    with database.reading() as session:
        slots = session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at)).all()
    greta, imani, one = sign_in(cast.greta_row), sign_in(cast.admin_row), f"/requests/{request_id}"
    help_of_it = "Empty: what is written down stays."
    assert [help_of_it in text_at(reader, one) for reader in (greta, imani)] == [False, True]
    for reader, slot, typed, place in (
        (imani, slots[1], {"place": ""}, "+49 160 555"),
        (greta, slots[2], {"place": "", "keeps": "1"}, ""),
        (imani, slots[1], {"place": "Room 4"}, "Room 4"),
    ):
        assert reader.post(f"{one}/pick", data={"slot": str(slot), **typed}).status_code == 303
        with database.reading() as session:
            meeting = session.get_one(RequestMeeting, 1)
            assert (meeting.place, meeting.starts_at) == (place, session.get_one(RequestSlot, slot).starts_at)


@pytest.mark.parametrize("how", ["else", "off"])
def test_a_prospect_who_had_times_hears_once_that_it_is_off_and_every_link_says_so(
    database: Database, sign_in: SignIn, client: PortalClient, how: str
) -> None:
    cast = database.write(Cast)
    database.write(lambda session: to_yes(session, cast, cast.request(session).id))
    meet, asked, greta = newest(database, "request_times"), newest(database, "request_asked"), sign_in(cast.greta_row)
    if how == "else":
        assert client.post("/asked/no", data={"t": asked, "code": "colleague", "colleague": "Bo Berg"}).status_code == 303
        assert "You named Bo Berg instead: Greta was told" in text_at(client, f"/asked?t={asked}")
    else:
        assert greta.post("/requests/1/cancel").status_code == 303
    with database.reading() as session:
        told = [(to, payload["data"]["how"]) for kind, to, payload in mails(session) if kind == "request_no_meeting"]
        assert (told, kinds_to(session, PAUL)) == ([(PAUL, how)], ["request_times", "request_no_meeting"])
    page = text_at(client, f"/meet?t={meet}", 410)
    for said in ("This does not take place", "Your conversation with Ada of Works", "is off since", cast.greta_row.email or "?"):
        assert said in page, said
    assert ("looks for somebody else for you" in page, "used already" in page) == (how == "else", False)
    picked = client.post("/meet", data={"t": meet, "slot": "1"})
    assert (picked.status_code, "is off since" in picked.text, "used already" in picked.text) == (410, True, False)
    if how == "off":
        page = text_at(client, f"/asked?t={asked}", 410)
        for said in ("This is not needed any more", "is off since", "You need do nothing", cast.greta_row.email or "?"):
            assert said in page, said
        late = client.post("/asked/no", data={"t": asked, "code": "no_time"})
        assert (late.status_code, "is off since" in late.text, "used already" in late.text) == (410, True, False)
    else:
        assert "You said no, and that is fine" in text_at(client, f"/asked?t={asked}")


def test_an_odd_time_is_told_before_it_is_sent_and_marked_on_every_page(database: Database, sign_in: SignIn, client: PortalClient) -> None:
    cast = database.write(Cast)

    def ask(session: Session) -> int:
        request = cast.request(session, activity=Activity.VISIT, needed_by=(utcnow() + timedelta(days=5)).date())
        candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
        agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, now=cast.at)
        return request.id

    request_id, asked = database.write(ask), newest(database, "request_asked")
    page = text_at(client, f"/asked?t={asked}")
    assert ("About 60 minutes or longer" in page, ">240 minutes<" in page, ">30 minutes<" in page) == (True, True, False)
    short = {"t": asked, "minutes": "30", "zone": "Europe/Berlin", "slot1": (utcnow() + timedelta(days=3)).strftime("%Y-%m-%dT10:00")}
    refused = client.post("/asked/yes", data=short)
    assert (refused.status_code, "Choose one of the lengths that are offered" in refused.text) == (422, True)
    far = client.post("/asked/yes", data=short | {"minutes": "60", "slot1": (utcnow() + timedelta(days=90)).strftime("%Y-%m-%dT03:00")})
    assert (far.status_code, "more than 60 days away" in far.text, "press the button once more" in far.text) == (422, True, False)
    late = short | {"minutes": "120", "slot1": (utcnow() + timedelta(days=9)).strftime("%Y-%m-%dT18:30")}
    told = client.post("/asked/yes", data=late)
    assert (told.status_code, "after the day by which it is needed" in told.text, "where you are" in told.text) == (200, True, True)
    assert "They are not sent yet" in told.text
    sure = fields_of(told.text, having="sure")["sure"]
    other = client.post("/asked/yes", data=late | {"sure": sure, "slot1": (utcnow() + timedelta(days=8)).strftime("%Y-%m-%dT18:30")})
    assert "press the button once more" in other.text, "another odd time is told anew"
    assert client.post("/asked/yes", data=late | {"sure": sure}).status_code == 303
    page = text_at(client, f"/asked?t={asked}")
    assert ("after the day by which it is needed" in page, "where you are" in page) == (True, True)
    page = text_at(sign_in(cast.greta_row), f"/requests/{request_id}")
    assert ("after the day by which it is needed" in page, "after 20:00 where the customer is" in page) == (True, True)
    page = text_at(client, f"/meet?t={newest(database, 'request_times')}&zone=America/New_York")
    assert ("after the day by which it is needed" in page, "where Ada is" in page, "where you are" in page) == (True, True, False)


@pytest.mark.parametrize(("day", "due"), [(0, WaitDue.NOTHING), (20.9, WaitDue.NOTHING), (21, WaitDue.GIVE_UP)])
@pytest.mark.parametrize("has_times", [True, False])
def test_what_the_prospect_needs_no_more_waits_for_the_requester_and_ends(has_times: bool, day: float, due: WaitDue) -> None:
    at = utcnow()
    wait = Wait(at, word=WaitWord.NOT_NEEDED)
    assert due_of_meeting(wait, has_times=has_times, now=at + timedelta(days=day), terms=Terms()) is due
    facts = {"is_self_serve": True, "is_meeting": True, "has_prospect": True}
    assert turn(State.ACCEPTED, **facts, is_unneeded=True) is Turn.REQUESTER
    assert turn(State.ACCEPTED, **facts) is Turn.PROSPECT

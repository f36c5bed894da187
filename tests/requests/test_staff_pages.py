"""What staff read and press on the way: no request twice, nobody twice for one prospect, a word beforehand, a question before the end."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Settings
from portal.acts.actions.blocking import set_block
from portal.acts.models.asks import OpenAsk
from portal.acts.rules.terms import BlockKind
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.mails import Mailer
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.senders import FolderSender
from portal.people.models import Company, Person
from portal.profiles.actions.own import remove_me
from portal.profiles.rules.activity import Activity
from portal.requests.actions.answering import accept, decline
from portal.requests.actions.begin import hand_to_admins, send_request
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose, take_back
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestSlot
from portal.requests.rules.need import Need, require_sendable
from portal.requests.rules.refusals import AskedForThem, CurrencyMissing, RequestMoved, RequestUnknown
from tests.factories.finding import make_reference
from tests.factories.people import make_employee, make_person
from tests.factories.references import acting
from tests.factories.requests import Cast, make_request
from tests.requests.test_pages import newest, text_at
from tests.requests.test_path import ORIGIN, ZONE, cast, state, steps, to_booked, walls
from tests.rewards.racing import all_at_once
from tests.support.application import PortalClient, SignIn
from tests.support.forms import fields_of
from tests.support.site import text_of

__all__ = ["cast"]
TYPED = {"activity": "call", "prospect": "Grand Inns plc", "do": "send"}


def day() -> str:
    return (utcnow() + timedelta(days=30)).date().isoformat()


def test_the_same_need_sent_twice_is_asked_about_and_a_double_click_is_one(database: Database, sign_in: SignIn) -> None:
    cast = database.write(Cast)
    greta = sign_in(cast.greta_row)
    sent: dict[str, Any] = TYPED | {"key": "form-1", "needed_by": day()}
    first = greta.post("/requests/new", data=sent).location
    assert greta.post("/requests/new", data=sent).location == first
    again = greta.post("/requests/new", data=sent | {"key": "form-2", "prospect": "GRAND INNS PLC"})
    assert (again.status_code, "You have a request for this prospect already" in again.text, first in again.text) == (409, True, True)
    assert greta.post("/requests/new", data=sent | {"key": "form-2", "again": "1"}).status_code == 303
    other = sign_in(database.write(lambda session: make_employee(session).id))
    assert other.post("/requests/new", data=sent | {"key": "form-3"}).status_code == 303, "of somebody else it tells nothing"
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReferenceRequest)) == 3


def test_nobody_is_proposed_twice_for_one_prospect_also_not_by_two_at_once(database: Database) -> None:
    cast = database.write(Cast)
    names = ("Grand Inns", "GRAND  INNS", "Grand Inns", "Small Inns")
    ids = database.write(lambda s: [cast.request(s, prospect=name).id for name in names])

    def work(request_id: int) -> Any:
        return lambda s: propose(s, cast.greta, request_id=request_id, person_id=cast.ada_id, now=utcnow())

    assert all_at_once(database, [work(one) for one in ids[:3]] * 2, tries=30) == {"done": 2, "AskedForThem": 4}
    database.write(work(ids[3]))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RequestCandidate)) == 2
        assert session.scalar(select(func.count()).select_from(OpenAsk)) == 2, "what was refused keeps no slot"
        held = session.scalars(select(RequestCandidate).where(RequestCandidate.request_id.in_(ids[:3]))).one()
    facts: dict[str, Any] = {"request_id": held.request_id, "candidate_id": held.id, "now": utcnow()}
    database.write(lambda s: take_back(s, cast.greta, **facts))
    free = next(one for one in ids[:3] if one != held.request_id)
    database.write(work(free))
    with pytest.raises(AskedForThem):
        database.write(work(next(one for one in ids[:3] if one not in (held.request_id, free))))


def test_what_stands_against_them_is_read_before_anything_is_typed_and_the_request_goes_without_them(database: Database, sign_in: SignIn) -> None:
    cast = database.write(Cast)
    greta = sign_in(cast.greta_row)
    form = f"/requests/new?person={cast.ada_id}&activity=call"
    assert "the account owner is asked" in text_at(greta, form)
    database.write(lambda s: set_block(s, cast.admin, kind=BlockKind.ESCALATION, person_id=cast.ada_id, reason="Ticket 7", now=cast.at))
    page = text_at(greta, form)
    assert "They cannot be proposed now" in page
    assert "A slot is reserved" not in page
    assert "Ticket 7" not in page
    sent: dict[str, Any] = TYPED | {"key": "form-1", "needed_by": day(), "person": cast.ada_id}
    assert greta.post("/requests/new", data=sent).status_code == 409
    one = greta.post("/requests/new", data=sent | {"alone": "y"})
    assert (one.status_code, "Your turn" in text_at(greta, one.location)) == (303, True)
    assert "Ada, Works" in text_at(greta, one.location), "whom they found stands there, to be proposed later"


def test_who_looks_after_the_customer_reads_that_nobody_else_is_asked(database: Database, sign_in: SignIn) -> None:
    cast = database.write(Cast)
    olaf = sign_in(cast.owner_row)
    assert "You look after them, so nobody else is asked first" in text_at(olaf, f"/requests/new?person={cast.ada_id}&activity=call")
    one = olaf.post("/requests/new", data=TYPED | {"key": "form-1", "needed_by": day(), "person": str(cast.ada_id)}).location
    assert "you can ask them now" in text_at(olaf, one)


def test_a_requester_who_finds_nobody_hands_it_to_the_admins_who_read_whom_they_found(database: Database, sign_in: SignIn) -> None:
    cast = database.write(lambda s: Cast(s, tier=2))
    greta, imani = sign_in(cast.greta_row), sign_in(cast.admin_row)
    sent: dict[str, Any] = TYPED | {"key": "form-1", "needed_by": day()}
    one = greta.post("/requests/new", data=sent).location
    for who in ("Ada", "Nobody Such"):
        refused = greta.post(f"{one}/propose", data={"who": who})
        assert (refused.status_code, f"nobody called “{who}” whom you may propose" in refused.text) == (422, True)
    assert greta.post(f"{one}/hand-over").status_code == 303
    page = text_at(greta, one)
    assert "An admin’s turn" in page
    assert "Let an admin find somebody" not in page
    assert "Grand Inns plc" in text_at(imani, "/requests?tab=unassigned")
    with database.reading() as session:
        assert steps(session, cast.admin_row.id) == ["unassigned"]


def test_only_the_requester_hands_it_over_and_only_while_nobody_is_proposed(session: Session, cast: Cast) -> None:
    request, now = cast.request(session), cast.at
    with pytest.raises(RequestUnknown):
        hand_to_admins(session, acting(make_employee(session)), request_id=request.id, now=now)
    propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=now)
    with pytest.raises(RequestMoved):
        hand_to_admins(session, cast.greta, request_id=request.id, now=now)
    second = cast.request(session)
    for _ in range(2):
        hand_to_admins(session, cast.greta, request_id=second.id, now=now)
    assert steps(session, cast.admin_row.id) == ["unassigned"]


def test_who_said_no_is_not_offered_again(database: Database, sign_in: SignIn) -> None:
    cast = database.write(Cast)
    greta = sign_in(cast.greta_row)
    sent: dict[str, Any] = TYPED | {"key": "form-1", "needed_by": day(), "person": cast.ada_id}
    one = greta.post("/requests/new", data=sent).location
    olaf = sign_in(cast.owner_row)
    assert olaf.post(f"{one}/candidates/1/refuse", data={"code": "renewal", "said": "Not now."}).status_code == 303
    page = text_at(greta, one)
    assert f"(#{cast.ada_id})" not in page
    found_at = html.unescape(re.findall(r'href="(/find\?[^"]*)"', page)[0])
    assert "request=1" in found_at
    other = database.write(lambda session: make_reference(session, "Other Rail", "Otto Other").id)
    hidden = database.write(lambda session: make_reference(session, "Quiet Bank", "Quinn Quiet", tier=2).id)
    veiled = re.findall(r"/find/(v[a-z2-7]{13})\?", text_at(greta, "/find?request=1"))[0]
    for address in ("/find?request=1", f"/find/{cast.ada_id}?request=1", f"/find/compare?who={cast.ada_id}&who={other}&request=1"):
        found = text_at(greta, address)
        assert "For the request of Grand Inns plc." in found, address
        assert "Their account owner said no to this request on" in found, address
        assert f"/requests/1?person={cast.ada_id}" not in found
        assert f"/requests/1?person={other}#who" in found or "compare" not in address
        assert "/requests/new" not in found, "whoever looks for this request begins no other"
    assert f"/requests/1?person={veiled}" not in text_at(greta, f"/find/{veiled}?request=1"), "who is asked through an admin is proposed by one"
    assert f"Otto Other (#{other})" in text_at(greta, f"/requests/1?person={other}#who")
    assert "Quinn Quiet" not in text_at(greta, f"/requests/1?person={hidden}") + text_at(greta, f"/requests/1?person={veiled}")
    imani = sign_in(cast.admin_row)
    assert f"/requests/1?person={hidden}#who" in text_at(imani, f"/find/{hidden}?request=1")
    assert f"Quinn Quiet (#{hidden})" in text_at(imani, f"/requests/1?person={veiled}"), "by either name, as far as the reader may propose them"
    assert "For the request of" not in text_at(sign_in(database.write(lambda session: make_employee(session).id)), "/find?request=1"), (
        "a request is for its parties"
    )
    assert "For the request of" not in text_at(greta, "/find?request=99&worry=x") + text_at(greta, "/find?request=x")


def test_a_lost_deal_asks_once_before_it_calls_a_meeting_off(database: Database, sign_in: SignIn) -> None:
    cast = database.write(Cast)

    def scene(session: Session) -> int:
        request = cast.request(session)
        to_booked(session, cast, request.id)
        return request.id

    request_id = database.write(scene)
    greta, lost = sign_in(cast.greta_row), {"outcome": "lost", "closed_on": utcnow().date().isoformat()}
    asked = greta.post(f"/requests/{request_id}/deal", data=lost)
    assert (asked.status_code, "calls off the meeting" in asked.text) == (409, True)
    with database.reading() as session:
        assert state(session, request_id) == "scheduled"
    assert greta.post(f"/requests/{request_id}/deal", data=lost | {"sure": "yes"}).status_code == 303
    with database.reading() as session:
        assert state(session, request_id) == "withdrawn"


def test_a_value_has_a_currency(session: Session, cast: Cast) -> None:
    need = Need(Activity.CALL, prospect="Grand Inns", needed_by=cast.at.date(), deal_value=120_000)
    with pytest.raises(CurrencyMissing):
        require_sendable(need, cast.at.date())
    draft = make_request(session, cast.greta_row, is_sent=False, currency="", now=cast.at)
    with pytest.raises(CurrencyMissing):
        send_request(session, cast.greta, request_id=draft.id, now=cast.at)


def test_staff_read_times_on_their_own_clock_too_only_times_that_are_left_and_no_draft_where_none_was_kept(
    database: Database, sign_in: SignIn
) -> None:
    cast = database.write(Cast)
    database.write(lambda session: setattr(session.get_one(Person, cast.greta_row.id), "time_zone", "America/New_York"))
    request_id = database.write(lambda session: to_booked(session, cast, cast.request(session).id)[0].request_id)
    one = f"/requests/{request_id}"
    with database.reading() as session:
        told = {notice.person_id: notice.data for notice in session.scalars(select(Notice)) if notice.data.get("step") == "booked"}
        assert (told[cast.greta_row.id]["zone"], told[cast.greta_row.id]["own_zone"]) == ("Europe/Berlin", "America/New_York")
        first = session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at)).first()
    greta = sign_in(cast.greta_row)
    page = text_at(greta, one)
    assert ("10:00 (Europe/Berlin); on your clock:" in page, "(America/New York)" in page, "Draft begun" in page) == (True, True, False)
    assert f'name="slot" value="{first}"' in page
    database.write(lambda session: setattr(session.get_one(RequestSlot, first), "starts_at", utcnow() - timedelta(hours=1)))
    assert f'name="slot" value="{first}"' not in text_at(greta, one)
    assert "A slot is reserved. You look after them" in _sent_by_owner(database, sign_in, cast)


def _sent_by_owner(database: Database, sign_in: SignIn, cast: Cast) -> str:
    """Return what Olaf reads who keeps a draft, and then proposes somebody he looks after."""
    olaf = sign_in(cast.owner_row)
    typed = TYPED | {"key": "own-1", "needed_by": day(), "prospect": "Small Inns"}
    blank = olaf.get("/requests/new").text
    assert (fields_of(blank, having="currency")["currency"], "<details open" in blank) == (["USD"], False), "the programme's own"
    assert olaf.post("/requests/new", data=typed | {"do": "draft"}).status_code == 303
    wrong = olaf.post("/requests/new", data=typed | {"currency": "eu1", "prospect_email": "paul"})
    assert (wrong.status_code, "the currency by three letters, such as EUR" in wrong.text) == (422, True)
    assert ("This does not look like an e-mail address" in wrong.text, "Field must be" in wrong.text) == (True, False)
    path = olaf.post("/requests/new", data=typed | {"currency": "eur"}).location
    assert "Draft begun" in text_at(olaf, path)
    return olaf.post(f"{path}/propose", data={"who": "ada@works.example"}, follow_redirects=True).text


def test_who_never_agreed_to_be_a_reference_is_proposed_only_by_who_read_so_and_the_account_owner_reads_it_too(
    database: Database, sign_in: SignIn, client: PortalClient, app: Flask, settings: Settings
) -> None:
    cast = database.write(Cast)
    request_id = database.write(lambda session: cast.request(session).id)
    daan_id = database.write(lambda session: make_person(session, name="Daan", email="daan@works.example", company_id=cast.company.id).id)
    words = "Daan has no reference profile and has never agreed to this (Reference call). This would be the first time they are asked for it."
    imani, greta, one = sign_in(cast.admin_row), sign_in(cast.greta_row), f"/requests/{request_id}"
    assert words in text_at(imani, f"/requests/new?person={daan_id}&activity=call")
    assert "never agreed" not in text_at(imani, f"/requests/new?person={cast.ada_id}&activity=call")
    first = imani.post(f"{one}/propose", data={"who": "daan@works.example"})
    assert (first.status_code, words in first.text, "Nobody yet" in first.text) == (409, True, True)
    daan, long = {"sure": str(daan_id)}, "A" * 600
    for reader, typed, is_told in (
        (imani, {**daan, "who": "daan@works.example", "reason": long}, True),
        (imani, {**daan, "who": "ada@works.example", "reason": long}, False),
        (imani, {**daan, "who": "", "reason": "Only she"}, False),
        (imani, {"sure": "987654", "who": "", "reason": "Only she"}, False),
        (greta, {**daan, "who": "", "reason": "Only she"}, False),
        (greta, {"sure": str(cast.owner_row.id), "who": "", "reason": "Only she"}, False),
    ):
        again = reader.post(f"{one}/propose", data=typed)
        told = "never agreed" in again.text or "no reference profile" in again.text
        assert (again.status_code, typed["reason"] in again.text, told) == (422, True, is_told), typed
    assert imani.post(f"{one}/propose", data=fields_of(first.text, having="who")).status_code == 303
    assert text_at(imani, one).count(words) == 2, "told once, and kept beside the proposal"
    assert text_at(imani, one).count(words) == 1
    page = text_at(greta, one)
    assert ("Daan" in page, "This person has no reference profile" in page) == (False, True)
    assert words in text_at(client, f"/agree?t={newest(database, 'request_agree')}")
    with database.reading() as session:
        job = next(one for one in session.scalars(select(OutboxJob)) if one.payload.get("kind") == "request_agree")
        mail = Mailer(app, settings, FolderSender(settings.data / "mail")).compose({**job.payload, "outbox_id": job.id}, utcnow())
    assert words in " ".join(text_of(mail).split())


def test_whoever_took_themself_out_is_refused_beside_the_field_and_who_is_asked_through_an_admin_too(database: Database, sign_in: SignIn) -> None:
    def begin(session: Session) -> tuple[Cast, int]:
        cast = Cast(session, tier=2)
        session.get_one(Company, cast.company.id).owner_id = cast.greta_row.id
        return cast, cast.request(session).id

    cast, request_id = database.write(begin)
    greta, typed = sign_in(cast.greta_row), {"who": "ada@works.example"}
    for words in ("This person is asked through an admin only", "Ada is no reference, or not any more"):
        refused = greta.post(f"/requests/{request_id}/propose", data=typed)
        assert refused.status_code in (403, 409)
        assert re.search(r'value="ada@works.example"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*value="ada@works.example"', refused.text)
        assert words in html.unescape(refused.text)
        database.write(lambda session: remove_me(session, acting(session.get_one(Person, cast.ada_id)), person_id=cast.ada_id, now=utcnow()))


def test_whoever_was_named_for_a_request_stays_named_there_after_a_no(database: Database, sign_in: SignIn) -> None:
    cast = database.write(lambda session: Cast(session, tier=2))

    def say(session: Session) -> int:
        request_id = cast.request(session).id
        candidate = propose(session, cast.admin, request_id=request_id, person_id=cast.ada_id, now=cast.at)
        agree(session, cast.owner, request_id=request_id, candidate_id=candidate.id, now=cast.at)
        accept(session, ORIGIN, candidate=candidate, walls=walls(cast.at, 3), zone=ZONE, now=cast.at)
        decline(session, ORIGIN, candidate=candidate, code="no_time", now=cast.at)
        return request_id

    request_id = database.write(say)
    page = text_at(sign_in(cast.greta_row), f"/requests/{request_id}")
    assert ("Ada, Works" in page, "You read who it is once they said yes" in page) == (True, False)
    with database.reading() as session:
        told = {notice.data["step"]: notice.data["person"] for notice in session.scalars(select(Notice).where(Notice.person_id == cast.greta_row.id))}
    assert (told["proposed"], told["accepted"], told["declined"]) == ("Logistics, Bavaria", "Ada, Works", "Ada, Works")

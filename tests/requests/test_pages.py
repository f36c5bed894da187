"""The pages: from the form to the outcome through the doors, each reader sees what is theirs, and lists cost the same however long."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.accounts.models import ContactView
from portal.audit.models import AuditEvent
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import STAFF
from portal.notifications.models import OutboxJob
from portal.people.models import Person
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestSlot
from portal.requests.rules.terms import POINTS
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.requests import CANARY, Cast, make_request, token_in
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries
from tests.support.forms import fields_of


def text_at(client: PortalClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.get_data(as_text=True)


def newest(database: Database, kind: str) -> str:
    with database.reading() as session:
        return token_in(session, kind)


def walls(*days: int) -> dict[str, str]:
    at = utcnow() + timedelta(days=1)
    return {f"slot{n}": (at + timedelta(days=day)).strftime("%Y-%m-%dT10:00") for n, day in enumerate(days, 1)}


def test_the_whole_way_through_the_doors(database: Database, sign_in: SignIn, client: PortalClient) -> None:
    cast = database.write(Cast)
    finder = database.write(cast.nominate_ada)
    greta = sign_in(cast.greta_row)
    page = text_at(greta, f"/requests/new?person={cast.ada_id}&activity=call")
    assert "Ada, Works" in page
    assert "free asks" in page
    typed: dict[str, Any] = {"key": "form-1", "person": cast.ada_id, "activity": "call", "prospect": "Prospect One", "deal_name": f"{CANARY} deal"}
    typed |= {"told_as": "A port in Wales"}
    late = greta.post("/requests/new", data=typed | {"needed_by": "2020-01-01", "do": "send"})
    assert late.status_code == 422
    assert "This day is over" in late.text
    assert f"{CANARY} deal" in late.text
    wrong = {"needed_by": "2020-01-01", "deal_value": "500", "prospect_email": "paul"}
    for besides, more in (({}, set()), ({"prospect": ""}, {"prospect"}), ({"prospect_email": "p@prospect.example"}, set())):
        told = greta.post("/requests/new", data=typed | wrong | besides | {"do": "send"})
        at = {"needed_by", "currency", *more} | ({"prospect_email"} if "prospect_email" not in besides else set())
        assert (told.status_code, set(re.findall(r'id="(\w+)-error"', told.text))) == (422, at), "all that is wrong, at once"
    day = (utcnow() + timedelta(days=30)).date().isoformat()
    sent = typed | {"needed_by": day, "prospect_contact": "Paul", "prospect_email": "paul@prospect.example", "do": "send"}
    first = greta.post("/requests/new", data=sent)
    assert (first.status_code, greta.post("/requests/new", data=sent).location) == (303, first.location)
    one = first.location
    assert "The account owner’s turn" in text_at(greta, one)
    agreeing = newest(database, "request_agree")
    page = text_at(client, f"/agree?t={agreeing}")
    assert (f"{CANARY} deal" in page, "Before they answer: A port in Wales. With their yes: Prospect One, Paul." in page) == (True, True)
    assert client.post("/agree/yes", data={"t": agreeing, "asks_now": "y"}).status_code == 303
    assert "Olaf agreed on" in text_at(client, f"/agree?t={agreeing}")
    asked = newest(database, "request_asked")
    page = text_at(client, f"/asked?t={asked}")
    assert ("A port in Wales" in page, "Prospect One" in page, CANARY in page) == (True, False, False)
    refused = client.post("/asked/yes", data={"t": asked, "minutes": "30", "zone": "Europe/Berlin", "slot1": "2020-01-01T10:00"})
    assert refused.status_code == 422
    assert "This time is over" in refused.text
    assert "2020-01-01T10:00" in refused.text
    assert client.post("/asked/yes", data={"t": asked, "minutes": "30", "zone": "Europe/Berlin", **walls(1, 2, 3)}).status_code == 303
    twice = client.post("/asked/yes", data={"t": asked, "minutes": "30", "zone": "Europe/Berlin", **walls(4)})
    assert twice.status_code == 409
    assert "You have answered already" in twice.text
    page = text_at(client, f"/asked?t={asked}")
    assert ("It is about: Prospect One, Paul." in page, "You learn who it is" in page, CANARY in page) == (True, False, False)
    late = client.post("/asked/no", data={"t": asked, "code": "no_time", "seen": "asked"})
    assert (late.status_code, "You said yes meanwhile, and nothing was changed" in late.text, "I cannot after all" in late.text) == (409, True, True)
    assert fields_of(late.text, having="colleague")["seen"] == ["accepted"]
    shown = greta.post(f"{one}/contact")
    assert "ada@works.example" in shown.text
    with database.reading() as session:
        assert session.scalars(select(ContactView.viewer_id)).all() == [cast.greta_row.id]
    times = newest(database, "request_times")
    assert CANARY not in text_at(client, f"/meet?t={times}")
    assert "(Asia/Tokyo)" in text_at(client, f"/meet?t={times}&zone=Asia/Tokyo")
    with database.reading() as session:
        slot = session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at)).first()
        late = session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at.desc())).first()
    mine = {"t": times, "slot": str(slot), "zone": "Asia/Tokyo", "place": "+81 3 1234"}
    assert client.post("/meet", data=mine).status_code == 303
    settled = text_at(client, f"/meet?t={times}")
    assert ("It is settled" in settled, "19:00 (Asia/Tokyo)" in settled or "18:00 (Asia/Tokyo)" in settled) == (True, True)
    with database.reading() as session:
        told = [job.payload for job in session.scalars(select(OutboxJob).order_by(OutboxJob.id)) if job.payload.get("kind") == "request_invitation"]
    assert [(one["to"]["email"], one["data"]["zone"]) for one in told] == [
        ("ada@works.example", "Europe/Berlin"), ("paul@prospect.example", "Asia/Tokyo"),
    ]  # fmt: skip
    none = client.post("/meet", data={"t": times})
    assert (none.status_code, "Please choose one of the times" in none.text, "not offered any more" in none.text) == (422, True, False)
    stale = client.post("/meet", data={"t": times, "slot": str(late)})
    assert (stale.status_code, "Another time is settled by now" in stale.text) == (409, True)
    seen = fields_of(stale.text, having="seen")["seen"]
    assert client.post("/meet", data={"t": times, "slot": str(late), "seen": seen}).status_code == 303
    assert "+81 3 1234" in text_at(client, f"/meet?t={times}"), "a window that knew of no number takes none away"
    assert client.post("/meet", data=mine | {"seen": fields_of(text_at(client, f"/meet?t={times}"), having="seen")["seen"]}).status_code == 303
    page = text_at(client, f"/asked?t={asked}")
    assert ("It is settled" in page, "Prospect One, Paul" in page) == (True, True)
    again = client.get(f"/asked/yes?t={asked}")
    assert (again.status_code, again.location) == (303, f"/asked?t={asked}"), "a page that is read again after a mistake opens the link"
    early = greta.post(f"{one}/candidates/1/outcome", data={"came": "yes", "grade": "5"})
    assert (early.status_code, "has not taken place yet" in text_at(greta, one)) == (303, True)
    gone = greta.post(f"{one}/pick", data={"slot": "999", "place": "Room 4 with Paul"})
    assert (gone.status_code, "Room 4 with Paul" in gone.text) == (409, True)
    database.write(lambda s: setattr(s.get_one(RequestMeeting, 1), "starts_at", utcnow() - timedelta(hours=3)))
    for reader, page, where, data in ((client, f"/asked?t={asked}", "/asked/outcome", {"t": asked}), (greta, one, f"{one}/candidates/1/outcome", {})):
        assert 'selected value="yes"' not in text_at(reader, page), "nothing is preset"
        assert reader.post(where, data=data | {"minutes": "35", "grade": "5"}).status_code == 422, "nobody says it by a slip"
    assert client.post("/asked/outcome", data={"t": asked, "came": "yes", "minutes": "35"}).status_code == 303
    ungraded = greta.post(f"{one}/candidates/1/outcome", data={"came": "yes"})
    assert "Please say how it went" in ungraded.text
    assert f"If that is not so, please write to Imani, {cast.admin_row.email}, who can put it right." in text_at(client, f"/asked?t={asked}")
    with database.reading() as session:
        before = balance_of(session, finder, unit=STAFF).net
    assert greta.post(f"{one}/candidates/1/outcome", data={"came": "yes", "grade": "5"}).status_code == 303
    with database.reading() as session:
        assert balance_of(session, finder, unit=STAFF).net - before == 50 + 20, "who nominated her is credited, and more since it went well"
    page = text_at(greta, one)
    assert ("Very positive" in page, "You both say that it took place" in page, "It counts as soon as" in page) == (True, True, False)
    page = text_at(client, f"/asked?t={asked}")
    assert ("written down as done" in page, "Prospect One, Paul" in page, "You learn who it is" in page) == (True, True, False)
    assert greta.post(f"{one}/deal", data={"outcome": "won", "closed_on": utcnow().date().isoformat()}).status_code == 303
    assert "The deal was won" in text_at(greta, one)
    day = {"closed_on": utcnow().date().isoformat()}
    assert greta.post(f"{one}/deal", data={"outcome": "lost"} | day).status_code == 409
    assert greta.post(f"{one}/deal", data={"outcome": "lost", "corrects": "yes"} | day).status_code == 303
    assert "What became of the deal was put right" in text_at(greta, one)
    ada = sign_in(database.write(lambda s: s.get_one(Person, cast.ada_id)))
    assert CANARY not in text_at(ada, "/asks") + text_at(ada, "/inbox") + text_at(ada, "/statement")
    assert "A port in Wales" in text_at(ada, "/statement?q=port")
    assert "A port in Wales" not in text_at(ada, f"/statement?q={CANARY}")


def test_how_the_prospect_is_reached_is_shown_at_the_press_of_a_button_and_an_owner_who_said_no_reads_nothing_more(
    database: Database, sign_in: SignIn
) -> None:
    def scene(session: Session) -> tuple[Cast, int, int]:
        cast = Cast(session)
        request = cast.request(session, prospect="Wharf Ltd")
        return cast, request.id, propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at).id

    cast, request_id, candidate_id = database.write(scene)
    one, mail = f"/requests/{request_id}", "paul@prospect.example"
    greta, olaf, imani = (sign_in(who) for who in (cast.greta_row, cast.owner_row, cast.admin_row))
    assert (mail in text_at(greta, one), f"{one}/prospect-contact" in text_at(greta, one)) == (True, False), "she typed it"
    for reader in (olaf, imani):
        assert (mail in text_at(reader, one), f"{one}/prospect-contact" in text_at(reader, one)) == (False, True)
        assert mail in reader.post(f"{one}/prospect-contact").text
    assert sign_in(database.write(make_employee)).post(f"{one}/prospect-contact").status_code == 404
    with database.reading() as session:
        seen = session.scalars(select(AuditEvent.actor_id).where(AuditEvent.name == "request.prospect_seen").order_by(AuditEvent.id)).all()
    assert seen == [cast.owner_row.id, cast.admin_row.id]
    nameless = imani.post(f"{one}/prospect", data={"contact": "", "email": ""})
    assert (nameless.status_code, nameless.text.count("Please fill this in")) == (422, 1), "the address may stay empty, the name may not"
    assert imani.post(f"{one}/prospect", data={"contact": "Paula", "email": ""}).status_code == 303
    assert mail in greta.post(f"{one}/prospect-contact").text, "an admin who leaves the field empty takes no address away"
    assert greta.post(f"{one}/prospect", data={"contact": "Paula", "email": "", "keeps": "1"}).status_code == 422, "whoever typed it keeps one"
    database.write(lambda session: setattr(session.get_one(ReferenceRequest, request_id), "prospect_email", ""))
    bare = imani.post(f"{one}/prospect", data={"contact": "Paula", "email": "", "keeps": "1"})
    assert (bare.status_code, "Empty: what is written down stays." in bare.text) == (422, False), "where none is written down, one is asked for"
    said = olaf.post(f"{one}/candidates/{candidate_id}/refuse", data={"code": "renewal", "said": "In March."}, follow_redirects=True)
    assert (said.status_code, "Wharf Ltd" in said.text, "You have nothing more to do with this request" in said.text) == (200, False, True)
    assert olaf.post(f"{one}/prospect-contact").status_code == 404
    again = olaf.get(one)
    assert (again.status_code, again.location) == (303, "/requests")


def test_the_deal_is_read_by_its_parties_alone_over_every_page(database: Database, sign_in: SignIn, client: PortalClient) -> None:
    cast = database.write(lambda s: Cast(s, tier=2))

    def scene(session: Session) -> tuple[int, int]:
        request = cast.request(session, is_self_serve=False)
        candidate = propose(session, cast.admin, request_id=request.id, person_id=cast.ada_id, now=cast.at)
        return request.id, candidate.id

    request_id, candidate_id = database.write(scene)
    stranger, ada = sign_in(database.write(make_employee)), sign_in(database.write(lambda s: s.get_one(Person, cast.ada_id)))
    owner, admin, greta = sign_in(cast.owner_row), sign_in(cast.admin_row), sign_in(cast.greta_row)
    for reader in (owner, admin, greta):
        assert CANARY in text_at(reader, f"/requests/{request_id}")
    assert text_at(stranger, f"/requests/{request_id}", 404)
    for tab in ("mine", "agree", "unassigned", "active", "all"):
        assert CANARY not in text_at(stranger, f"/requests?tab={tab}") + text_at(stranger, f"/requests?tab={tab}&format=csv")
    assert CANARY in text_at(admin, "/requests?tab=all&format=csv")
    assert "Ada" not in text_at(greta, f"/requests/{request_id}") + text_at(greta, "/requests") + text_at(greta, "/requests?format=csv")
    assert "Nobody has written to them" in text_at(owner, f"/requests/{request_id}")
    for path in ("take-up", "propose", "pick", "prospect", "cancel", "nobody", "deal", "contact", f"candidates/{candidate_id}/ask"):
        answer = stranger.post(f"/requests/{request_id}/{path}", data={"who": "Ada", "contact": "x", "email": "x@y.example", "code": "other",
                                                                       "outcome": "won", "closed_on": "2026-01-01"})  # fmt: skip
        assert answer.status_code == 404, path
    assert greta.post(f"/requests/{request_id}/contact").status_code == 403
    asks = text_at(ada, "/asks")
    assert "reserved for it" in asks
    assert "Greta" not in asks, "nobody has written to them in her name yet"
    assert CANARY not in asks
    assert text_at(ada, f"/asked?c={candidate_id}", 410)
    database.write(lambda s: agree(s, cast.owner, request_id=request_id, candidate_id=candidate_id, now=utcnow()))
    assert f"/asked?c={candidate_id}" in text_at(ada, "/asks")
    ask = ada.post("/asks/1/yes", follow_redirects=True)
    assert "is settled there" in ask.text
    goodwill = f"/goodwill/people/{cast.ada_id}"
    hit = text_at(admin, f"/admin/goodwill/companies/{cast.company.id}").split("What a block would hit")[1]
    assert all(text in hit for text in ("Ada", "by Greta, proposed by", f'href="/requests/{request_id}"'))
    assert all(f'href="/requests/{request_id}"' in text_at(reader, goodwill) for reader in (owner, admin)), "the way there stands beside it"
    assert CANARY not in text_at(ada, f"/asked?c={candidate_id}")
    assert text_at(client, f"/asked?c={candidate_id}", 410)
    assert ada.post("/asked/no", data={"c": candidate_id, "code": "no_time"}).status_code == 303
    past = text_at(ada, "/asks").split("Everything you were asked")[1]
    assert "Declined" in past
    assert f"by {cast.admin_row.name}" not in past, "who pressed the button is nobody they know"
    assert "by Greta" in past, "the request names her"
    assert f"by Greta, proposed by {cast.admin_row.name}" in text_at(admin, goodwill)


def test_a_draft_is_kept_and_through_an_admin_a_request_waits_until_one_takes_it_up(database: Database, sign_in: SignIn) -> None:
    greta = sign_in(database.write(lambda s: make_employee(s, name="Greta")))
    boss = sign_in(database.write(make_admin))
    kept = greta.post("/requests/new", data={"key": "draft-1", "activity": "visit", "prospect": "", "needed_by": "", "do": "draft", "worry": "Time."})
    assert kept.status_code == 303
    assert "Time." in text_at(greta, kept.location)
    assert greta.get("/requests/1").location == kept.location, "its own address leads on"
    assert text_at(boss, "/requests/1", 404)
    day = (utcnow() + timedelta(days=2)).date().isoformat()
    sent = {"key": "draft-1", "activity": "visit", "prospect": "Prospect", "needed_by": day, "through_admin": "y", "do": "send"}
    assert greta.post("/requests/new", data=sent).status_code == 303
    listed = text_at(boss, "/requests?tab=unassigned")
    assert "Prospect" in listed
    assert "Due within 72 hours" in listed
    assert boss.post("/requests/1/take-up").status_code == 303
    assert "Nothing waits" in text_at(boss, "/requests?tab=unassigned")
    assert "handled by" in text_at(greta, "/requests")
    unknown = boss.post("/requests/1/propose", data={"who": "Nobody Known"})
    assert unknown.status_code == 422
    assert "Nobody Known" in unknown.text
    assert boss.post("/requests/1/nobody", data={"code": "region", "reason": "None in APAC."}).status_code == 303
    assert "None in APAC." in text_at(greta, "/requests/1")


def test_admins_set_points_and_clock(database: Database, sign_in: SignIn) -> None:
    boss = sign_in(database.write(make_admin))
    page = text_at(boss, "/admin/requests")
    seen = page.split('name="seen" value="')[1].split('"')[0]
    given = {f"points_{kind}": points for kind, points in POINTS.items()} | {"owner_days": 2, "escalate_days": 5, "remind_days": 4}
    given |= {"silent_days": 10, "confirm_days": 7, "minutes": 60, "seen": seen, "pick_days": 3, "done_days": 21, "last_days": 21}
    wrong = boss.post("/admin/requests", data=given | {"owner_days": 5})
    assert wrong.status_code == 422
    assert "before the admins are told" in wrong.text
    assert boss.post("/admin/requests", data=given | {"points_call": 250}).status_code == 303
    assert 'value="250"' in text_at(boss, "/admin/requests")


@pytest.mark.breaks_the_books("candidates are rows without asks: a thousand through the verbs would take minutes")
def test_a_list_costs_the_same_for_ten_and_a_thousand(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    cast = database.write(Cast)
    boss = sign_in(cast.admin_row)

    def more(number: int) -> None:
        def add(session: Session) -> None:
            made = make_request(session, cast.greta_row)
            same = {c.name: getattr(made, c.name) for c in ReferenceRequest.__table__.columns if c.name != "id"}
            session.execute(insert(ReferenceRequest), [same | {"key": f"row-{number}-{n}", "state": "proposed"} for n in range(number)])
            person = make_person(session, company_id=cast.company.id)
            ids = session.scalars(select(ReferenceRequest.id).where(ReferenceRequest.key.like(f"row-{number}-%"))).all()
            one = {"person_id": person.id, "company_id": cast.company.id, "owner_id": cast.owner_row.id, "state": "proposed", "reasons": []}
            one |= {"proposed_at": cast.at, "decline_code": "", "said": "", "suggested_name": "", "suggested_email": ""}
            session.execute(insert(RequestCandidate), [one | {"request_id": request_id} for request_id in ids])

        database.write(add)

    counts = []
    for number in (10, 990):
        more(number)
        text_at(boss, "/requests?tab=active")
        with count_queries() as counted:
            page = text_at(boss, "/requests?tab=active&q=prospect")
        counts.append(counted.total)
        assert "Next page" in page or number == 10
    assert counts[0] == counts[1] <= 12

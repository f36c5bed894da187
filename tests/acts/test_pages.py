"""Members' own page and staff's pages, through the doors."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.actions.asking import Override
from portal.acts.actions.saying import set_own_terms
from portal.acts.jobs import expire_asks
from portal.acts.models.asks import PersonGoodwill
from portal.acts.queries.asks import outcomes_of
from portal.acts.queries.budget import budget_of
from portal.acts.rules.terms import Terms
from portal.acts.views.writing import moment_of_day
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database
from portal.notifications.models import Notice
from tests.acts.house import House, asks, caps, words
from tests.factories.asks import by_admin, by_advocate, by_employee, log_ask
from tests.factories.people import make_person
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries
from tests.support.forms import fields_of

DAY = timedelta(days=1)


def came_of(database: Database, ask_id: int) -> list[str]:
    with database.reading() as session:
        return [str(came) for came in outcomes_of(session, ask_id)]


def test_a_member_sees_their_own_budget_and_says_yes(amara: PortalClient, house: House, database: Database) -> None:
    assert "0 of 4 asks used in the last 90 days." in words(amara.get("/asks").text)
    ask_id = database.write(lambda s: house.ask(s, about="A talk with Hall & Sons"))
    page = words(amara.get("/asks").text)
    assert "1 of 4 asks used in the last 90 days." in page
    assert "A talk with Hall &amp; Sons" in page
    assert "Greta Holm asked on" in page
    assert amara.post(f"/asks/{ask_id}/yes", follow_redirects=True).status_code == 200
    assert amara.post(f"/asks/{ask_id}/yes", follow_redirects=True).status_code == 200, "pressed twice"
    assert came_of(database, ask_id) == ["accepted"]
    with database.reading() as session:
        told = session.scalars(select(Notice.kind).where(Notice.person_id == house.greta)).all()
    assert told == ["ask_answered"]


def test_a_no_with_its_reason_frees_the_slot_and_is_told(amara: PortalClient, house: House, database: Database) -> None:
    ask_id = database.write(house.ask)
    page = amara.post(f"/asks/{ask_id}/no", data={"reason": "On leave until May"}, follow_redirects=True).text
    assert "0 of 4 asks used" in words(page)
    assert "On leave until May" in page
    long = amara.post(f"/asks/{ask_id}/no", data={"reason": "x" * 501})
    assert long.status_code == 422


def test_a_no_from_a_page_that_is_behind_takes_no_yes_back(amara: PortalClient, house: House, database: Database) -> None:
    ask_id = database.write(house.ask)
    behind = fields_of(amara.get("/asks").text, having="reason") | {"reason": "On leave."}
    amara.post(f"/asks/{ask_id}/yes")
    late = amara.post(f"/asks/{ask_id}/no", data=behind)
    assert (late.status_code, "You said yes meanwhile, and nothing was changed" in late.text, "On leave." in late.text) == (409, True, True)
    assert came_of(database, ask_id) == ["accepted"]
    assert amara.post(f"/asks/{ask_id}/no", data=fields_of(late.text, having="reason")).status_code == 303
    assert came_of(database, ask_id) == ["accepted", "declined"], "said where the yes stands, it counts"


def test_nobody_answers_for_another_member(house: House, sign_in: SignIn, database: Database) -> None:
    ask_id = database.write(house.ask)
    answer = sign_in(house.ben).post(f"/asks/{ask_id}/yes", follow_redirects=True)
    assert "could not find that" in answer.text
    assert came_of(database, ask_id) == []


def test_a_member_sets_how_much_what_and_when_and_every_door_keeps_to_it(
    amara: PortalClient, greta: PortalClient, house: House, database: Database
) -> None:
    sent = fields_of(amara.get("/asks").text, having="paused_until") | {
        "most": "1",
        "days": "180",
        "unwanted": ["video", "press"],
        "months_off": ["12"],
    }
    assert amara.post("/asks/terms", data=sent).status_code == 303
    page = words(amara.get("/asks").text)
    assert "0 of 1 asks used in the last 180 days." in page
    with database.reading() as session:
        kept = session.get(PersonGoodwill, house.amara)
    assert (kept.terms.unwanted, kept.terms.months_off, kept.set_by_id) == (("video", "press"), (12,), house.amara)
    form = fields_of(greta.get(f"/goodwill/people/{house.amara}").text, having="about")
    refused = greta.post(f"/goodwill/people/{house.amara}", data=form | {"kind": "video", "about": "Two minutes"})
    assert refused.status_code in (409, 422)
    assert "does not want to be asked for this kind of thing" in refused.text
    assert "Two minutes" in refused.text, "what was typed stays"


def test_what_a_member_types_wrong_is_told_beside_its_field(amara: PortalClient) -> None:
    sent = fields_of(amara.get("/asks").text, having="paused_until")
    for wrong in ({"most": "51"}, {"most": "-1"}, {"most": "many"}, {"paused_until": "soon"}, {"months_off": [str(n) for n in range(1, 13)]}):
        answer = amara.post("/asks/terms", data=sent | wrong)
        assert answer.status_code == 422, wrong
        assert "field-error" in answer.text


def test_a_member_pauses_and_the_pause_ends_by_itself(amara: PortalClient, greta: PortalClient, house: House, database: Database) -> None:
    until = date.today() + timedelta(days=40)
    sent = fields_of(amara.get("/asks").text, having="paused_until") | {"paused_until": until.isoformat()}
    amara.post("/asks/terms", data=sent)
    assert "Paused until" in words(amara.get("/asks").text)
    assert "is not to be asked for now" in greta.get(f"/goodwill/people/{house.amara}").text


def test_staff_ask_from_the_page_and_a_second_click_is_the_first(greta: PortalClient, house: House, database: Database) -> None:
    form = fields_of(greta.get(f"/goodwill/people/{house.amara}").text, having="about") | {"about": "Hall & Sons", "kind": "call"}
    assert [greta.post(f"/goodwill/people/{house.amara}", data=form).status_code for _ in range(2)] == [303, 303]
    (ask,) = asks(database)
    assert (ask.kind, ask.about, ask.asked_by_id) == ("call", "Hall & Sons", house.greta)
    page = words(greta.get(f"/goodwill/people/{house.amara}").text)
    assert "3 of 4 left" in page
    assert "Hall &amp; Sons" in page


def test_the_one_too_many_is_refused_with_its_day_and_lifted_by_a_named_admin(
    greta: PortalClient, amara: PortalClient, ada: PortalClient, house: House, database: Database
) -> None:
    caps(database, house, 1)
    database.write(house.ask)
    address = f"/goodwill/people/{house.amara}"
    form = fields_of(greta.get(address).text, having="about") | {"about": "The board wants her"}
    assert "approver" not in form
    refused = greta.post(address, data=form)
    assert refused.status_code == 409
    assert "has 1 of 1 asks in 90 days. A slot frees on" in refused.text
    form = fields_of(refused.text, having="about")
    assert form["about"] == ["The board wants her"]
    nothing = greta.post(address, data=form | {"lifts": "1", "about": "Kept as typed"})
    assert (nothing.status_code, "Please say why" in nothing.text, "Name an active admin" in nothing.text) == (422, True, True)
    assert fields_of(nothing.text, having="about")["about"] == ["Kept as typed"]
    no_approver = greta.post(address, data=form | {"reason": "The board asked"})
    assert no_approver.status_code == 422
    assert "Name an active admin" in no_approver.text
    assert greta.post(address, data=form | {"reason": "The board asked", "approver": str(house.ada)}).status_code == 303
    ask = asks(database)[-1]
    assert (ask.overrode, ask.approver_id) == ("PersonCapReached", house.ada)
    with database.reading() as session:
        (mail,) = session.scalars(select(Notice).where(Notice.person_id == house.ada)).all()
        told = session.scalars(select(Notice.data).where(Notice.person_id == house.amara, Notice.kind == "ask_made").order_by(Notice.id)).all()
    assert (told[-1]["asker"], told[-1]["approver"]) == ("Greta Holm", "Ada Admin"), "who asks, besides who answers for it"
    assert told[-1]["beyond"] == [["Beyond your limit of %(most)s in %(days)s days.", {"most": 1, "days": 90}]]
    own = words(amara.get("/asks").text)
    waits = own.split("Waiting for you", 1)[1].split("Everything you were asked", 1)[0]
    assert "Beyond your limit of 1 in 90 days. Ada Admin at" in waits, "where they answer, not only in the list of all"
    assert "The board asked" not in own, "the reason is for staff, as the form says"
    page = ada.get(mail.link or "").text
    assert (mail.kind, page.count('<details class="mt-2" open>')) == ("ask_overridden", 1), "the mail opens the ask that it is about"
    taken_back = f"/goodwill/asks/{ask.id}/withdrawn"
    assert taken_back in page
    assert ada.post(taken_back, data=fields_of(page, having="minutes")).status_code == 303
    assert "Withdrawn" in words(amara.get("/asks").text)


def test_staff_write_down_what_came_of_an_ask(greta: PortalClient, house: House, database: Database) -> None:
    ask_id = database.write(house.ask)
    assert greta.post(f"/goodwill/asks/{ask_id}/yes", data={"note": "By phone"}).headers["Location"].endswith(f"/goodwill/people/{house.amara}")
    greta.post(f"/goodwill/asks/{ask_id}/done", data={"note": "Went well", "minutes": "35", "from": "company"})
    assert came_of(database, ask_id) == ["accepted", "completed"]
    late = greta.post(f"/goodwill/asks/{ask_id}/missed", data={"note": "Nobody picked up the phone"})
    assert (late.status_code, "settled already" in late.text) == (409, True)
    assert "Nobody picked up the phone" in late.text, "what cannot be kept is not lost"
    other = database.write(house.ask)
    for wrong, status in (({"minutes": "many"}, 422), ({"minutes": "7000"}, 422)):
        again = greta.post(f"/goodwill/asks/{other}/done", data=wrong | {"note": "A long careful note", "from": "company"})
        assert (again.status_code, "A long careful note" in again.text, "field-error" in again.text) == (status, True, True)
    assert came_of(database, other) == []
    assert greta.post("/goodwill/asks/999/done", data={}).status_code == 404
    page = words(greta.get(f"/goodwill/companies/{house.company_id}").text)
    assert "Went well" in page
    assert "35 minutes" in page


def test_an_ask_made_outside_is_logged_in_one_form(greta: PortalClient, house: House, database: Database) -> None:
    names = greta.get("/goodwill/log/names?person=amar").text
    assert f"Amara Okafor, Harbour Bank (#{house.amara})" in names
    form = fields_of(greta.get(f"/goodwill/log?person={house.amara}").text, having="person")
    assert form["person"] == [f"Amara Okafor, Harbour Bank (#{house.amara})"]
    assert greta.post("/goodwill/log", data=form | {"came": "completed", "minutes": "20", "note": "At a dinner"}).status_code == 303
    (ask,) = asks(database)
    assert (ask.is_outside, ask.kind, came_of(database, ask.id)) == (True, "call", ["completed"])
    again = fields_of(greta.get("/goodwill/log").text, having="person")
    for who in ("ben@harbour.example", "ben duarte", f"#{house.ben}"):
        sent = again | {"person": who, "key": f"log-{who.split()[0]}".replace("#", "n").replace("@", "-"), "happened_on": "2026-11-01"}
        assert greta.post("/goodwill/log", data=sent).status_code == 303, who
    assert [ask.person_id for ask in asks(database)] == [house.amara, house.ben, house.ben, house.ben]


def test_a_logged_day_is_that_day_in_the_zone_of_the_programme(database: Database, house: House) -> None:
    for zone in ("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        moment = moment_of_day(date(2026, 3, 10), zone)
        assert local_date(moment, zone) == date(2026, 3, 10)
    assert moment_of_day(date(2026, 3, 29), "Europe/Berlin") == datetime(2026, 3, 29, 11, tzinfo=UTC)


def test_what_staff_note_is_not_read_by_whom_it_is_about(amara: PortalClient, greta: PortalClient, house: House, database: Database) -> None:
    done, lifted = "Grumpy, mentions Hall & Sons", "The deal needs her"
    greta.post("/goodwill/log", data={"key": "k", "person": "amara@harbour.example", "kind": "call", "happened_on": "2026-11-02",
               "channel": "email", "came": "completed", "note": done})  # fmt: skip
    caps(database, house, 1)
    database.write(lambda s: house.ask(s, override=Override(lifted, house.ada)))
    own, theirs = amara.get("/asks").text, greta.get(f"/goodwill/people/{house.amara}").text
    for words_of_staff in ("Grumpy", lifted):
        assert words_of_staff in theirs
        assert words_of_staff not in own
    ask_id = max(ask.id for ask in asks(database))
    amara.post(f"/asks/{ask_id}/no", data={"reason": "No time in spring"})
    assert "No time in spring" in amara.get("/asks").text


def test_only_an_ask_in_the_portal_is_told_by_the_portal(greta: PortalClient, house: House, database: Database) -> None:
    def told() -> int:
        with database.reading() as session:
            return session.scalar(select(func.count()).select_from(Notice).where(Notice.kind == "ask_made")) or 0

    for channel, notices in (("phone", 0), ("portal", 1)):
        page = greta.get(f"/goodwill/people/{house.amara}").text
        form = {"key": fields_of(page, having="about")["key"], "kind": "call", "about": "Hall", "channel": channel}
        assert greta.post(f"/goodwill/people/{house.amara}", data=form).status_code == 303
        assert told() == notices


def test_an_ask_logged_as_open_long_after_waits_for_its_answer(house: House, database: Database) -> None:
    long_ago = utcnow() - 40 * DAY
    ask_id = database.write(lambda s: log_ask(s, by_employee(house.greta), house.amara, long_ago).id)
    expire_asks(database, utcnow() + DAY)
    assert came_of(database, ask_id) == []
    expire_asks(database, utcnow() + 15 * DAY)
    assert came_of(database, ask_id) == ["expired"]


def test_what_cannot_be_logged_is_told_beside_its_field(greta: PortalClient, house: House, database: Database) -> None:
    database.write(lambda s: make_person(s, name="Ben Duarte"))
    form = fields_of(greta.get("/goodwill/log").text, having="person")
    tomorrow = (date.today() + timedelta(days=2)).isoformat()
    wrong = (
        ({"person": "Nobody Here"}, "Nobody here is called “Nobody Here”"),
        ({"person": "Ben Duarte"}, "Several people are called “Ben Duarte”"),
        ({"person": ""}, "Say who was asked."),
        ({"person": "amara@harbour.example", "happened_on": tomorrow}, "This lies in the future."),
        ({"person": "amara@harbour.example", "happened_on": "1999-01-01"}, "more than 10 years ago"),
        ({"person": "amara@harbour.example", "minutes": "7000"}, "Please enter a number between 0 and 6000"),
    )
    for sent, told in wrong:
        answer = greta.post("/goodwill/log", data=form | sent)
        assert answer.status_code == 422, sent
        assert told in answer.text.replace("6,000", "6000"), sent
    several = {"person": "Nobody Here", "happened_on": tomorrow, "asked_by": "Nobody Either", "minutes": "7000"}
    for minutes, more in (("7000", {"minutes"}), ("70", set())):
        answer = greta.post("/goodwill/log", data=form | several | {"minutes": minutes})
        assert set(re.findall(r'id="(\w+)-error"', answer.text)) == {"person", "happened_on", "asked_by", *more}, "all at once"
    assert asks(database) == []


def test_a_bulk_ask_says_first_who_cannot_be_asked_and_why(greta: PortalClient, house: House, database: Database) -> None:
    caps(database, house, 4, company=1)
    zoe = database.write(lambda s: make_person(s, name="Zoe Park", email="zoe@solo.example").id)
    database.write(lambda s: set_own_terms(s, by_advocate(zoe), terms=Terms(unwanted=("survey",)), now=utcnow()))
    people = "amara@harbour.example\nBen Duarte\nzoe@solo.example\nnobody@x.example\nAMARA@harbour.example\n"
    form = fields_of(greta.get("/goodwill/several").text, having="people") | {"people": people, "kind": "survey"}
    looked = greta.post("/goodwill/several", data=form | {"step": "look"})
    page = words(looked.text)
    assert "1 can be asked, 3 cannot" in page
    assert "The people of Harbour Bank have 1 of 1 asks" in page, "the second of a company does not get the slot of the first"
    assert "Zoe Park does not want to be asked for this kind of thing." in page
    assert asks(database) == []
    sent = fields_of(looked.text, having="people") | {"step": "ask"}
    for _ in range(2):
        assert "1 asked, 3 not" in words(greta.post("/goodwill/several", data=sent).text)
    assert [ask.person_id for ask in asks(database)] == [house.amara]
    assert greta.post("/goodwill/several", data=sent | {"people": "x\n" * 201}).status_code == 422


def test_panels_stand_on_the_pages_of_person_company_and_profile(ada: PortalClient, amara: PortalClient, house: House, database: Database) -> None:
    database.write(house.ask)
    assert "3 of 4 left" in words(ada.get(f"/admin/people/{house.amara}").text)
    assert "7 of 8 left" in words(ada.get(f"/admin/people/companies/{house.company_id}").text)
    assert "1 of 4 asks used" in words(amara.get("/profile").text)


def test_members_see_nothing_of_staffs_pages(amara: PortalClient, greta: PortalClient, house: House) -> None:
    for address in ("/goodwill", f"/goodwill/people/{house.ben}", f"/goodwill/companies/{house.company_id}", "/goodwill/log", "/goodwill/several"):
        assert amara.get(address).status_code in (403, 404), address
    assert greta.get(f"/goodwill/people/{house.ada}").status_code == 404
    assert greta.get("/asks").status_code in (403, 404)


def test_the_list_tells_who_can_be_asked_and_goes_out_as_a_file(greta: PortalClient, house: House, database: Database) -> None:
    caps(database, house, 1)
    database.write(house.ask)
    page = words(greta.get("/goodwill").text)
    assert "A slot frees on" in page
    assert "0 of 1" in page
    assert "Ben Duarte" in page
    assert "Amara" not in greta.get("/goodwill?q=duarte").text
    assert "Nobody fits" in greta.get("/goodwill?q=zzzz").text
    rows = {row["person"]: row for row in csv.DictReader(io.StringIO(greta.get("/goodwill?format=csv").text.lstrip("\ufeff")))}
    assert (rows["Amara Okafor"]["left"], rows["Ben Duarte"]["left"]) == ("0", "1")
    with database.reading() as session:
        assert budget_of(session, house.amara, utcnow()).left == 0


def test_pages_ask_as_often_of_130_asks_as_of_ten(
    greta: PortalClient, amara: PortalClient, ada: PortalClient, house: House, database: Database, count_queries: CountQueries
) -> None:
    addresses = (
        (greta, "/goodwill"),
        (greta, "/goodwill?state=now&order=worn"),
        (greta, f"/goodwill/people/{house.amara}"),
        (greta, f"/goodwill/companies/{house.company_id}"),
        (amara, "/asks"),
        (amara, "/profile"),
        (ada, f"/admin/goodwill/people/{house.amara}"),
        (ada, f"/admin/goodwill/companies/{house.company_id}"),
        (ada, "/admin/goodwill/report"),
    )

    def fill(people: int, each: int) -> None:
        def work(session: Session) -> None:
            admin = by_admin(house.ada)
            for _ in range(people):
                person_id = make_person(session, company_id=house.company_id).id
                log_ask(session, admin, person_id, utcnow() - DAY, came="completed")
            for number in range(each):
                log_ask(session, admin, house.amara, utcnow() - number * DAY, came="completed" if number % 2 else None)

        database.write(work)

    def count() -> list[int]:
        totals = []
        for client, address in addresses:
            client.get(address)
            with count_queries() as counted:
                assert client.get(address).status_code == 200
            totals.append(counted.total)
        return totals

    fill(3, 7)
    few = count()
    fill(60, 60)
    assert count() == few

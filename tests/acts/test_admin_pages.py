"""Blocks, and the admins' pages: limits, caps and efforts, the report."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import set_block
from portal.acts.models.asks import Ask, AskBlock
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Company
from tests.acts.house import House, asks, caps, words
from tests.factories.asks import by_admin, by_employee, log_ask, make_ask
from tests.factories.people import make_employee, make_person
from tests.support.application import PortalClient, SignIn
from tests.support.forms import fields_of

DAY = timedelta(days=1)


def test_where_a_block_stands_no_form_asks_and_no_override_lifts_it(greta: PortalClient, house: House, database: Database) -> None:
    address = f"/goodwill/people/{house.amara}"
    form = fields_of(greta.get(address).text, having="about")
    database.write(lambda s: set_block(s, by_admin(house.ada), kind="legal", reason="Lawsuit 12", company_id=house.company_id, now=utcnow()))
    refused = greta.post(address, data=form | {"about": "For Tamar & Sons", "reason": "Still", "approver": str(house.ada)})
    assert refused.status_code == 409
    for page in (refused.text, greta.get(address).text):
        assert "is not to be asked now" in page
        assert 'name="about"' not in page
    assert "For Tamar &amp; Sons" in refused.text, "what was written is not lost"
    assert asks(database) == []


def test_which_block_stands_and_why_is_told_to_admins_and_the_owner_alone(house: House, database: Database, sign_in: SignIn) -> None:
    def hold(session: Session) -> int:
        for of in ({"company_id": house.company_id}, {"person_id": house.amara}):
            set_block(session, by_admin(house.ada), kind="legal", reason="Lawsuit 12", now=utcnow(), **of)
        owner = make_employee(session)
        session.get_one(Company, house.company_id).owner_id = owner.id
        return owner.id

    owner_id = database.write(hold)
    pages = ("/goodwill", f"/goodwill/people/{house.amara}", f"/goodwill/companies/{house.company_id}")
    for who, knows in ((house.greta, False), (owner_id, True), (house.ada, True)):
        client = sign_in(who)
        form = fields_of(client.get("/goodwill/several").text, having="people")
        shown = [client.get(page).text for page in pages]
        shown.append(client.post("/goodwill/several", data=form | {"people": "amara@harbour.example", "step": "look"}).text)
        log = fields_of(client.get(f"/goodwill/log?person={house.amara}").text, having="happened_on")
        shown.append(client.post("/goodwill/log", data=log | {"came": "declined"}, follow_redirects=True).text)
        for page in shown:
            assert ("legal hold" in page.casefold()) is knows
            assert ("not to be asked now" in page.casefold()) is not knows
        assert ["Lawsuit 12" in page for page in shown] == [False, knows, knows, False, False]


def test_an_admin_reads_what_a_block_would_hit_before_it_is_set_and_what_it_hits_after(ada: PortalClient, house: House, database: Database) -> None:
    def ask_all(session: Session, first: int, last: int) -> None:
        for number in range(first, last):
            person = make_person(session, name=f"Asked {number}", email=f"asked{number}@harbour.example", company_id=house.company_id)
            make_ask(session, by_employee(house.greta), person.id, kind="survey", about=f"About {number}", key=f"hit:{number}")

    address = f"/admin/goodwill/companies/{house.company_id}"
    caps(database, house, 4, 40)
    database.write(lambda s: ask_all(s, 0, 2))
    ask_id, person_id = database.write(lambda s: s.execute(select(Ask.id, Ask.person_id).where(Ask.key == "hit:1")).one())
    before = words(ada.get(address).text)
    for text in ("What a block would hit", "Asked 1</a>: Survey", "About 1", "by Greta Holm", "It hits 2 open asks", "A block ends no other ask"):
        assert text in before
    assert f'href="/goodwill/people/{person_id}?ask={ask_id}#ask-{ask_id}"' in before
    database.write(lambda s: ask_all(s, 2, 30))
    after = ada.post(f"{address}/block", data={"kind": "legal", "reason": "Lawsuit"}, follow_redirects=True).text
    assert "It hits 30 open asks, which are named here." in words(after)
    assert ("What the block hits" in after, "Asked 29<" in after, "Asked 3<" in after) == (True, True, False), "the rest stands on the next page"
    assert "One ask is open here." in words(ada.get(f"/admin/goodwill/people/{person_id}").text)


def test_an_admin_sets_caps_and_efforts(ada: PortalClient, database: Database, house: House) -> None:
    form = fields_of(ada.get("/admin/goodwill").text, having="person_most")
    assert (form["person_most"], form["company_most"], form["answer_days"]) == (["4"], ["8"], ["14"])
    assert ada.post("/admin/goodwill/defaults", data=form | {"person_most": "2"}).status_code == 303
    assert "0 of 2" in words(ada.get(f"/admin/goodwill/people/{house.amara}").text)
    stale = ada.post("/admin/goodwill/defaults", data=form | {"person_most": "3"})
    assert stale.status_code == 409
    assert "Stored now:" in stale.text
    efforts = fields_of(ada.get("/admin/goodwill").text, having="effort_call")
    assert (efforts["effort_survey"], efforts["effort_call"], efforts["effort_case_study"]) == (["1"], ["8"], ["25"])
    assert ada.post("/admin/goodwill/efforts", data=efforts | {"effort_call": "101"}).status_code == 422
    assert ada.post("/admin/goodwill/efforts", data=efforts | {"effort_call": "9"}).status_code == 303
    assert ada.post("/admin/goodwill/defaults", data=form | {"person_days": "0"}).status_code == 422


def test_an_admin_writes_down_limits_and_sets_and_lifts_blocks(ada: PortalClient, database: Database, house: House) -> None:
    for of, its_id in (("people", house.amara), ("companies", house.company_id)):
        address = f"/admin/goodwill/{of}/{its_id}"
        form = fields_of(ada.get(address).text, having="paused_until") | {"most": "3"}
        refused = ada.post(address, data=form)
        assert (refused.status_code, "Please say why." in refused.text) == (422, True)
        assert ada.post(address, data=form | {"reason": "They told us"}).status_code == 303
        assert "0 of 3 asks used" in words(ada.get(address).text)
        assert ada.post(f"{address}/block", data={"kind": "legal", "reason": ""}).status_code == 422
        assert ada.post(f"{address}/block", data={"kind": "legal", "reason": "Lawsuit"}).status_code == 303
        assert ada.post(f"{address}/block", data={"kind": "legal", "reason": "Lawsuit"}).status_code == 409
    page = ada.get("/admin/goodwill/blocks").text
    assert all(told in page for told in ("2 stand.", 'href="/goodwill"', "Find the company")), "and it is told where one is set"
    with database.reading() as session:
        ids = session.scalars(select(AskBlock.id)).all()
    for block_id in ids:
        assert ada.post(f"/admin/goodwill/blocks/{block_id}/lift", data={"reason": ""}).status_code == 422
        long = ada.post(f"/admin/goodwill/blocks/{block_id}/lift", data={"reason": "Over " * 120})
        assert (long.status_code, "Over Over" in long.text) == (422, True)
        back = ada.post(f"/admin/goodwill/blocks/{block_id}/lift", data={"reason": "Over"})
        assert back.headers["Location"].startswith("/admin/goodwill/")
    assert "settled" not in ada.get("/admin/goodwill/blocks").text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AskBlock).where(AskBlock.lifted_at.is_(None))) == 0


def test_the_report_of_the_month_lists_overrides_and_what_was_asked_outside(
    ada: PortalClient, greta: PortalClient, house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.acts.queries.report.AT_ONCE", 1)
    caps(database, house, 1)
    database.write(house.ask)
    address = f"/goodwill/people/{house.amara}"
    form = fields_of(greta.get(address).text, having="about")
    greta.post(address, data=form | {"reason": "=cmd", "approver": str(house.ada)})
    database.write(lambda s: log_ask(s, by_employee(house.greta), house.ben, utcnow() - DAY))
    page = words(ada.get("/admin/goodwill/report").text)
    assert "33% of all asks" in page
    assert "in the name of Ada Admin" in page
    rows = list(csv.DictReader(io.StringIO(ada.get("/admin/goodwill/report?format=csv").text.lstrip("\ufeff"))))
    assert [(row["person"], row["outside"], row["overrode"], row["reason"], row["approver"]) for row in rows] == [
        ("Ben Duarte", "1", "", "", ""),
        ("Amara Okafor", "0", "PersonCapReached", "'=cmd", "Ada Admin"),
    ], "all of them, though they are read one at a time here"
    assert ada.get("/admin/goodwill/report?format=xlsx").status_code == 200
    empty = ada.get("/admin/goodwill/report?month=2025-12").text
    assert ("Nothing to report" in empty, "In this month no ask was written down." in empty) == (True, True)
    assert ada.get("/admin/goodwill/report?month=1066-10").status_code == 200
    assert greta.get("/admin/goodwill/report").status_code in (403, 404)

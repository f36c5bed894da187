"""The import pages: from upload to undo, as an admin clicks through them, with the worker's jobs done in between."""

import io

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditEvent
from portal.challenges.models.deciding import Verdict
from portal.files.models import StoredFile
from portal.imports.actions.batches import upload_batch
from portal.imports.models import ImportBatch
from portal.imports.rules.plans import Plan
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.people.models import Company
from tests.factories.people import make_admin, make_employee
from tests.imports.engine import table
from tests.imports.pages import COLUMNS, Work, batch_of, company_count, upload
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

COMPANIES = table(
    {"Id": 1, "Company name": "Risi&&Bisi", "Sector": "Toys"}, {"Id": 2, "Company name": "", "Sector": ""}, {"Id": 1, "Company name": "Again"}
)


def test_from_upload_to_undo(boss: PortalClient, database: Database, work: Work) -> None:
    address = upload(boss, COMPANIES)
    page = boss.get(address).text
    assert "Risi&amp;&amp;Bisi" in page
    assert '<option selected value="Sector">' in page
    assert boss.post(address, data=COLUMNS).location == "/admin/imports/1"
    assert "Every row is being checked" in boss.get("/admin/imports/1").text
    assert work() == 1
    preview = boss.get("/admin/imports/1").text
    assert "Import one row" in preview
    assert "line 3" in preview
    assert "name: is empty" in preview
    assert "same external id as line 2, first kept" in preview
    assert company_count(database) == 0
    assert boss.post("/admin/imports/1/run").location == "/admin/imports/1"
    running = boss.get("/admin/imports/1").text
    assert 'hx-trigger="every 1s"' in running
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in running
    assert work() == 1
    done = boss.get("/admin/imports/1").text
    assert "hx-trigger" not in done
    assert "3 rows were read" in done
    with database.reading() as session:
        company = session.scalars(select(Company)).one()
    assert (company.name, company.industry, company.country) == ("Risi&&Bisi", "Toys", "Chile")
    errors = boss.get("/admin/imports/1/errors.csv")
    assert errors.text.splitlines()[1:] == ["3,2,bad,name,is empty", '4,1,repeated,,"same external id as line 2, first kept"']
    assert boss.post("/admin/imports/1/undo").status_code == 303
    assert "The import is being undone" in boss.get("/admin/imports/1").text
    work()
    assert "This import was undone" in boss.get("/admin/imports/1").text
    assert company_count(database) == 0


def test_values_that_need_a_meaning_are_asked_for(boss: PortalClient, database: Database, work: Work) -> None:
    given = {"track": "engage", "challenge": "Quiz", "points": 5, "submitted_at": "2025-03-01", "member_id": "m"}
    content = table(*({"external_id": n, **given, "Status": s} for n, s in enumerate(["OK", "no", "", "Accepted"])))
    address = upload(boss, content, kind="activity")
    columns = {f"column_{name}": name for name in ("external_id", *given)} | {"column_verdict": "Status"}
    asked = boss.post(address, data=columns)
    assert asked.location == f"{address}#values"
    page = boss.get(address).text
    assert "What the values mean" in page
    assert '<option selected value="accepted">accepted</option>' in page
    unsaid = boss.post(address, data=columns | {"value_verdict_0": "?", "value_verdict_1": "refused", "value_verdict_2": "accepted"})
    assert unsaid.status_code == 422
    assert "Please say what this value means." in unsaid.text
    meanings = {"value_verdict_0": "accepted", "value_verdict_1": "refused", "value_verdict_2": "accepted"}
    assert boss.post(address, data=columns | meanings).location == "/admin/imports/1"
    work()
    boss.post("/admin/imports/1/run")
    work()
    batch = batch_of(database)
    assert (batch.state, batch.plan["values"]) == ("done", {"verdict": {"OK": "accepted", "no": "refused", "Accepted": "accepted"}})
    assert batch.counts is not None
    assert batch.counts["created"] == 4


def test_a_form_that_cannot_work_is_shown_again_with_what_was_chosen(boss: PortalClient, database: Database) -> None:
    address = upload(boss, COMPANIES)
    answer = boss.post(address, data={"column_external_id": "Id", "column_industry": "Company name"})
    assert answer.status_code == 422
    assert "Nothing fills the field “name”" in answer.text
    assert '<option selected value="Company name">' in answer.text
    both = boss.post(address, data=COLUMNS | {"constant_name": "x"})
    assert both.status_code == 422
    assert "The field “name” is filled from a column and with a constant" in both.text
    assert batch_of(database).state == "draft"


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "rows.csv", "This file is not a CSV table"),
        (b"a,b\n", "rows.csv", "This table has a header but no rows"),
        (b"a,b\n1,2\n", "rows.xlsx", "Files ending in “.xlsx” are not taken here"),
        (b"<html><script>1</script>,b\n1,2\n", "rows.csv", "This is a web page. Here rows are taken: "),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(boss: PortalClient, database: Database, content: bytes, name: str, sentence: str) -> None:
    data = {"kind": "companies", "source": "crm", "file": (io.BytesIO(content), name)}
    answer = boss.post("/admin/imports/new", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


def test_without_a_file_the_form_says_so(boss: PortalClient) -> None:
    answer = boss.post("/admin/imports/new", data={"kind": "companies", "source": ""})
    assert answer.status_code == 422
    assert "Please choose a file." in answer.text
    assert "Please fill this in." in answer.text


def test_a_second_click_starts_nothing_twice(boss: PortalClient, database: Database, work: Work) -> None:
    boss.post(upload(boss, COMPANIES), data=COLUMNS)
    work()
    assert [boss.post("/admin/imports/1/run").status_code for _ in range(2)] == [303, 303]
    assert work() == 1
    assert company_count(database) == 1
    assert [boss.post("/admin/imports/1/undo").status_code for _ in range(2)] == [303, 303]
    work()
    assert (company_count(database), batch_of(database).state) == (0, "undone")


def test_changing_the_columns_after_a_check_checks_again(boss: PortalClient, database: Database, work: Work) -> None:
    address = upload(boss, COMPANIES)
    boss.post(address, data=COLUMNS)
    boss.post(address, data=COLUMNS | {"constant_country": "Peru"})
    assert work() == 2
    assert batch_of(database).preview["sample"][0]["country"] == "Peru"  # type: ignore[index]
    assert batch_of(database).state == "checked"


def test_all_or_nothing_blocks_the_button_when_a_row_is_bad(boss: PortalClient, work: Work) -> None:
    boss.post(upload(boss, COMPANIES), data=COLUMNS | {"is_all_or_nothing": "y"})
    work()
    page = boss.get("/admin/imports/1").text
    assert "this file cannot be imported as it is" in page
    assert "/admin/imports/1/run" not in page


def test_an_upload_can_be_thrown_away_until_it_is_started(boss: PortalClient, app: Flask, database: Database, work: Work) -> None:
    upload(boss, COMPANIES)
    assert boss.post("/admin/imports/1/drop").location == "/admin/imports"
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 0
        assert session.scalars(select(StoredFile)).one().erased_at is not None
    assert [path for path in app.extensions["storage"].root.rglob("*") if path.is_file()] == []
    boss.post(upload(boss, COMPANIES), data=COLUMNS)
    work()
    boss.post("/admin/imports/2/run")
    assert boss.post("/admin/imports/2/drop").location == "/admin/imports/2"
    assert batch_of(database, 2).state == "running"


def test_the_progress_comes_as_a_fragment(boss: PortalClient, work: Work) -> None:
    boss.post(upload(boss, COMPANIES), data=COLUMNS)
    fragment = boss.get("/admin/imports/1", headers={"HX-Request": "true", "HX-Target": "standing"}).text
    assert fragment.strip().startswith('<div id="standing"')
    assert "<html" not in fragment
    work()
    ended = boss.get("/admin/imports/1", headers={"HX-Request": "true", "HX-Target": "standing"})
    assert (ended.headers["HX-Refresh"], ended.text) == ("true", "")


def test_only_admins_import(database: Database, sign_in: SignIn) -> None:
    employee = sign_in(database.write(make_employee))
    for path in ("/admin/imports", "/admin/imports/new", "/admin/imports/1"):
        assert employee.get(path).status_code == 403


def test_what_is_not_there_is_not_found(boss: PortalClient) -> None:
    for path in ("/admin/imports/9", "/admin/imports/9/mapping", "/admin/imports/9/errors.csv"):
        assert boss.get(path).status_code == 404


def test_the_list_filters_pages_and_exports(boss: PortalClient, database: Database, count_queries: CountQueries) -> None:
    assert "Nothing was imported yet" in boss.get("/admin/imports").text
    database.write(lambda s: _drafts(s, 10))
    with count_queries() as few:
        assert "file 9.csv" in boss.get("/admin/imports").text
    database.write(lambda s: _drafts(s, 990))
    with count_queries() as many:
        page = boss.get("/admin/imports").text
    assert few.total == many.total
    assert page.count("file ") == 50
    assert "Next page" in page
    assert boss.get("/admin/imports?format=csv").text.count("\n") == 1001
    assert boss.get("/admin/imports?q=FILE+7.csv&format=csv").text.count("\n") == 3
    assert "No import matches" in boss.get("/admin/imports?state=done").text


def _drafts(session, number: int) -> None:  # type: ignore[no-untyped-def]
    for n in range(number):
        given = {"kind": "companies", "source": "crm", "filename": f"file {n}.csv", "plan": Plan()}
        batch = upload_batch(session, system("test"), **given, file_id=None, now=utcnow())
        assert batch.id


def test_nobody_decides_on_their_own_by_a_file(database: Database, sign_in: SignIn, work: Work) -> None:
    me = database.write(lambda s: make_admin(s, roles={"admin", "advocate"}, email="me@lumen.example"))
    client = sign_in(me)
    plain = {"track": "earn", "challenge": "Talk", "points": 500, "submitted_at": "2026-01-05"}
    rows = [
        {"external_id": n, "member_email": email, "verdict": "accepted"} | plain for n, email in ((1, "ME@lumen.example"), (2, "ada@kestrel.example"))
    ]
    address = upload(client, table(*rows), kind="activity")
    columns = {f"column_{name}": name for name in rows[0]}
    client.post(address, data=columns)
    assert work() == 1
    assert "member_email: is your own, so another admin has to import it" in client.get("/admin/imports/1").text
    client.post("/admin/imports/1/run")
    assert work() == 1
    with database.reading() as session:
        assert balance_of(session, me.id).lifetime == 0
        assert session.scalars(select(Verdict.decided_by_id)).all() == [me.id]
        assert session.scalars(select(AuditEvent.actor_id).where(AuditEvent.name == "submission.approved")).all() == [me.id]
    assert batch_of(database).counts == {"created": 1, "changed": 0, "unchanged": 0, "repeated": 0, "bad": 1, "kept": 0}

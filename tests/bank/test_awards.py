"""Points by a file: preview, result of each row, limits and the second admin as by hand, undo by the number of the import."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.bank.actions.limits import set_limits
from portal.bank.importer import AwardsImporter
from portal.bank.models import Adjustment
from portal.bank.queries.limits import used_now
from portal.bank.rules.adjusting import Limits, State, Used
from portal.imports.models import ImportRow
from portal.imports.rules.plans import Plan
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.models import transfer
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.recognition.queries.board import find_own
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import as_admin
from tests.imports.conftest import work as work
from tests.imports.engine import imported, prepared, table, undone
from tests.imports.pages import Work, batch_of, upload
from tests.support.application import SignIn

AWARDS = AwardsImporter()
EMAIL = "amara@customer.example"


@pytest.fixture
def amara(database: Database) -> int:
    return database.write(lambda s: make_person(s, name="Amara Okafor", email=EMAIL).id)


def row(number: int, **overrides: Any) -> dict[str, Any]:
    return {"external_id": f"p{number}", "member_email": EMAIL, "points": 10, "category": "contest", "reason": "Won round one"} | overrides


def available(database: Database, person_id: int) -> int:
    with database.reading() as session:
        return balance_of(session, person_id).available


def faults(database: Database, *rows: dict[str, Any]) -> list[str]:
    reading = prepared(database, AWARDS, table(*rows)).reading
    return [f"{one.line} {fault.field or ''}: {fault.text}" for one in reading.reported for fault in one.faults]


BAD = [row(1, points=0), row(2, member_email="nobody@nowhere.example"), row(3, counts_from="2999-01-01")]


@pytest.mark.parametrize(("whole", "booked"), [(False, 97), (True, 0)])
def test_of_a_hundred_rows_with_three_bad_the_good_ones_or_none_are_booked(database: Database, amara: int, whole: bool, booked: int) -> None:
    content = table(*BAD, *(row(n) for n in range(4, 101)))
    assert faults(database, *BAD) == [
        "2 points: moves no points",
        "3 member_email: is nobody who is known here",
        "4 counts_from: lies in the future",
    ]
    batch_id, counts = imported(database, AWARDS, content, Plan(is_all_or_nothing=whole))
    assert (counts["created"], counts["bad"], available(database, amara)) == (booked, 3, booked * 10)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(transfer).where(transfer.c.batch_id == batch_id)) == booked
        assert session.scalar(select(func.count()).select_from(Notice).where(Notice.kind == "points_adjusted")) == booked
        assert session.scalar(select(func.count()).select_from(OutboxJob).where(OutboxJob.topic == "mail.send")) == 0
    if booked:
        undone(database, AWARDS, batch_id)
        assert available(database, amara) == 0
        with database.reading() as session:
            taken = session.scalars(select(Notice).where(Notice.kind == "adjustment_undone", Notice.person_id == amara)).all()
            assert (len(taken), [one.data for one in taken]) == (booked, [{"points": -10}] * booked), "not the reason for which it was given"
            assert (find_own(session, "all", amara), used_now(session, None, utcnow())) == (None, Used())
        assert imported(database, AWARDS, content)[1]["created"] == 97, "its external ids are free again"
        assert available(database, amara) == 970


def test_large_rows_wait_and_rows_past_the_month_are_bad_and_both_are_said_before(
    database: Database, amara: int, sign_in: SignIn, work: Work
) -> None:
    ada, ben = database.write(lambda s: (make_admin(s, name="Ada Admin", email="ada@here.example").id, make_admin(s).id))
    database.write(lambda s: set_limits(s, as_admin(ben), limits=Limits(60_000, 100), now=utcnow()))
    rows = [row(1, points=30_000), row(2, points=20_000), row(3, points=10_001), row(4, points=-101), row(5, member_email="ada@here.example")]
    client = sign_in(ada)
    address = upload(client, table(*rows, row(6, points=10_000)), kind="awards")
    columns = {f"column_{name}": name for name in rows[0]}
    assert client.post(address, data=columns).status_code == 303
    assert work() == 1
    page = client.get("/admin/imports/1").text
    assert "more than 25,000 points by you in this month: 2" in page
    assert "In all 60,000 points are given and 0 taken." in page
    past = ("points: is past your limit", "10,000 are left to you", "100 are left to you")
    for told in (*past, "member_email: is your own, so another admin has to import it"):
        assert told in page
    assert "Nothing was changed" not in page
    assert client.post("/admin/imports/1/run").status_code == 303
    assert work() == 1
    assert batch_of(database).counts["created"] == 3
    assert "more than 25,000 points by you in this month: 2" in client.get("/admin/imports/1").text
    assert available(database, amara) == 20_000, "the large one waits, and what is too much together"
    with database.reading() as session:
        assert session.scalars(select(Adjustment.state).order_by(Adjustment.id)).all() == [State.WAITING, State.BOOKED, State.WAITING]
    assert "Amara Okafor" in sign_in(ben).get("/admin/corrections?batch=1&state=waiting").text
    assert client.post("/admin/imports/1/undo").status_code == 303
    work()
    with database.reading() as session:
        assert set(session.scalars(select(Adjustment.state))) == {State.WITHDRAWN, State.UNDONE}
        assert used_now(session, ada, utcnow()) == Used()
    statement = client.get(f"/admin/statement/{amara}").text
    assert "Correction undone with its import" in statement
    assert "import undone" not in statement
    assert available(database, amara) == 0


def test_an_admin_cannot_undo_what_was_taken_from_themselves(database: Database, sign_in: SignIn, work: Work) -> None:
    ben = database.write(lambda s: make_admin(s, email="ben@here.example").id)
    batch_id, _ = imported(database, AWARDS, table(row(1, member_email="ben@here.example", points=-5)))
    assert sign_in(ben).post(f"/admin/imports/{batch_id}/undo").status_code == 303
    work()
    with database.reading() as session:
        kept = session.scalars(select(ImportRow).where(ImportRow.batch_id == batch_id)).one()
        assert (kept.is_kept, "your own points" in kept.faults[0]["message"], balance_of(session, ben).owed) == (True, True, 5)


def test_one_reference_by_five_doors_at_once_is_one_award(database: Database, amara: int) -> None:
    contents = [table(row(1), row(100 + n, points=1)) for n in range(5)]
    with ThreadPoolExecutor(5) as pool:
        counted = list(pool.map(lambda content: imported(database, AWARDS, content)[1], contents))
    assert sum(counts["created"] for counts in counted) == 6
    assert available(database, amara) == 15


def test_an_award_of_the_past_counts_then_and_what_is_not_earned_counts_nowhere(database: Database, amara: int) -> None:
    imported(database, AWARDS, table(row(1, counts_from="2026-01-05", points=7), row(2, counts_as_earned="no", points=5, counts_from="")))

    def points(session: Session, period: str) -> int:
        found = find_own(session, period, amara)
        return found.points if found else 0

    with database.reading() as session:
        assert (points(session, "all"), points(session, "2026-01"), balance_of(session, amara).available) == (7, 7, 12)


def test_the_command_says_the_same_and_writes_nothing_when_it_is_dry(app: Flask, database: Database, amara: int, tmp_path: Path) -> None:
    path = tmp_path / "awards.csv"
    path.write_bytes(table(row(1, points=30_000)))
    run = app.test_cli_runner()
    dry = run.invoke(args=["import", "awards", str(path), "--dry-run"])
    assert "wait for a second admin" in dry.stderr
    done = run.invoke(args=["import", "awards", str(path), "--notify"])
    assert "Batch 1: 1 created" in done.stdout
    assert available(database, amara) == 0
    with database.reading() as session:
        waiting = session.scalars(select(Adjustment)).one()
        assert (waiting.asked_by_id, waiting.state) == (None, State.WAITING)


def test_the_preview_shows_days_by_the_programmes_clock_and_says_who_reads_of_the_points(
    database: Database, amara: int, sign_in: SignIn, work: Work
) -> None:
    client = sign_in(database.write(lambda s: make_admin(s).id))
    rows = [row(1, counts_from="2026-01-20"), row(2, counts_from="2026-01-20T09:30:00Z")]
    address = upload(client, table(*rows), kind="awards")
    assert "points by hand are told by a notice" in client.get(address).text
    assert client.post(address, data={f"column_{name}": name for name in rows[0]}).status_code == 303
    work()
    page = client.get("/admin/imports/1").text
    assert (">2026-01-20<" in page, ">2026-01-20 10:30+01:00<" in page, "+00:00" in page) == (True, True, False)
    assert "members read of their points in a notice" in page

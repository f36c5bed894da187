"""Chunks, resuming, rivals, all or nothing, undo: what the engine promises whatever is imported."""

import threading
from itertools import count

import pytest
from sqlalchemy import func, select, update

from portal.audit.models import AuditEvent
from portal.imports import runner
from portal.imports.actions.batches import open_batch
from portal.imports.actions.undoing import start_undo
from portal.imports.models import ImportBatch, ImportIdentity, ImportRow
from portal.imports.queries import find_subject, get_batch
from portal.imports.rules.plans import Plan
from portal.imports.rules.records import BatchState, Outcome
from portal.imports.rules.refusals import ImportTaken, NothingToUndo
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Company
from tests.factories.people import make_company, make_employee, make_person
from tests.imports.engine import COMPANIES, counted, imported, prepared, table, undone

CLI = system("cli")


class Killed(Exception):
    pass


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CHUNK", 3)


def companies(number: int, **more: object) -> bytes:
    return table(*({"external_id": n, "name": f"Firm {n}", **more} for n in range(1, number + 1)))


def company_count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Company)) or 0


def test_a_second_run_creates_and_changes_nothing(database: Database) -> None:
    assert imported(database, COMPANIES, companies(10))[1]["created"] == 10
    counts = imported(database, COMPANIES, companies(10))[1]
    assert (counts["created"], counts["changed"], counts["unchanged"]) == (0, 0, 10)
    assert company_count(database) == 10


def test_good_rows_are_committed_and_bad_ones_written_down(database: Database) -> None:
    content = table({"external_id": 1, "name": "Ada"}, {"external_id": 2, "name": ""}, {"external_id": 1, "name": "Again"})
    batch_id, counts = imported(database, COMPANIES, content)
    assert (counts["created"], counts["bad"], counts["repeated"]) == (1, 1, 1)
    with database.reading() as session:
        rows = {row.line: row for row in session.scalars(select(ImportRow).where(ImportRow.batch_id == batch_id))}
    assert rows[3].faults == [{"message": "is empty", "facts": {}, "field": "name"}]
    assert (rows[4].outcome, rows[4].faults[0]["facts"]) == (Outcome.REPEATED, {"line": 2})


def test_all_or_nothing_commits_nothing_when_a_row_is_bad(database: Database) -> None:
    content = table({"external_id": 1, "name": "Ada"}, {"external_id": 2, "name": ""})
    batch_id, counts = imported(database, COMPANIES, content, Plan(is_all_or_nothing=True))
    assert (counts["created"], counts["bad"]) == (0, 1)
    with database.reading() as session:
        assert get_batch(session, batch_id).state == BatchState.FAILED
    assert company_count(database) == 0


def test_all_or_nothing_commits_nothing_when_a_room_refuses_the_last_row(database: Database, small_chunks: None) -> None:
    owner = database.write(make_employee)
    rows = [{"external_id": n, "name": f"Firm {n}"} for n in range(1, 8)]
    content = table(*rows, {"external_id": 8, "name": "Firm 8", "owner_email": owner.email})
    ready = prepared(database, COMPANIES, content, Plan(is_all_or_nothing=True))
    database.write(lambda s: s.execute(update(type(owner)).where(type(owner).id == owner.id).values(is_employee=False, is_advocate=True)))
    batch_id, _ = runner.open_and_run(database, CLI, ready, filename="rows.csv", clock=utcnow, on_progress=lambda done, total: None)
    with database.reading() as session:
        batch = get_batch(session, batch_id)
        assert (batch.state, batch.steps_done, batch.counts["bad"]) == (BatchState.FAILED, 0, 1)  # type: ignore[index]
        assert session.scalar(select(func.count()).select_from(ImportIdentity)) == 0
    assert company_count(database) == 0


def test_a_repeated_row_alone_does_not_stop_all_or_nothing(database: Database) -> None:
    content = table({"external_id": 1, "name": "Ada"}, {"external_id": 1, "name": "Ada"})
    assert imported(database, COMPANIES, content, Plan(is_all_or_nothing=True))[1]["created"] == 1


def test_a_row_that_a_room_refuses_late_is_bad_and_the_rest_of_its_chunk_is_kept(database: Database) -> None:
    owner = database.write(make_employee)
    content = table({"external_id": 1, "name": "A"}, {"external_id": 2, "name": "B", "owner_email": owner.email}, {"external_id": 3, "name": "C"})
    ready = prepared(database, COMPANIES, content)
    database.write(lambda s: s.execute(update(type(owner)).where(type(owner).id == owner.id).values(is_employee=False, is_advocate=True)))
    batch_id, _ = runner.open_and_run(database, CLI, ready, filename="rows.csv", clock=utcnow, on_progress=lambda done, total: None)
    assert counted(database, ImportRow.outcome, ImportRow.batch_id == batch_id) == {"created": 2, "bad": 1}
    with database.reading() as session:
        assert session.scalars(select(Company.name).order_by(Company.id)).all() == ["A", "C"]
        bad = session.scalars(select(ImportRow).where(ImportRow.outcome == Outcome.BAD)).one()
    assert (bad.line, bad.faults[0]["field"]) == (3, "owner_id")


@pytest.mark.parametrize("stop_after", [1, 2, 3, 4])
def test_an_import_that_is_killed_goes_on_where_it_was(database: Database, small_chunks: None, stop_after: int) -> None:
    content, calls = companies(10), count(1)

    def kill(done: int, total: int) -> None:
        if next(calls) > stop_after:
            raise Killed()

    ready = prepared(database, COMPANIES, content)
    with pytest.raises(Killed):
        runner.open_and_run(database, CLI, ready, filename="rows.csv", clock=utcnow, on_progress=kill)
    done = min(3 * stop_after, 10)
    assert company_count(database) == done
    batch_id, is_resumed = runner.open_and_run(database, CLI, ready, filename="rows.csv", clock=utcnow, on_progress=lambda done, total: None)
    assert (batch_id, is_resumed) == (1, True)
    assert company_count(database) == 10
    with database.reading() as session:
        batch = get_batch(session, 1)
        assert (batch.state, batch.steps_done, batch.steps_total, batch.counts["created"]) == ("done", 10, 10, 10)  # type: ignore[index]


def test_a_killed_import_can_be_undone_instead(database: Database, small_chunks: None) -> None:
    def kill(done: int, total: int) -> None:
        if done:
            raise Killed()

    with pytest.raises(Killed):
        runner.open_and_run(database, CLI, prepared(database, COMPANIES, companies(10)), filename="f", clock=utcnow, on_progress=kill)
    undone(database, COMPANIES, 1)
    assert company_count(database) == 0
    assert imported(database, COMPANIES, companies(10))[1]["created"] == 10


def test_an_import_that_is_undone_while_it_runs_stops(database: Database, small_chunks: None) -> None:
    def stop(done: int, total: int) -> None:
        if done == 6:
            database.write(lambda s: start_undo(s, CLI, batch_id=1, now=utcnow()))

    ready = prepared(database, COMPANIES, companies(10))
    with pytest.raises(ImportTaken):
        runner.open_and_run(database, CLI, ready, filename="rows.csv", clock=utcnow, on_progress=stop)
    runner.undo(database, 1, COMPANIES, clock=utcnow)
    assert company_count(database) == 0


def test_eight_processes_that_import_one_file_at_once_import_it_once(database: Database, small_chunks: None) -> None:
    ready, start, ends = prepared(database, COMPANIES, companies(30)), threading.Barrier(8), list[str]()

    def work() -> None:
        start.wait()
        try:
            runner.open_and_run(database, CLI, ready, filename="rows.csv", clock=utcnow, on_progress=lambda done, total: None)
            ends.append("done")
        except ImportTaken:
            ends.append("taken")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while counted(database, ImportBatch.state, ImportBatch.state == BatchState.RUNNING):
        runner.open_and_run(database, CLI, ready, filename="rows.csv", clock=utcnow, on_progress=lambda done, total: None)
    assert len(ends) == 8
    assert set(ends) <= {"done", "taken"}
    assert company_count(database) == 30
    assert counted(database, ImportRow.outcome, ImportRow.outcome == Outcome.CREATED) == {"created": 30}


def test_one_file_and_plan_has_one_running_batch(database: Database) -> None:
    ready = prepared(database, COMPANIES, companies(2))
    given = {"kind": "companies", "source": "default", "filename": "f", "fingerprint": ready.fingerprint, "plan": ready.plan, "rows_total": 2}
    first = database.write(lambda s: open_batch(s, CLI, **given, now=utcnow()).id)  # type: ignore[arg-type]
    second = database.write(lambda s: open_batch(s, CLI, **given, now=utcnow()).id)  # type: ignore[arg-type]
    assert first == second


def test_external_ids_are_unique_per_source(database: Database) -> None:
    imported(database, COMPANIES, table({"external_id": 1, "name": "Ada"}), source="crm")
    counts = imported(database, COMPANIES, table({"external_id": 1, "name": "Bo"}), source="erp")[1]
    assert counts["created"] == 1
    with database.reading() as session:
        ids = {find_subject(session, "companies", source, "1") for source in ("crm", "erp", "other")}
    assert len(ids) == 3
    assert None in ids


def test_undo_removes_what_was_made_and_frees_its_external_ids(database: Database) -> None:
    batch_id, _ = imported(database, COMPANIES, companies(5))
    undone(database, COMPANIES, batch_id)
    assert company_count(database) == 0
    assert counted(database, ImportIdentity.kind) == {}
    assert imported(database, COMPANIES, companies(5))[1]["created"] == 5


def test_undo_keeps_what_is_in_use_with_its_external_id(database: Database) -> None:
    batch_id, _ = imported(database, COMPANIES, companies(3))
    with database.reading() as session:
        used = find_subject(session, "companies", "default", "2")
    database.write(lambda s: make_person(s, company_id=used))
    undone(database, COMPANIES, batch_id)
    with database.reading() as session:
        assert session.scalars(select(Company.id)).all() == [used]
        assert get_batch(session, batch_id).counts["kept"] == 1  # type: ignore[index]
    counts = imported(database, COMPANIES, companies(3))[1]
    assert (counts["created"], counts["unchanged"]) == (2, 1)


def test_undo_gives_an_edited_thing_back_what_it_had_unless_it_was_edited_since(database: Database) -> None:
    imported(database, COMPANIES, companies(2, industry="Old", region="Here"))
    batch_id, counts = imported(database, COMPANIES, companies(2, industry="New", region="There"))
    assert counts["changed"] == 2
    database.write(lambda s: s.execute(update(Company).where(Company.name == "Firm 1").values(region="Elsewhere")))
    undone(database, COMPANIES, batch_id)
    with database.reading() as session:
        found = {c.name: (c.industry, c.region) for c in session.scalars(select(Company))}
    assert found == {"Firm 1": ("Old", "Elsewhere"), "Firm 2": ("Old", "Here")}


def test_what_was_typed_in_by_hand_is_taken_over_and_let_go_by_undo(database: Database) -> None:
    here = database.write(lambda s: make_company(s, name="FIRM 1", industry="Old"))
    batch_id, counts = imported(database, COMPANIES, companies(2, industry="New"))
    assert (counts["created"], counts["changed"]) == (1, 1)
    undone(database, COMPANIES, batch_id)
    with database.reading() as session:
        kept = session.scalars(select(Company)).one()
        assert (kept.id, kept.name, kept.industry) == (here.id, "FIRM 1", "Old")
        assert session.scalar(select(func.count()).select_from(ImportIdentity)) == 0


def test_undoing_twice_or_nothing_is_refused(database: Database) -> None:
    batch_id, _ = imported(database, COMPANIES, companies(1))
    undone(database, COMPANIES, batch_id)
    with pytest.raises(NothingToUndo):
        undone(database, COMPANIES, batch_id)


def test_a_dry_run_says_what_would_happen_and_writes_nothing(database: Database) -> None:
    imported(database, COMPANIES, companies(2, industry="Old"))
    database.write(lambda s: make_company(s, name="Firm 4", industry="New"))
    rows = [{"external_id": n, "name": f"Firm {n}", "industry": "New" if n > 1 else "Old"} for n in (1, 2, 3, 4, 4)]
    ready = prepared(database, COMPANIES, table(*rows, {"external_id": 9, "name": ""}))
    with database.reading() as session:
        counts = runner.foresee(session, ready, utcnow())
    assert counts == {"created": 1, "changed": 1, "unchanged": 2, "repeated": 1, "bad": 1}
    assert company_count(database) == 3
    assert imported(database, COMPANIES, table(*rows, {"external_id": 9, "name": ""}))[1] == counts | {"kept": 0}


def test_starting_and_undoing_are_audited(database: Database) -> None:
    batch_id, _ = imported(database, COMPANIES, companies(1))
    undone(database, COMPANIES, batch_id)
    names = counted(database, AuditEvent.name, AuditEvent.subject_type == "import")
    assert names == {"import.started": 1, "import.undo_started": 1, "import.undone": 1}

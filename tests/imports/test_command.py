"""``flask import`` as it is typed."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.kernel.db import Database
from portal.people.models import Company
from tests.imports.engine import table
from tests.imports.pages import Run
from tests.imports.samples import CONSTITUENTS, SP500


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def written(content: bytes, name: str = "rows.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


def company_count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Company)) or 0


def test_the_command_of_the_issue(run: Run, database: Database, tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"
    first = run("companies", CONSTITUENTS, *SP500, "--errors", errors)
    assert (first.exit_code, first.stdout) == (0, "Batch 1: 500 created, 0 changed, 0 unchanged, 3 repeated, 0 bad.\n")
    assert "line 22: same external id as line 21, first kept" in first.stderr
    with errors.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert next((r["line"], r["outcome"], r["error"]) for r in rows) == ("22", "repeated", "same external id as line 21, first kept")
    second = run("companies", CONSTITUENTS, *SP500)
    assert second.stdout == "Batch 2: 0 created, 0 changed, 500 unchanged, 3 repeated, 0 bad.\n"
    assert company_count(database) == 500


def test_a_dry_run_writes_nothing(run: Run, database: Database) -> None:
    result = run("companies", CONSTITUENTS, *SP500, "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "Dry run, nothing was written: 500 created, 0 changed, 0 unchanged, 3 repeated, 0 bad.\n")
    assert company_count(database) == 0
    assert run("list").stdout == ""


def test_a_bad_row_is_told_and_the_exit_is_1(run: Run, database: Database, file: Callable[..., Path], tmp_path: Path) -> None:
    path, errors = file(table({"external_id": 1, "name": "Ada"}, {"external_id": "=2+3", "name": ""})), tmp_path / "errors.csv"
    result = run("companies", path, "--errors", errors)
    assert (result.exit_code, result.stdout) == (1, "Batch 1: 1 created, 0 changed, 0 unchanged, 0 repeated, 1 bad.\n")
    assert "line 3: name: is empty" in result.stderr
    assert errors.read_text(encoding="utf-8") == "line,external_id,outcome,field,error\n3,'=2+3,bad,name,is empty\n"
    assert company_count(database) == 1


def test_all_or_nothing(run: Run, database: Database, file: Callable[..., Path]) -> None:
    result = run("companies", file(table({"external_id": 1, "name": "Ada"}, {"external_id": 2, "name": ""})), "--all-or-nothing")
    assert (result.exit_code, result.stdout) == (1, "Batch 1: nothing was imported, since 1 rows are bad.\n")
    assert company_count(database) == 0


def test_mapping_setting_and_values(run: Run, database: Database, file: Callable[..., Path]) -> None:
    path = file(gzip.compress("id;name;s\n1;Ada;L\n2;Bo;x\n3;Cy;\n".encode("utf-8-sig")), "rows.csv.gz")
    options = ["--map", "external_id=id", "--map", "size=s", "--set", "country=Chile", "--value", "size:L=250–999", "--value", "size:*=1–49"]
    assert run("companies", path, *options, "--source", "crm").exit_code == 0
    with database.reading() as session:
        found = [tuple(r) for r in session.execute(select(Company.name, Company.size, Company.country).order_by(Company.id))]
    assert found == [("Ada", "250–999", "Chile"), ("Bo", "1–49", "Chile"), ("Cy", "", "Chile")]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--map", "nmae=name"], "There is no field “nmae”."),
        (["--map", "name=nmae"], "The file has no column “nmae”."),
        (["--map", "name"], "“name” is not of the form field=column."),
        (["--value", "name=x"], "“name=x” is not of the form field:from=to."),
        (["--set", "industry=a", "--map", "industry=name"], "The field “industry” is filled from a column and with a constant."),
    ],
)
def test_what_cannot_begin_says_why_and_exits_2(run: Run, file: Callable[..., Path], options: list[str], sentence: str) -> None:
    result = run("companies", file(table({"external_id": 1, "name": "Ada"})), *options)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_a_file_that_is_no_table_exits_2(run: Run, file: Callable[..., Path]) -> None:
    assert run("companies", file(b"PK\x03\x04\0\0")).exit_code == 2
    assert run("companies", "no-such-file.csv").exit_code == 2
    assert run("nonsense", file(b"a,b\n")).exit_code == 2


def test_undo_and_list(run: Run, database: Database, file: Callable[..., Path]) -> None:
    path = file(table({"external_id": 1, "name": "Ada"}))
    run("companies", path)
    listed = run("list").stdout
    assert "rows.csv  Done: 1 created" in listed
    undo = run("undo", 1)
    assert (undo.exit_code, undo.stdout) == (0, "Batch 1 is undone.\n")
    assert company_count(database) == 0
    assert "Undone" in run("list").stdout
    again = run("undo", 1)
    assert again.exit_code == 2
    assert "Batch 1 has nothing to undo." in again.stderr
    assert run("companies", path).stdout.startswith("Batch 2: 1 created")


def test_help_names_every_field(run: Run) -> None:
    shown = run("activity", "--help").stdout
    for name in ("external_id (required)", "member_id", "member_email", "company", "track (required)", "verdict", "decided_at"):
        assert name in shown

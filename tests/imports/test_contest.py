"""A real contest of 1,322 attempts, imported by the command of the issue, read on the board, and undone."""

import csv

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.challenges.models.offering import Challenge
from portal.imports.models import ImportIdentity
from portal.kernel.db import Database
from portal.ledger.models import transfer
from portal.people.models import Company, Person
from tests.imports.engine import counted
from tests.imports.pages import Run
from tests.imports.samples import ICPC, SUBMISSIONS
from tests.imports.test_activity import attempts, paid, submissions


@pytest.mark.only_on(
    "sqlite",
    reason="the whole takes longest here: its first 450 rows go into PostgreSQL too (test_kill); unchanged rows and undoing are tried on both",
)
def test_a_real_contest_comes_out_as_it_was_is_on_the_board_and_can_be_undone(app: Flask, database: Database, run: Run) -> None:
    result = run("activity", SUBMISSIONS, *ICPC)
    assert (result.exit_code, result.stdout) == (0, "Batch 1: 1322 created, 0 changed, 0 unchanged, 0 repeated, 0 bad.\n")
    assert attempts(database) == {"approved": 497, "declined": 510, "waiting": 315}
    assert submissions(database) == {"approved": 497, "waiting": 167, "declined": 27}
    assert counted(database, transfer.c.kind) == {"award": 497}
    assert counted(database, Challenge.state, Challenge.is_record_only) == {"closed": 12}
    assert paid(database) == 49_700
    with database.reading() as session:
        assert {"Risi&&Bisi", "Slippin' Jimmies", "flag[10]", "Télégendaire"} <= set(session.scalars(select(Person.name)))
        assert session.scalar(select(func.count()).select_from(Company)) == 53
    require_board(app)
    again = run("activity", SUBMISSIONS, *ICPC)
    assert (again.exit_code, again.stdout) == (0, "Batch 2: 0 created, 0 changed, 1322 unchanged, 0 repeated, 0 bad.\n")
    assert run("undo", 1).stdout == "Batch 1 is undone.\n"
    assert (paid(database), submissions(database), counted(database, ImportIdentity.kind)) == (0, {}, {})
    assert counted(database, transfer.c.kind) == {"award": 497, "reverse": 497}


def require_board(app: Flask) -> None:
    board = app.test_cli_runner().invoke(args=["board", "--period", "all", "--format", "csv"]).stdout
    lines = list(csv.DictReader(board.splitlines()))
    assert board.startswith("rank,member,company,points\n")
    assert [(line["rank"], line["member"], line["points"]) for line in lines[:7]] == [
        ("1", "P+P+P", "1000"),
        ("1", "gETHyped", "1000"),
        ("3", "ENS Ulm 1", "900"),
        ("3", "Heroes of the C", "900"),
        ("3", "UPC-1", "900"),
        ("3", "flag[10]", "900"),
        ("3", "TempName", "900"),
    ]
    assert sum(int(line["points"]) for line in lines) == 49_700

"""Heads noted outside the database: a chain that was rewritten as a whole is found out."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.kernel.db import Database
from portal.ledger.actions.sealing import seal_pending
from portal.ledger.heads import HeadsUnreadable, NotedHead, is_noted, note_head, read_heads
from portal.ledger.models import block
from portal.ledger.queries import proof
from portal.ledger.queries.sealed import head
from tests.ledger.books import fill_and_seal
from tests.ledger.vandal import Vandal
from tests.ledger.verbs import NOW

MONDAY = date(2026, 11, 23)
NOTED = NotedHead(MONDAY, 7, "ab" * 32)


def test_heads_are_read_as_they_were_noted(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "heads.txt"
    assert read_heads(path) == []
    note_head(path, NOTED)
    later = NotedHead(MONDAY + timedelta(days=1), 9, "cd" * 32)
    note_head(path, later)
    assert read_heads(path) == [NOTED, later]
    assert path.read_text().startswith("# Heads of the chain")
    assert [is_noted(path, MONDAY + timedelta(days=n)) for n in range(3)] == [True, True, False]


@pytest.mark.parametrize("line", ["2026-11-24 8", "2026-02-31 8 " + "ab" * 32, "2026-11-24 0 " + "ab" * 32, "2026-11-24 8 " + "ab" * 31, "\x00"])
def test_a_line_that_is_no_head_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "heads.txt"
    note_head(path, NOTED)
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(HeadsUnreadable, match="line 3 is no noted head"):
        read_heads(path)


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "heads.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HeadsUnreadable, match="something other than noted heads"):
        read_heads(path)


def _chain(database: Database) -> list[NotedHead]:
    with database.reading() as session:
        return [NotedHead(MONDAY, row.id, row.hash) for row in session.execute(select(block.c.id, block.c.hash).order_by(block.c.id))]


def test_every_head_of_an_untouched_chain_is_found_again(database: Database) -> None:
    fill_and_seal(database)
    noted = _chain(database)
    assert len(noted) > 3
    with database.reading() as session:
        assert proof.verify(session, noted=noted) == []


@pytest.mark.breaks_the_books
def test_a_chain_that_was_rewritten_or_cut_off_is_told_with_the_day(database: Database) -> None:
    fill_and_seal(database)
    noted = _chain(database)
    vandal = Vandal(database)
    vandal.run("DELETE FROM programme_total")
    vandal.run("DELETE FROM block")
    vandal.set("transfer", 9, "points", 1_000)
    seal_pending(database, NOW + timedelta(days=30), size=12)
    with database.reading() as session:
        assert proof.verify(session) == []
        end = head(session).block_id
        found = proof.verify(session, noted=noted)
    assert [problem.row_id for problem in found] == [seen.block_id for seen in noted], f"the new chain ends with block {end}"
    assert str(found[0]) == f"seals: block {noted[0].block_id} is not the one that was noted on 2026-11-23: the chain was rewritten or cut off"


def test_the_command_asks_for_the_noted_heads(database: Database, app: Flask) -> None:
    fill_and_seal(database)
    path = app.config["SETTINGS"].heads
    seen = _chain(database)[2]
    note_head(path, seen)
    run = app.test_cli_runner().invoke
    good = run(args=["ledger", "verify"])
    assert (good.exit_code, good.output.splitlines()[1]) == (0, "Every head that was noted outside the database is in the chain (1).")
    note_head(path, NotedHead(seen.day, seen.block_id, "ab" * 32))
    bad = run(args=["ledger", "verify"])
    assert (bad.exit_code, bad.output) == (
        1,
        f"seals: block {seen.block_id} is not the one that was noted on 2026-11-23: the chain was rewritten or cut off\n",
    )
    other = path.with_name("other.txt")
    other.write_text("nothing\n")
    unread = run(args=["ledger", "verify", "--heads", str(other)])
    assert (unread.exit_code, "line 1 is no noted head: nothing" in unread.output) == (1, True)

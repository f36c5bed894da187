"""With triggers off and a row changed by SQL, ``verify`` names the row."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.kernel.db import Database
from portal.ledger.actions.notes import erase_note
from portal.ledger.actions.sealing import seal_pending
from portal.ledger.queries import proof
from portal.ledger.queries.sealed import head
from tests.ledger.books import fill_and_seal
from tests.ledger.vandal import Vandal, another
from tests.ledger.verbs import ADMIN, NOW, award

pytestmark = pytest.mark.breaks_the_books


def named(database: Database, **more: Any) -> set[tuple[str, int]]:
    with database.reading() as session:
        return {(problem.table, problem.row_id) for problem in proof.verify(session, **more)}


@pytest.fixture
def vandal(database: Database) -> Vandal:
    fill_and_seal(database)
    return Vandal(database)


def test_an_untouched_ledger_verifies(database: Database) -> None:
    fill_and_seal(database)
    assert named(database) == set()


@pytest.mark.parametrize(("table", "field"), [("transfer", "points"), ("transfer", "owner_id"), ("entry", "account_id"), ("entry", "amount")])
def test_two_rows_that_swapped_a_value_are_both_named(database: Database, vandal: Vandal, table: str, field: str) -> None:
    one = vandal.rows(table)[0]
    two = next(row for row in vandal.rows(table) if row[field] != one[field])
    vandal.set(table, one["id"], field, two[field])
    vandal.set(table, two["id"], field, one[field])
    assert named(database) == {(table, one["id"]), (table, two["id"])}


def test_two_rows_that_swapped_places_are_both_named(database: Database, vandal: Vandal) -> None:
    one, two = vandal.rows("transfer")[1:3]
    for old, new in ((one["id"], 999), (two["id"], one["id"]), (999, two["id"])):
        vandal.set("transfer", old, "id", new)
    assert named(database) == {("transfer", one["id"]), ("transfer", two["id"])}


def test_an_entry_slipped_under_a_sealed_transfer_is_named(database: Database, vandal: Vandal) -> None:
    row = vandal.rows("entry")[0]
    vandal.put("entry", row | {"id": 9_999, "version": None, "balance_after": None})
    assert named(database) == {("entry", 9_999)}


def test_a_transfer_put_into_a_closed_gap_is_named_and_one_in_an_open_gap_is_only_late(database: Database) -> None:
    fill_and_seal(database)
    vandal = Vandal(database)
    vandal.skip_ids("transfer", 2)
    late = NOW + timedelta(days=40)
    first = database.write(lambda session: award(session, 1, 1))
    seal_pending(database, late)
    row = vandal.rows("transfer")[-1]
    vandal.put("transfer", row | {"id": first.id - 1, "key": "late"})
    assert named(database) == set()
    seal_pending(database, late + timedelta(hours=1))
    database.write(lambda session: award(session, 1, 1))
    seal_pending(database, late + timedelta(hours=25))
    vandal.put("transfer", row | {"id": first.id - 2, "key": "too late"})
    assert named(database) == {("transfer", first.id - 2)}


def test_every_field_of_a_block_is_sealed(database: Database, vandal: Vandal) -> None:
    row = vandal.rows("block")[1]
    for field in row:
        value = 999 if field == "id" else "z" if field in ("ids", "gaps") else another(row[field], field)
        vandal.set("block", row["id"], field, value)
        found = named(database)
        assert found & {("block", row["id"]), ("block", 999), ("block", row["id"] + 1)}, field
        assert {table for table, _ in found} == {"block"}, field
        vandal.set("block", 999 if field == "id" else row["id"], field, row[field])
    assert named(database) == set()


def test_a_removed_block_is_noticed_wherever_it_stood(database: Database, vandal: Vandal) -> None:
    blocks = vandal.rows("block")
    for row in blocks:
        vandal.remove("block", row["id"])
        follower = row["id"] + 1 if row is not blocks[-1] else row["id"]
        assert ("block", follower) in named(database)
        vandal.put("block", row)
    assert named(database) == set()


def test_a_moment_that_cannot_be_read_is_named_and_not_stumbled_over(database: Database, vandal: Vandal) -> None:
    value = "nonsense" if database.is_sqlite else datetime.fromisoformat("1999-01-01T00:00:00+00:00")
    vandal.set("transfer", 2, "recorded_at", value)
    vandal.set("block", 2, "sealed_at", value)
    assert {("transfer", 2), ("block", 2)} <= named(database)


def test_a_changed_note_is_named_and_an_erased_one_is_not(database: Database, vandal: Vandal) -> None:
    database.write(lambda session: erase_note(session, ADMIN, transfer_id=1, now=NOW))
    assert named(database) == set()
    vandal.set("transfer_note", 2, "body", "something else")
    assert named(database) == {("transfer_note", 2)}
    vandal.remove("transfer_note", 2)
    assert named(database) == {("transfer_note", 2)}


def test_a_chain_rewritten_as_a_whole_does_not_hold_the_anchor(database: Database, vandal: Vandal) -> None:
    with database.reading() as session:
        anchor = head(session).hash
    assert named(database, anchor=anchor) == set()
    vandal.run("DELETE FROM programme_total")
    vandal.run("DELETE FROM block")
    vandal.set("transfer", 1, "points", 1_000)
    seal_pending(database, NOW + timedelta(days=30), size=7)
    assert named(database) == set()
    assert {table for table, _ in named(database, anchor=anchor)} == {"block"}

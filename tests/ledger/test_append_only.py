"""What the database itself refuses, whoever asks: no row is changed, removed, replaced, and no number is out of its bounds."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.ledger.actions.pending import release_pending
from portal.ledger.models import account, entry, transfer
from portal.ledger.queries.balances import Balance, balance_of
from tests.ledger.books import fill_and_seal
from tests.ledger.test_lots import set_policy
from tests.ledger.verbs import ADMIN, NOW, OWNER, award, hold, open_owner


def refused(database: Database, sql: str, match: str = "append-only") -> None:
    with pytest.raises(DBAPIError, match=match):
        database.write(lambda session: session.execute(text(sql)))


def test_rows_are_never_changed_or_removed(database: Database) -> None:
    fill_and_seal(database, owners=1)
    for table, column in (("transfer", "points"), ("entry", "amount"), ("block", "row_count")):
        refused(database, f"UPDATE {table} SET {column} = {column} + 1 WHERE id = 1")
        refused(database, f"UPDATE {table} SET {column} = {column}")
        refused(database, f"DELETE FROM {table} WHERE id = 1")
        refused(database, f"DELETE FROM {table}")


@pytest.mark.only_on("postgresql", reason="SQLite has no TRUNCATE; its DELETE without WHERE is refused above")
def test_tables_are_never_emptied(database: Database) -> None:
    fill_and_seal(database, owners=1)
    for table in ("account", "transfer", "entry", "block"):
        refused(database, f"TRUNCATE {table} CASCADE")


def test_an_account_is_never_removed_nor_given_to_somebody_else(database: Database) -> None:
    database.write(open_owner)
    refused(database, "DELETE FROM account")
    for change in ("owner_id = 8", "kind = 'held'", "unit = 'staff'"):
        refused(database, f"UPDATE account SET {change} WHERE kind = 'owed'", match="account")


def test_a_lot_and_points_that_wait_stay_whose_and_what_they_are(database: Database) -> None:
    def prepare(session: Session) -> int:
        open_owner(session)
        set_policy(session, "none", None, days=7, at=NOW)
        return award(session, 5).id

    award_id = database.write(prepare)
    for table, changes in (
        ("lot", ("owner_id = 8", "unit = 'staff'", "month = '2020-01-01'", "policy_id = 0", "grace_until = '2020-01-01'")),
        ("pending", ("owner_id = 8", "unit = 'staff'", "points = 6", "until = '2020-01-01'", "award_id = hold_id", "hold_id = award_id")),
    ):
        refused(database, f"DELETE FROM {table}")
        for change in changes:
            refused(database, f"UPDATE {table} SET {change}")
    assert database.write(lambda session: release_pending(session, ADMIN, award_id=award_id, now=NOW))
    refused(database, "UPDATE pending SET released_at = NULL")


_REST = "owner_id, unit, points, earned, reason, source_type, source_id, actor_id, batch_id"
_MORE = "note_id, note_hash, effective_at, recorded_at FROM transfer"
_BLOCK = "from_id, upto_id, ids, gaps, row_count, marks, sealed_at FROM block"
REPLACED = {
    "transfer by id": f"transfer SELECT id, 'other', kind, {_REST}, reverses_id, resolves_id, {_MORE} WHERE id = 1",
    "transfer by key": f"transfer SELECT 999, key, kind, {_REST}, reverses_id, resolves_id, {_MORE} WHERE id = 1",
    "transfer by reversal": f"transfer SELECT 999, 'k', kind, {_REST}, reverses_id, resolves_id, {_MORE} WHERE kind = 'reverse'",
    "transfer by hold": f"transfer SELECT 999, 'k', kind, {_REST}, reverses_id, resolves_id, {_MORE} WHERE kind = 'capture'",
    "entry by id": "entry SELECT id, transfer_id, account_id, 5, balance_after, version FROM entry WHERE id = 1",
    "entry by version": "entry SELECT 999, transfer_id, account_id, 5, balance_after, version FROM entry WHERE id = 1",
    "block by id": f"block SELECT id, 'a', 'b', {_BLOCK}",
    "block by hash": f"block SELECT 999, 'a', hash, {_BLOCK}",
    "block by the one before": f"block SELECT 999, prev_hash, 'b', {_BLOCK}",
    "account by owner": "account SELECT 999, owner_id, kind, unit, 5, version, lifetime FROM account WHERE owner_id = 1",
    "account of the programme": "account SELECT 999, owner_id, kind, unit, balance, version, lifetime FROM account WHERE owner_id IS NULL",
}


@pytest.mark.only_on("sqlite", reason="INSERT OR REPLACE is SQLite's; it removes the row it clashes with and fires no delete trigger")
def test_insert_or_replace_is_refused_even_to_a_tool_that_sets_no_pragma(database: Database, subtests: pytest.Subtests) -> None:
    fill_and_seal(database, owners=1)
    with closing(sqlite3.connect(str(database.engine.url.database))) as tool:
        for what, values in REPLACED.items():
            with subtests.test(what), pytest.raises(sqlite3.IntegrityError, match="append-only"):
                tool.execute(f"INSERT OR REPLACE INTO {values}")


TRANSFER = {
    "key": "k", "kind": "award", "owner_id": OWNER, "unit": "points", "points": 5, "earned": 5, "reason": "test.raw", "effective_at": NOW,
    "recorded_at": NOW,
}  # fmt: skip


IMPOSSIBLE_TRANSFERS = [
    ({"kind": "gift"}, "(kind_known|earned_fits_kind)"),
    ({"key": ""}, "key_given"),
    ({"points": 0, "earned": 0}, "(points_in_range|sign_fits_kind)"),
    ({"points": 1_000_000_001, "earned": 1_000_000_001}, "points_in_range"),
    ({"points": -5, "earned": -5}, "sign_fits_kind"),
    ({"earned": 4}, "earned_fits_kind"),
    ({"kind": "hold"}, "earned_fits_kind"),
    ({"kind": "adjust", "earned": 3}, "earned_fits_kind"),
    ({"kind": "reverse"}, "reversal_names_original"),
    ({"kind": "capture", "earned": 0}, "resolution_names_hold"),
    ({"note_hash": "0" * 64}, "note_is_hashed"),
]
IMPOSSIBLE_ACCOUNTS = [
    ("balance = -1 WHERE kind = 'available'", "not_overdrawn"),
    ("balance = -1 WHERE kind = 'held'", "not_overdrawn"),
    ("balance = 1 WHERE kind = 'owed'", "owed_is_a_debt"),
    ("balance = NULL WHERE kind = 'held'", "balance_is_owned"),
    ("balance = 0 WHERE kind = 'issued'", "balance_is_owned"),
    ("version = NULL WHERE kind = 'held'", "version_is_owned"),
    ("lifetime = NULL WHERE kind = 'available'", "lifetime_is_on_available"),
    ("lifetime = 0 WHERE kind = 'owed'", "lifetime_is_on_available"),
]


def test_a_transfer_that_cannot_be_is_refused(database: Database, subtests: pytest.Subtests) -> None:
    for change, check in IMPOSSIBLE_TRANSFERS:
        with subtests.test(check, change=change), pytest.raises(IntegrityError, match=f"ck_transfer_{check}"):
            database.write(lambda session, change=change: session.execute(insert(transfer), [TRANSFER | change]))


def test_an_account_that_cannot_be_is_refused(database: Database, subtests: pytest.Subtests) -> None:
    database.write(open_owner)
    for values, check in IMPOSSIBLE_ACCOUNTS:
        with subtests.test(check, values=values):
            refused(database, f"UPDATE account SET {values}", match=f"ck_account_{check}")


def test_accounts_are_opened_once(database: Database) -> None:
    database.write(open_owner)
    with pytest.raises(IntegrityError):
        database.write(open_owner)
    with pytest.raises(IntegrityError):
        database.write(lambda session: session.execute(insert(account), [{"kind": "issued", "unit": "points"}]))
    database.write(lambda session: open_owner(session, 8))


def test_an_entry_that_cannot_be_is_refused(database: Database) -> None:
    database.write(lambda session: (open_owner(session), award(session, 5)))
    line = {"transfer_id": 1, "account_id": 1, "amount": 0, "balance_after": None, "version": None}
    for change, match in (
        ({}, "amount_moves"),
        ({"amount": 1, "version": 9}, "balance_has_version"),
        ({"amount": 1, "account_id": 999}, "(?i)foreign key"),
    ):
        with pytest.raises(IntegrityError, match=match):
            database.write(lambda session, change=change: session.execute(insert(entry), [line | change]))


def test_a_refused_hold_inside_a_unit_of_work_that_goes_on_leaves_nothing(database: Database) -> None:
    database.write(lambda session: (open_owner(session), award(session, 5)))

    def work(session) -> None:
        with pytest.raises(Exception, match="You need"):
            hold(session, 6)
        hold(session, 5)

    database.write(work)
    with database.reading() as session:
        assert balance_of(session, OWNER) == Balance(0, 5, 0, 5)

"""Each invariant holds on sound books, and each is broken by some damage that is named with its row."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.ledger.queries import invariants
from tests.ledger.books import fill, fill_and_seal
from tests.ledger.vandal import Vandal
from tests.ledger.verbs import award, open_owner


def broken(database: Database) -> set[tuple[str, str, int]]:
    with database.reading() as session:
        return {(p.rule, p.table, p.row_id) for p in invariants.check(session)}


def test_sound_books_break_nothing_sealed_or_not(database: Database) -> None:
    assert broken(database) == set()
    fill(database)
    assert broken(database) == set()
    with database.reading() as session:
        assert len(invariants.INVARIANTS) == 23
        assert invariants.check(session) == []


AVAILABLE = "SELECT id FROM account WHERE owner_id = 1 AND unit = 'points' AND kind = 'available'"
HELD, OWED = AVAILABLE.replace("'available'", "'held'"), AVAILABLE.replace("'available'", "'owed'")
OTHERS, STAFF = AVAILABLE.replace("owner_id = 1", "owner_id = 2"), AVAILABLE.replace("'points'", "'staff'")
ISSUED = "SELECT id FROM account WHERE kind = 'issued' AND unit = 'points'"
REDEEMED = ISSUED.replace("issued", "redeemed")
HOLD, CAPTURE, REVERSAL = (f"SELECT MIN(id) FROM transfer WHERE kind = '{kind}'" for kind in ("hold", "capture", "reverse"))
OPEN_HOLD = "SELECT MAX(id) FROM transfer WHERE kind = 'hold' AND owner_id = 1"
ONE = "SELECT 1"

# What is done, the invariant it breaks, where that shows (table and how to find the row), and the SQL of the damage.
DAMAGE = {
    "a transfer that does not sum to zero": ("I1", "transfer", ONE, "UPDATE entry SET amount = amount + 1 WHERE id = 1"),
    "an entry of another owner": ("I1", "entry", ONE, f"UPDATE entry SET account_id = ({OTHERS}) WHERE id = 1"),
    "an entry of another unit": ("I1", "entry", ONE, f"UPDATE entry SET account_id = ({STAFF}) WHERE id = 1"),
    "an award that says less than it moved": ("I1", "transfer", ONE, "UPDATE transfer SET points = 99 WHERE id = 1"),
    "an award from the wrong account": ("I1", "transfer", ONE, f"UPDATE entry SET account_id = ({REDEEMED}) WHERE id = 2"),
    "a hold that says release": ("I1", "transfer", HOLD, "UPDATE transfer SET kind = 'release' WHERE id = :id"),
    "a balance that is not the sum": ("I2", "account", AVAILABLE, "UPDATE account SET balance = balance + 1 WHERE id = :id"),
    "a lifetime nobody earned": ("I2", "account", AVAILABLE, "UPDATE account SET lifetime = 5000 WHERE id = :id"),
    "a total that is not the sum": ("I2", "programme_total", ISSUED, "UPDATE programme_total SET total = 1 WHERE account_id = :id"),
    "an overdrawn balance": ("I3", "account", HELD, "UPDATE account SET balance = -1 WHERE id = :id"),
    "a debt above zero": ("I3", "account", OWED, "UPDATE account SET balance = 1 WHERE id = :id"),
    "an overdrawn moment": ("I3", "entry", ONE, "UPDATE entry SET balance_after = -1 WHERE id = 1"),
    "points beside a debt": ("I3", "account", AVAILABLE, "UPDATE account SET balance = CASE WHEN id = :id THEN 7 ELSE -7 END WHERE owner_id = 1"),
    "a version too many": ("I4", "account", AVAILABLE, "UPDATE account SET version = version + 1 WHERE id = :id"),
    "a gap in the versions": ("I4", "account", AVAILABLE, "UPDATE entry SET version = 99 WHERE account_id = :id AND version = 2"),
    "a version twice": ("I4", "account", AVAILABLE, "UPDATE entry SET version = 1 WHERE account_id = :id AND version = 2"),
    "an entry without a version": ("I4", "entry", ONE, "UPDATE entry SET version = NULL, balance_after = NULL WHERE id = 1"),
    "a version on the programme's side": ("I4", "entry", "SELECT 2", "UPDATE entry SET version = 1, balance_after = 1 WHERE id = 2"),
    "a running balance that jumps": ("I5", "entry", ONE, "UPDATE entry SET balance_after = 101 WHERE id = 1"),
    "a lot that is not what its lines say": ("I6", "lot", ONE, "UPDATE lot SET open = open + 1, spent = spent - 1 WHERE id = 1"),
    "a lot of somebody else": (
        "I6",
        "account",
        AVAILABLE,
        "UPDATE lot SET owner_id = 2, month = '1999-01-01' WHERE id = 1",
    ),
    "a line of a lot that moved too much": ("I6", "transfer", ONE, "UPDATE lot_line SET open = open + 1, earned = earned + 1 WHERE transfer_id = 1"),
    "a hold settled twice": ("I7", "transfer", HOLD, "UPDATE transfer SET resolves_id = :id WHERE kind = 'release' AND owner_id = 1"),
    "a settlement of no hold": ("I7", "transfer", CAPTURE, "UPDATE transfer SET resolves_id = 1 WHERE id = :id"),
    "a hold settled with other points": ("I7", "transfer", CAPTURE, "UPDATE transfer SET points = 59 WHERE id = :id"),
    "held points without a hold": ("I7", "account", HELD, f"DELETE FROM transfer WHERE id = ({OPEN_HOLD})"),
    "a reversal of nothing": ("I9", "transfer", REVERSAL, "UPDATE transfer SET reverses_id = 5000 WHERE id = :id"),
    "a reversal of more": ("I9", "transfer", REVERSAL, "UPDATE transfer SET points = -101 WHERE id = :id"),
    "a transfer reversed twice": ("I9", "transfer", ONE, "UPDATE transfer SET reverses_id = 1 WHERE kind = 'reverse' AND owner_id = 1"),
    "a changed row under a seal": ("seals", "transfer", ONE, "UPDATE transfer SET reason = 'test.other' WHERE id = 1"),
    "a transfer with one side": ("I11", "transfer", ONE, "DELETE FROM entry WHERE id = 2"),
    "an entry without a transfer": ("I11", "entry", ONE, "DELETE FROM transfer WHERE id = 1"),
    "a missing account": ("I11", "account", AVAILABLE, f"DELETE FROM account WHERE id = ({OWED})"),
    "points for oneself": ("I13", "transfer", ONE, "UPDATE transfer SET actor_id = owner_id WHERE id = 1"),
}


@pytest.mark.breaks_the_books
def test_damage_breaks_its_invariant_and_names_the_row(database: Database, subtests: pytest.Subtests) -> None:
    fill_and_seal(database)
    vandal = Vandal(database)
    for what, (rule, table, where, damage) in DAMAGE.items():
        with subtests.test(what), vandal.open() as connection:
            row_id = connection.execute(text(where)).scalar_one()
            connection.execute(text(damage), {"id": row_id} if ":id" in damage else {})
            found = {(p.rule, p.table, p.row_id) for p in invariants.check(Session(connection))}
            connection.rollback()
            assert (rule, table, row_id) in found
    assert broken(database) == set()


def test_every_invariant_is_broken_by_some_damage() -> None:
    assert {rule for rule, *_ in DAMAGE.values()} == {i.name for i in invariants.INVARIANTS} | {"seals"}


def test_the_sentences_tell_what_holds(database: Database) -> None:
    database.write(lambda session: (open_owner(session), award(session, 5)))
    assert all(i.sentence.endswith(".") and "SELECT" in i.sql for i in invariants.INVARIANTS)
    assert broken(database) == set()

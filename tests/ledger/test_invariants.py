"""Each invariant holds on sound books, and each is broken by some damage that is named with its row."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from config import ROOT
from portal.invariants import ALL, FIFTEEN, Found, findings
from portal.kernel.db import Database
from portal.ledger.actions.expiring import expire
from portal.ledger.models import lot
from portal.ledger.queries import invariants
from tests.ledger.books import fill, fill_and_seal
from tests.ledger.test_lots import set_policy
from tests.ledger.vandal import Vandal
from tests.ledger.verbs import ADMIN, NOW, award, open_owner, reverse


def on_terms(session: Session) -> None:
    """Give one owner more on terms: points that lapsed, in part of an award that was reversed, and points that wait."""
    later = NOW + timedelta(days=70)
    open_owner(session, 4)
    set_policy(session, "fixed", 1, at=NOW)
    first, _second = award(session, 4, 4), award(session, 5, 4)
    lots = session.scalars(select(lot.c.id).where(lot.c.owner_id == 4)).all()
    expire(session, ADMIN, lot_id=lots[0], day=later.date(), now=later)
    reverse(session, first.id, now=later)
    set_policy(session, "inactivity", 6, at=later, days=7)
    award(session, 8, 4, now=later, effective_at=later)


def broken(database: Database) -> set[tuple[str, str, int]]:
    with database.reading() as session:
        return {(p.rule, p.table, p.row_id) for p in invariants.check(session)}


def test_sound_books_break_nothing_sealed_or_not(database: Database) -> None:
    assert broken(database) == set()
    fill(database)
    assert broken(database) == set()
    database.write(on_terms)
    assert broken(database) == set()
    assert not any(found.problems for found in findings_of(database))


def findings_of(database: Database) -> list[Found]:
    with database.reading() as session:
        return list(findings(session))


AVAILABLE = "SELECT id FROM account WHERE owner_id = 1 AND unit = 'points' AND kind = 'available'"
HELD, OWED = AVAILABLE.replace("'available'", "'held'"), AVAILABLE.replace("'available'", "'owed'")
OTHERS, STAFF = AVAILABLE.replace("owner_id = 1", "owner_id = 2"), AVAILABLE.replace("'points'", "'staff'")
ISSUED = "SELECT id FROM account WHERE kind = 'issued' AND unit = 'points'"
REDEEMED = ISSUED.replace("issued", "redeemed")
HOLD, CAPTURE, REVERSAL = (f"SELECT MIN(id) FROM transfer WHERE kind = '{kind}'" for kind in ("hold", "capture", "reverse"))
OPEN_HOLD = "SELECT MAX(id) FROM transfer WHERE kind = 'hold' AND owner_id = 1"
ADJUSTED = "SELECT MIN(id) FROM transfer WHERE kind = 'adjust' AND points < 0"
EXPIRY = "SELECT MIN(id) FROM transfer WHERE kind = 'expire'"
SETTLED = "SELECT MAX(id) FROM transfer WHERE kind = 'reverse'"
LASTING = "SELECT MIN(id) FROM lot WHERE policy_id > 0"
OTHER_LOT = "SELECT MIN(id) FROM lot WHERE owner_id = 2"
WAITING = "SELECT hold_id FROM pending WHERE released_at IS NULL"
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
    "points spent that are gone otherwise": ("I6", "transfer", CAPTURE, "UPDATE lot_line SET paid = spent, spent = 0 WHERE transfer_id = :id"),
    "points reversed that were corrected": (
        "I6",
        "transfer",
        ADJUSTED,
        "UPDATE lot_line SET reversed = corrected, corrected = 0 WHERE transfer_id = :id",
    ),
    "a hold of somebody else's lot": ("I6", "transfer", HOLD, f"UPDATE lot_line SET lot_id = ({OTHER_LOT}) WHERE transfer_id = :id"),
    "a lot that lapsed and does not say so": ("I6", "lot", ONE, "UPDATE lot SET lapses = 1 WHERE id = 1"),
    "a lot that lasts too long": ("I6", "lot", LASTING, "UPDATE lot SET expires_on = '2030-01-31' WHERE id = :id"),
    "a lot that never lapses any more": ("I6", "lot", LASTING, "UPDATE lot SET expires_on = '9999-12-31' WHERE id = :id"),
    "a lot of no policy that lapses": ("I6", "lot", ONE, "UPDATE lot SET expires_on = '2030-01-31' WHERE id = 1"),
    "a lot of a policy that is not there": ("I6", "lot", ONE, "UPDATE lot SET policy_id = 99 WHERE id = 1"),
    "an expiry that is no expiry": (
        "I1",
        "transfer",
        EXPIRY,
        f"UPDATE entry SET account_id = ({REDEEMED}) WHERE transfer_id = :id AND version IS NULL",
    ),
    "a reversal that expired too little": ("I1", "transfer", SETTLED, "UPDATE entry SET amount = -amount WHERE transfer_id = :id"),
    "points that wait and nothing says so": ("I7", "transfer", WAITING, "DELETE FROM pending WHERE hold_id = :id"),
    "points that wait no longer and are held": ("I7", "transfer", WAITING, "UPDATE pending SET released_at = until WHERE hold_id = :id"),
    "points that wait for somebody else": ("I7", "transfer", WAITING, "UPDATE pending SET owner_id = 2 WHERE hold_id = :id"),
    "other points that wait": ("I7", "transfer", WAITING, "UPDATE pending SET points = 1 WHERE hold_id = :id"),
    "points that wait without a hold": (
        "I7",
        "pending",
        "SELECT MIN(award_id) FROM pending",
        "UPDATE pending SET hold_id = 1 WHERE award_id = :id",
    ),
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
    database.write(on_terms)
    vandal = Vandal(database)
    for what, (rule, table, where, damage) in DAMAGE.items():
        with subtests.test(what), vandal.open() as connection:
            row_id = connection.execute(text(where)).scalar_one()
            connection.execute(text(damage), {"id": row_id} if ":id" in damage else {})
            found = {(p.rule, p.table, p.row_id) for p in invariants.check(Session(connection))}
            connection.rollback()
            assert (rule, table, row_id) in found
    assert broken(database) == set()


def test_every_invariant_of_the_safe_is_broken_by_some_damage() -> None:
    assert {rule for rule, *_ in DAMAGE.values()} == {i.name for i in invariants.INVARIANTS} - {"I10"} | {"seals"}


def test_the_list_has_fifteen_sentences_and_each_is_asked() -> None:
    assert list(FIFTEEN) == [f"I{number}" for number in range(1, 16)]
    assert {part.name for part in ALL} == set(FIFTEEN)
    assert all(sentence.endswith(".") for sentence in (*FIFTEEN.values(), *(part.sentence for part in ALL)))
    assert all(part.find is not None or "SELECT" in part.sql for part in ALL)


def test_the_book_for_operators_lists_the_same_fifteen() -> None:
    book = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (I\d+) \| (.+?) \|$", book, re.MULTILINE) == list(FIFTEEN.items())

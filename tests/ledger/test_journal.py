"""The journal stands before outside accountants: hledger and Beancount accept it and reach the portal's totals."""

import csv
import io
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from sqlalchemy import select

from portal.kernel.db import Database
from portal.ledger.actions.sealing import seal_pending
from portal.ledger.models import account
from portal.ledger.queries.journal import JournalFormat, journal
from portal.ledger.queries.totals import programme_totals
from tests.ledger.books import fill
from tests.ledger.verbs import NOW


def written(database: Database, kind: JournalFormat, folder: Path) -> Path:
    path = folder / f"journal.{kind}"
    with database.snapshot() as session:
        path.write_text("\n".join(journal(session, kind)) + "\n")
    return path


def portal_totals(database: Database) -> dict[tuple[str, str, str], int]:
    """Return the portal's own balance of each account that is not zero."""
    with database.reading() as session:
        rows = session.execute(select(account)).all()
        far = {unit: programme_totals(session, unit=unit) for unit in {row.unit for row in rows}}
    found = {}
    for row in rows:
        whose = "programme" if row.owner_id is None else str(row.owner_id)
        found[whose, row.kind, row.unit] = far[row.unit][row.kind] if row.owner_id is None else row.balance
    return {key: value for key, value in found.items() if value}


def hledger(*arguments: str) -> str:
    program = shutil.which("hledger")
    assert program, "hledger is required (LAUREL_REQUIRE_HLEDGER=1) and not installed"
    result = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def key_of(name: str) -> tuple[str, str, str]:
    parts = name.lower().split(":")
    return parts[-3], parts[-2], parts[-1]


@pytest.mark.hledger
def test_hledger_accepts_the_journal_and_reaches_the_portals_totals(database: Database, tmp_path: Path) -> None:
    fill(database)
    path = written(database, JournalFormat.HLEDGER, tmp_path)
    hledger("-f", str(path), "check", "-s", "ordereddates")
    rows = csv.DictReader(io.StringIO(hledger("-f", str(path), "balance", "--flat", "--no-total", "-O", "csv")))
    assert {key_of(row["account"]): int(row["balance"].split()[0]) for row in rows} == portal_totals(database)


@pytest.mark.hledger
def test_hledger_refuses_a_journal_in_which_one_line_was_changed(database: Database, tmp_path: Path) -> None:
    fill(database)
    path = written(database, JournalFormat.HLEDGER, tmp_path)
    text = path.read_text()
    path.write_text(text.replace("available:points    100 points", "available:points    101 points", 1))
    with pytest.raises(AssertionError, match="balance"):
        hledger("-f", str(path), "check", "-s", "ordereddates")
    # One that still sums to zero is caught by the balances asserted at the end.
    path.write_text(
        re.sub(r"( {4}assets:person:1:available:points    )100( points\n {4}equity:programme:issued:points    )-100", r"\g<1>90\g<2>-90", text)
    )
    with pytest.raises(AssertionError, match="assertion"):
        hledger("-f", str(path), "check", "-s", "ordereddates")


def beancount(path: Path) -> tuple[list[object], list[object]]:
    entries, errors, _ = loader.load_file(str(path))
    return entries, errors


def test_beancount_accepts_the_journal_and_reaches_the_portals_totals(database: Database, tmp_path: Path) -> None:
    fill(database)
    seal_pending(database, NOW)
    entries, errors = beancount(written(database, JournalFormat.BEANCOUNT, tmp_path))
    assert errors == []
    sums: dict[tuple[str, str, str], Decimal] = {}
    for transaction in entries:
        if isinstance(transaction, data.Transaction):
            for posting in transaction.postings:
                key = key_of(posting.account)
                sums[key] = sums.get(key, Decimal(0)) + posting.units.number
    assert {key: int(value) for key, value in sums.items() if value} == portal_totals(database)


def test_beancount_refuses_a_journal_in_which_one_line_was_changed(database: Database, tmp_path: Path) -> None:
    fill(database)
    path = written(database, JournalFormat.BEANCOUNT, tmp_path)
    path.write_text(path.read_text().replace("Available:Points  100 POINTS", "Available:Points  101 POINTS", 1))
    assert beancount(path)[1] != []


@pytest.mark.parametrize("kind", list(JournalFormat))
def test_the_journal_holds_numbers_and_codes_but_no_free_text(database: Database, kind: JournalFormat) -> None:
    fill(database)
    with database.reading() as session:
        text = "\n".join(journal(session, kind)).lower()
    assert "for the talk" not in text
    assert "person:1:available:points" in text
    assert "test.awarded" in text


@pytest.mark.parametrize("kind", list(JournalFormat))
def test_an_empty_ledger_has_an_empty_journal(database: Database, kind: JournalFormat) -> None:
    with database.reading() as session:
        assert list(journal(session, kind)) == []

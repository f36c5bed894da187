"""``flask ledger``: exit codes and what is said."""

from collections.abc import Callable
from datetime import date

import pytest
from click.testing import Result
from flask import Flask

from portal.kernel.db import Database
from portal.ledger.heads import NotedHead, note_head
from tests.ledger.books import fill, fill_and_seal
from tests.ledger.vandal import Vandal


@pytest.fixture
def ledger(app: Flask) -> Callable[..., Result]:
    """Run ``flask ledger …``."""
    return lambda *arguments: app.test_cli_runner().invoke(args=["ledger", *arguments])


def test_check_is_content_with_sound_books(database: Database, ledger: Callable[..., Result]) -> None:
    fill_and_seal(database)
    result = ledger("check")
    *lines, last = result.output.splitlines()
    assert result.exit_code == 0
    assert [line.split()[:2] for line in lines] == [[f"I{number}", "holds"] for number in range(1, 16)]
    assert last.startswith("All fifteen hold over 34 transfers, asked in ")


@pytest.mark.breaks_the_books
def test_check_names_the_row_and_fails(database: Database, ledger: Callable[..., Result]) -> None:
    fill(database)
    Vandal(database).run("UPDATE entry SET amount = amount + 1 WHERE id = 2")
    result = ledger("check")
    assert result.exit_code == 1
    assert "      I1: transfer 1 sums to 1\n" in result.output
    broken = {line.split()[0]: line.split()[1] for line in result.output.splitlines() if line.split()[2:3] == ["broken"]}
    assert broken == {"I1": "1"}, result.output
    assert result.output.endswith("Broken by one row.\n")


@pytest.mark.breaks_the_books
def test_check_asks_for_the_heads_that_were_noted_elsewhere(app: Flask, database: Database, ledger: Callable[..., Result]) -> None:
    fill_and_seal(database)
    note_head(app.config["SETTINGS"].heads, NotedHead(date(2026, 3, 5), 2, "ab" * 32))
    result = ledger("check")
    assert result.exit_code == 1
    assert "I10 1 broken" in " ".join(result.output.split())
    assert "block 2 is not the one that was noted on 2026-03-05" in result.output


def test_seal_prints_the_head_and_verify_finds_it_again(database: Database, ledger: Callable[..., Result]) -> None:
    assert "Nothing is sealed yet; 0 transfers wait" in ledger("verify").output
    fill(database)
    assert "34 transfers wait" in ledger("verify").output
    sealed = ledger("seal")
    assert sealed.output.startswith("34 transfers sealed. Head: ")
    anchor = sealed.output.split()[-1]
    result = ledger("verify", "--anchor", anchor)
    assert (result.exit_code, result.output) == (0, f"The seals hold; 0 transfers wait to be sealed. Head: {anchor}\n")
    assert ledger("verify", "--anchor", "f" * 64).exit_code == 1


@pytest.mark.breaks_the_books
def test_verify_names_the_row_and_fails(database: Database, ledger: Callable[..., Result]) -> None:
    fill_and_seal(database)
    Vandal(database).set("entry", 5, "amount", 1_000)
    result = ledger("verify")
    assert result.exit_code == 1
    assert result.output == "seals: entry 5 was changed after block 1 sealed it\n"


@pytest.mark.parametrize("kind", ["hledger", "beancount"])
def test_export_prints_the_journal(database: Database, ledger: Callable[..., Result], kind: str) -> None:
    fill(database)
    result = ledger("export", "--format", kind)
    assert result.exit_code == 0
    assert "person:1:available:points" in result.output.lower()
    assert ledger("export").exit_code == 2

"""``flask ledger``: exit codes and what is said."""

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

from portal.kernel.db import Database
from tests.ledger.books import fill, fill_and_seal
from tests.ledger.vandal import Vandal


@pytest.fixture
def ledger(app: Flask) -> Callable[..., Result]:
    """Run ``flask ledger …``."""
    return lambda *arguments: app.test_cli_runner().invoke(args=["ledger", *arguments])


def test_check_is_content_with_sound_books(database: Database, ledger: Callable[..., Result]) -> None:
    fill(database)
    result = ledger("check")
    assert result.exit_code == 0
    assert result.output.startswith("All 29 invariants and the seals hold over 34 transfers.")


@pytest.mark.breaks_the_books
def test_check_names_the_row_and_fails(database: Database, ledger: Callable[..., Result]) -> None:
    fill(database)
    Vandal(database).run("UPDATE entry SET amount = amount + 1 WHERE id = 2")
    result = ledger("check")
    assert result.exit_code == 1
    assert "I1: transfer 1 sums to 1" in result.output


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

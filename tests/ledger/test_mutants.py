"""Every mistake in the table is one the source could really have, and one our tests notice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT
from tests.ledger.mutants import MUTANTS

SAFE = "portal/ledger"
COPIED = ("portal", "tests", "benchmarks", "migrations")
# Ends at the first failure; asks SQLite alone, whose databases cost the least.
FAST = ("-q", "-x", "-p", "no:cacheprovider", "-k", "not postgresql", "--no-header", "--tb=line")


def test_each_mutant_changes_one_place_that_is_there_and_names_tests_that_are() -> None:
    assert len(MUTANTS) >= 25
    assert len({mutant.harm for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        source = (ROOT / SAFE / mutant.file).read_text(encoding="utf-8")
        places = 2 if mutant.file == "actions/expiring.py" else 1  # It asks before and after the lock.
        assert source.count(mutant.old) == places, mutant.harm
        compile(source.replace(mutant.old, mutant.new), mutant.file, "exec")
        assert (ROOT / mutant.tests).is_file(), mutant.tests


@pytest.mark.nightly
def test_our_tests_notice_every_mutant(tmp_path: Path, subtests: pytest.Subtests) -> None:
    copy = tmp_path / "source"
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (*ROOT.glob("*.py"), ROOT / "pyproject.toml"):
        shutil.copy(file, copy / file.name)
    for name in ("templates", "static", "docs"):
        (copy / name).symlink_to(ROOT / name)
    for tests in sorted({mutant.tests for mutant in MUTANTS}):
        assert run(copy, tests) == 0, f"{tests} fails without any mutant"
    for mutant in MUTANTS:
        with subtests.test(mutant.harm):
            file = copy / SAFE / mutant.file
            source = file.read_text(encoding="utf-8")
            write(file, source.replace(mutant.old, mutant.new))
            code = run(copy, mutant.tests)
            write(file, source)
            assert code == pytest.ExitCode.TESTS_FAILED, f"{mutant.harm}: nobody noticed"


def write(file: Path, source: str) -> None:
    """Write a module, and forget what Python compiled of it: it would take it for unchanged within the second."""
    file.write_text(source, encoding="utf-8")
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()


def run(folder: Path, tests: str) -> int:
    """Run tests in the copy and return the exit code."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run([sys.executable, "-m", "pytest", *FAST, tests], cwd=folder, env=environment, stdout=subprocess.DEVNULL).returncode

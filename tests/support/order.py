"""What takes longest begins first: where processes share a run, none waits at the end for a long test that another began last."""

from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
# Files and folders, the longest first.
LONGEST = [
    "test_run.py",
    "journeys/test_every_page.py",
    "web/test_pseudo_locale.py",
    "web/test_security_routes.py",
    "imports/test_contest.py",
    "imports/test_kill.py",
    "demo",
    "rewards/test_races.py",
    "notifications/test_worker.py",
    "journeys",
]


@cache  # Once a file: to compare paths takes a while, and a run has thousands of tests.
def _rank(path: Path) -> int:
    return next((rank for rank, name in enumerate(LONGEST) if path.is_relative_to(TESTS / name)), len(LONGEST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first and leave everything else as it was collected."""
    items.sort(key=lambda item: _rank(item.path))

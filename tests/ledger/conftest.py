"""Outside judges of the journal. hledger is asked where it is installed, and must be there if LAUREL_REQUIRE_HLEDGER=1."""

import os
import shutil

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "hledger: asks hledger; deselected where it is neither installed nor required")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if shutil.which("hledger") or os.environ.get("LAUREL_REQUIRE_HLEDGER") == "1":
        return
    judged = [item for item in items if item.get_closest_marker("hledger")]
    if judged:
        items[:] = [item for item in items if not item.get_closest_marker("hledger")]
        config.hook.pytest_deselected(items=judged)

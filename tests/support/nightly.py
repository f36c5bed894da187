"""Tests that take minutes run when they are asked for: ``pytest --nightly``. Without it they are not selected, and a small size of each runs."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="run the long proofs too: every mutant, 10,000 steps over 20 seeds, 100 kills")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "nightly: takes minutes; selected by --nightly alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long ones out unless they were asked for."""
    left_out = [] if config.option.nightly else [item for item in items if item.get_closest_marker("nightly")]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def is_nightly(request: pytest.FixtureRequest) -> bool:
    """Whether the full size was asked for."""
    return bool(request.config.option.nightly)

"""Which tests run on which engine, and the proof that none ran on one only."""

import pytest

ENGINES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses a database once on each engine."""
    if "engine_name" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("only_on")
        engines = [mark.args[0]] if mark else list(ENGINES)
        metafunc.parametrize("engine_name", engines, indirect=True, scope="function")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "engine(name): set by the harness")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fail the collection when a one-engine test gives no reason."""
    for item in items:
        mark = item.get_closest_marker("only_on")
        if mark and not (mark.args and mark.args[0] in ENGINES and mark.kwargs.get("reason")):
            raise pytest.UsageError(f"{item.nodeid}: only_on needs an engine and a reason")

"""Which tests run on which engine, and the proof that none ran on one only.

And which ask a program from outside: where it is neither installed nor required, they are not selected.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator

import pytest

ENGINES = ("sqlite", "postgresql")
# Programs by the mark of the tests that ask them. LAUREL_REQUIRE_HLEDGER=1 and its like select them whether they are there or not.
OUTSIDE = {"hledger": "hledger", "redis": "redis-server"}
RAN_ON = "ran on"
STRICT = os.environ.get("LAUREL_STRICT") == "1"
_ran: dict[str, set[str]] = defaultdict(set)
_skipped: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    for mark, program in OUTSIDE.items():
        config.addinivalue_line("markers", f"{mark}: asks {program}; deselected where it is neither installed nor required")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses a database once on each engine, one marked ``only_on`` on its own."""
    if "engine_name" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("only_on")
        engines = [mark.args[0]] if mark else list(ENGINES)
        metafunc.parametrize("engine_name", engines, indirect=True, scope="function")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Stop when a one-engine test gives no reason; leave out what asks a program that is not there."""
    lacking = [mark for mark, program in OUTSIDE.items() if not shutil.which(program) and os.environ.get(f"LAUREL_REQUIRE_{mark.upper()}") != "1"]
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in lacking)]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        mark = item.get_closest_marker("only_on")
        if mark and not (mark.args and mark.args[0] in ENGINES and mark.kwargs.get("reason")):
            raise pytest.UsageError(f"{item.nodeid}: only_on needs an engine and a reason")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell the report what ran where: it travels from the process that ran the test to the one that judges the run."""
    report = yield
    setattr(item, f"rep_{report.when}", report)
    callspec = getattr(item, "callspec", None)
    engine = callspec.params.get("engine_name") if callspec else None
    if report.when == "call" and engine and not item.get_closest_marker("only_on"):
        others = "-".join(part for part in callspec.id.split("-") if part not in ENGINES)
        report.user_properties.append((RAN_ON, (f"{item.location[0]}::{item.function.__qualname__}[{others}]", engine)))  # type: ignore[attr-defined]
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what ran where."""
    if report.skipped:
        _skipped.append(report.nodeid)
    if report.when == "call":
        for name, value in report.user_properties:
            if name == RAN_ON:
                test, engine = value
                _ran[test].add(engine)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI: fail when a test ran on one engine only, or was skipped. Of the processes that share the tests, only the one above them judges."""
    if not STRICT or session.config.option.collectonly or hasattr(session.config, "workerinput"):
        return
    single = sorted(name for name, engines in _ran.items() if engines != set(ENGINES))
    for title, names in (("ran on one engine only", single), ("skipped", sorted(set(_skipped)))):
        for name in names:
            print(f"NOT ALLOWED, {title}: {name}")
        if names:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

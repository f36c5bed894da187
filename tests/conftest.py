"""Every test that touches the database runs on SQLite and on PostgreSQL, on a schema built by the migrations."""

pytest_plugins = [
    "tests.support.databases",
    "tests.support.selection",
    "tests.support.application",
    "tests.support.invariants",
    "tests.support.site",
    "tests.support.counting",
]

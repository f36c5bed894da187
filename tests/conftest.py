"""Every test that touches the database runs on SQLite and on PostgreSQL, on a schema built by the migrations."""

from tests.support.databases import database, engine_name, servers, templates  # noqa: F401
from tests.support.selection import pytest_collection_modifyitems, pytest_configure, pytest_generate_tests  # noqa: F401

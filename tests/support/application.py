"""The application under test, and clients that are signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Env, Settings
from portal.app import create_app
from portal.kernel.db import Database


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Settings of a test installation: its own folder, mail into files."""
    return Settings(_env_file=None, env=Env.TEST, data=tmp_path, database_url=database.url, secret_key="t" * 20 + "0123456789abcdef", log_level="ERROR")


@pytest.fixture
def app(settings: Settings, database: Database) -> Iterator[Flask]:
    """The application on the test's database. CSRF is checked as in real life; use ``post`` of a client from ``sign_in``."""
    made = create_app(settings)
    yield made
    made.extensions["database"].dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor who is not signed in."""
    return app.test_client()

"""A made programme of 200 members, made once an engine: what tests change of it, they change in a copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import maker
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from tests.support.databases import Templates
from tests.support.telling import Telling

MEMBERS = 200


def make(database: Database, _folder: Path) -> maker.Programme:
    return maker.make(database, MEMBERS, utcnow())


@pytest.fixture
def database(engine_name: str, templates: Templates, telling: Telling, tmp_path: Path) -> Iterator[Database]:
    """A fresh database with the programme in it."""
    found = Database(telling.copy(engine_name, tmp_path, make))
    yield found
    found.dispose()
    templates.drop(found.url)


@pytest.fixture
def programme(engine_name: str, telling: Telling, database: Database) -> maker.Programme:
    """What was made."""
    found: maker.Programme = telling.told(engine_name, make).story
    return found

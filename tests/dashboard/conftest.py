"""What tests of the desk share: the scene in which something of every kind waits."""

from pathlib import Path

import pytest

from portal.kernel.db import Database
from tests.dashboard.scene import Scene, build
from tests.support.telling import Telling, tells


def tell(database: Database, _folder: Path) -> Scene:
    return database.write(build)


@pytest.fixture
@tells(tell)
def stage(engine_name: str, telling: Telling, database: Database) -> Scene:
    """The scene, made once an engine: each test has a copy of the database that it is in."""
    found: Scene = telling.heard(engine_name, tell)
    return found

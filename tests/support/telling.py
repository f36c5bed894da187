"""The story of whole-portal tests, told once an engine: each test that asks for ``story`` has a copy of its database and files."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import make_url

from portal.kernel.db import Database
from tests.factories.story import Story, tell_story
from tests.support.databases import Templates, settle


class _Told(NamedTuple):
    template: str
    files: Path
    story: Story


class Telling:
    """Databases with the story in them, to copy from."""

    def __init__(self, templates: Templates, folder: Path) -> None:
        self._templates, self._folder = templates, folder
        self._told: dict[str, _Told] = {}

    def told(self, engine: str) -> _Told:
        """Tell the story on this engine, unless it was told."""
        if engine not in self._told:
            folder = self._folder / engine
            folder.mkdir()
            database = Database(self._templates.copy(engine, folder))
            story = tell_story(database, folder)
            settle(database)
            name = make_url(database.url).database
            assert name
            self._told[engine] = _Told(name, folder / "files", story)
        return self._told[engine]

    def copy(self, engine: str, folder: Path) -> str:
        """Return the address of a fresh database with the story; its files are in ``folder``."""
        told = self.told(engine)
        shutil.copytree(told.files, folder / "files")
        return self._templates.copy(engine, folder, told.template)


@pytest.fixture(scope="session")
def telling(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Telling:
    return Telling(templates, tmp_path_factory.mktemp("told"))


@pytest.fixture
def story(database: Database, engine_name: str, telling: Telling) -> Story:
    """A small programme with something of everything; ``database`` has it."""
    return telling.told(engine_name).story

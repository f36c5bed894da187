"""What takes long to tell, told once an engine: each test that asks for ``story``, or for another tale, has a copy of its database and files."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from sqlalchemy import make_url

from portal.kernel.db import Database
from tests.factories.story import Story, tell_story
from tests.support.databases import Templates, settle

Tale = Callable[[Database, Path], Any]
F = TypeVar("F", bound=Callable[..., Any])


def tells(tale: Tale) -> Callable[[F], F]:
    """Let the database of who asks for a fixture have the tale in it; the fixture takes what was told from ``telling.heard``."""

    def marked(fixture: F) -> F:
        fixture.tale = tale  # type: ignore[attr-defined]
        return fixture

    return marked


class _Told(NamedTuple):
    template: str
    files: Path
    story: Any


class Telling:
    """Databases with the story in them, or with another tale, to copy from. A tale is what fills a migrated database and a folder of files.

    What ``told`` returns is the same for all who ask: ids and the like, which nobody changes.
    """

    def __init__(self, templates: Templates, folder: Path) -> None:
        self._templates, self._folder = templates, folder
        self._told: dict[tuple[str, Tale], _Told] = {}

    def told(self, engine: str, tale: Tale = tell_story) -> _Told:
        """Tell the tale on this engine, unless it was told."""
        if (engine, tale) not in self._told:
            folder = self._folder / f"{engine}-{len(self._told)}"
            folder.mkdir()
            database = Database(self._templates.copy(engine, folder))
            story = tale(database, folder)
            settle(database)
            name = make_url(database.url).database
            assert name
            self._told[engine, tale] = _Told(name, folder / "files", story)
        return self._told[engine, tale]

    def heard(self, engine: str, tale: Tale) -> Any:
        """Return what the tale tells, rows too, as nobody else has it: a test may change it."""
        return pickle.loads(pickle.dumps(self.told(engine, tale).story))

    def template(self, engine: str, folder: Path, tale: Tale = tell_story) -> str:
        """Return the database to copy, with the tale in it; its files are in ``folder`` then."""
        told = self.told(engine, tale)
        if told.files.exists():
            shutil.copytree(told.files, folder / "files")
        return told.template

    def copy(self, engine: str, folder: Path, tale: Tale = tell_story) -> str:
        """Return the address of a fresh database with the tale; its files are in ``folder``."""
        return self._templates.copy(engine, folder, self.template(engine, folder, tale))


@pytest.fixture(scope="session")
def telling(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Telling:
    return Telling(templates, tmp_path_factory.mktemp("told"))


@pytest.fixture
def story(database: Database, engine_name: str, telling: Telling) -> Story:
    """A small programme with something of everything; ``database`` has it."""
    found: Story = telling.told(engine_name).story
    return found

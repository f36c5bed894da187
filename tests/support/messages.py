"""The catalogue of messages as it would be made now."""

import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from config import ROOT


@pytest.fixture(scope="session")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every translatable message in code and templates."""
    target: Path = tmp_path_factory.mktemp("messages") / "messages.pot"
    subprocess.run([sys.executable, "scripts/messages.py", "--only", str(target)], cwd=ROOT, check=True)
    with target.open("rb") as file:
        return read_po(file)

"""The catalogue of messages as it would be made now."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from config import ROOT


@pytest.fixture(scope="session")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every translatable message in code and templates; collected once a run, which takes ten seconds, for all processes that share it."""
    base: Path = tmp_path_factory.getbasetemp()
    target = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "messages.pot"
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            subprocess.run([sys.executable, "scripts/messages.py", "--only", str(target)], cwd=ROOT, check=True)
    with target.open("rb") as file:
        return read_po(file)

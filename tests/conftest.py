"""Every test that touches the database runs on SQLite and on PostgreSQL, on a schema built by the migrations."""

import os
import shutil
import sys
from pathlib import Path

pytest_plugins = [
    "tests.support.garbage",
    "tests.support.compiled",
    "tests.support.databases",
    "tests.support.rooms",
    "tests.support.selection",
    "tests.support.nightly",
    "tests.support.order",
    "tests.support.application",
    "tests.support.site",
    "tests.support.counting",
    "tests.support.messages",
    "tests.support.invariants",
    "tests.support.hearing",
    "tests.support.pages",
    "tests.support.telling",
]

# Dozens of processes are started: what Python compiled once is kept, or each of them compiles everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Databases of tests live in memory where there is room for them: what is tested is not the disk.
MEMORY, ROOM = Path("/dev/shm"), 4_000_000_000
if "PYTEST_DEBUG_TEMPROOT" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)

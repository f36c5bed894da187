"""An importing process is killed without warning; the same command again comes to the same end."""

import json
import os
import signal
import threading
import time
from pathlib import Path

from sqlalchemy import func, select

from portal.challenges.models.taking import Attempt, Submission
from portal.imports.models import ImportBatch, ImportIdentity, ImportRow
from portal.kernel.db import Database
from portal.ledger.models import transfer
from portal.ledger.queries.balances import balance_of
from portal.people.models import Company, Person
from tests.imports.engine import counted
from tests.imports.samples import ICPC, SUBMISSIONS
from tests.support.prepared import Started


def start(database: Database, folder: Path, file: Path) -> Started:
    environment = os.environ | {
        "PORTAL_ENV": "test",
        "PORTAL_DATA": str(folder),
        "DATABASE_URL": database.url,
        "PORTAL_SECRET_KEY": "t" * 20 + "0123456789abcdef",
    }
    for name in ("out", "err"):
        (folder / name).unlink(missing_ok=True)
    return Started(("flask", "import", "activity", str(file), *ICPC), environment, folder / "out", folder / "err")


def steps_done(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.max(ImportBatch.steps_done))) or 0


def wait_until(database: Database, steps: int, process: Started, said: Path) -> None:
    deadline, pause = time.monotonic() + 120, threading.Event()
    while steps_done(database) < steps and process.poll() is None and time.monotonic() < deadline:
        pause.wait(0.02)
    assert steps_done(database) >= steps, said.read_text()


def standing(database: Database) -> dict[str, object]:
    """Return everything that must be the same at the end, however often the way there was cut."""
    with database.reading() as session:
        return {
            "people": {p.name: balance_of(session, p.id).lifetime for p in session.scalars(select(Person))},
            "companies": sorted(session.scalars(select(Company.name))),
            "attempts": counted(database, Attempt.state),
            "submissions": counted(database, Submission.state),
            "transfers": counted(database, transfer.c.kind),
            "identities": counted(database, ImportIdentity.kind),
            "rows": counted(database, ImportRow.outcome),
            "batches": counted(database, ImportBatch.state),
        }


def test_sigkill_in_the_middle_and_the_same_command_again(database: Database, tmp_path: Path) -> None:
    lines = SUBMISSIONS.read_text(encoding="utf-8").splitlines(keepends=True)
    file = tmp_path / "submissions.csv"
    file.write_text("".join(lines[:451]), encoding="utf-8")
    for steps in (200, 600):
        process = start(database, tmp_path, file)
        wait_until(database, steps, process, tmp_path / "err")
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert counted(database, ImportBatch.state) == {"running": 1}
    code = start(database, tmp_path, file).wait()
    said = ((tmp_path / name).read_text() for name in ("out", "err"))
    assert (code, next(said)) == (0, "Batch 1, resumed: 450 created, 0 changed, 0 unchanged, 0 repeated, 0 bad.\n"), next(said)
    found = standing(database)
    expected = wanted(lines[1:451])
    assert found["attempts"] == expected["attempts"], json.dumps(found, default=str)
    assert found["people"] == expected["people"]
    assert found["transfers"] == {"award": expected["attempts"]["approved"]}
    assert (found["identities"], found["rows"], found["batches"]) == ({"activity": 450}, {"created": 450}, {"done": 1})


def wanted(lines: list[str]) -> dict[str, dict[str, int]]:
    """Return what the rows say, counted here without the portal."""
    verdicts, people = {"approved": 0, "declined": 0}, dict[str, int]()
    for line in lines:
        cells = line.split(",")
        is_accepted = ",AC," in line
        verdicts["approved" if is_accepted else "declined"] += 1
        people[cells[2]] = people.get(cells[2], 0) + (100 if is_accepted else 0)
    return {"attempts": verdicts, "people": people}

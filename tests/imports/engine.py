"""Driving the engine in tests as the command does."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from portal.challenges.importer import ActivityImporter
from portal.imports import runner
from portal.imports.actions.undoing import start_undo
from portal.imports.contract import Importer
from portal.imports.queries import counts_of
from portal.imports.rules.plans import Plan
from portal.imports.runner import Prepared
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.importer import CompaniesImporter

COMPANIES, ACTIVITY = CompaniesImporter(), ActivityImporter()
IMPORTERS: dict[str, Importer] = {"companies": COMPANIES, "activity": ACTIVITY}


def prepared(database: Database, importer: Importer, content: bytes, plan: Plan | None = None, *, source: str = "default") -> Prepared:
    return runner.prepare(database, importer, content=content, plan=plan or Plan(), source=source, now=utcnow())


def imported(
    database: Database, importer: Importer, content: bytes, plan: Plan | None = None, *, source: str = "default"
) -> tuple[int, dict[str, int]]:
    """Import ``content`` and return the batch and its counts."""
    ready = prepared(database, importer, content, plan, source=source)
    batch_id, _ = runner.open_and_run(database, system("cli"), ready, filename="rows.csv", clock=utcnow, on_progress=lambda done, total: None)
    with database.reading() as session:
        return batch_id, counts_of(session, batch_id)


def undone(database: Database, importer: Importer, batch_id: int) -> None:
    database.write(lambda s: start_undo(s, system("cli"), batch_id=batch_id, now=utcnow()))
    runner.undo(database, batch_id, importer, clock=utcnow)


def table(*rows: dict[str, object]) -> bytes:
    """Return ``rows`` as CSV; the header is made of every key in them."""
    out = io.StringIO()
    header = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(out, header, restval="")
    writer.writeheader()
    writer.writerows({k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()} for row in rows)
    return out.getvalue().encode()


def counted(database: Database, column: object, *where: object) -> dict[str, int]:
    """Return how many rows there are of each value of ``column``."""
    with database.reading() as session:
        found: Sequence[tuple[str, int]] = session.execute(select(column, func.count()).where(*where).group_by(column)).all()  # type: ignore
        return {str(value): count for value, count in found}

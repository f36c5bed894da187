"""Driving the import pages in tests as an admin clicks through them."""

import io
from collections.abc import Callable

from click.testing import Result
from sqlalchemy import func, select

from portal.imports.models import ImportBatch
from portal.imports.queries import get_batch
from portal.kernel.db import Database
from portal.people.models import Company
from tests.support.application import PortalClient

Run = Callable[..., Result]
Work = Callable[[], int]
COLUMNS = {"column_external_id": "Id", "column_name": "Company name", "column_industry": "Sector", "constant_country": "Chile"}


def upload(client: PortalClient, content: bytes, kind: str = "companies", name: str = "rows.csv", source: str = "crm") -> str:
    """Upload a file and return the address of its mapping page."""
    answer = client.post("/admin/imports/new", data={"kind": kind, "source": source, "file": (io.BytesIO(content), name)})
    assert answer.status_code == 303, answer.text
    return answer.location


def company_count(database: Database) -> int:
    """Return how many companies there are."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Company)) or 0


def batch_of(database: Database, batch_id: int = 1) -> ImportBatch:
    """Return a batch as it stands."""
    with database.reading() as session:
        return get_batch(session, batch_id)

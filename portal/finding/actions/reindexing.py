"""Making the rows and the indexes of the search anew, should they ever be wrong."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.finding.models.rows import refresh_sql
from portal.finding.search.engines import text_search
from portal.finding.search.port import ITEMS, ROWS
from portal.kernel.actor import Actor, system


def reindex(session: Session, *, now: datetime, actor: Actor | None = None) -> int:
    """Write the row of every profile anew and rebuild both indexes of words; return how many profiles there are."""
    engine = session.get_bind().dialect.name
    session.execute(text("DELETE FROM finding_row WHERE person_id NOT IN (SELECT person_id FROM reference_profile)"))
    session.connection().exec_driver_sql(refresh_sql(engine, "1 = 1"))
    search = text_search(session)
    for indexed in (ROWS, ITEMS):
        search.rebuild(session, indexed)
    number: int = session.execute(text("SELECT COUNT(*) FROM finding_row")).scalar_one()
    record(session, actor or system("cli"), "search.reindexed", "search", None, now=now, profiles=number)
    return number

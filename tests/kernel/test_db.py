"""The unit of work: begins so that money is safe, commits once, runs hooks after."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.kernel.db import Database, after_commit
from portal.kernel.errors import NotAllowed


def count(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM audit_event")).scalar_one())


def add(session) -> None:
    from portal.audit.actions import record
    from portal.kernel.actor import system
    from portal.kernel.clock import utcnow

    record(session, system(), "thing.made", "thing", 1, now=utcnow())


def test_a_unit_of_work_commits(database: Database) -> None:
    database.write(add)
    assert count(database) == 1


def test_a_refusal_rolls_the_unit_back_and_runs_no_hook(database: Database) -> None:
    ran: list[str] = []

    def work(session) -> None:
        add(session)
        after_commit(session, lambda: ran.append("hook"))
        raise NotAllowed()

    with pytest.raises(NotAllowed):
        database.write(work)
    assert count(database) == 0
    assert ran == []


def test_a_read_session_cannot_write(database: Database) -> None:
    with database.reading() as session, pytest.raises(DBAPIError):
        add(session)
    database.write(add)
    assert count(database) == 1

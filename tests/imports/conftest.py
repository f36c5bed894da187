"""An admin who imports through the pages, and the worker beside them."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from tests.factories.people import make_admin
from tests.imports.pages import Run, Work
from tests.support.application import PortalClient, SignIn


@pytest.fixture
def boss(database: Database, sign_in: SignIn) -> PortalClient:
    return sign_in(database.write(make_admin))


@pytest.fixture
def run(app: Flask) -> Run:
    """Return a function that runs ``flask import …``."""
    return lambda *words: app.test_cli_runner().invoke(args=["import", *map(str, words)])


@pytest.fixture
def work(app: Flask, database: Database) -> Work:
    """Return a function that does the promised import jobs, as a worker would."""

    def done() -> int:
        with database.reading() as session:
            waiting = select(OutboxJob.id).where(OutboxJob.done_at.is_(None), OutboxJob.topic.like("imports.%"))
            ids = list(session.scalars(waiting.order_by(OutboxJob.id)))
        for job_id in ids:
            app.extensions["jobs"].delivery.deliver(job_id)
        with database.reading() as session:
            assert session.scalars(select(OutboxJob.last_error).where(OutboxJob.id.in_(ids), OutboxJob.last_error.is_not(None))).all() == []
        return len(ids)

    return done

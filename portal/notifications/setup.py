"""Puts the room's parts together for one application: mailer, delivery, engine, worker, readiness."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask import Flask

from config import Settings
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.text import N_
from portal.notifications import queries, views
from portal.notifications.jobs import Delivery, Engine, Handler, Tick
from portal.notifications.mails import Mailer
from portal.notifications.rules import LAG_FAILING, LAG_NOTED, MAIL_TOPIC, Recorder
from portal.notifications.senders import sender_for
from portal.notifications.worker import Worker
from portal.web.logs import log


def init(app: Flask, settings: Settings, *, jobs: Mapping[str, Handler], names: Mapping[str, str], ticks: Sequence[Tick], record: Recorder) -> None:
    """Set up inbox, mail and jobs. ``jobs`` are the other rooms' handlers by topic, ``names`` what admins read for a topic,
    ``record`` keeps the audit log."""
    database: Database = app.extensions["database"]
    mailer = Mailer(app, settings, sender_for(settings))
    engine = Engine(settings, Delivery(database, {**jobs, MAIL_TOPIC: mailer}))
    database.inform_sessions(wake=engine.wake)
    app.extensions.update(
        mailer=mailer, jobs=engine, worker=Worker(database, engine, ticks), record_audit=record, job_names={MAIL_TOPIC: N_("Mail"), **names}
    )
    app.extensions.setdefault("readiness", {})["outbox"] = lambda: _outbox_flows(database)
    app.jinja_env.filters["parsed"] = datetime.fromisoformat
    views.init(app)


def _outbox_flows(database: Database) -> bool:
    """Ready while no due job has waited for five minutes; more than one is noted in the log."""
    with database.reading() as session:
        lag: timedelta = queries.outbox_state(session, now=utcnow()).lag
    if lag > LAG_NOTED:
        log.warning("outbox lags", seconds=round(lag.total_seconds()))
    return lag <= LAG_FAILING

"""The worker: delivers promised jobs and does what must happen every few seconds. And a test mail through all of it."""

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.kernel.clock import utcnow
from portal.kernel.ids import new_key
from portal.notifications.actions import notify
from portal.notifications.rules import HeaderRefused, Recipient
from portal.notifications.worker import Worker
from portal.web.transaction import database


@click.command("worker")
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="How many jobs may run at the same time.")
@with_appcontext
def worker(threads: int) -> None:
    """Deliver jobs until SIGTERM or Ctrl-C; what is unfinished then is handed to other workers."""
    made: Worker = current_app.extensions["worker"]
    made.run(threads)


@click.command("check-mail")
@click.argument("address")
@with_appcontext
def check_mail(address: str) -> None:
    """Promise a test mail to ADDRESS; a running worker sends it."""
    now = utcnow()
    to = Recipient(person_id=None, email=address, name="", language=None)
    try:
        database().write(
            lambda session: notify(session, to=to, kind="mail_check", data={"asked_at": now.isoformat()}, key=new_key(), now=now, link="/")
        )
    except HeaderRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"Promised a mail to {address}. A running worker (flask worker) sends it.")

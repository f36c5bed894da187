"""``flask reindex``: what the search for references looks through, made anew."""

import click
from flask.cli import with_appcontext

from portal.finding.actions.reindexing import reindex as make_anew
from portal.kernel.clock import utcnow
from portal.web.transaction import database


@click.command("reindex")
@with_appcontext
def reindex() -> None:
    """Make the index of the search for references anew: after rows were changed behind the portal's back, or when a check says so."""
    number = database().write(lambda session: make_anew(session, now=utcnow()))
    click.echo(f"{number} profiles are in the search.")

"""``flask vault``: a new key, and sealing everything anew under the first one."""

from functools import partial

import click
from flask.cli import with_appcontext

from portal.vault.actions.stocking import Resealed
from portal.vault.actions.stocking import reseal as seal_some
from portal.vault.keys import new_vault_key
from portal.web.transaction import database


@click.group("vault")
def vault() -> None:
    """Keys of the code vault."""


@vault.command("key")
def key() -> None:
    """Print a new key. Nothing is changed: put it first in PORTAL_VAULT_KEYS, the present ones behind it, restart, then reseal."""
    click.echo(new_vault_key())


@vault.command("reseal")
@with_appcontext
def reseal() -> None:
    """Seal every code anew under the first key. May be stopped and run again; the other keys can go once it has run through.

    What cannot be sealed anew is left as it is, and told.
    """
    done, last = [Resealed()], 1
    while last:
        done.append(database().write(partial(seal_some, after=done[-1].last)))
        last = done[-1].last
    click.echo(f"{sum(run.changed for run in done)} codes are sealed anew under the first key.")
    if twice := sum(run.twice for run in done):
        click.echo(f"{twice} codes are in the vault twice and stay as they are; keep the key that sealed them.")
    if gone := sum(run.unreadable for run in done):
        lost = f"{gone} codes were sealed with a key that is not among PORTAL_VAULT_KEYS, and stay as they are."
        raise click.ClickException(f"{lost} If you have it, add it and run this again; all others are done.")

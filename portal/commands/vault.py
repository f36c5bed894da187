"""``flask vault``: a new key, and sealing everything anew under the first one."""

from functools import partial

import click
from flask.cli import with_appcontext

from portal.vault.actions.stocking import reseal as seal_some
from portal.vault.keys import new_vault_key
from portal.vault.queries import unreadable
from portal.vault.rules import KeyMissing
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
    """Seal every code anew under the first key. May be stopped and run again; the other keys can go once it has run through."""
    total, after = 0, 0
    try:
        while True:
            done, after = database().write(partial(seal_some, after=after))
            total += done
            if not after:
                break
    except KeyMissing:
        with database().reading() as session:
            gone = unreadable(session)
        raise click.ClickException(f"{gone} codes were sealed with a key that is not among PORTAL_VAULT_KEYS. Add it, then run this again.") from None
    click.echo(f"{total} codes are sealed anew under the first key.")

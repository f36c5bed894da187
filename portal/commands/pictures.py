"""``flask pictures``: the sizes of pictures that lack some."""

import click
from flask.cli import with_appcontext

from portal.files.queries import pictures_after
from portal.files.resizing import make_sizes
from portal.files.uploads import storage
from portal.web.transaction import database

AT_ONCE = 100


@click.command("pictures")
@with_appcontext
def pictures() -> None:
    """Make the smaller sizes of pictures that lack one, and say how many were made. May run at any time, and again."""
    made = looked = last = 0
    damaged: list[int] = []
    while True:
        with database().reading() as session:
            found = pictures_after(session, last, AT_ONCE)
        for file in found:
            looked += 1
            try:
                made += make_sizes(file, storage())
            except OSError:
                damaged.append(file.id)
        if len(found) < AT_ONCE:
            break
        last = found[-1].id
    click.echo(f"Looked at {looked:,} pictures and made {made:,} sizes.")
    if damaged:
        raise click.ClickException(f"Could not read: {', '.join(f'file {number}' for number in damaged)}.")

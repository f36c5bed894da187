"""``flask db``: a thin command over Alembic."""

import click
from flask.cli import with_appcontext

from portal.kernel import migrate
from portal.web.transaction import database


@click.group("db")
def db() -> None:
    """Bring the database's tables up to date."""


@db.command("upgrade")
@click.argument("revision", default="head")
@with_appcontext
def upgrade(revision: str) -> None:
    """Run the migrations that are missing."""
    migrate.upgrade(database(), revision)
    click.echo(f"The database stands at {_current()}.")


@db.command("downgrade")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def downgrade(revision: str, yes: bool) -> None:
    """Take migrations back. Tables that go lose their rows."""
    if not yes:
        click.confirm("Tables that these migrations made are dropped with all their rows. Go on?", abort=True)
    migrate.downgrade(database(), revision)
    click.echo(f"The database stands at {_current()}.")


@db.command("current")
@with_appcontext
def current() -> None:
    """Print where the database stands and what this code expects."""
    click.echo(f"{_current()} (this code expects {migrate.head()})")


@db.command("revision")
@click.option("-m", "--message", required=True)
def revision(message: str) -> None:
    """Write an empty migration to be filled by hand."""
    from alembic import command

    command.revision(migrate.alembic_config(), message=message)


@db.command("sql")
@click.argument("revisions", default="base:head")
@with_appcontext
def sql(revisions: str) -> None:
    """Print the statements of the migrations for PostgreSQL, without running them."""
    from alembic import command

    command.upgrade(migrate.alembic_config(), revisions, sql=True)


def _current() -> str:
    with database().engine.connect() as connection:
        return migrate.current(connection) or "nothing"

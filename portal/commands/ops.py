"""Running the portal: server and worker together, start from nothing, start over."""

import os
import shutil
import socket
import subprocess
import sys

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from config import ROOT, Settings
from portal.commands.demo.content import programme
from portal.commands.serving import serve
from portal.kernel import migrate
from portal.people.models import Person
from portal.web.transaction import database


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def base_url(settings: Settings, port: int) -> str:
    """Return the address that was set, in the environment or in ``.env``; without one, that of this machine at ``port``."""
    default = Settings.model_fields["base_url"].default
    return settings.base_url if settings.base_url != default else f"http://127.0.0.1:{port}"


@click.command("run-portal")
@click.option("--port", type=click.IntRange(1, 65535), envvar="PORT", default=8000, show_default="PORT or 8000")
@click.option("--demo/--no-demo", default=True, help="Build the demo programme where the database is empty (never in production).")
@with_appcontext
def run_portal(port: int, demo: bool) -> None:
    """Migrate, build the demo if there is nobody yet, then serve; Ctrl-C ends server and worker."""
    settings = _settings()
    _require_free(settings, port)
    migrate.upgrade(database())
    environment = os.environ | {"PORTAL_BASE_URL": base_url(settings, port)}
    if demo and not settings.is_production:
        subprocess.run([sys.executable, "-m", "flask", "demo", "--if-empty"], cwd=ROOT, env=environment, check=True)
        environment |= _brand_of_demo(settings)
    database().dispose()
    serve(settings, port, environment)


def _require_free(settings: Settings, port: int) -> None:
    """Refuse a port that is taken. The server shares ports, so two portals on one would answer in turn, each from its own data."""
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind, port))
        except OSError as error:
            raise click.ClickException(f"Port {port} cannot be used ({error.strerror}). Choose another one with PORT=…") from error


def _brand_of_demo(settings: Settings) -> dict[str, str]:
    """Return the demo company's name as brand while its people are the ones there and nobody has set another."""
    if settings.brand_company != Settings.model_fields["brand_company"].default:
        return {}
    with database().reading() as session:
        holds_demo = session.scalar(select(Person.id).where(Person.is_demo).limit(1)) is not None
    return {"PORTAL_BRAND_COMPANY": programme()["company"]["name"]} if holds_demo else {}


@click.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def reset(yes: bool) -> None:
    """Delete everything in the data folder's database and files, and build the demo programme anew."""
    settings = _settings()
    if settings.is_production:
        raise click.ClickException("Refused: this is a production installation (PORTAL_ENV=production).")
    if not yes:
        click.confirm(f"This deletes all people, points and files of {settings.database_url}. Go on?", abort=True)
    migrate.downgrade(database(), "base")
    database().dispose()
    for folder in (settings.storage, settings.data / "mail"):
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    for file in settings.data.glob("jobs.sqlite3*"):
        file.unlink()
    migrate.upgrade(database())
    subprocess.run([sys.executable, "-m", "flask", "demo"], cwd=ROOT, check=True)

"""``flask run-portal`` as a newcomer meets it: from nothing to a served page, both processes ended by one Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from config import Env, Settings
from portal.app import create_app
from portal.commands.ops import base_url
from portal.kernel import migrate
from portal.kernel.db import Database
from tests.support.databases import Templates
from tests.support.site import free_port, wait_for

ROOT = Path(__file__).resolve().parents[1]


def environment(folder: Path, url: str, **more: str) -> dict[str, str]:
    return os.environ | {"PORTAL_DATA": str(folder), "DATABASE_URL": url, "PORTAL_LOG_LEVEL": "WARNING"} | more


def flask(folder: Path, url: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "flask", *command], cwd=ROOT, env=environment(folder, url, **more), capture_output=True, text=True)


def test_the_address_that_was_set_stays_the_address(tmp_path: Path) -> None:
    """In ``.env`` too: what the children get in their environment wins over it."""
    (tmp_path / ".env").write_text("PORTAL_BASE_URL=https://advocates.example\n")
    assert base_url(Settings(_env_file=tmp_path / ".env", data=tmp_path), 9000) == "https://advocates.example"
    assert base_url(Settings(_env_file=None, data=tmp_path), 9000) == "http://127.0.0.1:9000"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGHUP], ids=["ctrl-c", "closed-terminal"])
def test_run_portal_starts_from_nothing_and_ends_whole(engine_name: str, templates: Templates, tmp_path: Path, ending: signal.Signals) -> None:
    url, port = templates.empty(engine_name, tmp_path), free_port()
    log = tmp_path / "run.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "flask", "run-portal", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path, url), stdout=out, stderr=out)
    try:
        wait_for(lambda: f"http://127.0.0.1:{port}" in log.read_text() or process.poll() is not None, "the portal", seconds=180)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=20) as answer:
            page = answer.read().decode()
    finally:
        process.send_signal(ending)
        code = process.wait(timeout=60)
        templates.drop(url)
    said = log.read_text()
    assert code == 0, said
    assert "Brindlewick" in page
    for role in ("advocate", "employee", "admin"):
        assert re.search(rf"{role}\s+\S+@\S+", said)
    children = subprocess.run(["pgrep", "-f", f"granian.*--port {port}"], capture_output=True, text=True).stdout
    assert children == ""


def test_a_port_that_is_taken_is_refused_before_anything_is_made(engine_name: str, templates: Templates, tmp_path: Path) -> None:
    """The server could share it, and two portals would answer in turn."""
    url = templates.empty(engine_name, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = flask(tmp_path, url, "run-portal", PORT=str(port))
    templates.drop(url)
    assert refused.returncode == 1
    assert f"Port {port} cannot be used" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_empty_portal_shows_which_command_to_run_and_no_form(engine_name: str, templates: Templates, tmp_path: Path) -> None:
    url = templates.empty(engine_name, tmp_path)
    built = Database(url)
    migrate.upgrade(built)
    app = create_app(Settings(_env_file=None, env=Env.TEST, data=tmp_path, database_url=url, log_level="ERROR"))
    page = app.test_client().get("/", follow_redirects=True).get_data(as_text=True)
    app.extensions["database"].dispose()
    made = flask(tmp_path, url, "people", "add-admin", "you@example.com")
    built.dispose()
    templates.drop(url)
    assert "flask people add-admin" in page
    assert '<input type="password"' not in page
    assert made.returncode == 0, made.stderr
    assert re.search(r"http://127\.0\.0\.1:8000/join\S+", made.stdout)


@pytest.mark.parametrize("command", ["demo", "reset"])
def test_the_demo_is_refused_in_production(engine_name: str, templates: Templates, tmp_path: Path, command: str) -> None:
    url = templates.empty(engine_name, tmp_path)
    assert flask(tmp_path, url, "db", "upgrade").returncode == 0
    refused = flask(tmp_path, url, command, PORTAL_ENV="production", PORTAL_BASE_URL="https://advocates.example")
    templates.drop(url)
    assert refused.returncode != 0
    assert "production" in refused.stderr

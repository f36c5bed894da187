"""Processes of their own that find the portal imported: to import it takes seconds, and a run of the tests starts hundreds of processes.

They are forked from one that imported it and did nothing else. What they share with the tests and with each other is code, that of
templates with it: no connection, no thread, no setting, no random numbers. That everything can be started from nothing is the matter of
``tests/test_run.py``.
"""

import atexit
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache, wraps
from multiprocessing import get_context, set_start_method
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from portal import app

IMPORTED = ["portal.app", "tests.support.application"]


def prepared() -> ForkServerContext:
    """Return the context in which a process begins with the portal imported."""
    context = get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


@cache
def compiled_templates() -> str:
    """Return the folder in which the processes of this run find what one of them compiled of a template."""
    folder = mkdtemp(prefix="laurel-templates-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def remember_templates(folder: str) -> None:
    """Let every application of this process take templates that another compiled, as long as their text is the same."""
    plain = app.create_app

    @wraps(plain)
    def remembering(*args: Any, **options: Any) -> Flask:
        made = plain(*args, **options)
        made.jinja_env.bytecode_cache = FileSystemBytecodeCache(folder)
        return made

    app.create_app = remembering


def _run(command: tuple[str, ...], environment: dict[str, str], out: Path, err: Path, asked: Path, compiled: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, path, how in (
        (0, asked, os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
        (2, err, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
    ):
        target = os.open(path, how, 0o600)
        os.dup2(target, number)
        os.close(target)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    remember_templates(compiled)
    set_start_method("fork", force=True)  # As in a process that Python started itself; a process like this one would begin its children otherwise.
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


class Started:
    """``python -m COMMAND`` with its own environment, and what it says in files; to be asked and told as a ``subprocess.Popen``.

    What it asks is answered from a file, ``asked``.
    """

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str], out: Path, err: Path, asked: Path = Path(os.devnull)) -> None:
        for path in (out, err):
            path.touch()  # It may be read before the process has written to it.
        self._process = prepared().Process(target=_run, args=(command, dict(environment), out, err, asked, compiled_templates()))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code; the negative of a signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def run(*command: str, environment: Mapping[str, str], answer: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``flask COMMAND`` to its end, with ``answer`` for what it asks."""
    with TemporaryDirectory() as told:
        out, err, asked = (Path(told, name) for name in ("out", "err", "asked"))
        asked.write_text(answer)
        code = Started(("flask", *command), environment, out, err, asked).wait()
        return subprocess.CompletedProcess(command, code, out.read_text(), err.read_text())

"""A server process to measure: started, asked for its CPU time and memory, stopped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def granian(port: int, workers: int = 2) -> list[str]:
    """The portal, served as in production."""
    options = ["--interface", "wsgi", "--port", str(port), "--workers", str(workers), "--blocking-threads", "4", "--no-ws", "--log-level", "error"]
    return ["granian", *options, "wsgi:app"]


def gunicorn(port: int, workers: int = 2) -> list[str]:
    """The bare page, served as the anchors in the specification were."""
    options = ["-k", "gevent", "-w", str(workers), "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    return ["gunicorn", *options, "benchmarks.hello:app"]


class Server:
    """A process tree that answers on ``port``."""

    def __init__(self, command: Callable[[int], list[str]], environment: dict[str, str] | None = None, log: Path | None = None) -> None:
        self.port = free_port()
        arguments, variables = [sys.executable, "-m", *command(self.port)], os.environ | (environment or {})
        with open(log or os.devnull, "ab") as errors:
            self.process = subprocess.Popen(arguments, cwd=ROOT, env=variables, stderr=errors)
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server does not answer")

    def tree(self) -> list[int]:
        """Return the process and all its children."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = entry.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            queue += parents.get(pid, [])
        return found

    def cpu_seconds(self) -> float:
        total = 0
        for pid in self.tree():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory_mb(self) -> float:
        """Return the largest resident memory of one process of the tree, in MB."""
        sizes = []
        for pid in self.tree():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    sizes.append(int(line.split()[1]) / 1024)
        return max(sizes, default=0)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

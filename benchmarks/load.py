"""A load generator for one server: kept-alive connections, raw sockets, so that the client costs little beside the server."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

CONNECTIONS = 8


@dataclass
class Outcome:
    """What one run gave: answers per second, latencies in ms, statuses."""

    seconds: float = 0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


class Connection:
    """One kept-alive HTTP connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._open()

    def _open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Send and read one answer: status, head, body."""
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed")
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 : lower.find(b"\r\n", at) if lower.find(b"\r\n", at) > 0 else None]) if at >= 0 else 0
        while len(body) < length:
            body += self.socket.recv(65536)
        return int(head[9:12]), head, body

    def close(self) -> None:
        self.socket.close()


def request(method: str, path: str, cookie: str = "", body: str = "", token: str = "", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return the bytes of a request as a signed-in browser would send it; ``headers`` besides."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: gzip, deflate, br, zstd", "Sec-Fetch-Site: same-origin"]
    lines += [f"{name}: {value}" for name, value in headers]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body.encode())}", f"X-CSRFToken: {token}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body.encode()


def run(port: int, requests: Callable[[int], Iterator[bytes]], seconds: float, connections: int = CONNECTIONS) -> Outcome:
    """Let ``connections`` clients send what ``requests(client)`` yields, one after the other, for ``seconds``."""
    outcome, lock = Outcome(), threading.Lock()
    start = threading.Barrier(connections + 1)

    def client(number: int) -> None:
        connection, mine, statuses = Connection(port), [], {}
        source = requests(number)
        start.wait()
        end = time.perf_counter() + seconds
        for message in source:
            before = time.perf_counter()
            if before >= end:
                break
            status, _, _ = connection.send(message)
            mine.append((time.perf_counter() - before) * 1000)
            statuses[status] = statuses.get(status, 0) + 1
        connection.close()
        with lock:
            outcome.latencies += mine
            for status, count in statuses.items():
                outcome.statuses[status] = outcome.statuses.get(status, 0) + count

    threads = [threading.Thread(target=client, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    outcome.seconds = time.perf_counter() - began
    return outcome

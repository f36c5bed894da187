"""One racing process: for each owner that it is told it tries to hold points 60 times, and tells what happened."""

from multiprocessing.connection import Connection
from typing import Any

from portal.kernel.db import Database
from portal.ledger.rules import BalanceTooLow
from tests.ledger.verbs import hold

ATTEMPTS, POINTS = 60, 10


def race(database: Database, owner_id: int, name: str) -> dict[str, Any]:
    """Try to hold as often as told, each time in a unit of work of its own."""
    result: dict[str, Any] = {"made": 0, "refused": 0, "other": []}
    for number in range(ATTEMPTS):
        key = f"race:{owner_id}:{name}:{number}"
        try:
            database.write(lambda session, key=key: hold(session, POINTS, owner_id, key=key))
            result["made"] += 1
        except BalanceTooLow:
            result["refused"] += 1
        except Exception as error:
            result["other"].append(repr(error))
    return result


def race_when_told(url: str, name: str, line: Connection) -> None:
    """Race for each owner that comes over the line, until None comes. Runs in a process of its own."""
    shared = Database(url)
    line.send("ready")
    while (owner_id := line.recv()) is not None:
        line.send(race(shared, owner_id, name))
    shared.dispose()

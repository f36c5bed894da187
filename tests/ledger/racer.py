"""One racing process: for each owner named on a line of input it tries to hold points 60 times, and prints what happened."""

import json
import sys

from portal.kernel.db import Database
from portal.ledger.rules import BalanceTooLow
from tests.ledger.verbs import hold

ATTEMPTS, POINTS = 60, 10


def race(database: Database, owner_id: int, name: str) -> dict[str, object]:
    """Try to hold as often as told, each time in a unit of work of its own."""
    result = {"made": 0, "refused": 0, "other": []}
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


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    url, name = sys.argv[1:]
    shared = Database(url)
    say("ready")
    for line in sys.stdin:
        say(json.dumps(race(shared, int(line), name)))
    shared.dispose()

"""Heads of the chain of seals that were noted outside the database, one a day, in a file of lines ``2026-11-27 1234 <hash>``.

Who owns the database could rewrite the whole chain of blocks so that it fits again, but not what
was noted elsewhere: ``queries.proof.verify`` asks for every noted head.
"""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_LINE = re.compile(r"(\d{4}-\d\d-\d\d) ([1-9]\d{0,17}) ([0-9a-f]{64})")
TITLE = "# Heads of the chain of seals: day, block, hash. Each must be found again by: flask ledger verify\n"


@dataclass(frozen=True)
class NotedHead:
    """What stood at the end of the chain on a day of the programme."""

    day: date
    block_id: int
    hash: str

    def __str__(self) -> str:
        return f"{self.day} {self.block_id} {self.hash}"


class HeadsUnreadable(Exception):
    """The file holds a line that is no noted head: somebody else wrote there, or a part is lost."""


def read_heads(path: Path) -> list[NotedHead]:
    """Return the heads noted in ``path``, in the order of the file; none where there is no file yet. Raises HeadsUnreadable."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise HeadsUnreadable(f"{path} holds something other than noted heads") from error
    return [_read(path, number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]


def _read(path: Path, number: int, line: str) -> NotedHead:
    found = _LINE.fullmatch(line.strip())
    try:
        if found:
            return NotedHead(date.fromisoformat(found[1]), int(found[2]), found[3])
    except ValueError:  # the 31st of February
        pass
    raise HeadsUnreadable(f"{path}, line {number} is no noted head: {line[:100]}")


def is_noted(path: Path, day: date) -> bool:
    """Tell whether ``day`` has its head. Raises HeadsUnreadable."""
    return any(noted.day == day for noted in read_heads(path))


def note_head(path: Path, noted: NotedHead) -> None:
    """Write a head behind those that are there. Two who note the same day at once do no harm: both lines are true."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begins = not path.exists()
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{TITLE if begins else ''}{noted}\n")

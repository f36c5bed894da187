"""What somebody decided within the last minute, of every kind, and whether they can still undo it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from portal.dashboard.waiting.contract import DECIDED, SINCE, WaitingSource
from portal.kernel.errors import Refusal
from portal.review.rules.refusals import NothingToUndo
from portal.review.rules.undoing import UNDO_WITHIN

MOST = 5


@dataclass(frozen=True)
class Decided:
    """One decision: of which kind, what was said about what and whom; ``stays`` is why it cannot be undone, None where it can."""

    kind: str
    id: int
    said: str
    title: str
    person: str
    stays: Refusal | None


def decided_lately(session: Session, sources: Sequence[WaitingSource], person_id: int, now: datetime) -> list[Decided]:
    """Return what the person decided in the last minute and nobody undid, newest first, at most five, in one statement."""
    known = {source.undoing.kind: source.undoing for source in sources}
    if not known:
        return []
    parts = union_all(*(undoing.decided(person_id, now - UNDO_WITHIN) for undoing in known.values())).subquery()
    found = select(*(parts.c[name] for name in DECIDED)).order_by(parts.c.at.desc(), parts.c.id.desc()).limit(MOST)
    lately = []
    for row in session.execute(found):
        undoing = known[row.kind]
        stays = ({SINCE: NothingToUndo} | dict(undoing.stays)).get(row.final)
        lately.append(Decided(row.kind, row.id, undoing.said[row.verdict], row.title, row.person or "", stays() if stays else None))
    return lately

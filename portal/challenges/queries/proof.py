"""Who may open the files of an answer besides their owner and admins."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.early import is_unsent
from portal.files.models import StoredFile
from portal.kernel.actor import Actor

LOOKED_AT = 500


def may_open_proof(session: Session, actor: Actor, file: StoredFile) -> bool:
    """Let reviewers of answers open a file that its owner sent with one. What was only saved so far is read by nobody else."""
    if not actor.may_decide("attempt") or file.owner_id is None:
        return False
    sent = select(Attempt).join(Submission, Submission.id == Attempt.submission_id).where(Submission.person_id == file.owner_id)
    attempts = session.scalars(sent.order_by(Attempt.id.desc()).limit(LOOKED_AT))
    return any(file.id in _files(entry.get("value")) for attempt in attempts if not is_unsent(attempt) for entry in attempt.answers)


def _files(value: Any) -> Iterator[int]:
    """Yield the ids of the files that stand in what was answered to a step, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("file_id"), int):
            yield value["file_id"]
        for inner in value.values():
            yield from _files(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _files(inner)

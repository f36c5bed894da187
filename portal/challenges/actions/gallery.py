"""The gallery: it follows from decisions on answers; members take their own things out, admins hide them.

Every act here takes the submission's row first, as decisions do, so that two of them never cross.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.locking import lock_submission
from portal.challenges.models.gallery import GalleryItem
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules import gallery as rules
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.stages.upload import AGREED, UploadedFile, is_for_gallery
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, NotFound
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.people.queries.persons import recipient


def settle_gallery(session: Session, actor: Actor, submission: Submission, attempt: Attempt, now: datetime) -> None:
    """Let the gallery show what a submission stands for: its uploads that were agreed to while it is approved, none where it is not."""
    if submission.state != SubmissionState.APPROVED or submission.dropped_at is not None:
        _take_back(session, actor, submission, now)
    elif attempt.state == AttemptState.APPROVED:
        for entry in attempt.answers:
            value = entry["value"]
            if entry["kind"] == UploadedFile.key and is_for_gallery(entry["options"]) and value.get("file_id") and value.get(AGREED):
                _show(session, actor, submission, attempt, entry, now)


def _take_back(session: Session, actor: Actor, submission: Submission, now: datetime) -> None:
    standing = (GalleryItem.submission_id == submission.id, GalleryItem.taken_back_at.is_(None))
    taken = update(GalleryItem).where(*standing).values(taken_back_at=now).returning(GalleryItem.id)
    for item_id in session.scalars(taken.execution_options(synchronize_session="fetch")).all():
        record(session, actor, "gallery_item.taken_back", "gallery_item", item_id, now=now, submission_id=submission.id)


def _show(session: Session, actor: Actor, submission: Submission, attempt: Attempt, entry: Mapping[str, Any], now: datetime) -> None:
    place = {"submission_id": submission.id, "stage_id": entry["stage_id"]}
    item = session.scalar(select(GalleryItem).filter_by(**place).execution_options(populate_existing=True))
    file_id, agreed = entry["value"]["file_id"], entry["value"][AGREED]
    if item is not None and item.taken_back_at is None and item.file_id == file_id:
        return
    marks = rules.approved_again(item.marks, file_id) if item else rules.Marks(file_id)
    item = item or GalleryItem(**place, person_id=submission.person_id, challenge_id=submission.challenge_id)
    item.file_id, item.attempt_id, item.shown_at, item.agreed_at = file_id, attempt.id, now, attempt.submitted_at
    item.agreed_text, item.agreed_language, item.agreed_version = agreed["text"], agreed["language"], agreed["version"]
    item.taken_back_at, item.withdrawn_at = None, marks.withdrawn_at
    if marks.hidden_at is None:
        item.hidden_at, item.hidden_by_id, item.reason = None, None, ""
    session.add(item)
    session.flush()
    record(
        session, actor, "gallery_item.shown", "gallery_item", item.id, now=now, person_id=item.person_id, file_id=file_id, submission_id=submission.id
    )


def take_out(session: Session, actor: Actor, *, item_id: int, now: datetime) -> GalleryItem:
    """Let a member take their own thing out, whatever else was done to it; their points stay.

    Refuses anybody else's (``NotFound``), and what is out already (``OutAlready``): of eight at once one takes it out.
    """
    item = _own(session, actor, item_id)
    rules.require_out(item.marks, is_out=False)
    item.withdrawn_at = now
    session.flush()
    record(session, actor, "gallery_item.taken_out", "gallery_item", item.id, now=now)
    return item


def put_back(session: Session, actor: Actor, *, item_id: int, now: datetime) -> GalleryItem:
    """Let a member bring back what they took out; shown only if it is approved and not hidden. Refuses another's, and ``NotOut``."""
    item = _own(session, actor, item_id)
    rules.require_out(item.marks, is_out=True)
    item.withdrawn_at = None
    session.flush()
    record(session, actor, "gallery_item.put_back", "gallery_item", item.id, now=now)
    return item


def hide_item(session: Session, actor: Actor, *, item_id: int, reason: str, now: datetime) -> GalleryItem:
    """Hide a thing from everybody but its owner and admins, and tell the owner why. Points stay.

    Refuses who is no admin, an empty reason (``HidingReasonMissing``) and what is hidden (``HiddenAlready``).
    """
    item = _locked(session, actor, item_id)
    said = clean(reason)[: rules.REASON_LENGTH]
    rules.require_hidden(item.marks, is_hidden=False)
    if not said:
        raise rules.HidingReasonMissing()
    item.hidden_at, item.hidden_by_id, item.reason = now, actor.id, said
    session.flush()
    record(session, actor, "gallery_item.hidden", "gallery_item", item.id, now=now, reason=said)
    _tell(session, item, "gallery_hidden", now)
    return item


def show_item(session: Session, actor: Actor, *, item_id: int, now: datetime) -> GalleryItem:
    """Lift what an admin hid, and tell the owner; shown only if it is approved and its owner has not taken it out. Refuses ``NotHidden``."""
    item = _locked(session, actor, item_id)
    rules.require_hidden(item.marks, is_hidden=True)
    item.hidden_at, item.hidden_by_id, item.reason = None, None, ""
    session.flush()
    record(session, actor, "gallery_item.unhidden", "gallery_item", item.id, now=now)
    _tell(session, item, "gallery_shown_again", now)
    return item


def _tell(session: Session, item: GalleryItem, kind: str, now: datetime) -> None:
    data = {"challenge": get_challenge(session, item.challenge_id).title, "reason": item.reason}
    to, key = recipient(session, item.person_id), f"{kind}:{item.id}:{now.isoformat()}"
    notify(session, to=to, kind=kind, data=data, key=key, link="/gallery?show=mine", now=now)


def _own(session: Session, actor: Actor, item_id: int) -> GalleryItem:
    item = _found(session, item_id)
    if actor.id is None or item.person_id != actor.id:
        raise NotFound()
    return item


def _locked(session: Session, actor: Actor, item_id: int) -> GalleryItem:
    if not actor.is_admin:
        raise NotAllowed()
    return _found(session, item_id)


def _found(session: Session, item_id: int) -> GalleryItem:
    """Return a thing with its submission's row locked. Raises ``NotFound``."""
    submission_id = session.scalar(select(GalleryItem.submission_id).where(GalleryItem.id == item_id))
    if submission_id is None:
        raise NotFound()
    lock_submission(session, submission_id)
    return session.get_one(GalleryItem, item_id, populate_existing=True)

"""Things in the gallery, through the real actions; their files are rows alone where nobody opens them."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt
from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.review import approve_attempt
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.gallery import GalleryItem
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules.gallery import AGREEMENT, AGREEMENT_VERSION
from portal.files.models import StoredFile
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.people.models import Person
from tests.factories.challenges import as_advocate, make_draft, make_submission

_numbers = count(1)
AGREED: dict[str, Any] = {"text": AGREEMENT, "language": "en", "version": AGREEMENT_VERSION}


def make_gallery_challenge(session: Session, *, stages: tuple[str, ...] = (), **overrides: Any) -> Challenge:
    """Create a live challenge worth 50 points whose last step asks for a picture that all members see."""
    offer: dict[str, Any] = {"points": 50, "period": "month", "per_period": 5, **overrides}
    made, now = make_draft(session, stages=stages, **offer), overrides.get("now") or utcnow()
    options = {"purpose": "image", "seen_by": "gallery"}
    add_stage(session, system("test"), challenge_id=made.id, kind="upload", title="Your picture", options=options, now=now)
    return publish_challenge(session, system("test"), challenge_id=made.id, now=now)


def make_file(session: Session, person: Person, **facts: Any) -> StoredFile:
    """Add the row of an uploaded picture; nothing lies on the disk."""
    number = next(_numbers)
    given: dict[str, Any] = {"storage_name": f"nothing-{number}", "filename": "view.png", "media_type": "image/png", "size": 9, "sha256": "0" * 64}
    row = StoredFile(**given | {"purpose": "image", "owner_id": person.id, "width": 4, "height": 3, "created_at": utcnow()} | facts)
    session.add(row)
    session.flush()
    return row


def send_upload(session: Session, person: Person, challenge: Challenge, *, file: StoredFile | None = None, now: datetime | None = None) -> Attempt:
    """Answer the challenge as the person, with the agreement ticked."""
    now = now or utcnow()
    submission, file = make_submission(session, person, challenge, now=now), file or make_file(session, person)
    value = {"file_id": file.id, "name": file.filename, "size": file.size, "is_image": file.is_image, "agreed": AGREED}
    values = {own_stages(session, submission)[-1].id: value}
    return submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"g{next(_numbers)}", values=values, now=now)


def make_item(session: Session, person: Person, challenge: Challenge, *, now: datetime | None = None, **given: Any) -> GalleryItem:
    """Send and approve."""
    attempt = send_upload(session, person, challenge, now=now, **given)
    approve_attempt(session, system("test"), attempt_id=attempt.id, now=now or utcnow())
    return session.scalars(select(GalleryItem).where(GalleryItem.submission_id == attempt.submission_id)).one()


def make_item_rows(session: Session, like: GalleryItem, number: int) -> None:
    """Add items like one, each of its own submission and file, as rows past the actions: a thousand through them would take minutes."""
    person, now = session.get_one(Person, like.person_id), utcnow()
    same = ("stage_id", "attempt_id", "person_id", "challenge_id", "agreed_text", "agreed_language", "agreed_version", "agreed_at", "shown_at")
    stands: dict[str, Any] = {"state": "approved", "attempts": 1, "declines": 0, "decisions": 1, "started_at": now, "changed_at": now}
    for _ in range(number):
        place = {"person_id": person.id, "challenge_id": like.challenge_id, "period_key": f"x{next(_numbers)}", "zone": "UTC", "nth": 1}
        submission, file = Submission(**place, **stands), make_file(session, person)
        session.add(submission)
        session.flush()
        session.add(GalleryItem(**{name: getattr(like, name) for name in same}, submission_id=submission.id, file_id=file.id))
    session.flush()

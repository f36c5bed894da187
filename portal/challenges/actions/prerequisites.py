"""What an admin lets be done first: another challenge, in the draft of the next version."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.editing import lock_challenge, require_editor
from portal.challenges.actions.versions import open_draft
from portal.challenges.models.offering import Challenge, Prerequisite
from portal.challenges.queries.prerequisites import needs_of_all
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules.prerequisites import leads_back
from portal.challenges.rules.refusals import PrerequisiteCircle
from portal.challenges.rules.states import ChallengeState
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound


def add_prerequisite(session: Session, actor: Actor, *, challenge_id: int, requires_id: int, now: datetime) -> None:
    """Let ``requires_id`` be done first; a second time is nothing.

    Refuses what is archived or a record (``NotFound``), and a circle (``PrerequisiteCircle``).
    """
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    other = get_challenge(session, requires_id)
    if other.is_record_only or other.state == ChallengeState.ARCHIVED:
        raise NotFound()
    if leads_back(challenge_id, requires_id, needs_of_all(session)):
        raise PrerequisiteCircle(title=other.title)
    draft = open_draft(session, challenge, now=now)
    if session.get(Prerequisite, (challenge_id, draft.number, requires_id)) is not None:
        return
    session.add(Prerequisite(challenge_id=challenge_id, version=draft.number, requires_id=requires_id))
    _changed(session, actor, challenge, other, now, "challenge.prerequisite_added")


def remove_prerequisite(session: Session, actor: Actor, *, challenge_id: int, requires_id: int, now: datetime) -> None:
    """Let ``requires_id`` no longer be done first; what is not there is nothing."""
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    draft = open_draft(session, challenge, now=now)
    found = session.scalar(
        select(Prerequisite).where(
            Prerequisite.challenge_id == challenge_id, Prerequisite.version == draft.number, Prerequisite.requires_id == requires_id
        )
    )
    if found is not None:
        session.delete(found)
        _changed(session, actor, challenge, get_challenge(session, requires_id), now, "challenge.prerequisite_removed")


def _changed(session: Session, actor: Actor, challenge: Challenge, other: Challenge, now: datetime, event: str) -> None:
    challenge.changed_at = now
    session.flush()
    record(session, actor, event, "challenge", challenge.id, now=now, requires_id=other.id, title=other.title)

"""What an admin does to the life of a challenge besides publishing and closing it: pause, archive, ask a second admin to look, send back."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.editing import lock_challenge, move_challenge, require_editor
from portal.challenges.actions.fairness import require_fair_version
from portal.challenges.models.offering import Challenge, ChallengeVersion
from portal.challenges.queries.stages import stages_of
from portal.challenges.queries.versions import find_draft
from portal.challenges.rules.refusals import NoStages, NothingToPublish, NotInReview, ReasonMissing
from portal.challenges.rules.states import ChallengeState
from portal.kernel.actor import Actor
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.people.queries.persons import admins, recipient

NOTE_LENGTH = 2_000


def pause_challenge(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> Challenge:
    """Let nobody begin for the time being; whoever has begun finishes. Refuses what is not live (``ChallengeChanged``)."""
    return _put(session, actor, challenge_id, (ChallengeState.LIVE,), ChallengeState.PAUSED, now)


def archive_challenge(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> Challenge:
    """Take a challenge out of all lists. Who took part still sees their own. What waits still gets its verdict.

    Refuses what is live or paused, which is closed first, and a draft (``ChallengeChanged``).
    """
    return _put(session, actor, challenge_id, (ChallengeState.CLOSED,), ChallengeState.ARCHIVED, now)


def _put(session: Session, actor: Actor, challenge_id: int, before: tuple[str, ...], state: ChallengeState, now: datetime) -> Challenge:
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    move_challenge(session, challenge, before, state=state, changed_at=now)
    event = "challenge.paused" if state is ChallengeState.PAUSED else "challenge.archived"
    record(session, actor, event, "challenge", challenge_id, now=now)
    return challenge


def ask_for_review(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> ChallengeVersion:
    """Ask the other admins to look at a draft before it is published; each is told.

    Refuses one without steps (``NoStages``), and where nothing waits to be published (``NothingToPublish``), and what is not fair.
    """
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    draft = find_draft(session, challenge_id)
    if draft is None:
        raise NothingToPublish()
    stages = stages_of(session, challenge_id, draft.number)
    if not stages:
        raise NoStages()
    require_fair_version(session, draft, stages)
    draft.asked_at, draft.asked_by_id, challenge.changed_at = now, actor.id, now
    session.flush()
    record(session, actor, "challenge.review_asked", "challenge", challenge_id, now=now, version=draft.number)
    for other in admins(session):
        if other.person_id != actor.id:
            _tell(session, other, "challenge.review_asked", draft, now)
    return draft


def send_back(session: Session, actor: Actor, *, challenge_id: int, reason: str, now: datetime) -> ChallengeVersion:
    """Give a draft back to whoever asked, who reads why. Refuses an empty reason, and a draft that is not in review (``NotInReview``)."""
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    draft = find_draft(session, challenge_id)
    if draft is None or draft.asked_at is None:
        raise NotInReview()
    told = clean(reason)[:NOTE_LENGTH]
    if not told:
        raise ReasonMissing()
    if draft.asked_by_id is not None and draft.asked_by_id != actor.id:
        _tell(session, recipient(session, draft.asked_by_id), "challenge.sent_back", draft, now, reason=told)
    draft.asked_at, draft.asked_by_id, challenge.changed_at = None, None, now
    session.flush()
    record(session, actor, "challenge.sent_back", "challenge", challenge_id, now=now, version=draft.number, reason=told)
    return draft


def _tell(session: Session, to: object, kind: str, draft: ChallengeVersion, now: datetime, **facts: str) -> None:
    asked = draft.asked_at.isoformat() if draft.asked_at else ""
    key = f"challenge:{draft.challenge_id}:{draft.number}:{kind}:{asked}"
    data = {"challenge": draft.title, **facts}
    notify(session, to=to, kind=kind, data=data, key=key, link=f"/admin/challenges/{draft.challenge_id}/edit", now=now)  # type: ignore[arg-type]

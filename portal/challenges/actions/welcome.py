"""Which challenge new members are offered first: one at a time, so that marking one takes it from the other."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.editing import require_editor
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.stages import get_challenge
from portal.challenges.queries.welcome import problem_of
from portal.kernel.actor import Actor


def offer_first(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> Challenge:
    """Let new members be offered a challenge first, in place of the one they were offered until now; the same again changes nothing.

    Refuses what is not live (``WelcomeNotLive``), what needs another one first (``WelcomeNeedsOthers``) or is full (``WelcomeFull``), and
    one whose first step does not pay at once (``WelcomePaysLater``).
    """
    require_editor(actor)
    challenge, others = _lock(session, challenge_id)
    if challenge.welcome_at is not None:
        return challenge
    if refusal := problem_of(session, challenge, now):
        raise refusal
    for other in others:
        _end(session, actor, other, now)
    challenge.welcome_at = now
    session.flush()
    record(session, actor, "challenge.offered_first", "challenge", challenge_id, now=now)
    return challenge


def stop_offering_first(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> Challenge:
    """Let new members no longer be offered a challenge first; what is not offered first stays as it is."""
    require_editor(actor)
    challenge, _ = _lock(session, challenge_id)
    if challenge.welcome_at is not None:
        _end(session, actor, challenge, now)
    return challenge


def _end(session: Session, actor: Actor, challenge: Challenge, now: datetime) -> None:
    # Written at once: the index lets no two be marked, also not for a moment.
    challenge.welcome_at = None
    session.flush()
    record(session, actor, "challenge.offered_first_ended", "challenge", challenge.id, now=now)


def _lock(session: Session, challenge_id: int) -> tuple[Challenge, list[Challenge]]:
    """Return the challenge, and those that are marked, all locked.

    The oldest challenge is taken before it is asked which one is marked: whoever moves the mark queues up there, so that two admins
    who mark two challenges see each other. Challenges are locked in id order.
    """
    get_challenge(session, challenge_id)
    session.execute(select(Challenge.id).order_by(Challenge.id).limit(1).with_for_update())
    marked = session.scalars(select(Challenge.id).where(Challenge.welcome_at.is_not(None))).all()
    wanted = select(Challenge).where(Challenge.id.in_({challenge_id, *marked})).order_by(Challenge.id)
    locked = session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).all()
    by_id = {challenge.id: challenge for challenge in locked}
    return by_id[challenge_id], [challenge for challenge in locked if challenge.id != challenge_id]

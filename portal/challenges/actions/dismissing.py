"""Putting a challenge aside as not for oneself, and taking that back.

It takes the person's turn, as who begins the challenge in another tab does, so that nothing is both under
way and put aside.
"""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.locking import take_turn
from portal.challenges.models.taking import Dismissal
from portal.challenges.queries.page import challenge_page
from portal.challenges.rules.dismissing import read_why, why_not_dismiss
from portal.kernel.actor import Actor


def dismiss_challenge(session: Session, actor: Actor, *, challenge_id: int, reason: str, words: str, now: datetime) -> Dismissal:
    """Put a challenge aside for the actor; a second time the first reason stays.

    Refuses what they do not see (``NotFound``), no reason (``WhyMissing``), what is under way or waits
    (``DismissedUnderWay``), and what is done (``DismissedAfterDone``).
    """
    assert actor.id is not None
    why, kept = read_why(reason, words)
    take_turn(session, actor.id)
    page = challenge_page(session, actor.id, challenge_id, now)
    known = session.get(Dismissal, (actor.id, challenge_id), populate_existing=True)
    if known is not None:
        return known
    if refusal := why_not_dismiss(page.standing):
        raise refusal
    made = Dismissal(person_id=actor.id, challenge_id=challenge_id, reason=why, words=kept, dismissed_at=now)
    session.add(made)
    session.flush()
    record(session, actor, "challenge.dismissed", "challenge", challenge_id, now=now, reason=why.value)
    return made


def recall_challenge(session: Session, actor: Actor, *, challenge_id: int, now: datetime) -> bool:
    """Take back that a challenge is not for the actor; tells whether it was put aside."""
    assert actor.id is not None
    if not take_up(session, actor.id, challenge_id):
        return False
    record(session, actor, "challenge.recalled", "challenge", challenge_id, now=now)
    return True


def take_up(session: Session, person_id: int, challenge_id: int) -> bool:
    """Remove that the person put a challenge aside, if they did."""
    mine = (Dismissal.person_id == person_id, Dismissal.challenge_id == challenge_id)
    gone = delete(Dismissal).where(*mine).returning(Dismissal.challenge_id).execution_options(synchronize_session=False)
    return session.scalar(gone) is not None

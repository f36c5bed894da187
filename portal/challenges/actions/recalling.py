"""Undoing within the minute a decline of new points for past completions, by whoever declined. An approval is being paid already."""

from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.repricing import declined_key, facts_of, lock_repricing
from portal.challenges.models.repricing import Repricing
from portal.challenges.queries.repricing import is_among, later_standing
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules.repricing import KIND, RepricingRuns, RepricingState, require_second_for
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.people.queries.persons import recipient
from portal.review.actions.undoing import take_decision, tell_recalled
from portal.review.rules.refusals import NothingToUndo

STAYS = {"runs": RepricingRuns}


def undo_decline(session: Session, actor: Actor, *, decision_id: int, now: datetime) -> Repricing:
    """Let a repricing, or its undoing, wait for a second admin again, as before the actor's own decline of the last minute.

    Refuses: NotYourVerdict, UndoTooLate, NothingToUndo, who may not decide, and an approval (RepricingRuns).
    """
    kept = take_decision(session, actor, kind=KIND, decision_id=decision_id, now=now, stays=STAYS)
    row, asked = lock_repricing(session, kept.item_id), kept.before
    asked_by = asked.get("undone_by_id", row.asked_by_id)
    require_second_for(actor, asked_by_id=asked_by, is_among=is_among(session, row.id, actor.id))
    if asked:
        stands = row.state == RepricingState.DONE and row.undone_by_id is None
        values: dict[str, Any] = {"state": RepricingState.UNDO_ASKED, "undo_asked_at": datetime.fromisoformat(asked["undo_asked_at"])}
        values |= {"words": asked["words"], "undone_by_id": asked_by}
    else:
        stands = row.state == RepricingState.DECLINED and (row.decided_by_id, row.settled_at) == (actor.id, kept.at)
        values = {"state": RepricingState.WAITING, "words": "", "decided_by_id": None, "settled_at": None}
    if not stands:
        raise NothingToUndo()
    for name, value in values.items():
        setattr(row, name, value)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if violated(error, "repricing", "challenge_id", name="uq_repricing_open"):
            raise NothingToUndo() from error
        raise
    if asked and later_standing(session, row) is not None:
        raise NothingToUndo()
    record(session, actor, "challenge.reprice_recalled", "challenge", row.challenge_id, now=now, **facts_of(row))
    if asked_by is not None:
        data = {"challenge": get_challenge(session, row.challenge_id).title, "points": row.total, "people": row.people, "reason": ""}
        to, link, told = recipient(session, asked_by), f"/admin/challenges/repricings/{row.id}", declined_key(row, kept.at)
        tell_recalled(session, kept, to=to, told=told, kind="repricing_recalled", data=data, link=link, now=now)
    return row

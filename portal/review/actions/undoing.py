"""Undoing within the minute what was decided in the queue: what every kind shares. Its room lets the thing stand as before.

Whoever decides keeps the decision with what it takes to undo it; whoever undoes takes it first, by one guarded update, so that
of two at once one does it, and then moves the room's own row by its own guard, so that whatever happened since wins.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.errors import Refusal
from portal.notifications.actions import notify, withdraw_mail
from portal.notifications.rules import Recipient
from portal.review.models import ReviewDecision
from portal.review.rules.refusals import AlreadyUndone, NothingToUndo, NotYourVerdict
from portal.review.rules.undoing import UNDO_WITHIN, require_undoable

KEPT_FOR = timedelta(days=1)


def keep_decision(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    item_id: int,
    verdict: str,
    before: dict[str, Any] | None = None,
    final: str = "",
    now: datetime,
) -> datetime | None:
    """Keep what ``actor`` decided just now, and return when its mails go out: None is at once, for what nobody can undo.

    ``final`` is the room's word for why it cannot be undone, shown to who decided. What the portal itself, an import or the command line
    decides is kept nowhere.
    """
    if actor.id is None or actor.origin == "import":
        return None
    facts = {"kind": kind, "item_id": item_id, "verdict": verdict, "final": final, "before": before or {}}
    session.add(ReviewDecision(**facts, decided_by_id=actor.id, at=now))
    session.flush()
    return None if final else now + UNDO_WITHIN


def take_decision(
    session: Session, actor: Actor, *, kind: str, decision_id: int, now: datetime, stays: Mapping[str, type[Refusal]] | None = None
) -> ReviewDecision:
    """Take the actor's own decision of the last minute, to be undone by the caller in this unit of work.

    Refuses another's (``NotYourVerdict``), what is older (``UndoTooLate``), what was undone already (``AlreadyUndone``), what is not
    there (``NothingToUndo``), and what is ``final``, with the room's refusal of that word in ``stays``.
    """
    kept = session.get(ReviewDecision, decision_id, populate_existing=True)
    if kept is None or kept.kind != kind:
        raise NothingToUndo()
    if actor.id is None or kept.decided_by_id != actor.id:
        raise NotYourVerdict()
    require_undoable(kept.at, now)
    if kept.final:
        raise (stays or {}).get(kept.final, NothingToUndo)()
    taken = update(ReviewDecision).where(ReviewDecision.id == decision_id, ReviewDecision.undone_at.is_(None)).values(undone_at=now)
    if not session.execute(taken.execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
        raise AlreadyUndone()
    return kept


def tell_recalled(
    session: Session, kept: ReviewDecision, *, to: Recipient, told: str, kind: str, data: dict[str, Any], link: str, now: datetime, mail: bool = True
) -> None:
    """Tell that a decision was undone: in the inbox, and by mail only where the mail of the decision, under the key ``told``, is out already.

    Without ``mail`` there was none.
    """
    was_stopped = withdraw_mail(session, to=to, key=told, now=now)
    key = f"{told}:recalled:{micros(kept.at)}"
    notify(session, to=to, kind=kind, data=data, key=key, link=link, now=now, mail=mail and not was_stopped)


def forget_decisions(session: Session, *, now: datetime) -> int:
    """Remove what can be undone no more, and say how much it was. What happened stands in the record."""
    gone = delete(ReviewDecision).where(ReviewDecision.at < now - KEPT_FOR).returning(ReviewDecision.id)
    return len(session.execute(gone, execution_options={"synchronize_session": False}).all())

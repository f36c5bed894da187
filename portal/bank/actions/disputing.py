"""A member disputes a line of their statement or takes that back; an admin who did not decide the line puts it right or lets it stand."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.actions.adjusting import adjust_points
from portal.bank.actions.settling import settle
from portal.bank.models import Dispute
from portal.bank.queries.disputes import deciders_of, find_transfer
from portal.bank.rules.adjusting import State
from portal.bank.rules.disputes import (
    KIND,
    AlreadyDisputed,
    DisputeSettled,
    DisputeState,
    require_answer,
    require_answerer,
    require_righting,
    require_words,
)
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotFound
from portal.notifications.actions import notify
from portal.people.queries.persons import admins, get_person
from portal.review.actions.undoing import keep_decision

SAME_ROUND = timedelta(days=1)
"""So long admins are not told anew of a line whose dispute is taken back and made again: it waits in the queue all the same."""


def dispute_line(session: Session, actor: Actor, *, transfer_id: int, words: str, now: datetime) -> Dispute:
    """Say that a line of one's own statement is wrong, and why. Admins who did not decide it are told; of a line that somebody disputes and
    takes back, and again, once a day.

    Refuses what is no line of the actor's statement (``NotFound``), no words (``DisputeWordsMissing``), and a line
    with an open dispute (``AlreadyDisputed``). A line whose dispute was answered can be disputed again.
    """
    line = find_transfer(session, actor.id, transfer_id) if actor.id is not None else None
    if actor.id is None or line is None:
        raise NotFound()
    said = require_words(words)
    facts = {"transfer_id": transfer_id, "person_id": actor.id, "decided_by_id": None if line.actor_id == actor.id else line.actor_id}
    made = Dispute(**facts, words=said, state=DisputeState.WAITING, made_at=now, tries=0, answer="")
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated(error, "dispute", "transfer_id", name="uq_dispute_open"):
            raise AlreadyDisputed() from error
        raise
    audit.record(session, actor, "dispute.made", KIND, made.id, now=now, person_id=actor.id, transfer_id=transfer_id)
    if _was_told(session, made, now - SAME_ROUND):
        return made
    made.told_at = now
    session.flush()
    barred = {actor.id, *deciders_of(session, made)}
    data = {"person": get_person(session, actor.id).name, "points": int(line.points)}
    others = [to for to in admins(session) if to.person_id != actor.id]
    # Where everybody decided the line, they are told all the same: somebody else has to become an admin, which only they can see to.
    for to in [to for to in others if to.person_id not in barred] or others:
        link, key = f"/admin/approvals?item={KIND}-{made.id}", f"{KIND}:{made.id}:waiting"
        notify(session, to=to, kind="dispute_waiting", data=data, key=key, now=now, link=link, mail=False)
    return made


def withdraw_dispute(session: Session, actor: Actor, *, dispute_id: int, now: datetime) -> Dispute:
    """Take one's own dispute back while it waits. Refuses another's (``NotFound``) and what does not wait (``DisputeSettled``)."""
    made = locked_dispute(session, dispute_id)
    if actor.id is None or made.person_id != actor.id:
        raise NotFound()
    if made.state != DisputeState.WAITING:
        raise DisputeSettled()
    made.state, made.settled_at = DisputeState.WITHDRAWN, now
    session.flush()
    audit.record(session, actor, "dispute.withdrawn", KIND, made.id, now=now, person_id=actor.id, transfer_id=made.transfer_id)
    return made


def let_stand(session: Session, actor: Actor, *, dispute_id: int, reason: str, now: datetime) -> Dispute:
    """Let a disputed line stand, with a reason that the member reads at the line.

    Refuses who is no admin, the member (``OwnDispute``), who decided the line (``DecidedTheLine``), what does not wait
    (``DisputeSettled``), and no reason (``AnswerMissing``).
    """
    made = _to_answer(session, actor, dispute_id)
    said = require_answer(reason)
    mail_at = keep_decision(session, actor, kind=KIND, item_id=made.id, verdict="stand", now=now)
    made.answer, made.answered_by_id = said, actor.id
    settle(session, actor, made, DisputeState.STANDS, now, mail_at)
    return made


def put_right(session: Session, actor: Actor, *, dispute_id: int, points: int, category: str, reason: str, now: datetime) -> Dispute:
    """Put a disputed line right by a correction of ``points``, with its limits and its second admin.

    It counts as earned if the line did. A correction that waits keeps the dispute open until it is booked; declined or withdrawn, the
    dispute waits for an answer again. Refuses as ``let_stand``, no points (``RightingPointsMissing``), and what ``adjust_points`` refuses.
    """
    made = _to_answer(session, actor, dispute_id)
    said, given = require_answer(reason), require_righting(points)
    line = find_transfer(session, made.person_id, made.transfer_id)
    made.tries += 1
    row = adjust_points(
        session,
        actor,
        person_id=made.person_id,
        points=given,
        counts_as_earned=line is not None and line.earned != 0,
        category=category,
        reason=said,
        key=f"{KIND}:{made.id}:{made.tries}",
        now=now,
        tell=False,
        says_itself=False,
    )
    made.answer, made.answered_by_id, made.points, made.adjustment_id = said, actor.id, given, row.id
    made.state = DisputeState.CORRECTING
    before = {"waits": row.state == State.WAITING, "adjustment_id": row.id}
    mail_at = keep_decision(session, actor, kind=KIND, item_id=made.id, verdict="right", before=before, now=now)
    if row.state == State.WAITING:
        session.flush()
        facts = {"person_id": made.person_id, "points": given, "reason": said, "adjustment_id": row.id}
        audit.record(session, actor, "dispute.correcting", KIND, made.id, now=now, **facts)
    else:
        settle(session, actor, made, DisputeState.RIGHTED, now, mail_at)
    return made


def _to_answer(session: Session, actor: Actor, dispute_id: int) -> Dispute:
    made = locked_dispute(session, dispute_id)
    require_answerer(actor, person_id=made.person_id, deciders=deciders_of(session, made))
    if made.state != DisputeState.WAITING:
        raise DisputeSettled()
    return made


def _was_told(session: Session, made: Dispute, since: datetime) -> bool:
    """Tell whether admins were told later than ``since`` of a dispute of this line that was taken back, with no answer after it."""
    earlier = (Dispute.transfer_id == made.transfer_id, Dispute.id < made.id)
    answered = select(func.coalesce(func.max(Dispute.id), 0)).where(*earlier, Dispute.state != DisputeState.WITHDRAWN).scalar_subquery()
    found = select(Dispute.id).where(*earlier, Dispute.told_at > since, Dispute.id > answered)
    return session.scalar(found.limit(1)) is not None


def locked_dispute(session: Session, dispute_id: int) -> Dispute:
    """Return a dispute with its row locked. Raises ``NotFound``."""
    found = select(Dispute).where(Dispute.id == dispute_id).with_for_update().execution_options(populate_existing=True)
    made = session.scalar(found)
    if made is None:
        raise NotFound()
    return made

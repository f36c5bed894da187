"""Paying, and undoing, the differences of a repricing, chunk by chunk.

Nobody's old payment is touched: each completion gets the difference as a line of its own, once for each repricing, which counts where
the completion counted. A chunk locks the repricing first, then its submissions in order, the ledger last; killed between two chunks
it goes on. A completion that stands otherwise by then is skipped.
"""

from collections.abc import Set
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.actions.acts import change_worth
from portal.acts.queries.acts import find_act
from portal.audit.actions import record
from portal.challenges.actions.repricing import facts_of, lock_repricing, tell_asker
from portal.challenges.models.repricing import Repricing, RepricingLine
from portal.challenges.models.taking import Submission
from portal.challenges.queries.repricing import SOURCE
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules.repricing import REASON, REASON_UNDONE, UNDER_WAY, LineState, RepricingState
from portal.challenges.rules.states import SubmissionState
from portal.kernel.actor import ADMIN, Actor
from portal.notifications.actions import notify
from portal.people.queries.persons import recipient
from portal.recognition.actions import scores as recognition


def do_some(session: Session, *, repricing_id: int, size: int, now: datetime) -> int:
    """Pay, or undo, up to ``size`` completions of a repricing that is under way, and return how many; 0 once it is over."""
    row = lock_repricing(session, repricing_id)
    if row.state not in UNDER_WAY:
        return 0
    is_paying = row.state == RepricingState.RUNNING
    left = (RepricingLine.repricing_id == row.id, RepricingLine.state == (LineState.PLANNED if is_paying else LineState.PAID))
    # By people, so that each is told once, with the sum, when their last completion is done.
    by_people = select(RepricingLine.submission_id).where(*left).order_by(RepricingLine.person_id, RepricingLine.submission_id)
    ids = session.scalars(by_people.limit(size)).all()
    asked, second = (row.asked_by_id, row.decided_by_id) if is_paying else (row.undone_by_id, row.undo_decided_by_id)
    actor = Actor(second or asked, frozenset({ADMIN}), origin="job")
    if not ids:
        _finish(session, actor, row, now)
        return 0
    locked = select(Submission).where(Submission.id.in_(ids)).order_by(Submission.id).with_for_update().execution_options(populate_existing=True)
    submissions = {submission.id: submission for submission in session.scalars(locked)}
    here = select(RepricingLine).where(*left, RepricingLine.submission_id.in_(ids)).order_by(RepricingLine.submission_id)
    lines = session.scalars(here.execution_options(populate_existing=True)).all()
    for line in lines:
        (_pay if is_paying else _undo)(session, actor, row, line, submissions[line.submission_id], now)
    session.flush()
    waiting = select(RepricingLine.person_id).where(*left, RepricingLine.person_id.in_({line.person_id for line in lines}))
    _tell_members(session, row, {line.person_id for line in lines} - set(session.scalars(waiting)), is_paying, now)
    return len(ids)


def take_back_differences(session: Session, actor: Actor, submission_id: int, now: datetime) -> int:
    """Take back what repricings added to a completion whose approval is taken back; returns how many points.

    The submission is locked, and what it was ``paid`` is set by the caller.
    """
    lines = select(RepricingLine).where(RepricingLine.submission_id == submission_id, RepricingLine.state == LineState.PAID)
    found = session.scalars(lines.order_by(RepricingLine.id).execution_options(populate_existing=True)).all()
    for line in found:
        assert line.transfer_id is not None
        key = f"repricing:{line.repricing_id}:submission:{submission_id}:back"
        recognition.reverse(session, actor, transfer_id=line.transfer_id, key=key, reason=REASON_UNDONE, now=now)
        line.state, line.changed_at = LineState.TAKEN_BACK, now
    session.flush()
    return sum(line.difference for line in found)


def _pay(session: Session, actor: Actor, row: Repricing, line: RepricingLine, submission: Submission, now: datetime) -> None:
    act = find_act(session, SOURCE, submission.id)
    stands = submission.state == SubmissionState.APPROVED and submission.dropped_at is None
    line.changed_at = now
    if act is None or not stands or (submission.paid or 0) != line.paid:
        line.state = LineState.SKIPPED
        return
    key = f"repricing:{row.id}:submission:{submission.id}"
    moved = recognition.adjust(
        session,
        actor,
        person_id=line.person_id,
        points=line.difference,
        counts_as_earned=True,
        key=key,
        reason=REASON,
        source_type=SOURCE,
        source_id=submission.id,
        effective_at=act.happened_at,
        now=now,
        note=row.reason,
    )
    change_worth(session, actor, source_type=SOURCE, source_id=submission.id, difference=line.difference, now=now)
    submission.paid = line.paid + line.difference
    line.state, line.transfer_id = LineState.PAID, moved.id


def _undo(session: Session, actor: Actor, row: Repricing, line: RepricingLine, submission: Submission, now: datetime) -> None:
    assert line.transfer_id is not None
    key = f"repricing:{row.id}:submission:{line.submission_id}:undone"
    recognition.reverse(session, actor, transfer_id=line.transfer_id, key=key, reason=REASON_UNDONE, now=now, note=row.words)
    change_worth(session, actor, source_type=SOURCE, source_id=line.submission_id, difference=-line.difference, now=now)
    submission.paid = (submission.paid or 0) - line.difference
    line.state, line.changed_at = LineState.UNDONE, now


def _finish(session: Session, actor: Actor, row: Repricing, now: datetime) -> None:
    is_paid = row.state == RepricingState.RUNNING
    if is_paid:
        row.state, row.settled_at = RepricingState.DONE, now
    else:
        row.state, row.undone_at = RepricingState.REVERSED, now
    session.flush()
    record(session, actor, "challenge.repriced" if is_paid else "challenge.reprice_undone", "challenge", row.challenge_id, now=now, **facts_of(row))
    tell_asker(session, row, "repricing_done" if is_paid else "repricing_undone", "" if is_paid else row.words, now)


def _tell_members(session: Session, row: Repricing, people: Set[int], is_paying: bool, now: datetime) -> None:
    """Tell each of ``people``, whose completions are all done, once, what came of them together."""
    told = (RepricingLine.repricing_id == row.id, RepricingLine.person_id.in_(people))
    sums = select(
        RepricingLine.person_id,
        func.sum(RepricingLine.difference).label("points"),
        func.count().label("completions"),
        func.min(RepricingLine.submission_id).label("submission_id"),
    )
    sums = sums.where(*told, RepricingLine.state == (LineState.PAID if is_paying else LineState.UNDONE))
    title = get_challenge(session, row.challenge_id).title
    for one in session.execute(sums.group_by(RepricingLine.person_id).order_by(RepricingLine.person_id)).all():
        kind, points = ("points_repriced", one.points) if is_paying else ("points_reprice_undone", -one.points)
        data = {"challenge": title, "points": int(points), "completions": one.completions, "reason": row.reason if is_paying else row.words}
        link = f"/challenges/mine/{one.submission_id}" if one.completions == 1 else "/statement"
        notify(session, to=recipient(session, one.person_id), kind=kind, data=data, key=f"{kind}:{row.id}", now=now, link=link)

"""Correcting a balance by hand: booked at once, or kept as a request for a second admin where it is large."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.bank.actions.limits import count_in_month, free_in_month
from portal.bank.models import Adjustment
from portal.bank.queries.limits import given_alone
from portal.bank.rules.adjusting import (
    COMMAND_LINE,
    KIND,
    REASON_UNDONE,
    Category,
    DayInTheFuture,
    NotWaitingAnyMore,
    State,
    TwoDecided,
    Used,
    month_of,
    reason_code,
    require_adjuster,
    require_adjustment,
    require_agreed,
    require_category,
)
from portal.kernel.actor import Actor
from portal.kernel.db import programme_zone, violated
from portal.kernel.errors import NotFound
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import KeyReused
from portal.notifications.actions import notify
from portal.people.queries.persons import admins, get_person, recipient
from portal.recognition.actions.scores import adjust, reverse
from portal.review.queries.terms import terms_of


def adjust_points(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    points: int,
    counts_as_earned: bool,
    category: Category | str,
    reason: str,
    key: str,
    now: datetime,
    most_owed: int | None = None,
    counts_from: datetime | None = None,
    batch_id: int | None = None,
    tell: bool = True,
    says_itself: bool = True,
) -> Adjustment:
    """Add ``points``, or take them where below zero, and tell the person why. The same ``key`` is one correction.

    What two people have to see (``review.rules.terms``) waits for a second admin instead, and the person hears nothing yet. What one
    admin gave, or took from, one person within the month with nobody else looking counts together, so that cutting it in pieces wins nothing.
    Either way it counts against the actor's limits of this month. ``counts_as_earned`` moves lifetime total and boards too, in the
    periods of ``counts_from``. Without ``tell`` no mail goes out, only the notice; unless it ``says_itself``, neither does, since the answer
    to a dispute tells. Refuses: NotAllowed, OwnBalance, NothingToChange, TooMuch, ReasonNeeded, CategoryUnknown, DayInTheFuture,
    MonthlyLimitReached, KeyReused. And ``WouldOwe`` where the person would then owe more than before and more than ``most_owed``, what the
    admin has agreed to.
    """
    require_adjuster(actor, person_id)
    said, sort = require_adjustment(points, reason), require_category(category)
    if counts_from is not None and counts_from > now:
        raise DayInTheFuture()
    facts = {"person_id": person_id, "points": points, "counts_as_earned": counts_as_earned, "category": sort.value, "reason": said}
    found = _standing(session, key, facts)
    if found is not None:
        return found
    get_person(session, person_id)
    row = Adjustment(
        **facts,
        key=key,
        counts_from=counts_from,
        state=State.WAITING,
        month=month_of(now, programme_zone(session)),
        asked_by_id=actor.id,
        asked_at=now,
        words="",
        batch_id=batch_id,
        is_told=tell,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if not violated(error, "adjustment", "key"):
            raise
        # Somebody sent the same a moment earlier.
        return _standing(session, key, facts) or row
    count_in_month(session, admin_id=actor.id or COMMAND_LINE, month=row.month, points=points)
    # Asked once the month is locked by being counted in: two at once of one admin are seen one after the other.
    alone = given_alone(session, actor.id, [person_id], row.month).get(person_id, Used())
    if terms_of(session).needs_second(alone.of(points) + abs(points)):
        _ask(session, actor, row, most_owed, now)
    else:
        book(session, actor, row, most_owed=most_owed, now=now, says_itself=says_itself)
    return row


def _standing(session: Session, key: str, facts: Mapping[str, object]) -> Adjustment | None:
    """Return the correction under ``key``, if there is one. Refuses one with other facts (``KeyReused``)."""
    found = session.scalar(select(Adjustment).where(Adjustment.key == key))
    if found is not None:
        for name, value in facts.items():
            if getattr(found, name) != value:
                raise KeyReused(key=key, differs=name)
    return found


def _ask(session: Session, actor: Actor, row: Adjustment, most_owed: int | None, now: datetime) -> None:
    before = balance_of(session, row.person_id)
    short = max(-row.points - before.available, 0)
    require_agreed(before.owed, before.owed + short, most_owed, before=before.available, after=max(before.available + row.points, 0))
    facts = {"points": row.points, "category": row.category, "reason": row.reason, "person_id": row.person_id}
    audit.record(session, actor, "adjustment.asked", KIND, row.id, now=now, **facts)
    if row.batch_id is None:
        person = get_person(session, row.person_id)
        data = {"person": person.name, "points": row.points, "reason": row.reason}
        for to in admins(session):
            if to.person_id not in (row.person_id, actor.id):
                link, key = f"/admin/approvals?item={KIND}-{row.id}", f"adjustment:{row.id}:waiting"
                notify(session, to=to, kind="adjustment_waiting", data=data, key=key, now=now, link=link)


def book(
    session: Session,
    actor: Actor,
    row: Adjustment,
    *,
    most_owed: int | None = None,
    now: datetime,
    key: str = "",
    mail_at: datetime | None = None,
    says_itself: bool = True,
) -> None:
    """Let the ledger have a correction that is locked, or was made in this unit of work, and tell the person. ``actor`` decided.

    ``key`` names the decision where it may be undone and taken once more; the mail waits until ``mail_at``. What puts a dispute right does
    not ``says_itself``: the answer tells the person of it.
    """
    before = balance_of(session, row.person_id)
    moved = adjust(
        session,
        actor,
        person_id=row.person_id,
        points=row.points,
        counts_as_earned=row.counts_as_earned,
        key=key or f"adjustment:{row.id}",
        reason=reason_code(Category(row.category)),
        source_type=KIND,
        source_id=row.id,
        effective_at=row.counts_from,
        batch_id=row.batch_id,
        now=now,
        note=row.reason,
    )
    after = balance_of(session, row.person_id)
    require_agreed(before.owed, after.owed, most_owed, before=before.available, after=after.available)
    row.state, row.transfer_id, row.settled_at = State.BOOKED, moved.id, now
    session.flush()
    facts = {"points": row.points, "counts_as_earned": row.counts_as_earned, "category": row.category, "reason": row.reason}
    ids = {"transfer_id": moved.id, "adjustment_id": row.id, "asked_by_id": row.asked_by_id}
    audit.record(session, actor, "points.adjusted", "person", row.person_id, now=now, **facts, **ids)
    if says_itself:
        to, told = recipient(session, row.person_id), {"points": row.points, "reason": row.reason}
        at: dict[str, Any] = {"mail": row.is_told, "mail_at": mail_at}
        notify(session, to=to, kind="points_adjusted", data=told, key=f"transfer:{moved.id}", now=now, link="/statement", **at)


def undo_adjustment(
    session: Session, actor: Actor, *, adjustment_id: int, reason: str, code: str = REASON_UNDONE, now: datetime, says_itself: bool = True
) -> Adjustment:
    """Take a correction back: what was booked is reversed, what waits is withdrawn, and neither counts against a limit any more.

    The person is told of what is taken back, in the way in which they were told of it; of what waited they had heard nothing,
    and of what does not ``says_itself`` something else tells. ``code`` is what the statement calls it by.

    Frees its key, of a declined one too, so that the same row of a file can be imported again. Refuses what is undone already
    (``NotWaitingAnyMore``) and, to who asks for it, their own points (``OwnBalance``),
    and what a second admin approved (``TwoDecided``): its opposite waits for a second admin as well.
    """
    row = locked(session, adjustment_id)
    require_adjuster(actor, row.person_id)
    if row.state == State.UNDONE:
        raise NotWaitingAnyMore()
    if row.state == State.BOOKED and row.decided_by_id is not None:
        raise TwoDecided()
    if row.state in (State.DECLINED, State.WITHDRAWN):
        row.key = f"{row.key}:undone:{row.id}"
        session.flush()
        return row
    was_booked = row.transfer_id is not None
    row.state, row.words, row.key = State.UNDONE if was_booked else State.WITHDRAWN, reason[:500], f"{row.key}:undone:{row.id}"
    row.settled_at = now
    session.flush()
    free(session, row)
    if row.transfer_id is not None:
        reverse(session, actor, transfer_id=row.transfer_id, key=f"adjustment:{row.id}:undone", reason=code, now=now, note=reason or None)
        if says_itself:
            to, key, data = recipient(session, row.person_id), f"adjustment:{row.id}:undone", {"points": -row.points}
            notify(session, to=to, kind="adjustment_undone", data=data, key=key, now=now, link="/statement", mail=row.is_told)
    facts = {"points": row.points, "category": row.category, "reason": reason, "person_id": row.person_id}
    audit.record(session, actor, "adjustment.undone" if was_booked else "adjustment.withdrawn", KIND, row.id, now=now, **facts)
    return row


def locked(session: Session, adjustment_id: int) -> Adjustment:
    """Return a correction with its row locked. Raises ``NotFound``."""
    found = select(Adjustment).where(Adjustment.id == adjustment_id).with_for_update().execution_options(populate_existing=True)
    row = session.scalar(found)
    if row is None:
        raise NotFound()
    return row


def free(session: Session, row: Adjustment) -> None:
    """Let a correction that came to nothing count against nobody's limit."""
    free_in_month(session, admin_id=row.asked_by_id or COMMAND_LINE, month=row.month, points=row.points)

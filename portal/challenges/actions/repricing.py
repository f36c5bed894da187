"""Paying past completions the new points: asked for, looked at by a second admin where much moves, and undone as a whole.

What is decided here is paid, and undone, by the worker: see ``repaying``.
"""

from datetime import datetime

from sqlalchemy import func, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.models.offering import Challenge
from portal.challenges.models.repricing import Repricing, RepricingLine
from portal.challenges.queries.repricing import forecast, is_among, is_outdated, later_standing, planned_lines
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules.repricing import (
    KIND,
    TO_DECIDE,
    WORDS_LENGTH,
    LaterRepricingStands,
    LineState,
    RepricingChanged,
    RepricingOpen,
    RepricingOutdated,
    RepricingReasonMissing,
    RepricingSettled,
    RepricingState,
    require_repricing,
    require_second_for,
)
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed, NotFound
from portal.kernel.schema import UTCDateTime
from portal.kernel.text import clean
from portal.notifications.actions import enqueue, notify
from portal.people.models import Person
from portal.people.queries.persons import admins, recipient
from portal.review.actions.standing import require_apart
from portal.review.actions.undoing import keep_decision
from portal.review.queries.terms import terms_of

REPRICE = "challenges.reprice"


def ask_repricing(
    session: Session, actor: Actor, *, challenge_id: int, reason: str, seen_people: int, seen_total: int, key: str, now: datetime
) -> Repricing:
    """Pay past completions what the challenge is worth now, in the background; where much moves, once a second admin approves.

    What the admin moved like this alone within the month counts together.
    ``seen_people`` and ``seen_total`` are what the admin was shown. The same form ``key`` is one repricing. Refuses who is no admin,
    what ``require_repricing`` refuses, and a second one while the first is open (``RepricingOpen``). The admin's own completions stay.
    """
    if not actor.is_admin:
        raise NotAllowed()
    found = session.scalar(select(Repricing).where(Repricing.key == key))
    if found is not None:
        return found
    challenge = get_challenge(session, challenge_id)
    if actor.id is not None:
        # Two of one admin at once, of two challenges, are counted one after the other.
        session.execute(select(Person.id).where(Person.id == actor.id).with_for_update(key_share=True))
    expected = forecast(session, challenge, actor.id, now)
    said = require_repricing(expected, seen_people=seen_people, seen_total=seen_total, reason=clean(reason))
    waits = terms_of(session).needs_second(expected.unseen)
    made = Repricing(
        key=key,
        challenge_id=challenge_id,
        version=expected.version,
        points=expected.points,
        state=RepricingState.WAITING if waits else RepricingState.RUNNING,
        reason=said,
        people=expected.people,
        total=expected.total,
        moved=expected.moved,
        asked_by_id=actor.id,
        asked_at=now,
        words="",
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated(error, "repricing", "key"):
            return session.scalars(select(Repricing).where(Repricing.key == key)).one()
        if violated(error, "repricing", "challenge_id", name="uq_repricing_open"):
            raise RepricingOpen() from error
        raise
    _plan(session, actor, made, challenge, now)
    record(session, actor, "challenge.reprice_asked", "challenge", challenge_id, now=now, **facts_of(made))
    if waits:
        _tell_admins(session, actor, made, challenge, now)
    else:
        _promise(session, made, now)
    return made


def approve_repricing(session: Session, actor: Actor, *, repricing_id: int, now: datetime) -> Repricing:
    """Let a repricing that waits be paid, or be undone where that waits.

    Refuses as ``require_second_for`` and ``require_apart``, what does not wait any more (``RepricingSettled``), and what was asked for
    a version that is not the newest any more (``RepricingOutdated``).
    """
    row = _waiting(session, actor, repricing_id)
    require_apart(session, kind=KIND, first_id=_asker_of(row), second_id=actor.id, now=now)
    if row.state == RepricingState.UNDO_ASKED:
        row.state, row.undo_decided_by_id, said = RepricingState.REVERSING, actor.id, "challenge.reprice_undo_approved"
    elif is_outdated(session, row):
        raise RepricingOutdated()
    else:
        row.state, row.decided_by_id, said = RepricingState.RUNNING, actor.id, "challenge.reprice_approved"
    session.flush()
    record(session, actor, said, "challenge", row.challenge_id, now=now, **facts_of(row))
    keep_decision(session, actor, kind=KIND, item_id=row.id, verdict="approve", final="runs", now=now)
    _promise(session, row, now)
    return row


def decline_repricing(session: Session, actor: Actor, *, repricing_id: int, reason: str, now: datetime) -> Repricing:
    """Decline a repricing that waits, or its undoing, with a reason for whoever asked; no member hears of it.

    Refuses as ``approve_repricing``, and no reason.
    """
    row, said = _waiting(session, actor, repricing_id), _reason_of(reason)
    if row.state == RepricingState.UNDO_ASKED:
        record(session, actor, "challenge.reprice_undo_declined", "challenge", row.challenge_id, now=now, **(facts_of(row) | {"reason": said}))
        asked = {"words": row.words, "undone_by_id": row.undone_by_id, "undo_asked_at": row.undo_asked_at.isoformat() if row.undo_asked_at else ""}
        mail_at = keep_decision(session, actor, kind=KIND, item_id=row.id, verdict="decline", before=asked, now=now)
        _tell(session, row, row.undone_by_id, "repricing_declined", said, declined_key(row, now), now, mail_at)
        _stand_again(session, row)
        return row
    row.words = said
    row.state, row.decided_by_id, row.settled_at = RepricingState.DECLINED, actor.id, now
    session.flush()
    record(session, actor, "challenge.reprice_declined", "challenge", row.challenge_id, now=now, **(facts_of(row) | {"reason": row.words}))
    mail_at = keep_decision(session, actor, kind=KIND, item_id=row.id, verdict="decline", now=now)
    _tell(session, row, row.asked_by_id, "repricing_declined", row.words, declined_key(row, now), now, mail_at)
    return row


def withdraw_repricing(session: Session, actor: Actor, *, repricing_id: int, now: datetime) -> Repricing:
    """Withdraw what one asked for oneself and nobody approved. Refuses another's, and what does not wait any more."""
    row = lock_repricing(session, repricing_id)
    undoes = row.state == RepricingState.UNDO_ASKED
    if not actor.is_admin or actor.id is None or actor.id != (row.undone_by_id if undoes else row.asked_by_id):
        raise NotAllowed()
    if undoes:
        record(session, actor, "challenge.reprice_undo_withdrawn", "challenge", row.challenge_id, now=now, **facts_of(row))
        _stand_again(session, row)
        return row
    if row.state != RepricingState.WAITING:
        raise RepricingSettled()
    row.state, row.settled_at = RepricingState.WITHDRAWN, now
    session.flush()
    record(session, actor, "challenge.reprice_withdrawn", "challenge", row.challenge_id, now=now, **facts_of(row))
    return row


def undo_repricing(session: Session, actor: Actor, *, repricing_id: int, reason: str, now: datetime) -> Repricing:
    """Take a repricing back as a whole, once, in the background: every difference that stands is reversed and its member reads why.

    What a second admin approved waits until another one approves the undoing too. Refuses who is no admin or has a completion among
    them (``OwnRepricing``), no reason, what is not paid or undone already, and all but the newest that stands
    (``LaterRepricingStands``): taken from below, a price would be left that nobody ever offered.
    """
    row = lock_repricing(session, repricing_id)
    require_second_for(actor, asked_by_id=None, is_among=is_among(session, row.id, actor.id))
    said = _reason_of(reason)
    if row.state != RepricingState.DONE:
        raise RepricingSettled()
    needs_two = row.decided_by_id is not None
    row.state, row.words = (RepricingState.UNDO_ASKED if needs_two else RepricingState.REVERSING), said
    row.undone_by_id, row.undo_asked_at = actor.id, now
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if violated(error, "repricing", "challenge_id", name="uq_repricing_open"):
            raise RepricingOpen() from error
        raise
    if later_standing(session, row) is not None:
        # Asked while this one is the open one: none can be paid meanwhile.
        raise LaterRepricingStands()
    told = "challenge.reprice_undo_wanted" if needs_two else "challenge.reprice_undo_asked"
    record(session, actor, told, "challenge", row.challenge_id, now=now, **(facts_of(row) | {"reason": said}))
    if needs_two:
        _tell_admins(session, actor, row, get_challenge(session, row.challenge_id), now)
    else:
        _promise(session, row, now)
    return row


def lock_repricing(session: Session, repricing_id: int) -> Repricing:
    """Return a repricing with its row locked. Raises ``NotFound``."""
    found = select(Repricing).where(Repricing.id == repricing_id).with_for_update().execution_options(populate_existing=True)
    row = session.scalar(found)
    if row is None:
        raise NotFound()
    return row


def _plan(session: Session, actor: Actor, made: Repricing, challenge: Challenge, now: datetime) -> None:
    """Write down a line for each completion, in one statement."""
    lines = planned_lines(challenge, actor.id).subquery()
    columns = list(lines.c)
    names = ["submission_id", "person_id", "version", "paid", "difference", "repricing_id", "state", "changed_at"]
    table = RepricingLine.__table__
    fixed = select(*columns, literal(made.id), literal(LineState.PLANNED.value), literal(now, UTCDateTime()))
    session.execute(insert(table).from_select(names, fixed))  # type: ignore[arg-type]
    written = select(func.count(), func.coalesce(func.sum(RepricingLine.difference), 0)).where(RepricingLine.repricing_id == made.id)
    people, total = session.execute(written).one()
    if (people, total) != (made.people, made.total):
        # Something was approved or taken back between the two looks.
        raise RepricingChanged(people=people, total=int(total))


def _waiting(session: Session, actor: Actor, repricing_id: int) -> Repricing:
    row = lock_repricing(session, repricing_id)
    require_second_for(actor, asked_by_id=_asker_of(row), is_among=is_among(session, row.id, actor.id))
    if row.state not in TO_DECIDE:
        raise RepricingSettled()
    return row


def _asker_of(row: Repricing) -> int | None:
    """Return who asked for what waits: the payment, or its undoing."""
    return row.undone_by_id if row.state == RepricingState.UNDO_ASKED else row.asked_by_id


def _stand_again(session: Session, row: Repricing) -> None:
    """Let what was to be undone stand as before."""
    row.state, row.words, row.undone_by_id, row.undo_asked_at = RepricingState.DONE, "", None, None
    session.flush()


def _reason_of(given: str) -> str:
    said = clean(given).strip()[:WORDS_LENGTH]
    if not said:
        raise RepricingReasonMissing()
    return said


def facts_of(row: Repricing) -> dict[str, object]:
    """Return what the audit log keeps of a repricing."""
    return {"repricing_id": row.id, "people": row.people, "points": row.total, "reason": row.reason, "version": row.version}


def _promise(session: Session, row: Repricing, now: datetime) -> None:
    enqueue(session, topic=REPRICE, payload={"repricing_id": row.id}, key=f"{REPRICE}:{row.id}:{row.state}", now=now)


def _tell_admins(session: Session, actor: Actor, row: Repricing, challenge: Challenge, now: datetime) -> None:
    undoes = row.state == RepricingState.UNDO_ASKED
    points, said = (-row.total, row.words) if undoes else (row.total, row.reason)
    data, key = {"challenge": challenge.title, "points": points, "people": row.people, "reason": said}, f"repricing:{row.id}:waiting"
    if undoes:
        key = f"repricing:{row.id}:undo:{micros(now)}"
    for to in admins(session):
        if to.person_id != actor.id:
            link = f"/admin/approvals?item=repricing-{row.id}"
            notify(session, to=to, kind="repricing_waiting", data=data, key=key, now=now, link=link)


def tell_asker(session: Session, row: Repricing, kind: str, reason: str, now: datetime) -> None:
    """Tell whoever asked for a repricing how it stands."""
    _tell(session, row, row.asked_by_id, kind, reason, f"repricing:{row.id}:{row.state}", now)


def declined_key(row: Repricing, at: datetime) -> str:
    """Return the key under which whoever asked is told of a decline at ``at``."""
    return f"repricing:{row.id}:declined:{micros(at)}"


def _tell(
    session: Session, row: Repricing, person_id: int | None, kind: str, reason: str, key: str, now: datetime, mail_at: datetime | None = None
) -> None:
    if person_id is not None:
        title = get_challenge(session, row.challenge_id).title
        data = {"challenge": title, "points": row.total, "people": row.people, "reason": reason}
        link = f"/admin/challenges/repricings/{row.id}"
        notify(session, to=recipient(session, person_id), kind=kind, data=data, key=key, now=now, link=link, mail_at=mail_at)

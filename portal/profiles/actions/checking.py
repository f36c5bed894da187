"""Answering whether a profile is true: from a page, or by a link of a mail. Of two answers to one question the first counts."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.db import programme_zone
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.people.models import Person
from portal.people.queries.persons import admins, recipients
from portal.people.rules.person import PersonState
from portal.profiles.actions.consenting import follow_consents
from portal.profiles.actions.correcting import correct
from portal.profiles.actions.crediting import credit_retired, credit_round
from portal.profiles.actions.opening import verified
from portal.profiles.actions.rows import close_check, locked, move, today_of, touch
from portal.profiles.models import ProfileCheck, ReferenceProfile
from portal.profiles.queries.profiles import Held, held, profile_to_change
from portal.profiles.rules.correcting import Correction
from portal.profiles.rules.facts import NOTE_LENGTH
from portal.profiles.rules.fresh import VERIFIED_CREDIT, Answer, Why, next_verify_on
from portal.profiles.rules.refusals import AnsweredBefore, CannotMove, NoteMissing
from portal.profiles.rules.states import Move, Retired, Status


def answer_check(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    answer: Answer,
    note: str = "",
    check_id: int | None = None,
    correction: Correction | None = None,
    now: datetime,
) -> ReferenceProfile:
    """Keep what somebody says of a profile. With ``check_id`` (a link) that question is answered, else the one that is open, if any.

    Still true: verified now, and found again if it was hidden for silence. Changed: hidden from search until somebody writes down ``note``;
    where a ``correction`` says all of it, and there is no note, it is written down with that and counts as verified. They left, or are no
    longer suitable: retired. Who answers a question is credited, once; who verifies before it is due is not.

    Refuses: NotFound who may not change it (a link's holder may, by the link), AnsweredBefore, NoteMissing, CannotMove (retired, or held),
    and what a correction does.
    """
    whose = held(session, person_id) if check_id is not None else profile_to_change(session, actor, person_id)
    row = locked(session, person_id)
    said = clean(note)[:NOTE_LENGTH]
    open_id = _open_check(session, row, check_id, now)
    if row.status in (Status.RETIRED, Status.LEGAL_HOLD):
        raise CannotMove()
    corrected = correct(session, actor, whose, correction, now) if answer is Answer.CHANGED and correction is not None else []
    if answer is Answer.CHANGED and not said and not corrected:
        raise NoteMissing()
    ended = close_check(session, person_id, now, answer=answer, answered_by_id=actor.id, note=said) if open_id is not None else None
    if ended != open_id:
        raise AnsweredBefore()
    record(session, actor, "profile.answered", "profile", person_id, now=now, answer=answer.value, note=said)
    session.refresh(row)
    _follow(session, actor, whose, row, Answer.TRUE if corrected and not said else answer, said, now)
    if answer in (Answer.LEFT, Answer.UNSUITABLE):
        credit_retired(session, actor, person_id=person_id, now=now)
    elif ended is not None:
        credit_round(session, actor, person_id=person_id, check_id=ended, points=VERIFIED_CREDIT, what="verified", now=now)
    return session.get_one(ReferenceProfile, person_id, populate_existing=True)


def _open_check(session: Session, row: ReferenceProfile, check_id: int | None, now: datetime) -> int | None:
    """Return the question that is answered: the one that is open, or one that is due and was not asked yet. Refuses AnsweredBefore."""
    open_id = session.scalar(select(ProfileCheck.id).where(ProfileCheck.person_id == row.person_id, ProfileCheck.ended_at.is_(None)))
    if check_id is not None and open_id != check_id:
        raise AnsweredBefore()
    if open_id is None and row.status in (Status.ACTIVE, Status.RESTING) and row.verify_on is not None and row.verify_on <= today_of(session, now):
        check = ProfileCheck(person_id=row.person_id, why=row.verify_why or Why.AGE, asked_at=now, note="")
        session.add(check)
        session.flush()
        return check.id
    return open_id


def _follow(session: Session, actor: Actor, whose: Held, row: ReferenceProfile, answer: Answer, said: str, now: datetime) -> None:
    person_id = row.person_id
    if answer is Answer.LEFT:
        move(session, actor, person_id, Move.RETIRE, now, reason=said, retired_as=Retired.LEFT)
        tell_left(session, actor, whose, said, now)
        return
    if answer is Answer.UNSUITABLE:
        move(session, actor, person_id, Move.RETIRE, now, reason=said, retired_as=Retired.UNSUITABLE)
        return
    if answer is Answer.CHANGED:
        if row.status in (Status.ACTIVE, Status.RESTING):
            row = move(session, actor, person_id, Move.DOUBT, now, reason=said)
        # Somebody spoke, so it is not due; what they said is not written down yet, so it is not verified either.
        row.verify_on, row.verify_why = next_verify_on(now, row.tier, programme_zone(session)), Why.CHANGED
        touch(row, now)
        session.flush()
        _tell_changed(session, actor, whose, said, now)
        return
    rests_until = row.rests_until
    if row.status == Status.NEEDS_VERIFICATION:
        row = move(session, actor, person_id, Move.VERIFY, now)
        if rests_until is not None and rests_until > today_of(session, now):
            row = move(session, actor, person_id, Move.REST, now, rests_until=rests_until)
        elif follow_consents(session, actor, person_id, now) is not None:
            session.refresh(row)
    verified(session, row, actor.id, now)
    touch(row, now)
    session.flush()


def _tell_changed(session: Session, actor: Actor, whose: Held, said: str, now: datetime) -> None:
    """Tell who can write it down."""
    _tell(session, actor, whose, "profile_changed", f"/profiles/{whose.person.id}/edit", now, note=said)


def tell_left(session: Session, actor: Actor, whose: Held, said: str, now: datetime) -> None:
    """Tell that somebody left their company, once, who can do what follows from that; not of somebody who takes part no more."""
    if whose.person.state != PersonState.DEACTIVATED:
        by = session.get_one(Person, actor.id).name if actor.id else ""
        _tell(session, actor, whose, "profile_left", f"/profiles/{whose.person.id}", now, note=said, by=by)


def _tell(session: Session, actor: Actor, whose: Held, kind: str, link: str, now: datetime, **facts: str) -> None:
    """Tell the owner of the account and the admins, once each, but not who said it."""
    told = {to.person_id: to for to in [*admins(session), *recipients(session, [whose.owner_id or 0]).values()]}
    data = {"person": whose.person.name, "company": whose.company.name if whose.company else "", **facts}
    for person_id, to in told.items():
        if person_id != actor.id:
            notify(session, to=to, kind=kind, data=data, key=f"{kind}:{whose.person.id}:{micros(now)}", link=link, now=now)

"""Credit of employees for their nominations, in the ledger's unit ``staff``. Each step credits once, whatever runs twice."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor, system
from portal.kernel.clock import micros
from portal.ledger.actions.staff import credit_staff, take_staff_credit_back
from portal.references.actions.telling import tell_completed
from portal.references.models.nominating import Nomination, NominationCompletion
from portal.references.queries.nominations import nomination_behind
from portal.references.queries.terms import terms_of
from portal.references.rules.terms import GRADES, completion_key, credit_key, went_well

APPROVED, AGREED, COMPLETED, WELL_DONE = "approved", "agreed", "completed", "well_done"


def credited_person(nomination: Nomination) -> int:
    """Return who is credited: the colleague on whose behalf it was sent, else who sent it."""
    return nomination.colleague_id or nomination.nominator_id


def credit_approved(session: Session, actor: Actor, nomination: Nomination, now: datetime) -> None:
    """Credit the first nominator when a nomination is approved. The key names the decision, which may be undone and given anew."""
    nth = str(micros(nomination.decided_at or now))
    _give(session, actor, nomination, terms_of(session).approved, credit_key(nomination.id, APPROVED, nth), f"nomination.{APPROVED}", now)


def credit_agreed(session: Session, actor: Actor, nomination: Nomination, now: datetime) -> None:
    """Credit the first nominator when the customer says yes: once, even if they say no meanwhile."""
    _give(session, actor, nomination, terms_of(session).agreed, credit_key(nomination.id, AGREED), f"nomination.{AGREED}", now)


def credit_completion(session: Session, *, person_id: int, source: str, grade: int | None, now: datetime) -> Nomination | None:
    """Credit who nominated somebody for a reference activity that they completed, and tell all who did; return the nomination behind it.

    ``source`` names what was completed for ever (``reference_request:7``, at most 80 characters): each is credited once, and once more
    besides where it went well. ``grade`` is 1 to 5, or None while nobody knows: calling again with it then adds what the grade is worth; a
    grade that is kept is never changed. The first nominator is credited, or the colleague in whose name it was sent. None, and nothing
    happens, for a person whom nobody nominated, or only in vain. Take no ledger account before: the nominator's are locked here.
    """
    if grade is not None and grade not in GRADES:
        raise ValueError(f"a grade is 1 to 5, not {grade}")
    actor, terms = system("references"), terms_of(session)
    kept = _kept(session, source)
    if kept is None:
        nomination = nomination_behind(session, person_id)
        if nomination is None:
            return None
        kept, is_first = _keep(session, NominationCompletion(source=source, nomination_id=nomination.id, completed_at=now))
        if is_first:
            record(session, actor, "nomination.completed", "nomination", nomination.id, now=now, source=source)
            tell_completed(session, nomination, source, now)
    nomination = session.get_one(Nomination, kept.nomination_id)
    _give(session, actor, nomination, terms.completed, completion_key(source, COMPLETED), f"nomination.{COMPLETED}", now)
    if grade is not None and _grade(session, source, grade) and went_well(grade):
        _give(session, actor, nomination, terms.well_done, completion_key(source, WELL_DONE), f"nomination.{WELL_DONE}", now)
    return nomination


def take_completion_back(session: Session, *, source: str, now: datetime) -> None:
    """Take back what a completion credited that did not take place after all, and forget it; nothing where it credited nobody.

    Should it take place yet another time, that is another ``source``. Take no ledger account before: the nominator's are locked here.
    """
    kept, actor = _kept(session, source), system("references")
    if kept is None:
        return
    for what in (COMPLETED, WELL_DONE):
        key = completion_key(source, what)
        take_staff_credit_back(session, actor, key=key, back_key=f"{key}:back", reason="nomination.completion_undone", now=now)
    record(session, actor, "nomination.completion_undone", "nomination", kept.nomination_id, now=now, source=source)
    session.delete(kept)
    session.flush()


def _kept(session: Session, source: str) -> NominationCompletion | None:
    return session.get(NominationCompletion, source, populate_existing=True)


def _keep(session: Session, made: NominationCompletion) -> tuple[NominationCompletion, bool]:
    """Keep a completion, and tell whether this was first; of two at once the later finds the other's."""
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        kept = _kept(session, made.source)
        if kept is None:
            raise
        return kept, False
    return made, True


def _grade(session: Session, source: str, grade: int) -> bool:
    """Keep how it went, and tell whether this was the first to say so."""
    ungraded = update(NominationCompletion).where(NominationCompletion.source == source, NominationCompletion.grade.is_(None))
    found = session.scalars(ungraded.values(grade=grade).returning(NominationCompletion.source).execution_options(synchronize_session=False))
    return found.one_or_none() is not None


def take_credit_back(session: Session, actor: Actor, nomination: Nomination, now: datetime) -> None:
    """Take back what an approval credited that is undone; nothing where it credited nothing."""
    key = credit_key(nomination.id, APPROVED, str(micros(nomination.decided_at or now)))
    take_staff_credit_back(session, actor, key=key, back_key=f"{key}:recalled", reason="nomination.recalled", now=now)


def _give(session: Session, actor: Actor, nomination: Nomination, amount: int, key: str, reason: str, now: datetime) -> None:
    # Another amount by now changes nothing of what was credited before.
    owner_id = credited_person(nomination)
    credit_staff(session, actor, owner_id=owner_id, points=amount, key=key, reason=reason, source_type="nomination", source_id=nomination.id, now=now)

"""What somebody does for us, a consent for each kind: written down by staff with what shows it, or given and taken back by the person."""

from datetime import date, datetime
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.consents.actions import Origin, end_recorded, give_consent, withdraw_own
from portal.consents.models import Consent
from portal.consents.rules import Agreed, Item, Scope
from portal.kernel.actor import Actor
from portal.kernel.text import clean
from portal.profiles.actions.rows import locked, mark_own, move, today_of, touch, unmark
from portal.profiles.models import ProfileActivity, ProfileProof, ReferenceProfile
from portal.profiles.queries.profiles import BY_STAFF, OWN, Does, does, field_of, has_agreed, profile_to_change, stands
from portal.profiles.rules.activity import PART, Activity
from portal.profiles.rules.facts import NOTE_LENGTH, require_shown
from portal.profiles.rules.refusals import ConsentTheirs, YesOver
from portal.profiles.rules.states import Move, Status, follows_consents


class Kept(Enum):
    """A day that is not said: what stands is kept."""

    KEPT = "kept"


KEPT = Kept.KEPT


def record_consent(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    activity: Activity,
    words: str,
    note: str = "",
    file_id: int | None = None,
    given_on: datetime | None = None,
    until: date | None = None,
    scope: tuple[Scope, ...] = (),
    now: datetime,
) -> ProfileActivity:
    """Write down that somebody agreed to ``words``, with what shows it (a file, or ``note``: where and when), until a day or without end.

    Refuses: NotFound who may not change the profile, EvidenceMissing, YesOver, ConsentTheirs where the person said something themself. What staff had
    written down for this kind before ends, and the new one stands. Who rested since nothing did is active again.
    """
    held = profile_to_change(session, actor, person_id)
    row = locked(session, person_id)
    said = clean(note)[:NOTE_LENGTH]
    require_shown(has_evidence=file_id is not None or bool(said), until=until, today=today_of(session, now))
    before = _before(session, person_id, activity, now)
    if before is not None and before.is_own and (before.is_never or before.holds):
        raise ConsentTheirs(name=held.person.name)
    _end_staffs(session, actor, before, now)
    proof = _prove(session, person_id, actor, said, file_id, is_own=False, now=now)
    consent_id = _give(session, actor, BY_STAFF, proof, activity, words, given_on or now, until, scope, now)
    kept = _keep(session, row, activity, consent_id, now)
    follow_consents(session, actor, person_id, now)
    return kept


def end_consent(session: Session, actor: Actor, *, person_id: int, activity: Activity, now: datetime) -> None:
    """Take back what staff had written down; a profile without anything rests. Refuses NotFound, and what the person gave (``ConsentTheirs``)."""
    held = profile_to_change(session, actor, person_id)
    row = locked(session, person_id)
    before = _before(session, person_id, activity, now)
    if before is None or before.consent is None or not before.holds:
        return
    if before.is_own:
        raise ConsentTheirs(name=held.person.name)
    _end_staffs(session, actor, before, now)
    touch(row, now)
    follow_consents(session, actor, person_id, now)


def give_own(
    session: Session, actor: Actor, *, person_id: int, activity: Activity, words: str, until: date | Kept | None = KEPT, now: datetime
) -> bool:
    """Let the person themself agree to exactly ``words``, through the day ``until`` or without end, and tell whether that is new.

    What staff had written down gives way to it. What the person gave before stands; with another day a new one takes its place, unless the
    day is not said (``KEPT``). Refuses a day that is over (``YesOver``).
    """
    row = locked(session, person_id)
    before = _before(session, person_id, activity, now)
    is_given = before is not None and before.holds and before.is_own
    if is_given and before is not None and before.consent is not None:
        if until in (KEPT, before.consent.expires_on):
            return False
        end_recorded(session, actor, consent_id=before.consent.id, now=now)
    last = None if isinstance(until, Kept) else until
    if last is not None and last < today_of(session, now):
        raise YesOver(f"until_{activity.value}")
    _end_staffs(session, actor, before, now)
    proof = _prove(session, person_id, actor, "", None, is_own=True, now=now)
    consent_id = _give(session, actor, OWN, proof, activity, words, now, last, (), now)
    _keep(session, row, activity, consent_id, now)
    mark_own(session, person_id, [field_of(activity)], now)
    return True


def take_back_own(session: Session, actor: Actor, *, person_id: int, activity: Activity, never: bool, now: datetime) -> bool:
    """Let the person themself take back what they do, or rule it out for good (``never``), and tell whether that is new."""
    row = locked(session, person_id)
    before = _before(session, person_id, activity, now)
    held = before is not None and before.holds
    if held and before is not None and before.consent is not None:
        withdraw_own(session, actor, consent_ids=[before.consent.id], now=now)
    was_never = before is not None and before.is_never
    found = session.get(ProfileActivity, (person_id, activity.value))
    if never and not was_never:
        if found is not None:
            session.delete(found)
            session.flush()
        session.add(ProfileActivity(person_id=person_id, activity=activity.value, is_never=True, consent_id=None))
    elif was_never and not never and found is not None:
        session.delete(found)
    if held or was_never != never:
        mark_own(session, person_id, [field_of(activity)], now)
        touch(row, now)
        session.flush()
        return True
    return False


def rule_out(session: Session, actor: Actor, *, person_id: int, activity: Activity, now: datetime) -> None:
    """Write down that somebody is never to be asked for this. Refuses NotFound, and where they said something themself (``ConsentTheirs``)."""
    held = profile_to_change(session, actor, person_id)
    row = locked(session, person_id)
    before = _before(session, person_id, activity, now)
    if before is not None and before.is_never:
        return
    if before is not None and before.is_own and before.holds:
        raise ConsentTheirs(name=held.person.name)
    _end_staffs(session, actor, before, now)
    found = session.get(ProfileActivity, (person_id, activity.value))
    if found is not None:
        session.delete(found)
        session.flush()
    session.add(ProfileActivity(person_id=person_id, activity=activity.value, is_never=True, consent_id=None))
    unmark(session, person_id, [field_of(activity)])
    touch(row, now)
    session.flush()
    record(session, actor, "profile.ruled_out", "profile", person_id, now=now, activity=activity.value)
    follow_consents(session, actor, person_id, now)


def follow_consents(session: Session, actor: Actor, person_id: int, now: datetime) -> Move | None:
    """Let a profile rest when nothing of what its person agreed to stands any more, and end that rest when something does; return the move.

    Called once at the end of whatever changes what stands, and of whatever makes a profile active.
    """
    session.flush()
    row = locked(session, person_id)
    agreed = {"has_agreed": has_agreed(session, person_id), "stands": stands(session, person_id)}
    way = follows_consents(Status(row.status), reason=row.status_reason, rests_until=row.rests_until, **agreed)
    if way is not None:
        move(session, actor, person_id, way, now, is_of_consents=True)
    return way


def end_staffs(session: Session, actor: Actor, person_id: int, now: datetime) -> None:
    """End everything that staff had written down: the person has said themself what they do, or that they do nothing more."""
    theirs = (Consent.person_id == person_id, Consent.source_type == BY_STAFF, Consent.ended_at.is_(None))
    for consent_id in session.scalars(select(Consent.id).where(*theirs).order_by(Consent.id)).all():
        end_recorded(session, actor, consent_id=consent_id, now=now)


def _before(session: Session, person_id: int, activity: Activity, now: datetime) -> Does | None:
    session.flush()
    return next((one for one in does(session, person_id, now) if one.activity is activity), None)


def _end_staffs(session: Session, actor: Actor, before: Does | None, now: datetime) -> None:
    if before is not None and before.consent is not None and before.consent.ended_at is None and not before.is_own:
        end_recorded(session, actor, consent_id=before.consent.id, now=now)


def _prove(session: Session, person_id: int, actor: Actor, note: str, file_id: int | None, *, is_own: bool, now: datetime) -> ProfileProof:
    proof = ProfileProof(person_id=person_id, is_own=is_own, note=note, file_id=file_id, by_id=actor.id, at=now)
    session.add(proof)
    session.flush()
    return proof


def _give(
    session: Session,
    actor: Actor,
    source: str,
    proof: ProfileProof,
    activity: Activity,
    words: str,
    given_at: datetime,
    until: date | None,
    scope: tuple[Scope, ...],
    now: datetime,
) -> int:
    # One that has expired still stands in its place.
    same = (Consent.source_type == source, Consent.source_id == proof.person_id, Consent.part == PART[activity], Consent.ended_at.is_(None))
    for old_id in session.scalars(select(Consent.id).where(*same)).all():
        end_recorded(session, actor, consent_id=old_id, now=now)
    agreed = Agreed(Item.REFERENCE, clean(words), scope, until=until)
    origin = Origin(source, proof.person_id, PART[activity], evidence_id=proof.id, version=1)
    given = give_consent(session, actor, person_id=proof.person_id, agreed=agreed, origin=origin, given_at=given_at, now=now)
    assert given is not None, "what stood of this kind was ended before"
    return given.id


def _keep(session: Session, row: ReferenceProfile, activity: Activity, consent_id: int, now: datetime) -> ProfileActivity:
    found = session.get(ProfileActivity, (row.person_id, activity.value))
    if found is None:
        found = ProfileActivity(person_id=row.person_id, activity=activity.value, is_never=False, consent_id=consent_id)
        session.add(found)
    found.is_never, found.consent_id = False, consent_id
    touch(row, now)
    session.flush()
    return found

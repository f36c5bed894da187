"""What is known of many references before rows of a file are written: a few statements, however many there are."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.consents.models import Consent
from portal.consents.rules import End
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.profiles.models import ProfileActivity, ProfileCheck, ProfileEdit, ProfileWord, ReferenceProfile
from portal.profiles.queries.profiles import BY_STAFF
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import Facts
from portal.profiles.rules.fresh import Answer, Why, is_detractor
from portal.profiles.rules.importing import Here, Stands
from portal.profiles.rules.states import Status, WordKind
from portal.web.paging import AnySelect

AT_ONCE = 500


def here_of(session: Session, person_ids: Collection[int], now: datetime) -> dict[int, Here]:
    """Return what is known of those of some people who have a profile."""
    today, ordered, found = local_date(now, programme_zone(session)), sorted(set(person_ids)), dict[int, Here]()
    for start in range(0, len(ordered), AT_ONCE):
        found |= _some(session, ordered[start : start + AT_ONCE], today)
    return found


def _some(session: Session, ids: list[int], today: date) -> dict[int, Here]:
    rows = session.scalars(select(ReferenceProfile).where(ReferenceProfile.person_id.in_(ids))).all()
    words, edits, doubts = _words(session, ids), _edits(session, ids), _doubts(session, ids)
    does, agreed = _does(session, ids, today)
    found = {}
    for row in rows:
        one = row.person_id
        facts = Facts(row.tier, row.time_zone, row.story, row.results, row.sensitivities, words.get(one, {}))
        heard = [row.nps_at] if row.nps is not None and row.nps_at is not None and is_detractor(row.nps) else []
        doubted_at = max([*doubts.get(one, ()), *heard], default=None)
        found[one] = Here(facts, Status(row.status), row.verified_at, doubted_at, does.get(one, {}), edits.get(one, {}), agreed.get(one, {}))
    return found


def _words(session: Session, ids: list[int]) -> dict[int, dict[WordKind, tuple[str, ...]]]:
    found = select(ProfileWord.person_id, ProfileWord.kind, ProfileWord.word).where(ProfileWord.person_id.in_(ids))
    words: dict[int, dict[WordKind, tuple[str, ...]]] = {}
    for person_id, kind, word in session.execute(found.order_by(ProfileWord.key)):
        mine = words.setdefault(person_id, {})
        mine[WordKind(kind)] = (*mine.get(WordKind(kind), ()), word)
    return words


def _does(session: Session, ids: list[int], today: date) -> tuple[dict[int, dict[Activity, Stands]], dict[int, dict[Activity, str]]]:
    """Return how what each does stands, and of what staff or a file wrote down and that holds the words."""
    found: AnySelect = select(ProfileActivity, Consent).outerjoin(Consent, Consent.id == ProfileActivity.consent_id)
    does: dict[int, dict[Activity, Stands]] = {}
    agreed: dict[int, dict[Activity, str]] = {}
    for row, consent in session.execute(found.where(ProfileActivity.person_id.in_(ids))):
        stands = Stands.THEIRS if consent is None else _stands(consent, today)
        if stands is not None:
            does.setdefault(row.person_id, {})[Activity(row.activity)] = stands
        if stands is Stands.HOLDS and consent is not None and consent.source_type == BY_STAFF:
            agreed.setdefault(row.person_id, {})[Activity(row.activity)] = consent.words
    return does, agreed


def _stands(consent: Consent, today: date) -> Stands | None:
    """Return how a consent stands; None for one that ran out, or that the portal took back, as undoing an import does."""
    if consent.ended_at is None and (consent.expires_on is None or consent.expires_on >= today):
        return Stands.HOLDS
    if consent.source_type != BY_STAFF or consent.ended_as == End.WITHDRAWN or consent.ended_by_id == consent.person_id:
        return Stands.THEIRS
    return Stands.ENDED if consent.ended_by_id is not None else None


def _edits(session: Session, ids: list[int]) -> dict[int, dict[str, bool]]:
    edits: dict[int, dict[str, bool]] = {}
    for row in session.scalars(select(ProfileEdit).where(ProfileEdit.person_id.in_(ids))):
        edits.setdefault(row.person_id, {})[row.field] = row.is_own
    return edits


def _doubts(session: Session, ids: list[int]) -> dict[int, list[datetime]]:
    """Return when something last cast doubt on each: what was heard, that it changed, a question that is open for another reason than age."""
    is_changed = (AuditEvent.name == "profile.answered") & (AuditEvent.data["answer"].as_string() == Answer.CHANGED.value)
    heard = select(AuditEvent.subject_id, func.max(AuditEvent.at)).where(AuditEvent.subject_type == "profile", AuditEvent.subject_id.in_(ids))
    asked = select(ProfileCheck.person_id, ProfileCheck.asked_at).where(ProfileCheck.person_id.in_(ids), ProfileCheck.ended_at.is_(None))
    found: dict[int, list[datetime]] = {}
    both: tuple[AnySelect, AnySelect] = (
        heard.where(or_(AuditEvent.name == "profile.doubted", is_changed)).group_by(AuditEvent.subject_id),
        asked.where(ProfileCheck.why != Why.AGE),
    )
    for statement in both:
        for person_id, at in session.execute(statement):
            found.setdefault(person_id, []).append(at)
    return found

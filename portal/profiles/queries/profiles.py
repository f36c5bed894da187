"""One profile: the row, who looks after its person, what its person does, its words, days off, own edits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from portal.consents.models import Consent
from portal.consents.rules import Item
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.people.models import Company, Person
from portal.profiles.models import ProfileActivity, ProfileBlackout, ProfileEdit, ProfileProof, ProfileWord, ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import Facts
from portal.profiles.rules.seeing import may_change, may_see
from portal.profiles.rules.states import Status, WordKind
from portal.web.paging import AnySelect

OWN, BY_STAFF, BY_NOMINATION = "profile_own", "profile", "nomination"
"""Where consents of a profile come from: the person's own page, what staff wrote down, the link of a nomination."""


@dataclass(frozen=True)
class Does:
    """One thing a person does or never does. ``is_own`` where they said so themself; then staff do not change it."""

    activity: Activity
    is_never: bool
    consent: Consent | None
    is_own: bool
    holds: bool
    """Whether it may be asked for today: a consent that has neither ended nor expired."""
    proof: ProfileProof | None


@dataclass(frozen=True)
class Held:
    """A profile with whose it is."""

    profile: ReferenceProfile
    person: Person
    company: Company | None

    @property
    def status(self) -> Status:
        return Status(self.profile.status)

    @property
    def owner_id(self) -> int | None:
        return self.company.owner_id if self.company else None


def profile_of(session: Session, person_id: int) -> ReferenceProfile | None:
    """Return the profile of a person, or None."""
    return session.get(ReferenceProfile, person_id)


def held(session: Session, person_id: int) -> Held:
    """Return a profile with person and company, whoever asks; refuses ``NotFound``."""
    found: AnySelect = select(ReferenceProfile, Person, Company).join(Person, Person.id == ReferenceProfile.person_id)
    row = session.execute(found.outerjoin(Company, Company.id == Person.company_id).where(ReferenceProfile.person_id == person_id)).first()
    if row is None:
        raise NotFound()
    return Held(*row)


def profile_for(session: Session, actor: Actor, person_id: int) -> Held:
    """Return a profile that ``actor`` may see; refuses ``NotFound``, alike where there is none."""
    found = held(session, person_id)
    row = found.profile
    if not may_see(actor, owner_id=found.owner_id, tier=row.tier, status=found.status, is_visible=row.is_visible):
        raise NotFound()
    return found


def profile_to_change(session: Session, actor: Actor, person_id: int) -> Held:
    """Return a profile that ``actor`` may write; refuses ``NotFound``, alike where there is none."""
    found = held(session, person_id)
    if not may_change(actor, found.owner_id):
        raise NotFound()
    return found


def owner_of(session: Session, person_id: int) -> int | None:
    """Return the employee who looks after a person's company, or None."""
    return session.scalar(select(Company.owner_id).join(Person, Person.company_id == Company.id).where(Person.id == person_id))


def consent_holds(today: date) -> ColumnElement[bool]:
    """Return the condition that a consent may be used on ``today``: neither ended nor expired."""
    return Consent.ended_at.is_(None) & or_(Consent.expires_on.is_(None), Consent.expires_on >= today)


def does(session: Session, person_id: int, now: datetime) -> list[Does]:
    """Return what somebody does and never does, in the order of pages; ended and expired consents too."""
    today = local_date(now, programme_zone(session))
    found: AnySelect = (
        select(ProfileActivity, Consent, ProfileProof)
        .outerjoin(Consent, Consent.id == ProfileActivity.consent_id)
        .outerjoin(ProfileProof, (ProfileProof.id == Consent.evidence_id) & Consent.source_type.in_((OWN, BY_STAFF)))
        .where(ProfileActivity.person_id == person_id)
    )
    own = own_fields(session, person_id)
    rows = {row.ProfileActivity.activity: _does(row.ProfileActivity, row.Consent, row.ProfileProof, today, own) for row in session.execute(found)}
    return [rows[activity] for activity in Activity if activity in rows]


def _does(row: ProfileActivity, consent: Consent | None, proof: ProfileProof | None, today: date, own: set[str]) -> Does:
    is_own = field_of(row.activity) in own if consent is None else consent.source_type != BY_STAFF
    holds = consent is not None and consent.ended_at is None and (consent.expires_on is None or consent.expires_on >= today)
    return Does(Activity(row.activity), row.is_never, consent, is_own, holds, proof)


def stands(session: Session, person_id: int) -> bool:
    """Tell whether somebody has agreed to something that has not ended; whether it has expired is another matter."""
    found = select(ProfileActivity.person_id).join(Consent, Consent.id == ProfileActivity.consent_id)
    return session.scalar(found.where(ProfileActivity.person_id == person_id, Consent.ended_at.is_(None)).limit(1)) is not None


def has_agreed(session: Session, person_id: int) -> bool:
    """Tell whether somebody ever agreed to something as a reference, whatever became of it."""
    found = select(Consent.id).where(Consent.person_id == person_id, Consent.item == Item.REFERENCE)
    return session.scalar(found.limit(1)) is not None


def activities_by(session: Session, consent_ids: Iterable[int]) -> list[Activity]:
    """Return what some consents are for: those by which profiles say that something may be asked."""
    found = select(ProfileActivity.activity).where(ProfileActivity.consent_id.in_(list(consent_ids)))
    return [Activity(activity) for activity in session.scalars(found)]


def agree_to_nothing(session: Session, person_ids: Iterable[int], now: datetime) -> dict[int, date]:
    """Return who of some people is a reference that may be asked for nothing any more, each with the day on which the last consent ended or
    expired. Who never agreed to anything, and who is retired, is another matter.
    """
    zone = programme_zone(session)
    today = local_date(now, zone)
    ids = list(person_ids)
    if not ids:
        return {}
    held = select(ProfileActivity.person_id).join(Consent, Consent.id == ProfileActivity.consent_id).where(consent_holds(today))
    over = select(Consent.person_id, Consent.ended_at, Consent.expires_on).join(ReferenceProfile, ReferenceProfile.person_id == Consent.person_id)
    over = over.where(Consent.person_id.in_(ids), Consent.item == Item.REFERENCE, ReferenceProfile.status != Status.RETIRED)
    found: dict[int, date] = {}
    for person_id, ended_at, expires_on in session.execute(over.where(Consent.person_id.not_in(held.where(ProfileActivity.person_id.in_(ids))))):
        days = [day for day in (local_date(ended_at, zone) if ended_at else None, expires_on) if day is not None and day <= today]
        found[person_id] = max(found.get(person_id, date.min), min(days, default=date.min))
    return {person_id: day for person_id, day in found.items() if day > date.min}


def activities_of(session: Session, person_ids: Iterable[int], now: datetime) -> dict[int, list[Activity]]:
    """Return what each of some people may be asked for today, by person, in the order of pages."""
    today = local_date(now, programme_zone(session))
    found = select(ProfileActivity.person_id, ProfileActivity.activity).join(Consent, Consent.id == ProfileActivity.consent_id)
    kinds: dict[int, set[str]] = {}
    for person_id, activity in session.execute(found.where(ProfileActivity.person_id.in_(list(person_ids)), consent_holds(today))):
        kinds.setdefault(person_id, set()).add(activity)
    return {person_id: [activity for activity in Activity if activity in some] for person_id, some in kinds.items()}


def words_of(session: Session, person_id: int) -> dict[WordKind, tuple[str, ...]]:
    """Return the words of a profile by kind, in order of the alphabet."""
    found = select(ProfileWord.kind, ProfileWord.word).where(ProfileWord.person_id == person_id).order_by(ProfileWord.key)
    words: dict[WordKind, tuple[str, ...]] = {}
    for kind, word in session.execute(found):
        words[WordKind(kind)] = (*words.get(WordKind(kind), ()), word)
    return words


def facts_of(session: Session, row: ReferenceProfile) -> Facts:
    """Return what a profile says besides what its person does."""
    return Facts(row.tier, row.time_zone, row.story, row.results, row.sensitivities, words_of(session, row.person_id))


def blackouts_of(session: Session, person_id: int, today: date) -> list[ProfileBlackout]:
    """Return the days off that are not over, the next ones first."""
    mine = select(ProfileBlackout).where(ProfileBlackout.person_id == person_id, ProfileBlackout.last_on >= today)
    return list(session.scalars(mine.order_by(ProfileBlackout.first_on, ProfileBlackout.id)))


def own_fields(session: Session, person_id: int) -> set[str]:
    """Return the fields that the person wrote themself last: names of facts and of kinds of words, and ``activity:<kind>``."""
    return set(session.scalars(select(ProfileEdit.field).where(ProfileEdit.person_id == person_id, ProfileEdit.is_own)))


def field_of(activity: str) -> str:
    """Return under which name a person's own word on an activity is kept."""
    return f"activity:{activity}"

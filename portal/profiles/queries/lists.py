"""Lists of profiles for staff, paged by key; everybody sees the profiles that the rules let them see, and no other."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.audit.models import AuditEvent
from portal.consents.models import Consent
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.profiles.models import ProfileActivity, ReferenceProfile
from portal.profiles.queries.profiles import consent_holds
from portal.profiles.queries.seeing import is_shown_as, readable, shown_status
from portal.profiles.rules.fresh import AGE, SOON
from portal.profiles.rules.states import Status
from portal.web.paging import SIZE, AnySelect, Page, page_by

_owner = aliased(Person)
_KEYS = [(Person.name_key, False), (Person.id, False)]
HISTORY = 20


@dataclass(frozen=True)
class Filters:
    """What a list is asked for; what is empty does not narrow."""

    q: str = ""
    status: str = ""
    visible: str = ""
    verified: str = ""
    tier: str = ""
    does: str = ""
    owner: str = ""

    @property
    def is_narrow(self) -> bool:
        return any(asdict(self).values())


def list_profiles(session: Session, actor: Actor, filters: Filters, now: datetime, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of profiles by name: the columns of the row, person, company and owner. Not what each does: ``activities_of``."""
    return page_by(session, _found(session, actor, filters, now), _KEYS, after=after, size=size)


def iter_profiles(session: Session, actor: Actor, filters: Filters, now: datetime) -> Iterator[Any]:
    """Yield every row of ``list_profiles``, for a file."""
    yield from session.execute(_found(session, actor, filters, now).order_by(Person.name_key, Person.id), execution_options={"yield_per": 1000})


def totals(session: Session, actor: Actor) -> dict[str, int]:
    """Return how many profiles there are of each status, as it is shown to ``actor``, among those that they see."""
    status = shown_status(actor, of_all=True).label("status")
    found = select(status, func.count().label("number")).select_from(ReferenceProfile).join(Person, Person.id == ReferenceProfile.person_id)
    found = found.outerjoin(Company, Company.id == Person.company_id).where(readable(actor)).group_by(status)
    return {row.status: row.number for row in session.execute(found)}


def history_of(session: Session, person_id: int) -> list[Any]:
    """Return what happened to a profile, the newest first: events with the name of who did it."""
    mine = (AuditEvent.subject_type == "profile", AuditEvent.subject_id == person_id)
    found = select(AuditEvent.at, AuditEvent.name, AuditEvent.data, Person.name.label("who")).outerjoin(Person, Person.id == AuditEvent.actor_id)
    return list(session.execute(found.where(*mine).order_by(AuditEvent.id.desc()).limit(HISTORY)))


def _found(session: Session, actor: Actor, filters: Filters, now: datetime) -> AnySelect:
    columns = (
        shown_status(actor).label("status"), ReferenceProfile.is_visible, ReferenceProfile.tier, ReferenceProfile.verified_at,
        ReferenceProfile.verify_on, ReferenceProfile.rests_until, ReferenceProfile.retired_as, Person.id, Person.name, Person.name_key, Person.title,
        Company.name.label("company"), Company.industry, Company.region, Company.owner_id, _owner.name.label("owner"),
    )  # fmt: skip
    found: AnySelect = select(*columns).select_from(ReferenceProfile).join(Person, Person.id == ReferenceProfile.person_id)
    found = found.outerjoin(Company, Company.id == Person.company_id).outerjoin(_owner, _owner.id == Company.owner_id).where(readable(actor))
    if filters.status:
        found = found.where(is_shown_as(actor, filters.status))
    if filters.tier:
        found = found.where(ReferenceProfile.tier == int(filters.tier))
    if filters.visible:
        found = found.where(ReferenceProfile.is_visible.is_(filters.visible == "yes"))
    if filters.owner:
        nobody = Company.owner_id.is_(None) if filters.owner == "nobody" else Company.owner_id == int(filters.owner)
        found = found.where(nobody)
    if filters.does:
        theirs = select(ProfileActivity.person_id).join(Consent, Consent.id == ProfileActivity.consent_id)
        theirs = theirs.where(ProfileActivity.activity == filters.does, consent_holds(local_date(now, programme_zone(session))))
        found = found.where(ReferenceProfile.person_id.in_(theirs))
    if filters.verified:
        found = found.where(_verified(filters.verified, session, now))
    for word in fold(filters.q).split():
        columns_ = (Person.name_key, Company.name_key, ReferenceProfile.search)
        found = found.where(or_(*(column.like(like_pattern(word), escape="\\") for column in columns_)))
    return found


def _verified(asked: str, session: Session, now: datetime) -> ColumnElement[bool]:
    if asked == "never":
        return ReferenceProfile.verified_at.is_(None)
    if asked == "fresh":
        return ReferenceProfile.verified_at >= now - AGE
    if asked == "due":
        today = local_date(now, programme_zone(session))
        return and_(ReferenceProfile.verify_on <= today, ReferenceProfile.status.in_((Status.ACTIVE, Status.RESTING)))
    return ReferenceProfile.verify_on <= local_date(now, programme_zone(session)) + SOON

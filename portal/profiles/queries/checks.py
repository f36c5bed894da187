"""Which profiles are to be verified, by whom: what the clock acts on, and what staff see of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.profiles.models import ProfileCheck, ProfileLink, ReferenceProfile
from portal.profiles.rules.fresh import HIDE_DAYS, REMIND_DAYS, SOON
from portal.profiles.rules.states import Status
from portal.web.paging import AnySelect, Page, page_by

IN_USE = (Status.ACTIVE, Status.RESTING)
_owner, _asked = aliased(Person), aliased(ProfileCheck)


@dataclass(frozen=True)
class Listed:
    """One profile of a mail that asks whether it is true."""

    person_id: int
    name: str
    title: str
    company: str
    why: str
    check_id: int | None


def _with_owner() -> AnySelect:
    """Profiles with who looks after them; an owner who was shut out is none."""
    columns = (ReferenceProfile.person_id, ReferenceProfile.verify_why, Person.name, Person.title)
    found: AnySelect = select(*columns, Company.name.label("company"), _owner.id.label("owner")).join(Person, Person.id == ReferenceProfile.person_id)
    found = found.outerjoin(Company, Company.id == Person.company_id)
    return found.outerjoin(_owner, and_(_owner.id == Company.owner_id, _owner.state != PersonState.DEACTIVATED))


def due_by_owner(session: Session, now: datetime, limit: int) -> dict[int | None, list[int]]:
    """Return profiles whose day has come and about which nothing is asked, by who looks after them (None: nobody), the longest due first.

    Who was asked about some today is left out: one mail a day says all.
    """
    zone = programme_zone(session)
    today = local_date(now, zone)
    asked = exists().where(ProfileCheck.person_id == ReferenceProfile.person_id, ProfileCheck.ended_at.is_(None))
    found = _with_owner().where(ReferenceProfile.status.in_(IN_USE), ReferenceProfile.verify_on <= today, ~asked)
    told = select(_owner.id).select_from(ProfileLink).join(Person, Person.id == ProfileLink.person_id)
    told = told.outerjoin(Company, Company.id == Person.company_id)
    told = told.outerjoin(_owner, and_(_owner.id == Company.owner_id, _owner.state != PersonState.DEACTIVATED))
    told = told.where(ProfileLink.made_at >= start_of_day(today, zone), ProfileLink.check_id.is_not(None))
    busy = set(session.scalars(told.distinct()))
    # Left out before the limit: else the many profiles of one owner who was asked today would hide everybody else's.
    found = found.where(or_(_owner.id.is_(None), _owner.id.not_in([owner for owner in busy if owner is not None])))
    found = found.where(_owner.id.is_not(None)) if None in busy else found
    owners: dict[int | None, list[int]] = {}
    for row in session.execute(found.order_by(ReferenceProfile.verify_on, ReferenceProfile.person_id).limit(limit)):
        owners.setdefault(row.owner, []).append(row.person_id)
    return owners


def silent_by_owner(session: Session, now: datetime, limit: int, *, is_reminded: bool) -> dict[int | None, list[int]]:
    """Return profiles about which somebody was asked so long ago that a reminder is due, or the end (``is_reminded``), by who looks after them.

    The same as ``rules.fresh.due``, as a condition.
    """
    zone = programme_zone(session)
    days = HIDE_DAYS - REMIND_DAYS if is_reminded else REMIND_DAYS
    before = start_of_day(local_date(now, zone) - timedelta(days=days - 1), zone)
    waits = ProfileCheck.reminded_at < before if is_reminded else and_(ProfileCheck.reminded_at.is_(None), ProfileCheck.asked_at < before)
    found = _with_owner().join(ProfileCheck, ProfileCheck.person_id == ReferenceProfile.person_id)
    found = found.where(ProfileCheck.ended_at.is_(None), ProfileCheck.hidden_at.is_(None), ReferenceProfile.status.in_(IN_USE), waits)
    owners: dict[int | None, list[int]] = {}
    for row in session.execute(found.order_by(ProfileCheck.asked_at, ProfileCheck.id).limit(limit)):
        owners.setdefault(row.owner, []).append(row.person_id)
    return owners


def by_owner(session: Session, person_ids: list[int]) -> dict[int | None, list[int]]:
    """Return some profiles that may be verified by who looks after them."""
    some = (*IN_USE, Status.NEEDS_VERIFICATION)
    found = _with_owner().where(ReferenceProfile.person_id.in_(person_ids), ReferenceProfile.status.in_(some))
    owners: dict[int | None, list[int]] = {}
    for row in session.execute(found.order_by(ReferenceProfile.person_id)):
        owners.setdefault(row.owner, []).append(row.person_id)
    return owners


def listed(session: Session, person_ids: list[int]) -> list[Listed]:
    """Return what a mail tells of some profiles, by name."""
    asked = and_(ProfileCheck.person_id == ReferenceProfile.person_id, ProfileCheck.ended_at.is_(None))
    found: Any = _with_owner().add_columns(ProfileCheck.id.label("check_id"), ProfileCheck.why).outerjoin(ProfileCheck, asked)
    found = found.where(ReferenceProfile.person_id.in_(person_ids)).order_by(Person.name_key, Person.id)
    return [Listed(row.person_id, row.name, row.title, row.company or "", row.why or row.verify_why, row.check_id) for row in session.execute(found)]


def open_check(session: Session, person_id: int) -> ProfileCheck | None:
    """Return the question that is open about a profile, or None."""
    return session.scalar(select(ProfileCheck).where(ProfileCheck.person_id == person_id, ProfileCheck.ended_at.is_(None)))


def checks_of(session: Session, person_id: int, limit: int = 10) -> list[ProfileCheck]:
    """Return the last questions about a profile, the newest first."""
    found = select(ProfileCheck).where(ProfileCheck.person_id == person_id)
    return list(session.scalars(found.order_by(ProfileCheck.id.desc()).limit(limit)))


def to_verify(session: Session, owner_id: int | None, now: datetime, *, after: str | None = None) -> Page:
    """Return a page of what is to be verified: asked, due or hidden for it; of one owner's companies, or without one of everybody."""
    today = local_date(now, programme_zone(session))
    open_ = and_(ProfileCheck.person_id == ReferenceProfile.person_id, ProfileCheck.ended_at.is_(None))
    row = ReferenceProfile
    more = (row.status, row.status_reason, row.verify_on, row.verified_at, Person.name_key, ProfileCheck.asked_at, ProfileCheck.why)
    found = _with_owner().add_columns(*more, func.coalesce(_owner.name, "").label("owner_name"))
    found = found.outerjoin(ProfileCheck, open_).where(_waits(today))
    if owner_id is not None:
        found = found.where(Company.owner_id == owner_id)
    return page_by(session, found, [(Person.name_key, False), (Person.id, False)], after=after)


def count_to_verify(session: Session, owner_id: int | None, now: datetime) -> int:
    """Return how many profiles are to be verified: as many as ``to_verify`` lists, of an owner's companies or without one of everybody."""
    return _count(session, owner_id, _waits(local_date(now, programme_zone(session))))


def count_soon(session: Session, owner_id: int | None, now: datetime) -> int:
    """Return of how many more the day comes within ``SOON``."""
    today = local_date(now, programme_zone(session))
    soon = and_(ReferenceProfile.status.in_(IN_USE), ReferenceProfile.verify_on <= today + SOON, ~_waits(today))
    return _count(session, owner_id, soon)


def _count(session: Session, owner_id: int | None, which: ColumnElement[bool]) -> int:
    found = select(func.count()).select_from(ReferenceProfile).where(which)
    if owner_id is not None:
        found = found.join(Person, Person.id == ReferenceProfile.person_id).join(Company, Company.id == Person.company_id)
        found = found.where(Company.owner_id == owner_id)
    return session.scalar(found) or 0


def _waits(today: date) -> ColumnElement[bool]:
    is_due = and_(ReferenceProfile.status.in_(IN_USE), ReferenceProfile.verify_on <= today)
    asked = exists().where(_asked.person_id == ReferenceProfile.person_id, _asked.ended_at.is_(None)).correlate(ReferenceProfile)
    return or_(ReferenceProfile.status == Status.NEEDS_VERIFICATION, is_due, asked)

"""Correcting a person's record with the answer whether their profile is true: title, company, who looks after it."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.seen import require_seen
from portal.kernel.text import clean_line
from portal.people.actions.by_hand import PERSON
from portal.people.actions.companies import edit_company
from portal.people.actions.profile import edit_person
from portal.people.queries.by_hand import wrote_themself
from portal.people.queries.companies import find_company_by_name
from portal.profiles.queries.profiles import Held
from portal.profiles.rules.correcting import CompanyUnknownHere, Correction, Stands, TitleTheirs


def stands(held: Held) -> Stands:
    """Return what stands now."""
    return Stands(held.person.title, held.company.name if held.company else "", held.owner_id)


def correct(session: Session, actor: Actor, held: Held, correction: Correction, now: datetime) -> list[str]:
    """Write what differs from what stands, and return its names. The profile is locked; whoever calls this has checked who may.

    Who moves to another company is looked after by who looks after that: the owner of the one they leave stays.
    Refuses: ChangedMeanwhile, TitleTheirs, CompanyUnknownHere, and an owner who is no staff.
    """
    here, wanted, person = stands(held), correction.wanted, held.person
    title, company = clean_line(wanted.title), clean_line(wanted.company)
    differing = [name for name, old, new in (("title", here.title, title), ("company", here.company, company)) if old != new]
    if wanted.owner_id != here.owner_id and held.company is not None and "company" not in differing:
        differing.append("owner")
    if not differing:
        return []
    require_seen(asdict(here), correction.seen)
    if "title" in differing and here.title and not correction.is_sure and wrote_themself(session, PERSON, person.id, "title"):
        raise TitleTheirs(name=person.name, title=here.title)
    company_id = person.company_id
    if "company" in differing:
        found = find_company_by_name(session, company) if company else None
        if found is None:
            raise CompanyUnknownHere()
        company_id = found.id
    if company_id != person.company_id or "title" in differing:
        edit_person(session, actor, person_id=person.id, name=person.name, title=title, email=person.email, company_id=company_id, now=now)
    if "owner" in differing and held.company is not None:
        edit_company(session, actor, company_id=held.company.id, owner_id=wanted.owner_id, now=now)
    record(session, actor, "profile.corrected", "profile", person.id, now=now, fields=differing)
    return differing

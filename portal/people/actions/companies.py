"""Adding and editing companies."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import Busy
from portal.kernel.seen import require_seen
from portal.kernel.text import clean_line
from portal.people.actions.by_hand import COMPANY, note_by_hand, take_over
from portal.people.models import Company, Person
from portal.people.queries.companies import find_company_by_name, get_company
from portal.people.rules.company import CompanyNameMissing, OwnerNotEmployee, claim_of, name_key, normal_domain, shown_name
from portal.people.rules.person import PersonState

FIELDS = ("name", "industry", "size", "region", "country", "domain", "owner_id")


def add_company(
    session: Session,
    actor: Actor,
    *,
    name: str,
    industry: str = "",
    size: str = "",
    region: str = "",
    country: str = "",
    domain: str = "",
    owner_id: int | None = None,
    key: str | None = None,
    now: datetime,
) -> Company:
    """Add a company. The same ``key`` a second time returns the first company.

    Refuses an empty name (``CompanyNameMissing``), a domain that is none (``DomainInvalid``) and an
    owner who is no employee (``OwnerNotEmployee``).
    """
    values = _values(session, name=name, industry=industry, size=size, region=region, country=country, domain=domain, owner_id=owner_id)
    company = Company(**values, made_by=key, created_at=now)
    try:
        with session.begin_nested():
            session.add(company)
    except IntegrityError as error:
        if not violated(error, "company", "made_by"):
            raise
        first = session.scalar(select(Company).where(Company.made_by == key))
        if first is None:
            # Removed, or given another name, in this very moment.
            raise Busy() from error
        return first
    record(session, actor, "company.added", "company", company.id, now=now, company=company.name)
    return company


def edit_company(
    session: Session,
    actor: Actor,
    *,
    company_id: int,
    now: datetime,
    seen: str | None = None,
    is_import: bool = False,
    **changes: str | int | None,
) -> bool:
    """Change the fields named in ``changes`` and return whether anything differed.

    Refuses what ``add_company`` refuses, and what changed since it was ``seen`` (``ChangedMeanwhile``).

    What somebody changes is theirs: an import (``is_import``) is told by ``by_hand`` to leave it alone, and takes over what it writes.

    A company that gets another name frees its former one for whoever names a company so next.
    """
    company = get_company(session, company_id)
    session.refresh(company, with_for_update={"key_share": True})
    wanted = {field: getattr(company, field) for field in FIELDS} | changes
    values = _values(session, **wanted)  # type: ignore[arg-type]
    differing = {field: value for field, value in values.items() if getattr(company, field) != value}
    if not differing:
        return False
    require_seen(seen_values(company), seen)
    if "name_key" in differing and company.made_by == claim_of(company.name):
        company.made_by = None
    told = {field: [getattr(company, field), value] for field, value in differing.items() if field != "name_key"}
    for field, value in differing.items():
        setattr(company, field, value)
    session.flush()
    fields = set(differing) - {"name_key"}
    if is_import:
        take_over(session, COMPANY, company.id, fields)
    else:
        note_by_hand(session, actor, COMPANY, company.id, fields, now)
    record(session, actor, "company.edited", "company", company.id, now=now, changes=told)
    return True


def seen_values(company: Company) -> dict[str, str | int | None]:
    """Return what the editor shows of a company."""
    return {field: getattr(company, field) for field in FIELDS}


def remove_company(session: Session, actor: Actor, *, company_id: int, now: datetime) -> bool:
    """Remove a company that nothing speaks of, and tell whether it is gone. One with people, acts or nominations stays."""
    company = get_company(session, company_id)
    try:
        with session.begin_nested():
            session.delete(company)
    except IntegrityError:
        return False
    record(session, actor, "company.removed", "company", company_id, now=now, company=company.name)
    return True


def _values(
    session: Session, *, name: str, industry: str, size: str, region: str, country: str, domain: str, owner_id: int | None
) -> dict[str, str | int | None]:
    name = shown_name(name)
    if not name:
        raise CompanyNameMissing()
    if owner_id is not None:
        owner = session.get(Person, owner_id)
        if owner is None or owner.state == PersonState.DEACTIVATED or not (owner.is_employee or owner.is_admin):
            raise OwnerNotEmployee()
    lines = {"industry": industry, "region": region, "country": country}
    plain = {field: clean_line(text)[:120] for field, text in lines.items()}
    return {"name": name, "name_key": name_key(name), "size": clean_line(size)[:40], "domain": normal_domain(domain), "owner_id": owner_id, **plain}


def company_named(session: Session, actor: Actor, name: str | None, now: datetime) -> int | None:
    """Return the id of the first company of this name, whatever its case and accents, made where there is none; None for an empty name.

    The one way from a name that was typed, or stands in a file beside a person, to a company: many at
    once get one company, since the name is also its key (``claim_of``). Companies that are made
    otherwise, with a form or by their external ids, may share a name.
    """
    if not shown_name(name):
        return None
    found = find_company_by_name(session, shown_name(name)) or add_company(session, actor, name=shown_name(name), key=claim_of(name), now=now)
    return found.id

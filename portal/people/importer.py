"""The companies importer: a customer list from a CRM or a spreadsheet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.imports.contract import DoneRow
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, BadCell, Context, Difference, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor
from portal.kernel.text import N_, normal_email
from portal.people.actions.by_hand import COMPANY
from portal.people.actions.companies import add_company, edit_company, remove_company
from portal.people.models import Company, Person
from portal.people.queries.by_hand import edited_by_hand
from portal.people.queries.companies import get_company
from portal.people.rules.company import (
    DOMAIN_LENGTH,
    FIELD_LENGTH,
    NAME_LENGTH,
    SIZE_LENGTH,
    DomainInvalid,
    OwnerNotEmployee,
    name_key,
    normal_domain,
)
from portal.people.rules.person import PersonState

PLAIN = ("name", "industry", "size", "region", "country", "domain")
AT_ONCE = 500
LEFT_ALONE = N_("was changed here by hand and stays as it is; the file says “%(value)s”")


def _domain(value: str) -> str:
    try:
        return cells.text(DOMAIN_LENGTH)(normal_domain(value))
    except DomainInvalid as refusal:
        raise BadCell(N_("“%(value)s” is not a domain such as example.com"), value=value[:80]) from refusal


class CompaniesImporter:
    """Adds companies and keeps them up to date. An empty cell, or a field that is not mapped, changes nothing."""

    name = "companies"
    title = N_("Companies")
    subject_type = "company"
    keeps_by_hand = True
    fields = (
        Field(
            "external_id",
            N_("What the other system calls the company; unique per source"),
            cells.text(200),
            True,
            aliases=("id", "account id", "CIK"),
        ),
        Field(
            "name",
            N_("Name of the company"),
            cells.text(NAME_LENGTH),
            True,
            aliases=("company", "account", "account name", "organization", "Security"),
        ),
        Field("industry", N_("Industry"), cells.text(FIELD_LENGTH), aliases=("sector", "GICS Sector")),
        Field("size", N_("Size, such as 50–249"), cells.text(SIZE_LENGTH), aliases=("employees", "company size")),
        Field("region", N_("Region or city"), cells.text(FIELD_LENGTH), aliases=("state", "city", "location", "Headquarters Location")),
        Field("country", N_("Country"), cells.text(FIELD_LENGTH)),
        Field("domain", N_("Domain, such as example.com"), _domain, aliases=("website", "url")),
        Field("owner_email", N_("E-mail address of the employee who looks after it"), cells.email, aliases=("owner", "account owner")),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find owners who are not employees."""
        owners = employees_by_email(session, {record["owner_email"] for record in records if record["owner_email"]})
        missing = N_("no employee has the address “%(value)s”")
        return {
            record.line: [Fault(missing, {"value": record["owner_email"]}, "owner_email")]
            for record in records
            if record["owner_email"] and normal_email(record["owner_email"]) not in owners
        }

    def match(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, int]:
        """Find companies of the same name, in whatever case and accents, that were typed in or came with people."""
        keys = [name_key(record["name"]) for record in records]
        here: dict[str, int] = {}
        for start in range(0, len(keys), AT_ONCE):
            some = select(Company.name_key, Company.id).where(Company.name_key.in_(keys[start : start + AT_ONCE])).order_by(Company.id.desc())
            here.update((key, company_id) for key, company_id in session.execute(some))
        return {record.line: here[key] for record, key in zip(records, keys, strict=True) if key in here}

    def steps(self, record: Record) -> Sequence[Step]:
        """A company has no moment."""
        return (Step(),)

    def remarks(self, session: Session, records: Sequence[Record], context: Context) -> Sequence[Fault]:
        """Nothing besides the rows themselves."""
        return ()

    def apply(self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime) -> Applied:
        """Add the company, or change what differs."""
        values = _wanted(session, record, context)
        if subject_id is None:
            return Applied(Outcome.CREATED, add_company(session, actor, **values, now=now).id)
        differing, kept = _sorted_out(session, subject_id, values, context)
        notes = tuple(Fault(LEFT_ALONE, {"value": _plain(new)[:80], "here": _plain(old)[:80]}, field) for field, (old, new) in kept.items())
        if not differing:
            return Applied(Outcome.UNCHANGED, subject_id, notes=notes)
        edit_company(session, actor, company_id=subject_id, is_import=True, now=now, **{field: new for field, (_, new) in differing.items()})
        return Applied(Outcome.CHANGED, subject_id, before={field: list(pair) for field, pair in differing.items()}, notes=notes)

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """Tell whether the company differs from the record."""
        return bool(_sorted_out(session, subject_id, _wanted(session, record, context), context)[0])

    def differences(self, session: Session, record: Record, subject_id: int, context: Context) -> Sequence[Difference]:
        """Tell which fields the record says otherwise, and which of them stay as somebody entered them."""
        differing, kept = _sorted_out(session, subject_id, _wanted(session, record, context), context)
        pairs = [(field, pair, False) for field, pair in differing.items()] + [(field, pair, True) for field, pair in kept.items()]
        return [Difference(record.line, record.external_id, field, old, new, is_kept) for field, (old, new), is_kept in pairs]

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Remove a company that was added and is not in use; give an edited one back what it had, where nobody changed it since."""
        if row.outcome is Outcome.CREATED:
            return remove_company(session, actor, company_id=row.subject_id, now=now)
        company, before = get_company(session, row.subject_id), row.before or {}
        back = {field: old for field, (old, new) in before.items() if getattr(company, field) == new}
        edit_company(session, actor, company_id=row.subject_id, is_import=True, now=now, **back)
        return True


def employees_by_email(session: Session, emails: set[str]) -> dict[str, int]:
    """Return the employees and admins who have one of ``emails``, by the normal form of the address."""
    keys, found = sorted({normal_email(email) or "" for email in emails}), dict[str, int]()
    for start in range(0, len(keys), AT_ONCE):
        staff = select(Person.email_key, Person.id).where(Person.email_key.in_(keys[start : start + AT_ONCE]), Person.is_employee | Person.is_admin)
        found.update((str(key), person_id) for key, person_id in session.execute(staff.where(Person.state != PersonState.DEACTIVATED)))
    return found


def _wanted(session: Session, record: Record, context: Context) -> dict[str, Any]:
    """Return the columns that the record fills."""
    values: dict[str, Any] = {field: record[field] for field in PLAIN if record[field] is not None}
    if record["owner_email"]:
        values["owner_id"] = _owner_id(session, context.memo.setdefault("owners", {}), record["owner_email"])
    return values


def _owner_id(session: Session, memo: dict[str, int], email: str) -> int:
    """Return the employee who has the address; refuses (``OwnerNotEmployee``) one who left since the rows were checked."""
    key = normal_email(email) or ""
    if key not in memo:
        memo.update(employees_by_email(session, {email}))
    if key not in memo:
        raise OwnerNotEmployee()
    return memo[key]


Pairs = dict[str, tuple[Any, Any]]


def _sorted_out(session: Session, company_id: int, values: Mapping[str, Any], context: Context) -> tuple[Pairs, Pairs]:
    """Return what differs and is written, and what differs and stays, because somebody changed it here and the import was not told otherwise."""
    differing = _differing(get_company(session, company_id), values)
    own = edited_by_hand(session, COMPANY, company_id) if differing and not context.is_overwriting else frozenset[str]()
    return {field: pair for field, pair in differing.items() if field not in own}, {f: pair for f, pair in differing.items() if f in own}


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _differing(company: Company, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {field: (getattr(company, field), new) for field, new in values.items() if getattr(company, field) != new}

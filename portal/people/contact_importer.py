"""The contacts importer: people at customer companies, from a CRM. They become contacts: nobody is invited, told or asked anything."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.imports.contract import DoneRow
from portal.imports.queries import known_subjects
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, Context, Difference, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor
from portal.kernel.text import N_, normal_email
from portal.people.actions.by_hand import PERSON
from portal.people.actions.companies import company_named, edit_company
from portal.people.actions.persons import add_person, identify_person
from portal.people.actions.profile import edit_person
from portal.people.actions.states import deactivate_person, reactivate_person
from portal.people.importer import LEFT_ALONE, CompaniesImporter, employees_by_email
from portal.people.models import Person
from portal.people.queries.by_hand import edited_by_hand
from portal.people.queries.companies import find_company_by_name, get_company, names_of_companies
from portal.people.queries.persons import find_person_by_identity, get_person, people_by_email, people_by_identity
from portal.people.queries.referring import refers_to
from portal.people.rules.company import NAME_LENGTH as COMPANY_LENGTH
from portal.people.rules.importing import UNDONE, why_stays
from portal.people.rules.person import NAME_LENGTH, TITLE_LENGTH, PersonState

Pairs = dict[str, tuple[Any, Any]]


class ContactsImporter:
    """Adds people at companies and keeps them up to date. An empty cell, or a field that is not mapped, changes nothing."""

    name = "contacts"
    title = N_("Contacts")
    subject_type = "person"
    keeps_by_hand = True
    fields = (
        Field("external_id", N_("What the other system calls the person; unique per source"), cells.text(200), True, aliases=("id", "contact id")),
        Field("name", N_("Name of the person"), cells.text(NAME_LENGTH), True, aliases=("full name", "contact", "contact name")),
        Field("email", N_("E-mail address"), cells.email, aliases=("mail", "e-mail", "email address")),
        Field("title", N_("Job title"), cells.text(TITLE_LENGTH), aliases=("role", "position", "job title")),
        Field("company", N_("Name of the company"), cells.text(COMPANY_LENGTH), aliases=("account", "account name", "organization")),
        Field("company_id", N_("What the same system calls the company, as companies were imported"), cells.text(200), aliases=("account id", "CIK")),
        Field("owner_email", N_("E-mail address of the employee who looks after the company, if nobody does"), cells.email, aliases=("owner",)),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find companies that are not known, owners who are no employees, and addresses of people of our own."""
        companies = known_subjects(session, CompaniesImporter.name, context.source, {r["company_id"] for r in records if r["company_id"]})
        owners = employees_by_email(session, {r["owner_email"] for r in records if r["owner_email"]})
        by_email = people_by_email(session, {r["email"] for r in records if r["email"]})
        ours = employees_by_email(session, {r["email"] for r in records if r["email"]})
        found: dict[int, list[Fault]] = {}
        seen: dict[str, int] = {}
        for record in records:
            faults = found.setdefault(record.line, [])
            if record["company_id"] and record["company_id"] not in companies:
                faults.append(Fault(N_("no imported company is called “%(value)s”"), {"value": record["company_id"]}, "company_id"))
            if record["owner_email"] and normal_email(record["owner_email"]) not in owners:
                faults.append(Fault(N_("no employee has the address “%(value)s”"), {"value": record["owner_email"]}, "owner_email"))
            key = normal_email(record["email"]) or ""
            if key in ours and key in by_email:
                faults.append(Fault(N_("belongs to somebody of your own team"), {}, "email"))
            if key and seen.setdefault(key, record.line) != record.line:
                faults.append(Fault(N_("same address as line %(line)s"), {"line": seen[key]}, "email"))
        return {line: faults for line, faults in found.items() if faults}

    def match(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, int]:
        """Find people whom the system is known to call so, by other imports too; else who has the address."""
        by_id = people_by_identity(session, context.source, {record.external_id for record in records})
        by_email = people_by_email(session, {record["email"] for record in records if record["email"]})
        found = {record.line: by_id.get(record.external_id) or by_email.get(normal_email(record["email"]) or "") for record in records}
        return {line: person_id for line, person_id in found.items() if person_id}

    def steps(self, record: Record) -> Sequence[Step]:
        """A contact has no moment."""
        return (Step(),)

    def remarks(self, session: Session, records: Sequence[Record], context: Context) -> Sequence[Fault]:
        """Nothing besides the rows themselves."""
        return ()

    def apply(self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime) -> Applied:
        """Add the contact, or change what differs; nobody is told."""
        values = self._wanted(session, actor, record, context, now)
        self._look_after(session, actor, record, values.get("company_id"), now)
        if subject_id is None:
            person = add_person(session, actor, **values, now=now)
            self._identify(session, person.id, record, context, now)
            return Applied(Outcome.CREATED, person.id)
        self._identify(session, subject_id, record, context, now)
        if _was_taken_out(session, subject_id):
            reactivate_person(session, actor, person_id=subject_id, now=now)
            _edit(session, actor, subject_id, values, now)
            return Applied(Outcome.CREATED, subject_id)
        differing, kept = _sorted_out(session, subject_id, values, context)
        notes = tuple(Fault(LEFT_ALONE, {"value": str(new or "")[:80], "here": str(old or "")[:80]}, field) for field, (old, new) in kept.items())
        if not differing:
            return Applied(Outcome.UNCHANGED, subject_id, notes=notes)
        _edit(session, actor, subject_id, {field: new for field, (_old, new) in differing.items()}, now)
        return Applied(Outcome.CHANGED, subject_id, before={field: list(pair) for field, pair in differing.items()}, notes=notes)

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """Tell whether the person differs from the record in a field that may be written, or comes back."""
        return _was_taken_out(session, subject_id) or any(not one.is_kept for one in self.differences(session, record, subject_id, context))

    def differences(self, session: Session, record: Record, subject_id: int, context: Context) -> Sequence[Difference]:
        """Tell which fields the record says otherwise, and which of them stay as somebody entered them."""
        values = self._wanted(session, None, record, context, context.now)
        differing, kept = _sorted_out(session, subject_id, values, context)
        pairs = [(field, pair, False) for field, pair in differing.items()] + [(field, pair, True) for field, pair in kept.items()]
        return [Difference(record.line, record.external_id, field, *_shown(session, field, pair, record), is_kept) for field, pair, is_kept in pairs]

    def told(self, session: Session, differences: Sequence[Difference]) -> Sequence[Difference]:
        """Return them with companies by name."""
        ids = {one for each in differences if each.field == "company_id" for one in (each.before, each.after) if isinstance(one, int)}
        names: dict[Any, str] = {**names_of_companies(session, ids)}
        return [
            replace(one, before=names.get(one.before, one.before), after=names.get(one.after, one.after)) if one.field == "company_id" else one
            for one in differences
        ]

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Give an edited contact back what it had, where nobody changed it since. One that was added is deactivated, since people are never
        removed; refuses who has done something by now, or of whom something speaks (``PersonStays``).
        """
        if row.outcome is Outcome.CREATED:
            return _take_out(session, actor, row.subject_id, now)
        person, before = get_person(session, row.subject_id), row.before or {}
        back = {field: old for field, (old, new) in before.items() if getattr(person, field) == new}
        if back:
            _edit(session, actor, row.subject_id, back, now)
        return True

    def _wanted(self, session: Session, actor: Actor | None, record: Record, context: Context, now: datetime) -> dict[str, Any]:
        """Return the columns that the record fills; without an ``actor`` no company is made for a name that is not known."""
        values: dict[str, Any] = {field: record[field] for field in ("name", "email", "title") if record[field] is not None}
        if record["company_id"]:
            known = context.memo.setdefault("companies", {})
            if record["company_id"] not in known:
                known |= known_subjects(session, CompaniesImporter.name, context.source, [record["company_id"]])
            values["company_id"] = known.get(record["company_id"])
        elif record["company"]:
            if actor is not None:
                values["company_id"] = company_named(session, actor, record["company"], now)
            else:
                found = find_company_by_name(session, record["company"])
                values["company_id"] = found.id if found else 0
        return values

    def _identify(self, session: Session, person_id: int, record: Record, context: Context, now: datetime) -> None:
        """Remember what the other system calls the person, so that events, asks and acts from there find them."""
        if find_person_by_identity(session, context.source, record.external_id) is None:
            identify_person(session, person_id=person_id, source=context.source, external_id=record.external_id, now=now)

    def _look_after(self, session: Session, actor: Actor, record: Record, company_id: int | None, now: datetime) -> None:
        """Let the employee look after the company where nobody does."""
        if record["owner_email"] and company_id and get_company(session, company_id).owner_id is None:
            owner_id = employees_by_email(session, {record["owner_email"]}).get(normal_email(record["owner_email"]) or "")
            if owner_id is not None:
                edit_company(session, actor, company_id=company_id, is_import=True, owner_id=owner_id, now=now)


def _take_out(session: Session, actor: Actor, person_id: int, now: datetime) -> bool:
    person = get_person(session, person_id)
    session.refresh(person, with_for_update=True)
    if person.state == PersonState.DEACTIVATED:
        return True
    is_edited = bool(edited_by_hand(session, PERSON, person_id))
    why = why_stays(is_contact=person.state == PersonState.CONTACT, is_edited=is_edited, tables=refers_to(session, person_id))
    if why is not None:
        raise why(name=person.name)
    deactivate_person(session, actor, person_id=person_id, reason=UNDONE, now=now)
    return True


def _was_taken_out(session: Session, person_id: int) -> bool:
    """Tell whether somebody is gone since the import that added them was undone, and for no other reason."""
    person = get_person(session, person_id)
    return person.state == PersonState.DEACTIVATED and person.deactivation_reason == UNDONE


def _sorted_out(session: Session, person_id: int, values: Mapping[str, Any], context: Context) -> tuple[Pairs, Pairs]:
    """Return what differs and is written, and what differs and stays.

    What somebody changed here stays unless the import was told otherwise; the address of who was invited or has joined stays whatever it
    was told, since they sign in with it.
    """
    person = get_person(session, person_id)
    differing = {field: (getattr(person, field), new) for field, new in values.items() if getattr(person, field) != new}
    own = set(edited_by_hand(session, PERSON, person_id)) if differing and not context.is_overwriting else set()
    if person.state != PersonState.CONTACT:
        own.add("email")
    return {field: pair for field, pair in differing.items() if field not in own}, {f: pair for f, pair in differing.items() if f in own}


def _edit(session: Session, actor: Actor, person_id: int, changes: Mapping[str, Any], now: datetime) -> None:
    person: Person = get_person(session, person_id)
    whole = {field: changes.get(field, getattr(person, field)) for field in ("name", "title", "email", "company_id")}
    edit_person(session, actor, person_id=person_id, **whole, is_import=True, now=now)


def _shown(session: Session, field: str, pair: tuple[Any, Any], record: Record) -> tuple[Any, Any]:
    """Return a pair as one reads it: companies by name."""
    if field != "company_id":
        return pair
    old, new = (get_company(session, one).name if one else None for one in pair)
    return old, new or record["company"]

"""The awards importer: points given and taken by a file, a row each, as if each were a correction by hand.

It has the limits of a correction by hand: rows past the importing admin's limit of the month are bad, and those that two people have
to see are kept as requests for a second admin. Both are told before anything is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.bank.actions.adjusting import adjust_points, undo_adjustment
from portal.bank.queries.limits import given_alone, limits_of, used_now
from portal.bank.rules.adjusting import (
    CATEGORY_NAMES,
    REASON_IMPORT_UNDONE,
    REASON_LENGTH,
    Category,
    MonthlyLimitReached,
    Used,
    month_of,
    require_within,
)
from portal.imports.contract import DoneRow
from portal.imports.queries import known_subjects
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, Context, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import ADMIN, Actor
from portal.kernel.clock import CLOCK_DRIFT
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, normal_email
from portal.ledger.rules import MOST_POINTS
from portal.people.queries.persons import find_person_by_email, find_person_by_identity, people_by_email, people_by_identity
from portal.review.queries.terms import terms_of
from portal.review.rules.terms import Terms

YES, NO = "yes", "no"
CATEGORIES = tuple(category.value for category in Category)
NAMES = {category.value: CATEGORY_NAMES[category] for category in Category}
PAST_GIVEN = N_("is past your limit: one admin may give at most %(limit)s points by hand in a month, and %(left)s are left to you")
PAST_TAKEN = N_("is past your limit: one admin may take at most %(limit)s points by hand in a month, and %(left)s are left to you")


class AwardsImporter:
    """Makes corrections of members who are known here already. Undoing reverses what was booked and withdraws what still waits."""

    name = "awards"
    title = N_("Points by hand")
    subject_type = "adjustment"
    fields = (
        Field("external_id", N_("What tells this award from all others; unique per source"), cells.text(200), True, aliases=("id", "reference")),
        Field("member_id", N_("What the other system calls the member; or give an e-mail address"), cells.text(200), aliases=("user id",)),
        Field("member_email", N_("E-mail address of the member"), cells.email, aliases=("email", "mail", "user email")),
        Field("points", N_("Points to add; below zero to take"), cells.whole(-MOST_POINTS, MOST_POINTS), True, aliases=("score", "amount")),
        Field("category", N_("Kind of correction"), cells.choice(*CATEGORIES), True, choices=CATEGORIES, names=NAMES, aliases=("kind", "type")),
        Field("reason", N_("Why; the member reads it"), cells.text(REASON_LENGTH), True, aliases=("note", "why")),
        Field(
            "counts_as_earned",
            N_("Whether lifetime total and boards follow; yes if empty"),
            cells.choice(YES, NO),
            choices=(YES, NO),
            aliases=("earned",),
        ),
        Field("counts_from", N_("From when the points count; from the import on if empty"), cells.moment, aliases=("date", "effective date")),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find rows of nobody who is known here, one's own, without points, from the future, and those past the limit of the month."""
        by_id = people_by_identity(session, context.source, {r["member_id"] for r in records if r["member_id"]})
        by_email = people_by_email(session, {r["member_email"] for r in records if r["member_email"]})
        found = {record.line: list(_faults(record, by_id, by_email, context)) for record in records}
        limits, used = limits_of(session), used_now(session, context.starter_id, context.now)
        for record in self._new(session, [record for record in records if not found[record.line]], context):
            try:
                require_within(limits, used, record["points"])
            except MonthlyLimitReached as refusal:
                past = PAST_GIVEN if record["points"] > 0 else PAST_TAKEN
                found[record.line] = [Fault(past, refusal.facts, refusal.field)]
            else:
                used = used.plus(record["points"])
        return {line: faults for line, faults in found.items() if faults}

    def match(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, int]:
        """Only the external id tells one award from another."""
        return {}

    def steps(self, record: Record) -> Sequence[Step]:
        """In the order of the lines."""
        return (Step(),)

    def remarks(self, session: Session, records: Sequence[Record], context: Context) -> Sequence[Fault]:
        """Say how many points this gives and takes in all, and how many rows wait for a second admin."""
        new, terms = self._new(session, records, context), terms_of(session)
        given, taken = (sum(max(sign * record["points"], 0) for record in new) for sign in (1, -1))
        said = [Fault(N_("In all %(given)s points are given and %(taken)s taken."), {"given": given, "taken": taken})] if new else []
        waiting = self._waiting(session, new, terms, context)
        if waiting:
            facts = {"rows": waiting, "limit": terms.four_eyes_above}
            message = N_(
                "Rows with which one person gets, or loses, more than %(limit)s points by you in this month: %(rows)s. "
                "They are not booked but wait for a second admin, in the approvals queue."
            )
            said.append(Fault(message, facts))
        return said

    def apply(self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime) -> Applied:
        """Make the correction, once for the source and its external id."""
        if subject_id is not None:
            return Applied(Outcome.UNCHANGED, subject_id)
        made = adjust_points(
            session,
            actor,
            person_id=_person_id(session, record, context),
            points=record["points"],
            counts_as_earned=record["counts_as_earned"] != NO,
            category=record["category"],
            reason=record["reason"],
            key=f"import:{context.source}:{record.external_id}",
            now=now,
            counts_from=record["counts_from"],
            batch_id=context.batch_id,
            tell=context.is_notifying,
        )
        return Applied(Outcome.CREATED, made.id)

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """What was awarded stays as it is."""
        return False

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Take one award back. Refuses the own one of the admin who undoes."""
        undoer = _undoer(session, row.batch_id)
        by = actor if undoer is None else Actor(undoer, frozenset({ADMIN}), origin="import")
        undo_adjustment(session, by, adjustment_id=row.subject_id, reason="", code=REASON_IMPORT_UNDONE, now=now)
        return True

    def _waiting(self, session: Session, new: Sequence[Record], terms: Terms, context: Context) -> int:
        """Return how many rows wait for a second admin, read in order, with what was given to each person before."""
        by_id = people_by_identity(session, context.source, {r["member_id"] for r in new if r["member_id"]})
        by_email = people_by_email(session, {r["member_email"] for r in new if r["member_email"]})
        people = [by_id.get(r["member_id"] or "") or by_email.get(normal_email(r["member_email"]) or "") or 0 for r in new]
        month = month_of(context.now, programme_zone(session))
        alone, waiting = given_alone(session, context.starter_id, set(people), month), 0
        for person_id, record in zip(people, new, strict=True):
            before, points = alone.get(person_id, Used()), record["points"]
            if terms.needs_second(before.of(points) + abs(points)):
                waiting += 1
            else:
                alone[person_id] = before.plus(points)
        return waiting

    def _new(self, session: Session, records: Sequence[Record], context: Context) -> list[Record]:
        """Return the records that were not imported before, which alone move points."""
        known = known_subjects(session, self.name, context.source, {record.external_id for record in records})
        return [record for record in records if record.external_id not in known]


class MemberUnknown(Refusal):
    """An award is for somebody who is known here."""

    message = N_("is nobody who is known here")


def _faults(record: Record, by_id: Mapping[str, int], by_email: Mapping[str, int], context: Context) -> Iterable[Fault]:
    member_id, email = record["member_id"], record["member_email"]
    known, addressed = by_id.get(member_id or ""), by_email.get(normal_email(email) or "")
    if not member_id and not email:
        yield Fault(N_("has neither member_id nor member_email"))
    elif not known and not addressed:
        yield Fault(MemberUnknown.message, field="member_id" if member_id else "member_email")
    if known and addressed and known != addressed:
        yield Fault(N_("member_id and member_email belong to two different people"), field="member_email")
    if context.starter_id is not None and (known or addressed) == context.starter_id:
        yield Fault(N_("is your own, so another admin has to import it"), field="member_id" if known else "member_email")
    if record["points"] == 0:
        yield Fault(N_("moves no points"), field="points")
    if record["counts_from"] and record["counts_from"] > context.now + CLOCK_DRIFT:
        yield Fault(N_("lies in the future"), field="counts_from")


def _person_id(session: Session, record: Record, context: Context) -> int:
    person = find_person_by_identity(session, context.source, record["member_id"]) if record["member_id"] else None
    person = person or find_person_by_email(session, record["member_email"])
    if person is None:
        raise MemberUnknown()
    return person.id


def _undoer(session: Session, batch_id: int) -> int | None:
    """Return who asked for the undo, None for the command line."""
    asked = select(AuditEvent.actor_id).where(
        AuditEvent.subject_type == "import", AuditEvent.subject_id == batch_id, AuditEvent.name == "import.undo_started"
    )
    return session.scalars(asked.order_by(AuditEvent.id.desc()).limit(1)).first()

"""The asks importer: what was asked before the portal, or past it, from a list. Each row is written down as an ask made outside."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.actions.answering import withdraw_ask
from portal.acts.actions.asking import MOST_YEARS, log_outside_ask
from portal.acts.models.asks import OpenAsk
from portal.acts.queries.people import person_of
from portal.acts.rules.asks import MOST_MINUTES, NOTE_LENGTH, AskKind, Came, Channel
from portal.imports.contract import DoneRow
from portal.imports.queries import known_subjects
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, Context, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor
from portal.kernel.clock import CLOCK_DRIFT
from portal.kernel.text import N_, normal_email
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_identity, people_by_email, people_by_identity

KINDS, CHANNELS, CAME = (tuple(word.value for word in words) for words in (AskKind, Channel, Came))
REASON_UNDONE = "import undone"


class AsksImporter:
    """Writes down asks of people who are known here. What was imported stays; undoing takes back what is still open."""

    name = "asks"
    title = N_("Asks made elsewhere")
    subject_type = "ask"
    fields = (
        Field("external_id", N_("What tells this ask from all others; unique per source"), cells.text(150), True, aliases=("id", "reference")),
        Field("member_id", N_("What the other system calls the person; or give an e-mail address"), cells.text(200), aliases=("contact id",)),
        Field("member_email", N_("E-mail address of the person"), cells.email, aliases=("email", "mail", "contact email")),
        Field("kind", N_("What they were asked for"), cells.choice(*KINDS), True, choices=KINDS, aliases=("type", "activity")),
        Field("asked_at", N_("When they were asked"), cells.moment, True, aliases=("date", "asked", "date approached")),
        Field("outcome", N_("What came of it; open if empty"), cells.choice(*CAME), choices=CAME, aliases=("status", "result")),
        Field("channel", N_("How they were asked; by e-mail if empty"), cells.choice(*CHANNELS), choices=CHANNELS),
        Field("about", N_("What it was about"), cells.text(200), aliases=("subject",)),
        Field("minutes", N_("Minutes it took them"), cells.whole(0, MOST_MINUTES)),
        Field("note", N_("Note"), cells.text(NOTE_LENGTH), aliases=("comment",)),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find rows of nobody who is known here, from the future, and too old ones."""
        by_id = people_by_identity(session, context.source, {r["member_id"] for r in records if r["member_id"]})
        by_email = people_by_email(session, {r["member_email"] for r in records if r["member_email"]})
        advocates = _advocates(session, {*by_id.values(), *by_email.values()})
        found = {record.line: list(_faults(record, by_id, by_email, advocates, context)) for record in records}
        return {line: faults for line, faults in found.items() if faults}

    def match(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, int]:
        """Only the external id tells one ask from another."""
        return {}

    def steps(self, record: Record) -> Sequence[Step]:
        """In order of time."""
        return (Step(at=record["asked_at"]),)

    def remarks(self, session: Session, records: Sequence[Record], context: Context) -> Sequence[Fault]:
        """Say how many new asks there are, and how many of them stay open."""
        known = known_subjects(session, self.name, context.source, {record.external_id for record in records})
        new = [record for record in records if record.external_id not in known]
        waiting = sum(1 for record in new if record["outcome"] in (None, Came.ACCEPTED))
        message = N_("Asks that are written down as made outside the portal: %(new)s, of which still open or accepted: %(waiting)s. They take slots.")
        return [Fault(message, {"new": len(new), "waiting": waiting})] if new else []

    def apply(self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime) -> Applied:
        """Write the ask down, once for the source and its external id."""
        if subject_id is not None:
            return Applied(Outcome.UNCHANGED, subject_id)
        made = log_outside_ask(
            session,
            actor,
            person_id=_person_id(session, record, context),
            kind=record["kind"],
            key=f"import:{context.source}:{record.external_id}",
            happened_at=min(record["asked_at"], now),
            channel=record["channel"] or Channel.EMAIL,
            about=record["about"] or "",
            came=Came(record["outcome"]) if record["outcome"] else None,
            minutes=record["minutes"],
            note=record["note"] or "",
            now=now,
        )
        return Applied(Outcome.CREATED, made.id)

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """What was written down stays as it is."""
        return False

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Take an ask back that is still open; one that is settled is kept, since the record never changes."""
        if session.get(OpenAsk, row.subject_id) is None:
            return False
        withdraw_ask(session, actor, ask_id=row.subject_id, reason=REASON_UNDONE, now=now)
        return True


def _faults(record: Record, by_id: Mapping[str, int], by_email: Mapping[str, int], advocates: set[int], context: Context) -> Iterable[Fault]:
    member_id, email = record["member_id"], record["member_email"]
    known, addressed = by_id.get(member_id or ""), by_email.get(normal_email(email) or "")
    if not member_id and not email:
        yield Fault(N_("has neither member_id nor member_email"))
    elif not known and not addressed:
        yield Fault(N_("is nobody who is known here"), {}, "member_email" if email else "member_id")
    elif (known or addressed) not in advocates:
        yield Fault(N_("is no customer’s person"), {}, "member_email" if email else "member_id")
    if record["asked_at"] > context.now + CLOCK_DRIFT:
        yield Fault(N_("lies in the future"), {}, "asked_at")
    elif record["asked_at"] < context.now - timedelta(days=366 * MOST_YEARS - 1):
        yield Fault(N_("is more than %(years)s years ago"), {"years": MOST_YEARS}, "asked_at")


def _advocates(session: Session, ids: set[int]) -> set[int]:
    """Return those of ``ids`` who are customers' people."""
    ordered, found = sorted(ids), set[int]()
    for start in range(0, len(ordered), 500):
        found.update(session.scalars(select(Person.id).where(Person.id.in_(ordered[start : start + 500]), Person.is_advocate)))
    return found


def _person_id(session: Session, record: Record, context: Context) -> int:
    """Return whom the row means; refuses one who is gone since the rows were checked (``WhoUnknown``)."""
    named = find_person_by_identity(session, context.source, record["member_id"]) if record["member_id"] else None
    return person_of(session, named.id, None) if named else person_of(session, None, record["member_email"] or "")

"""The asks importer: what was asked before the portal, or past it, from a list. Each row is written down as an ask made outside."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.acts.actions.answering import settle_outside_ask, withdraw_ask
from portal.acts.actions.outside import log_outside_ask
from portal.acts.models.asks import OpenAsk
from portal.acts.queries.asks import states_of
from portal.acts.queries.people import find_asker, person_of
from portal.acts.rules.asks import KEY_LENGTH, MOST_MINUTES, NEXT, NOTE_LENGTH, UNSETTLED, AskKind, AskState, Came, Channel
from portal.acts.rules.past import MOST_YEARS
from portal.imports.contract import DoneRow
from portal.imports.queries import known_subjects
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, Context, Difference, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor
from portal.kernel.clock import CLOCK_DRIFT
from portal.kernel.text import N_, normal_email
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_identity, people_by_email, people_by_identity

KINDS, CHANNELS, CAME = (tuple(word.value for word in words) for words in (AskKind, Channel, Came))
REASON_UNDONE = "import undone"
SETTLED = N_("is settled here already as “%(here)s” and stays so; the file says “%(value)s”")


class AsksImporter:
    """Writes down asks of people who are known here, and what came of those that were open. What came of one stays; undoing takes back open ones."""

    name = "asks"
    title = N_("Asks made elsewhere")
    subject_type = "ask"
    keeps_by_hand = False
    fields = (
        Field("external_id", N_("What tells this ask from all others; unique per source"), cells.text(150), True, aliases=("id", "reference")),
        Field("member_id", N_("What the other system calls the person; or give an e-mail address"), cells.text(200), aliases=("contact id",)),
        Field("member_email", N_("E-mail address of the person"), cells.email, aliases=("email", "mail", "contact email")),
        Field("kind", N_("What they were asked for"), cells.choice(*KINDS), True, choices=KINDS, aliases=("type", "activity")),
        Field("asked_at", N_("When they were asked"), cells.moment, True, aliases=("date", "asked", "date approached")),
        Field("outcome", N_("What came of it; open if empty"), cells.choice(*CAME), choices=CAME, aliases=("status", "result")),
        Field("channel", N_("How they were asked; by e-mail if empty"), cells.choice(*CHANNELS), choices=CHANNELS),
        Field("about", N_("What it was about"), cells.text(200), aliases=("subject",)),
        Field("asked_by", N_("E-mail address of the colleague who asked; nobody known if empty"), cells.email, aliases=("owner", "requested by")),
        Field("minutes", N_("Minutes it took them"), cells.whole(0, MOST_MINUTES)),
        Field("note", N_("Note"), cells.text(NOTE_LENGTH), aliases=("comment",)),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find rows of nobody who is known here, from the future, and too old ones."""
        by_id = people_by_identity(session, context.source, {r["member_id"] for r in records if r["member_id"]})
        by_email = people_by_email(session, {r["member_email"] for r in records if r["member_email"]})
        advocates = _advocates(session, {*by_id.values(), *by_email.values()})
        askers = _askers(session, {r["asked_by"] for r in records if r["asked_by"]})
        found = {record.line: list(_faults(record, by_id, by_email, advocates, askers, context)) for record in records}
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
        """Write the ask down, once for the source and its external id; later what came of it, where it was open."""
        if subject_id is not None:
            return self._settle(session, actor, record, subject_id, now)
        made = log_outside_ask(
            session,
            actor,
            person_id=_person_id(session, record, context),
            kind=record["kind"],
            key=_key(context.source, record.external_id),
            happened_at=min(record["asked_at"], now),
            channel=record["channel"] or Channel.EMAIL,
            about=record["about"] or "",
            asked_by_id=find_asker(session, record["asked_by"]).id if record["asked_by"] else None,
            came=Came(record["outcome"]) if record["outcome"] else None,
            minutes=record["minutes"],
            note=record["note"] or "",
            now=now,
        )
        return Applied(Outcome.CREATED, made.id)

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """Tell whether something came of an ask that is open here."""
        return any(not one.is_kept for one in self.differences(session, record, subject_id, context))

    def gather(self, session: Session, records: Sequence[Record], known: Mapping[str, int], context: Context) -> None:
        """Read how the asks stand, for all rows at once."""
        context.memo["states"] = states_of(session, {known[record.external_id] for record in records}, context.now)

    def differences(self, session: Session, record: Record, subject_id: int, context: Context) -> Sequence[Difference]:
        """Tell what came of an open ask; of one that is settled, that it stays so. Nothing else of an ask is ever changed."""
        gathered: Mapping[int, AskState] = context.memo.get("states", {})
        state = gathered.get(subject_id) or states_of(session, [subject_id], context.now)[subject_id]
        came = record["outcome"]
        if came is None or came == state.value:
            return ()
        is_kept = state not in UNSETTLED or Came(came) not in NEXT[state]  # a file puts nothing right
        return (Difference(record.line, record.external_id, "outcome", state.value, came, is_kept=is_kept),)

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Take an ask back that is still open; one that is settled is kept, and what came of one, since the record never changes."""
        if row.outcome is Outcome.CHANGED or session.get(OpenAsk, row.subject_id) is None:
            return False
        withdraw_ask(session, actor, ask_id=row.subject_id, reason=REASON_UNDONE, now=now)
        return True

    def _settle(self, session: Session, actor: Actor, record: Record, ask_id: int, now: datetime) -> Applied:
        found = self.differences(session, record, ask_id, Context("", "", now))
        if not found:
            return Applied(Outcome.UNCHANGED, ask_id)
        one = found[0]
        if one.is_kept:
            return Applied(Outcome.UNCHANGED, ask_id, notes=(Fault(SETTLED, {"value": one.after, "here": one.before}, one.field),))
        settle_outside_ask(session, actor, ask_id=ask_id, came=Came(one.after), minutes=record["minutes"], note=record["note"] or "", now=now)
        return Applied(Outcome.CHANGED, ask_id, before={one.field: [one.before, one.after]})


def _faults(
    record: Record, by_id: Mapping[str, int], by_email: Mapping[str, int], advocates: set[int], askers: set[str], context: Context
) -> Iterable[Fault]:
    member_id, email = record["member_id"], record["member_email"]
    known, addressed = by_id.get(member_id or ""), by_email.get(normal_email(email) or "")
    if not member_id and not email:
        yield Fault(N_("has neither member_id nor member_email"))
    elif not known and not addressed:
        yield Fault(N_("is nobody who is known here"), {}, "member_email" if email else "member_id")
    elif (known or addressed) not in advocates:
        yield Fault(N_("is no customer’s person"), {}, "member_email" if email else "member_id")
    if record["asked_by"] and normal_email(record["asked_by"]) not in askers:
        yield Fault(N_("is no employee or admin here"), {}, "asked_by")
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


def _key(source: str, external_id: str) -> str:
    """Return the key of a row; of a long one what tells it from every other, since a key is cut."""
    key = f"import:{source}:{external_id}"
    return key if len(key) <= KEY_LENGTH else f"import:{sha256(key.encode()).hexdigest()}"


def _askers(session: Session, emails: set[str]) -> set[str]:
    """Return those of ``emails``, in their normal form, that are an employee's or admin's."""
    found = people_by_email(session, emails)
    staff = set(session.scalars(select(Person.id).where(Person.id.in_(found.values()), or_(Person.is_employee, Person.is_admin)))) if found else set()
    return {email for email, person_id in found.items() if person_id in staff}


def _person_id(session: Session, record: Record, context: Context) -> int:
    """Return whom the row means; refuses one who is gone since the rows were checked (``WhoUnknown``)."""
    named = find_person_by_identity(session, context.source, record["member_id"]) if record["member_id"] else None
    return person_of(session, named.id, None) if named else person_of(session, None, record["member_email"] or "")

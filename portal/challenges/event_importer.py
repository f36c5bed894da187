"""The events importer: attendance lists of webinars and the like, each line one event, as if another system had sent it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.challenges.actions.events import hear_event
from portal.imports.contract import DoneRow
from portal.imports.rules import cells
from portal.imports.rules.records import Applied, BadCell, Context, Fault, Field, Outcome, Record, Step
from portal.kernel.actor import Actor
from portal.kernel.clock import CLOCK_DRIFT
from portal.kernel.text import N_, normal_email
from portal.outside.actions import drop_event
from portal.outside.rules import CODE_LENGTH, ID_LENGTH, CodeInvalid, Heard, require_code
from portal.people.queries.persons import people_by_email


def _code(value: str) -> str:
    try:
        return require_code(value)
    except CodeInvalid as refusal:
        raise BadCell(refusal.message, most=CODE_LENGTH) from refusal


class EventsImporter:
    """Hears events. Whom nobody knows yet is kept too, and waits for them; importing again changes nothing."""

    name = "events"
    title = N_("Outside events")
    subject_type = "outside_event"
    fields = (
        Field(
            "external_id",
            N_("What the other system calls this one event; unique per source"),
            cells.text(ID_LENGTH),
            True,
            aliases=("id", "registration id", "attendee id"),
        ),
        Field("code", N_("Code of the event, as the step of the challenge asks for it"), _code, True, aliases=("event", "event code", "webinar")),
        Field("member_email", N_("E-mail address of who took part"), cells.email, True, aliases=("email", "mail", "attendee email")),
        Field("happened_at", N_("When it happened"), cells.moment, True, aliases=("date", "time", "joined at", "attended at")),
    )

    def check(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, Sequence[Fault]]:
        """Find moments in the future, and an admin's own events: points may follow from them."""
        known = people_by_email(session, {record["member_email"] for record in records})
        found: dict[int, list[Fault]] = {}
        for record in records:
            if record["happened_at"] > context.now + CLOCK_DRIFT:
                found.setdefault(record.line, []).append(Fault(N_("lies in the future"), field="happened_at"))
            if context.starter_id is not None and known.get(normal_email(record["member_email"]) or "") == context.starter_id:
                found.setdefault(record.line, []).append(Fault(N_("is your own, so another admin has to import it"), field="member_email"))
        return found

    def match(self, session: Session, records: Sequence[Record], context: Context) -> Mapping[int, int]:
        """Only the external id tells one event from another."""
        return {}

    def steps(self, record: Record) -> Sequence[Step]:
        """Heard, in the order in which they happened."""
        return (Step(at=record["happened_at"]),)

    def remarks(self, session: Session, records: Sequence[Record], context: Context) -> Sequence[Fault]:
        """Nothing besides the rows themselves."""
        return ()

    def apply(self, session: Session, actor: Actor, record: Record, step: Step, subject_id: int | None, context: Context, now: datetime) -> Applied:
        """Hear the event. Its id is that of the batch too, since what was undone can be imported anew."""
        if subject_id is not None:
            return Applied(Outcome.UNCHANGED, subject_id)
        heard = Heard(record.external_id, record["code"], record["happened_at"], email=record["member_email"])
        event = hear_event(session, actor, source=f"import:{context.batch_id}", heard=heard, now=now, tell=context.is_notifying)
        return Applied(Outcome.CREATED, event.id)

    def would_change(self, session: Session, record: Record, subject_id: int, context: Context) -> bool:
        """An event stays as it came."""
        return False

    def undo(self, session: Session, actor: Actor, row: DoneRow, now: datetime) -> bool:
        """Let an event count no more; one that has completed a step is in use."""
        return drop_event(session, event_id=row.subject_id, now=now)

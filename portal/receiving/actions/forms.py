"""Tax forms: noting that one is on file, and taking it off. The form itself lies elsewhere."""

from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, violated
from portal.people.queries.persons import get_person
from portal.receiving.actions.accepting import require_another
from portal.receiving.models import TaxForm
from portal.receiving.rules.refusals import DayAhead, FormGone, FormThere
from portal.receiving.rules.thresholds import FormKind


def note_form(session: Session, actor: Actor, *, person_id: int, kind: FormKind | str, on_file_on: date, now: datetime) -> TaxForm:
    """Note that a form of the person is on file since a day. Refuses: NotAllowed, OwnReceiving, NotFound, DayAhead, FormThere."""
    require_another(actor, person_id)
    get_person(session, person_id)
    if on_file_on > local_date(now, programme_zone(session)):
        raise DayAhead()
    form = TaxForm(person_id=person_id, kind=FormKind(kind).value, on_file_on=on_file_on, noted_by_id=actor.id, noted_at=now)
    try:
        with session.begin_nested():
            session.add(form)
            session.flush()
    except IntegrityError as error:
        if not violated(error, "tax_form", "person_id", name="uq_tax_form_standing"):
            raise
        raise FormThere() from error
    audit.record(session, actor, "person.tax_form_noted", "person", person_id, now=now, form=form.kind, on=on_file_on.isoformat())
    return form


def end_form(session: Session, actor: Actor, *, person_id: int, now: datetime) -> None:
    """Take the form of the person off the file: it ran out, or was wrong. What was sent stays. Refuses: NotAllowed, OwnReceiving, FormGone."""
    require_another(actor, person_id)
    ended = update(TaxForm).where(TaxForm.person_id == person_id, TaxForm.ended_at.is_(None)).values(ended_at=now, ended_by_id=actor.id)
    if session.execute(ended.returning(TaxForm.id).execution_options(synchronize_session=False)).first() is None:
        raise FormGone()
    audit.record(session, actor, "person.tax_form_ended", "person", person_id, now=now)

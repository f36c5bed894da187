"""Writing down what was asked elsewhere, in ten seconds; and asking several at once."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.acts.actions.outside import log_outside_ask
from portal.acts.actions.several import Line, ask_several, foresee_several
from portal.acts.forms import LogForm, SeveralForm
from portal.acts.queries.budget import budget_of
from portal.acts.queries.people import find_asked, find_asker, label_of, names_to_ask
from portal.acts.rules.asks import Came
from portal.acts.rules.past import require_past
from portal.acts.rules.refusals import Stop
from portal.acts.views.names import NAMES
from portal.acts.views.staff import bp
from portal.kernel.clock import local_date, start_of_day, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.ids import read_id
from portal.people.models import Person
from portal.people.queries.companies import get_company
from portal.people.queries.knowing import knows
from portal.web.guards import current_actor, staff
from portal.web.language import number
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/log")
@staff
def log() -> str:
    """The form; ``?person=`` fills in who."""
    chosen = read_id(request.args.get("person")) or 0
    person = db().get(Person, chosen) if chosen in knows(db(), current_actor(), [chosen]) else None
    company = get_company(db(), person.company_id).name if person and person.company_id else None
    who = label_of(person.name, company, person.id) if person and person.is_advocate else ""
    return _log(LogForm(formdata=None, person=who, happened_on=local_date(utcnow(), programme_zone(db())), came=""))


@bp.get("/log/names")
@staff
def log_names() -> str:
    """People to choose from while a name is typed, for htmx."""
    return render("acts/_names.html", found=names_to_ask(db(), current_actor(), request.args.get("person", "")))


@bp.post("/log")
@staff
@writes(again=lambda refusal: _log_again(refusal))
def keep_log() -> ResponseReturnValue:
    """Write the ask down, and offer the form for the next one."""
    form, now = LogForm(), utcnow()
    if not form.validate():
        _say_all(form, now)
        return _log(form), 422
    person = find_asked(db(), current_actor(), form.person.data or "")
    asker = find_asker(db(), form.asked_by.data).id if form.asked_by.data else current_actor().id
    given: dict[str, Any] = {"kind": form.kind.data, "channel": form.channel.data, "minutes": form.minutes.data, "note": form.note.data or ""}
    given |= {"about": form.about.data or "", "asked_by_id": asker}
    came = Came(form.came.data) if form.came.data else None
    when = moment_of(form, now)
    log_outside_ask(db(), current_actor(), person_id=person.id, key=f"form:{form.key.data}", happened_at=when, came=came, **given, now=now)
    flash(_("Noted for %(name)s. It counts in their budget.", name=person.name), "good")
    if blocked := _blocked(person.id, now):
        flash(NAMES["sentence"](blocked), "info")
    return redirect(url_for(".log"), 303)


def _blocked(person_id: int, now: datetime) -> Stop | None:
    """Return the block that stands: what was asked outside is written down all the same, but whoever asked should know."""
    return next((stop for stop in budget_of(db(), person_id, now).against(current_actor()) if isinstance(stop, Stop) and stop.is_final), None)


def moment_of(form: LogForm, now: datetime) -> datetime:
    """Return the moment of the day that was entered: now for today, else its noon in the programme's zone."""
    day, zone = form.happened_on.data, programme_zone(db())
    assert day is not None
    if day == local_date(now, zone):
        return now
    return moment_of_day(day, zone)


def moment_of_day(day: date, zone: str) -> datetime:
    """Return twelve hours after the day began in ``zone``: that day there, and not midnight, which is the day before elsewhere."""
    return start_of_day(day, zone) + timedelta(hours=12)


@bp.get("/several")
@staff
def several() -> str:
    """The form for asking several."""
    return _several(SeveralForm(formdata=None))


@bp.post("/several")
@staff
@writes(again=lambda refusal: _several_again(refusal))
def ask_many() -> ResponseReturnValue:
    """Show who can be asked and who cannot; or, with that button, ask those who can."""
    form, now = SeveralForm(), utcnow()
    if not form.validate():
        return _several(form), 422
    if request.form.get("step") != "ask":
        foreseen = {"lines": form.lines, "kind": form.kind.data, "channel": form.channel.data}
        return _several(form, foresee_several(db(), current_actor(), **foreseen, now=now))
    given: dict[str, Any] = {"kind": form.kind.data, "about": form.about.data or "", "channel": form.channel.data, "key": f"form:{form.key.data}"}
    lines = ask_several(db(), current_actor(), lines=form.lines, **given, now=now)
    asked = sum(1 for line in lines if line.ask is not None)
    flash(ngettext("%(n)s person is asked.", "%(n)s people are asked.", asked, n=number(asked)), "good" if asked else "info")
    return _several(SeveralForm(formdata=None, kind=form.kind.data), lines, is_done=True)


def _log(form: LogForm) -> str:
    return render("acts/log.html", form=form, found=names_to_ask(db(), current_actor(), form.person.data or "") if form.person.errors else [])


def _log_again(refusal: Refusal) -> ResponseReturnValue:
    form = LogForm()
    form.validate()
    form.refuse(refusal)
    _say_all(form, utcnow())
    return _log(form), refusal.status


def _say_all(form: LogForm, now: datetime) -> None:
    who, asker = form.person.data, form.asked_by.data
    form.also(
        lambda: find_asked(db(), current_actor(), who) if who else None,
        lambda: require_past(moment_of(form, now), now) if form.happened_on.data else None,
        lambda: find_asker(db(), asker) if asker else None,
    )


def _several(form: SeveralForm, lines: list[Line] | None = None, *, is_done: bool = False) -> str:
    return render("acts/several.html", form=form, lines=lines, is_done=is_done, **NAMES)


def _several_again(refusal: Refusal) -> ResponseReturnValue:
    form = SeveralForm()
    form.validate()
    form.refuse(refusal)
    return _several(form), refusal.status

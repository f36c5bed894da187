"""Employees' and admins' pages: whose goodwill is left, one person, one company, asking, and what came of it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Flask, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.acts.actions.answering import answer_ask, finish_ask, get_ask, withdraw_ask
from portal.acts.actions.asking import Override, propose_ask
from portal.acts.forms import AskForm, OutcomeForm, PeopleFilter
from portal.acts.queries.asks import asks_of, asks_of_company, count_open, open_asks, settled_at
from portal.acts.queries.budget import budget_of, budgets_of, company_budget
from portal.acts.queries.people import approvers, everybody_to_ask, people_to_ask
from portal.acts.rules.asks import Channel
from portal.acts.rules.budget import BAND_NAMES
from portal.acts.rules.refusals import Stop
from portal.acts.views.names import NAMES
from portal.acts.views.standing import of_company, of_person
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.people.models import Person
from portal.people.queries.companies import get_company
from portal.people.queries.knowing import require_known
from portal.people.queries.persons import get_person
from portal.web.exports import csv_response, xlsx_response
from portal.web.guards import current_actor, staff
from portal.web.language import month
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("goodwill", __name__, url_prefix="/goodwill")
SYSTEM = system()
HEADER = ("person_id", "person", "company", "used", "most", "days", "left", "strain", "band", "company_used", "company_most", "free_on")


@bp.get("")
@staff
def index() -> ResponseReturnValue:
    """Everybody who may be asked, with what is left."""
    form, now = PeopleFilter(request.args), utcnow()
    asked = form.values()
    sifted = asked | {"now": now}
    if (kind := request.args.get("format")) in ("csv", "xlsx"):
        answer = csv_response if kind == "csv" else xlsx_response
        return answer(f"goodwill.{kind}", HEADER, _lines(everybody_to_ask(db(), current_actor(), **sifted), now))
    page = people_to_ask(db(), current_actor(), **sifted, after=request.args.get("after"))
    facts = {"page": page, "budgets": budgets_of(db(), [row.id for row in page], now), "asked": asked, "form": form, "actor": current_actor()}
    return render_fragment("acts/index.html", "results", **facts, now=now, **NAMES)


def _lines(rows: Any, now: datetime) -> Any:
    """Yield the lines of the file, some people at a time."""
    found = list(rows)
    for start in range(0, len(found), 500):
        some = found[start : start + 500]
        budgets = budgets_of(db(), [row.id for row in some], now)
        for row in some:
            budget = budgets[row.id]
            own, firm = budget.person, budget.company
            told = (own.used, own.most, own.days, budget.left, f"{own.strain:.2f}", _(BAND_NAMES[budget.band]))
            yield (row.id, row.name, row.company, *told, firm.used if firm else None, firm.most if firm else None, own.free_on)


@bp.get("/people/<int:person_id>")
@staff
def person(person_id: int) -> str:
    """One person: budget, what is open, what was asked; and asking."""
    return _person(person_id)


@bp.post("/people/<int:person_id>")
@staff
@writes(again=lambda refusal, person_id: _ask_again(refusal, person_id))
def ask(person_id: int) -> ResponseReturnValue:
    """Ask the person."""
    require_known(db(), current_actor(), person_id)
    form = _ask_form(person_id)
    if not form.validate():
        return _person(person_id, form), 422
    lifts = form.reason.data or form.approver.data or request.form.get("lifts")
    override = Override(form.reason.data or "", form.approver.data) if lifts else None
    given: dict[str, Any] = {"kind": form.kind.data, "about": form.about.data or "", "channel": form.channel.data, "key": f"form:{form.key.data}"}
    is_told = form.channel.data == Channel.PORTAL
    propose_ask(db(), current_actor(), person_id=person_id, **given, override=override, is_told=is_told, now=utcnow())
    told, yours = (
        _("The slot is reserved. You are told when there is an answer."),
        _("The slot is reserved. Ask them, and write down what came of it."),
    )
    flash(told if is_told else yours, "good")
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/asks/<int:ask_id>/<any(yes, no, done, missed, withdrawn):what>")
@staff
@writes(again=lambda refusal, ask_id, what: _outcome_again(refusal, ask_id, OutcomeForm()))
def outcome(ask_id: int, what: str) -> ResponseReturnValue:
    """Write down what came of an ask."""
    form, actor, now = OutcomeForm(), current_actor(), utcnow()
    require_known(db(), actor, get_ask(db(), ask_id).person_id)
    if not form.validate():
        return _shown_again(ask_id, form), 422
    note = form.note.data or ""
    if what in ("yes", "no"):
        answer_ask(db(), actor, ask_id=ask_id, is_yes=what == "yes", reason=note, now=now)
    elif what == "withdrawn":
        withdraw_ask(db(), actor, ask_id=ask_id, reason=note, now=now)
    else:
        finish_ask(db(), actor, ask_id=ask_id, was_done=what == "done", minutes=form.minutes.data, note=note, now=now)
    flash(_("Noted."), "good")
    return _back(ask_id)


@bp.get("/companies/<int:company_id>")
@staff
def company(company_id: int) -> str:
    """One company: the budget of its people together, what is open, who is there."""
    return _company(company_id)


def _company(company_id: int, refused: tuple[int, OutcomeForm] | None = None) -> str:
    now, found, form = utcnow(), get_company(db(), company_id), PeopleFilter(request.args)
    page = people_to_ask(db(), current_actor(), now=now, company_id=company_id, **form.values(), after=request.args.get("after"))
    facts: dict[str, Any] = {"company": found, "side": company_budget(db(), company_id, now), "page": page, "form": form, "asked": form.values()}
    facts |= {"budgets": budgets_of(db(), [row.id for row in page], now), **_open_of(refused, company_id=company_id)}
    facts |= {"latest": asks_of_company(db(), current_actor(), company_id, size=10), "actor": current_actor()}
    facts |= of_company(db(), current_actor(), company_id, found.owner_id, facts["side"])
    return render("acts/company.html", **facts, now=now, **NAMES)


def init(app: Flask) -> None:
    """Offer the words of asks to the templates: ``kind|ask_kind``, ``number|month_of_year``."""
    app.jinja_env.filters.update(
        ask_kind=lambda kind: _(NAMES["kind_names"][kind]), month_of_year=lambda number: month(date(2026, number, 1), "LLLL")
    )


def person_panel(session: Session, person: Person, now: datetime) -> Mapping[str, Any] | None:
    """What is left of somebody's goodwill, on the admins' page about them."""
    if not person.is_advocate:
        return None
    budget, number = budget_of(session, person.id, now), count_open(session, system(), person_id=person.id)
    return {"budget": budget, "open": number, **NAMES, **of_person(session, SYSTEM, budget)}


def company_panel(session: Session, company_id: int, now: datetime, actor: Actor = SYSTEM) -> Mapping[str, Any]:
    """What is left of a company's goodwill, on the admins' page about it."""
    number, side = count_open(session, actor, company_id=company_id), company_budget(session, company_id, now)
    told = of_company(session, actor, company_id, get_company(session, company_id).owner_id, side)
    return {"side": side, "company_id": company_id, "open": number, **NAMES, **told}


def _ask_form(person_id: int, **kwargs: Any) -> AskForm:
    form = AskForm(**kwargs)
    form.approver.choices = [("", _("Choose an admin")), *approvers(db(), (current_actor().id, person_id))]
    return form


def _open_of(refused: tuple[int, OutcomeForm] | None, **whose: int) -> dict[str, Any]:
    """Return what is open, the form for what came of it, and the one that was refused: with its ask, or apart where that is open no more."""
    actor = current_actor()
    found, total = open_asks(db(), actor, **whose), count_open(db(), actor, **whose)
    apart = refused[1].note.data if refused and refused[0] not in [row.ask.id for row in found] else ""
    shown = {"open": found, "open_total": total, "outcome": OutcomeForm(formdata=None), "refused": refused, "kept_apart": apart}
    return shown | {"settled_at": settled_at(db(), actor, found)}


def _person(person_id: int, form: AskForm | None = None, *, stop: Stop | None = None, refused: tuple[int, OutcomeForm] | None = None) -> str:
    require_known(db(), current_actor(), person_id)
    now, found = utcnow(), get_person(db(), person_id)
    if not found.is_advocate:
        raise NotFound()
    budget = budget_of(db(), person_id, now)
    page = asks_of(db(), person_id, after=request.args.get("after"))
    facts: dict[str, Any] = {"person": found, "budget": budget, "page": page, **_open_of(refused, person_id=person_id)}
    stops = budget.against(current_actor())
    facts |= of_person(db(), current_actor(), budget) | {
        "stops": stops,
        "is_final": any(isinstance(one, Stop) and one.is_final for one in stops),
        "stop": stop,
        "form": form or _ask_form(person_id, formdata=None),
    }
    return render("acts/person.html", **facts, now=now, **NAMES)


def _ask_again(refusal: Refusal, person_id: int) -> ResponseReturnValue:
    form = _ask_form(person_id)
    form.validate()
    form.refuse(refusal)
    return _person(person_id, form, stop=refusal if isinstance(refusal, Stop) else None), refusal.status


def _back(ask_id: int) -> ResponseReturnValue:
    """Go back to the page where the ask was shown: its person, or the company if that was it."""
    found = get_ask(db(), ask_id)
    if request.form.get("from") == "company" and found.company_id:
        return redirect(url_for(".company", company_id=found.company_id), 303)
    return redirect(url_for(".person", person_id=found.person_id), 303)


def _shown_again(ask_id: int, form: OutcomeForm) -> str:
    """Show the page that the form came from, with what was typed."""
    found = get_ask(db(), ask_id)
    if request.form.get("from") == "company" and found.company_id:
        return _company(found.company_id, (ask_id, form))
    return _person(found.person_id, refused=(ask_id, form))


def _outcome_again(refusal: Refusal, ask_id: int, form: OutcomeForm) -> ResponseReturnValue:
    if isinstance(refusal, NotFound):
        raise refusal
    form.validate()
    form.refuse(refusal)
    flash(NAMES["sentence"](refusal), "bad")
    return _shown_again(ask_id, form), refusal.status

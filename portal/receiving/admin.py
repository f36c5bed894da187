"""Admins' pages: who may receive what, who is near a limit, forms on file, and the list for finance."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.people.queries.companies import get_company
from portal.people.queries.persons import names
from portal.receiving.actions import accepting, forms
from portal.receiving.forms import PersonForm, ReceiversFilter, RuleForm, TaxFormForm, dollars, shown
from portal.receiving.models import CompanyAccepts, PersonAccepts, ReceivedValue
from portal.receiving.queries.lists import companys_rule, count_receivers, forms_of, iter_receivers, list_receivers, values_of
from portal.receiving.queries.standing import Receiver, receiver_of, year_of
from portal.receiving.rules.accepting import Rule
from portal.receiving.rules.domains import suggestion_for
from portal.receiving.rules.thresholds import FORM_NAMES, NEAR_PERCENT, THRESHOLDS
from portal.receiving.views import NAMES as SHARED
from portal.web.countries import country_name
from portal.web.exports import csv_response, xlsx_response
from portal.web.forms import Form
from portal.web.guards import admin, current_actor
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("receiving_admin", __name__, url_prefix="/admin/receiving")
NAMES: dict[str, Any] = SHARED | {"form_names": FORM_NAMES, "thresholds": THRESHOLDS, "near_percent": NEAR_PERCENT, "country_name": country_name}
HEADER = ("person_id", "person", "company", "country", "year", "value_usd", "threshold_usd", "form", "on_file_since")


@bp.get("")
@admin
def index() -> ResponseReturnValue:
    """Everybody who may receive rewards: rules, values of the year, forms."""
    form, now = ReceiversFilter(request.args), utcnow()
    filters = form.values()
    year = filters.get("year") or year_of(db(), now)
    if (kind := request.args.get("format")) in ("csv", "xlsx"):
        answer = csv_response if kind == "csv" else xlsx_response
        return answer(f"received-{year}.{kind}", HEADER, _lines(iter_receivers(db(), filters, now)))
    found = list_receivers(db(), filters, now, after=request.args.get("after"))
    facts = {"found": found, "form": form, "filters": filters, "year": year, "counts": count_receivers(db(), now)}
    return render_fragment("receiving/index.html", "results", **facts, **NAMES)


@bp.get("/people/<int:person_id>")
@admin
def person(person_id: int) -> str:
    """One person: what they may accept, what they had, forms on file."""
    return _person(person_id)


@bp.post("/people/<int:person_id>")
@admin
@writes(again=lambda refusal, person_id: _person_again(refusal, person_id, form=PersonForm()))
def save_person(person_id: int) -> ResponseReturnValue:
    """Enter what a person may accept."""
    form = PersonForm()
    if not form.validate():
        return _person(person_id, form=form), 422
    said: dict[str, Any] = {"rule": form.rule(), "country": form.country.data or "", "reason": form.reason.data or "", "seen": form.seen.data}
    accepting.set_person_rule(db(), current_actor(), person_id=person_id, **said, now=utcnow())
    return _saved(url_for(".person", person_id=person_id))


@bp.post("/people/<int:person_id>/form")
@admin
@writes(again=lambda refusal, person_id: _person_again(refusal, person_id, tax=TaxFormForm()))
def note_form(person_id: int) -> ResponseReturnValue:
    """Note a tax form as on file."""
    form = TaxFormForm()
    if not form.validate():
        return _person(person_id, tax=form), 422
    said: dict[str, Any] = {"kind": form.kind.data, "on_file_on": form.on_file_on.data}
    forms.note_form(db(), current_actor(), person_id=person_id, **said, now=utcnow())
    return _saved(url_for(".person", person_id=person_id))


@bp.post("/people/<int:person_id>/form/end")
@admin
@writes(again=lambda refusal, person_id: _person_again(refusal, person_id, tax=TaxFormForm(formdata=None)))
def end_form(person_id: int) -> ResponseReturnValue:
    """Take a tax form off the file."""
    forms.end_form(db(), current_actor(), person_id=person_id, now=utcnow())
    return _saved(url_for(".person", person_id=person_id))


@bp.get("/companies/<int:company_id>")
@admin
def company(company_id: int) -> str:
    """What the people of one company may accept."""
    return _company(company_id)


@bp.post("/companies/<int:company_id>")
@admin
@writes(again=lambda refusal, company_id: _company_again(refusal, company_id))
def save_company(company_id: int) -> ResponseReturnValue:
    """Enter what the people of a company may accept."""
    form = RuleForm()
    if not form.validate():
        return _company(company_id, form), 422
    said: dict[str, Any] = {"rule": form.rule(), "reason": form.reason.data or "", "seen": form.seen.data}
    accepting.set_company_rule(db(), current_actor(), company_id=company_id, **said, now=utcnow())
    return _saved(url_for(".company", company_id=company_id))


def _saved(address: str) -> ResponseReturnValue:
    flash(_("Saved."), "good")
    return redirect(address, 303)


def _person(person_id: int, **given: Form) -> str:
    receiver = receiver_of(db(), person_id, utcnow())
    own = receiver.own
    form = given.get("form") or _stored_of(own)
    tax = given.get("tax") or TaxFormForm(formdata=None, data={"on_file_on": local_date(utcnow(), programme_zone(db()))})
    past = forms_of(db(), person_id)
    writers = [row.set_by_id for row in (receiver.own, receiver.companys) if row] + [form.noted_by_id for form in past]
    values = values_of(db(), person_id)
    facts = {"values": values, "things": _things(values), "past": past, "who": names(db(), {writer for writer in writers if writer})}
    return render("receiving/person.html", receiver=receiver, form=form, tax=tax, **facts, **NAMES)


def _things(values: Sequence[ReceivedValue]) -> dict[str, tuple[str, str]]:
    """Return name and admins' address of what was received, by its source; the rooms it came from say what it is."""
    found: dict[str, tuple[str, str]] = {}
    for kind, describe in current_app.extensions["received_things"].items():
        ids = [int(value.source.partition(":")[2]) for value in values if value.source.partition(":")[0] == kind]
        found |= {f"{kind}:{thing_id}": (told[0], told[2]) for thing_id, told in describe(db(), ids).items()}
    return found


def _person_again(refusal: Refusal, person_id: int, **given: Form) -> ResponseReturnValue:
    for form in given.values():
        form.validate()
        form.refuse(refusal, lambda: _stored_of(receiver_of(db(), person_id, utcnow()).own))
    return _person(person_id, **given), refusal.status


def _company(company_id: int, form: RuleForm | None = None) -> str:
    company, row = get_company(db(), company_id), companys_rule(db(), company_id)
    form = form or _stored_of_company(row)
    who = names(db(), [row.set_by_id] if row and row.set_by_id else [])
    return render("receiving/company.html", company=company, row=row, form=form, who=who, suggestion=suggestion_for(company.domain), **NAMES)


def _company_again(refusal: Refusal, company_id: int) -> ResponseReturnValue:
    form = RuleForm()
    form.validate()
    form.refuse(refusal, lambda: _stored_of_company(companys_rule(db(), company_id)))
    return _company(company_id, form), refusal.status


def _stored_of(own: PersonAccepts | None) -> PersonForm:
    stored = shown(own.rule if own else Rule()) | {"country": own.country if own else ""}
    return PersonForm(formdata=None, data=stored, seen=seen_of(accepting.seen_values(own, of_person=True)))


def _stored_of_company(row: CompanyAccepts | None) -> RuleForm:
    return RuleForm(formdata=None, data=shown(row.rule if row else Rule()), seen=seen_of(accepting.seen_values(row, of_person=False)))


def _lines(receivers: Iterator[Receiver]) -> Iterator[tuple[Any, ...]]:
    for receiver in receivers:
        form = receiver.form
        filed = (_(FORM_NAMES[form.kind]), form.on_file_on.isoformat()) if form else ("", "")  # type: ignore[index]
        money = (receiver.year, dollars(receiver.cents), dollars(receiver.limit))
        yield receiver.person_id, receiver.name, receiver.company, receiver.country, *money, *filed

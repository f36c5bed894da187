"""The list of companies, and one company's page: record, owner, people."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.people.actions.companies import add_company, edit_company, seen_values
from portal.people.admin.people import bp, happening, roles_text
from portal.people.forms import CompaniesFilter, CompanyForm, options
from portal.people.panels import panels_for_company
from portal.people.queries.companies import company_names, get_company, possible_owners
from portal.people.queries.directory import all_companies, count_companies, history_of, industries, list_companies, list_people
from portal.people.rules.person import STATE_NAMES
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

COLUMNS = ["id", "name", "industry", "size", "region", "country", "domain", "owner", "people"]
FIELDS = ("name", "industry", "size", "region", "country", "domain", "owner_id")


@bp.get("/companies")
@admin
def companies() -> Any:
    """Every company: search, filter, page, export."""
    form = CompaniesFilter(request.args)
    form.industry.choices = options(_("All industries"), ((name, name) for name in industries(db())))
    form.owner.choices = options(_("All owners"), possible_owners(db()))
    asked = form.values()
    if request.args.get("format") == "csv":
        rows = ([c.id, c.name, c.industry, c.size, c.region, c.country, c.domain, owner, people] for c, owner, people in all_companies(db(), **asked))
        return csv_response("companies.csv", COLUMNS, rows)
    page = list_companies(db(), after=request.args.get("after"), **asked)
    total, owned = count_companies(db())
    return render("people/admin/companies.html", form=form, page=page, asked=asked, total=total, owned=owned)


@bp.get("/companies/names")
@admin
def names() -> str:
    """Names to choose from while a company is typed, for htmx."""
    return render("people/admin/_company_names.html", company_names=company_names(db(), request.args.get("company", "")))


def _form(**kwargs: Any) -> CompanyForm:
    form = CompanyForm(**kwargs)
    form.owner_id.choices = options(_("Nobody yet"), possible_owners(db()))
    return form


@bp.get("/companies/new")
@admin
def new_company() -> str:
    """Add a company."""
    return render("people/admin/new_company.html", form=_form())


def _new_again(refusal: Refusal) -> Any:
    form = _form()
    form.refuse(refusal)
    return render("people/admin/new_company.html", form=form), refusal.status


@bp.post("/companies/new")
@admin
@writes(again=_new_again)
def create_company() -> Any:
    """Keep a new company; the form sent twice keeps one."""
    form = _form()
    if not form.validate():
        return render("people/admin/new_company.html", form=form), 422
    given = {field: form[field].data for field in FIELDS}
    company = add_company(db(), current_actor(), **given, key=form.key.data or None, now=utcnow())
    flash(_("%(name)s is added.", name=company.name), "good")
    return redirect(url_for(".company", company_id=company.id), 303)


def _stored(company_id: int) -> CompanyForm:
    company = get_company(db(), company_id)
    return _form(formdata=None, obj=company, seen=seen_of(seen_values(company)))


def _company(company_id: int, form: CompanyForm | None = None) -> str:
    company = get_company(db(), company_id)
    shown: dict[str, Any] = {"page": list_people(db(), company=company.id, after=request.args.get("after"))}
    shown |= {"history": history_of(db(), "company", company.id), "panels": panels_for_company(db(), company.id, utcnow())}
    names = {"state_names": STATE_NAMES, "roles_text": roles_text, "happening": happening}
    return render("people/admin/company.html", company=company, form=form or _stored(company_id), **shown, **names)


@bp.get("/companies/<int:company_id>")
@admin
def company(company_id: int) -> str:
    """One company and its people."""
    return _company(company_id)


def _save_again(refusal: Refusal, company_id: int) -> Any:
    form = _form()
    form.refuse(refusal, lambda: _stored(company_id))
    return _company(company_id, form), refusal.status


@bp.post("/companies/<int:company_id>")
@admin
@writes(again=_save_again)
def save_company(company_id: int) -> Any:
    """Keep a company's record."""
    form = _form()
    if not form.validate():
        return _company(company_id, form), 422
    given = {field: form[field].data for field in FIELDS}
    edit_company(db(), current_actor(), company_id=company_id, **given, seen=form.seen.data, now=utcnow())
    flash(_("Saved."), "good")
    return redirect(url_for(".company", company_id=company_id), 303)

"""The list of companies for staff, and one company: who is there, what is known, said, done and asked, and what came of it."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.accounts.actions.handing_over import hand_over, seen_values
from portal.accounts.forms import CompaniesFilter, HandOverForm
from portal.accounts.panels import panels_for
from portal.accounts.queries.companies import (
    acts_there,
    companies_page,
    count_people,
    every_company,
    looked_after,
    people_there,
    places,
    quotes_there,
)
from portal.accounts.queries.insights import said_page
from portal.accounts.queries.knowing import hand_over_of
from portal.accounts.queries.seeing import seen_by
from portal.accounts.rules.insights import SIDE_NAMES, side_of
from portal.accounts.rules.knowing import may_hand_over
from portal.accounts.rules.refusals import NotYoursToHandOver
from portal.accounts.rules.seeing import may_see_renewal
from portal.accounts.views.names import bp
from portal.acts.rules.acts import ACT_KIND_NAMES
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.people.models import Company
from portal.people.queries.companies import get_company
from portal.people.queries.directory import history_of
from portal.people.queries.persons import names
from portal.people.rules.person import STATE_NAMES
from portal.web.exports import csv_response
from portal.web.guards import current_actor, staff
from portal.web.language import number
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

HEADER = ("id", "name", "industry", "size", "region", "country", "owner", "renewal", "people")
SOME_PEOPLE, SOME = 8, 5
NAMES: dict[str, Any] = {"state_names": STATE_NAMES, "act_names": ACT_KIND_NAMES, "side_of": side_of, "side_names": SIDE_NAMES}


@bp.get("/companies")
@staff
def companies() -> ResponseReturnValue:
    """Every company: search, filter, page, export."""
    form, actor = CompaniesFilter(request.args), current_actor()
    form.offer(*places(db()))
    asked = form.values()
    filters = {name: value for name, value in asked.items() if name != "mine"} | ({"owner_id": actor.id} if asked.get("mine") else {})
    if request.args.get("format") == "csv":
        return csv_response("companies.csv", HEADER, (_cells(row) for row in every_company(db(), actor, **filters)))
    page, mine = companies_page(db(), actor, after=request.args.get("after"), **filters), looked_after(db(), actor.id)
    told = ngettext("You look after %(n)s company.", "You look after %(n)s companies.", mine, n=number(mine)) if mine else ""
    return render_fragment(
        "accounts/companies.html", "results", form=form, page=page, asked=asked, told=told, with_renewal=bool(mine) or actor.is_admin
    )


def _cells(row: Any) -> tuple[Any, ...]:
    company = row.Company
    return (company.id, company.name, company.industry, company.size, company.region, company.country, row.owner, row.renewal_on, row.people)


@bp.get("/companies/<int:company_id>")
@staff
def company(company_id: int) -> str:
    """One company: all that staff know of it, some of each, with the way to all."""
    found, actor, now = get_company(db(), company_id), current_actor(), utcnow()
    account, stands = hand_over_of(db(), company_id)
    people = people_there(db(), actor, company_id, size=SOME_PEOPLE)
    is_own = may_hand_over(actor, found.owner_id)
    facts: dict[str, Any] = {"company": found, "account": account, "known": stands, "is_own": is_own}
    facts |= {"may_see_renewal": may_see_renewal(actor, found.owner_id)}
    facts |= {"people": people, "number": count_people(db(), actor, company_id), "may_see": seen_by(db(), actor, [one.id for one in people])}
    today = local_date(now, programme_zone(db()))
    facts |= {"said": said_page(db(), actor, company=company_id, size=SOME) if is_own else None}
    facts |= {"acts": acts_there(db(), actor, company_id, size=SOME), "quotes": quotes_there(db(), actor, company_id, today, size=SOME)}
    facts |= {"panels": panels_for(db(), actor, found, now)}
    return render("accounts/company.html", **facts, who=_who(found, account), now=now, **NAMES)


@bp.get("/companies/<int:company_id>/<any(people, acts, quotes):what>")
@staff
def all_of(company_id: int, what: str) -> str:
    """All people of a company, all they did, or all they let us quote."""
    found, actor, after = get_company(db(), company_id), current_actor(), request.args.get("after")
    if what == "people":
        page = people_there(db(), actor, company_id, after=after)
        return render("accounts/all_people.html", company=found, page=page, may_see=seen_by(db(), actor, [one.id for one in page]), **NAMES)
    if what == "acts":
        return render("accounts/all_acts.html", company=found, page=acts_there(db(), actor, company_id, after=after), **NAMES)
    today = local_date(utcnow(), programme_zone(db()))
    return render("accounts/all_quotes.html", company=found, page=quotes_there(db(), actor, company_id, today, after=after), **NAMES)


def _who(company: Company, account: Any) -> dict[int, str]:
    """Return the names of owner, who handed over, and who changed it last."""
    ids = [company.owner_id, *((account.handed_over_by_id, account.changed_by_id) if account else ())]
    return names(db(), [one for one in ids if one])


def _stored(company_id: int) -> HandOverForm:
    _account, stands = hand_over_of(db(), company_id)
    return HandOverForm.showing(stands, seen_of(seen_values(stands)))


def _editor(company_id: int, form: HandOverForm | None = None) -> str:
    found = get_company(db(), company_id)
    if not may_hand_over(current_actor(), found.owner_id):
        raise NotYoursToHandOver()
    account, _stands = hand_over_of(db(), company_id)
    history = [event for event in history_of(db(), "company", company_id) if event.name == "company.handed_over"]
    return render("accounts/hand_over.html", company=found, account=account, form=form or _stored(company_id), history=history)


@bp.get("/companies/<int:company_id>/hand-over")
@staff
def editor(company_id: int) -> str:
    """The editor of what is known of a company, with what stood there before."""
    return _editor(company_id)


def _again(refusal: Refusal, company_id: int) -> ResponseReturnValue:
    if isinstance(refusal, NotYoursToHandOver):
        raise refusal
    form = HandOverForm()
    form.refuse(refusal, lambda: _stored(company_id))
    return _editor(company_id, form), refusal.status


@bp.post("/companies/<int:company_id>/hand-over")
@staff
@writes(again=_again)
def save(company_id: int) -> ResponseReturnValue:
    """Keep what is known of a company."""
    form = HandOverForm()
    if not form.validate():
        return _editor(company_id, form), 422
    hand_over(db(), current_actor(), company_id=company_id, given=form.given(), seen=form.seen.data, now=utcnow())
    flash(_("Saved. Everybody on the team reads it on the company’s page."), "good")
    return redirect(url_for(".company", company_id=company_id), 303)

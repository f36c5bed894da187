"""Employees' pages: nominate, my nominations, and the registry."""

from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.queries.companies import search_companies
from portal.people.queries.persons import names
from portal.references.actions.nominate import nominate as nominate_person
from portal.references.forms import MineFilter, NominateForm, RegistryFilter
from portal.references.models import Nomination
from portal.references.queries.duplicates import find_known
from portal.references.queries.gaps import few_voices
from portal.references.queries.nominations import all_nominations_of, nominations_of, standings_of
from portal.references.queries.profile import profile_of_nominee, profile_of_person
from portal.references.queries.registry import Filters, choices, list_registry, totals, whole_registry
from portal.references.rules import ACTIVITY_NAMES, STANDING_NAMES, Activity, State
from portal.web.exports import csv_response
from portal.web.guards import current_actor, employee, staff
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("references", __name__)
FRAGMENTS = ("companies", "known")
SHOWN = 3
MINE_HEADER = ("nominated", "name", "title", "company", "might_do", "why", "state", "reason")
REGISTRY_HEADER = ("name", "title", "company", "industry", "region", "email", "state", "might_do", "acts")


def translated(steps: list[tuple[datetime, str]]) -> list[tuple[datetime, str]]:
    """Return the steps of a timeline in the reader's language."""
    return [(at, _(text)) for at, text in steps]


NAMES = {"activities": ACTIVITY_NAMES, "standings": STANDING_NAMES, "translated": translated}


@bp.get("/nominate")
@employee
def nominate() -> ResponseReturnValue:
    """The form. What is typed into company and e-mail asks back here for names that fit and for who is known already."""
    return _form(NominateForm(request.args))


@bp.post("/nominate")
@employee
@writes(again=lambda refusal: _refused(refusal))
def submit_nomination() -> ResponseReturnValue:
    """Record the nomination and say what became of it."""
    form = NominateForm()
    if not form.validate():
        return _form(form), 422
    made = nominate_person(
        db(),
        current_actor(),
        key=form.key.data,
        name=form.name.data,
        email=form.email.data,
        company=form.company.data,
        title=form.title.data,
        why=form.why.data,
        activities=[Activity(value) for value in form.activities.data],
        now=utcnow(),
    )
    _thank(made)
    return redirect(url_for("references.mine"), 303)


def _thank(made: Nomination) -> None:
    if made.state != State.DUPLICATE:
        flash(_("Thank you. %(name)s is nominated; you are told as soon as it is decided.", name=made.name), "good")
        return
    first = db().get_one(Nomination, made.duplicate_of_id)
    nominator = names(db(), [first.nominator_id])[first.nominator_id]
    told = _("%(nominator)s nominated %(name)s before you. Your reason was added, and you follow how it goes.", nominator=nominator, name=made.name)
    flash(told, "info")


def _refused(refusal: Refusal) -> ResponseReturnValue:
    form = NominateForm()
    form.validate()
    form.refuse(refusal)
    return _form(form), 422


def _form(form: NominateForm) -> str:
    asked, own_id = request.args, current_actor().id or 0
    target = request.headers.get("HX-Target", "")
    context = {
        "form": form,
        "companies": search_companies(db(), asked.get("company", "")),
        "known": find_known(db(), own_id, asked.get("email")) if request.method == "GET" else None,
        **NAMES,
    }
    if target not in FRAGMENTS:
        context |= {"gaps": few_voices(db()), "recent": nominations_of(db(), own_id, size=SHOWN)}
    return render_fragment("references/nominate.html", target or "companies", **context)


@bp.get("/nominate/mine")
@employee
def mine() -> ResponseReturnValue:
    """The reader's nominations, as they stand."""
    form = MineFilter(request.args)
    asked, own_id = form.values(), current_actor().id or 0
    narrowed = {"q": asked.get("q", ""), "standing": asked.get("state")}
    if request.args.get("format") == "csv":
        rows = (
            (n.created_at.date(), n.name, n.title, n.company, _might(n.activities), n.why, _(STANDING_NAMES[n.standing]), n.reason)
            for n in all_nominations_of(db(), own_id, **narrowed)
        )
        return csv_response("nominations.csv", MINE_HEADER, rows)
    page = nominations_of(db(), own_id, **narrowed, after=request.args.get("after"))
    return render("references/mine.html", form=form, page=page, counts=standings_of(db(), own_id), is_narrowed=bool(asked), **NAMES)


@bp.get("/registry")
@staff
def registry() -> ResponseReturnValue:
    """Everybody who may be a reference: members, invited people, and nominees who wait."""
    form = RegistryFilter(request.args)
    form.offer(*choices(db()))
    asked = form.values()
    filters = Filters(**asked)
    if request.args.get("format") == "csv":
        rows = (
            (e.name, e.title, e.company, e.industry, e.region, e.email, _(STANDING_NAMES[e.standing]), _might(e.activities), sum(e.acts.values()))
            for e in whole_registry(db(), filters)
        )
        return csv_response("registry.csv", REGISTRY_HEADER, rows)
    page = list_registry(db(), filters, after=request.args.get("after"))
    return render("references/registry.html", form=form, page=page, totals=totals(db()), is_narrowed=bool(asked), **NAMES)


@bp.get("/registry/people/<int:person_id>")
@staff
def person(person_id: int) -> ResponseReturnValue:
    """One person of the registry."""
    return render("references/profile.html", profile=profile_of_person(db(), person_id), **NAMES)


@bp.get("/registry/nominations/<int:nomination_id>")
@staff
def nominee(nomination_id: int) -> ResponseReturnValue:
    """One nominee who waits; once accepted, or found to be a duplicate, the page of whom they are."""
    profile = profile_of_nominee(db(), current_actor(), nomination_id)
    if profile.person_id is not None:
        return redirect(url_for("references.person", person_id=profile.person_id), 303)
    if profile.nomination_id != nomination_id:
        return redirect(url_for("references.nominee", nomination_id=profile.nomination_id), 303)
    return render("references/profile.html", profile=profile, **NAMES)


def _might(activities: list[Activity]) -> str:
    return ", ".join(_(ACTIVITY_NAMES[activity]) for activity in activities)

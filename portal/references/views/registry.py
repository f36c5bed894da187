"""Staff's pages: the registry, and one person of it."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.references.forms import RegistryFilter
from portal.references.queries.profile import profile_of_nominee, profile_of_person
from portal.references.queries.registry import Filters, choices, list_registry, totals, whole_registry
from portal.references.rules.states import STANDING_NAMES
from portal.references.views.shared import NAMES, bp, might
from portal.web.exports import csv_response
from portal.web.guards import current_actor, staff
from portal.web.templating import render
from portal.web.transaction import db

REGISTRY_HEADER = ("name", "title", "company", "industry", "region", "email", "state", "might_do", "acts")


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
            (e.name, e.title, e.company, e.industry, e.region, e.email, _(STANDING_NAMES[e.standing]), might(e.activities), sum(e.acts.values()))
            for e in whole_registry(db(), filters)
        )
        return csv_response("registry.csv", REGISTRY_HEADER, rows)
    page = list_registry(db(), filters, after=request.args.get("after"))
    return render("references/registry.html", form=form, page=page, totals=totals(db()), is_narrowed=bool(asked), **NAMES)


@bp.get("/registry/people/<int:person_id>")
@staff
def person(person_id: int) -> ResponseReturnValue:
    """One person of the registry."""
    return render("references/profile.html", profile=profile_of_person(db(), person_id, utcnow()), **NAMES)


@bp.get("/registry/nominations/<int:nomination_id>")
@staff
def nominee(nomination_id: int) -> ResponseReturnValue:
    """One nominee who waits; once accepted, or found to be a duplicate, the page of whom they are."""
    profile = profile_of_nominee(db(), current_actor(), nomination_id)
    if profile.is_listed:
        return redirect(url_for("references.person", person_id=profile.person_id), 303)
    if profile.nomination_id != nomination_id:
        return redirect(url_for("references.nominee", nomination_id=profile.nomination_id), 303)
    return render("references/profile.html", profile=profile, **NAMES)

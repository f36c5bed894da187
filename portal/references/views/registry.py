"""Staff's pages: the registry, and one person of it."""

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.queries.seeing import seen_by
from portal.accounts.views.contacts import shown_contact
from portal.acts.queries.budget import budget_of, budgets_of
from portal.acts.views.standing import of_person
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound
from portal.people.queries.knowing import knows, require_known
from portal.profiles.queries.leaving import retired_among, retirement_of, said_to_have_left
from portal.profiles.queries.profiles import agree_to_nothing
from portal.references.actions.seeing import see_nominee
from portal.references.forms import RegistryFilter
from portal.references.queries.nominations import followed, may_see_nominee
from portal.references.queries.profile import profile_of_nominee, profile_of_person
from portal.references.queries.registry import PERSON, Filters, choices, list_registry, totals, whole_registry
from portal.references.rules.states import STANDING_NAMES
from portal.references.views.shared import NAMES, bp, might
from portal.web.exports import csv_response
from portal.web.guards import current_actor, staff
from portal.web.templating import render
from portal.web.transaction import db, writes

REGISTRY_HEADER = ("name", "title", "company", "industry", "region", "state", "might_do", "acts")


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
            (e.name, e.title, e.company, e.industry, e.region, _(STANDING_NAMES[e.standing]), might(e.activities), sum(e.acts.values()))
            for e in whole_registry(db(), current_actor(), filters)
        )
        return csv_response("registry.csv", REGISTRY_HEADER, rows)
    actor, now = current_actor(), utcnow()
    page = list_registry(db(), actor, filters, after=request.args.get("after"))
    people = [entry.id for entry in page if entry.kind == PERSON]
    marks: dict[str, Any] = {"left": said_to_have_left(db(), people), "nothing": agree_to_nothing(db(), people, now)}
    marks |= {"retired": retired_among(db(), people), "budgets": budgets_of(db(), people, now), "actor": actor}
    return render("references/registry.html", form=form, page=page, **marks, totals=totals(db()), is_narrowed=bool(asked), **NAMES)


@bp.get("/registry/people/<int:person_id>")
@staff
def person(person_id: int) -> ResponseReturnValue:
    """One person of the registry."""
    actor, now = current_actor(), utcnow()
    require_known(db(), actor, person_id)
    budget = budget_of(db(), person_id, now)
    facts: dict[str, Any] = {"may_see": person_id in seen_by(db(), actor, [person_id]), "has_left": bool(said_to_have_left(db(), [person_id]))}
    facts |= {"nothing_since": agree_to_nothing(db(), [person_id], now).get(person_id), "retired": retirement_of(db(), actor, person_id)}
    facts |= {"budget": budget, "actor": actor, **of_person(db(), actor, budget)}
    return render("references/profile.html", profile=profile_of_person(db(), person_id, now), **facts, **NAMES)


@bp.get("/registry/nominations/<int:nomination_id>")
@staff
def nominee(nomination_id: int) -> ResponseReturnValue:
    """One nominee who waits; once accepted, or found to be a duplicate, the page of whom they are."""
    profile = profile_of_nominee(db(), current_actor(), nomination_id)
    if profile.person_id and profile.person_id not in knows(db(), current_actor(), [profile.person_id]):
        return _own_nomination(nomination_id)
    if profile.is_listed:
        return redirect(url_for("references.person", person_id=profile.person_id), 303)
    if profile.nomination_id != nomination_id:
        return redirect(url_for("references.nominee", nomination_id=profile.nomination_id), 303)
    may_see = not profile.typed_email and may_see_nominee(db(), current_actor(), nomination_id)
    return render("references/profile.html", profile=profile, may_see=may_see, **NAMES)


def _own_nomination(nomination_id: int) -> ResponseReturnValue:
    """Lead whoever nominated somebody of whom only admins may know more to what they follow; for everybody else there is nothing here."""
    if followed(db(), current_actor().id or 0, nomination_id) is None:
        raise NotFound()
    return redirect(url_for("references.nomination", nomination_id=nomination_id), 303)


@bp.post("/registry/nominations/<int:nomination_id>/contact")
@staff
@writes
def nominee_contact(nomination_id: int) -> ResponseReturnValue:
    """Show how somebody who was nominated is reached, and write down that it was seen."""
    return shown_contact(see_nominee(db(), current_actor(), nomination_id=nomination_id, now=utcnow()))

"""The list of people, and one person's page: record, roles, state, history."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.ids import read_id
from portal.kernel.seen import seen_of
from portal.ledger.queries.balances import balance_of
from portal.people.actions.companies import company_named
from portal.people.actions.joining import invite_person
from portal.people.actions.profile import edit_person, seen_values
from portal.people.actions.reviewing import grant_reviewing, seen_grants
from portal.people.actions.states import change_roles, deactivate_person, reactivate_person, seen_roles
from portal.people.actions.tags import people_chosen, tag_people, tag_person, untag_people, untag_person
from portal.people.forms import DeactivateForm, PeopleFilter, PersonForm, PersonRolesForm, ReviewerForm, TagForm, TagManyForm
from portal.people.models import Person
from portal.people.panels import panels_for
from portal.people.queries.companies import company_names, get_company
from portal.people.queries.directory import Happening, all_people, count_states, history_of, list_people, people_matching
from portal.people.queries.interests import interests_of
from portal.people.queries.persons import get_person
from portal.people.queries.reviewing import grants_of
from portal.people.queries.tags import list_tags, tags_of, tags_of_many
from portal.people.rules.history import EVENTS, FIELDS
from portal.people.rules.interest import INTEREST_NAMES
from portal.people.rules.person import ROLE_NAMES, STATE_NAMES, PersonState
from portal.people.rules.tag import NobodyChosen
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.language import number
from portal.web.showing import tell_shown
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("people_admin", __name__, url_prefix="/admin/people")
COLUMNS = ["id", "name", "email", "state", "roles", "company", "title", "invited_at", "joined_at", "tags"]


def roles_text(roles: frozenset[str]) -> str:
    """Return role names in the reader's language, in their order."""
    return ", ".join(_(name) for role, name in ROLE_NAMES.items() if role in roles)


def _row(person: Person, company: str | None, tags: str) -> list[Any]:
    roles = " ".join(role for role in ROLE_NAMES if role in person.roles)
    return [person.id, person.name, person.email, person.state, roles, company, person.title, person.invited_at, person.joined_at, tags]


@bp.get("")
@admin
def index() -> Any:
    """Everybody the portal knows: search, filter, page, export."""
    if request.args.get("format") == "csv":
        found = list(all_people(db(), **PeopleFilter(request.args, tags=list_tags(db())).values()))
        tell_shown((person.id for person, *_rest in found if person.email), "people_file")
        rows = (_row(*one) for one in found)
        return csv_response("people.csv", COLUMNS, rows)
    return _index()


def _index(tag_form: TagManyForm | None = None) -> str:
    """Show the list under the filter in its address."""
    tags = list_tags(db())
    form = PeopleFilter(request.args, tags=tags)
    asked = form.values()
    page = list_people(db(), after=request.args.get("after"), **asked)
    company = get_company(db(), asked["company"]) if "company" in asked else None
    shown = {"form": form, "page": page, "asked": asked, "company": company, "counts": count_states(db())}
    tagging = {"tag_form": tag_form or TagManyForm(formdata=None), "tags": tags, "tags_by_person": tags_of_many(db(), [r.Person.id for r in page])}
    return render("people/admin/index.html", **shown, **tagging, roles_text=roles_text, state_names=STATE_NAMES)


def _tag_many_again(refusal: Refusal) -> tuple[str, int]:
    form = TagManyForm()
    form.refuse(refusal)
    return _index(form), refusal.status


@bp.post("/tag")
@admin
@writes(again=_tag_many_again)
def tag_many() -> Any:
    """Give a tag to many, or take it off: those who were ticked, or all whom the filter in the address shows."""
    form = TagManyForm()
    if not form.validate():
        return _index(form), 422
    ticked = [person_id for value in form.person.data or [] if (person_id := read_id(value))]
    if form.scope.data != "all" and not ticked:
        raise NobodyChosen()
    asked = PeopleFilter(request.args, tags=list_tags(db())).values()
    chosen = people_matching(**asked) if form.scope.data == "all" else people_chosen(ticked)
    act = untag_people if form.act.data == "take" else tag_people
    people = act(db(), current_actor(), chosen=chosen, tag=form.tag.data or "", now=utcnow())
    said = ngettext("The tag is off %(n)s person.", "The tag is off %(n)s people.", people, n=number(people))
    if form.act.data != "take":
        said = ngettext("%(n)s more person carries the tag.", "%(n)s more people carry the tag.", people, n=number(people))
    flash(said, "good")
    return redirect(url_for(".index", **asked), 303)


def _record(person_id: int) -> PersonForm:
    """Return the form of a person's record with what is stored."""
    person = get_person(db(), person_id)
    company = get_company(db(), person.company_id).name if person.company_id else ""
    return PersonForm(formdata=None, obj=person, company=company, seen=seen_of(seen_values(person)))


def _roles(person_id: int) -> PersonRolesForm:
    """Return the form of a person's roles with what is stored."""
    roles = get_person(db(), person_id).roles
    return PersonRolesForm(formdata=None, roles=sorted(roles), seen=seen_of(seen_roles(roles)))


def _grants(person_id: int) -> ReviewerForm:
    """Return the form of what a person may review with what is stored."""
    grants = grants_of(db(), person_id)
    return ReviewerForm(formdata=None, grants=grants.names, seen=seen_of(seen_grants(grants)))


def _person(person_id: int, **forms: Any) -> str:
    """Show a person; forms not given hold what is stored."""
    person = get_person(db(), person_id)
    if person.email:
        tell_shown([person.id], "person")
    company = get_company(db(), person.company_id) if person.company_id else None
    stored: dict[str, Any] = {
        "form": lambda: _record(person_id),
        "roles_form": lambda: _roles(person_id),
        "reviewer_form": lambda: _grants(person_id),
        "off_form": lambda: DeactivateForm(formdata=None),
        "tag_form": lambda: TagForm(formdata=None),
    }
    shown = {name: forms[name] if name in forms else make() for name, make in stored.items()}
    facts: dict[str, Any] = {"company": company, "balance": balance_of(db(), person.id), "history": history_of(db(), "person", person.id)}
    facts |= {"carried": tags_of(db(), person_id), "tags": list_tags(db()), "wishes": interests_of(db(), person_id)}
    names: dict[str, Any] = {"state_names": STATE_NAMES, "roles_text": roles_text, "happening": happening, "company_names": company_names(db())}
    names |= {"interest_names": INTEREST_NAMES}
    facts["panels"] = panels_for("person_panels", db(), person, utcnow())
    return render("people/admin/person.html", person=person, **shown, **facts, **names)


@bp.get("/<int:person_id>")
@admin
def person(person_id: int) -> str:
    """One person."""
    return _person(person_id)


def happening(event: Happening) -> str:
    """Return a history line in the reader's language."""
    text = str(_(EVENTS.get(event.name, event.name)))
    if "fields" in event.data or "changes" in event.data:
        changed = event.data.get("fields") or sorted(event.data["changes"])
        text = f"{text}: {', '.join(_(FIELDS.get(field, field)) for field in changed)}"
    if event.name == "person.roles_changed":
        text = f"{text}: {roles_text(frozenset(event.data['before']))} → {roles_text(frozenset(event.data['after']))}"
    if event.data.get("tag"):
        text = f"{text}: {event.data['tag']}"
    if event.data.get("reason"):
        text = f"{text}: {event.data['reason']}"
    return str(_("%(what)s, by %(name)s", what=text, name=event.actor)) if event.actor else text


def _again(name: str, form_type: type[Any], stored: Callable[[int], Any] | None = None) -> Callable[..., Any]:
    """Show the person once more with the refused form as it was typed; ``stored`` makes the one with what is stored."""

    def again(refusal: Refusal, person_id: int) -> Any:
        form = form_type()
        form.refuse(refusal, (lambda: stored(person_id)) if stored else None)
        return _person(person_id, **{name: form}), refusal.status

    return again


@bp.post("/<int:person_id>")
@admin
@writes(again=_again("form", PersonForm, _record))
def save(person_id: int) -> Any:
    """Keep name, address, company and job title."""
    form = PersonForm()
    if not form.validate():
        return _person(person_id, form=form), 422
    actor, now = current_actor(), utcnow()
    company_id = company_named(db(), actor, form.company.data, now)
    given: dict[str, Any] = {"name": form.name.data or "", "title": form.title.data or "", "email": form.email.data or None}
    edit_person(db(), actor, person_id=person_id, company_id=company_id, **given, seen=form.seen.data, now=now)
    return _done(person_id, _("Saved."))


@bp.post("/<int:person_id>/roles")
@admin
@writes(again=_again("roles_form", PersonRolesForm, _roles))
def save_roles(person_id: int) -> Any:
    """Give a person exactly the roles that are ticked."""
    form = PersonRolesForm()
    if not form.validate():
        return _person(person_id, roles_form=form), 422
    change_roles(db(), current_actor(), person_id=person_id, roles=form.roles.data or [], seen=form.seen.data, now=utcnow())
    return _done(person_id, _("The roles are saved."))


@bp.post("/<int:person_id>/reviewing")
@admin
@writes(again=_again("reviewer_form", ReviewerForm, _grants))
def save_reviewing(person_id: int) -> Any:
    """Let a person decide on exactly what is ticked."""
    form = ReviewerForm()
    if not form.validate():
        return _person(person_id, reviewer_form=form), 422
    grant_reviewing(db(), current_actor(), person_id=person_id, grants=form.grants.data or [], seen=form.seen.data, now=utcnow())
    return _done(person_id, _("Saved. It holds from their next click."))


@bp.post("/<int:person_id>/tags")
@admin
@writes(again=_again("tag_form", TagForm))
def add_tag(person_id: int) -> Any:
    """Give a person a tag."""
    form = TagForm()
    if not form.validate():
        return _person(person_id, tag_form=form), 422
    tag_person(db(), current_actor(), person_id=person_id, tag=form.tag.data or "", now=utcnow())
    return _done(person_id, _("The tag is there."))


@bp.post("/<int:person_id>/tags/<int:tag_id>/remove")
@admin
@writes
def remove_tag(person_id: int, tag_id: int) -> Response:
    """Take a tag off a person."""
    untag_person(db(), current_actor(), person_id=person_id, tag_id=tag_id, now=utcnow())
    return _done(person_id, _("The tag is off."))


def _told(refusal: Refusal, person_id: int) -> Response:
    """Go back to the person with the sentence on top."""
    flash(sentence(refusal), "bad")
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/<int:person_id>/invite")
@admin
@writes(again=_told)
def invite(person_id: int) -> Response:
    """Invite a contact, or send the invitation once more."""
    invite_person(db(), current_actor(), person_id=person_id, now=utcnow())
    return _done(person_id, _("The invitation is on its way."))


@bp.post("/<int:person_id>/deactivate")
@admin
@writes(again=_again("off_form", DeactivateForm))
def deactivate(person_id: int) -> Any:
    """Shut a person out."""
    form = DeactivateForm()
    if not form.validate():
        return _person(person_id, off_form=form), 422
    deactivate_person(db(), current_actor(), person_id=person_id, reason=form.reason.data or "", now=utcnow())
    return _done(person_id, _("%(state)s. Nobody is signed in with this account any more.", state=_(STATE_NAMES[PersonState.DEACTIVATED])))


@bp.post("/<int:person_id>/reactivate")
@admin
@writes(again=_told)
def reactivate(person_id: int) -> Response:
    """Let a person back in."""
    reactivate_person(db(), current_actor(), person_id=person_id, now=utcnow())
    return _done(person_id, _("Reactivated."))


def _done(person_id: int, text: str) -> Response:
    flash(text, "good")
    return redirect(url_for(".person", person_id=person_id), 303)

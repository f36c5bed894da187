"""Employees nominate: one person with all they know, or several at once."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.files.actions import store_upload
from portal.files.receiving import Received
from portal.files.rules.kinds import Purpose
from portal.files.uploads import look_at, take_in
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.queries.companies import search_companies
from portal.people.queries.persons import names
from portal.people.rules.person import require_email_shape
from portal.profiles.rules.activity import Activity
from portal.references.actions.nominate import nominate as nominate_person
from portal.references.actions.nominate import with_key
from portal.references.actions.several import Outcome, nominate_lines
from portal.references.forms import NominateForm, SeveralForm
from portal.references.models.nominating import Nomination
from portal.references.queries.colleagues import colleagues_to_choose, find_colleague, find_owner
from portal.references.queries.drafts import find_draft
from portal.references.queries.duplicates import find_known
from portal.references.queries.gaps import few_voices
from portal.references.queries.nominations import nominations_of
from portal.references.rules.nominating import require_details
from portal.references.rules.states import State
from portal.references.views.shared import NAMES, bp
from portal.web.guards import current_actor, employee
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

FRAGMENTS = ("companies", "known", "colleagues", "owners", "share")
SHARED = ("company", "name", "email", "title")
"""What a link for chat and mail carries of what was typed: who it is, and nothing that was said of them."""
SHOWN = 3


@bp.get("/nominate")
@employee
def nominate() -> ResponseReturnValue:
    """The form, filled from the address or a draft. What is typed into company and e-mail asks back here for names that fit and for who is known."""
    draft = find_draft(db(), current_actor().id or 0, request.args.get("draft", 0, type=int))
    if draft is not None:
        return show_form(NominateForm.kept(draft.key, draft.fields))
    return show_form(NominateForm(request.args))


def _received() -> Received | None:
    """Take in the evidence before the unit of work; none for a form that was sent before, or did not arrive whole: then it is only looked at."""
    form = NominateForm()
    if not form.validate():
        look_at(form.evidence.data, Purpose.DOCUMENT)
        return None
    return take_in(form.evidence.data, Purpose.DOCUMENT) if with_key(db(), current_actor(), form.key.data) is None else None


@bp.post("/nominate")
@employee
@writes(first=_received, again=lambda refusal: _refused(refusal))
def submit_nomination(ready: Received | None) -> ResponseReturnValue:
    """Record the nomination and say what became of it."""
    form = NominateForm()
    if not form.validate():
        _say_all(form)
        return show_form(form), 422
    actor, now = current_actor(), utcnow()
    stored = store_upload(db(), actor, received=ready, owner_id=actor.id, now=now) if ready else None
    made = nominate_person(
        db(),
        actor,
        key=form.key.data,
        name=form.name.data,
        email=form.email.data,
        company=form.company.data,
        title=form.title.data,
        why=form.why.data,
        activities=[Activity(value) for value in form.activities.data],
        details=form.details(find_owner(db(), form.owner.data), stored.id if stored else None),
        colleague_id=find_colleague(db(), form.colleague.data, own_id=actor.id or 0),
        now=now,
    )
    _thank(made)
    return redirect(url_for("references.mine"), 303)


def _thank(made: Nomination) -> None:
    if made.state == State.INVITED:
        flash(_("Thank you. %(name)s is nominated, and a rule of your admins approved it at once: they are asked now.", name=made.name), "good")
        return
    if made.state != State.DUPLICATE:
        flash(_("Thank you. %(name)s is nominated; you are told as soon as it is decided.", name=made.name), "good")
        return
    first = db().get_one(Nomination, made.duplicate_of_id)
    who = first.colleague_id or first.nominator_id
    nominator = names(db(), [who])[who]
    told = _("%(nominator)s nominated %(name)s before you. Your reason was added, and you follow how it goes.", nominator=nominator, name=made.name)
    flash(told, "info")


def _refused(refusal: Refusal) -> ResponseReturnValue:
    form = NominateForm()
    form.validate()
    form.refuse(refusal)
    _say_all(form)
    return show_form(form), 422


def _say_all(form: NominateForm) -> None:
    own_id, email = current_actor().id or 0, form.email.data
    form.also(
        lambda: require_email_shape(email) if email else None,
        lambda: find_owner(db(), form.owner.data),
        lambda: find_colleague(db(), form.colleague.data, own_id=own_id),
        lambda: require_details(form.details(None, None)),
    )


def show_form(form: NominateForm) -> str:
    """Return the page with the form, or what of it was asked for while typing."""
    asked, own_id = request.args, current_actor().id or 0
    target = request.headers.get("HX-Target", "")
    context: dict[str, Any] = {
        "form": form,
        "companies": search_companies(db(), asked.get("company", "")),
        "colleagues": colleagues_to_choose(db(), form.colleague.data, without=own_id),
        "owners": colleagues_to_choose(db(), form.owner.data, with_admins=True),
        "shared": {name: form[name].data for name in SHARED if form[name].data},
        "known": find_known(db(), current_actor(), asked.get("email") or form.email.data) if request.method == "GET" else None,
        **NAMES,
    }
    if target not in FRAGMENTS:
        context |= {"gaps": few_voices(db()), "recent": nominations_of(db(), own_id, size=SHOWN)}
    return render_fragment("references/nominate.html", target or "companies", **context)


@bp.get("/nominate/several")
@employee
def several() -> ResponseReturnValue:
    """A grid to paste several people into."""
    return _several(SeveralForm())


@bp.post("/nominate/several")
@employee
@writes(again=lambda refusal: _several_again(refusal))
def nominate_several() -> ResponseReturnValue:
    """Nominate each line for itself and say of each what became of it. What was refused stands in the form again, to be mended."""
    form = SeveralForm()
    if not form.validate():
        return _several(form), 422
    colleague_id = find_colleague(db(), form.colleague.data, own_id=current_actor().id or 0)
    given = {"text": form.lines.data, "why": form.why.data, "colleague_id": colleague_id}
    outcomes = nominate_lines(db(), current_actor(), key=form.key.data, **given, now=utcnow())
    return _several(form.rest([one.line.text for one in outcomes if one.refusal]), outcomes)


def _several_again(refusal: Refusal) -> ResponseReturnValue:
    form = SeveralForm()
    form.validate()
    form.refuse(refusal)
    return _several(form), refusal.status


def _several(form: SeveralForm, outcomes: list[Outcome] | None = None) -> str:
    found = colleagues_to_choose(db(), form.colleague.data, without=current_actor().id)
    return render("references/several.html", form=form, outcomes=outcomes or [], colleagues=found, **NAMES)

"""Beginning a request: the form, filled from a search, with what asking costs; drafts."""

from dataclasses import asdict
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.validators import Optional

from portal.finding.queries.calling import called, meant
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.people.queries.knowing import knows
from portal.profiles.rules.activity import Activity
from portal.requests.actions.begin import drop_draft, keep_request, need_of, send_request
from portal.requests.actions.proposing import propose
from portal.requests.forms import BeginForm
from portal.requests.models import ReferenceRequest
from portal.requests.queries.page import Found, found_for
from portal.requests.queries.parties import request_for
from portal.requests.queries.records import needs_of
from portal.requests.queries.twins import twin_of
from portal.requests.rules.need import Need, require_sendable
from portal.requests.rules.refusals import RequestUnknown
from portal.requests.rules.states import State
from portal.requests.views.shared import NAMES, bp, never_agreed, proposed
from portal.web.errors import sentence
from portal.web.guards import current_actor, staff
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/requests/new")
@staff
def begin() -> ResponseReturnValue:
    """The form, filled from the address: who was found, and what was searched for; or from a draft."""
    draft = request.args.get("draft", 0, type=int)
    if draft:
        return _draft(draft)
    given: dict[str, Any] = {name: request.args[name] for name in Need.__dataclass_fields__ if request.args.get(name)}
    form = BeginForm(request.args) if given or request.args.get("person") else BeginForm(formdata=None)
    return _page(_blank(form))


def _draft(request_id: int) -> ResponseReturnValue:
    found, _parties = request_for(db(), current_actor(), request_id)
    if found.state != State.DRAFT:
        return redirect(url_for("requests.one", request_id=request_id), 303)
    kept = asdict(need_of(found)) | {"key": found.key, "person": _called(found.criteria.get("person_id")), "through_admin": not found.is_self_serve}
    return _page(_blank(BeginForm(formdata=None, data=kept)), draft_id=found.id)


@bp.post("/requests/new")
@staff
@writes(again=lambda refusal: _again(refusal))
def send() -> ResponseReturnValue:
    """Keep a draft, or send it; who was found and may be picked is proposed at once."""
    form, actor, now = BeginForm(), current_actor(), utcnow()
    if request.form.get("do") == "draft":
        form.prospect.validators, form.needed_by.validators = (Optional(),), (Optional(),)
    if not form.validate():
        _say_all(form)
        return _page(form, status=422)
    twin = None if request.form.get("do") == "draft" else twin_of(db(), actor.id, form.need(), key=form.key.data or "")
    if twin is not None and form.again.data != str(twin.id):
        form.again.data = str(twin.id)
        return _page(form, twin=twin, status=409)
    found = _found(form)
    picks = not form.through_admin.data and (found is None or found.tier == 1 or actor.is_admin)
    criteria = {"person_id": found.person_id} if found else {}
    kept = keep_request(db(), actor, key=form.key.data or "", need=form.need(), is_self_serve=picks, criteria=criteria, now=now)
    if request.form.get("do") == "draft":
        flash(_("Kept as a draft. Nobody sees it but you."), "good")
        return redirect(url_for("requests.begin", draft=kept.id), 303)
    was_new = kept.state == State.DRAFT
    send_request(db(), actor, request_id=kept.id, now=now)
    if found is not None and picks and was_new and not form.alone.data:
        candidate = propose(db(), actor, request_id=kept.id, person_id=found.person_id, now=now)
        told = [_("Sent, and %(name)s is proposed.", name=found.name or _("the customer")), proposed(candidate, actor.id or 0, actor.id)]
        told.append(never_agreed(candidate.person_id, Activity(kept.activity), ask_id=candidate.ask_id, name=None if found.is_known else ""))
        flash(" ".join(filter(None, told)), "good")
    elif picks:
        flash(_("Sent. Propose somebody now."), "good")
    else:
        flash(_("Sent. An admin takes it up, and you are told at each step."), "good")
    return redirect(url_for("requests.one", request_id=kept.id), 303)


@bp.post("/requests/<int:request_id>/drop")
@staff
@writes
def drop(request_id: int) -> ResponseReturnValue:
    """Remove a draft."""
    drop_draft(db(), current_actor(), request_id=request_id, now=utcnow())
    flash(_("The draft is removed."), "good")
    return redirect(url_for("requests.index"), 303)


def _found(form: BeginForm) -> Found | None:
    person_id = meant(db(), current_actor(), form.person.data or "")
    return found_for(db(), current_actor(), person_id, needs_of(form.need()), utcnow()) if person_id else None


def _called(person_id: int | None) -> str:
    """Return what stands in the form for whom a draft was begun for."""
    return called(db(), person_id, is_veiled=person_id not in knows(db(), current_actor(), [person_id])) if person_id else ""


def _blank(form: BeginForm) -> BeginForm:
    """Let a value be in the programme's currency, unless another is said."""
    form.currency.data = form.currency.data or current_app.config["SETTINGS"].currency
    return form


def _page(form: BeginForm, *, draft_id: int | None = None, twin: ReferenceRequest | None = None, status: int = 200) -> ResponseReturnValue:
    if form.activity.data not in set(Activity):
        form.activity.data = Activity.CALL.value
    found = _found(form)
    against = [sentence(misfit) for misfit in found.against] if found else []
    name = None if found is None or found.is_known else ""
    stranger = never_agreed(found.person_id, Activity(form.activity.data), name=name) if found else ""
    facts = {"found": found, "against": against, "stranger": stranger, "query": needs_of(form.need()).to_json()}
    return render("requests/begin.html", form=form, draft_id=draft_id, twin=twin, **facts, **NAMES), status


def _again(refusal: Refusal) -> ResponseReturnValue:
    form = BeginForm()
    if isinstance(refusal, RequestUnknown):
        raise refusal
    form.refuse(refusal)
    return _page(form, status=refusal.status)


def _say_all(form: BeginForm) -> None:
    """Say of a request what keeps it from being sent, besides what cannot be read; a draft may lack all of it."""
    if request.form.get("do") != "draft" and form.activity.data in set(Activity):
        form.also(lambda: require_sendable(form.need(), local_date(utcnow(), programme_zone(db()))))

"""The admins' doors to templates: choose one, see what it makes, begin a draft with it, keep and change one's own."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions import templates as actions
from portal.challenges.admin.editor import bp, show_again
from portal.challenges.admin.sites import offer_sites
from portal.challenges.forms.answering import PlainForm
from portal.challenges.forms.templates import TemplateFilter, TemplateForm, template_step_form
from portal.challenges.queries.policy import points_at_once
from portal.challenges.queries.templates import Shelved, get_template, list_templates
from portal.challenges.rules.gaps import find_gaps
from portal.challenges.rules.templates import StepGone, Template, TemplateStep
from portal.challenges.stages.registry import KINDS, stage_kind
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.tracks import Track
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/templates")
@admin
def templates() -> str:
    """The templates by track, with search."""
    form = TemplateFilter(request.args)
    asked = form.values()
    found = list_templates(db(), q=asked.get("q", ""), track=asked.get("track", ""), is_hidden=bool(asked.get("hidden")))
    counts = {shown: len(list_templates(db(), is_hidden=shown)) for shown in (False, True)}
    groups = {track: [one for one in found if one.template.offer.track == track] for track in Track}
    return render("challenges/admin/templates.html", form=form, groups=groups, counts=counts)


@bp.get("/templates/<template_key>")
@admin
def template(template_key: str) -> str:
    """What a template makes."""
    return _shown(template_key)


def _shown(template_key: str, refusal: Refusal | None = None) -> str:
    found = get_template(db(), template_key)
    shown = {"shelved": found, "gaps": _gaps(found.template), "refusal": refusal, "at_once": points_at_once(db())}
    return render("challenges/admin/template.html", **shown, kinds=KINDS, plain=PlainForm(formdata=None))


def _gaps(found: Template) -> list[str]:
    """Return the names of what is to be filled in, each once."""
    offer, steps = found.offer, [(step.title, step.text, step.options) for step in found.steps]
    return list(dict.fromkeys(gap.name for gap in find_gaps([offer.title, offer.summary, offer.text], steps)))


def _show_again(refusal: Refusal, template_key: str, **_rest: Any) -> tuple[str, int]:
    """Show the template as it stands now, and why nothing was done; the list is where one goes if it is gone."""
    return _shown(template_key, refusal), refusal.status


@bp.post("/templates/<template_key>/use")
@admin
@writes(again=_show_again)
def use_template(template_key: str) -> Any:
    """Begin a draft with it; a second click is the same draft."""
    form = PlainForm()
    if not form.validate():
        return _shown(template_key), 422
    made = actions.make_draft(db(), current_actor(), template_key=template_key, key=form.key.data, now=utcnow())
    flash(_("This is your draft. Change what you like; nobody sees it until it is published."), "good")
    return redirect(url_for(".edit", challenge_id=made.id), 303)


@bp.post("/<int:challenge_id>/template")
@admin
@writes(again=show_again)
def save_as_template(challenge_id: int) -> Any:
    """Keep a challenge as a template."""
    form = PlainForm()
    if not form.validate():
        return redirect(url_for(".edit", challenge_id=challenge_id), 303)
    made = actions.save_as_template(db(), current_actor(), challenge_id=challenge_id, key=form.key.data, now=utcnow())
    flash(_("Kept as a template, without days, places and audience."), "good")
    return redirect(url_for(".template", template_key=made.key), 303)


@bp.get("/templates/<template_key>/edit")
@admin
def edit_template(template_key: str) -> str:
    """The editor of a template."""
    return _editor(template_key)


def _editor(template_key: str, form: TemplateForm | None = None, refusal: Refusal | None = None) -> str:
    found = get_template(db(), template_key)
    form = form or _stored(template_key)
    shown = {"shelved": found, "refusal": refusal, "at_once": points_at_once(db()), "kinds": KINDS}
    return render("challenges/admin/template_edit.html", form=form, **shown)


def _stored(template_key: str) -> TemplateForm:
    """Return the form with what is stored."""
    found = get_template(db(), template_key)
    return TemplateForm(formdata=None, obj=found.template.offer, revision=found.revision)


def _steps_again(refusal: Refusal, template_key: str, **_rest: Any) -> tuple[str, int]:
    """Show the template and its steps as they stand now, and why nothing was done."""
    return _editor(template_key, refusal=refusal), refusal.status


def _edit_again(refusal: Refusal, template_key: str) -> tuple[str, int]:
    """Show what was typed with the refusal beside it; where somebody was faster, with what is stored now."""
    form = TemplateForm()
    form.refuse(refusal, lambda: _stored(template_key))
    return _editor(template_key, form), refusal.status


@bp.post("/templates/<template_key>/edit")
@admin
@writes(again=_edit_again)
def save_template(template_key: str) -> Any:
    """Change what a template offers."""
    form = TemplateForm()
    if not form.validate():
        return _editor(template_key, form), 422
    given: dict[str, Any] = {"revision": form.revision.data, "offer": form.offer()}
    actions.edit_template(db(), current_actor(), template_key=template_key, **given, now=utcnow())
    return _kept(template_key, _("Saved. Challenges made from it before stay as they are."))


def _kept(template_key: str, said: str) -> Response:
    flash(said, "good")
    return redirect(url_for(".edit_template", template_key=template_key), 303)


@bp.get("/templates/<template_key>/steps/new")
@admin
def new_template_step(template_key: str) -> str:
    """An empty step of the kind asked for."""
    found, kind = get_template(db(), template_key), stage_kind(request.args.get("kind", ""))
    return _step_page(found, None, _step_form(kind.key, {"revision": found.revision, "options": {}}))


def _step_form(kind_key: str, data: dict[str, Any] | None = None) -> Any:
    """Return the form of a step; the review sites there are, are its choices."""
    return offer_sites(template_step_form(kind_key, data), kind_key)


def _step_page(found: Shelved, step_id: int | None, form: Any) -> str:
    step = found.template.step(step_id) if step_id is not None else None
    kind = stage_kind(step.kind if step else request.args.get("kind", ""))
    return render("challenges/admin/template_step.html", shelved=found, kind=kind, step=step, form=form, at_once=points_at_once(db()))


def _new_step_again(refusal: Refusal, template_key: str) -> tuple[str, int]:
    found, form = get_template(db(), template_key), _step_form(request.args.get("kind", ""))
    form.refuse(refusal)
    form.revision.data, form.revision.raw_data = found.revision, None
    return _step_page(found, None, form), refusal.status


@bp.post("/templates/<template_key>/steps/new")
@admin
@writes(again=_new_step_again)
def add_template_step(template_key: str) -> Any:
    """Add a step at the end."""
    kind = stage_kind(request.args.get("kind", ""))
    form = _step_form(kind.key)
    if form.is_reshaped:
        return _step_page(get_template(db(), template_key), None, form)
    if not form.validate():
        return _step_page(get_template(db(), template_key), None, form), 422
    actions.add_step(db(), current_actor(), template_key=template_key, kind=kind.key, **_given(form), now=utcnow())
    return _kept(template_key, _("The step is added."))


def _given(form: Any) -> dict[str, Any]:
    fields = {"title": form.title.data, "text": form.text.data, "options": form.options(), "points": form.points.data or 0}
    return {"revision": form.revision.data, **fields}


@bp.get("/templates/<template_key>/steps/<int:template_step>")
@admin
def template_step(template_key: str, template_step: int) -> str:
    """One step."""
    found = get_template(db(), template_key)
    return _step_page(found, template_step, _stored_step(found, template_step))


def _stored_step(found: Shelved, step_id: int) -> Any:
    """Return the form of a step with what is stored."""
    step = found.template.step(step_id)
    data = {"title": step.title, "text": step.text, "points": step.points, "options": step.options, "revision": found.revision}
    return _step_form(step.kind, data)


def _opened(found: Shelved, step_id: int) -> TemplateStep:
    """Return the step that was opened. Refuses one that is gone (``StepGone``), also where another of another kind has its number since."""
    step = found.template.step(step_id)
    if request.args.get("kind", step.kind) != step.kind:
        raise StepGone()
    return step


def _step_again(refusal: Refusal, template_key: str, template_step: int) -> tuple[str, int]:
    """Show what was typed with the refusal beside it; of a step that somebody removed, as one that can be added."""
    if isinstance(refusal, StepGone):
        if request.args.get("kind") not in KINDS:
            return _steps_again(refusal, template_key)
        return _new_step_again(refusal, template_key)
    found = get_template(db(), template_key)
    form = _step_form(_opened(found, template_step).kind)
    form.refuse(refusal, lambda: _stored_step(found, template_step))
    return _step_page(found, template_step, form), refusal.status


@bp.post("/templates/<template_key>/steps/<int:template_step>")
@admin
@writes(again=_step_again)
def save_template_step(template_key: str, template_step: int) -> Any:
    """Change a step."""
    found = get_template(db(), template_key)
    form = _step_form(_opened(found, template_step).kind)
    if form.is_reshaped:
        return _step_page(found, template_step, form)
    if not form.validate():
        return _step_page(found, template_step, form), 422
    actions.edit_step(db(), current_actor(), template_key=template_key, step_id=template_step, **_given(form), now=utcnow())
    return _kept(template_key, _("Saved."))


@bp.post("/templates/<template_key>/steps/<int:template_step>/remove")
@admin
@writes(again=_steps_again)
def remove_template_step(template_key: str, template_step: int) -> Response:
    """Take a step out."""
    actions.remove_step(db(), current_actor(), template_key=template_key, step_id=template_step, now=utcnow())
    return _kept(template_key, _("The step is removed."))


@bp.post("/templates/<template_key>/steps/<int:template_step>/<any(up, down):way>")
@admin
@writes(again=_steps_again)
def move_template_step(template_key: str, template_step: int, way: str) -> Response:
    """Move a step up or down."""
    if way not in ("up", "down"):
        raise NotFound()
    by = -1 if way == "up" else 1
    actions.move_step(db(), current_actor(), template_key=template_key, step_id=template_step, by=by, now=utcnow())
    return redirect(url_for(".edit_template", template_key=template_key, _anchor="steps"), 303)


def _do(template_key: str, act: Callable[..., None], said: str) -> Response:
    act(db(), current_actor(), template_key=template_key, now=utcnow())
    flash(said, "good")
    return redirect(url_for(".templates"), 303)


@bp.post("/templates/<template_key>/remove")
@admin
@writes(again=_show_again)
def remove_template(template_key: str) -> Response:
    """Remove one of one's own."""
    return _do(template_key, actions.remove_template, _("Removed. What was made from it stays."))


@bp.post("/templates/<template_key>/restore")
@admin
@writes(again=_show_again)
def restore_template(template_key: str) -> Response:
    """Bring the first text of a template that came with the portal back."""
    return _do(template_key, actions.restore_template, _("The template has its first text again."))


@bp.post("/templates/<template_key>/hide")
@admin
@writes(again=_show_again)
def hide_template(template_key: str) -> Response:
    """Offer it no longer."""
    return _do(template_key, actions.hide_template, _("Hidden. It is under “Hidden ones”."))


@bp.post("/templates/<template_key>/show")
@admin
@writes(again=_show_again)
def show_template(template_key: str) -> Response:
    """Offer it again."""
    return _do(template_key, actions.show_template, _("The template is offered again."))

"""The admins' doors to the steps of a challenge. Whatever is changed is changed in the draft."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions import stages
from portal.challenges.admin.editor import bp, show_again
from portal.challenges.admin.sites import offer_sites
from portal.challenges.forms.editing import stage_form
from portal.challenges.models.offering import Stage
from portal.challenges.queries.policy import point_value, points_at_once
from portal.challenges.queries.sites import REVIEW, list_sites
from portal.challenges.queries.stages import get_challenge, stage_for
from portal.challenges.queries.versions import edited_stage
from portal.challenges.rules.sites import PROOF_NAMES
from portal.challenges.stages.registry import stage_kind
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.seen import seen_of
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/<int:challenge_id>/steps/new")
@admin
def new_stage(challenge_id: int) -> str:
    """An empty step of the kind asked for."""
    kind = stage_kind(request.args.get("kind", ""))
    return _stage_page(challenge_id, None, _form(kind.key))


def _stage_page(challenge_id: int, stage_id: int | None, form: Any) -> str:
    challenge = get_challenge(db(), challenge_id)
    stage = edited_stage(db(), challenge_id, stage_id) if stage_id is not None else None
    kind = stage_kind(stage.kind if stage else request.args.get("kind", ""))
    sites = list_sites(db()) if kind.key == REVIEW else []
    told = {"sites": sites, "value": point_value(db()), "today": local_date(utcnow(), programme_zone(db())), "proof_names": PROOF_NAMES}
    return render("challenges/admin/stage.html", challenge=challenge, kind=kind, stage=stage, form=form, at_once=points_at_once(db()), **told)


def _form(kind_key: str, data: dict[str, Any] | None = None, *, is_sent: bool = True) -> Any:
    """Return the form of a step; the review sites there are, are its choices. Unless ``is_sent``, the request fills nothing in."""
    return offer_sites(stage_form(kind_key, data, is_sent=is_sent), kind_key)


def _added(stage: Stage, text: str) -> str:
    """Say what was done, and what a site that allows no reward does to the points."""
    if stage.kind != REVIEW or stage.options.get("cap") != 0:
        return text
    return f"{text} {_('%(site)s allows no reward, so the challenge and its steps carry 0 points.', site=stage.options['site_name'])}"


def _new_stage_again(refusal: Refusal, challenge_id: int) -> tuple[str, int]:
    form = _form(request.args.get("kind", ""))
    form.refuse(refusal)
    return _stage_page(challenge_id, None, form), refusal.status


@bp.post("/<int:challenge_id>/steps/new")
@admin
@writes(again=_new_stage_again)
def add_stage(challenge_id: int) -> Any:
    """Add a step at the end."""
    kind = stage_kind(request.args.get("kind", ""))
    form = _form(kind.key)
    if form.is_reshaped:
        return _stage_page(challenge_id, None, form)
    if not form.validate():
        return _stage_page(challenge_id, None, form), 422
    given = {"title": form.title.data, "text": form.text.data, "options": form.options(), "points": form.points.data or 0}
    made = stages.add_stage(db(), current_actor(), challenge_id=challenge_id, kind=kind.key, key=form.key.data, **given, now=utcnow())
    flash(_added(made, _("The step is added.")), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="steps"), 303)


@bp.get("/<int:challenge_id>/steps/<int:stage_id>")
@admin
def edit_stage(challenge_id: int, stage_id: int) -> str:
    """One step."""
    return _stage_page(challenge_id, stage_id, _stored(challenge_id, stage_id))


def _stored(challenge_id: int, stage_id: int) -> Any:
    """Return the form with what is stored."""
    stage = edited_stage(db(), challenge_id, stage_id)
    shown = stages.seen_values(stage)
    return _form(stage.kind, {**shown, "options": stage.options, "seen": seen_of(shown)}, is_sent=False)


def _stage_again(refusal: Refusal, challenge_id: int, stage_id: int) -> tuple[str, int]:
    form = _form(stage_for(db(), challenge_id, stage_id).kind)
    form.refuse(refusal, lambda: _stored(challenge_id, stage_id))
    return _stage_page(challenge_id, stage_id, form), refusal.status


@bp.post("/<int:challenge_id>/steps/<int:stage_id>")
@admin
@writes(again=_stage_again)
def save_stage(challenge_id: int, stage_id: int) -> Any:
    """Change a step."""
    form = _form(stage_for(db(), challenge_id, stage_id).kind)
    if form.is_reshaped:
        return _stage_page(challenge_id, stage_id, form)
    if not form.validate():
        return _stage_page(challenge_id, stage_id, form), 422
    given = {"title": form.title.data, "text": form.text.data, "options": form.options(), "points": form.points.data or 0}
    given |= {"seen": form.seen.data}
    stage = stages.edit_stage(db(), current_actor(), challenge_id=challenge_id, stage_id=stage_id, **given, now=utcnow())
    flash(_added(stage, _("Saved. Who has begun keeps the step as it was.")), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="steps"), 303)


@bp.post("/<int:challenge_id>/steps/<int:stage_id>/remove")
@admin
@writes(again=show_again)
def remove_stage(challenge_id: int, stage_id: int) -> Response:
    """Take a step out."""
    stages.remove_stage(db(), current_actor(), challenge_id=challenge_id, stage_id=stage_id, now=utcnow())
    flash(_("The step is removed. Who has begun keeps it."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="steps"), 303)


@bp.post("/<int:challenge_id>/steps/<int:stage_id>/<any(up, down):way>")
@admin
@writes
def move_stage(challenge_id: int, stage_id: int, way: str) -> Response:
    """Move a step up or down."""
    if way not in ("up", "down"):
        raise NotFound()
    stages.move_stage(db(), current_actor(), challenge_id=challenge_id, stage_id=stage_id, by=-1 if way == "up" else 1, now=utcnow())
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="steps"), 303)

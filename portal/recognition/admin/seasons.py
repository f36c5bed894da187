"""Seasons: begun, renamed and moved."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.recognition.actions.seasons import add_season, edit_season, seen_values
from portal.recognition.admin.badges import bp
from portal.recognition.forms import SeasonForm
from portal.recognition.queries.seasons import get_season, list_seasons
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/seasons")
@admin
def seasons() -> str:
    """All seasons, and a form for another."""
    return _seasons()


def _seasons(form: SeasonForm | None = None) -> str:
    page, zone = list_seasons(db(), after=request.args.get("after")), programme_zone(db())
    form = form or SeasonForm(formdata=None)
    return render("recognition/admin/seasons.html", page=page, form=form, today=local_date(utcnow(), zone), zone=zone)


def _add_again(refusal: Refusal) -> tuple[str, int]:
    form = SeasonForm()
    form.refuse(refusal)
    return _seasons(form), refusal.status


@bp.post("/seasons")
@admin
@writes(again=_add_again)
def create_season() -> Any:
    """Begin one."""
    form = SeasonForm()
    if not form.validate():
        return _seasons(form), 422
    add_season(db(), current_actor(), **_given(form), key=form.key.data, now=utcnow())
    flash(_("The season is set. What was earned since its first day is being counted."), "good")
    return redirect(url_for(".seasons"), 303)


@bp.get("/seasons/<int:season_id>")
@admin
def edit(season_id: int) -> str:
    """One season."""
    return _season(season_id)


def _stored(season_id: int) -> SeasonForm:
    found = get_season(db(), season_id)
    return SeasonForm(formdata=None, obj=found, seen=seen_of(seen_values(found)))


def _season(season_id: int, form: SeasonForm | None = None) -> str:
    found = get_season(db(), season_id)
    return render("recognition/admin/season.html", season=found, form=form or _stored(season_id), zone=programme_zone(db()))


def _edit_again(refusal: Refusal, season_id: int) -> tuple[str, int]:
    form = SeasonForm()
    form.refuse(refusal, lambda: _stored(season_id))
    return _season(season_id, form), refusal.status


@bp.post("/seasons/<int:season_id>")
@admin
@writes(again=_edit_again)
def save_season(season_id: int) -> Any:
    """Rename or move it."""
    form = SeasonForm()
    if not form.validate():
        return _season(season_id, form), 422
    edit_season(db(), current_actor(), season_id=season_id, **_given(form), seen=form.seen.data, now=utcnow())
    flash(_("The season is saved."), "good")
    return redirect(url_for(".seasons"), 303)


def _given(form: SeasonForm) -> dict[str, Any]:
    return {"name": form.name.data, "starts_on": form.starts_on.data, "ends_on": form.ends_on.data}

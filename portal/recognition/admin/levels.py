"""Levels: names and thresholds, and how many people stand on each."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Conflict, Refusal
from portal.recognition.actions.levels import set_levels
from portal.recognition.admin.badges import bp
from portal.recognition.forms import LevelsForm
from portal.recognition.queries.levels import count_levels
from portal.recognition.rules.levels import mark_of
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/levels")
@admin
def levels() -> str:
    """The levels."""
    return _levels()


def _levels(form: LevelsForm | None = None, refusal: Refusal | None = None) -> str:
    counted = count_levels(db())
    if form is None:
        lines = [{"id": level.id, "name": level.name, "threshold": level.threshold} for level in counted]
        form = LevelsForm(formdata=None, shown=mark_of(counted), levels=lines)
    if refusal is not None:
        form.refuse(refusal)
    if len(form.levels) < form.levels.max_entries:
        form.levels.append_entry()
    return render("recognition/admin/levels.html", form=form, levels=counted, people={level.id: level.people for level in counted})


def _again(refusal: Refusal) -> tuple[str, int]:
    return _levels(None if isinstance(refusal, Conflict) else LevelsForm(), refusal), refusal.status


@bp.post("/levels")
@admin
@writes(again=_again)
def save_levels() -> Any:
    """Keep them; everybody stands at once where they now put them."""
    form = LevelsForm()
    if not form.validate():
        return _levels(form), 422
    set_levels(db(), current_actor(), levels=form.wanted(), shown=form.shown.data or "", now=utcnow())
    flash(_("The levels are saved."), "good")
    return redirect(url_for(".levels"), 303)

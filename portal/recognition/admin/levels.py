"""Levels: names and thresholds, and how many people stand on each."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.recognition.actions.levels import seen_values, set_levels
from portal.recognition.admin.badges import bp
from portal.recognition.forms import LevelsForm
from portal.recognition.queries.levels import count_levels, list_levels
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/levels")
@admin
def levels() -> str:
    """The levels."""
    return _levels()


def _stored() -> LevelsForm:
    there = list_levels(db())
    rows = [{"id": level.id, "name": level.name, "threshold": level.threshold} for level in there]
    return LevelsForm(formdata=None, levels=rows, seen=seen_of(seen_values(there)))


def _levels(form: LevelsForm | None = None) -> str:
    counted = count_levels(db())
    form = form or _stored()
    if len(form.levels) < form.levels.max_entries:
        form.levels.append_entry()
    return render("recognition/admin/levels.html", form=form, levels=counted, people={level.id: level.people for level in counted})


def _again(refusal: Refusal) -> tuple[str, int]:
    form = LevelsForm()
    form.refuse(refusal, _stored)
    return _levels(form), refusal.status


@bp.post("/levels")
@admin
@writes(again=_again)
def save_levels() -> Any:
    """Keep them; everybody stands at once where they now put them."""
    form = LevelsForm()
    if not form.validate():
        return _levels(form), 422
    set_levels(db(), current_actor(), levels=form.wanted(), seen=form.seen.data, now=utcnow())
    flash(_("The levels are saved."), "good")
    return redirect(url_for(".levels"), 303)

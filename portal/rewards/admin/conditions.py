"""Admins' doors to the conditions of a reward, and to its audience."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.recognition.queries.levels import list_levels
from portal.rewards.actions import conditions as acts
from portal.rewards.admin.rewards import bp, edit_page
from portal.rewards.forms.conditions import ConditionsForm, conditions_form
from portal.rewards.queries.conditions import get_conditions
from portal.web.guards import admin, current_actor
from portal.web.transaction import db, writes


@bp.post("/<int:reward_id>/conditions")
@admin
@writes(again=lambda refusal, reward_id: _again(refusal, reward_id))
def conditions(reward_id: int) -> ResponseReturnValue:
    """Say what a reward asks for besides its price."""
    form = _filled()
    if not form.validate():
        return edit_page(reward_id, conditions=form), 422
    acts.set_conditions(db(), current_actor(), reward_id=reward_id, **form.given(), now=utcnow())
    flash(_("Saved. It holds from now on; what was redeemed stays as it is."), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=reward_id), 303)


@bp.post("/<int:reward_id>/audience")
@admin
@writes(again=lambda refusal, reward_id: _again(refusal, reward_id))
def audience(reward_id: int) -> ResponseReturnValue:
    """Go on to who sees it; the first time this makes the audience."""
    audience_id = acts.open_audience(db(), current_actor(), reward_id=reward_id, now=utcnow())
    return redirect(url_for("audience_admin.show", audience_id=audience_id), 303)


def _filled() -> ConditionsForm:
    return conditions_form(list_levels(db()))


def _again(refusal: Refusal, reward_id: int) -> ResponseReturnValue:
    form = _filled()
    form.validate()
    form.refuse(refusal, lambda: conditions_form(list_levels(db()), get_conditions(db(), reward_id)))
    return edit_page(reward_id, conditions=form), refusal.status

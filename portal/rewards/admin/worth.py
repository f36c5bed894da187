"""Admins' doors to the value of a reward in money, and to what the rule approves by itself."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.rewards.actions.auto import set_auto_terms
from portal.rewards.actions.worth import set_value
from portal.rewards.admin.rewards import bp, edit_page
from portal.rewards.forms.worth import AutoForm, ValueForm
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.worth import auto_terms_of
from portal.rewards.rules.auto import REST_HOURS
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.post("/<int:reward_id>/value")
@admin
@writes(again=lambda refusal, reward_id: _value_again(refusal, reward_id))
def value(reward_id: int) -> ResponseReturnValue:
    """Say what a reward is worth."""
    form = ValueForm()
    if not form.validate():
        return edit_page(reward_id, worth=form), 422
    set_value(db(), current_actor(), reward_id=reward_id, cents=form.worth.cents, seen=form.seen.data, now=utcnow())
    flash(_("Saved. What was sent before keeps the value it had."), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=reward_id), 303)


@bp.get("/terms")
@admin
def terms() -> str:
    """What the rule approves by itself."""
    return _page(AutoForm.of(auto_terms_of(db())))


@bp.post("/terms")
@admin
@writes(again=lambda refusal: _terms_again(refusal))
def save_terms() -> ResponseReturnValue:
    """Keep what the rule approves."""
    form = AutoForm()
    if not form.validate():
        return _page(form), 422
    kept = set_auto_terms(db(), current_actor(), terms=form.terms(), seen=form.seen.data, now=utcnow())
    told = (
        _("Saved. Every redemption is looked at by a person.")
        if kept.most_cents is None
        else _("Saved. The rule looks at what is asked for from now on.")
    )
    flash(told, "good")
    return redirect(url_for("rewards_admin.terms"), 303)


def _value_again(refusal: Refusal, reward_id: int) -> ResponseReturnValue:
    form = ValueForm()
    form.validate()
    form.refuse(refusal, lambda: ValueForm.of(get_reward(db(), reward_id)))
    return edit_page(reward_id, worth=form), refusal.status


def _page(form: AutoForm) -> str:
    return render("rewards/admin/terms.html", form=form, hours=REST_HOURS, is_on=auto_terms_of(db()).most_cents is not None)


def _terms_again(refusal: Refusal) -> ResponseReturnValue:
    form = AutoForm()
    form.validate()
    form.refuse(refusal, lambda: AutoForm.of(auto_terms_of(db())))
    return _page(form), refusal.status

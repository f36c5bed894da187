"""Admins' forms beside the editor: what a reward's kind needs, and what it comes in."""

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.rewards.actions import variants
from portal.rewards.actions.catalogue import set_options
from portal.rewards.admin.rewards import bp, edit_page, variant_form
from portal.rewards.forms.editing import NewVariantForm, OptionsForm, options_form
from portal.rewards.kinds.registry import kind_of
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.variants import get_variant
from portal.web.forms import Form
from portal.web.guards import admin, current_actor
from portal.web.transaction import db, writes


@bp.post("/<int:reward_id>/details")
@admin
@writes(again=lambda refusal, reward_id: _details_again(refusal, reward_id))
def details(reward_id: int) -> ResponseReturnValue:
    """Say what the kind needs to know."""
    form = _details(reward_id)
    if not form.validate():
        return edit_page(reward_id, details=form), 422
    set_options(db(), current_actor(), reward_id=reward_id, given=form.given(), seen=form.seen.data, now=utcnow())
    return _saved(reward_id)


@bp.post("/<int:reward_id>/variants")
@admin
@writes(again=lambda refusal, reward_id: _again(refusal, reward_id, new_variant=NewVariantForm(prefix="new-")))
def add_variant(reward_id: int) -> ResponseReturnValue:
    """Add a size, a colour, a date."""
    form = NewVariantForm(prefix="new-")
    if not form.validate():
        return edit_page(reward_id, new_variant=form), 422
    said: dict[str, Any] = {"name": form["name"].data or "", "happens_on": form.happens_on.data, "stock": form.stock.data}
    variants.add_variant(db(), current_actor(), reward_id=reward_id, **said, now=utcnow())
    return _saved(reward_id)


@bp.post("/<int:reward_id>/variants/<int:variant_id>")
@admin
@writes(again=lambda refusal, reward_id, variant_id: _variant_again(refusal, reward_id, variant_id))
def change_variant(reward_id: int, variant_id: int) -> ResponseReturnValue:
    """Change a variant, and how many there are."""
    variant = get_variant(db(), reward_id, variant_id)
    form = variant_form(variant, filled=True)
    its: dict[str, Any] = {"reward_id": reward_id, "variant_id": variant_id, "now": utcnow()}
    if not form.validate():
        return edit_page(reward_id, **{f"variant{variant_id}": form}), 422
    said: dict[str, Any] = {
        "name": form["name"].data or "",
        "happens_on": form.happens_on.data,
        "position": form.position.data,
        "is_active": form.is_active.data,
    }
    variants.change_variant(db(), current_actor(), **its, **said, seen=form.seen.data)
    if form.change.data is not None and variant.stock is None:
        variants.count_variant(db(), current_actor(), **its, stock=form.change.data, key=form.key.data)
    elif form.change.data:
        variants.adjust_variant(db(), current_actor(), **its, change=form.change.data, key=form.key.data)
    return _saved(reward_id)


def _details(reward_id: int) -> OptionsForm:
    return options_form(kind_of(get_reward(db(), reward_id).kind), {}, filled=True)


def _details_again(refusal: Refusal, reward_id: int) -> ResponseReturnValue:
    form, reward = _details(reward_id), get_reward(db(), reward_id)
    form.validate()
    form.refuse(refusal, lambda: options_form(kind_of(reward.kind), reward.options))
    return edit_page(reward_id, details=form), refusal.status


def _variant_again(refusal: Refusal, reward_id: int, variant_id: int) -> ResponseReturnValue:
    variant = get_variant(db(), reward_id, variant_id)
    form = variant_form(variant, filled=True)
    form.validate()
    form.refuse(refusal, lambda: variant_form(variant))
    return edit_page(reward_id, **{f"variant{variant_id}": form}), refusal.status


def _again(refusal: Refusal, reward_id: int, **forms: Form) -> ResponseReturnValue:
    for form in forms.values():
        form.validate()
        form.refuse(refusal)
    return edit_page(reward_id, **forms), refusal.status


def _saved(reward_id: int) -> ResponseReturnValue:
    flash(_("Saved."), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=reward_id), 303)

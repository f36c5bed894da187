"""Admins' pages of the catalogue: the list, the editor, state and stock. The blueprint of the room's admin pages begins here."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.audience.queries.audiences import sheet_of
from portal.files.actions import store_upload
from portal.files.queries import measures_of
from portal.files.receiving import Received
from portal.files.uploads import take_in
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.recognition.queries.levels import list_levels
from portal.rewards.actions import catalogue
from portal.rewards.actions.variants import seen_variant
from portal.rewards.forms.conditions import conditions_form
from portal.rewards.forms.deciding import PlainForm
from portal.rewards.forms.editing import (
    CountForm,
    EditRewardForm,
    EditVariantForm,
    NewRewardForm,
    NewVariantForm,
    RewardForm,
    StockForm,
    options_form,
)
from portal.rewards.forms.lists import RewardsFilter
from portal.rewards.forms.worth import ValueForm
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.queries.catalogue import count_rewards, get_reward, iter_rewards, list_rewards
from portal.rewards.queries.conditions import asked_by, get_conditions
from portal.rewards.queries.variants import variants_of
from portal.rewards.queries.waiting import count_waiting, list_waiting
from portal.rewards.queries.wishes import count_wishes
from portal.rewards.queries.worth import cents_of
from portal.rewards.rules.cards import Source, source_of, worth_in
from portal.rewards.rules.conditions import SHELF_NAMES, Conditions, Shelf, offer_state
from portal.rewards.rules.kinds import KIND_NAMES, Kind, RewardState
from portal.rewards.rules.refusals.editing import DetailUnfit
from portal.rewards.views import NAMES as SHARED
from portal.web.exports import csv_response
from portal.web.forms import Form
from portal.web.guards import admin, current_actor
from portal.web.language import day, number
from portal.web.templating import render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("rewards_admin", __name__, url_prefix="/admin/rewards")
NAMES: dict[str, Any] = SHARED | {"shelves": SHELF_NAMES, "shelf": Shelf, "live": RewardState.LIVE}
FIRST_WAITING = 5
REWARDS_HEADER: tuple[str, ...] = ("reward", "kind", "state", "points", "stock", "limit_per_person", "redeemed", "waiting", "sale_from", "sale_to")
REWARDS_HEADER += ("wishes", "waiting_list")


@bp.get("")
@admin
def index() -> ResponseReturnValue:
    """All rewards, in any state."""
    form = RewardsFilter(request.args)
    filters = form.values()
    if request.args.get("format") == "csv":
        return csv_response("rewards.csv", REWARDS_HEADER, (_reward_line(row) for row in iter_rewards(db(), filters, utcnow())))
    found = list_rewards(db(), filters, utcnow(), after=request.args.get("after"))
    shown = {"counts": count_rewards(db(), utcnow()), "pictures": measures_of(db(), [row[0].picture_id for row in found])}
    return render_fragment("rewards/admin/index.html", "results", found=found, form=form, filters=filters, **shown, **NAMES)


@bp.get("/new")
@admin
def new() -> ResponseReturnValue:
    """The form for a new reward."""
    return _new(NewRewardForm(formdata=None))


@bp.post("/new")
@admin
@writes(first=lambda: _received(NewRewardForm()), again=lambda refusal: _new_again(refusal))
def add(ready: Received | None) -> ResponseReturnValue:
    """Keep a new reward as a draft."""
    form = NewRewardForm()
    if not form.validate():
        return _new(form), 422
    if _is_preview():
        return _new(form, preview=_preview_of(form))
    made = catalogue.add_reward(
        db(), current_actor(), **said(form), stock=form.stock.data, picture_id=_picture(ready), key=form.key.data, now=utcnow()
    )
    flash(_("“%(name)s” is kept as a draft. Publish it when it is ready.", name=made.name), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=made.id), 303)


@bp.get("/<int:reward_id>")
@admin
def edit(reward_id: int) -> ResponseReturnValue:
    """One reward: what it says, its state and its stock."""
    return edit_page(reward_id)


@bp.post("/<int:reward_id>")
@admin
@writes(first=lambda reward_id: _received(EditRewardForm()), again=lambda refusal, reward_id: _edit_again(refusal, reward_id, form=EditRewardForm()))
def change(reward_id: int, ready: Received | None) -> ResponseReturnValue:
    """Change what a reward says and costs; what is offered with the same press is published with it, or neither is done."""
    form = EditRewardForm()
    if not form.validate():
        return edit_page(reward_id, form=form), 422
    reward = get_reward(db(), reward_id)
    if _is_preview():
        return edit_page(reward_id, form=form, preview=_preview_of(form, reward))
    kept = None if form.drop_picture.data else reward.picture_id
    given = said(form) | {"picture_id": _picture(ready) or kept, "seen": form.seen.data}
    now = utcnow()
    changed = catalogue.change_reward(db(), current_actor(), reward_id=reward_id, **given, now=now)
    if request.form.get("act") == "publish":
        catalogue.publish_reward(db(), current_actor(), reward_id=reward_id, now=now)
        flash(_published(changed, get_conditions(db(), reward_id)), "good")
    else:
        flash(_("Saved."), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=reward_id), 303)


@bp.post("/<int:reward_id>/retire")
@admin
@writes(again=lambda refusal, reward_id: _edit_again(refusal, reward_id))
def retire(reward_id: int) -> ResponseReturnValue:
    """Take a reward out of the catalogue."""
    reward = catalogue.retire_reward(db(), current_actor(), reward_id=reward_id, now=utcnow())
    flash(_("“%(name)s” is out of the catalogue. What was redeemed stays as it is.", name=reward.name), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=reward_id), 303)


@bp.post("/<int:reward_id>/stock")
@admin
@writes(again=lambda refusal, reward_id: _edit_again(refusal, reward_id, stock=StockForm()))
def adjust_stock(reward_id: int) -> ResponseReturnValue:
    """Add to the stock, or take from it."""
    form = StockForm()
    if not form.validate():
        return edit_page(reward_id, stock=form), 422
    left = catalogue.adjust_stock(db(), current_actor(), reward_id=reward_id, change=form.change.data, key=form.key.data, now=utcnow())
    flash(ngettext("There is %(n)s on the shelf now.", "There are %(n)s on the shelf now.", left, n=number(left)), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=reward_id), 303)


@bp.post("/<int:reward_id>/count")
@admin
@writes(again=lambda refusal, reward_id: _edit_again(refusal, reward_id, count=CountForm()))
def count_stock(reward_id: int) -> ResponseReturnValue:
    """Begin to count the stock."""
    form = CountForm()
    if not form.validate():
        return edit_page(reward_id, count=form), 422
    catalogue.count_stock(db(), current_actor(), reward_id=reward_id, stock=form.stock.data, now=utcnow())
    flash(_("The stock is counted from now on."), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=reward_id), 303)


@bp.post("/<int:reward_id>/uncount")
@admin
@writes(again=lambda refusal, reward_id: _edit_again(refusal, reward_id))
def uncount_stock(reward_id: int) -> ResponseReturnValue:
    """Stop counting: the reward never runs out."""
    catalogue.uncount_stock(db(), current_actor(), reward_id=reward_id, now=utcnow())
    flash(_("The stock is not counted any more; the reward never runs out."), "good")
    return redirect(url_for("rewards_admin.edit", reward_id=reward_id), 303)


def _published(reward: Reward, conditions: Conditions) -> str:
    """Say what publishing has led to: with days of sale it may be offered later, or not any more."""
    shelf = offer_state(reward.state, conditions, _today())
    if shelf is Shelf.SCHEDULED and conditions.sale_from is not None:
        return str(_("“%(name)s” is scheduled: members can redeem it from %(day)s.", name=reward.name, day=day(conditions.sale_from)))
    if shelf is Shelf.OVER:
        return str(_("“%(name)s” is published, but its last day on sale has passed. Change its days to offer it.", name=reward.name))
    return str(_("“%(name)s” is in the catalogue now.", name=reward.name))


def _today() -> date:
    return local_date(utcnow(), programme_zone(db()))


def said(form: RewardForm) -> dict[str, Any]:
    """Return what was typed about a reward, but for its picture and its stock."""
    fields = ("name", "kind", "price", "limit_per_person")
    return {name: form[name].data for name in fields} | {name: form[name].data or "" for name in ("summary", "text", "terms")}


def _received(form: RewardForm) -> Received | None:
    """Take in the picture of a form that arrived whole, before the unit of work. A preview shows the former one."""
    return None if _is_preview() or not form.validate() else take_in(form.picture.data, "picture")


def _picture(received: Received | None) -> int | None:
    if received is None:
        return None
    actor = current_actor()
    return store_upload(db(), actor, received=received, owner_id=actor.id, now=utcnow()).id


def _is_preview() -> bool:
    return request.form.get("act") == "preview"


def _preview_of(form: RewardForm, reward: Reward | None = None) -> dict[str, Any]:
    kept: dict[str, Any] = {"picture_id": reward.picture_id if reward else None, "stock": reward.stock if reward else form["stock"].data}
    return said(form) | kept


def _new(form: NewRewardForm, *, preview: dict[str, Any] | None = None) -> str:
    return render_fragment("rewards/admin/new.html", "preview", form=form, preview=preview, **NAMES)


def _new_again(refusal: Refusal) -> ResponseReturnValue:
    form = NewRewardForm()
    form.validate()
    _tell(form, refusal)
    return _new(form), refusal.status


def edit_page(reward_id: int, *, preview: Any = None, **forms: Form) -> str:
    """Render the page of one reward, with ``forms`` that were refused; one of a variant is called ``variant`` and its number."""
    reward, (conditions, audience_id) = get_reward(db(), reward_id), asked_by(db(), reward_id)
    shown: dict[str, Any] = {
        "conditions": forms.get("conditions") or conditions_form(list_levels(db()), conditions),
        "stands": offer_state(reward.state, conditions, _today()),
        "asks": conditions,
        "today": _today(),
        "programme_zone": programme_zone(db()).replace("_", " "),
        "sheet": sheet_of(db(), audience_id) if audience_id is not None else None,
        "form": forms.get("form") or _stored(reward_id),
        "stock": forms.get("stock") or StockForm(formdata=None),
        "count": forms.get("count") or CountForm(formdata=None),
        "plain": forms.get("plain") or PlainForm(formdata=None),
        "details": forms.get("details") or options_form(kind_of(reward.kind), reward.options),
        "worth": forms.get("worth") or ValueForm.of(reward),
        "cents": cents_of(db(), reward),
        "is_amount": worth_in(reward.kind, reward.options) is not None,
        "wishes": count_wishes(db(), reward_id),
        "listed": count_waiting(db(), reward_id),
        "first_waiting": list_waiting(db(), reward_id, size=FIRST_WAITING),
        "is_vault": source_of(reward.kind, reward.options) is Source.VAULT,
        "new_variant": forms.get("new_variant") or NewVariantForm(formdata=None, prefix="new-"),
        "variants": [(found, forms.get(f"variant{found.id}") or variant_form(found)) for found in variants_of(db(), reward_id)],
    }
    return render_fragment("rewards/admin/edit.html", "preview", reward=reward, preview=preview or reward, **shown, **NAMES)


def _stored(reward_id: int) -> EditRewardForm:
    reward = get_reward(db(), reward_id)
    return EditRewardForm(formdata=None, obj=reward, seen=seen_of(catalogue.seen_values(reward)))


def variant_form(variant: RewardVariant, *, filled: bool = False) -> EditVariantForm:
    """Return the form of a variant; a page holds many, so each has its own names."""
    prefix = f"variant{variant.id}-"
    if filled:
        return EditVariantForm(prefix=prefix)
    return EditVariantForm(formdata=None, obj=variant, prefix=prefix, seen=seen_of(seen_variant(variant)))


def _edit_again(refusal: Refusal, reward_id: int, **forms: Form) -> ResponseReturnValue:
    shown = forms or {"plain": PlainForm()}
    if (refusal.field or "").startswith("option_"):
        reward = get_reward(db(), reward_id)
        details = options_form(kind_of(reward.kind), reward.options, is_marked=True)
        details.refuse(refusal)
        refusal = DetailUnfit(detail=details[refusal.field or ""].label.text)
        forms = {"details": details}
    else:
        forms = {}
    for form in shown.values():
        form.validate()
        _tell(form, refusal, lambda: _stored(reward_id))
    return edit_page(reward_id, **shown, **forms), refusal.status


def _tell(form: Form, refusal: Refusal, stored: Callable[[], Form] | None = None) -> None:
    """Show what a picture was refused for beside the picture; the files room calls its field otherwise."""
    if "picture" in form and refusal.field in ("file", "upload", "picture"):
        refusal.field = "picture"  # type: ignore[misc]
    form.refuse(refusal, stored)


def _reward_line(row: Any) -> tuple[Any, ...]:
    reward = row[0]
    kind, state = _(KIND_NAMES[Kind(reward.kind)]), _(SHELF_NAMES[Shelf(row.shelf)])
    has = (reward.name, kind, state, reward.price, reward.stock, reward.limit_per_person, row.redeemed, row.waiting)
    return (*has, row.sale_from, row.sale_to, row.wishes, row.listed)

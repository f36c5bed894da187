"""Admins' pages of what was redeemed: the list, and one redemption with what may be done next."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.rewards.actions import review
from portal.rewards.admin.rewards import bp
from portal.rewards.forms import FulfilForm, PlainForm, ReasonForm, RedemptionsFilter
from portal.rewards.queries.redemptions import count_states, iter_redemptions, list_redemptions
from portal.rewards.queries.review import redemption_for_review
from portal.rewards.rules.kinds import KIND_NAMES
from portal.rewards.rules.states import STATE_NAMES, STEP_NAMES, State, is_called_off
from portal.web.exports import csv_response
from portal.web.forms import Form
from portal.web.guards import admin, current_actor
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

NAMES: dict[str, Any] = {"kinds": KIND_NAMES, "states": STATE_NAMES, "steps": STEP_NAMES, "is_called_off": is_called_off}
REDEMPTIONS_HEADER = ("asked", "person", "company", "reward", "points", "state", "approved", "fulfilled", "given_back", "reason", "wish")


@bp.get("/redemptions")
@admin
def redemptions() -> ResponseReturnValue:
    """All redemptions."""
    form = RedemptionsFilter(request.args)
    filters = form.values()
    if request.args.get("format") == "csv":
        return csv_response("redemptions.csv", REDEMPTIONS_HEADER, (_redemption_line(row) for row in iter_redemptions(db(), filters)))
    found = list_redemptions(db(), filters, after=request.args.get("after"))
    return render_fragment("rewards/admin/redemptions.html", "results", found=found, form=form, filters=filters, counts=count_states(db()), **NAMES)


@bp.get("/redemptions/<int:redemption_id>")
@admin
def redemption(redemption_id: int) -> ResponseReturnValue:
    """One redemption, with what may be done next."""
    return _redemption(redemption_id)


@bp.post("/redemptions/<int:redemption_id>/approve")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, plain=PlainForm()))
def approve(redemption_id: int) -> ResponseReturnValue:
    """Say yes."""
    review.approve_redemption(db(), current_actor(), redemption_id=redemption_id, now=utcnow())
    return _decided(redemption_id, _("Approved. The points stay held until you mark it as fulfilled."))


@bp.post("/redemptions/<int:redemption_id>/decline")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, decline=ReasonForm()))
def decline(redemption_id: int) -> ResponseReturnValue:
    """Say no, with a reason."""
    form = ReasonForm()
    if not form.validate():
        return _redemption(redemption_id, decline=form), 422
    review.decline_redemption(db(), current_actor(), redemption_id=redemption_id, reason=form.reason.data or "", now=utcnow())
    return _decided(redemption_id, _("Declined. The points are back on their balance, and they read your reason."))


@bp.post("/redemptions/<int:redemption_id>/fulfil")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, fulfil=FulfilForm()))
def fulfil(redemption_id: int) -> ResponseReturnValue:
    """Hand the reward over."""
    form = FulfilForm()
    if not form.validate():
        return _redemption(redemption_id, fulfil=form), 422
    review.fulfil_redemption(db(), current_actor(), redemption_id=redemption_id, delivery=form.delivery.data or "", now=utcnow())
    return _decided(redemption_id, _("Fulfilled. The held points are spent."))


@bp.post("/redemptions/<int:redemption_id>/return")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, back=ReasonForm()))
def take_back(redemption_id: int) -> ResponseReturnValue:
    """Take a fulfilled reward back, with a reason."""
    form = ReasonForm()
    if not form.validate():
        return _redemption(redemption_id, back=form), 422
    review.return_redemption(db(), current_actor(), redemption_id=redemption_id, reason=form.reason.data or "", now=utcnow())
    return _decided(redemption_id, _("Returned. Points and stock are back where they were."))


def _redemption(redemption_id: int, **forms: Form) -> str:
    found = redemption_for_review(db(), redemption_id)
    shown = {
        "plain": forms.get("plain") or PlainForm(formdata=None),
        "decline": forms.get("decline") or ReasonForm(formdata=None),
        "fulfil": forms.get("fulfil") or FulfilForm(formdata=None),
        "back": forms.get("back") or ReasonForm(formdata=None),
    }
    return render("rewards/admin/redemption.html", found=found, item=found.detail.redemption, me=current_actor().id, state=State, **shown, **NAMES)


def _undecided(refusal: Refusal, redemption_id: int, **forms: Form) -> ResponseReturnValue:
    for form in forms.values():
        form.validate()
        form.refuse(refusal)
    return _redemption(redemption_id, **forms), refusal.status


def _decided(redemption_id: int, told: str) -> ResponseReturnValue:
    flash(told, "good")
    return redirect(url_for("rewards_admin.redemption", redemption_id=redemption_id), 303)


def _redemption_line(row: Any) -> tuple[Any, ...]:
    item, reward, person, company = row[:4]
    times = [at.isoformat(timespec="seconds") if at else "" for at in (item.requested_at, item.approved_at, item.fulfilled_at, item.released_at)]
    state = _(STATE_NAMES[State(item.state)])
    return times[0], person.name, company, reward.name, item.price, state, *times[1:], item.reason, item.wish

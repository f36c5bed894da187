"""Advocates' doors of wishes and of the waiting list: a heart on a reward, "tell me when it is back", and the list of both."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.files.queries import measures_of
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.receiving.queries.standing import receiver_of
from portal.rewards.actions import waiting, wishes
from portal.rewards.forms.deciding import PlainForm
from portal.rewards.forms.redeeming import RedeemForm
from portal.rewards.forms.wishing import HeartForm, ShelfForm, WishesFilter
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.waiting import count_own_waits, own_waits
from portal.rewards.queries.wishes import count_own_wishes, own_wishes
from portal.rewards.views import NAMES, form_of, page_of
from portal.web.guards import advocate, current_actor
from portal.web.redirects import own_path
from portal.web.templating import render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("wishes", __name__, url_prefix="/rewards")


@bp.get("/wishes")
@advocate
def index() -> ResponseReturnValue:
    """What the reader wishes for, and what they wait for."""
    form = WishesFilter(request.args)
    filters, me, after = form.values(), _me(), request.args.get("after")
    shown: dict[str, Any] = {"form": form, "filters": filters, "receiver": receiver_of(db(), me, utcnow()), "plain": PlainForm(formdata=None)}
    shown["counts"] = {"wishes": count_own_wishes(db(), me), "waiting": count_own_waits(db(), me)}
    if filters.get("show") == "waiting":
        found = own_waits(db(), me, after=after)
        rewards = [row[1] for row in found]
    else:
        found = own_wishes(db(), shown["receiver"], filters, utcnow(), after=after)
        rewards = [row.offer.reward for row in found]
    shown["pictures"] = measures_of(db(), [reward.picture_id for reward in rewards])
    return render_fragment("rewards/wishes.html", "results", found=found, **shown, **NAMES)


@bp.post("/<int:reward_id>/wish")
@advocate
@writes(again=lambda refusal, reward_id: _again(refusal, reward_id))
def wish(reward_id: int) -> ResponseReturnValue:
    """Put a reward on the wish list, or take it off, and go back to where the heart was pressed."""
    form = HeartForm()
    if form.is_wished.data:
        wishes.wish(db(), current_actor(), reward_id=reward_id, now=utcnow())
    else:
        wishes.unwish(db(), current_actor(), reward_id=reward_id)
    return _back(reward_id, form.next.data)


@bp.post("/<int:reward_id>/wait")
@advocate
@writes(again=lambda refusal, reward_id: _again(refusal, reward_id))
def join(reward_id: int) -> ResponseReturnValue:
    """Wait for what is sold out."""
    form = ShelfForm()
    waiting.join_waiting(db(), current_actor(), reward_id=reward_id, variant_id=form.variant, now=utcnow())
    flash(_("We tell you when it is back. Nothing is taken from your points."), "good")
    return _back(reward_id, form.next.data)


@bp.post("/<int:reward_id>/leave")
@advocate
@writes(again=lambda refusal, reward_id: _again(refusal, reward_id))
def leave(reward_id: int) -> ResponseReturnValue:
    """Wait no longer."""
    form = ShelfForm()
    waiting.leave_waiting(db(), current_actor(), reward_id=reward_id, variant_id=form.variant, now=utcnow())
    flash(_("You are off the list. You can join it again at any time, at its end."), "good")
    return _back(reward_id, form.next.data)


def _typed_along(reward_id: int) -> RedeemForm | None:
    """Return the form to redeem a reward that another button of its page sent along; None where nothing was typed into it."""
    if "shown_price" not in request.form:
        return None
    reward = get_reward(db(), reward_id)
    sent = form_of(reward, filled=True)
    return None if sent.is_like(form_of(reward)) else sent


def _back(reward_id: int, where: str | None) -> ResponseReturnValue:
    """Go back to where the button was pressed; with what was typed into the form to redeem it, which is shown at once."""
    typed = _typed_along(reward_id)
    if typed is not None:
        return page_of(reward_id, typed, is_kept=True)
    return redirect(own_path(where) or url_for("rewards.show", reward_id=reward_id), 303)


def _again(refusal: Refusal, reward_id: int) -> ResponseReturnValue:
    plain, typed = PlainForm(), _typed_along(reward_id)
    plain.refuse(refusal)
    return page_of(reward_id, typed, plain=plain, is_kept=typed is not None), refusal.status


def _me() -> int:
    person_id = current_actor().id
    assert person_id is not None
    return person_id

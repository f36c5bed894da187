"""Admins' pages of what was redeemed: the list, and one redemption with what may be done next."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.review.actions.presses import take_press
from portal.rewards.actions import addresses, codes, fulfilling, ordering, review
from portal.rewards.admin.rewards import bp
from portal.rewards.forms.addresses import address_form
from portal.rewards.forms.codes import AllowForm
from portal.rewards.forms.deciding import PressForm, ReasonForm, SendForm, send_form
from portal.rewards.forms.lists import RedemptionsFilter
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.queries.cards import late_cards, order_of
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.redemptions import count_states, get_redemption, iter_redemptions, list_redemptions
from portal.rewards.queries.review import redemption_for_review
from portal.rewards.queries.worth import looked_at
from portal.rewards.rules.auto import AGAINST_NAMES
from portal.rewards.rules.cards import OPEN, ORDER_NAMES, WHY_NAMES, Source, holder_of, may_give_up, source_of
from portal.rewards.rules.signs import SIGN_NAMES
from portal.rewards.rules.states import Move, State, can, is_called_off
from portal.rewards.views import NAMES as SHARED
from portal.vault.queries import look_of
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.forms import Form
from portal.web.guards import admin, current_actor
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

NAMES: dict[str, Any] = SHARED | {
    "against_names": AGAINST_NAMES,
    "sign_names": SIGN_NAMES,
    "sentence": sentence,
    "is_called_off": is_called_off,
    "can": can,
    "move": Move,
    "source_of": source_of,
    "sources": Source,
    "why_names": WHY_NAMES,
    "order_names": ORDER_NAMES,
    "open_orders": OPEN,
}
REDEMPTIONS_HEADER: tuple[str, ...] = (
    "asked",
    "person",
    "company",
    "reward",
    "variant",
    "points",
    "state",
    "approved",
    "ordered",
    "sent",
    "received",
)
REDEMPTIONS_HEADER += ("given_back", "reason", "wish")
MOMENTS = ("requested_at", "approved_at", "ordered_at", "sent_at", "received_at", "released_at")


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
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, plain=PressForm()))
def approve(redemption_id: int) -> ResponseReturnValue:
    """Say yes."""
    if _is_second_press(redemption_id, "approve"):
        return _decided(redemption_id, _("Done. You pressed twice, and it counts once."))
    made = review.give_approval(db(), current_actor(), redemption_id=redemption_id, now=utcnow())
    if made is None:
        return _decided(redemption_id, _("Your approval is kept. It needs a second person’s before anything is paid."))
    if made.state == State.RECEIVED:
        return _decided(redemption_id, _("Approved and given at once. The held points are spent."))
    if made.state == State.SENT:
        return _decided(redemption_id, _("Approved, and their code is ready for them. The held points are spent."))
    if made.state == State.ORDERED:
        return _decided(redemption_id, _("Approved, and ordered from the provider. They get their code as soon as it is there."))
    reward = get_reward(db(), made.reward_id)
    if stop := looked_at(db(), made, reward, utcnow()).stop:
        return _decided(redemption_id, _("Approved, but it cannot be sent yet: %(why)s", why=sentence(stop)))
    if late_cards(db(), [redemption_id], utcnow()):
        return _decided(redemption_id, _("Approved, but its code lapsed, and there is no other one. Import codes, then hand it over here."))
    return _decided(redemption_id, _("Approved. The points stay held until it is sent."))


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


@bp.post("/redemptions/<int:redemption_id>/order")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, plain=PressForm()))
def order(redemption_id: int) -> ResponseReturnValue:
    """Note that it was ordered."""
    if _is_second_press(redemption_id, "order"):
        return _decided(redemption_id, _("Done. You pressed twice, and it counts once."))
    made = fulfilling.order_redemption(db(), current_actor(), redemption_id=redemption_id, now=utcnow())
    if made.state == State.SENT:
        return _decided(redemption_id, _("A spare card was there: their code is ready for them, and nothing was ordered. The held points are spent."))
    if source_of(_reward(redemption_id).kind, _reward(redemption_id).options) is Source.PROVIDER:
        return _decided(redemption_id, _("Ordered from the provider. They get their code as soon as it is there."))
    return _decided(redemption_id, _("Ordered. Mark it as sent when it leaves."))


@bp.post("/redemptions/<int:redemption_id>/look-again")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, plain=PressForm()))
def look_again(redemption_id: int) -> ResponseReturnValue:
    """Have the provider asked about an order now."""
    if ordering.look_again(db(), current_actor(), redemption_id=redemption_id, now=utcnow()):
        return _decided(redemption_id, _("The provider is asked now. Load this page again in a moment."))
    return _decided(redemption_id, _("There is no order to ask about; here is how it stands."))


@bp.post("/redemptions/<int:redemption_id>/allow-code")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, allow=AllowForm(prefix="allow-")))
def allow_code(redemption_id: int) -> ResponseReturnValue:
    """Let the member look at their code once more, with a reason."""
    form = AllowForm(prefix="allow-")
    if not form.validate():
        return _redemption(redemption_id, allow=form), 422
    codes.allow_code(db(), current_actor(), redemption_id=redemption_id, reason=form.reason.data or "", now=utcnow())
    return _decided(redemption_id, _("They can look at their code once more, and are told by mail."))


@bp.post("/redemptions/<int:redemption_id>/address")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, address=address_form(filled=True)))
def give_address(redemption_id: int) -> ResponseReturnValue:
    """Say where a parcel goes that has no address."""
    form = address_form(filled=True)
    if not form.validate():
        return _redemption(redemption_id, address=form), 422
    addresses.give_address(db(), current_actor(), redemption_id=redemption_id, address=form.address(), now=utcnow())
    return _decided(redemption_id, _("The parcel has an address now."))


@bp.post("/redemptions/<int:redemption_id>/send")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, send=_send_form(redemption_id, filled=True)))
def send(redemption_id: int) -> ResponseReturnValue:
    """Send it, or hand it over."""
    form = _send_form(redemption_id, filled=True)
    if not form.validate():
        return _redemption(redemption_id, send=form), 422
    said: dict[str, Any] = {"delivery": form.delivery.data or "", "handed": form.given()}
    fulfilling.send_redemption(db(), current_actor(), redemption_id=redemption_id, **said, now=utcnow())
    return _decided(redemption_id, _(kind_of(_reward(redemption_id).kind).send[1]))


@bp.post("/redemptions/<int:redemption_id>/receive")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, plain=PressForm()))
def receive(redemption_id: int) -> ResponseReturnValue:
    """Note that it arrived."""
    if _is_second_press(redemption_id, "receive"):
        return _decided(redemption_id, _("Done. You pressed twice, and it counts once."))
    fulfilling.receive_redemption(db(), current_actor(), redemption_id=redemption_id, now=utcnow())
    return _decided(redemption_id, _("Noted as received."))


@bp.post("/redemptions/<int:redemption_id>/fail")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, fail=ReasonForm()))
def fail(redemption_id: int) -> ResponseReturnValue:
    """Note that it could not be ordered or delivered, with a reason."""
    form = ReasonForm()
    if not form.validate():
        return _redemption(redemption_id, fail=form), 422
    fulfilling.fail_redemption(db(), current_actor(), redemption_id=redemption_id, reason=form.reason.data or "", now=utcnow())
    return _decided(redemption_id, _("Noted. The points stay held until you try again or give it up."))


@bp.post("/redemptions/<int:redemption_id>/retry")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, plain=PressForm()))
def retry(redemption_id: int) -> ResponseReturnValue:
    """Try again what failed."""
    if _is_second_press(redemption_id, "retry"):
        return _decided(redemption_id, _("Done. You pressed twice, and it counts once."))
    fulfilling.retry_redemption(db(), current_actor(), redemption_id=redemption_id, now=utcnow())
    return _decided(redemption_id, _("It is approved as before. Order or send it again."))


@bp.post("/redemptions/<int:redemption_id>/end")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, end=ReasonForm()))
def end(redemption_id: int) -> ResponseReturnValue:
    """Give up what failed, with a reason."""
    form = ReasonForm()
    if not form.validate():
        return _redemption(redemption_id, end=form), 422
    fulfilling.end_redemption(db(), current_actor(), redemption_id=redemption_id, reason=form.reason.data or "", now=utcnow())
    return _decided(redemption_id, _("Given up. Points and stock are back where they were."))


@bp.post("/redemptions/<int:redemption_id>/return")
@admin
@writes(again=lambda refusal, redemption_id: _undecided(refusal, redemption_id, take_back=ReasonForm()))
def take_back(redemption_id: int) -> ResponseReturnValue:
    """Take back what was sent, with a reason."""
    form = ReasonForm()
    if not form.validate():
        return _redemption(redemption_id, take_back=form), 422
    fulfilling.return_redemption(db(), current_actor(), redemption_id=redemption_id, reason=form.reason.data or "", now=utcnow())
    return _decided(redemption_id, _("Returned. Points and stock are back where they were."))


REASONED = ("decline", "fail", "end", "take_back")


def _reward(redemption_id: int) -> Reward:
    return get_reward(db(), get_redemption(db(), redemption_id).reward_id)


def _send_form(redemption_id: int, *, filled: bool = False) -> SendForm:
    return send_form(kind_of(_reward(redemption_id).kind), filled=filled)


def _redemption(redemption_id: int, **forms: Form) -> str:
    found = redemption_for_review(db(), redemption_id)
    shown: dict[str, Any] = {name: forms.get(name) or ReasonForm(formdata=None) for name in REASONED}
    shown |= {"plain": forms.get("plain") or PressForm(formdata=None), "send": forms.get("send") or _send_form(redemption_id)}
    shown["address"] = forms.get("address") or address_form()
    shown["allow"] = forms.get("allow") or AllowForm(formdata=None, prefix="allow-")
    item = found.detail.redemption
    card: dict[str, Any] = {"code": look_of(db(), holder_of(item.id)), "order": (order := order_of(db(), item.id))}
    card["is_late"] = bool(late_cards(db(), [item.id], utcnow()))
    card["may_give_up"] = order is not None and may_give_up(order.state, order.noted_at, utcnow())
    looked = looked_at(db(), item, found.detail.reward, utcnow())
    return render("rewards/admin/redemption.html", found=found, looked=looked, item=item, me=current_actor().id, forms=shown, **card, **NAMES)


def _is_second_press(redemption_id: int, verdict: str) -> bool:
    key = PressForm().press.data
    about = f"redemption:{redemption_id}"
    return bool(key) and not take_press(db(), current_actor(), key=key or "", verdict=verdict, about=about, now=utcnow())


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
    times = [at.isoformat(timespec="seconds") if (at := getattr(item, name)) else "" for name in MOMENTS]
    state = _(kind_of(reward.kind).state_name(item.state))
    return times[0], person.name, company, reward.name, item.variant, item.price, state, *times[1:], item.reason, item.wish

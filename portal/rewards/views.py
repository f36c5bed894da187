"""Advocates' pages: the catalogue, a reward, their own redemptions."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.files.queries import measures_of
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, fold
from portal.ledger.queries.balances import balance_of
from portal.receiving.queries.standing import Receiver, receiver_of
from portal.receiving.rules.accepting import Stance
from portal.receiving.rules.refusals import FormNeeded
from portal.rewards.actions.addresses import forget_address
from portal.rewards.actions.fulfilling import confirm_received
from portal.rewards.actions.redeeming import cancel_redemption
from portal.rewards.actions.redeeming import redeem as redeem_reward
from portal.rewards.forms.deciding import PlainForm
from portal.rewards.forms.lists import REACH_NAMES, CatalogueFilter, MineFilter
from portal.rewards.forms.redeeming import RedeemForm, redeem_form, show_terms
from portal.rewards.kinds.contract import Fact
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.catalogue import Offer, get_reward, iter_offers, kinds_offered, list_offers, offer_for
from portal.rewards.queries.codes import looks_at
from portal.rewards.queries.redemptions import count_own, find_on_its_way, get_detail, iter_own, own_redemptions, redemption_for
from portal.rewards.queries.variants import kept_address, open_variants
from portal.rewards.queries.waiting import awaited_for
from portal.rewards.queries.wishes import wished
from portal.rewards.queries.worth import cents_of, is_charity, open_cents, resting, stop_of
from portal.rewards.rules.addresses import KEPT_DAYS
from portal.rewards.rules.conditions import Period, sale_of
from portal.rewards.rules.kinds import KIND_NAMES, UNIT, Kind
from portal.rewards.rules.redeeming import is_over
from portal.rewards.rules.states import HELD, RECEIVED_AFTER_DAYS, Move, State, can, can_cancel
from portal.rewards.tickets import drawn, ticket_number
from portal.web.countries import country_name, country_names
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import advocate, current_actor
from portal.web.language import minute, number
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("rewards", __name__)


def day_of(redemption: Redemption, reward: Reward) -> date | None:
    """Return on which day it takes place by now."""
    variant = db().get(RewardVariant, redemption.variant_id) if redemption.variant_id else None
    return variant.happens_on if variant else kind_of(reward.kind).day(reward.options)


def facts_of(redemption: Redemption, reward: Reward) -> list[Fact]:
    """Return what member and desk read about a redemption besides its state: the day it was asked for, and the one it was moved to."""
    kind, asked, now = kind_of(reward.kind), redemption.happens_on, day_of(redemption, reward)
    days = [Fact(N_("Date"), asked.isoformat(), "day")] if asked else []
    if now is not None and now != asked:
        days.append(Fact(N_("Moved to") if asked else N_("Date"), now.isoformat(), "day"))
    return days + kind.facts(reward.options, redemption.answers, redemption.handed, State(redemption.state))


def facts_before(reward: Reward) -> list[Fact]:
    """Return what of ``facts_of`` is read before anybody asks for a reward: its own, such as the place of an event. Its day is told elsewhere."""
    return kind_of(reward.kind).facts(reward.options, {}, {}, State.REQUESTED)


def has_passed(reward: Reward) -> bool:
    """Tell whether the one day on which a reward takes place is over."""
    return is_over(kind_of(reward.kind).day(reward.options), local_date(utcnow(), programme_zone(db())))


NAMES: dict[str, Any] = {
    "has_passed": has_passed,
    "facts_before": facts_before,
    "kinds": KIND_NAMES,
    "facts_of": facts_of,
    "country_name": country_name,
    "can_cancel": can_cancel,
    "can_receive": lambda state: can(Move.RECEIVE, state),
    "ticket_number": ticket_number,
    "ticket_drawn": drawn,
    "address_kept": KEPT_DAYS,
    "received_after": RECEIVED_AFTER_DAYS,
    "state": State,
    "stance": Stance,
    "sentence": sentence,
    "reaches": REACH_NAMES,
    "country_names": country_names,
    "sale": sale_of,
    "periods": Period,
}
CATALOGUE_HEADER = ("reward", "kind", "points", "left", "summary")
MINE_HEADER = ("asked", "reward", "points", "state", "reason", "message", "chosen")
RECENT = 3


@bp.get("/rewards")
@advocate
def index() -> ResponseReturnValue:
    """What is offered, and how each reward stands for the reader."""
    form = CatalogueFilter(request.args)
    filters, me = form.values(), _me()
    asked = filters | {"named": _kinds_named(filters.get("q", ""))}
    if request.args.get("format") == "csv":
        rows = ((r.name, _(KIND_NAMES[Kind(r.kind)]), r.price, left, r.summary) for r, left in iter_offers(db(), me, asked, utcnow()))
        return csv_response("rewards.csv", CATALOGUE_HEADER, rows)
    found = list_offers(db(), me, asked, utcnow(), after=request.args.get("after"))
    mine, balance = own_redemptions(db(), me, {}, size=RECENT), balance_of(db(), me, unit=UNIT)
    shown = {"found": found, "form": form, "filters": filters, "mine": mine.rows, "plain": PlainForm(), "available": balance.available}
    shown["wished"] = wished(db(), me, [offer.reward.id for offer in found])
    shown["pictures"] = measures_of(db(), [offer.reward.picture_id for offer in found])
    shown["receiver"] = receiver = receiver_of(db(), me, utcnow())
    shown["codes"] = looks_at(db(), mine.rows)
    shown["offered"] = kinds_offered(db())
    shown["barred"] = {offer.reward.id for offer in found if not receiver.must_answer and _objects(receiver, offer.reward)}
    return render_fragment("rewards/index.html", "results", owed=balance.owed, **shown, **NAMES)


def _kinds_named(term: str) -> list[str]:
    """Return the kinds whose name holds ``term``, in the reader's language."""
    said = fold(term.strip())
    return [kind.value for kind, name in KIND_NAMES.items() if said and said in fold(_(name))]


@bp.get("/rewards/<int:reward_id>")
@advocate
def show(reward_id: int) -> ResponseReturnValue:
    """One reward, with the form to redeem it."""
    return page_of(reward_id)


@bp.post("/rewards/<int:reward_id>/redeem")
@advocate
@writes(again=lambda refusal, reward_id: _refused(refusal, reward_id))
def redeem(reward_id: int) -> ResponseReturnValue:
    """Ask for the reward: one piece and its price are set aside."""
    form = form_of(get_reward(db(), reward_id), filled=True)
    if not form.validate():
        return page_of(reward_id, form), 422
    made = redeem_reward(
        db(),
        current_actor(),
        reward_id=reward_id,
        key=form.key.data,
        wish=form.wish.data or "",
        shown_price=form.shown_price.data,
        asked=form.asked(),
        now=utcnow(),
    )
    flash(_told(made), "good")
    return redirect(url_for("rewards.mine"), 303)


@bp.get("/rewards/mine")
@advocate
def mine() -> ResponseReturnValue:
    """The reader's own redemptions."""
    if request.args.get("format") == "csv":
        filters = MineFilter(request.args).values()
        return csv_response("my-redemptions.csv", MINE_HEADER, (_line(row) for row in iter_own(db(), _me(), filters)))
    return _mine(PlainForm())


@bp.post("/rewards/address/forget")
@advocate
@writes(again=lambda refusal: _not_cancelled(refusal))
def forget() -> ResponseReturnValue:
    """Forget the address that was remembered for the next parcel."""
    forget_address(db(), _me())
    flash(_("We have forgotten your address. Parcels that are on their way keep theirs until they have arrived."), "good")
    return redirect(url_for("rewards.mine"), 303)


@bp.get("/rewards/redemptions/<int:redemption_id>")
@advocate
def redemption(redemption_id: int) -> ResponseReturnValue:
    """One of the reader's redemptions: where it stands, what it comes with, where it goes."""
    return _redemption(redemption_id, PlainForm(formdata=None))


@bp.post("/rewards/redemptions/<int:redemption_id>/received")
@advocate
@writes(again=lambda refusal, redemption_id: _not_moved(refusal, redemption_id))
def receive(redemption_id: int) -> ResponseReturnValue:
    """Say that it has arrived."""
    confirm_received(db(), current_actor(), redemption_id=redemption_id, now=utcnow())
    flash(_("Thank you for telling us. Enjoy it!"), "good")
    return redirect(url_for("rewards.redemption", redemption_id=redemption_id), 303)


@bp.get("/rewards/redemptions/<int:redemption_id>/cancel")
@advocate
def ask_to_cancel(redemption_id: int) -> ResponseReturnValue:
    """Say what comes back before a redemption is called off."""
    redemption, reward = redemption_for(db(), _me(), redemption_id)
    if not can_cancel(redemption.state):
        flash(_("“%(reward)s” cannot be cancelled any more. Here is how it stands.", reward=reward.name), "info")
        return redirect(url_for("rewards.mine"), 303)
    shown = {"redemption": redemption, "reward": reward, "balance": balance_of(db(), _me(), unit=UNIT)}
    return render("rewards/cancel.html", form=PlainForm(formdata=None), **shown, **NAMES)


@bp.post("/rewards/redemptions/<int:redemption_id>/cancel")
@advocate
@writes(again=lambda refusal, redemption_id: _not_cancelled(refusal))
def cancel(redemption_id: int) -> ResponseReturnValue:
    """Call a redemption off before it is ordered or sent; points and stock come back."""
    cancelled = cancel_redemption(db(), current_actor(), redemption_id=redemption_id, now=utcnow())
    flash(_("Cancelled. %(points)s points are back on your balance.", points=number(cancelled.price)), "good")
    return redirect(url_for("rewards.mine"), 303)


def _me() -> int:
    person_id = current_actor().id
    assert person_id is not None
    return person_id


def _objects(receiver: Receiver, reward: Reward, *, open_cents: int = 0) -> Refusal | None:
    """Return why the reader may not have a reward, or None."""
    return receiver.objection(cents_of(db(), reward), is_charity=is_charity(reward), open_cents=open_cents)


def _told(made: Redemption) -> str:
    """Say what becomes of what was just asked for."""
    if made.state == State.RECEIVED:
        return str(_("Approved by the rule, and yours already."))
    if made.state == State.SENT:
        return str(_("Approved by the rule: your code is ready. Open it under “My redemptions”."))
    if made.state != State.REQUESTED:
        return str(_("Approved by the rule. We hold %(points)s points for it until it is sent.", points=number(made.price)))
    if until := resting(db(), [made.person_id], utcnow()).get(made.person_id):
        when = {"points": number(made.price), "until": minute(until)}
        return str(_("We hold %(points)s points for it. You changed how you sign in, so to be safe we decide from %(until)s on.", **when))
    return str(_("We hold %(points)s points for it and tell you as soon as it is decided.", points=number(made.price)))


def _variants(reward: Reward) -> list[RewardVariant]:
    return open_variants(db(), reward.id, local_date(utcnow(), programme_zone(db())))


def form_of(reward: Reward, *, filled: bool = False) -> RedeemForm:
    """Return the form to redeem a reward, as it is shown first, or ``filled`` from the request."""
    return redeem_form(reward, _variants(reward), kept_address(db(), _me()), filled=filled)


def page_of(reward_id: int, form: RedeemForm | None = None, *, plain: PlainForm | None = None, is_kept: bool = False) -> str:
    """Return the page of one reward: ``form`` to redeem it, and the buttons of wishes and the waiting list, with what was refused.

    ``is_kept``: the form holds what was typed, and was not sent.
    """
    offer: Offer = offer_for(db(), _me(), reward_id, utcnow())
    form = form or form_of(offer.reward)
    form.shown_price.data = offer.reward.price
    show_terms(form, offer.reward)
    shown: dict[str, Any] = {"before": find_on_its_way(db(), _me(), reward_id), "day": kind_of(offer.reward.kind).day(offer.reward.options)}
    shown["receiver"] = receiver = receiver_of(db(), _me(), utcnow())
    waiting = open_cents(db(), _me()) if receiver.rule.year_cents is not None else 0
    shown["objection"] = _objects(receiver, offer.reward, open_cents=waiting)
    shown["is_past"] = is_over(shown["day"], local_date(utcnow(), programme_zone(db())))
    shown["plain"], shown["is_wished"] = plain or PlainForm(formdata=None), bool(wished(db(), _me(), [reward_id]))
    shown["awaited"] = [] if shown["is_past"] else awaited_for(db(), _me(), offer.reward, offer.left, _variants(offer.reward))
    shown["pictures"], shown["variants"] = measures_of(db(), [offer.reward.picture_id]), _variants(offer.reward)
    return render("rewards/show.html", offer=offer, reward=offer.reward, form=form, is_kept=is_kept, **shown, **NAMES)


def _refused(refusal: Refusal, reward_id: int) -> ResponseReturnValue:
    form = form_of(get_reward(db(), reward_id), filled=True)
    form.validate()
    form.refuse(refusal)
    return page_of(reward_id, form), refusal.status


def _redemption(redemption_id: int, form: PlainForm) -> str:
    redemption_for(db(), _me(), redemption_id)
    detail = get_detail(db(), redemption_id)
    code = looks_at(db(), [(detail.redemption, detail.reward)]).get(redemption_id)
    rests = resting(db(), [_me()], utcnow()).get(_me()) if detail.redemption.state in HELD else None
    waits = detail.redemption.state in (State.REQUESTED, State.APPROVED, State.ORDERED)
    stop = stop_of(db(), detail.redemption, detail.reward, utcnow()) if waits else None
    facts = {"rests": rests, "stop": stop, "needs_form": isinstance(stop, FormNeeded), "code": code}
    day = day_of(detail.redemption, detail.reward)
    facts["is_ahead"] = day is not None and day > local_date(utcnow(), programme_zone(db()))
    return render("rewards/redemption.html", **facts, detail=detail, item=detail.redemption, reward=detail.reward, form=form, **NAMES)


def _not_moved(refusal: Refusal, redemption_id: int) -> ResponseReturnValue:
    form = PlainForm()
    form.refuse(refusal)
    return _redemption(redemption_id, form), refusal.status


def _mine(form: PlainForm) -> str:
    search = MineFilter(request.args)
    filters, me = search.values(), _me()
    found = own_redemptions(db(), me, filters, after=request.args.get("after"))
    shown = {"found": found, "search": search, "filters": filters, "counts": count_own(db(), me), "plain": form, "kept": kept_address(db(), me)}
    shown["codes"] = looks_at(db(), found.rows)
    return render_fragment("rewards/mine.html", "results", **shown, **NAMES)


def _line(row: Any) -> tuple[Any, ...]:
    redemption, reward = row
    asked = redemption.requested_at.isoformat(timespec="seconds")
    state = _(kind_of(reward.kind).state_name(redemption.state))
    return asked, reward.name, redemption.price, state, redemption.reason, redemption.delivery, ", ".join(redemption.answers.values())


def _not_cancelled(refusal: Refusal) -> ResponseReturnValue:
    form = PlainForm()
    form.refuse(refusal)
    return _mine(form), refusal.status

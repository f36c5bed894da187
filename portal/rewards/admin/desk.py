"""The fulfilment desk: tabs, moves of many at once, the picking list, labels."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.ids import new_key, read_id
from portal.review.actions.presses import take_press
from portal.rewards.actions import fulfilling
from portal.rewards.admin.rewards import bp
from portal.rewards.forms.desk import DeskFilter, MoveForm
from portal.rewards.kinds.registry import kind_of
from portal.rewards.queries.cards import late_cards, orders_of, running_low
from portal.rewards.queries.desk import count_tabs, desk_countries, desk_page, desk_rows, iter_desk, labels_page
from portal.rewards.queries.firsts import firsts_of
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.queries.worth import resting, stops_of
from portal.rewards.rules.cards import ORDER_NAMES, WHY_NAMES
from portal.rewards.rules.desk import MOST_AT_ONCE, TAB_NAMES, NothingChosen, Tab
from portal.rewards.rules.states import State
from portal.rewards.views import NAMES as SHARED
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.language import number
from portal.web.templating import render, render_fragment
from portal.web.transaction import database, db, writes_in_steps

PICKING_HEADER = ("redemption", "reward", "variant", "date", "person", "company", "name", "street", "postcode", "city", "region", "country")
PICKING_HEADER_ENDS = ("wish", "state", "asked", "tracking", "chosen")
NAMES: dict[str, Any] = SHARED | {
    "tabs": TAB_NAMES,
    "tab_of": Tab,
    "sentence": sentence,
    "why_names": WHY_NAMES,
    "order_names": ORDER_NAMES,
    "new_key": new_key,
}
ACTS: dict[str, Callable[..., object]] = {Tab.ORDER.value: fulfilling.order_redemption, Tab.SEND.value: fulfilling.send_redemption}


@dataclass(frozen=True)
class Refused:
    """One line that could not be moved, and why; without a redemption where the line names none."""

    redemption_id: int | None
    what: str
    why: str


@bp.get("/desk")
@admin
def desk() -> ResponseReturnValue:
    """What is to be done next with what people redeemed."""
    form = DeskFilter(request.args)
    filters, tab = _asked(form)
    counts = count_tabs(db())
    if "tab" not in form.values() and not counts[tab.value]:
        # Whoever opens the desk stands where something is to be done.
        tab = next((one for one in (Tab.SEND, Tab.APPROVE, Tab.FAILED) if counts[one.value]), tab)
    if request.args.get("format") == "csv":
        rows = (_picked(row) for row in iter_desk(db(), tab, filters))
        return csv_response(f"desk-{tab.value}.csv", PICKING_HEADER + PICKING_HEADER_ENDS, rows)
    form.offer_countries(desk_countries(db()))
    found = desk_page(db(), tab, filters, after=request.args.get("after"))
    shown = {"found": found, "form": form, "filters": filters, "tab": tab, "counts": counts}
    shown["firsts"] = firsts_of(db(), [row.Redemption.id for row in found.rows])
    shown["running"], shown["has_provider"] = running_low(db(), utcnow()), bool(db().info.get("has_card_provider"))
    shown["orders"] = orders_of(db(), [row.Redemption.id for row in found]) if tab is Tab.PROVIDER else {}
    is_open, now = tab in (Tab.APPROVE, Tab.ORDER, Tab.SEND), utcnow()
    shown["rests"] = resting(db(), [row.Person.id for row in found], now) if is_open else {}
    shown["stops"] = stops_of(db(), found, now) if is_open else {}
    shown["lates"] = late_cards(db(), [row.Redemption.id for row in found], now) if is_open else ()
    return render_fragment("rewards/admin/desk.html", "results", **shown, **NAMES)


@bp.post("/desk")
@admin
@writes_in_steps(again=lambda refusal: _nothing(refusal))
def move_many() -> ResponseReturnValue:
    """Order or send the chosen ones, each in its own transaction; what is refused stops nothing else."""
    form, actor = MoveForm(), current_actor()
    act = ACTS.get(form.act.data or "")
    ids = [number for item in form.item.data or [] if (number := read_id(item))][:MOST_AT_ONCE]
    if act is None or not ids:
        raise NothingChosen()
    with database().reading() as session:
        named = {row.Redemption.id: f"{row.Reward.name}, {row.Person.name}" for row in desk_rows(session, ids)}
    refused, states = [], Counter[str]()
    for redemption_id, what in named.items():
        try:
            once = partial(_once, act=act, actor=actor, redemption_id=redemption_id, verdict=form.act.data, key=form.press.data or "")
            states[database().write(once)] += 1
        except Refusal as refusal:
            refused.append(Refused(redemption_id, what, sentence(refusal)))
    told = _told(form.act.data or "", states)
    if not refused:
        flash(told, "good")
        return redirect(url_for("rewards_admin.desk", **_back()), 303)
    return render("rewards/admin/desk_done.html", told=told, refused=refused, back=_back(), **NAMES)


@bp.get("/desk/labels")
@admin
def labels() -> ResponseReturnValue:
    """Labels of the parcels that are to be sent, for printing."""
    form = DeskFilter(request.args)
    filters, _tab = _asked(form)
    return render("rewards/admin/labels.html", found=labels_page(db(), filters, after=request.args.get("after")), back=_back(), **NAMES)


def _asked(form: DeskFilter) -> tuple[dict[str, Any], Tab]:
    filters = form.values()
    return filters, Tab(filters.pop("tab", Tab.ORDER.value))


def _back() -> dict[str, Any]:
    """Return the filters of the desk without the page, which is worked off."""
    return {name: value for name, value in request.args.items() if name in ("q", "tab", "kind", "country", "reward_id")}


def _told(act: str, states: Mapping[str, int]) -> str:
    """Return what was done to how many. Of those that were to be ordered some may be theirs at once, with a spare card."""
    done = sum(states.values())
    if act != Tab.ORDER:
        return str(ngettext("%(n)s redemption is sent or handed over.", "%(n)s redemptions are sent or handed over.", done, n=number(done)))
    spared = states.get(State.SENT, 0)
    told = []
    if done > spared or not spared:
        left = done - spared
        told.append(ngettext("%(n)s redemption is ordered.", "%(n)s redemptions are ordered.", left, n=number(left)))
    if spared:
        spare = ngettext(
            "A spare card was there for %(n)s redemption: the code is ready, and nothing was ordered.",
            "Spare cards were there for %(n)s redemptions: the codes are ready, and nothing was ordered.",
            spared,
            n=number(spared),
        )
        told.append(spare)
    return " ".join(told)


def _once(session: Session, *, act: Callable[..., object], actor: Actor, redemption_id: int, verdict: str, key: str) -> str:
    """Move one line, unless this very button did that a moment ago; returns the state in which it is."""
    now = utcnow()
    if not key or take_press(session, actor, key=key, verdict=verdict, about=f"redemption:{redemption_id}", now=now):
        act(session, actor, redemption_id=redemption_id, now=now)
    return get_redemption(session, redemption_id, is_fresh=True).state


def _nothing(refusal: Refusal) -> ResponseReturnValue:
    flash(sentence(refusal), "bad")
    return redirect(url_for("rewards_admin.desk", **_back()), 303)


def _picked(row: Any) -> tuple[Any, ...]:
    item, reward, person, to = row[:4]
    address = (to.name, to.street, to.postcode, to.city, to.region, to.country) if to else ("",) * 6
    state = _(kind_of(reward.kind).state_name(item.state))
    asked = item.requested_at.isoformat(timespec="seconds")
    ends = (item.wish, state, asked, item.handed.get("tracking", ""), ", ".join(item.answers.values()))
    return item.id, reward.name, item.variant, item.happens_on or "", person.name, row.company, *address, *ends

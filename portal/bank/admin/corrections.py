"""Admins' pages of corrections by hand: the list, withdrawing a request, and the limits of one admin a month."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.bank.actions.deciding import withdraw_adjustment
from portal.bank.actions.limits import seen_values, set_limits
from portal.bank.forms import CorrectionFilter, LimitsForm
from portal.bank.queries.adjusting import iter_adjustments, list_adjustments
from portal.bank.queries.limits import limits_of, used_now, waiting_now
from portal.bank.rules.adjusting import CATEGORY_NAMES, KIND, STATE_NAMES, Category, State, Used
from portal.bank.rules.weekly import end_of_week, last_week
from portal.kernel.clock import end_of_day, start_of_day, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.review.queries.terms import terms_of
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("bank_corrections", __name__, url_prefix="/admin/corrections")
HEADER = ("asked", "person", "points", "counts_as_earned", "category", "reason", "state", "asked_by", "decided_by", "settled", "words", "import")


@bp.get("")
@admin
def index() -> ResponseReturnValue:
    """Every correction by hand, the newest first, with who asked and who decided."""
    form = CorrectionFilter(request.args)
    filters, zone = form.values(), programme_zone(db())
    days = {"since": start_of_day(filters["since"], zone) if "since" in filters else None}
    days["until"] = end_of_day(filters["until"], zone) if "until" in filters else None
    asked = filters | days
    if request.args.get("format") == "csv":
        return csv_response("corrections.csv", HEADER, (_cells(row) for row in iter_adjustments(db(), **asked)))
    page = list_adjustments(db(), **asked, after=request.args.get("after"))
    first = last_week(utcnow(), zone)
    week = {"since": first.isoformat(), "until": end_of_week(first).isoformat()}
    words = {"category_names": CATEGORY_NAMES, "state_names": STATE_NAMES, "kind": KIND, "week": week}
    return render("bank/corrections.html", form=form, page=page, filters=filters, limits=limits_of(db()), **_used(), **words)


def _stand(refusal: Refusal, adjustment_id: int) -> Response:
    flash(sentence(refusal), "bad")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:adjustment_id>/withdraw")
@admin
@writes(again=_stand)
def withdraw(adjustment_id: int) -> Response:
    """Withdraw what one asked for."""
    withdraw_adjustment(db(), current_actor(), adjustment_id=adjustment_id, now=utcnow())
    flash(_("Withdrawn. Nothing was booked, and it counts against no limit."), "good")
    return redirect(url_for(".index", state=State.WITHDRAWN), 303)


@bp.get("/limits")
@admin
def limits() -> str:
    """How much one admin may give and take in a month."""
    return _limits_page(_limits_stored())


def _limits_stored() -> LimitsForm:
    standing = limits_of(db())
    return LimitsForm(formdata=None, obj=standing, seen=seen_of(seen_values(standing)))


def _limits_again(refusal: Refusal) -> tuple[str, int]:
    form = LimitsForm()
    form.refuse(refusal, _limits_stored)
    return _limits_page(form), refusal.status


@bp.post("/limits")
@admin
@writes(again=_limits_again)
def save_limits() -> ResponseReturnValue:
    """Keep the limits."""
    form = LimitsForm()
    if not form.validate():
        return _limits_page(form), 422
    set_limits(db(), current_actor(), limits=form.limits(), seen=form.seen.data, now=utcnow())
    flash(_("Saved. The limits hold from now on, for this month too."), "good")
    return redirect(url_for(".limits"), 303)


def _limits_page(form: LimitsForm) -> str:
    return render("bank/limits.html", form=form, **_used(), four_eyes_above=terms_of(db()).four_eyes_above)


def _used() -> dict[str, Used]:
    """Return what the actor used of the limits of this month, and what of it waits."""
    return {"used": used_now(db(), current_actor().id, utcnow()), "asked": waiting_now(db(), current_actor().id, utcnow())}


def _cells(row: Any) -> tuple[Any, ...]:
    made = row.Adjustment
    told = (made.asked_at.isoformat(timespec="seconds"), row.person, made.points, made.counts_as_earned, _(CATEGORY_NAMES[Category(made.category)]))
    ended = made.settled_at.isoformat(timespec="seconds") if made.settled_at else ""
    by = (row.asker or "", row.decider or "", ended, made.words, made.batch_id or "")
    return (*told, made.reason, _(STATE_NAMES[State(made.state)]), *by)

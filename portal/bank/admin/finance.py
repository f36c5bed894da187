"""Admins' pages for finance: points by lot month and what they come to, what is assumed of them, and budgets."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.bank.actions.finance import assume, plan, seen_assumed, seen_planned
from portal.bank.forms import BudgetForm, CostForm, ExpectedForm, FinanceFilter
from portal.bank.queries.budgets import budget_history, reached_on, standing_budgets, told_levels
from portal.bank.queries.figures import Figures, Row, figures, month_ends
from portal.bank.queries.finance import currency_of, history, units
from portal.bank.queries.kept import lot_months, observed_of_late
from portal.bank.rules.budgets import COUNTS_NAMES, PERIOD_NAMES, Counts, Measure, Period
from portal.bank.rules.finance import ASSUMED_NAMES, LEAST_POINTS, MATURE_MONTHS, UNIT_NAMES, Assumed, Standing, standing_on
from portal.bank.rules.forecast import LIKELY, LOOKED_AT, NEEDED
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.ledger.rules import POINTS
from portal.people.queries.persons import names
from portal.receiving.queries.standing import point_value
from portal.web.exports import csv_response, xlsx_response
from portal.web.guards import admin, current_actor
from portal.web.language import month
from portal.web.templating import render
from portal.web.transaction import database, db, let_go, writes

bp = Blueprint("bank_finance", __name__, url_prefix="/admin/bank/finance")
FORMS: dict[Assumed, type[CostForm | ExpectedForm]] = {Assumed.COST: CostForm, Assumed.EXPECTED: ExpectedForm}
FILES = {"csv": csv_response, "xlsx": xlsx_response}
HEADER = ("lot_month", "as_of", "earned", "redeemed", "expired", "reversed", "corrected", "paid_to_debts", "held", "open", "outstanding")
MONEY = ("expected_redemption_percent", "cost_per_point", "currency", "liability")


@bp.get("")
@admin
def index() -> ResponseReturnValue:
    """Outstanding points by the month they were earned in, what they come to, and what is likely redeemed."""
    form, now = FinanceFilter(request.args), utcnow()
    ends, known = month_ends(db(), _today()), units(db())
    months = [(f"{first:%Y-%m}", month(first, "LLLL y")) for first in lot_months(db(), _today())]
    form.as_of.choices = [("", _("Now")), *[(end.isoformat(), _("End of %(month)s", month=month(end, "LLLL y"))) for end in ends]]
    form.since.choices, form.until.choices = [("", _("Any")), *months], [("", _("Any")), *months]
    form.unit.choices = [("", _(UNIT_NAMES[POINTS])), *[(unit, _(UNIT_NAMES.get(unit, unit))) for unit in known if unit != POINTS]]
    if len(known) == 1:
        del form.unit
    asked = form.values()
    as_of = date.fromisoformat(asked["as_of"]) if "as_of" in asked else None
    since, until = (date.fromisoformat(f"{asked[name]}-01") if name in asked else None for name in ("since", "until"))
    let_go()
    with database().snapshot(is_timed=True) as at_once:
        # As of one moment: else what is paid between two statements would look like a ledger that does not agree.
        found = figures(at_once, unit=asked.get("unit", POINTS), since=since, until=until, as_of=as_of, now=now)
        budgets = [] if found.as_of else reached_on(at_once, standing_budgets(budget_history(at_once)), found.day)
    if (kind := request.args.get("format", "")) in FILES:
        return FILES[kind](f"points-{found.day}.{kind}", (*HEADER, *MONEY), _cells(found))
    top = max((flow.redeemed for _first, flow in found.moved[-12:]), default=0)
    words = {"counts_names": COUNTS_NAMES, "period_names": PERIOD_NAMES, "needed": NEEDED, "looked_at": LOOKED_AT, "likely_times": LIKELY}
    limits = {"least": LEAST_POINTS, "mature": MATURE_MONTHS}
    return render("bank/finance.html", form=form, found=found, budgets=budgets, top=max(top, 1), filters=asked, **words, **limits)


@bp.get("/assumptions")
@admin
def assumptions() -> str:
    """What a point costs and which share will be redeemed, as it stands, to come and before."""
    return _assumptions(_forms())


def _forms(sent: Assumed | None = None) -> dict[Assumed, CostForm | ExpectedForm]:
    told = history(db())
    return {kind: FORMS[kind](prefix=kind.value) if kind is sent else _blank(kind, told) for kind in Assumed}


def _blank(kind: Assumed, told: list[Standing], **data: Any) -> CostForm | ExpectedForm:
    return FORMS[kind](formdata=None, prefix=kind.value, data=data, seen=seen_of(seen_assumed(told, kind)))


def _stored_assumption(kind: Assumed) -> CostForm | ExpectedForm:
    """Return the form as if it held what was set last."""
    told = history(db())
    last = next(line for line in told if line.kind is kind)
    return _blank(kind, told, value=last.shown, from_on=last.from_on, reason=last.reason)


def _again(refusal: Refusal, kind: str) -> ResponseReturnValue:
    forms = _forms(Assumed(kind))
    forms[Assumed(kind)].validate()
    forms[Assumed(kind)].refuse(refusal, partial(_stored_assumption, Assumed(kind)))
    return _assumptions(forms), refusal.status


@bp.post("/assumptions/<any(cost, expected):kind>")
@admin
@writes(again=_again)
def save(kind: str) -> ResponseReturnValue:
    """Add to the history what is assumed from now on, or from a later day."""
    forms = _forms(Assumed(kind))
    form = forms[Assumed(kind)]
    if not form.validate():
        return _assumptions(forms), 422
    given = {"value": form.value.data, "reason": form.reason.data or "", "from_on": form.from_on.data, "seen": form.seen.data}
    now = utcnow()
    made = assume(db(), current_actor(), kind=Assumed(kind), **given, now=now)
    is_new = made.set_at == now
    flash(_("Saved. Figures of days gone by stay what they were.") if is_new else _stood(made.reason), "good" if is_new else "info")
    return redirect(url_for(".assumptions"), 303)


def _assumptions(forms: dict[Assumed, CostForm | ExpectedForm]) -> str:
    told, today, currency = history(db()), _today(), currency_of(db())
    standing = {kind: standing_on(told, kind, today, currency) for kind in Assumed}
    past, seen_on = observed_of_late(db(), today)
    people = names(db(), {line.set_by for line in told if line.set_by is not None})
    facts = {"names": ASSUMED_NAMES, "least": LEAST_POINTS, "mature": MATURE_MONTHS, "worth": point_value(db()), "seen_on": seen_on}
    return render(
        "bank/assumptions.html",
        forms=forms,
        history=told,
        today=today,
        currency=currency,
        standing=standing,
        observed=past,
        people=people,
        **facts,
    )


@bp.get("/budgets")
@admin
def budgets() -> str:
    """Budgets a period, in points or in money, and how far they are used."""
    return _budgets(BudgetForm(formdata=None, seen=seen_of(seen_planned(budget_history(db())))))


def _refused(refusal: Refusal) -> ResponseReturnValue:
    form = BudgetForm()
    form.validate()
    form.refuse(refusal, partial(_stored_budget, form))
    return _budgets(form), refusal.status


def _stored_budget(sent: BudgetForm) -> BudgetForm:
    """Return the form as if it held the budget that was set last: of the kind that was sent, if there is one."""
    planned = budget_history(db())
    kind = (sent.counts.data, sent.period.data, sent.measure.data)
    last = next((one for one in planned if (one.counts.value, one.period.value, one.measure.value) == kind), planned[0])
    amount = Decimal(last.amount) / 100 if last.amount is not None and last.measure is Measure.MONEY else last.amount
    data = {"counts": last.counts.value, "period": last.period.value, "measure": last.measure.value, "amount": amount}
    return BudgetForm(formdata=None, data=data | {"near": last.near, "reason": last.reason}, seen=seen_of(seen_planned(planned)))


@bp.post("/budgets")
@admin
@writes(again=_refused)
def save_budget() -> ResponseReturnValue:
    """Set a budget, or end one."""
    form = BudgetForm()
    if not form.validate():
        return _budgets(form), 422
    counts, period = Counts(form.counts.data), Period(form.period.data)
    given: dict[str, Any] = {
        "measure": Measure(form.measure.data),
        "amount": form.amount.data,
        "near": form.near.data or 0,
        "reason": form.reason.data or "",
    }
    given["seen"] = form.seen.data
    now = utcnow()
    made = plan(db(), current_actor(), counts=counts, period=period, **given, now=now)
    said = _("The budget is ended.") if made.amount is None else _("Saved. Admins are told when it is near; nobody is kept from anything.")
    is_new = made.set_at == now
    flash(said if is_new else _stood(made.reason), "good" if is_new else "info")
    return redirect(url_for(".budgets"), 303)


def _stood(reason: str) -> str:
    """Return what is said where nothing was written, so that nobody thinks the reason they typed is kept."""
    return str(_("It stands already, so nothing was saved. Its reason stays: “%(reason)s”.", reason=reason))


def _budgets(form: BudgetForm) -> str:
    planned = budget_history(db())
    reached = reached_on(db(), standing_budgets(planned), _today())
    told = told_levels(db(), [one.budget.id for one in reached])
    people = names(db(), {line.set_by for line in planned if line.set_by is not None})
    words = {"counts_names": COUNTS_NAMES, "period_names": PERIOD_NAMES, "currency": currency_of(db())}
    return render("bank/budgets.html", form=form, reached=reached, planned=planned, told=told, people=people, **words)


def _today() -> date:
    return local_date(utcnow(), programme_zone(db()))


def _cells(found: Figures) -> Iterator[tuple[Any, ...]]:
    expected, cost = found.expected.shown if found.expected else None, found.cost.shown if found.cost else None
    for row in (*found.rows, Row(found.total, found.owed)):
        sums, is_total = row.sums, row.sums is found.total
        places = (sums.earned, sums.spent, sums.expired, sums.reversed, sums.corrected, sums.paid, sums.held, sums.open, sums.outstanding)
        owed = None if row.owed is None else _hundredths(row.owed)
        yield "total" if is_total else sums.month.isoformat()[:7], found.day.isoformat(), *places, expected, cost, found.currency, owed


def _hundredths(amount: int) -> Decimal:
    return Decimal(amount) / 100

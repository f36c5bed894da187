"""The programme owner's page about references: what is due, how quick and how evenly it goes, where references lack, what they change."""

from typing import Any

from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.dashboard.queries.coverage import coverage
from portal.dashboard.queries.references import Glance, by_month, glance
from portal.dashboard.rules import month_starts, round_top
from portal.dashboard.views.home import bp
from portal.kernel.clock import start_of_day, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.text import N_
from portal.profiles.rules.activity import ACTIVITY_NAMES
from portal.requests.rules.answering import UNFILLED_NAMES
from portal.requests.rules.deals import LEAST_DEALS, Comparison
from portal.requests.rules.figures import ALARM, LEAST_MEASURED, Share, Spread, is_alarming
from portal.requests.rules.states import CANDIDATE_NAMES, STAGE_NAMES
from portal.requests.rules.waiting import GAVE_UP_NAMES
from portal.web.exports import csv_response
from portal.web.guards import admin
from portal.web.templating import render
from portal.web.transaction import db

FIGURES_HEADER, GAPS_HEADER = ("figure", "value", "number", "of"), ("industry", "size", "region", "product", "supply", "demand", "gap")
SHOWN_GAPS = 200
"""So many places stand on the page, the worst first; the file has all."""
BANDS = {"under_10k": N_("below 10,000"), "under_50k": N_("10,000 to 50,000"), "under_250k": N_("50,000 to 250,000"), "more": N_("250,000 and more")}
COMPARISONS = {
    Comparison.TOO_FEW: N_("too few to say"),
    Comparison.CHANCE: N_("may be chance"),
    Comparison.MORE: N_("more often won with a reference, more than chance"),
    Comparison.FEWER: N_("less often won with a reference, more than chance"),
}
CRITERIA: dict[str, str] = {str(key): name for names in (UNFILLED_NAMES, CANDIDATE_NAMES, GAVE_UP_NAMES) for key, name in names.items()}


@bp.get("/admin/references")
@admin
def references() -> ResponseReturnValue:
    """References at a glance."""
    now, currency = utcnow(), current_app.config["SETTINGS"].currency
    found = glance(db(), now, currency)
    if request.args.get("format") == "csv":
        return csv_response("references.csv", FIGURES_HEADER, _figures(found))
    starts = month_starts(now, programme_zone(db()))
    counts = by_month(db(), [start_of_day(first, programme_zone(db())) for first in starts])
    months = [{"first": first, "opened": opened, "completed": done} for first, (opened, done) in zip(starts, counts, strict=True)]
    top = round_top(max((max(pair) for pair in counts), default=0) or 1)
    facts: dict[str, Any] = {"found": found, "months": months, "top": top, "currency": currency, "alarm": ALARM, "least": LEAST_DEALS}
    facts |= {"measured": LEAST_MEASURED, "is_alarming": is_alarming(found.concentration), "criterion_name": criterion_name}
    return render("dashboard/references.html", **facts, bands=BANDS, stages=STAGE_NAMES, comparisons=COMPARISONS, activities=ACTIVITY_NAMES, now=now)


@bp.get("/admin/references/coverage")
@admin
def reference_coverage() -> ResponseReturnValue:
    """Where references lack: what can be asked against what was asked for."""
    found = coverage(db(), utcnow())
    if request.args.get("format") == "csv":
        rows = ((g.cell.industry, g.cell.size, g.cell.region, g.cell.product, g.supply, g.demand, g.gap) for g in found)
        return csv_response("coverage.csv", GAPS_HEADER, rows)
    lacking = sum(1 for gap in found if gap.gap > 0)
    return render("dashboard/coverage.html", gaps=found[:SHOWN_GAPS], places=len(found), lacking=lacking)


def criterion_name(key: str) -> str:
    """Return what a criterion that left requests unfilled is called."""
    return _(CRITERIA[key]) if key in CRITERIA else key.replace("_", " ")


def _figures(found: Glance) -> Any:
    """Yield the lines of the file; lengths in hours, shares and the Gini as numbers."""
    yield ("due_within_72_h", found.number_due, "", "")
    for name, length in (("time_to_first_proposal_h", found.to_proposal), ("time_to_completion_h", found.to_completion)):
        yield (f"{name}_median", _hours(length, "median"), length.number, "")
        yield (f"{name}_p90", _hours(length, "p90"), length.number, "")
    for name, share in (("filled_in_time", found.filled), ("verified", found.verified), ("bypass", found.bypass)):
        yield (name, *_cells(share))
    yield ("concentration_gini", "" if found.concentration is None else round(found.concentration, 3), "", "")
    for key, number in found.unfilled_by:
        yield (f"unfilled_by_{key}", "", number, "")
    yield ("deals_left_out_stage_or_value_unknown", found.deals.unplaced, "", "")
    yield ("deals_left_out_other_currency", found.deals.other_currencies, "", "")
    for line in found.deals.lines:
        yield (f"won_with_reference:{line.stage}:{line.band}", *_cells(line.with_reference))
        yield (f"won_without:{line.stage}:{line.band}", *_cells(line.without))


def _hours(length: Spread, name: str) -> Any:
    value = getattr(length, name)
    return "" if value is None else round(value.total_seconds() / 3600, 1)


def _cells(share: Share) -> tuple[Any, ...]:
    return ("" if share.value is None else round(share.value, 4), share.number, share.of)

"""The lists of requests."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.profiles.rules.activity import ACTIVITY_NAMES
from portal.requests.forms import RequestsFilter
from portal.requests.queries.lists import Listed, counts_of, iter_requests, list_requests, tabs_of
from portal.requests.rules.lists import Tab
from portal.requests.rules.states import STAGE_NAMES, STATE_NAMES, DealStage
from portal.requests.views.shared import NAMES, bp
from portal.web.exports import csv_response
from portal.web.guards import current_actor, staff
from portal.web.templating import render
from portal.web.transaction import db

HEADER = (
    *("id", "kind", "prospect", "needed_by", "state", "requester", "handler", "reference"),
    *("deal", "deal_ref", "value", "currency", "stage", "outcome", "sent"),
)


@bp.get("/requests")
@staff
def index() -> ResponseReturnValue:
    """Requests: the reader's own, those to agree to, and for admins those that wait, go on, and all."""
    form, actor, now = RequestsFilter(request.args), current_actor(), utcnow()
    asked = form.values()
    tabs = tabs_of(actor)
    named = asked.pop("tab", "")
    counts = counts_of(db(), actor)
    waits = counts.get(Tab.UNASSIGNED, 0) > 0 or not actor.is_employee
    tab = Tab(named) if named in tabs else (Tab.UNASSIGNED if actor.is_admin and waits else Tab.MINE)
    form.tab.data = tab.value
    if request.args.get("format") == "csv":
        return csv_response("requests.csv", HEADER, map(_line, iter_requests(db(), actor, tab, **asked, now=now)))
    page = list_requests(db(), actor, tab, **asked, after=request.args.get("after"), now=now)
    shown: dict[str, Any] = {"form": form, "page": page, "tab": tab, "tab_list": tabs, "counts": counts}
    return render("requests/index.html", **shown, is_narrowed=bool(asked), **NAMES)


def _line(one: Listed) -> tuple[Any, ...]:
    deal = one.request
    stage = _(STAGE_NAMES[DealStage(deal.deal_stage)]) if deal.deal_stage else ""
    own = (one.id, _(ACTIVITY_NAMES[one.activity]), one.prospect, one.needed_by, _(STATE_NAMES[one.state]), one.requester, one.handler, one.who)
    sent = local_date(deal.opened_at, programme_zone(db())) if deal.opened_at else None
    return (*own, deal.deal_name, deal.deal_ref, deal.deal_value, deal.currency, stage, deal.deal_outcome, sent)

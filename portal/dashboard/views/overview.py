"""An admin's home: what waits, what changed, what it is worth."""

from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from portal.dashboard.queries.audit import recent_events
from portal.dashboard.queries.figures import programme_figures
from portal.dashboard.queries.opening import opening_of
from portal.dashboard.queries.overview import count_to_fulfil
from portal.dashboard.queries.own_work import work_of
from portal.dashboard.queries.queue import count_waiting, together
from portal.dashboard.queries.reviewing import reviewer_loads
from portal.dashboard.rules import Change, change, first_steps, is_late, round_top
from portal.dashboard.views.desk import overdue_since
from portal.dashboard.views.telling import told_once
from portal.dashboard.waiting.contract import Wanted
from portal.kernel.clock import utcnow
from portal.web.guards import current_actor
from portal.web.language import number
from portal.web.templating import render
from portal.web.transaction import db

RECENT, WITHIN = 8, 200
# Read by an admin as noise: they say nothing about the programme.
EVERYDAY = ("person.signed_in", "person.signed_out", "submission.saved", "file.stored", "act.recorded")


def overview(hello: str) -> str:
    """Return the page."""
    now = utcnow()
    counts = count_waiting(db(), current_app.extensions["waiting_sources"], Wanted())
    found = programme_figures(db(), now)
    acts, before = sum(found.acts.values()), sum(found.acts_before.values())
    return render(
        "dashboard/overview.html",
        hello=hello,
        now=now,
        waiting=_lines(counts, dict(overdue_since(now))),
        to_fulfil=count_to_fulfil(db()),
        all_waiting=together(counts),
        work=work_of(db(), current_actor(), now),
        figures=found,
        acts=acts,
        told=compared(acts, before),
        tracks=[(track, count, compared(count, found.acts_before[track])) for track, count in found.acts.items()],
        months=found.months,
        top=round_top(max(month.total for month in found.months)),
        active=found.active,
        joined=found.joined,
        answer=found.times,
        declines=found.declines,
        loads=reviewer_loads(db(), current_app.extensions["waiting_sources"], found.decided),
        points=found.points,
        events=told_once(recent_events(db(), WITHIN, without=EVERYDAY), RECENT),
        first_steps=first_steps(opening_of(db(), names_company=current_app.config["SETTINGS"].names_company)),
        is_late=lambda since: is_late(since, now),
    )


def _lines(counts: dict[str, Any], overdue: dict[str, datetime]) -> list[tuple[str, str, Any, bool]]:
    """Return (kind, name, what waits, whether it is late) for each kind."""
    sources = current_app.extensions["waiting_sources"]
    found = [(source.kind, source.name, counts[source.kind]) for source in sources]
    return [(kind, name, one, one.oldest is not None and one.oldest <= overdue[kind]) for kind, name, one in found]


def compared(acts: int, before: int) -> str:
    """Return what this month's count means beside the same days of last month, without calling chance a trend."""
    more, fewer = number(acts - before), number(before - acts)
    words: dict[Change, str] = {
        Change.NOTHING: _("none in the same days of last month either"),
        Change.FIRST: _("none in the same days of last month"),
        Change.SAME: _("as many as in the same days of last month"),
        Change.MORE: _("%(n)s more than in the same days of last month, more than chance", n=more),
        Change.FEWER: _("%(n)s fewer than in the same days of last month, more than chance", n=fewer),
        Change.CHANCE_MORE: _("%(n)s more than in the same days of last month; that may be chance", n=more),
        Change.CHANCE_FEWER: _("%(n)s fewer than in the same days of last month; that may be chance", n=fewer),
    }
    return words[change(acts, before)]

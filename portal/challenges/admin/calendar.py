"""The admins' door to the calendar: what is live when, month by month, and as a file."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal.challenges.admin.editor import bp
from portal.challenges.forms.calendar import CalendarFilter
from portal.challenges.queries.calendar import Run, month_page, runs_from
from portal.challenges.rules.calendar import month_of
from portal.challenges.rules.lifecycle import LIFECYCLE_NAMES
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.web.guards import admin
from portal.web.icalendar import DayEvent, calendar_response, calendar_text
from portal.web.templating import render
from portal.web.transaction import db


@bp.get("/calendar")
@admin
def calendar() -> Any:
    """A month: every challenge with its days, and how many are open on each."""
    form, now, zone = CalendarFilter(request.args), utcnow(), programme_zone(db())
    asked, today = form.values(), local_date(now, zone)
    month, track = month_of(asked.get("month"), today), asked.get("track", "")
    if request.args.get("format") == "ics":
        runs = runs_from(db(), month.first, today, zone, track=track)
        return calendar_response("challenges.ics", calendar_text(_("Challenges"), [e for run in runs if (e := _event(run))], now))
    shown = month_page(db(), month, today, zone, track=track, after=request.args.get("after"))
    return render(
        "challenges/admin/calendar.html", form=form, shown=shown, month=month, today=today, this=month_of(None, today), names=LIFECYCLE_NAMES
    )


def _event(run: Run) -> DayEvent | None:
    """Return a challenge as an event: from its first day to its last, or its first day alone where it has no end.

    Without a first day there is none.
    """
    if run.span.first is None:
        return None
    challenge, ends = run.challenge, run.span.last
    if ends is not None and ends < run.span.first:
        return None
    title = challenge.title if ends else _("%(title)s opens", title=challenge.title)
    address = url_for(".edit", challenge_id=challenge.id, _external=True)
    host = request.host.split(":")[0]
    return DayEvent(f"challenge-{challenge.id}@{host}", title, run.span.first, ends or run.span.first, address, _(LIFECYCLE_NAMES[run.life]))

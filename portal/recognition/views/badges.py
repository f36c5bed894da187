"""The advocate's own badges, level and streak; and what is shown once."""

from typing import Any

from flask import redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.kernel.clock import utcnow
from portal.kernel.db import programme_zone
from portal.people.queries.persons import get_person
from portal.recognition.actions.celebrations import close_celebrations
from portal.recognition.badges.acts import NumberOfActs
from portal.recognition.forms import SeenForm
from portal.recognition.queries.badges import badges_for, taken_badges
from portal.recognition.queries.levels import list_levels, rung_for
from portal.recognition.queries.weeks import weeks_of
from portal.recognition.rules.levels import rung_of
from portal.recognition.rules.streaks import recent_weeks, streak_of, week_of
from portal.recognition.views.board import bp
from portal.web.guards import advocate, member
from portal.web.redirects import own_path
from portal.web.templating import render
from portal.web.transaction import db, writes

RECENT = 13


@bp.get("/badges")
@advocate
def badges() -> str:
    """Earned, in progress with exact numbers, and how to earn the others; level and streak above."""
    session, person_id, now = db(), current_user.id, utcnow()
    found = badges_for(session, person_id, now)
    levels, rung = list_levels(session), rung_for(session, person_id)
    rungs = [rung_of(levels, level.threshold) for level in levels]
    shown: dict[str, Any] = {
        "earned": [badge for badge in found if badge.is_earned],
        "open": [badge for badge in found if not badge.is_earned and badge.progress and badge.progress.is_open],
        "others": [badge for badge in found if not badge.is_earned and not (badge.progress and badge.progress.is_open)],
        "taken": taken_badges(session, person_id),
    }
    shown["is_near"] = any(badge.rule == NumberOfActs.kind and badge.progress.need - badge.progress.have == 1 for badge in shown["open"])
    zone = current_user.time_zone or programme_zone(session)
    weeks, this_week = weeks_of(session, person_id, zone, now), week_of(now, zone)
    streak = streak_of(weeks, this_week)
    joined_at = get_person(session, person_id).joined_at
    joined = week_of(joined_at, zone) if joined_at else None
    recent = recent_weeks(weeks, streak, this_week, RECENT, joined=joined)
    return render("recognition/badges.html", **shown, rung=rung, rungs=rungs, streak=streak, recent=recent, zone=zone)


@bp.post("/celebrations/seen")
@member
@writes
def seen() -> Response:
    """Mark what was shown as seen, and go back to where one was."""
    form = SeenForm()
    if form.validate():
        close_celebrations(db(), person_id=current_user.id, upto=form.upto.data or 0, now=utcnow())
    return redirect(own_path(request.form.get("next")) or "/", 303)

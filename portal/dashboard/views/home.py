"""The front door: each role's home, and the sign-in page for who is not signed in."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, g, redirect, url_for
from flask_babel import gettext as _
from flask_babel import to_user_timezone
from flask_login import current_user

from portal.dashboard.queries.home import advocate_home
from portal.dashboard.queries.own_work import work_of
from portal.dashboard.queries.queue import Waiting, count_waiting, together
from portal.dashboard.queries.welcome import welcome_of
from portal.dashboard.rules import Greeting, first_name, greeting
from portal.dashboard.views.desk import all_sources, overdue_since
from portal.dashboard.views.overview import overview
from portal.dashboard.waiting.contract import Wanted
from portal.kernel.actor import ADMIN, ADVOCATE
from portal.kernel.clock import utcnow
from portal.profiles.rules.activity import ACTIVITY_NAMES
from portal.references.queries.nominations import nominations_of, standings_of
from portal.references.rules.states import LOST, STANDING_NAMES, SUMS
from portal.requests.rules.states import TURN_NAMES, Turn
from portal.web.guards import current_actor, public
from portal.web.templating import render
from portal.web.transaction import db

bp = Blueprint("dashboard", __name__)
RECENT = 5
WORDS_OF_REQUESTS = {"activities": ACTIVITY_NAMES, "turns": TURN_NAMES, "own_turn": Turn.REQUESTER}


@bp.get("/")
@public
def home() -> Any:
    """Each role's own home; who is not signed in is shown the way in."""
    if not current_user.is_authenticated:
        return redirect(url_for("people.sign_in"), 303)
    if ADMIN in current_user.roles:
        return overview(hello())
    return _advocate() if ADVOCATE in current_user.roles else _employee()


def _advocate() -> str:
    now = utcnow()
    found = advocate_home(db(), current_user.id, now)
    g.own_balance = found.balance.available
    has = {"has_points": found.balance.lifetime > 0, "has_open": found.picked.all_open > 0}
    welcome = welcome_of(db(), current_user.id, **has, now=now)
    if welcome and welcome.offer and not welcome.offer.is_done:
        found = replace(found, picked=found.picked.beside(welcome.offer.challenge.id))
    return render("dashboard/home.html", hello=hello(), home=found, welcome=welcome, **_desk())


def _employee() -> str:
    standings = standings_of(db(), current_user.id)
    recent = nominations_of(db(), current_user.id, size=RECENT)
    sums = {name: sum(standings.get(one, 0) for one in some) for name, some in SUMS.items()}
    told = {"sums": sums, "standings": STANDING_NAMES, "lost": LOST, "work": work_of(db(), current_actor(), utcnow()), **WORDS_OF_REQUESTS}
    return render("dashboard/employee.html", hello=hello(), counts=standings, recent=recent, **told, **_desk())


def _desk() -> dict[str, Waiting]:
    """Return how much waits for who may decide without being an admin, and how much of it is overdue; nothing for anybody else."""
    sources = all_sources()
    if not sources:
        return {}
    waiting = together(count_waiting(db(), sources, Wanted()))
    late = together(count_waiting(db(), sources, Wanted(overdue=overdue_since(utcnow())))) if waiting.number else Waiting()
    return {"desk": waiting, "desk_late": late}


def hello() -> str:
    """Return the greeting of this time of the reader's day."""
    name = first_name(current_user.name)
    words: dict[Greeting, str] = {
        Greeting.MORNING: _("Good morning, %(name)s", name=name),
        Greeting.AFTERNOON: _("Good afternoon, %(name)s", name=name),
        Greeting.EVENING: _("Good evening, %(name)s", name=name),
    }
    return words[greeting(to_user_timezone(utcnow()).hour)]

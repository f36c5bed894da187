"""Somebody's own page as a reference: signed in, or by the link of a mail without signing in. GET shows, POST acts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from portal.acts.queries.blocks import is_held
from portal.acts.queries.budget import budget_of
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.people.models import Person
from portal.people.queries.persons import names
from portal.people.rules.link import LinkSpent
from portal.people.rules.person import PersonState
from portal.people.rules.throttle import TooManyTries
from portal.profiles.actions.editing import add_days, remove_days
from portal.profiles.actions.links import holder_of
from portal.profiles.actions.own import change_what_i_do, lower_limit, pause, remove_me, resume, say_of_myself
from portal.profiles.forms import LimitForm, OwnDaysForm, OwnForm, RemoveForm, SayForm, does_form, opened_with, shown_of, until_of, wanted_of
from portal.profiles.queries.profiles import Does, agree_to_nothing, blackouts_of, does, facts_of, held, profile_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import split_words
from portal.profiles.rules.fresh import PAUSE_DAYS
from portal.profiles.rules.refusals import YesOver
from portal.profiles.rules.states import Retired, Status, WordKind, shown_as
from portal.profiles.views.checking import counted, spent, token
from portal.profiles.views.shared import NAMES, told_of_kinds, words_for
from portal.web.errors import sentence
from portal.web.guards import advocate, current_actor, public
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("my_reference", __name__, url_prefix="/my-reference")
WHAT = "any(pause, resume, limit, does, days, say, remove)"
FORMS: dict[str, Any] = {"limit": LimitForm, "days": OwnDaysForm, "say": SayForm, "remove": RemoveForm}


def has_one() -> bool:
    """Tell whether the reader has a profile, for the navigation."""
    return current_user.is_authenticated and profile_of(db(), current_user.id) is not None


@bp.get("")
@advocate
def mine() -> ResponseReturnValue:
    """The reader's own page."""
    return _page(current_actor(), "")


@bp.get("/link")
@public
def by_link() -> ResponseReturnValue:
    """The page of whom a link stands for."""
    try:
        return _page(_holder(), token())
    except LinkSpent as refusal:
        return spent(refusal)


def _holder() -> Actor:
    return holder_of(db(), token(), current_actor().origin, utcnow(), is_own=True).actor


def _page(actor: Actor, link: str, what: str = "", form: Any = None, status: int = 200) -> ResponseReturnValue:
    now = utcnow()
    person_id = actor.id or 0
    row = profile_of(db(), person_id)
    if row is None:
        return render("profiles/mine_none.html"), 200
    whose, today, facts = held(db(), person_id), local_date(now, programme_zone(db())), facts_of(db(), row)
    kinds, budget = {one.activity: one for one in does(db(), person_id, now)}, budget_of(db(), person_id, now)
    forms: dict[str, Any] = {
        "limit": LimitForm(formdata=None, data={"t": link, "most": max(budget.person.most - 1, 0)}),
        "does": does_form()(formdata=None, data={"t": link, **_chosen_now(kinds)}),
        "days": OwnDaysForm(formdata=None, data={"t": link}),
        "say": SayForm(formdata=None, data={"t": link, "story": row.story} | {k.value: ", ".join(facts.words.get(k, ())) for k in WordKind}),
        "remove": RemoveForm(formdata=None, data={"t": link}),
        "press": OwnForm(formdata=None, data={"t": link}),
    }
    if what in forms and form is not None:
        forms[what] = form
    paused = row.rests_until if row.rests_until and row.rests_until > today else budget.person.paused_until
    told = {"held": whose, "row": row, "kinds": kinds, "budget": budget, "days": blackouts_of(db(), person_id, today), "paused": paused}
    told |= {"link": link, "agreed_words": {a.value: words_for(a) for a in Activity}, "means_of": told_of_kinds(), "pause_days": PAUSE_DAYS}
    told |= {"is_over": row.status == Status.RETIRED, "is_own_wish": row.retired_as == Retired.OWN_WISH, "forms": forms}
    told["joined"] = whose.person.state == PersonState.ACTIVE
    told["owner"] = names(db(), [whose.owner_id]).get(whose.owner_id) if whose.owner_id else None
    told["does_nothing"] = person_id in agree_to_nothing(db(), [person_id], now)
    return render("profiles/mine_link.html" if link else "profiles/mine.html", **told, **NAMES), status


def _chosen_now(kinds: Mapping[Activity, Does]) -> dict[str, Any]:
    """Return what the form of kinds shows: what stands, and until when."""
    found: dict[str, Any] = {activity.value: "no" for activity in Activity}
    for activity, one in kinds.items():
        found[activity.value] = "never" if one.is_never else "yes" if one.holds else "no"
        last = one.consent.expires_on if one.holds and one.consent is not None else None
        found |= {f"until_{activity.value}": last, f"seen_until_{activity.value}": last.isoformat() if last else ""}
    return found | {f"seen_{activity.value}": found[activity.value] for activity in Activity}


def _do(actor: Actor, link: str, what: str) -> ResponseReturnValue:
    """Do what a button of the page says, as ``actor``."""
    person_id, now = actor.id or 0, utcnow()
    form = does_form()() if what == "does" else FORMS.get(what, OwnForm)()
    if profile_of(db(), person_id) is None:
        raise NotFound()
    if not form.validate():
        return _page(actor, link, what, form, 422)
    given: dict[str, Any] = {"person_id": person_id, "now": now}
    if what == "pause":
        pause(db(), actor, **given)
        told = _("You are asked for nothing for three months.")
    elif what == "resume":
        resume(db(), actor, **given)
        told = _("Good to have you back.")
    elif what == "limit":
        lower_limit(db(), actor, most=form.most.data, **given)
        told = _("Done. You are asked less from now on.") if form.most.data else _("Done. You are asked for nothing at all any more.")
    elif what == "does":
        given |= {"wanted": wanted_of(form), "until": until_of(form), "seen": opened_with(form), "shown": shown_of(form)}
        changed = change_what_i_do(db(), actor, words={a: words_for(a) for a in Activity}, **given)
        told = _("Kept. It holds from now on.") if changed else _("Nothing differed.")
    elif what == "days":
        add_days(db(), actor, first_on=form.first_on.data, last_on=form.last_on.data, reason=form.reason.data or "", **given)
        told = _("Kept. You are asked for no meeting on these days.")
    elif what == "say":
        words = {WordKind.USE_CASE: split_words(form.use_case.data or ""), WordKind.LANGUAGE: split_words(form.language.data or "")}
        say_of_myself(db(), actor, story=form.story.data or "", words=words, **given)
        told = _("Kept.")
    else:
        remove_me(db(), actor, asks_nothing=form.nothing_at_all.data, **given)
        told = _("You are no reference any more: nobody asks you for calls, reviews and the like, and everything you had agreed to has ended.")
    flash(told, "good")
    return redirect(_here(link), 303)


def _here(link: str) -> str:
    return url_for("my_reference.by_link", t=link) if link else url_for("my_reference.mine")


@bp.post(f"/<{WHAT}:what>")
@advocate
@writes(again=lambda refusal, what: _again(refusal, what, is_link=False))
def change(what: str) -> ResponseReturnValue:
    """Do it, signed in."""
    return _do(current_actor(), "", what)


@bp.post(f"/link/<{WHAT}:what>")
@public
@writes(first=lambda what: counted(), again=lambda refusal, what: _again(refusal, what, is_link=True))
def change_by_link(what: str, ready: None) -> ResponseReturnValue:
    """Do it by link."""
    return _do(_holder(), token(), what)


@bp.post("/days/<int:days_id>/remove")
@advocate
@writes(again=lambda refusal, days_id: _again(refusal, "", is_link=False))
def drop_days(days_id: int) -> ResponseReturnValue:
    """Remove days off, signed in."""
    remove_days(db(), current_actor(), person_id=current_actor().id or 0, days_id=days_id, now=utcnow())
    return redirect(_here("") + "#days", 303)


@bp.post("/link/days/<int:days_id>/remove")
@public
@writes(first=lambda days_id: counted(), again=lambda refusal, days_id: _again(refusal, "", is_link=True))
def drop_days_by_link(days_id: int, ready: None) -> ResponseReturnValue:
    """Remove days off by link."""
    actor = _holder()
    remove_days(db(), actor, person_id=actor.id or 0, days_id=days_id, now=utcnow())
    return redirect(_here(token()), 303)


def _again(refusal: Refusal, what: str, *, is_link: bool) -> ResponseReturnValue:
    if isinstance(refusal, LinkSpent | TooManyTries):
        return spent(refusal)
    if isinstance(refusal, NotFound):
        raise refusal
    link = token() if is_link else ""
    if what in FORMS or isinstance(refusal, YesOver):
        form = FORMS.get(what, does_form())()
        form.validate()
        form.refuse(refusal)
        return _page(_holder() if is_link else current_actor(), link, what, form, refusal.status)
    flash(sentence(refusal), "bad")
    return redirect(_here(link), 303)


def own_panel(session: Session, person: Person, now: datetime) -> Mapping[str, Any] | None:
    """That somebody is a reference, on their own profile."""
    row = profile_of(session, person.id)
    return None if row is None else {"row": row, **NAMES}


def person_panel(session: Session, person: Person, now: datetime) -> Mapping[str, Any] | None:
    """How somebody stands as a reference, on the pages about them."""
    if not person.is_advocate:
        return None
    row = profile_of(session, person.id)
    kinds = [one.activity for one in does(session, person.id, now) if one.holds] if row else []
    status = shown_as(Status(row.status), is_held=is_held(session, person.id)) if row else None
    nothing_since = agree_to_nothing(session, [person.id], now).get(person.id)
    return {"row": row, "status": status, "kinds": kinds, "nothing_since": nothing_since, "person": person, **NAMES}

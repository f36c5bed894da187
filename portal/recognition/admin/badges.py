"""Badges: the list, drafting, the preview, switching on, retiring."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.seen import seen_of
from portal.kernel.tracks import TRACK_NAMES, Track
from portal.recognition.actions import badges as actions
from portal.recognition.badges.registry import RULES, rule_of
from portal.recognition.forms import BadgeFilter, BadgeForm
from portal.recognition.models import Badge
from portal.recognition.queries import badges as queries
from portal.recognition.queries.facts import challenge_facts
from portal.recognition.queries.levels import list_levels
from portal.recognition.rules.badges import STATE_NAMES, BadgeState
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("recognition_admin", __name__, url_prefix="/admin/recognition")
COLUMNS = ("id", "name", "how", "rule", "state", "holders", "live_at")

GIVEN_OUT_WITHIN = timedelta(minutes=2)
"""For so long after it was switched on an empty badge is said to be given out by the worker."""


@bp.get("")
@admin
def index() -> Any:
    """All badges, with how many people have each."""
    form = BadgeFilter(request.args)
    if request.args.get("format") == "csv":
        rows = ((b.id, b.name, b.how, b.rule, b.state, holders, b.live_at) for b, holders, *_rest in queries.all_badges(db(), **form.values()))
        return csv_response("badges.csv", COLUMNS, rows)
    page = queries.list_badges(db(), after=request.args.get("after"), **form.values())
    counts = queries.count_badges(db())
    return render("recognition/admin/index.html", form=form, page=page, counts=counts, names=STATE_NAMES, rules=RULES)


@bp.post("/starters")
@admin
@writes
def starters() -> Response:
    """Keep the badges we drew as drafts."""
    made = actions.add_starters(db(), current_actor(), now=utcnow())
    if made:
        flash(ngettext("%(num)s badge is here as a draft.", "%(num)s badges are here as drafts.", len(made)), "good")
    else:
        flash(_("All the badges we drew are here already."), "info")
    return redirect(url_for(".index"), 303)


@bp.get("/badges/new")
@admin
def new() -> Any:
    """Choose a kind of rule, then write the badge."""
    rule = request.args.get("rule", "")
    if rule not in RULES:
        return render("recognition/admin/kinds.html", rules=RULES)
    return _new(rule)


def _new(rule: str, form: BadgeForm | None = None) -> str:
    form = form or BadgeForm(formdata=None, rule=rule_of(rule), session=db(), art="sprout", tone="laurel")
    return render("recognition/admin/new.html", form=form, rule=rule_of(rule))


def _asked_rule() -> str:
    rule = request.args.get("rule", "")
    if rule not in RULES:
        raise NotFound()
    return rule


def _new_again(refusal: Refusal) -> tuple[str, int]:
    rule = _asked_rule()
    form = BadgeForm(rule=rule_of(rule), session=db())
    form.refuse(refusal)
    return _new(rule, form), refusal.status


@bp.post("/badges/new")
@admin
@writes(again=_new_again)
def create() -> Any:
    """Keep it as a draft."""
    rule = _asked_rule()
    form = BadgeForm(rule=rule_of(rule), session=db())
    if not form.validate():
        return _new(rule, form), 422
    made = actions.add_badge(db(), current_actor(), **_words(form), rule=rule, key=form.key.data, now=utcnow())
    flash(_("Saved as a draft. See below who would get it."), "good")
    return redirect(url_for(".badge", badge_id=made.id), 303)


@bp.get("/badges/<int:badge_id>")
@admin
def badge(badge_id: int) -> str:
    """One badge: a draft with its form and preview; otherwise who has it."""
    return _badge(badge_id)


def _badge(badge_id: int, form: BadgeForm | None = None) -> str:
    found = queries.get_badge(db(), badge_id)
    rule = rule_of(found.rule)
    shown: dict[str, Any] = {"badge": found, "rule": rule, "names": STATE_NAMES, "sentence": sentence(found)}
    if found.state == BadgeState.DRAFT:
        shown["form"] = form or _stored(found)
        shown["preview"] = queries.preview(db(), found, utcnow())
    else:
        is_new = found.live_at is not None and utcnow() - found.live_at < GIVEN_OUT_WITHIN
        shown["is_given_now"] = found.state == BadgeState.LIVE and rule.follows and is_new
        shown["page"] = queries.holders_page(db(), badge_id, after=request.args.get("after"))
    return render("recognition/admin/badge.html", **shown)


def _stored(badge: Badge) -> BadgeForm:
    values = actions.seen_values(badge)
    fields = {name: value for name, value in values.items() if name != "options"} | badge.options
    return BadgeForm(formdata=None, rule=rule_of(badge.rule), session=db(), **fields, seen=seen_of(values))


def _save_again(refusal: Refusal, badge_id: int) -> tuple[str, int]:
    found = queries.get_badge(db(), badge_id)
    form = BadgeForm(rule=rule_of(found.rule), session=db())
    form.refuse(refusal, lambda: _stored(found))
    return _badge(badge_id, form), refusal.status


@bp.post("/badges/<int:badge_id>")
@admin
@writes(again=_save_again)
def save(badge_id: int) -> Any:
    """Change a draft."""
    form = BadgeForm(rule=rule_of(queries.get_badge(db(), badge_id).rule), session=db())
    if not form.validate():
        return _badge(badge_id, form), 422
    actions.edit_badge(db(), current_actor(), badge_id=badge_id, **_words(form), seen=form.seen.data, now=utcnow())
    flash(_("The draft is saved."), "good")
    return redirect(url_for(".badge", badge_id=badge_id), 303)


@bp.post("/badges/<int:badge_id>/publish")
@admin
@writes
def publish(badge_id: int) -> Response:
    """Switch it on."""
    actions.publish_badge(db(), current_actor(), badge_id=badge_id, now=utcnow())
    follows = rule_of(queries.get_badge(db(), badge_id).rule).follows
    flash(
        _("The badge is live. Who met the rule before gets it in a moment, without a notice.")
        if follows
        else _("The badge is live. Give it by hand, on the page of a person."),
        "good",
    )
    return redirect(url_for(".badge", badge_id=badge_id), 303)


@bp.post("/badges/<int:badge_id>/drop")
@admin
@writes
def drop(badge_id: int) -> Response:
    """Throw a draft away."""
    actions.drop_badge(db(), current_actor(), badge_id=badge_id, now=utcnow())
    flash(_("The draft is thrown away."), "good")
    return redirect(url_for(".index"), 303)


@bp.post("/badges/<int:badge_id>/retire")
@admin
@writes
def retire(badge_id: int) -> Response:
    """Give it no more."""
    actions.retire_badge(db(), current_actor(), badge_id=badge_id, now=utcnow())
    flash(_("The badge is retired. Who has it keeps it."), "good")
    return redirect(url_for(".badge", badge_id=badge_id), 303)


def _words(form: BadgeForm) -> dict[str, Any]:
    facts = {name: form[name].data for name in ("name", "how", "art", "tone")}
    return {**facts, "options": form.options()}


def sentence(badge: Badge) -> str:
    """Return the rule of a badge in the reader's language, with the names of what it speaks of."""
    message, facts = rule_of(badge.rule).describe(badge.options)
    return str(_(message, **_named(facts)))


def _named(facts: Mapping[str, Any]) -> dict[str, Any]:
    named = dict(facts)
    if "track" in named:
        named["track"] = _(TRACK_NAMES[Track(named["track"])])
    if "level" in named:
        named["level"] = next((level.name for level in list_levels(db()) if level.id == named["level"]), "–")
    if "challenge" in named:
        named["challenge"] = dict(challenge_facts(db()).names(db())).get(named["challenge"], "–")
    return named

"""The admins' doors: who sees a thing, rule by rule, with a dry run and the answer to "why not". Rooms lead here by the audience's id."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.audience.actions import editing
from portal.audience.contract import AudienceOwner, Owned
from portal.audience.forms import ModeForm, SeenForm, WhoForm, rule_form
from portal.audience.kinds.contract import RuleKind
from portal.audience.queries.audiences import find_newer, find_rule, is_wanted, sheet_of
from portal.audience.queries.reach import reach_of
from portal.audience.queries.reasons import people_called, why_not
from portal.audience.registry import kinds_of, rule_kind
from portal.audience.rules import Mode, RuleGone, RuleRemoved, Side
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.seen import ChangedMeanwhile
from portal.people.queries.persons import get_person
from portal.web.addresses import id_number
from portal.web.guards import admin, current_actor
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("audience_admin", __name__, url_prefix="/admin/audiences")
SIDES = tuple(side.value for side in Side)


def _owner_of(audience_id: int) -> tuple[AudienceOwner, Owned]:
    """Return the room whose thing has the audience, and the thing. Raises ``NotFound``."""
    owners: Sequence[AudienceOwner] = current_app.extensions["audience_owners"]
    for owner in owners:
        if (owned := owner.find(db(), audience_id)) is not None:
            return owner, owned
    raise NotFound()


def _groups() -> list[tuple[str, list[RuleKind]]]:
    """Return the kinds of rules by group, groups in the order in which their first kind is listed."""
    kinds = list(kinds_of(db()).values())
    order = list(dict.fromkeys(kind.group for kind in kinds))
    ordered = sorted(kinds, key=lambda kind: order.index(kind.group))
    return [(group, list(some)) for group, some in groupby(ordered, key=lambda kind: kind.group)]


@bp.get("/<int:audience_id>")
@admin
def show(audience_id: int) -> str:
    """The rules, the dry run, and the answer about one person."""
    return _shown(audience_id)


def _shown(audience_id: int, refusal: Refusal | None = None) -> str:
    owner, owned = _owner_of(audience_id)
    sheet = sheet_of(db(), audience_id)
    modes = {side: ModeForm(formdata=None, mode=sheet.mode(side).value) for side in SIDES}
    who = WhoForm(request.args)
    shown = {"audience_id": audience_id, "owned": owned, "sheet": sheet, "modes": modes, "groups": _groups(), "refusal": refusal, "sides": SIDES}
    forms = {"seen": SeenForm(formdata=None, revision=sheet.audience.revision), "who": who}
    answer = _answer(owner, audience_id, who)
    # A search for a person swaps that part of the page alone: there is no need to count everybody again.
    is_asking = request.headers.get("HX-Target") == "why"
    reach = None if is_asking else reach_of(db(), owner, audience_id, utcnow())
    return render_fragment("audience/show.html", "why", **shown, **forms, **answer, reach=reach)


def _answer(owner: AudienceOwner, audience_id: int, form: WhoForm) -> dict[str, Any]:
    """Return the person asked about and why they see it or not; several people to choose from where the name is not enough."""
    asked = form.values().get("who", "")
    chosen = request.args.get("person", type=id_number)
    if not asked and chosen is None:
        return {"asked": "", "found": [], "why": None}
    found = [get_person(db(), chosen)] if chosen is not None else people_called(db(), asked)
    why = why_not(db(), owner, audience_id, found[0], utcnow()) if len(found) == 1 else None
    return {"asked": asked, "found": found, "why": why}


def _show_again(refusal: Refusal, audience_id: int, **_rest: Any) -> tuple[str, int]:
    """Show the rules as they stand now, and why nothing was done."""
    return _shown(audience_id, refusal), refusal.status


def _done(audience_id: int, text: str) -> Response:
    flash(text, "good")
    return redirect(url_for(".show", audience_id=audience_id), 303)


def _said(owned: Owned, at_once: str) -> str:
    return _("Noted. It counts once you put the changes live.") if owned.is_live else at_once


def _rule_page(audience_id: int, kind: RuleKind, side: str, form: Any, rule_id: int | None = None) -> str:
    _owner, owned = _owner_of(audience_id)
    return render("audience/rule.html", audience_id=audience_id, owned=owned, kind=kind, side=side, form=form, rule_id=rule_id)


def _asked_for() -> tuple[str, RuleKind]:
    """Return side and kind in the address. Raises ``NotFound``, refuses an unknown kind (``KindUnknown``)."""
    side = request.args.get("side", "")
    if side not in SIDES:
        raise NotFound()
    return side, rule_kind(db(), request.args.get("kind", ""))


@bp.get("/<int:audience_id>/rules/new")
@admin
def new_rule(audience_id: int) -> str:
    """An empty rule of the kind asked for."""
    side, kind = _asked_for()
    return _rule_page(audience_id, kind, side, rule_form(kind.controls(db())))


def _new_again(refusal: Refusal, audience_id: int) -> tuple[str, int]:
    side, kind = _asked_for()
    form = rule_form(kind.controls(db()), filled=True)
    form.refuse(refusal)
    return _rule_page(audience_id, kind, side, form), refusal.status


@bp.post("/<int:audience_id>/rules/new")
@admin
@writes(again=_new_again)
def add_rule(audience_id: int) -> Any:
    """Add a rule."""
    (side, kind), (_owner, owned) = _asked_for(), _owner_of(audience_id)
    form = rule_form(kind.controls(db()), filled=True)
    if not form.validate():
        return _rule_page(audience_id, kind, side, form), 422
    given: dict[str, Any] = {"side": Side(side), "kind": kind.key, "given": form.given(), "key": form.key.data, "at_once": not owned.is_live}
    editing.add_rule(db(), current_actor(), audience_id=audience_id, **given, now=utcnow())
    return _done(audience_id, _said(owned, _("The rule is added.")))


@bp.get("/<int:audience_id>/rules/<int:audience_rule_id>")
@admin
def edit_rule(audience_id: int, audience_rule_id: int) -> str | Response:
    """One rule. From the address of one that somebody changed or removed it leads to the audience."""
    _owner_of(audience_id)
    rule = find_rule(db(), audience_id, audience_rule_id)
    if not is_wanted(rule):
        newer = find_newer(db(), rule)
        flash(_("Somebody changed this rule. Here is what holds now.") if newer else _("Somebody removed this rule. Here is what holds now."), "info")
        return redirect(url_for(".show", audience_id=audience_id), 303)
    kind = rule_kind(db(), rule.kind)
    form = rule_form(kind.controls(db()), kind.shown(db(), rule.options))
    return _rule_page(audience_id, kind, rule.side, form, rule.id)


def _edit_again(refusal: Refusal, audience_id: int, audience_rule_id: int) -> tuple[str, int]:
    """Show what was typed, beside what stands in the place of the rule now; of one that somebody removed, as one that can be added."""
    opened = find_rule(db(), audience_id, audience_rule_id)
    kind, rule = rule_kind(db(), opened.kind), find_newer(db(), opened)
    if isinstance(refusal, RuleGone):
        refusal = ChangedMeanwhile() if rule else RuleRemoved()
    controls, stored = kind.controls(db()), kind.shown(db(), (rule or opened).options)
    form = rule_form(controls, stored, filled=True)
    form.refuse(refusal, lambda: rule_form(controls, stored))
    return _rule_page(audience_id, kind, opened.side, form, rule.id if rule else None), refusal.status


@bp.post("/<int:audience_id>/rules/<int:audience_rule_id>")
@admin
@writes(again=_edit_again)
def save_rule(audience_id: int, audience_rule_id: int) -> Any:
    """Change a rule."""
    _owner, owned = _owner_of(audience_id)
    rule = find_rule(db(), audience_id, audience_rule_id)
    kind = rule_kind(db(), rule.kind)
    form = rule_form(kind.controls(db()), kind.shown(db(), rule.options), filled=True)
    if not form.validate():
        return _rule_page(audience_id, kind, rule.side, form, rule.id), 422
    given: dict[str, Any] = {"given": form.given(), "key": form.key.data, "at_once": not owned.is_live}
    editing.change_rule(db(), current_actor(), audience_id=audience_id, rule_id=rule.id, **given, now=utcnow())
    return _done(audience_id, _said(owned, _("The rule is changed.")))


@bp.post("/<int:audience_id>/rules/<int:audience_rule_id>/remove")
@admin
@writes(again=_show_again)
def remove_rule(audience_id: int, audience_rule_id: int) -> Response:
    """Take a rule out."""
    _owner, owned = _owner_of(audience_id)
    removed: dict[str, Any] = {"rule_id": audience_rule_id, "at_once": not owned.is_live}
    editing.remove_rule(db(), current_actor(), audience_id=audience_id, **removed, now=utcnow())
    return _done(audience_id, _said(owned, _("The rule is removed.")))


@bp.post("/<int:audience_id>/<any(include, exclude):side>")
@admin
@writes(again=_show_again)
def set_mode(audience_id: int, side: str) -> Any:
    """Let the rules of a side go together by any or by all."""
    _owner, owned = _owner_of(audience_id)
    form = ModeForm()
    if not form.validate():
        return _shown(audience_id), 422
    given: dict[str, Any] = {"side": Side(side), "mode": Mode(form.mode.data), "at_once": not owned.is_live}
    editing.set_mode(db(), current_actor(), audience_id=audience_id, **given, now=utcnow())
    return _done(audience_id, _said(owned, _("Saved.")))


def _act_on_seen(audience_id: int, act: Callable[..., None], text: str) -> Any:
    _owner_of(audience_id)
    form = SeenForm()
    if not form.validate():
        return _shown(audience_id), 422
    act(db(), current_actor(), audience_id=audience_id, revision=form.revision.data, now=utcnow())
    return _done(audience_id, text)


@bp.post("/<int:audience_id>/live")
@admin
@writes(again=_show_again)
def put_live(audience_id: int) -> Any:
    """Let the changes count."""
    return _act_on_seen(audience_id, editing.put_live, _("The changes are live. Who has begun keeps it until they finish."))


@bp.post("/<int:audience_id>/drop")
@admin
@writes(again=_show_again)
def drop_changes(audience_id: int) -> Any:
    """Go back to what is live."""
    return _act_on_seen(audience_id, editing.drop_changes, _("The changes are dropped. Everything is as it was."))

"""The admins' page of rules that approve by themselves."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions.auto import make_rule, remove_rule, switch_rule
from portal.challenges.admin.editor import bp
from portal.challenges.forms.rules import RuleForm
from portal.challenges.queries.auto import count_uses, list_rules, recent_uses
from portal.challenges.queries.editing import challenge_titles
from portal.challenges.stages.registry import KINDS, NEED_PERSON
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.review.queries.terms import terms_of
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


def _page(form: RuleForm) -> str:
    form.offer(challenge_titles(db()))
    facts = {"rules": list_rules(db()), "uses": recent_uses(db()), "counts": count_uses(db()), "limit": terms_of(db()).four_eyes_above}
    return render("challenges/admin/rules.html", form=form, kinds=KINDS, by_people=NEED_PERSON, **facts)


def _again(refusal: Refusal, **_facts: Any) -> tuple[str, int]:
    form = RuleForm()
    form.refuse(refusal)
    return _page(form), refusal.status


@bp.get("/rules")
@admin
def rules() -> str:
    """The rules, what they did, and a form for one more."""
    return _page(RuleForm(formdata=None))


@bp.post("/rules")
@admin
@writes(again=_again)
def add_rule() -> Any:
    """Make a rule, switched off."""
    form = RuleForm()
    form.offer(challenge_titles(db()))
    if not form.validate():
        return _page(form), 422
    make_rule(db(), current_actor(), terms=form.terms(), now=utcnow())
    return _done(_("The rule is made. It is off until you switch it on."))


@bp.post("/rules/<int:rule_id>/switch")
@admin
@writes
def switch(rule_id: int) -> Response:
    """Switch a rule on or off."""
    is_on = request.form.get("on") == "yes"
    switch_rule(db(), current_actor(), rule_id=rule_id, is_on=is_on, now=utcnow())
    return _done(_("The rule is on. It approves what it covers within a minute.") if is_on else _("The rule is off. What it approved stays."))


@bp.post("/rules/<int:rule_id>/remove")
@admin
@writes
def remove(rule_id: int) -> Response:
    """Remove a rule."""
    remove_rule(db(), current_actor(), rule_id=rule_id, now=utcnow())
    return _done(_("The rule is removed. What it approved stays."))


def _done(text: str) -> Response:
    flash(text, "good")
    return redirect(url_for(".rules"), 303)

"""Admins' page of nominations: the clock, credit, and rules that approve; and what reviewers say about one."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.profiles.rules.facts import TIER_NAMES
from portal.references.actions.commenting import comment
from portal.references.actions.decide import take_up
from portal.references.actions.terms import add_rule, end_rule, seen_values, set_terms
from portal.references.forms import CommentForm, RuleForm, TermsForm
from portal.references.queries.terms import rules_with_makers, terms_of
from portal.references.rules.terms import MOST_BY_RULE, Terms
from portal.web.guards import admin, current_actor, reviewer
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("references_admin", __name__, url_prefix="/admin/nominations")


def _stored() -> TermsForm:
    standing = terms_of(db())
    return TermsForm(formdata=None, data=asdict(standing) | {"seen": seen_of(seen_values(standing))})


def _page(form: TermsForm | None = None, rule: RuleForm | None = None) -> str:
    rule = rule or RuleForm(formdata=None)
    told = {"rules": rules_with_makers(db()), "tiers": TIER_NAMES, "most_by_rule": MOST_BY_RULE}
    return render("references/admin.html", form=form or _stored(), rule_form=rule, **told)


def _again(refusal: Refusal) -> tuple[str, int]:
    form = TermsForm()
    form.refuse(refusal, _stored)
    return _page(form), refusal.status


def _rule_again(refusal: Refusal) -> tuple[str, int]:
    form = RuleForm()
    form.refuse(refusal)
    return _page(rule=form), refusal.status


@bp.get("")
@admin
def terms() -> str:
    """The terms, and the rules with who set them."""
    return _page()


@bp.post("")
@admin
@writes(again=_again)
def save() -> Any:
    """Keep the terms."""
    form = TermsForm()
    if not form.validate():
        return _page(form), 422
    wanted = Terms(**{name: form[name].data for name in asdict(Terms())})
    set_terms(db(), current_actor(), terms=wanted, seen=form.seen.data, now=utcnow())
    flash(_("Saved. It counts from now on; what was credited stays as it is."), "good")
    return redirect(url_for(".terms"), 303)


@bp.post("/rules")
@admin
@writes(again=_rule_again)
def new_rule() -> Any:
    """Let a rule approve from now on."""
    form = RuleForm()
    if not form.validate():
        return _page(rule=form), 422
    tiers = tuple(int(value) for value in form.tiers.data)
    given = {"name": form.name.data, "least_agreed": form.least_agreed.data or 0, "needs_company": form.needs_company.data, "tiers": tiers}
    add_rule(db(), current_actor(), **given, now=utcnow())
    flash(_("The rule approves what is nominated from now on."), "good")
    return redirect(url_for(".terms"), 303)


@bp.post("/rules/<int:rule_id>/end")
@admin
@writes
def stop_rule(rule_id: int) -> Any:
    """Let a rule approve nothing more."""
    end_rule(db(), current_actor(), rule_id=rule_id, now=utcnow())
    flash(_("The rule has ended. What it approved stays."), "good")
    return redirect(url_for(".terms"), 303)


@bp.post("/<int:nomination_id>/comments")
@reviewer
@writes(again=lambda refusal, nomination_id: _say_again(refusal, nomination_id))
def say(nomination_id: int) -> Any:
    """Say something to who nominated them."""
    form = CommentForm()
    if not form.validate():
        return _unsaid(nomination_id, form), 422
    comment(db(), current_actor(), nomination_id=nomination_id, text=form.text.data, key=form.key.data, now=utcnow())
    flash(_("Sent to who nominated them."), "good")
    return _back(nomination_id)


def _unsaid(nomination_id: int, form: CommentForm) -> str:
    """Return the page with a comment that was refused, to be mended."""
    return render("references/comment.html", nomination_id=nomination_id, form=form)


def _say_again(refusal: Refusal, nomination_id: int) -> Any:
    form = CommentForm()
    form.refuse(refusal)
    return _unsaid(nomination_id, form), refusal.status


def _said_again(refusal: Refusal, nomination_id: int) -> Any:
    flash(_(refusal.message, **refusal.facts), "bad")
    return _back(nomination_id)


@bp.post("/<int:nomination_id>/take-up")
@reviewer
@writes(again=lambda refusal, nomination_id: _said_again(refusal, nomination_id))
def begin(nomination_id: int) -> Any:
    """Let it be in review; its nominators are told."""
    take_up(db(), current_actor(), nomination_id=nomination_id, now=utcnow())
    flash(_("It is in review. Who nominated them is told."), "good")
    return _back(nomination_id)


def _back(nomination_id: int) -> Any:
    return redirect(url_for("dashboard.approvals", item=f"nomination-{nomination_id}"), 303)

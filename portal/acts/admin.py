"""Admins' pages: the programme's caps and efforts, what holds for one person or company, blocks, and the monthly report."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.acts.actions.blocking import lift_block, set_block
from portal.acts.actions.saying import set_company_terms, set_person_terms
from portal.acts.actions.settings import seen_defaults, seen_efforts, set_defaults, set_efforts
from portal.acts.forms import BlockForm, DefaultsForm, EffortsForm, LiftForm, ReportFilter, TermsForm
from portal.acts.queries.asks import asks_hit, count_hit, settled_at
from portal.acts.queries.blocks import BlockRow, blocks_page, count_on_people, count_standing, standing_blocks, whose_block
from portal.acts.queries.budget import budget_of, company_budget
from portal.acts.queries.report import all_reported, figures_of, months_to_choose, reported
from portal.acts.queries.settings import defaults_of, efforts_at
from portal.acts.rules.asks import ASK_KIND_NAMES, ASK_STATE_NAMES, CHANNEL_NAMES, AskKind, Channel
from portal.acts.views.names import NAMES
from portal.acts.views.own import terms_form
from portal.acts.views.standing import still_stands
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.seen import seen_of
from portal.people.queries.companies import get_company
from portal.people.queries.persons import get_person
from portal.web.exports import csv_response, xlsx_response
from portal.web.guards import admin, current_actor
from portal.web.language import month as month_name
from portal.web.templating import render
from portal.web.transaction import db, writes

HIT_SHOWN = 20
bp = Blueprint("goodwill_admin", __name__, url_prefix="/admin/goodwill")
HEADER = (
    "recorded_at",
    "asked_at",
    "person_id",
    "person",
    "company",
    "kind",
    "channel",
    "outside",
    "overrode",
    "reason",
    "approver",
    "by",
    "state",
    "requester",
)


def _settings(defaults: Any = None, efforts: Any = None) -> str:
    forms = {"caps_form": defaults or _stored_defaults(), "efforts_form": efforts or _stored_efforts()}
    return render("acts/settings.html", **forms, **NAMES)


def _stored_defaults() -> DefaultsForm:
    shown = seen_defaults(defaults_of(db()))
    return DefaultsForm(formdata=None, data=shown | {"seen": seen_of(shown)})


def _stored_efforts() -> Any:
    efforts = efforts_at(db(), utcnow())
    return EffortsForm(formdata=None, data=EffortsForm.shown(efforts) | {"seen": seen_of(seen_efforts(efforts))})  # type: ignore[attr-defined]


@bp.get("")
@admin
def settings() -> str:
    """Caps and efforts."""
    return _settings()


@bp.post("/defaults")
@admin
@writes(again=lambda refusal: _defaults_again(refusal))
def save_defaults() -> ResponseReturnValue:
    """Keep the caps."""
    form = DefaultsForm()
    if not form.validate():
        return _settings(defaults=form), 422
    set_defaults(db(), current_actor(), defaults=form.defaults(), now=utcnow(), seen=form.seen.data)
    flash(_("Saved. It holds from the next ask on."), "good")
    return redirect(url_for(".settings"), 303)


@bp.post("/efforts")
@admin
@writes(again=lambda refusal: _efforts_again(refusal))
def save_efforts() -> ResponseReturnValue:
    """Keep the efforts, from now on."""
    form: Any = EffortsForm()
    if not form.validate():
        return _settings(efforts=form), 422
    set_efforts(db(), current_actor(), efforts=form.efforts(), now=utcnow(), seen=form.seen.data)
    flash(_("Saved. Asks made before keep the effort they had."), "good")
    return redirect(url_for(".settings"), 303)


@bp.get("/people/<int:person_id>")
@admin
def person(person_id: int) -> str:
    """What one person said, and blocks."""
    return _one("person", person_id)


@bp.get("/companies/<int:company_id>")
@admin
def company(company_id: int) -> str:
    """What holds for one company, and blocks."""
    return _one("company", company_id)


@bp.post("/people/<int:person_id>")
@admin
@writes(again=lambda refusal, person_id: _terms_again(refusal, "person", person_id))
def save_person(person_id: int) -> ResponseReturnValue:
    """Write down what a person said."""
    return _save("person", person_id)


@bp.post("/companies/<int:company_id>")
@admin
@writes(again=lambda refusal, company_id: _terms_again(refusal, "company", company_id))
def save_company(company_id: int) -> ResponseReturnValue:
    """Set what holds for a company."""
    return _save("company", company_id)


@bp.post("/people/<int:person_id>/block")
@admin
@writes(again=lambda refusal, person_id: _block_again(refusal, "person", person_id))
def block_person(person_id: int) -> ResponseReturnValue:
    """Let nobody ask a person."""
    return _block("person", person_id)


@bp.post("/companies/<int:company_id>/block")
@admin
@writes(again=lambda refusal, company_id: _block_again(refusal, "company", company_id))
def block_company(company_id: int) -> ResponseReturnValue:
    """Let nobody ask the people of a company."""
    return _block("company", company_id)


@bp.get("/blocks")
@admin
def blocks() -> str:
    """All blocks, those that stand first."""
    return render("acts/blocks.html", page=blocks_page(db(), after=request.args.get("after")), standing=count_standing(db()), **NAMES)


@bp.post("/blocks/<int:block_id>/lift")
@admin
@writes(again=lambda refusal, block_id: _lift_again(refusal, block_id))
def lift(block_id: int) -> ResponseReturnValue:
    """Let people be asked again, and go back to where the block stood."""
    form = LiftForm()
    if not form.validate():
        return _one(*whose_block(db(), block_id), lift=(block_id, form)), 422
    lift_block(db(), current_actor(), block_id=block_id, reason=form.reason.data or "", now=utcnow())
    of, its_id = whose_block(db(), block_id)
    flash(_("Lifted."), "good")
    for text in _still(of, its_id):
        flash(text, "info")
    return _to(of, its_id)


def _still(of: str, its_id: int) -> list[str]:
    """Return what still keeps people from being asked there, now that one block is lifted."""
    if of == "person":
        return still_stands(_standing_on(of, its_id))
    number = count_on_people(db(), its_id)
    people = ngettext("A block of their own still stands on one of its people.", "Blocks of their own still stand on %(num)s of its people.", number)
    return still_stands(_standing_on(of, its_id)) + ([people] if number else [])


def _standing_on(of: str, its_id: int) -> list[BlockRow]:
    """Return the blocks that stand on a person and on their company, or on a company."""
    if of == "person":
        return standing_blocks(db(), person_id=its_id, company_id=get_person(db(), its_id).company_id)
    return standing_blocks(db(), company_id=its_id)


@bp.get("/report")
@admin
def report() -> ResponseReturnValue:
    """What was asked beyond a rule, and outside the portal, in one month."""
    form, choices = ReportFilter(request.args), months_to_choose(db(), utcnow())
    form.month.choices = [(f"{first:%Y-%m}", month_name(first, "LLLL y")) for first in choices]
    asked = form.values()
    first = date.fromisoformat(f"{asked['month']}-01") if "month" in asked else choices[0]
    form.month.data = f"{first:%Y-%m}"
    if (kind := request.args.get("format")) in ("csv", "xlsx"):
        answer = csv_response if kind == "csv" else xlsx_response
        return answer(f"asks-{first:%Y-%m}.{kind}", HEADER, _lines(first))
    page = reported(db(), first, after=request.args.get("after"))
    return render("acts/report.html", form=form, month=figures_of(db(), first), page=page, **NAMES)


def _lines(first: date) -> Iterator[tuple[Any, ...]]:
    for row in all_reported(db(), first):
        ask = row.ask
        told = (_(ASK_KIND_NAMES[AskKind(ask.kind)]), _(CHANNEL_NAMES[Channel(ask.channel)]), int(ask.is_outside), ask.overrode, ask.override_reason)
        who = (ask.person_id, row.person, row.company)
        yield (ask.recorded_at, ask.asked_at, *who, *told, row.approver, row.asker, _(ASK_STATE_NAMES[row.state]), row.requester)


def _one(of: str, its_id: int, *, form: TermsForm | None = None, block: BlockForm | None = None, lift: tuple[int, LiftForm] | None = None) -> str:
    """Show what holds for a person or a company."""
    terms, default, facts = _standing(of, its_id)
    shown = form or terms_form(TermsForm, terms).offer(default, terms.days)
    hit = asks_hit(db(), **{f"{of}_id": its_id}, after=request.args.get("after"), size=HIT_SHOWN)
    facts |= {"hit": hit, "hit_total": count_hit(db(), **{f"{of}_id": its_id}), "settled_at": settled_at(db(), current_actor(), hit.rows)}
    facts |= {"form": shown, "block": block or BlockForm(formdata=None), "blocks": _standing_on(of, its_id), "default": default}
    return render("acts/terms.html", of=of, its_id=its_id, lift=LiftForm(formdata=None), refused=lift, **facts, **NAMES)


def _standing(of: str, its_id: int) -> tuple[Any, Any, dict[str, Any]]:
    """Return what was said, what the programme has for it, and the side that the page shows."""
    now, defaults = utcnow(), defaults_of(db())
    if of == "person":
        if not get_person(db(), its_id).is_advocate:
            raise NotFound()
        side = budget_of(db(), its_id, now).person
        return side.terms, defaults.person, {"side": side}
    get_company(db(), its_id)
    side = company_budget(db(), its_id, now)
    return side.terms, defaults.company, {"side": side}


def _sent(of: str, its_id: int) -> TermsForm:
    terms, default, _facts = _standing(of, its_id)
    return TermsForm().offer(default, terms.days)


def _save(of: str, its_id: int) -> ResponseReturnValue:
    form = _sent(of, its_id)
    if not form.validate():
        return _one(of, its_id, form=form), 422
    given: dict[str, Any] = {f"{of}_id": its_id, "terms": form.terms(), "reason": form.reason.data or "", "seen": form.seen.data}
    (set_person_terms if of == "person" else set_company_terms)(db(), current_actor(), **given, now=utcnow())
    flash(_("Saved. It holds from the next ask on."), "good")
    return _to(of, its_id)


def _block(of: str, its_id: int) -> ResponseReturnValue:
    form = BlockForm()
    if not form.validate():
        return _one(of, its_id, block=form), 422
    whom: dict[str, Any] = {f"{of}_id": its_id}
    set_block(db(), current_actor(), kind=form.kind.data, reason=form.reason.data or "", now=utcnow(), **whom)
    flash(_("Nobody can ask there until it is lifted."), "good")
    if number := count_hit(db(), **whom):
        flash(ngettext("It hits one open ask, which is named here.", "It hits %(num)s open asks, which are named here.", number), "info")
    return _to(of, its_id)


def _to(of: str, its_id: int) -> ResponseReturnValue:
    whose: dict[str, Any] = {f"{of}_id": its_id}
    return redirect(url_for(f".{of}", **whose), 303)


def _terms_again(refusal: Refusal, of: str, its_id: int) -> ResponseReturnValue:
    form = _sent(of, its_id)
    form.validate()
    terms, default, _facts = _standing(of, its_id)
    form.refuse(refusal, lambda: terms_form(TermsForm, terms).offer(default, terms.days))
    return _one(of, its_id, form=form), refusal.status


def _block_again(refusal: Refusal, of: str, its_id: int) -> ResponseReturnValue:
    form = BlockForm()
    form.validate()
    form.refuse(refusal)
    return _one(of, its_id, block=form), refusal.status


def _defaults_again(refusal: Refusal) -> ResponseReturnValue:
    form = DefaultsForm()
    form.refuse(refusal, _stored_defaults)
    return _settings(defaults=form), refusal.status


def _efforts_again(refusal: Refusal) -> ResponseReturnValue:
    form: Any = EffortsForm()
    form.refuse(refusal, _stored_efforts)
    return _settings(efforts=form), refusal.status


def _lift_again(refusal: Refusal, block_id: int) -> ResponseReturnValue:
    if isinstance(refusal, NotFound):
        raise refusal
    form = LiftForm()
    form.validate()
    form.refuse(refusal)
    flash(NAMES["sentence"](refusal), "bad")
    return _one(*whose_block(db(), block_id), lift=(block_id, form)), refusal.status

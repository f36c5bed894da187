"""Members' page: what they were asked, their answers, and how much, what and when they want to be asked."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.acts.actions.answering import answer_ask
from portal.acts.actions.saying import seen_terms, set_own_terms
from portal.acts.forms import AnswerForm, TermsForm
from portal.acts.queries.asks import asked_by, asks_of, open_asks
from portal.acts.queries.budget import Shown, budget_of
from portal.acts.queries.settings import defaults_of
from portal.acts.rules.terms import Terms
from portal.acts.views.names import NAMES
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.seen import seen_of
from portal.people.models import Person
from portal.web.guards import advocate, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("asks", __name__, url_prefix="/asks")


@bp.get("")
@advocate
def mine() -> str:
    """What the reader was asked, and their budget."""
    return _page()


@bp.post("/<int:ask_id>/yes")
@advocate
@writes(again=lambda refusal, ask_id: _told(refusal))
def accept(ask_id: int) -> ResponseReturnValue:
    """Say yes."""
    ask = answer_ask(db(), current_actor(), ask_id=ask_id, is_yes=True, now=utcnow())
    told, kept = _("Thank you. Whoever asked is told, and gets in touch with you."), _("Thank you. Your yes is kept, and staff see it.")
    flash(told if ask.asked_by_id else kept, "good")
    return redirect(url_for(".mine"), 303)


@bp.post("/<int:ask_id>/no")
@advocate
@writes(again=lambda refusal, ask_id: _no_again(refusal, ask_id))
def decline(ask_id: int) -> ResponseReturnValue:
    """Say no, with a reason or without."""
    form = AnswerForm()
    if not form.validate():
        return _page(refused=(ask_id, form)), 422
    answer_ask(db(), current_actor(), ask_id=ask_id, is_yes=False, reason=form.reason.data or "", seen=request.form.get("seen"), now=utcnow())
    flash(_("That is fine. The slot is yours again."), "good")
    return redirect(url_for(".mine"), 303)


@bp.post("/terms")
@advocate
@writes(again=lambda refusal: _terms_again(refusal))
def keep() -> ResponseReturnValue:
    """Keep how much, what and when the reader wants to be asked."""
    form = _offered(TermsForm())
    if not form.validate():
        return _page(form), 422
    set_own_terms(db(), current_actor(), terms=form.terms(), now=utcnow(), seen=form.seen.data)
    flash(_("Kept. It holds from now on, whoever asks."), "good")
    return redirect(url_for(".mine"), 303)


def own_panel(session: Session, person: Person, now: datetime) -> Mapping[str, Any] | None:
    """What somebody is asked, on their own profile."""
    return {"budget": budget_of(session, person.id, now, of_company=False)} if person.is_advocate else None


def terms_form(make: Callable[..., TermsForm], terms: Terms) -> TermsForm:
    """Return the form with what stands."""
    shown = {"most": terms.most, "days": terms.days, "unwanted": list(terms.unwanted), "months_off": list(terms.months_off)}
    return make(formdata=None, data=shown | {"paused_until": terms.paused_until, "seen": seen_of(seen_terms(terms))})


def _me() -> int:
    person_id = current_actor().id
    assert person_id is not None
    return person_id


def _stored() -> TermsForm:
    return _offered(terms_form(TermsForm, _own().terms))


def _offered(form: TermsForm) -> TermsForm:
    return form.offer(defaults_of(db()).person, _own().terms.days)


def _own() -> Shown:
    return budget_of(db(), _me(), utcnow(), of_company=False).person


def _page(form: TermsForm | None = None, *, refused: tuple[int, AnswerForm] | None = None) -> str:
    now, me = utcnow(), _me()
    budget, default = budget_of(db(), me, now, of_company=False), defaults_of(db()).person
    page = asks_of(db(), me, after=request.args.get("after"))
    shown = form or terms_form(TermsForm, budget.person.terms).offer(default, budget.person.terms.days)
    waiting = open_asks(db(), current_actor(), person_id=me)
    facts = {"budget": budget, "default": default, "open": waiting, "page": page, "now": now, "asked_by": asked_by(db(), me, [*waiting, *page.rows])}
    facts["kept_apart"] = refused[1].reason.data if refused and refused[0] not in [row.ask.id for row in waiting] else ""
    blank = AnswerForm(formdata=None)
    return render("acts/mine.html", form=shown, answer=blank, refused=refused, **facts, **NAMES)


def _told(refusal: Refusal) -> ResponseReturnValue:
    flash(NAMES["sentence"](refusal), "bad")
    return redirect(url_for(".mine"), 303)


def _no_again(refusal: Refusal, ask_id: int) -> ResponseReturnValue:
    """Show the page with what was typed: in the form of that ask, or beside the refusal where it is open no more."""
    if isinstance(refusal, NotFound):
        raise refusal
    form = AnswerForm()
    form.validate()
    form.refuse(refusal)
    flash(NAMES["sentence"](refusal), "bad")
    return _page(refused=(ask_id, form)), refusal.status


def _terms_again(refusal: Refusal) -> ResponseReturnValue:
    form = _offered(TermsForm())
    form.validate()
    form.refuse(refusal, _stored)
    return _page(form), refusal.status

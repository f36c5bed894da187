"""Staff's pages about one profile: opening it, all that it says, editing, moving, consents, days off."""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.acts.actions.saying import set_person_terms
from portal.acts.queries.blocks import standing_blocks
from portal.acts.queries.budget import budget_of
from portal.acts.queries.people import find_asked
from portal.acts.queries.said import ruled_out
from portal.acts.queries.settings import defaults_of
from portal.acts.rules.terms import BlockKind
from portal.acts.views.standing import of_person, still_stands
from portal.consents.rules import Scope
from portal.files.actions import store_upload
from portal.files.receiving import Received
from portal.files.rules.kinds import Purpose
from portal.files.uploads import look_at, take_in
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.seen import ChangedMeanwhile
from portal.people.actions.by_hand import PERSON
from portal.people.queries.by_hand import wrote_themself
from portal.people.queries.companies import possible_owners
from portal.people.queries.persons import get_person, names
from portal.people.rules.person import PersonState
from portal.profiles.actions.checking import answer_check
from portal.profiles.actions.consenting import end_consent, record_consent, rule_out
from portal.profiles.actions.correcting import stands
from portal.profiles.actions.editing import add_days, edit_facts, remove_days, set_visible
from portal.profiles.actions.moving import BY_ANSWER, WITHOUT_REASON, move_profile
from portal.profiles.actions.opening import open_by_staff
from portal.profiles.actions.own import send_own_link
from portal.profiles.forms import ActivityForm, AnswerForm, ConsentForm, DaysForm, FactsForm, MoveForm, NewForm, PressForm
from portal.profiles.queries.checks import checks_of, open_check
from portal.profiles.queries.lists import history_of
from portal.profiles.queries.profiles import (
    Held,
    agree_to_nothing,
    blackouts_of,
    does,
    facts_of,
    has_agreed,
    own_fields,
    owner_of,
    profile_for,
    profile_of,
    profile_to_change,
)
from portal.profiles.queries.profiles import stands as agreed_to_something
from portal.profiles.rules.activity import ASK_OF, Activity
from portal.profiles.rules.facts import require_shown
from portal.profiles.rules.fresh import ANSWER_NAMES, Answer, is_fresh
from portal.profiles.rules.seeing import may_change
from portal.profiles.rules.states import OF_ADMINS, Move, Retired, Status, moves_from, shown_as
from portal.profiles.views.shared import NAMES, bp
from portal.web.errors import sentence
from portal.web.guards import current_actor, staff
from portal.web.templating import render
from portal.web.transaction import db, writes

MOVE = "any(" + ", ".join(move.value for move in Move if move not in BY_ANSWER) + ")"
ANSWER = "any(" + ", ".join(answer.value for answer in ANSWER_NAMES) + ")"


@bp.get("/new")
@staff
def new() -> str:
    """Open a profile of somebody who has none; ``person`` in the address fills in who."""
    return _new(NewForm(formdata=None, data={"person": request.args.get("person", "")[:400], "tier": "2"}))


def _new(form: NewForm) -> str:
    return render("profiles/new.html", form=form, default=defaults_of(db()).person, **NAMES)


@bp.post("/new")
@staff
@writes(again=lambda refusal: _new_again(refusal))
def create() -> ResponseReturnValue:
    """Open it as a candidate."""
    form = NewForm()
    if not form.validate():
        return _new(form), 422
    actor, now = current_actor(), utcnow()
    person = find_asked(db(), actor, form.person.data or "")
    open_by_staff(db(), actor, person_id=person.id, facts=form.facts(), is_true=form.is_true.data, now=now)
    _set_limit(form, person.id)
    flash(_("Opened as a candidate. Write down what they agreed to, make it active, and show it."), "good")
    return redirect(url_for(".show", person_id=person.id), 303)


def _new_again(refusal: Refusal) -> ResponseReturnValue:
    form = NewForm()
    form.validate()
    form.refuse(refusal)
    return _new(form), refusal.status


def _set_limit(form: FactsForm, person_id: int) -> None:
    """Say how often they may be asked to the one owner of these numbers; only admins may, and only where it differs."""
    terms, actor = budget_of(db(), person_id, utcnow()).person.terms, current_actor()
    wanted = replace(terms, most=form.most.data, days=form.days.data)
    if actor.is_admin and wanted != terms:
        set_person_terms(db(), actor, person_id=person_id, terms=wanted, reason=_("Written down in the reference profile."), now=utcnow())


@bp.get("/<int:person_id>")
@staff
def show(person_id: int) -> str:
    """Everything about one profile."""
    return _show(person_id)


def _answers(held: Held) -> AnswerForm:
    return AnswerForm.of(stands(held), possible_owners(db()))


def _show(person_id: int, **refused: Any) -> str:
    actor, now = current_actor(), utcnow()
    held = profile_for(db(), actor, person_id)
    row, today = held.profile, local_date(now, programme_zone(db()))
    can_change = may_change(actor, held.owner_id)
    moves = [move for move in moves_from(held.status) if move not in BY_ANSWER] if can_change else []
    if not actor.is_admin:
        moves = [move for move in moves if move not in OF_ADMINS and held.status is not Status.LEGAL_HOLD]
    budget = budget_of(db(), person_id, now)
    told = of_person(db(), actor, budget)
    status = shown_as(held.status, is_held=can_change and any(one.block.kind == BlockKind.LEGAL for one in told["blocks"]))
    if status is Status.LEGAL_HOLD:
        moves = [move for move in moves if move is not Move.HOLD]
    if has_agreed(db(), person_id) and not agreed_to_something(db(), person_id):
        moves = [move for move in moves if move is not Move.RESUME]  # only their yes ends that rest
    checks = checks_of(db(), person_id) if can_change else []
    who = names(db(), {one for one in (row.verified_by_id, held.owner_id, *(check.answered_by_id for check in checks)) if one})
    facts: dict[str, Any] = {"held": held, "row": row, "does": does(db(), person_id, now), "facts": facts_of(db(), row), "today": today, "now": now}
    facts |= told | {
        "budget": budget,
        "status": status,
        "actor": actor,
        "days": blackouts_of(db(), person_id, today),
        "own": own_fields(db(), person_id),
    }
    out = ruled_out(db(), person_id, {ASK_OF[one.activity] for one in facts["does"] if one.holds})
    facts |= {"ruled": {kind: out[ASK_OF[kind]] for kind in Activity if ASK_OF[kind] in out}}
    facts |= {"check": open_check(db(), person_id), "checks": checks, "history": history_of(db(), person_id) if can_change else [], "who": who}
    facts |= {"moves": moves, "without_reason": WITHOUT_REASON, "can_change": can_change, "is_fresh": is_fresh(row.verified_at, now)}
    forms = {"move_form": MoveForm, "days_form": DaysForm, "consent_form": ConsentForm, "answer_form": AnswerForm, "press": PressForm}
    facts |= {name: refused.get(name) or form(formdata=None) for name, form in forms.items()}
    facts["blank_move"] = MoveForm(formdata=None)  # of several moves, what was refused is marked where it was typed alone
    facts["nothing_since"] = agree_to_nothing(db(), [person_id], now).get(person_id)
    facts["has_left"] = row.retired_as == Retired.LEFT and held.person.state != PersonState.DEACTIVATED
    if can_change:
        facts["answer_form"] = refused["answer_form"].offer(possible_owners(db())) if "answer_form" in refused else _answers(held)
        facts["theirs"] = wrote_themself(db(), PERSON, person_id, "title")
    return render("profiles/show.html", **facts, refused=refused, **NAMES)


@bp.get("/<int:person_id>/edit")
@staff
def edit(person_id: int) -> str:
    """The form of what staff know."""
    return _edit(person_id, _stored(person_id))


def _stored(person_id: int) -> FactsForm:
    row = profile_to_change(db(), current_actor(), person_id).profile
    terms = budget_of(db(), person_id, utcnow()).person.terms
    return FactsForm.of(facts_of(db(), row), edition=row.edition, most=terms.most, days=terms.days)


def _edit(person_id: int, form: FactsForm) -> str:
    held = profile_to_change(db(), current_actor(), person_id)
    default, own = defaults_of(db()).person, own_fields(db(), person_id)
    return render("profiles/edit.html", form=form, held=held, default=default, own=own, **NAMES)


@bp.post("/<int:person_id>/edit")
@staff
@writes(again=lambda refusal, person_id: _edit_again(refusal, person_id))
def save(person_id: int) -> ResponseReturnValue:
    """Write it, and verify it where that was ticked."""
    form, actor, now = FactsForm(), current_actor(), utcnow()
    if not form.validate():
        return _edit(person_id, form), 422
    edit_facts(db(), actor, person_id=person_id, facts=form.facts(), edition=form.edition.data or 0, now=now)
    _set_limit(form, person_id)
    if form.is_true.data:
        answer_check(db(), actor, person_id=person_id, answer=Answer.TRUE, now=now)
    flash(_("Saved."), "good")
    return redirect(url_for(".show", person_id=person_id), 303)


def _edit_again(refusal: Refusal, person_id: int) -> ResponseReturnValue:
    if isinstance(refusal, NotFound):
        raise refusal
    form = FactsForm()
    form.validate()
    form.refuse(refusal, lambda: _stored(person_id))
    return _edit(person_id, form), refusal.status


@bp.post(f"/<int:person_id>/move/<{MOVE}:way>")
@staff
@writes(again=lambda refusal, person_id, way: _again(refusal, person_id, "move_form", MoveForm, way))
def move(person_id: int, way: str) -> ResponseReturnValue:
    """Move it."""
    form = MoveForm()
    if not form.validate():
        return _show(person_id, move_form=form, way=way), 422
    as_ = Retired(form.retired_as.data) if way == Move.RETIRE and form.retired_as.data else None
    until = form.rests_until.data if way == Move.REST else None
    move_profile(
        db(), current_actor(), person_id=person_id, way=Move(way), reason=form.reason.data or "", retired_as=as_, rests_until=until, now=utcnow()
    )
    left = _("The legal hold of the profile is over. It is still to be verified, and it stays hidden until an admin or its account owner shows it.")
    flash(left if way == Move.RELEASE else _("Done."), "good")
    if way in (Move.RELEASE, Move.RETIRE):
        for text in still_stands(standing_blocks(db(), person_id=person_id, company_id=get_person(db(), person_id).company_id)):
            flash(text, "info")
    return redirect(url_for(".show", person_id=person_id), 303)


@bp.post(f"/<int:person_id>/answer/<{ANSWER}:answer>")
@staff
@writes(again=lambda refusal, person_id, answer: _again(refusal, person_id, "answer_form", AnswerForm, answer))
def answer(person_id: int, answer: str) -> ResponseReturnValue:
    """Say whether it is true."""
    form = AnswerForm()
    if not form.validate():
        return _show(person_id, answer_form=form, way=answer), 422
    facts: dict[str, Any] = {"note": form.note.data or "", "correction": form.correction()}
    answer_check(db(), current_actor(), person_id=person_id, answer=Answer(answer), **facts, now=utcnow())
    flash(_("Thank you. That is written down."), "good")
    if not may_change(current_actor(), owner_of(db(), person_id)):
        return redirect(url_for(".index"), 303)
    return redirect(url_for(".show", person_id=person_id), 303)


@bp.post("/<int:person_id>/<any(shown, hidden):how>")
@staff
@writes(again=lambda refusal, person_id, how: _again(refusal, person_id))
def visibility(person_id: int, how: str) -> ResponseReturnValue:
    """Show or hide it."""
    set_visible(db(), current_actor(), person_id=person_id, is_visible=how == "shown", now=utcnow())
    flash(_("Shown: colleagues find it while it is active.") if how == "shown" else _("Hidden: nobody finds it."), "good")
    return redirect(url_for(".show", person_id=person_id), 303)


@bp.post("/<int:person_id>/days")
@staff
@writes(again=lambda refusal, person_id: _again(refusal, person_id, "days_form", DaysForm))
def take_days(person_id: int) -> ResponseReturnValue:
    """Keep days off."""
    form = DaysForm()
    if not form.validate():
        return _show(person_id, days_form=form), 422
    assert form.first_on.data
    assert form.last_on.data
    given = {"first_on": form.first_on.data, "last_on": form.last_on.data, "reason": form.reason.data or ""}
    add_days(db(), current_actor(), person_id=person_id, **given, now=utcnow())
    flash(_("Kept."), "good")
    return redirect(url_for(".show", person_id=person_id) + "#days", 303)


@bp.post("/<int:person_id>/days/<int:days_id>/remove")
@staff
@writes(again=lambda refusal, person_id, days_id: _again(refusal, person_id))
def drop_days(person_id: int, days_id: int) -> ResponseReturnValue:
    """Remove days off."""
    remove_days(db(), current_actor(), person_id=person_id, days_id=days_id, now=utcnow())
    flash(_("Removed."), "good")
    return redirect(url_for(".show", person_id=person_id) + "#days", 303)


def _received(person_id: int) -> Received | None:
    """Take in what shows a consent before the unit of work."""
    form = ConsentForm()
    profile_to_change(db(), current_actor(), person_id)
    if not form.validate():
        look_at(form.evidence.data, Purpose.DOCUMENT)
        return None
    return take_in(form.evidence.data, Purpose.DOCUMENT)


@bp.post("/<int:person_id>/consents")
@staff
@writes(first=_received, again=lambda refusal, person_id: _again(refusal, person_id, "consent_form", ConsentForm))
def consent(person_id: int, ready: Received | None) -> ResponseReturnValue:
    """Write down what somebody agreed to."""
    form, actor, now = ConsentForm(), current_actor(), utcnow()
    if not form.validate():
        has_evidence, today = bool(form.evidence.data or form.note.data), local_date(utcnow(), programme_zone(db()))
        form.also(lambda: require_shown(has_evidence=has_evidence, until=form.until.data, today=today))
        return _show(person_id, consent_form=form), 422
    stored = store_upload(db(), actor, received=ready, owner_id=actor.id, now=now) if ready else None
    scope = tuple(Scope(one) for one in form.scope.data or ())
    record_consent(
        db(), actor, person_id=person_id, activity=Activity(form.activity.data), words=form.words.data or "", note=form.note.data or "",
        file_id=stored.id if stored else None, until=form.until.data, scope=scope, now=now,
    )  # fmt: skip
    flash(_("Written down."), "good")
    return redirect(url_for(".show", person_id=person_id) + "#does", 303)


@bp.post("/<int:person_id>/consents/<any(end, never):what>")
@staff
@writes(again=lambda refusal, person_id, what: _again(refusal, person_id))
def change_consent(person_id: int, what: str) -> ResponseReturnValue:
    """Take back what staff had written down, or rule something out."""
    form = ActivityForm()
    if not form.validate() or form.activity.data not in set(Activity):
        raise NotFound()
    verb = end_consent if what == "end" else rule_out
    verb(db(), current_actor(), person_id=person_id, activity=Activity(form.activity.data), now=utcnow())
    flash(_("Done."), "good")
    return redirect(url_for(".show", person_id=person_id) + "#does", 303)


@bp.post("/<int:person_id>/link")
@staff
@writes(again=lambda refusal, person_id: _again(refusal, person_id))
def send_link(person_id: int) -> ResponseReturnValue:
    """Mail somebody the link to their own page."""
    send_own_link(db(), current_actor(), person_id=person_id, now=utcnow())
    flash(_("Sent. The link is good for a year and needs no password."), "good")
    return redirect(url_for(".show", person_id=person_id), 303)


def _again(refusal: Refusal, person_id: int, name: str = "", kind: Any = None, way: str = "") -> ResponseReturnValue:
    """Show the page once more with what was typed; a refusal that has no form here is told above it."""
    if isinstance(refusal, NotFound) or profile_of(db(), person_id) is None:
        raise refusal
    if kind is None or (refusal.field is None and not refusal.parts and not isinstance(refusal, ChangedMeanwhile)):
        flash(sentence(refusal), "bad")
        return redirect(url_for(".show", person_id=person_id), 303)
    form = kind()
    form.validate()
    form.refuse(refusal, lambda: _answers(profile_to_change(db(), current_actor(), person_id)) if kind is AnswerForm else kind(formdata=None))
    return _show(person_id, way=way, **{name: form}), refusal.status

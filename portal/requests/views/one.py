"""One request: what happened, whose turn it is, who is proposed and asked, and how it ends."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.actions.seeing import see_contact
from portal.accounts.rules.seeing import Place
from portal.accounts.views.contacts import shown_contact
from portal.acts.actions.asking import Override
from portal.acts.queries.people import find_asked
from portal.acts.rules.refusals import WhoUnknown
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotAllowed
from portal.profiles.rules.activity import Activity
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.begin import hand_to_admins, take_up
from portal.requests.actions.ending import cancel, close_deal, decline_request, why_unfilled
from portal.requests.actions.owning import agree, refuse
from portal.requests.actions.proposing import propose, take_back
from portal.requests.actions.seeing import see_prospect
from portal.requests.forms import (
    AgreeForm,
    DealForm,
    NobodyForm,
    OwnerNoForm,
    ProposeForm,
    ReasonForm,
)
from portal.requests.models import ReferenceRequest
from portal.requests.queries.page import whole_request
from portal.requests.queries.parties import request_for, tier_of, was_released
from portal.requests.queries.strangers import stranger_of
from portal.requests.rules.refusals import NobodyToPropose, RequestUnknown
from portal.requests.rules.roles import may_propose
from portal.requests.rules.states import LIVES, WAYS, DealOutcome, Move, State
from portal.requests.rules.strangers import Stranger
from portal.requests.views.page import again, done, page, told, with_approvers
from portal.requests.views.shared import bp, never_agreed, proposed
from portal.web.guards import current_actor, staff
from portal.web.transaction import db, writes


@bp.get("/requests/<int:request_id>")
@staff
def one(request_id: int) -> ResponseReturnValue:
    """The request; a draft is gone on with in its form."""
    try:
        found, _parties = request_for(db(), current_actor(), request_id)
    except RequestUnknown:
        if not was_released(db(), current_actor(), request_id):
            raise
        flash(_("You have nothing more to do with this request."), "info")
        return redirect(url_for("requests.index"), 303)
    if found.state == State.DRAFT:
        return redirect(url_for("requests.begin", draft=request_id), 303)
    return page(request_id)


@bp.post("/requests/<int:request_id>/take-up")
@staff
@writes(again=lambda refusal, request_id: told(refusal, request_id))
def begin_handling(request_id: int) -> ResponseReturnValue:
    """Handle it from now on."""
    take_up(db(), current_actor(), request_id=request_id, now=utcnow())
    return done(request_id, _("It is yours. Propose somebody."))


@bp.post("/requests/<int:request_id>/hand-over")
@staff
@writes(again=lambda refusal, request_id: told(refusal, request_id))
def hand_over(request_id: int) -> ResponseReturnValue:
    """Let an admin find somebody."""
    hand_to_admins(db(), current_actor(), request_id=request_id, now=utcnow())
    return done(request_id, _("Admins are told. Whoever takes it up proposes somebody, and you are told at each step."))


@bp.post("/requests/<int:request_id>/propose")
@staff
@writes(again=lambda refusal, request_id: again(refusal, request_id, "propose"))
def propose_somebody(request_id: int) -> ResponseReturnValue:
    """Propose somebody, which reserves a slot of theirs."""
    form = with_approvers(ProposeForm())
    if not form.validate():
        return page(request_id, "propose", form, 422)
    lifts = form.reason.data or form.approver.data or request.form.get("lifts")
    override = Override(form.reason.data or "", form.approver.data) if lifts else None
    try:
        person_id = find_asked(db(), current_actor(), form.who.data or "").id
    except WhoUnknown as refusal:
        raise NobodyToPropose(text=refusal.facts["text"]) from None
    if form.sure.data != str(person_id) and _warns(request_id, person_id):
        form.sure.data = str(person_id)
        return page(request_id, "propose", form, 409, can_lift=bool(lifts))
    candidate = propose(db(), current_actor(), request_id=request_id, person_id=person_id, override=override, now=utcnow())
    made = db().get_one(ReferenceRequest, request_id)
    told = never_agreed(candidate.person_id, Activity(made.activity), ask_id=candidate.ask_id)
    return done(request_id, " ".join(filter(None, (proposed(candidate, made.requester_id, current_actor().id), told))))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/agree")
@staff
@writes(again=lambda refusal, request_id, candidate_id: told(refusal, request_id))
def agree_to(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Agree, as the account owner."""
    form = AgreeForm()
    agree(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, asks_now=form.asks_now.data, now=utcnow())
    return done(request_id, _("Thank you. The customer is asked now.") if form.asks_now.data else _("Thank you. The requester is told."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/refuse")
@staff
@writes(again=lambda refusal, request_id, candidate_id: again(refusal, request_id, "no"))
def refuse_to(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Do not agree, as the account owner."""
    form = OwnerNoForm()
    if not form.validate():
        return page(request_id, "no", form, 422)
    given = {"code": form.code.data, "said": form.said.data or ""}
    refuse(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, **given, now=utcnow())
    return done(request_id, _("Thank you. The slot is free again, and the requester reads your reason."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/ask")
@staff
@writes(again=lambda refusal, request_id, candidate_id: told(refusal, request_id))
def ask(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Write to the customer."""
    ask_customer(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, now=utcnow())
    return done(request_id, _("The customer is asked. You are told when there is an answer."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/take-back")
@staff
@writes(again=lambda refusal, request_id, candidate_id: told(refusal, request_id))
def take_candidate_back(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Take the proposal back."""
    form = ReasonForm()
    take_back(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, reason=form.reason.data or "", now=utcnow())
    return done(request_id, _("Taken back; the slot is free again."))


@bp.post("/requests/<int:request_id>/cancel")
@staff
@writes(first=lambda request_id: why_unfilled(db(), request_id, utcnow()), again=lambda refusal, request_id: told(refusal, request_id))
def cancel_request(request_id: int, ready: str) -> ResponseReturnValue:
    """End it: it is not needed any more."""
    cancel(db(), current_actor(), request_id=request_id, reason=ReasonForm().reason.data or "", unfilled=ready, now=utcnow())
    return done(request_id, _("Cancelled. Who was asked is told that it is not needed."))


@bp.post("/requests/<int:request_id>/nobody")
@staff
@writes(again=lambda refusal, request_id: again(refusal, request_id, "nobody"))
def find_nobody(request_id: int) -> ResponseReturnValue:
    """End it: nobody was found."""
    form = NobodyForm()
    if not form.validate():
        return page(request_id, "nobody", form, 422)
    decline_request(db(), current_actor(), request_id=request_id, code=form.code.data, reason=form.reason.data or "", now=utcnow())
    return done(request_id, _("Noted. The requester reads your reason."))


@bp.post("/requests/<int:request_id>/deal")
@staff
@writes(again=lambda refusal, request_id: again(refusal, request_id, "deal"))
def close(request_id: int) -> ResponseReturnValue:
    """Note what became of the deal."""
    form, actor, now = DealForm(), current_actor(), utcnow()
    if not form.validate() or form.closed_on.data is None:
        return page(request_id, "deal", form, 422)
    if form.outcome.data == DealOutcome.LOST and not form.sure.data and whole_request(db(), actor, request_id, now).state in LIVES:
        form.sure.data = "yes"
        return page(request_id, "deal", form, 409)
    facts: dict[str, Any] = {"outcome": DealOutcome(form.outcome.data), "closed_on": form.closed_on.data, "corrects": bool(form.corrects.data)}
    close_deal(db(), actor, request_id=request_id, **facts, now=now)
    if form.corrects.data:
        return done(request_id, _("Put right. Who had heard what was not so is told. What ended with the deal stays ended."))
    return done(request_id, _("Noted. Who helped is told in words what came of it."))


@bp.post("/requests/<int:request_id>/contact")
@staff
@writes(again=lambda refusal, request_id: told(refusal, request_id))
def show_contact(request_id: int) -> ResponseReturnValue:
    """Show how to reach the customer; that it was seen is noted."""
    found = whole_request(db(), current_actor(), request_id, utcnow())
    if not found.may_show_contact or found.current is None:
        raise NotAllowed()
    person = see_contact(db(), current_actor(), person_id=found.current.row.person_id, place=Place.REQUEST, now=utcnow())
    return page(request_id, contact=person, found=found)


@bp.post("/requests/<int:request_id>/prospect-contact")
@staff
@writes
def prospect_contact(request_id: int) -> ResponseReturnValue:
    """Show how whoever takes part for the prospect is reached; that it was seen is written down."""
    return shown_contact(see_prospect(db(), current_actor(), request_id=request_id, now=utcnow()))


def _warns(request_id: int, person_id: int) -> bool:
    """Tell whether somebody could be proposed who never agreed to be a reference: whoever proposes them reads that first."""
    made, parties = request_for(db(), current_actor(), request_id)
    could = made.state in WAYS[Move.PROPOSE].start and may_propose(current_actor(), parties, tier_of(db(), person_id))
    return could and stranger_of(db(), person_id, Activity(made.activity)) is not Stranger.NO

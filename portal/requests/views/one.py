"""One request: what happened, whose turn it is, and what the reader may do now."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.actions.seeing import see_contact
from portal.accounts.rules.seeing import Place
from portal.accounts.views.contacts import shown_contact
from portal.acts.actions.asking import Override
from portal.acts.queries.people import approvers, find_asked
from portal.acts.rules.refusals import NoReferenceAnyMore, NoReferenceYet, WhoUnknown
from portal.finding.queries.calling import meant
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.kernel.ids import read_id
from portal.people.queries.persons import zone_of
from portal.profiles.rules.activity import Activity
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.begin import hand_to_admins, take_up
from portal.requests.actions.booking import pick_slot, set_prospect
from portal.requests.actions.ending import cancel, close_deal, decline_request, why_unfilled
from portal.requests.actions.fitting import may_lift
from portal.requests.actions.outcomes import put_right, rule_on, say_as_requester
from portal.requests.actions.outside import write_outside
from portal.requests.actions.owning import agree, refuse
from portal.requests.actions.proposing import propose, take_back
from portal.requests.actions.reopening import ask_another_time
from portal.requests.actions.seeing import see_prospect
from portal.requests.forms import (
    AgreeForm,
    DealForm,
    NobodyForm,
    OutcomeForm,
    OutsideForm,
    OwnerNoForm,
    PlaceForm,
    ProposeForm,
    ProspectForm,
    ReasonForm,
    RightForm,
    RulingForm,
)
from portal.requests.models import ReferenceRequest
from portal.requests.queries.page import Whole, whole_request
from portal.requests.queries.parties import request_for, tier_of, was_released
from portal.requests.queries.searching import chosen
from portal.requests.queries.strangers import stranger_of
from portal.requests.queries.terms import terms_of
from portal.requests.rules.answering import length_of
from portal.requests.rules.outcome import Verdict
from portal.requests.rules.refusals import Disputed, NobodyToPropose, OneAtATime, RequestMoved, RequestUnknown, SaidBefore, ThroughAdmin, TooEarly
from portal.requests.rules.roles import may_propose
from portal.requests.rules.states import LIVES, WAYS, DealOutcome, Move, State
from portal.requests.rules.strangers import Stranger
from portal.requests.views.shared import NAMES, bp, never_agreed, proposed
from portal.web.errors import sentence
from portal.web.forms import Form
from portal.web.guards import current_actor, staff
from portal.web.templating import render
from portal.web.transaction import db, writes

FORMS: dict[str, Callable[..., Form]] = {
    "propose": ProposeForm, "agree": AgreeForm, "no": OwnerNoForm, "reason": ReasonForm, "nobody": NobodyForm,
    "pick": PlaceForm, "prospect": ProspectForm, "outcome": OutcomeForm, "deal": DealForm,
    "outside": OutsideForm, "ruling": RulingForm, "right": RightForm,
}  # fmt: skip
GONE = (Disputed, RequestMoved, OneAtATime, SaidBefore, TooEarly)
"""Refusals of a form that the page has no more, once it is read again: told above it."""


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
    return _page(request_id)


@bp.post("/requests/<int:request_id>/take-up")
@staff
@writes(again=lambda refusal, request_id: _told(refusal, request_id))
def begin_handling(request_id: int) -> ResponseReturnValue:
    """Handle it from now on."""
    take_up(db(), current_actor(), request_id=request_id, now=utcnow())
    return _done(request_id, _("It is yours. Propose somebody."))


@bp.post("/requests/<int:request_id>/hand-over")
@staff
@writes(again=lambda refusal, request_id: _told(refusal, request_id))
def hand_over(request_id: int) -> ResponseReturnValue:
    """Let an admin find somebody."""
    hand_to_admins(db(), current_actor(), request_id=request_id, now=utcnow())
    return _done(request_id, _("Admins are told. Whoever takes it up proposes somebody, and you are told at each step."))


@bp.post("/requests/<int:request_id>/propose")
@staff
@writes(again=lambda refusal, request_id: _again(refusal, request_id, "propose"))
def propose_somebody(request_id: int) -> ResponseReturnValue:
    """Propose somebody, which reserves a slot of theirs."""
    form = _with_approvers(ProposeForm())
    if not form.validate():
        return _page(request_id, "propose", form, 422)
    lifts = form.reason.data or form.approver.data or request.form.get("lifts")
    override = Override(form.reason.data or "", form.approver.data) if lifts else None
    try:
        person_id = find_asked(db(), current_actor(), form.who.data or "").id
    except WhoUnknown as refusal:
        raise NobodyToPropose(text=refusal.facts["text"]) from None
    if form.sure.data != str(person_id) and _warns(request_id, person_id):
        form.sure.data = str(person_id)
        return _page(request_id, "propose", form, 409, can_lift=bool(lifts))
    candidate = propose(db(), current_actor(), request_id=request_id, person_id=person_id, override=override, now=utcnow())
    made = db().get_one(ReferenceRequest, request_id)
    told = never_agreed(candidate.person_id, Activity(made.activity), ask_id=candidate.ask_id)
    return _done(request_id, " ".join(filter(None, (proposed(candidate, made.requester_id, current_actor().id), told))))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/agree")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _told(refusal, request_id))
def agree_to(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Agree, as the account owner."""
    form = AgreeForm()
    agree(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, asks_now=form.asks_now.data, now=utcnow())
    return _done(request_id, _("Thank you. The customer is asked now.") if form.asks_now.data else _("Thank you. The requester is told."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/refuse")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _again(refusal, request_id, "no"))
def refuse_to(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Do not agree, as the account owner."""
    form = OwnerNoForm()
    if not form.validate():
        return _page(request_id, "no", form, 422)
    given = {"code": form.code.data, "said": form.said.data or ""}
    refuse(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, **given, now=utcnow())
    return _done(request_id, _("Thank you. The slot is free again, and the requester reads your reason."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/ask")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _told(refusal, request_id))
def ask(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Write to the customer."""
    ask_customer(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, now=utcnow())
    return _done(request_id, _("The customer is asked. You are told when there is an answer."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/take-back")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _told(refusal, request_id))
def take_candidate_back(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Take the proposal back."""
    form = ReasonForm()
    take_back(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, reason=form.reason.data or "", now=utcnow())
    return _done(request_id, _("Taken back; the slot is free again."))


@bp.post("/requests/<int:request_id>/pick")
@staff
@writes(again=lambda refusal, request_id: _again(refusal, request_id, "pick"))
def pick(request_id: int) -> ResponseReturnValue:
    """Pick a time for the prospect, or another one."""
    form = PlaceForm()
    if not form.validate():
        return _page(request_id, "pick", form, 422)
    place = form.place.data or (None if request.form.get("keeps") else "")
    pick_slot(db(), current_actor(), request_id=request_id, slot_id=form.slot.data or 0, place=place, now=utcnow())
    return _done(request_id, _("Settled. Both get an entry for their calendars."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/another-time")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _told(refusal, request_id))
def another_time(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Ask for another time than the one that was settled."""
    why = ReasonForm().reason.data or ""
    ask_another_time(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, why=why, now=utcnow())
    return _done(request_id, _("What was settled is out of both calendars, and another time is looked for. Both sides are told."))


@bp.post("/requests/<int:request_id>/prospect")
@staff
@writes(again=lambda refusal, request_id: _again(refusal, request_id, "prospect"))
def keep_prospect(request_id: int) -> ResponseReturnValue:
    """Enter who picks the time for the prospect."""
    form = ProspectForm()
    if request.form.get("keeps"):
        form.may_keep()
    if not form.validate():
        return _page(request_id, "prospect", form, 422)
    email = form.email.data or request_for(db(), current_actor(), request_id)[0].prospect_email
    set_prospect(db(), current_actor(), request_id=request_id, contact=form.contact.data or "", email=email, now=utcnow())
    return _done(request_id, _("Kept. Once times are offered, they get a link to them."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/outcome")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _again(refusal, request_id, "outcome"))
def say_outcome(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Say what happened."""
    form = OutcomeForm()
    if not form.validate():
        return _page(request_id, "outcome", form, 422)
    said: dict[str, Any] = {"came": form.came.data == "yes", "grade": form.grade.data, "minutes": form.minutes.data, "note": form.note.data or ""}
    found = say_as_requester(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, **said, now=utcnow())
    return _done(request_id, _follows(found))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/outside")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _again(refusal, request_id, "outside"))
def keep_outside(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Write down that it took place outside the portal."""
    form, actor = OutsideForm(), current_actor()
    if not form.validate() or form.day.data is None:
        return _page(request_id, "outside", form, 422)
    given = {"wall": form.day.data, "zone": _own_zone(), "minutes": form.minutes.data or 0, "who": form.who.data or ""}
    write_outside(db(), actor, request_id=request_id, candidate_id=candidate_id, **given, now=utcnow())
    return _done(request_id, _("Written down. The customer is asked what happened; say how it went, too."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/ruling")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _again(refusal, request_id, "ruling"))
def decide_outcome(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Decide what happened, as an admin."""
    form = RulingForm()
    if not form.validate():
        return _page(request_id, "ruling", form, 422)
    said: dict[str, Any] = {"came": form.came.data == "yes", "reason": form.reason.data or ""}
    rule_on(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, **said, now=utcnow())
    return _done(request_id, _("Decided. Whoever asked, the account owner and the customer read what you decided, and why."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/put-right")
@staff
@writes(again=lambda refusal, request_id, candidate_id: _again(refusal, request_id, "right"))
def put_outcome_right(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Put right what is written down of what happened, as an admin."""
    form = RightForm()
    if not form.validate() or form.came.data not in ("yes", "no"):
        return _page(request_id, "right", form, 422)
    said: dict[str, Any] = {"came": form.came.data == "yes", "reason": form.reason.data or ""}
    put_right(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, **said, now=utcnow())
    return _done(request_id, _("Put right. Points and credit follow, and whoever asked, the account owner and the customer read why."))


@bp.post("/requests/<int:request_id>/cancel")
@staff
@writes(first=lambda request_id: why_unfilled(db(), request_id, utcnow()), again=lambda refusal, request_id: _told(refusal, request_id))
def cancel_request(request_id: int, ready: str) -> ResponseReturnValue:
    """End it: it is not needed any more."""
    cancel(db(), current_actor(), request_id=request_id, reason=ReasonForm().reason.data or "", unfilled=ready, now=utcnow())
    return _done(request_id, _("Cancelled. Who was asked is told that it is not needed."))


@bp.post("/requests/<int:request_id>/nobody")
@staff
@writes(again=lambda refusal, request_id: _again(refusal, request_id, "nobody"))
def find_nobody(request_id: int) -> ResponseReturnValue:
    """End it: nobody was found."""
    form = NobodyForm()
    if not form.validate():
        return _page(request_id, "nobody", form, 422)
    decline_request(db(), current_actor(), request_id=request_id, code=form.code.data, reason=form.reason.data or "", now=utcnow())
    return _done(request_id, _("Noted. The requester reads your reason."))


@bp.post("/requests/<int:request_id>/deal")
@staff
@writes(again=lambda refusal, request_id: _again(refusal, request_id, "deal"))
def close(request_id: int) -> ResponseReturnValue:
    """Note what became of the deal."""
    form, actor, now = DealForm(), current_actor(), utcnow()
    if not form.validate() or form.closed_on.data is None:
        return _page(request_id, "deal", form, 422)
    if form.outcome.data == DealOutcome.LOST and not form.sure.data and whole_request(db(), actor, request_id, now).state in LIVES:
        form.sure.data = "yes"
        return _page(request_id, "deal", form, 409)
    facts: dict[str, Any] = {"outcome": DealOutcome(form.outcome.data), "closed_on": form.closed_on.data, "corrects": bool(form.corrects.data)}
    close_deal(db(), actor, request_id=request_id, **facts, now=now)
    if form.corrects.data:
        return _done(request_id, _("Put right. Who had heard what was not so is told. What ended with the deal stays ended."))
    return _done(request_id, _("Noted. Who helped is told in words what came of it."))


@bp.post("/requests/<int:request_id>/contact")
@staff
@writes(again=lambda refusal, request_id: _told(refusal, request_id))
def show_contact(request_id: int) -> ResponseReturnValue:
    """Show how to reach the customer; that it was seen is noted."""
    found = whole_request(db(), current_actor(), request_id, utcnow())
    if not found.may_show_contact or found.current is None:
        raise NotAllowed()
    person = see_contact(db(), current_actor(), person_id=found.current.row.person_id, place=Place.REQUEST, now=utcnow())
    return _page(request_id, contact=person, found=found)


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


def _page(
    request_id: int,
    name: str = "",
    form: Form | None = None,
    status: int = 200,
    *,
    contact: Any = None,
    found: Whole | None = None,
    can_lift: bool = False,
) -> ResponseReturnValue:
    now = utcnow()
    whole = found or whole_request(db(), current_actor(), request_id, now)
    forms = {key: make(formdata=None) for key, make in FORMS.items()} | ({name: form} if form is not None else {})
    found_one = meant(db(), current_actor(), request.args.get("person", "")) if name != "propose" else None
    picked = chosen(db(), current_actor(), whole.parties, found_one) if found_one else ""
    if picked:
        forms["propose"] = ProposeForm(formdata=None, data={"who": picked, "sure": str(found_one)})
    elif whole.wished and name != "propose":
        forms["propose"] = ProposeForm(formdata=None, data={"who": f"{whole.wished[1]} (#{whole.wished[0]})", "sure": str(whole.wished[0])})
    meant_id = read_id(forms["propose"]["sure"].data) if Move.PROPOSE in whole.moves else None
    stranger = never_agreed(meant_id, whole.activity) if meant_id else ""
    if name != "outside":
        known = {"who": whole.outside.who if whole.outside else whole.request.prospect_contact or whole.request.prospect}
        minutes = whole.meeting.minutes if whole.meeting else length_of(whole.activity, terms_of(db()).minutes)
        forms["outside"] = OutsideForm(formdata=None, data=known | {"minutes": minutes})
    if name != "right":
        forms["right"] = RightForm(formdata=None, data={"came": "yes" if whole.state is State.MISSED else "no"})
    if name != "prospect":
        email = whole.request.prospect_email if whole.typed_prospect else ""
        forms["prospect"] = kept = ProspectForm(formdata=None, data={"contact": whole.request.prospect_contact, "email": email})
        if whole.request.prospect_email and not email:
            kept.may_keep()
    if whole.request.deal_outcome and name != "deal":
        known_deal: dict[str, Any] = {"outcome": whole.request.deal_outcome, "closed_on": whole.request.deal_closed_on}
        forms["deal"] = DealForm(formdata=None, data=known_deal | {"corrects": "yes"})
    facts = {"whole": whole, "forms": forms, "opened": name, "can_lift": can_lift, "contact": contact, "now": now}
    facts |= {"stranger": stranger, "terms": terms_of(db()), "own_zone": _own_zone()}
    return render("requests/one.html", **facts, **NAMES), status


def _follows(found: Verdict) -> str:
    """Return what follows of what the requester has just said."""
    if found is Verdict.COMPLETED:
        return str(_("Thank you. You both say that it took place. It is written down, and the customer is thanked."))
    if found is Verdict.MISSED:
        return str(_("Thank you. You both say that it did not take place. It is written down so."))
    if found is Verdict.DISPUTED:
        return str(_("Thank you. The customer said otherwise, so an admin asks and decides. You are told."))
    return str(_("Thank you. It counts as soon as the customer says so too, or after %(days)s days of silence.", days=terms_of(db()).confirm_days))


def _own_zone() -> str:
    return zone_of(db(), int(current_actor().id or 0))


def _done(request_id: int, told: str) -> ResponseReturnValue:
    flash(told, "good")
    return redirect(url_for("requests.one", request_id=request_id), 303)


def _told(refusal: Refusal, request_id: int) -> ResponseReturnValue:
    if isinstance(refusal, NotFound | NotAllowed):
        raise refusal
    flash(sentence(refusal), "bad")
    return redirect(url_for("requests.one", request_id=request_id), 303)


def _again(refusal: Refusal, request_id: int, name: str) -> ResponseReturnValue:
    if isinstance(refusal, GONE):
        return _told(refusal, request_id)
    if isinstance(refusal, NotFound | NotAllowed) and not isinstance(refusal, ThroughAdmin):
        raise refusal
    form = FORMS[name]()
    if isinstance(form, ProposeForm):
        _with_approvers(form)
        if isinstance(refusal, NoReferenceAnyMore | NoReferenceYet):
            refusal.field = "who"
    form.refuse(refusal)
    return _page(request_id, name, form, refusal.status, can_lift=may_lift(refusal))


def _with_approvers(form: ProposeForm) -> ProposeForm:
    form.approver.choices = [("", _("Choose an admin")), *approvers(db(), [current_actor().id])]
    return form

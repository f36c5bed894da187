"""The page of one request, which its doors show and lead back to: every form on it, what was refused, what was done."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.acts.queries.people import approvers, find_asked
from portal.acts.rules.refusals import NoReferenceAnyMore, NoReferenceYet
from portal.acts.rules.terms import BLOCK_NAMES
from portal.finding.queries.calling import meant
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.kernel.ids import read_id
from portal.people.queries.persons import zone_of
from portal.requests.actions.fitting import may_lift
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
from portal.requests.queries.parties import request_for
from portal.requests.queries.searching import chosen
from portal.requests.queries.terms import terms_of
from portal.requests.rules.answering import length_of
from portal.requests.rules.refusals import DecidedBefore, Disputed, OneAtATime, RequestMoved, SaidBefore, ThroughAdmin, TooEarly
from portal.requests.rules.roles import Parties, stays_unseen
from portal.requests.rules.states import Move, State
from portal.requests.views.shared import NAMES, never_agreed
from portal.web.errors import sentence
from portal.web.forms import Form
from portal.web.guards import current_actor
from portal.web.templating import render
from portal.web.transaction import db

FORMS: dict[str, Callable[..., Form]] = {
    "propose": ProposeForm, "agree": AgreeForm, "no": OwnerNoForm, "reason": ReasonForm, "nobody": NobodyForm,
    "pick": PlaceForm, "prospect": ProspectForm, "outcome": OutcomeForm, "deal": DealForm,
    "outside": OutsideForm, "ruling": RulingForm, "right": RightForm,
}  # fmt: skip
GONE = (DecidedBefore, Disputed, RequestMoved, OneAtATime, SaidBefore, TooEarly)
"""Refusals of a form that the page has no more, once it is read again: told above it."""


def page(
    request_id: int,
    name: str = "",
    form: Form | None = None,
    status: int = 200,
    *,
    contact: Any = None,
    found: Whole | None = None,
    can_lift: bool = False,
) -> ResponseReturnValue:
    """Return the page of a request, with the form ``name`` as it was sent and is opened, if one was."""
    now = utcnow()
    whole = found or whole_request(db(), current_actor(), request_id, now)
    forms = {key: make(formdata=None) for key, make in FORMS.items()} | ({name: form} if form is not None else {})
    found_one = meant(db(), current_actor(), request.args.get("person", "")) if name != "propose" else None
    picked = chosen(db(), current_actor(), whole.parties, found_one) if found_one else ""
    if picked:
        forms["propose"] = ProposeForm(formdata=None, data={"who": picked, "sure": str(found_one)})
    elif whole.wished and name != "propose":
        forms["propose"] = ProposeForm(formdata=None, data={"who": f"{whole.wished[1]} (#{whole.wished[0]})", "sure": str(whole.wished[0])})
    stranger = _warning(whole, forms["propose"])
    if name != "outside":
        outside = {"who": whole.outside.who if whole.outside else whole.request.prospect_contact or whole.request.prospect}
        minutes = whole.meeting.minutes if whole.meeting else length_of(whole.activity, terms_of(db()).minutes)
        forms["outside"] = OutsideForm(formdata=None, data=outside | {"minutes": minutes})
    if name != "right":
        forms["right"] = RightForm(formdata=None, data={"came": "yes" if whole.state is State.MISSED else "no"})
    if name != "prospect":
        email = whole.request.prospect_email if whole.typed_prospect else ""
        known = {"contact": whole.request.prospect_contact, "email": email}
        forms["prospect"] = prospect_form(whole.request, whole.parties, formdata=None, data=known)
    if whole.request.deal_outcome and name != "deal":
        known_deal: dict[str, Any] = {"outcome": whole.request.deal_outcome, "closed_on": whole.request.deal_closed_on}
        forms["deal"] = DealForm(formdata=None, data=known_deal | {"corrects": "yes"})
    facts = {"whole": whole, "forms": forms, "opened": name, "can_lift": can_lift, "contact": contact, "now": now}
    unseen = {"keeps_place": whole.meeting.place if whole.meeting else "", "keeps_email": whole.request.prospect_email}
    facts |= {key: stays_unseen(current_actor(), whole.parties, stored) for key, stored in unseen.items()}
    facts |= {"stranger": stranger, "terms": terms_of(db()), "own_zone": own_zone(), "block_names": BLOCK_NAMES}
    return render("requests/one.html", **facts, **NAMES), status


def _warning(whole: Whole, form: Form) -> str:
    """Return that whom the form proposes never agreed, where it is of them that it was read: what came back with the form may be anybody."""
    sure = read_id(form["sure"].data)
    if sure is None or Move.PROPOSE not in whole.moves:
        return ""
    try:
        person_id = find_asked(db(), current_actor(), form["who"].data or "").id
    except Refusal:
        return ""
    return never_agreed(person_id, whole.activity) if person_id == sure else ""


def own_zone() -> str:
    """Return the time zone of the reader."""
    return zone_of(db(), int(current_actor().id or 0))


def done(request_id: int, words: str) -> ResponseReturnValue:
    """Say what was done, and lead back to the request."""
    flash(words, "good")
    return redirect(url_for("requests.one", request_id=request_id), 303)


def told(refusal: Refusal, request_id: int) -> ResponseReturnValue:
    """Tell a refusal above the page, which is read again; who may not read it is told nothing else."""
    if isinstance(refusal, NotFound | NotAllowed):
        raise refusal
    flash(sentence(refusal), "bad")
    return redirect(url_for("requests.one", request_id=request_id), 303)


def again(refusal: Refusal, request_id: int, name: str) -> ResponseReturnValue:
    """Show the form ``name`` again with what was typed and the refusal at it; one that the page has no more is told above."""
    if isinstance(refusal, DecidedBefore) and (righting := _righting(request_id, name)) is not None:
        righting.refuse(refusal)
        return page(request_id, "right", righting, refusal.status)
    if isinstance(refusal, GONE):
        return told(refusal, request_id)
    if isinstance(refusal, NotFound | NotAllowed) and not isinstance(refusal, ThroughAdmin):
        raise refusal
    form = prospect_form(*request_for(db(), current_actor(), request_id)) if name == "prospect" else FORMS[name]()
    if isinstance(form, ProposeForm):
        with_approvers(form)
        if isinstance(refusal, NoReferenceAnyMore | NoReferenceYet):
            refusal.field = "who"
    form.refuse(refusal)
    return page(request_id, name, form, refusal.status, can_lift=may_lift(refusal))


def _righting(request_id: int, name: str) -> RightForm | None:
    """Return the form that puts right what was decided meanwhile, with the words of who would have decided otherwise; None for who agrees."""
    if name != "ruling":
        return None
    ruled, state = RulingForm(), request_for(db(), current_actor(), request_id)[0].state
    if state not in (State.COMPLETED, State.MISSED) or (ruled.came.data == "yes") is (state == State.COMPLETED):
        return None
    return RightForm(formdata=None, data={"came": ruled.came.data, "reason": ruled.reason.data})


def prospect_form(of: ReferenceRequest, parties: Parties, **given: Any) -> ProspectForm:
    """Return the form of who picks the time, with an address that may be left empty by whom it is not shown."""
    form = ProspectForm(**given)
    if stays_unseen(current_actor(), parties, of.prospect_email):
        form.may_keep()
    return form


def with_approvers(form: ProposeForm) -> ProposeForm:
    """Let a proposal name the admin who answers for it: any but the reader."""
    form.approver.choices = [("", _("Choose an admin")), *approvers(db(), [current_actor().id])]
    return form

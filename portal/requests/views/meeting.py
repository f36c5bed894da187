"""The meeting of a request: its time, who comes, what happened, and what an admin decides of that."""

from typing import Any

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.requests.actions.booking import pick_slot, set_prospect
from portal.requests.actions.outcomes import may_hear, put_right, rule_on, say_as_requester
from portal.requests.actions.outside import write_outside
from portal.requests.actions.reopening import ask_another_time
from portal.requests.forms import (
    OutcomeForm,
    OutsideForm,
    PlaceForm,
    ReasonForm,
    RightForm,
    RulingForm,
)
from portal.requests.models import RequestCandidate
from portal.requests.queries.parties import request_for
from portal.requests.queries.terms import terms_of
from portal.requests.rules.outcome import Verdict, require_why
from portal.requests.rules.roles import typed_prospect
from portal.requests.views.page import again, done, own_zone, page, prospect_form, told
from portal.requests.views.shared import bp
from portal.web.guards import current_actor, staff
from portal.web.transaction import db, writes


@bp.post("/requests/<int:request_id>/pick")
@staff
@writes(again=lambda refusal, request_id: again(refusal, request_id, "pick"))
def pick(request_id: int) -> ResponseReturnValue:
    """Pick a time for the prospect, or another one."""
    form, actor = PlaceForm(), current_actor()
    if not form.validate():
        return page(request_id, "pick", form, 422)
    place = form.place.data or ("" if typed_prospect(actor, request_for(db(), actor, request_id)[1]) else None)
    pick_slot(db(), actor, request_id=request_id, slot_id=form.slot.data or 0, place=place, now=utcnow())
    return done(request_id, _("Settled. Both get an entry for their calendars."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/another-time")
@staff
@writes(again=lambda refusal, request_id, candidate_id: told(refusal, request_id))
def another_time(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Ask for another time than the one that was settled."""
    why = ReasonForm().reason.data or ""
    ask_another_time(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, why=why, now=utcnow())
    return done(request_id, _("What was settled is out of both calendars, and another time is looked for. Both sides are told."))


@bp.post("/requests/<int:request_id>/prospect")
@staff
@writes(again=lambda refusal, request_id: again(refusal, request_id, "prospect"))
def keep_prospect(request_id: int) -> ResponseReturnValue:
    """Enter who picks the time for the prospect."""
    form = prospect_form(*request_for(db(), current_actor(), request_id))
    if not form.validate():
        return page(request_id, "prospect", form, 422)
    given: dict[str, Any] = {"contact": form.contact.data or "", "email": form.email.data or None}
    set_prospect(db(), current_actor(), request_id=request_id, **given, now=utcnow())
    return done(request_id, _("Kept. Once times are offered, they get a link to them."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/outcome")
@staff
@writes(again=lambda refusal, request_id, candidate_id: again(refusal, request_id, "outcome"))
def say_outcome(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Say what happened."""
    form = OutcomeForm()
    if not form.validate():
        return page(request_id, "outcome", form, 422)
    said: dict[str, Any] = {"came": form.came.data == "yes", "grade": form.grade.data, "minutes": form.minutes.data, "note": form.note.data or ""}
    found = say_as_requester(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, **said, now=utcnow())
    return done(request_id, _follows(found))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/outside")
@staff
@writes(again=lambda refusal, request_id, candidate_id: again(refusal, request_id, "outside"))
def keep_outside(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Write down that it took place outside the portal."""
    form, actor = OutsideForm(), current_actor()
    if not form.validate() or form.day.data is None:
        return page(request_id, "outside", form, 422)
    given = {"wall": form.day.data, "zone": own_zone(), "minutes": form.minutes.data or 0, "who": form.who.data or ""}
    write_outside(db(), actor, request_id=request_id, candidate_id=candidate_id, **given, now=utcnow())
    return done(request_id, _("Written down. The customer is asked what happened; say how it went, too."))


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/ruling")
@staff
@writes(again=lambda refusal, request_id, candidate_id: again(refusal, request_id, "ruling"))
def decide_outcome(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Decide what happened, as an admin."""
    form = RulingForm()
    if not form.validate():
        form.also(lambda: require_why(form.reason.data or ""))
        return page(request_id, "ruling", form, 422)
    said: dict[str, Any] = {"came": form.came.data == "yes", "reason": form.reason.data or ""}
    rule_on(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, **said, now=utcnow())
    if _hears(candidate_id):
        return done(request_id, _("Decided. Whoever asked, the account owner and the customer read what you decided, and why."))
    text = _("Decided. Whoever asked and the account owner read what you decided, and why.")
    return done(request_id, f"{text} {_unheard()}")


@bp.post("/requests/<int:request_id>/candidates/<int:candidate_id>/put-right")
@staff
@writes(again=lambda refusal, request_id, candidate_id: again(refusal, request_id, "right"))
def put_outcome_right(request_id: int, candidate_id: int) -> ResponseReturnValue:
    """Put right what is written down of what happened, as an admin."""
    form = RightForm()
    if not form.validate() or form.came.data not in ("yes", "no"):
        return page(request_id, "right", form, 422)
    said: dict[str, Any] = {"came": form.came.data == "yes", "reason": form.reason.data or ""}
    put_right(db(), current_actor(), request_id=request_id, candidate_id=candidate_id, **said, now=utcnow())
    if _hears(candidate_id):
        return done(request_id, _("Put right. Points and credit follow, and whoever asked, the account owner and the customer read why."))
    text = _("Put right. Points and credit follow, and whoever asked and the account owner read why.")
    return done(request_id, f"{text} {_unheard()}")


def _hears(candidate_id: int) -> bool:
    """Tell whether the customer is written to of what an admin has just decided."""
    return may_hear(db(), db().get_one(RequestCandidate, candidate_id), utcnow())


def _unheard() -> str:
    return str(_("The customer is not written to about it while a block stands on them or their company; their page tells it."))


def _follows(found: Verdict) -> str:
    """Return what follows of what the requester has just said."""
    if found is Verdict.COMPLETED:
        return str(_("Thank you. You both say that it took place. It is written down, and the customer is thanked."))
    if found is Verdict.MISSED:
        return str(_("Thank you. You both say that it did not take place. It is written down so."))
    if found is Verdict.DISPUTED:
        return str(_("Thank you. The customer said otherwise, so an admin asks and decides. You are told."))
    return str(_("Thank you. It counts as soon as the customer says so too, or after %(days)s days of silence.", days=terms_of(db()).confirm_days))

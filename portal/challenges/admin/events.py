"""The admins' pages of outside events: what came, what it completed, and matching one by hand."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.accounts.queries.seeing import Contact
from portal.accounts.views.contacts import shown_contact
from portal.audience.queries.reasons import people_called
from portal.challenges.actions.events import match_event
from portal.challenges.actions.unmatching import unmatch_event, why_not_unmatch
from portal.challenges.admin.editor import bp
from portal.challenges.forms.events import EventFilter, MatchForm, WhoFilter
from portal.challenges.queries.events import event_codes, matched_to, waiting_places
from portal.challenges.queries.stages import get_submission
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.outside.actions import see_stranger
from portal.outside.queries import count_events, get_event, list_events, owner_of, sender_of, state_of, use_of
from portal.outside.rules import OUTCOME_NAMES
from portal.people.models import Person
from portal.people.queries.persons import get_person
from portal.web.addresses import id_number
from portal.web.errors import sentence
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

NAMES = {"names": OUTCOME_NAMES, "state_of": state_of}


@bp.get("/events")
@admin
def events() -> str:
    """Every event, the newest first."""
    form, codes = EventFilter(request.args), event_codes(db())
    page = list_events(db(), codes=codes, after=request.args.get("after"), **form.values())
    matched = matched_to(db(), [row.OutsideEvent.id for row in page if row.is_used])
    return render("challenges/admin/events.html", form=form, page=page, matched=matched, codes=codes, counts=count_events(db(), codes), **NAMES)


@bp.get("/events/<int:event_id>")
@admin
def event(event_id: int) -> str:
    """One event: whose it is, what it completed, and which steps it could complete."""
    found, form = get_event(db(), event_id), WhoFilter(request.args)
    asked = form.values().get("who")
    owner = owner_of(db(), found)
    people = _people(asked)
    who = (people[0] if len(people) == 1 else None) if asked or people else owner
    used = use_of(db(), event_id)
    submission = get_submission(db(), used.submission_id) if used else None
    facts: dict[str, Any] = {
        "event": found,
        "owner": owner,
        "who": who,
        "asked": asked,
        "people": people,
        "sender": sender_of(db(), found),
        "used": used,
        "matched": matched_to(db(), [event_id]).get(event_id) if used else None,
        "kept_because": why_not_unmatch(db(), used) if used else None,
        "submission": submission,
    }
    facts |= {"places": waiting_places(db(), who.id) if who and not used else (), "codes": event_codes(db()), "form": form}
    return render("challenges/admin/event.html", **facts, member=get_person(db(), submission.person_id) if submission else None, **NAMES)


def _people(asked: str | None) -> list[Person]:
    """Return the member that was chosen, or those whose address or name was asked for."""
    chosen = request.args.get("person", type=id_number)
    if chosen is not None:
        return [get_person(db(), chosen)]
    return people_called(db(), asked) if asked else []


@bp.post("/events/<int:event_id>/contact")
@admin
@writes
def event_contact(event_id: int) -> str:
    """Show the address with which an event came, and write down that it was seen."""
    email = see_stranger(db(), current_actor(), event_id=event_id, now=utcnow())
    return shown_contact(Contact(0, get_event(db(), event_id).code, email))


def _match_again(refusal: Refusal, event_id: int) -> Response:
    flash(sentence(refusal), "bad")
    return redirect(url_for(".event", event_id=event_id), 303)


@bp.post("/events/<int:event_id>/match")
@admin
@writes(again=_match_again)
def match(event_id: int) -> Response:
    """Let an event complete a step by hand."""
    form = MatchForm()
    if not form.validate() or form.submission_id.data is None or form.stage_id.data is None:
        raise NotFound()
    given = {"submission_id": form.submission_id.data, "stage_id": form.stage_id.data}
    match_event(db(), current_actor(), event_id=event_id, **given, now=utcnow())
    flash(_("Matched. The step is complete, and the member is told."), "good")
    return redirect(url_for(".event", event_id=event_id), 303)


@bp.post("/events/<int:event_id>/unmatch")
@admin
@writes(again=_match_again)
def unmatch(event_id: int) -> Response:
    """Take back what was matched by hand."""
    unmatch_event(db(), current_actor(), event_id=event_id, now=utcnow())
    flash(_("Taken back. The step is open again, and the member is told."), "good")
    return redirect(url_for(".event", event_id=event_id), 303)

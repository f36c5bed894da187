"""The door of an event: a ticket is looked at by its number or its QR code, and noted as used."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.rewards.actions import doors
from portal.rewards.admin.rewards import bp
from portal.rewards.forms.tickets import LetInForm, TicketForm
from portal.rewards.kinds.registry import kind_of
from portal.rewards.queries.redemptions import Detail, get_detail
from portal.rewards.rules.refusals.deciding import TicketNumberMissing, TicketUnknown
from portal.rewards.rules.tickets import STANDING_NAMES, Standing, standing
from portal.rewards.tickets import found_by
from portal.rewards.views import NAMES as SHARED
from portal.rewards.views import day_of
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

NAMES: dict[str, Any] = SHARED | {"standing_names": STANDING_NAMES, "standing_of": Standing}


@bp.get("/tickets")
@admin
def tickets() -> ResponseReturnValue:
    """Ask for the number of a ticket."""
    form = TicketForm(request.args) if "number" in request.args else TicketForm()
    if form.number.data:
        if found_by(form.number.data) is not None:
            return redirect(url_for("rewards_admin.ticket", ticket_number=form.number.data), 303)
        form.refuse(TicketUnknown())
    elif "number" in request.args:
        form.refuse(TicketNumberMissing())
    return render("rewards/admin/tickets.html", form=form)


@bp.get("/tickets/<ticket_number>")
@admin
def ticket(ticket_number: str) -> ResponseReturnValue:
    """What a ticket is worth now."""
    return _ticket(ticket_number, LetInForm(formdata=None))


@bp.post("/tickets/<ticket_number>")
@admin
@writes(again=lambda refusal, ticket_number: _not_let_in(refusal, ticket_number))
def let_in(ticket_number: str) -> ResponseReturnValue:
    """Note the ticket as used."""
    found = _found(ticket_number)
    form = LetInForm()
    if not form.validate():
        return _ticket(ticket_number, form), 422
    doors.let_in(db(), current_actor(), redemption_id=found.redemption.id, key=form.key.data or "", now=utcnow())
    flash(_("Noted. Welcome, %(person)s!", person=found.person.name), "good")
    return redirect(url_for("rewards_admin.tickets"), 303)


def _found(number: str) -> Detail:
    redemption_id = found_by(number)
    if redemption_id is None:
        raise NotFound()
    found = get_detail(db(), redemption_id)
    if not kind_of(found.reward.kind).is_shown:
        raise NotFound()
    return found


def _ticket(number: str, form: LetInForm) -> str:
    found = _found(number)
    item, day = found.redemption, day_of(found.redemption, found.reward)
    stands = standing(item.state, day, local_date(utcnow(), programme_zone(db())))
    return render(
        "rewards/admin/ticket.html", form=form, detail=found, item=item, day=day, stands=stands, number=number, me=current_actor().id, **NAMES
    )


def _not_let_in(refusal: Refusal, number: str) -> ResponseReturnValue:
    form = LetInForm()
    form.refuse(refusal)
    return _ticket(number, form), refusal.status

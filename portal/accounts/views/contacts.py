"""The button “Show contact details”: it is pressed, the view is written down, and the address is shown."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.accounts.actions.seeing import see_contact
from portal.accounts.queries.seeing import Contact
from portal.accounts.rules.seeing import Place
from portal.accounts.views.names import bp
from portal.kernel.clock import utcnow
from portal.web.guards import current_actor, staff
from portal.web.redirects import came_from
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.post("/people/<int:person_id>/contact/<any(registry, company, request, nomination):place>")
@staff
@writes
def contact(person_id: int, place: str) -> ResponseReturnValue:
    """Show how a person is reached to whom it may be shown, and write down that they saw it."""
    return shown_contact(see_contact(db(), current_actor(), person_id=person_id, place=Place(place), now=utcnow()))


def shown_contact(contact: Contact) -> str:
    """Answer with contact details whose view is written down: a part of the page where a script asked, else a page with the way back."""
    name = "accounts/_contact_shown.html" if "HX-Request" in request.headers else "accounts/contact.html"
    return render(name, contact=contact, back=came_from())

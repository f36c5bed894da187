"""The welcome of new members: put away, and brought back."""

from flask import flash, redirect
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.kernel.clock import utcnow
from portal.people.actions.welcome import bring_welcome_back, put_welcome_away
from portal.people.views.sign_in import bp
from portal.web.guards import advocate, current_actor
from portal.web.transaction import db, writes


@bp.post("/welcome/put-away")
@advocate
@writes
def put_away_welcome() -> Response:
    """Take the welcome off home."""
    put_welcome_away(db(), current_actor(), now=utcnow())
    flash(_("The welcome is put away. Your profile brings it back."), "good")
    return redirect("/", 303)


@bp.post("/welcome/bring-back")
@advocate
@writes
def bring_back_welcome() -> Response:
    """Show the welcome on home again."""
    bring_welcome_back(db(), current_actor(), now=utcnow())
    return redirect("/", 303)

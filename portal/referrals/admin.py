"""The admins' door to referrals: who was passed on by whom, and removing a peer's details when they ask for it. No export on purpose."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.referrals.actions import erase_referral, see_peer
from portal.referrals.forms import ReferralFilter
from portal.referrals.queries import count_states, endings_of, list_referrals
from portal.referrals.rules import ENDING_NAMES, KEPT_AFTER_DECLINE, STATE_NAMES
from portal.web.errors import sentence
from portal.web.guards import admin, current_actor
from portal.web.redirects import came_from
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("referrals_admin", __name__, url_prefix="/admin/referrals")


@bp.get("")
@admin
def index() -> str:
    """Every referral, the newest first."""
    form = ReferralFilter(request.args)
    page = list_referrals(db(), after=request.args.get("after"), **form.values())
    endings = endings_of(db(), [row.Referral for row in page])
    names = {"names": STATE_NAMES, "ending_names": ENDING_NAMES}
    shown = {"counts": count_states(db()), "endings": endings, "kept": KEPT_AFTER_DECLINE.days}
    return render("referrals/index.html", form=form, page=page, **names, **shown)


def _gone(refusal: Refusal, referral_id: int) -> Response:
    if isinstance(refusal, NotFound):
        raise refusal
    flash(sentence(refusal), "bad")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:referral_id>/contact")
@admin
@writes(again=_gone)
def contact(referral_id: int) -> str:
    """Show how a peer is reached, and write down that it was seen."""
    found = see_peer(db(), current_actor(), referral_id=referral_id, now=utcnow())
    name = "accounts/_contact_shown.html" if "HX-Request" in request.headers else "accounts/contact.html"
    return render(name, contact={"name": found.name, "email": found.email}, back=came_from())


@bp.post("/<int:referral_id>/erase")
@admin
@writes(again=_gone)
def erase(referral_id: int) -> Response:
    """Remove a peer's details because they asked for it."""
    erase_referral(db(), current_actor(), referral_id=referral_id, now=utcnow())
    flash(_("Their details are removed everywhere. Nobody can refer them again."), "good")
    return redirect(url_for(".index"), 303)

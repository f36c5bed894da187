"""The members' door to their consents, and the panels that show them on the pages of people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.consents.actions import withdraw_consent
from portal.consents.queries import consents_of
from portal.consents.rules import SCOPE_NAMES, STATE_NAMES, WHAT_NAMES, is_over
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.people.models import Person
from portal.web.errors import sentence
from portal.web.guards import current_actor, member
from portal.web.transaction import db, writes

bp = Blueprint("consents", __name__, url_prefix="/consents")


def panel(session: Session, person: Person, now: datetime) -> Mapping[str, Any] | None:
    """What somebody agreed to, for themselves and for admins; left out where there is nothing."""
    found = consents_of(session, person.id)
    if not found:
        return None
    today = local_date(now, programme_zone(session))
    over = {consent.id for consent in found if is_over(consent.until, today)}
    return {"consents": found, "over": over, "what_names": WHAT_NAMES, "scope_names": SCOPE_NAMES, "state_names": STATE_NAMES}


def _withdraw_again(refusal: Refusal, consent_id: int) -> Response:
    flash(sentence(refusal), "bad")
    return redirect(url_for("people.profile", _anchor="consents"), 303)


@bp.post("/<int:consent_id>/withdraw")
@member
@writes(again=_withdraw_again)
def withdraw(consent_id: int) -> Response:
    """Withdraw one's own consent."""
    withdraw_consent(db(), current_actor(), consent_id=consent_id, now=utcnow())
    flash(_("Withdrawn. The programme team is told, and takes down what is shown."), "good")
    return redirect(url_for("people.profile", _anchor="consents"), 303)

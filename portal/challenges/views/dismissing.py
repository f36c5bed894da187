"""“Not for me”: putting a challenge aside from the list or its page, and bringing it back."""

from typing import Any

from flask import flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.challenges.actions.dismissing import dismiss_challenge, recall_challenge
from portal.challenges.forms.answering import CatalogueFilter, DismissForm
from portal.challenges.queries.page import challenge_page
from portal.challenges.views.answering import show_page
from portal.challenges.views.lists import JUST_PUT_ASIDE, bp
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.web.guards import advocate, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


def _dismiss_again(refusal: Refusal, challenge_id: int) -> tuple[str, int]:
    form = DismissForm()
    form.validate()
    form.refuse(refusal)
    page = challenge_page(db(), current_user.id, challenge_id, utcnow())
    # What has a field is shown there; where nothing can be put aside there is no form to show it in.
    return show_page(page, dismiss=form, refusal=None if refusal.field and page.can_dismiss else refusal), refusal.status


@bp.get("/challenges/<int:challenge_id>/dismiss")
@advocate
def put_aside(challenge_id: int) -> Any:
    """Ask why a challenge is not for the reader. The list takes the form alone out of this page, into the row it stands for."""
    page = challenge_page(db(), current_user.id, challenge_id, utcnow())
    if not page.can_dismiss:
        return redirect(url_for(".show", challenge_id=challenge_id), 303)
    carried = CatalogueFilter(request.args).values()
    return render("challenges/put_aside.html", challenge=page.challenge, carried=carried, dismissing=DismissForm(formdata=None), is_asked=True)


@bp.post("/challenges/<int:challenge_id>/dismiss")
@advocate
@writes(again=_dismiss_again)
def dismiss(challenge_id: int) -> Response | tuple[str, int]:
    """Put a challenge aside and go back to the list as it was filtered; there it can be undone at once."""
    form = DismissForm()
    if not form.validate():
        return show_page(challenge_page(db(), current_user.id, challenge_id, utcnow()), dismiss=form), 422
    given = {"reason": form.reason.data or "", "words": form.words.data or ""}
    dismiss_challenge(db(), current_actor(), challenge_id=challenge_id, **given, now=utcnow())
    session[JUST_PUT_ASIDE] = challenge_id
    return redirect(url_for(".index", **CatalogueFilter(request.args).values()), 303)


@bp.post("/challenges/<int:challenge_id>/recall")
@advocate
@writes
def recall(challenge_id: int) -> Response:
    """Bring back what was put aside, and go back to where that was asked for: the list as it was filtered, or the page."""
    recall_challenge(db(), current_actor(), challenge_id=challenge_id, now=utcnow())
    flash(_("It is back among your challenges."), "good")
    if request.args.get("stay"):
        return redirect(url_for(".show", challenge_id=challenge_id), 303)
    return redirect(url_for(".index", **CatalogueFilter(request.args).values()), 303)

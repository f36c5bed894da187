"""The admins' doors to new points for past completions: what it would come to, doing it, how far it is, undoing it."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions.repricing import ask_repricing, undo_repricing, withdraw_repricing
from portal.challenges.admin.editor import bp
from portal.challenges.forms.repricing import RepricingForm, RepricingUndoForm
from portal.challenges.queries.repricing import counts_by_state, forecast, get_repricing, groups_of, is_among, later_standing, repricings_of
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules.repricing import REPRICING_STATE_NAMES, UNDER_WAY, RepricingState
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.queries.persons import names
from portal.review.queries.terms import terms_of
from portal.web.errors import sentence
from portal.web.guards import admin, current_actor
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes


@bp.get("/<int:challenge_id>/past")
@admin
def past(challenge_id: int) -> str:
    """What paying past completions the new points would come to, and what was paid so before."""
    return _past_page(challenge_id, RepricingForm(formdata=None))


def _past_page(challenge_id: int, form: RepricingForm) -> str:
    challenge = get_challenge(db(), challenge_id)
    expected = forecast(db(), challenge, current_actor().id, utcnow())
    form.seen_people.data, form.seen_total.data = str(expected.people), str(expected.total)
    return render(
        "challenges/admin/past.html",
        challenge=challenge,
        form=form,
        forecast=expected,
        page=repricings_of(db(), challenge_id, after=request.args.get("after")),
        state_names=REPRICING_STATE_NAMES,
        terms=terms_of(db()),
    )


def _ask_again(refusal: Refusal, challenge_id: int) -> tuple[str, int]:
    form = RepricingForm()
    form.refuse(refusal)
    return _past_page(challenge_id, form), refusal.status


@bp.post("/<int:challenge_id>/past")
@admin
@writes(again=_ask_again)
def pay_past(challenge_id: int) -> Any:
    """Pay past completions the new points, or ask a second admin."""
    form = RepricingForm()
    if not form.validate():
        return _past_page(challenge_id, form), 422
    people, total = form.seen()
    given: dict[str, Any] = {"reason": form.reason.data or "", "seen_people": people, "seen_total": total, "key": form.key.data}
    made = ask_repricing(db(), current_actor(), challenge_id=challenge_id, **given, now=utcnow())
    if made.state == RepricingState.WAITING:
        flash(_("Asked for. Another admin has to approve it; nothing is paid and nobody is told until then."), "info")
    else:
        flash(_("The differences are being paid. You can leave this page and come back."), "good")
    return redirect(url_for(".repricing", repricing_id=made.id), 303)


@bp.get("/repricings/<int:repricing_id>")
@admin
def repricing(repricing_id: int) -> Any:
    """How a repricing stands. The page asks again by itself while it is under way, and opens anew at the end."""
    row = get_repricing(db(), repricing_id)
    if row.state not in UNDER_WAY and request.headers.get("HX-Target") == "standing":
        return Response(headers={"HX-Refresh": "true"})
    return _repricing_page(repricing_id, RepricingUndoForm(formdata=None))


def _repricing_page(repricing_id: int, form: RepricingUndoForm) -> str:
    row, actor = get_repricing(db(), repricing_id), current_actor()
    people = {one for one in (row.asked_by_id, row.decided_by_id, row.undone_by_id, row.undo_decided_by_id) if one is not None}
    return render_fragment(
        "challenges/admin/repricing.html",
        "standing",
        row=row,
        challenge=get_challenge(db(), row.challenge_id),
        groups=groups_of(db(), row),
        counts=counts_by_state(db(), repricing_id),
        names=names(db(), people) if people else {},
        under_way=row.state in UNDER_WAY,
        is_own=is_among(db(), repricing_id, actor.id),
        later=later_standing(db(), row),
        state_names=REPRICING_STATE_NAMES,
        form=form,
    )


def _undo_again(refusal: Refusal, repricing_id: int) -> tuple[str, int]:
    form = RepricingUndoForm()
    form.refuse(refusal)
    return _repricing_page(repricing_id, form), refusal.status


@bp.post("/repricings/<int:repricing_id>/undo")
@admin
@writes(again=_undo_again)
def undo_past(repricing_id: int) -> Any:
    """Undo a repricing as a whole."""
    form = RepricingUndoForm()
    if not form.validate():
        return _repricing_page(repricing_id, form), 422
    row = undo_repricing(db(), current_actor(), repricing_id=repricing_id, reason=form.reason.data or "", now=utcnow())
    if row.state == RepricingState.UNDO_ASKED:
        flash(_("Asked for. Another admin has to approve it; until then it stands."), "info")
    else:
        flash(_("It is being undone. You can leave this page and come back."), "good")
    return redirect(url_for(".repricing", repricing_id=repricing_id), 303)


def _stand(refusal: Refusal, repricing_id: int) -> Response:
    flash(sentence(refusal), "bad")
    return redirect(url_for(".repricing", repricing_id=repricing_id), 303)


@bp.post("/repricings/<int:repricing_id>/withdraw")
@admin
@writes(again=_stand)
def withdraw_past(repricing_id: int) -> Response:
    """Withdraw what one asked for and nobody approved."""
    withdraw_repricing(db(), current_actor(), repricing_id=repricing_id, now=utcnow())
    flash(_("Withdrawn. Nothing was changed."), "good")
    return redirect(url_for(".repricing", repricing_id=repricing_id), 303)

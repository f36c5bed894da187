"""Whose something is, and the views of the queue that somebody keeps."""

from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.dashboard.forms import OwnerForm, ViewForm
from portal.dashboard.queries.queue import find_row
from portal.dashboard.views.desk import FILTERS, place, source_of
from portal.dashboard.views.home import bp
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.review.actions.cases import assign_case
from portal.review.actions.views import delete_view, keep_view
from portal.review.rules.refusals import NotWaiting
from portal.web.errors import sentence
from portal.web.guards import current_actor, reviewer
from portal.web.transaction import db, writes


def _told(refusal: Refusal, **facts: Any) -> Response:
    """Go back to the queue with the sentence on top."""
    flash(sentence(refusal), "bad")
    item = {"item": f"{facts['thing']}-{facts['item_id']}"} if "thing" in facts else {}
    return redirect(url_for("dashboard.approvals", **(place() | item)), 303)


@bp.post("/admin/approvals/<thing>/<int:item_id>/owner")
@reviewer
@writes(again=_told)
def assign(thing: str, item_id: int) -> Response:
    """Take something, give it to somebody, or let it go."""
    source, form, actor = source_of(thing), OwnerForm(), current_actor()
    row = find_row(db(), source, item_id)
    if row is None or not form.validate():
        raise NotWaiting()
    shown, now = source.shown(db(), actor, item_id), utcnow()
    given = {"owner_id": form.owner.data, "was_id": form.was.data, "barred": shown.barred | {row.person_id}}
    assign_case(db(), actor, kind=thing, item_id=item_id, subject=source.subject(db(), item_id), now=now, **given)
    if form.owner.data is not None and shown.owned:
        shown.owned(now)
    if form.owner.data is None:
        flash(_("It is nobody’s now."), "good")
    else:
        flash(_("It is yours now.") if form.owner.data == actor.id else _("It is theirs now."), "good")
    return redirect(url_for("dashboard.approvals", **(place() | {"item": f"{thing}-{item_id}"})), 303)


@bp.post("/admin/approvals/views")
@reviewer
@writes(again=_told)
def keep() -> Response:
    """Keep the filter of the queue under a name."""
    asked = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    view = keep_view(db(), current_actor(), name=ViewForm().name.data or "", query=urlencode(asked), now=utcnow())
    flash(_("The view “%(name)s” is kept. Only you see it.", name=view.name), "good")
    return redirect(url_for("dashboard.approvals", **place()), 303)


@bp.post("/admin/approvals/views/<int:view_id>/delete")
@reviewer
@writes(again=_told)
def drop(view_id: int) -> Response:
    """Delete one of one's own views."""
    delete_view(db(), current_actor(), view_id=view_id)
    flash(_("The view is deleted."), "good")
    return redirect(url_for("dashboard.approvals", **place()), 303)

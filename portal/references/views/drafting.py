"""Drafts of nominations: kept while somebody types, listed, opened again, thrown away."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.references.actions.drafting import drop_draft, save_draft
from portal.references.actions.nominate import with_key
from portal.references.forms import NominateForm
from portal.references.queries.drafts import drafts_of, find_draft
from portal.references.rules.nominating import DRAFTS_KEPT, DraftEmpty
from portal.references.views.nominating import show_form
from portal.references.views.shared import bp
from portal.web.forms import KEY
from portal.web.guards import current_actor, employee
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/nominate/drafts")
@employee
def drafts() -> str:
    """The reader's drafts, what was saved last first."""
    page = drafts_of(db(), current_actor().id or 0, after=request.args.get("after"))
    return render("references/drafts.html", page=page, kept_days=DRAFTS_KEPT.days)


@bp.post("/nominate/drafts")
@employee
@writes(again=lambda refusal: _not_kept(refusal))
def keep_draft() -> ResponseReturnValue:
    """Keep what is typed so far. To what saves itself, one line."""
    form, by_script = NominateForm(), "HX-Request" in request.headers
    if not KEY.fullmatch(form.key.data or ""):
        form.validate()
        return (_line("") if by_script else show_form(form)), 422
    if with_key(db(), current_actor(), form.key.data) is not None:
        # Sent meanwhile, in this window or another: there is nothing to keep.
        return _line("") if by_script else redirect(url_for("references.mine"), 303)
    kept = save_draft(db(), current_actor(), key=form.key.data, fields=form.typed(), now=utcnow())
    if by_script:
        return _line(_("Saved as a draft.") if kept else "")
    flash(_("Saved as a draft. Nobody but you sees it.") if kept else _("Nothing was written any more, so the draft is deleted."), "good")
    return redirect(url_for("references.drafts"), 303)


def _line(text: str) -> str:
    return render("references/_saved.html", text=text)


def _not_kept(refusal: Refusal) -> ResponseReturnValue:
    if "HX-Request" in request.headers:
        return _line("" if isinstance(refusal, DraftEmpty) else str(_(refusal.message, **refusal.facts))), 200
    form = NominateForm()
    form.refuse(refusal)
    return show_form(form), refusal.status


@bp.post("/nominate/drafts/<int:draft_id>/delete")
@employee
@writes
def delete_draft(draft_id: int) -> ResponseReturnValue:
    """Throw one away."""
    draft = find_draft(db(), current_actor().id or 0, draft_id)
    if draft is None:
        raise NotFound()
    drop_draft(db(), current_actor(), key=draft.key)
    flash(_("The draft is deleted."), "good")
    return redirect(url_for("references.drafts"), 303)

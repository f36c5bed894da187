"""The admins' page of tokens: make one (shown once), see when each was used, revoke it."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.api.actions import make_token, revoke_token
from portal.api.forms import TokenForm
from portal.api.queries import count_tokens, list_tokens
from portal.api.rules import SCOPE_NAMES
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("api_admin", __name__, url_prefix="/admin/api-tokens")


def _page(form: TokenForm, **shown: Any) -> str:
    page = list_tokens(db(), after=request.args.get("after"))
    return render("api/tokens.html", form=form, page=page, good=count_tokens(db()), scopes=SCOPE_NAMES, **shown)


@bp.get("")
@admin
def tokens() -> str:
    """Every token, the newest first, and a form for one more."""
    return _page(TokenForm(formdata=None))


def _again(refusal: Refusal) -> tuple[str, int]:
    form = TokenForm()
    form.refuse(refusal)
    return _page(form), refusal.status


@bp.post("")
@admin
@writes(again=_again)
def add_token() -> Any:
    """Make a token and show it, on this answer alone: it is kept nowhere, and no address leads back here."""
    form = TokenForm()
    if not form.validate():
        return _page(form), 422
    made, token = make_token(db(), current_actor(), name=form.name.data or "", key=form.key.data or "", now=utcnow(), scopes=form.scopes.data or ())
    return _page(TokenForm(formdata=None), made=made, token=token)


@bp.post("/<int:token_id>/revoke")
@admin
@writes
def revoke(token_id: int) -> Response:
    """Let a token be good for nothing."""
    revoke_token(db(), current_actor(), token_id=token_id, now=utcnow())
    flash(_("The token is revoked. What it sent stays."), "good")
    return redirect(url_for(".tokens"), 303)

"""The gallery: everybody looks, members take their own out, admins hide."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.challenges.actions import gallery as actions
from portal.challenges.forms.gallery import GalleryFilter, HideForm
from portal.challenges.queries import gallery as queries
from portal.challenges.rules.gallery import SHOWN_NAMES, Shown, state_of
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.web.errors import sentence
from portal.web.guards import admin, current_actor, member
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("gallery", __name__, url_prefix="/gallery")
NAMES: dict[str, Any] = {"state_of": state_of, "names": SHOWN_NAMES, "states": Shown}


def has_something() -> bool:
    """Tell whether the gallery shows anything, for the navigation."""
    return queries.is_anything_shown(db())


@bp.get("")
@member
def index() -> str:
    """What members let all others see, the newest first; one's own, and for admins what is hidden."""
    form, actor, now = GalleryFilter(request.args), current_actor(), utcnow()
    form.offer(queries.challenges_shown(db()))
    asked = form.values()
    show = asked.get("show", "")
    if show == queries.HIDDEN and not actor.is_admin:
        show = form.show.data = ""
    wanted = queries.Wanted(show, int(asked["challenge"]) if "challenge" in asked else None)
    page = queries.gallery_page(db(), current_user.id, wanted, after=request.args.get("after"))
    ids = {row.GalleryItem.challenge_id for row in page}
    seen = queries.seen_by(db(), current_user.id, ids, now) if actor.is_advocate else frozenset()
    shown = {"form": form, "page": page, "wanted": wanted, "seen": seen, "has_own": queries.has_own(db(), current_user.id)}
    return render("challenges/gallery/index.html", **shown, **NAMES)


def _again(refusal: Refusal, gallery_item_id: int) -> Response:
    if isinstance(refusal, NotFound | NotAllowed):
        raise refusal
    flash(sentence(refusal), "bad")
    return _back()


def _back() -> Response:
    """Return to the list as it was looked at."""
    place: dict[str, Any] = {name: request.args[name] for name in ("show", "challenge", "after") if name in request.args}
    return redirect(url_for(".index", **place), 303)


@bp.post("/<int:gallery_item_id>/take-out")
@member
@writes(again=_again)
def take_out(gallery_item_id: int) -> Response:
    """Take one's own thing out."""
    actions.take_out(db(), current_actor(), item_id=gallery_item_id, now=utcnow())
    flash(_("Taken out of the gallery. Your points stay."), "good")
    return redirect(url_for(".index", show=queries.MINE), 303)


@bp.post("/<int:gallery_item_id>/put-back")
@member
@writes(again=_again)
def put_back(gallery_item_id: int) -> Response:
    """Bring one's own thing back."""
    item = actions.put_back(db(), current_actor(), item_id=gallery_item_id, now=utcnow())
    is_shown = state_of(item.marks, is_member=True) is Shown.SHOWN
    flash(
        _("Back in the gallery.") if is_shown else _("Done. It stays out of the gallery for now; below it says why."), "good" if is_shown else "info"
    )
    return redirect(url_for(".index", show=queries.MINE), 303)


@bp.get("/<int:gallery_item_id>/hide")
@admin
def ask_why(gallery_item_id: int) -> str:
    """Ask an admin why something is to be hidden."""
    return _hide_page(gallery_item_id, HideForm(formdata=None))


def _hide_page(gallery_item_id: int, form: HideForm) -> str:
    return render("challenges/gallery/hide.html", row=queries.get_item(db(), gallery_item_id), form=form, **NAMES)


def _hide_again(refusal: Refusal, gallery_item_id: int) -> Any:
    """Show the form again where the reason is refused; say on the list what else."""
    if refusal.field is None:
        return _again(refusal, gallery_item_id)
    form = HideForm()
    form.validate()
    form.refuse(refusal)
    return _hide_page(gallery_item_id, form), refusal.status


@bp.post("/<int:gallery_item_id>/hide")
@admin
@writes(again=_hide_again)
def hide(gallery_item_id: int) -> Any:
    """Hide somebody's thing, with the reason they read."""
    form = HideForm()
    if not form.validate():
        return _hide_page(gallery_item_id, form), 422
    actions.hide_item(db(), current_actor(), item_id=gallery_item_id, reason=form.reason.data or "", now=utcnow())
    flash(_("Hidden. Whose it is was told why."), "good")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:gallery_item_id>/show-again")
@admin
@writes(again=_again)
def show_again(gallery_item_id: int) -> Response:
    """Lift what an admin hid."""
    actions.show_item(db(), current_actor(), item_id=gallery_item_id, now=utcnow())
    flash(_("No longer hidden. Whose it is was told."), "good")
    return _back()

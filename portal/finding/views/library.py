"""The library: staff search, copy and download; admins add, change and retire."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.acts.queries.people import find_asked
from portal.consents.rules import ITEM_NAMES
from portal.files.actions import store_upload
from portal.files.receiving import Received
from portal.files.rules.kinds import Purpose
from portal.files.uploads import take_in
from portal.finding.actions.library import Content, add_item, change_item, retire_item, use_item
from portal.finding.forms import ItemForm, LibraryFilter, RetireForm
from portal.finding.queries.library import Wanted, consents_for, count_usable, get_item, iter_library, library_page
from portal.finding.rules.library import Kind
from portal.finding.views.names import NAMES
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.kernel.ids import read_id
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor, staff
from portal.web.templating import render, render_fragment, wants_fragment
from portal.web.transaction import db, writes

bp = Blueprint("library", __name__, url_prefix="/library")
HEADER = ("id", "kind", "title", "answers", "quote", "link", "file", "company", "person", "product", "industry", "expires_on", "uses")


@bp.get("")
@staff
def index() -> ResponseReturnValue:
    """What tells what a customer would, and costs nobody an ask."""
    actor, now = current_actor(), utcnow()
    form = LibraryFilter(request.args).offer(is_admin=actor.is_admin)
    asked = form.values()
    wanted = Wanted(**{name: value for name, value in asked.items() if name != "show" or actor.is_admin})
    if request.args.get("format") == "csv":
        return csv_response("library.csv", HEADER, (_line(row) for row in iter_library(db(), actor, wanted, now)))
    page = library_page(db(), actor, wanted, now, after=request.args.get("after"))
    shown = {"form": form, "page": page, "asked": asked, "number": count_usable(db(), now), "is_admin": actor.is_admin}
    return render("finding/library.html", **shown, **NAMES)


@bp.get("/<int:library_item_id>")
@staff
def item(library_item_id: int) -> str:
    """One item. Admins see those too that may not be used any more, and why."""
    actor, now = current_actor(), utcnow()
    row = get_item(db(), actor, library_item_id, now, is_any=actor.is_admin)
    return render(
        "finding/item.html", row=row, is_admin=actor.is_admin, is_usable=_is_usable(library_item_id), retire=RetireForm(formdata=None), **NAMES
    )


@bp.post("/<int:library_item_id>/use")
@staff
@writes
def use(library_item_id: int) -> ResponseReturnValue:
    """Take an item: it is counted, and its link or file opens; a quote is there to be copied."""
    taken = use_item(db(), current_actor(), item_id=library_item_id, now=utcnow())
    if taken.file_id is not None:
        return redirect(url_for("files.download", file_id=taken.file_id), 303)
    if taken.link:
        return redirect(taken.link, 303)
    flash(_("Counted. Copy the quote below."), "good")
    return redirect(url_for(".item", library_item_id=library_item_id), 303)


@bp.get("/new")
@admin
def new() -> str:
    """The form of a new item. Who is typed asks back here for the consents that it may stand on."""
    if wants_fragment("consents"):
        return render_fragment("finding/item_form.html", "consents", **_consents(ItemForm(request.args)), **NAMES)
    return _form(ItemForm(formdata=None))


def _received() -> Received | None:
    form = ItemForm()
    return take_in(form.file.data, Purpose.DOCUMENT) if form.validate() else None


def _received_of(library_item_id: int) -> Received | None:
    return _received()


@bp.post("/new")
@admin
@writes(first=_received, again=lambda refusal: _again(refusal))
def add(ready: Received | None) -> ResponseReturnValue:
    """Put an item into the library."""
    form, actor, now = ItemForm(), current_actor(), utcnow()
    if not form.validate():
        return _form(form), 422
    stored = store_upload(db(), actor, received=ready, owner_id=actor.id, now=now) if ready else None
    made = add_item(db(), actor, key=form.key.data, content=_content(form), file_id=stored.id if stored else None, now=now)
    flash(_("It is in the library."), "good")
    return redirect(url_for(".item", library_item_id=made.id), 303)


@bp.get("/<int:library_item_id>/edit")
@admin
def edit(library_item_id: int) -> str:
    """The form of an item that is there."""
    row = get_item(db(), current_actor(), library_item_id, utcnow(), is_any=True)
    kept = row.LibraryItem
    texts = ("kind", "title", "answers", "quote", "link", "product", "industry", "permission", "expires_on", "edition")
    given = {name: getattr(kept, name) for name in texts} | {"company": row.company or "", "consent_id": str(kept.consent_id or "")}
    given["person"] = f"#{kept.person_id}" if kept.person_id else ""
    return _form(ItemForm(formdata=None, data=given), library_item_id)


@bp.post("/<int:library_item_id>/edit")
@admin
@writes(first=_received_of, again=lambda refusal, library_item_id: _again(refusal, library_item_id))
def change(library_item_id: int, ready: Received | None) -> ResponseReturnValue:
    """Change an item."""
    form, actor, now = ItemForm(), current_actor(), utcnow()
    if not form.validate():
        return _form(form, library_item_id), 422
    stored = store_upload(db(), actor, received=ready, owner_id=actor.id, now=now) if ready else None
    edition = read_id(form.edition.data) or 0
    change_item(db(), actor, item_id=library_item_id, edition=edition, content=_content(form), file_id=stored.id if stored else None, now=now)
    flash(_("Saved."), "good")
    return redirect(url_for(".item", library_item_id=library_item_id), 303)


@bp.post("/<int:library_item_id>/retire")
@admin
@writes(again=lambda refusal, library_item_id: _not_retired(refusal, library_item_id))
def retire(library_item_id: int) -> ResponseReturnValue:
    """Let an item be shown no more."""
    form = RetireForm()
    if not form.validate():
        row = get_item(db(), current_actor(), library_item_id, utcnow(), is_any=True)
        return render("finding/item.html", row=row, is_admin=True, is_usable=_is_usable(library_item_id), retire=form, **NAMES), 422
    retire_item(db(), current_actor(), item_id=library_item_id, reason=form.reason.data, now=utcnow())
    flash(_("Retired. Nobody is offered it any more."), "good")
    return redirect(url_for(".item", library_item_id=library_item_id), 303)


def _is_usable(item_id: int) -> bool:
    try:
        get_item(db(), current_actor(), item_id, utcnow())
    except NotFound:
        return False
    return True


def _content(form: ItemForm) -> Content:
    texts = ("title", "answers", "quote", "link", "company", "person", "product", "industry", "consent_id", "permission")
    return Content(Kind(form.kind.data), **{name: form[name].data or "" for name in texts}, expires_on=form.expires_on.data)


def _form(form: ItemForm, item_id: int | None = None) -> str:
    return render("finding/item_form.html", form=form, item_id=item_id, **_consents(form), **NAMES)


def _consents(form: ItemForm) -> dict[str, Any]:
    try:
        person_id = find_asked(db(), current_actor(), form.person.data).id if form.person.data else None
    except Refusal:
        return {"consents": []}
    kind = Kind(form.kind.data) if form.kind.data in set(Kind) else next(iter(Kind))
    offered = consents_for(db(), kind, person_id=person_id, company=form.company.data or "", now=utcnow())
    return {"consents": offered, "items": ITEM_NAMES}


def _again(refusal: Refusal, item_id: int | None = None) -> ResponseReturnValue:
    if isinstance(refusal, NotFound | NotAllowed):
        raise refusal
    form = ItemForm()
    form.validate()
    form.refuse(refusal)
    return _form(form, item_id), refusal.status


def _not_retired(refusal: Refusal, item_id: int) -> ResponseReturnValue:
    if isinstance(refusal, NotFound | NotAllowed):
        raise refusal
    flash(NAMES["refused"](refusal), "bad")
    return redirect(url_for(".item", library_item_id=item_id), 303)


def _line(row: Any) -> tuple[Any, ...]:
    kept = row.LibraryItem
    of = (row.filename, row.company, row.person, kept.product, kept.industry, kept.expires_on, kept.uses)
    return (kept.id, _(NAMES["kinds"][Kind(kept.kind)]), kept.title, kept.answers, kept.quote, kept.link, *of)

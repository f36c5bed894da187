"""Employees follow what becomes of the people they nominated, and talk with who reviews."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import STAFF
from portal.references.actions.commenting import comment
from portal.references.forms import CommentForm, MineFilter
from portal.references.queries.comments import comments_on
from portal.references.queries.nominations import Followed, all_nominations_of, followed, nominations_of, standings_of
from portal.references.queries.review import voices
from portal.references.queries.terms import terms_of
from portal.references.rules.states import STANDING_NAMES
from portal.references.views.shared import NAMES, bp, might
from portal.web.exports import csv_response
from portal.web.guards import current_actor, employee
from portal.web.templating import render
from portal.web.transaction import db, writes

MINE_HEADER = ("nominated", "name", "title", "company", "might_do", "why", "state", "reason")


@bp.get("/nominate/mine")
@employee
def mine() -> ResponseReturnValue:
    """The reader's nominations, as they stand, and what they are credited with."""
    form = MineFilter(request.args)
    asked, own_id = form.values(), current_actor().id or 0
    narrowed = {"q": asked.get("q", ""), "standing": asked.get("state")}
    if request.args.get("format") == "csv":
        rows = (
            (n.created_at.date(), n.name, n.title, n.company, might(n.activities), n.why, _(STANDING_NAMES[n.standing]), n.reason)
            for n in all_nominations_of(db(), own_id, **narrowed)
        )
        return csv_response("nominations.csv", MINE_HEADER, rows)
    page = nominations_of(db(), own_id, **narrowed, after=request.args.get("after"))
    credit = {"credit": balance_of(db(), own_id, unit=STAFF).net, "terms": terms_of(db())}
    return render("references/mine.html", form=form, page=page, counts=standings_of(db(), own_id), is_narrowed=bool(asked), **credit, **NAMES)


@bp.get("/nominate/mine/<int:nomination_id>")
@employee
def nomination(nomination_id: int) -> str:
    """One of the reader's nominations, with what was said about it."""
    return _page(nomination_id, CommentForm())


@bp.post("/nominate/mine/<int:nomination_id>/comments")
@employee
@writes(again=lambda refusal, nomination_id: _again(refusal, nomination_id))
def say(nomination_id: int) -> ResponseReturnValue:
    """Say something to who reviews, and to who else nominated them."""
    form, one = CommentForm(), _own(nomination_id)
    if not form.validate():
        return _page(nomination_id, form), 422
    comment(db(), current_actor(), nomination_id=one.first_id, text=form.text.data, key=form.key.data, now=utcnow())
    flash(_("Sent. Who reviews it is told."), "good")
    return redirect(url_for("references.nomination", nomination_id=nomination_id), 303)


def _again(refusal: Refusal, nomination_id: int) -> ResponseReturnValue:
    form = CommentForm()
    form.refuse(refusal)
    return _page(nomination_id, form), refusal.status


def _own(nomination_id: int) -> Followed:
    """Return one in which the reader has a part."""
    found = followed(db(), current_actor().id or 0, nomination_id)
    if found is None:
        raise NotFound()
    return found


def _page(nomination_id: int, form: CommentForm) -> str:
    one = _own(nomination_id)
    voice = voices(db(), nomination_id)[0]
    return render("references/nomination.html", nomination=one, voice=voice, comments=comments_on(db(), one.first_id), form=form, **NAMES)

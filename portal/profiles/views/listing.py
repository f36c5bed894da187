"""Staff's lists: all profiles they may see, and what they are to verify."""

from collections.abc import Iterator
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.acts.queries.budget import budgets_of
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.kernel.ids import read_id
from portal.people.queries.companies import possible_owners
from portal.profiles.actions.asking import ask_several
from portal.profiles.forms import ProfileFilter, TickForm
from portal.profiles.queries.checks import count_soon, count_to_verify, to_verify
from portal.profiles.queries.lists import Filters, iter_profiles, list_profiles, totals
from portal.profiles.queries.profiles import activities_of, agree_to_nothing
from portal.profiles.rules.activity import ACTIVITY_NAMES
from portal.profiles.rules.states import STATUS_NAMES, Status
from portal.profiles.views.shared import NAMES, bp
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor, staff
from portal.web.templating import render
from portal.web.transaction import db, writes

HEADER = (
    "person_id", "name", "title", "company", "industry", "region", "status", "shown", "tier", "does", "verified_on", "verify_on", "owner"
)  # fmt: skip
AT_ONCE = 500


@bp.get("")
@staff
def index() -> ResponseReturnValue:
    """All profiles that the reader may see."""
    form, actor, now = ProfileFilter(request.args), current_actor(), utcnow()
    form.offer(possible_owners(db()))
    filters = Filters(**form.values())
    if request.args.get("format") == "csv":
        return csv_response("profiles.csv", HEADER, _lines(list(iter_profiles(db(), actor, filters, now)), now))
    page = list_profiles(db(), actor, filters, now, after=request.args.get("after"))
    ids, own = [row.id for row in page], None if actor.is_admin else actor.id
    facts: dict[str, Any] = {"page": page, "does": activities_of(db(), ids, now), "budgets": budgets_of(db(), ids, now), "actor": actor}
    facts |= {
        "totals": totals(db(), actor),
        "waits": count_to_verify(db(), own, now),
        "soon": count_soon(db(), own, now),
        "is_narrowed": filters.is_narrow,
        "nothing": agree_to_nothing(db(), ids, now),
        "tick": TickForm(formdata=None),
        "today": now.date(),
    }
    return render("profiles/index.html", form=form, **facts, **NAMES)


def _lines(rows: list[Any], now: Any) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        kinds = activities_of(db(), [row.id for row in some], now)
        for row in some:
            told = ", ".join(str(_(ACTIVITY_NAMES[kind])) for kind in kinds.get(row.id, ()))
            status, shown = _(STATUS_NAMES[Status(row.status)]), _("Yes") if row.is_visible else _("No")
            verified = row.verified_at.date() if row.verified_at else None
            yield (
                row.id, row.name, row.title, row.company, row.industry, row.region, status, shown, row.tier, told, verified, row.verify_on, row.owner
            )  # fmt: skip


@bp.get("/verify")
@staff
def verify() -> str:
    """What the reader is to verify: profiles of the customers they look after; admins see everybody's with ``all``."""
    actor, now = current_actor(), utcnow()
    is_all = actor.is_admin and request.args.get("show") != "mine"
    page = to_verify(db(), None if is_all else actor.id, now, after=request.args.get("after"))
    return render("profiles/verify.html", page=page, is_all=is_all, form=TickForm(formdata=None), **NAMES)


@bp.post("/ask")
@admin
@writes(again=lambda refusal: _told(refusal))
def ask() -> ResponseReturnValue:
    """Ask the owners of the ticked profiles whether they are true."""
    ids = [number for value in request.form.getlist("ids") if (number := read_id(value))]
    number, owners = ask_several(db(), current_actor(), person_ids=ids, now=utcnow())
    flash(
        ngettext("Sent: one profile is asked about.", "Sent: %(num)s profiles are asked about, each owner in one mail.", number)
        if owners
        else _("Nobody looks after these, and no admin can be asked."),
        "good" if owners else "bad",
    )
    return redirect(url_for(".index"), 303)


def _told(refusal: Refusal) -> ResponseReturnValue:
    flash(sentence(refusal), "bad")
    return redirect(url_for(".index"), 303)

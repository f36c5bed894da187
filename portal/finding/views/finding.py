"""Staff's pages: the search for a reference, one of those found, favourites, comparison."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.acts.queries.budget import budget_of
from portal.acts.views.standing import of_person
from portal.finding.actions.choosing import mark_favourite
from portal.finding.forms import FavouriteForm, FindForm
from portal.finding.queries.calling import meant
from portal.finding.queries.candidates import Candidate, Search, candidates_of, count_yes, page_of
from portal.finding.queries.candidates import search as search_for
from portal.finding.queries.everybody import listed, listed_whole
from portal.finding.queries.favourites import favourites_of, marked_among
from portal.finding.queries.library import substitutes
from portal.finding.queries.price import ask_price, price_with
from portal.finding.queries.stories import stories_of
from portal.finding.records import ForRequest, request_of
from portal.finding.rules.needs import Needs
from portal.finding.views.names import NAMES, called, described, does, spoken
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.kernel.ids import read_id
from portal.people.queries.persons import names as names_of
from portal.people.rules.company import looks_after
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import current_actor, staff
from portal.web.redirects import own_path
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

bp = Blueprint("finding", __name__, url_prefix="/find")
HEADER = ("fit", "company", "person", "industry", "region", "size", "does", "asked", "of", "why", "what_stands_against")
MOST_COMPARED, MOST_TICKED = 4, 50


@bp.get("")
@staff
def find() -> ResponseReturnValue:
    """Who fits a deal, with reasons; who nearly does, with the one rule; what answers the same worry without an ask."""
    form = FindForm(request.args).offer(db())
    needs, actor, now = form.needs(), current_actor(), utcnow()
    is_file, after = request.args.get("format") == "csv", request.args.get("after")
    found = Search(needs) if not needs.set and (after or is_file) else search_for(db(), actor, needs, now)
    if is_file:
        chosen = found.shown if needs.set else listed_whole(db(), actor, needs, now)
        return csv_response("references.csv", HEADER, (_line(one, is_asked=needs.is_weighed) for one in chosen))
    of_request = _of_request()
    page = page_of(db(), found.shown, after) if needs.set else listed(db(), actor, needs, now, after)
    shown = {"form": form, "page": page, "found": found, "needs": needs, "query": query_of(needs, of_request), "ways": _ways(needs, of_request)}
    shown |= {"counts": _counts(found, now), "said_yes": count_yes(db(), now), "items": substitutes(db(), actor, needs, now), "today": _today(now)}
    return render_fragment("finding/find.html", "results", **shown, **_starred([*page.rows, *found.near]), **NAMES, **doors(of_request))


@bp.get("/<reference_name>")
@staff
def reference(reference_name: str) -> ResponseReturnValue:
    """One of those found: everything that speaks for and against, and the price of asking."""
    form = FindForm(request.args)
    needs, now, person_id = form.needs(), utcnow(), _whom(reference_name)
    one = _get(person_id, needs, now)
    if one is None and not reference_name.isdigit():
        raise NotFound()
    if one is None:
        return redirect(url_for("references.person", person_id=person_id), 303)
    price = ask_price(db(), person_id, needs.activity, needs.needed_by, now)
    owner = names_of(db(), [one.facts.owner_id]).get(one.facts.owner_id) if one.facts.owner_id else None
    of_request, told = _of_request(), stories_of(db(), current_actor(), [one]).get(person_id)
    shown = {"one": one, "price": price, "needs": needs, "query": query_of(needs, of_request), "owner": owner, "today": _today(now), "told": told}
    # Who may not know which block stands reads that something does, among what speaks against it.
    if looks_after(current_actor(), one.facts.owner_id):
        shown |= of_person(db(), current_actor(), budget_of(db(), person_id, now)) | {"told_of_blocks": True}
    return render("finding/reference.html", **shown, **_starred([one]), **NAMES, **doors(of_request))


@bp.post("/<reference_name>/favourite")
@staff
@writes
def favourite(reference_name: str) -> ResponseReturnValue:
    """Mark somebody, or take the mark off, and go back to where the star was pressed."""
    form = FavouriteForm()
    mark_favourite(db(), current_actor(), reference_id=_whom(reference_name), is_on=form.is_on.data == "1", now=utcnow())
    back = own_path(form.next.data) or url_for(".find")
    return redirect(f"{back}#p{reference_name}", 303)


@bp.get("/favourites")
@staff
def favourites() -> str:
    """Whom the reader marked."""
    form = FindForm(request.args)
    needs, now, actor = form.needs(), utcnow(), current_actor()
    marked = favourites_of(db(), actor.id or 0, after=request.args.get("after"))
    found = candidates_of(db(), actor, [row.reference_id for row in marked], needs, now)
    rows = [one for row in marked if (one := found.get(row.reference_id)) is not None and not _is_unknown(one)]
    of_request = _of_request()
    shown = {"page": marked, "rows": rows, "needs": needs, "query": query_of(needs, of_request), "today": _today(now)}
    return render("finding/favourites.html", **shown, **_starred(rows), **NAMES, **doors(of_request))


@bp.get("/compare")
@staff
def compare() -> str:
    """Up to four of them side by side."""
    form = FindForm(request.args)
    needs, now = form.needs(), utcnow()
    asked = list(dict.fromkeys(request.args.getlist("who")))[:MOST_TICKED]
    chosen = list(dict.fromkeys(filter(None, (meant(db(), current_actor(), who) for who in asked))))
    found = candidates_of(db(), current_actor(), chosen[:MOST_COMPARED], needs, now)
    rows = [one for one in found.values() if not _is_unknown(one)]
    prices = {one.person_id: price_with(db(), one.facts.load, one.person_id, needs.activity, needs.needed_by, now) for one in rows}
    of_request = _of_request()
    shown = {
        "rows": rows,
        "needs": needs,
        "query": query_of(needs, of_request),
        "stories": stories_of(db(), current_actor(), rows),
        "prices": prices,
        "left_out": max(len(chosen) - MOST_COMPARED, 0),
        "today": _today(now),
    }
    return render("finding/compare.html", **shown, **_starred(rows), **NAMES, **doors(of_request))


def doors(of_request: ForRequest | None) -> dict[str, Any]:
    """Return where “Ask” leads: to the request that the search is for, with them chosen; else to a new one, in a portal that has requests; else to
    the person's page of goodwill. Never to what is not there."""
    has_requests = "requests.begin" in current_app.view_functions

    def ask_at(one: Candidate, query: dict[str, Any]) -> str | None:
        if of_request is not None:
            if not of_request.lets_propose(one.person_id, one.facts.tier):
                return None
            return url_for("requests.one", request_id=of_request.request_id, person=called(one), _anchor="who")
        if has_requests:
            return url_for("requests.begin", person=called(one), **query)
        return None if one.is_veiled else url_for("goodwill.person", person_id=one.person_id)

    return {"ask_at": ask_at, "has_requests": has_requests, "of_request": of_request}


def query_of(needs: Needs, of_request: ForRequest | None = None) -> dict[str, Any]:
    """Return what is needed as a query string carries it, to the next page; with the request that it is for."""
    return needs.to_json() | ({"request": of_request.request_id} if of_request else {})


def _of_request() -> ForRequest | None:
    return request_of(db(), current_actor(), read_id(request.args.get("request", "")) or 0)


def _whom(reference_name: str) -> int:
    found = meant(db(), current_actor(), reference_name)
    if found is None:
        raise NotFound()
    return found


def _get(person_id: int, needs: Needs, now: datetime) -> Candidate | None:
    one = candidates_of(db(), current_actor(), [person_id], needs, now).get(person_id)
    if one is not None and _is_unknown(one):
        raise NotFound()
    return one


def _is_unknown(one: Candidate) -> bool:
    """Tell whether the reader may not know that there is such a profile."""
    return any(failed.name == "OnlyByAdmin" for failed in one.failed)


def _starred(rows: list[Candidate]) -> dict[str, Any]:
    ids = [one.person_id for one in rows]
    return {"stars": marked_among(db(), current_actor().id, ids), "star": FavouriteForm(formdata=None)}


def _today(now: datetime) -> date:
    return local_date(now, programme_zone(db()))


def _counts(found: Search, now: datetime) -> tuple[int, int]:
    """Return how many fit, now or once a slot is free, and how many of them are free before the month is over."""
    today = _today(now)
    last = (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    able = [one for one in found.shown if one.hint in ("", "later")]
    return len(able), sum(one.is_free_by(last) for one in able)


def _ways(needs: Needs, of_request: ForRequest | None) -> list[tuple[str, str]]:
    """Return what could be let go of, each with the address of the search without it: for a page that is empty."""
    told = {
        "product": _("Whatever product they use"), "language": _("Whatever language they speak"), "industry": _("In any industry"),
        "size": _("Of any size"), "region": _("In any region"), "worry": _("Whatever they tell of"), "role": _("In any role"),
        "needed_by": _("Without a day"), "competitor": _("Whatever they used before"),
    }  # fmt: skip
    return [(words, url_for(".find", **query_of(needs.without(name), of_request))) for name, words in told.items() if name in needs.set]


def _line(one: Candidate, *, is_asked: bool) -> tuple[Any, ...]:
    """Return a line of the file. Where nothing is asked for there is nothing to fit, so no number is told there."""
    facts = one.facts
    who = "" if one.is_veiled else ", ".join(filter(None, (facts.name, facts.title)))
    why = "; ".join(spoken(told) for told in one.reasons)
    against = " ".join(sentence(failed) for failed in one.failed)
    place = (facts.industry, facts.region, facts.size)
    return (one.fit if is_asked else "", described(one), who, *place, ", ".join(does(one)), one.slots_used, one.slots_most, why, against)

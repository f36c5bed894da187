"""The one approvals queue: what waits in every room, decided one by one, by keyboard too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions.early import NOT_SHARED
from portal.challenges.models.taking import Attempt
from portal.dashboard.forms import QueueFilter, VerdictForm
from portal.dashboard.queries.audit import Line, decided_before
from portal.dashboard.queries.deciding import decided_lately
from portal.dashboard.queries.queue import count_waiting, cursor_of, find_row, iter_waiting, together, waiting_page
from portal.dashboard.rules import VerdictUnknown, item_of
from portal.dashboard.views.desk import READ_SINGLY, all_sources, bulk_sources, chosen_sources, overdue_since, place, source_of, wanted_of
from portal.dashboard.views.home import bp
from portal.dashboard.waiting.contract import Given, Shown, WaitingSource
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.text import N_
from portal.people.queries.persons import names
from portal.review.actions.presses import forget_own, take_press
from portal.review.models import ReviewCase
from portal.review.queries.cases import cases_of
from portal.review.queries.deciders import Decider, deciders
from portal.review.queries.terms import calendar_of, terms_of
from portal.review.queries.views import views_of
from portal.review.rules.due import due_at
from portal.review.rules.refusals import NothingToUndo, NotYourVerdict
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import current_actor, reviewer
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

FIRST_OF_TWO = N_("Your approval is kept. It needs a second person’s before anything is paid.")
CSV_HEADER = ("kind", "id", "waiting_since", "due_at", "person", "company", "what", "track", "points")


@dataclass(frozen=True)
class Panel:
    """One thing in the side panel, the form of its verdicts, and which of them is open. ``people`` may take it; ``names`` by id.

    ``case`` tells whose it is, ``first`` holds a first approval, where there is one.
    """

    source: WaitingSource
    item_id: int
    shown: Shown
    form: VerdictForm
    case: ReviewCase | None
    first: ReviewCase | None
    people: Sequence[Decider]
    names: Mapping[int, str]
    due: datetime
    open: str = ""
    events: Sequence[Line] = ()
    """What was decided before and undone; answers and appeals show their verdicts instead."""

    @property
    def key(self) -> str:
        return f"{self.source.kind}-{self.item_id}"


@bp.get("/admin/approvals")
@reviewer
def approvals() -> Any:
    """What waits, oldest first; with ``item`` that one beside it. htmx asks for the side panel alone."""
    form = QueueFilter(request.args)
    if request.args.get("format") == "csv":
        return _file(form)
    item = request.args.get("item")
    if item and request.headers.get("HX-Target") == "panel":
        return render_fragment("dashboard/approvals.html", "panel", panel=_panel(item, deciders(db())), place=place(), now=utcnow())
    return queue_page(form, item)


def _file(form: QueueFilter) -> Any:
    terms = terms_of(db())
    calendar = calendar_of(db(), terms)
    lines = (
        (r.kind, r.id, r.waiting_since.isoformat(), due_at(r.waiting_since, terms.days_for(r.kind), calendar).isoformat())
        + (r.person, r.company, r.title, r.track, r.points)
        for r in iter_waiting(db(), chosen_sources(form), wanted_of(form, utcnow()))
    )
    return csv_response("waiting.csv", CSV_HEADER, lines)


def queue_page(form: QueueFilter, item: str | None, verdict_form: VerdictForm | None = None, open_verdict: str = "") -> str:
    """Return the whole page, with ``item`` or the first line in the side panel."""
    now, people = utcnow(), deciders(db())
    form.offer_owners([(one.id, one.name) for one in people if one.id != current_actor().id])
    wanted, terms = wanted_of(form, now), terms_of(db())
    counts, late = count_waiting(db(), all_sources(), wanted), replace(wanted, overdue=overdue_since(now))
    page = waiting_page(db(), chosen_sources(form), wanted, after=request.args.get("after"))
    if item is None and page.rows:
        item = f"{page.rows[0].kind}-{page.rows[0].id}"
    calendar, known = calendar_of(db(), terms), {one.id: one.name for one in people}
    return render(
        "dashboard/approvals.html",
        form=form,
        page=page,
        cases=cases_of(db(), [(row.kind, row.id) for row in page]),
        names=known,
        views=views_of(db(), current_actor().id or 0),
        counts=counts,
        sources=all_sources(),
        looks={source.kind: source.look for source in all_sources()},
        kind=form.values().get("kind", ""),
        matching=together({source.kind: counts[source.kind] for source in bulk_sources(form)}),
        read_singly=READ_SINGLY,
        waiting=together(counts),
        of_tab=together({source.kind: counts[source.kind] for source in chosen_sources(form)}),
        overdue=together(count_waiting(db(), chosen_sources(form), late)),
        decided=decided_lately(db(), all_sources(), current_actor().id or 0, now),
        sentence=sentence,
        panel=_panel(item, people, verdict_form, open_verdict) if item else None,
        place=place(),
        now=now,
        due=lambda row: due_at(row.waiting_since, terms.days_for(row.kind), calendar),
    )


def _show_again(refusal: Refusal, thing: str, item_id: int, verdict: str) -> tuple[str, int]:
    form = VerdictForm()
    form.refuse(refusal)
    return queue_page(QueueFilter(request.args), f"{thing}-{item_id}", form, verdict), refusal.status


@bp.post("/admin/approvals/<thing>/<int:item_id>/<verdict>")
@reviewer
@writes(again=_show_again)
def decide(thing: str, item_id: int, verdict: str) -> Any:
    """Give a verdict through the room's own action, then show the next line of the queue."""
    source, form = source_of(thing), VerdictForm()
    chosen = source.verdicts.get(verdict)
    if chosen is None:
        raise VerdictUnknown()
    if not form.validate():
        return queue_page(QueueFilter(request.args), f"{thing}-{item_id}", form, verdict), 422
    following = f"{thing}-{item_id}" if chosen.stays else _following(source, item_id)
    key = form.press.data
    if key and not take_press(db(), current_actor(), key=key, verdict=verdict, about=f"{thing}:{item_id}", now=utcnow()):
        flash(_("Done. You pressed twice, and it counts once."), "good")
        return _to_queue(item=following)
    decided = chosen.decide(db(), current_actor(), item_id, given_in(form), utcnow())
    done = NOT_SHARED if isinstance(decided, Attempt) else chosen.told(decided) if chosen.told else chosen.done
    flash(_(done) if decided is not None else _(FIRST_OF_TWO), "good")
    return _to_queue(item=following)


def _undo_again(refusal: Refusal, thing: str, decision_id: int) -> Response:
    says_so = isinstance(refusal, NothingToUndo | NotYourVerdict)
    flash(sentence(refusal) if says_so else _("%(why)s Your decision stands.", why=sentence(refusal)), "bad")
    return _to_queue()


@bp.post("/admin/approvals/<thing>/decisions/<int:decision_id>/undo")
@reviewer
@writes(again=_undo_again)
def undo(thing: str, decision_id: int) -> Response:
    """Undo one's own decision within the minute, through the room's own action."""
    undoing = source_of(thing).undoing
    item_id = undoing.undo(db(), current_actor(), decision_id, utcnow())
    forget_own(db(), current_actor())
    flash(_("Undone. It stands as before."), "good")
    return _to_queue(item=f"{undoing.kind}-{item_id}")


def given_in(form: VerdictForm) -> Given:
    """Return what was entered with a verdict."""
    return Given(
        reason=form.reason.data or "",
        company=form.company.data or "",
        first_id=form.first_id.data or 0,
        points=form.points.data or 0,
        category=form.category.data or "",
        stage_id=form.stage_id.data,
        agreed=form.agreed.data or 0,
    )


def _to_queue(**changes: Any) -> Response:
    return redirect(url_for("dashboard.approvals", **(place() | changes)), 303)


def _following(source: WaitingSource, item_id: int) -> str | None:
    """Return the line behind this one in the queue as it is filtered, or the first one."""
    form, own = QueueFilter(request.args), (source.kind, item_id)
    sources, wanted = chosen_sources(form), wanted_of(form, utcnow())
    row = find_row(db(), source, item_id)
    behind = waiting_page(db(), sources, wanted, after=cursor_of(row), size=1).rows if row else []
    first = waiting_page(db(), sources, wanted, size=2).rows if not behind else []
    return next((f"{line.kind}-{line.id}" for line in [*behind, *first] if (line.kind, line.id) != own), None)


def _panel(item: str, people: Sequence[Decider], form: VerdictForm | None = None, open_verdict: str = "") -> Panel:
    named = item_of(item)
    if named is None:
        raise NotFound()
    source, item_id = source_of(named[0]), named[1]
    shown = source.shown(db(), current_actor(), item_id)
    own, kept_with = (source.kind, item_id), shown.kept_with or (source.kind, item_id)
    cases = cases_of(db(), sorted({own, kept_with}))
    case, first = cases.get(own), cases.get(kept_with)
    known = {one.id: one.name for one in people}
    told = (case.owner_id if case else None, first.first_by_id if first else None)
    gone = {one for one in told if one is not None and one not in known}
    terms = terms_of(db())
    due = due_at(shown.waiting_since, terms.days_for(source.kind), calendar_of(db(), terms))
    may = [one for one in people if one.may(source.kind) and one.id not in shown.barred]
    events = decided_before(db(), source.subject(db(), item_id)) if source.undoing.kind != "attempt" else ()
    form = form or VerdictForm(formdata=None)
    return Panel(source, item_id, shown, form, case, first, may, known | (names(db(), gone) if gone else {}), due, open_verdict, events)

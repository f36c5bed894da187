"""The one approvals queue: what waits in every room, decided one by one, by keyboard too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.dashboard.forms import QueueFilter, VerdictForm
from portal.dashboard.queries.queue import count_waiting, cursor_of, find_row, iter_waiting, together, waiting_page
from portal.dashboard.rules import VerdictUnknown, is_late, item_of
from portal.dashboard.views.home import bp
from portal.dashboard.waiting.contract import Given, Shown, WaitingSource, Wanted
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.text import fold
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.templating import render, render_fragment
from portal.web.transaction import db, writes

CSV_HEADER = ("kind", "id", "waiting_since", "person", "company", "what", "track", "points")


@dataclass(frozen=True)
class Panel:
    """One thing in the side panel, the form of its verdicts, and which verdict is open."""

    source: WaitingSource
    item_id: int
    shown: Shown
    form: VerdictForm
    open: str = ""

    @property
    def key(self) -> str:
        return f"{self.source.kind}-{self.item_id}"


@bp.get("/admin/approvals")
@admin
def approvals() -> Any:
    """What waits, oldest first; with ``item`` that one beside it. htmx asks for the side panel alone."""
    form = QueueFilter(request.args)
    if request.args.get("format") == "csv":
        rows = iter_waiting(db(), chosen_sources(form), wanted_of(form))
        lines = ((r.kind, r.id, r.waiting_since.isoformat(), r.person, r.company, r.title, r.track, r.points) for r in rows)
        return csv_response("waiting.csv", CSV_HEADER, lines)
    item = request.args.get("item")
    if item and request.headers.get("HX-Target") == "panel":
        return render_fragment("dashboard/approvals.html", "panel", panel=_panel(item), place=place())
    return queue_page(form, item)


def queue_page(form: QueueFilter, item: str | None, verdict_form: VerdictForm | None = None, open_verdict: str = "") -> str:
    """Return the whole page, with ``item`` or the first line in the side panel."""
    wanted, now = wanted_of(form), utcnow()
    counts = count_waiting(db(), all_sources(), wanted)
    page = waiting_page(db(), chosen_sources(form), wanted, after=request.args.get("after"))
    if item is None and page.rows:
        item = f"{page.rows[0].kind}-{page.rows[0].id}"
    return render(
        "dashboard/approvals.html",
        form=form,
        page=page,
        counts=counts,
        sources=all_sources(),
        kind=form.values().get("kind", ""),
        matching=together({source.kind: counts[source.kind] for source in chosen_sources(form)}),
        waiting=together(counts),
        panel=_panel(item, verdict_form, open_verdict) if item else None,
        place=place(),
        now=now,
        is_late=lambda since: is_late(since, now),
    )


def _show_again(refusal: Refusal, thing: str, item_id: int, verdict: str) -> tuple[str, int]:
    form = VerdictForm()
    form.refuse(refusal)
    return queue_page(QueueFilter(request.args), f"{thing}-{item_id}", form, verdict), refusal.status


@bp.post("/admin/approvals/<thing>/<int:item_id>/<verdict>")
@admin
@writes(again=_show_again)
def decide(thing: str, item_id: int, verdict: str) -> Any:
    """Give a verdict through the room's own action, then show the next line of the queue."""
    source, form = source_of(thing), VerdictForm()
    chosen = source.verdicts.get(verdict)
    if chosen is None:
        raise VerdictUnknown()
    if not form.validate():
        return queue_page(QueueFilter(request.args), f"{thing}-{item_id}", form, verdict), 422
    following = _following(source, item_id)
    given = Given(reason=form.reason.data or "", company=form.company.data or "", first_id=form.first_id.data or 0)
    chosen.decide(db(), current_actor(), item_id, given, utcnow())
    flash(_(chosen.done), "good")
    return _to_queue(item=following)


def _to_queue(**changes: Any) -> Response:
    return redirect(url_for("dashboard.approvals", **(place() | changes)), 303)


def _following(source: WaitingSource, item_id: int) -> str | None:
    """Return the line behind this one in the queue as it is filtered, or the first one."""
    form, own = QueueFilter(request.args), (source.kind, item_id)
    sources, wanted = chosen_sources(form), wanted_of(form)
    row = find_row(db(), source, item_id)
    behind = waiting_page(db(), sources, wanted, after=cursor_of(row), size=1).rows if row else []
    first = waiting_page(db(), sources, wanted, size=2).rows if not behind else []
    return next((f"{line.kind}-{line.id}" for line in [*behind, *first] if (line.kind, line.id) != own), None)


def _panel(item: str, form: VerdictForm | None = None, open_verdict: str = "") -> Panel:
    named = item_of(item)
    if named is None:
        raise NotFound()
    source, item_id = source_of(named[0]), named[1]
    shown = source.shown(db(), current_actor(), item_id)
    return Panel(source, item_id, shown, form or VerdictForm(formdata=None), open_verdict)


def all_sources() -> Sequence[WaitingSource]:
    """Return what may wait, one source a room, as listed in ``app.py``."""
    found: Sequence[WaitingSource] = current_app.extensions["waiting_sources"]
    return found


def chosen_sources(form: QueueFilter) -> Sequence[WaitingSource]:
    """Return the source of the tab that is open, or all."""
    kind = form.values().get("kind")
    return [source for source in all_sources() if source.kind == kind] or all_sources()


def source_of(kind: str) -> WaitingSource:
    """Return the source of a kind. Refuses: NotFound."""
    for source in all_sources():
        if source.kind == kind:
            return source
    raise NotFound()


def wanted_of(form: QueueFilter) -> Wanted:
    """Return what the queue is filtered by."""
    asked = form.values()
    days = asked.get("age")
    return Wanted(q=fold(asked.get("q", "")), track=asked.get("track", ""), until=utcnow() - timedelta(days=int(days)) if days else None)


def place() -> dict[str, Any]:
    """Return where in the queue the reader is, for coming back there."""
    return {name: request.args[name] for name in ("q", "track", "age", "kind", "after") if request.args.get(name)}

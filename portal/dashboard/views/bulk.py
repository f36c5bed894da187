"""Deciding many at once, approving or asking for more with one reason: the chosen lines, or all that match the filter.

Each in its own transaction; what is refused stops nothing else.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.challenges.rules.refusals import ReasonMissing
from portal.dashboard.forms import BulkForm, QueueFilter
from portal.dashboard.queries.queue import rows_of, waiting_page
from portal.dashboard.rules import BULK_SIZE, NothingChosen, item_of
from portal.dashboard.views.approvals import FIRST_OF_TWO, queue_page
from portal.dashboard.views.desk import all_sources, bulk_sources, place, source_of, wanted_of
from portal.dashboard.views.home import bp
from portal.dashboard.waiting.contract import APPROVE, MORE, Given
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.web.errors import sentence
from portal.web.guards import current_actor, reviewer
from portal.web.language import number
from portal.web.paging import Page
from portal.web.templating import render
from portal.web.transaction import database, writes_in_steps

SHOWN = 200


@dataclass(frozen=True)
class Refused:
    """One line that could not be decided, and why."""

    key: str
    what: str
    why: str


def _nothing_again(refusal: Refusal) -> tuple[str, int]:
    flash(sentence(refusal), "bad")
    return queue_page(QueueFilter(request.args), None), refusal.status


@bp.post("/admin/approvals/approve")
@reviewer
@writes_in_steps(again=_nothing_again)
def approve_many() -> Any:
    """Approve the chosen lines, or ask them all for more; or, a hundred a step, all that match the filter and waited when the page was shown."""
    form, actor = BulkForm(), current_actor()
    verdict = form.verdict.data if form.verdict.data in (APPROVE, MORE) else APPROVE
    if verdict == MORE and not (form.reason.data or "").strip():
        raise ReasonMissing()
    page = _all(form) if form.scope.data == "all" else _chosen(form)
    if not page.rows and not form.after.data:
        raise NothingChosen()
    refused = [found for row in page.rows if (found := _decide(actor, row, verdict, Given(reason=form.reason.data or "")))]
    approved = (form.approved.data or 0) + len(page.rows) - len(refused)
    refused = [*(Refused(*text.split("|", 2)) for text in form.refused.data or [] if text.count("|") >= 2), *refused]
    if page.next is None and not refused:
        if verdict == MORE:
            flash(ngettext("%(n)s advocate was asked for more.", "%(n)s advocates were asked for more.", approved, n=number(approved)), "good")
        else:
            flash(ngettext("%(n)s line approved.", "%(n)s lines approved.", approved, n=number(approved)), "good")
        return redirect(url_for("dashboard.approvals", **_back()), 303)
    return render(
        "dashboard/bulk.html",
        form=form,
        verdict=verdict,
        approved=approved,
        refused=refused[:SHOWN],
        refusals=len(refused),
        after=page.next,
        place=_back(),
    )


def _back() -> dict[str, Any]:
    """Return the queue's filters without the page, which is worked off."""
    return {name: value for name, value in place().items() if name != "after"}


def _all(form: BulkForm) -> Page:
    asked = QueueFilter(request.args)
    sources = bulk_sources(asked)
    if not sources:
        return Page([], None)
    wanted, shown_at = wanted_of(asked, utcnow()), _moment(form.until.data)
    wanted = replace(wanted, until=min(wanted.until or shown_at, shown_at))
    with database().reading() as session:
        return waiting_page(session, sources, wanted, after=form.after.data, size=BULK_SIZE)


def _moment(text: str | None) -> datetime:
    """Return when the page was shown, or now where that cannot be read."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return utcnow()
    return found if found.tzinfo else utcnow()


def _chosen(form: BulkForm) -> Page:
    keys = [named for key in form.item.data or [] if (named := item_of(key))]
    with database().reading() as session:
        return Page(rows_of(session, all_sources(), keys[:BULK_SIZE]), None)


def _decide(actor: Actor, row: Any, name: str, given: Given) -> Refused | None:
    """Decide one line in its own transaction; return why not, if it is refused, or that it waits for a second approval."""
    what = f"{row.title}, {row.person}".replace("|", "/")
    verdict = source_of(row.kind).verdicts.get(name)
    if verdict is None:
        said = _("Only answers to challenges can be asked for more.") if name == MORE else _("This needs an answer in words, so open it by itself.")
        return Refused(f"{row.kind}-{row.id}", what, said)
    try:
        decided = database().write(lambda session: (verdict.among_many or verdict.decide)(session, actor, row.id, given, utcnow()))
    except Refusal as refusal:
        return Refused(f"{row.kind}-{row.id}", what, sentence(refusal))
    return None if decided is not None else Refused(f"{row.kind}-{row.id}", what, _(FIRST_OF_TWO))

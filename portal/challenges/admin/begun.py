"""The reviewers' doors to what members have begun and not sent: the list, one of it, and accepting what is there."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions import review
from portal.challenges.admin.editor import bp
from portal.challenges.forms.editing import BegunFilter, ReasonForm
from portal.challenges.models.deciding import Verdict
from portal.challenges.queries.begun import begun_for, iter_begun, list_begun
from portal.challenges.queries.own import challenge_of
from portal.challenges.rules.states import OUTCOME_NAMES, SHOWN_STATE_NAMES
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.queries.persons import get_person, names
from portal.web.exports import csv_response
from portal.web.guards import current_actor, reviewer
from portal.web.templating import render
from portal.web.transaction import db, writes

CSV_HEADER = ("id", "person", "company", "challenge", "state", "since")


@bp.get("/begun")
@reviewer
def all_begun() -> Any:
    """What was begun and not sent, so that somebody who needs it can have it accepted as it is."""
    form = BegunFilter(request.args)
    if request.args.get("format") == "csv":
        rows = (
            (row.id, row.person, row.company, row.title, row.state, row.changed_at.isoformat())
            for row in iter_begun(db(), current_actor(), **form.values())
        )
        return csv_response("begun.csv", CSV_HEADER, rows)
    page = list_begun(db(), current_actor(), **form.values(), after=request.args.get("after"))
    return render("challenges/admin/all_begun.html", form=form, page=page, names=SHOWN_STATE_NAMES)


@bp.get("/begun/<int:submission_id>")
@reviewer
def begun(submission_id: int) -> str:
    """How far somebody is with a challenge, and accepting what is there. What they entered is not shown."""
    return begun_page(submission_id)


def begun_page(submission_id: int, *, form: ReasonForm | None = None, refusal: Refusal | None = None, refused: str = "") -> str:
    """Return that page; ``refusal`` and the ``form`` say why nothing was accepted."""
    found = begun_for(db(), current_actor(), submission_id)
    submission = found.submission
    return render(
        "challenges/admin/begun.html",
        found=found,
        submission=submission,
        challenge=challenge_of(db(), submission),
        person=get_person(db(), submission.person_id),
        is_own=submission.person_id == current_actor().id,
        outcomes=OUTCOME_NAMES,
        deciders=names(db(), {verdict.decided_by_id for verdict in found.verdicts if verdict.decided_by_id is not None}),
        form=form or ReasonForm(formdata=None),
        refusal=refusal,
        refused=refused,
    )


def _again(refusal: Refusal, submission_id: int) -> tuple[str, int]:
    """Show it as it now stands, with what was typed."""
    form = ReasonForm()
    if refusal.field == "reason":
        form.refuse(refusal)
        return begun_page(submission_id, form=form, refused=request.endpoint or ""), refusal.status
    return begun_page(submission_id, form=form, refusal=refusal, refused=request.endpoint or ""), refusal.status


@bp.post("/submissions/<int:submission_id>/accept")
@reviewer
@writes(again=_again)
def accept(submission_id: int) -> Response | tuple[str, int]:
    """Accept what was entered so far although later steps are unfinished."""
    form = ReasonForm()
    if not form.validate():
        return begun_page(submission_id, form=form, refused=request.endpoint or ""), 422
    given = {"reason": form.reason.data or "", "points": form.points.data}
    verdict = review.accept_early(db(), current_actor(), submission_id=submission_id, **given, now=utcnow())
    tell_approved(verdict)
    # Who is no admin has no page of a submission: the queue shows them what they decided, with the way back.
    page = url_for(".submission", submission_id=submission_id) if current_actor().is_admin else url_for("dashboard.approvals")
    return redirect(page, 303)


def tell_approved(verdict: Verdict | None) -> None:
    """Say whether that was all, or the first of two approvals."""
    flash(_("Approved and paid.") if verdict else _("Your approval is kept. It needs a second person’s before anything is paid."), "good")

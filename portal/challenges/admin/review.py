"""The reviewers' doors: the submissions of a challenge, one submission with its attempts, and the verdicts."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions import review
from portal.challenges.actions.early import NOT_SHARED, say_no
from portal.challenges.actions.links import look_again as look_at_link
from portal.challenges.actions.verdicts import KIND
from portal.challenges.admin.begun import begun_page, tell_approved
from portal.challenges.admin.editor import bp
from portal.challenges.forms.editing import ReasonForm, SubmissionFilter
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt
from portal.challenges.queries import editing as queries
from portal.challenges.queries.begun import why_not_early
from portal.challenges.queries.review import attempt_for_review, submission_for_review
from portal.challenges.queries.shown import shown_state
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules.states import ATTEMPT_STATE_NAMES, OUTCOME_NAMES, SHOWN_STATE_NAMES
from portal.challenges.rules.verdicts import CATEGORY_NAMES
from portal.challenges.stages.registry import KINDS
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.people.queries.persons import names as names_of
from portal.review.queries.cases import cases_of
from portal.web.addresses import id_number
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor, reviewer
from portal.web.redirects import came_from
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/<int:challenge_id>/submissions")
@admin
def submissions(challenge_id: int) -> Any:
    """Who took part in a challenge, and how it stands."""
    challenge, form = get_challenge(db(), challenge_id), SubmissionFilter(request.args)
    statement = queries.submissions_statement(challenge_id, **form.values())
    if request.args.get("format") == "csv":
        header = ["id", "person", "company", "state", "period", "nth", "attempts", "started_at", "last_sent_at", "paid"]
        rows = (
            [r.Submission.id, r.person, r.company, _state(r.Submission, r.shown), r.Submission.period_key, r.Submission.nth, r.Submission.attempts]
            + [r.Submission.started_at.isoformat(), r.last_sent_at.isoformat() if r.last_sent_at else "", r.Submission.paid]
            for r in queries.all_submissions(db(), statement)
        )
        return csv_response(f"challenge-{challenge_id}-submissions.csv", header, rows)
    page = queries.page_of_submissions(db(), statement, after=request.args.get("after"))
    figures = queries.figures_of(db(), challenge_id)
    return render("challenges/admin/submissions.html", challenge=challenge, form=form, page=page, figures=figures, names=SHOWN_STATE_NAMES)


def _state(submission: Any, shown: str) -> str:
    return "withdrawn" if submission.dropped_at else shown


@bp.get("/submissions/<int:submission_id>")
@admin
def submission(submission_id: int) -> str:
    """One submission: its attempts, what was decided, and what can be decided."""
    return _submission_page(submission_id)


def _submission_page(submission_id: int, *, form: ReasonForm | None = None, refusal: Refusal | None = None, refused: str = "") -> str:
    found = submission_for_review(db(), current_actor(), submission_id)
    names = {"attempt_states": ATTEMPT_STATE_NAMES, "outcomes": OUTCOME_NAMES, "states": SHOWN_STATE_NAMES, "categories": CATEGORY_NAMES}
    if found is None:
        return begun_page(submission_id, form=form, refusal=refusal, refused=refused)
    case = cases_of(db(), [(KIND, found.attempt.id)]).get((KIND, found.attempt.id))
    has_approved = case is not None and case.first_by_id == current_actor().id and case.first_points == found.attempt.points
    told = {"form": form or ReasonForm(formdata=None), "refusal": refusal, "refused": refused}
    about = {"is_own": found.is_own(current_actor()), "has_approved": has_approved, "shown": shown_state(db(), submission_id), "case": case}
    about |= {"why": why_not_early(db(), found.submission)}
    about |= {"first": names_of(db(), [case.first_by_id]) if case and case.first_by_id else {}}
    return render("challenges/admin/submission.html", review=found, kinds=KINDS, **told, **about, **names)


def _attempt_again(refusal: Refusal, attempt_id: int) -> tuple[str, int]:
    found = attempt_for_review(db(), current_actor(), attempt_id)
    return _again(refusal, found.submission.id)


def _again(refusal: Refusal, submission_id: int) -> tuple[str, int]:
    """Show the submission as it now stands: what was typed stays in its form, a sentence that belongs to no field stands above."""
    form = ReasonForm()
    if refusal.field in ("reason", "points"):
        form.refuse(refusal)
        return _submission_page(submission_id, form=form, refused=request.endpoint or ""), refusal.status
    return _submission_page(submission_id, form=form, refusal=refusal), refusal.status


def _decide(attempt_id: int, act: Callable[..., Any], text: str, **facts: Any) -> Response:
    verdict = act(db(), current_actor(), attempt_id=attempt_id, now=utcnow(), **facts)
    flash(text, "good")
    return redirect(url_for(".submission", submission_id=verdict.submission_id), 303)


@bp.post("/attempts/<int:attempt_id>/approve")
@admin
@writes(again=_attempt_again)
def approve(attempt_id: int) -> Response | tuple[str, int]:
    """Approve and pay, once. Points that cannot be read are asked for again, never taken for all of them."""
    form = ReasonForm()
    if not form.validate():
        return _unread(form, attempt_for_review(db(), current_actor(), attempt_id).submission.id)
    verdict = review.give_approval(db(), current_actor(), attempt_id=attempt_id, note=form.reason.data or "", points=form.points.data, now=utcnow())
    return _approved(verdict, attempt_for_review(db(), current_actor(), attempt_id).submission.id)


def _unread(form: ReasonForm, submission_id: int) -> tuple[str, int]:
    return _submission_page(submission_id, form=form, refused=request.endpoint or ""), 422


def _approved(verdict: Verdict | None, submission_id: int) -> Response:
    tell_approved(verdict)
    return redirect(url_for(".submission", submission_id=submission_id), 303)


@bp.post("/attempts/<int:attempt_id>/more")
@admin
@writes(again=_attempt_again)
def more(attempt_id: int) -> Response:
    """Ask for something more."""
    return _decide(attempt_id, review.ask_for_more, _("Sent back with your question."), reason=ReasonForm().reason.data or "")


@bp.post("/attempts/<int:attempt_id>/decline")
@admin
@writes(again=_attempt_again)
def decline(attempt_id: int) -> Response:
    """Decline with a reason."""
    given = {"reason": ReasonForm().reason.data or "", "category": ReasonForm().category.data}
    said = say_no(db(), current_actor(), attempt_id=attempt_id, **given, now=utcnow())
    flash(_(NOT_SHARED) if isinstance(said, Attempt) else _("Declined. The advocate reads your reason."), "good")
    return redirect(url_for(".submission", submission_id=said.submission_id), 303)


@bp.post("/submissions/<int:submission_id>/reverse")
@admin
@writes(again=_again)
def reverse(submission_id: int) -> Response:
    """Take an approval back, and with it the points."""
    reason = ReasonForm().reason.data or ""
    review.reverse_approval(db(), current_actor(), submission_id=submission_id, reason=reason, now=utcnow())
    flash(_("The approval and its points are taken back."), "good")
    return redirect(url_for(".submission", submission_id=submission_id), 303)


@bp.post("/submissions/<int:submission_id>/links")
@reviewer
@writes
def look_again(submission_id: int) -> Response:
    """Have the worker look once more whether a shared page is there."""
    stage_id, url = request.form.get("stage_id", type=id_number), request.form.get("url", "")
    if stage_id is None:
        raise NotFound()
    look_at_link(db(), current_actor(), submission_id=submission_id, stage_id=stage_id, url=url, now=utcnow())
    flash(_("The page is being looked at. Open this again in a moment."), "info")
    return redirect(came_from() or url_for("dashboard.approvals"), 303)

"""Dead letters: jobs that were given up after ten tries, and the way to try them again."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.notifications import actions, queries
from portal.notifications.forms import DeadLetterFilter
from portal.notifications.models import OutboxJob
from portal.notifications.rules import MAIL_TOPIC, Recorder
from portal.notifications.wording import subject_of
from portal.web.errors import sentence
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("notifications_admin", __name__, url_prefix="/admin/jobs")
COLUMNS = ["id", "job", "kind", "to", "tries", "error", "created_at", "dead_at"]


@bp.get("/dead")
@admin
def dead_letters() -> Any:
    """What could not be done, why, and the button to try again."""
    form = _filter()
    asked = form.values()
    term, topic = asked.get("q"), asked.get("topic")
    if request.args.get("format") == "csv":
        rows = [
            [job.id, job.topic, job.payload.get("kind"), _address(job.payload), job.tries, job.last_error, job.created_at, job.dead_at]
            for job in queries.all_dead_letters(db(), term=term, topic=topic)
        ]
        return csv_response("dead-letters.csv", COLUMNS, rows)
    page = queries.dead_letters(db(), term=term, topic=topic, after=request.args.get("after"))
    state = queries.outbox_state(db(), now=utcnow())
    return render("notifications/dead_letters.html", page=page, form=form, asked=asked, place=_place(), state=state, address=_address, about=_about)


def _stay(refusal: Refusal, job_id: int) -> Response:
    flash(sentence(refusal), "info")
    return redirect(url_for(".dead_letters", **_place()), 303)


@bp.post("/dead/<int:job_id>/retry")
@admin
@writes(again=_stay)
def retry_job(job_id: int) -> Response:
    """Try one dead letter again."""
    actions.retry_job(db(), current_actor(), job_id=job_id, now=utcnow(), record=_recorder())
    flash(_("The job is being tried again."), "good")
    return redirect(url_for(".dead_letters", **_place()), 303)


@bp.post("/dead/retry")
@admin
@writes
def retry_jobs() -> Response:
    """Try all dead letters again that match the filter in the address."""
    asked = _filter().values()
    count = actions.retry_jobs(db(), current_actor(), term=asked.get("q"), topic=asked.get("topic"), now=utcnow(), record=_recorder())
    flash(ngettext("%(num)s job is being tried again.", "%(num)s jobs are being tried again.", count), "good" if count else "info")
    return redirect(url_for(".dead_letters"), 303)


def _place() -> dict[str, Any]:
    """Return filter and page of the list, for coming back there."""
    return {name: request.args[name] for name in ("q", "topic", "after") if request.args.get(name)}


def _filter() -> DeadLetterFilter:
    form = DeadLetterFilter(request.args)
    form.topic.choices = [SelectChoice("", _("All")), *[SelectChoice(topic, _topic_name(topic)) for topic in queries.dead_topics(db())]]
    return form


def _about(job: OutboxJob) -> str:
    """Return what the job is about: the subject of a mail, the name of any other."""
    return subject_of(job.payload["kind"], job.payload["data"]) if job.topic == MAIL_TOPIC else _topic_name(job.topic)


def _topic_name(topic: str) -> str:
    """Return what such a job is called; the topic itself for one that an earlier version had."""
    name = current_app.extensions["job_names"].get(topic)
    return _(name) if name else topic


def _address(payload: dict[str, Any]) -> str:
    to = payload.get("to")
    return str(to.get("email") or "") if isinstance(to, dict) else ""


def _recorder() -> Recorder:
    found: Recorder = current_app.extensions["record_audit"]
    return found

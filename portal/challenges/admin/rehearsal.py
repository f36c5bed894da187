"""The admins' door to a test run: a challenge walked as a member would, and nothing of it kept.

What was entered travels in the page itself, signed, so that there is no row to forget; the session
only reads, so that the database would refuse one. A file is looked into and gone when the answer is there.
"""

from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_login import current_user
from itsdangerous import BadData, URLSafeSerializer

from portal.challenges.admin.editor import bp
from portal.challenges.forms.answering import PlainForm, step_form
from portal.challenges.models.offering import Stage
from portal.challenges.queries.rehearsal import NOT_KEPT, Run, run_of
from portal.challenges.queries.stages import gaps_of, stage_for
from portal.challenges.stages.contract import StageKind, Step, Stored, Value, file_control
from portal.challenges.stages.registry import stage_kind
from portal.files.receiving import Received
from portal.files.uploads import look_at
from portal.kernel.errors import Refusal
from portal.web.addresses import id_number
from portal.web.guards import admin
from portal.web.language import reader
from portal.web.templating import render
from portal.web.transaction import db, writes_in_steps

Values = dict[int, Value]


@dataclass(frozen=True)
class NotKept:
    """A file that was accepted and is gone: what a step would have stored of it, under an id that no file has."""

    filename: str
    size: int
    is_image: bool
    id: int = NOT_KEPT


@bp.get("/<int:challenge_id>/test")
@admin
def rehearse(challenge_id: int) -> str:
    """Begin a test run."""
    return _shown(challenge_id, {})


@bp.post("/<int:challenge_id>/test")
@admin
@writes_in_steps
def rehearse_at(challenge_id: int) -> str:
    """Go to another step of the test run, or send it, which only says what would happen."""
    values = _carried(challenge_id)
    return _shown(challenge_id, values, step_id=request.form.get("open", type=id_number), is_sent="send" in request.form)


@bp.post("/<int:challenge_id>/test/<int:stage_id>")
@admin
@writes_in_steps
def rehearse_step(challenge_id: int, stage_id: int) -> Any:
    """Let the kind of a step judge what was entered, and go on where it is done."""
    stage, values = stage_for(db(), challenge_id, stage_id), _carried(challenge_id)
    form, (kind, step) = step_form(stage, {}, filled=True), _kind(stage)
    if not form.validate():
        return _shown(challenge_id, values, step_id=stage_id, form=form), 422
    try:
        value = _read(stage, form, values.get(stage_id, {}))
        if (refusal := kind.problem(step, value)) is None or kind.keeps_tries:
            values[stage_id] = value
        if refusal is not None:
            raise refusal
    except Refusal as refusal:
        shown = step_form(stage, values[stage_id], is_trial=True) if kind.keeps_tries and stage_id in values else form
        shown.refuse(refusal)
        return _shown(challenge_id, values, step_id=stage_id, form=shown), 422
    return _shown(challenge_id, values, is_sent=run_of(db(), challenge_id, values).rehearsal.is_whole)


def _kind(stage: Stage) -> tuple[StageKind, Step]:
    return stage_kind(stage.kind), Step.of(stage, str(reader().locale))


def _read(stage: Stage, form: Any, before: Value) -> Value:
    """Return what the step would store of an answer that somebody says is finished."""
    kind, step = _kind(stage)
    before = {} if kind.is_settled(step, before) else before
    given, asked = form.given(), file_control(kind, step)
    if asked:
        given[asked[0]] = look_at(given[asked[0]], asked[1].purpose)
    return kind.rehearsed(step, kind.finish(step, kind.read(step, given, before, _not_kept), before))


def _not_kept(received: Received) -> Stored:
    return NotKept(received.filename, received.size, received.media_type.startswith("image/"))


def _shown(challenge_id: int, values: Values, *, step_id: int | None = None, form: Any = None, is_sent: bool = False) -> str:
    run = run_of(db(), challenge_id, values)
    step = None if is_sent and run.rehearsal.is_whole else run.step(step_id)
    if step is not None and form is None:
        form = step_form(step.stage, step.value or {}, is_trial=True)
    shown: dict[str, Any] = {"run": run, "step": step, "form": form, "is_sent": is_sent, "carried": _packed(challenge_id, run)}
    return render("challenges/admin/test.html", **shown, gaps=gaps_of(run.version, [one.stage for one in run.steps]), plain=PlainForm(formdata=None))


def _signer(challenge_id: int) -> URLSafeSerializer:
    """Return what signs the answers of one admin's test run of one challenge: kinds read what they have written themselves, and nothing else."""
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"test-run:{current_user.id}:{challenge_id}")


def _packed(challenge_id: int, run: Run) -> str:
    values = {str(one.stage.id): one.value for one in run.steps if one.value is not None}
    return str(_signer(challenge_id).dumps(values))


def _carried(challenge_id: int) -> Values:
    """Return what was entered so far; nothing, if what came is not what a page of ours carried."""
    try:
        return {int(stage_id): value for stage_id, value in _signer(challenge_id).loads(request.form.get("carried", "")).items()}
    except BadData:
        return {}

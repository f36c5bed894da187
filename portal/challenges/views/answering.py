"""A challenge and its steps: look, start, answer, save for later, send, withdraw."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.challenges.actions import appealing
from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.locking import lock_submission
from portal.challenges.actions.referring import require_new_peer
from portal.challenges.actions.starting import start_submission
from portal.challenges.forms.answering import AppealForm, DismissForm, PlainForm, step_form
from portal.challenges.models.offering import Stage
from portal.challenges.models.taking import Submission
from portal.challenges.queries.own import find_attempt, submission_for
from portal.challenges.queries.page import ChallengePage, StepView, challenge_page
from portal.challenges.queries.stages import answers_of, get_submission, own_stage
from portal.challenges.rules.comparing import FIELD_NAMES
from portal.challenges.rules.dismissing import WHY_NAMES
from portal.challenges.rules.refusals import ChangedElsewhere
from portal.challenges.rules.revising import Seen, revision_of
from portal.challenges.rules.states import ATTEMPT_STATE_NAMES, OUTCOME_NAMES, PERIOD_NAMES, AttemptState, SubmissionState
from portal.challenges.stages.contract import StageKind, Step, Stored, Value, file_control
from portal.challenges.stages.registry import stage_kind
from portal.challenges.views.lists import bp
from portal.files.actions import store_upload
from portal.files.receiving import Received
from portal.files.uploads import take_in
from portal.kernel.clock import utcnow
from portal.kernel.errors import Refusal
from portal.people.actions.throttles import count_try
from portal.web.addresses import id_number
from portal.web.errors import sentence
from portal.web.guards import advocate, current_actor
from portal.web.language import clock, reader, span
from portal.web.templating import render
from portal.web.transaction import database, db, let_go, writes


@bp.get("/challenges/<int:challenge_id>")
@advocate
def show(challenge_id: int) -> Any:
    """A challenge: its text, its steps, where the reader stands."""
    page = challenge_page(db(), current_user.id, challenge_id, utcnow())
    return show_page(page, step_id=request.args.get("step", type=id_number))


@bp.get("/challenges/submissions/<int:submission_id>")
@bp.get("/challenges/submissions/<int:submission_id>/steps/<int:stage_id>")
@advocate
def of_submission(submission_id: int, stage_id: int | None = None) -> Response:
    """Lead from the address under which an answer was sent to its challenge, for who opens that again."""
    submission = submission_for(db(), current_user.id, submission_id)
    return redirect(url_for(".show", challenge_id=submission.challenge_id, step=stage_id), 303)


def show_page(
    page: ChallengePage,
    *,
    step_id: int | None = None,
    form: Any = None,
    refusal: Refusal | None = None,
    dismiss: DismissForm | None = None,
    changed: dict[str, Any] | None = None,
) -> str:
    """Render the page with the form of the step it stands at; ``dismiss`` is the form of putting it aside as it was filled in.

    ``changed``: what ``form`` holds was not saved, since another text was saved elsewhere; its sentence and that one's revision.
    """
    step = page.step(step_id) if page.can_answer else None
    if step and form is None:
        form = step_form(step.stage, step.answer.value if step.answer else {})
    if step and form.seen.data is None:
        form.seen.data = revision_of(step.answer.saved_at if step.answer else None)
    usual = span(page.review_time) if page.review_time else None
    names = {"attempt_states": ATTEMPT_STATE_NAMES, "outcomes": OUTCOME_NAMES, "field_names": FIELD_NAMES, "period_names": PERIOD_NAMES}
    forms = {"form": form, "plain": PlainForm(), "dismissing": dismiss or DismissForm(formdata=None), "why_names": WHY_NAMES, "changed": changed}
    return render("challenges/show.html", page=page, step=step, refusal=refusal, usual=usual, is_preview=False, **forms, **names)


def _start_again(refusal: Refusal, challenge_id: int) -> tuple[str, int]:
    page = challenge_page(db(), current_user.id, challenge_id, utcnow())
    return show_page(page, refusal=refusal), refusal.status


@bp.post("/challenges/<int:challenge_id>/start")
@advocate
@writes(again=_start_again)
def start(challenge_id: int) -> Response:
    """Begin; where something is under way already, go on with that."""
    start_submission(db(), current_actor(), challenge_id=challenge_id, person_id=current_user.id, now=utcnow())
    return redirect(url_for(".show", challenge_id=challenge_id), 303)


def _step_again(refusal: Refusal, submission_id: int, stage_id: int) -> tuple[str, int]:
    """Show the step once more with what was typed, and why it was refused beside the field."""
    submission = submission_for(db(), current_user.id, submission_id)
    page = challenge_page(db(), current_user.id, submission.challenge_id, utcnow(), submission_id=submission_id)
    step = page.step(stage_id) if page.can_answer else None
    if step is None or step.stage.id != stage_id:
        return show_page(page, refusal=refusal), refusal.status
    form = step_form(step.stage, {}, filled=True)
    form.validate()
    if isinstance(refusal, ChangedElsewhere):
        # The two are shown to choose between; the sentence stands beside the buttons.
        return show_page(page, step_id=stage_id, form=form, changed=_changed(refusal, step)), refusal.status
    form.refuse(refusal)
    return show_page(page, step_id=stage_id, form=form), refusal.status


def _changed(refusal: Refusal, step: StepView) -> dict[str, Any]:
    return {"text": sentence(refusal), "revision": revision_of(step.answer.saved_at if step.answer else None)}


def _keep_again(refusal: Refusal, submission_id: int, stage_id: int) -> tuple[str, int]:
    """The same; to what saved itself, in one line where else stands when it was saved."""
    if "HX-Request" not in request.headers:
        return _step_again(refusal, submission_id, stage_id)
    submission = submission_for(db(), current_user.id, submission_id)
    told: dict[str, Any] = {"text": sentence(refusal)}
    if isinstance(refusal, ChangedElsewhere):
        told["revision"] = revision_of(answers_of(db(), submission_id)[stage_id].saved_at)
    # No failure of the page: one that is being left, since somebody pressed a button meanwhile, hears this too, and nobody reads it.
    status = 200 if isinstance(refusal, ChangedElsewhere) else refusal.status
    return render("challenges/_not_saved.html", changed=told, submission=submission, stage_id=stage_id), status


def _seen() -> Seen | None:
    """Return what of the step the page showed, or that its reader writes over what is there now. A button asks as what saves itself does."""
    revision = request.form.get("over") or request.form.get("seen")
    return None if revision is None else Seen(revision)


def _received(submission_id: int, stage_id: int) -> Received | None:
    """Take in the file of a step that asks for one, before the unit of work. A form that did not arrive whole is told so first."""
    _submission, stage = _taken(submission_id, stage_id)
    form, asked = step_form(stage, {}, filled=True), file_control(*_kind(stage))
    return take_in(form.given()[asked[0]], asked[1].purpose) if asked and form.validate() else None


def _received_once(submission_id: int, stage_id: int) -> Received | None:
    """The same for sending: what was sent with this key already needs no file again, and what is approved takes none."""
    submission, stage = _taken(submission_id, stage_id)
    sent = find_attempt(db(), submission.id, step_form(stage, {}, filled=True).key.data)
    return None if sent or submission.state == SubmissionState.APPROVED else _received_counted(submission_id, stage_id)


def _received_counted(submission_id: int, stage_id: int) -> Received | None:
    """The same for a step that is said to be done: where its kind limits that, the try counts, whatever comes of it."""
    _submission, stage = _taken(submission_id, stage_id)
    _count_try(stage)
    return _received(submission_id, stage_id)


def _count_try(stage: Stage) -> None:
    limit = stage_kind(stage.kind).tries
    if limit is not None:
        person_id, now = current_user.id, utcnow()
        let_go()
        database().write(lambda session: count_try(session, limit, str(person_id), now))


@bp.post("/challenges/submissions/<int:submission_id>/steps/<int:stage_id>")
@advocate
@writes(first=_received_counted, again=_step_again)
def answer(submission_id: int, stage_id: int, ready: Received | None) -> Any:
    """Save a finished step and go on to the next."""
    submission, stage = _taken(submission_id, stage_id)
    form, value = _read(submission, stage, ready, is_done=True)
    if not form.validate():
        return _invalid(submission, stage, form)
    if tried := _kept_try(submission, stage, value):
        return tried
    require_new_peer(db(), submission, stage, value, utcnow())
    save_answers(db(), current_actor(), submission_id=submission_id, values={stage_id: value}, now=utcnow(), seen=_seen())
    is_told = stage_kind(stage.kind).keeps_tries
    return redirect(
        url_for(".show", challenge_id=submission.challenge_id, step=stage_id if is_told else None, _anchor="step" if is_told else None), 303
    )


@bp.post("/challenges/submissions/<int:submission_id>/steps/<int:stage_id>/keep")
@advocate
@writes(first=_received, again=_keep_again)
def keep(submission_id: int, stage_id: int, ready: Received | None) -> Any:
    """Save an unfinished step, by itself while somebody types, or with "Save for later"."""
    submission, stage = _taken(submission_id, stage_id)
    form, value = _read(submission, stage, ready)
    if not form.validate():
        return _invalid(submission, stage, form)
    now, is_by_script = utcnow(), "HX-Request" in request.headers
    save_answers(db(), current_actor(), submission_id=submission_id, values={stage_id: value}, now=now, seen=_seen())
    if is_by_script:
        return render("challenges/_saved.html", time=clock(now), revision=revision_of(answers_of(db(), submission_id)[stage_id].saved_at))
    flash(_("Saved. You can go on at any time, on any device."), "good")
    return redirect(url_for(".show", challenge_id=submission.challenge_id, step=stage_id), 303)


@bp.post("/challenges/submissions/<int:submission_id>/steps/<int:stage_id>/send")
@advocate
@writes(first=_received_once, again=_step_again)
def send(submission_id: int, stage_id: int, ready: Received | None) -> Any:
    """Save the last step and send everything for approval. The form's key makes a second click the same attempt.

    What comes after the approval is recorded as such, and nothing of it is kept: no answer and no file.
    """
    submission, stage = _taken(submission_id, stage_id)
    form = step_form(stage, {}, filled=True)
    attempt = find_attempt(db(), submission_id, form.key.data)
    if attempt is None and lock_submission(db(), submission_id).state == SubmissionState.APPROVED:
        plain = PlainForm()
        if not plain.validate():
            return _invalid(submission, stage, plain)
        attempt = submit_attempt(db(), current_actor(), submission_id=submission_id, key=form.key.data, now=utcnow())
    if attempt is None:
        form, value = _read(submission, stage, ready, is_done=True)
        if not form.validate():
            return _invalid(submission, stage, form)
        if tried := _kept_try(submission, stage, value):
            return tried
        sent = {"submission_id": submission_id, "key": form.key.data, "values": {stage_id: value}, "seen": _seen()}
        attempt = submit_attempt(db(), current_actor(), **sent, now=utcnow())
    if attempt.state == AttemptState.WAITING:
        flash(_("Sent. You will hear from us here and by mail."), "good")
    elif attempt.state == AttemptState.CLOSED:
        flash(_("This was approved already, so nothing was changed by what you sent now."), "warn")
    return redirect(url_for(".show", challenge_id=submission.challenge_id), 303)


def _appeal_again(refusal: Refusal, submission_id: int) -> Response:
    flash(sentence(refusal), "bad")
    submission = submission_for(db(), current_user.id, submission_id)
    return redirect(url_for(".show", challenge_id=submission.challenge_id), 303)


@bp.post("/challenges/submissions/<int:submission_id>/appeal")
@advocate
@writes(again=_appeal_again)
def appeal(submission_id: int) -> Response:
    """Ask for another reviewer's eyes on a decline."""
    made = appealing.appeal(db(), current_actor(), submission_id=submission_id, words=AppealForm().words.data or "", now=utcnow())
    if appealing.has_others(db(), made):
        flash(_("Somebody else looks at it now. You will hear from us here and by mail."), "good")
    else:
        flash(_("Nobody else decides on answers here, so it goes to the admins. You will hear from us here and by mail."), "info")
    return redirect(url_for(".show", challenge_id=get_submission(db(), submission_id).challenge_id), 303)


def _withdraw_again(refusal: Refusal, submission_id: int) -> tuple[str, int]:
    submission = submission_for(db(), current_user.id, submission_id)
    page = challenge_page(db(), current_user.id, submission.challenge_id, utcnow(), submission_id=submission_id)
    return show_page(page, refusal=refusal), refusal.status


@bp.post("/challenges/submissions/<int:submission_id>/withdraw")
@advocate
@writes(again=_withdraw_again)
def withdraw(submission_id: int) -> Response:
    """Take a submission back."""
    submission = withdraw_submission(db(), current_actor(), submission_id=submission_id, now=utcnow())
    flash(_("Withdrawn. Nobody will decide on it."), "info")
    return redirect(url_for(".show", challenge_id=submission.challenge_id), 303)


def _taken(submission_id: int, stage_id: int) -> tuple[Submission, Stage]:
    """Return the reader's submission and a step of its version. Raises ``NotFound``."""
    submission = submission_for(db(), current_user.id, submission_id)
    return submission, own_stage(db(), submission, stage_id)


def _kind(stage: Stage) -> tuple[StageKind, Step]:
    return stage_kind(stage.kind), Step.of(stage, str(reader().locale))


def _read(submission: Submission, stage: Stage, received: Received | None, *, is_done: bool = False) -> tuple[Any, Value]:
    """Return the form of a step and what it asks to store; the submission is locked, since a kind may count on what was stored before."""
    lock_submission(db(), submission.id)
    form, (kind, step) = step_form(stage, {}, filled=True), _kind(stage)
    asked = file_control(kind, step)
    given = form.given() | ({asked[0]: received} if asked else {})
    known = answers_of(db(), submission.id).get(stage.id)
    before = known.value if known else {}
    value = kind.read(step, given, before, _store)
    return form, kind.finish(step, value, before) if is_done and form.validate() else value


def _store(received: Received) -> Stored:
    return store_upload(db(), current_actor(), received=received, owner_id=current_user.id, now=utcnow())


def _kept_try(submission: Submission, stage: Stage, value: Value) -> Response | None:
    """Refuse what does not complete the step; where tries are kept, keep this one first and show the step again."""
    kind, step = _kind(stage)
    refusal = kind.problem(step, value)
    if refusal is None:
        return None
    if not kind.keeps_tries or refusal.field or refusal.parts:
        raise refusal
    save_answers(db(), current_actor(), submission_id=submission.id, values={stage.id: value}, now=utcnow(), seen=_seen())
    flash(sentence(refusal), "bad")
    return redirect(url_for(".show", challenge_id=submission.challenge_id, step=stage.id, _anchor="step"), 303)


def _invalid(submission: Submission, stage: Stage, form: Any) -> tuple[str, int]:
    if "HX-Request" in request.headers:
        told = next((error for errors in form.errors.values() for error in errors), "")
        return render("challenges/_not_saved.html", changed={"text": told}, submission=submission, stage_id=stage.id), 422
    page = challenge_page(db(), current_user.id, submission.challenge_id, utcnow(), submission_id=submission.id)
    return show_page(page, step_id=stage.id, form=form), 422

"""The admins' doors: the list of challenges, the editor and its steps."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.audience.queries.audiences import sheet_of
from portal.challenges.actions import editing, stages
from portal.challenges.forms.answering import PlainForm, step_form
from portal.challenges.forms.editing import ChallengeFilter, ChallengeForm, NewChallengeForm, stage_form
from portal.challenges.queries import editing as queries
from portal.challenges.queries.audience import audience_of
from portal.challenges.queries.page import preview_page
from portal.challenges.queries.stages import get_challenge, stage_for, stages_of
from portal.challenges.rules.states import CHALLENGE_STATE_NAMES
from portal.challenges.stages.registry import KINDS, stage_kind
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("challenges_admin", __name__, url_prefix="/admin/challenges")


@bp.get("")
@admin
def index() -> Any:
    """All challenges with their figures."""
    form = ChallengeFilter(request.args)
    statement = queries.challenges_statement(**form.values())
    if request.args.get("format") == "csv":
        header = ["id", "title", "track", "state", "points", "minutes", "opens_on", "closes_on", "started", "waiting", "approved", "paid", "steps"]
        rows = (
            [c.id, c.title, c.track, c.state, c.points, c.minutes, c.opens_on, c.closes_on, *rest]
            for c, *rest in queries.all_challenges(db(), statement)
        )
        return csv_response("challenges.csv", header, rows)
    page = queries.page_of_challenges(db(), statement, after=request.args.get("after"))
    return render("challenges/admin/index.html", form=form, page=page, counts=queries.count_challenges(db()), names=CHALLENGE_STATE_NAMES)


@bp.get("/new")
@admin
def new() -> str:
    """An empty challenge."""
    return render("challenges/admin/new.html", form=NewChallengeForm())


def _new_again(refusal: Refusal) -> tuple[str, int]:
    form = NewChallengeForm()
    form.refuse(refusal)
    return render("challenges/admin/new.html", form=form), 422


@bp.post("/new")
@admin
@writes(again=_new_again)
def create() -> Any:
    """Keep it as a draft and go on to its steps."""
    form = NewChallengeForm()
    if not form.validate():
        return render("challenges/admin/new.html", form=form), 422
    made = editing.create_challenge(db(), current_actor(), offer=form.offer(), key=form.key.data, now=utcnow())
    flash(_("Saved as a draft. Now add the steps."), "good")
    return redirect(url_for(".edit", challenge_id=made.id, _anchor="steps"), 303)


@bp.get("/<int:challenge_id>/edit")
@admin
def edit(challenge_id: int) -> str:
    """The editor."""
    challenge = get_challenge(db(), challenge_id)
    return _editor(challenge_id, ChallengeForm(obj=challenge))


def _editor(challenge_id: int, form: ChallengeForm, refusal: Refusal | None = None) -> str:
    challenge = get_challenge(db(), challenge_id)
    audience_id = audience_of(db(), challenge_id)
    shown = {"challenge": challenge, "stages": stages_of(db(), challenge_id), "figures": queries.figures_of(db(), challenge_id)}
    shown["sheet"] = sheet_of(db(), audience_id) if audience_id is not None else None
    return render(
        "challenges/admin/edit.html", form=form, kinds=KINDS, refusal=refusal, names=CHALLENGE_STATE_NAMES, plain=PlainForm(formdata=None), **shown
    )


def _edit_again(refusal: Refusal, challenge_id: int) -> tuple[str, int]:
    form = ChallengeForm()
    form.refuse(refusal)
    return _editor(challenge_id, form), 422


@bp.post("/<int:challenge_id>/edit")
@admin
@writes(again=_edit_again)
def save(challenge_id: int) -> Any:
    """Change the fields of a challenge."""
    form = ChallengeForm()
    if not form.validate():
        return _editor(challenge_id, form), 422
    editing.edit_challenge(db(), current_actor(), challenge_id=challenge_id, offer=form.offer(), now=utcnow())
    flash(_("Saved. What was already sent keeps its points."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id), 303)


def _show_again(refusal: Refusal, challenge_id: int, **_rest: int) -> tuple[str, int]:
    """Show the editor as the challenge now stands, and why nothing was done."""
    challenge = get_challenge(db(), challenge_id)
    return _editor(challenge_id, ChallengeForm(formdata=None, obj=challenge), refusal), refusal.status


def _do(challenge_id: int, act: Callable[..., Any], text: str) -> Response:
    act(db(), current_actor(), challenge_id=challenge_id, now=utcnow())
    flash(text, "good")
    return redirect(url_for(".edit", challenge_id=challenge_id), 303)


@bp.post("/<int:challenge_id>/publish")
@admin
@writes(again=_show_again)
def publish(challenge_id: int) -> Response:
    """Offer a draft, or a closed challenge again."""
    return _do(challenge_id, editing.publish_challenge, _("Published. Advocates see it from its opening day on."))


@bp.post("/<int:challenge_id>/close")
@admin
@writes(again=_show_again)
def close(challenge_id: int) -> Response:
    """Take no more answers."""
    return _do(challenge_id, editing.close_challenge, _("Closed. What waits still gets its verdict."))


@bp.post("/<int:challenge_id>/duplicate")
@admin
@writes(again=_show_again)
def duplicate(challenge_id: int) -> Response:
    """Make a draft with the same fields and steps."""
    title = _("Copy of %(title)s", title=get_challenge(db(), challenge_id).title)
    key = PlainForm().key.data
    made = editing.duplicate_challenge(db(), current_actor(), challenge_id=challenge_id, title=title, key=key[:64] if key else None, now=utcnow())
    flash(_("This is the copy, a draft."), "good")
    return redirect(url_for(".edit", challenge_id=made.id), 303)


@bp.post("/<int:challenge_id>/audience")
@admin
@writes(again=_show_again)
def audience(challenge_id: int) -> Response:
    """Go on to who sees it; the first time this makes the audience."""
    audience_id = editing.open_audience(db(), current_actor(), challenge_id=challenge_id, now=utcnow())
    return redirect(url_for("audience_admin.show", audience_id=audience_id), 303)


@bp.get("/<int:challenge_id>/preview")
@admin
def preview(challenge_id: int) -> str:
    """The challenge as an advocate sees it; nothing can be sent from here."""
    page = preview_page(db(), challenge_id, utcnow())
    step = page.step(request.args.get("step", type=int))
    form = step_form(step.stage, {}) if step else None
    return render("challenges/show.html", page=page, step=step, form=form, refusal=None, usual=None, plain=None, is_preview=True)


@bp.get("/<int:challenge_id>/steps/new")
@admin
def new_stage(challenge_id: int) -> str:
    """An empty step of the kind asked for."""
    challenge, kind = get_challenge(db(), challenge_id), stage_kind(request.args.get("kind", ""))
    return render("challenges/admin/stage.html", challenge=challenge, kind=kind, stage=None, form=stage_form(kind.key))


def _stage_page(challenge_id: int, stage_id: int | None, form: Any) -> str:
    challenge = get_challenge(db(), challenge_id)
    stage = stage_for(db(), challenge_id, stage_id) if stage_id is not None else None
    kind = stage_kind(stage.kind if stage else request.args.get("kind", ""))
    return render("challenges/admin/stage.html", challenge=challenge, kind=kind, stage=stage, form=form)


def _new_stage_again(refusal: Refusal, challenge_id: int) -> tuple[str, int]:
    form = stage_form(request.args.get("kind", ""))
    form.refuse(refusal)
    return _stage_page(challenge_id, None, form), refusal.status


@bp.post("/<int:challenge_id>/steps/new")
@admin
@writes(again=_new_stage_again)
def add_stage(challenge_id: int) -> Any:
    """Add a step at the end."""
    kind = stage_kind(request.args.get("kind", ""))
    form = stage_form(kind.key)
    if not form.validate():
        return _stage_page(challenge_id, None, form), 422
    given = {"kind": kind.key, "title": form.title.data, "text": form.text.data, "options": form.options(), "key": form.key.data}
    stages.add_stage(db(), current_actor(), challenge_id=challenge_id, **given, now=utcnow())
    flash(_("The step is added."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="steps"), 303)


@bp.get("/<int:challenge_id>/steps/<int:stage_id>")
@admin
def edit_stage(challenge_id: int, stage_id: int) -> str:
    """One step."""
    stage = stage_for(db(), challenge_id, stage_id)
    form = stage_form(stage.kind, {"title": stage.title, "text": stage.text, "options": stage.options})
    return _stage_page(challenge_id, stage_id, form)


def _stage_again(refusal: Refusal, challenge_id: int, stage_id: int) -> tuple[str, int]:
    form = stage_form(stage_for(db(), challenge_id, stage_id).kind)
    form.refuse(refusal)
    return _stage_page(challenge_id, stage_id, form), refusal.status


@bp.post("/<int:challenge_id>/steps/<int:stage_id>")
@admin
@writes(again=_stage_again)
def save_stage(challenge_id: int, stage_id: int) -> Any:
    """Change a step."""
    form = stage_form(stage_for(db(), challenge_id, stage_id).kind)
    if not form.validate():
        return _stage_page(challenge_id, stage_id, form), 422
    given = {"title": form.title.data, "text": form.text.data, "options": form.options()}
    stages.edit_stage(db(), current_actor(), challenge_id=challenge_id, stage_id=stage_id, **given, now=utcnow())
    flash(_("Saved. What was already sent keeps the step as it was."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="steps"), 303)


@bp.post("/<int:challenge_id>/steps/<int:stage_id>/remove")
@admin
@writes(again=_show_again)
def remove_stage(challenge_id: int, stage_id: int) -> Response:
    """Take a step out."""
    stages.remove_stage(db(), current_actor(), challenge_id=challenge_id, stage_id=stage_id, now=utcnow())
    flash(_("The step is removed. What was already sent keeps it."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="steps"), 303)


@bp.post("/<int:challenge_id>/steps/<int:stage_id>/<any(up, down):way>")
@admin
@writes
def move_stage(challenge_id: int, stage_id: int, way: str) -> Response:
    """Move a step up or down."""
    if way not in ("up", "down"):
        raise NotFound()
    stages.move_stage(db(), current_actor(), challenge_id=challenge_id, stage_id=stage_id, by=-1 if way == "up" else 1, now=utcnow())
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="steps"), 303)

"""The admins' doors: the list of challenges, and the editor of one."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from portal.audience.queries.audiences import sheet_of
from portal.challenges.actions import editing
from portal.challenges.forms.answering import PlainForm
from portal.challenges.forms.editing import ChallengeFilter, ChallengeForm, FirstForm, NewChallengeForm, ReasonForm
from portal.challenges.queries import editing as queries
from portal.challenges.queries.audience import audience_of
from portal.challenges.queries.dismissals import aside_of
from portal.challenges.queries.policy import points_at_once, publishes_with_two
from portal.challenges.queries.prerequisites import choices_for, prerequisites_of
from portal.challenges.queries.sites import sites_of
from portal.challenges.queries.stages import gaps_of, get_challenge, stages_of
from portal.challenges.queries.versions import current_version, differences, edited_version, find_draft
from portal.challenges.queries.welcome import mark_of
from portal.challenges.rules.comparing import FIELD_NAMES
from portal.challenges.rules.dismissing import WHY_NAMES
from portal.challenges.rules.lifecycle import LIFECYCLE_NAMES, Lifecycle, lifecycle
from portal.challenges.rules.offer import copy_title
from portal.challenges.rules.states import PERIOD_NAMES
from portal.challenges.stages.registry import KINDS
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import programme_zone
from portal.kernel.errors import Refusal
from portal.kernel.seen import seen_of
from portal.people.queries.persons import names
from portal.web.exports import csv_response
from portal.web.guards import admin, current_actor
from portal.web.language import day
from portal.web.templating import render
from portal.web.transaction import db, writes

bp = Blueprint("challenges_admin", __name__, url_prefix="/admin/challenges")
FIGURES = ("started", "waiting", "approved", "paid", "steps")


@bp.get("")
@admin
def index() -> Any:
    """All challenges with their figures."""
    form = ChallengeFilter(request.args)
    today = local_date(utcnow(), programme_zone(db()))
    statement = queries.challenges_statement(today, **form.values())
    if request.args.get("format") == "csv":
        header = ["id", "title", "track", "state", "version", "points", "minutes", "opens_on", "closes_on", *FIGURES]
        rows = (
            [c.id, c.title, c.track, row.life, c.version, c.points, c.minutes, c.opens_on, c.closes_on, *(getattr(row, name) for name in FIGURES)]
            for row in queries.all_challenges(db(), statement)
            for c in (row.Challenge,)
        )
        return csv_response("challenges.csv", header, rows)
    page = queries.page_of_challenges(db(), statement, after=request.args.get("after"))
    return render("challenges/admin/index.html", form=form, page=page, counts=queries.count_challenges(db(), today), names=LIFECYCLE_NAMES)


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
    return editor_page(challenge_id, stored_form(challenge_id))


def stored_form(challenge_id: int) -> ChallengeForm:
    """Return the form with what is stored."""
    version = edited_version(db(), get_challenge(db(), challenge_id))
    return ChallengeForm(formdata=None, obj=version, seen=seen_of(editing.seen_values(version)))


def editor_page(challenge_id: int, form: ChallengeForm, refusal: Refusal | None = None, *, reason: ReasonForm | None = None) -> str:
    """Render the editor: what waits to be published, or what is live while nobody has changed it."""
    challenge = get_challenge(db(), challenge_id)
    version, audience_id = edited_version(db(), challenge), audience_of(db(), challenge_id)
    is_waiting, stages = version.published_at is None, stages_of(db(), challenge_id, version.number)
    today = local_date(utcnow(), programme_zone(db()))
    shown = {
        "challenge": challenge,
        "version": version,
        "is_waiting": is_waiting,
        "opens_later": version.opens_on is not None and version.opens_on > today,
        "changes": differences(db(), current_version(db(), challenge), version) if is_waiting and version.number > 1 else [],
        "needed": prerequisites_of(db(), challenge_id, version.number),
        "first": fill_first(FirstForm(formdata=None), challenge_id, open_on=today),
        "stages": stages,
        "stale_sites": sorted({site.facts.name for site in sites_of(db(), stages).values() if site.is_stale(today)}),
        "gaps": gaps_of(version, stages) if is_waiting else [],
        "figures": queries.figures_of(db(), challenge_id),
        "life": lifecycle(challenge.state, challenge.opens_on, challenge.closes_on, today, is_asked=version.asked_at is not None),
        "asker": names(db(), {version.asked_by_id}).get(version.asked_by_id) if version.asked_by_id else None,
        "at_once": points_at_once(db()),
        "is_shared": publishes_with_two(db()),
        "aside": aside_of(db(), challenge_id),
        "mark": mark_of(db(), challenge, utcnow()),
        "sheet": sheet_of(db(), audience_id) if audience_id is not None else None,
    }
    words = {"names": LIFECYCLE_NAMES, "field_names": FIELD_NAMES, "period_names": PERIOD_NAMES, "kinds": KINDS, "why_names": WHY_NAMES}
    plain = PlainForm(formdata=None)
    return render("challenges/admin/edit.html", form=form, reason=reason or ReasonForm(formdata=None), refusal=refusal, plain=plain, **words, **shown)


def fill_first(form: FirstForm, challenge_id: int, *, open_on: date | None = None) -> FirstForm:
    """Give the form that chooses what has to be done first its choices, and return it."""
    form.requires.choices = [SelectChoice(row.id, row.title) for row in choices_for(db(), challenge_id, open_on=open_on)]
    return form


def _edit_again(refusal: Refusal, challenge_id: int) -> tuple[str, int]:
    form = ChallengeForm()
    form.refuse(refusal, lambda: stored_form(challenge_id))
    return editor_page(challenge_id, form), refusal.status


@bp.post("/<int:challenge_id>/edit")
@admin
@writes(again=_edit_again)
def save(challenge_id: int) -> Any:
    """Change the fields of a challenge."""
    form = ChallengeForm()
    if not form.validate():
        return editor_page(challenge_id, form), 422
    editing.edit_challenge(db(), current_actor(), challenge_id=challenge_id, offer=form.offer(), seen=form.seen.data, now=utcnow())
    is_live = get_challenge(db(), challenge_id).published_at is not None
    flash(_("Saved in the draft of the next version. Advocates see it once you publish it.") if is_live else _("Saved."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id), 303)


def show_again(refusal: Refusal, challenge_id: int, **_rest: int) -> tuple[str, int]:
    """Show the editor as the challenge now stands, and why nothing was done."""
    return editor_page(challenge_id, stored_form(challenge_id), refusal), refusal.status


def do(challenge_id: int, act: Callable[..., Any], text: str) -> Response:
    """Do something to a challenge and go back to its editor."""
    act(db(), current_actor(), challenge_id=challenge_id, now=utcnow())
    flash(text, "good")
    return redirect(url_for(".edit", challenge_id=challenge_id), 303)


@bp.post("/<int:challenge_id>/publish")
@admin
@writes(again=show_again)
def publish(challenge_id: int) -> Response:
    """Freeze the draft and offer it, or open a challenge again."""
    has_draft = find_draft(db(), challenge_id) is not None
    editing.publish_challenge(db(), current_actor(), challenge_id=challenge_id, now=utcnow())
    flash(_published(challenge_id) if has_draft else _("It is open again, within its opening and closing day."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id), 303)


def _published(challenge_id: int) -> str:
    """Say who sees what was just published, and since when; and what happens to those who have begun, where there are any."""
    challenge = get_challenge(db(), challenge_id)
    life = lifecycle(challenge.state, challenge.opens_on, challenge.closes_on, local_date(utcnow(), programme_zone(db())))
    if life is Lifecycle.SCHEDULED:
        said = _("Published. Advocates see it from %(day)s on.", day=day(challenge.opens_on) if challenge.opens_on else "")
    elif life is Lifecycle.EXPIRED:
        said = _("Published, but its closing day is over: nobody can begin it.")
    else:
        said = _("Published. Advocates see it now.")
    kept = _("Who has begun keeps what they began with.")
    return f"{said} {kept}" if queries.figures_of(db(), challenge_id) else said


@bp.post("/<int:challenge_id>/close")
@admin
@writes(again=show_again)
def close(challenge_id: int) -> Response:
    """Take no more answers."""
    return do(challenge_id, editing.close_challenge, _("Closed. What waits still gets its verdict."))


@bp.post("/<int:challenge_id>/duplicate")
@admin
@writes(again=show_again)
def duplicate(challenge_id: int) -> Response:
    """Make a draft with the same fields and steps."""
    title = copy_title(edited_version(db(), get_challenge(db(), challenge_id)).title, _("(copy)"))
    key = PlainForm().key.data
    made = editing.duplicate_challenge(db(), current_actor(), challenge_id=challenge_id, title=title, key=key[:64] if key else None, now=utcnow())
    flash(_("This is the copy, a draft."), "good")
    return redirect(url_for(".edit", challenge_id=made.id), 303)


@bp.post("/<int:challenge_id>/audience")
@admin
@writes(again=show_again)
def audience(challenge_id: int) -> Response:
    """Go on to who sees it; the first time this makes the audience."""
    audience_id = editing.open_audience(db(), current_actor(), challenge_id=challenge_id, now=utcnow())
    return redirect(url_for("audience_admin.show", audience_id=audience_id), 303)

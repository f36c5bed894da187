"""The admins' doors to the life of a challenge: its versions, the review of a draft, pausing, archiving."""

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.challenges.actions import lifecycle, prerequisites
from portal.challenges.admin.editor import bp, do, editor_page, fill_first, show_again
from portal.challenges.forms.editing import ChallengeForm, FirstForm, ReasonForm
from portal.challenges.queries.stages import get_challenge
from portal.challenges.queries.versions import differences, edited_version, submissions_by_version, versions_of
from portal.challenges.rules.comparing import FIELD_NAMES
from portal.challenges.rules.refusals import VersionUnknown
from portal.challenges.rules.states import PERIOD_NAMES
from portal.kernel.clock import utcnow
from portal.kernel.errors import NotFound, Refusal
from portal.people.queries.persons import names
from portal.web.addresses import id_number
from portal.web.guards import admin, current_actor
from portal.web.templating import render
from portal.web.transaction import db, writes


@bp.get("/<int:challenge_id>/versions")
@admin
def versions(challenge_id: int) -> str:
    """The versions of a challenge, who published each, how many run under it, and two of them compared in words."""
    challenge, found = get_challenge(db(), challenge_id), versions_of(db(), challenge_id)
    newest = found[0].number
    one, other = request.args.get("from", max(newest - 1, 1), type=id_number), request.args.get("to", newest, type=id_number)
    by_number = {version.number: version for version in found}
    if not {one, other} <= set(by_number):
        raise VersionUnknown()
    before, after = by_number[one], by_number[other]
    return render(
        "challenges/admin/versions.html",
        challenge=challenge,
        versions=found,
        publishers=names(db(), {version.published_by_id for version in found if version.published_by_id}),
        figures=submissions_by_version(db(), challenge_id),
        before=before,
        after=after,
        changes=differences(db(), before, after),
        field_names=FIELD_NAMES,
        period_names=PERIOD_NAMES,
    )


@bp.post("/<int:challenge_id>/first")
@admin
@writes(again=show_again)
def add_first(challenge_id: int) -> Response:
    """Let another challenge be done first."""
    form = FirstForm()
    fill_first(form, challenge_id)
    if not form.validate():
        raise NotFound()
    requires_id = form.requires.data
    prerequisites.add_prerequisite(db(), current_actor(), challenge_id=challenge_id, requires_id=requires_id, now=utcnow())
    flash(_("Saved."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="first"), 303)


@bp.post("/<int:challenge_id>/first/<int:requires_id>/remove")
@admin
@writes(again=show_again)
def remove_first(challenge_id: int, requires_id: int) -> Response:
    """Let another challenge no longer be done first."""
    prerequisites.remove_prerequisite(db(), current_actor(), challenge_id=challenge_id, requires_id=requires_id, now=utcnow())
    flash(_("Saved."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id, _anchor="first"), 303)


@bp.post("/<int:challenge_id>/pause")
@admin
@writes(again=show_again)
def pause(challenge_id: int) -> Response:
    """Let nobody begin for the time being."""
    return do(challenge_id, lifecycle.pause_challenge, _("Paused. Nobody can begin it; who has begun can finish."))


@bp.post("/<int:challenge_id>/archive")
@admin
@writes(again=show_again)
def archive(challenge_id: int) -> Response:
    """Take it out of all lists."""
    return do(challenge_id, lifecycle.archive_challenge, _("Archived. It is in no list any more; who took part still sees their own."))


@bp.post("/<int:challenge_id>/review")
@admin
@writes(again=show_again)
def ask_for_review(challenge_id: int) -> Response:
    """Ask a second admin to look at the draft."""
    return do(challenge_id, lifecycle.ask_for_review, _("The other admins are asked to look at it."))


def _back_again(refusal: Refusal, challenge_id: int) -> tuple[str, int]:
    if refusal.field != "reason":
        return show_again(refusal, challenge_id)
    reason = ReasonForm()
    reason.refuse(refusal)
    version = edited_version(db(), get_challenge(db(), challenge_id))
    return editor_page(challenge_id, ChallengeForm(formdata=None, obj=version), reason=reason), refusal.status


@bp.post("/<int:challenge_id>/send-back")
@admin
@writes(again=_back_again)
def send_back(challenge_id: int) -> Response:
    """Give the draft back to whoever asked, with a reason."""
    lifecycle.send_back(db(), current_actor(), challenge_id=challenge_id, reason=ReasonForm().reason.data or "", now=utcnow())
    flash(_("Sent back. Whoever asked reads why."), "good")
    return redirect(url_for(".edit", challenge_id=challenge_id), 303)

"""The admins' door to a challenge as others see it: as somebody who has just begun, or through the eyes of one member."""

from typing import Any

from flask import request

from portal.audience.forms import WhoForm
from portal.audience.queries.reasons import people_called, why_not
from portal.challenges.admin.editor import bp
from portal.challenges.audience.owner import ChallengeOwner
from portal.challenges.forms.answering import step_form
from portal.challenges.queries.audience import audience_of
from portal.challenges.queries.page import ChallengePage, StepView, member_page, preview_page
from portal.challenges.queries.stages import get_challenge
from portal.challenges.queries.versions import find_draft
from portal.challenges.rules.comparing import FIELD_NAMES
from portal.challenges.rules.states import ATTEMPT_STATE_NAMES, OUTCOME_NAMES, PERIOD_NAMES
from portal.kernel.clock import utcnow
from portal.people.models import Person
from portal.people.queries.persons import get_person
from portal.web.addresses import id_number
from portal.web.guards import admin
from portal.web.language import span
from portal.web.templating import render
from portal.web.transaction import db


@bp.get("/<int:challenge_id>/preview")
@admin
def preview(challenge_id: int) -> str:
    """The challenge as an advocate sees it; nothing can be sent from here."""
    chooser = WhoForm(request.args)
    asked, chosen = chooser.values().get("who", ""), request.args.get("member", type=id_number)
    found = [get_person(db(), chosen)] if chosen is not None else people_called(db(), asked) if asked else []
    member = found[0] if len(found) == 1 else None
    now, shown = utcnow(), {"chooser": chooser, "asked": asked, "found": [] if member else found, "is_preview": True}
    if member is None:
        page, step_id = preview_page(db(), challenge_id, now), request.args.get("step", type=id_number)
        return _shown(page, page.step(step_id), **shown)
    challenge, draft = get_challenge(db(), challenge_id), find_draft(db(), challenge_id)
    of_draft = draft is not None and (challenge.published_at is None or request.args.get("edition") == "draft")
    page = member_page(db(), member.id, challenge_id, now, of_draft=of_draft)
    step = page.step(request.args.get("step", type=id_number)) if page.can_answer else None
    seen = {"member": member, "of_draft": of_draft, "has_draft": draft is not None, "why": _why(challenge_id, member)}
    return _shown(page, step, **seen, **shown)


def _why(challenge_id: int, member: Person) -> Any:
    """Return the rules by which the member is meant or not; None where it is meant for everybody."""
    audience_id = audience_of(db(), challenge_id)
    return why_not(db(), ChallengeOwner(), audience_id, member, utcnow()) if audience_id is not None else None


def _shown(page: ChallengePage, step: StepView | None, **shown: Any) -> str:
    form = step_form(step.stage, {}) if step else None
    usual = span(page.review_time) if page.review_time else None
    names = {"attempt_states": ATTEMPT_STATE_NAMES, "outcomes": OUTCOME_NAMES, "field_names": FIELD_NAMES, "period_names": PERIOD_NAMES}
    plain = {"refusal": None, "plain": None, "member": None} | shown
    return render("challenges/show.html", page=page, step=step, form=form, usual=usual, **plain, **names)

"""Lists: what one can do, and what one has sent."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, request, session
from flask_login import current_user

from portal.challenges.forms.answering import CatalogueFilter, OwnFilter, PlainForm
from portal.challenges.queries import own
from portal.challenges.queries.audience import admitted_today
from portal.challenges.queries.catalogue import DISMISSED, Wanted, count_by_track, count_standing, list_challenges, usual_review_time
from portal.challenges.queries.dismissals import dismissals_of, put_aside
from portal.challenges.queries.page import challenge_page
from portal.challenges.queries.picking import picked_for
from portal.challenges.queries.shown import shown_state
from portal.challenges.queries.versions import version_of
from portal.challenges.rules.dismissing import WHY_NAMES
from portal.challenges.rules.standing import STANDING_NAMES, Standing
from portal.challenges.rules.states import ATTEMPT_STATE_NAMES, OUTCOME_NAMES, SHOWN_STATE_NAMES
from portal.challenges.stages.registry import KINDS
from portal.kernel.clock import utcnow
from portal.kernel.text import N_
from portal.kernel.tracks import Track
from portal.web.exports import csv_response
from portal.web.guards import advocate
from portal.web.language import span
from portal.web.templating import render, render_fragment
from portal.web.transaction import db

bp = Blueprint("challenges", __name__)
STANDINGS = {**{standing.value: name for standing, name in STANDING_NAMES.items()}, DISMISSED: N_("Not for me")}
JUST_PUT_ASIDE = "just_put_aside"


@bp.get("/challenges")
@advocate
def index() -> Any:
    """What is open to the reader, by track."""
    form, now = CatalogueFilter(request.args), utcnow()
    wanted = _wanted(form)
    admitted = admitted_today(db(), current_user.id, now)
    counts = count_by_track(db(), current_user.id, now, admitted=admitted)
    page = list_challenges(db(), current_user.id, wanted, now, after=request.args.get("after"), admitted=admitted)
    review_time = usual_review_time(db(), now)
    totals = {standing: count_standing(counts, standing) for standing in (*Standing, DISMISSED)}
    shown = {"form": form, "page": page, "counts": counts, "totals": totals, "tracks": list(Track)}
    shown |= {"standings": STANDINGS, "why_names": WHY_NAMES}
    asked = [row.Challenge.id for row in page] if wanted.standing == DISMISSED else []
    shown |= {"aside": dismissals_of(db(), current_user.id, asked), "just_aside": _just_put_aside()}
    is_whole = not form.values() and "after" not in request.args
    picked = picked_for(db(), current_user.id, now, admitted=admitted) if is_whole else None
    if picked:
        # What is picked stands above, and not once more below.
        above = {one.row.Challenge.id for one in picked.suggestions}
        shown |= {"page": replace(page, rows=[row for row in page if row.Challenge.id not in above])}
    shown |= {"picked": picked}
    usual = span(review_time) if review_time else None
    return render_fragment("challenges/index.html", "results", **shown, usual=usual)


def _just_put_aside() -> Any:
    """Return what the reader has put aside with the last click, with its title; told once."""
    challenge_id = session.pop(JUST_PUT_ASIDE, None)
    return put_aside(db(), current_user.id, challenge_id) if challenge_id else None


def _wanted(form: CatalogueFilter) -> Wanted:
    asked = form.values()
    return Wanted(
        q=asked.get("q", ""),
        track=asked.get("track", ""),
        standing=asked.get("state", ""),
        minutes=int(asked["minutes"]) if "minutes" in asked else None,
        points=int(asked["points"]) if "points" in asked else None,
        kind=asked.get("kind", ""),
        sort=asked.get("sort", ""),
    )


@bp.get("/challenges/mine")
@advocate
def mine() -> Any:
    """The reader's own submissions, what changed last first."""
    form = OwnFilter(request.args)
    statement = own.own_submissions(db(), current_user.id, **form.values())
    if request.args.get("format") == "csv":
        header = ["challenge", "track", "state", "period", "started_at", "changed_at", "attempts", "points"]
        rows = (
            [
                title,
                c.track,
                "withdrawn" if s.dropped_at else shown,
                s.period_key,
                s.started_at.isoformat(),
                s.changed_at.isoformat(),
                sent,
                s.paid,
            ]
            for s, c, title, shown, sent in own.all_own(db(), statement)
        )
        return csv_response("my-challenges.csv", header, rows)
    page = own.page_of_own(db(), statement, after=request.args.get("after"))
    # The same figure as on the list of challenges: a submission to what was closed is under way no more.
    under_way = count_standing(count_by_track(db(), current_user.id, utcnow()), Standing.UNDER_WAY)
    counts = own.count_own(db(), current_user.id)
    return render("challenges/mine.html", form=form, page=page, counts=counts, under_way=under_way, names=SHOWN_STATE_NAMES)


@bp.get("/challenges/mine/<int:submission_id>")
@advocate
def submission(submission_id: int) -> Any:
    """One of the reader's submissions: what was sent, what was said, what was paid."""
    found = own.submission_for(db(), current_user.id, submission_id)
    challenge = own.challenge_of(db(), found)
    page = challenge_page(db(), current_user.id, challenge.id, utcnow(), submission_id=found.id)
    shown = {"submission": found, "shown": shown_state(db(), found.id), "title": version_of(db(), found).title}
    sent = {"attempts": own.own_attempts_of(db(), found.id), "verdicts": own.verdicts_of(db(), found.id), "numbers": page.sent_numbers}
    names = {"names": SHOWN_STATE_NAMES, "attempt_states": ATTEMPT_STATE_NAMES, "outcomes": OUTCOME_NAMES}
    return render("challenges/submission.html", **shown, challenge=challenge, page=page, plain=PlainForm(), kinds=KINDS, **sent, **names)

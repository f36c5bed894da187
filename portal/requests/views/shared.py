"""The blueprint, and what its templates call things."""

from flask import Blueprint
from flask_babel import gettext as _

from portal.finding.rules.fit import Told
from portal.finding.views.names import spoken
from portal.people.queries.persons import get_person
from portal.profiles.rules.activity import ACTIVITY_NAMES, MEANINGS, Activity
from portal.requests.models import RequestCandidate
from portal.requests.queries.strangers import stranger_of
from portal.requests.rules.answering import CUSTOMER_NO_NAMES, ODD_NAMES, OWNER_NO_NAMES, UNFILLED_NAMES, is_same_clock, odd_of
from portal.requests.rules.lists import TAB_NAMES
from portal.requests.rules.outcome import GRADES
from portal.requests.rules.states import CANDIDATE_NAMES, OUTCOME_NAMES, STAGE_NAMES, STATE_NAMES, TURN_NAMES, CandidateState, State
from portal.requests.rules.strangers import STRANGER_WORDS, Stranger
from portal.requests.rules.waiting import GAVE_UP_NAMES
from portal.web.transaction import db

bp = Blueprint("requests", __name__)


def proposed(candidate: RequestCandidate, requester_id: int, actor_id: int | None) -> str:
    """Return what follows once somebody is proposed: whether an account owner is asked first, and why not where none is."""
    if candidate.state != CandidateState.OWNER_AGREED or candidate.owner_id not in (None, requester_id):
        return str(_("A slot is reserved. Nobody writes to them before the account owner agrees."))
    if candidate.owner_id is None:
        return str(_("A slot is reserved. Nobody looks after their company, so they can be asked now."))
    if candidate.owner_id == actor_id:
        return str(_("A slot is reserved. You look after them, so you can ask them now."))
    return str(_("A slot is reserved. The requester looks after them, so they can be asked now."))


def never_agreed(person_id: int, activity: Activity, *, ask_id: int | None = None, name: str | None = None) -> str:
    """Return that somebody never agreed to be a reference, by ``name`` where another than their own; empty where they did."""
    what = stranger_of(db(), person_id, activity, ask_id)
    if what is Stranger.NO:
        return ""
    called = get_person(db(), person_id).name if name is None else name or _("This person")
    return str(_(STRANGER_WORDS[what], name=called, activity=_(ACTIVITY_NAMES[activity])))


LOOKS = {
    State.COMPLETED: "good", State.SCHEDULED: "good", State.ACCEPTED: "good", State.MISSED: "bad", State.DECLINED: "bad", State.EXPIRED: "bad",
    State.DRAFT: "neutral", State.CANCELLED: "neutral", State.WITHDRAWN: "neutral",
}  # fmt: skip
NAMES = {
    "activities": ACTIVITY_NAMES,
    "means": MEANINGS,
    "states": STATE_NAMES,
    "candidates": CANDIDATE_NAMES,
    "stages": STAGE_NAMES,
    "outcomes": OUTCOME_NAMES,
    "turns": TURN_NAMES,
    "tabs": TAB_NAMES,
    "grades": GRADES,
    "owner_nos": OWNER_NO_NAMES,
    "customer_nos": CUSTOMER_NO_NAMES,
    "unfilled": {str(key): name for names in (UNFILLED_NAMES, GAVE_UP_NAMES) for key, name in names.items()},
    "looks": LOOKS,
    "odd_names": ODD_NAMES,
    "odd_of": odd_of,
    "is_same_clock": is_same_clock,
    "told": Told.from_json,
    "spoken": spoken,
    "never_agreed": never_agreed,
}

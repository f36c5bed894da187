"""The blueprint, and what its templates call things."""

from flask import Blueprint

from portal.finding.rules.fit import Told
from portal.finding.views.names import spoken
from portal.profiles.rules.activity import ACTIVITY_NAMES, MEANINGS
from portal.requests.rules.answering import CUSTOMER_NO_NAMES, ODD_NAMES, OWNER_NO_NAMES, UNFILLED_NAMES, odd_of
from portal.requests.rules.lists import TAB_NAMES
from portal.requests.rules.outcome import GRADES
from portal.requests.rules.states import CANDIDATE_NAMES, OUTCOME_NAMES, STAGE_NAMES, STATE_NAMES, TURN_NAMES, State
from portal.requests.rules.waiting import GAVE_UP_NAMES

bp = Blueprint("requests", __name__)
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
    "told": Told.from_json,
    "spoken": spoken,
}

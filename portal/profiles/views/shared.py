"""The blueprint of staff's pages, and what templates call things."""

from typing import Any, NamedTuple

from flask import Blueprint, Flask, current_app
from flask_babel import gettext as _

from portal.acts.rules.budget import BAND_NAMES
from portal.acts.rules.terms import BLOCK_NAMES
from portal.acts.views.names import BARRED_NAMES
from portal.profiles.queries.kinds import meeting_minutes
from portal.profiles.rules.activity import ACTIVITY_NAMES, MEANINGS, Activity
from portal.profiles.rules.facts import TIER_NAMES
from portal.profiles.rules.fresh import ANSWER_NAMES, WHY_NAMES, Why
from portal.profiles.rules.states import MOVE_NAMES, RETIRED_NAMES, STATUS_NAMES, WORD_KIND_NAMES
from portal.profiles.wording import EVENT_NAMES
from portal.web.language import number
from portal.web.transaction import db

bp = Blueprint("profiles", __name__, url_prefix="/profiles")
NAMES: dict[str, Any] = {
    "band_names": BAND_NAMES,
    "activities": ACTIVITY_NAMES,
    "statuses": STATUS_NAMES,
    "barred_names": BARRED_NAMES,
    "block_names": BLOCK_NAMES,
    "retired_names": RETIRED_NAMES,
    "moves_named": MOVE_NAMES,
    "tiers": TIER_NAMES,
    "answers": ANSWER_NAMES,
    "word_kinds": WORD_KIND_NAMES,
    "event_names": EVENT_NAMES,
}


def words_for(kind: Activity) -> str:
    """Return what somebody agrees to who says yes to a kind, in the language in which it is read."""
    company = current_app.config["SETTINGS"].brand_company
    return str(_("%(company)s may ask me for: %(activity)s.", company=company, activity=_(ACTIVITY_NAMES[kind])))


class Told(NamedTuple):
    """What a kind is, what it takes, and whether it is public, in the reader's language."""

    what: str
    takes: str
    public: str


def told_of_kinds() -> dict[str, Told]:
    """Return for each kind what it means for who has never done it, as it stands beside what they choose."""
    minutes = {kind: number(meeting_minutes(db(), kind)) for kind in MEANINGS if "minutes" in MEANINGS[kind].takes}
    return {kind.value: Told(_(one.what), _(one.takes, minutes=minutes.get(kind, "")), _(one.public)) for kind, one in MEANINGS.items()}


def _name(kind: str) -> str:
    return str(_(ACTIVITY_NAMES[Activity(kind)]))


def _why(why: str) -> str:
    return str(_(WHY_NAMES[Why(why)])) if why in WHY_NAMES else str(_(WHY_NAMES[Why.AGE]))


def init(app: Flask) -> None:
    """Offer words to templates of pages and mails: ``why|verify_why``, ``kind|activity_name``, and ``name|translated`` for ``map``."""
    app.jinja_env.filters |= {"verify_why": _why, "activity_name": _name, "translated": lambda text: str(_(text))}

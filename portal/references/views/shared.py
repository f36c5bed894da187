"""The blueprint of employees' pages, and what their templates call things."""

from datetime import datetime

from flask import Blueprint
from flask_babel import gettext as _

from portal.acts.rules.terms import BLOCK_NAMES
from portal.acts.views.names import BARRED_NAMES
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.profiles.rules.facts import TIER_NAMES
from portal.profiles.rules.states import RETIRED_NAMES
from portal.references.rules.deciding import CODE_NAMES
from portal.references.rules.joining import REFUSED_NAMES
from portal.references.rules.nominating import PERIODS, WAY_NAMES
from portal.references.rules.states import LOST, STANDING_NAMES

bp = Blueprint("references", __name__)


def translated(steps: list[tuple[datetime, str]]) -> list[tuple[datetime, str]]:
    """Return the steps of a timeline in the reader's language."""
    return [(at, _(text)) for at, text in steps]


def might(activities: list[Activity]) -> str:
    """Return activities in the reader's language, for a cell."""
    return ", ".join(_(ACTIVITY_NAMES[activity]) for activity in activities)


NAMES = {
    "activities": ACTIVITY_NAMES,
    "standings": STANDING_NAMES,
    "lost": LOST,
    "refused": REFUSED_NAMES,
    "codes": CODE_NAMES,
    "tiers": TIER_NAMES,
    "periods": PERIODS,
    "ways": WAY_NAMES,
    "retired_names": RETIRED_NAMES,
    "barred_names": BARRED_NAMES,
    "block_names": BLOCK_NAMES,
    "translated": translated,
}

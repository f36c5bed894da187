"""What an advocate puts aside as not for them, and the reasons they can give."""

from enum import StrEnum

from portal.challenges.rules.refusals import DismissedAfterDone, DismissedUnderWay, WhyMissing
from portal.challenges.rules.standing import Standing
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line

WORDS_LENGTH = 500


class Why(StrEnum):
    """Why a challenge is not for somebody."""

    NO_TIME = "no_time"
    NOT_MY_THING = "not_my_thing"
    ELSEWHERE = "elsewhere"
    NOT_ALLOWED = "not_allowed"
    OTHER = "other"


WHY_NAMES = {
    Why.NO_TIME: N_("No time for it"),
    Why.NOT_MY_THING: N_("Not my thing"),
    Why.ELSEWHERE: N_("I did it elsewhere already"),
    Why.NOT_ALLOWED: N_("My company does not allow it"),
    Why.OTHER: N_("Something else"),
}
PUT_ASIDE = (Standing.OPEN, Standing.SHUT)
"""Where somebody stands with what can be put aside: nothing is under way, waits, or is done for now."""


def why_not_dismiss(standing: Standing) -> Refusal | None:
    """Return why a challenge cannot be put aside, or None. What was begun is withdrawn instead."""
    if standing in PUT_ASIDE:
        return None
    return DismissedAfterDone() if standing is Standing.DONE else DismissedUnderWay()


def read_why(reason: str, words: str) -> tuple[Why, str]:
    """Return reason and words as they are kept. Refuses no reason (``WhyMissing``); words are free."""
    if reason not in list(Why):
        raise WhyMissing()
    kept = clean_line(words)[:WORDS_LENGTH]
    return Why(reason), kept

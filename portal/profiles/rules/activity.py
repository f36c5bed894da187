"""What a reference does for us, and which kind of ask that is."""

from collections.abc import Mapping
from enum import StrEnum

from portal.acts.rules.asks import AskKind
from portal.kernel.text import N_


class Activity(StrEnum):
    """What a customer's person may do for us. The order is that of pages; a consent to one is part of its offer by ``PART``."""

    CALL = "call"
    REVIEW = "review"
    CASE_STUDY = "case_study"
    SPEAKING = "speaking"
    PRESS = "press"
    ADVISORY_BOARD = "advisory_board"
    VIDEO = "video"
    REFERRAL = "referral"
    VISIT = "visit"
    QUOTE = "quote"
    LOGO = "logo"
    ANALYST = "analyst"


ACTIVITY_NAMES = {
    Activity.CALL: N_("Reference call"),
    Activity.REVIEW: N_("Review"),
    Activity.CASE_STUDY: N_("Case study"),
    Activity.SPEAKING: N_("Speaking"),
    Activity.PRESS: N_("Press"),
    Activity.ADVISORY_BOARD: N_("Advisory board or peer group"),
    Activity.VIDEO: N_("Video"),
    Activity.REFERRAL: N_("Referral"),
    Activity.VISIT: N_("Site visit"),
    Activity.QUOTE: N_("Quote"),
    Activity.LOGO: N_("Logo"),
    Activity.ANALYST: N_("Talk to analysts"),
}
PART: Mapping[Activity, int] = {activity: number for number, activity in enumerate(Activity)}
"""Which part of an offer's consents a kind is; kinds are added at the end, so that what was given keeps its number."""

ASK_OF: Mapping[Activity, AskKind] = {
    Activity.CALL: AskKind.CALL,
    Activity.REVIEW: AskKind.REVIEW,
    Activity.CASE_STUDY: AskKind.CASE_STUDY,
    Activity.SPEAKING: AskKind.SPEAKING,
    Activity.PRESS: AskKind.PRESS,
    Activity.ADVISORY_BOARD: AskKind.PEER_GROUP,
    Activity.VIDEO: AskKind.VIDEO,
    Activity.REFERRAL: AskKind.REFERRAL,
    Activity.VISIT: AskKind.VISIT,
    Activity.QUOTE: AskKind.QUOTE,
    Activity.LOGO: AskKind.QUOTE,
    Activity.ANALYST: AskKind.PRESS,
}
"""What a request for it draws on the person's goodwill as."""

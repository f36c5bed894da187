"""What a reference does for us, and which kind of ask that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
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


@dataclass(frozen=True)
class Meaning:
    """What a kind is for who has never done it: what happens, what it takes (of a meeting with its ``minutes``), and who reads their name."""

    what: str
    takes: str
    public: str


_ONE_SIDE = N_("Not public: only the company you speak with learns who you are, with your yes.")
_ITS_YES = N_("Public with your name, but only what you have read and allowed.")
MEANINGS: Mapping[Activity, Meaning] = {
    Activity.CALL: Meaning(
        N_("You talk with one company that thinks of choosing what you use, by phone or video."),
        N_("About %(minutes)s minutes for each call. You offer the times."),
        _ONE_SIDE,
    ),
    Activity.REVIEW: Meaning(
        N_("You write on a review site what is good and what is not, in your own words."),
        N_("About half an hour, once for each site."),
        N_("Public on that site, under the name you choose there."),
    ),
    Activity.CASE_STUDY: Meaning(
        N_("We write down your story: what you needed, what you did, what came of it."),
        N_("A conversation of about an hour, and the time to read the text. Once."),
        _ITS_YES,
    ),
    Activity.SPEAKING: Meaning(
        N_("You tell your story to an audience, at an event or online."),
        N_("Half a day or more, with what you prepare. Each event is asked for by itself."),
        N_("Public: your name stands in the programme."),
    ),
    Activity.PRESS: Meaning(
        N_("A journalist asks you about what you do with us."),
        N_("About half an hour, when a newspaper or magazine wants to know. That is rare."),
        N_("Public: your name may stand in what they write."),
    ),
    Activity.ADVISORY_BOARD: Meaning(
        N_("You talk with other customers and with us about what should become of what you use."),
        N_("An hour or two for each meeting, a few times a year."),
        N_("Not public: the others in the group learn who you are."),
    ),
    Activity.VIDEO: Meaning(
        N_("We film you telling your story, at your place or online."),
        N_("About two hours, once."),
        _ITS_YES,
    ),
    Activity.REFERRAL: Meaning(
        N_("You name somebody you know whom what you use might help."),
        N_("A few minutes for each person you name."),
        N_("Not public: whom you name learns that it came from you."),
    ),
    Activity.VISIT: Meaning(
        N_("A company that thinks of choosing what you use comes and sees how you work with it."),
        N_("About %(minutes)s minutes or longer, as you choose, for each visit. You offer the times."),
        _ONE_SIDE,
    ),
    Activity.QUOTE: Meaning(
        N_("One or two sentences of yours that we may show to others."),
        N_("A few minutes, once for each quote."),
        _ITS_YES,
    ),
    Activity.LOGO: Meaning(
        N_("We may show your company’s logo among those of our customers."),
        N_("A few minutes, once, and whoever must allow it at your company."),
        N_("Public with your company’s name, not with yours."),
    ),
    Activity.ANALYST: Meaning(
        N_("Somebody who studies the market asks you what you do with us, and how well it works."),
        N_("About %(minutes)s minutes for each conversation. You offer the times."),
        N_("Not public: the analyst learns who you are, with your yes."),
    ),
}
"""The one source of these words, for pages and mails. How long a meeting is belongs to the terms of requests, so its minutes are handed in."""
MEETING_MINUTES = 30
"""How long a meeting is until an admin sets another length."""


def untouched(
    wanted: Mapping[Activity, bool | None],
    until: Mapping[Activity, date | None],
    shown: Mapping[Activity, bool | None],
    seen: Mapping[Activity, date | None],
) -> set[Activity]:
    """Return what is sent as the page showed it: the same choice (``shown``), and of a yes the same last day (``seen``), or none said."""

    def same_day(activity: Activity) -> bool:
        return activity not in until or (activity in seen and until[activity] == seen[activity])

    return {one for one in wanted if one in shown and wanted[one] == shown[one] and (not wanted[one] or same_day(one))}

"""What an ask is: its kinds and their effort, how it was made, what comes of it, and the state that follows from that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.acts.rules.refusals import NotThisOutcome
from portal.kernel.text import N_


class AskKind(StrEnum):
    """What somebody is asked for. Every kind draws on the same budget."""

    SURVEY = "survey"
    EMAIL = "email"
    CHALLENGE = "challenge"
    REVIEW = "review"
    REFERRAL = "referral"
    QUOTE = "quote"
    CALL = "call"
    PEER_GROUP = "peer_group"
    PRESS = "press"
    VIDEO = "video"
    SPEAKING = "speaking"
    VISIT = "visit"
    CASE_STUDY = "case_study"
    OTHER = "other"


OF_REFERENCES = frozenset(AskKind) - {AskKind.SURVEY, AskKind.EMAIL, AskKind.CHALLENGE, AskKind.OTHER}
"""What somebody is asked for as a reference: never who is none any more, or said no to it."""
ASK_KIND_NAMES = {
    AskKind.SURVEY: N_("Survey"),
    AskKind.EMAIL: N_("E-mail campaign"),
    AskKind.CHALLENGE: N_("Invitation to a challenge"),
    AskKind.REVIEW: N_("Review"),
    AskKind.REFERRAL: N_("Referral"),
    AskKind.QUOTE: N_("Quote or logo"),
    AskKind.CALL: N_("Reference call"),
    AskKind.PEER_GROUP: N_("Peer group or advisory board"),
    AskKind.PRESS: N_("Press or analyst"),
    AskKind.VIDEO: N_("Video"),
    AskKind.SPEAKING: N_("Speaking"),
    AskKind.VISIT: N_("Site visit"),
    AskKind.CASE_STUDY: N_("Case study"),
    AskKind.OTHER: N_("Something else"),
}
EFFORTS: Mapping[AskKind, int] = {
    AskKind.SURVEY: 1,
    AskKind.EMAIL: 1,
    AskKind.CHALLENGE: 2,
    AskKind.REVIEW: 3,
    AskKind.REFERRAL: 3,
    AskKind.QUOTE: 3,
    AskKind.CALL: 8,
    AskKind.PEER_GROUP: 8,
    AskKind.PRESS: 10,
    AskKind.VIDEO: 15,
    AskKind.SPEAKING: 20,
    AskKind.VISIT: 20,
    AskKind.CASE_STUDY: 25,
    AskKind.OTHER: 3,
}
"""Effort of each kind until an admin sets another. Survey 1, review 3, call 8, site visit 20, case study 25 are the specification's (A4);
the others are put between those by the time they take."""
MOST_EFFORT, REASON_LENGTH, NOTE_LENGTH, KEY_LENGTH = 100, 500, 500, 200
MOST_MINUTES = 6_000


class Channel(StrEnum):
    """How somebody was asked."""

    PORTAL = "portal"
    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"
    PERSON = "person"


CHANNEL_NAMES = {
    Channel.PORTAL: N_("In the portal"),
    Channel.EMAIL: N_("By e-mail"),
    Channel.PHONE: N_("By phone"),
    Channel.CHAT: N_("In a chat"),
    Channel.PERSON: N_("In person"),
}


class Came(StrEnum):
    """What can come of an ask. Each is a row of its own, and none is ever changed."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"
    MISSED = "missed"


class AskState(StrEnum):
    """Where an ask stands: open, or what came of it last."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"
    MISSED = "missed"


ASK_STATE_NAMES = {
    AskState.OPEN: N_("Waits for an answer"),
    AskState.ACCEPTED: N_("Accepted"),
    AskState.DECLINED: N_("Declined"),
    AskState.EXPIRED: N_("No answer"),
    AskState.WITHDRAWN: N_("Withdrawn"),
    AskState.COMPLETED: N_("Done"),
    AskState.MISSED: N_("Did not happen"),
}
NEXT: Mapping[AskState, frozenset[Came]] = {
    AskState.OPEN: frozenset(Came),
    AskState.ACCEPTED: frozenset({Came.DECLINED, Came.WITHDRAWN, Came.COMPLETED, Came.MISSED}),
    AskState.COMPLETED: frozenset({Came.MISSED}),
    AskState.MISSED: frozenset({Came.COMPLETED}),
}
"""What may follow. A survey that is sent in is done without having been accepted; who accepted may still have to say no. Whether it was done
is put right by one more row. All else is the end."""
HOLDING = frozenset({AskState.OPEN, AskState.ACCEPTED, AskState.COMPLETED, AskState.MISSED})
"""Asks in these states hold a slot: still open, or accepted, whatever came of it then. A no, silence or a withdrawal frees the slot."""
UNSETTLED = frozenset({AskState.OPEN, AskState.ACCEPTED})
FREEING = (Came.DECLINED, Came.EXPIRED, Came.WITHDRAWN)


def state_of(outcomes: Iterable[Came | str]) -> AskState:
    """Return the state that follows from what came of an ask, in order; nothing came of one that is open.

    Refuses an order that cannot be (``NotThisOutcome``): so a record that was tampered with is found, and not interpreted.
    """
    state = AskState.OPEN
    for came in outcomes:
        state = after(state, Came(came))
    return state


def after(state: AskState, came: Came) -> AskState:
    """Return the state after ``came``. Refuses what cannot follow (``NotThisOutcome``)."""
    if came not in NEXT.get(state, frozenset()):
        raise NotThisOutcome(state=ASK_STATE_NAMES[state])
    return AskState(came.value)


@dataclass(frozen=True)
class Past:
    """One ask as the budget sees it: when, how much, where it stands, and when it was answered (accepted, declined or left to lapse)."""

    asked_at: datetime
    effort: int
    state: AskState
    answered_at: datetime | None = None
    was_accepted: bool = False
    lapses_at: datetime | None = None
    """When an open one lapses, if nobody says anything."""

    @property
    def holds(self) -> bool:
        return self.state in HOLDING

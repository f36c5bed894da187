"""What is refused about acts, and the act as other rooms hear of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.kernel.errors import NotFound
from portal.kernel.text import N_


class ActKind(StrEnum):
    """What an act of advocacy was. Which one an approved challenge is follows from its steps (``challenges/rules/acting.py``).

    One that may be rewarded with nothing is ``UNREWARDED``, whatever it was: it stands in the record, and counts on no board, for no
    badge and in no streak.
    """

    REFERENCE = "reference"
    REVIEW = "review"
    REFERRAL = "referral"
    CONSENT = "consent"
    EVENT = "event"
    UPLOAD = "upload"
    SHARE = "share"
    SURVEY = "survey"
    QUIZ = "quiz"
    CHALLENGE = "challenge"
    UNREWARDED = "unrewarded"


UNREWARDED = ActKind.UNREWARDED
ACT_KIND_NAMES = {
    ActKind.REFERENCE: N_("Reference for another customer"),
    ActKind.REVIEW: N_("Online review"),
    ActKind.REFERRAL: N_("Referral"),
    ActKind.CONSENT: N_("Consent to a quote, logo or story"),
    ActKind.EVENT: N_("Event"),
    ActKind.UPLOAD: N_("Upload of a picture, video or document"),
    ActKind.SHARE: N_("Shared link"),
    ActKind.SURVEY: N_("Survey"),
    ActKind.QUIZ: N_("Quiz"),
    ActKind.CHALLENGE: N_("Other challenge"),
    ActKind.UNREWARDED: N_("Review without a reward"),
}
OF_STEPS = N_("A challenge counts as what its steps ask for: one with an online review as a review, whatever else it asks.")


class ActUnknown(NotFound):
    """There is no live act of this source: it never was one, or it was reversed already."""

    message = N_("There is no act to take back; it may have been taken back already.")


@dataclass(frozen=True)
class ActNews:
    """An act that was just recorded (``is_live``) or taken back, or whose worth changed."""

    act_id: int
    person_id: int
    kind: str
    track: str
    points: int
    happened_at: datetime
    is_live: bool
    change: int = 0
    """By how many points a live act is worth more, or less, than before; then nothing else about it is new."""

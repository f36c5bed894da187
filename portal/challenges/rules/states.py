"""The words for how things stand, and the limits of a challenge."""

from enum import StrEnum

from portal.kernel.text import N_

MAX_POINTS = 100_000
MAX_MINUTES = 600
MAX_PER_PERIOD = 100
MAX_ATTEMPTS = 50
MAX_PLACES = 1_000_000
MAX_STAGES = 20


class Period(StrEnum):
    """How often a challenge may be done: its slots are counted per one of these."""

    ONCE = "once"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ChallengeState(StrEnum):
    """What is stored: what people did to a challenge. What follows from dates and drafts as well is ``rules/lifecycle.py``.

    Draft → live ⇄ paused → closed → archived; from each of the last three it can be opened again.
    """

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    CLOSED = "closed"
    ARCHIVED = "archived"


class SubmissionState(StrEnum):
    """Where a person stands with one slot of a challenge. Follows from its attempts."""

    OPEN = "open"
    WAITING = "waiting"
    MORE_WANTED = "more_wanted"
    DECLINED = "declined"
    APPROVED = "approved"


class AttemptState(StrEnum):
    """The verdict on one attempt. ``closed``: another attempt was approved, so this one needs none and is not paid."""

    WAITING = "waiting"
    APPROVED = "approved"
    MORE_WANTED = "more_wanted"
    DECLINED = "declined"
    CLOSED = "closed"
    REVERSED = "reversed"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What a reviewer decided. ``feedback`` decides nothing; ``recalled`` takes the verdict before it back within the minute."""

    APPROVED = "approved"
    MORE_WANTED = "more_wanted"
    DECLINED = "declined"
    REVERSED = "reversed"
    FEEDBACK = "feedback"
    RECALLED = "recalled"
    UPHELD = "upheld"


PERIOD_NAMES = {Period.ONCE: N_("In all"), Period.DAY: N_("Per day"), Period.WEEK: N_("Per week"), Period.MONTH: N_("Per month")}
SUBMISSION_STATE_NAMES = {
    SubmissionState.OPEN: N_("Under way"),
    SubmissionState.WAITING: N_("Waiting for an answer"),
    SubmissionState.MORE_WANTED: N_("More wanted"),
    SubmissionState.DECLINED: N_("Declined"),
    SubmissionState.APPROVED: N_("Approved"),
}
APPEALED, TAKEN_BACK = "appealed", "reversed"
SHOWN_STATE_NAMES: dict[str, str] = {
    **{state.value: name for state, name in SUBMISSION_STATE_NAMES.items()},
    APPEALED: N_("Appeal: it is looked at once more"),
    TAKEN_BACK: N_("Approval taken back"),
}
"""What is shown of a submission: its state, or what has become of it since its verdict."""
ATTEMPT_STATE_NAMES = {
    AttemptState.WAITING: N_("Waiting for an answer"),
    AttemptState.APPROVED: N_("Approved"),
    AttemptState.MORE_WANTED: N_("More wanted"),
    AttemptState.DECLINED: N_("Declined"),
    AttemptState.CLOSED: N_("Closed, another was approved"),
    AttemptState.REVERSED: N_("Approval taken back"),
    AttemptState.WITHDRAWN: N_("Withdrawn"),
}
OUTCOME_NAMES = {
    Outcome.APPROVED: N_("Approved"),
    Outcome.MORE_WANTED: N_("More wanted"),
    Outcome.DECLINED: N_("Declined"),
    Outcome.REVERSED: N_("Approval taken back"),
    Outcome.FEEDBACK: N_("Feedback"),
    Outcome.RECALLED: N_("Verdict undone"),
    Outcome.UPHELD: N_("Appeal declined"),
}

"""States of a reference request, and of each person who is considered for it."""

from enum import StrEnum


class State(StrEnum):
    """Where a request stands. A request is ``proposed`` once somebody was proposed for it, and goes back to ``matching`` when nobody is left."""

    DRAFT = "draft"
    OPEN = "open"
    MATCHING = "matching"
    PROPOSED = "proposed"
    OWNER_AGREED = "owner_agreed"
    CUSTOMER_ASKED = "customer_asked"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    MISSED = "missed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class CandidateState(StrEnum):
    """Where one person stands who was proposed for a request."""

    PROPOSED = "proposed"
    OWNER_AGREED = "owner_agreed"
    ASKED = "asked"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    MISSED = "missed"
    OWNER_DECLINED = "owner_declined"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    WITHDRAWN = "withdrawn"


class DealStage(StrEnum):
    """How far a deal has come."""

    EARLY = "early"
    EVALUATION = "evaluation"
    PROPOSAL = "proposal"
    NEGOTIATION = "negotiation"


class DealOutcome(StrEnum):
    """What became of a deal."""

    WON = "won"
    LOST = "lost"

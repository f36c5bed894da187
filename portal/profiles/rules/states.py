"""Where a reference profile stands. Whether it is shown is another matter, and another column."""

from enum import StrEnum

from portal.kernel.text import N_


class Status(StrEnum):
    """Where a profile stands: only an active one is found."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RESTING = "resting"
    NEEDS_VERIFICATION = "needs_verification"
    LEGAL_HOLD = "legal_hold"
    RETIRED = "retired"


STATUS_NAMES = {
    Status.CANDIDATE: N_("Candidate"),
    Status.ACTIVE: N_("Active"),
    Status.RESTING: N_("Resting"),
    Status.NEEDS_VERIFICATION: N_("Needs verification"),
    Status.LEGAL_HOLD: N_("Legal hold"),
    Status.RETIRED: N_("Retired"),
}


class Retired(StrEnum):
    """Why a profile was retired."""

    LEFT = "left"
    UNHAPPY = "unhappy"
    PRODUCT = "product"
    OWN_WISH = "own_wish"
    UNSUITABLE = "unsuitable"
    OTHER = "other"


class WordKind(StrEnum):
    """What a word of a profile says: what they speak, use, use it for, used before, and whom they are never put in touch with."""

    LANGUAGE = "language"
    PRODUCT = "product"
    USE_CASE = "use_case"
    REPLACED = "replaced"
    NOT_FOR = "not_for"

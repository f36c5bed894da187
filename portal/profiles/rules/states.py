"""Where a reference profile stands. Whether it is shown is another matter, and another column."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.kernel.text import N_


class Status(StrEnum):
    """Where a profile stands: only an active one is found as fitting."""

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


WORD_KIND_NAMES = {
    WordKind.LANGUAGE: N_("Languages"),
    WordKind.PRODUCT: N_("Products"),
    WordKind.USE_CASE: N_("What they use it for"),
    WordKind.REPLACED: N_("What they used before"),
    WordKind.NOT_FOR: N_("Never put in touch with"),
}
RETIRED_NAMES = {
    Retired.LEFT: N_("Left the company"),
    Retired.UNHAPPY: N_("Not happy any more"),
    Retired.PRODUCT: N_("Does not use the product any more"),
    Retired.OWN_WISH: N_("Their own wish"),
    Retired.UNSUITABLE: N_("Not suitable any more"),
    Retired.OTHER: N_("Another reason"),
}


class Move(StrEnum):
    """What moves a profile from one status to another."""

    ACTIVATE = "activate"
    REST = "rest"
    RESUME = "resume"
    DOUBT = "doubt"
    VERIFY = "verify"
    HOLD = "hold"
    RELEASE = "release"
    RETIRE = "retire"
    REVIVE = "revive"


@dataclass(frozen=True)
class Way:
    """From which statuses a move leads, to which, and whether the profile is hidden with it. No move shows a profile that was hidden."""

    start: tuple[Status, ...]
    end: Status
    hides: bool = False


_IN_USE = (Status.ACTIVE, Status.RESTING)
WAYS: Mapping[Move, Way] = {
    Move.ACTIVATE: Way((Status.CANDIDATE,), Status.ACTIVE),
    Move.REST: Way((Status.ACTIVE,), Status.RESTING),
    Move.RESUME: Way((Status.RESTING,), Status.ACTIVE),
    Move.DOUBT: Way(_IN_USE, Status.NEEDS_VERIFICATION),
    Move.VERIFY: Way((Status.NEEDS_VERIFICATION,), Status.ACTIVE),
    Move.HOLD: Way((Status.CANDIDATE, *_IN_USE, Status.NEEDS_VERIFICATION), Status.LEGAL_HOLD, hides=True),
    # While lawyers looked at it nobody looked whether it is still true.
    Move.RELEASE: Way((Status.LEGAL_HOLD,), Status.NEEDS_VERIFICATION),
    Move.RETIRE: Way((Status.CANDIDATE, *_IN_USE, Status.NEEDS_VERIFICATION, Status.LEGAL_HOLD), Status.RETIRED, hides=True),
    Move.REVIVE: Way((Status.RETIRED,), Status.CANDIDATE),
}
"""Every move that there is. What stands nowhere here is refused, by the guarded update that makes the move."""
MOVE_NAMES = {
    Move.ACTIVATE: N_("Make active"),
    Move.REST: N_("Let rest"),
    Move.RESUME: N_("End the rest"),
    Move.DOUBT: N_("Needs verification"),
    Move.VERIFY: N_("All of it is true"),
    Move.HOLD: N_("Put under legal hold"),
    Move.RELEASE: N_("End the legal hold"),
    Move.RETIRE: N_("Retire"),
    Move.REVIVE: N_("Take up again"),
}
OF_ADMINS = (Move.HOLD, Move.RELEASE)
"""What the owner of the account may not do: a legal hold is the programme's."""


def shown_as(status: Status, *, is_held: bool) -> Status:
    """Return how a profile stands for whoever may know it: one whose person or company is under a legal hold of goodwill (``is_held``) stands
    under legal hold, as if its own status said so, while it is of any use.
    """
    return Status.LEGAL_HOLD if is_held and status is not Status.RETIRED else status


def follows_consents(status: Status, *, reason: str, rests_until: date | None, has_agreed: bool, stands: bool) -> Move | None:
    """Return the move that follows where somebody's last consent ended (``has_agreed``, and none ``stands``), or one stands again.

    They rest: they are in no doubt, and have not asked to be taken out, so that one yes of theirs brings them back. Such a rest alone has
    neither a reason (staff give one) nor a day on which it ends (a pause has one).
    """
    if status is Status.ACTIVE and has_agreed and not stands:
        return Move.REST
    if status is Status.RESTING and stands and not reason and rests_until is None:
        return Move.RESUME
    return None


def moved(status: Status, move: Move) -> Status | None:
    """Return where a move leads from ``status``, or None where there is no such way."""
    way = WAYS[move]
    return way.end if status in way.start else None


def moves_from(status: Status) -> list[Move]:
    """Return the moves that lead on from ``status``, in the order of their buttons."""
    return [move for move in Move if status in WAYS[move].start]

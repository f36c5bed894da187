"""Deciding on nominations: who may, and why not."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from portal.kernel.actor import Actor
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_
from portal.review.rules.refusals import NothingToUndo

COMMENT_LENGTH = 2_000


class Code(StrEnum):
    """Why a nomination was not approved."""

    NOT_NOW = "not_now"
    UNHAPPY = "unhappy"
    LEFT = "left"
    UNKNOWN = "unknown"
    NOT_ALLOWED = "not_allowed"
    OTHER = "other"


CODE_NAMES = {
    Code.NOT_NOW: N_("Not a good moment at the customer"),
    Code.UNHAPPY: N_("They are not happy with us now"),
    Code.LEFT: N_("They left the company"),
    Code.UNKNOWN: N_("We cannot tell who that is"),
    Code.NOT_ALLOWED: N_("Their company does not allow it"),
    Code.OTHER: N_("Something else"),
}


class OwnNomination(NotAllowed):
    """Nobody decides on their own nomination: not on the first, not on one they added their voice to, and none in favour of their own."""

    message = N_("You nominated this person, so another admin has to decide.")


class AlreadyDecided(Conflict):
    """Somebody else decided first."""

    message = N_("This nomination has been decided already. Nothing was changed.")


class ReasonMissing(Refusal):
    """Not approved, without a reason."""

    message = N_("Say why, so that the nominator knows. They read this.")
    field = "reason"


class NotAnOriginal(Refusal):
    """The nomination to credit is the same one, or it does not stand any more."""

    message = N_("Choose another nomination, one that waits or was approved.")
    field = "first_id"


class NominatedAgain(NothingToUndo):
    """Another nomination of the same address stands by now."""

    message = N_("Somebody has nominated this person again by now, so this decision stands. Decide on the new one.")


class InvitationOut(NothingToUndo):
    """The nominee was invited once more, or joined."""

    message = N_("The invitation is out by now, so this decision stands.")


class NomineeDeactivated(Refusal):
    """The nominee's account was closed; an invitation alone would not open it."""

    message = N_("%(name)s has a deactivated account. Decline with a reason, or reactivate the account under “People” first.")


class NomineeSaidNo(Refusal):
    """The nominee was asked by another nomination since, and said no."""

    message = N_("%(name)s was asked meanwhile and said no, so they are not asked again. Decline with a reason.")


class CommentEmpty(Refusal):
    """A comment without a word."""

    message = N_("Write something first.")
    field = "text"


def require_decidable(actor: Actor, nominators: Iterable[int]) -> None:
    """Refuse unless ``actor`` may decide on nominations, and is none of those who nominated."""
    if not actor.may_decide("nomination"):
        raise NotAllowed()
    if actor.id is not None and actor.id in set(nominators):
        raise OwnNomination()


def require_reason(reason: str) -> str:
    """Return the reason without blank ends; refuse an empty one."""
    if not reason.strip():
        raise ReasonMissing()
    return reason.strip()


def require_comment(text: str) -> str:
    """Return the comment without blank ends; refuse an empty one."""
    if not text.strip():
        raise CommentEmpty()
    return text.strip()[:COMMENT_LENGTH]


def may_talk(actor: Actor, nominators: Iterable[int]) -> bool:
    """Tell whether ``actor`` reads and writes the comments of a nomination: whoever nominated, and whoever may decide."""
    return actor.id in set(nominators) or actor.may_decide("nomination")


def late_since(now: datetime, *, days: int, zone: str) -> datetime:
    """Return the moment before which a nomination was made that waits longer than ``days`` days of the programme's calendar by ``now``."""
    return start_of_day(local_date(now, zone) - timedelta(days=days), zone)

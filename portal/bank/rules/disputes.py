"""Disputes: a member says that a line of their statement is wrong; an admin who did not decide the line puts it right or lets it stand."""

from collections.abc import Collection
from enum import StrEnum

from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_, clean

KIND = "dispute"
"""What a dispute is called in the approvals queue and in the audit log."""
WORDS_LENGTH = 500


class DisputeState(StrEnum):
    """Waiting → righted or stands; correcting while the correction that puts it right waits for a second admin; withdrawn by the member."""

    WAITING = "waiting"
    CORRECTING = "correcting"
    RIGHTED = "righted"
    STANDS = "stands"
    WITHDRAWN = "withdrawn"


OPEN = (DisputeState.WAITING, DisputeState.CORRECTING)


class DisputeWordsMissing(Refusal):
    """Whoever answers has to know what is wrong."""

    message = N_("Please say in a sentence what is wrong with this line.")
    field = "words"


class AlreadyDisputed(Conflict):
    """A line has one open dispute at most."""

    message = N_("You disputed this line already. You will read the answer here.")


class DisputeSettled(Conflict):
    """Somebody answered, or the member took it back."""

    message = N_("This dispute does not wait any more. Nothing was changed.")


class OwnDispute(NotAllowed):
    """Nobody answers their own dispute."""

    message = N_("This is your own dispute, so another admin has to answer it.")


class DecidedTheLine(NotAllowed):
    """Who decided the line does not judge the dispute of it."""

    message = N_("You decided what is disputed, so another admin has to answer.")


class RightingPointsMissing(Refusal):
    """What is put right gives points back."""

    message = N_("Enter how many points put it right: at least one.")
    field = "points"


class AnswerMissing(Refusal):
    """The member reads why."""

    message = N_("Please give a reason. The member reads it at the line.")
    field = "reason"


def require_words(words: str) -> str:
    """Return the member's words, cleaned and cut. Refuses none (``DisputeWordsMissing``)."""
    said = clean(words)[:WORDS_LENGTH]
    if not said:
        raise DisputeWordsMissing()
    return said


def require_answer(reason: str) -> str:
    """Return the reason of an answer, cleaned and cut. Refuses none (``AnswerMissing``)."""
    said = clean(reason)[:WORDS_LENGTH]
    if not said:
        raise AnswerMissing()
    return said


def require_righting(points: int) -> int:
    """Return the points of a correction that puts a line right. Refuses fewer than one (``RightingPointsMissing``)."""
    if points < 1:
        raise RightingPointsMissing()
    return points


def require_answerer(actor: Actor, *, person_id: int, deciders: Collection[int]) -> None:
    """Refuses: NotAllowed to who is no admin, OwnDispute to the member, DecidedTheLine to who decided the line or asked for it."""
    if not actor.is_admin:
        raise NotAllowed()
    if actor.id == person_id:
        raise OwnDispute()
    if actor.id in deciders:
        raise DecidedTheLine()

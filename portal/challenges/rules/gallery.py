"""The gallery: when what somebody uploaded is shown to all members, and who takes it out and brings it back."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_

REASON_LENGTH = 500
AGREEMENT_VERSION = 1
"""Counted up with every change to ``AGREEMENT``: what was agreed to before and not yet sent is then asked anew."""
AGREEMENT = N_("I made this or may share it, and agree that all members see it with my name, or with my nickname if I have one.")


class SeenBy(StrEnum):
    """Who sees what a step asks to upload, besides its owner and who decides on it."""

    REVIEWERS = "reviewers"
    GALLERY = "gallery"


class Shown(StrEnum):
    """How a thing stands in the gallery. Only what is ``SHOWN`` is seen by others, and its file read by them."""

    SHOWN = "shown"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"
    NOT_APPROVED = "not_approved"
    AWAY = "away"


SHOWN_NAMES = {
    Shown.SHOWN: N_("In the gallery"),
    Shown.WITHDRAWN: N_("Taken out by its owner"),
    Shown.HIDDEN: N_("Hidden by the programme team"),
    Shown.NOT_APPROVED: N_("No longer approved"),
    Shown.AWAY: N_("Its owner is not a member now"),
}


class GalleryNotAgreed(Refusal):
    """The box is empty, or what it says has changed since."""

    message = N_("Please tick that you made this or may share it, and that all members may see it. Without that we cannot take it.")
    field = "agreed"


class OutAlready(Conflict):
    """Taken out twice."""

    message = N_("This is out of the gallery already.")


class NotOut(Conflict):
    """Nothing to bring back."""

    message = N_("You have not taken this out of the gallery.")


class HiddenAlready(Conflict):
    """Hidden twice."""

    message = N_("This is hidden already.")


class NotHidden(Conflict):
    """Nothing to show again."""

    message = N_("This is not hidden.")


class HidingReasonMissing(Refusal):
    """Whose it is reads why."""

    message = N_("Please say why. Whose it is reads it.")
    field = "reason"


@dataclass(frozen=True)
class Marks:
    """What happened to a thing in the gallery: three marks that do not touch each other, each with one who may set and lift it.

    The approval of the answer (``taken_back_at`` where it does not stand), the member, the admins.
    """

    file_id: int
    taken_back_at: datetime | None = None
    withdrawn_at: datetime | None = None
    hidden_at: datetime | None = None


def state_of(marks: Marks, *, is_member: bool) -> Shown:
    """Return how a thing stands; ``is_member`` tells whether whose it is can sign in. What weighs most is told first."""
    if marks.taken_back_at is not None:
        return Shown.NOT_APPROVED
    if marks.hidden_at is not None:
        return Shown.HIDDEN
    if marks.withdrawn_at is not None:
        return Shown.WITHDRAWN
    return Shown.SHOWN if is_member else Shown.AWAY


def approved_again(marks: Marks, file_id: int) -> Marks:
    """Return the marks once an answer with ``file_id`` is approved.

    The same file stays out where its owner took it out, and hidden where an admin hid it. Another file begins anew: it was agreed
    to, and looked at, by itself.
    """
    return replace(marks, taken_back_at=None) if file_id == marks.file_id else Marks(file_id)


def require_out(marks: Marks, *, is_out: bool) -> None:
    """Refuse to take out what its owner took out, and to bring back what they did not."""
    if (marks.withdrawn_at is not None) is not is_out:
        raise NotOut() if is_out else OutAlready()


def require_hidden(marks: Marks, *, is_hidden: bool) -> None:
    """Refuse to hide what is hidden, and to show again what is not."""
    if (marks.hidden_at is not None) is not is_hidden:
        raise NotHidden() if is_hidden else HiddenAlready()

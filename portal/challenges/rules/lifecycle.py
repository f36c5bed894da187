"""The life of a challenge: what is stored, and what follows from its days and its draft."""

from datetime import date
from enum import StrEnum

from portal.challenges.rules.states import ChallengeState
from portal.kernel.text import N_


class Lifecycle(StrEnum):
    """Draft → in review → scheduled → live → paused → expired → archived. ``closed`` was ended by hand before its closing day."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    EXPIRED = "expired"
    CLOSED = "closed"
    ARCHIVED = "archived"


LIFECYCLE_NAMES = {
    Lifecycle.DRAFT: N_("Draft"),
    Lifecycle.IN_REVIEW: N_("In review"),
    Lifecycle.SCHEDULED: N_("Scheduled"),
    Lifecycle.LIVE: N_("Live"),
    Lifecycle.PAUSED: N_("Paused"),
    Lifecycle.EXPIRED: N_("Expired"),
    Lifecycle.CLOSED: N_("Closed"),
    Lifecycle.ARCHIVED: N_("Archived"),
}


def lifecycle(state: str, opens_on: date | None, closes_on: date | None, today: date, *, is_asked: bool = False) -> Lifecycle:
    """Return where a challenge is in its life on ``today``, a day of the programme's zone. No job is needed for any of it.

    The opening and closing days themselves are live. A paused one expires like a live one.
    ``is_asked``: a second admin was asked to look at the draft.
    """
    if state == ChallengeState.DRAFT:
        return Lifecycle.IN_REVIEW if is_asked else Lifecycle.DRAFT
    if state in (ChallengeState.CLOSED, ChallengeState.ARCHIVED):
        return Lifecycle(state)
    if closes_on and today > closes_on:
        return Lifecycle.EXPIRED
    if state == ChallengeState.PAUSED:
        return Lifecycle.PAUSED
    return Lifecycle.SCHEDULED if opens_on and today < opens_on else Lifecycle.LIVE


def last_day(own: date | None, live: date | None) -> date | None:
    """Return the closing day for what was begun under another version: the later of its own and the live one's.

    So an edit takes no day from anybody who has begun, and a longer time is for all. None is without end.
    """
    return None if own is None or live is None else max(own, live)


def has_to_be_shared(asked_by_id: int | None, asked: bool, publisher_id: int | None) -> bool:
    """Tell whether somebody else still has to look: nobody was asked, or the one who asked wants to publish.

    The portal itself (``publisher_id`` None) publishes in the name of whoever runs it.
    """
    return publisher_id is not None and (not asked or asked_by_id == publisher_id)

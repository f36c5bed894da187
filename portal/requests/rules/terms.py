"""What admins set about requests: points by what was done, and the clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.profiles.rules.activity import MEETING_MINUTES, Activity
from portal.requests.rules.answering import LENGTHS

MOST_DAYS, MOST_POINTS = 90, 100_000
DUE_SOON = timedelta(hours=72)
"""A request whose day comes within so long is marked (A1: due within 72 h)."""
POINTS: Mapping[Activity, int] = {
    Activity.CALL: 400,
    Activity.REVIEW: 150,
    Activity.CASE_STUDY: 1_250,
    Activity.SPEAKING: 1_000,
    Activity.PRESS: 500,
    Activity.ADVISORY_BOARD: 400,
    Activity.VIDEO: 750,
    Activity.REFERRAL: 150,
    Activity.VISIT: 1_000,
    Activity.QUOTE: 150,
    Activity.LOGO: 150,
    Activity.ANALYST: 500,
}
"""Fifty points for each unit of effort that the kind of ask draws (A4), until an admin sets another."""


@dataclass(frozen=True)
class Terms:
    """Days are counted in whole days from the moment. The account owner is reminded after ``owner_days``, admins are told after
    ``escalate_days``. An ask lapses ``silent_days`` after that, or after the customer was asked; the customer is reminded after
    ``remind_days``. What one side says stands after ``confirm_days``. ``minutes`` is the length a meeting has if nobody chooses.

    After a yes: who picks the time is reminded ``pick_days`` after times were offered; of what needs no meeting both are asked ``done_days``
    after the yes whether it is done; who says nothing to what they are asked then is let go after ``last_days``.
    """

    owner_days: int = 2
    escalate_days: int = 5
    remind_days: int = 4
    silent_days: int = 10
    confirm_days: int = 7
    minutes: int = MEETING_MINUTES
    pick_days: int = 3
    done_days: int = 21
    last_days: int = 21
    points: Mapping[str, int] = field(default_factory=lambda: {activity.value: points for activity, points in POINTS.items()})

    @property
    def held_for(self) -> timedelta:
        """How long a slot is reserved for somebody who says nothing, from the proposal on."""
        return timedelta(days=self.escalate_days + self.silent_days)


class OwnerDaysOutOfOrder(Refusal):
    """Admins would hear of it before the owner was reminded."""

    message = N_("The reminder comes before the admins are told.")
    field = "escalate_days"


class RemindDaysOutOfOrder(Refusal):
    """The reminder would come when silence has counted already."""

    message = N_("The reminder comes before silence counts as an answer.")
    field = "silent_days"


class LastDaysOutOfOrder(Refusal):
    """What was agreed to would end before anybody was reminded."""

    message = N_("The reminder comes before what was agreed to ends.")
    field = "last_days"


def require_terms(terms: Terms) -> Terms:
    """Return the terms; refuses reminders that come too late (``OwnerDaysOutOfOrder``, ``RemindDaysOutOfOrder``, ``LastDaysOutOfOrder``)."""
    if terms.owner_days >= terms.escalate_days:
        raise OwnerDaysOutOfOrder()
    if terms.remind_days >= terms.silent_days:
        raise RemindDaysOutOfOrder()
    if terms.remind_days >= terms.last_days:
        raise LastDaysOutOfOrder()
    assert terms.minutes in LENGTHS
    return terms


class Due(StrEnum):
    """What the clock does about a candidate who waits."""

    NOTHING = "nothing"
    REMIND_OWNER = "remind_owner"
    ESCALATE = "escalate"
    REMIND_CUSTOMER = "remind_customer"


def due_of_owner(proposed_at: datetime, reminded_at: datetime | None, escalated_at: datetime | None, now: datetime, terms: Terms) -> Due:
    """Return what is due about an account owner who was asked: a reminder, then the admins; never both at once."""
    if reminded_at is None:
        return Due.REMIND_OWNER if now >= proposed_at + timedelta(days=terms.owner_days) else Due.NOTHING
    late = max(proposed_at + timedelta(days=terms.escalate_days), reminded_at + timedelta(days=terms.escalate_days - terms.owner_days))
    return Due.ESCALATE if escalated_at is None and now >= late else Due.NOTHING


def due_of_customer(asked_at: datetime, reminded_at: datetime | None, now: datetime, terms: Terms) -> Due:
    """Return whether a customer who was asked is reminded: once."""
    return Due.REMIND_CUSTOMER if reminded_at is None and now >= asked_at + timedelta(days=terms.remind_days) else Due.NOTHING

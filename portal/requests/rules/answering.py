"""What customers and account owners answer, and the times that are offered."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.kernel.clock import local_date
from portal.kernel.text import N_
from portal.people.rules.throttle import Limit
from portal.profiles.rules.activity import Activity
from portal.requests.rules.refusals import LengthUnknown, NoSlots, SlotNever, SlotOff, SlotPast, SlotTooFar, SlotTwice

LINK_GOOD_FOR = timedelta(days=90)
"""A link outlives the ask and the meeting, so that who says late how it went still can."""
LINK_TRIES = Limit("request.link", 60, timedelta(hours=1))
LENGTHS = (30, 60)
LENGTHS_OF = {Activity.VISIT: (60, 120, 240)}
"""How long a meeting of a kind may take, in minutes, where that is not half an hour or an hour: nobody travels for half an hour."""
DAY_BEGINS, DAY_ENDS = 7, 20
"""Between these hours of their own clock people expect to be met."""
SLOTS = 3
SLOT_DAYS = 60
NOTICE = timedelta(hours=1)
REASON_LENGTH, SAID_LENGTH, PLACE_LENGTH = 500, 1_000, 500


class CustomerNo(StrEnum):
    """Why a customer said no."""

    NO_TIME = "no_time"
    NOT_ALLOWED = "not_allowed"
    NOT_THIS = "not_this"
    COLLEAGUE = "colleague"
    NOT_HAPPY = "not_happy"
    OTHER = "other"


CUSTOMER_NO_NAMES = {
    CustomerNo.NO_TIME: N_("I have no time for it"),
    CustomerNo.NOT_ALLOWED: N_("My company does not allow it"),
    CustomerNo.NOT_THIS: N_("Not with this company"),
    CustomerNo.COLLEAGUE: N_("A colleague would be better"),
    CustomerNo.NOT_HAPPY: N_("I am not happy enough with you"),
    CustomerNo.OTHER: N_("I would rather not say"),
}


class OwnerNo(StrEnum):
    """Why an account owner does not agree."""

    RENEWAL = "renewal"
    ESCALATION = "escalation"
    ASKED_TOO_OFTEN = "asked_too_often"
    WRONG_PERSON = "wrong_person"
    WRONG_FIT = "wrong_fit"
    OTHER = "other"


OWNER_NO_NAMES = {
    OwnerNo.RENEWAL: N_("The contract is being renewed"),
    OwnerNo.ESCALATION: N_("Something is being sorted out with them"),
    OwnerNo.ASKED_TOO_OFTEN: N_("They were asked too often lately"),
    OwnerNo.WRONG_PERSON: N_("Another person would be better"),
    OwnerNo.WRONG_FIT: N_("It does not fit"),
    OwnerNo.OTHER: N_("Another reason"),
}


class Unfilled(StrEnum):
    """The criterion that left nobody: as an admin says who declines a request, or as the search tells when its day is over."""

    NOBODY = "nobody"
    INDUSTRY = "industry"
    REGION = "region"
    SIZE = "size"
    PRODUCT = "product"
    LANGUAGE = "language"
    CONSENT = "consent"
    CAPACITY = "capacity"
    TIME = "time"
    AWAY = "away"
    VERIFICATION = "verification"
    RENEWAL = "renewal"
    DETRACTOR = "detractor"
    BLOCK = "block"
    HIDDEN = "hidden"
    PROSPECT = "prospect"
    NOT_PROPOSED = "not_proposed"
    OTHER = "other"


UNFILLED_NAMES = {
    Unfilled.NOBODY: N_("Nobody fits"),
    Unfilled.INDUSTRY: N_("Nobody in this industry"),
    Unfilled.REGION: N_("Nobody in this region"),
    Unfilled.SIZE: N_("Nobody of this size"),
    Unfilled.PRODUCT: N_("Nobody with this product"),
    Unfilled.LANGUAGE: N_("Nobody who speaks the language"),
    Unfilled.CONSENT: N_("Nobody who does this"),
    Unfilled.CAPACITY: N_("Nobody has a free slot"),
    Unfilled.TIME: N_("Too little time"),
    Unfilled.AWAY: N_("Whoever fits is away"),
    Unfilled.VERIFICATION: N_("Whoever fits is not verified"),
    Unfilled.RENEWAL: N_("Whoever fits is about to renew"),
    Unfilled.DETRACTOR: N_("Whoever fits is unhappy"),
    Unfilled.BLOCK: N_("Whoever fits must not be asked"),
    Unfilled.HIDDEN: N_("Whoever fits is hidden or not active"),
    Unfilled.PROSPECT: N_("Whoever fits is too close to the prospect"),
    Unfilled.NOT_PROPOSED: N_("Somebody fits, but nobody was proposed"),
    Unfilled.OTHER: N_("Another reason"),
}


def in_zone(wall: datetime, zone: str) -> datetime:
    """Return the moment, in UTC, at which a clock in ``zone`` shows ``wall``; of a time that comes twice, the first. Refuses one that never is."""
    there = wall.replace(tzinfo=ZoneInfo(zone), second=0, microsecond=0, fold=0)
    moment = there.astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != there.replace(tzinfo=None):
        raise SlotNever()
    return moment


def lengths_of(activity: Activity) -> tuple[int, ...]:
    """Return how long a meeting of this kind may take, in minutes."""
    return LENGTHS_OF.get(activity, LENGTHS)


def length_of(activity: Activity, minutes: int) -> int:
    """Return how long a meeting of this kind takes if nobody chooses: ``minutes``, or the shortest that fits the kind."""
    return minutes if minutes in lengths_of(activity) else lengths_of(activity)[0]


class Odd(StrEnum):
    """What is odd about a time that is offered. It is said, and nothing is refused for it."""

    AFTER_NEED = "after_need"
    CUSTOMER_NIGHT = "customer_night"
    PROSPECT_NIGHT = "prospect_night"


ODD_NAMES = {
    Odd.AFTER_NEED: N_("This is after the day by which it is needed."),
    Odd.CUSTOMER_NIGHT: N_("This is before 7:00 or after 20:00 where the customer is."),
    Odd.PROSPECT_NIGHT: N_("This is before 7:00 or after 20:00 where the prospect is."),
}


def odd_of(starts_at: datetime, minutes: int, *, zone: str, needed_by: date | None, prospect_zone: str | None = None) -> list[Odd]:
    """Return what is odd about a time: after the day by which it is needed, or early or late in the day where one of them is (``zone`` of the
    customer, ``prospect_zone`` once it is known).
    """
    odd = [Odd.AFTER_NEED] if needed_by is not None and local_date(starts_at, zone) > needed_by else []
    odd += [Odd.CUSTOMER_NIGHT] if _is_night(starts_at, minutes, zone) else []
    odd += [Odd.PROSPECT_NIGHT] if prospect_zone and _is_night(starts_at, minutes, prospect_zone) else []
    return odd


def is_same_clock(moment: datetime, zone: str, other: str) -> bool:
    """Tell whether clocks in two zones show the same at that moment."""
    return moment.astimezone(ZoneInfo(zone)).utcoffset() == moment.astimezone(ZoneInfo(other)).utcoffset()


def _is_night(starts_at: datetime, minutes: int, zone: str) -> bool:
    begins = starts_at.astimezone(ZoneInfo(zone))
    ends = (starts_at + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone))
    is_late = ends.date() != begins.date() or (ends.hour, ends.minute) > (DAY_ENDS, 0)
    return begins.hour < DAY_BEGINS or is_late


def require_length(minutes: int, activity: Activity) -> int:
    """Return the length of a meeting; refuses one that does not fit its kind."""
    if minutes not in lengths_of(activity):
        raise LengthUnknown()
    return minutes


def require_slots(
    walls: Sequence[datetime | None], zone: str, blackouts: Iterable[tuple[date, date]], now: datetime, *, minutes: int = LENGTHS[0]
) -> list[datetime]:
    """Return the offered times in UTC, in order. ``walls`` is what a clock in ``zone`` shows; None is a field left empty.

    The page has room for three and asks for three, since the prospect is likelier to have time; one is enough, since a customer who has but one
    hour to give helps all the same, and would say no, or make two times up, if three were demanded.

    Refuses none at all, and by its field (``slot1`` …) what is over, more than sixty days away, less than ``minutes`` from another, or on a day
    ruled out.
    """
    found: list[datetime] = []
    ruled_out = list(blackouts)
    for number, wall in enumerate(walls, 1):
        if wall is None:
            continue
        try:
            moment = in_zone(wall, zone)
            _require_slot(moment, found, zone, ruled_out, now, timedelta(minutes=minutes))
        except (SlotNever, SlotPast, SlotTooFar, SlotTwice, SlotOff) as refusal:
            refusal.field = f"slot{number}"
            raise
        found.append(moment)
    if not found:
        raise NoSlots()
    return sorted(found)


def _require_slot(moment: datetime, found: list[datetime], zone: str, ruled_out: list[tuple[date, date]], now: datetime, length: timedelta) -> None:
    if moment < now + NOTICE:
        raise SlotPast()
    if moment > now + timedelta(days=SLOT_DAYS):
        raise SlotTooFar(days=SLOT_DAYS)
    if any(abs(moment - other) < length for other in found):
        raise SlotTwice()
    day = local_date(moment, zone)
    if any(first <= day <= last for first, last in ruled_out):
        raise SlotOff()

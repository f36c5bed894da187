"""A customer answers by link: what they see, choose and allow; when they are reminded, and when silence is an answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict, Refusal, Sentences, refuse_all
from portal.kernel.text import N_
from portal.people.rules.throttle import Limit
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity

LINK_GOOD_FOR = timedelta(days=60)
"""A link outlives the reminder and the day on which silence counts, so that who answers late still can."""
LINK_TRIES = Limit("nomination.link", 60, timedelta(hours=1))
REASON_LENGTH = 1_000
MOST_PER_QUARTER = 12


class Refused(StrEnum):
    """Why a customer said no."""

    NO_TIME = "no_time"
    NOT_ALLOWED = "not_allowed"
    NOT_HAPPY = "not_happy"
    WRONG_PERSON = "wrong_person"
    OTHER = "other"


REFUSED_NAMES = {
    Refused.NO_TIME: N_("I have no time for it"),
    Refused.NOT_ALLOWED: N_("My company does not allow it"),
    Refused.NOT_HAPPY: N_("I am not happy enough with you"),
    Refused.WRONG_PERSON: N_("I am not the right person"),
    Refused.OTHER: N_("I would rather not say"),
}
CONSENT_WORDS = N_("%(company)s may ask me for: %(activity)s.")
"""What somebody agrees to, per activity, as it stands beside its tick. I18n: kept as it was shown, in the language in which it was read."""


class NothingChosen(Refusal):
    """Yes, but to nothing."""

    message = N_("Tick at least one thing you would do, or choose one of the other answers.")
    field = "activities"


class ChosenAndNever(Refusal):
    """The same kind under both headings."""

    message = N_("“%(activity)s” is ticked as something you would do and as something never to ask. Please choose one.")
    field = "never"


class NotAgreed(Refusal):
    """Without the tick that records consent."""

    message = N_("Please tick that we may ask you for what you chose.")
    field = "agreed"


class AnsweredAlready(Conflict):
    """Answered before, in another window or by another link."""

    message = N_("You have answered already. Nothing was changed.")


class AskedAnew(Conflict):
    """Another proposal was made to them since, which this link does not answer."""

    message = N_("You were proposed once more since. Please answer by the link in the newer mail.")


class YesFirst(Conflict):
    """An account is opened by whoever said yes."""

    message = N_("Say yes first. Then you can choose a password here.")


@dataclass(frozen=True)
class Offer:
    """What somebody offers: the activities, how many requests a quarter in all, and what never to ask for."""

    activities: tuple[Activity, ...]
    per_quarter: int
    never: tuple[Activity, ...] = ()


def require_offer(activities: Iterable[Activity], per_quarter: int, never: Iterable[Activity], *, is_agreed: bool) -> Offer:
    """Return the offer, in the order of the form. Refuses no activity, one that is chosen and ruled out, and no consent; all at once."""
    chosen, ruled_out = set(activities), set(never)
    wrong: list[Refusal] = [] if chosen else [NothingChosen()]
    wrong += [ChosenAndNever(activity=Sentences((ACTIVITY_NAMES[one],))) for one in Activity if one in chosen & ruled_out]
    wrong += [] if is_agreed else [NotAgreed()]
    refuse_all(wrong)
    number = min(max(per_quarter, 1), MOST_PER_QUARTER)
    return Offer(tuple(a for a in Activity if a in chosen), number, tuple(a for a in Activity if a in ruled_out))


class Due(StrEnum):
    """What the job does about somebody who was asked."""

    NOTHING = "nothing"
    REMIND = "remind"
    GIVE_UP = "give_up"


def due(
    asked_at: datetime, reminded_at: datetime | None, ask_again_on: date | None, now: datetime, *, remind_days: int, silent_days: int, zone: str
) -> Due:
    """Return what is due: a reminder after ``remind_days`` days, and the end after ``silent_days``, counted from the last time of asking.

    Nobody is given up without a reminder: where that came late, the end is as much later. Who said "not now"
    is asked again on the day itself, and the clock runs on from there.
    """
    today = local_date(now, zone)
    if ask_again_on is not None:
        return Due.REMIND if today >= ask_again_on else Due.NOTHING
    if reminded_at is None:
        return Due.REMIND if (today - local_date(asked_at, zone)).days >= remind_days else Due.NOTHING
    return Due.GIVE_UP if (today - local_date(reminded_at, zone)).days >= silent_days - remind_days else Due.NOTHING

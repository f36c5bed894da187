"""For how long what a profile says is taken for true, what pulls the question forward, and what silence comes to. Specification A7; pure."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.accounts.rules.insights import DETRACTOR
from portal.kernel.clock import local_date
from portal.kernel.text import N_

AGE = timedelta(days=180)
AGE_TIER_1 = timedelta(days=90)
"""Whom every employee may find is asked about twice as often."""
REMIND_DAYS, HIDE_DAYS = 14, 28
"""Days of silence after which who was asked is reminded, and after which the profile is not found any more. It is never removed."""
SOON = timedelta(days=30)
"""What is due within so long is due soon."""
PAUSE_DAYS = 90
VERIFIED_CREDIT, RETIRED_CREDIT = 5, 10
"""What staff are credited with in the unit ``staff``: for saying that a profile is true or what changed, and for retiring one that nobody
should call any more, which is worth more since nobody likes to do it. Once a round."""


class Why(StrEnum):
    """Why a profile is to be verified: because its time has come, or what pulled that forward.

    Of A7's causes three are left out on purpose. A falling health score, a sunset product and a lost renewal are facts about an account that
    the portal is not told of; whoever reads them in another system presses *Ask now*, or says so with *Something changed*.
    """

    AGE = "age"
    BOUNCE = "bounce"
    TITLE = "title"
    EMPLOYER = "employer"
    DETRACTOR = "detractor"
    ASKED = "asked"
    CHANGED = "changed"


WHY_NAMES = {
    Why.AGE: N_("its time has come"),
    Why.BOUNCE: N_("a mail to them came back"),
    Why.TITLE: N_("they have another job title"),
    Why.EMPLOYER: N_("they are at another company"),
    Why.DETRACTOR: N_("they gave us a low score"),
    Why.ASKED: N_("an admin asks"),
    Why.CHANGED: N_("something changed"),
}


class Answer(StrEnum):
    """What somebody says who was asked whether a profile is true."""

    TRUE = "true"
    CHANGED = "changed"
    LEFT = "left"
    UNSUITABLE = "unsuitable"


ANSWER_NAMES = {
    Answer.TRUE: N_("Still true"),
    Answer.CHANGED: N_("Something changed"),
    Answer.LEFT: N_("They left"),
    Answer.UNSUITABLE: N_("No longer suitable"),
}


class Due(StrEnum):
    """What is due about a profile that somebody was asked about."""

    NOTHING = "nothing"
    REMIND = "remind"
    HIDE = "hide"


def age_of(tier: int) -> timedelta:
    """Return after how long a profile of ``tier`` is verified again."""
    return AGE_TIER_1 if tier == 1 else AGE


def next_verify_on(verified_at: datetime, tier: int, zone: str) -> date:
    """Return the day of the programme's calendar on which it is asked again whether what was verified is still true."""
    return local_date(verified_at, zone) + age_of(tier)


def is_fresh(verified_at: datetime | None, now: datetime, age: timedelta = AGE) -> bool:
    """Tell whether what was verified then may be relied on: within 180 days, the last moment included. Never verified is not fresh."""
    return verified_at is not None and now - verified_at <= age


def is_detractor(score: int) -> bool:
    """Tell whether a score of the NPS question is one of somebody who would advise against us: 0 to 6."""
    return 0 <= score <= DETRACTOR


def is_asked(verify_on: date | None, verify_why: str, today: date) -> bool:
    """Tell whether it is asked already, for a reason: what happens now asks nothing new."""
    return verify_on is not None and verify_on <= today and bool(verify_why)


def pulled_forward(verify_on: date | None, today: date) -> date:
    """Return when it is asked after something happened that casts doubt: today, and never later than it would have been."""
    return today if verify_on is None else min(verify_on, today)


def due(asked_at: datetime, reminded_at: datetime | None, now: datetime, zone: str) -> Due:
    """Return what is due: a reminder 14 days after the question, and 14 days after that the profile is hidden.

    Nothing is hidden without a reminder: where that came late, the end is as much later.
    """
    today = local_date(now, zone)
    if reminded_at is None:
        return Due.REMIND if (today - local_date(asked_at, zone)).days >= REMIND_DAYS else Due.NOTHING
    return Due.HIDE if (today - local_date(reminded_at, zone)).days >= HIDE_DAYS - REMIND_DAYS else Due.NOTHING

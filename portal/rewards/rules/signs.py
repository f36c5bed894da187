"""Signs of misuse: each a pure rule over counted facts, with its reason. They lead to a look by a person, never to a silent refusal."""

from dataclasses import dataclass
from enum import StrEnum

from portal.kernel.text import N_

SAME_DEVICE, SAME_ADDRESS = 2, 5
"""So many others, of other companies, used one address with the same browser within 90 days, or one address at all."""
GIFTS, GIFT_SHARE = 3, 0.9
"""So many redemptions, all gift cards, for such a share of everything ever earned."""
DECIDED, DECIDED_SHARE, TIMES_USUAL = 10, 0.8, 2
"""So many decisions, such a share of them by one person, and so many times that person's usual share."""
IN_A_DAY = 5
"""So many redemptions within a day."""


class Sign(StrEnum):
    """What looks odd."""

    DEVICE = "device"
    ADDRESS = "address"
    GIFTS = "gifts"
    REVIEWER = "reviewer"
    VELOCITY = "velocity"


SIGN_NAMES = {
    Sign.DEVICE: N_("%(count)s other members, of other companies, used the same address with the same browser within 90 days."),
    Sign.ADDRESS: N_("%(count)s other members, of other companies, used the same address within 90 days."),
    Sign.GIFTS: N_("All %(count)s redemptions so far are gift cards, for nearly everything they ever earned."),
    Sign.REVIEWER: N_("%(name)s decided %(count)s of their last %(of)s paid answers, far more than of other members’."),
    Sign.VELOCITY: N_("They asked for %(count)s rewards within a day."),
}


@dataclass(frozen=True)
class Counted:
    """What was counted about one member and one redemption. ``decided`` are payments by a reviewer's decision, ``usual`` that of others."""

    same_device: int = 0
    same_address: int = 0
    redemptions: int = 0
    gift_cards: int = 0
    gift_points: int = 0
    lifetime: int = 0
    decided: tuple[tuple[int, int], ...] = ()
    usual: tuple[tuple[int, int], ...] = ()
    in_a_day: int = 0


@dataclass(frozen=True)
class Found:
    """One sign, with the figures of its sentence; ``who`` is the reviewer it speaks of."""

    sign: Sign
    count: int = 0
    of: int = 0
    who: int | None = None


def signs_in(counted: Counted) -> list[Found]:
    """Return every sign that the counts give."""
    return [
        *_together(counted),
        *_gifts(counted),
        *_reviewer(counted),
        *([Found(Sign.VELOCITY, counted.in_a_day)] if counted.in_a_day >= IN_A_DAY else []),
    ]


def _together(counted: Counted) -> list[Found]:
    if counted.same_device >= SAME_DEVICE:
        return [Found(Sign.DEVICE, counted.same_device)]
    return [Found(Sign.ADDRESS, counted.same_address)] if counted.same_address >= SAME_ADDRESS else []


def _gifts(counted: Counted) -> list[Found]:
    is_only = counted.redemptions >= GIFTS and counted.gift_cards == counted.redemptions
    return [Found(Sign.GIFTS, counted.gift_cards)] if is_only and counted.gift_points >= GIFT_SHARE * max(counted.lifetime, 1) else []


def _reviewer(counted: Counted) -> list[Found]:
    """One reviewer for nearly all of somebody's answers says nothing where that reviewer decides nearly all of everybody's, or is the only one."""
    total, usual_total = sum(times for _, times in counted.decided), sum(times for _, times in counted.usual)
    if total < DECIDED or not usual_total:
        return []
    who, times = max(counted.decided, key=lambda pair: pair[1])
    share, usual = times / total, dict(counted.usual).get(who, 0) / usual_total
    return [Found(Sign.REVIEWER, times, total, who)] if share >= DECIDED_SHARE and share >= TIMES_USUAL * usual else []

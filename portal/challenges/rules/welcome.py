"""The one challenge that new members are offered first: what it takes, since they are promised their first points within two minutes."""

from dataclasses import dataclass

from portal.challenges.rules.lifecycle import Lifecycle
from portal.challenges.rules.paying import pays_at_once
from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_


class WelcomeNotLive(Conflict):
    """Nobody can begin it today."""

    message = N_("Only a challenge that is live can be offered to new members first.")


class WelcomeNeedsOthers(Conflict):
    """New members have done nothing yet."""

    message = N_("New members cannot begin with this: another challenge has to be done first.")


class WelcomeFull(Conflict):
    """Every place is taken."""

    message = N_("New members cannot begin with this: all %(limit)s places are taken.")


class WelcomePaysLater(Conflict):
    """The first points would wait for somebody."""

    message = N_(
        "New members are promised their first points within two minutes. So the first step has to pay at once: "
        "1 to %(limit)s points, for something they do here and nobody has to check."
    )


@dataclass(frozen=True)
class FirstStep:
    """The first step of a challenge. ``is_filled_in``: the member completes it here; not so where another system has to tell us."""

    points: int
    needs_check: bool
    is_filled_in: bool


def first_points(step: FirstStep | None, limit: int) -> int:
    """Return what the first step pays as soon as the member has done it; 0 where it waits for somebody. ``limit``: most that is paid at once."""
    if step is None or not step.is_filled_in or not pays_at_once(step.points, limit, needs_check=step.needs_check):
        return 0
    return step.points


def why_not_first(life: Lifecycle, step: FirstStep | None, *, limit: int, needs_others: bool, total_limit: int | None, taken: int) -> Refusal | None:
    """Return why a challenge cannot be what new members are offered first, or None. What its audience leaves out is decided member by member."""
    if life is not Lifecycle.LIVE:
        return WelcomeNotLive()
    if needs_others:
        return WelcomeNeedsOthers()
    if total_limit is not None and taken >= total_limit:
        return WelcomeFull(limit=total_limit)
    return None if first_points(step, limit) else WelcomePaysLater(limit=limit)

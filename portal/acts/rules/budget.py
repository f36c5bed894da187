"""The goodwill budget: hard caps by counting, load and strain by decay, and the rest after a run of noes. Pure.

The two are kept apart on purpose. A cap counts asks in a rolling window; decay alone would let a "one a quarter" person be asked
again the next day. Load ranks and colours who is left, and never refuses anybody; how it is kept, ``rules/loads.py`` says. Formulas:
specification A5; changes say why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf, log

from portal.acts.rules.asks import AskState, Past
from portal.acts.rules.refusals import CapInvalid
from portal.kernel.text import N_

HALF_LIFE_DAYS = 45.0
MEAN_DAYS = HALF_LIFE_DAYS / log(2)
"""64.9 days: the load of steady use at the stated rate settles at this many days' worth of it. The specification rounds it to 65; kept exact,
so that strain averages 1 whatever the half-life is set to."""
WEIGHTS = {
    AskState.OPEN: 1.0,
    AskState.ACCEPTED: 1.0,
    AskState.COMPLETED: 1.0,
    AskState.MISSED: 0.7,
    AskState.DECLINED: 0.4,
    AskState.EXPIRED: 0.4,
    AskState.WITHDRAWN: 0.4,
}
"""Completed 1, declined 0.4, missed 0.7 are the specification's. An open or accepted one weighs in full, since it may become one that is done;
silence, and what was taken back after it was read, cost what a no costs."""
AMBER, RED = 0.6, 1.2
"""Where colours begin. A5 has an approver asked above 1.2; here strain refuses nobody, since a cap that is not reached would then refuse all the
same, and only for whom calls were asked of. Red warns, and caps are what an approver lifts."""
LAST, DROP, REST_DAYS, EARLIER = 4, 0.34, 60, 2
"""The last 4 answers against the earlier ones, of which there are at least 2: against a single yes every second no would be a trend."""
MOST_ASKS, MOST_DAYS = 200, 730


@dataclass(frozen=True)
class Cap:
    """At most ``most`` accepted and still open asks in the last ``days`` days; 0 lets nobody ask."""

    most: int
    days: int


@dataclass(frozen=True)
class Defaults:
    """What holds where nobody set anything: caps of a person and of a company, and after how many days an open ask lapses."""

    person: Cap = Cap(4, 90)
    company: Cap = Cap(8, 90)
    answer_days: int = 14


class Band(StrEnum):
    """How much of somebody's goodwill is spoken for."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


BAND_NAMES = {Band.GREEN: N_("Little asked"), Band.AMBER: N_("Well used"), Band.RED: N_("Worn")}


def require_cap(most: int | None, days: int | None) -> None:
    """Refuses (``CapInvalid``, on the field) numbers out of range; None is the programme's own."""
    if most is not None and not 0 <= most <= MOST_ASKS:
        raise CapInvalid(least=0, most=MOST_ASKS)
    if days is not None and not 1 <= days <= MOST_DAYS:
        refusal = CapInvalid(least=1, most=MOST_DAYS)
        refusal.field = "days"
        raise refusal


def window_from(cap: Cap, now: datetime) -> datetime:
    """Return the moment after which an ask counts against ``cap``."""
    return now - timedelta(days=cap.days)


@dataclass(frozen=True)
class Taken:
    """What is taken of one side's slots: how many, and when each of those leaves, soonest first; where more are taken than there are, only the
    last of them, as many as the cap has. Besides, the load at that moment, and until when a person rests."""

    used: int = 0
    leaving: tuple[datetime, ...] = ()
    load: float = 0.0
    rests_until: datetime | None = None

    def free_at(self, cap: Cap, now: datetime) -> datetime | None:
        """Return when there is a slot, if nothing else happens: ``now`` where there is one, None where there never is one."""
        if cap.most <= 0:
            return None
        return now if self.used < cap.most else max(now, self.leaving[-cap.most])

    def with_one(self, leaves_at: datetime) -> "Taken":
        """Return what is taken once one more is asked, who leaves then if nobody answers."""
        return replace(self, used=self.used + 1, leaving=tuple(sorted((*self.leaving, leaves_at))))


NOTHING_TAKEN = Taken()


def taken(past: Sequence[Past], cap: Cap, now: datetime) -> Taken:
    """Return what past asks take, and when each leaves: after ``cap.days``, an open one with its lapse where that is sooner."""
    window = timedelta(days=cap.days)
    holding = [one for one in past if one.holds and one.asked_at > window_from(cap, now)]
    leaving = sorted(min(one.asked_at + window, one.lapses_at or one.asked_at + window) for one in holding)
    return Taken(len(leaving), tuple(leaving), load(past, now), rests_until(past))


def load(past: Iterable[Past], now: datetime) -> float:
    """Return the decayed effort: effort times its weight, halved every 45 days since it was asked."""
    return sum(one.effort * WEIGHTS[one.state] * _left_of(one.asked_at, now) for one in past)


def _left_of(asked_at: datetime, now: datetime) -> float:
    """Return which share of an effort is left of an ask at ``now``."""
    days = max((now - asked_at).total_seconds(), 0.0) / 86_400
    return float(0.5 ** (days / HALF_LIFE_DAYS))


def capacity(cap: Cap, call_effort: int) -> float:
    """Return the load that steady use at the cap's rate settles at, were every ask a call: so strain 1 is "always at the limit, with calls"."""
    return cap.most * call_effort * MEAN_DAYS / cap.days


def strain(loaded: float, able: float) -> float:
    """Return load over capacity; without capacity any load is too much."""
    if able <= 0:
        return inf if loaded > 0 else 0.0
    return loaded / able


def band(strained: float) -> Band:
    """Return the colour: below 0.6 green, up to 1.2 amber, above red."""
    return Band.GREEN if strained < AMBER else Band.AMBER if strained <= RED else Band.RED


def worse(*bands: Band) -> Band:
    """Return the worse of two colours: person and company both count."""
    return max(bands, key=list(Band).index)


def rests_until(past: Sequence[Past]) -> datetime | None:
    """Return until when somebody rests because they say yes less and less, or None.

    The share of yes among the last four answers is compared with that among all earlier ones; 0.34 lower or more begins a rest of 60 days
    at the last of those answers. Withdrawn and open asks are no answers. Fewer than two earlier answers show no trend.
    """
    answers = sorted((one.answered_at, one.was_accepted) for one in past if one.answered_at is not None)
    latest, earlier = answers[-LAST:], answers[:-LAST]
    if len(latest) < LAST or len(earlier) < EARLIER:
        return None
    dropped = _share(earlier) - _share(latest)
    return latest[-1][0] + timedelta(days=REST_DAYS) if dropped >= DROP - 1e-9 else None


def _share(answers: Sequence[tuple[datetime, bool]]) -> float:
    return sum(accepted for _, accepted in answers) / len(answers)

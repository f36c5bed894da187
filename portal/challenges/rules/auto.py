"""Rules by which the portal approves by itself: what they say, and what is refused about them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from portal.challenges.rules.refusals import OutOfRange, TitleMissing
from portal.challenges.rules.states import MAX_POINTS
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line

NAME_LENGTH = 80
MOST_APPROVALS, MOST_DAYS, MOST_WAIT = 1_000, 3_650, 60
MOST_RULES = 50


class RuleNameMissing(TitleMissing):
    """A use is shown by the rule's name."""

    message = N_("Please give the rule a name.")
    field = "name"


class LimitOutOfRange(OutOfRange):
    """Points outside their limits."""

    field = "points_limit"


class ApprovalsOutOfRange(OutOfRange):
    """Trust of nobody, or of nobody ever."""

    field = "approvals"


class WithinOutOfRange(OutOfRange):
    """Days outside their limits."""

    field = "within_days"


class AfterOutOfRange(OutOfRange):
    """A wait nobody would keep."""

    field = "after_days"


class TooManyRules(Refusal):
    """More rules than anybody oversees."""

    message = N_("There can be %(most)s rules. Remove one first.")
    field = "name"


class KindNeedsPerson(Refusal):
    """A kind of step that a person always decides."""

    message = N_("A person always decides on some of these steps, so no rule can approve them.")
    field = "kinds"


@dataclass(frozen=True)
class RuleTerms:
    """What a rule says. See ``AutoRule`` for what each part means."""

    name: str
    points_limit: int
    challenge_id: int | None = None
    kinds: tuple[str, ...] = ()
    approvals: int = 3
    within_days: int = 180
    after_days: int = 0


def require_rule(terms: RuleTerms, known: Collection[str], never: Collection[str] = ()) -> RuleTerms:
    """Return the terms cleaned, kinds that do not exist left out. Refuses no name, numbers out of range, and kinds that are ``never`` covered."""
    name = clean_line(terms.name)[:NAME_LENGTH]
    if not name:
        raise RuleNameMissing()
    _within(LimitOutOfRange, terms.points_limit, 0, MAX_POINTS)
    _within(ApprovalsOutOfRange, terms.approvals, 0, MOST_APPROVALS)
    _within(WithinOutOfRange, terms.within_days, 1, MOST_DAYS)
    _within(AfterOutOfRange, terms.after_days, 0, MOST_WAIT)
    if not set(never).isdisjoint(terms.kinds):
        raise KindNeedsPerson()
    return replace(terms, name=name, kinds=tuple(kind for kind in terms.kinds if kind in known))


def covers(kinds: Collection[str], answered: Iterable[str], never: Collection[str] = ()) -> bool:
    """Tell whether a rule for ``kinds`` (any, if none are listed) covers an answer with steps ``answered``.

    Never one without steps, and never one with a step of a kind in ``never``, even if the rule lists it.
    """
    steps = set(answered)
    return bool(steps) and steps.isdisjoint(never) and (not kinds or steps <= set(kinds))


def highest(points_limit: int, four_eyes_above: int | None) -> int:
    """Return how many points a rule may approve: its own limit, and never more than one person may."""
    return points_limit if four_eyes_above is None else min(points_limit, four_eyes_above)


def _within(refusal: type[OutOfRange], value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise refusal(least=least, most=most)

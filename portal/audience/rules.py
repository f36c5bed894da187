"""What an audience is, decided without database and web: how rules go together, the limits, and what is refused.

An audience includes and excludes. Each side has rules that go together by any or by all. Without a
rule that includes, everybody is included; who is excluded is out, whatever includes them.
"""

from collections.abc import Sequence
from enum import StrEnum

from portal.kernel.errors import Conflict, NotFound, Refusal
from portal.kernel.text import N_

MAX_RULES = 20
MAX_VALUES = 100
MAX_NUMBER = 1_000_000_000
MAX_DAYS = 36_500


class Side(StrEnum):
    """Whether a rule brings people in or keeps them out."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


class Mode(StrEnum):
    """How the rules of one side go together."""

    ANY = "any"
    ALL = "all"


class Verdict(StrEnum):
    """Why an audience takes somebody or not."""

    EVERYBODY = "everybody"
    INCLUDED = "included"
    NOT_INCLUDED = "not_included"
    EXCLUDED = "excluded"


def holds_together(holds: Sequence[bool], mode: Mode) -> bool:
    """Tell whether the rules of one side hold together. A side without rules does not hold."""
    return bool(holds) and (all(holds) if mode is Mode.ALL else any(holds))


def judge(include: Sequence[bool], include_mode: Mode, exclude: Sequence[bool], exclude_mode: Mode) -> Verdict:
    """Return the verdict on one person of whom is known which rules hold. Excluding wins; no rule that includes means everybody."""
    if holds_together(exclude, exclude_mode):
        return Verdict.EXCLUDED
    if not include:
        return Verdict.EVERYBODY
    return Verdict.INCLUDED if holds_together(include, include_mode) else Verdict.NOT_INCLUDED


def is_taken(verdict: Verdict) -> bool:
    """Tell whether the verdict lets somebody see what the audience stands before."""
    return verdict in (Verdict.EVERYBODY, Verdict.INCLUDED)


def decisive(holds: Sequence[bool], mode: Mode, verdict: Verdict) -> list[int]:
    """Return which rules of the deciding side, by place, made the verdict.

    Of what includes or excludes, those that hold; of somebody not included, those that do not.
    """
    wanted = verdict is not Verdict.NOT_INCLUDED
    return [place for place, held in enumerate(holds) if held is wanted]


class KindUnknown(NotFound):
    """A kind of rule that this portal does not have."""

    message = N_("There is no such kind of rule.")


class RuleGone(Conflict):
    """Somebody removed or changed the rule in the meantime."""

    message = N_("Somebody changed or removed this rule in the meantime. Here is how the rules stand now.")


class RuleRemoved(RuleGone):
    """Somebody removed the rule while it was being changed."""

    message = N_(
        "Somebody removed this rule after you opened it, so nothing was saved. What you typed is still here. Add it again if it should hold."
    )


class AudienceChanged(Conflict):
    """What would be put live is not what was shown."""

    message = N_("Somebody changed the rules while you were looking at them. Please look once more, then put them live.")


class TooManyRules(Refusal):
    """More rules than anybody could read."""

    message = N_("Each side has at most %(limit)s rules.")
    status = 409


class ValuesMissing(Refusal):
    """A rule that names nothing."""

    message = N_("Choose at least one.")
    field = "option_values"


class TooManyValues(Refusal):
    """A rule that names too much."""

    message = N_("Choose at most %(limit)s.")
    field = "option_values"


class ValueUnknown(Refusal):
    """A value that is not offered."""

    message = N_("One of the choices is no longer there. Please choose again.")
    field = "option_values"


class NumberMissing(Refusal):
    """A rule that counts, without a number."""

    message = N_("Please enter a whole number from %(least)s to %(most)s.")
    field = "option_number"


class DaysOutOfRange(Refusal):
    """A stretch of days nobody meant."""

    message = N_("Please enter a number of days from %(least)s to %(most)s, or leave it empty.")
    field = "option_days"


class DayMissing(Refusal):
    """A rule about a day, without the day."""

    message = N_("Please enter a day.")
    field = "option_day"


class ChoiceUnknown(Refusal):
    """Something that was not on the list."""

    message = N_("Please choose one from the list.")
    field = "option_choice"


class PeopleMissing(Refusal):
    """A rule about named people without a name."""

    message = N_("Please name at least one person, one on each line.")
    field = "option_people"


class TooManyPeople(Refusal):
    """More names than one rule holds; a tag serves better."""

    message = N_("Name at most %(limit)s people, or give them a tag and choose that.")
    field = "option_people"


class PersonUnknown(Refusal):
    """A name or address that nobody has."""

    message = N_("We know nobody called %(name)s. Write the full name, or the e-mail address.")
    field = "option_people"


class PersonAmbiguous(Refusal):
    """A name that several people have."""

    message = N_("Several people are called %(name)s. Write the e-mail address instead.")
    field = "option_people"

"""Consents: what somebody may agree to, where it may be shown, how long it holds, what stands. Pure decisions."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_

TEXT_LENGTH, QUOTE_LENGTH = 2_000, 1_000
MOST_MONTHS = 120


class What(StrEnum):
    """What is agreed to."""

    QUOTE = "quote"
    LOGO = "logo"
    NAME = "name"
    PHOTO = "photo"
    CASE_STUDY = "case_study"


class Scope(StrEnum):
    """Where it may be shown."""

    WEBSITE = "website"
    SLIDES = "slides"
    PRESS = "press"
    SOCIAL = "social"


class State(StrEnum):
    """How a consent stands. What is withdrawn stays so, whatever is decided afterwards."""

    SENT = "sent"
    STANDS = "stands"
    VOID = "void"
    WITHDRAWN = "withdrawn"


WHAT_NAMES: Mapping[str, str] = {
    What.QUOTE: N_("A quote"),
    What.LOGO: N_("The logo"),
    What.NAME: N_("The name"),
    What.PHOTO: N_("A photo"),
    What.CASE_STUDY: N_("A case study"),
}
SCOPE_NAMES: Mapping[str, str] = {
    Scope.WEBSITE: N_("Website"),
    Scope.SLIDES: N_("Slides"),
    Scope.PRESS: N_("Press"),
    Scope.SOCIAL: N_("Social media"),
}
STATE_NAMES: Mapping[str, str] = {
    State.SENT: N_("Sent"),
    State.STANDS: N_("Given"),
    State.VOID: N_("Not in force"),
    State.WITHDRAWN: N_("Withdrawn"),
}


class AlreadyWithdrawn(Conflict):
    """Withdrawn on another device, or twice."""

    message = N_("This consent is withdrawn already.")


class NotInForce(Refusal):
    """There is nothing to withdraw: the answer it came with was declined, taken back or withdrawn."""

    message = N_("This consent is not in force, so there is nothing to withdraw.")
    status = 409


def require_withdrawable(state: str) -> None:
    """Refuse what is withdrawn (``AlreadyWithdrawn``) and what is not in force (``NotInForce``)."""
    if state == State.WITHDRAWN:
        raise AlreadyWithdrawn()
    if state == State.VOID:
        raise NotInForce()


def until_of(day: date, months: int | None) -> date | None:
    """Return the last day of a consent given on ``day`` for so many months, None without end. 31 August and one month is 30 September."""
    if not months:
        return None
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def is_over(until: date | None, today: date) -> bool:
    """Tell whether a consent has ended by itself; it holds on its last day."""
    return until is not None and today > until

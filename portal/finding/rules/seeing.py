"""What is seen of a profile in a search, by tier. Who may know the person is the rule of ``profiles.rules.seeing``."""

from enum import StrEnum


class Sight(StrEnum):
    """What somebody sees of a profile: all of it but contact details, the profile without name and company, or that there is nothing."""

    FULL = "full"
    VEILED = "veiled"
    NONE = "none"


def sight_of(tier: int, *, may_know: bool) -> Sight:
    """Return what an employee sees: who may know the person sees all; else of tier 2 no name, of tier 3 nothing."""
    if may_know:
        return Sight.FULL
    return Sight.VEILED if tier == 2 else Sight.NONE

"""Who may find whom, and who sees their name, by tier."""

from enum import StrEnum


class Sight(StrEnum):
    """What somebody sees of a profile: all of it but contact details, the profile without name and company, or that there is nothing."""

    FULL = "full"
    VEILED = "veiled"
    NONE = "none"


def sight_of(tier: int, *, is_admin: bool, is_owner: bool) -> Sight:
    """Return what an employee sees: of tier 1 everything, of tier 2 no name, of tier 3 nothing. Admins and the account owner see all."""
    if is_admin or is_owner or tier == 1:
        return Sight.FULL
    return Sight.VEILED if tier == 2 else Sight.NONE

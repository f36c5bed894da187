"""The permission to review: what of the approvals queue somebody who is no admin may see and decide."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

ATTEMPTS, REDEMPTIONS, NOMINATIONS = "attempts", "redemptions", "nominations"
GRANTS = (ATTEMPTS, REDEMPTIONS, NOMINATIONS)
GRANT_NAMES = {
    ATTEMPTS: N_("Answers to challenges, and appeals"),
    REDEMPTIONS: N_("Redemptions of rewards"),
    NOMINATIONS: N_("Nominations"),
}
# What waits in the queue, and the grant under which it may be decided. What is not listed is for admins alone.
COLUMN_OF = {"attempt": ATTEMPTS, "appeal": ATTEMPTS, "redemption": REDEMPTIONS, "nomination": NOMINATIONS}


class GrantUnknown(Refusal):
    """A permission that does not exist."""

    message = N_("There is no such permission.")
    field = "grants"


@dataclass(frozen=True)
class Grants:
    """What a reviewer may decide on."""

    attempts: bool = False
    redemptions: bool = False
    nominations: bool = False

    @property
    def any(self) -> bool:
        return self.attempts or self.redemptions or self.nominations

    @property
    def names(self) -> list[str]:
        return [name for name in GRANTS if getattr(self, name)]


def require_grants(names: Iterable[str]) -> Grants:
    """Return the grants named. Refuses unknown ones (``GrantUnknown``); none at all takes the permission away."""
    held = set(names)
    if held - set(GRANTS):
        raise GrantUnknown()
    return Grants(*(name in held for name in GRANTS))


def kinds_of(grants: Grants) -> frozenset[str]:
    """Return the kinds of the queue that may be decided under ``grants``."""
    return frozenset(kind for kind, column in COLUMN_OF.items() if getattr(grants, column))

"""What was given to somebody who may decide, when and by whom."""

from dataclasses import dataclass
from datetime import datetime

from portal.kernel.actor import ADMIN
from portal.people.rules.reviewing import GRANTS

POWERS = (ADMIN, *GRANTS)
"""The role of an admin, and each permission to review."""


@dataclass(frozen=True)
class Given:
    """When a role or permission was given last, and by whom; None is the portal itself or the command line."""

    at: datetime
    by_id: int | None

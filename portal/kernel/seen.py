"""What somebody saw when they opened an editor: so that nobody overwrites what they have never seen."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from portal.kernel.errors import Conflict
from portal.kernel.text import N_


class ChangedMeanwhile(Conflict):
    """Somebody else changed what an editor shows after it was opened."""

    message = N_(
        "Somebody changed this after you opened it, so nothing was saved. What you typed is still here, and below it what is stored now. "
        "Save again to put yours in its place."
    )


def seen_of(values: Mapping[str, Any]) -> str:
    """Return the digest of what an editor shows, by the names of its fields: 32 characters, the same for the same values."""
    plain = json.dumps({name: _plain(value) for name, value in values.items()}, sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()[:32]


def _plain(value: Any) -> Any:
    """Nothing is one thing, however it is stored; a row of choices is one whatever sequence holds it."""
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value] or None
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items() if _plain(part) is not None} or None
    return None if value == "" else value


def require_seen(values: Mapping[str, Any], seen: str | None) -> None:
    """Refuse to change ``values``, read with the row locked, for somebody who saw others (``ChangedMeanwhile``).

    ``seen`` is what ``seen_of`` returned when the editor was shown; without one, as for imports, nothing was shown and all is well.
    """
    if seen and seen != seen_of(values):
        raise ChangedMeanwhile()

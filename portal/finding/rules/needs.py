"""What somebody needs a reference for: what a search asks for, and a request keeps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from portal.finding.rules.bands import Band, band_of
from portal.finding.rules.words import Asked, asked_for
from portal.kernel.text import fold
from portal.people.rules.company import name_key
from portal.profiles.rules.activity import Activity

WEIGHED = frozenset({"industry", "region", "size", "worry", "role", "competitor"})
"""What is asked for and counts towards a fit."""


@dataclass(frozen=True)
class Needs:
    """What is asked for. Only ``activity`` is always there; what is empty is not asked for and neither helps nor harms anybody.

    ``worry`` is what the buyer is worried about, in words. ``prospect`` is the buyer's company, ``prospect_domain`` its domain,
    ``competitor`` whom they consider besides us, ``role`` the buyer's job title. ``needed_by`` is the day on which it has to have happened.
    """

    activity: Activity = Activity.CALL
    worry: str = ""
    industry: str = ""
    region: str = ""
    size: str = ""
    product: str = ""
    language: str = ""
    role: str = ""
    prospect: str = ""
    prospect_domain: str = ""
    competitor: str = ""
    needed_by: date | None = None

    @cached_property
    def asked(self) -> Asked:
        return asked_for(self.worry)

    @cached_property
    def band(self) -> Band | None:
        return band_of(self.size)

    @cached_property
    def prospect_key(self) -> str:
        return name_key(self.prospect)

    @cached_property
    def set(self) -> frozenset[str]:
        """Which criteria were given, besides the activity."""
        return frozenset(name for name, value in asdict(self).items() if value and name != "activity")

    @property
    def is_weighed(self) -> bool:
        """Tell whether something is asked for that some fit better than others. What only keeps out (a product, a day) ranks nobody."""
        return bool(self.set & WEIGHED)

    def without(self, name: str) -> "Needs":
        """Return the needs with one criterion let go: for telling what to relax."""
        nothing: dict[str, Any] = {name: None if name == "needed_by" else ""}
        return replace(self, **nothing)

    def to_json(self) -> dict[str, Any]:
        """Return what is asked for, for a column; empty ones are left out."""
        given = {name: value for name, value in asdict(self).items() if value}
        return given | {"activity": self.activity.value} | ({"needed_by": self.needed_by.isoformat()} if self.needed_by else {})

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Needs":
        """Return what ``to_json`` kept; what it does not know is left out, so that older requests can be read."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in kept.items() if name in known and value}
        activity = Activity(given.pop("activity", Activity.CALL))
        day = given.pop("needed_by", None)
        return cls(activity=activity, needed_by=date.fromisoformat(day) if day else None, **{name: str(value) for name, value in given.items()})


@lru_cache(maxsize=10_000)
def key_of(word: str) -> str:
    """Return a word of a profile, or of a search, as it is compared: folded, on one line."""
    return fold(" ".join(word.split()))

"""Two versions of a challenge beside each other: what differs, and whether it matters to somebody who has begun."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from portal.kernel.text import N_


class What(StrEnum):
    """The kind of a difference."""

    FIELD = "field"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    ORDER = "order"


@dataclass(frozen=True)
class Change:
    """One difference. ``name`` is a field of the offer, or the title of a step; ``before`` and ``after`` are set for short fields only."""

    what: What
    name: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Asked:
    """A step as it is compared. ``root`` is the same for a step and its copies."""

    root: int
    title: str
    text: str = ""
    points: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """What is compared: the fields of the offer by name, and the steps in their order."""

    fields: Mapping[str, Any]
    steps: Sequence[Asked]


REQUIRES = "requires"
FIELD_NAMES = {
    "track": N_("Track"),
    "title": N_("Title"),
    "summary": N_("Summary"),
    "text": N_("Text"),
    "points": N_("Points"),
    "minutes": N_("Minutes needed"),
    "opens_on": N_("Opens on"),
    "closes_on": N_("Closes on"),
    "period": N_("Counted"),
    "per_period": N_("How many times"),
    "max_attempts": N_("Attempts allowed"),
    "total_limit": N_("For the first so many"),
    "interests": N_("What it asks of people"),
    REQUIRES: N_("To be done first"),
}
LONG = ("summary", "text")
MATTERS = ("text", "points", "max_attempts")


def compare(before: Terms, after: Terms) -> list[Change]:
    """Return what differs, in the order of the form: fields first, then steps added, removed, changed, and their order."""
    changes = [
        Change(What.FIELD, name, *((None, None) if name in LONG else (old, after.fields[name])))
        for name, old in before.fields.items()
        if after.fields[name] != old
    ]
    old_steps, new_steps = {step.root: step for step in before.steps}, {step.root: step for step in after.steps}
    changes += [Change(What.ADDED, step.title) for root, step in new_steps.items() if root not in old_steps]
    changes += [Change(What.REMOVED, step.title) for root, step in old_steps.items() if root not in new_steps]
    changes += [Change(What.CHANGED, step.title) for root, step in new_steps.items() if root in old_steps and old_steps[root] != step]
    kept_before = [root for root in old_steps if root in new_steps]
    kept_after = [root for root in new_steps if root in old_steps]
    return changes + ([Change(What.ORDER, "")] if kept_before != kept_after else [])


def matters(changes: Sequence[Change]) -> bool:
    """Tell whether somebody who has begun should know: points, text, attempts or steps differ."""
    return any(change.what is not What.FIELD or change.name in MATTERS for change in changes)

"""Nobody overwrites what they have never seen: the rule."""

from datetime import date
from typing import Any

import pytest

from portal.kernel.seen import ChangedMeanwhile, require_seen, seen_of

SHOWN: dict[str, Any] = {"title": "Review", "points": 100, "opens_on": date(2026, 11, 1), "interests": ["write"], "options": {}}


@pytest.mark.parametrize(
    "change", [{"title": "review"}, {"points": 200}, {"points": None}, {"opens_on": None}, {"interests": []}, {"options": {"a": 1}}]
)
def test_whatever_an_editor_shows_is_noticed_when_it_changes(change: dict[str, Any]) -> None:
    with pytest.raises(ChangedMeanwhile):
        require_seen(SHOWN | change, seen_of(SHOWN))


@pytest.mark.parametrize("change", [{}, {"interests": ("write",)}, {"options": {"a": None, "b": ""}}])
def test_the_same_values_are_the_same_however_they_are_held_and_who_saw_nothing_is_not_asked(change: dict[str, Any]) -> None:
    require_seen(SHOWN | change, seen_of(SHOWN))
    require_seen(SHOWN | {"points": 200}, None)
    require_seen(SHOWN | {"points": 200}, "")

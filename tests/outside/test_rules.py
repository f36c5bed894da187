"""What an event must say, and which moments count, as tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.kernel.errors import Refusal
from portal.outside.rules import (
    CodeInvalid,
    DataTooLarge,
    EventIdInvalid,
    HappenedInFuture,
    Heard,
    PersonEmailInvalid,
    PersonMissing,
    counts,
    require_event,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GOOD: dict[str, Any] = {"id": "a-1", "code": "webinar-2026-03", "happened_at": NOW - DAY, "email": "ann@customer.example"}


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({}, None),
        ({"code": " Webinar-2026-03 "}, None),
        ({"email": None, "person_id": 7}, None),
        ({"happened_at": NOW + timedelta(minutes=5)}, None),
        ({"id": " "}, EventIdInvalid),
        ({"id": "x" * 101}, EventIdInvalid),
        ({"code": ""}, CodeInvalid),
        ({"code": "two words"}, CodeInvalid),
        ({"code": "-dash"}, CodeInvalid),
        ({"code": "x" * 61}, CodeInvalid),
        ({"email": None}, PersonMissing),
        ({"person_id": 7}, PersonMissing),
        ({"email": None, "person_id": 0}, PersonMissing),
        ({"email": None, "person_id": 2**63}, PersonMissing),
        ({"email": "ann@customer"}, PersonEmailInvalid),
        ({"happened_at": NOW + timedelta(minutes=6)}, HappenedInFuture),
        ({"data": {"note": "x" * 4_000}}, DataTooLarge),
    ],
)
def test_what_an_event_must_say(told: dict[str, Any], refusal: type[Refusal] | None) -> None:
    if refusal is None:
        assert require_event(Heard(**GOOD | told), NOW).code == "webinar-2026-03"
        return
    with pytest.raises(refusal):
        require_event(Heard(**GOOD | told), NOW)


@pytest.mark.parametrize(
    ("told", "is_same"),
    [
        ({"email": "ANN@customer.example"}, True),
        ({"happened_at": (NOW - DAY).astimezone()}, True),
        ({"id": "a-2"}, True),
        ({"code": "another"}, False),
        ({"email": "bob@customer.example"}, False),
        ({"happened_at": NOW}, False),
        ({"data": {"minutes": 3}}, False),
    ],
)
def test_two_events_with_one_id_are_told_apart(told: dict[str, Any], is_same: bool) -> None:
    assert (Heard(**GOOD).digest == Heard(**GOOD | told).digest) is is_same


@pytest.mark.parametrize(
    ("happened", "days", "ends", "is_counted"),
    [
        (timedelta(), 30, None, True),
        (-30 * DAY, 30, None, True),
        (-30 * DAY - timedelta(seconds=1), 30, None, False),
        (-timedelta(seconds=1), 0, None, False),
        (5 * DAY, 30, 6 * DAY, True),
        (6 * DAY - timedelta(seconds=1), 30, 6 * DAY, True),
        (6 * DAY, 30, 6 * DAY, False),
    ],
)
def test_which_moments_count(happened: timedelta, days: int, ends: timedelta | None, is_counted: bool) -> None:
    assert counts(NOW + happened, NOW, days, NOW + ends if ends is not None else None) is is_counted

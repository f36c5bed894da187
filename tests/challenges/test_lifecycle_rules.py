"""The life of a challenge, the comparison of versions and what is paid when, as tables."""

from datetime import date

import pytest

from portal.challenges.rules.comparing import Asked, Change, Terms, What, compare, matters
from portal.challenges.rules.lifecycle import Lifecycle, has_to_be_shared, last_day, lifecycle
from portal.challenges.rules.paying import pays_at_once, rest_of

TODAY, BEFORE, AFTER = date(2026, 11, 22), date(2026, 11, 21), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("state", "opens_on", "closes_on", "is_asked", "found"),
    [
        ("draft", None, None, False, Lifecycle.DRAFT),
        ("draft", None, BEFORE, True, Lifecycle.IN_REVIEW),
        ("live", None, None, False, Lifecycle.LIVE),
        ("live", None, None, True, Lifecycle.LIVE),
        ("live", AFTER, None, False, Lifecycle.SCHEDULED),
        ("live", TODAY, TODAY, False, Lifecycle.LIVE),
        ("live", None, BEFORE, False, Lifecycle.EXPIRED),
        ("paused", None, None, False, Lifecycle.PAUSED),
        ("paused", AFTER, None, False, Lifecycle.PAUSED),
        ("paused", None, BEFORE, False, Lifecycle.EXPIRED),
        ("closed", None, BEFORE, False, Lifecycle.CLOSED),
        ("archived", None, None, False, Lifecycle.ARCHIVED),
    ],
)
def test_where_a_challenge_is_in_its_life(state: str, opens_on: date | None, closes_on: date | None, is_asked: bool, found: Lifecycle) -> None:
    assert lifecycle(state, opens_on, closes_on, TODAY, is_asked=is_asked) is found


@pytest.mark.parametrize(
    ("own", "live", "day"),
    [(TODAY, BEFORE, TODAY), (TODAY, AFTER, AFTER), (None, BEFORE, None), (BEFORE, None, None), (None, None, None), (TODAY, TODAY, TODAY)],
)
def test_an_edit_takes_no_day_from_anybody_who_has_begun(own: date | None, live: date | None, day: date | None) -> None:
    assert last_day(own, live) == day


@pytest.mark.parametrize(
    ("asked_by", "is_asked", "publisher", "shared"),
    [(None, False, 1, True), (1, True, 1, True), (1, True, 2, False), (None, True, 2, False), (None, False, None, False)],
)
def test_who_may_publish_alone(asked_by: int | None, is_asked: bool, publisher: int | None, shared: bool) -> None:
    assert has_to_be_shared(asked_by, is_asked, publisher) is shared


FIELDS = {"title": "Review", "points": 100, "text": "Old", "summary": "S", "max_attempts": None, "closes_on": None}
STEPS = (Asked(1, "Read"), Asked(2, "Write"), Asked(3, "Share"))


@pytest.mark.parametrize(
    ("fields", "steps", "changes", "told"),
    [
        ({}, STEPS, [], False),
        ({"title": "Reviews"}, STEPS, [Change(What.FIELD, "title", "Review", "Reviews")], False),
        ({"closes_on": TODAY}, STEPS, [Change(What.FIELD, "closes_on", None, TODAY)], False),
        ({"points": 150}, STEPS, [Change(What.FIELD, "points", 100, 150)], True),
        ({"text": "New"}, STEPS, [Change(What.FIELD, "text")], True),
        ({}, (*STEPS, Asked(9, "Tell")), [Change(What.ADDED, "Tell")], True),
        ({}, STEPS[:2], [Change(What.REMOVED, "Share")], True),
        ({}, (STEPS[0], Asked(2, "Write more"), STEPS[2]), [Change(What.CHANGED, "Write more")], True),
        ({}, (STEPS[0], Asked(2, "Write", points=5), STEPS[2]), [Change(What.CHANGED, "Write")], True),
        ({}, (STEPS[1], STEPS[0], STEPS[2]), [Change(What.ORDER, "")], True),
        ({}, (STEPS[2], STEPS[0]), [Change(What.REMOVED, "Write"), Change(What.ORDER, "")], True),
    ],
)
def test_two_versions_in_words(fields: dict[str, object], steps: tuple[Asked, ...], changes: list[Change], told: bool) -> None:
    found = compare(Terms(FIELDS, STEPS), Terms(FIELDS | fields, steps))
    assert found == changes
    assert matters(found) is told


@pytest.mark.parametrize(
    ("points", "needs_check", "at_once"), [(0, False, False), (1, False, True), (25, False, True), (26, False, False), (5, True, False)]
)
def test_what_a_step_pays_at_once(points: int, needs_check: bool, at_once: bool) -> None:
    assert pays_at_once(points, 25, needs_check=needs_check) is at_once


@pytest.mark.parametrize(("offered", "paid", "rest"), [(100, 0, 100), (100, 25, 75), (100, 100, 0), (20, 25, 0)])
def test_what_an_approval_still_pays(offered: int, paid: int, rest: int) -> None:
    assert rest_of(offered, paid) == rest

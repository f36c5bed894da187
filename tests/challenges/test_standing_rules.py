"""Where one stands, as tables."""

from datetime import UTC, date, datetime

import pytest

from portal.challenges.rules import refusals
from portal.challenges.rules.standing import (
    Availability,
    Standing,
    Tally,
    again_on,
    availability,
    free_slot,
    is_active,
    is_full,
    standing,
    why_not_again,
    why_not_answer,
    why_not_open,
)
from portal.kernel.errors import NotFound, Refusal

TODAY = date(2026, 11, 22)
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("state", "opens_on", "closes_on", "found"),
    [
        ("draft", None, None, Availability.DRAFT),
        ("closed", None, None, Availability.CLOSED),
        ("live", None, None, Availability.OPEN),
        ("live", TODAY, TODAY, Availability.OPEN),
        ("live", date(2026, 11, 23), None, Availability.NOT_YET),
        ("live", None, date(2026, 11, 21), Availability.ENDED),
        ("closed", date(2026, 11, 23), None, Availability.CLOSED),
        ("paused", None, None, Availability.PAUSED),
        ("paused", None, date(2026, 11, 21), Availability.ENDED),
        ("archived", None, None, Availability.GONE),
    ],
)
def test_what_a_challenge_allows_today(state: str, opens_on: date | None, closes_on: date | None, found: Availability) -> None:
    assert availability(state, opens_on, closes_on, TODAY) is found


@pytest.mark.parametrize(
    ("tally", "per_period", "found"),
    [
        (Tally(), 1, Standing.OPEN),
        (Tally(used=1, active=1), 1, Standing.UNDER_WAY),
        (Tally(used=1, waiting=1), 1, Standing.WAITING),
        (Tally(used=1), 1, Standing.DONE),
        (Tally(used=1, waiting=1), 3, Standing.OPEN),
        (Tally(used=3, waiting=2), 3, Standing.WAITING),
        (Tally(used=3), 3, Standing.DONE),
        # Somebody else looks at a decline: that is no work of the member's, whatever else could be begun.
        (Tally(used=1, resting=1), 1, Standing.WAITING),
        (Tally(used=0, resting=1), 1, Standing.WAITING),
        (Tally(used=2, active=1, resting=1), 2, Standing.UNDER_WAY),
        # Begun last week and unfinished comes first; waiting since last week stops nobody.
        (Tally(used=0, active=1), 1, Standing.UNDER_WAY),
        (Tally(used=0, waiting=1), 1, Standing.OPEN),
    ],
)
def test_where_a_person_stands(tally: Tally, per_period: int, found: Standing) -> None:
    assert standing(tally, per_period) is found


@pytest.mark.parametrize(
    ("tally", "found"),
    [
        (Tally(), Standing.SHUT),
        (Tally(used=1, active=1), Standing.UNDER_WAY),
        (Tally(used=1, waiting=1), Standing.WAITING),
        (Tally(used=2), Standing.DONE),
    ],
)
def test_where_a_person_stands_with_what_nobody_can_begin(tally: Tally, found: Standing) -> None:
    assert standing(tally, 2, is_shut=True) is found


@pytest.mark.parametrize(
    ("state", "declines", "max_attempts", "active"),
    [
        ("open", 0, 1, True),
        ("more_wanted", 1, 1, True),
        ("waiting", 0, None, False),
        ("approved", 0, None, False),
        ("declined", 1, None, True),
        ("declined", 1, 2, True),
        ("declined", 2, 2, False),
    ],
)
def test_who_can_go_on(state: str, declines: int, max_attempts: int | None, active: bool) -> None:
    assert is_active(state, declines, max_attempts) is active


@pytest.mark.parametrize(("taken", "per_period", "slot"), [([], 1, 1), ([1], 1, None), ([1, 3], 3, 2), ([2, 1], 3, 3), ([1, 2, 3, 4], 3, None)])
def test_the_first_free_slot(taken: list[int], per_period: int, slot: int | None) -> None:
    assert free_slot(taken, per_period) == slot


@pytest.mark.parametrize(
    ("free_at", "closes_on", "zone", "day"),
    [
        (None, None, BERLIN, None),
        (datetime(2026, 11, 22, 23, tzinfo=UTC), None, BERLIN, date(2026, 11, 23)),
        (datetime(2026, 11, 22, 23, tzinfo=UTC), date(2026, 11, 23), BERLIN, date(2026, 11, 23)),
        (datetime(2026, 11, 22, 23, tzinfo=UTC), date(2026, 11, 22), BERLIN, None),
        # Monday at noon in Kiritimati is still Sunday in Berlin, where the challenge closes.
        (datetime(2026, 11, 22, 22, tzinfo=UTC), date(2026, 11, 22), "Pacific/Kiritimati", date(2026, 11, 23)),
    ],
)
def test_when_it_may_be_done_again(free_at: datetime | None, closes_on: date | None, zone: str, day: date | None) -> None:
    assert again_on(free_at, closes_on, zone, BERLIN) == day


@pytest.mark.parametrize(
    ("found", "refusal"),
    [
        (Availability.OPEN, None),
        (Availability.NOT_YET, refusals.ChallengeNotOpenYet),
        (Availability.ENDED, refusals.ChallengeEnded),
        (Availability.CLOSED, refusals.ChallengeClosed),
        (Availability.DRAFT, NotFound),
    ],
)
def test_why_nobody_can_take_part(found: Availability, refusal: type[Refusal] | None) -> None:
    told = why_not_open(found, TODAY, TODAY)
    assert type(told) is (refusal or type(None))


def test_who_used_every_time_reads_when_again_or_that_there_is_none() -> None:
    weekly = why_not_again(date(2026, 11, 23))
    assert isinstance(weekly, refusals.AllTimesUsed)
    assert weekly.facts == {"day": date(2026, 11, 23)}
    assert isinstance(why_not_again(None), refusals.AlreadyTakenPart)


@pytest.mark.parametrize(("limit", "taken", "full"), [(None, 5, False), (3, 2, False), (3, 3, True), (3, 4, True)])
def test_when_every_place_is_taken(limit: int | None, taken: int, full: bool) -> None:
    assert is_full(limit, taken) is full


def test_what_the_reviewer_asked_for_may_be_given_after_the_closing_day() -> None:
    assert why_not_answer(Availability.ENDED, "more_wanted", None, TODAY) is None
    assert isinstance(why_not_answer(Availability.ENDED, "declined", None, TODAY), refusals.ChallengeEnded)


def test_a_pause_stops_nobody_who_has_begun_and_a_closing_stops_all() -> None:
    assert why_not_answer(Availability.PAUSED, "open", None, None) is None
    assert isinstance(why_not_open(Availability.PAUSED, None, None), refusals.ChallengePaused)
    assert isinstance(why_not_answer(Availability.CLOSED, "open", None, None), refusals.ChallengeClosed)
    assert isinstance(why_not_answer(Availability.CLOSED, "more_wanted", None, None), refusals.ChallengeClosed)
    assert isinstance(why_not_answer(Availability.GONE, "more_wanted", None, None), refusals.ChallengeClosed)

"""Weeks and streaks, as tables: edges of weeks and months, clocks that change, zones at both ends of the world, and moving between them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from portal.people.actions.profile import edit_profile
from portal.recognition.queries.weeks import streak_for, weeks_of
from portal.recognition.rules.streaks import Streak, recent_weeks, streak_of, week_counted, week_of
from tests.factories.challenges import as_advocate
from tests.factories.people import make_contact
from tests.factories.recognition import do_act, undo_act

EAST, WEST, BERLIN = "Pacific/Kiritimati", "Pacific/Niue", "Europe/Berlin"
MONDAY = date(2026, 11, 2)


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


@pytest.mark.parametrize(
    ("moment", "zone", "monday"),
    [
        (datetime(2026, 11, 8, 22, 59, tzinfo=UTC), BERLIN, date(2026, 11, 2)),
        (datetime(2026, 11, 8, 23, 0, tzinfo=UTC), BERLIN, date(2026, 11, 9)),
        (datetime(2026, 11, 8, 9, 59, tzinfo=UTC), EAST, date(2026, 11, 2)),
        (datetime(2026, 11, 8, 10, 0, tzinfo=UTC), EAST, date(2026, 11, 9)),
        (datetime(2026, 11, 9, 10, 59, tzinfo=UTC), WEST, date(2026, 11, 2)),
        (datetime(2026, 11, 9, 11, 0, tzinfo=UTC), WEST, date(2026, 11, 9)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), BERLIN, date(2026, 10, 19)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), BERLIN, date(2026, 10, 26)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), BERLIN, date(2026, 3, 23)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), BERLIN, date(2026, 3, 30)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), BERLIN, date(2026, 12, 28)),
        (datetime(2027, 1, 3, 22, 59, tzinfo=UTC), BERLIN, date(2026, 12, 28)),
        (datetime(2027, 1, 3, 23, 0, tzinfo=UTC), BERLIN, date(2027, 1, 4)),
    ],
)
def test_a_week_runs_from_monday_to_sunday_midnight_where_the_member_lives(moment: datetime, zone: str, monday: date) -> None:
    assert week_of(moment, zone) == monday


@pytest.mark.parametrize(
    ("moment", "zone", "last", "counted"),
    [
        # Nobody was active before: the present zone alone.
        (datetime(2026, 11, 8, 12, tzinfo=UTC), EAST, None, week(1)),
        # Sunday noon in Berlin, and a minute later it is Monday in Kiritimati: still the same week.
        (datetime(2026, 11, 8, 12, 1, tzinfo=UTC), EAST, (week(0), BERLIN), week(0)),
        # The week is over in Berlin too: the next one.
        (datetime(2026, 11, 8, 23, 1, tzinfo=UTC), EAST, (week(0), BERLIN), week(1)),
        # A week that was missed in Kiritimati, and is still running in Niue, does not begin again.
        (datetime(2026, 11, 9, 10, tzinfo=UTC), WEST, (week(-1), EAST), week(1)),
        # Nobody moved.
        (datetime(2026, 11, 9, 12, tzinfo=UTC), BERLIN, (week(0), BERLIN), week(1)),
    ],
)
def test_moving_zones_gains_nothing(moment: datetime, zone: str, last: tuple[date, str] | None, counted: date) -> None:
    assert week_counted(moment, zone, last) == counted


@pytest.mark.parametrize(
    ("active", "now", "expected"),
    [
        ([], 0, Streak(0, 0, False, (), True)),
        ([0], 0, Streak(1, 1, True, (), True)),
        ([0, 0, 0], 0, Streak(1, 1, True, (), True)),
        ([0, 1, 2], 2, Streak(3, 3, True, (), True)),
        # The present week is not over: the streak holds without it.
        ([0, 1, 2], 3, Streak(3, 3, False, (), True)),
        # One empty week is bridged once a month and adds nothing.
        ([0, 2], 2, Streak(2, 2, True, (week(1),), False)),
        ([0, 1], 3, Streak(2, 2, False, (week(2),), False)),
        # A second empty week in the same month breaks it.
        ([0, 2], 4, Streak(0, 2, False, (), False)),
        ([0, 3], 3, Streak(1, 1, True, (), True)),
        # Two empty weeks of two months each have their freeze: 26 October and 2 November.
        ([-2, 1], 1, Streak(2, 2, True, (week(-1), week(0)), False)),
        # The next month has its own freeze: 30 November is of November, 7 December of December.
        ([2, 4, 6], 6, Streak(3, 3, True, (week(3), week(5)), False)),
        # What broke spends nothing.
        ([0, 1, 2, 6, 7], 7, Streak(2, 3, True, (), True)),
        # Weeks to come are left out.
        ([0, 1, 5], 1, Streak(2, 2, True, (), True)),
    ],
)
def test_streaks(active: list[int], now: int, expected: Streak) -> None:
    assert streak_of([week(n) for n in active], week(now)) == expected


def test_a_streak_runs_over_the_turn_of_the_year() -> None:
    weeks = [date(2026, 12, 21), date(2026, 12, 28), date(2027, 1, 4)]
    assert streak_of(weeks, date(2027, 1, 4)).weeks == 3


def test_an_act_counts_in_the_week_of_the_zone_it_was_done_in_and_moving_changes_nothing(hearing_session: Session) -> None:
    session, sunday = hearing_session, datetime(2026, 11, 8, 12, tzinfo=UTC)
    person = make_contact(session)
    do_act(session, person.id, at=sunday)
    facts = {"name": person.name, "title": "", "language": None, "now": sunday}
    edit_profile(session, as_advocate(person), person_id=person.id, time_zone=EAST, **facts)
    do_act(session, person.id, at=sunday + timedelta(minutes=1))
    assert weeks_of(session, person.id, EAST, sunday + timedelta(hours=1)) == [week(0), week(0)]
    assert streak_for(session, person.id, sunday + timedelta(hours=1)).weeks == 1


def test_a_streak_follows_acts_that_are_taken_back(hearing_session: Session) -> None:
    session, now = hearing_session, datetime(2026, 11, 18, 12, tzinfo=UTC)
    person = make_contact(session)
    first, second, third = (do_act(session, person.id, at=now - timedelta(weeks=back)) for back in (2, 1, 0))
    assert streak_for(session, person.id, now).weeks == 3
    undo_act(session, third, now=now)
    assert streak_for(session, person.id, now) == Streak(2, 2, False, (), True)
    undo_act(session, first, now=now)
    undo_act(session, second, now=now)
    assert streak_for(session, person.id, now).weeks == 0


def test_no_week_before_somebody_joined_is_shown_as_empty_unless_they_did_something_earlier() -> None:
    this_week, joined, earlier = date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 2)

    def shown(weeks: list[date]) -> list[date]:
        return [day for day, _state in recent_weeks(weeks, streak_of(weeks, this_week), this_week, 13, joined=joined)]

    assert shown([]) == [joined, this_week]
    assert shown([this_week]) == [joined, this_week]
    assert shown([earlier])[0] == earlier
    assert len(recent_weeks([], streak_of([], this_week), this_week, 13)) == 13

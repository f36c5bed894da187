"""What is live when: days as tables, the month page, the calendar file."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.challenges.actions.editing import close_challenge
from portal.challenges.actions.lifecycle import archive_challenge, pause_challenge
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.calendar import month_page
from portal.challenges.rules.calendar import Bar, Month, Span, bar_of, count_by_day, month_of, open_span
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.web.icalendar import DayEvent, calendar_text
from tests.factories.challenges import make_challenge, make_draft, make_rows
from tests.factories.people import make_admin
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

NOV = Month(date(2026, 11, 1))
TODAY = date(2026, 11, 15)


def d(day: int, month: int = 11, year: int = 2026) -> date:
    return date(year, month, day)


@pytest.mark.parametrize(
    ("asked", "month"),
    [
        ("2026-02", "2026-02"),
        (None, "2026-11"),
        ("", "2026-11"),
        ("2026-13", "2026-11"),
        ("2026-00", "2026-11"),
        ("1899-12", "2026-11"),
        ("3000-01", "2026-11"),
        ("2026-2", "2026-11"),
        ("١٩٩٩-٠١", "1999-01"),
    ],
)
def test_the_month_asked_for_is_shown_or_this_one(asked: str | None, month: str) -> None:
    assert month_of(asked, TODAY).key == month


@pytest.mark.parametrize(
    ("month", "before", "after", "days"),
    [
        ("2026-11", "2026-10", "2026-12", 30),
        ("2026-12", "2026-11", "2027-01", 31),
        ("2028-02", "2028-01", "2028-03", 29),
        ("2027-02", "2027-01", "2027-03", 28),
    ],
)
def test_months_follow_each_other(month: str, before: str, after: str, days: int) -> None:
    found = month_of(month, TODAY)
    assert found.before
    assert found.after
    assert (found.before.key, found.after.key, len(found.days)) == (before, after, days)


def test_the_calendar_has_edges() -> None:
    assert month_of("1900-01", TODAY).before is None
    assert month_of("2999-12", TODAY).after is None


@pytest.mark.parametrize(
    ("opens", "closes", "published", "ended", "span"),
    [
        (d(3), d(20), d(1), None, Span(d(3), d(20))),
        (d(3), d(20), d(10), None, Span(d(10), d(20))),
        (None, None, d(10), None, Span(d(10), None)),
        (None, d(20), None, None, Span(None, d(20))),
        (d(3), d(20), d(1), d(12), Span(d(3), d(12))),
        (d(3), None, d(1), d(12), Span(d(3), d(12))),
    ],
)
def test_a_challenge_is_open_from_its_days_but_not_before_it_was_published(
    opens: date | None, closes: date | None, published: date | None, ended: date | None, span: Span
) -> None:
    assert open_span(opens, closes, published, ended) == span


@pytest.mark.parametrize(
    ("span", "bar"),
    [
        (Span(d(3), d(5)), Bar(2, 3, 25, False, False)),
        (Span(d(1), d(30)), Bar(0, 30, 0, False, False)),
        (Span(d(30, 10), d(1)), Bar(0, 1, 29, True, False)),
        (Span(d(30), d(2, 12)), Bar(29, 1, 0, False, True)),
        (Span(None, None), Bar(0, 30, 0, True, True)),
        (Span(d(1, 10), d(31, 10)), None),
        (Span(d(1, 12), None), None),
        (Span(d(20), d(10)), None),
    ],
)
def test_a_bar_lies_in_the_month_as_far_as_it_reaches(span: Span, bar: Bar | None) -> None:
    assert bar_of(span, NOV) == bar


def test_the_days_are_counted_as_one_by_one() -> None:
    spans = [Span(d(3), d(5)), Span(d(5), None), Span(None, d(1)), Span(d(7, 12), None), Span(d(9), d(8))]
    assert count_by_day(spans, NOV) == [sum(span.holds(day) for span in spans) for day in NOV.days]


def published(session: Session, at: datetime, **given: object) -> Challenge:
    return make_challenge(session, now=at, **given)


def test_the_month_holds_what_was_is_and_will_be_open(session: Session) -> None:
    early, admin = datetime(2026, 9, 1, 12, tzinfo=UTC), system("test")
    shown = {
        "scheduled": published(session, early, title="Scheduled", opens_on=d(20), closes_on=d(25)),
        "live": published(session, early, title="Live"),
        "expired": published(session, early, title="Expired", opens_on=d(1), closes_on=d(4)),
        "paused": published(session, early, title="Paused", closes_on=d(30, 12)),
        "closed": published(session, early, title="Closed"),
        "draft": make_draft(session, title="Draft", opens_on=d(28)),
    }
    gone = published(session, early, title="Archived")
    published(session, early, title="Over", closes_on=d(31, 10))
    published(session, early, title="Later", opens_on=d(1, 12))
    published(session, datetime(2026, 12, 1, 12, tzinfo=UTC), title="Published later")
    make_draft(session, title="Draft without days")
    pause_challenge(session, admin, challenge_id=shown["paused"].id, now=early)
    close_challenge(session, admin, challenge_id=shown["closed"].id, now=datetime(2026, 11, 10, 12, tzinfo=UTC))
    close_challenge(session, admin, challenge_id=gone.id, now=early)
    archive_challenge(session, admin, challenge_id=gone.id, now=early)
    page = month_page(session, NOV, TODAY, "UTC")
    assert {run.challenge.title.lower(): run.life.value for run in page.page} == {state: state for state in shown}
    assert page.number == 6
    bars = {run.challenge.title: (run.bar.lead, run.bar.length) for run in page.page if run.bar}
    assert bars == {"Scheduled": (19, 6), "Live": (0, 30), "Expired": (0, 4), "Paused": (0, 30), "Closed": (0, 10), "Draft": (27, 3)}
    assert [page.open_by_day[day - 1] for day in (1, 5, 10, 11, 20, 26)] == [3, 2, 2, 1, 2, 1]
    assert [run.challenge.title for run in month_page(session, Month(d(1, 8)), TODAY, "UTC").page] == []
    assert month_page(session, NOV, TODAY, "UTC", track="earn").number == 0


def test_a_day_is_one_of_the_programmes_zone(session: Session) -> None:
    late = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    published(session, late, title="At midnight")
    october = Month(d(1, 10))
    assert [month_page(session, october, TODAY, zone).number for zone in ("UTC", "Pacific/Kiritimati")] == [1, 0]


def test_the_page_shows_a_month_leads_to_others_and_says_when_there_is_nothing(database: Database, sign_in: SignIn) -> None:
    today = utcnow().date()

    def given(session: Session) -> Challenge:
        return make_challenge(session, title="Right now", track="earn", closes_on=today + timedelta(days=400))

    challenge = database.write(given)
    office = sign_in(database.write(make_admin))
    page = office.get("/admin/challenges/calendar").text
    assert page.count(f'href="/admin/challenges/{challenge.id}/edit"') == 2
    assert 'aria-current="date"' in page
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    assert "Right now" in office.get(following.group(1).replace("&amp;", "&")).text
    assert "Right now" not in office.get("/admin/challenges/calendar?track=engage").text
    empty = office.get("/admin/challenges/calendar?month=1999-01").text
    assert "Nothing in January 1999" in empty
    assert "This month" in empty


def test_the_page_asks_the_same_for_ten_and_for_a_thousand(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    office = sign_in(database.write(make_admin))
    counted = []
    for number in (10, 990):
        database.write(lambda s, number=number: make_rows(s, number))
        database.write(lambda s: s.execute(update(Challenge).values(published_at=utcnow())))
        with count_queries() as counting:
            page = office.get("/admin/challenges/calendar")
        counted.append(counting.total)
    assert counted[0] == counted[1], counting
    assert "1,000 challenges in this month" in page.text
    assert page.text.count('<th scope="row">') == 41


def test_the_file_can_be_read_and_nothing_breaks_out_of_a_field(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> None:
        make_challenge(session, title="A; b, c\\d", opens_on=d(20), closes_on=d(25), now=datetime(2026, 11, 2, tzinfo=UTC))
        make_challenge(session, title="Without end", now=datetime(2026, 11, 2, tzinfo=UTC))

    database.write(given)
    office: PortalClient = sign_in(database.write(make_admin))
    answer = office.get("/admin/challenges/calendar?month=2026-11&format=ics")
    assert (answer.mimetype, "attachment" in answer.headers["Content-Disposition"]) == ("text/calendar", True)
    assert "SUMMARY:A\\; b\\, c\\\\d\r\n" in answer.text
    assert "DTSTART;VALUE=DATE:20261120\r\nDTEND;VALUE=DATE:20261126\r\n" in answer.text
    assert "SUMMARY:Without end opens\r\n" in answer.text
    assert answer.text.count("BEGIN:VEVENT") == answer.text.count("END:VEVENT") == 2


def test_long_lines_are_folded_and_controls_are_gone() -> None:
    event = DayEvent("u@x", "Zürich 🏔 " * 20 + "\r\nBEGIN:VEVENT\x07", d(1), d(1), "https://x.example/1")
    text = calendar_text("Name", [event], datetime(2026, 11, 1, tzinfo=UTC))
    lines = text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    assert sum(line == "BEGIN:VEVENT" for line in lines) == 1
    unfolded = text.replace("\r\n ", "")
    assert "SUMMARY:" + "Zürich 🏔 " * 20 + "\\nBEGIN:VEVENT\r\n" in unfolded

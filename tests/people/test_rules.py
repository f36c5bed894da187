"""Sessions, throttles, domains and pasted lines, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.people.rules.company import DomainInvalid, normal_domain
from portal.people.rules.invitation import LineUnreadable, TooManyLines, lines_of, read_line
from portal.people.rules.person import DemoInProduction, require_demo_allowed
from portal.people.rules.session import browser_name, is_over, life
from portal.people.rules.throttle import ACCOUNT, ADDRESS, Tally, TooManyTries, TooSoon, after_try, fresh, network

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("is_admin", "is_kept", "idle", "age", "over"),
    [
        (False, False, 11 * HOUR, DAY, False),
        (False, False, 12 * HOUR, DAY, True),
        (False, True, 13 * DAY, 13 * DAY, False),
        (False, True, MINUTE, 14 * DAY, True),
        (True, False, 29 * MINUTE, HOUR, False),
        (True, False, 30 * MINUTE, HOUR, True),
        (True, True, 30 * MINUTE, HOUR, True),
        (True, True, MINUTE, 12 * HOUR, True),
    ],
)
def test_how_long_a_session_lasts(is_admin: bool, is_kept: bool, idle: timedelta, age: timedelta, over: bool) -> None:
    expires_at = NOW - age + life(is_admin)
    assert is_over(last_seen_at=NOW - idle, expires_at=expires_at, is_kept=is_kept, is_admin=is_admin, now=NOW) is over


def test_the_delay_grows_from_the_fifth_try_on() -> None:
    tally, now, waits = fresh(ACCOUNT, NOW), NOW, []
    for _ in range(9):
        tally = after_try(ACCOUNT, tally, now)
        waits.append((tally.next_at - now).total_seconds())
        now = tally.next_at
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16, 32]


def test_who_comes_back_too_soon_is_told_when() -> None:
    with pytest.raises(TooSoon) as refused:
        after_try(ACCOUNT, Tally(6, NOW + MINUTE, NOW + timedelta(seconds=3.2)), NOW)
    assert refused.value.facts == {"retry_after": 4}


def test_the_eleventh_try_waits_for_the_end_of_the_window_and_then_counts_from_one() -> None:
    spent = Tally(10, NOW + 10 * MINUTE, NOW)
    with pytest.raises(TooManyTries) as refused:
        after_try(ACCOUNT, spent, NOW)
    assert refused.value.facts == {"retry_after": 600, "minutes": 10}
    assert after_try(ACCOUNT, spent, NOW + 10 * MINUTE) == Tally(1, NOW + 25 * MINUTE, NOW + 10 * MINUTE)


def test_an_address_has_a_hundred_tries_an_hour_without_delays() -> None:
    tally = fresh(ADDRESS, NOW)
    for _ in range(100):
        tally = after_try(ADDRESS, tally, NOW)
    with pytest.raises(TooManyTries):
        after_try(ADDRESS, tally, NOW)


@pytest.mark.parametrize(
    ("origin", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("", ""),
    ],
)
def test_one_customer_of_ipv6_counts_as_one_address(origin: str, counted: str) -> None:
    assert network(origin) == counted


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("", ""), ("Example.COM", "example.com"), ("https://www.example.com/about", "example.com"), ("bücher.example", "bücher.example")],
)
def test_a_domain_is_kept_alone(typed: str, kept: str) -> None:
    assert normal_domain(typed) == kept


@pytest.mark.parametrize("typed", ["example", "ex ample.com", "a..b", "mailto:ada@example.com"])
def test_what_is_no_domain_is_refused(typed: str) -> None:
    with pytest.raises(DomainInvalid):
        normal_domain(typed)


@pytest.mark.parametrize(
    ("text", "name", "email", "company"),
    [
        ("Ada Moreau <ada@kestrel.example>", "Ada Moreau", "ada@kestrel.example", ""),
        ('"Moreau, Ada" <ada@kestrel.example>, Kestrel', "Moreau, Ada", "ada@kestrel.example", "Kestrel"),
        ("Ada Moreau, ada@kestrel.example, Kestrel", "Ada Moreau", "ada@kestrel.example", "Kestrel"),
        ("ada@kestrel.example\tAda Moreau\tKestrel", "Ada Moreau", "ada@kestrel.example", "Kestrel"),
        ("ada@kestrel.example;Ada Moreau", "Ada Moreau", "ada@kestrel.example", ""),
        ("ada.moreau@kestrel.example", "Ada Moreau", "ada.moreau@kestrel.example", ""),
    ],
)
def test_a_line_is_read_as_mail_programs_and_spreadsheets_write_it(text: str, name: str, email: str, company: str) -> None:
    line = read_line(1, text)
    assert (line.name, line.email, line.company) == (name, email, company)


@pytest.mark.parametrize("text", ["Ada Moreau", "Ada <>", ", ,"])
def test_a_line_without_an_address_is_unreadable(text: str) -> None:
    with pytest.raises(LineUnreadable):
        read_line(1, text)


def test_cells_pasted_from_a_spreadsheet_stay_cells() -> None:
    [(number, text)] = lines_of("Zoë Larsen\tzoe@kestrel.example\t\tKestrel\t\n")
    line = read_line(number, text)
    assert (line.name, line.email, line.company) == ("Zoë Larsen", "zoe@kestrel.example", "Kestrel")


def test_empty_lines_do_not_count_but_are_numbered() -> None:
    assert lines_of("\n a@b.example \n\n c@d.example") == [(2, "a@b.example"), (4, "c@d.example")]
    with pytest.raises(TooManyLines):
        lines_of("x\n" * 501)


def test_demo_people_cannot_exist_in_production() -> None:
    require_demo_allowed(is_production=False)
    with pytest.raises(DemoInProduction):
        require_demo_allowed(is_production=True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537.36 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile Safari/604", "Safari, iPhone"),
        ("curl/8.5", "curl/8.5"),
        ("", "?"),
    ],
)
def test_browsers_are_named_in_the_list_of_sessions(text: str, name: str) -> None:
    assert browser_name(text) == name

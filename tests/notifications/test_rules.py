"""Waiting, giving up, what may stand in a header."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.notifications.rules import (
    HeaderRefused,
    Recipient,
    is_spent,
    mail_key,
    message_id,
    require_header_safe,
    require_path,
    text_on,
    wait_after,
)

PERSON = Recipient(person_id=5, email="anna@customer.example", name="Anna", language=None)


@pytest.mark.parametrize(
    ("tries", "seconds"), [(1, 5), (2, 15), (3, 45), (4, 135), (5, 405), (6, 1215), (7, 3645), (8, 10935), (9, 21600), (500, 21600)]
)
def test_the_wait_triples_up_to_six_hours(tries: int, seconds: int) -> None:
    assert wait_after(tries, 0) == timedelta(seconds=seconds)


def test_the_wait_is_spread_by_a_fifth_both_ways() -> None:
    assert wait_after(1, -1) == timedelta(seconds=4)
    assert wait_after(1, 1) == timedelta(seconds=6)


def test_a_job_is_spent_after_ten_tries() -> None:
    assert [tries for tries in range(12) if is_spent(tries)] == [10, 11]


@pytest.mark.parametrize("text", ["Anna\r\nBcc: all@example.com", "Anna\nX: y", "a\rb", "a\0b", "a\u2028b", "a\x85b"])
def test_line_breaks_are_refused_in_headers(text: str) -> None:
    with pytest.raises(HeaderRefused):
        require_header_safe("fine", text)


def test_names_of_the_world_may_stand_in_headers() -> None:
    require_header_safe("Zoë Åström", "李小龍", "O’Brien, Jr.", "Risi&&Bisi", None, "")


@pytest.mark.parametrize("link", ["https://example.com/", "//example.com", "/\\example.com", "challenges/3", ""])
def test_a_link_that_is_not_a_path_is_a_programming_error(link: str) -> None:
    with pytest.raises(ValueError, match="a link is a path"):
        require_path(link)


def test_a_path_or_no_link_is_fine() -> None:
    require_path("/challenges/3")
    require_path("/")
    require_path(None)


def test_the_message_id_depends_on_row_and_second_only() -> None:
    moment = datetime(2026, 11, 22, 9, 30, 5, 123456, tzinfo=UTC)
    assert message_id(17, moment, "laurel.example") == "<20261122T093005.17@laurel.example>"


def test_the_key_of_a_mail_names_decision_and_person_and_holds_no_address() -> None:
    moved = Recipient(person_id=5, email="new@customer.example", name="Anna", language="de")
    stranger = Recipient(person_id=None, email="Anna@customer.example", name="", language=None)
    assert mail_key("k", PERSON) == mail_key("k", moved)
    assert len({mail_key("k", PERSON), mail_key("other", PERSON), mail_key("k", stranger)}) == 3
    assert "anna" not in mail_key("k", stranger)
    assert len(mail_key("k" * 500, PERSON)) <= 200


@pytest.mark.parametrize(("color", "text"), [("#005f40", "#ffffff"), ("#ffe08a", "#1c2530"), ("#000000", "#ffffff"), ("#ffffff", "#1c2530")])
def test_text_on_the_brand_colour_is_readable(color: str, text: str) -> None:
    assert text_on(color) == text

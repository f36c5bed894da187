"""What is read as an id, and what is none."""

import pytest

from portal.kernel.ids import MOST_ID, read_id


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("0", 0),
        (12, 12),
        (str(MOST_ID), MOST_ID),
        (str(MOST_ID + 1), None),
        ("9" * 5000, None),
        ("", None),
        (None, None),
        ("-1", None),
        ("1.0", None),
        (" 1", None),
        ("²", None),
        ("٣", None),
        ("seven", None),
    ],
)
def test_an_id_is_what_both_engines_can_hold_in_plain_digits(typed: object, number: int | None) -> None:
    assert read_id(typed) == number

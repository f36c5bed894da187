"""The pure part of sealing: ranges, marks, one way to write a row."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledger.seals import ENTRY_FIELDS, canonical, holes, ranges_of, read_marks, read_ranges, seal_row, without, write_marks, write_ranges

NUMBERS = st.sets(st.integers(1, 60))


@pytest.mark.parametrize(("ids", "text"), [([], ""), ([5], "5"), ([1, 2, 3], "1-3"), ([1, 2, 4, 7, 8], "1-2,4,7-8")])
def test_ranges_are_written_short(ids: list[int], text: str) -> None:
    assert write_ranges(ranges_of(ids)) == text
    assert read_ranges(text) == ranges_of(ids)


def spread(ranges: list[tuple[int, int]]) -> set[int]:
    return {n for low, high in ranges for n in range(low, high + 1)}


@given(NUMBERS, NUMBERS)
def test_ranges_subtract_like_sets(some: set[int], taken: set[int]) -> None:
    assert spread(without(ranges_of(sorted(some)), ranges_of(sorted(taken)))) == some - taken


@given(NUMBERS, st.integers(1, 60), st.integers(1, 60))
def test_holes_are_what_is_not_there(some: set[int], low: int, high: int) -> None:
    assert spread(holes(ranges_of(sorted(some)), low, high)) == set(range(low, high + 1)) - some


def test_a_row_has_one_canonical_form() -> None:
    row = {"id": 3, "transfer_id": 1, "account_id": 2, "amount": -5, "balance_after": None, "version": None}
    sealed = seal_row("e", row, ENTRY_FIELDS)
    assert sealed.name == "e3"
    assert sealed.content == b'{"account_id":2,"amount":-5,"balance_after":null,"id":3,"table":"e","transfer_id":1,"version":null}'
    assert read_marks(write_marks([sealed])) == {"e3": sealed.mark}
    assert canonical({"b": "é", "a": 1}) == '{"a":1,"b":"é"}'.encode()


@given(
    st.fixed_dictionaries(
        {"id": st.integers(), "z": st.none() | st.text() | st.integers(), "a": st.text() | st.booleans() | st.floats(allow_nan=False)}
    )
)
def test_the_quick_form_of_a_row_is_the_canonical_one(row: dict[str, object]) -> None:
    assert seal_row("q", row, tuple(row)).content == canonical({"table": "q"} | row)


def test_a_moment_is_sealed_in_microseconds_whatever_its_zone() -> None:
    here = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
    there = here.astimezone(timezone(timedelta(hours=5)))
    assert seal_row("x", {"id": 1, "at": here}, ("id", "at")) == seal_row("x", {"id": 1, "at": there}, ("id", "at"))
    assert b'"at":1767268800000001' in seal_row("x", {"id": 1, "at": here}, ("id", "at")).content

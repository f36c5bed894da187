"""The goodwill budget as pure rules, with the specification's numbers (A2, A4, A5)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from portal.acts.rules.asks import EFFORTS, AskKind, AskState, Came, Past, after, state_of
from portal.acts.rules.beyond import beyond, kept_names
from portal.acts.rules.budget import Band, Cap, Defaults, band, capacity, load, require_cap, rests_until, strain, taken, worse
from portal.acts.rules.refusals import CapInvalid, NotThisOutcome
from portal.acts.rules.terms import BlockKind, Side, Standing, Terms, next_month_on

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
QUARTER = Cap(4, 90)


def used(asks: Sequence[Past], cap: Cap, now: datetime) -> int:
    return taken(asks, cap, now).used


def free_at(asks: Sequence[Past], cap: Cap, now: datetime) -> datetime | None:
    return taken(asks, cap, now).free_at(cap, now)


def past(days: float, state: AskState = AskState.COMPLETED, effort: int = 8) -> Past:
    return Past(NOW - timedelta(days=days), effort, state)


def answer(days: float, is_yes: bool) -> Past:
    state = AskState.COMPLETED if is_yes else AskState.DECLINED
    return Past(NOW - timedelta(days=days + 1), 8, state, NOW - timedelta(days=days), is_yes)


@pytest.mark.parametrize(
    ("kind", "effort"),
    [(AskKind.SURVEY, 1), (AskKind.REVIEW, 3), (AskKind.CALL, 8), (AskKind.VISIT, 20), (AskKind.CASE_STUDY, 25)],
)
def test_the_house_efforts_are_those_of_the_specification(kind: AskKind, effort: int) -> None:
    assert EFFORTS[kind] == effort
    assert set(EFFORTS) == set(AskKind)


@pytest.mark.parametrize(
    ("came", "state"),
    [
        ([], "open"),
        ([Came.ACCEPTED], "accepted"),
        ([Came.DECLINED], "declined"),
        ([Came.EXPIRED], "expired"),
        ([Came.WITHDRAWN], "withdrawn"),
        ([Came.COMPLETED], "completed"),
        ([Came.ACCEPTED, Came.COMPLETED], "completed"),
        ([Came.ACCEPTED, Came.MISSED], "missed"),
        ([Came.ACCEPTED, Came.DECLINED], "declined"),
        ([Came.ACCEPTED, Came.WITHDRAWN], "withdrawn"),
        ([Came.ACCEPTED, Came.MISSED, Came.COMPLETED], "completed"),
        ([Came.COMPLETED, Came.MISSED, Came.COMPLETED, Came.MISSED], "missed"),
    ],
)
def test_the_state_follows_from_what_came_of_it(came: list[Came], state: str) -> None:
    assert state_of(came) == state


@pytest.mark.parametrize("state", [AskState.DECLINED, AskState.EXPIRED, AskState.WITHDRAWN, AskState.COMPLETED, AskState.MISSED])
@pytest.mark.parametrize("came", list(Came))
def test_nothing_follows_an_end_but_that_it_was_or_was_not_done_after_all(state: AskState, came: Came) -> None:
    if (state, came) in ((AskState.COMPLETED, Came.MISSED), (AskState.MISSED, Came.COMPLETED)):
        assert after(state, came) == came.value
        return
    with pytest.raises(NotThisOutcome):
        after(state, came)


def test_who_accepted_neither_accepts_again_nor_lapses() -> None:
    for came in (Came.ACCEPTED, Came.EXPIRED):
        with pytest.raises(NotThisOutcome):
            after(AskState.ACCEPTED, came)


@pytest.mark.parametrize(
    ("state", "takes"),
    [("open", 1), ("accepted", 1), ("completed", 1), ("missed", 1), ("declined", 0), ("expired", 0), ("withdrawn", 0)],
)
def test_what_is_accepted_or_open_takes_a_slot_and_a_no_or_silence_frees_it(state: str, takes: int) -> None:
    assert used([past(10, AskState(state))], QUARTER, NOW) == takes


@pytest.mark.parametrize(("days", "takes"), [(0, 1), (89.999, 1), (90, 0), (200, 0)])
def test_an_ask_leaves_the_window_to_the_moment(days: float, takes: int) -> None:
    assert used([past(days)], QUARTER, NOW) == takes


def test_a_once_a_quarter_person_is_not_free_the_next_day_although_the_load_decays() -> None:
    once = Cap(1, 90)
    assert used([past(1)], once, NOW) == 1
    assert free_at([past(1)], once, NOW) == NOW + timedelta(days=89)


@pytest.mark.parametrize(
    ("ages", "most", "free_in"),
    [
        ([], 4, 0),
        ([10, 20, 30], 4, 0),
        ([10, 20, 30, 80], 4, 10),  # the oldest of four leaves first
        ([10, 20, 30, 80, 85], 4, 10),  # one too many, logged from outside: the second oldest has to leave
        ([10, 20], 1, 80),
        ([], 0, None),
    ],
)
def test_when_the_next_slot_frees(ages: list[int], most: int, free_in: int | None) -> None:
    free = free_at([past(age) for age in ages], Cap(most, 90), NOW)
    assert free == (None if free_in is None else NOW + timedelta(days=free_in))


def test_an_open_ask_leaves_with_its_lapse_where_that_is_sooner() -> None:
    waits = Past(NOW - timedelta(days=10), 8, AskState.OPEN, lapses_at=NOW + timedelta(days=4))
    assert free_at([waits], Cap(1, 90), NOW) == NOW + timedelta(days=4)
    assert free_at([waits, past(80)], Cap(2, 90), NOW) == NOW + timedelta(days=4)
    assert free_at([waits, past(88)], Cap(2, 90), NOW) == NOW + timedelta(days=2)
    late = Past(NOW - timedelta(days=20), 8, AskState.OPEN, lapses_at=NOW - timedelta(days=6))
    assert free_at([late], Cap(1, 90), NOW) == NOW, "it is over, and only waits for the job"


def test_what_was_declined_does_not_keep_a_slot_from_freeing() -> None:
    asks = [past(10), past(20), past(30), past(80, AskState.DECLINED)]
    assert free_at(asks, QUARTER, NOW) == NOW


@pytest.mark.parametrize(
    ("state", "days", "expected"),
    [
        ("completed", 0, 8.0),
        ("completed", 45, 4.0),
        ("completed", 90, 2.0),
        ("declined", 0, 3.2),
        ("declined", 45, 1.6),
        ("missed", 0, 5.6),
        ("open", 0, 8.0),
        ("expired", 0, 3.2),
    ],
)
def test_a_call_weighs_as_it_ended_and_halves_every_45_days(state: str, days: float, expected: float) -> None:
    assert load([past(days, AskState(state))], NOW) == pytest.approx(expected)


def test_steady_use_at_the_stated_rate_has_a_strain_of_one_on_average() -> None:
    """One call each 45 days, for ten years: just after one the load is highest, just before one lowest."""
    cap = Cap(2, 90)
    able = capacity(cap, EFFORTS[AskKind.CALL])
    calls = [Past(NOW - timedelta(days=45 * n), 8, AskState.COMPLETED) for n in range(80)]
    strains = [strain(load(calls, NOW + timedelta(days=day / 10)), able) for day in range(450)]
    assert sum(strains) / len(strains) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("cap", "expected"), [(Cap(4, 90), 23.1), (Cap(2, 90), 11.6), (Cap(1, 90), 5.8), (Cap(4, 365), 5.7)])
def test_capacity_is_calls_at_the_rate_of_the_cap(cap: Cap, expected: float) -> None:
    assert capacity(cap, 8) == pytest.approx(expected, abs=0.06)
    assert capacity(cap, 8) == pytest.approx(cap.most * 8 * 65 / cap.days, rel=0.002)


@pytest.mark.parametrize(
    ("strained", "colour"), [(0, "green"), (0.59, "green"), (0.6, "amber"), (1.2, "amber"), (1.21, "red"), (float("inf"), "red")]
)
def test_bands(strained: float, colour: str) -> None:
    assert band(strained) == colour


def test_who_takes_none_is_worn_by_anything_and_rested_by_nothing() -> None:
    assert band(strain(0, 0)) is Band.GREEN
    assert band(strain(1, 0)) is Band.RED


def test_the_worse_of_two_colours_decides() -> None:
    assert worse(Band.GREEN, Band.AMBER) is Band.AMBER
    assert worse(Band.RED, Band.GREEN) is Band.RED


@pytest.mark.parametrize(
    ("answers", "rests"),
    [
        ([1, 1, 1, 1, 0, 0, 0, 1], True),  # 1.00 before, 0.25 now
        ([1, 1, 1, 1, 1, 1, 1, 0], False),  # 1.00 before, 0.75 now
        ([1, 1, 1, 0, 0, 0, 1, 0], True),  # 0.75 before, 0.25 now
        ([1, 0, 0, 0, 0, 0], True),  # 0.50 before, 0.00 now
        ([1, 1, 0, 1, 0, 1, 0], False),  # 0.67 before, 0.50 now
        ([1, 0, 0, 0, 0], False),  # one earlier answer is no rate
        ([0, 0, 0, 0, 0, 0], False),  # always no is no trend
        ([], False),
    ],
)
def test_a_declining_trend_rests_for_sixty_days_from_the_last_answer(answers: list[int], rests: bool) -> None:
    asks = [answer(len(answers) - place, bool(yes)) for place, yes in enumerate(answers)]
    until = rests_until(asks)
    assert until == (NOW - timedelta(days=1) + timedelta(days=60) if rests else None)


def standing(terms: Terms = Terms(), asks: tuple[Past, ...] = (), firm: Side | None = None, blocks: tuple[BlockKind, ...] = ()) -> Standing:
    return Standing(Side("Amara Okafor", terms, terms.cap(QUARTER), taken(asks, terms.cap(QUARTER), NOW), blocks), firm, NOW, "Europe/Berlin")


def firm(terms: Terms = Terms(), asks: tuple[Past, ...] = (), blocks: tuple[BlockKind, ...] = ()) -> Side:
    return Side("Harbour Bank", terms, terms.cap(Cap(8, 90)), taken(asks, terms.cap(Cap(8, 90)), NOW), blocks)


FOUR = tuple(past(day) for day in (10, 20, 30, 80))


@pytest.mark.parametrize(
    ("one", "refusal", "free_on"),
    [
        (standing(), None, None),
        (standing(asks=FOUR), "PersonCapReached", date(2026, 12, 8)),
        (standing(Terms(most=0)), "PersonTakesNone", None),
        (standing(Terms(unwanted=("call",))), "KindNotWanted", None),
        (standing(Terms(unwanted=("video",))), None, None),
        (standing(Terms(months_off=(11, 12))), "MonthOff", date(2027, 1, 1)),
        (standing(Terms(months_off=(12,))), None, None),
        (standing(Terms(paused_until=date(2026, 11, 29))), "Paused", date(2026, 11, 29)),
        (standing(Terms(paused_until=date(2026, 11, 28))), None, None),
        (standing(blocks=(BlockKind.LEGAL,)), "LegalHold", None),
        (standing(firm=firm(blocks=(BlockKind.ESCALATION,))), "OpenEscalation", None),
        (standing(firm=firm(asks=FOUR * 2)), "CompanyCapReached", date(2026, 12, 8)),
        (standing(firm=firm(Terms(most=0))), "CompanyTakesNone", None),
        (standing(firm=firm(Terms(paused_until=date(2027, 2, 1)))), "Paused", date(2027, 2, 1)),
        (standing(firm=firm(Terms(months_off=(11,)))), "MonthOff", date(2026, 12, 1)),
        (standing(firm=firm(asks=FOUR)), None, None),
    ],
)
def test_what_stands_against_a_call_and_until_when(one: Standing, refusal: str | None, free_on: date | None) -> None:
    found = one.against("call")
    assert [stop.name for stop in found] == ([refusal] if refusal else [])
    assert [stop.free_on for stop in found] == ([free_on] if refusal else [])
    assert [stop.is_final for stop in found] == ([refusal in ("LegalHold", "OpenEscalation")] if refusal else [])


def test_everything_that_stands_against_an_ask_is_told_what_nothing_overrides_first() -> None:
    one = standing(Terms(unwanted=("call",), most=1, months_off=(11,)), FOUR, firm(blocks=(BlockKind.LEGAL,)))
    assert [stop.name for stop in one.against("call")] == ["LegalHold", "KindNotWanted", "MonthOff", "PersonCapReached"]


def test_the_month_is_that_of_the_programme() -> None:
    """On the last evening of November in New York it is December in Berlin already."""
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    one = Standing(Side("Amara", Terms(months_off=(12,)), QUARTER), None, late, "Europe/Berlin")
    assert [stop.name for stop in one.against("call")] == ["MonthOff"]


@pytest.mark.parametrize(
    ("today", "off", "free"),
    [
        (date(2026, 12, 5), (12,), date(2027, 1, 1)),
        (date(2026, 12, 5), (12, 1, 2), date(2027, 3, 1)),
        (date(2026, 7, 31), (7, 8), date(2026, 9, 1)),
    ],
)
def test_the_first_day_after_months_off(today: date, off: tuple[int, ...], free: date) -> None:
    assert next_month_on(today, off) == free


@pytest.mark.parametrize(("most", "days", "field"), [(-1, 90, "most"), (201, 90, "most"), (4, 0, "days"), (4, 731, "days")])
def test_numbers_out_of_range_are_refused_on_their_field(most: int, days: int, field: str) -> None:
    with pytest.raises(CapInvalid) as refused:
        require_cap(most, days)
    assert refused.value.field == field


def test_the_defaults_of_the_house() -> None:
    assert Defaults() == Defaults(Cap(4, 90), Cap(8, 90), 14)


@pytest.mark.parametrize(
    ("overrode", "told"),
    [
        ("", []),
        ("PersonCapReached", ["Beyond your limit of 4 in 90 days."]),
        ("Paused MonthOff", ["Beyond a pause that is not over.", "In a month in which nobody was to ask."]),
        ("Detracts RenewsSoon", ["Beyond a rule of ours for whom we ask."]),
        ("PersonCapReached Detracts", ["Beyond your limit of 4 in 90 days.", "Beyond a rule of ours for whom we ask."]),
    ],
)
def test_whom_an_ask_is_made_of_reads_their_own_limits_and_of_ours_that_there_are_some(overrode: str, told: list[str]) -> None:
    assert [text % facts for text, facts in beyond(overrode, 4, 90)] == told


def test_names_of_what_was_lifted_are_kept_once_and_whole() -> None:
    assert kept_names(["Detracts", "PersonCapReached", "Detracts"]) == "Detracts PersonCapReached"
    many = [f"Refusal{number:02d}" for number in range(30)]  # nine characters each: twenty of them fill the column, with what is between
    assert kept_names(many) == " ".join(many[:20])
    assert kept_names([*many[:19], "R" * 11, "Short"]) == " ".join([*many[:19], "Short"]), "one that has no room lets a shorter one in"
    assert kept_names([]) == ""

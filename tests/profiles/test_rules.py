"""Status, freshness, words and who may see a profile: tables without fixtures."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.kernel.actor import Actor, system
from portal.profiles.rules.activity import Activity, untouched
from portal.profiles.rules.facts import Facts, require_days, require_words, search_text, split_words, tidy
from portal.profiles.rules.fresh import Due, due, is_detractor, is_fresh, next_verify_on, pulled_forward
from portal.profiles.rules.refusals import DaysOver, DaysReversed, TooManyDays, TooManyWords
from portal.profiles.rules.seeing import may_change, may_see
from portal.profiles.rules.states import WAYS, Move, Status, WordKind, follows_consents, moved, moves_from, shown_as

BERLIN = "Europe/Berlin"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
C, A, R, N, L, X = Status.CANDIDATE, Status.ACTIVE, Status.RESTING, Status.NEEDS_VERIFICATION, Status.LEGAL_HOLD, Status.RETIRED
LEADS = {
    Move.ACTIVATE: {C: A},
    Move.REST: {A: R},
    Move.RESUME: {R: A},
    Move.DOUBT: {A: N, R: N},
    Move.VERIFY: {N: A},
    Move.HOLD: {C: L, A: L, R: L, N: L},
    Move.RELEASE: {L: N},
    Move.RETIRE: {C: X, A: X, R: X, N: X, L: X},
    Move.REVIVE: {X: C},
}


def test_each_move_leads_from_where_it_may_and_from_nowhere_else() -> None:
    found = {move: {status: end for status in Status if (end := moved(status, move))} for move in Move}
    assert found == LEADS
    assert all(moves_from(status) for status in Status), "there is a way on from everywhere"
    assert {move for move in Move if WAYS[move].hides} == {Move.HOLD, Move.RETIRE}


def test_of_what_somebody_does_what_is_sent_as_it_was_shown_is_not_touched() -> None:
    kind, day, other = Activity.CALL, date(2027, 3, 31), date(2027, 4, 1)
    for wanted, until, shown, seen, is_left in (
        (True, {kind: day}, {kind: True}, {kind: day}, True), (True, {kind: None}, {kind: True}, {kind: None}, True),
        (True, {}, {kind: True}, {}, True), (True, {kind: other}, {kind: True}, {kind: day}, False),
        (True, {kind: None}, {kind: True}, {kind: day}, False), (True, {kind: None}, {kind: True}, {}, False),
        (True, {kind: None}, {kind: None}, {kind: None}, False), (None, {kind: other}, {kind: None}, {kind: day}, True),
        (None, {}, {kind: True}, {}, False), (None, {}, {kind: False}, {}, False), (False, {}, {kind: None}, {}, False),
        (False, {}, {kind: False}, {}, True), (True, {}, {}, {}, False), (None, {}, {}, {}, False),
    ):  # fmt: skip
        assert untouched({kind: wanted}, until, shown, seen) == ({kind} if is_left else set()), (wanted, until, shown, seen)


def test_a_legal_hold_of_goodwill_shows_a_profile_as_held_unless_it_is_retired() -> None:
    assert {status: shown_as(status, is_held=True) for status in Status} == dict.fromkeys(Status, L) | {X: X}
    assert [shown_as(status, is_held=False) for status in Status] == list(Status)


@pytest.mark.parametrize(
    ("status", "reason", "rests_until", "has_agreed", "stands", "way"),
    [
        (Status.ACTIVE, "", None, True, False, Move.REST),
        (Status.ACTIVE, "", None, True, True, None),
        (Status.ACTIVE, "", None, False, False, None),  # opened by staff, who write down what was agreed to next
        (Status.RESTING, "", None, True, True, Move.RESUME),
        (Status.RESTING, "", None, True, False, None),
        (Status.RESTING, "Too much lately.", None, True, True, None),
        (Status.RESTING, "", date(2026, 3, 1), True, True, None),
        (Status.NEEDS_VERIFICATION, "", None, True, False, None),
        (Status.LEGAL_HOLD, "", None, True, False, None),
        (Status.CANDIDATE, "", None, True, False, None),
        (Status.RETIRED, "", None, True, True, None),
    ],
)
def test_who_has_agreed_to_nothing_any_more_rests_and_the_next_yes_ends_that_rest_and_no_other(
    status: Status, reason: str, rests_until: date | None, has_agreed: bool, stands: bool, way: Move | None
) -> None:
    assert follows_consents(status, reason=reason, rests_until=rests_until, has_agreed=has_agreed, stands=stands) is way


@pytest.mark.parametrize(
    ("verified_at", "tier", "day"),
    [
        (AT, 2, date(2026, 8, 28)),
        (AT, 3, date(2026, 8, 28)),
        (AT, 1, date(2026, 5, 30)),
        # Half past eleven at night in UTC is the next day in Berlin.
        (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), 1, date(2026, 5, 31)),
    ],
)
def test_what_is_verified_is_asked_again_after_180_days_and_of_tier_1_after_90(verified_at: datetime, tier: int, day: date) -> None:
    assert next_verify_on(verified_at, tier, BERLIN) == day


def test_what_was_verified_180_days_ago_is_fresh_and_a_moment_later_it_is_not() -> None:
    assert is_fresh(AT, AT + timedelta(days=180))
    assert not is_fresh(AT, AT + timedelta(days=180, microseconds=1))
    assert not is_fresh(None, AT)


def test_scores_from_0_to_6_are_a_detractors() -> None:
    assert [score for score in range(11) if is_detractor(score)] == list(range(7))


def test_a_doubt_pulls_the_day_forward_and_never_back() -> None:
    today = date(2026, 3, 1)
    assert [pulled_forward(day, today) for day in (None, date(2026, 8, 28), date(2026, 2, 1))] == [today, today, date(2026, 2, 1)]


@pytest.mark.parametrize(
    ("days", "reminded_after", "found"),
    [
        (13, None, Due.NOTHING), (14, None, Due.REMIND), (40, None, Due.REMIND), (27, 14, Due.NOTHING), (28, 14, Due.HIDE),
        (40, 30, Due.NOTHING), (44, 30, Due.HIDE),
    ],
)  # fmt: skip
def test_silence_is_reminded_after_14_days_and_hidden_after_28_and_never_without_a_reminder(
    days: int, reminded_after: int | None, found: Due
) -> None:
    reminded = AT + timedelta(days=reminded_after) if reminded_after is not None else None
    assert due(AT, reminded, AT + timedelta(days=days), BERLIN) is found


def test_words_are_split_cleaned_and_said_once() -> None:
    assert split_words(" English, Español;\n english ,,") == ("English", "Español", "english")
    assert require_words(("English", "Español", "english", "espanol")) == ("English", "Español")
    with pytest.raises(TooManyWords):
        require_words(str(number) for number in range(31))
    with pytest.raises(TooManyWords):
        require_words(["x" * 121])


def test_a_search_never_finds_what_to_be_careful_about_nor_whom_they_never_meet() -> None:
    words = {WordKind.PRODUCT: ("Fährplan",), WordKind.NOT_FOR: ("Rival",)}
    text = search_text(tidy(Facts(story="Moved off paper", sensitivities="New boss", words=words)))
    assert ("fahrplan" in text, "moved off paper" in text, "rival" in text, "boss" in text) == (True, True, False, False)


@pytest.mark.parametrize(
    ("first", "last", "there", "refusal"),
    [(10, 9, 0, DaysReversed), (1, 4, 0, DaysOver), (1, 5, 20, TooManyDays), (1, 5, 19, None)],
)
def test_days_off_are_in_order_not_over_and_not_too_many(first: int, last: int, there: int, refusal: type[Exception] | None) -> None:
    given = (date(2026, 3, first), date(2026, 3, last), date(2026, 3, 5), there)
    if refusal is None:
        require_days(*given)
    else:
        with pytest.raises(refusal):
            require_days(*given)


@pytest.mark.parametrize(
    ("actor", "tier", "status", "is_visible", "sees", "changes"),
    [
        (Actor(1, frozenset({"admin"})), 3, X, False, True, True),
        (system(), 3, X, False, True, True),
        (Actor(2, frozenset({"employee"})), 3, N, False, True, True),
        (Actor(3, frozenset({"employee"})), 1, A, True, True, False),
        (Actor(3, frozenset({"employee"})), 1, A, False, False, False),
        (Actor(3, frozenset({"employee"})), 1, N, True, False, False),
        (Actor(3, frozenset({"employee"})), 2, A, True, False, False),
        (Actor(3, frozenset({"employee"})), 3, A, True, False, False),
        (Actor(4, frozenset({"advocate"})), 1, A, True, False, False),
        (Actor(None, frozenset({"visitor"})), 1, A, True, False, False),
    ],
)
def test_who_may_see_and_change_a_profile(actor: Actor, tier: int, status: Status, is_visible: bool, sees: bool, changes: bool) -> None:
    assert may_see(actor, owner_id=2, tier=tier, status=status, is_visible=is_visible) is sees
    assert may_change(actor, 2) is changes

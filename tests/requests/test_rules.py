"""Tables of cases: moves, who may do what, times, what follows from what both say, the clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.kernel.actor import Actor
from portal.profiles.rules.activity import MEANINGS, Activity
from portal.requests.rules.answering import Odd, length_of, lengths_of, odd_of, require_length, require_slots
from portal.requests.rules.outcome import Said, Verdict, is_news, verdict
from portal.requests.rules.refusals import LengthUnknown, NoSlots, SlotNever, SlotOff, SlotPast, SlotTooFar, SlotTwice
from portal.requests.rules.roles import (
    Parties,
    lets_owner_go,
    may,
    may_know_who,
    may_propose,
    may_see,
    may_see_prospect,
    passes_owner,
    typed_prospect,
)
from portal.requests.rules.states import ENDED, LIVES, MEETINGS, WAYS, CandidateState, Move, State, Turn, frees, moved, turn
from portal.requests.rules.terms import OwnerDaysOutOfOrder, RemindDaysOutOfOrder, Terms, require_terms

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
ZONE = "Europe/Berlin"
PARTIES = Parties(1, 2, frozenset({3, 4}), 3)
ROLES = {1: "employee", 2: "admin", 3: "employee", 4: "employee", 5: "employee", 6: "advocate"}


def who(person_id: int) -> Actor:
    return Actor(id=person_id, roles=frozenset({ROLES[person_id]}))


def test_no_move_leads_out_of_an_end_but_to_put_it_right_and_every_living_request_can_be_ended() -> None:
    out = {(state, move): moved(state, move) for state in ENDED for move in Move if moved(state, move) is not None}
    assert out == {(State.MISSED, Move.PUT_DONE): State.COMPLETED, (State.COMPLETED, Move.PUT_MISSED): State.MISSED}
    assert all(moved(state, move) for state in LIVES for move in (Move.CANCEL, Move.WITHDRAW))
    assert all(way.end is not State.OPEN or move is Move.SEND for move, way in WAYS.items())
    assert moved(State.ACCEPTED, Move.EXPIRE) is None


def test_a_slot_is_free_after_every_end_but_those_of_a_yes() -> None:
    kept = {state for state in CandidateState if not frees(state)}
    assert kept == set(CandidateState) - {"owner_declined", "declined", "no_answer", "withdrawn"}


@pytest.mark.parametrize(
    ("move", "allowed"),
    [
        (Move.SEND, {1}), (Move.TAKE_UP, {2}), (Move.PROPOSE, {1, 2}), (Move.OWNER_AGREE, {3}), (Move.OWNER_REFUSE, {3}), (Move.ASK, {1, 2, 3}),
        (Move.BOOK, {1, 2}), (Move.DECLINE, {2}), (Move.CANCEL, {1, 2}), (Move.WITHDRAW, {1, 2}), (Move.ACCEPT, set()), (Move.COMPLETE, set()),
        (Move.PUT_DONE, {2}), (Move.PUT_MISSED, {2}),
    ],
)  # fmt: skip
def test_who_may_make_which_move(move: Move, allowed: set[int]) -> None:
    assert {person for person in ROLES if may(move, who(person), PARTIES)} == allowed


@pytest.mark.parametrize("state", list(State))
def test_what_the_two_sides_differ_about_is_an_admins_turn_while_it_goes_on(state: State) -> None:
    facts = {"is_self_serve": True, "is_meeting": state is State.SCHEDULED, "has_prospect": True}
    assert (turn(state, **facts, is_disputed=True) is Turn.ADMIN) is (state in (State.ACCEPTED, State.SCHEDULED))


def test_an_account_owner_is_let_go_by_their_no_and_by_an_end_before_the_customer_was_asked() -> None:
    gone = {"owner_declined", "no_answer", "withdrawn"}
    assert {state for state in CandidateState if lets_owner_go(state, was_asked=False)} == gone
    assert {state for state in CandidateState if lets_owner_go(state, was_asked=True)} == {"owner_declined"}


def test_who_reads_what() -> None:
    assert {person for person in ROLES if may_see(who(person), PARTIES)} == {1, 2, 3, 4}
    released = replace(PARTIES, released_ids=frozenset({4}))
    assert {person for person in ROLES if may_see(who(person), released)} == {1, 2, 3}, "nobody was asked for whom 4 looks after"
    assert {person for person in ROLES if may_see_prospect(who(person), PARTIES)} == {1, 2, 3}
    assert {person for person in ROLES if typed_prospect(who(person), PARTIES)} == {1}
    assert [{person for person in ROLES if may_propose(who(person), PARTIES, tier)} for tier in (1, 2, 3)] == [{1, 2}, {2}, {2}]
    yes, before = CandidateState.ACCEPTED, CandidateState.PROPOSED
    for state, tier, known in ((before, 2, {2, 3}), (before, 1, {1, 2, 3, 4}), (yes, 3, {1, 2, 3, 4})):
        assert {one for one in ROLES if may_know_who(who(one), PARTIES, tier=tier, owner_id=3, state=state)} == known
    gone = {"tier": 2, "owner_id": 3, "state": CandidateState.DECLINED}
    assert {one for one in ROLES if may_know_who(who(one), PARTIES, **gone, was_named=True)} == {1, 2, 3, 4}, "once named, named here"
    assert {one for one in ROLES if may_know_who(who(one), PARTIES, **gone)} == {2, 3}
    assert [passes_owner(owner, 1) for owner in (None, 1, 3)] == ["none", "self", ""]


@pytest.mark.parametrize(
    ("wall", "refused"),
    [
        (datetime(2026, 3, 20, 10, 30), SlotPast),
        (datetime(2026, 3, 20, 11, 1), None),
        (datetime(2026, 3, 29, 2, 30), SlotNever),
        (datetime(2026, 3, 29, 3, 30), None),
        (datetime(2026, 4, 1, 10, 0), SlotOff),
        (datetime(2026, 5, 19, 10, 0), None),
        (datetime(2026, 5, 20, 10, 0), SlotTooFar),
    ],
)
def test_which_times_can_be_offered(wall: datetime, refused: type[Exception] | None) -> None:
    days = [(date(2026, 4, 1), date(2026, 4, 3))]
    if refused is None:
        assert len(require_slots([wall, None], ZONE, days, NOW)) == 1
        return
    with pytest.raises(refused) as stopped:
        require_slots([None, wall], ZONE, days, NOW)
    assert stopped.value.field == "slot2"  # type: ignore[attr-defined]


def test_a_time_is_kept_in_utc_on_both_sides_of_the_change_of_clocks_and_once() -> None:
    before, after = datetime(2026, 3, 28, 14, 30), datetime(2026, 3, 30, 14, 30)
    assert [moment.hour for moment in require_slots([after, before], ZONE, [], NOW)] == [13, 12]
    with pytest.raises(SlotTwice):
        require_slots([before, before], ZONE, [], NOW)
    with pytest.raises(NoSlots):
        require_slots([None], ZONE, [], NOW)


@pytest.mark.parametrize(
    ("requester", "customer", "days", "found"),
    [
        (None, None, 90, Verdict.WAIT), (True, None, 6, Verdict.WAIT), (True, None, 7, Verdict.COMPLETED), (None, True, 7, Verdict.COMPLETED),
        (False, None, 7, Verdict.MISSED), (True, True, 0, Verdict.COMPLETED), (False, False, 0, Verdict.MISSED), (True, False, 90, Verdict.DISPUTED),
    ],
)  # fmt: skip
def test_what_follows_from_what_both_say(requester: bool | None, customer: bool | None, days: int, found: Verdict) -> None:
    said = [None if came is None else Said(came, NOW) for came in (requester, customer)]
    assert verdict(said[0], said[1], NOW + timedelta(days=days), confirm_days=7) is found


def test_reminders_come_before_silence_counts() -> None:
    with pytest.raises(OwnerDaysOutOfOrder):
        require_terms(Terms(owner_days=5, escalate_days=5))
    with pytest.raises(RemindDaysOutOfOrder):
        require_terms(Terms(remind_days=10, silent_days=10))


def test_every_kind_says_what_it_is_and_takes_and_those_of_a_meeting_how_long_it_is() -> None:
    assert set(MEANINGS) == set(Activity)
    assert {kind for kind, one in MEANINGS.items() if "%(minutes)s" in one.takes} == set(MEETINGS)
    assert all(text.endswith(".") for one in MEANINGS.values() for text in (one.what, one.takes, one.public))
    assert len({one.what for one in MEANINGS.values()}) == len(Activity)


@pytest.mark.parametrize(
    ("came", "customer", "news"),
    [(True, True, False), (True, None, False), (True, False, True), (False, False, False), (False, None, True), (False, True, True)],
)
def test_a_customer_hears_what_is_written_down_where_it_is_not_what_they_said(came: bool, customer: bool | None, news: bool) -> None:
    assert is_news(came, customer) is news


@pytest.mark.parametrize(
    ("hour", "minutes", "prospect_zone", "odd"),
    [
        ("2026-03-23T07:00", 30, None, []),
        ("2026-03-23T06:59", 30, None, [Odd.CUSTOMER_NIGHT]),
        ("2026-03-23T19:00", 60, None, []),
        ("2026-03-23T19:01", 60, None, [Odd.CUSTOMER_NIGHT]),
        ("2026-03-23T23:30", 60, None, [Odd.CUSTOMER_NIGHT]),
        ("2026-03-25T10:00", 30, None, [Odd.AFTER_NEED]),
        ("2026-03-24T10:00", 30, "America/New_York", [Odd.PROSPECT_NIGHT]),
        ("2026-03-24T16:00", 30, "America/New_York", []),
        ("2026-03-25T03:00", 30, "America/Los_Angeles", [Odd.AFTER_NEED, Odd.CUSTOMER_NIGHT]),
    ],
)
def test_what_is_odd_about_a_time_is_said(hour: str, minutes: int, prospect_zone: str | None, odd: list[Odd]) -> None:
    there = datetime.fromisoformat(hour).replace(tzinfo=ZoneInfo(ZONE))
    assert odd_of(there.astimezone(UTC), minutes, zone=ZONE, needed_by=date(2026, 3, 24), prospect_zone=prospect_zone) == odd
    assert odd_of(there.astimezone(UTC), 30, zone=ZONE, needed_by=None)[:1] != [Odd.AFTER_NEED]


def test_a_site_visit_takes_an_hour_or_more_and_a_call_no_more_than_one() -> None:
    assert (min(lengths_of(Activity.VISIT)), max(lengths_of(Activity.CALL)), max(lengths_of(Activity.ANALYST))) == (60, 60, 60)
    assert (length_of(Activity.VISIT, 30), length_of(Activity.CALL, 30), length_of(Activity.VISIT, 60)) == (60, 30, 60)
    assert require_length(240, Activity.VISIT) == 240
    for minutes, kind in ((30, Activity.VISIT), (240, Activity.CALL), (45, Activity.CALL)):
        with pytest.raises(LengthUnknown):
            require_length(minutes, kind)


@pytest.mark.parametrize(("second", "is_refused"), [("10:00", True), ("10:29", True), ("09:31", True), ("10:30", False), ("09:30", False)])
def test_times_that_overlap_are_refused_by_name_and_field(second: str, is_refused: bool) -> None:
    at = [datetime.fromisoformat("2026-03-24T10:00"), datetime.fromisoformat(f"2026-03-24T{second}")]
    if not is_refused:
        assert len(require_slots(at, ZONE, [], NOW, minutes=30)) == 2
        return
    with pytest.raises(SlotTwice) as refused:
        require_slots(at, ZONE, [], NOW, minutes=30)
    assert refused.value.field == "slot2"

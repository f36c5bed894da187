"""Each verb: what it moves, what it refuses, and that a repeat moves nothing."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.errors import NotFound
from portal.ledger.actions.notes import erase_note
from portal.ledger.models import account, entry, transfer, transfer_note
from portal.ledger.queries.balances import Balance, balance_of, balances_of
from portal.ledger.queries.statement import statement
from portal.ledger.rules import AlreadyResolved, AlreadyReversed, BalanceTooLow, KeyReused, NotReversible, TransferKind
from tests.ledger.verbs import ADMIN, NOW, OWNER, adjust, award, capture, hold, open_owner, release, reverse


@pytest.fixture(autouse=True)
def owner(session: Session) -> int:
    return open_owner(session)


def have(session: Session, owner_id: int = OWNER) -> tuple[int, int, int, int]:
    found = balance_of(session, owner_id)
    return found.available, found.held, found.owed, found.lifetime


def lines_of(session: Session, transfer_id: int) -> dict[str, int]:
    rows = session.execute(select(account.c.kind, entry.c.amount).join(account).where(entry.c.transfer_id == transfer_id))
    return {row.kind: row.amount for row in rows}


def count(session: Session) -> tuple[int, int]:
    """Return how many transfers and entries there are."""
    made, lines = (session.execute(select(func.count()).select_from(table)).scalar_one() for table in (transfer, entry))
    return made, lines


def test_an_award_gives_points_and_lifetime(session: Session) -> None:
    written = award(session, 100)
    assert have(session) == (100, 0, 0, 100)
    assert lines_of(session, written.id) == {"issued": -100, "available": 100}
    award(session, 20)
    assert have(session) == (120, 0, 0, 120)


def test_reversing_an_award_that_is_partly_spent_leaves_the_rest_owed(session: Session) -> None:
    first = award(session, 100)
    capture(session, hold(session, 40).id)
    undone = reverse(session, first.id)
    assert lines_of(session, undone.id) == {"issued": 100, "available": -60, "owed": -40}
    assert have(session) == (0, 0, 40, 0)
    paid = award(session, 50)
    assert lines_of(session, paid.id) == {"issued": -50, "owed": 40, "available": 10}
    assert have(session) == (10, 0, 0, 50)


def test_an_award_smaller_than_what_is_owed_leaves_nothing_to_spend_and_still_counts_as_earned(session: Session) -> None:
    first = award(session, 100)
    hold(session, 100)
    reverse(session, first.id)
    paid = award(session, 30)
    assert lines_of(session, paid.id) == {"issued": -30, "owed": 30}
    assert have(session) == (0, 100, 70, 30)


def test_held_points_are_not_touched_by_a_reversal(session: Session) -> None:
    first = award(session, 100)
    kept = hold(session, 70)
    reverse(session, first.id)
    assert have(session) == (0, 70, 70, 0)
    capture(session, kept.id)
    assert have(session) == (0, 0, 70, 0)


def test_a_hold_sets_points_aside_and_a_release_gives_them_back(session: Session) -> None:
    award(session, 100)
    held = hold(session, 60)
    assert have(session) == (40, 60, 0, 100)
    assert lines_of(session, held.id) == {"available": -60, "held": 60}
    back = release(session, held.id)
    assert have(session) == (100, 0, 0, 100)
    assert back.resolves_id == held.id


def test_a_release_pays_what_became_owed_meanwhile(session: Session) -> None:
    first = award(session, 100)
    held = hold(session, 100)
    reverse(session, first.id)
    release(session, held.id)
    assert have(session) == (0, 0, 0, 0)


def test_a_capture_spends_and_leaves_the_lifetime_total(session: Session) -> None:
    award(session, 100)
    spent = capture(session, hold(session, 60).id)
    assert have(session) == (40, 0, 0, 100)
    assert lines_of(session, spent.id) == {"held": -60, "redeemed": 60}


def test_a_reversed_capture_comes_back_to_available(session: Session) -> None:
    award(session, 100)
    spent = capture(session, hold(session, 60).id)
    back = reverse(session, spent.id)
    assert have(session) == (100, 0, 0, 100)
    assert lines_of(session, back.id) == {"redeemed": -60, "available": 60}


def test_a_reversed_capture_pays_what_is_owed_first(session: Session) -> None:
    first = award(session, 100)
    spent = capture(session, hold(session, 100).id)
    reverse(session, first.id)
    assert have(session) == (0, 0, 100, 0)
    reverse(session, spent.id)
    assert have(session) == (0, 0, 0, 0)


def test_holding_more_than_is_available_is_refused_and_leaves_nothing(session: Session) -> None:
    award(session, 50)
    before = count(session)
    with pytest.raises(BalanceTooLow) as refused:
        hold(session, 51)
    assert refused.value.facts == {"needed": 51, "available": 50}
    assert str(refused.value) == "You need 51 points for this and have 50 available."
    assert count(session) == before
    assert hold(session, 50).points == 50


@pytest.mark.parametrize("first", [release, capture])
@pytest.mark.parametrize("second", [release, capture])
def test_a_hold_is_settled_once(session: Session, first: Callable[..., object], second: Callable[..., object]) -> None:
    award(session, 100)
    held = hold(session, 60)
    first(session, held.id)
    before = have(session)
    with pytest.raises(AlreadyResolved):
        second(session, held.id)
    assert have(session) == before


def test_only_a_hold_can_be_settled(session: Session) -> None:
    given = award(session, 100)
    for settle in (release, capture):
        with pytest.raises(NotFound):
            settle(session, given.id)
        with pytest.raises(NotFound):
            settle(session, 10_000)


def test_a_transfer_is_reversed_once(session: Session) -> None:
    given = award(session, 100)
    reverse(session, given.id)
    with pytest.raises(AlreadyReversed):
        reverse(session, given.id)
    assert have(session) == (0, 0, 0, 0)


def test_holds_releases_and_reversals_cannot_be_reversed(session: Session) -> None:
    given = award(session, 100)
    held = hold(session, 60)
    back = release(session, held.id)
    undone = reverse(session, given.id)
    for wrong in (held, back, undone):
        with pytest.raises(NotReversible):
            reverse(session, wrong.id)


@pytest.mark.parametrize("points", [30, -30, -130])
@pytest.mark.parametrize("counts", [True, False])
def test_an_adjustment_counts_as_earned_only_if_marked(session: Session, points: int, counts: bool) -> None:
    award(session, 100)
    made = adjust(session, points, counts_as_earned=counts)
    assert have(session) == (max(100 + points, 0), 0, max(-100 - points, 0), 100 + (points if counts else 0))
    reverse(session, made.id)
    assert have(session) == (100, 0, 0, 100)


VERBS = {
    "award": lambda s, key, of: award(s, 10, key=key),
    "hold": lambda s, key, of: hold(s, 10, key=key),
    "release": lambda s, key, of: release(s, of["held"], key=key),
    "capture": lambda s, key, of: capture(s, of["held"], key=key),
    "reverse": lambda s, key, of: reverse(s, of["given"], key=key),
    "adjust": lambda s, key, of: adjust(s, -10, key=key),
}


CHANGED = {"award": award, "hold": hold, "adjust": adjust}


def test_a_repeated_key_returns_the_first_transfer_and_moves_nothing(session: Session, subtests: pytest.Subtests) -> None:
    for verb, act in VERBS.items():
        with subtests.test(verb), session.begin_nested() as attempt:
            of = {"given": award(session, 100).id, "held": hold(session, 20).id}
            first = act(session, "decision:1", of)
            assert not first.is_replay
            before = have(session), count(session)
            again = act(session, "decision:1", of)
            assert again.is_replay
            assert (again.id, again.points, again.kind, again.recorded_at) == (first.id, first.points, first.kind, first.recorded_at)
            assert (have(session), count(session)) == before
            attempt.rollback()


@pytest.mark.parametrize("verb", VERBS)
def test_a_key_that_was_used_for_something_else_is_refused_by_name(session: Session, verb: str, subtests: pytest.Subtests) -> None:
    for other, act in VERBS.items():
        with subtests.test(other), session.begin_nested() as attempt:
            VERBS[verb](session, "decision:1", {"given": award(session, 100).id, "held": hold(session, 20).id})
            of = {"given": award(session, 70).id, "held": hold(session, 3).id}
            before = have(session), count(session)
            with pytest.raises(KeyReused):
                CHANGED[verb](session, 11, key="decision:1") if other == verb in CHANGED else act(session, "decision:1", of)
            assert (have(session), count(session)) == before
            attempt.rollback()


def test_each_fact_of_an_award_is_compared(session: Session) -> None:
    open_owner(session, 8)
    award(session, 10, key="k")
    for change in ({"points": 11}, {"owner_id": 8}, {"source_id": 2}, {"source_type": "other"}, {"reason": "test.other"}):
        with pytest.raises(KeyReused):
            award(session, **({"points": 10, "key": "k"} | change))  # type: ignore[arg-type]


def test_a_repeat_may_come_later_and_from_somebody_else(session: Session) -> None:
    first = award(session, 10, key="k", note="well done")
    assert award(session, 10, key="k", now=NOW + timedelta(days=1), effective_at=NOW + timedelta(days=1), note="again").id == first.id
    assert session.execute(select(func.count()).select_from(transfer_note)).scalar_one() == 1


def test_a_repeated_hold_is_known_even_when_the_points_are_gone(session: Session) -> None:
    award(session, 50)
    first = hold(session, 50, key="k")
    assert hold(session, 50, key="k").id == first.id
    with pytest.raises(KeyReused):
        hold(session, 60, key="k")


def test_an_owner_without_accounts_is_a_programming_error(session: Session) -> None:
    with pytest.raises(LookupError, match="no accounts"), session.begin_nested():
        award(session, 10, owner_id=99)
    with pytest.raises(BalanceTooLow):
        hold(session, 10, owner_id=99)


def test_units_are_kept_apart(session: Session) -> None:
    open_owner(session, unit="staff")
    award(session, 100)
    award(session, 7, unit="staff")
    hold(session, 5, unit="staff")
    assert balance_of(session, OWNER) == Balance(100, 0, 0, 100)
    assert balance_of(session, OWNER, unit="staff") == Balance(2, 5, 0, 7)
    assert balances_of(session, [OWNER, 12345], unit="staff") == {OWNER: Balance(2, 5, 0, 7)}


def test_the_transfer_keeps_a_salted_hash_of_the_note_and_the_text_can_be_erased(session: Session) -> None:
    written = award(session, 10, note="Thank you, Ann")
    note = session.execute(select(transfer_note).where(transfer_note.c.id == written.note_id)).one()
    assert written.note_hash == hashlib.sha256((note.salt + "Thank you, Ann").encode()).hexdigest()
    erase_note(session, ADMIN, transfer_id=written.id, now=NOW)
    note = session.execute(select(transfer_note).where(transfer_note.c.id == written.note_id)).one()
    assert (note.body, note.salt, note.erased_at) == (None, None, NOW)
    assert statement(session, OWNER).rows[0].note is None


def test_the_statement_tells_each_change_once_newest_first(session: Session) -> None:
    first = award(session, 100, note="well done")
    held = hold(session, 60)
    capture(session, held.id)
    undone = reverse(session, first.id)
    paid = award(session, 70)
    page = statement(session, OWNER)
    assert [(x.transfer_id, x.points, x.balance_after) for x in page] == [
        (paid.id, 70, 10),
        (undone.id, -100, -60),
        (held.id, -60, 40),
        (first.id, 100, 100),
    ]
    assert page.rows[-1].note == "well done"
    assert page.rows[0].kind is TransferKind.AWARD
    assert {type(x.points) for x in page} == {int}


def test_the_statement_pages_by_key(session: Session) -> None:
    written = [award(session, n).id for n in range(1, 8)]
    seen, after = [], None
    while True:
        page = statement(session, OWNER, after=after, size=3)
        seen += [x.transfer_id for x in page]
        if (after := page.next) is None:
            break
    assert seen == written[::-1]


def test_the_statement_filters_by_kind_and_day(session: Session) -> None:
    award(session, 100, effective_at=NOW - timedelta(days=400))
    hold(session, 10)
    award(session, 5)
    assert [x.points for x in statement(session, OWNER, kind=TransferKind.AWARD)] == [5, 100]
    assert [x.points for x in statement(session, OWNER, since=NOW - timedelta(days=1))] == [5, -10]
    assert [x.points for x in statement(session, OWNER, until=NOW - timedelta(days=1))] == [100]

"""The vault by itself: sealed, known again, taken once, shown once. Both engines."""

from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.vault.actions.handing import allow_again, ask_again, close_look, hand_code, is_late, renew_code, show_code, take_back_code, take_code
from portal.vault.actions.stocking import (
    Resealed,
    add_batch,
    confirm_batch,
    drop_stale,
    keep_bought,
    keep_spare,
    lapse_codes,
    remove_batch,
    reseal,
)
from portal.vault.keys import Key, Keys, new_vault_key
from portal.vault.models import CodeBatch, VaultCode
from portal.vault.queries import counts_of, free_on, lapsing_on, look_of, unreadable
from portal.vault.rules import (
    MOST_CODES,
    NEVER,
    SAME_CLICK,
    Back,
    BatchGone,
    Card,
    CodeTwice,
    Fault,
    KeyMissing,
    ListTooLarge,
    NoCodeColumn,
    NoCodeLeft,
    NoCodeYet,
    NotShownYet,
    OtherList,
    Read,
    ShownAlready,
    read_cards,
)
from tests.factories.vault import KEY, OTHER_KEY, listed, with_keys
from tests.rewards.racing import all_at_once, one_during_another

NOW = utcnow()
SHELF = "shelf"
TODAY = date(2026, 11, 28)


@pytest.fixture(autouse=True)
def keys(request: pytest.FixtureRequest, database: Database) -> None:
    database.inform_sessions(vault_keys=Keys(lambda: (KEY,)))
    if "session" in request.fixturenames:
        with_keys(request.getfixturevalue("session"))


def fill(session: Session, *codes: str, key: str = "one") -> int:
    batch = add_batch(session, shelf=SHELF, filename="list.csv", key=key, read=listed(*codes), by_id=None, now=NOW)
    confirm_batch(session, shelf=SHELF, batch_id=batch.id, now=NOW)
    return batch.id


def give(session: Session, holder: str) -> None:
    take_code(session, shelf=SHELF, holder=holder, now=NOW)
    hand_code(session, holder=holder)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["A-1", "77", ""], Card("A-1", "77")),
        (["'=A1", "", ""], Card("=A1")),
        (["", "", "https://cards.example.com/x"], Card("", "", "https://cards.example.com/x")),
        (["", "77", ""], Fault.EMPTY),
        (["x" * 201, "", ""], Fault.LONG),
        (["A", "x" * 61, ""], Fault.LONG),
        (["A", "", "http://cards.example.com"], Fault.LINK),
        (["A", "", "https://a:b@cards.example.com"], Fault.LINK),
        (["A", "", "https://["], Fault.LINK),
    ],
)
def test_a_line_is_a_card_or_a_fault_by_name(cells: list[str], found: Card | Fault) -> None:
    read = read_cards(["Code", "pin", "LINK"], [(2, cells)], today=TODAY)
    assert [*(card for _, card in read.cards), *(fault for _, fault in read.faults)] == [found]


def test_a_list_needs_a_column_and_an_end() -> None:
    with pytest.raises(NoCodeColumn) as refused:
        read_cards(["SECRET-1"], [(2, ["SECRET-2"])], today=TODAY)
    assert "SECRET" not in repr(refused.value) + str(refused.value)
    with pytest.raises(ListTooLarge):
        read_cards(["code"], [(line, [str(line)]) for line in range(MOST_CODES + 1)], today=TODAY)
    assert read_cards(["code"], [], [3], today=TODAY).faults == [(3, Fault.BROKEN)]


def test_neither_a_card_nor_the_keys_say_what_they_hold() -> None:
    assert "SECRET" not in repr(Card("SECRET", "SECRET", "SECRET")) + repr(Read([(1, Card("SECRET"))], []))
    assert KEY not in repr(Keys(lambda: (KEY,)))


def test_another_key_does_not_open_and_an_altered_seal_neither() -> None:
    sealed = Key(KEY).seal(Card("A"))
    assert Key(KEY).unseal(sealed) == Card("A")
    for key, text in ((OTHER_KEY, sealed), (KEY, sealed[:-9] + "AAAAAAAA=")):
        with pytest.raises(KeyMissing):
            Key(key).unseal(text)
    assert Key(KEY).seal(Card("A")) != sealed
    assert Key(KEY).fingerprint(Card("A B")) == Key(KEY).fingerprint(Card("AB")) != Key(OTHER_KEY).fingerprint(Card("AB"))


def test_nobody_gets_a_code_before_the_import_is_confirmed(session: Session) -> None:
    batch = add_batch(session, shelf=SHELF, filename="list.csv", key="one", read=listed("A", "B", "A"), by_id=None, now=NOW)
    assert (batch.added, batch.left_out, batch.faults) == (2, 1, [[4, "twice"]])
    with pytest.raises(NoCodeLeft):
        take_code(session, shelf=SHELF, holder="me", now=NOW)
    assert confirm_batch(session, shelf=SHELF, batch_id=batch.id, now=NOW) == 2
    with pytest.raises(BatchGone):
        confirm_batch(session, shelf=SHELF, batch_id=batch.id, now=NOW)
    with pytest.raises(NotFound):
        confirm_batch(session, shelf="another", batch_id=batch.id, now=NOW)
    take_code(session, shelf=SHELF, holder="me", now=NOW)
    assert counts_of(session, [SHELF, "empty"])[SHELF].free == free_on(session, SHELF) == 1


def test_the_same_form_is_one_import_and_the_same_code_is_known_on_every_shelf(session: Session) -> None:
    fill(session, "A", "B")
    again = add_batch(session, shelf=SHELF, filename="list.csv", key="one", read=listed("A", "B"), by_id=None, now=NOW)
    assert (again.added, session.scalar(select(func.count()).select_from(CodeBatch))) == (2, 1)
    other = add_batch(session, shelf="another", filename="list.csv", key="two", read=listed("B", "C"), by_id=None, now=NOW)
    assert (other.added, other.faults) == (1, [[2, "known"]])


@pytest.mark.parametrize(
    ("shelf", "filename", "codes"),
    [(SHELF, "list.csv", "C"), (SHELF, "list.csv", "ABC"), (SHELF, "list.csv", "A"), (SHELF, "other.csv", "AB"), ("another", "list.csv", "AB")],
)
def test_another_list_on_the_same_form_is_refused_and_never_swallowed(session: Session, shelf: str, filename: str, codes: str) -> None:
    fill(session, "A", "B")
    with pytest.raises(OtherList):
        add_batch(session, shelf=shelf, filename=filename, key="one", read=listed(*codes), by_id=None, now=NOW)


def test_an_import_that_is_being_confirmed_is_not_thrown_away_by_the_job(database: Database) -> None:
    def staged(session: Session) -> int:
        return add_batch(session, shelf=SHELF, filename="list.csv", key="one", read=listed("A", "B"), by_id=None, now=NOW).id

    batch_id, later = database.write(staged), NOW + timedelta(hours=25)
    confirm, drop = partial(confirm_batch, shelf=SHELF, batch_id=batch_id, now=later), partial(drop_stale, now=later)
    assert one_during_another(database, confirm, lambda: database.write(drop)) == [2, 0]
    with database.reading() as session:
        assert counts_of(session, [SHELF])[SHELF].free == 2


def test_an_import_that_the_job_is_throwing_away_cannot_be_confirmed_any_more(database: Database) -> None:
    def staged(session: Session) -> int:
        return add_batch(session, shelf=SHELF, filename="list.csv", key="one", read=listed("A", "B"), by_id=None, now=NOW).id

    batch_id, later = database.write(staged), NOW + timedelta(hours=25)
    confirm, drop = partial(confirm_batch, shelf=SHELF, batch_id=batch_id, now=later), partial(drop_stale, now=later)
    assert one_during_another(database, drop, lambda: database.write(confirm)) == [1, "BatchGone"]


def test_a_code_that_is_known_under_an_older_key_is_known(session: Session) -> None:
    fill(session, "A")
    session.info["vault_keys"] = Keys(lambda: (OTHER_KEY, KEY))
    batch = add_batch(session, shelf=SHELF, filename="list.csv", key="two", read=listed("A", "B"), by_id=None, now=NOW)
    assert (batch.added, batch.faults) == (1, [[2, "known"]])


def test_eight_takers_and_five_codes_make_five_takings_each_of_its_own_code(database: Database) -> None:
    database.write(lambda s: fill(s, *"ABCDE"))
    works = [lambda s, holder=f"h{n}": take_code(s, shelf=SHELF, holder=holder, now=NOW) for n in range(8)]
    assert all_at_once(database, works) == {"done": 5, "NoCodeLeft": 3}
    with database.reading() as session:
        holders = session.scalars(select(VaultCode.holder).order_by(VaultCode.id)).all()
    assert len(set(holders)) == 5


def test_one_holder_who_takes_eight_times_at_once_has_one_code(database: Database) -> None:
    database.write(lambda s: fill(s, *"ABCDE"))

    def take(session: Session) -> None:
        take_code(session, shelf=SHELF, holder="me", now=NOW)

    take_once = all_at_once(database, [take])
    assert take_once == {"done": 1}
    assert all_at_once(database, [take] * 8) == {"done": 8}
    with database.reading() as session:
        assert free_on(session, SHELF) == 4


def test_eight_looks_at_once_are_one_look(database: Database) -> None:
    database.write(lambda s: (fill(s, "A"), give(s, "me")))
    works = [lambda s, key=f"form-{n}": show_code(s, holder="me", key=key, now=NOW) for n in range(8)]
    assert all_at_once(database, works) == {"done": 1, "ShownAlready": 7}


def test_a_code_is_shown_once_and_the_same_form_shows_it_again_for_a_minute(session: Session) -> None:
    fill(session, "A")
    for refused in (lambda: show_code(session, holder="me", key="f", now=NOW), lambda: hand_code(session, holder="me")):
        with pytest.raises(NoCodeYet):
            refused()
    take_code(session, shelf=SHELF, holder="me", now=NOW)
    with pytest.raises(NoCodeYet):
        show_code(session, holder="me", key="f", now=NOW)
    hand_code(session, holder="me")
    hand_code(session, holder="me")
    assert show_code(session, holder="me", key="f", now=NOW) == (Card("A"), True)
    assert show_code(session, holder="me", key="f", now=NOW + SAME_CLICK / 2) == (Card("A"), False)
    for key, at in (("another", NOW), ("f", NOW + SAME_CLICK)):
        with pytest.raises(ShownAlready):
            show_code(session, holder="me", key=key, now=at)
    look = look_of(session, "me")
    assert look is not None
    assert (look.times_shown, look.shown_at, look.was_shown) == (1, NOW, True)


def test_what_was_kept_is_not_shown_again_by_the_form_that_showed_it(session: Session) -> None:
    fill(session, "A")
    give(session, "me")
    close_look(session, holder="me")
    assert show_code(session, holder="me", key="f", now=NOW) == (Card("A"), True)
    close_look(session, holder="me")
    with pytest.raises(ShownAlready):
        show_code(session, holder="me", key="f", now=NOW)


def test_who_could_not_keep_it_asks_and_is_allowed_once_more(session: Session) -> None:
    fill(session, "A")
    give(session, "me")
    with pytest.raises(NotShownYet):
        allow_again(session, holder="me")
    with pytest.raises(NoCodeYet):
        ask_again(session, holder="me", now=NOW)
    show_code(session, holder="me", key="f", now=NOW)
    assert [ask_again(session, holder="me", now=NOW) for _ in range(2)] == [True, False]
    assert [allow_again(session, holder="me") for _ in range(2)] == [True, False]
    with pytest.raises(NoCodeYet):
        allow_again(session, holder="nobody")
    assert show_code(session, holder="me", key="g", now=NOW)[1]
    look = look_of(session, "me")
    assert look is not None
    assert (look.times_shown, look.asked_at) == (2, None)


def test_what_comes_back_unseen_is_free_again_and_what_was_seen_never_is(session: Session) -> None:
    fill(session, "A")
    give(session, "me")
    assert take_back_code(session, holder="me", now=NOW) is Back.SHELF
    assert (free_on(session, SHELF), take_back_code(session, holder="me", now=NOW)) == (1, Back.NONE)
    give(session, "you")
    show_code(session, holder="you", key="f", now=NOW)
    assert take_back_code(session, holder="you", now=NOW) is Back.GONE
    allow_again(session, holder="you")
    assert take_back_code(session, holder="you", now=NOW) is Back.GONE
    assert free_on(session, SHELF) == 0


def test_taking_an_import_out_leaves_what_was_given_and_takes_what_comes_back_later(session: Session) -> None:
    batch_id = fill(session, "A", "B", "C")
    give(session, "me")
    assert remove_batch(session, shelf=SHELF, batch_id=batch_id, by_id=None, now=NOW) == (2, True)
    assert remove_batch(session, shelf=SHELF, batch_id=batch_id, by_id=None, now=NOW) == (0, True)
    assert take_back_code(session, holder="me", now=NOW) is Back.GONE
    assert session.scalar(select(func.count()).select_from(VaultCode)) == 0
    fill(session, "A", key="two")
    assert free_on(session, SHELF) == 1


def test_what_nobody_confirmed_for_a_day_is_gone(session: Session) -> None:
    add_batch(session, shelf=SHELF, filename="list.csv", key="one", read=listed("A"), by_id=None, now=NOW)
    assert drop_stale(session, NOW + timedelta(hours=23)) == 0
    assert drop_stale(session, NOW + timedelta(hours=24)) == 1
    assert drop_stale(session, NOW + timedelta(hours=24)) == 0
    assert session.scalar(select(func.count()).select_from(VaultCode)) == 0


def test_a_bought_code_is_kept_once_and_never_for_two(session: Session) -> None:
    for _ in range(2):
        keep_bought(session, shelf=SHELF, holder="me", card=Card("A"), now=NOW)
    with pytest.raises(CodeTwice):
        keep_bought(session, shelf=SHELF, holder="you", card=Card("A"), now=NOW)
    assert counts_of(session, [SHELF])[SHELF].taken == 1


def test_everything_is_sealed_anew_and_then_the_old_key_may_go(session: Session) -> None:
    fill(session, *(f"code {n}" for n in range(12)))
    give(session, "me")
    new = new_vault_key()
    session.info["vault_keys"] = Keys(lambda: (new, KEY))
    done = [reseal(session, most=5)]
    while done[-1].last:
        done.append(reseal(session, after=done[-1].last, most=5))
    assert (sum(run.changed for run in done), unreadable(session)) == (12, 0)
    session.info["vault_keys"] = Keys(lambda: (new,))
    assert show_code(session, holder="me", key="f", now=NOW)[0] == Card("code 0")
    session.info["vault_keys"] = Keys(lambda: (KEY,))
    assert unreadable(session) == 12
    allow_again(session, holder="me")
    with pytest.raises(KeyMissing):
        show_code(session, holder="me", key="g", now=NOW)


def test_a_code_whose_key_is_lost_keeps_no_other_from_being_sealed_anew(session: Session) -> None:
    first, new = new_vault_key(), new_vault_key()
    session.info["vault_keys"] = Keys(lambda: (first,))
    fill(session, "lost")
    session.info["vault_keys"] = Keys(lambda: (KEY,))
    fill(session, *(f"code {n}" for n in range(7)), key="two")
    session.info["vault_keys"] = Keys(lambda: (new, KEY))
    done = reseal(session)
    assert (done.changed, done.unreadable, done.twice, unreadable(session)) == (7, 1, 0, 1)


def test_a_code_known_under_an_old_key_is_not_bought_a_second_time(session: Session) -> None:
    fill(session, "A")
    new = new_vault_key()
    session.info["vault_keys"] = Keys(lambda: (new, KEY))
    with pytest.raises(CodeTwice):
        keep_bought(session, shelf=SHELF, holder="me", card=Card("A"), now=NOW)
    assert keep_spare(session, shelf=SHELF, card=Card("A")) is False
    assert reseal(session).changed == 1


def test_the_same_code_under_two_keys_is_told_of_and_stops_nothing(session: Session) -> None:
    fill(session, "A", "B")
    new = new_vault_key()
    session.info["vault_keys"] = Keys(lambda: (new,))
    fill(session, "A", key="two")
    session.info["vault_keys"] = Keys(lambda: (new, KEY))
    assert reseal(session) == Resealed(changed=1, twice=1)


def test_a_read_of_codes_never_brings_what_is_sealed(session: Session) -> None:
    fill(session, "A")
    found = session.scalars(select(VaultCode)).one()
    assert "sealed" not in found.__dict__


@pytest.mark.parametrize(
    ("name", "day", "found"),
    [
        ("expires_on", "2026-11-28", date(2026, 11, 28)),
        ("Expires", "2030-01-31", date(2030, 1, 31)),
        ("expiry", "", NEVER),
        ("expires_on", "2026-11-27", Fault.LATE),
        ("expires_on", "2026-02-30", Fault.DAY),
        ("expires_on", "31/12/2026", Fault.DAY),
        ("other", "2020-01-01", NEVER),
    ],
)
def test_a_list_may_name_the_last_day_of_a_code(name: str, day: str, found: date | Fault) -> None:
    read = read_cards(["code", name], [(2, ["A", day])], today=TODAY)
    assert [*(card.expires_on for _, card in read.cards), *(fault for _, fault in read.faults)] == [found]


def lapsing(session: Session, **days: int) -> None:
    """Put codes on the shelf whose last day lies so many days after today's."""
    read = Read([(line, Card(code, expires_on=NOW.date() + timedelta(days=n))) for line, (code, n) in enumerate(days.items(), 2)], [])
    batch = add_batch(session, shelf=SHELF, filename="list.csv", key=",".join(days), read=read, by_id=None, now=NOW)
    confirm_batch(session, shelf=SHELF, batch_id=batch.id, now=NOW)


def test_what_lapses_first_is_given_first_and_what_lapsed_never(session: Session) -> None:
    fill(session, "NEVER-1")
    lapsing(session, LATER=40, SOON=3)
    given = []
    for number, after in enumerate((0, 0, 41), 1):
        take_code(session, shelf=SHELF, holder=str(number), now=NOW + timedelta(days=after))
        hand_code(session, holder=str(number))
        given.append(show_code(session, holder=str(number), key="f", now=NOW)[0].code)
    assert given == ["SOON", "LATER", "NEVER-1"]
    lapsing(session, GONE=2)
    with pytest.raises(NoCodeLeft):
        take_code(session, shelf=SHELF, holder="4", now=NOW + timedelta(days=4))
    later = NOW + timedelta(days=4)
    assert [lapse_codes(session, shelf=SHELF, now=at) for at in (NOW, later, later)] == [0, 1, 0]
    assert (counts_of(session, [SHELF])[SHELF].lapsed, free_on(session, SHELF)) == (1, 0)


def test_a_code_that_lapses_while_it_is_set_aside_is_followed_by_another_one(session: Session) -> None:
    lapsing(session, FIRST=2, SECOND=90)
    take_code(session, shelf=SHELF, holder="me", now=NOW)
    later = NOW + timedelta(days=4)
    assert (is_late(session, holder="me", now=NOW), is_late(session, holder="me", now=later)) == (False, True)
    assert [renew_code(session, shelf=SHELF, holder="me", now=later) for _ in range(2)] == [True, False]
    hand_code(session, holder="me")
    look = look_of(session, "me")
    assert look is not None
    assert look.last_day == NOW.date() + timedelta(days=90)
    assert show_code(session, holder="me", key="f", now=later)[0].code == "SECOND"
    lapsing(session, THIRD=2)
    take_code(session, shelf=SHELF, holder="you", now=NOW)
    assert take_back_code(session, holder="you", now=later) is Back.GONE, "it comes back too late for the shelf"
    assert counts_of(session, [SHELF])[SHELF].lapsed == 2


def test_what_lapses_before_the_import_is_confirmed_never_reaches_the_shelf(session: Session) -> None:
    read = Read([(2, Card("LATE", expires_on=NOW.date())), (3, Card("GOOD"))], [])
    batch = add_batch(session, shelf=SHELF, filename="list.csv", key="k", read=read, by_id=None, now=NOW)
    assert confirm_batch(session, shelf=SHELF, batch_id=batch.id, now=NOW + timedelta(days=2)) == 1
    soon = lapsing_on(session, NOW.date() + timedelta(days=30))
    assert (free_on(session, SHELF), soon) == (1, {})


@pytest.mark.parametrize("code", ["1.23457E+15", "1,23457E+15", "4E+12"])
def test_a_number_that_a_spreadsheet_rounded_is_no_code(code: str) -> None:
    assert read_cards(["code"], [(2, [code])], today=TODAY).faults == [(2, Fault.ROUNDED)]


@pytest.mark.parametrize(("cell", "code"), [("'=A-1", "=A-1"), ("'ABC", "'ABC"), ("'-9", "-9"), ("4E12", "4E12")])
def test_only_a_quote_that_guards_a_formula_is_taken_off(cell: str, code: str) -> None:
    assert read_cards(["code"], [(2, [cell])], today=TODAY).cards == [(2, Card(code))]

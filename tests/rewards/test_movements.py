"""Every piece that comes onto a shelf or leaves it is a row, and the stock is the sum of its rows."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from config import Settings
from portal.invariants import problems
from portal.kernel import migrate
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.ids import new_key
from portal.rewards.actions.catalogue import adjust_stock, count_stock, uncount_stock
from portal.rewards.actions.codes import lapse_codes, remove_codes
from portal.rewards.actions.fulfilling import end_redemption, fail_redemption, return_redemption, send_redemption
from portal.rewards.actions.redeeming import Asked, cancel_redemption
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.actions.undoing import undo_decision
from portal.rewards.actions.variants import add_variant, adjust_variant
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.models.stock import StockMovement
from portal.rewards.queries.review import KIND
from portal.rewards.queries.stock import list_movements
from portal.vault.models import VaultCode
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import HOME, acting, as_admin, make_redemption, make_reward
from tests.factories.vault import add_codes, make_vault_card
from tests.ledger.vandal import Vandal
from tests.rewards.racing import PROCESSES, all_at_once, follow_in_processes
from tests.rewards.test_process_races import installation, signed_in
from tests.support.application import SignIn
from tests.support.counting import CountQueries
from tests.support.undoing import last_decision


def rich(session: Session) -> int:
    person_id = make_person(session, name="Amara Okafor").id
    give_points(session, person_id, 10_000)
    return person_id


def told(session: Session, reward_id: int) -> list[tuple[str, int, int]]:
    """Return why, how many and how many were left of each movement, the first first."""
    session.flush()
    return [(line.movement.why, line.movement.pieces, line.left) for line in reversed(list_movements(session, reward_id).rows)]


def test_what_is_taken_comes_back_once_whatever_ends_it(session: Session) -> None:
    admin, person, now = as_admin(make_admin(session).id), rich(session), utcnow()
    reward = make_reward(session, kind="perk", stock=9)
    ids = [make_redemption(session, person, reward.id).id for _ in range(5)]
    cancel_redemption(session, acting(person), redemption_id=ids[0], now=now)
    decline_redemption(session, admin, redemption_id=ids[1], reason="No", now=now)
    for number in ids[2:4]:
        approve_redemption(session, admin, redemption_id=number, now=now)
        send_redemption(session, admin, redemption_id=number, now=now)
    return_redemption(session, admin, redemption_id=ids[2], reason="Broken", now=now)
    approve_redemption(session, admin, redemption_id=ids[4], now=now)
    fail_redemption(session, admin, redemption_id=ids[4], reason="Gone", now=now)
    end_redemption(session, admin, redemption_id=ids[4], reason="Gone", now=now)
    assert told(session, reward.id) == [
        ("added", 9, 9),
        *(("taken", -1, left) for left in (8, 7, 6, 5, 4)),
        *(("back", 1, left) for left in (5, 6, 7, 8)),
    ]
    session.refresh(reward)
    assert reward.stock == 8


def test_what_admins_do_to_a_stock_is_told_with_their_name(session: Session) -> None:
    admin = make_admin(session, name="Ada Admin")
    reward = make_reward(session, kind="perk")
    facts = {"actor": as_admin(admin.id), "reward_id": reward.id, "now": utcnow()}
    count_stock(session, stock=3, **facts)
    adjust_stock(session, change=4, **facts)
    adjust_stock(session, change=-2, key="form", **facts)
    adjust_stock(session, change=-2, key="form", **facts)
    uncount_stock(session, **facts)
    uncount_stock(session, **facts)
    assert told(session, reward.id) == [("counted", 3, 3), ("changed", 4, 7), ("changed", -2, 5), ("uncounted", -5, 0)]
    assert {line.by for line in list_movements(session, reward.id)} == {"Ada Admin"}


def test_what_is_redeemed_while_nothing_is_counted_moves_nothing(session: Session) -> None:
    reward = make_reward(session, kind="perk")
    make_redemption(session, rich(session), reward.id)
    assert told(session, reward.id) == []


def test_each_variant_is_a_shelf_of_its_own(session: Session) -> None:
    admin, now = as_admin(make_admin(session).id), utcnow()
    reward = make_reward(session, kind="merchandise")
    small, large = (add_variant(session, admin, reward_id=reward.id, name=name, stock=stock, now=now).id for name, stock in (("S", 1), ("L", 5)))
    make_redemption(session, rich(session), reward.id, asked=Asked(variant_id=large, address=HOME))
    adjust_variant(session, admin, reward_id=reward.id, variant_id=small, change=2, now=now)
    lines = [(line.variant, line.movement.pieces, line.left) for line in reversed(list_movements(session, reward.id).rows)]
    assert lines == [("S", 1, 1), ("L", 5, 5), ("L", -1, 4), ("S", 2, 3)]


def test_codes_that_come_go_or_lapse_move_the_stock(session: Session) -> None:
    admin, now = as_admin(make_admin(session).id), utcnow()
    reward = make_vault_card(session, "ONE-1", "ONE-2")
    unused = add_codes(session, reward.id, "TWO-1", "TWO-2", "TWO-3", by=admin)
    make_redemption(session, rich(session), reward.id)
    remove_codes(session, admin, reward_id=reward.id, batch_id=unused, now=now)
    session.execute(update(VaultCode).where(VaultCode.state == "free").values(expires_on=now.date() - timedelta(days=9)))
    lapse_codes(session, reward_id=reward.id, now=now)
    moved = [(why, pieces) for why, pieces, _left in told(session, reward.id)]
    assert moved == [("source", 0), ("codes_added", 2), ("codes_added", 3), ("taken", -1), ("codes_removed", -3), ("lapsed", -1)]


def test_eight_windows_and_eight_admins_at_once_leave_the_sum_of_what_they_did(database: Database) -> None:
    admin, reward = database.write(lambda s: (make_admin(s).id, make_reward(s, kind="perk", price=10, stock=5).id))
    people = database.write(lambda s: [rich(s) for _ in range(8)])
    buys = [partial(make_redemption, person_id=person, reward_id=reward) for person in people]
    changes = [partial(adjust_stock, actor=as_admin(admin), reward_id=reward, change=n % 3 - 1, key=new_key(), now=utcnow()) for n in range(8)]
    all_at_once(database, [*buys, *changes])
    with database.reading() as session:
        assert problems(session) == []
        sold = len(session.scalars(select(Redemption.id)).all())
        rows = session.scalars(select(StockMovement.why)).all()
    assert rows.count("taken") == sold


def test_eight_processes_redeem_and_call_off_and_every_piece_is_told_of(database: Database, settings: Settings) -> None:
    def member(session: Session) -> tuple[int, str]:
        person_id = rich(session)
        return person_id, signed_in(session, person_id)

    people = [database.write(member) for _ in range(PROCESSES)]
    first, second = (database.write(lambda s: make_reward(s, kind="perk", price=10, stock=3).id) for _ in range(2))
    forms = [(f"/rewards/{reward}/redeem", {"shown_price": "10", "wish": ""}) for reward in (first, second, first, second)]
    plans = [(token, [(address, form | {"key": new_key()}) for address, form in forms]) for _person, token in people]
    follow_in_processes(installation(settings), plans)
    with database.reading() as session:
        made = session.execute(select(Redemption.id, Redemption.person_id)).all()
        assert problems(session) == []
    cancels = [partial(cancel_redemption, actor=acting(person), redemption_id=number, now=utcnow()) for number, person in made] * 2
    assert set(all_at_once(database, cancels)) == {"done"}
    with database.reading() as session:
        assert problems(session) == []
        rows = session.execute(select(StockMovement.redemption_id, StockMovement.why).where(StockMovement.redemption_id.is_not(None))).all()
        stocks = session.scalars(select(Reward.stock)).all()
    assert sorted(rows) == sorted((number, why) for number, _person in made for why in ("back", "taken"))
    assert stocks == [3, 3]


MUTANTS = {
    "a piece taken without a row": ("reward", "UPDATE reward SET stock = stock - 1"),
    "a piece that vanished": ("reward", "UPDATE reward SET stock = 0"),
    "a row without a piece": ("redemption", "DELETE FROM stock_movement WHERE why = 'taken' AND redemption_id = :waiting"),
    "a redemption that took no piece and says so": (
        "redemption",
        "DELETE FROM stock_movement WHERE why = 'taken' AND redemption_id = :waiting; "
        "UPDATE redemption SET has_stock = (1 = 0) WHERE id = :waiting; UPDATE reward SET stock = stock + 1",
    ),
    "a piece put back twice": (
        "redemption",
        "INSERT INTO stock_movement (id, reward_id, redemption_id, why, pieces, key, at) SELECT 999, reward_id, redemption_id, why, pieces, 'x', at "
        "FROM stock_movement WHERE why = 'back'; UPDATE reward SET stock = stock + 1",
    ),
    "a piece put back while it is theirs": (
        "redemption",
        "INSERT INTO stock_movement (id, reward_id, redemption_id, why, pieces, key, at) SELECT 999, reward_id, id, 'back', 1, 'x', requested_at "
        "FROM redemption WHERE id = :waiting; UPDATE reward SET stock = stock + 1",
    ),
    "a decline that kept the piece": (
        "redemption",
        "DELETE FROM stock_movement WHERE why = 'back'; UPDATE reward SET stock = stock - 1",
    ),
    "a piece of another shelf": (
        "stock_movement",
        "INSERT INTO reward (name, summary, text, search_key, kind, unit, price, options, terms, state, created_at, changed_at) "
        "SELECT 'Other', summary, text, search_key, kind, unit, price, options, terms, state, created_at, changed_at FROM reward; "
        "UPDATE stock_movement SET reward_id = (SELECT MAX(id) FROM reward) WHERE redemption_id = :waiting",
    ),
}


@pytest.mark.breaks_the_books(reason="rows are changed behind the actions' back")
def test_a_movement_that_is_wrong_is_named_by_its_row(database: Database, subtests: pytest.Subtests) -> None:
    def made(session: Session) -> int:
        admin, person, reward = as_admin(make_admin(session).id), rich(session), make_reward(session, kind="perk", stock=5).id
        waiting, declined = (make_redemption(session, person, reward).id for _ in range(2))
        decline_redemption(session, admin, redemption_id=declined, reason="No", now=utcnow())
        return waiting

    waiting = database.write(made)
    vandal = Vandal(database)
    for what, (table, damage) in MUTANTS.items():
        with subtests.test(what), vandal.open() as connection:
            for statement in damage.split("; "):
                connection.execute(text(statement), {"waiting": waiting} if ":waiting" in statement else {})
            found = {(problem.rule, problem.table) for problem in problems(Session(connection))}
            connection.rollback()
            assert ("I12", table) in found
    with database.reading() as session:
        assert problems(session) == []


def test_movements_can_neither_be_changed_nor_taken_out(database: Database) -> None:
    database.write(lambda s: make_reward(s, kind="perk", stock=5))
    for statement in ("UPDATE stock_movement SET pieces = 6", "DELETE FROM stock_movement"):
        with pytest.raises(Exception, match="append-only"):
            database.write(lambda s, statement=statement: s.execute(text(statement)))


def test_rows_from_before_are_brought_in_so_that_every_sum_holds(database: Database) -> None:
    """Down to the time before movements and up again: what was changed by a form stays, and whatever follows finds its piece."""

    def made(session: Session) -> tuple[int, int, int, int]:
        admin, person, now = as_admin(make_admin(session).id), rich(session), utcnow()
        perk = make_reward(session, kind="perk", stock=5)
        adjust_stock(session, admin, reward_id=perk.id, change=3, key="a form", now=now)
        open_one, declined = (make_redemption(session, person, perk.id).id for _ in range(2))
        decline_redemption(session, admin, redemption_id=declined, reason="No", now=now)
        sized = make_reward(session, kind="merchandise")
        size = add_variant(session, admin, reward_id=sized.id, name="S", stock=2, now=now)
        sent = make_redemption(session, person, sized.id, asked=Asked(variant_id=size.id, address=HOME)).id
        ended = make_reward(session, kind="perk", stock=4)
        make_redemption(session, person, ended.id)
        uncount_stock(session, admin, reward_id=ended.id, now=now)
        make_redemption(session, person, make_reward(session, kind="perk").id)
        return person, perk.id, open_one, sent

    person, perk, open_one, sent = database.write(made)
    for _time in range(2):
        migrate.downgrade(database, "0052")
        with database.engine.begin() as connection:
            assert connection.execute(text('SELECT key, "change" FROM stock_change')).all() == [("a form", 3)]
        migrate.upgrade(database)
        with database.reading() as session:
            assert problems(session) == []
            assert told(session, perk) == [("opening", 5, 5), ("changed", 3, 8), ("taken", -1, 7)]
    for number in (open_one, sent):
        database.write(lambda s, number=number: cancel_redemption(s, acting(person), redemption_id=number, now=utcnow()))
    with database.reading() as session:
        assert told(session, perk)[-1] == ("back", 1, 8)


def test_an_admin_reads_who_moved_the_stock_when_and_why(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    def made(session: Session) -> tuple[int, int, int]:
        admin, person = make_admin(session, name="Ada Admin"), rich(session)
        reward = make_reward(session, kind="perk", stock=5).id
        make_redemption(session, person, reward)
        adjust_stock(session, as_admin(admin.id), reward_id=reward, change=7, now=utcnow() + timedelta(minutes=1))
        return admin.id, person, reward

    admin, person, reward = database.write(made)
    client, address = sign_in(admin), f"/admin/rewards/{reward}/movements"
    assert address in client.get(f"/admin/rewards/{reward}").text
    page = client.get(address).text
    for said in ("Changed by hand", "+7", "11 left", "Ada Admin", "Redemption of Amara Okafor", "4 left"):
        assert said in page
    lines = client.get(f"{address}?format=csv").text.splitlines()
    assert [line.split(",")[2:5] for line in lines[1:]] == [["added", "5", "5"], ["taken", "-1", "4"], ["changed", "7", "11"]]
    assert sign_in(person).get(address).status_code == 403
    with count_queries() as few:
        client.get(address)
    row = {"reward_id": reward, "why": "changed", "person_id": admin, "at": utcnow()}
    database.write(lambda s: s.execute(StockMovement.__table__.insert(), [row | {"pieces": 1 - 2 * (n % 2)} for n in range(1_000)]))
    with count_queries() as many:
        page = client.get(address).text
    assert many.total == few.total
    assert page.count("Changed by hand") == 50
    assert "after=" in page


def test_what_comes_back_to_a_shelf_that_is_counted_no_more_is_no_piece_to_take_again(session: Session) -> None:
    ada, person, now = make_admin(session).id, rich(session), utcnow()
    reward = make_reward(session, kind="perk", stock=5)
    asked = make_redemption(session, person, reward.id)
    uncount_stock(session, as_admin(ada), reward_id=reward.id, now=now)
    decline_redemption(session, as_admin(ada), redemption_id=asked.id, reason="No", now=now)
    count_stock(session, as_admin(ada), reward_id=reward.id, stock=4, now=now)
    undo_decision(session, as_admin(ada), decision_id=last_decision(session, KIND), now=now)
    session.flush()
    assert problems(session) == []
    session.refresh(reward)
    assert reward.stock == 4

"""Writes that fail and processes that are killed leave every invariant true, and each step done once or not at all."""

import random
import signal
from functools import partial

from sqlalchemy import func, select

from config import Settings
from portal.invariants import problems
from portal.kernel.db import Database
from portal.ledger.models import block, transfer
from portal.rewards.models.redeeming import Redemption
from tests.rewards.storm import ENDS, Death, Failing, die, on_terms, open_shop, tell
from tests.rewards.test_races import facts_of, sign_in
from tests.support.prepared import prepared

STORIES = 21


def wrong(database: Database) -> list[str]:
    with database.reading() as session:
        return [str(problem) for problem in problems(session)]


def test_writes_that_fail_leave_everything_as_it_was_and_come_to_their_end(database: Database) -> None:
    shop = database.write(open_shop)
    with Failing(database.engine, seed=20_261_128) as failing:
        for number in range(STORIES):
            tell(database, shop, number)
            assert number % 7 or wrong(database) == []
    assert failing.failed > 50
    assert wrong(database) == []
    calm = failing.failed
    for number in range(STORIES):
        assert tell(database, shop, number) == 0
    assert failing.failed == calm
    with database.reading() as session:
        states = dict(session.execute(select(Redemption.state, func.count()).group_by(Redemption.state)).all())
        keys = session.scalars(select(transfer.c.key).where(transfer.c.key.like("story:%"))).all()
    assert states == {{"waiting": "requested"}.get(end, end): STORIES // len(ENDS) for end in ENDS}
    assert len(keys) == sum(5 + (number % 3 == 0) for number in range(STORIES))


DEATHS, MANY = 9, 100


def test_server_and_worker_killed_anywhere_leave_every_invariant_true(database: Database, settings: Settings, is_nightly: bool) -> None:
    shop = database.write(open_shop)
    database.write(on_terms)
    tokens = (database.write(partial(sign_in, person_id=shop.person)), database.write(partial(sign_in, person_id=shop.admin)))
    dice = random.Random(14)
    deaths = [Death("worker" if n % 3 == 2 else "server", dice.randint(1, 400)) for n in range(MANY if is_nightly else DEATHS)]
    context = prepared()
    here, there = context.Pipe()
    nursery = context.Process(target=die, args=(facts_of(settings), shop, tokens, deaths, there), daemon=True)
    nursery.start()
    for death in deaths:
        assert here.poll(120), death
        assert here.recv() == -signal.SIGKILL, death
        assert wrong(database) == [], death
        here.send("go on")
    nursery.join(60)
    with database.reading() as session:
        states = dict(session.execute(select(Redemption.state, func.count()).group_by(Redemption.state)).all())
        lapsed = session.scalar(select(func.count()).where(transfer.c.kind == "expire"))
        sealed = session.scalar(select(func.count()).select_from(block))
    assert sum(states.values()) >= DEATHS // 2, states
    assert len(states) > 1, "redemptions go on between the deaths"
    assert lapsed
    assert sealed

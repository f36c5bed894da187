"""Stories of points and rewards, each step with a key of its own, to be told to a database whose writes fail or whose processes die."""

import os
import random
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from portal.bank.jobs.keeping import keep_months
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.ledger.queries.transfers import find_transfer
from portal.rewards.actions.fulfilling import fail_redemption, order_redemption, return_redemption, send_redemption
from portal.rewards.actions.redeeming import cancel_redemption
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.redemptions import find_by_key
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_redemption, make_reward
from tests.ledger import verbs
from tests.ledger.test_lots import set_policy
from tests.rewards.racing import application, client_of

Step = Callable[[Session], Any]
PRICE = 30
ENDS = ("sent", "returned", "declined", "cancelled", "failed", "ordered", "waiting")


@dataclass(frozen=True)
class Shop:
    """Who and what a story is about."""

    person: int
    admin: int
    reward: int


def open_shop(session: Session) -> Shop:
    """Make a person, an admin and a reward of which there are many."""
    return Shop(make_person(session).id, make_admin(session).id, make_reward(session, price=PRICE, stock=1_000, kind="merchandise").id)


def story(shop: Shop, number: int) -> Iterator[Step]:
    """Give the steps of one story: points come, some are corrected or taken back, a reward is asked for and ends in one of seven ways."""
    name, admin = f"story:{number}", as_admin(shop.admin)
    yield lambda s: give_points(s, shop.person, 20 + number % 50, key=f"{name}:award", source_id=number)
    yield lambda s: verbs.adjust(s, (5, -5)[number % 2], shop.person, key=f"{name}:adjust")
    yield lambda s: verbs.hold(s, 3, shop.person, key=f"{name}:hold")
    settle = (verbs.capture, verbs.release)[number % 2]
    yield lambda s: settle(s, find_transfer(s, key=f"{name}:hold").id, key=f"{name}:settle")
    if number % 3 == 0:
        yield lambda s: verbs.reverse(s, find_transfer(s, key=f"{name}:award").id, key=f"{name}:reverse")
    yield lambda s: give_points(s, shop.person, 2 * PRICE, key=f"{name}:more", source_id=number)
    yield lambda s: make_redemption(s, shop.person, shop.reward, key=name)

    def on(verb: Callable[..., Any], actor: Any = admin, **more: Any) -> Step:
        return lambda s: verb(s, actor, redemption_id=find_by_key(s, name).id, now=utcnow(), **more)

    ways: dict[str, list[Step]] = {
        "sent": [on(approve_redemption), on(send_redemption)],
        "returned": [on(approve_redemption), on(send_redemption), on(return_redemption, reason="Broken")],
        "declined": [on(decline_redemption, reason="No")],
        "cancelled": [on(cancel_redemption, acting(shop.person))],
        "failed": [on(approve_redemption), on(fail_redemption, reason="Lost")],
        "ordered": [on(approve_redemption), on(order_redemption)],
        "waiting": [],
    }
    yield from ways[ENDS[number % len(ENDS)]]


class WriteFailed(Exception):
    """The disk, the network, anything: a write did not happen."""


WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b|\s*WITH\b.*\b(INSERT INTO|UPDATE|DELETE FROM)\b", re.DOTALL)


class Failing:
    """Lets one write in twenty fail, and one commit in twenty, by dice that fall alike every time."""

    def __init__(self, engine: Engine, seed: int, share: float = 0.05) -> None:
        self.dice, self.share, self.failed = random.Random(seed), share, 0
        self.engine = engine

    def __enter__(self) -> "Failing":
        event.listen(self.engine, "before_cursor_execute", self._write)
        event.listen(self.engine, "commit", self._roll)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._write)
        event.remove(self.engine, "commit", self._roll)

    def _write(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if WRITES.match(statement):
            self._roll()

    def _roll(self, *_connection: Any) -> None:
        if self.dice.random() < self.share:
            self.failed += 1
            raise WriteFailed


# Processes that die


@dataclass(frozen=True)
class Death:
    """As what a process lives, and at which of its statements it is killed."""

    role: str
    statement: int


def _die_at(engine: Engine, number: int) -> None:
    left = [number]

    def count(*_facts: Any) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    # Before a statement, after it, and around a commit: wherever a process may be when it dies.
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, count)


def _serve(app: Any, shop: Shop, tokens: tuple[str, str]) -> None:
    """Do what people do, through the pages, for ever."""
    from portal.kernel.ids import new_key

    database: Database = app.extensions["database"]
    member, admin = (client_of(app, token) for token in tokens)
    dice = random.Random(os.getpid())
    while True:
        key = new_key()
        database.write(lambda s, key=key: give_points(s, shop.person, 100, key=key))
        asked = {"key": key, "shown_price": PRICE, "wish": ""}
        address = {"name": "A", "street": "B 1", "postcode": "1", "city": "C", "region": "", "country": "DE"}
        member.post(f"/rewards/{shop.reward}/redeem", data=asked | address)
        with database.reading() as session:
            waiting = session.scalars(select(Redemption.id).where(Redemption.state.in_(("requested", "approved"))).limit(20)).all()
        for number in waiting:
            verb, form = dice.choice((("approve", {}), ("send", {"delivery": "By post"}), ("decline", {"reason": "No"})))
            if dice.random() < 0.3:
                member.post(f"/rewards/redemptions/{number}/cancel")
            else:
                admin.post(f"/admin/rewards/redemptions/{number}/{verb}", data=form)


def _work(app: Any) -> None:
    """Do what the worker does, for ever; months go by, so that points lapse and what waits is released."""
    from portal.notifications import leases
    from portal.wiring import TICKS

    database, later = app.extensions["database"], utcnow()
    engine = app.extensions["jobs"]
    while True:
        later += timedelta(days=35)
        for _seconds, tick in TICKS:
            # A month is kept a day after its end, and the life around this worker stays in the present one.
            tick(database, utcnow() if tick is keep_months else later)
        with database.reading() as session:
            due = leases.due(session, now=utcnow(), limit=5)
        for job in due:
            engine.delivery.deliver(job)


def _live(app: Any, shop: Shop, tokens: tuple[str, str], death: Death) -> None:
    try:
        engine = app.extensions["database"].engine
        engine.dispose(close=False)  # The connections of the parent are the parent's.
        _die_at(engine, death.statement)
        _serve(app, shop, tokens) if death.role == "server" else _work(app)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(3)


def die(settings: dict[str, Any], shop: Shop, tokens: tuple[str, str], deaths: list[Death], answers: Any) -> None:
    """Let one process after the other live until its death; report how each ended. Runs in a process of its own."""
    app = application(settings)
    for death in deaths:
        child = os.fork()
        if not child:
            _live(app, shop, tokens, death)
        _pid, status = os.waitpid(child, 0)
        answers.send(os.waitstatus_to_exitcode(status))
        answers.recv()


def tell(database: Database, shop: Shop, number: int, *, tries: int = 60) -> int:
    """Tell a story, each step again until it is written; what the portal refuses is left out. Return how often a write failed."""
    failed = 0
    for step in story(shop, number):
        for _ in range(tries):
            try:
                with suppress(Refusal):
                    database.write(step)
                break
            except WriteFailed:
                failed += 1
        else:
            raise AssertionError(f"story {number} does not come to its end")
    return failed


def on_terms(session: Session) -> None:
    """Let points lapse after a month, so that the worker has something to do with them."""
    set_policy(session, "fixed", 1, at=utcnow())

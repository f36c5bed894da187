"""Cards ordered at a provider that really listens: whatever is lost on the way, one card each, and the points spent or back once."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.receiving.actions.accepting import set_person_rule
from portal.receiving.rules.accepting import Rule, Stance
from portal.rewards.actions.catalogue import publish_reward, set_options
from portal.rewards.actions.codes import reveal_code
from portal.rewards.actions.fulfilling import end_redemption, fail_redemption, order_redemption, retry_redemption, send_redemption
from portal.rewards.actions.ordering import ORDER, look_again
from portal.rewards.actions.redeeming import cancel_redemption
from portal.rewards.actions.review import approve_redemption
from portal.rewards.actions.settling import begin_asking
from portal.rewards.card_jobs import balance_keeper, handlers
from portal.rewards.models.cards import CardBalance, CardOrder
from portal.rewards.models.redeeming import Redemption
from portal.rewards.providers.contract import InDoubt, NotMade, NotNow
from portal.rewards.providers.http import ANSWER_SECONDS, CONNECT_SECONDS, HttpProvider
from portal.rewards.queries.cards import running_low
from portal.rewards.queries.desk import count_tabs
from portal.rewards.rules.cards import CLAIM, GIVE_UP_AFTER, CardNotThere, OrderUnderWay, Wanted, Why, order_id_of, wait_after
from portal.vault.keys import Keys
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_draft, make_redemption
from tests.factories.vault import KEY
from tests.rewards.racing import all_at_once
from tests.support.cards import TOKEN, CardMaker, card_maker

WANTED = Wanted("PRODUCT-1", 2_500, "EUR")
PROVIDED = {"source": "provider", "product": "PRODUCT-1", "amount": "25", "currency": "USD"}


@pytest.fixture
def maker() -> Iterator[CardMaker]:
    with card_maker() as found:
        yield found


@pytest.fixture
def provider(maker: CardMaker) -> HttpProvider:
    return HttpProvider(maker.url, TOKEN, answer_seconds=5)


@pytest.fixture(autouse=True)
def informed(request: pytest.FixtureRequest) -> None:
    if "database" in request.fixturenames:
        request.getfixturevalue("database").inform_sessions(vault_keys=Keys(lambda: (KEY,)), has_card_provider=True)


class World:
    """A reward from the provider, an admin, and people who asked for it."""

    def __init__(self, database: Database, provider: HttpProvider, count: int = 1) -> None:
        self.database, self.handle = database, handlers(provider)[ORDER]

        def made(session: Session) -> tuple[int, int, list[int]]:
            admin, now = make_admin(session).id, utcnow()
            reward = make_draft(session, kind="gift_card", price=100, name="€25 gift card")
            set_options(session, system("test"), reward_id=reward.id, given=PROVIDED, now=now)
            publish_reward(session, system("test"), reward_id=reward.id, now=now)
            asked = []
            for _ in range(count):
                person_id = make_person(session).id
                give_points(session, person_id, 100)
                asked.append(make_redemption(session, person_id, reward.id).id)
            return admin, reward.id, asked

        admin_id, self.reward_id, self.ids = database.write(made)
        self.admin, self.id = as_admin(admin_id), self.ids[0]

    def approve(self) -> "World":
        for redemption_id in self.ids:
            self.do(approve_redemption, redemption_id)
        return self

    def do(self, act: Any, redemption_id: int | None = None, **more: Any) -> Any:
        facts = {"redemption_id": redemption_id or self.id, "now": utcnow()} | more
        return self.database.write(lambda s: act(s, self.admin, **facts))

    def work(self, at: datetime | None = None, *, minutes: int = 0) -> int:
        """Do every promised order that is due, as a worker would; return how many jobs that were."""
        now = at or utcnow() + timedelta(minutes=minutes)
        with self.database.reading() as session:
            due = select(OutboxJob.id, OutboxJob.payload).where(OutboxJob.topic == ORDER, OutboxJob.done_at.is_(None), OutboxJob.available_at <= now)
            jobs = session.execute(due.order_by(OutboxJob.id)).all()
        for job_id, payload in jobs:
            self.handle(self.database, payload, now)
            done = OutboxJob.__table__.update().where(OutboxJob.id == job_id)
            self.database.write(lambda s, done=done: s.execute(done.values(done_at=now, payload={})))
        return len(jobs)

    def order(self, redemption_id: int | None = None) -> CardOrder:
        with self.database.reading() as session:
            found = select(CardOrder).where(CardOrder.redemption_id == (redemption_id or self.id)).order_by(CardOrder.turn.desc())
            return session.scalars(found.limit(1)).one()

    def stands(self, redemption_id: int | None = None) -> tuple[str, int, int]:
        """Return the state of a redemption, and what its person has and what is held."""
        with self.database.reading() as session:
            found = session.get_one(Redemption, redemption_id or self.id)
            balance = balance_of(session, found.person_id)
            return found.state, balance.available, balance.held

    @property
    def person_id(self) -> int:
        with self.database.reading() as session:
            return session.get_one(Redemption, self.id).person_id


def test_a_card_is_ordered_made_handed_over_and_read(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = World(database, provider).approve()
    assert (world.stands(), world.order().state, maker.made) == (("ordered", 0, 100), "noted", 0)
    world.work()
    assert (world.stands(), world.order().state, world.order().reference, maker.made) == (("sent", 0, 0), "made", "ref-1", 1)
    person = acting(world.person_id)
    card, _ = database.write(lambda s: reveal_code(s, person, redemption_id=world.id, key="k", now=utcnow()))
    assert (card.code, card.pin) == ("CANARY-MADE-0001", "CANARY-PIN-1")
    with database.reading() as session:
        assert session.scalars(select(Notice.kind).where(Notice.person_id == world.person_id)).all()[-1] == "card_ready"


def test_fifty_lost_replies_make_fifty_cards(database: Database) -> None:
    with card_maker(loses=50) as maker:
        world = World(database, HttpProvider(maker.url, TOKEN), count=50).approve()
        world.work()
        assert (maker.made, maker.asked["order"]) == (50, 50)
        assert {world.order(redemption_id).state for redemption_id in world.ids} == {"doubt"}
        with database.reading() as session:
            assert (running_low(session, utcnow()).doubts, count_tabs(session)["provider"]) == (50, 50)
        world.work(minutes=2)
        assert (maker.made, maker.asked["order"], maker.asked["look"]) == (50, 50, 50)
        assert [world.stands(redemption_id) for redemption_id in world.ids] == [("sent", 0, 0)] * 50


def test_replies_lost_again_and_again_make_one_card(database: Database) -> None:
    with card_maker(loses=1, loses_looks=4) as maker:
        world = World(database, HttpProvider(maker.url, TOKEN)).approve()
        for hour in range(8):
            world.work(minutes=61 * hour)
        assert (maker.made, maker.asked["order"], maker.asked["look"], world.stands()[0]) == (1, 1, 5, "sent")


def test_an_order_that_never_arrived_is_ordered_after_it_was_looked_for(database: Database) -> None:
    """Even a provider that makes a card for each order makes one: nothing is ordered before it said that it has none."""
    with card_maker(loses_before=1, honours=False) as maker:
        world = World(database, HttpProvider(maker.url, TOKEN)).approve()
        world.work()
        assert (world.order().state, maker.made) == ("doubt", 0)
        world.work(minutes=2)
        assert (maker.made, maker.asked["look"], world.stands()[0]) == (1, 1, "sent")


def test_a_worker_that_is_killed_between_order_and_note_leaves_one_card(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = World(database, provider).approve()
    asking = database.write(lambda s: begin_asking(s, order=world.order().id, tries=0, now=utcnow()))
    assert asking
    provider.order(asking.order_id, asking.wanted)
    # Killed here: nothing of the answer was written. Its job comes again, and leaves it to the one that watches.
    assert (world.order().state, world.work(), maker.asked["order"]) == ("doubt", 1, 1)
    world.work(minutes=2)
    assert (maker.made, maker.asked["order"], maker.asked["look"], world.stands()) == (1, 1, 1, ("sent", 0, 0))


def test_eight_workers_at_once_ask_once(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = World(database, provider).approve()
    claimed: list[object] = []

    def claim(session: Session) -> None:
        claimed.append(begin_asking(session, order=order, tries=0, now=now))

    order, now = world.order().id, utcnow()
    assert all_at_once(database, [claim] * 8) == {"done": 8}
    assert len([found for found in claimed if found is not None]) == 1


def test_what_the_provider_refuses_for_good_fails_and_the_points_come_back_once(database: Database) -> None:
    with card_maker(refuses=True) as maker:
        world = World(database, HttpProvider(maker.url, TOKEN)).approve()
        world.work()
        assert (world.stands(), world.order().state, maker.made) == (("failed", 0, 100), "refused", 0)
        with database.reading() as session:
            assert "redemption_card_refused" in session.scalars(select(Notice.kind)).all()
        first = world.order().order_id
        world.do(retry_redemption)
        world.do(order_redemption)
        assert (world.order().turn, world.order().order_id == first) == (2, False)
        world.work()
        assert world.stands() == ("failed", 0, 100)
        with database.reading() as session:
            said = session.execute(select(Notice.person_id).where(Notice.kind == "redemption_card_refused")).scalars().all()
        assert said == [world.admin.id] * 2, "admins hear of each order that is refused"
        admins = database.write(lambda s: [as_admin(make_admin(s).id) for _ in range(8)])
        works = [lambda s, a=a: end_redemption(s, a, redemption_id=world.id, reason="Not to be had", now=utcnow()) for a in admins]
        assert all_at_once(database, works) == {"done": 1, "AlreadyEnded": 7}
        assert (world.stands(), maker.made) == (("ended", 100, 0), 0)


def test_while_the_balance_does_not_suffice_the_order_waits_and_then_goes_on(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    maker.balance = maker.balance * 0
    world = World(database, provider).approve()
    world.work()
    assert (world.order().state, world.order().why, world.stands()[0]) == ("noted", Why.BALANCE, "ordered")
    keep = balance_keeper(provider)
    for _ in range(2):
        keep(database, utcnow())
    with database.reading() as session:
        assert running_low(session, utcnow()).balance
        assert [n.data["cents"] for n in session.scalars(select(Notice).where(Notice.kind == "balance_low"))] == [0]
    maker.balance += 1_000
    keep(database, utcnow())
    world.work(minutes=2)
    assert (maker.made, world.stands()[0]) == (1, "sent")
    with database.reading() as session:
        assert running_low(session, utcnow()).balance is None


def test_a_provider_that_does_not_tell_its_balance_is_told_of(database: Database, maker: CardMaker) -> None:
    balance_keeper(HttpProvider(maker.url, "wrong token"))(database, utcnow())
    with database.reading() as session:
        found = session.get_one(CardBalance, 1)
        assert (found.cents, found.failed_at is not None, running_low(session, utcnow()).balance is not None) == (None, True, True)


def test_without_an_answer_nothing_may_be_called_off_failed_or_sent(database: Database) -> None:
    with card_maker(loses=1, loses_looks=99) as maker:
        world = World(database, HttpProvider(maker.url, TOKEN)).approve()
        world.work()
        person = acting(world.person_id)
        found: list[type[Refusal]] = []
        for act, more in ((fail_redemption, {"reason": "Lost"}), (send_redemption, {})):
            with pytest.raises(Refusal) as refused:
                world.do(act, **more)
            found.append(type(refused.value))
        with pytest.raises(Refusal):
            database.write(lambda s: cancel_redemption(s, person, redemption_id=world.id, now=utcnow()))
        assert found == [OrderUnderWay, OrderUnderWay]
        world.do(fail_redemption, reason="They are gone", now=utcnow() + GIVE_UP_AFTER)
        assert (world.order().state, world.stands()) == ("given_up", ("failed", 0, 100))
        assert world.work(minutes=90) == 2
        assert (maker.made, maker.asked["look"]) == (1, 0)


def test_look_again_asks_now(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    maker.loses = 1
    world = World(database, provider).approve()
    world.work()
    assert (world.work(), world.order().state) == (0, "doubt")
    assert world.do(look_again) is True
    world.work()
    assert (maker.made, world.order().state, world.do(look_again)) == (1, "made", False)


def test_looking_again_ten_times_asks_no_more_often_afterwards(database: Database) -> None:
    with card_maker(loses=1, loses_looks=99) as maker:
        world = World(database, HttpProvider(maker.url, TOKEN)).approve()
        world.work()
        for _ in range(10):
            world.do(look_again)
        world.work()
        assert maker.asked["look"] == 1
        for hours in (1, 3, 5):
            world.work(minutes=hours * 60)
        assert (maker.asked["look"], maker.asked["order"], maker.made) == (4, 1, 1)


def test_who_may_not_receive_meanwhile_gets_the_card_when_they_may(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    maker.loses = 1
    world = World(database, provider).approve()
    world.work()

    def accepts(stance: Stance) -> None:
        rule = {"person_id": world.person_id, "rule": Rule(stance=stance), "country": "", "reason": "Said so"}
        database.write(lambda s: set_person_rule(s, world.admin, **rule, now=utcnow()))

    accepts(Stance.NOTHING)
    world.work(minutes=2)
    assert (world.stands(), world.order().state, world.order().why, maker.made) == (("ordered", 0, 100), "made", Why.STOPPED, 1)
    with pytest.raises(Refusal):
        world.do(send_redemption)
    accepts(Stance.MAY)
    world.do(send_redemption)
    assert world.stands() == ("sent", 0, 0)


def test_nothing_is_ordered_for_who_may_not_receive(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = World(database, provider)
    rule = {"person_id": world.person_id, "rule": Rule(stance=Stance.NOTHING), "country": "", "reason": "Said so"}
    database.write(lambda s: set_person_rule(s, world.admin, **rule, now=utcnow()))
    world.approve()
    assert (world.stands()[0], world.work()) == ("approved", 0)
    with pytest.raises(CardNotThere):
        world.do(send_redemption)
    with pytest.raises(Refusal) as refused:
        world.do(order_redemption)
    assert refused.value.name not in ("CardNotThere", "NotToBeOrdered")
    assert maker.asked == {}


def test_the_same_code_for_two_is_given_to_one_and_the_other_is_in_doubt(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    maker.code = "CANARY-SAME"
    world = World(database, provider, count=2).approve()
    world.work()
    assert sorted(world.order(redemption_id).state for redemption_id in world.ids) == ["doubt", "made"]
    assert {world.order(redemption_id).why for redemption_id in world.ids} == {"", Why.TWICE}


def test_without_a_provider_the_order_waits(database: Database, maker: CardMaker, provider: HttpProvider) -> None:
    world = World(database, provider).approve()
    world.handle, handle = handlers(None)[ORDER], world.handle
    world.work()
    assert (world.order().state, world.order().why) == ("noted", Why.UNSET)
    world.handle = handle
    world.work(minutes=2)
    assert maker.made == 1


def test_the_id_of_an_order_follows_from_the_redemption_and_its_form_alone() -> None:
    assert order_id_of(7, "form", 1) == order_id_of(7, "form", 1)
    assert len({order_id_of(7, "form", 1), order_id_of(7, "form", 2), order_id_of(7, "other", 1), order_id_of(8, "form", 1)}) == 4
    assert len(order_id_of(2**63, "x" * 64, 9)) <= 80
    assert [wait_after(tries) for tries in (0, 1, 2, 3, 99)] == [timedelta(minutes=m) for m in (1, 1, 2, 4, 60)]


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, NotMade),
        (410, NotMade),
        (422, NotMade),
        (404, NotNow),
        (405, NotNow),
        (408, InDoubt),
        (409, InDoubt),
        (413, InDoubt),
        (418, InDoubt),
        (425, InDoubt),
        (401, NotNow),
        (403, NotNow),
        (402, NotNow),
        (429, NotNow),
        (500, InDoubt),
        (503, InDoubt),
        (202, InDoubt),
        (302, InDoubt),
    ],
)
def test_each_status_says_what_is_known(maker: CardMaker, provider: HttpProvider, status: int, raised: type[Exception]) -> None:
    maker.answers = [status]
    with pytest.raises(raised):
        provider.order("one", WANTED)
    assert maker.made == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"order_id": "other", "code": "A"}',
        b'{"order_id": "one"}',
        b'{"order_id": "one", "link": "javascript:x"}',
        b"x" * 70_000,
    ],
)
def test_an_answer_that_holds_no_card_of_ours_leaves_doubt_and_says_nothing_of_it(maker: CardMaker, provider: HttpProvider, body: bytes) -> None:
    maker.body = body
    for ask in (lambda: provider.order("one", WANTED), lambda: provider.find("one"), provider.balance):
        with pytest.raises(InDoubt) as doubt:
            ask()
        assert str(doubt.value) == Why.UNREADABLE


def test_who_is_not_there_was_not_asked(maker: CardMaker) -> None:
    for ask in (lambda p: p.order("one", WANTED), lambda p: p.find("one"), lambda p: p.balance()):
        with pytest.raises(NotNow) as no:
            ask(HttpProvider("http://127.0.0.1:9/api", TOKEN, connect_seconds=1))
        assert no.value.why is Why.AWAY
    assert HttpProvider(maker.url, TOKEN).find("never ordered") is None
    maker.answers = [410]
    with pytest.raises(NotMade):
        HttpProvider(maker.url, TOKEN).find("one")


def test_a_provider_that_answers_too_late_leaves_doubt(maker: CardMaker) -> None:
    maker.goes_on = threading.Event()
    with pytest.raises(InDoubt) as doubt:
        HttpProvider(maker.url, TOKEN, answer_seconds=0.05).order("one", WANTED)
    maker.goes_on.set()
    assert doubt.value.why is Why.REPLY


def test_an_answer_of_which_a_byte_comes_now_and_then_has_one_limit_in_all() -> None:
    heard = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip() -> None:
        link, _ = heard.accept()
        with link, suppress(OSError):
            link.recv(65_536)
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1_000:
                link.sendall(bytes([byte]))
                if ended.wait(0.05):
                    break

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(InDoubt) as doubt:
        HttpProvider(f"http://127.0.0.1:{heard.getsockname()[1]}", TOKEN, answer_seconds=0.4).find("one")
    taken = time.monotonic() - begun
    ended.set()
    thread.join(5)
    heard.close()
    assert (doubt.value.why, taken < 10) == (Why.REPLY, True)  # all of it would take a minute


def test_every_call_ends_well_before_another_worker_may_take_its_order() -> None:
    assert CLAIM.total_seconds() >= (2 * CONNECT_SECONDS + ANSWER_SECONDS) * 2


@pytest.mark.parametrize("amount", ["1E999999", "sNaN", "NaN", "Infinity", "x", "-1E999999"])
def test_a_balance_that_is_no_amount_is_not_known(maker: CardMaker, provider: HttpProvider, amount: str) -> None:
    maker.body = f'{{"amount": "{amount}", "currency": "EUR"}}'.encode()
    with pytest.raises(InDoubt):
        provider.balance()

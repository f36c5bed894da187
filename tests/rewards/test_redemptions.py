"""The life of a redemption: what moves, what comes back, what is refused, who is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, NotFound
from portal.ledger.queries.balances import Balance, balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.rules import MAIL_TOPIC
from portal.rewards.actions.catalogue import change_reward, count_stock, retire_reward
from portal.rewards.actions.fulfilling import (
    confirm_received,
    end_redemption,
    fail_redemption,
    order_redemption,
    receive_redemption,
    retry_redemption,
    return_redemption,
    send_redemption,
)
from portal.rewards.actions.redeeming import cancel_redemption, redeem
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.jobs import receive_by_itself
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.review import redemption_for_review, waiting_redemptions
from portal.rewards.rules.refusals.deciding import (
    AlreadyApproved,
    AlreadyCancelled,
    AlreadyDeclined,
    AlreadyEnded,
    AlreadyFailed,
    AlreadyOrdered,
    AlreadyReceived,
    AlreadyReturned,
    AlreadySent,
    NotToBeOrdered,
    NotYetApproved,
    OwnRedemption,
    ReasonNeeded,
)
from portal.rewards.rules.refusals.offering import LimitReached, RewardNotOffered
from portal.rewards.rules.refusals.redeeming import KeyTaken, OutOfStock, PriceChanged, TooFewPoints
from portal.rewards.rules.states import RECEIVED_AFTER_DAYS, State
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_draft, make_redemption, make_reward


class Scene:
    """An advocate with 250 points, two admins, and a reward of 100 of which there are two."""

    def __init__(self, session: Session, **reward: object) -> None:
        self.session = session
        self.person_id = make_person(session, name="Amara Okafor").id
        self.admin_id, self.other_id = make_admin(session, name="Ada Admin").id, make_admin(session, name="Bo Admin").id
        give_points(session, self.person_id, 250)
        self.reward_id = make_reward(session, **{"name": "Summit pass", "price": 100, "stock": 2, **reward}).id

    def redeem(self, **overrides: object) -> Redemption:
        return make_redemption(self.session, self.person_id, self.reward_id, **overrides)

    @property
    def stock(self) -> int | None:
        return self.session.scalar(select(Reward.stock).where(Reward.id == self.reward_id))

    @property
    def points(self) -> tuple[int, int]:
        balance = balance_of(self.session, self.person_id)
        return balance.available, balance.held

    def told(self) -> list[str]:
        """Return what the person was told about redemptions; the points they began with told them of a level."""
        about = Notice.kind.startswith("redemption_")
        return list(self.session.scalars(select(Notice.kind).where(Notice.person_id == self.person_id, about).order_by(Notice.id)))


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_redeeming_takes_a_piece_and_holds_the_price(scene: Scene) -> None:
    redemption = scene.redeem(wish="Size M")
    assert (redemption.state, redemption.price, redemption.wish) == (State.REQUESTED, 100, "Size M")
    assert (scene.stock, scene.points) == (1, (150, 100))
    assert scene.told() == ["redemption_requested"]
    waiting = scene.session.scalars(select(Notice.person_id).where(Notice.kind == "redemption_waiting").order_by(Notice.person_id)).all()
    assert waiting == [scene.admin_id, scene.other_id]


def test_the_whole_way_to_fulfilment_and_back(scene: Scene) -> None:
    redemption_id, now = scene.redeem().id, utcnow()
    approve_redemption(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, now=now)
    assert (scene.stock, scene.points) == (1, (150, 100))
    done = send_redemption(scene.session, as_admin(scene.other_id), redemption_id=redemption_id, delivery="By post", now=now)
    assert (scene.stock, scene.points, done.delivery) == (1, (150, 0), "By post")
    back = return_redemption(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, reason="Came back", now=now)
    assert (back.state, scene.stock, scene.points) == (State.RETURNED, 2, (250, 0))
    assert balance_of(scene.session, scene.person_id) == Balance(250, 0, 0, 250)
    assert scene.told() == ["redemption_requested", "redemption_approved", "redemption_sent", "redemption_returned"]
    audited = scene.session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == "redemption").order_by(AuditEvent.id)).all()
    assert audited == ["reward.redeemed", "redemption.approved", "redemption.sent", "redemption.returned"]


@pytest.mark.parametrize("is_approved", [False, True])
def test_a_decline_before_fulfilment_gives_stock_and_points_back_with_the_reason(scene: Scene, is_approved: bool) -> None:
    redemption_id, now = scene.redeem().id, utcnow()
    if is_approved:
        approve_redemption(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, now=now)
    declined = decline_redemption(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, reason=" Moved to spring ", now=now)
    assert (declined.state, declined.reason, scene.stock, scene.points) == (State.DECLINED, "Moved to spring", 2, (250, 0))
    notice = scene.session.scalars(select(Notice).where(Notice.kind == "redemption_declined")).one()
    assert notice.data["reason"] == "Moved to spring"


@pytest.mark.parametrize("is_approved", [False, True])
def test_the_person_cancels_until_it_is_fulfilled_and_everything_comes_back_once(scene: Scene, is_approved: bool) -> None:
    redemption_id, now = scene.redeem().id, utcnow()
    if is_approved:
        approve_redemption(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, now=now)
    with pytest.raises(NotFound):
        cancel_redemption(scene.session, acting(scene.admin_id), redemption_id=redemption_id, now=now)
    for _ in range(2):
        cancelled = cancel_redemption(scene.session, acting(scene.person_id), redemption_id=redemption_id, now=now)
        assert (cancelled.state, scene.stock, scene.points) == (State.CANCELLED, 2, (250, 0))
    assert scene.told()[-1] == "redemption_cancelled"
    event = scene.session.scalars(select(AuditEvent).where(AuditEvent.name == "redemption.cancelled")).one()
    assert (event.actor_id, event.data["was"]) == (scene.person_id, "approved" if is_approved else "requested")


def test_what_is_fulfilled_cannot_be_cancelled_any_more(scene: Scene) -> None:
    redemption_id, now = scene.redeem().id, utcnow()
    for verb in (approve_redemption, send_redemption):
        verb(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, now=now)
    with pytest.raises(AlreadySent):
        cancel_redemption(scene.session, acting(scene.person_id), redemption_id=redemption_id, now=now)
    assert (scene.stock, scene.points) == (1, (150, 0))


def test_admins_hear_of_what_is_called_off_after_it_was_approved_and_who_approved_it_by_mail(scene: Scene) -> None:
    """Somebody may be packing it. What nobody had decided on is just gone from the queue."""
    person, now = acting(scene.person_id), utcnow()
    cancel_redemption(scene.session, person, redemption_id=scene.redeem().id, now=now)
    assert _called_off(scene.session) == ([], [])
    redemption_id = scene.redeem().id
    approve_redemption(scene.session, as_admin(scene.other_id), redemption_id=redemption_id, now=now)
    for _ in range(2):
        cancel_redemption(scene.session, person, redemption_id=redemption_id, now=now)
    assert _called_off(scene.session) == ([scene.admin_id, scene.other_id], [scene.other_id])
    notice = scene.session.scalars(select(Notice).where(Notice.kind == "redemption_called_off").limit(1)).one()
    assert notice.data == {"reward": "Summit pass", "points": 100, "person": "Amara Okafor"}
    assert notice.link == f"/admin/rewards/redemptions/{redemption_id}"


def test_the_second_admin_reads_who_was_first_and_when(scene: Scene) -> None:
    redemption_id, now = scene.redeem().id, utcnow()
    first, second = as_admin(scene.admin_id), as_admin(scene.other_id)
    approve_redemption(scene.session, first, redemption_id=redemption_id, now=now)
    with pytest.raises(AlreadyApproved) as refused:
        approve_redemption(scene.session, second, redemption_id=redemption_id, now=utcnow())
    assert refused.value.facts == {"reward": "Summit pass", "person": "Amara Okafor", "by": "Ada Admin", "at": now, "state": "approved"}
    assert approve_redemption(scene.session, first, redemption_id=redemption_id, now=utcnow()).approved_at == now


APPROVE, ORDER, SEND, RECEIVE = approve_redemption, order_redemption, send_redemption, receive_redemption
FAIL, RETRY, END, DECLINE, CANCEL, RETURN = (
    fail_redemption,
    retry_redemption,
    end_redemption,
    decline_redemption,
    cancel_redemption,
    return_redemption,
)
REASONED = (FAIL, END, DECLINE, RETURN)


@pytest.mark.parametrize(
    ("steps", "verbs", "refusal"),
    [
        ((), (ORDER, SEND, RECEIVE, FAIL, RETRY, END, RETURN), NotYetApproved),
        ((APPROVE,), (RECEIVE, RETRY, END, RETURN), AlreadyApproved),
        ((APPROVE, ORDER), (APPROVE, RETRY, END, DECLINE, CANCEL, RECEIVE, RETURN), AlreadyOrdered),
        ((APPROVE, SEND), (APPROVE, ORDER, FAIL, RETRY, END, DECLINE, CANCEL), AlreadySent),
        ((APPROVE, ORDER, SEND, RECEIVE), (APPROVE, ORDER, SEND, FAIL, END, DECLINE, CANCEL), AlreadyReceived),
        ((APPROVE, FAIL), (APPROVE, ORDER, SEND, RECEIVE, DECLINE, RETURN), AlreadyFailed),
        ((APPROVE, FAIL, END), (APPROVE, ORDER, SEND, FAIL, RETRY, DECLINE, CANCEL, RETURN), AlreadyEnded),
        ((DECLINE,), (APPROVE, ORDER, SEND, FAIL, RETRY, END, CANCEL, RETURN), AlreadyDeclined),
        ((APPROVE, CANCEL), (APPROVE, ORDER, SEND, FAIL, RETRY, END, DECLINE, RETURN), AlreadyCancelled),
        ((APPROVE, SEND, RETURN), (APPROVE, ORDER, SEND, RECEIVE, FAIL, END, DECLINE, CANCEL), AlreadyReturned),
    ],
)
def test_a_step_out_of_order_is_refused_and_moves_nothing(session: Session, steps: tuple, verbs: tuple, refusal: type) -> None:
    scene = Scene(session, kind="merchandise")
    redemption_id = scene.redeem().id

    def act(action: object) -> None:
        reason = {"reason": "So"} if action in REASONED else {}
        actor = acting(scene.person_id) if action is CANCEL else as_admin(scene.admin_id)
        action(scene.session, actor, redemption_id=redemption_id, now=utcnow(), **reason)

    for step in steps:
        act(step)
    before = scene.stock, scene.points, scene.told()
    for verb in verbs:
        with pytest.raises(refusal):
            act(verb)
    assert (scene.stock, scene.points, scene.told()) == before


def test_what_failed_is_tried_again_and_sent_and_every_step_is_told(session: Session) -> None:
    scene, now = Scene(session, kind="merchandise"), utcnow()
    its = {"redemption_id": scene.redeem().id}
    admin = as_admin(scene.admin_id)
    for minute, verb in enumerate((APPROVE, ORDER, FAIL, RETRY, ORDER, FAIL, RETRY, SEND)):
        more = {"reason": f"No {minute}"} if verb is FAIL else {"handed": {"tracking": "LP 4711"}} if verb is SEND else {}
        found = verb(session, admin, **its, now=now + timedelta(minutes=minute), **more)
        assert scene.points == ((150, 0) if verb is SEND else (150, 100))
    assert (found.state, found.reason, found.handed, found.ordered_at) == ("sent", "", {"tracking": "LP 4711"}, None)
    confirm_received(session, acting(scene.person_id), **its, now=now + timedelta(hours=1))
    steps = ["requested", "approved", "ordered", "failed", "retried", "ordered", "failed", "retried", "sent", "received"]
    assert scene.told() == [f"redemption_{step}" for step in steps]
    audited = session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == "redemption").order_by(AuditEvent.id)).all()
    assert audited == ["reward.redeemed", *(f"redemption.{step}" for step in steps[1:])]
    shown = redemption_for_review(session, found.id).detail.steps
    assert {step.name for step in shown} == {"Asked", "Approved", "Delivery failed", "Tried again", "Sent", "Received"}


@pytest.mark.parametrize("verb", [END, CANCEL])
def test_what_failed_for_good_gives_stock_and_points_back_once(session: Session, verb: object) -> None:
    scene, now = Scene(session), utcnow()
    its = {"redemption_id": scene.redeem().id, "now": now}
    approve_redemption(session, as_admin(scene.admin_id), **its)
    fail_redemption(session, as_admin(scene.admin_id), reason="Sold out", **its)
    for _ in range(2):
        if verb is END:
            end_redemption(session, as_admin(scene.admin_id), reason="Not made any more", **its)
        else:
            cancel_redemption(session, acting(scene.person_id), **its)
        assert (scene.stock, scene.points) == (2, (250, 0))


def test_only_the_person_says_that_they_have_it_and_after_two_weeks_it_counts_as_received(database: Database) -> None:
    now = utcnow()

    def begin(session: Session) -> tuple[int, int, int]:
        scene = Scene(session, kind="perk")
        ids = [scene.redeem().id for _ in range(2)]
        for redemption_id in ids:
            for verb in (approve_redemption, send_redemption):
                verb(session, as_admin(scene.admin_id), redemption_id=redemption_id, now=now)
        with pytest.raises(NotFound):
            confirm_received(session, acting(scene.admin_id), redemption_id=ids[0], now=now)
        confirm_received(session, acting(scene.person_id), redemption_id=ids[0], now=now)
        return *ids, scene.person_id

    confirmed, silent, person_id = database.write(begin)
    assert receive_by_itself(database, now + timedelta(days=RECEIVED_AFTER_DAYS, minutes=-1)) == 0
    assert [receive_by_itself(database, now + timedelta(days=RECEIVED_AFTER_DAYS)) for _ in range(2)] == [1, 0]
    with database.reading() as session:
        by = {found.id: found.received_by for found in session.scalars(select(Redemption))}
        mails = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == MAIL_TOPIC))
        assert len([mail for mail in mails if mail["kind"] == "redemption_received"]) == 1, "no mail about one's own click"
    assert by == {confirmed: person_id, silent: None}


def test_what_nobody_orders_is_not_ordered(scene: Scene) -> None:
    redemption_id = scene.redeem().id
    approve_redemption(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, now=utcnow())
    with pytest.raises(NotToBeOrdered):
        order_redemption(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, now=utcnow())


@pytest.mark.parametrize("verb", [APPROVE, ORDER, SEND, RECEIVE, FAIL, RETRY, END, DECLINE, RETURN])
def test_nobody_decides_on_their_own(session: Session, verb: object) -> None:
    admin = make_admin(session, roles={"admin", "advocate"})
    give_points(session, admin.id, 100)
    redemption_id = make_redemption(session, admin.id, make_reward(session).id).id
    reason = {"reason": "So"} if verb in REASONED else {}
    with pytest.raises(OwnRedemption):
        verb(session, as_admin(admin.id), redemption_id=redemption_id, now=utcnow(), **reason)
    with pytest.raises(NotAllowed):
        verb(session, acting(admin.id), redemption_id=redemption_id, now=utcnow(), **reason)


@pytest.mark.parametrize(("steps", "verb"), [((), DECLINE), ((APPROVE,), FAIL), ((APPROVE, SEND), RETURN)])
def test_saying_no_needs_a_reason(scene: Scene, steps: tuple, verb: object) -> None:
    redemption_id = scene.redeem().id
    for step in steps:
        step(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, now=utcnow())
    before = scene.points
    with pytest.raises(ReasonNeeded):
        verb(scene.session, as_admin(scene.admin_id), redemption_id=redemption_id, reason="  ", now=utcnow())
    assert scene.points == before


def test_too_few_points_are_refused_in_words_and_cost_nothing(database: Database) -> None:
    reward_id, person_id = database.write(lambda s: (make_reward(s, price=2_000, stock=1).id, _with_points(s, 1_840)))
    with pytest.raises(TooFewPoints) as refused:
        database.write(lambda s: make_redemption(s, person_id, reward_id))
    assert str(refused.value) == "You have 1840 points; this costs 2000."
    assert _nothing_happened(database, reward_id, person_id, stock=1, points=1_840)


def test_out_of_stock_is_refused_and_costs_nothing(database: Database) -> None:
    reward_id, person_id = database.write(lambda s: (make_reward(s, stock=0).id, _with_points(s, 500)))
    with pytest.raises(OutOfStock):
        database.write(lambda s: make_redemption(s, person_id, reward_id))
    assert _nothing_happened(database, reward_id, person_id, stock=0, points=500)


def test_what_is_not_offered_is_refused(session: Session) -> None:
    person_id = _with_points(session, 500)
    draft, retired = make_draft(session), make_reward(session)
    retire_reward(session, as_admin(make_admin(session).id), reward_id=retired.id, now=utcnow())
    for reward in (draft, retired):
        with pytest.raises(RewardNotOffered):
            make_redemption(session, person_id, reward.id)


def test_only_advocates_redeem(session: Session) -> None:
    employee_id = make_employee(session).id
    give_points(session, employee_id, 100)
    with pytest.raises(NotAllowed):
        redeem(session, acting(employee_id, "employee"), reward_id=make_reward(session).id, key="k", now=utcnow())


def test_one_person_has_no_more_than_the_limit_until_one_comes_back(session: Session) -> None:
    scene = Scene(session, limit_per_person=1)
    first = scene.redeem()
    with pytest.raises(LimitReached):
        scene.redeem()
    cancel_redemption(session, acting(scene.person_id), redemption_id=first.id, now=utcnow())
    assert scene.redeem().slot == 1


def test_a_limit_that_comes_later_counts_what_was_redeemed_before(session: Session) -> None:
    scene = Scene(session)
    scene.redeem()
    _edit(scene, limit_per_person=1)
    with pytest.raises(LimitReached):
        scene.redeem()


def test_a_redemption_keeps_its_price_when_the_reward_gets_dearer(session: Session) -> None:
    scene = Scene(session)
    redemption = scene.redeem()
    _edit(scene, price=170)
    decline_redemption(session, as_admin(scene.admin_id), redemption_id=redemption.id, reason="So", now=utcnow())
    assert (redemption.price, scene.points) == (100, (250, 0))
    with pytest.raises(PriceChanged):
        scene.redeem(shown_price=100)


def test_the_same_key_is_one_redemption_and_belongs_to_one_person_and_reward(scene: Scene) -> None:
    first = scene.redeem(key="k")
    assert scene.redeem(key="k").id == first.id
    assert (scene.stock, scene.points) == (1, (150, 100))
    with pytest.raises(KeyTaken):
        make_redemption(scene.session, _with_points(scene.session, 500), scene.reward_id, key="k")
    with pytest.raises(KeyTaken):
        make_redemption(scene.session, scene.person_id, make_reward(scene.session).id, key="k")


def test_a_piece_goes_back_only_to_a_shelf_that_it_came_from(session: Session) -> None:
    scene = Scene(session, stock=None)
    redemption = scene.redeem()
    count_stock(session, as_admin(scene.admin_id), reward_id=scene.reward_id, stock=5, now=utcnow())
    cancel_redemption(session, acting(scene.person_id), redemption_id=redemption.id, now=utcnow())
    assert scene.stock == 5


def test_the_queue_sees_what_waits(scene: Scene) -> None:
    redemption = scene.redeem()
    row = scene.session.execute(waiting_redemptions()).one()
    assert (row.kind, row.id, row.person, row.title, row.points) == ("redemption", redemption.id, "Amara Okafor", "Summit pass", 100)
    found = redemption_for_review(scene.session, redemption.id)
    assert (found.balance.available, found.earlier, [step.state for step in found.detail.steps]) == (150, 0, [State.REQUESTED])
    approve_redemption(scene.session, as_admin(scene.admin_id), redemption_id=redemption.id, now=utcnow())
    assert scene.session.execute(waiting_redemptions()).all() == []
    assert redemption_for_review(scene.session, redemption.id).detail.steps[-1].by == "Ada Admin"


def _with_points(session: Session, points: int) -> int:
    person_id = make_person(session).id
    give_points(session, person_id, points)
    return person_id


def _called_off(session: Session) -> tuple[list[int], list[int]]:
    """Return whom a notice told of something that was called off, and whom a mail."""
    told = session.scalars(select(Notice.person_id).where(Notice.kind == "redemption_called_off").order_by(Notice.person_id))
    mails = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == MAIL_TOPIC))
    return list(told), [mail["to"]["person_id"] for mail in mails if mail["kind"] == "redemption_called_off"]


def _nothing_happened(database: Database, reward_id: int, person_id: int, *, stock: int, points: int) -> bool:
    with database.reading() as session:
        left = session.scalar(select(Reward.stock).where(Reward.id == reward_id))
        balance = balance_of(session, person_id)
        made = session.scalars(select(Redemption)).all()
        return (left, balance.available, balance.held, made) == (stock, points, 0, [])


def _edit(scene: Scene, **changes: object) -> None:
    reward = scene.session.get(Reward, scene.reward_id)
    fields = ("name", "kind", "price", "summary", "text", "limit_per_person", "picture_id")
    said = {field: getattr(reward, field) for field in fields} | changes
    change_reward(scene.session, as_admin(scene.admin_id), reward_id=reward.id, now=utcnow(), **said)

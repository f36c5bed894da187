"""Undoing a decision on a redemption within the minute: everything as before, or a sentence why it stands."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.bank.actions.adjusting import adjust_points
from portal.bank.queries.statement import Wanted, list_lines
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, Refusal
from portal.ledger.models import transfer
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import OutboxJob
from portal.review.actions.terms import set_terms
from portal.review.jobs import forget_decisions
from portal.review.models import ReviewDecision
from portal.review.queries.cases import find_case
from portal.review.rules.refusals import NothingToUndo, NotYourVerdict, UndoTooLate
from portal.review.rules.terms import Terms
from portal.review.rules.undoing import UNDO_WITHIN
from portal.rewards.actions.auto import approve_rested
from portal.rewards.actions.catalogue import retire_reward, set_options
from portal.rewards.actions.codes import confirm_codes, import_codes, lapse_codes
from portal.rewards.actions.fulfilling import fail_redemption, order_redemption, retry_redemption, send_redemption
from portal.rewards.actions.redeeming import cancel_redemption
from portal.rewards.actions.returns import TELL
from portal.rewards.actions.review import approve_redemption, decline_redemption, give_approval
from portal.rewards.actions.undoing import undo_decision
from portal.rewards.actions.variants import add_variant
from portal.rewards.actions.waiting import join_waiting
from portal.rewards.jobs import tell_waiting
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import Redemption, RedemptionPause
from portal.rewards.queries.review import KIND, waiting_redemptions
from portal.rewards.rules.cards import holder_of
from portal.rewards.rules.refusals.deciding import AlreadyCancelled, AlreadyDeclined, AlreadyOrdered
from portal.rewards.rules.states import HELD_BEFORE, State
from portal.rewards.rules.undoing import AskedForAgain, CardChanged, HandedOverWithIt, PieceGone, PointsGone
from portal.vault.queries import look_of
from portal.vault.rules import Card, Read
from portal.wiring import STATEMENT_SOURCES
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import WITH_ADDRESS, acting, as_admin, make_digital, make_redemption, make_reward
from tests.factories.vault import make_vault_card, with_keys
from tests.rewards.racing import all_at_once, one_during_another
from tests.support.undoing import last_decision, open_mails, told

MANY = 8


class Scene:
    """Amara with 250 points, who asked for one of two pieces at 100; two admins."""

    def __init__(self, session: Session, **reward: Any) -> None:
        self.amara = make_person(session, name="Amara Okafor").id
        self.ada, self.bo = make_admin(session, name="Ada Admin").id, make_admin(session, name="Bo Admin").id
        give_points(session, self.amara, 250)
        self.reward_id = make_reward(session, **{"name": "Summit pass", "price": 100, "stock": 2, "kind": "merchandise"} | reward).id
        self.id = make_redemption(session, self.amara, self.reward_id).id

    def approve(self, session: Session, **given: Any) -> int:
        approve_redemption(session, as_admin(self.ada), redemption_id=self.id, **{"now": utcnow()} | given)
        return last_decision(session, KIND)

    def decline(self, session: Session, **given: Any) -> int:
        decline_redemption(session, as_admin(self.ada), redemption_id=self.id, reason="No", **{"now": utcnow()} | given)
        return last_decision(session, KIND)

    def undo(self, session: Session, decision_id: int, **given: Any) -> Redemption:
        return undo_decision(session, as_admin(self.ada), decision_id=decision_id, **{"now": utcnow()} | given)

    def state(self, session: Session) -> tuple[Any, ...]:
        """Return all that an undo has to bring back."""
        columns = (Redemption.state, Redemption.approved_by, Redemption.approved_at, Redemption.released_by, Redemption.released_at)
        row = session.execute(select(*columns, Redemption.reason, Redemption.slot).where(Redemption.id == self.id)).one()
        stock = session.scalar(select(Reward.stock).where(Reward.id == self.reward_id))
        return (*row, stock, balance_of(session, self.amara))


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_an_approval_undone_waits_again_and_no_mail_of_it_goes_out(session: Session, scene: Scene) -> None:
    before, now = scene.state(session), utcnow()
    for turn in range(3):
        at = now + timedelta(minutes=turn)
        decision = scene.approve(session, now=at)
        assert [job.available_at for job in open_mails(session, "redemption_approved")] == [at + UNDO_WITHIN]
        scene.undo(session, decision, now=at + timedelta(seconds=59))
        assert scene.state(session) == before
        assert open_mails(session, "redemption_approved") == open_mails(session, "redemption_recalled") == []
    assert told(session, scene.amara, "redemption_approved", "redemption_recalled") == ["redemption_approved", "redemption_recalled"] * 3
    assert [row.id for row in session.execute(waiting_redemptions())] == [scene.id]
    scene.approve(session, now=now + timedelta(hours=1))
    assert len(open_mails(session, "redemption_approved")) == 1, "who is approved at last is told by mail"
    sent = send_redemption(session, as_admin(scene.bo), redemption_id=scene.id, delivery="By post", handed={"tracking": "1"}, now=utcnow())
    assert (sent.state, balance_of(session, scene.amara).available, balance_of(session, scene.amara).held) == (State.SENT, 150, 0)


@pytest.mark.parametrize("is_approved", [False, True])
def test_a_decline_undone_takes_piece_and_points_again_however_often(session: Session, scene: Scene, is_approved: bool) -> None:
    if is_approved:
        scene.approve(session)
    before, now = scene.state(session), utcnow()
    for turn in range(10):
        at = now + timedelta(minutes=turn)
        scene.undo(session, scene.decline(session, now=at), now=at)
        assert scene.state(session) == before
    holds = session.scalar(select(func.count()).select_from(transfer).where(transfer.c.kind == "hold", transfer.c.source_id == scene.id))
    assert holds == 11
    assert open_mails(session, "redemption_declined") == []
    scene.decline(session, now=now + timedelta(hours=1))
    assert balance_of(session, scene.amara).available == 250
    assert len(open_mails(session, "redemption_declined")) == 1


def test_a_mail_that_is_out_already_is_followed_by_one_about_the_undo(session: Session, scene: Scene) -> None:
    decision = scene.decline(session)
    for job in open_mails(session, "redemption_declined"):
        job.tries, job.done_at, job.payload = 1, utcnow(), {}
    session.flush()
    scene.undo(session, decision)
    assert len(open_mails(session, "redemption_recalled")) == 1


def test_another_the_member_and_whoever_comes_late_or_twice_is_refused(session: Session, scene: Scene) -> None:
    at = utcnow()
    decision = scene.approve(session, now=at)
    for actor, now, refusal in (
        (as_admin(scene.bo), at, NotYourVerdict),
        (acting(scene.amara), at, NotYourVerdict),
        (as_admin(scene.ada), at + UNDO_WITHIN, UndoTooLate),
        (acting(scene.ada), at, NotAllowed),
    ):
        with pytest.raises(refusal), session.begin_nested():
            undo_decision(session, actor, decision_id=decision, now=now)
    with pytest.raises(NothingToUndo):
        undo_decision(session, as_admin(scene.ada), decision_id=decision + 1_000, now=at)
    scene.undo(session, decision, now=at)
    with pytest.raises(NothingToUndo):
        scene.undo(session, decision, now=at)


@pytest.mark.parametrize(
    ("then", "refusal"),
    [
        (lambda s, one: order_redemption(s, as_admin(one.bo), redemption_id=one.id, now=utcnow()), AlreadyOrdered),
        (lambda s, one: cancel_redemption(s, acting(one.amara), redemption_id=one.id, now=utcnow()), AlreadyCancelled),
        (lambda s, one: one.decline(s), AlreadyDeclined),
    ],
)
def test_what_happened_to_it_since_wins_and_is_named(session: Session, scene: Scene, then: Any, refusal: type[Refusal]) -> None:
    decision = scene.approve(session)
    then(session, scene)
    before = scene.state(session)
    with pytest.raises(refusal), session.begin_nested():
        scene.undo(session, decision)
    assert scene.state(session) == before


def test_what_failed_and_is_tried_again_is_no_fresh_approval(session: Session, scene: Scene) -> None:
    decision = scene.approve(session)
    fail_redemption(session, as_admin(scene.bo), redemption_id=scene.id, reason="Lost", now=utcnow())
    retry_redemption(session, as_admin(scene.bo), redemption_id=scene.id, now=utcnow())
    with pytest.raises(NothingToUndo):
        scene.undo(session, decision)


def test_what_was_tried_again_and_is_declined_twice_is_told_of_twice(session: Session, scene: Scene) -> None:
    now = utcnow()
    scene.approve(session, now=now)
    fail_redemption(session, as_admin(scene.bo), redemption_id=scene.id, reason="Lost", now=now)
    retry_redemption(session, as_admin(scene.bo), redemption_id=scene.id, now=now)
    scene.undo(session, scene.decline(session, now=now + timedelta(hours=1)), now=now + timedelta(hours=1))
    scene.decline(session, now=now + timedelta(hours=2))
    assert told(session, scene.amara, "redemption_declined", "redemption_recalled") == [
        "redemption_declined",
        "redemption_recalled",
        "redemption_declined",
    ]
    assert len(open_mails(session, "redemption_declined")) == 1


def test_what_somebody_decided_and_undid_is_left_to_people_by_the_rule(session: Session, scene: Scene) -> None:
    now = utcnow()
    for decide in (scene.approve, scene.decline):
        session.add(RedemptionPause(redemption_id=scene.id, until=now - timedelta(minutes=1)))
        session.flush()
        scene.undo(session, decide(session, now=now), now=now)
        assert session.scalars(select(RedemptionPause.redemption_id)).all() == []
        assert not approve_rested(session, redemption_id=scene.id, now=now + timedelta(minutes=5))


def test_what_was_handed_over_with_the_approval_says_why_it_stands(session: Session) -> None:
    scene = Scene(session)
    scene.id = make_redemption(session, scene.amara, make_digital(session).id).id
    decision = scene.approve(session)
    assert session.get_one(Redemption, scene.id).state == State.RECEIVED
    with pytest.raises(HandedOverWithIt):
        scene.undo(session, decision)


def test_a_decline_stands_where_piece_or_points_or_place_are_gone(session: Session) -> None:
    last = Scene(session, stock=1)
    decision, other = last.decline(session), make_person(session).id
    give_points(session, other, 100)
    make_redemption(session, other, last.reward_id)
    with pytest.raises(PieceGone), session.begin_nested():
        last.undo(session, decision)
    poor = Scene(session)
    decision = poor.decline(session)
    given: dict[str, Any] = {"counts_as_earned": False, "category": "error", "reason": "Never earned", "key": "poor", "now": utcnow()}
    adjust_points(session, as_admin(poor.bo), person_id=poor.amara, points=-200, **given)
    with pytest.raises(PointsGone) as refused, session.begin_nested():
        poor.undo(session, decision)
    assert refused.value.facts == {"needed": 100, "available": 50}
    once = Scene(session, limit_per_person=1)
    decision = once.decline(session)
    make_redemption(session, once.amara, once.reward_id)
    with pytest.raises(AskedForAgain), session.begin_nested():
        once.undo(session, decision)
    for one in (last, poor, once):
        assert session.get_one(Redemption, one.id).state == State.DECLINED


def test_a_piece_is_taken_again_of_what_is_no_longer_offered_and_of_its_very_variant(session: Session, scene: Scene) -> None:
    decision = scene.decline(session)
    retire_reward(session, as_admin(scene.bo), reward_id=scene.reward_id, now=utcnow())
    assert scene.undo(session, decision).state == State.REQUESTED
    sized = make_reward(session, kind="merchandise")
    small = add_variant(session, as_admin(scene.ada), reward_id=sized.id, name="S", stock=1, now=utcnow())
    asked = WITH_ADDRESS.__class__(variant_id=small.id, address=WITH_ADDRESS.address)
    scene.id = make_redemption(session, scene.amara, sized.id, asked=asked).id
    scene.undo(session, scene.decline(session))
    assert session.scalar(select(RewardVariant.stock).where(RewardVariant.id == small.id)) == 0


def test_a_code_from_the_vault_is_set_aside_again(database: Database) -> None:
    def go(session: Session) -> None:
        with_keys(session)
        scene = Scene(session)
        scene.id = make_redemption(session, scene.amara, make_vault_card(session, "CANARY-1").id).id
        decision = scene.decline(session)
        assert look_of(session, holder_of(scene.id)) is None
        scene.undo(session, decision)
        assert look_of(session, holder_of(scene.id)) is not None
        decision = scene.approve(session)
        with pytest.raises(HandedOverWithIt):
            scene.undo(session, decision)

    database.write(go)


@pytest.mark.parametrize("is_undone", [False, True])
def test_who_waits_for_a_piece_hears_of_it_once_it_can_not_be_taken_again(database: Database, is_undone: bool) -> None:
    now = utcnow()

    def go(session: Session) -> int:
        scene, waiting = Scene(session, stock=1), make_person(session).id
        give_points(session, waiting, 100)
        join_waiting(session, acting(waiting), reward_id=scene.reward_id, now=now)
        decision = scene.decline(session, now=now)
        if is_undone:
            scene.undo(session, decision, now=now + timedelta(seconds=59))
        return waiting

    waiting = database.write(go)
    with database.reading() as session:
        promised = session.scalars(select(OutboxJob).where(OutboxJob.topic == TELL)).one()
    assert promised.available_at == now + UNDO_WITHIN
    tell_waiting(database, promised.payload, promised.available_at)
    with database.reading() as session:
        assert told(session, waiting, "reward_back") == ([] if is_undone else ["reward_back"])


def test_each_hold_on_the_statement_says_what_became_of_it(session: Session) -> None:
    scene, now = Scene(session, kind="perk"), utcnow()
    set_terms(session, as_admin(scene.ada), terms=Terms(four_eyes_above=50), now=now)
    for turn in range(2):
        at = now + timedelta(minutes=turn)
        scene.undo(session, scene.decline(session, now=at), now=at)
    give_approval(session, as_admin(scene.bo), redemption_id=scene.id, now=now)
    scene.approve(session, now=now + timedelta(minutes=5))
    sent = send_redemption(session, as_admin(scene.bo), redemption_id=scene.id, now=now + timedelta(minutes=9))
    lines = list_lines(session, scene.amara, Wanted(), STATEMENT_SOURCES).rows
    said = [(line.what, line.what_at, len(line.pair)) for line in reversed(lines) if line.source is not None]
    before = [(HELD_BEFORE, None, 0), ("Given back", None, 0)]
    assert said == [*before, *before, ("Sent on %(day)s", sent.sent_at, 2)]


@pytest.mark.breaks_the_books(reason="the reward's kind of card is changed under a decline on purpose")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"source": "vault"}, {"source": "provider", "product": "P1", "amount": "50", "currency": "USD"}),
        ({"source": "vault"}, {"source": "hand"}),
        ({"source": "vault"}, {"source": "vault", "amount": "50", "currency": "USD"}),
        ({"source": "provider", "product": "P1"}, {"source": "vault"}),
        ({"source": "provider", "product": "P1"}, {"source": "provider", "product": "P1", "amount": "50", "currency": "USD"}),
        ({"source": "provider", "product": "P1"}, {"source": "provider", "product": "P2"}),
    ],
)
def test_a_decline_stands_where_the_reward_gives_another_card_by_then(session: Session, before: dict[str, str], after: dict[str, str]) -> None:
    amount = {"amount": "25", "currency": "USD"}
    with_keys(session)
    session.info["has_card_provider"] = True
    scene = Scene(session)
    card = make_vault_card(session, "A", "B", price=100).id
    change = partial(set_options, session, as_admin(scene.ada), reward_id=card, now=utcnow())
    change(given=amount | before)
    scene.id = make_redemption(session, scene.amara, card).id
    decision = scene.decline(session)
    change(given=amount | after)
    if after.get("product") == "P2":
        assert scene.undo(session, decision).state == State.REQUESTED, "another product for the same amount is the same card"
        return
    with pytest.raises(CardChanged), session.begin_nested():
        scene.undo(session, decision)
    assert session.get_one(Redemption, scene.id).state == State.DECLINED


def test_a_decline_stands_where_its_code_lapsed(database: Database) -> None:
    now = utcnow()

    def go(session: Session) -> None:
        with_keys(session)
        scene = Scene(session)
        card, ada = make_vault_card(session, price=100).id, as_admin(scene.ada)
        read = Read([(2, Card("LAPSES", expires_on=now.date())), (3, Card("TOO", expires_on=now.date()))], [])
        batch = import_codes(session, ada, reward_id=card, filename="a.csv", key="k", read=read, now=now)
        confirm_codes(session, ada, reward_id=card, batch_id=batch.id, now=now)
        scene.id = make_redemption(session, scene.amara, card, now=now).id
        later = now + timedelta(days=2)
        for lapses in (False, True):  # the other one is still counted, and then it is not
            if lapses:
                lapse_codes(session, reward_id=card, now=later)
            decision = scene.decline(session, now=later) if not lapses else last_decision(session, KIND)
            with pytest.raises(PieceGone), session.begin_nested():
                scene.undo(session, decision, now=later)
            assert session.get_one(Redemption, scene.id).state == State.DECLINED

    database.write(go)


def test_undoing_the_second_of_two_approvals_leaves_the_first(session: Session, scene: Scene) -> None:
    set_terms(session, as_admin(scene.ada), terms=Terms(four_eyes_above=50), now=utcnow())
    assert give_approval(session, as_admin(scene.bo), redemption_id=scene.id, now=utcnow()) is None
    scene.undo(session, scene.approve(session))
    case = find_case(session, KIND, scene.id)
    assert case is not None
    assert case.first_by_id == scene.bo
    assert give_approval(session, as_admin(scene.ada), redemption_id=scene.id, now=utcnow() + timedelta(seconds=1)) is not None


@pytest.mark.parametrize("verdict", ["approve", "decline"])
def test_eight_undoes_at_once_are_one(database: Database, verdict: str) -> None:
    scene = database.write(Scene)
    decision = database.write(lambda s: getattr(scene, verdict)(s))
    works = [lambda s: scene.undo(s, decision)] * MANY
    assert all_at_once(database, works) == Counter({"done": 1, "AlreadyUndone": MANY - 1})
    with database.reading() as session:
        assert scene.state(session)[0] == State.REQUESTED
        assert (balance_of(session, scene.amara).available, balance_of(session, scene.amara).held) == (150, 100)


def test_an_undo_and_the_next_move_at_once_give_one_of_the_two(database: Database) -> None:
    scene = database.write(Scene)
    decision = database.write(lambda s: scene.approve(s))
    order = lambda s: order_redemption(s, as_admin(scene.bo), redemption_id=scene.id, now=utcnow())  # noqa: E731
    found = all_at_once(database, [lambda s: scene.undo(s, decision), order] * (MANY // 2))
    with database.reading() as session:
        state = scene.state(session)[0]
    won = {State.REQUESTED: ("AlreadyUndone", "NotYetApproved"), State.ORDERED: ("AlreadyOrdered", "done")}
    assert state in won
    if state == State.REQUESTED:
        assert found == Counter({"done": 1, "AlreadyUndone": MANY // 2 - 1, "NotYetApproved": MANY // 2})
    else:
        # The same admin's further clicks on "ordered" are no refusal.
        assert found == Counter({"done": MANY // 2, "AlreadyOrdered": MANY // 2})


def test_an_undo_during_an_order_waits_for_it_and_is_refused(database: Database) -> None:
    scene = database.write(Scene)
    decision = database.write(lambda s: scene.approve(s))
    order = lambda s: order_redemption(s, as_admin(scene.bo), redemption_id=scene.id, now=utcnow()).state  # noqa: E731
    found = one_during_another(database, order, lambda: database.write(lambda s: scene.undo(s, decision).state))
    assert found == [State.ORDERED, "AlreadyOrdered"]


def test_the_last_piece_goes_to_the_undo_or_to_who_redeems_it_at_once(database: Database) -> None:
    scene = database.write(lambda s: Scene(s, stock=1))

    def rich(session: Session) -> int:
        person_id = make_person(session).id
        give_points(session, person_id, 100)
        return person_id

    others = [database.write(rich) for _ in range(MANY - 1)]
    decision = database.write(lambda s: scene.decline(s))
    works = [lambda s: scene.undo(s, decision)] + [lambda s, one=one: make_redemption(s, one, scene.reward_id) for one in others]
    found = all_at_once(database, works)
    assert found["done"] == 1
    assert found["OutOfStock"] + found["PieceGone"] == MANY - 1


def test_decisions_that_nobody_can_undo_any_more_are_forgotten_after_a_day(database: Database) -> None:
    scene = database.write(Scene)
    database.write(lambda s: scene.approve(s))
    assert forget_decisions(database, utcnow() + timedelta(hours=23)) == 0
    assert forget_decisions(database, utcnow() + timedelta(hours=25)) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReviewDecision)) == 0

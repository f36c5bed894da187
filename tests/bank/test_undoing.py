"""Undoing a decision on a correction or a dispute within the minute: the ledger reverses, limits and disputes follow."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.bank.actions.adjusting import adjust_points
from portal.bank.actions.deciding import approve_adjustment, decline_adjustment
from portal.bank.actions.disputing import dispute_line, let_stand, put_right
from portal.bank.actions.limits import set_limits
from portal.bank.actions.recalling import undo_answer, undo_correction
from portal.bank.models import Adjustment, Dispute
from portal.bank.queries.limits import used_now
from portal.bank.rules.adjusting import KIND, Limits, MonthlyLimitReached, State
from portal.bank.rules.disputes import KIND as DISPUTE
from portal.bank.rules.disputes import DisputeState
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.models import transfer
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.review.rules.refusals import NothingToUndo, NotYourVerdict, UndoTooLate
from portal.review.rules.undoing import UNDO_WITHIN
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import acting, as_admin, make_redemption, make_reward
from tests.rewards.racing import all_at_once
from tests.support.undoing import last_decision, open_mails, told

LARGE, SMALL = 30_000, 50


class Desk:
    """Amara, for whom Ada asks for many points, which Ben decides; and a line of Amara's that Ada booked."""

    def __init__(self, session: Session) -> None:
        self.amara = make_person(session, name="Amara Okafor").id
        self.ada, self.ben, self.cleo = (make_admin(session, name=f"{name} Admin").id for name in ("Ada", "Ben", "Cleo"))
        self.line = self.ask(session, 100, key="line").transfer_id or 0

    def ask(self, session: Session, points: int = LARGE, key: str = "k") -> Adjustment:
        given: dict[str, Any] = {"counts_as_earned": True, "category": "contest", "reason": "First prize", "key": key, "now": utcnow()}
        return adjust_points(session, as_admin(self.ada), person_id=self.amara, points=points, **given)

    def dispute(self, session: Session) -> int:
        return dispute_line(session, acting(self.amara), transfer_id=self.line, words="There were three.", now=utcnow()).id

    def right(self, session: Session, dispute_id: int, points: int, **given: Any) -> int:
        facts: dict[str, Any] = {"points": points, "category": "error", "reason": "Three it was", "now": utcnow()}
        put_right(session, as_admin(self.ben), dispute_id=dispute_id, **(facts | given))
        return last_decision(session, DISPUTE)

    def balance(self, session: Session) -> tuple[int, int, int]:
        found = balance_of(session, self.amara)
        return found.available, found.owed, found.lifetime


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_an_approved_correction_undone_waits_again_however_often(session: Session, desk: Desk) -> None:
    made, before, now = desk.ask(session), desk.balance(session), utcnow()
    for turn in range(5):
        at = now + timedelta(minutes=turn)
        approve_adjustment(session, as_admin(desk.ben), adjustment_id=made.id, most_owed=0, now=at)
        assert desk.balance(session) == (LARGE + 100, 0, LARGE + 100)
        assert {job.available_at for job in open_mails(session, "adjustment_approved")} == {at + UNDO_WITHIN}
        undo_correction(session, as_admin(desk.ben), decision_id=last_decision(session, KIND), now=at)
        assert (made.state, made.transfer_id, made.decided_by_id, made.settled_at) == (State.WAITING, None, None, None)
        assert desk.balance(session) == before
        undone = session.scalars(select(Notice).where(Notice.kind == "adjustment_undone").order_by(Notice.id.desc())).first()
        assert undone is not None
        assert undone.data == {"points": -made.points}, "not the reason for which it was to be given"
        assert open_mails(session, "adjustment_approved") == open_mails(session, "adjustment_recalled") == []
    assert told(session, desk.amara, "points_adjusted", "adjustment_undone")[1:] == ["points_adjusted", "adjustment_undone"] * 5
    assert told(session, desk.ada, "adjustment_approved", "adjustment_recalled") == ["adjustment_approved", "adjustment_recalled"] * 5
    assert used_now(session, desk.ada, utcnow()).given == LARGE + 100, "what waits counts against the month of who asked"
    approve_adjustment(session, as_admin(desk.cleo), adjustment_id=made.id, most_owed=0, now=now + timedelta(hours=1))
    assert desk.balance(session) == (LARGE + 100, 0, LARGE + 100)


def test_what_was_spent_meanwhile_is_owed(session: Session, desk: Desk) -> None:
    made = desk.ask(session)
    approve_adjustment(session, as_admin(desk.ben), adjustment_id=made.id, most_owed=0, now=utcnow())
    make_redemption(session, desk.amara, make_reward(session, price=200).id)
    undo_correction(session, as_admin(desk.ben), decision_id=last_decision(session, KIND), now=utcnow())
    assert desk.balance(session) == (0, 100, 100)


def test_a_declined_correction_undone_counts_against_the_month_again_or_stands(session: Session, desk: Desk) -> None:
    made = desk.ask(session)
    decline_adjustment(session, as_admin(desk.ben), adjustment_id=made.id, reason="No", now=utcnow())
    decision = last_decision(session, KIND)
    assert used_now(session, desk.ada, utcnow()).given == 100
    set_limits(session, as_admin(desk.cleo), limits=Limits(given=LARGE), now=utcnow())
    with pytest.raises(MonthlyLimitReached), session.begin_nested():
        undo_correction(session, as_admin(desk.ben), decision_id=decision, now=utcnow())
    set_limits(session, as_admin(desk.cleo), limits=Limits(given=LARGE * 2), now=utcnow())
    session.expire_all()
    undo_correction(session, as_admin(desk.ben), decision_id=decision, now=utcnow())
    assert (made.state, made.words, used_now(session, desk.ada, utcnow()).given) == (State.WAITING, "", LARGE + 100)


def test_another_the_late_the_second_and_who_may_not_decide_are_refused(session: Session, desk: Desk) -> None:
    made, at = desk.ask(session), utcnow()
    decline_adjustment(session, as_admin(desk.ben), adjustment_id=made.id, reason="No", now=at)
    decision = last_decision(session, KIND)
    for actor, now, refusal in (
        (as_admin(desk.ada), at, NotYourVerdict),
        (as_admin(desk.ben), at + UNDO_WITHIN, UndoTooLate),
        (acting(desk.ben), at, NotAllowed),
    ):
        with pytest.raises(refusal), session.begin_nested():
            undo_correction(session, actor, decision_id=decision, now=now)
    undo_correction(session, as_admin(desk.ben), decision_id=decision, now=at)
    with pytest.raises(NothingToUndo):
        undo_correction(session, as_admin(desk.ben), decision_id=decision, now=at)


@pytest.mark.parametrize("verdict", ["approve", "decline"])
def test_the_dispute_follows_the_correction_back(session: Session, desk: Desk, verdict: str) -> None:
    dispute_id = desk.dispute(session)
    desk.right(session, dispute_id, LARGE)
    made = session.get_one(Dispute, dispute_id)
    row_id = made.adjustment_id or 0
    if verdict == "approve":
        approve_adjustment(session, as_admin(desk.cleo), adjustment_id=row_id, most_owed=0, now=utcnow())
        assert made.state == DisputeState.RIGHTED
    else:
        decline_adjustment(session, as_admin(desk.cleo), adjustment_id=row_id, reason="No", now=utcnow())
        assert (made.state, made.answer) == (DisputeState.WAITING, "")
    undo_correction(session, as_admin(desk.cleo), decision_id=last_decision(session, KIND), now=utcnow())
    session.refresh(made)
    assert (made.state, made.answer, made.points, made.adjustment_id) == (DisputeState.CORRECTING, "Three it was", LARGE, row_id)
    assert desk.balance(session) == (100, 0, 100)
    approve_adjustment(session, as_admin(desk.cleo), adjustment_id=row_id, most_owed=0, now=utcnow() + timedelta(seconds=5))
    assert made.state == DisputeState.RIGHTED


def test_a_dispute_answered_since_lets_the_decline_of_its_correction_stand(session: Session, desk: Desk) -> None:
    dispute_id = desk.dispute(session)
    desk.right(session, dispute_id, LARGE)
    row_id = session.get_one(Dispute, dispute_id).adjustment_id or 0
    decline_adjustment(session, as_admin(desk.cleo), adjustment_id=row_id, reason="No", now=utcnow())
    decision = last_decision(session, KIND)
    let_stand(session, as_admin(desk.ben), dispute_id=dispute_id, reason="Two it was", now=utcnow())
    with pytest.raises(NothingToUndo):
        undo_correction(session, as_admin(desk.cleo), decision_id=decision, now=utcnow())


@pytest.mark.parametrize(("points", "state"), [(SMALL, State.UNDONE), (LARGE, State.WITHDRAWN), (0, None)])
def test_an_answer_to_a_dispute_undone_lets_it_wait_again(session: Session, desk: Desk, points: int, state: State | None) -> None:
    dispute_id, before, now = desk.dispute(session), desk.balance(session), utcnow()
    for turn in range(2):
        at = now + timedelta(minutes=turn)
        if points:
            decision = desk.right(session, dispute_id, points, now=at)
        else:
            let_stand(session, as_admin(desk.ben), dispute_id=dispute_id, reason="Two it was", now=at)
            decision = last_decision(session, DISPUTE)
        undo_answer(session, as_admin(desk.ben), decision_id=decision, now=at)
        made = session.get_one(Dispute, dispute_id, populate_existing=True)
        assert (made.state, made.answer, made.adjustment_id, made.settled_at) == (DisputeState.WAITING, "", None, None)
        assert desk.balance(session) == before
        assert [job for kind in ("dispute_righted", "dispute_stands", "dispute_recalled") for job in open_mails(session, kind)] == []
        assert told(session, desk.amara, "points_adjusted", "adjustment_undone") == ["points_adjusted"], "the line itself; the rest the answers tell"
    rows = session.scalars(select(Adjustment.state).where(Adjustment.key.like("dispute:%"))).all()
    assert rows == ([state] * 2 if state else [])
    assert used_now(session, desk.ben, utcnow()).given == 0
    names = session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == DISPUTE, AuditEvent.subject_id == dispute_id)).all()
    assert names.count("dispute.recalled") == 2


def test_no_mail_of_what_puts_a_dispute_right_leaves_before_the_answer_that_waits_for_the_minute(session: Session, desk: Desk) -> None:
    before = open_mails(session, "points_adjusted")
    now = utcnow()
    desk.right(session, desk.dispute(session), SMALL, now=now)
    assert open_mails(session, "points_adjusted") == before
    assert [job.available_at for job in open_mails(session, "dispute_righted")] == [now + UNDO_WITHIN]


def test_an_answer_is_not_undone_once_a_second_admin_decided_or_the_member_disputes_anew(session: Session, desk: Desk) -> None:
    dispute_id = desk.dispute(session)
    decision = desk.right(session, dispute_id, LARGE)
    row_id = session.get_one(Dispute, dispute_id).adjustment_id or 0
    approve_adjustment(session, as_admin(desk.cleo), adjustment_id=row_id, most_owed=0, now=utcnow())
    with pytest.raises(NothingToUndo), session.begin_nested():
        undo_answer(session, as_admin(desk.ben), decision_id=decision, now=utcnow())
    again = desk.dispute(session)
    let_stand(session, as_admin(desk.ben), dispute_id=again, reason="Done", now=utcnow())
    decision = last_decision(session, DISPUTE)
    desk.dispute(session)
    with pytest.raises(NothingToUndo):
        undo_answer(session, as_admin(desk.ben), decision_id=decision, now=utcnow())


def test_an_answer_is_undone_with_its_own_correction_and_never_with_a_later_one(session: Session, desk: Desk) -> None:
    dispute_id = desk.dispute(session)
    decision = desk.right(session, dispute_id, LARGE)
    declined = session.get_one(Dispute, dispute_id).adjustment_id or 0
    decline_adjustment(session, as_admin(desk.cleo), adjustment_id=declined, reason="No", now=utcnow())
    desk.right(session, dispute_id, LARGE)
    later = session.get_one(Dispute, dispute_id, populate_existing=True).adjustment_id
    with pytest.raises(NothingToUndo), session.begin_nested():
        undo_answer(session, as_admin(desk.ben), decision_id=decision, now=utcnow())
    assert (session.get_one(Dispute, dispute_id, populate_existing=True).adjustment_id, later != declined) == (later, True)
    assert session.get_one(Adjustment, later or 0).state == State.WAITING


def _correction(session: Session) -> tuple[Desk, Callable[[Session], object]]:
    desk = Desk(session)
    approve_adjustment(session, as_admin(desk.ben), adjustment_id=desk.ask(session).id, most_owed=0, now=utcnow())
    decision = last_decision(session, KIND)
    return desk, lambda s: undo_correction(s, as_admin(desk.ben), decision_id=decision, now=utcnow())


def _righting(session: Session) -> tuple[Desk, Callable[[Session], object]]:
    desk = Desk(session)
    decision = desk.right(session, desk.dispute(session), SMALL)
    return desk, lambda s: undo_answer(s, as_admin(desk.ben), decision_id=decision, now=utcnow())


@pytest.mark.parametrize("make", [_correction, _righting])
def test_eight_undoes_at_once_reverse_once(database: Database, make: Callable[[Session], Any]) -> None:
    desk, undo = database.write(make)
    assert all_at_once(database, [undo] * 8) == Counter({"done": 1, "AlreadyUndone": 7})
    with database.reading() as session:
        assert desk.balance(session) == (100, 0, 100)
        assert session.scalar(select(func.count()).select_from(transfer).where(transfer.c.reverses_id.is_not(None))) == 1


def test_undoing_an_answer_while_the_second_admin_decides_its_correction_ends_one_way(database: Database) -> None:
    desk = database.write(Desk)
    dispute_id = database.write(desk.dispute)
    decision = database.write(lambda s: desk.right(s, dispute_id, LARGE))
    row_id = database.write(lambda s: s.get_one(Dispute, dispute_id).adjustment_id or 0)
    undo = lambda s: undo_answer(s, as_admin(desk.ben), decision_id=decision, now=utcnow())  # noqa: E731
    approve = lambda s: approve_adjustment(s, as_admin(desk.cleo), adjustment_id=row_id, most_owed=0, now=utcnow())  # noqa: E731
    found = all_at_once(database, [undo, approve] * 4)
    with database.reading() as session:
        made = session.get_one(Dispute, dispute_id)
        assert found["done"] == 1
        assert (made.state, desk.balance(session)[0]) in ((DisputeState.WAITING, 100), (DisputeState.RIGHTED, LARGE + 100))

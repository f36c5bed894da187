"""Disputes of lines: who may, one at a time, what waits, how it is answered, and that a correction with a second admin settles it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.bank.actions.adjusting import adjust_points
from portal.bank.actions.deciding import approve_adjustment, decline_adjustment
from portal.bank.actions.disputing import dispute_line, let_stand, put_right, withdraw_dispute
from portal.bank.models import Adjustment, Dispute
from portal.bank.queries.disputes import waiting_disputes
from portal.bank.rules.disputes import (
    AlreadyDisputed,
    AnswerMissing,
    DecidedTheLine,
    DisputeSettled,
    DisputeState,
    DisputeWordsMissing,
    OwnDispute,
    RightingPointsMissing,
    require_answerer,
)
from portal.kernel.actor import ADMIN, ADVOCATE, Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.people.models import Person
from portal.review.actions.terms import set_terms
from portal.review.queries.terms import terms_of
from portal.rewards.actions.fulfilling import send_redemption
from portal.rewards.actions.review import give_approval
from portal.wiring import LINE_DECIDERS
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_redemption, make_reward
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.counting import CountQueries


class Desk:
    """Amara with a line that Ada decided, Bola with none, and the admins Ada, Ben and Cleo."""

    def __init__(self, session: Session) -> None:
        self.amara, self.bola = make_person(session, name="Amara Okafor").id, make_person(session, name="Bola Ade").id
        self.ada, self.ben, self.cleo = (make_admin(session, name=f"{name} Admin").id for name in ("Ada", "Ben", "Cleo"))
        given: dict[str, Any] = {"person_id": self.amara, "points": 100, "counts_as_earned": True, "category": "event", "reason": "Two talks"}
        self.line = adjust_points(session, as_admin(self.ada), **given, key="line", now=utcnow()).transfer_id or 0

    def dispute(self, session: Session, words: str = "There were three talks.", line: int | None = None) -> Dispute:
        return dispute_line(session, acting(self.amara), transfer_id=line or self.line, words=words, now=utcnow())

    def right(self, session: Session, made: Dispute | int, points: int = 50, admin: int | None = None) -> Dispute:
        number = made if isinstance(made, int) else made.id
        given: dict[str, Any] = {"points": points, "category": "error", "reason": "Three it was"}
        return put_right(session, as_admin(admin or self.ben), dispute_id=number, **given, now=utcnow())

    def stand(self, session: Session, made: Dispute | int, reason: str = "Two are on the list", admin: int | None = None) -> Dispute:
        number = made if isinstance(made, int) else made.id
        return let_stand(session, as_admin(admin or self.ben), dispute_id=number, reason=reason, now=utcnow())


@pytest.fixture
def desk(database: Database) -> Desk:
    return database.write(Desk)


def told(session: Session, person_id: int) -> list[str]:
    return list(session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


@pytest.mark.parametrize(
    ("role", "number", "refusal"),
    [(ADMIN, 2, None), (ADMIN, 1, OwnDispute), (ADMIN, 3, DecidedTheLine), (ADMIN, 4, DecidedTheLine), (ADVOCATE, 2, NotAllowed)],
)
def test_neither_the_member_nor_who_decided_the_line_answers(role: str, number: int, refusal: type[Refusal] | None) -> None:
    actor = Actor(id=number, roles=frozenset({role}))
    if refusal is None:
        return require_answerer(actor, person_id=1, deciders={3, 4})
    with pytest.raises(refusal):
        require_answerer(actor, person_id=1, deciders={3, 4})
    return None


def test_only_ones_own_lines_are_disputed_with_words_and_one_at_a_time(session: Session) -> None:
    desk = Desk(session)
    with pytest.raises(NotFound):
        dispute_line(session, acting(desk.bola), transfer_id=desk.line, words="Not mine", now=utcnow())
    with pytest.raises(NotFound):
        desk.dispute(session, line=desk.line + 1_000)
    with pytest.raises(DisputeWordsMissing):
        desk.dispute(session, words=" ")
    made = desk.dispute(session)
    with pytest.raises(AlreadyDisputed):
        desk.dispute(session)
    assert (told(session, desk.ben), told(session, desk.ada)) == (["dispute_waiting"], []), "who decided the line is not asked"
    with pytest.raises(NotFound):
        withdraw_dispute(session, acting(desk.bola), dispute_id=made.id, now=utcnow())
    assert withdraw_dispute(session, acting(desk.amara), dispute_id=made.id, now=utcnow()).state == DisputeState.WITHDRAWN
    with pytest.raises(DisputeSettled):
        withdraw_dispute(session, acting(desk.amara), dispute_id=made.id, now=utcnow())
    assert desk.dispute(session).state == DisputeState.WAITING, "what was taken back can be disputed again"


def test_a_line_is_put_right_by_a_correction_that_counts_as_the_line_did(session: Session) -> None:
    desk = Desk(session)
    made = desk.dispute(session)
    with pytest.raises(RightingPointsMissing):
        desk.right(session, made, points=0)
    with pytest.raises(DecidedTheLine):
        desk.right(session, made, admin=desk.ada)
    done = desk.right(session, made)
    balance = balance_of(session, desk.amara)
    assert (done.state, balance.available, balance.lifetime) == (DisputeState.RIGHTED, 150, 150)
    assert session.get_one(Adjustment, done.adjustment_id).transfer_id is not None
    assert told(session, desk.amara) == ["points_adjusted", "dispute_righted"], "of the line, and one notice of what put it right"
    with pytest.raises(DisputeSettled):
        desk.stand(session, made)


def test_a_line_stands_with_a_reason_and_can_be_disputed_again(session: Session) -> None:
    desk = Desk(session)
    made = desk.dispute(session)
    with pytest.raises(AnswerMissing):
        desk.stand(session, made, reason=" ")
    assert desk.stand(session, made).state == DisputeState.STANDS
    assert (balance_of(session, desk.amara).available, told(session, desk.amara)[-1]) == (100, "dispute_stands")
    assert desk.dispute(session).id != made.id


def test_a_large_correction_keeps_the_dispute_open_until_a_second_admin_decides(session: Session) -> None:
    desk = Desk(session)
    made = desk.right(session, desk.dispute(session), points=30_000)
    assert (made.state, session.execute(waiting_disputes()).all()) == (DisputeState.CORRECTING, []), "the correction waits in its place"
    assert "dispute_righted" not in told(session, desk.amara)
    with pytest.raises(DisputeSettled):
        withdraw_dispute(session, acting(desk.amara), dispute_id=made.id, now=utcnow())
    assert made.adjustment_id is not None
    decline_adjustment(session, as_admin(desk.cleo), adjustment_id=made.adjustment_id, reason="Far too many", now=utcnow())
    assert (made.state, made.adjustment_id, made.answer) == (DisputeState.WAITING, None, "")
    again = desk.right(session, made, points=30_000)
    assert again.adjustment_id is not None
    approve_adjustment(session, as_admin(desk.cleo), adjustment_id=again.adjustment_id, now=utcnow())
    assert (again.state, balance_of(session, desk.amara).available) == (DisputeState.RIGHTED, 30_100)
    said = [kind for kind in told(session, desk.amara) if kind != "level_reached"]
    assert said == ["points_adjusted", "dispute_righted"], "of the line, and one notice of what put it right"


def test_the_database_itself_refuses_the_decider_as_the_one_who_answers(session: Session) -> None:
    desk = Desk(session)
    made = desk.dispute(session)
    made.state, made.settled_at, made.answered_by_id = DisputeState.STANDS, utcnow(), desk.ada
    with pytest.raises(IntegrityError, match="another_answers"):
        session.flush()
    session.rollback()


def _disputing(desk: Desk) -> Callable[[Session], object]:
    return desk.dispute


def test_a_double_click_disputes_once(database: Database, desk: Desk) -> None:
    assert all_at_once(database, [_disputing(desk)] * 4) == {"done": 1, "AlreadyDisputed": 3}


def test_two_admins_who_answer_at_once_give_one_answer(database: Database, desk: Desk) -> None:
    number = database.write(lambda session: desk.dispute(session).id)
    works: list[Callable[[Session], object]] = [
        lambda session: desk.right(session, number, admin=desk.ben),
        lambda session: desk.right(session, number, admin=desk.cleo),
        lambda session: desk.stand(session, number, admin=desk.cleo),
    ]
    assert all_at_once(database, works) == {"done": 1, "DisputeSettled": 2}
    with database.reading() as session:
        booked = session.scalar(select(func.count()).select_from(Adjustment))
        assert (balance_of(session, desk.amara).available, booked) in {(150, 2), (100, 1)}


def test_the_pages_dispute_answer_and_show_the_answer_at_the_line(database: Database, desk: Desk, sign_in: SignIn) -> None:
    amara, ada, ben = sign_in(desk.amara), sign_in(desk.ada), sign_in(desk.ben)
    assert f"dispute={desk.line}#dispute" in amara.get("/statement").text
    assert "Dispute this line" in amara.get(f"/statement?dispute={desk.line}").text
    assert "Dispute this line" not in sign_in(desk.bola).get(f"/statement?dispute={desk.line}").text
    empty = amara.post("/statement", data={"line": desk.line, "words": ""})
    assert (empty.status_code, "Please say in a sentence" in empty.text) == (422, True)
    assert amara.post("/statement", data={"line": desk.line, "words": "There were three talks."}).status_code == 303
    page = amara.get("/statement").text
    assert "Waits for an answer." in page
    assert "There were three talks." in page
    with database.reading() as session:
        number = session.scalars(select(Dispute.id)).one()
    assert "You decided what is disputed" in ada.get(f"/admin/approvals?item=dispute-{number}").text
    address = f"/admin/approvals/dispute/{number}/right"
    assert ada.post(address, data={"points": 50, "category": "error", "reason": "Three"}).status_code == 403
    shown = ben.get(f"/admin/approvals?item=dispute-{number}").text
    assert all(part in shown for part in ("There were three talks.", "Two talks", "Ada Admin", "Put it right", "Let it stand"))
    told = ben.post(address, data={"points": 50, "category": "error", "reason": "Three it was"}, follow_redirects=True).text
    assert "The correction is booked, and the member has been told." in told
    answered = amara.get("/statement").text
    assert "Put right with 50 points:" in answered
    assert "Three it was" in answered
    assert "Take it back" not in answered


def test_who_puts_right_by_many_points_reads_that_a_second_admin_decides(database: Database, desk: Desk, sign_in: SignIn) -> None:
    number = database.write(lambda session: desk.dispute(session).id)
    given = {"points": 30_000, "category": "error", "reason": "Three it was"}
    told = sign_in(desk.ben).post(f"/admin/approvals/dispute/{number}/right", data=given, follow_redirects=True).text
    assert "So large a correction waits for a second admin" in told
    assert "has been told" not in told


def test_a_dispute_is_taken_back_on_the_page(database: Database, desk: Desk, sign_in: SignIn) -> None:
    number, amara = database.write(lambda session: desk.dispute(session).id), sign_in(desk.amara)
    assert "Take it back" in amara.get("/statement").text
    assert amara.post("/statement/withdraw", data={"dispute": number}).status_code == 303
    assert "Waits for an answer." not in amara.get("/statement").text


def test_disputes_on_every_line_cost_the_statement_no_query_more(
    database: Database, desk: Desk, sign_in: SignIn, count_queries: CountQueries
) -> None:
    def asked() -> list[str]:
        with count_queries() as counted:
            assert amara.get("/statement").status_code == 200
        return [re.sub(r"IN \(.*?\)(?= AND| ORDER|$)", "IN ()", statement) for statement in counted.statements]

    def more(session: Session, lines: int) -> None:
        made = [give_points(session, desk.amara, 1) for _ in range(lines)]
        for line in made:
            desk.dispute(session, line=line.id)

    amara = sign_in(desk.amara)
    database.write(lambda session: more(session, 1))
    asked()
    before = asked()
    database.write(lambda session: more(session, 20))
    asked()
    assert [one for one in asked() if one not in before] == []
    assert len(asked()) == len(before)


def test_what_a_member_says_stays_in_the_dispute_alone(session: Session) -> None:
    desk = Desk(session)
    desk.dispute(session, words="I was in hospital that week.")
    kept = [*session.scalars(select(AuditEvent.data)), *session.scalars(select(Notice.data))]
    assert not [data for data in kept if "hospital" in str(data)]
    assert session.scalars(select(AuditEvent.name).where(AuditEvent.name == "dispute.made")).all() == ["dispute.made"]


def test_neither_of_two_who_approved_a_redemption_answers_for_its_line(session: Session) -> None:
    desk = Desk(session)
    session.info.update(line_deciders=LINE_DECIDERS)
    give_points(session, desk.amara, 500)
    set_terms(session, as_admin(desk.ada), terms=replace(terms_of(session), four_eyes_above=100), now=utcnow())
    made = make_redemption(session, desk.amara, make_reward(session, price=300).id)
    for admin in (desk.ada, desk.ben):
        give_approval(session, as_admin(admin), redemption_id=made.id, now=utcnow())
    sent = send_redemption(session, as_admin(desk.ben), redemption_id=made.id, now=utcnow())
    disputed = desk.dispute(session, line=sent.hold_id)
    for admin in (desk.ada, desk.ben):
        with pytest.raises(DecidedTheLine), session.begin_nested():
            desk.stand(session, disputed, admin=admin)
    assert desk.stand(session, disputed, admin=desk.cleo).state == DisputeState.STANDS


def test_a_line_that_no_database_can_number_is_not_found(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(lambda session: make_person(session).id))
    for line in ("99999999999999999999", "-1", "0", "x"):
        assert client.post("/statement", data={"line": line, "words": "x"}).status_code == 404
        assert client.get(f"/statement?dispute={line}").status_code == 200


def test_who_disputes_takes_back_and_disputes_again_tells_the_admins_once_a_day(session: Session) -> None:
    desk = Desk(session)

    def count() -> int:
        return session.scalar(select(func.count()).select_from(Notice).where(Notice.kind == "dispute_waiting")) or 0

    made = desk.dispute(session)
    once = count()
    assert once > 0
    for _round in range(5):
        withdraw_dispute(session, acting(desk.amara), dispute_id=made.id, now=utcnow())
        made = desk.dispute(session)
    assert count() == once
    let_stand(session, as_admin(desk.ben), dispute_id=made.id, reason="As it is.", now=utcnow())
    made = desk.dispute(session)
    assert count() == 2 * once, "what is disputed after an answer is another matter"
    session.execute(update(Dispute).where(Dispute.told_at.is_not(None)).values(told_at=utcnow() - timedelta(days=3)))
    withdraw_dispute(session, acting(desk.amara), dispute_id=made.id, now=utcnow() - timedelta(hours=1))
    desk.dispute(session, "It was another talk.")
    assert count() == 3 * once, "told three days ago, taken back just now: that is more than a day"


def test_where_everybody_decided_the_line_they_are_told_all_the_same(session: Session) -> None:
    desk = Desk(session)
    others = update(Person).where(Person.id.in_((desk.ben, desk.cleo)))
    session.execute(others.values(is_admin=False, is_employee=True))
    desk.dispute(session)
    assert told(session, desk.ada) == ["dispute_waiting"]

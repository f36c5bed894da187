"""What may be put right, and who hears of it: a wrong outcome of a deal, a proposal that was taken back, an ask that ended by another hand."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.acts.actions.answering import withdraw_ask
from portal.acts.models.acts import Act
from portal.acts.models.asks import AskOutcome
from portal.acts.queries.asks import stands
from portal.kernel import migrate
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of, balances_of
from portal.ledger.rules import STAFF
from portal.references.actions.crediting import credit_completion, take_completion_back
from portal.references.models.nominating import Nomination
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.begin import take_up
from portal.requests.actions.ending import close_deal
from portal.requests.actions.following import follow
from portal.requests.actions.moving import SOURCE
from portal.requests.actions.outcomes import put_right, rule_on, say_as_customer, say_as_requester
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose, take_back
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.rules.outcome import Verdict
from portal.requests.rules.refusals import ClosedLater, DecidedBefore, ProposedBefore, RequestMoved, RulingReason
from portal.requests.rules.roles import may_come_again
from portal.requests.rules.states import CandidateState, DealOutcome
from tests.factories.people import make_employee
from tests.factories.references import make_nomination
from tests.factories.requests import CANARY, Cast
from tests.requests.test_path import ORIGIN, cast, mails, state, steps, to_booked, to_yes

__all__ = ["cast"]


def test_a_wrong_outcome_is_put_right_and_who_heard_it_hears_that_it_was_not_so(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    over = meeting.starts_at + timedelta(hours=3)
    rule_on(session, cast.admin, request_id=request.id, candidate_id=candidate.id, came=True, reason="Both were asked.", now=over)

    def close(outcome: DealOutcome, day: date, minutes: int = 0, **told: bool) -> None:
        close_deal(session, cast.greta, request_id=request.id, outcome=outcome, closed_on=day, now=over + timedelta(minutes=minutes), **told)

    close(DealOutcome.WON, cast.at.date())
    with pytest.raises(ClosedLater):
        close(DealOutcome.LOST, over.date() + timedelta(days=2), corrects=True)
    close(DealOutcome.WON, over.date(), 1, corrects=True)
    for _ in range(2):
        close(DealOutcome.LOST, over.date(), 2, corrects=True)
    kept = session.get_one(ReferenceRequest, request.id)
    assert (kept.deal_outcome, kept.deal_closed_on, kept.state) == ("lost", over.date(), "completed")
    told = [payload["data"] for kind, _, payload in mails(session) if kind == "request_result"]
    assert [(one["is_won"], one["is_again"]) for one in told] == [(True, False), (False, True)], "another day alone is no news"


def test_a_deal_that_was_lost_after_all_ends_what_goes_on_and_one_that_was_won_after_all_begins_nothing(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    to_yes(session, cast, request.id)
    facts = {"request_id": request.id, "closed_on": cast.at.date(), "now": cast.at}
    close_deal(session, cast.greta, outcome=DealOutcome.WON, **facts)
    assert state(session, request.id) == "accepted"
    close_deal(session, cast.greta, outcome=DealOutcome.LOST, corrects=True, **facts)
    close_deal(session, cast.greta, outcome=DealOutcome.WON, corrects=True, **facts)
    assert (state(session, request.id), session.get_one(ReferenceRequest, request.id).deal_outcome) == ("withdrawn", "won")
    assert "request_result" not in [kind for kind, _, _ in mails(session)], "nobody has helped"


def to_dispute(session: Session, cast: Cast, request_id: int) -> tuple[RequestCandidate, datetime]:
    """Let Ada say that it took place, and Greta that it did not."""
    candidate, meeting = to_booked(session, cast, request_id)
    over = meeting.starts_at + timedelta(hours=3)
    say_as_customer(session, ORIGIN, candidate=candidate, came=True, minutes=40, note="A good hour.", now=over)
    said = say_as_requester(session, cast.greta, request_id=request_id, candidate_id=candidate.id, came=False, now=over)
    assert said is Verdict.DISPUTED
    return candidate, over


def test_what_an_admin_decided_is_put_right_and_minutes_act_points_credit_and_what_the_ask_weighs_follow(session: Session, cast: Cast) -> None:
    session.info |= {"credit_completion": credit_completion, "take_completion_back": take_completion_back}
    nominator = make_employee(session)
    answered = {"answered_at": cast.at, "decided_at": cast.at}
    nomination = make_nomination(session, nominator, name="Ada", email="ada@before.example")
    session.execute(update(Nomination).where(Nomination.id == nomination.id).values(person_id=cast.ada_id, state="accepted", **answered))
    request = cast.request(session)
    candidate, over = to_dispute(session, cast, request.id)
    which = {"request_id": request.id, "candidate_id": candidate.id}
    with pytest.raises(RequestMoved):
        put_right(session, cast.admin, **which, came=True, reason="Too early.", now=over)
    rule_on(session, cast.admin, **which, came=False, reason="Nobody joined.", now=over)
    ended = session.get_one(ReferenceRequest, request.id).ended_at

    def found_now() -> tuple[object, ...]:
        session.expire_all()
        kept, row = session.get_one(ReferenceRequest, request.id), session.get_one(RequestCandidate, candidate.id)
        acts = [act.points for act in session.scalars(select(Act).where(Act.reversed_at.is_(None)))]
        last = session.scalars(select(AskOutcome).where(AskOutcome.ask_id == row.ask_id).order_by(AskOutcome.id.desc())).first()
        credit = balance_of(session, nominator.id, unit=STAFF).net if balances_of(session, [nominator.id], unit=STAFF) else 0
        assert (kept.ended_at, row.ended_at) == (ended, ended), "it ended when it did"
        assert last is not None
        return kept.state, row.minutes, balance_of(session, cast.ada_id).net, acts, (last.came, last.minutes), credit

    missed, done = ("missed", None, 0, [], ("missed", None), 0), ("completed", 40, 400, [400], ("completed", 40), 50)
    assert found_now() == missed
    for actor, reason, refused in ((cast.admin, " ", RulingReason), (cast.greta, "It was.", NotAllowed)):
        with pytest.raises(refused):
            put_right(session, actor, **which, came=True, reason=reason, now=over)
    for number, (came, found) in enumerate([(True, done), (False, missed), (True, done), (False, missed)], 1):
        for _ in range(2):
            put_right(session, cast.admin, **which, came=came, reason=f"Reason {number}.", now=over + timedelta(hours=number))
        assert found_now() == found, number
        with pytest.raises(DecidedBefore):
            put_right(session, cast.admin, **which, came=came, reason="Words of another tab.", now=over + timedelta(hours=number))
    with pytest.raises(DecidedBefore):
        rule_on(session, cast.admin, **which, came=True, reason="Words of another tab.", now=over + timedelta(hours=9))
    assert found_now() == missed
    told = [payload for kind, to, payload in mails(session) if kind == "request_decided" and to == "ada@works.example"]
    assert [(one["data"]["came"], one["data"]["why"], one["data"]["points"], one["data"]["back"]) for one in told] == [
        (False, "Nobody joined.", 0, 0), (True, "Reason 1.", 400, 0), (False, "Reason 2.", 0, 400), (True, "Reason 3.", 400, 0),
        (False, "Reason 4.", 0, 400),
    ], "what is put right twice the same way is told once"  # fmt: skip
    assert {(one["data"]["righter"], one["answers_to"]["email"]) for one in told} == {("Imani", cast.admin_row.email)}
    for person in (cast.greta_row, cast.owner_row):
        assert steps(session, person.id)[-5:] == ["missed", *["completed_after_all", "missed_after_all"] * 2]
    assert CANARY not in str(told)


@pytest.mark.parametrize(
    ("was", "asked", "answered", "may"),
    [
        (CandidateState.WITHDRAWN, False, False, True),
        (CandidateState.WITHDRAWN, True, False, True),
        (CandidateState.WITHDRAWN, True, True, False),
        (CandidateState.NO_ANSWER, False, False, True),
        (CandidateState.NO_ANSWER, True, False, False),
        (CandidateState.DECLINED, True, True, False),
        (CandidateState.OWNER_DECLINED, False, False, False),
        (CandidateState.COMPLETED, True, True, False),
    ],
)
def test_who_said_nothing_may_come_again(was: CandidateState, asked: bool, answered: bool, may: bool) -> None:
    assert may_come_again(was, was_asked=asked, has_answered=answered) is may


def test_who_was_taken_back_before_they_answered_is_asked_anew_and_hears_it_each_time(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    for round_ in range(2):
        now = cast.at + timedelta(days=round_)
        candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=now)
        assert (candidate.asked_at, candidate.customer_reminded_at) == (None, None)
        agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, asks_now=False, now=now)
        ask_customer(session, cast.greta, request_id=request.id, candidate_id=candidate.id, now=now)
        take_back(session, cast.greta, request_id=request.id, candidate_id=candidate.id, now=now)
    kinds = [kind for kind, to, _ in mails(session) if to == "ada@works.example"]
    assert kinds == ["request_asked", "request_not_needed"] * 2
    cast.at = last = cast.at + timedelta(days=2)
    again = to_yes(session, cast, request.id)
    take_back(session, cast.greta, request_id=request.id, candidate_id=again.id, now=last)
    with pytest.raises(ProposedBefore):
        propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=last)


def test_whose_ask_ended_by_another_hand_hears_that_they_are_not_needed(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, now=cast.at)
    withdraw_ask(session, system("test"), ask_id=int(candidate.ask_id or 0), source=(SOURCE, request.id), now=cast.at)
    assert follow(session, request_id=request.id, now=cast.at) == "taken_back"
    assert (state(session, request.id), session.get_one(RequestCandidate, candidate.id).state) == ("matching", "withdrawn")
    assert [kind for kind, to, _ in mails(session) if to == "ada@works.example"] == ["request_asked", "request_not_needed"]


def test_a_request_that_goes_on_without_an_admin_is_taken_up_and_each_reads_who_is_not_asked(session: Session) -> None:
    cast = Cast(session)
    cast.company.owner_id = cast.greta_row.id
    request = cast.request(session)
    first = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    take_back(session, cast.greta, request_id=request.id, candidate_id=first.id, now=cast.at)
    assert state(session, request.id) == "matching"
    take_up(session, cast.admin, request_id=request.id, now=cast.at)
    propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at + timedelta(hours=1))
    assert steps(session, cast.admin_row.id)[-1] == "passed_requester"
    assert "passed_self" not in steps(session, cast.admin_row.id)


@pytest.mark.breaks_the_books(reason="the record is taken back to what the release before knows")
def test_what_was_put_right_stands_as_it_did_last_where_the_release_before_is_gone_back_to(database: Database) -> None:
    cast = database.write(Cast)

    def scene(session: Session) -> None:
        candidate, over = to_dispute(session, cast, cast.request(session).id)
        which = {"request_id": candidate.request_id, "candidate_id": candidate.id}
        rule_on(session, cast.admin, **which, came=False, reason="Nobody joined.", now=over)
        put_right(session, cast.admin, **which, came=True, reason="They did.", now=over + timedelta(hours=1))
        standing = select(AskOutcome.came).where(AskOutcome.came != "accepted", stands())
        assert session.scalars(standing).all() == ["completed"], "figures count what stands"

    def came() -> list[str]:
        with database.reading() as session:
            return [row[0] for row in session.execute(text("SELECT came FROM ask_outcome ORDER BY id"))]

    database.write(scene)
    assert came() == ["accepted", "missed", "completed"]
    migrate.downgrade(database, "0071")
    assert came() == ["accepted", "completed"]
    migrate.upgrade(database)
    assert came() == ["accepted", "completed"]

"""What may be put right, and who hears of it: a wrong outcome of a deal, a proposal that was taken back, an ask that ended by another hand."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from portal.acts.actions.answering import withdraw_ask
from portal.kernel.actor import system
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.begin import take_up
from portal.requests.actions.ending import close_deal
from portal.requests.actions.following import follow
from portal.requests.actions.moving import SOURCE
from portal.requests.actions.outcomes import rule_on
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose, take_back
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.rules.refusals import ClosedLater, ProposedBefore
from portal.requests.rules.roles import may_come_again
from portal.requests.rules.states import CandidateState, DealOutcome
from tests.factories.requests import Cast
from tests.requests.test_path import cast, mails, state, steps, to_booked, to_yes

__all__ = ["cast"]


def test_a_wrong_outcome_is_put_right_and_who_heard_it_hears_that_it_was_not_so(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    over = meeting.starts_at + timedelta(hours=3)
    rule_on(session, cast.admin, request_id=request.id, candidate_id=candidate.id, came=True, now=over)

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

"""What no request may do: propose who did not agree, write to who is held, end around a meeting that took place, settle one that did not."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import set_block
from portal.acts.models.asks import OpenAsk
from portal.acts.rules.refusals import NotToBeAsked
from portal.acts.rules.terms import BlockKind
from portal.finding.rules.misfits import NoConsent, OwnGroup
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.people.actions.states import deactivate_person
from portal.people.rules.link import LinkSpent
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Status
from portal.requests.actions.answering import decline
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.booking import pick_as_prospect, set_prospect
from portal.requests.actions.ending import cancel, close_deal
from portal.requests.actions.following import follow
from portal.requests.actions.hearing import person_left
from portal.requests.actions.outcomes import say_as_customer, say_as_requester
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose, take_back
from portal.requests.models import RequestCandidate, RequestOutcome, RequestSlot
from portal.requests.queries.links import candidate_behind
from portal.requests.rules.answering import CustomerNo
from portal.requests.rules.links import LinkKind
from portal.requests.rules.refusals import HeldAlready, NoReference, ProposedBefore, TooEarly
from portal.requests.rules.states import DealOutcome
from tests.factories.requests import Cast, behind, token_in
from tests.requests.test_path import ORIGIN, cast, mails, state, to_booked, to_yes
from tests.support.application import SignIn

__all__ = ["cast"]


def test_who_did_not_agree_to_it_or_is_of_the_prospects_own_group_is_not_proposed(session: Session, cast: Cast) -> None:
    talk = cast.request(session, activity=Activity.SPEAKING)
    with pytest.raises(NoConsent):
        propose(session, cast.greta, request_id=talk.id, person_id=cast.ada_id, now=cast.at)
    own = cast.request(session, prospect="WORKS")
    with pytest.raises(OwnGroup):
        propose(session, cast.admin, request_id=own.id, person_id=cast.ada_id, now=cast.at)
    assert (state(session, talk.id), state(session, own.id)) == ("open", "open")


def test_why_somebody_fits_is_kept_as_the_requester_may_know_it(session: Session) -> None:
    cast = Cast(session, tier=2)
    session.get_one(ReferenceProfile, cast.ada_id).story = "Quiet moves"
    request = cast.request(session, worry="Works Ada", is_self_serve=False)
    candidate = propose(session, cast.admin, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    assert candidate.reasons, "slots and use are told of everybody"
    assert not any(name in str(candidate.reasons).lower() for name in ("works", "ada"))


def test_a_hold_after_the_proposal_keeps_us_from_writing_to_the_customer(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, asks_now=False, now=cast.at)
    profile = session.get_one(ReferenceProfile, cast.ada_id)
    profile.status = Status.LEGAL_HOLD
    session.flush()
    with pytest.raises(NoReference):
        ask_customer(session, cast.greta, request_id=request.id, candidate_id=candidate.id, now=cast.at)
    profile.status = Status.ACTIVE
    set_block(session, cast.admin, kind=BlockKind.LEGAL, reason="A case.", person_id=cast.ada_id, now=cast.at)
    with pytest.raises(NotToBeAsked):  # Which block stands is not for her: see acts.rules.seeing.
        ask_customer(session, cast.greta, request_id=request.id, candidate_id=candidate.id, now=cast.at)
    assert "request_asked" not in [kind for kind, _, _ in mails(session)]


def test_who_has_given_their_time_is_paid_whatever_became_of_the_deal(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    begun, over = meeting.starts_at, meeting.starts_at + timedelta(hours=1)
    for end in (
        lambda: cancel(session, cast.greta, request_id=request.id, now=begun),
        lambda: take_back(session, cast.greta, request_id=request.id, candidate_id=candidate.id, now=begun),
        lambda: decline(session, ORIGIN, candidate=candidate, code=CustomerNo.COLLEAGUE, now=begun),
    ):
        with pytest.raises(HeldAlready), session.begin_nested():
            end()
        session.expire_all()
    close_deal(session, cast.greta, request_id=request.id, outcome=DealOutcome.LOST, closed_on=over.date(), now=over)
    person_left(session, cast.admin, cast.ada_id, over, frozenset())
    assert (state(session, request.id), "request_not_needed" in [kind for kind, _, _ in mails(session)]) == ("scheduled", False)
    say_as_customer(session, ORIGIN, candidate=candidate, came=True, minutes=30, now=over)
    say_as_requester(session, cast.greta, request_id=request.id, candidate_id=candidate.id, came=True, grade=4, now=over)
    assert (state(session, request.id), balance_of(session, cast.ada_id).net) == ("completed", 400)
    told = [payload["data"]["is_won"] for kind, _, payload in mails(session) if kind == "request_result"]
    assert told == [False], "who helped hears of a deal that was closed before"


def test_nobody_says_how_a_meeting_went_that_was_never_booked_and_what_was_said_of_another_time_goes(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = to_yes(session, cast, request.id)
    with pytest.raises(TooEarly):
        say_as_customer(session, ORIGIN, candidate=candidate, came=True, now=cast.at)
    first, second, _ = session.scalars(select(RequestSlot).where(RequestSlot.candidate_id == candidate.id).order_by(RequestSlot.starts_at)).all()
    found = behind(session, LinkKind.PROSPECT, "request_times", cast.at)
    pick_as_prospect(session, ORIGIN, candidate=found, slot_id=first.id, now=cast.at)
    over = first.starts_at + timedelta(hours=1)
    say_as_customer(session, ORIGIN, candidate=candidate, came=False, now=over)
    pick_as_prospect(session, ORIGIN, candidate=found, slot_id=second.id, seen=first.starts_at, now=over)
    assert session.scalars(select(RequestOutcome)).all() == []


def test_the_link_that_went_to_a_wrong_address_is_dead(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    to_yes(session, cast, request.id)
    slipped = token_in(session, "request_times")
    set_prospect(session, cast.greta, request_id=request.id, contact="Paul", email="right@prospect.example", now=cast.at)
    with pytest.raises(LinkSpent):
        candidate_behind(session, slipped, LinkKind.PROSPECT, cast.at)
    assert candidate_behind(session, token_in(session, "request_times"), LinkKind.PROSPECT, cast.at).request_id == request.id


def test_a_draft_is_nobodys_but_its_writers_and_stays_so_once_cancelled(database: Database, sign_in: SignIn) -> None:
    made = database.write(Cast)
    draft = database.write(lambda session: made.request(session, is_sent=False, prospect="Hidden & Co").id)
    sent = database.write(lambda session: made.request(session, prospect="Open & Co").id)
    imani, greta = sign_in(made.admin_row), sign_in(made.greta_row)
    for path, data in (("cancel", {}), ("deal", {"outcome": "won", "closed_on": "2026-01-05"})):
        assert imani.post(f"/requests/{draft}/{path}", data=data).status_code == 404
    database.write(lambda session: cancel(session, made.greta, request_id=draft, now=made.at))
    for page in ("/requests?tab=all", "/requests?tab=all&format=csv"):
        text = imani.get(page).text
        assert ("Open &" in text, "Hidden &" in text) == (True, False), (page, sent)
    assert "Hidden &" in greta.get("/requests?format=csv").text


def test_who_was_never_written_to_is_not_called_silent_and_may_be_proposed_anew(session: Session, cast: Cast) -> None:
    request, later = cast.request(session), cast.at + timedelta(days=16)

    def proposed(now: datetime) -> RequestCandidate:
        return propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=now)

    first = proposed(cast.at)
    assert follow(session, request_id=request.id, now=later) == "owner_no_answer"
    assert (first.state, state(session, request.id)) == ("withdrawn", "matching")
    again = proposed(later)
    assert (again.id, again.state, again.owner_reminded_at) == (first.id, "proposed", None)
    agree(session, cast.owner, request_id=request.id, candidate_id=again.id, asks_now=False, now=later)
    assert follow(session, request_id=request.id, now=later + timedelta(days=16)) == "not_asked"
    assert again.state == "withdrawn"
    take_back(session, cast.greta, request_id=request.id, candidate_id=proposed(later).id, now=later)
    proposed(later)
    agree(session, cast.owner, request_id=request.id, candidate_id=again.id, now=later)
    found = candidate_behind(session, token_in(session, "request_asked"), LinkKind.CUSTOMER, later)
    decline(session, ORIGIN, candidate=found, code=CustomerNo.NO_TIME, now=later)
    with pytest.raises(ProposedBefore):
        proposed(later)
    assert session.scalar(select(func.count()).select_from(OpenAsk)) == 0, "every slot of hers is free again"


def test_an_owner_who_left_is_not_asked(session: Session, cast: Cast) -> None:
    deactivate_person(session, cast.admin, person_id=cast.owner_row.id, reason="Left.", now=cast.at)
    made = propose(session, cast.greta, request_id=cast.request(session).id, person_id=cast.ada_id, now=cast.at)
    assert (made.owner_id, made.state) == (None, "owner_agreed")

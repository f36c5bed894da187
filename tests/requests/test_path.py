"""A request from the need to the points: who is asked when, what each reads, what is left behind where somebody says no."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.accounts.models import ContactGrant
from portal.acts.actions.blocking import set_block
from portal.acts.models.acts import Act
from portal.acts.models.asks import Ask, AskOutcome, OpenAsk
from portal.acts.queries.settings import defaults_of
from portal.acts.rules.refusals import HeldBack, NotToBeAsked, OpenEscalation, PersonCapReached
from portal.acts.rules.terms import BlockKind
from portal.kernel.clock import local_date, utcnow
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.people.rules.link import LinkSpent
from portal.profiles.rules.activity import Activity
from portal.requests.actions.answering import accept, decline
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.booking import pick_as_prospect, pick_slot
from portal.requests.actions.ending import cancel, close_deal, close_deals, decline_request, expire
from portal.requests.actions.following import ask_both, follow, settle_silence
from portal.requests.actions.outcomes import rule_on, say_as_customer, say_as_requester
from portal.requests.actions.outside import write_outside
from portal.requests.actions.owning import agree, agree_by_link, refuse, refuse_by_link
from portal.requests.actions.proposing import propose, take_back
from portal.requests.actions.reopening import say_none_suits
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestSlot
from portal.requests.queries.invariants import INVARIANTS
from portal.requests.rules.answering import CustomerNo, OwnerNo
from portal.requests.rules.links import LinkKind
from portal.requests.rules.outcome import Verdict
from portal.requests.rules.refusals import (
    AnsweredBefore,
    DealClosed,
    GradeNeeded,
    NoSlots,
    NotNeeded,
    OneAtATime,
    ProposedBefore,
    RequestMoved,
    RequestUnknown,
    RulingReason,
    SaidBefore,
    SlotGone,
    ThroughAdmin,
    TooEarly,
)
from portal.requests.rules.states import DealOutcome
from tests.factories.people import make_employee, make_person
from tests.factories.references import acting
from tests.factories.requests import CANARY, Cast, behind, make_askable, make_request

ZONE = "Europe/Berlin"
ORIGIN = "127.0.0.1"


@pytest.fixture
def cast(session: Session) -> Cast:
    return Cast(session)


def walls(at: datetime, *days: int) -> list[datetime]:
    return [(at + timedelta(days=day)).replace(tzinfo=None, hour=10, minute=0, second=0, microsecond=0) for day in days]


def state(session: Session, request_id: int) -> str:
    session.expire_all()
    return session.get_one(ReferenceRequest, request_id).state


def mails(session: Session) -> list[tuple[str, str, Any]]:
    found = session.scalars(select(OutboxJob).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id))
    return [(job.payload["kind"], job.payload["to"]["email"], job.payload) for job in found if "kind" in job.payload]


def steps(session: Session, person_id: int) -> list[str]:
    notices = session.scalars(select(Notice).where(Notice.person_id == person_id).order_by(Notice.id))
    return [notice.data.get("step", notice.kind) for notice in notices]


def to_yes(session: Session, cast: Cast, request_id: int) -> RequestCandidate:
    """Propose Ada, let Olaf agree by link and Ada say yes by hers."""
    propose(session, cast.greta, request_id=request_id, person_id=cast.ada_id, now=cast.at)
    agree_by_link(session, ORIGIN, candidate=behind(session, LinkKind.OWNER, "request_agree", cast.at), now=cast.at)
    candidate = behind(session, LinkKind.CUSTOMER, "request_asked", cast.at)
    accept(session, ORIGIN, candidate=candidate, walls=walls(cast.at, 3, 4, 5), minutes=30, zone=ZONE, now=cast.at)
    return candidate


def to_booked(session: Session, cast: Cast, request_id: int) -> tuple[RequestCandidate, RequestMeeting]:
    candidate = to_yes(session, cast, request_id)
    slot = session.scalars(select(RequestSlot).where(RequestSlot.candidate_id == candidate.id).order_by(RequestSlot.starts_at)).first()
    assert slot is not None
    found = behind(session, LinkKind.PROSPECT, "request_times", cast.at)
    return candidate, pick_as_prospect(session, ORIGIN, candidate=found, slot_id=slot.id, now=cast.at)


def test_a_request_goes_from_the_need_to_points_and_the_advocate_hears_what_their_help_did(session: Session, cast: Cast) -> None:
    request = cast.request(session, told_as="A logistics company", words="They wonder how long it took.")
    candidate, meeting = to_booked(session, cast, request.id)
    assert state(session, request.id) == "scheduled"
    assert candidate.state == "scheduled"
    both = [payload["calendar"] for kind, _, payload in mails(session) if kind == "request_invitation"]
    assert [one["attendees"] for one in both] == [[["Ada", "ada@works.example"], ["Paul Prospect", "paul@prospect.example"]]] * 2
    with pytest.raises(TooEarly):
        say_as_customer(session, ORIGIN, candidate=candidate, came=True, now=cast.at)
    over = meeting.starts_at + timedelta(hours=2, minutes=30)
    assert not ask_both(session, candidate_id=candidate.id, now=over - timedelta(seconds=1))
    assert [ask_both(session, candidate_id=candidate.id, now=over) for _ in range(2)] == [True, False]
    found = behind(session, LinkKind.CUSTOMER, "request_outcome", over)
    told = [payload["data"] for kind, _, payload in mails(session) if kind == "request_outcome"]
    assert [(one["asker"], one["contact"], one["told_as"], one["when"]) for one in told] == [
        ("Greta", "Paul Prospect", "A logistics company", meeting.starts_at.isoformat()),
    ]  # fmt: skip
    own = session.scalars(select(Notice).where(Notice.person_id == cast.greta_row.id).order_by(Notice.id.desc())).first()
    assert own is not None
    assert (own.data["person"], own.data["prospect"], own.data["when"]) == ("Ada, Works", request.prospect, meeting.starts_at.isoformat())
    assert say_as_customer(session, ORIGIN, candidate=found, came=True, minutes=45, note="Went well.", now=over) is Verdict.WAIT
    with pytest.raises(GradeNeeded):
        say_as_requester(session, cast.greta, request_id=request.id, candidate_id=candidate.id, came=True, now=over)
    done = say_as_requester(session, cast.greta, request_id=request.id, candidate_id=candidate.id, came=True, grade=5, now=over)
    assert done is Verdict.COMPLETED
    assert state(session, request.id) == "completed"
    kept = session.get_one(RequestCandidate, candidate.id)
    assert (kept.state, kept.grade, kept.minutes) == ("completed", 5, 45)
    assert balance_of(session, cast.ada_id).net == 400
    act = session.scalars(select(Act)).one()
    assert (act.kind, act.points, act.person_id, act.happened_at) == ("reference", 400, cast.ada_id, meeting.starts_at)
    last = session.scalars(select(AskOutcome).order_by(AskOutcome.id.desc())).first()
    assert (last.came, last.minutes) == ("completed", 45)
    assert session.scalar(select(func.count()).select_from(OpenAsk)) == 0
    assert session.scalars(select(ContactGrant.ended_at)).one() == over
    close_deal(session, cast.greta, request_id=request.id, outcome=DealOutcome.WON, closed_on=over.date(), now=over)
    close_deals(session, cast.admin, deal_ref=str(request.deal_ref), outcome=DealOutcome.WON, closed_on=over.date(), now=over)
    with pytest.raises(DealClosed):
        close_deal(session, cast.greta, request_id=request.id, outcome=DealOutcome.LOST, closed_on=over.date(), now=over)
    told = [payload["data"] for kind, to, payload in mails(session) if kind == "request_result"]
    day = local_date(meeting.starts_at, ZONE).isoformat()
    assert [(one["is_won"], one["whom"], one["day"]) for one in told] == [(True, f"{request.prospect}, Paul Prospect", day)]
    # Greta proposed Ada herself, so nobody tells her that.
    assert steps(session, cast.greta_row.id) == ["asked", "accepted", "booked", "outcome", "completed"]


def test_nothing_of_the_deal_reaches_customer_or_prospect(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    ask_both(session, candidate_id=candidate.id, now=meeting.starts_at + timedelta(hours=3))
    outside = [payload for _, to, payload in mails(session) if to in ("ada@works.example", "paul@prospect.example")]
    assert {payload["kind"] for payload in outside} == {"request_asked", "request_times", "request_invitation", "request_outcome"}
    assert not any(CANARY in str(payload) or "987654" in str(payload["data"]).replace(",", "") for payload in outside)
    to_ada = {payload["kind"]: str(payload["data"]) for _, to, payload in mails(session) if to == "ada@works.example"}
    assert {kind: str(request.prospect) in said for kind, said in to_ada.items()} == {
        "request_asked": False, "request_invitation": True, "request_outcome": True,
    }, "who it is they learn with their yes, and not before"  # fmt: skip
    assert not any(CANARY in str(data) for data in session.scalars(select(Notice.data).where(Notice.person_id == cast.ada_id)))


def test_an_owners_no_frees_the_slot_and_somebody_else_is_looked_for(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    again = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    assert again.id == candidate.id
    other = make_person(session, company_id=cast.company.id)
    make_askable(session, other)
    with pytest.raises(OneAtATime):
        propose(session, cast.greta, request_id=request.id, person_id=other.id, now=cast.at)
    found = behind(session, LinkKind.OWNER, "request_agree", cast.at)
    refuse_by_link(session, ORIGIN, candidate=found, code=OwnerNo.RENEWAL, said="They renew in March.", now=cast.at)
    assert (state(session, request.id), found.state, found.owner_code) == ("matching", "owner_declined", "renewal")
    assert session.scalar(select(func.count()).select_from(OpenAsk)) == 0
    with pytest.raises(LinkSpent):
        behind(session, LinkKind.OWNER, "request_agree", cast.at)
    with pytest.raises(ProposedBefore):
        propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    assert "ada@works.example" not in [to for _, to, _ in mails(session)]
    propose(session, cast.greta, request_id=request.id, person_id=other.id, now=cast.at)
    assert state(session, request.id) == "proposed"


def test_where_nobody_looks_after_the_company_or_the_requester_does_the_step_is_passed(session: Session) -> None:
    cast = Cast(session, has_owner=False)
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    assert state(session, request.id) == "owner_agreed"
    ask_customer(session, cast.greta, request_id=request.id, candidate_id=candidate.id, now=cast.at)
    assert state(session, request.id) == "customer_asked"
    own = make_request(session, cast.owner_row, now=cast.at)
    with pytest.raises(ThroughAdmin):
        propose(session, acting(cast.owner_row), request_id=own.id, person_id=make_person(session).id, now=cast.at)


def test_by_tier_an_admin_proposes_and_the_requester_reads_no_name_before_the_yes(session: Session) -> None:
    cast = Cast(session, tier=2)
    request = cast.request(session, is_self_serve=False)
    assert steps(session, cast.admin_row.id) == ["unassigned"]
    with pytest.raises(ThroughAdmin):
        propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    candidate = propose(session, cast.admin, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    assert session.get_one(ReferenceRequest, request.id).handler_id == cast.admin_row.id
    agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, now=cast.at)
    told = [data["person"] for data in session.scalars(select(Notice.data).where(Notice.person_id == cast.greta_row.id)) if data.get("step")]
    assert told
    assert not any("Ada" in name or "Works" in name for name in told)
    accept(session, ORIGIN, candidate=candidate, walls=walls(cast.at, 3), minutes=60, zone=ZONE, now=cast.at)
    told = [data["person"] for data in session.scalars(select(Notice.data).where(Notice.person_id == cast.greta_row.id).order_by(Notice.id))]
    assert told[-1] == "Ada, Works"


def test_a_customers_no_names_a_colleague_and_calls_off_what_was_booked(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    no: dict[str, Any] = {"code": CustomerNo.COLLEAGUE, "colleague": "Bo Example", "colleague_email": "bo@works.example"}
    decline(session, ORIGIN, candidate=candidate, **no, now=cast.at)
    assert state(session, request.id) == "matching"
    last = [payload["calendar"] for kind, _, payload in mails(session) if kind == "request_invitation"][-1]
    assert (last["is_cancelled"], last["sequence"], last["uid"]) == (True, 1, meeting.uid)
    assert session.scalars(select(ContactGrant.ended_at)).one() == cast.at
    assert steps(session, cast.greta_row.id)[-1] == "cannot"
    with pytest.raises(AnsweredBefore):
        accept(session, ORIGIN, candidate=candidate, walls=walls(cast.at, 3), zone=ZONE, now=cast.at)


def test_a_no_because_of_a_worry_reaches_whoever_looks_after_the_customer(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, _ = to_booked(session, cast, request.id)
    decline(session, ORIGIN, candidate=candidate, code=CustomerNo.NOT_HAPPY, said="Support is slow.", now=cast.at)
    for who, step in ((cast.owner_row, "unhappy"), (cast.greta_row, "cannot")):
        told = session.scalars(select(Notice).where(Notice.person_id == who.id).order_by(Notice.id.desc())).first()
        assert told is not None
        assert (told.data["step"], told.data["reason"], told.data["code"]) == (step, "Support is slow.", "I am not happy enough with you")


def test_times_are_picked_again_with_a_higher_sequence_and_what_is_not_offered_is_refused(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    first, second, _ = session.scalars(select(RequestSlot).where(RequestSlot.candidate_id == candidate.id).order_by(RequestSlot.starts_at)).all()
    assert pick_slot(session, cast.greta, request_id=request.id, slot_id=first.id, now=cast.at).sequence == 0
    moved = pick_slot(session, cast.greta, request_id=request.id, slot_id=second.id, now=cast.at)
    assert (moved.sequence, moved.uid, moved.starts_at) == (1, meeting.uid, second.starts_at)
    with pytest.raises(SlotGone):
        pick_slot(session, cast.greta, request_id=request.id, slot_id=first.id, now=first.starts_at)
    with pytest.raises(RequestUnknown):
        pick_slot(session, acting(make_employee(session)), request_id=request.id, slot_id=first.id, now=cast.at)


def test_silence_reminds_escalates_and_lapses(session: Session, cast: Cast) -> None:
    request = cast.request(session)

    def done(days: int) -> str:
        return follow(session, request_id=request.id, now=cast.at + timedelta(days=days))

    propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    assert [done(day) for day in (1, 2, 2, 4, 5, 5, 14)] == ["", "remind_owner", "", "", "escalate", "", ""]
    assert "owner_silent" in steps(session, cast.admin_row.id)
    late = cast.at + timedelta(days=14)
    agree_by_link(session, ORIGIN, candidate=behind(session, LinkKind.OWNER, "request_agree_again", late), now=late)
    # The owner took nearly all the time: the customer has as long as anybody.
    assert session.scalars(select(OpenAsk.expires_at)).one() == late + timedelta(days=10)
    assert [done(day) for day in (17, 18, 18, 23)] == ["", "remind_customer", "", ""]
    assert done(24) == "no_answer"
    assert state(session, request.id) == "matching"
    assert session.scalars(select(RequestCandidate.state)).one() == "no_answer"
    assert steps(session, cast.greta_row.id)[-1] == "no_answer"
    assert expire(session, request_id=request.id, now=cast.at + timedelta(days=30)) is False
    assert expire(session, request_id=request.id, now=cast.at + timedelta(days=32)) is True
    assert session.get_one(ReferenceRequest, request.id).unfilled_by == "no_answer"


@pytest.mark.parametrize("came", [True, False])
def test_what_one_side_says_stands_after_a_week_and_where_they_differ_an_admin_decides(session: Session, cast: Cast, came: bool) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    over = meeting.starts_at + timedelta(hours=3)
    grade = 4 if came else None
    said = {"request_id": request.id, "candidate_id": candidate.id, "came": came, "grade": grade}
    assert say_as_requester(session, cast.greta, **said, now=over) is Verdict.WAIT
    with pytest.raises(SaidBefore):
        say_as_requester(session, cast.greta, **said, now=over)
    if came:
        assert not settle_silence(session, request_id=request.id, now=over + timedelta(days=7, seconds=-1))
        assert settle_silence(session, request_id=request.id, now=over + timedelta(days=7))
        assert (state(session, request.id), balance_of(session, cast.ada_id).net) == ("completed", 400)
        assert "request_decided" not in [kind for kind, _, _ in mails(session)], "who is thanked needs no second mail"
        return
    assert say_as_customer(session, ORIGIN, candidate=candidate, came=True, minutes=20, now=over) is Verdict.DISPUTED
    assert steps(session, cast.admin_row.id)[-1] == "disputed"
    assert not settle_silence(session, request_id=request.id, now=over + timedelta(days=9))
    ruled = {"request_id": request.id, "candidate_id": candidate.id, "came": False, "now": over}
    with pytest.raises(RulingReason):
        rule_on(session, cast.admin, **ruled, reason="  ")
    assert rule_on(session, cast.admin, **ruled, reason="Nobody joined the call.") is Verdict.MISSED
    assert (state(session, request.id), balance_of(session, cast.ada_id).net) == ("missed", 0)
    assert session.scalars(select(ContactGrant.ended_at)).one() == over, "how she is reached is shown no more, as after a call that took place"
    assert candidate.minutes is None, "what was not believed costs them no minutes"
    heard = [payload["data"] for kind, to, payload in mails(session) if kind == "request_step" and to == cast.greta_row.email]
    assert [(one["decided_by"], one["decided_why"]) for one in heard if one["step"] == "missed"] == [("Imani", "Nobody joined the call.")]
    told = [(to, payload["data"], payload["answers_to"]) for kind, to, payload in mails(session) if kind == "request_decided"]
    assert [(to, one["came"], one["said"], one["by"], one["points"]) for to, one, _ in told] == [
        ("ada@works.example", False, "came", "Imani", 0), ("paul@prospect.example", False, "", "Imani", 0),
    ]  # fmt: skip
    # The customer writes to who can put it right and reads why; the prospect to who arranged it, and the mail says so too.
    assert [(one["why"], one["righter"], back["email"]) for _, one, back in told] == [
        ("Nobody joined the call.", "Imani", cast.admin_row.email), ("", "Greta", cast.greta_row.email),
    ]  # fmt: skip
    assert {one["asker_email"] for _, one, _ in told} == {cast.greta_row.email}
    assert CANARY not in str(told)


def test_a_hold_that_is_set_meanwhile_lets_no_yes_and_no_time_put_anybody_in_touch(session: Session, cast: Cast) -> None:
    first = cast.request(session)
    candidate = to_yes(session, cast, first.id)
    slot = session.scalars(select(RequestSlot).where(RequestSlot.candidate_id == candidate.id).order_by(RequestSlot.starts_at)).first()
    second = cast.request(session, activity=Activity.QUOTE)
    other = propose(session, cast.greta, request_id=second.id, person_id=cast.ada_id, now=cast.at)
    agree(session, cast.owner, request_id=second.id, candidate_id=other.id, now=cast.at)
    set_block(session, cast.admin, kind=BlockKind.ESCALATION, reason="A case.", person_id=cast.ada_id, now=cast.at)
    before = len(mails(session))
    with pytest.raises(HeldBack), session.begin_nested():
        accept(session, ORIGIN, candidate=other, now=cast.at)
    for staff, told in ((cast.greta, NotToBeAsked), (cast.admin, OpenEscalation)):
        with pytest.raises(told), session.begin_nested():
            pick_slot(session, staff, request_id=first.id, slot_id=slot.id if slot else 0, now=cast.at)
    found = behind(session, LinkKind.PROSPECT, "request_times", cast.at)
    with pytest.raises(HeldBack), session.begin_nested():
        pick_as_prospect(session, ORIGIN, candidate=found, slot_id=slot.id if slot else 0, now=cast.at)
    assert (state(session, first.id), state(session, second.id), len(mails(session))) == ("accepted", "customer_asked", before)


def test_a_lost_deal_a_cancelled_request_and_one_that_nobody_fits_end_and_free_the_slot(session: Session, cast: Cast) -> None:
    lost = cast.request(session)
    candidate = to_yes(session, cast, lost.id)
    close_deal(session, cast.greta, request_id=lost.id, outcome=DealOutcome.LOST, closed_on=cast.at.date(), now=cast.at)
    assert (state(session, lost.id), candidate.state) == ("withdrawn", "withdrawn")
    assert ("request_not_needed", "ada@works.example") in [(kind, to) for kind, to, _ in mails(session)]
    off = [(to, payload["data"]["how"]) for kind, to, payload in mails(session) if kind == "request_no_meeting"]
    assert off == [("paul@prospect.example", "off")], "whoever had times hears it too"
    with pytest.raises(NotNeeded):
        say_as_customer(session, ORIGIN, candidate=candidate, came=True, now=cast.at)
    second = cast.request(session)
    propose(session, cast.greta, request_id=second.id, person_id=cast.ada_id, now=cast.at)
    cancel(session, cast.greta, request_id=second.id, now=cast.at)
    with pytest.raises(RequestMoved):
        cancel(session, cast.greta, request_id=second.id, now=cast.at)
    third = cast.request(session)
    decline_request(session, cast.admin, request_id=third.id, code="region", reason="Nobody in APAC.", now=cast.at)
    assert session.get_one(ReferenceRequest, third.id).unfilled_by == "region"
    assert session.scalar(select(func.count()).select_from(OpenAsk)) == 0


def test_a_stop_says_when_a_slot_frees_and_leaves_nothing_behind(session: Session, cast: Cast) -> None:
    most = defaults_of(session).person.most
    for _ in range(most):
        propose(session, cast.greta, request_id=cast.request(session).id, person_id=cast.ada_id, now=cast.at)
    request = cast.request(session)
    with pytest.raises(PersonCapReached) as stopped:
        propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    assert stopped.value.free_on is not None
    assert state(session, request.id) == "open"
    assert session.scalar(select(func.count()).select_from(Ask)) == most
    assert session.scalar(select(func.count()).where(RequestCandidate.request_id == request.id)) == 0


def test_a_taken_back_candidate_is_told_and_an_owner_who_says_no_needs_a_reason(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    take_back(session, cast.greta, request_id=request.id, candidate_id=candidate.id, now=cast.at)
    assert "request_not_needed" not in [kind for kind, _, _ in mails(session)]
    with pytest.raises(RequestMoved):
        refuse(session, cast.owner, request_id=request.id, candidate_id=candidate.id, code="renewal", now=cast.at)


def test_yes_to_a_meeting_names_a_time(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, now=cast.at)
    with pytest.raises(NoSlots):
        accept(session, ORIGIN, candidate=candidate, walls=[None, None, None], minutes=30, zone=ZONE, now=utcnow())


BREACHES = {
    "a slot kept after the no": "UPDATE request_candidate SET state = 'declined' WHERE state = 'scheduled'",
    "a yes without an ask": "UPDATE request_candidate SET ask_id = NULL",
    "a request that stands alone": "UPDATE reference_request SET state = 'accepted'",
    "done, but neither act nor pay": "UPDATE request_candidate SET state = 'completed'",
}


WAITS = {
    "a wait that began before the yes": "UPDATE request_wait SET since_at = '2020-01-01 00:00:00+00:00'",
    "asked before the waiting began": "UPDATE request_wait SET asked_at = '2020-01-01 00:00:00+00:00'",
    "a word about times that are settled": "UPDATE request_wait SET word = 'none_suits'",
    "held outside, and called off": "UPDATE request_meeting SET cancelled_at = booked_at",
    "held outside by nobody": "UPDATE request_outside SET who = ''",
    "written down before it began": "UPDATE request_outside SET noted_at = '2020-01-01 00:00:00+00:00'",
}


@pytest.mark.breaks_the_books("that is what is looked for")
@pytest.mark.parametrize("broken", WAITS.values(), ids=WAITS)
def test_a_breach_of_what_waits_or_took_place_outside_is_found(session: Session, cast: Cast, broken: str) -> None:
    candidate = to_yes(session, cast, cast.request(session).id)
    say_none_suits(session, ORIGIN, candidate=candidate, wish="Mondays.", now=cast.at)
    now = cast.at + timedelta(hours=1)
    given = {"wall": (cast.at + timedelta(minutes=1)).replace(tzinfo=None), "zone": "UTC", "minutes": 20, "who": "Paul and Ada"}
    write_outside(session, cast.greta, request_id=candidate.request_id, candidate_id=candidate.id, **given, now=now)
    assert [problem for part in INVARIANTS for problem in part.breaches(session)] == [], "what was said of the times is forgotten"
    session.execute(text(broken))
    assert [problem for part in INVARIANTS for problem in part.breaches(session)] != []


@pytest.mark.breaks_the_books("that is what is looked for")
@pytest.mark.parametrize("broken", BREACHES.values(), ids=BREACHES)
def test_a_breach_is_found(session: Session, cast: Cast, broken: str) -> None:
    to_booked(session, cast, cast.request(session).id)
    assert [problem for part in INVARIANTS for problem in part.breaches(session)] == []
    session.execute(text(broken))
    assert [problem for part in INVARIANTS for problem in part.breaches(session)] != []

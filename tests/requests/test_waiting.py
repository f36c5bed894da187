"""After the yes: nothing waits for ever. Times that nobody picks, what is done without a meeting, and what took place outside the portal."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import ContactGrant
from portal.acts.actions.blocking import set_block
from portal.acts.models.acts import Act
from portal.acts.models.asks import OpenAsk
from portal.acts.rules.terms import BlockKind
from portal.ledger.queries.balances import balance_of
from portal.people.rules.link import LinkSpent
from portal.profiles.rules.activity import Activity
from portal.requests.actions.answering import accept, offer_others
from portal.requests.actions.booking import pick_as_prospect
from portal.requests.actions.following import ask_both, settle_silence
from portal.requests.actions.outcomes import rule_on, say_as_customer, say_as_requester
from portal.requests.actions.outside import write_outside
from portal.requests.actions.owning import agree
from portal.requests.actions.proposing import propose
from portal.requests.actions.waiting import follow_accepted
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting, RequestOutside, RequestSlot
from portal.requests.rules.links import LinkKind
from portal.requests.rules.outcome import Verdict
from portal.requests.rules.refusals import LengthNeeded, NoMeeting, OutsideBefore, OutsideLater, RequestUnknown, SlotGone, ToldAlready
from portal.requests.rules.terms import Terms
from portal.requests.rules.waiting import Wait, WaitDue, due_of_done, due_of_meeting, ends_at
from tests.factories.people import make_employee
from tests.factories.references import acting
from tests.factories.requests import Cast, behind
from tests.requests.test_path import ORIGIN, ZONE, cast, mails, state, steps, to_booked, to_yes, walls

__all__ = ["cast"]
AT = datetime.fromisoformat("2026-06-01T09:00:00+00:00")
TERMS = Terms()


def later(days: float) -> datetime:
    return AT + timedelta(days=days)


@pytest.mark.parametrize(
    ("wait", "has_times", "day", "due"),
    [
        (Wait(AT), True, 2.9, WaitDue.NOTHING),
        (Wait(AT), True, 3, WaitDue.REMIND_PICK),
        (Wait(AT, reminded_at=later(3)), True, 40, WaitDue.NOTHING),
        (Wait(AT), False, 1, WaitDue.ASK_TIMES),
        (Wait(AT, asked_at=later(5), rounds=1), False, 8.9, WaitDue.NOTHING),
        (Wait(AT, asked_at=later(5), rounds=1), False, 9, WaitDue.REMIND_TIMES),
        (Wait(AT, asked_at=later(5), reminded_at=later(9), rounds=1), False, 25.9, WaitDue.NOTHING),
        (Wait(AT, asked_at=later(5), reminded_at=later(9), rounds=1), False, 26, WaitDue.GIVE_UP),
        (Wait(AT, rounds=1), False, 1, WaitDue.ASK_TIMES),
        (Wait(AT, rounds=2), False, 1, WaitDue.GIVE_UP),
    ],
)
def test_what_is_due_about_a_meeting_without_a_time(wait: Wait, has_times: bool, day: float, due: WaitDue) -> None:
    assert due_of_meeting(wait, has_times=has_times, now=later(day), terms=TERMS) is due


@pytest.mark.parametrize(
    ("wait", "said", "day", "due"),
    [
        (Wait(AT), 0, 20.9, WaitDue.NOTHING),
        (Wait(AT), 0, 21, WaitDue.ASK_DONE),
        (Wait(AT), 1, 1, WaitDue.ASK_DONE),
        (Wait(AT), 2, 30, WaitDue.NOTHING),
        (Wait(AT, asked_at=later(21)), 0, 25, WaitDue.REMIND_DONE),
        (Wait(AT, asked_at=later(21)), 1, 25, WaitDue.NOTHING),
        (Wait(AT, asked_at=later(21), reminded_at=later(25)), 0, 42, WaitDue.GIVE_UP),
        (Wait(AT, asked_at=later(21), reminded_at=later(25)), 2, 90, WaitDue.NOTHING),
    ],
)
def test_what_is_due_about_what_needs_no_meeting(wait: Wait, said: int, day: float, due: WaitDue) -> None:
    assert due_of_done(wait, said=said, now=later(day), terms=TERMS) is due
    assert ends_at(wait, TERMS) == (later(42) if wait.asked_at else None)


def followed(session: Session, request_id: int, at: datetime, *days: float) -> list[str]:
    return [follow_accepted(session, request_id=request_id, now=at + timedelta(days=day)) for day in days]


def quote(session: Session, cast: Cast) -> RequestCandidate:
    """Let Ada say yes to a quote, which needs no meeting."""
    request = cast.request(session, activity=Activity.QUOTE)
    candidate = propose(session, cast.greta, request_id=request.id, person_id=cast.ada_id, now=cast.at)
    agree(session, cast.owner, request_id=request.id, candidate_id=candidate.id, now=cast.at)
    accept(session, ORIGIN, candidate=candidate, now=cast.at)
    return candidate


def kinds_to(session: Session, email: str) -> list[str]:
    return [kind for kind, to, _ in mails(session) if to == email]


def test_times_that_nobody_picks_are_reminded_asked_for_anew_and_end_with_the_slot_free(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = to_yes(session, cast, request.id)
    # Offered are days 3, 4 and 5.
    assert followed(session, request.id, cast.at, 1, 3, 3.1, 4) == ["", "remind_pick", "", ""]
    assert kinds_to(session, "paul@prospect.example") == ["request_times", "request_times_again"]
    assert steps(session, cast.greta_row.id)[-1] == "no_time"
    assert followed(session, request.id, cast.at, 6, 6.1, 10, 11) == ["ask_times", "", "remind_times", ""]
    assert [kind for kind in kinds_to(session, "ada@works.example") if kind == "request_new_times"] == ["request_new_times"] * 2
    assert steps(session, cast.greta_row.id)[-1] == "times_over"
    # New times are mailed to the prospect, and the clock begins anew.
    now = cast.at + timedelta(days=12)
    found = behind(session, LinkKind.CUSTOMER, "request_new_times", now)
    offer_others(session, ORIGIN, candidate=found, walls=walls(now, 2), minutes=30, zone=ZONE, now=now)
    assert kinds_to(session, "paul@prospect.example")[-1] == "request_times"
    assert followed(session, request.id, cast.at, 13, 30, 34, 50.9) == ["", "ask_times", "remind_times", ""]
    assert session.scalar(select(func.count()).select_from(OpenAsk)) == 1
    assert followed(session, request.id, cast.at, 51, 52) == ["give_up", ""]
    assert (state(session, request.id), session.get_one(RequestCandidate, candidate.id).state) == ("expired", "withdrawn")
    assert session.get_one(ReferenceRequest, request.id).unfilled_by == "no_time_picked"
    assert session.scalar(select(func.count()).select_from(OpenAsk)) == 0
    assert session.scalars(select(ContactGrant.ended_at)).one() == cast.at + timedelta(days=51)
    assert (kinds_to(session, "ada@works.example")[-1], kinds_to(session, "paul@prospect.example")[-1]) == ("request_gave_up", "request_no_meeting")
    assert [steps(session, one.id)[-1] for one in (cast.greta_row, cast.owner_row)] == ["gave_up_time"] * 2
    with pytest.raises(LinkSpent):
        behind(session, LinkKind.PROSPECT, "request_times", cast.at)


def test_who_offered_times_three_times_in_vain_is_not_asked_again(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    to_yes(session, cast, request.id)
    for day in (6, 20):
        now = cast.at + timedelta(days=day)
        assert followed(session, request.id, now, 0) == ["ask_times"]
        found = behind(session, LinkKind.CUSTOMER, "request_new_times", now)
        offer_others(session, ORIGIN, candidate=found, walls=walls(now, 2), minutes=30, zone=ZONE, now=now)
    assert followed(session, request.id, cast.at, 21, 40) == ["", "give_up"]


def test_who_is_held_after_the_yes_is_not_written_to_and_let_go_after_the_last_term(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    to_yes(session, cast, request.id)
    set_block(session, cast.admin, kind=BlockKind.LEGAL, reason="A case.", person_id=cast.ada_id, now=cast.at)
    before = kinds_to(session, "ada@works.example")
    assert followed(session, request.id, cast.at, 6, 20, 21) == ["", "", "give_up"]
    assert kinds_to(session, "ada@works.example") == before
    assert session.scalar(select(func.count()).select_from(OpenAsk)) == 0


def test_of_what_needs_no_meeting_both_are_asked_and_it_is_paid_or_ends(session: Session, cast: Cast) -> None:
    candidate = quote(session, cast)
    assert followed(session, candidate.request_id, cast.at, 20, 21, 22, 25) == ["", "ask_done", "", "remind_done"]
    assert steps(session, cast.greta_row.id)[-2:] == ["done", "done"]
    now = cast.at + timedelta(days=26)
    found = behind(session, LinkKind.CUSTOMER, "request_done", now)
    assert say_as_customer(session, ORIGIN, candidate=found, came=True, minutes=20, now=now) is Verdict.WAIT
    # Who said something is not let go: after the week it stands.
    assert followed(session, candidate.request_id, cast.at, 43) == [""]
    assert settle_silence(session, request_id=candidate.request_id, now=now + timedelta(days=7))
    assert (state(session, candidate.request_id), balance_of(session, cast.ada_id).net) == ("completed", 150)

    silent = quote(session, cast)
    assert followed(session, silent.request_id, cast.at, 21, 25, 42) == ["ask_done", "remind_done", "give_up"]
    assert state(session, silent.request_id) == "expired"
    assert session.get_one(ReferenceRequest, silent.request_id).unfilled_by == "not_said"
    assert kinds_to(session, "ada@works.example")[-1] == "request_gave_up"
    assert session.scalar(select(func.count()).select_from(OpenAsk)) == 0


def test_who_says_that_it_is_done_lets_the_other_side_be_asked_at_once(session: Session, cast: Cast) -> None:
    candidate = quote(session, cast)
    which = {"request_id": candidate.request_id, "candidate_id": candidate.id}
    say_as_requester(session, cast.greta, **which, came=True, grade=4, now=cast.at + timedelta(days=1))
    before = steps(session, cast.greta_row.id)
    assert followed(session, candidate.request_id, cast.at, 1, 2) == ["ask_done", ""]
    assert (kinds_to(session, "ada@works.example")[-1], steps(session, cast.greta_row.id)) == ("request_done", before)


def test_where_both_are_silent_about_a_meeting_they_are_reminded_and_an_admin_decides(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    over = meeting.starts_at + timedelta(hours=3)
    assert followed(session, request.id, over, 0, 4) == ["", ""], "nobody was asked yet"
    assert ask_both(session, candidate_id=candidate.id, now=over)
    assert followed(session, request.id, over, 3.9, 4, 5, 20.9, 21, 22, 60) == ["", "remind_said", "", "", "tell_silence", "", ""]
    assert kinds_to(session, "ada@works.example").count("request_outcome") == 2
    assert (steps(session, cast.greta_row.id)[-1], steps(session, cast.admin_row.id)[-1]) == ("outcome", "silent")
    late = over + timedelta(days=22)
    ruled = {"request_id": request.id, "candidate_id": candidate.id, "came": True, "reason": "Both were asked."}
    assert rule_on(session, cast.admin, **ruled, now=late) is Verdict.COMPLETED
    assert balance_of(session, cast.ada_id).net == 400


def outside(session: Session, cast: Cast, candidate: RequestCandidate, at: datetime, now: datetime, **changed: Any) -> RequestMeeting:
    given: dict[str, Any] = {"wall": at.replace(tzinfo=None), "zone": "UTC", "minutes": 45, "who": "Paul and Ada, by telephone"}
    given |= {"request_id": candidate.request_id, "candidate_id": candidate.id, "actor": cast.greta, "now": now}
    return write_outside(session, **given | changed)


def test_a_call_outside_the_portal_is_written_down_once_and_paid_as_any_other(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate = to_yes(session, cast, request.id)
    at, now = (cast.at + timedelta(days=1)).replace(second=0, microsecond=0), cast.at + timedelta(days=2)
    for refused, changed in (
        (OutsideLater, {"wall": now.replace(tzinfo=None) - timedelta(minutes=44)}),
        (OutsideBefore, {"wall": (cast.at - timedelta(days=1)).replace(tzinfo=None)}),
        (LengthNeeded, {"minutes": 0}),
        (RequestUnknown, {"actor": acting(make_employee(session))}),
    ):
        with pytest.raises(refused):
            outside(session, cast, candidate, at, now, **changed)
    written = outside(session, cast, candidate, at, now)
    assert outside(session, cast, candidate, at, now).booked_at == written.booked_at
    assert kinds_to(session, "ada@works.example").count("request_outcome") == 1
    # Nobody has spoken yet, so that a slip is put right, without another mail.
    assert outside(session, cast, candidate, at, now, minutes=40, actor=cast.admin).minutes == 40
    assert kinds_to(session, "ada@works.example").count("request_outcome") == 1
    assert (state(session, request.id), session.scalars(select(RequestOutside.who)).one()) == ("scheduled", "Paul and Ada, by telephone")
    slot = session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at)).first()
    with pytest.raises(SlotGone):
        pick_as_prospect(session, ORIGIN, candidate=candidate, slot_id=slot or 0, now=now)
    say_as_customer(session, ORIGIN, candidate=behind(session, LinkKind.CUSTOMER, "request_outcome", now), came=True, now=now)
    with pytest.raises(ToldAlready):
        outside(session, cast, candidate, at, now, minutes=10)
    say_as_requester(session, cast.greta, request_id=request.id, candidate_id=candidate.id, came=True, grade=5, now=now)
    assert (state(session, request.id), balance_of(session, cast.ada_id).net) == ("completed", 400)
    act = session.scalars(select(Act)).one()
    assert (act.happened_at, session.get_one(RequestCandidate, candidate.id).minutes) == (at, 40)
    with pytest.raises(NoMeeting):
        outside(session, cast, quote(session, cast), at, now)


def test_what_was_booked_and_held_elsewhere_before_is_taken_out_of_both_calendars(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    candidate, meeting = to_booked(session, cast, request.id)
    uid, now = meeting.uid, cast.at + timedelta(days=1)
    outside(session, cast, candidate, cast.at + timedelta(hours=2), now)
    entries = [payload["calendar"] for kind, _, payload in mails(session) if kind == "request_invitation"]
    assert [(one["sequence"], one["is_cancelled"]) for one in entries] == [(0, False), (0, False), (1, True), (1, True)]
    assert (session.scalars(select(RequestMeeting.uid)).one(), state(session, request.id)) == (uid, "scheduled")


def test_the_prospect_says_how_to_reach_them_and_the_entry_carries_it(session: Session, cast: Cast) -> None:
    request = cast.request(session)
    to_yes(session, cast, request.id)
    first, second, _ = session.scalars(select(RequestSlot.id).order_by(RequestSlot.starts_at)).all()
    found = behind(session, LinkKind.PROSPECT, "request_times", cast.at)
    for _twice in range(2):
        meeting = pick_as_prospect(session, ORIGIN, candidate=found, slot_id=first, place=" +49 30  1234 ", now=cast.at)
        assert (meeting.place, meeting.sequence) == ("+49 30 1234", 0)
    # Another time without a word of the place keeps it; an empty one takes it out.
    assert pick_as_prospect(session, ORIGIN, candidate=found, slot_id=second, seen=meeting.starts_at, now=cast.at).place == "+49 30 1234"
    both = [payload["calendar"]["place"] for kind, _, payload in mails(session) if kind == "request_invitation"]
    assert both == ["+49 30 1234"] * 4
    assert pick_as_prospect(session, ORIGIN, candidate=found, slot_id=second, place="", now=cast.at).place == ""

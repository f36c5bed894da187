"""Times: offered by the customer, picked by the prospect or staff, and sent into both calendars; moved and called off the same way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import require_not_held, require_unblocked
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.ids import new_key
from portal.kernel.text import clean_line
from portal.notifications.actions import notify
from portal.notifications.rules import Entry, Recipient
from portal.people.models import Person
from portal.people.queries.persons import recipient
from portal.people.rules.person import time_zones
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.requests.actions.links import forget_links, send_link
from portal.requests.actions.moving import SOURCE, locked, locked_for, make_move, require_holder, require_way
from portal.requests.actions.telling import asker_of, closest, company_name, customer_words, tell_staff
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestLink, RequestMeeting, RequestOutcome, RequestSlot, RequestWait
from portal.requests.queries.parties import has_begun, meeting_of, settled_of, whom_of
from portal.requests.queries.waiting import said_of
from portal.requests.rules.answering import PLACE_LENGTH
from portal.requests.rules.links import LinkKind
from portal.requests.rules.outcome import differ
from portal.requests.rules.refusals import Disputed, HeldAlready, PickedMeanwhile, SlotGone
from portal.requests.rules.states import LIVES, MEETINGS, CandidateState, Move, State
from portal.requests.rules.waiting import WaitWord

INVITATION = "request_invitation"


def keep_slots(session: Session, candidate: RequestCandidate, starts: Sequence[datetime], *, minutes: int, zone: str) -> None:
    """Offer these times from now on, instead of those of before."""
    mine = update(RequestSlot).where(RequestSlot.candidate_id == candidate.id)
    session.execute(mine.values(is_offered=False).execution_options(synchronize_session=False))
    found = select(RequestSlot).where(RequestSlot.candidate_id == candidate.id).execution_options(populate_existing=True)
    kept = {slot.starts_at: slot for slot in session.scalars(found)}
    for moment in starts:
        slot = kept.get(moment) or RequestSlot(candidate_id=candidate.id, starts_at=moment)
        slot.minutes, slot.zone, slot.is_offered = minutes, zone, True
        session.add(slot)
    session.flush()


def send_times(
    session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime, *, mail: str = "request_times", is_new: bool = False
) -> bool:
    """Mail the prospect a link to the offered times, if an address of theirs is known; tells whether it is. ``is_new``: others than before."""
    to = prospect_of(request)
    if to is None or request.activity not in MEETINGS:
        return False
    data = prospect_words(session, request, candidate) | {"is_new": is_new and _has_link(session, candidate)}
    send_link(session, candidate, LinkKind.PROSPECT, to, mail, data, now)
    return True


def prospect_of(request: ReferenceRequest) -> Recipient | None:
    """Return who picks the time for the prospect, if an address of theirs is known."""
    if not request.prospect_email:
        return None
    return Recipient(person_id=None, email=request.prospect_email, name=request.prospect_contact or request.prospect, language=None)


def prospect_words(session: Session, request: ReferenceRequest, candidate: RequestCandidate) -> dict[str, Any]:
    """Return what a prospect reads: who is arranged for them, by whom, and nothing of the deal; ``off`` is when they were to meet, if that is off."""
    meeting, asker = meeting_of(session, candidate.id), asker_of(session, request)
    off = meeting if meeting is not None and meeting.cancelled_at is not None else None
    return {
        "off": off.starts_at.isoformat() if off is not None else "",
        "off_zone": (off.prospect_zone or off.zone) if off is not None else "",
        "contact": request.prospect_contact or request.prospect,
        "asker": session.get_one(Person, request.requester_id).name,
        "asker_email": (asker.email or "") if asker is not None else "",
        "company": company_name(session, candidate),
        "activity": ACTIVITY_NAMES[Activity(request.activity)],
        "person": session.get_one(Person, candidate.person_id).name,
    }


def set_prospect(session: Session, actor: Actor, *, request_id: int, contact: str, email: str | None, now: datetime) -> None:
    """Say who picks the time for the prospect; where times are offered, the link goes out. Refuses: RequestUnknown, NotAllowed, RequestMoved.

    Without an ``email`` the one that is known stays. At another address nobody had the times of before: nobody there is told what became of them.
    """
    request = locked_for(session, actor, request_id, Move.BOOK)
    require_way(request, Move.CANCEL)
    before = request.prospect_email
    request.prospect_contact = clean_line(contact)[:120]
    request.prospect_email = before if email is None else clean_line(email)[:254]
    session.flush()
    record(session, actor, "request.prospect_set", SOURCE, request_id, now=now)
    if request.prospect_email == before:
        return
    # Whoever had the link of before, perhaps by a slip, has it no more.
    forget_links(session, request_id, LinkKind.PROSPECT)
    if request.state in (State.ACCEPTED, State.SCHEDULED):
        send_times(session, request, require_holder(session, request), now)


def pick_slot(session: Session, actor: Actor, *, request_id: int, slot_id: int, place: str | None = None, now: datetime) -> RequestMeeting:
    """Pick one of the offered times for the prospect, or another one.

    Refuses: RequestUnknown, NotAllowed, RequestMoved, SlotGone, LegalHold and OpenEscalation (NotToBeAsked to
    whom may not know which); Disputed where an admin is to decide what happened.
    """
    request = locked_for(session, actor, request_id, Move.BOOK)
    return _book(session, actor, request, require_holder(session, request), slot_id, place, now)


def pick_as_prospect(
    session: Session,
    origin: str,
    *,
    candidate: RequestCandidate,
    slot_id: int,
    place: str | None = None,
    zone: str | None = None,
    seen: datetime | None = None,
    now: datetime,
) -> RequestMeeting:
    """Pick a time by the prospect's link, with a ``place`` if they say one: a telephone number, or a link to a call. The same once more is one.

    ``zone`` is where they read times, and is kept for what is sent to them; ``seen`` is the time that they saw settled before, None for none.
    Refuses: RequestMoved, SlotGone, Disputed, HeldBack; PickedMeanwhile where another time was settled since.
    """
    request, visitor = locked(session, candidate.request_id), Actor(id=None, roles=frozenset({"visitor"}), origin=origin)
    holder = require_holder(session, request, candidate.id)
    meeting, slot = settled_of(session, holder.id), session.get(RequestSlot, slot_id)
    settled = meeting.starts_at if meeting is not None else None
    is_open = slot is not None and slot.is_offered and slot.starts_at > now
    if settled is not None and slot is not None and is_open and settled not in (seen, slot.starts_at):
        raise PickedMeanwhile()
    return _book(session, visitor, request, holder, slot_id, place, now, zone if zone in time_zones() else None)


def _book(
    session: Session,
    actor: Actor,
    request: ReferenceRequest,
    candidate: RequestCandidate,
    slot_id: int,
    place: str | None,
    now: datetime,
    prospect_zone: str | None = None,
) -> RequestMeeting:
    require_way(request, Move.BOOK)
    slot = session.get(RequestSlot, slot_id, populate_existing=True)
    if slot is None or slot.candidate_id != candidate.id or not slot.is_offered or slot.starts_at <= now:
        raise SlotGone()
    meeting = meeting_of(session, candidate.id)
    at = clean_line(place)[:PLACE_LENGTH] if place is not None else (meeting.place if meeting else "")
    if (
        meeting is not None
        and meeting.cancelled_at is None
        and (meeting.starts_at, meeting.minutes, meeting.place) == (slot.starts_at, slot.minutes, at)
    ):
        return meeting
    if differ(one.came for one in said_of(session, candidate.id).values()):
        raise Disputed()
    if actor.is_employee or actor.is_admin:
        require_unblocked(session, candidate.person_id, now, actor)  # staff read what it is
    else:
        require_not_held(session, candidate.person_id, now)
    make_move(session, request, Move.BOOK, now=now, candidate=candidate)
    forget_word(session, candidate)
    # What was said was said of the time before.
    session.execute(delete(RequestOutcome).where(RequestOutcome.candidate_id == candidate.id).execution_options(synchronize_session=False))
    is_first = meeting is None
    meeting = meeting or RequestMeeting(candidate_id=candidate.id, uid=new_key(), sequence=-1)
    meeting.sequence, meeting.starts_at, meeting.minutes, meeting.zone = meeting.sequence + 1, slot.starts_at, slot.minutes, slot.zone
    meeting.prospect_zone = prospect_zone or meeting.prospect_zone
    meeting.place, meeting.booked_at, meeting.cancelled_at, meeting.asked_at = at, now, None, None
    session.add(meeting)
    session.flush()
    name = "request.booked" if is_first else "request.rebooked"
    record(session, actor, name, SOURCE, request.id, now=now, candidate_id=candidate.id, starts_at=slot.starts_at.isoformat())
    _invite(session, request, candidate, meeting, now)
    step = "booked" if is_first else "rebooked"
    tell_staff(session, request, step, now, to=closest(request), candidate=candidate, by=actor, when=slot.starts_at.isoformat(), zone=slot.zone)
    return meeting


def forget_word(session: Session, candidate: RequestCandidate) -> None:
    """Forget why another time was looked for: one is settled."""
    mine = update(RequestWait).where(RequestWait.candidate_id == candidate.id)
    session.execute(mine.values(word=None, words=None).execution_options(synchronize_session=False))


def take_off(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime, *, is_open: bool = False) -> datetime | None:
    """Take a settled meeting out of both calendars while the customer's yes stands, and return when it was to be; None where none was settled.

    ``is_open``: another time is looked for, and the mail says so. Refuses, once it has begun, ``HeldAlready``.
    """
    if has_begun(session, candidate, now):
        raise HeldAlready()
    meeting = settled_of(session, candidate.id)
    if meeting is None:
        return None
    make_move(session, request, Move.REOPEN, now=now, candidate=candidate)
    meeting.sequence, meeting.cancelled_at = meeting.sequence + 1, now
    mine = update(RequestSlot).where(RequestSlot.candidate_id == candidate.id, RequestSlot.starts_at == meeting.starts_at)
    session.execute(mine.values(is_offered=False).execution_options(synchronize_session=False))
    session.flush()
    _invite(session, request, candidate, meeting, now, is_open=is_open)
    return meeting.starts_at


def call_off(
    session: Session,
    request: ReferenceRequest,
    candidate: RequestCandidate,
    was: CandidateState,
    now: datetime,
    *,
    mail: str | None = "request_not_needed",
    is_held: bool = False,
) -> None:
    """Take a booked meeting out of both calendars, and tell a customer who was written to that they are not needed, with ``mail``, if any."""
    meeting = meeting_of(session, candidate.id)
    if meeting is not None and meeting.cancelled_at is None and meeting.starts_at > now:
        meeting.sequence, meeting.cancelled_at = meeting.sequence + 1, now
        session.flush()
        _invite(session, request, candidate, meeting, now, is_held=is_held)
    if mail is not None and was in (CandidateState.ASKED, CandidateState.ACCEPTED, CandidateState.SCHEDULED):
        to, key = recipient(session, candidate.person_id), f"request:{request.id}:{candidate.id}:not_needed:{candidate.ask_id}"
        words, asker = customer_words(session, request, candidate), asker_of(session, request)
        notify(session, to=to, kind=mail, data=words, key=key, now=now, answers_to=asker)


def tell_prospect_off(
    session: Session, request: ReferenceRequest, candidate: RequestCandidate, was: CandidateState, now: datetime, *, has_no_time: bool = False
) -> None:
    """Tell a prospect who had a link to the times, once, that it does not take place: of a request whose candidate is not any more.

    Who had a settled meeting hears it from their calendar, and who said themselves that it is not needed hears nothing. ``has_no_time``: because
    no time was found; otherwise the mail says whether somebody else is looked for. To be called while the links are good.
    """
    wait, to = session.get(RequestWait, candidate.id, populate_existing=True), prospect_of(request)
    is_known = was is CandidateState.SCHEDULED or (wait is not None and wait.word == WaitWord.NOT_NEEDED)
    if to is None or is_known or not _has_link(session, candidate):
        return
    how = "no_time" if has_no_time else "else" if request.state in LIVES else "off"
    key, data = f"request:{request.id}:{candidate.id}:no_meeting", prospect_words(session, request, candidate) | {"how": how}
    notify(session, to=to, kind="request_no_meeting", data=data, key=key, now=now, answers_to=asker_of(session, request))


def tell_prospect_end(session: Session, request: ReferenceRequest, now: datetime, *, besides: RequestCandidate | None) -> None:
    """Tell a prospect, once, that the search for somebody else has ended, where they had times of somebody before at the address that is known now.

    Not of ``besides``, the candidate of the moment: of those they hear otherwise. Who said themselves that it is not needed hears nothing.
    """
    had = select(RequestCandidate).join(RequestLink, RequestLink.candidate_id == RequestCandidate.id)
    had = had.where(RequestCandidate.request_id == request.id, RequestLink.kind == LinkKind.PROSPECT).order_by(RequestLink.id.desc()).limit(1)
    last, to = session.scalar(had), prospect_of(request)
    if last is None or to is None or (besides is not None and besides.id == last.id):
        return
    wait = session.get(RequestWait, last.id, populate_existing=True)
    if wait is not None and wait.word == WaitWord.NOT_NEEDED:
        return
    key, data = f"request:{request.id}:no_meeting", prospect_words(session, request, last) | {"how": "nobody"}
    notify(session, to=to, kind="request_no_meeting", data=data, key=key, now=now, answers_to=asker_of(session, request))


def _has_link(session: Session, candidate: RequestCandidate) -> bool:
    """Tell whether the prospect was written to, and the link is good."""
    links = select(RequestLink.id).where(RequestLink.candidate_id == candidate.id, RequestLink.kind == LinkKind.PROSPECT)
    return session.scalar(links.where(RequestLink.revoked_at.is_(None)).limit(1)) is not None


def cancel_booked(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime, *, is_held: bool = False) -> None:
    """Take a booked meeting out of both calendars: the customer cannot after all; or, ``is_held``, they have talked already."""
    call_off(session, request, candidate, CandidateState.DECLINED, now, is_held=is_held)


def _invite(
    session: Session,
    request: ReferenceRequest,
    candidate: RequestCandidate,
    meeting: RequestMeeting,
    now: datetime,
    *,
    is_open: bool = False,
    is_held: bool = False,
) -> None:
    """Send the entry, as it stands, to both: the customer, and the prospect where an address is known; each with a link to their own page.

    What is called off for good leads nowhere any more; ``is_open``: another time is looked for; ``is_held``: they have talked already.
    """
    customer = recipient(session, candidate.person_id)
    prospect = Recipient(person_id=None, email=request.prospect_email or None, name=request.prospect_contact or request.prospect, language=None)
    both = [one for one in (customer, prospect) if one.email]
    asker = session.get_one(Person, request.requester_id)
    entry = Entry(
        uid=meeting.uid, sequence=meeting.sequence, starts_at=meeting.starts_at, minutes=meeting.minutes, zone=meeting.zone,
        attendees=tuple((one.name, str(one.email)) for one in both), place=meeting.place, is_cancelled=meeting.cancelled_at is not None,
    )  # fmt: skip
    told: dict[str, Any] = {
        "activity": ACTIVITY_NAMES[Activity(request.activity)],
        "names": [one.name for one in both],
        "asker": asker.name,
        "asker_email": asker.email or "",
        "starts_at": meeting.starts_at.isoformat(),
        "minutes": meeting.minutes,
        "place": meeting.place,
        "is_cancelled": entry.is_cancelled,
        "is_open": is_open,
        "is_held": is_held,
        "is_moved": meeting.sequence > 0 and not entry.is_cancelled,
    }
    for number, one in enumerate(both):
        key = f"request:{request.id}:{candidate.id}:entry:{meeting.sequence}:{number}"
        outside = Recipient(person_id=None, email=one.email, name=one.name, language=one.language)
        zone = meeting.zone if one is customer else meeting.prospect_zone or meeting.zone
        other = whom_of(request) if one is customer else ", ".join(filter(None, (customer.name, company_name(session, candidate))))
        facts: dict[str, Any] = {"data": told | {"zone": zone, "other": other}, "key": key, "calendar": entry.to_json()}
        if entry.is_cancelled and not is_open:
            notify(session, to=outside, kind=INVITATION, now=now, answers_to=asker_of(session, request), **facts)
        else:
            send_link(session, candidate, LinkKind.CUSTOMER if one is customer else LinkKind.PROSPECT, outside, INVITATION, now=now, **facts)

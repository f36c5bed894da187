"""What happened, as both sides say or an admin decides, and what follows; or that it did not take place."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.accounts.actions.granting import end_grants
from portal.acts.actions.answering import correct_ask, finish_ask, require_minutes
from portal.acts.actions.blocking import require_unblocked
from portal.acts.rules.refusals import Stop
from portal.audit.actions import record
from portal.kernel.actor import Actor, system
from portal.kernel.clock import local_date, micros
from portal.kernel.db import programme_zone, violated
from portal.kernel.errors import NotAllowed, Sentences
from portal.kernel.text import N_, clean
from portal.notifications.actions import notify
from portal.people.models import Person
from portal.people.queries.persons import recipient
from portal.people.rules.person import PersonState
from portal.requests.actions.answering import customer
from portal.requests.actions.booking import prospect_of, prospect_words
from portal.requests.actions.links import revoke_links
from portal.requests.actions.moving import SOURCE, locked, locked_for, make_move, move_candidate, request_moved, require_holder
from portal.requests.actions.rewarding import Decision, own_page, reward, take_rewards_back
from portal.requests.actions.telling import asker_of, closest, customer_words, tell_admins, tell_staff
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestOutcome
from portal.requests.queries.parties import meeting_of, settled_of
from portal.requests.queries.rulings import PUT_RIGHT, RULED, Ruling, righter_of, ruling_of, times_paid
from portal.requests.queries.terms import terms_of
from portal.requests.queries.waiting import said_of
from portal.requests.rules.answering import SAID_LENGTH
from portal.requests.rules.links import LinkKind
from portal.requests.rules.outcome import Said, Side, Verdict, is_news, require_grade, require_why, verdict
from portal.requests.rules.refusals import DecidedBefore, NotNeeded, SaidBefore, TooEarly
from portal.requests.rules.states import KEEPS_SLOT, MEETINGS, WAYS, CandidateState, DealOutcome, Move

DECIDED = "request_decided"


SAID_BY = {Side.REQUESTER: "request.said_by_requester", Side.CUSTOMER: "request.said_by_customer"}


def say_as_requester(
    session: Session,
    actor: Actor,
    *,
    request_id: int,
    candidate_id: int,
    came: bool,
    grade: int | None = None,
    minutes: int | None = None,
    note: str = "",
    now: datetime,
) -> Verdict:
    """Say what happened, for the requester's side, with the grade. Refuses: RequestUnknown, NotAllowed, RequestMoved, TooEarly, SaidBefore,
    GradeNeeded, MinutesInvalid.
    """
    request = locked_for(session, actor, request_id, Move.BOOK)
    candidate = require_holder(session, request, candidate_id)
    return _say(session, actor, request, candidate, Side.REQUESTER, came, grade, minutes, note, now)


def say_as_customer(
    session: Session, origin: str, *, candidate: RequestCandidate, came: bool, minutes: int | None = None, note: str = "", now: datetime
) -> Verdict:
    """Say what happened, for the customer's side. Refuses: NotNeeded, TooEarly, SaidBefore, MinutesInvalid."""
    request = locked(session, candidate.request_id)
    session.refresh(candidate)
    if candidate.state not in WAYS[Move.COMPLETE].candidate_start:
        raise SaidBefore() if said_of(session, candidate.id).get(Side.CUSTOMER) else NotNeeded()
    actor = customer(candidate, origin)
    return _say(session, actor, request, candidate, Side.CUSTOMER, came, None, minutes, note, now)


def rule_on(session: Session, actor: Actor, *, request_id: int, candidate_id: int, came: bool, reason: str, now: datetime) -> Verdict:
    """Let an admin decide what happened where the two sides differ, or one is silent, and say why.

    Refuses: NotAllowed, DecidedBefore, RequestMoved, TooEarly, RulingReason.
    """
    request = locked(session, request_id)
    if not actor.is_admin:
        raise NotAllowed()
    if (before := _ruled(session, request, candidate_id)) is not None:
        raise decided_before(before)
    candidate = require_holder(session, request, candidate_id)
    _require_over(session, request, candidate, now)
    ruling = _ruling(session, actor, reason)
    record(session, actor, RULED, SOURCE, request.id, now=now, candidate_id=candidate.id, came=came, reason=ruling.reason)
    return settle(session, request, candidate, Verdict.COMPLETED if came else Verdict.MISSED, now, ruling=ruling)


def put_right(session: Session, actor: Actor, *, request_id: int, candidate_id: int, came: bool, reason: str, now: datetime) -> Verdict:
    """Let an admin put right what is written down of what happened: minutes, ask, act, points and the staff's credit follow, and who was told
    otherwise hears it. The same once more, sent twice, is nothing. Refuses: NotAllowed, RulingReason; RequestMoved while nothing is written
    down; DecidedBefore where an admin decided so in other words meanwhile.
    """
    request = locked(session, request_id)
    if not actor.is_admin:
        raise NotAllowed()
    candidate = session.get(RequestCandidate, candidate_id, populate_existing=True)
    if candidate is None or candidate.request_id != request.id or candidate.state not in KEEPS_SLOT:
        raise request_moved(request)
    found = Verdict.COMPLETED if came else Verdict.MISSED
    if candidate.state == found.value:
        before = ruling_of(session, candidate)
        if before is not None and (before.person_id, before.reason) != (actor.id, require_why(reason)):
            raise decided_before(before)
        return found
    ruling = _ruling(session, actor, reason, is_again=True)
    record(session, actor, PUT_RIGHT, SOURCE, request.id, now=now, candidate_id=candidate.id, came=came, reason=ruling.reason)
    return settle(session, request, candidate, found, now, ruling=ruling)


def settle_if_due(session: Session, *, request_id: int, now: datetime) -> Verdict:
    """Let what one side said stand where the other is silent for long enough; nothing where it is not yet time."""
    request = locked(session, request_id)
    if request.state not in WAYS[Move.COMPLETE].start:
        return Verdict.WAIT
    return _weigh(session, request, require_holder(session, request), now)


def _ruled(session: Session, request: ReferenceRequest, candidate_id: int) -> Ruling | None:
    candidate = session.get(RequestCandidate, candidate_id, populate_existing=True)
    return ruling_of(session, candidate) if candidate is not None and candidate.request_id == request.id else None


def decided_before(ruling: Ruling) -> DecidedBefore:
    """Return the refusal that says who decided what happened meanwhile."""
    return DecidedBefore(name=ruling.name, when=ruling.at, what=Sentences((N_("It took place.") if ruling.came else N_("It did not take place."),)))


def _ruling(session: Session, actor: Actor, reason: str, *, is_again: bool = False) -> Decision:
    return Decision(actor, session.get_one(Person, actor.id).name, require_why(reason), is_again)


def _say(
    session: Session,
    actor: Actor,
    request: ReferenceRequest,
    candidate: RequestCandidate,
    side: Side,
    came: bool,
    grade: int | None,
    minutes: int | None,
    note: str,
    now: datetime,
) -> Verdict:
    if candidate.state not in WAYS[Move.COMPLETE].candidate_start:
        raise request_moved(request)
    _require_over(session, request, candidate, now)
    require_minutes(minutes)
    kept = {"came": came, "grade": require_grade(side, came, grade), "minutes": minutes if came else None}
    try:
        with session.begin_nested():
            session.add(RequestOutcome(candidate_id=candidate.id, side=side, note=clean(note)[:SAID_LENGTH], said_at=now, **kept))
            session.flush()
    except IntegrityError as error:
        if violated(error, "request_outcome", "candidate_id", "side"):
            raise SaidBefore() from error
        raise
    record(session, actor, SAID_BY[side], SOURCE, request.id, now=now, candidate_id=candidate.id, came=came)
    return _weigh(session, request, candidate, now)


def _require_over(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime) -> None:
    """A meeting is over before anybody says how it went."""
    meeting = meeting_of(session, candidate.id)
    stands = meeting is not None and meeting.cancelled_at is None
    if meeting is not None and stands and now < meeting.starts_at + timedelta(minutes=meeting.minutes):
        raise TooEarly()
    if not stands and request.activity in MEETINGS:
        raise TooEarly()


def _weigh(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime) -> Verdict:
    said = said_of(session, candidate.id)
    sides = [Said(one.came, one.said_at) if (one := said.get(side)) else None for side in (Side.REQUESTER, Side.CUSTOMER)]
    found = verdict(sides[0], sides[1], now, confirm_days=terms_of(session).confirm_days)
    if found is Verdict.DISPUTED:
        tell_admins(session, request, "disputed", max(one.said_at for one in said.values()))
        return found
    return settle(session, request, candidate, found, now) if found is not Verdict.WAIT else found


def settle(
    session: Session, request: ReferenceRequest, candidate: RequestCandidate, found: Verdict, now: datetime, *, ruling: Decision | None = None
) -> Verdict:
    """Write down what happened, once: the request's row is locked, and the move is made by one. ``ruling`` is what an admin decided, if one did."""
    is_again = ruling is not None and ruling.is_again
    is_done, said = found is Verdict.COMPLETED, said_of(session, candidate.id)
    # What the side says that was not believed is in its own words on the page, and no fact.
    stands = {side: one for side, one in said.items() if one.came is is_done}
    minutes = next((stands[side].minutes for side in (Side.CUSTOMER, Side.REQUESTER) if side in stands and stands[side].minutes is not None), None)
    meeting, own = meeting_of(session, candidate.id), said.get(Side.REQUESTER)
    minutes = minutes if minutes is not None or meeting is None or not is_done else meeting.minutes
    _move(session, request, candidate, is_done, is_again, now)
    candidate.grade, candidate.minutes = (own.grade if own is not None and is_done else None), minutes
    session.flush()
    if candidate.ask_id is not None:
        note = next((one.note for one in stands.values() if one.note), "")
        asked: dict[str, Any] = {"minutes": minutes, "note": note, "source": (SOURCE, request.id)}
        (correct_ask if is_again else finish_ask)(session, system("requests"), ask_id=candidate.ask_id, was_done=is_done, **asked, now=now)
    end_grants(session, (SOURCE, request.id), now)
    revoke_links(session, candidate.id, now, LinkKind.OWNER)  # the prospect's says what is written down
    name = "request.completed" if is_done else "request.missed"
    record(session, system("requests"), name, SOURCE, request.id, now=now, candidate_id=candidate.id, minutes=minutes)
    owner = {candidate.owner_id} if candidate.owner_id else set()
    facts: dict[str, Any] = {"to": closest(request) | owner, "candidate": candidate, "decided_by": "", "decided_why": "", "decider_email": ""}
    if ruling is not None:
        facts |= {"by": ruling.by, "decided_by": ruling.name, "decided_why": ruling.reason}
        facts["decider_email"] = session.get_one(Person, ruling.by.id).email or ""
    step = "completed" if is_done else "missed"
    tell_staff(session, request, f"{step}_after_all" if is_again else step, now, **facts)
    back = take_rewards_back(session, request, candidate, ruling, now) if ruling is not None and is_again and not is_done else 0
    is_told = _tell_decided(session, request, candidate, said.get(Side.CUSTOMER), is_done, now, ruling, back)
    if is_done:
        hears = ruling is None or may_hear(session, candidate, now)
        happened_at, is_thanked = meeting.starts_at if meeting is not None else now, hears and not is_told
        reward(session, request, candidate, happened_at, now, ruling if is_again else None, is_thanked=is_thanked)
        if request.deal_outcome is not None and hears:
            tell_result(session, request, DealOutcome(request.deal_outcome), now)
    return found


def _move(session: Session, request: ReferenceRequest, candidate: RequestCandidate, is_done: bool, is_again: bool, now: datetime) -> None:
    """Move both; what is put right ended when it did."""
    if not is_again:
        make_move(session, request, Move.COMPLETE if is_done else Move.MISS, now=now, candidate=candidate)
        return
    move = Move.PUT_DONE if is_done else Move.PUT_MISSED
    make_move(session, request, move, now=now, ended_at=request.ended_at)
    move_candidate(session, request, candidate, move, now=now, ended_at=candidate.ended_at)


def _tell_decided(
    session: Session,
    request: ReferenceRequest,
    candidate: RequestCandidate,
    own: RequestOutcome | None,
    is_done: bool,
    now: datetime,
    ruling: Decision | None,
    back: int,
) -> bool:
    """Tell the customer and the prospect what is written down where that is not what the customer said, or not what they were told before: by
    whom, why, who can put it right, and what it means for points; ``back`` of them were taken back. A customer under a block is not written to.
    Tells whether it is news to the customer: the thanks, which tells of the same points, is not sent beside it.
    """
    is_again = ruling is not None and ruling.is_again
    if not is_again and not is_news(is_done, own.came if own is not None else None):
        return False
    asker, meeting = asker_of(session, request), meeting_of(session, candidate.id)
    righter = righter_of(session, request, ruling.by.id if ruling is not None else None) or asker
    person, points = session.get_one(Person, candidate.person_id), terms_of(session).points.get(request.activity, 0)
    facts: dict[str, Any] = {
        "came": is_done,
        "said": "" if own is None else "came" if own.came else "missed",
        "by": ruling.name if ruling is not None else "",
        "why": ruling.reason if ruling is not None else "",
        "is_again": is_again,
        "back": back if person.state == PersonState.ACTIVE else 0,
        "righter": righter.name if righter is not None else "",
        "righter_email": (righter.email or "") if righter is not None else "",
        "when": meeting.starts_at.isoformat() if meeting is not None and meeting.cancelled_at is None else "",
        "asker_email": (asker.email or "") if asker is not None else "",
        "points": points if is_done and person.state == PersonState.ACTIVE else 0,
        "zone": meeting.zone if meeting is not None else "",
        "is_customer": True,
        "firm": "",
    }
    key = f"request:{request.id}:{candidate.id}:decided" + (f":{times_paid(session, request.id)}:{is_done:d}" if is_again else "")
    data = customer_words(session, request, candidate) | facts
    to = recipient(session, candidate.person_id)
    if may_hear(session, candidate, now):
        notify(session, to=to, kind=DECIDED, data=data, key=key, now=now, link=own_page(person), answers_to=righter)
    prospect = prospect_of(request)
    if prospect is not None and meeting is not None and facts["when"]:
        words = prospect_words(session, request, candidate)
        theirs = {"is_customer": False, "said": "", "points": 0, "back": 0, "why": "", "firm": words["company"], "told_as": ""}
        theirs |= {"righter": words["asker"], "righter_email": words["asker_email"]}
        theirs |= {"zone": meeting.prospect_zone or meeting.zone}
        notify(session, to=prospect, kind=DECIDED, data=words | facts | theirs, key=key, now=now, answers_to=asker)
    return True


def may_hear(session: Session, candidate: RequestCandidate, now: datetime) -> bool:
    """Tell whether the customer is written to of what an admin decides: not while a block stands; their page tells it."""
    try:
        require_unblocked(session, candidate.person_id, now)
    except Stop:
        return False
    return True


def tell_result(session: Session, request: ReferenceRequest, outcome: DealOutcome, now: datetime, *, is_corrected: bool = False) -> None:
    """Tell who helped what came of it, once, in words that name nothing of the deal; once more only where they heard what was not so."""
    done = select(RequestCandidate).where(RequestCandidate.request_id == request.id, RequestCandidate.state == CandidateState.COMPLETED)
    for candidate in session.scalars(done.execution_options(populate_existing=True)):
        is_again = candidate.told_result_at is not None
        if not is_again or is_corrected:
            candidate.told_result_at = now
            session.flush()
            held = settled_of(session, candidate.id)
            day = local_date(held.starts_at, held.zone) if held else local_date(candidate.ended_at or now, programme_zone(session))
            facts = {"is_won": outcome is DealOutcome.WON, "is_again": is_again, "day": day.isoformat()}
            data = customer_words(session, request, candidate) | facts
            to, link = recipient(session, candidate.person_id), own_page(session.get_one(Person, candidate.person_id))
            key, asker = f"request:{request.id}:result:{micros(now)}", asker_of(session, request)
            notify(session, to=to, kind="request_result", data=data, key=key, now=now, link=link, answers_to=asker)

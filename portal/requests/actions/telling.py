"""Telling people what happened with a request. Staff who are party to it hear of the deal; customers and prospects never do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.queries.asks import beyond_told
from portal.acts.queries.blocks import BlockRow
from portal.acts.rules.terms import BLOCK_NAMES, BlockKind
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.db import programme_zone
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.people.models import Company, Person
from portal.people.queries.persons import admins, recipient, recipients, zone_of
from portal.people.rules.company import looks_after
from portal.profiles.queries.profiles import owner_of
from portal.profiles.rules.activity import ACTIVITY_NAMES, MEANINGS, Activity
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import label_for, said_yes, settled_of, whom_of, works_here
from portal.requests.queries.terms import terms_of
from portal.requests.rules.answering import is_same_clock, length_of
from portal.requests.rules.states import MEETINGS

STEP = "request_step"


def page_of(request_id: int) -> str:
    """Return the path of a request's own page."""
    return f"/requests/{request_id}"


def tell_staff(
    session: Session,
    request: ReferenceRequest,
    step: str,
    now: datetime,
    *,
    to: set[int],
    candidate: RequestCandidate | None = None,
    by: Actor | None = None,
    blocks: Sequence[BlockRow] = (),
    **facts: Any,
) -> None:
    """Tell staff of a step, a word of the mail ``request_step``; not who took it themself. Each reads the candidate's name only if they may, and
    which of ``blocks`` made it so.
    """
    data = {
        "step": step,
        "prospect": request.prospect,
        "activity": ACTIVITY_NAMES[Activity(request.activity)],
        "reason": "",
        "code": "",
        "when": "",
        "zone": programme_zone(session),
    } | facts
    for person_id, who in sorted(recipients(session, to - {by.id if by else None}).items()):
        reader = Actor(id=person_id, roles=session.get_one(Person, person_id).roles)
        named = label_for(session, reader, request, candidate) if candidate is not None else ""
        own = zone_of(session, person_id) if data["when"] else ""
        is_other = bool(own) and not is_same_clock(datetime.fromisoformat(data["when"]), data["zone"], own)
        told = data | {"person": named, "own_zone": own if is_other else ""}
        if blocks and candidate is not None and looks_after(reader, owner_of(session, candidate.person_id)):
            told["blocks"] = [{"name": BLOCK_NAMES[BlockKind(one.block.kind)], "since": one.block.set_at.isoformat()} for one in blocks]
        key = f"request:{request.id}:{step}:{micros(now)}:{person_id}"
        notify(session, to=who, kind=STEP, data=told, key=key, now=now, link=page_of(request.id))


def tell_admins(session: Session, request: ReferenceRequest, step: str, now: datetime, *, by: Actor | None = None, **facts: Any) -> None:
    """Tell all admins of a step; not who took it, nor the requester."""
    to = {int(one.person_id or 0) for one in admins(session)} - {request.requester_id}
    tell_staff(session, request, step, now, to=to, by=by, **facts)


def closest(request: ReferenceRequest) -> set[int]:
    """Return who follows a request: the requester, and who handles it."""
    return {request.requester_id} | ({request.handler_id} if request.handler_id else set())


def asker_of(session: Session, request: ReferenceRequest) -> Recipient | None:
    """Return who reads what a customer or a prospect answers to a mail: the requester, as long as they work here."""
    person = session.get_one(Person, request.requester_id)
    return recipient(session, person.id) if works_here(person) else None


def customer_words(session: Session, request: ReferenceRequest, candidate: RequestCandidate) -> dict[str, Any]:
    """Return what a customer reads of a request: never the deal, and of the prospect only how they may hear of it; after their yes, who it is."""
    return {
        "person": session.get_one(Person, candidate.person_id).name,
        "asker": session.get_one(Person, request.requester_id).name,
        "activity": ACTIVITY_NAMES[Activity(request.activity)],
        "told_as": request.told_as or "",
        "words": request.words or "",
        "whom": whom_of(request) if said_yes(candidate) else "",
    }


def asked_words(session: Session, request: ReferenceRequest, candidate: RequestCandidate) -> dict[str, Any]:
    """Return what a customer needs to know to answer: also what kind of company it is where it is not told, how long it takes, by when, and
    which limit it goes beyond, in whose name."""
    activity = Activity(request.activity)
    minutes = length_of(activity, terms_of(session).minutes) if activity in MEETINGS else 0
    told: dict[str, Any] = {"like": ", ".join(filter(None, (request.industry, request.region))), "needed_by": ""}
    told |= {"takes": MEANINGS[activity].takes, "minutes": minutes}
    told |= {"needed_by": request.needed_by.isoformat()} if request.needed_by else {}
    return customer_words(session, request, candidate) | told | beyond_told(session, candidate.ask_id)


def outcome_words(session: Session, request: ReferenceRequest, candidate: RequestCandidate) -> dict[str, Any]:
    """Return what a customer needs to know to say how it went: with whom it was, of those the invitation named, and when."""
    meeting = settled_of(session, candidate.id)
    told = {"contact": request.prospect_contact if request.prospect_email else "", "when": "", "zone": ""}
    told |= {"when": meeting.starts_at.isoformat(), "zone": meeting.zone} if meeting is not None else {}
    return customer_words(session, request, candidate) | told


def when_of(session: Session, candidate: RequestCandidate) -> dict[str, Any]:
    """Return when a meeting was, for the mails of staff; empty where none stands."""
    meeting = settled_of(session, candidate.id)
    return {"when": meeting.starts_at.isoformat(), "zone": meeting.zone} if meeting is not None else {}


def company_name(session: Session, candidate: RequestCandidate) -> str:
    """Return what the candidate's company is called."""
    company = session.get(Company, candidate.company_id) if candidate.company_id else None
    return company.name if company is not None else ""

"""Beginning a request: a draft that is kept, the request that is sent, and who takes it up."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, violated
from portal.kernel.errors import NotAllowed
from portal.profiles.rules.activity import Activity
from portal.requests.actions.moving import SOURCE, locked, locked_for, make_move, request_moved
from portal.requests.actions.telling import tell_admins, tell_staff
from portal.requests.models import ReferenceRequest
from portal.requests.rules.need import Need, require_sendable
from portal.requests.rules.refusals import RequestUnknown
from portal.requests.rules.states import ENDED, Move, State


def keep_request(
    session: Session, actor: Actor, *, key: str, need: Need, is_self_serve: bool, criteria: dict[str, Any] | None = None, now: datetime
) -> ReferenceRequest:
    """Keep a draft under the key of its form: made once, changed by what is typed later. One that was sent stays as it is.

    ``criteria`` is what was searched for; ``person_id`` in it is who was found and wished for. Refuses who is no employee and no admin.
    """
    if actor.id is None or not (actor.is_employee or actor.is_admin):
        raise NotAllowed()
    values = need.columns() | {"is_self_serve": is_self_serve, "criteria": criteria or {}, "changed_at": now}
    request = _own(session, actor.id, key)
    if request is None:
        blank = {"handler_id": None, "end_code": "", "end_reason": "", "unfilled_by": ""}
        request = ReferenceRequest(key=key, requester_id=actor.id, state=State.DRAFT, made_at=now, **blank, **values)
        try:
            with session.begin_nested():
                session.add(request)
                session.flush()
        except IntegrityError as error:
            if not violated(error, "reference_request", "requester_id", "key"):
                raise
            return locked(session, _same(session, actor.id, key).id)
        record(session, actor, "request.drafted", SOURCE, request.id, now=now)
        return request
    request = locked(session, request.id)
    if request.state == State.DRAFT:
        for name, value in values.items():
            setattr(request, name, value)
        session.flush()
    return request


def send_request(session: Session, actor: Actor, *, request_id: int, now: datetime) -> ReferenceRequest:
    """Send a draft: it is open, and where an admin is to pick, the admins are told. Sent twice is sent once.

    Refuses: RequestUnknown, NotAllowed, WhatMissing, DayPast, CurrencyMissing; RequestMoved where it was cancelled.
    """
    request = locked_for(session, actor, request_id, Move.SEND)
    if request.state not in (State.DRAFT, *ENDED):
        return request
    require_sendable(need_of(request), local_date(now, programme_zone(session)))
    make_move(session, request, Move.SEND, now=now, opened_at=now)
    record(session, actor, "request.sent", SOURCE, request.id, now=now, activity=request.activity, is_self_serve=request.is_self_serve)
    if not request.is_self_serve:
        tell_admins(session, request, "unassigned", now, by=actor)
    return request


def take_up(session: Session, actor: Actor, *, request_id: int, now: datetime) -> ReferenceRequest:
    """Let an admin handle a request; taken from a colleague too. Refuses: RequestUnknown, NotAllowed, RequestMoved where it has ended."""
    request = locked_for(session, actor, request_id, Move.TAKE_UP)
    if request.handler_id == actor.id:
        return request
    if request.state == State.DRAFT or request.state in ENDED:
        raise request_moved(request)
    if request.state == State.OPEN:
        make_move(session, request, Move.TAKE_UP, now=now)
    request.handler_id = actor.id
    session.flush()
    record(session, actor, "request.taken_up", SOURCE, request.id, now=now)
    tell_staff(session, request, "taken_up", now, to={request.requester_id}, by=actor)
    return request


def hand_to_admins(session: Session, actor: Actor, *, request_id: int, now: datetime) -> ReferenceRequest:
    """Let an admin find somebody from now on, for who began to do it themself; admins are told. The same once more is nothing.

    Refuses: RequestUnknown, NotAllowed; RequestMoved where somebody is proposed, or it has ended.
    """
    request = locked_for(session, actor, request_id, Move.SEND)
    if request.state not in (State.OPEN, State.MATCHING):
        raise request_moved(request)
    if request.is_self_serve:
        request.is_self_serve = False
        session.flush()
        record(session, actor, "request.handed_to_admins", SOURCE, request.id, now=now)
        tell_admins(session, request, "unassigned", now, by=actor)
    return request


def drop_draft(session: Session, actor: Actor, *, request_id: int, now: datetime) -> None:
    """Remove a draft of one's own. Refuses ``RequestUnknown``, and what was sent (``RequestMoved``)."""
    request = locked(session, request_id)
    if request.requester_id != actor.id:
        raise RequestUnknown()
    if request.state != State.DRAFT:
        raise request_moved(request)
    session.delete(request)
    record(session, actor, "request.draft_dropped", SOURCE, request_id, now=now)


def need_of(request: ReferenceRequest) -> Need:
    """Return the need of a request, as it was typed."""
    names = set(Need.__dataclass_fields__) - {"activity"}
    given: dict[str, Any] = {name: getattr(request, name) for name in names}
    texts = {"told_as", "words", "deal_ref"}
    filled: dict[str, Any] = {name: (value or "") if name in texts else value for name, value in given.items()}
    return Need(activity=Activity(request.activity), **filled)


def _own(session: Session, requester_id: int, key: str) -> ReferenceRequest | None:
    return session.scalar(select(ReferenceRequest).where(ReferenceRequest.requester_id == requester_id, ReferenceRequest.key == key))


def _same(session: Session, requester_id: int, key: str) -> ReferenceRequest:
    found = _own(session, requester_id, key)
    assert found is not None, "the key is taken by this very person"
    return found

"""The doors for other systems, version 1. A token opens them, never a session: no cookie is read or set here, and so no form's token is needed.

Answers are JSON, what goes wrong is a problem of RFC 9457 (``web/problems.py``).
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, g, jsonify, request
from sqlalchemy.orm import Session

from portal.acts.actions.answering import answer_ask, finish_ask, withdraw_ask
from portal.acts.actions.asking import propose_ask
from portal.acts.actions.outside import log_outside_ask
from portal.acts.models.asks import Ask
from portal.acts.queries.asks import find_ask, outcomes_of
from portal.acts.queries.budget import budget_of
from portal.acts.queries.people import person_of
from portal.acts.rules.asks import Came, Channel, state_of
from portal.acts.rules.refusals import AskUnknown
from portal.api.actions import admit_request
from portal.api.models import ApiToken
from portal.api.queries import find_token
from portal.api.reading import read_ask, read_deal, read_event, read_object, read_outcome
from portal.api.rules import ASKS, DEALS, DENIALS, EVENTS, ScopeMissing, TokenMissing
from portal.challenges.actions.events import hear_event
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.people.actions.throttles import count_try
from portal.people.rules.throttle import network
from portal.requests.actions.ending import close_deals
from portal.requests.rules.refusals import DealUnknown
from portal.web.guards import api
from portal.web.logs import request_id
from portal.web.security import csrf
from portal.web.transaction import database, db, let_go, writes_in_steps

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)


def admit(scope: str) -> None:
    """Let a request in whose token is good for ``scope``, and count it. Whoever guesses is slowed down, by their network."""
    kind, _space, shown = request.headers.get("Authorization", "").partition(" ")
    token = find_token(db(), shown.strip()) if kind.lower() == "bearer" and shown.strip() else None
    let_go()
    now = utcnow()
    if token is None:
        database().write(lambda session: count_try(session, DENIALS, network(request.remote_addr or ""), now))
        raise TokenMissing()
    database().write(lambda session: admit_request(session, token, now=now))
    if scope not in token.scopes:
        raise ScopeMissing(scope=scope)
    g.api_token = token


@bp.post("/events")
@api(EVENTS)
@writes_in_steps
def receive_event() -> tuple[Response, int]:
    """Take one event. The same id again is the same event, and the same answer."""
    token: ApiToken = g.api_token
    heard, now = read_event(read_object()), utcnow()
    actor = Actor(id=None, origin="api", request_id=request_id())
    facts = {"source": f"token:{token.id}", "token_id": token.id, "heard": heard}
    event = database().write(lambda session: hear_event(session, actor, **facts, now=now))  # type: ignore[arg-type]
    answer = {"id": event.given_id, "event": event.id, "code": event.code, "outcome": event.outcome}
    return jsonify(answer | {"received_at": event.received_at.isoformat()}), 202


@bp.post("/asks")
@api(ASKS)
@writes_in_steps
def receive_ask() -> tuple[Response, int]:
    """Ask somebody, or write down an ask that was made elsewhere. The same id again is the same ask, and the same answer but for its state."""
    token: ApiToken = g.api_token
    given, now = read_ask(read_object()), utcnow()
    actor = Actor(id=None, origin="api", request_id=request_id())

    def work(session: Session) -> dict[str, Any]:
        person_id = person_of(session, given.person_id, given.email)
        facts: dict[str, Any] = {"person_id": person_id, "kind": given.kind, "key": f"token:{token.id}:{given.id}", "about": given.about}
        facts |= {"channel": given.channel, "now": now}
        if given.happened_at is None:
            return _told(session, given.id, propose_ask(session, actor, **facts, is_told=given.channel is Channel.PORTAL), now)
        outside: dict[str, Any] = {"happened_at": given.happened_at, "came": given.came, "minutes": given.minutes, "note": given.note}
        return _told(session, given.id, log_outside_ask(session, actor, **facts, **outside), now)

    return jsonify(database().write(work)), 201


@bp.post("/asks/outcomes")
@api(ASKS)
@writes_in_steps
def receive_outcome() -> tuple[Response, int]:
    """Write down what came of an ask that was made with this token. The same outcome again is the same, and the same answer."""
    token: ApiToken = g.api_token
    given, now = read_outcome(read_object()), utcnow()
    actor = Actor(id=None, origin="api", request_id=request_id())

    def work(session: Session) -> dict[str, Any]:
        ask = find_ask(session, key=f"token:{token.id}:{given.id}")
        if ask is None:
            raise AskUnknown()
        if given.came in (Came.ACCEPTED, Came.DECLINED):
            answer_ask(session, actor, ask_id=ask.id, is_yes=given.came is Came.ACCEPTED, reason=given.note, now=now)
        elif given.came is Came.WITHDRAWN:
            withdraw_ask(session, actor, ask_id=ask.id, reason=given.note, now=now)
        else:
            was_done = given.came is Came.COMPLETED
            finish_ask(session, actor, ask_id=ask.id, was_done=was_done, minutes=given.minutes, note=given.note, now=now)
        return _told(session, given.id, ask, now)

    return jsonify(database().write(work)), 200


@bp.post("/deals/outcomes")
@api(DEALS)
@writes_in_steps
def receive_deal() -> tuple[Response, int]:
    """Write down what became of a deal, for each of its requests. The same again changes nothing and gets the same answer."""
    given, now = read_deal(read_object()), utcnow()
    actor = Actor(id=None, origin="api", request_id=request_id())

    def work(session: Session) -> list[int]:
        facts: dict[str, Any] = {"outcome": given.outcome, "closed_on": given.closed_on, "corrects": given.corrects}
        ids = close_deals(session, actor, deal_ref=given.ref, **facts, now=now)
        if not ids:
            raise DealUnknown()
        return ids

    return jsonify({"deal": given.ref, "outcome": given.outcome.value, "requests": database().write(work)}), 200


def _told(session: Session, given_id: str, ask: Ask, now: datetime) -> dict[str, Any]:
    """Return what is answered about an ask."""
    budget, state = budget_of(session, ask.person_id, now), state_of(outcomes_of(session, ask.id)).value
    free_on = budget.person.free_on.isoformat() if budget.person.free_on else None
    told = {"id": given_id, "ask": ask.id, "person_id": ask.person_id, "kind": ask.kind, "effort": ask.effort, "state": state}
    return told | {"expires_at": ask.expires_at.isoformat(), "left": budget.left, "next_slot_on": free_on}


def init(app: Flask) -> None:
    """Hand over what admits requests to routes with the mark ``api``."""
    app.extensions["api_guard"] = admit

    @app.after_request
    def how_to_come_in(response: Response) -> Response:
        if response.status_code == 401 and request.blueprint == bp.name:
            response.headers.setdefault("WWW-Authenticate", "Bearer")
        return response

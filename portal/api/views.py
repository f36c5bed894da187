"""The doors for other systems, version 1. A token opens them, never a session: no cookie is read or set here, and so no form's token is needed.

Answers are JSON, what goes wrong is a problem of RFC 9457 (``web/problems.py``).
"""

from flask import Blueprint, Flask, Response, g, jsonify, request

from portal.api.actions import admit_request
from portal.api.models import ApiToken
from portal.api.queries import find_token
from portal.api.reading import read_event, read_object
from portal.api.rules import DENIALS, EVENTS, ScopeMissing, TokenMissing
from portal.challenges.actions.events import hear_event
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.people.actions.throttles import count_try
from portal.people.rules.throttle import network
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


def init(app: Flask) -> None:
    """Hand over what admits requests to routes with the mark ``api``."""
    app.extensions["api_guard"] = admit

    @app.after_request
    def how_to_come_in(response: Response) -> Response:
        if response.status_code == 401 and request.blueprint == bp.name:
            response.headers.setdefault("WWW-Authenticate", "Bearer")
        return response

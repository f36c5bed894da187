"""Who may open which page. Every route carries one mark; a route without one stops the start."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.kernel.actor import ADMIN, ADVOCATE, EMPLOYEE, REVIEWER, Actor
from portal.kernel.errors import NotAllowed, Refusal
from portal.kernel.text import N_
from portal.web.logs import request_id
from portal.web.redirects import came_from

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC, MEMBER, STAFF = "public", "member", "staff"
API = "api"
"""Other systems, by token alone: no session is read, none is made. What admits them is handed over as ``api_guard``; without it nobody is."""
ROLES: dict[str, set[str]] = {
    MEMBER: {ADVOCATE, EMPLOYEE, ADMIN},
    ADVOCATE: {ADVOCATE},
    EMPLOYEE: {EMPLOYEE},
    STAFF: {EMPLOYEE, ADMIN},
    ADMIN: {ADMIN},
    REVIEWER: {ADMIN, REVIEWER},
}


class SignedOut(Refusal):
    """Something was sent, or typed, on a page whose session has ended: here, in another window or from another device."""

    message = N_("You are signed out, so nothing was saved.")
    status = 401


def _mark(audience: str) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.__portal_audience__ = audience  # type: ignore[attr-defined]
        return view

    return decorate


public = _mark(PUBLIC)
member = _mark(MEMBER)
advocate = _mark(ADVOCATE)
employee = _mark(EMPLOYEE)
staff = _mark(STAFF)
admin = _mark(ADMIN)
reviewer = _mark(REVIEWER)


def api(scope: str) -> Callable[[View], View]:
    """Mark a route for other systems that hold a token with ``scope``."""

    def decorate(view: View) -> View:
        view.__portal_scope__ = scope  # type: ignore[attr-defined]
        return _mark(API)(view)

    return decorate


class ForAdvocates(NotAllowed):
    """Points, rewards and challenges are for those who take part; who runs the programme, or works for its company, does not."""

    message = N_("This page is for advocates, who take part for their company. Your account is one of the people behind the programme.")


def audience_of(app: Flask, endpoint: str) -> str | None:
    """Return the mark of an endpoint, or None if somebody forgot it."""
    return getattr(app.view_functions[endpoint], "__portal_audience__", None)


def current_actor() -> Actor:
    """Return who acts in this request, for handing to an action."""
    origin = request.remote_addr or ""
    if not current_user.is_authenticated:
        return Actor(id=None, roles=frozenset({"visitor"}), origin=origin, request_id=request_id())
    facts = {"roles": frozenset(current_user.roles), "reviews": current_user.reviews}
    return Actor(id=current_user.id, origin=origin, request_id=request_id(), **facts)


def _enforce() -> Response | None:
    if request.endpoint is None:
        return None
    audience = audience_of(current_app, request.endpoint)
    if audience is None:
        raise NotAllowed()
    if audience == PUBLIC:
        return None
    if audience == API:
        admit: Callable[[str], None] = current_app.extensions["api_guard"]
        admit(getattr(current_app.view_functions[request.endpoint], "__portal_scope__", ""))
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    if not ROLES[audience] & set(current_user.roles):
        raise ForAdvocates() if audience == ADVOCATE else NotAllowed()
    return None


def _to_sign_in() -> Response:
    """Send a visitor to sign in, and from there to the page they looked at. Raises ``SignedOut`` where that would throw away what they typed."""
    by_script = "HX-Request" in request.headers
    # The header stands where a field that has a name made the request: somebody types into it.
    if request.method != "GET" or (by_script and "HX-Trigger-Name" in request.headers):
        raise SignedOut()
    target = came_from() if by_script else request.full_path.rstrip("?")
    address = url_for("people.sign_in", next=target)
    if by_script:
        return current_app.response_class(status=401, headers={"HX-Redirect": address})
    return redirect(address, 303)


def require_marks(app: Flask) -> None:
    """Refuse to start when a route has no audience, or a route that changes things is not in ``@writes``."""
    for rule in app.url_map.iter_rules():
        if audience_of(app, rule.endpoint) is None:
            raise RuntimeError(f"{rule.endpoint} ({rule.rule}) says not who may open it")
        changes = (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
        if changes and not getattr(app.view_functions[rule.endpoint], "__portal_writes__", False):
            raise RuntimeError(f"{rule.endpoint} ({rule.rule}) changes things outside @writes")


def init(app: Flask) -> None:
    """Check every request against the mark of its route."""
    public(app.view_functions["static"])
    app.before_request(_enforce)

"""What stands on a reviewer's desk: the kinds that they may decide, the filter of the queue, and where in it they are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import current_app, request

from portal.bank.rules.adjusting import KIND as CORRECTION
from portal.bank.rules.disputes import KIND as DISPUTE
from portal.challenges.rules.repricing import KIND as REPRICING
from portal.dashboard.forms import QueueFilter
from portal.dashboard.queries.queue import NOBODY
from portal.dashboard.rules import HIGHEST_ID
from portal.dashboard.waiting.contract import WaitingSource, Wanted
from portal.kernel.errors import NotFound
from portal.kernel.text import fold
from portal.review.queries.terms import calendar_of, terms_of
from portal.review.rules.due import overdue_until
from portal.web.guards import current_actor
from portal.web.transaction import db

READ_SINGLY = frozenset({CORRECTION, REPRICING, DISPUTE})
"""The second look at points given by hand is worth nothing if it is taken at a heap."""
FILTERS = ("q", "company", "track", "owner", "age", "overdue", "challenge", "kind")


def all_sources() -> Sequence[WaitingSource]:
    """Return what may wait and the reader may decide, one source a room, as listed in ``app.py``."""
    found: Sequence[WaitingSource] = current_app.extensions["waiting_sources"]
    actor = current_actor()
    return found if actor.is_admin else [source for source in found if actor.may_decide(source.kind)]


def chosen_sources(form: QueueFilter) -> Sequence[WaitingSource]:
    """Return the source of the tab that is open, or all."""
    kind = form.values().get("kind")
    return [source for source in all_sources() if source.kind == kind] or all_sources()


def bulk_sources(form: QueueFilter) -> Sequence[WaitingSource]:
    """Return the sources of which all that matches may be approved together: not those whose every line is to be read."""
    return [source for source in chosen_sources(form) if source.kind not in READ_SINGLY]


def source_of(kind: str) -> WaitingSource:
    """Return the source of a kind. Refuses: NotFound, also to who may not decide on it."""
    for source in all_sources():
        if source.kind == kind:
            return source
    raise NotFound()


def wanted_of(form: QueueFilter, now: datetime) -> Wanted:
    """Return what the queue is filtered by."""
    asked = form.values()
    days = asked.get("age")
    return Wanted(
        q=fold(asked.get("q", "")),
        track=asked.get("track", ""),
        until=now - timedelta(days=int(days)) if days else None,
        company=fold(asked.get("company", "")),
        challenge=asked.get("challenge"),
        owner=_owner(asked.get("owner", "")),
        overdue=overdue_since(now) if asked.get("overdue") else (),
    )


def overdue_since(now: datetime) -> tuple[tuple[str, datetime], ...]:
    """Return for each kind since when what waits is overdue."""
    terms = terms_of(db())
    calendar = calendar_of(db(), terms)
    return tuple((source.kind, overdue_until(terms.days_for(source.kind), calendar, now)) for source in all_sources())


def _owner(asked: str) -> str:
    """Return what of an address means somebody or nobody; anything else filters nothing."""
    if asked == "me":
        return str(current_actor().id)
    is_id = asked.isdecimal() and len(asked) < 20 and int(asked) <= HIGHEST_ID
    return asked if asked == NOBODY or is_id else ""


def place() -> dict[str, Any]:
    """Return where in the queue the reader is, for coming back there."""
    return {name: request.args[name] for name in (*FILTERS, "after") if request.args.get(name)}

"""What lines of a statement came from: how a member may read of a request they helped with, never the deal."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.kernel.text import like_pattern
from portal.profiles.rules.activity import ACTIVITY_NAMES, Activity
from portal.requests.models import ReferenceRequest


def describe_requests(session: Session, request_ids: list[int]) -> dict[int, tuple[Any, ...]]:
    """Return (what the member heard of it, member's address, staff's address) of each request."""
    found = select(ReferenceRequest.id, ReferenceRequest.told_as, ReferenceRequest.activity).where(ReferenceRequest.id.in_(request_ids))
    return {row.id: (row.told_as or ACTIVITY_NAMES[Activity(row.activity)], "/asks", f"/requests/{row.id}") for row in session.execute(found)}


def requests_matching(term: str) -> Select[int]:
    """Return the ids of requests of which members heard in words that hold ``term``. What they did not hear of finds nothing."""
    return select(ReferenceRequest.id).where(func.lower(ReferenceRequest.told_as).like(like_pattern(term.lower()), escape="\\"))

"""The same once more: a request for a prospect who has one, and somebody who is asked for that prospect already."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.rules.company import name_key
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.rules.need import Need
from portal.requests.rules.states import HOLDING, LIVES

LOOKED_AT = 200


def twin_of(session: Session, requester_id: int | None, need: Need, *, key: str) -> ReferenceRequest | None:
    """Return a request of the same person that goes on, for the same prospect and the same kind, but for the one of this very form (``key``)."""
    mine = (ReferenceRequest.requester_id == requester_id, ReferenceRequest.activity == need.activity.value, ReferenceRequest.key != key)
    live = select(ReferenceRequest).where(*mine, ReferenceRequest.state.in_(LIVES)).order_by(ReferenceRequest.id.desc()).limit(LOOKED_AT)
    prospect = name_key(need.prospect)
    return next((one for one in session.scalars(live) if name_key(one.prospect) == prospect), None)


def is_asked_for_prospect(session: Session, person_id: int, request: ReferenceRequest) -> bool:
    """Tell whether somebody is proposed, asked or booked for the same prospect and the same kind by another request."""
    theirs = (RequestCandidate.person_id == person_id, RequestCandidate.state.in_(HOLDING), RequestCandidate.request_id != request.id)
    others = (
        select(ReferenceRequest.prospect)
        .join(RequestCandidate, RequestCandidate.request_id == ReferenceRequest.id)
        .where(*theirs, ReferenceRequest.activity == request.activity)
    )
    return name_key(request.prospect) in {name_key(one) for one in session.scalars(others)}

"""What a link opens."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.ids import token_hash
from portal.people.rules.link import LinkSpent
from portal.requests.models import RequestCandidate, RequestLink
from portal.requests.rules.links import LinkKind
from portal.requests.rules.states import HOLDING


def answered_behind(session: Session, token: str, now: datetime) -> RequestCandidate:
    """Return the candidate of whom an account owner has answered by this link, also once it opens nothing else; ``LinkSpent`` for every other."""
    own = (RequestLink.token_hash == token_hash(token), RequestLink.kind == LinkKind.OWNER, RequestLink.expires_at > now)
    found = select(RequestCandidate).join(RequestLink, RequestLink.candidate_id == RequestCandidate.id)
    candidate = session.scalar(found.where(*own, RequestCandidate.owner_answered_at.is_not(None)))
    if candidate is None:
        raise LinkSpent()
    return candidate


def off_behind(session: Session, token: str, kind: LinkKind, now: datetime) -> RequestCandidate:
    """Return the candidate of a customer's or a prospect's link that opens nothing any more because they are not needed any more; ``LinkSpent``
    for every other, also one that was recalled before that.
    """
    own = (
        RequestLink.token_hash == token_hash(token),
        RequestLink.kind == kind,
        RequestLink.expires_at > now,
        RequestCandidate.state.not_in(HOLDING),
    )
    found = select(RequestCandidate).join(RequestLink, RequestLink.candidate_id == RequestCandidate.id).where(*own)
    candidate = session.scalar(found.where(RequestLink.revoked_at >= RequestCandidate.ended_at))
    if candidate is None or kind is LinkKind.OWNER:
        raise LinkSpent()
    return candidate


def candidate_behind(session: Session, token: str, kind: LinkKind, now: datetime) -> RequestCandidate:
    """Return the candidate of a link that is good; ``LinkSpent`` for every other one, whatever is wrong with it."""
    good = (RequestLink.token_hash == token_hash(token), RequestLink.kind == kind, RequestLink.revoked_at.is_(None), RequestLink.expires_at > now)
    found = select(RequestCandidate).join(RequestLink, RequestLink.candidate_id == RequestCandidate.id).where(*good)
    candidate = session.scalar(found)
    if candidate is None:
        raise LinkSpent()
    return candidate

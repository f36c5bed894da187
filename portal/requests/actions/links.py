"""Links by which owners, customers and prospects answer without signing in: made, sent, recalled, read back."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.kernel.clock import micros
from portal.kernel.ids import new_token, token_hash
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.requests.actions.telling import asker_of
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestLink
from portal.requests.rules.answering import LINK_GOOD_FOR
from portal.requests.rules.links import PAGES, LinkKind


def send_link(
    session: Session,
    candidate: RequestCandidate,
    kind: LinkKind,
    to: Recipient,
    mail: str,
    data: dict[str, Any],
    now: datetime,
    *,
    key: str = "",
    calendar: dict[str, Any] | None = None,
) -> str:
    """Make a link and mail it, never into the inbox, where it would stay readable; return the path. Links of before stay good.

    Who answers the mail writes to the requester.
    """
    token = new_token()
    facts = {"candidate_id": candidate.id, "kind": kind.value, "token_hash": token_hash(token)}
    session.add(RequestLink(**facts, made_at=now, expires_at=now + LINK_GOOD_FOR))
    session.flush()
    path = f"{PAGES[kind]}?t={token}"
    outside = Recipient(person_id=None, email=to.email, name=to.name, language=to.language)
    key = key or f"request:{candidate.request_id}:{candidate.id}:{mail}:{micros(now)}"
    asker = asker_of(session, session.get_one(ReferenceRequest, candidate.request_id))
    notify(session, to=outside, kind=mail, data=data, key=key, now=now, link=path, calendar=calendar, answers_to=asker)
    return path


def revoke_links(session: Session, candidate_id: int, now: datetime, *kinds: LinkKind) -> None:
    """Make links of a candidate worth nothing: of some kinds, or all."""
    mine = update(RequestLink).where(RequestLink.candidate_id == candidate_id, RequestLink.revoked_at.is_(None))
    mine = mine.where(RequestLink.kind.in_(kinds)) if kinds else mine
    session.execute(mine.values(revoked_at=now).execution_options(synchronize_session=False))


def forget_links(session: Session, request_id: int, kind: LinkKind) -> None:
    """Forget every link of a kind that was sent for a request, to whomever: they open nothing, and nobody counts as written to."""
    of = select(RequestCandidate.id).where(RequestCandidate.request_id == request_id)
    mine = delete(RequestLink).where(RequestLink.kind == kind, RequestLink.candidate_id.in_(of))
    session.execute(mine.execution_options(synchronize_session=False))

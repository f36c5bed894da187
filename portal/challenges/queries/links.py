"""How the links of a submission stand, as the worker found them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.models.proof import LinkCheck
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.policy import looks_at_links
from portal.challenges.rules import links as rules
from portal.challenges.rules.early import is_unsent
from portal.challenges.rules.links import LinkState, Liveness
from portal.challenges.stages.link import host_of
from portal.challenges.stages.registry import KINDS

Links = Mapping[tuple[int, str], Liveness]


def links_in(answers: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Return (step, address) of every link in what was sent, in its order."""
    found = []
    for entry in answers:
        kind = KINDS.get(entry.get("kind", ""))
        for url in kind.links(entry.get("value") or {}) if kind else ():
            if len(url) <= rules.URL_LENGTH:
                found.append((int(entry["stage_id"]), url))
    return list(dict.fromkeys(found))


def liveness_of(session: Session, submission: Submission, attempts: Sequence[Attempt]) -> Links:
    """Return how each link in any of the attempts stands, by step and address."""
    asked = {place for attempt in attempts for place in links_in(attempt.answers)}
    if not asked:
        return {}
    rows = session.scalars(select(LinkCheck).where(LinkCheck.submission_id == submission.id))
    known = {(row.stage_id, row.url): row for row in rows}
    can_look = looks_at_links(session)
    return {place: _liveness(known.get(place), place[1], can_look=can_look) for place in asked}


def _liveness(row: LinkCheck | None, url: str, *, can_look: bool) -> Liveness:
    if row is None or (row.state == LinkState.WAITING and not can_look):
        return Liveness("quiet", rules.NOT_LOOKED if can_look else rules.SWITCHED_OFF, can_look=can_look)
    state = LinkState(row.state)
    asked = host_of(url)
    went_to = row.host if row.host and not rules.is_same_site(asked, row.host) else ""
    facts = {"status": row.status, "why": rules.reason_said(row.why), "went_to": went_to, "checked_at": row.checked_at}
    return Liveness(rules.LOOKS[state], rules.LINK_SAID[state], can_look=can_look and state is not LinkState.WAITING, **facts)  # type: ignore[arg-type]


def check_to_do(session: Session, check_id: int, asked: int) -> str | None:
    """Return the address that the ``asked``-th asking of a check still waits for, or None."""
    row = session.get(LinkCheck, check_id)
    return row.url if row is not None and row.asked == asked and row.state == LinkState.WAITING else None


def was_sent(session: Session, submission_id: int, stage_id: int, url: str) -> bool:
    """Tell whether a submission was sent with this link at this step."""
    sent = session.scalars(select(Attempt).where(Attempt.submission_id == submission_id))
    return any((stage_id, url) in links_in(attempt.answers) for attempt in sent if not is_unsent(attempt))

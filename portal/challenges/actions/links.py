"""Asking the worker to look whether shared pages are there, and keeping what it found. Never stops anybody from sending or deciding."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.models.proof import LinkCheck
from portal.challenges.queries.links import links_in, was_sent
from portal.challenges.queries.policy import looks_at_links
from portal.challenges.rules.links import HOST_LENGTH, LinkChecksOff, LinkState
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, NotFound
from portal.notifications.actions import enqueue

CHECK = "link.check"
_WITHHELD = "looks_withheld"


def ask_for_links(session: Session, submission_id: int, answers: Sequence[Mapping[str, Any]], now: datetime, *, is_promised: bool = True) -> None:
    """Promise a look at every link of what was just sent; none where looking is switched off, or as long as ``withhold_looks`` holds.

    ``is_promised=False`` is for the demo, which keeps at once what was found.
    """
    if looks_at_links(session) and not (is_promised and session.info.get(_WITHHELD)):
        for stage_id, url in links_in(answers):
            _ask(session, submission_id, stage_id, url, now, is_promised=is_promised)


@contextmanager
def withhold_looks(session: Session) -> Iterator[None]:
    """Let no page outside be asked for, as long as this holds: what is sent is long past, as in the demo programme."""
    session.info[_WITHHELD] = True
    try:
        yield
    finally:
        session.info.pop(_WITHHELD)


def look_again(session: Session, actor: Actor, *, submission_id: int, stage_id: int, url: str, now: datetime) -> None:
    """Promise one more look at a link, because a reviewer asked. While one is promised already, a second is not.

    Refuses who may not decide, a link that was never sent (``NotFound``), and where looking is switched off (``LinkChecksOff``).
    """
    if not actor.may_decide("attempt"):
        raise NotAllowed()
    if not was_sent(session, submission_id, stage_id, url):
        raise NotFound()
    if not looks_at_links(session):
        raise LinkChecksOff()
    _ask(session, submission_id, stage_id, url, now)
    record(session, actor, "submission.link_asked", "submission", submission_id, now=now, stage_id=stage_id)


def keep_found(
    session: Session, *, check_id: int, asked: int, state: LinkState, now: datetime, status: int | None = None, why: str | None = None, host: str = ""
) -> bool:
    """Keep what was found; tells whether it was still waited for. What an earlier asking finds late changes nothing."""
    waits = (LinkCheck.id == check_id, LinkCheck.asked == asked, LinkCheck.state == LinkState.WAITING)
    found = {"state": state, "checked_at": now, "status": status, "why": why, "host": host[:HOST_LENGTH] or None}
    kept = update(LinkCheck).where(*waits).values(**found).returning(LinkCheck.id)
    return session.scalar(kept.execution_options(synchronize_session=False)) is not None


def _ask(session: Session, submission_id: int, stage_id: int, url: str, now: datetime, *, is_promised: bool = True) -> None:
    """Write or reset the row, unless it waits already, and promise the job."""
    maker = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = {"state": LinkState.WAITING, "asked_at": now, "checked_at": None, "status": None, "why": None, "host": None}
    made = maker(LinkCheck).values(submission_id=submission_id, stage_id=stage_id, url=url, asked=1, **fresh)
    again = {**fresh, "asked": LinkCheck.asked + 1}
    asked = made.on_conflict_do_update(
        index_elements=["submission_id", "stage_id", "url"], set_=again, where=LinkCheck.state != LinkState.WAITING
    ).returning(LinkCheck.id, LinkCheck.asked)
    row = session.execute(asked.execution_options(synchronize_session=False)).first()
    if row is not None and is_promised:
        payload = {"check_id": row.id, "asked": row.asked}
        enqueue(session, topic=CHECK, payload=payload, key=f"link:{row.id}:{row.asked}", now=now)

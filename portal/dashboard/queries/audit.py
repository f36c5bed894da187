"""The audit log, searched by who, what and when; newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, bindparam, not_, or_, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.challenges.models.deciding import AutoRule
from portal.challenges.models.offering import Challenge, ChallengeAudience
from portal.challenges.models.taking import Submission
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person, Tag
from portal.recognition.models import Badge, Season
from portal.references.models.nominating import Nomination
from portal.requests.models import ReferenceRequest
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.web.paging import SIZE, AnySelect, Page, page_by

ORIGINS = ("cli", "import", "job", "api")
_FOUND = 200
_BATCH = 1_000

# How the things of each kind are called: the table's id, and its name, of ``:ids``.
_IDS: Any = bindparam("ids", expanding=True)
_NAMES: dict[str, AnySelect] = {
    "person": select(Person.id, Person.name).where(Person.id.in_(_IDS)),
    "company": select(Company.id, Company.name).where(Company.id.in_(_IDS)),
    "challenge": select(Challenge.id, Challenge.title).where(Challenge.id.in_(_IDS)),
    "audience": select(ChallengeAudience.audience_id, Challenge.title)
    .join(Challenge, Challenge.id == ChallengeAudience.challenge_id)
    .where(ChallengeAudience.audience_id.in_(_IDS)),
    "tag": select(Tag.id, Tag.name).where(Tag.id.in_(_IDS)),
    "reward": select(Reward.id, Reward.name).where(Reward.id.in_(_IDS)),
    "nomination": select(Nomination.id, Nomination.name).where(Nomination.id.in_(_IDS)),
    "reference_request": select(ReferenceRequest.id, ReferenceRequest.prospect).where(ReferenceRequest.id.in_(_IDS)),
    "badge": select(Badge.id, Badge.name).where(Badge.id.in_(_IDS)),
    "season": select(Season.id, Season.name).where(Season.id.in_(_IDS)),
    "submission": select(Submission.id, Challenge.title).join(Challenge, Challenge.id == Submission.challenge_id).where(Submission.id.in_(_IDS)),
    "rule": select(AutoRule.id, AutoRule.name).where(AutoRule.id.in_(_IDS)),
    "redemption": select(Redemption.id, Reward.name).join(Reward, Reward.id == Redemption.reward_id).where(Redemption.id.in_(_IDS)),
}
_RECENT = (
    select(AuditEvent)
    .where(AuditEvent.name.not_in(bindparam("without", expanding=True)))
    .order_by(AuditEvent.id.desc())
    .limit(bindparam("number", type_=Integer))
)


@dataclass(frozen=True)
class Asked:
    """What of the log is wanted."""

    q: str = ""
    what: str = ""
    origin: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Line:
    """One event with the names of who acted and what it was done to; ``who`` is None for the portal itself, ``what`` where only a number is known."""

    event: AuditEvent
    who: str | None
    what: str | None


def audit_page(session: Session, asked: Asked, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return one page of ``Line``, newest first."""
    page = page_by(session, select(AuditEvent).where(*_conditions(session, asked)), [(AuditEvent.id, True)], after=after, size=size)
    return Page(_lines(session, page.rows), page.next, is_first=page.is_first)


def iter_audit(session: Session, asked: Asked) -> Iterator[Line]:
    """Yield every line that matches, newest first, for a file."""
    found = select(AuditEvent).where(*_conditions(session, asked)).order_by(AuditEvent.id.desc())
    for batch in session.scalars(found, execution_options={"yield_per": _BATCH}).partitions():
        yield from _lines(session, batch)


def recent_events(session: Session, number: int, *, without: Iterable[str] = ()) -> list[Line]:
    """Return the newest lines, leaving out the events named in ``without``."""
    return _lines(session, session.scalars(_RECENT, {"without": list(without), "number": number}).all())


def decided_before(session: Session, subject: tuple[str, int], number: int = 6) -> list[Line]:
    """Return what was decided on a thing and undone, the newest first, with what else was written of it meanwhile; nothing where nobody undid."""
    about = (AuditEvent.subject_type == subject[0], AuditEvent.subject_id == subject[1])
    events = session.scalars(select(AuditEvent).where(*about).order_by(AuditEvent.id.desc()).limit(number)).all()
    return _lines(session, events) if any(event.name.endswith(".recalled") for event in events) else []


def _conditions(session: Session, asked: Asked) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.q:
        people = _people(session, asked.q)
        conditions.append(or_(AuditEvent.actor_id.in_(people), and_(AuditEvent.subject_type == "person", AuditEvent.subject_id.in_(people))))
    if asked.what:
        conditions.append(AuditEvent.subject_type == asked.what)
    if asked.origin in ORIGINS:
        conditions.append(AuditEvent.origin == asked.origin)
    elif asked.origin:
        conditions.append(not_(AuditEvent.origin.in_(ORIGINS)))
    if asked.since:
        conditions.append(AuditEvent.at >= asked.since)
    if asked.until:
        conditions.append(AuditEvent.at < asked.until)
    return conditions


def _people(session: Session, term: str) -> list[int]:
    """Return the ids of the people whose name or address holds ``term``."""
    pattern = like_pattern(fold(term))
    found = select(Person.id).where(or_(Person.name_key.like(pattern, escape="\\"), Person.email_key.like(pattern, escape="\\")))
    return list(session.scalars(found.order_by(Person.id).limit(_FOUND)))


def _lines(session: Session, events: Iterable[AuditEvent]) -> list[Line]:
    """Put names to events: one query for each kind of thing that occurs."""
    events = list(events)
    wanted: dict[str, set[int]] = {"person": {event.actor_id for event in events if event.actor_id is not None}}
    for event in events:
        if event.subject_type in _NAMES and event.subject_id is not None:
            wanted.setdefault(event.subject_type, set()).add(event.subject_id)
    names = {kind: _names(session, kind, ids) for kind, ids in wanted.items() if ids}
    return [_line(event, names) for event in events]


def _names(session: Session, kind: str, ids: set[int]) -> dict[int, str]:
    return {row[0]: row[1] for row in session.execute(_NAMES[kind], {"ids": list(ids)})}


def _line(event: AuditEvent, names: dict[str, dict[int, str]]) -> Line:
    who = names.get("person", {}).get(event.actor_id) if event.actor_id is not None else None
    what = names.get(event.subject_type, {}).get(event.subject_id) if event.subject_id is not None else None
    return Line(event, who, what)

"""What admins do with badges: draft, edit, switch on with a silent backfill, retire, begin with those we drew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.kernel.text import clean_line
from portal.notifications.actions import enqueue
from portal.recognition.badges.registry import rule_of
from portal.recognition.badges.starters import STARTERS
from portal.recognition.models import Badge
from portal.recognition.queries.badges import get_badge
from portal.recognition.queries.levels import list_levels
from portal.recognition.rules.badges import (
    HOW_LENGTH,
    NAME_LENGTH,
    Art,
    BadgeNameMissing,
    BadgeNameTaken,
    BadgeNotDraft,
    BadgeNotLive,
    BadgeState,
    HowMissing,
    Tone,
)

BACKFILL = "recognition.backfill"


def add_badge(
    session: Session,
    actor: Actor,
    *,
    name: str,
    how: str,
    art: str,
    tone: str,
    rule: str,
    options: Mapping[str, Any],
    now: datetime,
    key: str | None = None,
    starter: str | None = None,
) -> Badge:
    """Keep a badge as a draft. The same form ``key`` a second time gives the first.

    Refuses anybody but admins, a missing name or sentence, a name that another badge has, and a rule with a fact missing.
    """
    _require_admin(actor)
    if key and (made := session.scalar(select(Badge).where(Badge.made_by == key))) is not None:
        return made
    values = _values(name, how, art, tone, rule, options)
    try:
        with session.begin_nested():
            row = {**values, "rule": rule, "state": BadgeState.DRAFT, "starter": starter, "made_by": key, "created_at": now}
            badge = session.scalars(insert(Badge).values(**row).returning(Badge)).one()
    except IntegrityError as error:
        if violated(error, "badge", "name"):
            raise BadgeNameTaken() from error
        raise
    record(session, actor, "badge.added", "badge", badge.id, now=now)
    return badge


def edit_badge(
    session: Session,
    actor: Actor,
    *,
    badge_id: int,
    name: str,
    how: str,
    art: str,
    tone: str,
    options: Mapping[str, Any],
    now: datetime,
    seen: str | None = None,
) -> Badge:
    """Change a draft. Refuses what ``add_badge`` refuses, what changed since it was ``seen`` (``ChangedMeanwhile``), and a badge
    that was switched on (``BadgeNotDraft``): people earned it as it is.
    """
    _require_admin(actor)
    badge = get_badge(session, badge_id)
    session.refresh(badge, with_for_update=True)
    if badge.state != BadgeState.DRAFT:
        raise BadgeNotDraft(name=badge.name)
    values = _values(name, how, art, tone, badge.rule, options)
    if values != seen_values(badge):
        require_seen(seen_values(badge), seen)
    try:
        with session.begin_nested():
            session.execute(update(Badge).where(Badge.id == badge_id).values(**values))
    except IntegrityError as error:
        if violated(error, "badge", "name"):
            raise BadgeNameTaken() from error
        raise
    session.refresh(badge)
    record(session, actor, "badge.edited", "badge", badge_id, now=now)
    return badge


def seen_values(badge: Badge) -> dict[str, Any]:
    """Return what the editor shows of a draft."""
    return {field: getattr(badge, field) for field in ("name", "how", "art", "tone", "options")}


def publish_badge(session: Session, actor: Actor, *, badge_id: int, now: datetime) -> None:
    """Switch a badge on. Who meets the rule already gets it from the worker, without a notice; from now on it is earned as it happens.

    Refuses anybody but admins, and what is not a draft (``BadgeNotDraft``).
    """
    _require_admin(actor)
    badge = get_badge(session, badge_id)
    values = {"state": BadgeState.LIVE, "live_at": now}
    if not session.execute(update(Badge).where(Badge.id == badge_id, Badge.state == BadgeState.DRAFT).values(**values)).rowcount:  # type: ignore[attr-defined]
        raise BadgeNotDraft(name=badge.name)
    session.refresh(badge)
    record(session, actor, "badge.published", "badge", badge_id, now=now)
    enqueue(session, topic=BACKFILL, payload={"badge_id": badge_id}, key=f"{BACKFILL}:{badge_id}", now=now)


def drop_badge(session: Session, actor: Actor, *, badge_id: int, now: datetime) -> None:
    """Throw a draft away. Refuses anybody but admins, and what was switched on (``BadgeNotDraft``)."""
    _require_admin(actor)
    badge = get_badge(session, badge_id)
    name = badge.name
    if not session.execute(delete(Badge).where(Badge.id == badge_id, Badge.state == BadgeState.DRAFT)).rowcount:  # type: ignore[attr-defined]
        raise BadgeNotDraft(name=name)
    record(session, actor, "badge.dropped", "badge", badge_id, now=now, badge=name)


def retire_badge(session: Session, actor: Actor, *, badge_id: int, now: datetime) -> None:
    """Give a badge no more. Who has it keeps it, whatever is taken back later. Refuses anybody but admins, and what is not live."""
    _require_admin(actor)
    badge = get_badge(session, badge_id)
    values = {"state": BadgeState.RETIRED, "retired_at": now}
    if not session.execute(update(Badge).where(Badge.id == badge_id, Badge.state == BadgeState.LIVE).values(**values)).rowcount:  # type: ignore[attr-defined]
        raise BadgeNotLive(name=badge.name)
    session.refresh(badge)
    record(session, actor, "badge.retired", "badge", badge_id, now=now)


def add_starters(session: Session, actor: Actor, *, now: datetime) -> list[Badge]:
    """Keep the badges we drew as drafts, those that are not there yet; one for a level that does not exist is left out."""
    _require_admin(actor)
    there = set(session.scalars(select(Badge.starter).where(Badge.starter.is_not(None))))
    names, levels = set(session.scalars(select(Badge.name))), list_levels(session)
    made = []
    for starter in STARTERS:
        options = dict(starter.options)
        if starter.key in there or starter.name in names:
            continue
        if "level" in options:
            number = options.pop("level")
            if number > len(levels):
                continue
            options["level_id"] = levels[number - 1].id
        facts = {"name": starter.name, "how": starter.how, "art": starter.art, "tone": starter.tone, "rule": starter.rule}
        made.append(add_badge(session, actor, **facts, options=options, starter=starter.key, now=now))
    return made


def _values(name: str, how: str, art: str, tone: str, rule: str, options: Mapping[str, Any]) -> dict[str, Any]:
    name, how = clean_line(name)[:NAME_LENGTH], clean_line(how)[:HOW_LENGTH]
    if not name:
        raise BadgeNameMissing()
    if not how:
        raise HowMissing()
    return {"name": name, "how": how, "art": Art(art), "tone": Tone(tone), "options": rule_of(rule).read(options)}


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()

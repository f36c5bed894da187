"""Levels: what admins change about them, and what happens when somebody passes one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.kernel.errors import Conflict, NotAllowed
from portal.kernel.ids import new_key
from portal.kernel.seen import require_seen
from portal.kernel.text import clean_line
from portal.notifications.actions import enqueue, notify, unsay, withdraw_mail
from portal.people.queries.persons import recipient
from portal.recognition.actions.badges import BACKFILL
from portal.recognition.actions.celebrations import celebrate, forget_celebration
from portal.recognition.actions.holdings import follow_badges
from portal.recognition.badges.contract import LIFETIME
from portal.recognition.badges.level import LevelReached
from portal.recognition.models import Badge, Level
from portal.recognition.queries.levels import list_levels, passed
from portal.recognition.rules.badges import BadgeState, Cause, is_silent
from portal.recognition.rules.levels import NAME_LENGTH, LevelInUse, LevelNeededFor, LevelOfBadgeAtZero, Wanted, require_levels, rung_of
from portal.review.rules.undoing import UNDO_WITHIN


def follow_lifetime(session: Session, actor: Actor, *, person_id: int, earned: int, at: datetime, now: datetime) -> None:
    """Do what follows from ``earned`` points that the ledger has just counted: celebrate a level reached, once for ever, and let badges follow.

    Of several levels passed at once the highest is celebrated; the others count as seen. The mail waits for the minute in which what
    earned the points can be undone. One that is lost within it, unseen, is told of no more, and is celebrated when it is reached again.
    """
    reached = passed(session, person_id, earned)
    if not reached:
        return
    if earned > 0:
        silent = is_silent(actor.origin, at, now)
        for level in reached:
            is_top = level is reached[-1]
            new = celebrate(session, person_id=person_id, cause=Cause.LEVEL, subject_id=level.id, is_silent=silent or not is_top, now=now)
            if new and is_top and not silent:
                _tell(session, person_id, level.id, now)
    else:
        _unsay(session, person_id, [level.id for level in reached], now)
    follow_badges(session, actor, person_id=person_id, at=at, now=now, because=(LIFETIME,), is_back=earned < 0)


def _tell(session: Session, person_id: int, level_id: int, now: datetime) -> None:
    levels = list_levels(session)
    place = next(n for n, level in enumerate(levels) if level.id == level_id)
    rung = rung_of(levels, levels[place].threshold)
    data = {"level": rung.name, "number": rung.number, "next_level": rung.next_name, "next_at": rung.next_at}
    to, key = recipient(session, person_id), f"level:{level_id}"
    notify(session, to=to, kind="level_reached", data=data, key=key, link="/badges", now=now, mail_at=now + UNDO_WITHIN)


def _unsay(session: Session, person_id: int, lost: Sequence[int], now: datetime) -> None:
    to, since = recipient(session, person_id), now - UNDO_WITHIN
    for level_id in lost:
        if forget_celebration(session, person_id=person_id, cause=Cause.LEVEL, subject_id=level_id, since=since):
            unsay(session, to=to, key=f"level:{level_id}", since=since)
        else:
            withdraw_mail(session, to=to, key=f"level:{level_id}", now=now)


def set_levels(session: Session, actor: Actor, *, levels: Sequence[Wanted], now: datetime, seen: str | None = None) -> bool:
    """Put ``levels`` in the place of those there are, by id where they have one; tells whether anything differed.

    Everybody stands at once where the new thresholds put them, and nobody is congratulated on that. Where
    a threshold fell, whoever has passed it by that gets the level's live badges from the worker, without a notice.
    Refuses what ``require_levels`` refuses, a level that is gone, to remove one that a badge is given for (``LevelInUse``) or that
    a room above needs for something (``LevelNeededFor``), to let one that a badge is given for begin at 0 points
    (``LevelOfBadgeAtZero``), and what changed since it was ``seen`` (``ChangedMeanwhile``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    wanted = require_levels([Wanted(level.id, clean_line(level.name)[:NAME_LENGTH], level.threshold) for level in levels])
    take_turn(session, "recognition:levels")
    locked = select(Level).order_by(Level.id).with_for_update().execution_options(populate_existing=True)
    there = {level.id: level for level in session.scalars(locked)}
    standing = sorted(there.values(), key=lambda level: (level.threshold, level.id))
    before, after = ([(level.name, level.threshold) for level in lines] for lines in (standing, wanted))
    if before == after:
        return False
    require_seen(seen_values(standing), seen)
    if any(level.id is not None and level.id not in there for level in wanted):
        raise Conflict()
    kept = {level.id for level in wanted}
    gone = [level for level in there.values() if level.id not in kept]
    _require_unused(session, gone, wanted)
    fallen = [level.id for level in wanted if level.id is not None and level.threshold < there[level.id].threshold]
    session.execute(delete(Level).where(Level.id.in_([level.id for level in gone])))
    for level in wanted:
        if level.id is None:
            session.add(Level(name=level.name, threshold=level.threshold))
        else:
            there[level.id].name, there[level.id].threshold = level.name, level.threshold
    session.flush()
    record(session, actor, "levels.changed", "level", None, now=now, before=before, after=after, number=len(after))
    _give_late(session, fallen, now)
    return True


def seen_values(levels: Sequence[Any]) -> dict[str, tuple[str, int]]:
    """Return what the editor shows of the levels."""
    return {str(level.id): (level.name, level.threshold) for level in levels}


def _give_late(session: Session, fallen: Sequence[int], now: datetime) -> None:
    """Let the worker give the live badges for levels that are ``fallen``."""
    for badge in session.scalars(_of_levels(Badge.state == BadgeState.LIVE)):
        if badge.options["level_id"] in fallen:
            enqueue(session, topic=BACKFILL, payload={"badge_id": badge.id}, key=f"{BACKFILL}:{badge.id}:{new_key()}", now=now)


def _require_unused(session: Session, gone: Sequence[Level], wanted: Sequence[Wanted]) -> None:
    removed, at_zero = {level.id: level.name for level in gone}, {level.id: level.name for level in wanted if level.threshold == 0}
    for find_use in session.info.get("level_uses", ()) if removed else ():
        if use := find_use(session, sorted(removed)):
            raise LevelNeededFor(level=removed[use[0]], thing=use[1])
    for badge in session.scalars(_of_levels(Badge.state != BadgeState.RETIRED)):
        level_id = badge.options["level_id"]
        if level_id in removed:
            raise LevelInUse(badge=badge.name, level=removed[level_id])
        if level_id in at_zero:
            raise LevelOfBadgeAtZero(badge=badge.name, level=at_zero[level_id])


def _of_levels(which: ColumnElement[bool]) -> Select[Any]:
    """Return the statement of those badges that are given for a level."""
    return select(Badge).where(Badge.rule == LevelReached.kind, which).order_by(Badge.id)

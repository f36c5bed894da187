"""The clock: whoever looks after profiles is asked whether they are true, in one mail; reminded; and silence hides. Each may run twice."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.errors import NotAllowed
from portal.notifications.actions import notify
from portal.notifications.rules import Recipient
from portal.people.queries.persons import admins, recipients
from portal.profiles.actions.consenting import follow_consents
from portal.profiles.actions.links import check_link
from portal.profiles.actions.rows import locked, move, today_of
from portal.profiles.models import ProfileCheck, ReferenceProfile
from portal.profiles.queries.checks import IN_USE, Listed, by_owner, listed
from portal.profiles.rules.fresh import Why
from portal.profiles.rules.refusals import NoneTicked
from portal.profiles.rules.states import Move, Status

MINE = "/profiles/verify"
MAIL_LINES = 40
"""A mail lists at most so many; the rest is asked about the next day, or stands on the page behind its button."""


def ask_owner(session: Session, actor: Actor, *, owner_id: int | None, person_ids: list[int], why: Why | None = None, now: datetime) -> int:
    """Ask who looks after these people, or without an owner the admins, whether their profiles are true, in one mail; return about how many.

    Of two at once one asks. Where nobody can be asked, nothing happens.
    """
    readers = _readers(session, owner_id)
    if not readers:
        return 0
    asked = [person_id for person_id in sorted(person_ids[:MAIL_LINES]) if _ask(session, actor, person_id, why, now)]
    _mail(session, readers, listed(session, asked), "profile_verify", now)
    return len(asked)


def ask_several(session: Session, actor: Actor, *, person_ids: list[int], now: datetime) -> tuple[int, int]:
    """Let an admin ask about several profiles at once, due or not; each owner gets one mail. Return how many profiles, and how many owners.

    Who was asked already is written to again, about the same question. Refuses: NotAllowed, NoneTicked.
    """
    if not actor.is_admin:
        raise NotAllowed()
    if not person_ids:
        raise NoneTicked()
    total, owners = 0, 0
    for owner_id, ids in by_owner(session, sorted(set(person_ids))).items():
        readers = _readers(session, owner_id)
        for person_id in ids:
            _ask(session, actor, person_id, Why.ASKED, now)
        lines = listed(session, ids)
        for start in range(0, len(lines), MAIL_LINES):
            _mail(session, readers, lines[start : start + MAIL_LINES], "profile_verify", now, start)
        total, owners = total + len(ids), owners + bool(readers)
    return total, owners


def remind_owner(session: Session, actor: Actor, *, owner_id: int | None, person_ids: list[int], now: datetime) -> int:
    """Remind of questions that nobody answered, in one mail; return of how many."""
    waits = update(ProfileCheck).where(ProfileCheck.person_id.in_(person_ids), ProfileCheck.ended_at.is_(None), ProfileCheck.reminded_at.is_(None))
    found = session.scalars(waits.values(reminded_at=now).returning(ProfileCheck.person_id).execution_options(synchronize_session=False)).all()
    for person_id in sorted(found):
        record(session, actor, "profile.reminded", "profile", person_id, now=now)
    if found:
        _mail(session, _readers(session, owner_id), listed(session, sorted(found)), "profile_reminder", now)
    return len(found)


def hide_silent(session: Session, actor: Actor, *, owner_id: int | None, person_ids: list[int], now: datetime) -> int:
    """Hide profiles about which nobody answered from search, and tell who was asked; return how many. Nothing of them is removed."""
    hidden: list[int] = []
    for person_id in sorted(person_ids):
        row = session.scalar(select(ReferenceProfile).where(ReferenceProfile.person_id == person_id).with_for_update())
        silent = update(ProfileCheck).where(ProfileCheck.person_id == person_id, ProfileCheck.ended_at.is_(None), ProfileCheck.hidden_at.is_(None))
        if row is None or row.status not in IN_USE:
            continue
        if session.execute(silent.values(hidden_at=now).execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
            move(session, actor, person_id, Move.DOUBT, now)
            hidden.append(person_id)
    if hidden:
        people = [{"person": one.name, "company": one.company} for one in listed(session, hidden)]
        for to in _readers(session, owner_id):
            key = f"profile:hidden:{hidden[0]}:{micros(now)}"
            notify(session, to=to, kind="profile_hidden", data={"people": people}, key=key, link=MINE, now=now)
    return len(hidden)


def wake(session: Session, actor: Actor, *, person_id: int, now: datetime) -> bool:
    """End a rest whose last day is over; tells whether it did."""
    row = session.scalar(select(ReferenceProfile).where(ReferenceProfile.person_id == person_id).with_for_update())
    if row is None or row.status != Status.RESTING or row.rests_until is None or row.rests_until > today_of(session, now):
        return False
    move(session, actor, person_id, Move.RESUME, now)
    follow_consents(session, actor, person_id, now)
    return True


def _ask(session: Session, actor: Actor, person_id: int, why: Why | None, now: datetime) -> bool:
    """Open a question about a profile, with why; tells whether none was open.

    It is read again under its lock: who was verified or retired meanwhile is not asked about. Without ``why`` it has to be due.
    """
    row = locked(session, person_id)
    is_due = row.verify_on is not None and row.verify_on <= today_of(session, now)
    if row.status not in (*IN_USE, *([Status.NEEDS_VERIFICATION] if why else [])) or not (why or is_due):
        return False
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    reason = why or (row.verify_why or Why.AGE)
    made = maker.insert(ProfileCheck).values(person_id=person_id, why=reason, asked_at=now, asked_by_id=actor.id, note="")
    open_ = {"index_elements": ["person_id"], "index_where": ProfileCheck.ended_at.is_(None)}
    if session.scalar(made.on_conflict_do_nothing(**open_).returning(ProfileCheck.id)) is None:
        return False
    record(session, actor, "profile.asked", "profile", person_id, now=now, why=str(reason))
    return True


def _readers(session: Session, owner_id: int | None) -> list[Recipient]:
    return list(recipients(session, [owner_id]).values()) if owner_id is not None else admins(session)


def _mail(session: Session, readers: list[Recipient], lines: list[Listed], kind: str, now: datetime, part: int = 0) -> None:
    """Send each reader one mail with a link for each profile, and a line in the inbox without them: the links would stay readable there."""
    if not lines:
        return
    for to in readers:
        assert to.person_id is not None
        people = [
            {"person": one.name, "title": one.title, "company": one.company, "why": one.why,
             "path": check_link(session, person_id=one.person_id, reader_id=to.person_id, check_id=one.check_id, now=now)}
            for one in lines if one.check_id is not None
        ]  # fmt: skip
        key = f"{kind}:{lines[0].person_id}:{part}:{micros(now)}"
        notify(session, to=replace(to, person_id=None), kind=kind, data={"people": people}, key=f"{key}:{to.person_id}", link=MINE, now=now)
        told = [{"person": one["person"], "title": "", "company": one["company"], "why": one["why"], "path": ""} for one in people]
        notify(session, to=to, kind=kind, data={"people": told}, key=key, link=MINE, mail=False, now=now)

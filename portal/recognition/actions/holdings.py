"""Badges of people: earned by a rule, in the request that earns them; given and taken by hand; taken along by a reversal.

One live holding a person and badge is held by a unique index. Whoever decides about a person's badges
locks the person's row first, so that of two approvals at once the second sees the first; a badge for
the first so many people is decided with its own row locked too. What a rule gives and takes has its
record in the holding's own row; only what somebody does by hand stands in the audit log.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.kernel.text import clean
from portal.notifications.actions import notify, unsay
from portal.people.models import Person
from portal.people.queries.persons import get_person, recipient
from portal.recognition.actions.celebrations import celebrate, forget_celebration
from portal.recognition.badges.contract import Case
from portal.recognition.badges.registry import rule_of
from portal.recognition.models import Badge, BadgeHolding
from portal.recognition.queries.badges import get_badge, live_rows
from portal.recognition.queries.facts import gather
from portal.recognition.rules.badges import (
    REASON_LENGTH,
    BadgeHeld,
    BadgeNotHeld,
    BadgeNotLive,
    BadgeState,
    Cause,
    ReasonMissing,
    Way,
    is_silent,
)
from portal.review.rules.undoing import UNDO_WITHIN

LOST = "reversal"
_HOLDING: Any = BadgeHolding.__table__
_PERSON: Any = Person.__table__
_LOCK_PERSON = select(_PERSON.c.id).where(_PERSON.c.id == bindparam("person", type_=BigInteger)).with_for_update(key_share=True)
_ONCE = {
    name: dialect.insert(_HOLDING)
    .on_conflict_do_nothing(index_elements=["badge_id", "person_id"], index_where=_HOLDING.c.revoked_at.is_(None))
    .returning(_HOLDING.c.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


def follow_badges(
    session: Session, actor: Actor, *, person_id: int, at: datetime, now: datetime, because: Collection[str], is_back: bool = False
) -> None:
    """Give a person the live badges whose rules they meet since ``at``; if something was taken back (``is_back``), take those they no longer meet.

    ``because`` names the facts that have changed; rules that read none of them are not asked. What an
    admin took is not given back by a rule.
    """
    session.connection().execute(_LOCK_PERSON, {"person": person_id})
    rows = [row for row in live_rows(session, person_id) if not row.is_barred and set(because) & set(rule_of(row.rule).needs)]
    # More of anything loses no badge and less of it earns none, so those somebody has are asked about only when something went.
    rows = [row for row in rows if is_back is bool(row.way)]
    if not rows:
        return
    needs = {need for row in rows for need in rule_of(row.rule).needs}
    limited = [row.id for row in rows if rule_of(row.rule).is_limited and not row.way]
    # What was earned long ago is not taken because nobody looks that far back any more.
    facts = gather(session, person_id, needs, now, limited=limited, is_whole=is_back)
    for row in rows:
        rule = rule_of(row.rule)
        progress = rule.progress(Case(row.id, row.options, bool(row.way)), facts)
        if progress is None:
            continue
        if progress.is_met and not row.way:
            _earn(session, actor, row, person_id, at=at, now=now)
        elif not progress.is_met and row.way and row.way != Way.HAND and rule.follows:
            _lose(session, row, person_id, now)


def _earn(session: Session, actor: Actor, row: Any, person_id: int, *, at: datetime, now: datetime) -> None:
    if rule_of(row.rule).is_limited and not _has_place(session, row):
        return
    if hold(session, badge_id=row.id, person_id=person_id, way=Way.RULE, at=at, now=now) is None:
        return
    silent = is_silent(actor.origin, at, now)
    new = celebrate(session, person_id=person_id, cause=Cause.BADGE, subject_id=row.id, is_silent=silent, now=now)
    if new and not silent:
        # The approval that earned it writes a mail of its own; two at once would be one too many.
        data = {"badge": row.name, "how": row.how, "reason": ""}
        notify(session, to=recipient(session, person_id), kind="badge_awarded", data=data, key=f"badge:{row.id}", link="/badges", mail=False, now=now)


def _has_place(session: Session, row: Any) -> bool:
    """Tell whether one of the first places is free, with the badge locked: whoever asks next sees what is decided here."""
    session.execute(select(Badge.id).where(Badge.id == row.id).with_for_update(key_share=True))
    held = select(func.count()).select_from(BadgeHolding).where(BadgeHolding.badge_id == row.id, BadgeHolding.revoked_at.is_(None))
    return (session.scalar(held) or 0) < int(row.options["places"])


def _lose(session: Session, row: Any, person_id: int, now: datetime) -> None:
    held = (BadgeHolding.badge_id == row.id, BadgeHolding.person_id == person_id, BadgeHolding.revoked_at.is_(None))
    session.execute(update(BadgeHolding).where(*held).values(revoked_at=now, revoked_reason=LOST))
    if forget_celebration(session, person_id=person_id, cause=Cause.BADGE, subject_id=row.id):
        # Of what was undone within the minute nobody reads that they have it.
        unsay(session, to=recipient(session, person_id), key=f"badge:{row.id}", since=now - UNDO_WITHIN)


def hold(
    session: Session, *, badge_id: int, person_id: int, way: Way, at: datetime, now: datetime, given_by_id: int | None = None, reason: str = ""
) -> int | None:
    """Write that a person has a badge; None where they have it already."""
    row = {
        "badge_id": badge_id, "person_id": person_id, "way": way, "awarded_at": at, "recorded_at": now, "given_by_id": given_by_id,
        "reason": reason, "revoked_reason": "", "is_barred": False,
    }  # fmt: skip
    connection = session.connection()
    found: int | None = connection.execute(_ONCE[connection.dialect.name], row).scalar()
    return found


def backfill(session: Session, *, badge_id: int, holders: Sequence[tuple[int, datetime]], now: datetime) -> int:
    """Give a live badge to ``holders``, who met its rule before it was switched on, each since their own time; returns how many are new.

    Nobody is told: what they see is a badge on their page. Who has it, or had it taken by an admin, is
    left out; of a limited badge so many as there are places left. The badge's row is locked meanwhile.
    """
    badge = session.scalars(select(Badge).where(Badge.id == badge_id).with_for_update(key_share=True)).one()
    if badge.state != BadgeState.LIVE:
        return 0
    ids = [person_id for person_id, _at in holders]
    known = select(BadgeHolding.person_id).where(BadgeHolding.badge_id == badge_id, BadgeHolding.person_id.in_(ids))
    left_out = set(session.scalars(known.where(BadgeHolding.revoked_at.is_(None) | BadgeHolding.is_barred)))
    given = 0
    for person_id, at in holders:
        if person_id in left_out or (rule_of(badge.rule).is_limited and not _has_place(session, badge)):
            continue
        if hold(session, badge_id=badge_id, person_id=person_id, way=Way.BACKFILL, at=at, now=now) is not None:
            celebrate(session, person_id=person_id, cause=Cause.BADGE, subject_id=badge_id, is_silent=True, now=now)
            given += 1
    return given


def give_badge(session: Session, actor: Actor, *, badge_id: int, person_id: int, reason: str, now: datetime) -> None:
    """Give a live badge by hand. The person reads the reason, and no rule takes it again.

    Refuses anybody but admins and oneself (``NotAllowed``), an empty reason, a badge that is not live, and who has it.
    """
    _require_other(actor, person_id)
    reason = _reason(reason)
    badge, person = get_badge(session, badge_id), get_person(session, person_id)
    session.refresh(badge, with_for_update={"read": True})
    if badge.state != BadgeState.LIVE:
        raise BadgeNotLive(name=badge.name)
    if hold(session, badge_id=badge_id, person_id=person_id, way=Way.HAND, at=now, now=now, given_by_id=actor.id, reason=reason) is None:
        raise BadgeHeld(person=person.name, name=badge.name)
    celebrate(session, person_id=person_id, cause=Cause.BADGE, subject_id=badge_id, is_silent=False, now=now)
    record(session, actor, "badge.given", "person", person_id, now=now, badge_id=badge_id, badge=badge.name, reason=reason)
    data = {"badge": badge.name, "how": badge.how, "reason": reason}
    key = f"badge:{badge_id}:{_number(session, badge_id, person_id)}"
    notify(session, to=recipient(session, person_id), kind="badge_awarded", data=data, key=key, link="/badges", now=now)


def revoke_badge(session: Session, actor: Actor, *, holding_id: int, reason: str, now: datetime) -> int:
    """Take a badge from a person for good; no rule gives it back, an admin may. The person reads the reason. Returns the person's id.

    Refuses anybody but admins, one's own (``NotAllowed``), an empty reason, and what was taken already (``BadgeNotHeld``).
    """
    holding = session.get(BadgeHolding, holding_id)
    if holding is None:
        raise BadgeNotHeld(person="?")
    _require_other(actor, holding.person_id)
    reason = _reason(reason)
    person, badge = get_person(session, holding.person_id), get_badge(session, holding.badge_id)
    taken = update(BadgeHolding).where(BadgeHolding.id == holding_id, BadgeHolding.revoked_at.is_(None))
    values = {"revoked_at": now, "revoked_by_id": actor.id, "revoked_reason": reason, "is_barred": True}
    if not session.execute(taken.values(**values)).rowcount:  # type: ignore[attr-defined]
        raise BadgeNotHeld(person=person.name)
    forget_celebration(session, person_id=person.id, cause=Cause.BADGE, subject_id=badge.id)
    record(session, actor, "badge.revoked", "person", person.id, now=now, badge_id=badge.id, badge=badge.name, reason=reason)
    data = {"badge": badge.name, "reason": reason}
    notify(session, to=recipient(session, person.id), kind="badge_revoked", data=data, key=f"badge_revoked:{holding_id}", link="/badges", now=now)
    return person.id


def _number(session: Session, badge_id: int, person_id: int) -> int:
    """Return how often the person was given the badge, this time among them."""
    given = select(func.count()).select_from(BadgeHolding).where(BadgeHolding.badge_id == badge_id, BadgeHolding.person_id == person_id)
    return session.scalar(given) or 0


def _require_other(actor: Actor, person_id: int) -> None:
    if not actor.is_admin or actor.id == person_id:
        raise NotAllowed()


def _reason(given: str) -> str:
    reason = clean(given)[:REASON_LENGTH]
    if not reason:
        raise ReasonMissing()
    return reason

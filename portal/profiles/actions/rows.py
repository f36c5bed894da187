"""Rows of profiles: locked, counted on, moved by one guarded update. Every verb of the room goes through here."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import keep_without_profile, lift_with_profile, set_block
from portal.acts.rules.terms import BlockKind
from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.profiles.models import ProfileCheck, ProfileEdit, ReferenceProfile
from portal.profiles.rules.refusals import CannotMove
from portal.profiles.rules.states import WAYS, Move, Retired


@dataclass(frozen=True)
class CalledOff:
    """What came to nothing because somebody is no reference any more, and who of ``besides`` follows it: what was asked for and for whom."""

    followers: frozenset[int]
    activity: str
    about: str


class ProfileRemoved(Protocol):
    """Hears, in the same transaction, that somebody is no reference any more, and takes back what is proposed of them.

    It tells who follows that, but not who is among ``besides``: they read all of it in one mail, so it returns what they would have read.
    """

    def __call__(self, session: Session, actor: Actor, person_id: int, now: datetime, besides: AbstractSet[int]) -> list[CalledOff]: ...


def tell_removed(session: Session, actor: Actor, person_id: int, now: datetime, besides: AbstractSet[int] = frozenset()) -> list[CalledOff]:
    """Let other rooms hear that somebody was retired, held or hidden, by whomever; return what ``besides`` were not told of by them."""
    hearers: Sequence[ProfileRemoved] = session.info.get("profile_removed", ())
    return [one for hear in hearers for one in hear(session, actor, person_id, now, besides)]


def locked(session: Session, person_id: int) -> ReferenceProfile:
    """Return the profile, locked: what is decided on it holds until the end of this unit. Refuses ``NotFound``."""
    found = select(ReferenceProfile).where(ReferenceProfile.person_id == person_id).with_for_update()
    row = session.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise NotFound()
    return row


def lock_profile(session: Session, person_id: int) -> None:
    """Lock the profile of whoever is about to end a consent in another room, if they have one: first the profile, then consents."""
    session.execute(select(ReferenceProfile.person_id).where(ReferenceProfile.person_id == person_id).with_for_update())


def move(
    session: Session,
    actor: Actor,
    person_id: int,
    way: Move,
    now: datetime,
    *,
    reason: str = "",
    retired_as: Retired | None = None,
    rests_until: date | None = None,
    is_heard: bool = True,
    is_of_consents: bool = False,
) -> ReferenceProfile:
    """Make a move by one guarded update, of two at once one; refuses ``CannotMove``. Nothing here shows a profile that was hidden.

    A profile under legal hold keeps its block of goodwill: it is set and lifted here alone, and one whose profile is retired stands on by
    itself. Who calls ``tell_removed`` themself after one that removes says so by ``is_heard``. ``is_of_consents``: it follows what somebody
    agreed to or took back, which the record tells.
    """
    values: dict[str, Any] = {"status": WAYS[way].end, "status_reason": reason, "retired_as": retired_as, "changed_at": now}
    values["edition"] = ReferenceProfile.edition + 1
    if way in (Move.REST, Move.RESUME, Move.RETIRE):
        values["rests_until"] = rests_until
    if WAYS[way].hides:
        values["is_visible"] = False
    here = update(ReferenceProfile).where(ReferenceProfile.person_id == person_id, ReferenceProfile.status.in_(WAYS[way].start))
    if not session.execute(here.values(values).execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
        raise CannotMove()
    if way in (Move.RETIRE, Move.HOLD):
        close_check(session, person_id, now)
    _hold(session, actor, person_id, way, reason, now)
    facts: dict[str, Any] = {"move": way.value, "reason": reason} | ({"as": retired_as.value} if retired_as else {})
    facts |= {"of_consents": True} if is_of_consents else {}
    record(session, actor, "profile.moved", "profile", person_id, now=now, **facts)
    if way in (Move.RETIRE, Move.HOLD) and is_heard:
        tell_removed(session, actor, person_id, now)
    return session.get_one(ReferenceProfile, person_id, populate_existing=True)


def _hold(session: Session, actor: Actor, person_id: int, way: Move, reason: str, now: datetime) -> None:
    if way is Move.HOLD:
        set_block(session, actor, kind=BlockKind.LEGAL, reason=reason, person_id=person_id, comes_with_profile=True, now=now)
    elif way is Move.RELEASE:
        lift_with_profile(session, actor, person_id=person_id, reason=reason, now=now)
    elif way is Move.RETIRE:
        keep_without_profile(session, actor, person_id=person_id, reason=reason, now=now)


def close_check(session: Session, person_id: int, now: datetime, **answer: Any) -> int | None:
    """End the question that is open about a profile, and return its id; None where none is, or somebody else has just ended it."""
    asked = update(ProfileCheck).where(ProfileCheck.person_id == person_id, ProfileCheck.ended_at.is_(None))
    ended = asked.values(ended_at=now, **answer).returning(ProfileCheck.id).execution_options(synchronize_session=False)
    return session.scalar(ended)


def touch(row: ReferenceProfile, now: datetime) -> None:
    """Count a change: who has the form of before open is told when they save."""
    row.edition, row.changed_at = row.edition + 1, now


def mark_own(session: Session, person_id: int, fields: Iterable[str], now: datetime) -> None:
    """Keep that the person wrote these fields themself last."""
    _mark(session, person_id, fields, now, is_own=True)


def mark_staffs(session: Session, person_id: int, fields: Iterable[str], now: datetime) -> None:
    """Keep that staff wrote these fields last, by hand."""
    _mark(session, person_id, fields, now, is_own=False)


def _mark(session: Session, person_id: int, fields: Iterable[str], now: datetime, *, is_own: bool) -> None:
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for field in sorted(set(fields)):
        made = maker.insert(ProfileEdit).values(person_id=person_id, field=field, is_own=is_own, at=now)
        session.execute(made.on_conflict_do_update(index_elements=["person_id", "field"], set_={"is_own": is_own, "at": now}))


def unmark(session: Session, person_id: int, fields: Iterable[str]) -> None:
    """Forget who wrote these fields here: an import has written them anew, or nobody's word stands any more."""
    gone = delete(ProfileEdit).where(ProfileEdit.person_id == person_id, ProfileEdit.field.in_(sorted(set(fields))))
    session.execute(gone.execution_options(synchronize_session=False))


def today_of(session: Session, now: datetime) -> date:
    """Return the day in the programme's zone."""
    return local_date(now, programme_zone(session))

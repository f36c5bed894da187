"""Writing what a profile says: facts, words, days off, whether it is shown."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.kernel.seen import ChangedMeanwhile
from portal.kernel.text import clean_line, fold
from portal.people.rules.person import require_time_zone
from portal.profiles.actions.rows import locked, mark_own, mark_staffs, tell_removed, today_of, touch, unmark
from portal.profiles.models import ProfileBlackout, ProfileWord, ReferenceProfile
from portal.profiles.queries.profiles import blackouts_of, facts_of, profile_to_change
from portal.profiles.rules.facts import Facts, require_days, search_text, tidy
from portal.profiles.rules.fresh import next_verify_on
from portal.profiles.rules.refusals import CannotMove
from portal.profiles.rules.states import Status, WordKind

TEXTS = ("tier", "time_zone", "story", "results", "sensitivities")


def edit_facts(
    session: Session, actor: Actor, *, person_id: int, facts: Facts, edition: int | None = None, is_import: bool = False, now: datetime
) -> list[str]:
    """Write what staff know, and return the names of what differed. What the person had written and staff now change is theirs no more.

    What staff write by hand is kept as theirs, and no import overwrites it unless told; what one wrote (``is_import``) the next may write again.

    Refuses: NotFound who may not change it, ChangedMeanwhile where it has another ``edition`` by now, TooManyWords, a time zone that is none.
    """
    profile_to_change(session, actor, person_id)
    row = locked(session, person_id)
    differing = change_facts(session, row, facts, edition=edition, now=now)
    if differing:
        if is_import:
            unmark(session, person_id, differing)
        else:
            mark_staffs(session, person_id, differing, now)
        record(session, actor, "profile.edited", "profile", person_id, now=now, fields=differing)
    return differing


def edit_own_facts(session: Session, actor: Actor, *, person_id: int, facts: Facts, now: datetime) -> list[str]:
    """Write what the person themself says, and remember that they did."""
    row = locked(session, person_id)
    differing = change_facts(session, row, facts, edition=None, now=now)
    if differing:
        mark_own(session, person_id, differing, now)
        record(session, actor, "profile.edited_own", "profile", person_id, now=now, fields=differing)
    return differing


def change_facts(session: Session, row: ReferenceProfile, facts: Facts, *, edition: int | None, now: datetime) -> list[str]:
    """Write facts into a locked profile, and return the names of what differed."""
    require_time_zone(facts.time_zone or None)
    wanted, here = tidy(facts), facts_of(session, row)
    differing = [name for name in TEXTS if getattr(wanted, name) != getattr(here, name)]
    differing += [kind.value for kind in WordKind if sorted(wanted.words.get(kind, ())) != sorted(here.words.get(kind, ()))]
    if not differing:
        return []
    if edition is not None and edition != row.edition:
        raise ChangedMeanwhile()
    was = row.tier
    write_facts(session, row, wanted)
    if row.tier != was and row.verified_at is not None and not row.verify_why:
        row.verify_on = next_verify_on(row.verified_at, row.tier, programme_zone(session))
    touch(row, now)
    session.flush()
    return differing


def write_facts(session: Session, row: ReferenceProfile, facts: Facts) -> None:
    """Put tidy facts into the row and its words, and into what is searched."""
    for name in TEXTS:
        setattr(row, name, getattr(facts, name))
    row.search = search_text(facts)
    session.execute(delete(ProfileWord).where(ProfileWord.person_id == row.person_id))
    words: list[dict[str, Any]] = [
        {"person_id": row.person_id, "kind": kind.value, "key": fold(word)[:240], "word": word}
        for kind in WordKind
        for word in facts.words.get(kind, ())
    ]
    if words:
        session.flush()
        session.execute(insert(ProfileWord), words)


def set_visible(session: Session, actor: Actor, *, person_id: int, is_visible: bool, now: datetime) -> bool:
    """Show or hide a profile, whatever its status, and tell whether that differed. Refuses NotFound, and to show a retired one or one
    under legal hold (``CannotMove``).
    """
    profile_to_change(session, actor, person_id)
    row = locked(session, person_id)
    if row.is_visible == is_visible:
        return False
    if is_visible and row.status in (Status.RETIRED, Status.LEGAL_HOLD):
        raise CannotMove()
    row.is_visible = is_visible
    touch(row, now)
    session.flush()
    record(session, actor, "profile.shown" if is_visible else "profile.hidden", "profile", person_id, now=now)
    if not is_visible:
        tell_removed(session, actor, person_id, now)
    return True


def add_days(session: Session, actor: Actor, *, person_id: int, first_on: date, last_on: date, reason: str = "", now: datetime) -> ProfileBlackout:
    """Keep days, both included, on which the person is not asked for a meeting: staff who may change the profile, or the person themself.

    Refuses: NotFound, DaysReversed, DaysOver, TooManyDays. The same days twice are one entry.
    """
    if actor.id != person_id:
        profile_to_change(session, actor, person_id)
    row, today = locked(session, person_id), today_of(session, now)
    there = blackouts_of(session, person_id, today)
    for one in there:
        if (one.first_on, one.last_on) == (first_on, last_on):
            return one
    require_days(first_on, last_on, today, len(there))
    made = ProfileBlackout(person_id=person_id, first_on=first_on, last_on=last_on, reason=clean_line(reason)[:200])
    session.add(made)
    if actor.id == person_id:
        mark_own(session, person_id, ["days_off"], now)
    touch(row, now)
    session.flush()
    record(session, actor, "profile.days_added", "profile", person_id, now=now, first=first_on.isoformat(), last=last_on.isoformat())
    return made


def remove_days(session: Session, actor: Actor, *, person_id: int, days_id: int, now: datetime) -> None:
    """Let the person be asked on these days again. Refuses NotFound, also what is gone already."""
    if actor.id != person_id:
        profile_to_change(session, actor, person_id)
    row = locked(session, person_id)
    found = session.get(ProfileBlackout, days_id)
    if found is None or found.person_id != person_id:
        raise NotFound()
    session.delete(found)
    touch(row, now)
    session.flush()
    record(session, actor, "profile.days_removed", "profile", person_id, now=now, first=found.first_on.isoformat(), last=found.last_on.isoformat())

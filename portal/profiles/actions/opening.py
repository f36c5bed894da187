"""Opening a profile: from a customer's yes by link, by staff, from an import."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.acts.actions.saying import set_own_terms
from portal.acts.queries.budget import budget_of
from portal.audit.actions import record
from portal.kernel.actor import ADVOCATE, Actor
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotAllowed
from portal.people.queries.companies import get_company
from portal.people.queries.persons import get_person
from portal.people.rules.person import PersonState
from portal.profiles.actions.consenting import end_staffs
from portal.profiles.actions.editing import write_facts
from portal.profiles.actions.rows import close_check, locked, mark_own, move, touch, unmark
from portal.profiles.models import ProfileActivity, ReferenceProfile
from portal.profiles.queries.profiles import facts_of, field_of, profile_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import Facts, tidy
from portal.profiles.rules.fresh import next_verify_on
from portal.profiles.rules.refusals import HasProfile, PersonGone, TooManyWords
from portal.profiles.rules.seeing import may_change
from portal.profiles.rules.states import Move, Status, WordKind

QUARTER = 90


def open_profile(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    consents: Mapping[Activity, int],
    never: Iterable[Activity] = (),
    per_quarter: int | None = None,
    tier: int | None = None,
    known: Facts | None = None,
    now: datetime,
) -> ReferenceProfile:
    """Keep what a customer said yes to themself: a profile that is active, with a consent for each kind (``consents``: ids), and how often.

    Where there is a profile, it takes up what they now say: nothing else of it changes, and one that was hidden stays hidden. What it says
    counts as verified by them, and what staff had written down of it ends. ``known`` is what who proposed them wrote for those who will ask
    (what to be careful about, products, languages): it fills what the profile says nothing of yet. How often they may be asked goes into
    their goodwill. One under legal hold takes all this up and stays there.
    """
    row = profile_of(session, person_id)
    row = _new(session, actor, person_id, Status.ACTIVE, tier, now, is_visible=True) if row is None else locked(session, person_id)
    end_staffs(session, actor, person_id, now)
    session.execute(delete(ProfileActivity).where(ProfileActivity.person_id == person_id))
    unmark(session, person_id, map(field_of, Activity))
    for activity, consent_id in consents.items():
        session.add(ProfileActivity(person_id=person_id, activity=activity, is_never=False, consent_id=consent_id))
    for activity in never:
        session.add(ProfileActivity(person_id=person_id, activity=activity, is_never=True))
    mark_own(session, person_id, map(field_of, (*consents, *never)), now)
    if row.status == Status.RETIRED:
        row = move(session, actor, person_id, Move.REVIVE, now)
    for way, status in ((Move.ACTIVATE, Status.CANDIDATE), (Move.RESUME, Status.RESTING), (Move.VERIFY, Status.NEEDS_VERIFICATION)):
        if row.status == status:
            row = move(session, actor, person_id, way, now)
    verified(session, row, person_id, now)
    touch(row, now)
    session.flush()
    if known is not None:
        _fill(session, row, known)
    if per_quarter is not None:
        terms = replace(budget_of(session, person_id, now).person.terms, most=per_quarter, days=QUARTER, paused_until=None)
        set_own_terms(session, Actor(person_id, frozenset({ADVOCATE}), actor.origin), terms=terms, now=now)
    return row


def _fill(session: Session, row: ReferenceProfile, known: Facts) -> None:
    """Write what is known of somebody where their profile says nothing; words that a profile cannot hold are left out."""
    here = facts_of(session, row)
    words = {kind: here.words.get(kind) or known.words.get(kind, ()) for kind in WordKind}
    filled = replace(here, sensitivities=here.sensitivities or known.sensitivities, words=words)
    try:
        write_facts(session, row, tidy(filled))
    except TooManyWords:
        write_facts(session, row, tidy(replace(filled, words=here.words)))


def open_by_staff(session: Session, actor: Actor, *, person_id: int, facts: Facts, is_true: bool = False, now: datetime) -> ReferenceProfile:
    """Open a profile as a candidate that nobody finds, for an admin or who looks after the company. ``is_true`` says that it is verified.

    Refuses: NotAllowed, HasProfile, PersonGone who is no customer or deactivated, and what facts refuse.
    """
    person = get_person(session, person_id)
    if not may_change(actor, get_company(session, person.company_id).owner_id if person.company_id else None):
        raise NotAllowed()
    if not person.is_advocate or person.state == PersonState.DEACTIVATED:
        raise PersonGone(name=person.name)
    if profile_of(session, person_id) is not None:
        raise HasProfile()
    try:
        with session.begin_nested():
            row = _new(session, actor, person_id, Status.CANDIDATE, facts.tier, now, is_visible=False)
    except IntegrityError as error:
        raise HasProfile() from error
    write_facts(session, row, tidy(facts))
    if is_true:
        verified(session, row, actor.id, now)
    session.flush()
    return row


def verified(session: Session, row: ReferenceProfile, by_id: int | None, now: datetime) -> None:
    """Write down that all of a profile is true now, and when that is asked again. A question that was open is answered by it."""
    close_check(session, row.person_id, now)
    row.verified_at, row.verified_by_id, row.verify_why = now, by_id, ""
    row.verify_on = next_verify_on(now, row.tier, programme_zone(session))


def confirmed(session: Session, row: ReferenceProfile, at: datetime, *, is_doubted: bool, now: datetime) -> None:
    """Write down that all of a profile was confirmed elsewhere at ``at``. What happened since (``is_doubted``) is asked about all the same."""
    if is_doubted:
        row.verified_at, row.verified_by_id = at, None
    else:
        verified(session, row, None, at)
    touch(row, now)
    session.flush()


def _new(session: Session, actor: Actor, person_id: int, status: Status, tier: int | None, now: datetime, *, is_visible: bool) -> ReferenceProfile:
    blank = Facts()
    row = ReferenceProfile(
        person_id=person_id, status=status, is_visible=is_visible, tier=tier or blank.tier, time_zone="", story="", results="", sensitivities="",
        status_reason="", verify_why="", search="", edition=1, made_by_id=actor.id, made_at=now, changed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, actor, "profile.opened", "profile", person_id, now=now, status=status.value, tier=row.tier)
    return row

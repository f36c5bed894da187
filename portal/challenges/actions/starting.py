"""Starting a submission: one per person, challenge, period and slot, judged by the unique index.

The time zone is read in the person's turn: starts of one person come one after another, so that who moves
in their profile meanwhile has one zone or the other for each of them, and the later sees the earlier.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.carrying import carry_over
from portal.challenges.actions.dismissing import take_up
from portal.challenges.actions.events import apply_waiting
from portal.challenges.actions.locking import take_turn
from portal.challenges.actions.places import take_place
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.queries.audience import is_meant_for
from portal.challenges.queries.prerequisites import missing_for
from portal.challenges.queries.stages import get_challenge
from portal.challenges.queries.versions import version_of
from portal.challenges.rules import refusals, standing
from portal.challenges.rules.periods import Slot, counts_now, free_at, next_start, period_key
from portal.challenges.rules.privilege import is_import
from portal.challenges.rules.states import Period, SubmissionState
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, violated
from portal.kernel.errors import NotFound
from portal.people.queries.persons import zone_of


def start_submission(
    session: Session, actor: Actor, *, challenge_id: int, person_id: int, now: datetime, started_at: datetime | None = None
) -> Submission:
    """Return the person's submission to work on: the one under way, or a new one in the first free slot of the current period.

    Days, weeks and months are those of the member's time zone. ``started_at``, a past moment, is the
    privilege of imports: it decides the period, the challenge need not be open, and where every slot
    of that period is taken the last one is returned. Refuses a challenge that is not open, one that
    needs another first (``PrerequisiteMissing``), one whose places are taken (``AllPlacesTaken``),
    and a person who has used every slot (``AllTimesUsed``, ``AlreadyTakenPart``) or every attempt of
    it (``NoAttemptsLeft``). What is under way goes on; to begin, the challenge's audience must admit the
    person (``NotInAudience``). What they had put aside is so no more. Outside events that came early complete the steps
    that wait for them.
    """
    challenge = get_challenge(session, challenge_id)
    if not is_import(actor) and actor.id != person_id:
        raise NotFound()
    past = started_at if is_import(actor) else None
    take_turn(session, person_id)
    at, zone, period = past or now, zone_of(session, person_id), Period(challenge.period)
    key = period_key(period, at, zone)
    for _ in range(challenge.per_period + 1):
        held = _held(session, challenge, person_id)
        in_period = [s for s in held if s.period_key == key]
        for submission in held if past is None else in_period:
            if standing.is_active(submission.state, submission.declines, version_of(session, submission).max_attempts):
                return submission
        if past is None and not is_meant_for(session, person_id, challenge_id, now):
            raise refusals.NotInAudience()
        if past is None:
            _require_may_start(session, challenge, person_id, now)
        slots = [Slot(s.period_key, s.period_ends_at) for s in (held if past is None else in_period)]
        nth = standing.free_slot((s.nth for s in in_period), challenge.per_period)
        if nth is None or sum(counts_now(slot, key, at) for slot in slots) >= challenge.per_period:
            if past is not None:
                return in_period[-1]
            free = free_at(period, slots, challenge.per_period, now, zone)
            raise standing.why_not_again(standing.again_on(free, challenge.closes_on, zone, programme_zone(session)))
        slot = {"person_id": person_id, "challenge_id": challenge_id, "period_key": key, "nth": nth}
        made = _take_slot(session, challenge, slot, at, zone=zone, period_ends_at=next_start(period, at, zone))
        if made is not None:
            take_place(session, made, is_bounded=past is None)
            take_up(session, person_id, challenge_id)
            record(session, actor, "submission.started", "submission", made.id, now=now, challenge_id=challenge_id, period=key, nth=nth)
            if past is None:
                carry_over(session, made, now)
                apply_waiting(session, made, now)
            return made
    raise refusals.ChallengeChanged()


def _require_may_start(session: Session, challenge: Challenge, person_id: int, now: datetime) -> None:
    today = local_date(now, programme_zone(session))
    found = standing.availability(challenge.state, challenge.opens_on, challenge.closes_on, today)
    if refusal := standing.why_not_open(found, challenge.opens_on, challenge.closes_on):
        raise refusal
    for missing in missing_for(session, person_id, challenge):
        raise refusals.PrerequisiteMissing(title=missing.title)


def _held(session: Session, challenge: Challenge, person_id: int) -> list[Submission]:
    mine = (Submission.person_id == person_id, Submission.challenge_id == challenge.id, Submission.dropped_at.is_(None))
    return list(session.scalars(select(Submission).where(*mine).order_by(Submission.id).execution_options(populate_existing=True)))


def _take_slot(session: Session, challenge: Challenge, slot: dict[str, object], at: datetime, **period: object) -> Submission | None:
    """Insert the submission; None if another device was faster. Declines survive a withdrawal, so that starting anew wins no attempts."""
    declines = session.scalar(select(func.max(Submission.declines)).filter_by(**slot)) or 0
    if challenge.max_attempts is not None and declines >= challenge.max_attempts:
        raise refusals.NoAttemptsLeft(allowed=challenge.max_attempts)
    counts = {"attempts": 0, "declines": declines, "decisions": 0}
    begun = {"version": challenge.version, "state": SubmissionState.OPEN}
    made = Submission(**slot, **counts, **begun, **period, started_at=at, changed_at=at)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated(error, "submission", *slot, name="uq_submission_slot"):
            return None
        raise
    return made

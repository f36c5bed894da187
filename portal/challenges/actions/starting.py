"""Starting a submission: one per person, challenge, period and slot, judged by the unique index."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.models import Challenge, Submission
from portal.challenges.queries.audience import is_meant_for
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules import refusals, standing
from portal.challenges.rules.periods import period_key
from portal.challenges.rules.privilege import is_import
from portal.challenges.rules.states import Period, SubmissionState
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, violated
from portal.kernel.errors import NotFound


def start_submission(
    session: Session, actor: Actor, *, challenge_id: int, person_id: int, now: datetime, started_at: datetime | None = None
) -> Submission:
    """Return the person's submission to work on: the one under way, or a new one in the first free slot of the current period.

    ``started_at``, a past moment, is the privilege of imports: it decides the period, the challenge
    need not be open, and where every slot of that period is taken the last one is returned. Refuses
    a challenge that is not open, and a person who has used every slot (``AllTimesUsed``,
    ``AlreadyTakenPart``) or every attempt of it (``NoAttemptsLeft``). What is under way goes on; to
    begin, the challenge's audience must admit the person (``NotInAudience``).
    """
    challenge = get_challenge(session, challenge_id)
    past = started_at if is_import(actor) else None
    at = past or now
    if past is None:
        _require_may_start(session, actor, challenge, person_id, now)
    key = period_key(Period(challenge.period), at, programme_zone(session))
    for _ in range(challenge.per_period + 1):
        held = _held(session, challenge, person_id)
        in_period = [s for s in held if s.period_key == key]
        for submission in held if past is None else in_period:
            if standing.is_active(submission.state, submission.declines, challenge.max_attempts):
                return submission
        if past is None and not is_meant_for(session, person_id, challenge_id, now):
            raise refusals.NotInAudience()
        nth = standing.free_slot((s.nth for s in in_period), challenge.per_period)
        if nth is None:
            if past is not None:
                return in_period[-1]
            raise standing.why_not_again(Period(challenge.period), challenge.closes_on, now, programme_zone(session))
        made = _take_slot(session, challenge, {"person_id": person_id, "challenge_id": challenge_id, "period_key": key, "nth": nth}, at)
        if made is not None:
            record(session, actor, "submission.started", "submission", made.id, now=now, challenge_id=challenge_id, period=key, nth=nth)
            return made
    raise refusals.ChallengeChanged()


def _require_may_start(session: Session, actor: Actor, challenge: Challenge, person_id: int, now: datetime) -> None:
    if not is_import(actor) and actor.id != person_id:
        raise NotFound()
    today = local_date(now, programme_zone(session))
    found = standing.availability(challenge.state, challenge.opens_on, challenge.closes_on, today)
    if refusal := standing.why_not_open(found, challenge.opens_on, challenge.closes_on):
        raise refusal


def _held(session: Session, challenge: Challenge, person_id: int) -> list[Submission]:
    mine = (Submission.person_id == person_id, Submission.challenge_id == challenge.id, Submission.dropped_at.is_(None))
    return list(session.scalars(select(Submission).where(*mine).order_by(Submission.id).execution_options(populate_existing=True)))


def _take_slot(session: Session, challenge: Challenge, slot: dict[str, object], at: datetime) -> Submission | None:
    """Insert the submission; None if another device was faster. Declines survive a withdrawal, so that starting anew wins no attempts."""
    declines = session.scalar(select(func.max(Submission.declines)).filter_by(**slot)) or 0
    if challenge.max_attempts is not None and declines >= challenge.max_attempts:
        raise refusals.NoAttemptsLeft(allowed=challenge.max_attempts)
    counts = {"attempts": 0, "declines": declines, "decisions": 0}
    made = Submission(**slot, **counts, zone=programme_zone(session), state=SubmissionState.OPEN, started_at=at, changed_at=at)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated(error, "submission", *slot, name="uq_submission_slot"):
            return None
        raise
    return made

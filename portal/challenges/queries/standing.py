"""Where a person stands with each challenge, in SQL. The same decision as ``rules/standing.py``; a test holds the two together."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, String, Subquery, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.challenges.models.deciding import Appeal
from portal.challenges.models.offering import Challenge, ChallengeVersion, Prerequisite
from portal.challenges.models.taking import Submission
from portal.challenges.queries.prerequisites import has_done
from portal.challenges.rules.periods import period_keys
from portal.challenges.rules.standing import Standing, Tally
from portal.challenges.rules.states import ChallengeState, Period, SubmissionState
from portal.challenges.rules.verdicts import AppealState
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.schema import BigId, UTCDateTime
from portal.people.queries.persons import zone_of


def moment_values(session: Session, person_id: int, now: datetime) -> dict[str, Any]:
    """Return what the statements built from ``OFFERED`` and ``MINE`` are run with.

    Whose standing, now, today in the programme's zone, and the periods' keys of now in the member's own.
    """
    keys = {_name_of(period): key for period, key in period_keys(now, zone_of(session, person_id)).items()}
    return {"me": person_id, "now": now, **today_values(session, now), **keys}


def today_values(session: Session, now: datetime) -> dict[str, Any]:
    """Return what a statement built from ``OFFERED`` alone is run with."""
    return {"today": local_date(now, programme_zone(session))}


def _name_of(period: Period) -> str:
    return f"key_{period.value}"


def _offered() -> ColumnElement[bool]:
    today = bindparam("today", type_=Date)
    has_begun = or_(Challenge.opens_on.is_(None), Challenge.opens_on <= today)
    has_not_ended = or_(Challenge.closes_on.is_(None), Challenge.closes_on >= today)
    return and_(Challenge.state.in_((ChallengeState.LIVE, ChallengeState.PAUSED)), has_begun, has_not_ended)


def _goes_on() -> ColumnElement[bool]:
    # what is within the dates that are offered is OFFERED; here is what may be sent after them: why_not_go_on of queries/versions.py
    own = and_(ChallengeVersion.challenge_id == Submission.challenge_id, ChallengeVersion.number == Submission.version)
    mine = and_(Submission.challenge_id == Challenge.id, Submission.person_id == bindparam("me", type_=BigId), Submission.dropped_at.is_(None))
    in_time = or_(*(of.closes_on.is_(None) | (of.closes_on >= bindparam("today", type_=Date)) for of in (ChallengeVersion, Challenge)))
    tries_left = or_(ChallengeVersion.max_attempts.is_(None), Submission.declines < ChallengeVersion.max_attempts)
    is_open = or_(Submission.state == SubmissionState.OPEN, and_(Submission.state == SubmissionState.DECLINED, tries_left))
    can_send = or_(Submission.state == SubmissionState.MORE_WANTED, and_(in_time, is_open))
    begun = exists().where(own, mine, can_send).correlate(Challenge)
    return and_(Challenge.state.in_((ChallengeState.LIVE, ChallengeState.PAUSED)), begun)


def _shut() -> ColumnElement[bool]:
    is_full = and_(Challenge.total_limit.is_not(None), Challenge.taken >= Challenge.total_limit)
    needed = and_(Prerequisite.challenge_id == Challenge.id, Prerequisite.version == Challenge.version)
    needs_more = exists().where(needed, ~has_done(bindparam("me", type_=BigId))).correlate(Challenge)
    return or_(Challenge.state == ChallengeState.PAUSED, is_full, needs_more)


IS_APPEALED: ColumnElement[bool] = and_(
    Submission.state == SubmissionState.DECLINED,
    exists().where(Appeal.submission_id == Submission.id, Appeal.state == AppealState.WAITING).correlate(Submission),
)
"""The condition that somebody else looks at a decline: the next move is ours, though the person may still send another answer."""


def _tallies() -> Subquery:
    named = {period: bindparam(_name_of(period), type_=String) for period in Period}
    key_now = case(*[(Challenge.period == period, key) for period, key in named.items() if period is not Period.ONCE], else_=named[Period.ONCE])
    tries_left = or_(ChallengeVersion.max_attempts.is_(None), Submission.declines < ChallengeVersion.max_attempts)
    is_active = or_(
        Submission.state.in_((SubmissionState.OPEN, SubmissionState.MORE_WANTED)), and_(Submission.state == SubmissionState.DECLINED, tries_left)
    )
    is_mine = and_(is_active, ~IS_APPEALED)
    # counts_now of rules/periods.py
    in_key = and_(func.length(Submission.period_key) == func.length(key_now), Submission.period_key >= key_now)
    counts = or_(in_key, Submission.period_ends_at > bindparam("now", type_=UTCDateTime))
    counted = (
        select(
            Submission.challenge_id.label("challenge_id"),
            _count(counts).label("used"),
            _count(is_mine).label("active"),
            _count(and_(is_mine, Submission.state != SubmissionState.OPEN)).label("returned"),
            _count(and_(is_active, IS_APPEALED)).label("resting"),
            _count(or_(Submission.state == SubmissionState.WAITING, and_(IS_APPEALED, ~is_active))).label("waiting"),
            _count(IS_APPEALED).label("appealed"),
            func.max(case((is_active, Submission.id))).label("active_id"),
            func.max(case((is_active, Submission.version))).label("active_version"),
            func.max(case((Submission.state == SubmissionState.WAITING, Submission.version))).label("waiting_version"),
            func.max(Submission.version).label("newest_version"),
        )
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(ChallengeVersion, and_(ChallengeVersion.challenge_id == Submission.challenge_id, ChallengeVersion.number == Submission.version))
        .where(Submission.person_id == bindparam("me", type_=BigId), Submission.dropped_at.is_(None))
        .group_by(Submission.challenge_id)
    )
    return counted.subquery("mine")


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


# Built once: putting these together costs more than running them. Each statement made of them is run with ``moment_values``.
OFFERED = _offered()
"""The condition that a challenge is shown today: live or paused, and within its dates in the programme's zone."""
GOES_ON: ColumnElement[bool] = _goes_on()
"""The condition that the person can still send what they began, whatever day it is: more is wanted, or a later closing day holds for them."""
SHOWN: ColumnElement[bool] = or_(OFFERED, GOES_ON)
"""The condition that a challenge stands in the person's lists: it is offered today, or they can go on with it."""
SHUT: ColumnElement[bool] = _shut()
"""The condition that what is shown cannot be begun: paused, every place taken, or something else comes first."""
MINE = _tallies()
"""The person's submissions counted per challenge: ``used``, ``active``, ``returned``, ``resting``, ``waiting``, ``appealed``.

And ``active_id``, with the versions. ``returned`` are those active ones that came back from review, so that the next move is the
person's. Somebody else looks at those ``appealed``: with a try left they are ``resting``, else they are ``waiting``.
"""


def _standing() -> ColumnElement[str]:
    used, active, resting, waiting = (func.coalesce(MINE.c[name], 0) for name in ("used", "active", "resting", "waiting"))
    return case(
        (active > 0, Standing.UNDER_WAY.value),
        (resting > 0, Standing.WAITING.value),
        (and_(used < Challenge.per_period, ~SHUT), Standing.OPEN.value),
        (waiting > 0, Standing.WAITING.value),
        (used < Challenge.per_period, Standing.SHUT.value),
        else_=Standing.DONE.value,
    )


# The version that holds for the person, as on the challenge's page; none where they would begin with the current one.
_USED_UP = func.coalesce(MINE.c.used, 0) >= Challenge.per_period
OWN = aliased(ChallengeVersion)
_OWN_NUMBER = func.coalesce(MINE.c.active_version, case((_USED_UP, func.coalesce(MINE.c.waiting_version, MINE.c.newest_version))))
IS_OWN = and_(OWN.challenge_id == Challenge.id, OWN.number == _OWN_NUMBER)
"""The condition on which ``OWN`` is joined from outside, behind ``MINE``."""


def held(name: str) -> ColumnElement[Any]:
    """Return a field as it holds for the person: of the version they began with, else of what is offered now."""
    return case((OWN.number.is_not(None), getattr(OWN, name)), else_=getattr(Challenge, name))


def held_last_day() -> ColumnElement[Any]:
    """``last_day`` of rules/lifecycle.py: the later of the own version's and the live one's, none where one of them has none."""
    is_later = or_(OWN.closes_on.is_(None), OWN.closes_on > Challenge.closes_on)
    return case((and_(OWN.number.is_not(None), is_later), OWN.closes_on), else_=Challenge.closes_on)


STANDING = _standing()
"""The standing of each challenge, for a statement that joins ``MINE`` to it from outside."""
_TALLY = select(MINE.c.used, MINE.c.active, MINE.c.waiting, MINE.c.resting).where(MINE.c.challenge_id == bindparam("of_challenge", type_=BigId))


def tally_for(session: Session, person_id: int, challenge_id: int, now: datetime) -> Tally:
    """Return the person's submissions to one challenge, counted."""
    row = session.execute(_TALLY, moment_values(session, person_id, now) | {"of_challenge": challenge_id}).first()
    return Tally(*row) if row else Tally()

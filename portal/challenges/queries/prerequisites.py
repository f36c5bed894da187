"""What has to be done before a challenge can be begun, and what of it a person has not done."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, select
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge, ChallengeAudience, Prerequisite
from portal.challenges.models.taking import Submission
from portal.challenges.rules.states import ChallengeState, SubmissionState

MOST_CHOICES = 500


def has_done(person_id: Any) -> ColumnElement[bool]:
    """Return the condition that the person has an approved submission of the challenge that a ``Prerequisite`` names."""
    mine = and_(Submission.person_id == person_id, Submission.challenge_id == Prerequisite.requires_id)
    return exists().where(mine, Submission.state == SubmissionState.APPROVED, Submission.dropped_at.is_(None)).correlate(Prerequisite)


def prerequisites_of(session: Session, challenge_id: int, version: int) -> Sequence[Row[int, str, str, bool]]:
    """Return id and title of what a version needs first, its ``state``, and whether it ``is_narrow``: meant for some members only."""
    is_narrow = exists().where(ChallengeAudience.challenge_id == Challenge.id).correlate(Challenge).label("is_narrow")
    here = (Prerequisite.challenge_id == challenge_id, Prerequisite.version == version)
    found = (
        select(Challenge.id, Challenge.title, Challenge.state, is_narrow).join(Prerequisite, Prerequisite.requires_id == Challenge.id).where(*here)
    )
    return session.execute(found.order_by(Challenge.title, Challenge.id)).all()


def missing_for(session: Session, person_id: int, challenge: Challenge, version: int | None = None) -> Sequence[Row[int, str]]:
    """Return id and title of what the person has to do before they can begin the challenge as it is offered now, or as ``version`` will offer it."""
    here = (Prerequisite.challenge_id == challenge.id, Prerequisite.version == (version or challenge.version))
    found = select(Challenge.id, Challenge.title).join(Prerequisite, Prerequisite.requires_id == Challenge.id).where(*here, ~has_done(person_id))
    return session.execute(found.order_by(Challenge.title, Challenge.id)).all()


def needs_of_all(session: Session) -> dict[int, set[int]]:
    """Return what each challenge needs first, in its current version and in its draft."""
    needs: dict[int, set[int]] = defaultdict(set)
    offered = select(Prerequisite.challenge_id, Prerequisite.requires_id).join(Challenge, Challenge.id == Prerequisite.challenge_id)
    for challenge_id, requires_id in session.execute(offered.where(Prerequisite.version >= Challenge.version)):
        needs[challenge_id].add(requires_id)
    return needs


def choices_for(session: Session, challenge_id: int, *, open_on: date | None = None) -> Sequence[Row[int, str]]:
    """Return what another challenge may need first, by title: at most 500, neither archived nor records; only what is open on a day, if named."""
    possible = (Challenge.id != challenge_id, Challenge.is_record_only.is_(False), Challenge.state != ChallengeState.ARCHIVED)
    open_now: tuple[ColumnElement[bool], ...] = ()
    if open_on is not None:
        has_begun = Challenge.opens_on.is_(None) | (Challenge.opens_on <= open_on)
        goes_on = Challenge.closes_on.is_(None) | (Challenge.closes_on >= open_on)
        open_now = (Challenge.state == ChallengeState.LIVE, has_begun, goes_on)
    return session.execute(
        select(Challenge.id, Challenge.title).where(*possible, *open_now).order_by(Challenge.title, Challenge.id).limit(MOST_CHOICES)
    ).all()

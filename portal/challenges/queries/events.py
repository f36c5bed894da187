"""Steps that wait for an outside event: the codes there are, and where one member's events could go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.queries.stages import get_challenge
from portal.challenges.queries.versions import version_of
from portal.challenges.rules.lifecycle import last_day
from portal.challenges.rules.standing import is_active
from portal.challenges.stages.event import OutsideEventHeard, code_of
from portal.kernel.clock import end_of_day
from portal.kernel.db import programme_zone
from portal.outside.models import EventUse
from portal.people.models import Person


@dataclass(frozen=True)
class Place:
    """A step of a submission under way that waits for an event."""

    submission: Submission
    stage: Stage
    title: str


def event_codes(session: Session) -> frozenset[str]:
    """Return the codes that steps of published challenges ask for."""
    of_version = (ChallengeVersion.challenge_id == Stage.challenge_id) & (ChallengeVersion.number == Stage.version)
    asked = select(Stage.options).join(ChallengeVersion, of_version)
    published = (Stage.kind == OutsideEventHeard.key, Stage.removed_at.is_(None), ChallengeVersion.published_at.is_not(None))
    return frozenset(code_of(options) for options in session.scalars(asked.where(*published)))


def waiting_places(session: Session, person_id: int) -> Sequence[Place]:
    """Return the steps of a person's submissions under way that wait for an event, what was begun first coming first."""
    of_version = (ChallengeVersion.challenge_id == Submission.challenge_id) & (ChallengeVersion.number == Submission.version)
    steps = (Stage.challenge_id == Submission.challenge_id) & (Stage.version == Submission.version)
    found = (
        select(Submission, Stage, Challenge.title, ChallengeVersion.max_attempts, Answer.value)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(ChallengeVersion, of_version)
        .join(Stage, steps)
        .outerjoin(Answer, (Answer.submission_id == Submission.id) & (Answer.stage_id == Stage.id))
        .where(Submission.person_id == person_id, Submission.dropped_at.is_(None))
        .where(Stage.kind == OutsideEventHeard.key, Stage.removed_at.is_(None))
        .order_by(Submission.started_at, Submission.id, Stage.position)
    )
    return [
        Place(row.Submission, row.Stage, row.title)
        for row in session.execute(found)
        if is_active(row.Submission.state, row.Submission.declines, row.max_attempts) and not (row.value or {}).get("event_id")
    ]


def matched_to(session: Session, event_ids: Collection[int]) -> dict[int, Any]:
    """Return by event whose step it completed and who matched it by hand: (event_id, person_id, person, matcher), the last None where nobody did."""
    matcher = aliased(Person)
    found = select(EventUse.event_id, Person.id.label("person_id"), Person.name.label("person"), matcher.name.label("matcher"))
    found = found.join(Submission, Submission.id == EventUse.submission_id).join(Person, Person.id == Submission.person_id)
    found = found.outerjoin(matcher, matcher.id == EventUse.used_by_id)
    rows = session.execute(found.where(EventUse.event_id.in_(event_ids), EventUse.released_at.is_(None)))
    return {row.event_id: row for row in rows}


def ends_at(session: Session, submission: Submission) -> datetime | None:
    """Return the moment at which events stop to count for a submission: the end of its last day, or None without one."""
    day = last_day(version_of(session, submission).closes_on, get_challenge(session, submission.challenge_id).closes_on)
    return end_of_day(day, programme_zone(session)) if day else None

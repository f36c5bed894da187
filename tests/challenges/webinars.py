"""A challenge that an outside event completes, and events that come."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.events import hear_event
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.queries.stages import answers_of, own_stages
from portal.kernel.actor import system
from portal.outside.models import OutsideEvent
from portal.outside.rules import Heard
from portal.people.models import Person
from tests.factories.challenges import make_draft

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


DAY = timedelta(days=1)


API = system("api")


EVENT = {"code": "webinar"}


def make_webinar(session: Session, *kinds: tuple[str, int], options: Mapping[str, Any] | None = None, **overrides: Any) -> Challenge:
    """A live challenge worth 100 with a step of each kind, worth so many points; by default one step that an event completes."""
    made = make_draft(session, stages=(), points=100, **overrides)
    for kind, points in kinds or (("event", 0),):
        given = {**EVENT, **(options or {})} if kind == "event" else {}
        add_stage(session, system("test"), challenge_id=made.id, kind=kind, title=f"Step {kind}", points=points, options=given, now=NOW)
    return publish_challenge(session, system("test"), challenge_id=made.id, now=NOW)


def hear(session: Session, person: Person | str, *, id: str = "a-1", code: str = "webinar", at: datetime = NOW, now: datetime = NOW) -> OutsideEvent:
    email = person if isinstance(person, str) else person.email
    return hear_event(session, API, source="test", heard=Heard(id, code, at, email=email), now=now)


def steps(session: Session, submission: Submission) -> list[bool]:
    """Tell of each step whether an event completed it."""
    answers = answers_of(session, submission.id)
    return [bool(answers[stage.id].value.get("event_id")) if stage.id in answers else False for stage in own_stages(session, submission)]


def count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0

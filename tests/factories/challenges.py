"""Challenges, submissions and attempts for tests, through the real actions."""

from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.editing import create_challenge, publish_challenge
from portal.challenges.actions.stages import add_stage
from portal.challenges.actions.starting import start_submission
from portal.challenges.models.offering import Challenge, ChallengeVersion
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules.offer import Offer
from portal.kernel.actor import ADMIN, ADVOCATE, Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.tracks import Track
from portal.people.models import Person

_numbers = count(1)
DONE: dict[str, dict[str, Any]] = {
    "confirm": {"is_confirmed": True},
    "answer": {"text": "It saved us two days a month."},
    "link": {"url": "https://reviews.example/42"},
    "nps": {"score": 8, "why": ""},
    "checked": {"note": "I was there on Tuesday.", "is_said": True},
    "consent": {"is_agreed": True, "quote": "It saved us two days a month.", "scope": ["website", "press"]},
    "refer": {"name": "Pat Peer", "email": "pat@peer.example", "company": "Peer & Co", "words": "", "is_agreed": True, "language": "en"},
    "upload": {"file_id": 1, "name": "proof.png", "size": 10, "is_image": True},
}


def as_advocate(person: Person) -> Actor:
    """Return the person as the actor of a click."""
    return Actor(id=person.id, roles=frozenset({ADVOCATE}), origin="127.0.0.1")


def as_admin(person: Person) -> Actor:
    """Return the person as an admin at work."""
    return Actor(id=person.id, roles=frozenset({ADMIN}), origin="127.0.0.1")


def make_draft(session: Session, *, stages: tuple[str, ...] = ("answer",), now: datetime | None = None, **overrides: Any) -> Challenge:
    """Create a draft with one step of each of the kinds named."""
    given: dict[str, Any] = {"track": Track.ENDORSE, "title": f"Challenge {next(_numbers)}", "summary": "A few words", "points": 100, "minutes": 10}
    made = create_challenge(session, system("test"), offer=Offer(**{**given, **overrides}), now=now or utcnow())
    for kind in stages:
        add_stage(session, system("test"), challenge_id=made.id, kind=kind, title=f"Step {kind}", text="Do **this**.", now=now or utcnow())
    return made


def make_challenge(session: Session, **overrides: Any) -> Challenge:
    """Create a live challenge, by default worth 100 points, once, with one question."""
    made = make_draft(session, **overrides)
    return publish_challenge(session, system("test"), challenge_id=made.id, now=overrides.get("now") or utcnow())


def make_rows(session: Session, number: int) -> list[Challenge]:
    """Add live challenges of one version as rows, past the actions: a thousand through them would take minutes."""
    now = utcnow()
    offer: dict[str, Any] = {"track": "earn", "summary": "", "text": "", "points": 5, "period": "once", "per_period": 1}
    plain: dict[str, Any] = {**offer, "search_key": "", "state": "live", "is_record_only": False, "created_at": now, "changed_at": now}
    made = [Challenge(**plain, title=f"C{i}") for i in range(number)]
    session.add_all(made)
    session.flush()
    session.add_all(ChallengeVersion(**offer, challenge_id=c.id, number=1, title=c.title, made_at=now, published_at=now) for c in made)
    session.flush()
    return made


def make_submission(session: Session, person: Person, challenge: Challenge, *, now: datetime | None = None) -> Submission:
    """Start the challenge as the person."""
    return start_submission(session, as_advocate(person), challenge_id=challenge.id, person_id=person.id, now=now or utcnow())


def fill(session: Session, person: Person, submission: Submission, *, now: datetime | None = None) -> None:
    """Enter something good into every step but uploads, which tests do for themselves."""
    stages = own_stages(session, submission)
    values = {stage.id: DONE[stage.kind] for stage in stages}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=now or utcnow())


def make_attempt(session: Session, person: Person, challenge: Challenge, *, key: str | None = None, now: datetime | None = None) -> Attempt:
    """Start, fill and send as the person."""
    now = now or utcnow()
    submission = make_submission(session, person, challenge, now=now)
    fill(session, person, submission, now=now)
    sent = key or f"test-{next(_numbers)}"
    return submit_attempt(session, as_advocate(person), submission_id=submission.id, key=sent, now=now)

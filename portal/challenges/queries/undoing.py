"""What somebody decided within the last minute and can still undo."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.rules.states import Outcome
from portal.challenges.rules.verdicts import UNDO_WITHIN
from portal.people.models import Person

MOST = 5


def undoable_verdicts(session: Session, person_id: int, now: datetime) -> Sequence[Any]:
    """Return (id, outcome, title, person) of the person's verdicts of the last minute that stand, newest first, at most five."""
    mine = (Verdict.decided_by_id == person_id, Verdict.recorded_at > now - UNDO_WITHIN)
    found = (
        select(Verdict.id, Verdict.outcome, Challenge.title, Person.name.label("person"))
        .join(Submission, Submission.id == Verdict.submission_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(Person, Person.id == Submission.person_id)
        .where(*mine, Verdict.outcome.not_in((Outcome.REVERSED, Outcome.RECALLED)), Submission.decisions == Verdict.number)
    )
    return session.execute(found.order_by(Verdict.recorded_at.desc(), Verdict.id.desc()).limit(MOST)).all()

"""Scores of the NPS question: a reference profile hears those of an answer that is approved, and forgets them where that is taken back.

Like consents they follow from how the submission stands, so that approving early or by a rule, taking back and undoing need no more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.stages.nps import NpsQuestion, score_of
from portal.profiles.actions.hearing import hear_nps, unhear_nps


def settle_scores(session: Session, submission: Submission, attempt: Attempt, now: datetime) -> None:
    """Let the person's profile, if they have one, know the score as the submission stands."""
    score = _score(attempt.answers)
    if score is None:
        return
    if submission.state != SubmissionState.APPROVED or submission.dropped_at is not None:
        older = _standing(session, submission.person_id, attempt.id)
        unhear_nps(session, submission.person_id, at=attempt.submitted_at, older=older, now=now)
    elif attempt.state == AttemptState.APPROVED:
        hear_nps(session, submission.person_id, score=score, at=attempt.submitted_at, now=now)


def _score(answers: Sequence[dict[str, Any]]) -> int | None:
    scores = [score for entry in answers if entry["kind"] == NpsQuestion.key and (score := score_of(entry["value"])) is not None]
    return scores[-1] if scores else None


def _standing(session: Session, person_id: int, attempt_id: int) -> tuple[int, datetime] | None:
    """Return the newest score of the person's other answers that are approved, and when they gave it."""
    theirs = (Submission.person_id == person_id, Submission.state == SubmissionState.APPROVED, Submission.dropped_at.is_(None))
    found = select(Attempt.answers, Attempt.submitted_at).join(Submission, Submission.id == Attempt.submission_id).where(*theirs)
    approved = found.where(Attempt.state == AttemptState.APPROVED, Attempt.id != attempt_id)
    for answers, at in session.execute(approved.order_by(Attempt.submitted_at.desc(), Attempt.id.desc())):
        if (score := _score(answers)) is not None:
            return score, at
    return None

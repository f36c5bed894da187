"""Scores of the NPS question: a reference profile hears those of an answer that is approved, and forgets them where that is taken back.

Like consents they follow from how the submission stands, so that approving early or by a rule, taking back and undoing need no more.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.stages.nps import NpsQuestion, score_of
from portal.profiles.actions.hearing import hear_nps, unhear_nps


def settle_scores(session: Session, submission: Submission, attempt: Attempt, now: datetime) -> None:
    """Let the person's profile, if they have one, know the score as the submission stands."""
    scores = [score for entry in attempt.answers if entry["kind"] == NpsQuestion.key and (score := score_of(entry["value"])) is not None]
    if not scores:
        return
    if submission.state != SubmissionState.APPROVED or submission.dropped_at is not None:
        unhear_nps(session, submission.person_id, at=attempt.submitted_at)
    elif attempt.state == AttemptState.APPROVED:
        hear_nps(session, submission.person_id, score=scores[-1], at=attempt.submitted_at, now=now)

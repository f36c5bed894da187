"""What is shown of a submission: its state, or what has become of it since its verdict. In SQL, for lists and single ones alike."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Submission
from portal.challenges.queries.standing import IS_APPEALED
from portal.challenges.rules.states import APPEALED, TAKEN_BACK, Outcome, SubmissionState

SOURCE = "submission"
_SAID = (Verdict.submission_id == Submission.id, Verdict.outcome != Outcome.FEEDBACK)
_LAST = select(Verdict.outcome).where(*_SAID).order_by(Verdict.number.desc()).limit(1).correlate(Submission).scalar_subquery()
# Nobody declined it: it was approved, and that is taken back.
_IS_TAKEN_BACK = and_(Submission.state == SubmissionState.DECLINED, _LAST == Outcome.REVERSED)
SHOWN: ColumnElement[Any] = case((IS_APPEALED, APPEALED), (_IS_TAKEN_BACK, TAKEN_BACK), else_=Submission.state)
"""What is shown of a submission: a key of ``SHOWN_STATE_NAMES``."""


def shown_state(session: Session, submission_id: int) -> str:
    """Return what is shown of a submission, a key of ``SHOWN_STATE_NAMES``."""
    return session.scalar(select(SHOWN).where(Submission.id == submission_id)) or ""


def taken_back(session: Session, sources: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return those of the submissions among ``sources`` whose approval was taken back."""
    ids = [source_id for source_type, source_id in sources if source_type == SOURCE]
    found = session.scalars(select(Submission.id).where(Submission.id.in_(ids), _IS_TAKEN_BACK)) if ids else ()
    return {(SOURCE, submission_id) for submission_id in found}

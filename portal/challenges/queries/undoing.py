"""What somebody decided within the last minute and can still undo, and what nobody has undone."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, literal, select
from sqlalchemy.orm import aliased

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.rules.states import Outcome
from portal.people.models import Person

KIND = "attempt"
_recalled = aliased(Verdict)
NOT_UNDONE = (
    ~select(_recalled.id)
    .where(_recalled.submission_id == Verdict.submission_id, _recalled.number == Verdict.number + 1, _recalled.outcome == Outcome.RECALLED)
    .exists()
)
"""A verdict that was not taken back within the minute: what was counts in no figure of how reviewing goes."""
_DECIDES = (Outcome.APPROVED, Outcome.MORE_WANTED, Outcome.DECLINED)
_earlier, _recalled_earlier = aliased(Verdict), aliased(Verdict)
_EARLIER_STANDS = (
    select(_earlier.id)
    .where(_earlier.attempt_id == Verdict.attempt_id, _earlier.number < Verdict.number, _earlier.outcome.in_(_DECIDES))
    .where(
        ~select(_recalled_earlier.id)
        .where(
            _recalled_earlier.submission_id == _earlier.submission_id,
            _recalled_earlier.number == _earlier.number + 1,
            _recalled_earlier.outcome == Outcome.RECALLED,
        )
        .exists()
    )
    .exists()
)
IS_FIRST_ANSWER = and_(Verdict.rule_id.is_(None), NOT_UNDONE, ~_EARLIER_STANDS)
"""A verdict by a person that was not taken back within the minute, and the first such on its attempt: what a member waited for."""


def standing_verdicts(person_id: int, since: datetime) -> Select[*tuple[Any, ...]]:
    """Return (kind, id, verdict, final, at, title, person) of the person's verdicts since then on which nothing was decided after; unordered.

    On an appeal it is a verdict on its answer.
    """
    mine = (Verdict.decided_by_id == person_id, Verdict.recorded_at > since)
    facts = (literal(KIND).label("kind"), Verdict.id, Verdict.outcome.label("verdict"), literal("").label("final"), Verdict.recorded_at.label("at"))
    return (
        select(*facts, Challenge.title.label("title"), Person.name.label("person"))
        .join(Submission, Submission.id == Verdict.submission_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(Person, Person.id == Submission.person_id)
        .where(*mine, Verdict.outcome.not_in((Outcome.REVERSED, Outcome.RECALLED)), Submission.decisions == Verdict.number)
    )

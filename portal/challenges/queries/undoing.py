"""What somebody decided within the last minute and can still undo, and what nobody has undone."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, literal, select, union_all
from sqlalchemy.orm import aliased

from portal.challenges.models.deciding import Appeal, Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import Outcome
from portal.people.models import Person
from portal.review.models import ReviewDecision

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


_SINCE = case(
    (Submission.dropped_at.is_not(None), "withdrawn"),
    (select(Appeal.id).where(Appeal.verdict_id == Verdict.id).exists(), "appealed"),
    (Submission.attempts != Verdict.before["attempts"].as_integer(), "sent"),
    else_="",
)


def standing_verdicts(person_id: int, since: datetime) -> Select[*tuple[Any, ...]]:
    """Return (kind, id, verdict, final, at, title, person) of the person's verdicts since then on which nothing was decided after; unordered.

    On an appeal it is a verdict on its answer. ``final`` is a word of ``STAYS`` where something happened since that lets it stand. Early
    acceptances that they did not share are among them.
    """
    parts = union_all(_verdicts(person_id, since), _dropped(person_id, since)).subquery()
    return select(*parts.c)


def _verdicts(person_id: int, since: datetime) -> Select[*tuple[Any, ...]]:
    mine = (Verdict.decided_by_id == person_id, Verdict.recorded_at > since)
    facts = (literal(KIND).label("kind"), Verdict.id, Verdict.outcome.label("verdict"), _SINCE.label("final"), Verdict.recorded_at.label("at"))
    return (
        select(*facts, Challenge.title.label("title"), Person.name.label("person"))
        .join(Submission, Submission.id == Verdict.submission_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(Person, Person.id == Submission.person_id)
        .where(*mine, Verdict.outcome.not_in((Outcome.REVERSED, Outcome.RECALLED)), Submission.decisions == Verdict.number)
    )


def _dropped(person_id: int, since: datetime) -> Select[*tuple[Any, ...]]:
    facts = (literal(KIND).label("kind"), ReviewDecision.id, ReviewDecision.verdict, ReviewDecision.final, ReviewDecision.at)
    return (
        select(*facts, Challenge.title.label("title"), Person.name.label("person"))
        .join(Attempt, Attempt.id == ReviewDecision.item_id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(Person, Person.id == Submission.person_id)
        .where(ReviewDecision.decided_by_id == person_id, ReviewDecision.at > since, ReviewDecision.kind == KIND)
    )

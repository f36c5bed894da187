"""What a submission is called where another room shows a line that came from it."""

from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import AutoRule, Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.repricing import Repricing, RepricingLine
from portal.challenges.models.taking import Submission
from portal.kernel.text import N_, fold, like_pattern

RULE = N_("the rule “%(rule)s”, up to %(points)s points")
_NAMED = (
    select(Submission.id, Submission.version, Challenge.title)
    .join(Challenge, Challenge.id == Submission.challenge_id)
    .where(Submission.id.in_(bindparam("ids", expanding=True)))
)

_RULES = (
    select(Verdict.transfer_id, AutoRule.id, AutoRule.name, AutoRule.points_limit)
    .join(AutoRule, AutoRule.id == Verdict.rule_id)
    .where(Verdict.submission_id.in_(bindparam("ids", expanding=True)), Verdict.transfer_id.is_not(None))
)


def describe_submissions(session: Session, submission_ids: list[int]) -> dict[int, tuple[str, str, str, None, int]]:
    """Return (title of the challenge, member's address, admin's address, nothing that is held, version of the challenge) of each submission."""
    if not submission_ids:
        return {}
    found = session.execute(_NAMED, {"ids": submission_ids})
    return {row.id: (row.title, f"/challenges/mine/{row.id}", f"/admin/challenges/submissions/{row.id}", None, row.version) for row in found}


def rules_that_paid(session: Session, submission_ids: list[int]) -> dict[int, tuple[str, dict[str, Any], str]]:
    """Return (words, their parts, admin's address) of the rules that approved some of the submissions, by the transfer they paid with."""
    found = session.execute(_RULES, {"ids": submission_ids})
    return {row.transfer_id: (RULE, {"rule": row.name, "points": row.points_limit}, f"/admin/challenges/rules#rule-{row.id}") for row in found}


def deciders_of_submission(session: Session, submission_id: int, transfer_ids: frozenset[int]) -> set[int]:
    """Return who decided the lines ``transfer_ids`` of a submission: both approvers of a verdict, and all who asked or decided in a repricing."""
    verdicts = select(Verdict.decided_by_id, Verdict.first_by_id).where(Verdict.submission_id == submission_id, Verdict.transfer_id.in_(transfer_ids))
    people = (Repricing.asked_by_id, Repricing.decided_by_id, Repricing.undone_by_id, Repricing.undo_decided_by_id)
    repriced = select(*people).join(RepricingLine, RepricingLine.repricing_id == Repricing.id)
    repriced = repriced.where(RepricingLine.submission_id == submission_id, RepricingLine.transfer_id.in_(transfer_ids))
    rows = [*session.execute(verdicts), *session.execute(repriced)]
    return {person_id for row in rows for person_id in row if person_id is not None}


def submissions_matching(term: str) -> Select[int]:
    """Return the ids of submissions whose challenge holds ``term``."""
    challenges = select(Challenge.id).where(Challenge.search_key.like(like_pattern(fold(term)), escape="\\"))
    return select(Submission.id).where(Submission.challenge_id.in_(challenges))

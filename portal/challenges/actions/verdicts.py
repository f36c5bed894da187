"""What every verdict shares: what is decided on, how it stood before, writing it down, telling the advocate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.consenting import settle_consents
from portal.challenges.actions.gallery import settle_gallery
from portal.challenges.actions.locking import lock_submission
from portal.challenges.actions.passing_on import settle_insights
from portal.challenges.actions.referring import settle_peers
from portal.challenges.actions.scoring import settle_scores
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import get_challenge
from portal.challenges.queries.versions import version_of
from portal.challenges.rules import refusals
from portal.challenges.rules.privilege import is_import
from portal.challenges.rules.states import Outcome
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, NotFound
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.people.queries.persons import get_person, recipient
from portal.people.rules.person import PersonDeactivated, PersonState
from portal.recognition.actions import scores as recognition
from portal.review.actions.pairs import forget_first
from portal.review.queries.cases import find_case
from portal.review.rules.undoing import UNDO_WITHIN

SOURCE, KIND = "submission", "attempt"
REASON_LENGTH = 2_000


@dataclass
class Case:
    """What is decided: the attempt, its submission (locked) and the challenge; ``before`` is how they stood."""

    attempt: Attempt
    submission: Submission
    challenge: Challenge
    before: dict[str, Any]


def case_of(session: Session, attempt: Attempt, submission: Submission) -> Case:
    """Return the case of an attempt whose submission is locked."""
    before = {
        "attempt": attempt.state,
        "submission": submission.state,
        "declines": submission.declines,
        "attempts": submission.attempts,
        "paid": submission.paid,
        "has_place": submission.has_place,
        "changed_at": submission.changed_at.isoformat(),
        "again_at": submission.again_at.isoformat() if submission.again_at else None,
        "closed": [],
    }
    return Case(attempt, submission, get_challenge(session, submission.challenge_id), before)


def to_decide(session: Session, actor: Actor, attempt_id: int) -> Case:
    """Return what is to be decided, the submission's row locked before the attempt is read. Refuses who may not, and what was withdrawn."""
    submission_id = session.scalar(select(Attempt.submission_id).where(Attempt.id == attempt_id))
    if submission_id is None:
        raise NotFound()
    submission = lock_submission(session, submission_id)
    require_reviewer(actor, submission)
    if submission.dropped_at is not None:
        raise refusals.SubmissionWithdrawn()
    return case_of(session, session.get_one(Attempt, attempt_id, populate_existing=True), submission)


def require_reviewer(actor: Actor, submission: Submission) -> None:
    """Refuse who may not decide on answers, and anybody's own."""
    if not actor.may_decide(KIND):
        raise NotAllowed()
    if actor.id is not None and actor.id == submission.person_id:
        raise refusals.OwnSubmission()


def require_present(session: Session, person_id: int) -> None:
    """Refuse a deactivated member (``PersonDeactivated``), and let nobody deactivate them until the end of the unit of work."""
    person = get_person(session, person_id)
    session.refresh(person, with_for_update={"read": True})
    if person.state == PersonState.DEACTIVATED:
        raise PersonDeactivated(name=person.name)


def reason_of(given: str) -> str:
    """Return a reason, cleaned. Refuses an empty one."""
    reason = clean(given)[:REASON_LENGTH]
    if not reason:
        raise refusals.ReasonMissing()
    return reason


def moment_of(actor: Actor, decided_at: datetime | None, now: datetime) -> datetime:
    """Return when it was decided: a past moment is the privilege of imports."""
    return decided_at if decided_at is not None and is_import(actor) else now


def ledger_key(submission: Submission) -> str:
    """Return the key of the decision that was just counted."""
    return f"submission:{submission.id}:decision:{submission.decisions}"


def pay(session: Session, actor: Actor, submission: Submission, points: int, at: datetime, now: datetime) -> int | None:
    """Pay through recognition, which keeps the boards; a challenge worth nothing writes no line."""
    if points == 0:
        return None
    facts: dict[str, Any] = {"key": ledger_key(submission), "reason": "submission_approved", "source_type": SOURCE, "source_id": submission.id}
    return recognition.award(session, actor, person_id=submission.person_id, points=points, **facts, effective_at=at, now=now).id


def conclude(
    session: Session,
    actor: Actor,
    case: Case,
    outcome: Outcome,
    reason: str,
    *,
    at: datetime,
    now: datetime,
    tell: bool,
    lost: Sequence[str] = (),
    **facts: Any,
) -> Verdict:
    """Write the verdict and its audit line, and tell the advocate. ``facts`` are further columns of the verdict, ``lost`` badges that went."""
    verdict = Verdict(
        submission_id=case.submission.id,
        attempt_id=case.attempt.id,
        number=case.submission.decisions,
        outcome=outcome,
        reason=clean(reason)[:REASON_LENGTH],
        **({"points": 0} | facts),
        decided_by_id=actor.id,
        decided_at=at,
        recorded_at=now,
        before=case.before | _first(session, case.attempt.id),
    )
    session.add(verdict)
    if outcome is not Outcome.FEEDBACK:
        forget_first(session, kind=KIND, item_id=case.attempt.id)
    session.flush()
    told = {name: facts[name] for name in ("category", "first_by_id", "rule_id", "stage_id") if facts.get(name) is not None}
    about = {"attempt_id": case.attempt.id, "points": verdict.points, "reason": verdict.reason}
    record(session, actor, f"submission.{outcome}", SOURCE, case.submission.id, now=now, **about, **told)
    settle_peers(session, actor, case.submission, now)
    settle_consents(session, actor, case.submission, case.attempt, now)
    settle_scores(session, case.submission, case.attempt, now)
    settle_gallery(session, actor, case.submission, case.attempt, now)
    settle_insights(session, case.submission, case.attempt, now)
    if tell:
        tell_of(session, case.submission, case.challenge, verdict, now, lost, mail_at=now + UNDO_WITHIN if is_undoable(verdict) else None)
    return verdict


def is_undoable(verdict: Verdict) -> bool:
    """Tell whether who gave the verdict may undo it: a person gave it, and it is neither a taking back nor an undoing itself."""
    return verdict.decided_by_id is not None and verdict.outcome not in (Outcome.REVERSED, Outcome.RECALLED)


def verdict_key(verdict: Verdict) -> str:
    """Return the key under which a verdict is told."""
    return f"submission:{verdict.submission_id}:decision:{verdict.number}"


def tell_of(
    session: Session, submission: Submission, challenge: Challenge, verdict: Verdict, now: datetime, lost: Sequence[str] = (), **how: Any
) -> None:
    """Tell the advocate, in the portal at once, by mail when the verdict can no longer be undone."""
    allowed = version_of(session, submission).max_attempts
    left = max(allowed - submission.declines, 0) if allowed is not None else None
    data = {"challenge": challenge.title, "points": abs(verdict.points), "reason": verdict.reason, "attempts_left": left}
    offered = session.get_one(Attempt, verdict.attempt_id).points
    if verdict.outcome == Outcome.APPROVED and submission.paid is not None and submission.paid < offered:
        data |= {"paid": submission.paid, "offered": offered}
    if lost:
        data["badges"] = ", ".join(lost)
    link = f"/challenges/mine/{submission.id}"
    if verdict.outcome == Outcome.MORE_WANTED and verdict.stage_id is not None:
        link = f"/challenges/{challenge.id}?step={verdict.stage_id}#step"
    to = recipient(session, submission.person_id)
    notify(session, to=to, kind=f"submission.{verdict.outcome}", data=data, key=verdict_key(verdict), link=link, now=now, **how)


def _first(session: Session, attempt_id: int) -> dict[str, Any]:
    """Return the first approval that a verdict ends, so that undoing it brings it back."""
    case = find_case(session, KIND, attempt_id)
    if case is None or case.first_by_id is None or case.first_at is None:
        return {}
    return {"first": [case.first_by_id, case.first_at.isoformat(), case.first_points, case.first_note]}

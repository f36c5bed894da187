"""Undoing a verdict within the minute: whoever gave it takes it back, and everything stands as before.

The mail about a verdict goes out only when the minute is over, so that an undo in time stops it.
Should a worker have sent it all the same, the undo is told by mail too. In the portal both are told.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.acts.actions.acts import reverse_act
from portal.audit.actions import record
from portal.challenges.actions.consenting import settle_consents
from portal.challenges.actions.gallery import settle_gallery
from portal.challenges.actions.locking import lock_submission, move_submission
from portal.challenges.actions.passing_on import settle_insights
from portal.challenges.actions.places import free_place, take_place
from portal.challenges.actions.referring import settle_peers, take_back_peers
from portal.challenges.actions.repaying import take_back_differences
from portal.challenges.actions.scoring import settle_scores
from portal.challenges.actions.verdicts import KIND, SOURCE, Case, case_of, is_undoable, ledger_key, verdict_key
from portal.challenges.models.deciding import Appeal, Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.challenges.rules.undoing import AppealedSince, SentSince, WithdrawnSince
from portal.challenges.rules.verdicts import AppealState
from portal.kernel.actor import Actor
from portal.notifications.actions import notify, withdraw_mail
from portal.people.queries.persons import recipient
from portal.recognition.actions import scores as recognition
from portal.recognition.queries.standing import NOTHING_LOST, Lost, lost_since, standing_of
from portal.review.actions.cases import change_case
from portal.review.models import ReviewCase
from portal.review.rules.refusals import AlreadyUndone, NothingToUndo, NotYourVerdict
from portal.review.rules.undoing import require_undoable


def undo_verdict(session: Session, actor: Actor, *, verdict_id: int, now: datetime) -> Verdict:
    """Take the actor's own verdict back within the minute: counter-entry, states, tries and a first approval as before.

    Refuses another's (``NotYourVerdict``), what is older (``UndoTooLate``), what was undone already (``AlreadyUndone``), what was sent,
    withdrawn, appealed (``SentSince``, ``WithdrawnSince``, ``AppealedSince``) or decided
    since (``NothingToUndo``), and a decline whose place somebody else has taken (``AllPlacesTaken``).
    """
    verdict = session.get(Verdict, verdict_id)
    if verdict is None:
        raise NothingToUndo()
    if actor.id is None or verdict.decided_by_id != actor.id:
        raise NotYourVerdict()
    require_undoable(verdict.recorded_at, now)
    submission = lock_submission(session, verdict.submission_id)
    attempt = session.get_one(Attempt, verdict.attempt_id, populate_existing=True)
    before = _require_untouched(session, verdict, submission)
    case = case_of(session, attempt, submission)
    _restore(session, case, before)
    if verdict.outcome != Outcome.APPROVED:
        return _conclude(session, actor, verdict, case, None, now)
    stood = standing_of(session, submission.person_id)
    transfer_id = _pay_back(session, actor, verdict, submission, now)
    take_back_differences(session, actor, submission.id, now)
    reverse_act(session, actor, source_type=SOURCE, source_id=submission.id, now=now)
    return _conclude(session, actor, verdict, case, transfer_id, now, lost=lost_since(session, stood))


def _require_untouched(session: Session, verdict: Verdict, submission: Submission) -> dict[str, Any]:
    """Return how things stood before. Refuses when anything was decided, sent, withdrawn or appealed since."""
    if submission.decisions != verdict.number:
        own = (Verdict.submission_id == submission.id, Verdict.number == verdict.number + 1, Verdict.outcome == Outcome.RECALLED)
        raise AlreadyUndone() if session.scalar(select(Verdict.id).where(*own)) else NothingToUndo()
    if verdict.before is None or not is_undoable(verdict):
        raise NothingToUndo()
    if submission.dropped_at is not None:
        raise WithdrawnSince()
    if session.scalar(select(Appeal.id).where(Appeal.verdict_id == verdict.id)) is not None:
        raise AppealedSince()
    if submission.attempts != verdict.before["attempts"]:
        raise SentSince()
    return verdict.before


def _restore(session: Session, case: Case, before: dict[str, Any]) -> None:
    values = {name: before[name] for name in ("declines", "paid")} | {"changed_at": datetime.fromisoformat(before["changed_at"])}
    values["again_at"] = datetime.fromisoformat(before["again_at"]) if before.get("again_at") else None
    move_submission(session, case.submission, **values, state=SubmissionState(before["submission"]), decisions=case.submission.decisions + 1)
    if before["has_place"] and not case.submission.has_place:
        take_place(session, case.submission, is_bounded=True)
    elif case.submission.has_place and not before["has_place"]:
        free_place(session, case.submission)
    own = update(Attempt).where(Attempt.id == case.attempt.id).values(state=AttemptState(before["attempt"]))
    session.execute(own.execution_options(synchronize_session=False))
    session.refresh(case.attempt)
    if before["closed"]:
        again = update(Attempt).where(Attempt.id.in_(before["closed"]), Attempt.state == AttemptState.CLOSED).values(state=AttemptState.WAITING)
        session.execute(again.execution_options(synchronize_session=False))
    if "appeal" in before:
        waits = {"state": AppealState.WAITING, "decided_at": None, "decided_by_id": None}
        session.execute(update(Appeal).where(Appeal.id == before["appeal"]).values(**waits).execution_options(synchronize_session=False))
    if "first" in before:
        by, at, points, note = before["first"]
        first = {"first_by_id": by, "first_at": datetime.fromisoformat(at), "first_points": points, "first_note": note}
        change_case(session, KIND, case.attempt.id, first, ReviewCase.first_by_id.is_(None))


def _pay_back(session: Session, actor: Actor, verdict: Verdict, submission: Submission, now: datetime) -> int | None:
    if verdict.transfer_id is None:
        return None
    key = ledger_key(submission)
    return recognition.reverse(session, actor, transfer_id=verdict.transfer_id, key=key, reason="submission_recalled", now=now).id


def _conclude(
    session: Session, actor: Actor, verdict: Verdict, case: Case, transfer_id: int | None, now: datetime, *, lost: Lost = NOTHING_LOST
) -> Verdict:
    points = -verdict.points if verdict.outcome == Outcome.APPROVED else 0
    facts = {"submission_id": verdict.submission_id, "attempt_id": verdict.attempt_id, "number": case.submission.decisions, "reason": ""}
    when = {"decided_at": now, "recorded_at": now}
    undone = Verdict(**facts, **when, outcome=Outcome.RECALLED, points=points, transfer_id=transfer_id, decided_by_id=actor.id)
    session.add(undone)
    session.flush()
    if case.attempt.state == AttemptState.WITHDRAWN:
        take_back_peers(session, actor, case.attempt, now)
    settle_peers(session, actor, case.submission, now)
    settle_consents(session, actor, case.submission, case.attempt, now)
    settle_scores(session, case.submission, case.attempt, now)
    settle_gallery(session, actor, case.submission, case.attempt, now)
    settle_insights(session, case.submission, case.attempt, now)
    about = {"verdict_id": verdict.id, "outcome": verdict.outcome, "points": points}
    record(session, actor, "submission.recalled", SOURCE, verdict.submission_id, now=now, **about)
    to = recipient(session, case.submission.person_id)
    was_stopped = withdraw_mail(session, to=to, key=verdict_key(verdict), now=now)
    data = {"challenge": case.challenge.title, "outcome": verdict.outcome, "points": -points, **lost.told()}
    link, key = f"/challenges/mine/{verdict.submission_id}", verdict_key(undone)
    notify(session, to=to, kind="submission.recalled", data=data, key=key, link=link, now=now, mail=not was_stopped)
    return undone

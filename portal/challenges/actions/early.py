"""An early acceptance that the second of two approvers does not share: the member stands where they stood, and both are told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.consenting import settle_consents
from portal.challenges.actions.gallery import settle_gallery
from portal.challenges.actions.locking import move_attempt, move_submission, resting_state
from portal.challenges.actions.passing_on import settle_insights
from portal.challenges.actions.referring import settle_peers, take_back_peers
from portal.challenges.actions.review import decline_attempt
from portal.challenges.actions.scoring import settle_scores
from portal.challenges.actions.verdicts import KIND, SOURCE, Case, reason_of, to_decide
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.queries.own import verdicts_of
from portal.challenges.rules import refusals
from portal.challenges.rules.early import stood_before, waits_early
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.rules.verdicts import declining_verdict
from portal.kernel.actor import Actor
from portal.kernel.text import N_
from portal.notifications.actions import notify
from portal.people.queries.persons import get_person, names, recipient
from portal.review.actions.pairs import forget_first
from portal.review.actions.undoing import keep_decision
from portal.review.queries.cases import find_case

NOT_SHARED = N_("Not accepted early. The advocate goes on where they were, with no attempt used; who accepted first reads your reason.")


def say_no(session: Session, actor: Actor, *, attempt_id: int, reason: str, category: str | None = None, now: datetime) -> Verdict | Attempt:
    """Decline an attempt as ``decline_attempt`` does; of an early acceptance that waits for its second approval, drop that alone.

    What was dropped is returned as the attempt: no verdict is given, no attempt of the member's is used, what they entered stays, and
    whoever accepted first reads the reason, and the member that they go on. Refuses as ``decline_attempt``.
    """
    case = to_decide(session, actor, attempt_id)
    if not waits_early(case.attempt):
        return decline_attempt(session, actor, attempt_id=attempt_id, reason=reason, category=category, now=now)
    said = reason_of(reason)
    kept = find_case(session, KIND, attempt_id)
    first_id = kept.first_by_id if kept else None
    put_back(session, actor, case, now)
    forget_first(session, kind=KIND, item_id=attempt_id)
    keep_decision(session, actor, kind=KIND, item_id=attempt_id, verdict="early", final="early", now=now)
    record(session, actor, "submission.not_accepted_early", SOURCE, case.submission.id, now=now, attempt_id=attempt_id, reason=said)
    if first_id is not None and first_id != actor.id:
        _tell_first(session, actor, case, first_id, said, now)
    _tell_member(session, case, now)
    return case.attempt


def put_back(session: Session, actor: Actor, case: Case, now: datetime) -> None:
    """Let what waits count as never sent: the submission stands where its verdicts left it. Refuses what is decided (``AlreadyDecided``)."""
    attempt, submission = case.attempt, case.submission
    if not move_attempt(session, attempt, (AttemptState.WAITING,), AttemptState.WITHDRAWN):
        raise refusals.AlreadyDecided()
    verdicts = verdicts_of(session, submission.id)
    state = resting_state(session, submission.id, stood_before(verdicts))
    move_submission(session, submission, state=state, **_moments(session, submission, state, verdicts))
    take_back_peers(session, actor, attempt, now)
    settle_peers(session, actor, submission, now)
    settle_consents(session, actor, submission, attempt, now)
    settle_scores(session, submission, attempt, now)
    settle_gallery(session, actor, submission, attempt, now)
    settle_insights(session, submission, attempt, now)


def _moments(session: Session, submission: Submission, state: SubmissionState, verdicts: Sequence[Verdict]) -> dict[str, datetime | None]:
    """Return when anything became of a submission last, and since when it is tried again, if it is."""
    entered_at, declined = session.scalar(select(func.max(Answer.saved_at)).where(Answer.submission_id == submission.id)), declining_verdict(verdicts)
    changes = (submission.started_at, entered_at, verdicts[0].decided_at if verdicts else None)
    is_again = state == SubmissionState.DECLINED and declined is not None and entered_at is not None and entered_at > declined.decided_at
    return {"changed_at": max(moment for moment in changes if moment is not None), "again_at": entered_at if is_again else None}


def _tell_first(session: Session, actor: Actor, case: Case, first_id: int, reason: str, now: datetime) -> None:
    who = names(session, [actor.id]).get(actor.id, "–") if actor.id is not None else "–"
    data = {"person": get_person(session, case.submission.person_id).name, "challenge": case.challenge.title, "by": who, "reason": reason}
    link, key = f"/admin/challenges/begun/{case.submission.id}", f"attempt:{case.attempt.id}:not_accepted_early"
    notify(session, to=recipient(session, first_id), kind="early_not_shared", data=data, key=key, link=link, now=now)


def _tell_member(session: Session, case: Case, now: datetime) -> None:
    """Tell the member, who has read that it was about to be accepted; the reason is for who accepted first."""
    link, key = f"/challenges/{case.challenge.id}", f"attempt:{case.attempt.id}:go_on"
    to = recipient(session, case.submission.person_id)
    notify(session, to=to, kind="early_go_on", data={"challenge": case.challenge.title}, key=key, link=link, now=now)

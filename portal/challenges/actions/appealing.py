"""Appeals: an advocate asks for somebody else's eyes on a decline, and somebody else decides."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.locking import lock_submission, move_submission
from portal.challenges.actions.review import approve_case
from portal.challenges.actions.verdicts import KIND, SOURCE, Case, case_of, conclude, reason_of, require_reviewer
from portal.challenges.models.deciding import Appeal, Verdict
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.own import verdicts_of
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules import refusals
from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.challenges.rules.verdicts import WORDS_LENGTH, AppealState, require_another_reviewer, standing_verdict
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.errors import NotFound
from portal.kernel.text import clean
from portal.notifications.actions import notify
from portal.people.queries.persons import names, recipients
from portal.review.queries.deciders import deciders

MOST_TOLD = 20


def appeal(session: Session, actor: Actor, *, submission_id: int, words: str = "", now: datetime) -> Appeal:
    """Ask for another reviewer's eyes on the decline that stands. ``words`` may be empty.

    Refuses somebody else's submission (``NotFound``), where no decline stands (``NoAppeal``), and a
    second appeal against one verdict (``AlreadyAppealed``). A decline that was upheld is final.
    """
    submission = lock_submission(session, submission_id)
    if actor.id is None or submission.person_id != actor.id:
        raise NotFound()
    verdict = standing_verdict(verdicts_of(session, submission_id))
    if submission.dropped_at is not None or submission.state != SubmissionState.DECLINED or verdict is None or verdict.outcome != Outcome.DECLINED:
        raise refusals.NoAppeal()
    facts = {"verdict_id": verdict.id, "attempt_id": verdict.attempt_id, "submission_id": submission_id, "person_id": actor.id}
    made = Appeal(**facts, declined_by_id=verdict.decided_by_id, words=clean(words)[:WORDS_LENGTH], state=AppealState.WAITING, made_at=now)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if violated(error, "appeal", "verdict_id"):
            raise refusals.AlreadyAppealed() from error
        raise
    record(session, actor, "submission.appealed", SOURCE, submission_id, now=now, appeal_id=made.id, verdict_id=verdict.id)
    _tell_reviewers(session, made, get_challenge(session, submission.challenge_id).title, now)
    return made


def grant_appeal(session: Session, actor: Actor, *, appeal_id: int, note: str = "", points: int | None = None, now: datetime) -> Verdict | None:
    """Approve the answer after all; None where a second approval is needed. Refuses who declined it, unless nobody else may decide.

    Refuses besides what ``approve_attempt`` refuses, an appeal that was decided (``AppealDecided``), and
    while a later answer stands approved (``AlreadyApproved``): the appeal waits again should that be taken back.
    """
    made, case = _to_decide(session, actor, appeal_id)
    states = (AttemptState.DECLINED,)
    verdict = approve_case(session, actor, case, note=note, points=points, at=now, now=now, states=states)
    if verdict is not None:
        _move(session, made, actor, AppealState.GRANTED, now)
    return verdict


def uphold_decline(session: Session, actor: Actor, *, appeal_id: int, reason: str, now: datetime) -> Verdict:
    """Let the decline stand, with a reason; it is final. Refuses as ``grant_appeal`` does, and an empty reason."""
    made, case = _to_decide(session, actor, appeal_id)
    said = reason_of(reason)
    _move(session, made, actor, AppealState.UPHELD, now)
    move_submission(session, case.submission, decisions=case.submission.decisions + 1, changed_at=now)
    return conclude(session, actor, case, Outcome.UPHELD, said, at=now, now=now, tell=True)


def has_others(session: Session, made: Appeal) -> bool:
    """Tell whether anybody may decide who neither declined nor appealed."""
    return any(one.may(KIND) and one.id not in (made.declined_by_id, made.person_id) for one in deciders(session))


def _to_decide(session: Session, actor: Actor, appeal_id: int) -> tuple[Appeal, Case]:
    submission_id = session.scalar(select(Appeal.submission_id).where(Appeal.id == appeal_id))
    if submission_id is None:
        raise NotFound()
    submission = lock_submission(session, submission_id)
    made = session.get_one(Appeal, appeal_id, populate_existing=True)
    require_reviewer(actor, submission)
    if made.state != AppealState.WAITING:
        raise refusals.AppealDecided()
    if submission.state == SubmissionState.APPROVED:
        raise refusals.AlreadyApproved()
    if submission.dropped_at is not None:
        raise refusals.SubmissionWithdrawn()
    require_another_reviewer(actor.id, made.declined_by_id, has_others=has_others(session, made))
    case = case_of(session, session.get_one(Attempt, made.attempt_id, populate_existing=True), submission)
    case.before["appeal"] = appeal_id
    return made, case


def _move(session: Session, made: Appeal, actor: Actor, state: AppealState, now: datetime) -> None:
    waiting = update(Appeal).where(Appeal.id == made.id, Appeal.state == AppealState.WAITING)
    moved = waiting.values(state=state, decided_at=now, decided_by_id=actor.id).returning(Appeal.id).execution_options(synchronize_session=False)
    if session.scalar(moved) is None:
        raise refusals.AppealDecided()


def _tell_reviewers(session: Session, made: Appeal, title: str, now: datetime) -> None:
    """Put a line into the inbox of those who may decide on it. No mail: the queue is worked daily."""
    others = [one.id for one in deciders(session) if one.may(KIND) and one.id not in (made.declined_by_id, made.person_id)]
    told = others or [made.declined_by_id] if made.declined_by_id is not None else others
    data = {"challenge": title, "person": names(session, [made.person_id]).get(made.person_id, "")}
    link, key = f"/admin/approvals?item=appeal-{made.id}", f"appeal:{made.id}"
    for _, to in sorted(recipients(session, [one for one in told[:MOST_TOLD] if one is not None]).items()):
        notify(session, to=to, kind="appeal_waiting", data=data, key=key, now=now, link=link, mail=False)

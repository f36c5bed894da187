"""Peers that members refer in a step: kept when the answer is sent, settled with every decision on it, forgotten with the referral.

What became of a referral follows from the submission's state alone, so that approving, declining, taking back and undoing need no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Exists, delete, exists, select
from sqlalchemy.orm import Session

from portal.challenges.actions.locking import lock_submission
from portal.challenges.models.offering import Stage
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.stages.contract import Step
from portal.challenges.stages.refer import ReferredPeer, peer_of
from portal.kernel.actor import Actor
from portal.kernel.text import normal_email
from portal.referrals.actions import Source, require_peer, send_referral, settle_referrals
from portal.referrals.models import Referral
from portal.referrals.queries import endings_of, find_referral
from portal.referrals.rules import KEPT_UNSENT, State

SOURCE = "submission"
_PEERS = ReferredPeer()
UNDER_WAY = (SubmissionState.OPEN, SubmissionState.MORE_WANTED, SubmissionState.DECLINED)
FORGOTTEN = {"is_erased": True}
ASKED = "asked"
"""Why a peer is gone who asked for it; other reasons are an ``Ending`` of their referral."""
STATES = {SubmissionState.OPEN: State.WITHDRAWN, SubmissionState.APPROVED: State.CONFIRMED, SubmissionState.DECLINED: State.DECLINED}
"""What an answer's state says of its peers; of others they are sent. What is open was never sent, or all that was is taken back."""


def require_new_peer(session: Session, submission: Submission, stage: Stage, value: Mapping[str, Any], now: datetime) -> None:
    """Refuse a peer whom this member cannot refer, as soon as they say that the step is done. Other kinds of steps are let through."""
    if stage.kind == ReferredPeer.key:
        lock_submission(session, submission.id)
        source = (SOURCE, submission.id, stage.id)
        require_peer(session, referrer_id=submission.person_id, peer=peer_of(dict(value)), source=source, now=now)


def send_peers(session: Session, actor: Actor, submission: Submission, answers: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Keep the peers of what is being sent, with their agreement. Refuses whom this member cannot refer, and who was sent by somebody faster."""
    for entry in answers:
        value = entry["value"]
        if entry["kind"] == ReferredPeer.key and _PEERS.problem(Step(entry["title"], entry["options"]), value) is None:
            source = (SOURCE, submission.id, entry["stage_id"])
            facts: dict[str, Any] = {"referrer_id": submission.person_id, "peer": peer_of(value), "language": str(value.get("language") or "")}
            send_referral(session, actor, source=source, **facts, now=now)


def settle_peers(session: Session, actor: Actor, submission: Submission, now: datetime) -> None:
    """Let the peers of a submission stand as it does. Of one that is under way again, accepted early and undone, only its member knows them."""
    state = State.WITHDRAWN if submission.dropped_at is not None else STATES.get(SubmissionState(submission.state), State.SENT)
    settle_referrals(session, actor, source_type=SOURCE, source_id=submission.id, state=state, now=now)


def take_back_peers(session: Session, actor: Actor, attempt: Attempt, now: datetime) -> None:
    """Let peers whom only an attempt names that is taken back be sent no more, whatever its submission was sent before."""
    standing = (Attempt.submission_id == attempt.submission_id, Attempt.state != AttemptState.WITHDRAWN, Attempt.id != attempt.id)
    named = {who for answers in session.scalars(select(Attempt.answers).where(*standing)) for who in _named(answers)}
    parts = {part for part, email in _named(attempt.answers) if (part, email) not in named}
    if parts:
        settle_referrals(session, actor, source_type=SOURCE, source_id=attempt.submission_id, state=State.WITHDRAWN, parts=parts, now=now)


def _named(answers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """Yield step and address of every peer in what was sent."""
    for entry in answers:
        if entry["kind"] == ReferredPeer.key and (email := normal_email(peer_of(entry["value"]).email)):
            yield entry["stage_id"], email


def lock_referred(session: Session, source: Source) -> None:
    """Lock the answer that a referral came with. Hears of every referral that is about to be locked, so that answers come first everywhere."""
    source_type, submission_id, _stage_id = source
    if source_type == SOURCE:
        lock_submission(session, submission_id)


def forget_peer(session: Session, source: Source, address: str) -> None:
    """Remove the details of the peer with this address from what was entered and sent. Hears of every erased referral.

    Who was entered since and is somebody else stays, unless the whole answer is withdrawn. What is under way again, since all
    that was sent of it is taken back, stays entered for its member, until ``forget_unsent``.
    """
    source_type, submission_id, stage_id = source
    if source_type != SOURCE:
        return
    gone = {**FORGOTTEN, **_why(session, source)}
    is_dropped = session.scalar(select(Submission.dropped_at).where(Submission.id == submission_id)) is not None
    email = None if is_dropped else address
    entered = select(Answer).where(Answer.submission_id == submission_id, Answer.stage_id == stage_id)
    for answer in session.scalars(entered.where(~_is_draft(submission_id, stage_id))):
        answer.value = _without(answer.value, email, gone)
    for attempt in session.scalars(select(Attempt).where(Attempt.submission_id == submission_id)):
        attempt.answers = [
            dict(entry, value=_without(entry["value"], email, gone)) if entry["stage_id"] == stage_id else entry for entry in attempt.answers
        ]
    session.flush()


def _is_draft(submission_id: int, stage_id: int) -> Exists:
    """Hold where a peer was taken back and the answer they came with was not."""
    taken_back = (Referral.source_type == SOURCE, Referral.source_id == submission_id, Referral.part == stage_id, Referral.state == State.WITHDRAWN)
    under_way = (Submission.id == Referral.source_id, Submission.state.in_(UNDER_WAY), Submission.dropped_at.is_(None))
    return exists().where(*taken_back, *under_way)


def _why(session: Session, source: Source) -> dict[str, str]:
    """Return what is kept of why a peer is gone: that they asked for it, or how their referral ended. Nothing where another was named for them."""
    referral = find_referral(session, source)
    if referral is None or referral.erased_at is None:
        return {}
    ending = ASKED if referral.is_unwanted else endings_of(session, [referral]).get(referral.id)
    return {"why": str(ending)} if ending else {}


def _without(value: dict[str, Any], email: str | None, gone: dict[str, Any]) -> dict[str, Any]:
    """Return ``gone`` in place of a peer with this address; with none given, whoever they are. Who is gone already stays so."""
    if value.get("is_erased"):
        return value
    is_theirs = email is None or normal_email(peer_of(value).email) == normal_email(email)
    return gone if is_theirs else value


def forget_unsent(session: Session, now: datetime) -> int:
    """Remove peers that somebody entered long ago and never sent; returns how many. Nobody but that member has read them.

    Who is referred goes with the referral; it keeps nobody else who was entered since.
    """
    of_step = (Referral.source_type == SOURCE, Referral.source_id == Answer.submission_id, Referral.part == Answer.stage_id)
    sent = select(Referral.id).where(*of_step, Referral.erased_at.is_(None), Referral.email == Answer.value["email"].as_string())
    steps = select(Stage.id).where(Stage.kind == ReferredPeer.key)
    is_forgotten = Answer.value["is_erased"].as_boolean()
    old = delete(Answer).where(Answer.stage_id.in_(steps), Answer.saved_at <= now - KEPT_UNSENT, ~sent.exists(), is_forgotten.is_not(True))
    return session.execute(old.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined,no-any-return]

"""What a person sees of their own submissions. Everything here takes the person's id: nobody reads another's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, bindparam, func, select
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge, ChallengeVersion
from portal.challenges.models.taking import Attempt, StagePayment, Submission
from portal.challenges.queries.finding import begun_called
from portal.challenges.queries.shown import SHOWN
from portal.challenges.queries.versions import version_of
from portal.challenges.rules.early import EARLY, key_of_form, seen_by_member
from portal.challenges.rules.standing import Availability, availability, is_active
from portal.challenges.rules.states import APPEALED, ChallengeState, SubmissionState
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.kernel.schema import BigId
from portal.kernel.text import fold
from portal.web.paging import AnySelect, Page, page_by

_SENT = (
    select(func.count())
    .select_from(Attempt)
    .where(Attempt.submission_id == Submission.id, ~Attempt.key.startswith(EARLY))
    .correlate(Submission)
    .scalar_subquery()
)
_OF_SUBMISSION = and_(ChallengeVersion.challenge_id == Submission.challenge_id, ChallengeVersion.number == Submission.version)


def challenge_for(session: Session, person_id: int, challenge_id: int) -> Challenge:
    """Return a challenge the person may look at: any that was published; an archived one or an imported record only if they took part.

    Raises ``NotFound``.
    """
    found = session.get(Challenge, challenge_id)
    if found is None or found.state == ChallengeState.DRAFT:
        raise NotFound()
    if (found.is_record_only or found.state == ChallengeState.ARCHIVED) and not took_part(session, person_id, challenge_id):
        raise NotFound()
    return found


def took_part(session: Session, person_id: int, challenge_id: int) -> bool:
    """Tell whether the person ever began the challenge, withdrawn or not."""
    mine = (Submission.person_id == person_id, Submission.challenge_id == challenge_id)
    return session.scalar(select(Submission.id).where(*mine).limit(1)) is not None


def submission_for(session: Session, person_id: int, submission_id: int) -> Submission:
    """Return the person's submission, withdrawn ones too. Raises ``NotFound`` alike for none and for another's."""
    found = session.get(Submission, submission_id)
    if found is None or found.person_id != person_id:
        raise NotFound()
    return found


def submissions_of(session: Session, person_id: int, challenge_id: int) -> list[Submission]:
    """Return the person's submissions to one challenge, newest first, without withdrawn ones."""
    mine = (Submission.person_id == person_id, Submission.challenge_id == challenge_id, Submission.dropped_at.is_(None))
    return list(session.scalars(select(Submission).where(*mine).order_by(Submission.id.desc()).limit(100)))


def current_of(session: Session, submissions: Sequence[Submission]) -> Submission | None:
    """Return the submission a challenge's page shows: the one to go on with, else the newest that waits, else the newest."""
    active = (s for s in submissions if is_active(s.state, s.declines, version_of(session, s).max_attempts))
    waiting = (s for s in submissions if s.state == SubmissionState.WAITING)
    return next(active, None) or next(waiting, None) or next(iter(submissions), None)


def challenge_of(session: Session, submission: Submission) -> Challenge:
    """Return the challenge of a submission."""
    return session.get_one(Challenge, submission.challenge_id)


def find_attempt(session: Session, submission_id: int, key: str | None) -> Attempt | None:
    """Return the attempt that was sent with this key, or None."""
    return session.scalar(select(Attempt).where(Attempt.submission_id == submission_id, Attempt.key == (key_of_form(key) if key else key)))


def attempts_of(session: Session, submission_id: int) -> list[Attempt]:
    """Return the attempts of a submission, newest first."""
    return list(session.scalars(select(Attempt).where(Attempt.submission_id == submission_id).order_by(Attempt.number.desc())))


def own_attempts_of(session: Session, submission_id: int) -> list[Attempt]:
    """Return the attempts that the member reads of, newest first: without early acceptances that came to nothing."""
    return seen_by_member(attempts_of(session, submission_id))


def verdicts_of(session: Session, submission_id: int) -> list[Verdict]:
    """Return the verdicts on a submission, newest first."""
    return list(session.scalars(select(Verdict).where(Verdict.submission_id == submission_id).order_by(Verdict.number.desc())))


def payments_of(session: Session, submission_id: int) -> dict[int, StagePayment]:
    """Return what steps of a submission were paid at once and still stand, by step."""
    standing = (StagePayment.submission_id == submission_id, StagePayment.taken_back_at.is_(None))
    return {payment.stage_id: payment for payment in session.scalars(select(StagePayment).where(*standing))}


def steps_taken_back(session: Session, submission_id: int) -> frozenset[int]:
    """Return the steps of a submission that were paid at once and taken back; they pay at once no more."""
    gone = (StagePayment.submission_id == submission_id, StagePayment.taken_back_at.is_not(None))
    return frozenset(session.scalars(select(StagePayment.stage_id).where(*gone)))


def own_submissions(session: Session, person_id: int, *, q: str = "", state: str = "", track: str = "") -> AnySelect:
    """Return the statement of a person's submissions with their challenges, ``title`` as it was begun, ``shown``, a key of
    ``SHOWN_STATE_NAMES``, and ``sent``, how often they sent it themselves.

    ``state`` is such a key, or ``withdrawn``.
    """
    statement: AnySelect = (
        select(Submission, Challenge, ChallengeVersion.title.label("title"), SHOWN.label("shown"), _SENT.label("sent"))
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(ChallengeVersion, _OF_SUBMISSION)
        .where(Submission.person_id == person_id)
    )
    statement = statement.where(Submission.dropped_at.is_not(None) if state == "withdrawn" else Submission.dropped_at.is_(None))
    if state and state != "withdrawn":
        statement = statement.where(SHOWN.in_([state]))
    if track:
        statement = statement.where(Challenge.track == track)
    if fold(q).split():
        statement = statement.where(begun_called(session, q, person_id))
    return statement


_NEWEST_WAITING = (
    select(Submission, Challenge, ChallengeVersion.title.label("title"), SHOWN.label("shown"))
    .join(Challenge, Challenge.id == Submission.challenge_id)
    .join(ChallengeVersion, _OF_SUBMISSION)
    .where(Submission.person_id == bindparam("person", type_=BigId), Submission.dropped_at.is_(None), SHOWN.in_([SubmissionState.WAITING, APPEALED]))
    .order_by(Submission.changed_at.desc(), Submission.id.desc())
    .limit(bindparam("number", type_=Integer))
)


def newest_waiting(session: Session, person_id: int, number: int) -> list[Any]:
    """Return the person's submissions that wait for a verdict or on an appeal, what changed last first; with what ``own_submissions`` gives."""
    return list(session.execute(_NEWEST_WAITING, {"person": person_id, "number": number}))


def all_own(session: Session, statement: AnySelect) -> Sequence[Any]:
    """Return every row of the statement, what changed last first."""
    return session.execute(statement.order_by(Submission.changed_at.desc(), Submission.id.desc())).all()


def page_of_own(session: Session, statement: AnySelect, *, after: str | None) -> Page:
    """Return one page, what changed last first."""
    return page_by(session, statement, [(Submission.changed_at, True), (Submission.id, True)], after=after)


def count_own(session: Session, person_id: int) -> dict[str, int]:
    """Return how many submissions the person has in each state as it is shown, without withdrawn ones."""
    mine = select(SHOWN.label("shown")).where(Submission.person_id == person_id, Submission.dropped_at.is_(None)).subquery()
    counted = session.execute(select(mine.c.shown, func.count().label("number")).group_by(mine.c.shown))
    return {row.shown: row.number for row in counted}


def availability_of(session: Session, challenge: Challenge, now: datetime) -> Availability:
    """Return what a challenge allows at this moment, by the calendar of the programme's zone."""
    return availability(challenge.state, challenge.opens_on, challenge.closes_on, local_date(now, programme_zone(session)))

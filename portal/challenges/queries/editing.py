"""What admins see of challenges: the list with its figures, and the submissions of one."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, func, select
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.shown import SHOWN
from portal.challenges.rules.lifecycle import Lifecycle
from portal.challenges.rules.states import ChallengeState, SubmissionState
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.web.paging import AnySelect, Page, page_by

RECORDS = "records"


def challenges_statement(today: date, *, q: str = "", state: str = "", track: str = "") -> AnySelect:
    """Return the statement of challenges with figures: ``started``, ``waiting``, ``approved``, ``paid``, ``steps``.

    And with ``life``, where each is in its life ``today``, and the number of its ``draft``, if one
    waits to be published. ``state`` is a part of that life or ``records``; without it archived ones
    and imported records are left out.
    """
    life = life_on(today)
    statement: AnySelect = select(
        Challenge,
        _figure(func.count()).label("started"),
        _figure(func.count(), Submission.state == SubmissionState.WAITING).label("waiting"),
        _figure(func.count(), Submission.state == SubmissionState.APPROVED).label("approved"),
        _figure(func.coalesce(func.sum(Submission.paid), 0)).label("paid"),
        select(func.count())
        .where(Stage.challenge_id == Challenge.id, Stage.version == Challenge.version, Stage.removed_at.is_(None))
        .scalar_subquery()
        .label("steps"),
        life.label("life"),
        _draft(ChallengeVersion.number).label("draft"),
    )
    statement = statement.where(Challenge.is_record_only.is_(state == RECORDS))
    if state and state != RECORDS:
        statement = statement.where(life.in_([state]))
    elif not state:
        statement = statement.where(Challenge.state != ChallengeState.ARCHIVED)
    if track:
        statement = statement.where(Challenge.track == track)
    for word in fold(q).split():
        statement = statement.where(Challenge.search_key.like(like_pattern(word), escape="\\"))
    return statement


def all_challenges(session: Session, statement: AnySelect) -> Sequence[Any]:
    """Return every row of ``challenges_statement``, the newest first."""
    return session.execute(statement.order_by(Challenge.id.desc())).all()


def page_of_challenges(session: Session, statement: AnySelect, *, after: str | None) -> Page:
    """Return one page: drafts, then live, then closed ones, the newest first."""
    place = case({ChallengeState.DRAFT.value: 0, ChallengeState.LIVE.value: 1, ChallengeState.PAUSED.value: 1}, value=Challenge.state, else_=2)
    return page_by(session, statement, [(place, False), (Challenge.id, True)], after=after)


def count_challenges(session: Session, today: date) -> dict[str, int]:
    """Return how many challenges are where in their life ``today``; imported records under ``records``."""
    inner = select(case((Challenge.is_record_only, RECORDS), else_=life_on(today)).label("shown")).subquery()
    return {row.shown: row.number for row in session.execute(select(inner.c.shown, func.count().label("number")).group_by(inner.c.shown))}


def find_challenge_by_title(session: Session, title: str) -> Challenge | None:
    """Return the oldest challenge with exactly this title, or None."""
    return session.scalar(select(Challenge).where(Challenge.title == title).order_by(Challenge.id).limit(1))


def submissions_statement(challenge_id: int, *, q: str = "", state: str = "") -> AnySelect:
    """Return the statement of a challenge's submissions: ``Submission``, ``person_id``, ``person``, ``company``, ``last_sent_at``, ``shown``.

    Withdrawn ones only with the state ``withdrawn``.
    """
    last = select(func.max(Attempt.submitted_at)).where(Attempt.submission_id == Submission.id).scalar_subquery()
    statement: AnySelect = (
        select(
            Submission,
            Person.id.label("person_id"),
            Person.name.label("person"),
            Company.name.label("company"),
            last.label("last_sent_at"),
            SHOWN.label("shown"),
        )
        .join(Person, Person.id == Submission.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .where(Submission.challenge_id == challenge_id)
    )
    statement = statement.where(Submission.dropped_at.is_not(None) if state == "withdrawn" else Submission.dropped_at.is_(None))
    if state and state != "withdrawn":
        statement = statement.where(SHOWN.in_([state]))
    for word in fold(q).split():
        statement = statement.where(Person.name_key.like(like_pattern(word), escape="\\"))
    return statement


def all_submissions(session: Session, statement: AnySelect) -> Sequence[Any]:
    """Return every row of ``submissions_statement``, what changed last first."""
    return session.execute(statement.order_by(Submission.changed_at.desc(), Submission.id.desc())).all()


def page_of_submissions(session: Session, statement: AnySelect, *, after: str | None) -> Page:
    """Return one page, what changed last first."""
    return page_by(session, statement, [(Submission.changed_at, True), (Submission.id, True)], after=after)


def figures_of(session: Session, challenge_id: int) -> dict[str, int]:
    """Return how many submissions a challenge has in each state, without withdrawn ones."""
    here = (Submission.challenge_id == challenge_id, Submission.dropped_at.is_(None))
    counted = session.execute(select(Submission.state, func.count().label("number")).where(*here).group_by(Submission.state))
    return {row.state: row.number for row in counted}


def life_on(today: date) -> ColumnElement[str]:
    """Return where a challenge is in its life on ``today``: ``rules.lifecycle`` in SQL; a test holds the two together."""
    stored, day = Challenge.state, bindparam("today", today, type_=Date)
    return case(
        (and_(stored == ChallengeState.DRAFT, _draft(ChallengeVersion.asked_at).is_not(None)), Lifecycle.IN_REVIEW.value),
        (stored == ChallengeState.DRAFT, Lifecycle.DRAFT.value),
        (stored == ChallengeState.CLOSED, Lifecycle.CLOSED.value),
        (stored == ChallengeState.ARCHIVED, Lifecycle.ARCHIVED.value),
        (Challenge.closes_on < day, Lifecycle.EXPIRED.value),
        (stored == ChallengeState.PAUSED, Lifecycle.PAUSED.value),
        (Challenge.opens_on > day, Lifecycle.SCHEDULED.value),
        else_=Lifecycle.LIVE.value,
    )


def _draft(column: Any) -> Any:
    """Return a column of the draft of a challenge, empty where there is none."""
    return select(column).where(ChallengeVersion.challenge_id == Challenge.id, ChallengeVersion.published_at.is_(None)).scalar_subquery()


def _figure(value: Any, *conditions: Any) -> Any:
    here = (Submission.challenge_id == Challenge.id, Submission.dropped_at.is_(None))
    return select(value).select_from(Submission).where(*here, *conditions).scalar_subquery()


def challenge_titles(session: Session) -> Sequence[tuple[int, str]]:
    """Return (id, title) of the challenges that can be answered, by title."""
    found = select(Challenge.id, Challenge.title).where(Challenge.state != ChallengeState.DRAFT, Challenge.is_record_only.is_(False))
    return [(row.id, row.title) for row in session.execute(found.order_by(Challenge.title, Challenge.id).limit(1_000))]

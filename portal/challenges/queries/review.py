"""What reviewers see: the attempts that wait, and one attempt with all that is needed to judge it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import AutoRule, Verdict
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.links import Links, liveness_of
from portal.challenges.queries.own import attempts_of, payments_of, verdicts_of
from portal.challenges.queries.stages import changeable_stages, own_stages
from portal.challenges.rules.early import EARLY, is_unsent
from portal.challenges.rules.paying import rest_of
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.challenges.rules.verdicts import least_part
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, NotFound
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.queries.persons import names
from portal.web.paging import AnySelect, Page, page_by

LAST, OTHERS = 5, 3
WAITING_KEYS = ((Attempt.submitted_at, False), (Attempt.id, False))


@dataclass(frozen=True)
class Record:
    """What a person did before: submissions by how they ended, points paid for them, approvals taken back, and the last five (title, state, when)."""

    approved: int
    declined: int
    waiting: int
    paid: int
    reversed: int = 0
    last: Sequence[Any] = ()


@dataclass(frozen=True)
class Review:
    """One attempt to judge. ``attempts`` and ``verdicts`` are those of its submission, newest first; ``deciders`` and ``rules`` names by id.

    ``steps`` are those an advocate can be sent back to, of several, ``others`` (person, attempt) what others answered to the same.
    """

    attempt: Attempt
    submission: Submission
    challenge: Challenge
    person: Person
    company: Company | None
    attempts: Sequence[Attempt]
    verdicts: Sequence[Verdict]
    deciders: dict[int, str]
    record: Record
    steps: Sequence[Stage] = ()
    others: Sequence[Any] = ()
    rules: dict[int, str] = field(default_factory=dict)
    links: Links = field(default_factory=dict)
    """Whether the pages are there that the attempts point at, by step and address."""
    paid: int = 0
    """Points that steps were paid at once, and that still stand."""

    @property
    def is_waiting(self) -> bool:
        return self.attempt.state == AttemptState.WAITING

    @property
    def unsent(self) -> frozenset[int]:
        """Ids of those attempts whose answers are not shown: an early acceptance of what was never sent came to nothing."""
        return frozenset(sent.id for sent in (self.attempt, *self.attempts) if is_unsent(sent))

    @property
    def rest(self) -> int:
        """What an approval would pay."""
        return rest_of(self.attempt.points, self.paid)

    @property
    def least(self) -> int:
        """The fewest points that a part of them can be; there is none where this is as much as was offered."""
        return least_part(self.paid)

    def is_own(self, actor: Actor) -> bool:
        """Tell whether the attempt is the actor's own, who then may not decide it."""
        return actor.id == self.person.id


def waiting_attempts(*, actor: Actor | None = None, q: str = "", track: str = "", challenge_id: int | None = None) -> AnySelect:
    """Return the statement of waiting attempts for the approvals queue, without order.

    Columns: ``kind`` (``attempt``), ``id``, ``waiting_since``, ``person_id``, ``person``, ``company``,
    ``title``, ``track``, ``points``, ``number``. With ``actor`` their own are left out. Order and page
    it by ``WAITING_KEYS`` (oldest first).
    """
    columns = (
        literal("attempt").label("kind"),
        Attempt.id.label("id"),
        Attempt.submitted_at.label("waiting_since"),
        Person.id.label("person_id"),
        Person.name.label("person"),
        Company.name.label("company"),
        Challenge.title.label("title"),
        Challenge.track.label("track"),
        Attempt.points.label("points"),
        Attempt.number.label("number"),
    )
    statement: AnySelect = (
        select(*columns)
        .select_from(Attempt)
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(Person, Person.id == Submission.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .where(Attempt.state == AttemptState.WAITING, Submission.dropped_at.is_(None))
    )
    if actor is not None and actor.id is not None:
        statement = statement.where(Submission.person_id != actor.id)
    if track:
        statement = statement.where(Challenge.track == track)
    if challenge_id is not None:
        statement = statement.where(Submission.challenge_id == challenge_id)
    for word in fold(q).split():
        pattern = like_pattern(word)
        statement = statement.where(Challenge.search_key.like(pattern, escape="\\") | Person.name_key.like(pattern, escape="\\"))
    return statement


def page_of_waiting(session: Session, statement: AnySelect, *, after: str | None, size: int = 50) -> Page:
    """Return one page of ``waiting_attempts``, the longest waiting first."""
    return page_by(session, statement, WAITING_KEYS, after=after, size=size)


def count_waiting(session: Session) -> int:
    """Return how many attempts wait for a verdict."""
    waits = select(func.count()).select_from(Attempt).where(Attempt.state == AttemptState.WAITING)
    return session.scalar(waits) or 0


def oldest_waiting(session: Session) -> datetime | None:
    """Return since when the longest waiting attempt waits, None if none does."""
    return session.scalar(select(Attempt.submitted_at).where(Attempt.state == AttemptState.WAITING).order_by(Attempt.submitted_at).limit(1))


def attempt_for_review(session: Session, actor: Actor, attempt_id: int) -> Review:
    """Return an attempt with answers, files, earlier attempts and the person's record. For who may decide on it; raises ``NotFound``."""
    attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        raise NotFound()
    return _review(session, actor, attempt)


def submission_for_review(session: Session, actor: Actor, submission_id: int) -> Review | None:
    """Return the newest attempt of a submission for review; None where nothing was sent yet. Raises ``NotFound`` without such a submission."""
    if session.get(Submission, submission_id) is None:
        raise NotFound()
    first = case((Attempt.state == AttemptState.WAITING, 0), (Attempt.state == AttemptState.APPROVED, 1), else_=2)
    wanted = select(Attempt).where(Attempt.submission_id == submission_id).order_by(first, Attempt.number.desc()).limit(1)
    attempt = session.scalar(wanted)
    return _review(session, actor, attempt) if attempt is not None else None


def _review(session: Session, actor: Actor, attempt: Attempt) -> Review:
    if not actor.may_decide("attempt"):
        raise NotAllowed()
    submission = session.get_one(Submission, attempt.submission_id)
    challenge = session.get_one(Challenge, submission.challenge_id)
    person = session.get_one(Person, submission.person_id)
    company = session.get(Company, person.company_id) if person.company_id is not None else None
    verdicts = verdicts_of(session, submission.id)
    people = {one for verdict in verdicts for one in (verdict.decided_by_id, verdict.first_by_id) if one is not None}
    rule_ids = {verdict.rule_id for verdict in verdicts if verdict.rule_id is not None}
    rules = session.execute(select(AutoRule.id, AutoRule.name).where(AutoRule.id.in_(rule_ids))) if rule_ids else ()
    attempts = attempts_of(session, submission.id)
    return Review(
        attempt,
        submission,
        challenge,
        person,
        company,
        attempts,
        verdicts,
        names(session, people),
        record_of(session, person.id),
        steps=changeable_stages(session, submission) if len(own_stages(session, submission)) > 1 else (),
        others=_others(session, submission),
        rules={row.id: row.name for row in rules},
        links=liveness_of(session, submission, [sent for sent in attempts if not is_unsent(sent)]),
        paid=sum(payment.points for payment in payments_of(session, submission.id).values()),
    )


def _others(session: Session, submission: Submission) -> Sequence[Any]:
    """Return (person, attempt) of the last three whose answer to the same challenge was approved or waits; what was not sent only once accepted."""
    same = (Submission.challenge_id == submission.challenge_id, Submission.person_id != submission.person_id, Submission.dropped_at.is_(None))
    answered = Submission.state.in_((SubmissionState.APPROVED, SubmissionState.WAITING))
    newest = select(Submission.id, Submission.attempts, Submission.person_id).where(*same, answered)
    last = newest.order_by(Submission.changed_at.desc(), Submission.id.desc()).limit(OTHERS).subquery()
    found = select(Person.name.label("person"), Attempt).join(last, last.c.person_id == Person.id)
    found = found.join(Attempt, (Attempt.submission_id == last.c.id) & (Attempt.number == last.c.attempts))
    found = found.where(~Attempt.key.startswith(EARLY) | (Attempt.state == AttemptState.APPROVED))
    return session.execute(found.order_by(Attempt.id.desc())).all()


def record_of(session: Session, person_id: int) -> Record:
    """Return what a person did before, counted over all their submissions."""
    columns = (
        _count(Submission.state == SubmissionState.APPROVED),
        _count(Submission.state == SubmissionState.DECLINED),
        _count(Submission.state == SubmissionState.WAITING),
        func.coalesce(func.sum(Submission.paid), 0),
    )
    mine = (Submission.person_id == person_id, Submission.dropped_at.is_(None))
    taken_back = select(func.count()).select_from(Attempt).join(Submission, Submission.id == Attempt.submission_id)
    reversals = taken_back.where(Submission.person_id == person_id, Attempt.state == AttemptState.REVERSED).scalar_subquery()
    row = session.execute(select(*columns, reversals).where(*mine)).one()
    newest = select(Challenge.title, Submission.state, Submission.changed_at, Submission.id).join(Challenge, Challenge.id == Submission.challenge_id)
    last = session.execute(newest.where(*mine).order_by(Submission.changed_at.desc(), Submission.id.desc()).limit(LAST)).all()
    return Record(row[0], row[1], row[2], row[3], row[4], last)


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

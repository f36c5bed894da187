"""Appeals that wait, one of them with all that is needed to decide on it, and whether somebody may appeal."""

from dataclasses import dataclass

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from portal.challenges.models.deciding import Appeal, Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.review import Review, attempt_for_review
from portal.challenges.rules.states import SubmissionState
from portal.challenges.rules.verdicts import AppealState
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.people.models import Company, Person
from portal.review.queries.deciders import deciders
from portal.web.paging import AnySelect


@dataclass(frozen=True)
class AppealForReview:
    """An appeal, the answer it is about, and the decline. ``others`` tells whether anybody else than who declined may decide."""

    appeal: Appeal
    review: Review
    decline: Verdict
    others: bool

    def is_barred(self, actor: Actor) -> bool:
        """Tell whether the actor declined, and somebody else has to decide."""
        return actor.id is not None and actor.id == self.appeal.declined_by_id and self.others


def waiting_appeals(*, track: str = "", challenge_id: int | None = None) -> AnySelect:
    """Return the statement of waiting appeals for the approvals queue, with the columns of its other kinds, without order.

    An appeal is left out while a later answer stands approved: there is nothing to decide.
    """
    statement: AnySelect = (
        select(
            literal("appeal").label("kind"),
            Appeal.id.label("id"),
            Appeal.made_at.label("waiting_since"),
            Person.id.label("person_id"),
            Person.name.label("person"),
            Company.name.label("company"),
            Challenge.title.label("title"),
            Challenge.track.label("track"),
            Attempt.points.label("points"),
        )
        .select_from(Appeal)
        .join(Attempt, Attempt.id == Appeal.attempt_id)
        .join(Submission, Submission.id == Appeal.submission_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .join(Person, Person.id == Appeal.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
        .where(Appeal.state == AppealState.WAITING, Submission.dropped_at.is_(None), Submission.state != SubmissionState.APPROVED)
    )
    if track:
        statement = statement.where(Challenge.track == track)
    return statement.where(Submission.challenge_id == challenge_id) if challenge_id is not None else statement


def appeal_for_review(session: Session, actor: Actor, appeal_id: int) -> AppealForReview:
    """Return an appeal with the answer, all verdicts and the member's record. For who may decide on it; raises ``NotFound``."""
    found = session.get(Appeal, appeal_id)
    if found is None:
        raise NotFound()
    others = any(one.may("appeal") and one.id not in (found.declined_by_id, found.person_id) for one in deciders(session))
    return AppealForReview(found, attempt_for_review(session, actor, found.attempt_id), session.get_one(Verdict, found.verdict_id), others)


def last_appeal(session: Session, submission_id: int) -> Appeal | None:
    """Return the last appeal of a submission, or None."""
    return session.scalar(select(Appeal).where(Appeal.submission_id == submission_id).order_by(Appeal.id.desc()).limit(1))
